"""What messages say, and that what comes from outside means nothing in any form they take."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from markdown_it import MarkdownIt

from monitoring.errors import DeliveryFailed
from monitoring.metrics import Catalogue
from monitoring.notifications import rendering
from monitoring.notifications.message import Case, Message, Scene, about, about_many, name
from monitoring.notifications.routing import Channel
from monitoring.notifications.sending import Carrier, without_secrets

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ODD = "<img src=x onerror=alert(1)> **b** [l](http://e.vil) `c` <@U1> a|b ~~s~~ &lt; \\* _i_"


def row(**more: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "pattern": "isolated",
        "rule": "",
        "certain": True,
        "severity": "critical",
        "status": "firing",
        "root_component": "kafka",
        "root_instance": "orders/clicks",
        "root_metric": "consumer_group_lag",
        "started_at": NOON,
        "detected_at": NOON,
        "resolved_at": None,
        "chain": [],
        "summary": "",
        **more,
    }


def event(metric: str, value: float | None = 50_000, **more: Any) -> dict[str, Any]:
    return {
        "component": "kafka",
        "instance": "orders/clicks",
        "metric": metric,
        "anomaly_type": "threshold",
        "severity": "critical",
        "started_at": NOON,
        "value": value,
        "peak_value": value,
        "expected": 10.0,
        "threshold": "> 10,000 for 15 min",
        "why": "why",
        "message": "",
        **more,
    }


@pytest.fixture
def scene(catalogue: Catalogue) -> Scene:
    return Scene(catalogue, UTC, NOON + timedelta(minutes=20), "https://page", health="critical")


def facts(message: Message) -> dict[str, str]:
    return {fact.label: fact.text or "\n".join(fact.items) for fact in message.facts}


def test_a_message_says_how_bad_since_when_what_against_what_and_what_to_check(
    catalogue: Catalogue, scene: Scene
) -> None:
    message = about(Case(row(), [event("consumer_group_lag")]), "opened", "k", scene)
    told = facts(message)
    assert message.title == "Critical: Kafka consumer lag (incident 7)"
    assert told["Since"] == "2026-03-04 12:00 UTC, for 20 min"
    assert told["Root"] == (
        "Kafka orders/clicks consumer lag (consumer_group_lag): 50,000 messages; limit > 10,000 for 15 min; "
        "usually 10 messages"
    )
    assert told["Check first"].splitlines()[0] == catalogue["consumer_group_lag"].first_checks[0]
    assert message.link == "https://page/incidents?incident=7"


def test_once_it_is_over_the_worst_is_told_and_nothing_to_check(scene: Scene) -> None:
    over = row(status="resolved", resolved_at=NOON + timedelta(minutes=12))
    message = about(Case(over, [event("consumer_group_lag", peak_value=90_000.0)]), "resolved", "k", scene)
    told = facts(message)
    assert told["Root"].startswith("Kafka orders/clicks consumer lag (consumer_group_lag): at worst 90,000 messages")
    assert told["Since"].endswith("until 2026-03-04 12:12 UTC, 12 min in all")
    assert "Check first" not in told


def test_three_figures_beside_the_root_at_most_and_one_of_each_metric(scene: Scene) -> None:
    others = ("consumer_group_lag_seconds", "messages_in_rate", "produce_latency_p99", "isr_shrink_rate")
    events = [event(metric) for metric in ("consumer_group_lag", *others, *others)]
    told = facts(about(Case(row(), events), "opened", "k", scene))
    assert len(told["Numbers"].splitlines()) == 3


def test_the_chain_is_in_order_of_onset_and_not_endless(scene: Scene) -> None:
    links = [
        {
            "component": "flink",
            "instance": f"job-{n}",
            "metric": "job_restart_rate",
            "onset": (NOON + timedelta(minutes=n)).isoformat(),
            "severity": "warning",
        }
        for n in reversed(range(30))
    ]
    lines = facts(about(Case(row(chain=links)), "opened", "k", scene))["Chain"].splitlines()
    assert lines[0].startswith("12:00:00 UTC Flink job-0 ")
    assert lines[-1] == "and 22 more"


def test_what_is_silent_is_told_in_words(scene: Scene) -> None:
    silent = event("*", None, anomaly_type="no_data", instance="*", why="No sample of kafka has come for 5 min")
    message = about(Case(row(root_instance="*", root_metric="*"), [silent]), "opened", "k", scene)
    assert message.title == "Critical: No data from Kafka (incident 7)"
    assert facts(message)["Root"] == "Kafka: No sample of kafka has come for 5 min"


def test_demo_data_are_said_to_be_in_title_and_text(scene: Scene) -> None:
    demo = replace(scene, demo=True)
    for message in (
        about(Case(row()), "opened", "k", demo),
        about_many([Case(row())] * 12, 12, "opened", "k", demo),
    ):
        assert message.title.startswith("[DEMO DATA] ")
        assert rendering.as_text(message).startswith("Note: DEMO DATA")


def test_a_name_is_one_line_and_not_endless() -> None:
    assert name("a\n\r\t b\x1b[31m\u202ec") == "a b [31m c"
    assert len(name("x" * 10_000)) == 120


@pytest.fixture
def odd(scene: Scene) -> Message:
    return about(Case(row(root_instance=ODD), [event("consumer_group_lag", instance=ODD)]), "opened", "k", scene)


def test_titles_hold_no_name_from_outside(odd: Message) -> None:
    assert odd.title == "Critical: Kafka consumer lag (incident 7)"


def test_in_markdown_a_name_is_shown_as_it_is(odd: Message) -> None:
    html = (
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(rendering.as_markdown(odd))
    )
    assert "<img" not in html
    assert "<s>" not in html
    assert html.count("<a ") == 1
    assert "&lt;img src=x onerror=alert(1)&gt; **b** [l](http://e.vil) `c` &lt;@U1&gt; a|b" in html
    assert "~~s~~ &amp;lt; \\* _i_" in html


def test_in_html_too(odd: Message) -> None:
    html = rendering.as_html(odd)
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_short_forms_hold_what_matters(odd: Message) -> None:
    short = rendering.as_short_text(odd)
    assert "\n" not in short
    assert short.endswith("https://page/incidents?incident=7")


def test_no_part_of_an_address_is_left_in_a_reason() -> None:
    channel = Channel("mail", "mailto://me:hunter2%21pass@host.example.org?to=somebody@example.org")
    told = without_secrets("login me:hunter2!pass (hunter2%21pass) at host.example.org\nfailed", channel)
    assert "hunter2" not in told
    assert "\n" not in told


def test_a_plug_in_that_raises_is_a_failed_delivery(monkeypatch: pytest.MonkeyPatch, odd: Message) -> None:
    import apprise

    def raises(*_: object, **__: object) -> object:
        raise RuntimeError("cannot use json://host/s3cretkey")

    monkeypatch.setattr(apprise.Apprise, "instantiate", raises)
    with pytest.raises(DeliveryFailed) as caught:
        Carrier(Channel("hook", "json://host/s3cretkey"), 60).send(odd)
    assert "RuntimeError" in str(caught.value)
    assert "s3cretkey" not in str(caught.value)
