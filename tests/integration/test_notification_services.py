"""Messages as Slack, Teams, PagerDuty and a webhook get them, sent by the real plug-ins to receivers that are strict.

A cascade from ClickHouse through Flink to Kafka is judged live, tick by tick, with a restart in the middle.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitoring.channels import try_channels
from monitoring.errors import ConfigurationError
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.moments import utc_now
from monitoring.monitor import Monitor
from monitoring.notifications.channels_file import parse_channels
from monitoring.notifications.routing import Channel
from monitoring.notifying import Desk, Notifier
from monitoring.settings import Settings, parse_settings
from monitoring.store.store import Store, open_store
from tests.browser.stage import database, settings_for
from tests.integration.notification_receivers import (
    PAGERDUTY,
    PAGERDUTY_URL,
    SLACK,
    SLACK_PATH,
    SLACK_URL,
    TEAMS,
    TEAMS_URL,
    Answer,
    Receivers,
    receivers_at_work,
    text_of,
)
from tests.integration.notification_stage import MINUTE, PAGE, Post, deliveries, incident, resolve, until
from tests.integration.samples_by_hand import NOON, STEP, block, line
from tests.integration.test_commands import AGENT, run
from tests.integration.test_lifecycle_store import START
from tests.integration.test_monitor import Hands

PARTS = SeriesKey("clickhouse", "node-1/events", "max_parts_per_partition")
PRESSURE = SeriesKey("flink", "orders/sink", "backpressured_time_ratio")
LAG = SeriesKey("kafka", "orders/clicks", "consumer_group_lag_seconds")
CHANNELS = """
[[channel]]
name = "data-team"
url_env = "SLACK_URL"

[[channel]]
name = "streaming"
url_env = "TEAMS_URL"
components = ["kafka", "flink"]

[[channel]]
name = "on-call"
url_env = "PAGERDUTY_URL"
severities = ["critical"]
"""
ADDRESSES = {"SLACK_URL": SLACK_URL, "TEAMS_URL": TEAMS_URL, "PAGERDUTY_URL": PAGERDUTY_URL}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receivers]:
    with receivers_at_work(tmp_path_factory.mktemp("receivers")) as found:
        yield found


@pytest.fixture
def receivers(house: Receivers) -> Receivers:
    for kept in (house.accepted, house.attempts, house.answers, house.alerts):
        kept.clear()
    house.refused.clear()
    return house


@pytest.fixture(scope="module")
def base(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with database(server_url) as url:
        yield settings_for(url, tmp_path_factory.mktemp("services"))


@pytest.fixture
def store(base: Settings) -> Iterator[Store]:
    opened = open_store(base)
    opened.clear()
    with opened._owner.transaction("starting over") as cursor:
        cursor.execute("TRUNCATE notification_channels CASCADE")
    yield opened
    opened.close()


def webhook(receivers: Receivers, name: str = "webhook") -> Channel:
    return Channel(name, f"json://127.0.0.1:{receivers.port}/{name}")


class Process:
    """A process that monitors and tells, tick by tick; `stop` ends it as a restart does."""

    def __init__(self, settings: Settings, catalogue: Catalogue, clock: Hands, channels: Sequence[Channel]) -> None:
        self.store = open_store(settings)
        self.clock = clock
        self.notifier = Notifier(Desk(self.store, catalogue, clock, ZoneInfo("Europe/Berlin"), PAGE, 60), channels)
        self.monitor = Monitor(self.store, catalogue, interval=STEP, companions=[self.notifier], clock=clock)
        self.notifier.deliver()

    def until(self, minutes: float) -> None:
        while self.clock.now < NOON + minutes * MINUTE:
            self.clock.now += STEP
            self.monitor.tick()
            self.notifier.deliver()

    def stop(self) -> None:
        self.monitor.stop()
        self.store.close()


def test_a_cascade_is_told_to_each_service_in_its_own_way_through_a_restart(
    base: Settings, store: Store, catalogue: Catalogue, receivers: Receivers
) -> None:
    for key, usual, bad, begins in ((PARTS, 100, 2500, 0), (PRESSURE, 0.01, 0.95, 3), (LAG, 1, 1200, 6)):
        store.samples.write(block(line(key, START, NOON + begins * MINUTE, usual)))
        store.samples.write(block(line(key, NOON + begins * MINUTE, NOON + 12 * MINUTE, bad)))
        store.samples.write(block(line(key, NOON + 12 * MINUTE, NOON + 30 * MINUTE, usual)))
    channels = parse_channels(CHANNELS, "notify.toml", ADDRESSES)
    clock = Hands(NOON - STEP)
    process = Process(base, catalogue, clock, channels)
    process.until(6)
    process.stop()
    process = Process(base, catalogue, clock, channels)
    process.until(10)
    assert list(receivers.alerts) == ["incident-1-20260304T120500Z"]
    process.until(20)
    process.stop()

    alone = "ClickHouse parts per partition (incident 1)"
    cascade = "Insert bottleneck: back-pressure from ClickHouse through Flink to Kafka (incident 1)"
    assert receivers.titles(SLACK) == [
        f"Warning: {alone}",
        f"Warning, now in Flink too: {cascade}",
        f"Now critical: {cascade}",
        f"Critical, now in Kafka too: {cascade}",
        f"Resolved: {cascade}",
    ]
    assert receivers.titles(TEAMS) == [
        f"Warning: {cascade}",
        f"Now critical: {cascade}",
        f"Critical, now in Kafka too: {cascade}",
        f"Resolved: {cascade}",
    ]
    alert = "incident-1-20260304T120500Z"
    assert receivers.titles(PAGERDUTY) == [
        f"trigger {alert} Critical: {cascade}",
        f"trigger {alert} Critical, now in Kafka too: {cascade}",
        f"resolve {alert}",
    ]
    assert receivers.alerts == {}
    assert receivers.refused == []
    everything_is_told(text_of(SLACK, receivers.of(SLACK)[3]))
    card = text_of(TEAMS, receivers.of(TEAMS)[2])
    assert "**Chain:**\n\n- 12:00:00 UTC ClickHouse node-1/events" in card
    assert f"[Open in the monitoring page]({PAGE}/incidents?incident=1)" in card
    page(receivers)


def everything_is_told(text: str) -> None:
    """What somebody who is woken up needs."""
    for part in (
        "Health: critical (open incidents: 1 critical)",
        "Since: 2026-03-04 12:00 UTC (13:00 Europe/Berlin), for",
        "Root: ClickHouse node-1/events parts per partition (max_parts_per_partition): 2,500 parts; limit &gt; 1,000",
        "usually 100 parts",
        "12:00:00 UTC ClickHouse node-1/events",
        "12:03:00 UTC Flink orders/sink",
        "12:06:00 UTC Kafka orders/clicks",
        "Numbers:\n  - Flink orders/sink back-pressure (backpressured_time_ratio): 95 %",
        "Check first:\n  - look at ClickHouse first",
        f"{PAGE}/incidents?incident=1",
    ):
        assert part in text, text
    assert text.index("12:00:00") < text.index("12:03:00") < text.index("12:06:00")


def page(receivers: Receivers) -> None:
    """What an alert holds beside its words."""
    alert = receivers.of(PAGERDUTY)[1]
    assert alert["payload"]["severity"] == "critical"
    assert (alert["payload"]["source"], alert["payload"]["component"]) == ("node-1/events", "clickhouse")
    assert alert["payload"]["custom_details"]["Health"].startswith("critical")
    assert alert["links"] == [{"href": f"{PAGE}/incidents?incident=1"}]


ODD = "a<b>&amp;</b> <@U123> <!channel> *x* _y_ [l](http://e.vil) `c` <at>bob@e.vil</at>\n# h"


def test_names_mean_nothing_to_the_service_that_shows_them(
    store: Store, catalogue: Catalogue, receivers: Receivers
) -> None:
    post = Post(store, catalogue, Channel("slack", SLACK_URL), Channel("teams", TEAMS_URL), webhook(receivers))
    incident(store, NOON, instance=ODD)
    post.clock.now += MINUTE
    post.real().deliver()
    (slack,), (teams,), (plain,) = (receivers.of(host) for host in (SLACK, TEAMS, "webhook"))
    assert "&lt;b&gt;&amp;amp;&lt;/b&gt; &lt;@U123&gt; &lt;!channel&gt;" in text_of(SLACK, slack)
    assert "<" not in text_of(SLACK, slack)
    assert slack["mrkdwn"] is False
    shown = text_of(TEAMS, teams)
    assert r"\<b\>\&amp;\</b\> \<@U123\>" in shown
    assert r"\*x\* \_y\_ \[l\](http://e.vil) \`c\` \<at\>bob@e.vil\</at\> # h" in shown
    assert "entities" not in json.dumps(teams)
    assert "a<b>&amp;</b> <@U123> <!channel>" in text_of("webhook", plain)
    assert "\n# h" not in text_of("webhook", plain)


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """All that the root logger is handed, at level DEBUG."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    ("answer", "least"),
    [
        (Answer(500, "no"), 10),
        (Answer(429, "slow down", {"Retry-After": "45"}), 60),
        (Answer(403, "invalid_token"), 600),
    ],
    ids=["an error", "a limit", "a key that is not known"],
)
def test_a_service_that_refuses_is_asked_again_later_and_its_key_is_nowhere(
    store: Store,
    catalogue: Catalogue,
    receivers: Receivers,
    logged: list[str],
    answer: Answer,
    least: int,
) -> None:
    post = Post(store, catalogue, Channel("slack", SLACK_URL), webhook(receivers))
    incident(store, NOON)
    receivers.next(SLACK, answer)
    notifier = post.real()
    post.clock.now += MINUTE
    notifier.deliver()
    assert (len(receivers.of(SLACK)), len(receivers.of("webhook"))) == (0, 1)
    post.clock.now += timedelta(seconds=least - 1)
    notifier.deliver()
    assert receivers.attempts[SLACK] == 1
    (row,) = deliveries(store, "slack")
    assert (row["state"], str(answer.status) in row["last_error"]) == ("waiting", True)
    post.clock.now += timedelta(seconds=least / 4 + 2)
    notifier.deliver()
    assert (len(receivers.of(SLACK)), len(receivers.of("webhook"))) == (1, 1)
    for secret in SLACK_PATH.split("/")[2:]:
        assert secret not in row["last_error"]
        assert not any(secret in text for text in logged)
    assert any("took no message" in text for text in logged)


def test_a_service_that_hangs_holds_up_no_other_and_no_tick(
    store: Store, catalogue: Catalogue, receivers: Receivers
) -> None:
    post = Post(store, catalogue, Channel("slack", SLACK_URL), webhook(receivers), seconds=5)
    go_on = threading.Event()
    receivers.next(SLACK, Answer(200, "ok", hold=go_on))
    notifier = post.real()
    monitor = Monitor(store, catalogue, interval=STEP, companions=[notifier], clock=post.clock)
    number = incident(store, NOON)
    post.clock.now += STEP
    notifier.start()
    monitor.tick()
    until(lambda: receivers.attempts.get(SLACK) and receivers.titles("webhook"))
    resolve(store, number, post.clock.now)
    monitor.tick()
    until(lambda: len(receivers.titles("webhook")) == 2)
    until(lambda: deliveries(store, "slack")[0]["last_error"])
    assert deliveries(store, "slack")[0]["last_error"]
    go_on.set()
    post.clock.now += 10 * MINUTE
    woken_until(notifier, lambda: receivers.titles(SLACK))
    monitor.stop()
    notifier.stop()


def woken_until(notifier: Notifier, holds: Callable[[], object]) -> None:
    """Wait for something, waking the notifier as ticks do."""

    def woken() -> object:
        notifier.wake()
        return holds()

    until(woken)


def test_an_alert_is_resolved_by_the_key_it_was_raised_by(
    store: Store, catalogue: Catalogue, receivers: Receivers
) -> None:
    post = Post(store, catalogue, Channel("pager", PAGERDUTY_URL))
    first, second = incident(store, NOON), incident(store, NOON, "warning", "flink", "job")
    post.clock.now += MINUTE
    post.real().deliver()
    assert len(receivers.alerts) == 2
    resolve(store, first, NOON + MINUTE)
    post.clock.now += MINUTE
    post.real().deliver()
    assert list(receivers.alerts) == [f"incident-{second}-20260304T120000Z"]


def test_the_commands_try_and_list_channels_and_show_no_key(
    base: Settings, tmp_path: Path, receivers: Receivers
) -> None:
    (tmp_path / "notify.toml").write_text(
        f'[[channel]]\nname = "hook"\nurl = "json://127.0.0.1:{receivers.port}/s3cretpath"\nquiet = "22:00-07:00"\n'
    )
    settings = {"DATABASE_URL": str(base.database_url), "NOTIFY_URLS": SLACK_URL, "DEMO": "off"}
    receivers.next(SLACK, Answer(403, "invalid_token"))
    done = run(tmp_path, AGENT, "notify", "test", **settings)
    assert done.returncode == 1, done.stderr
    assert "FAILED slack (slack): " in done.stdout
    assert "ok     hook (json): sent" in done.stdout
    listed = run(tmp_path, AGENT, "notify", "list", **settings)
    assert listed.returncode == 0, listed.stderr
    assert "hook (json): kafka, flink, clickhouse; warning, critical, quiet 22:00-07:00" in listed.stdout
    for output in (done, listed):
        for secret in (*SLACK_PATH.split("/")[2:], "s3cretpath"):
            assert secret not in output.stdout + output.stderr
    assert receivers.titles("webhook") == ["Test message of the platform monitoring"]


@pytest.mark.parametrize(
    ("values", "name", "words"),
    [
        ({}, None, "No channel is configured"),
        ({"NOTIFY_URLS": "json://127.0.0.1:1/x"}, "nobody", "no channel named 'nobody'; there are json"),
        ({"NOTIFY_FILE": "missing.toml"}, None, "missing.toml"),
    ],
)
def test_what_cannot_be_tried_is_said(
    catalogue: Catalogue, values: dict[str, str], name: str | None, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        try_channels(parse_settings(values), catalogue, utc_now, name)


def test_an_address_that_nobody_knows_is_said_without_showing_it(catalogue: Catalogue) -> None:
    (one,) = try_channels(parse_settings({"NOTIFY_URLS": "smoke://signals/hunter2secret"}), catalogue, utc_now)
    assert not one.ok
    assert "none that Apprise knows" in one.problem
    assert "hunter2secret" not in one.problem
