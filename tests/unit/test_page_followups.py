"""What one may ask next, the greeting, and titles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitoring.agent.request import NEEDS_NO_TOOL
from monitoring.agent.understanding import understand
from monitoring.contract import Session, ToolReply
from monitoring.ui.page import followups
from monitoring.ui.page.asking import about_incident
from monitoring.ui.page.followups import MOST, follow_ups
from monitoring.ui.page.glance import Known
from monitoring.ui.page.greeting import EXAMPLES, QUICK, health_line, title_of
from platform_metrics_definition import CATALOGUE
from tests.unit.page_scene import BERLIN, UTC_SCENE, course, trend
from tests.unit.terminal_platform import NASTY, NOW, anomaly, answer, check, incident, reply


def next_after(*calls: ToolReply, question: str = "q", text: str = "a") -> list[str]:
    return follow_ups(answer(text, question=question, tool_calls=calls), CATALOGUE)


def test_where_something_is_wrong_one_asks_where_it_began_and_what_to_do() -> None:
    asked = next_after(reply(rows=[anomaly()], summary={"open": 1}))
    assert asked == [followups.START, followups.BETTER, followups.ACT, followups.SINCE]


def test_where_nothing_is_wrong_one_looks_back_and_around() -> None:
    assert next_after(reply(summary={"open": 0})) == [
        followups.TODAY,
        followups.YESTERDAY,
        "And Flink?",
        "And ClickHouse?",
    ]


def test_after_a_trend_one_compares_and_looks_further_back() -> None:
    assert next_after(trend([course()])) == [
        followups.START,
        followups.YESTERDAY,
        followups.LONGER,
        followups.CASCADES,
    ]
    compared = next_after(trend([course(breached=None)], hours=48, before=24))
    assert compared[0] == followups.LAST_WEEK
    assert followups.LONGER not in compared


def test_after_incidents_and_counts() -> None:
    assert next_after(reply("get_cross_component_anomalies", [incident()]))[0] == followups.START
    assert next_after(reply("get_anomaly_summary", [anomaly()], summary={"open": 3}))[:3] == [
        followups.CASCADES,
        followups.YESTERDAY,
        followups.ACT,
    ]


def test_after_a_definition_one_asks_how_it_goes() -> None:
    text = "**Consumer lag** (`consumer_group_lag`, Kafka): messages not yet read."
    assert next_after(text=text)[0] == "How did consumer_group_lag develop over the last 6 hours?"


def test_the_question_just_asked_is_not_suggested_again() -> None:
    asked = next_after(reply(rows=[anomaly()], summary={"open": 1}), question="where did it START ")
    assert followups.START not in asked
    assert len(asked) == MOST


def test_an_answer_that_rests_on_nothing_still_has_a_way_on() -> None:
    assert next_after() == [followups.STATUS, followups.TODAY, followups.CASCADES]
    failed = reply(status="error", looked_at=None)
    assert next_after(failed) == [followups.STATUS, followups.TODAY, followups.CASCADES]


OFFERED = [
    *(followups.STATUS, followups.TODAY, followups.CASCADES, followups.SINCE, followups.START),
    *(followups.BETTER, followups.ACT, followups.YESTERDAY, followups.LAST_WEEK, followups.LONGER),
    *("And Kafka?", "And Flink?", "And ClickHouse?"),
    *(f"How did {metric.name} develop over the last 6 hours?" for metric in CATALOGUE.metrics),
    *QUICK.values(),
    *EXAMPLES,
]


@pytest.mark.parametrize("question", OFFERED)
def test_whatever_is_offered_can_be_answered_without_a_language_model(question: str) -> None:
    before = understand("How is Kafka doing?", CATALOGUE, NOW, "UTC")
    assert understand(question, CATALOGUE, NOW, "UTC", (), before).intent not in NEEDS_NO_TOOL


def test_the_greeting_says_how_the_platform_is() -> None:
    line = health_line(Known(check()), BERLIN)
    assert line == "2 anomalies open, the worst: parts per partition of ClickHouse ch-2/orders since 10:33 CET."
    assert health_line(Known(check("healthy", anomalies=[])), UTC_SCENE) == (
        "Nothing is wrong right now in Kafka, Flink and ClickHouse."
    )
    assert "no samples" in health_line(Known(check("no_data", anomalies=[])), UTC_SCENE)
    assert "not known" in health_line(Known(), UTC_SCENE)
    over = check("healthy", anomalies=[anomaly(status="resolved")])
    assert health_line(Known(over), UTC_SCENE).startswith("Nothing is wrong")
    assert "\x1b" not in health_line(Known(check(anomalies=[anomaly(NASTY)])), UTC_SCENE)


def test_titles_stay_on_one_line() -> None:
    session = Session("s-1", "What is\nwrong?", NOW, 2)
    assert title_of(session) == "What is wrong?"
    assert title_of(replace(session, title="  ")) == "Untitled"
    assert len(title_of(replace(session, title="x" * 500))) == 60


def test_an_incident_is_asked_about_by_what_it_began_with_and_when() -> None:
    over = incident(resolved_at="2026-03-02T09:40:20Z")
    asked = about_incident(over)
    assert asked == (
        "Incident 12: what happened with clickhouse max_parts_per_partition of ch-2/orders"
        " from 2026-03-02T09:33Z to 2026-03-02T09:41Z, and where did it start?"
    )
    read = understand(asked, CATALOGUE, NOW, "Europe/Berlin", ["ch-2/orders"])
    assert read.intent == "cascade"
    assert read.components == ("clickhouse",)
    assert read.window is not None
    assert f"{read.window.window.start:%H:%M}–{read.window.window.end:%H:%M}" == "09:33–09:41"


def test_one_that_did_not_spread_is_asked_about_up_to_now() -> None:
    lost = incident(pattern="isolated", root_instance="tm-3", root_metric="*", root_component="flink")
    asked = about_incident(lost)
    assert asked == "Incident 12: what happened with flink tm-3 since 2026-03-02T09:33Z, and what should I do?"
    assert understand(asked, CATALOGUE, NOW, "UTC", ["tm-3"]).intent not in NEEDS_NO_TOOL
    assert "\n" not in about_incident(incident(root_instance=NASTY + "\n"))
    assert about_incident({}).startswith("Incident ")
