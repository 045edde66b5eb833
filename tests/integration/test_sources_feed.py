"""From configured sources into the store: at their own pace, in the background, with the past filled in."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.errors import ConfigurationError
from monitoring.feeds import CollectorFeed, Origin, source_entries
from monitoring.metrics import Catalogue, Window
from monitoring.moments import utc_now
from monitoring.monitor import Monitor
from monitoring.settings import Settings, parse_settings
from monitoring.store.store import Store
from tests.integration.exposition_server import Answer, ExpositionServer, SocketServer
from tests.integration.test_judgement import events

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAGE = "kafka_controller_kafkacontroller_offlinepartitionscount 0\n"

Make = Callable[..., CollectorFeed]


@pytest.fixture
def make(store: Store, settings: Settings, catalogue: Catalogue, tmp_path: Path) -> Iterator[Make]:
    """Makes feeds over what a `sources.toml` says."""
    feeds = []

    def made(text: str, **more: str) -> CollectorFeed:
        file = tmp_path / "mine.toml"
        file.write_text(text)
        given = {"DATABASE_URL": str(settings.database_url), "SOURCES_FILE": str(file), **more}
        feeds.append(CollectorFeed(parse_settings(given), catalogue, store, Origin(store)))
        return feeds[-1]

    yield made
    for feed in feeds:
        feed.close()


def times(store: Store) -> list[datetime]:
    block = store.samples.between(Window(NOON - 600 * MINUTE, utc_now() + MINUTE))
    return sorted({datetime.fromtimestamp(micros / 1e6, UTC) for micros in block.times.tolist()})


def test_each_source_is_read_at_its_own_pace(make: Make) -> None:
    with ExpositionServer(PAGE) as often, ExpositionServer(PAGE) as rarely:
        feed = make(
            f'[[source]]\nkind = "exporter"\nurl = "{often.url}"\ninterval = 30\n'
            f'[[source]]\nkind = "exporter"\nurl = "{rarely.url}"\ninterval = "2m"\n'
        )
        for tick in range(8):
            feed(NOON + tick * MINUTE / 2)

    assert len(often.requests) == 8
    assert len(rarely.requests) == 2


def test_clusters_keep_their_instances_apart(make: Make, store: Store) -> None:
    with ExpositionServer(PAGE) as eu, ExpositionServer(PAGE.replace(" 0", " 3")) as us:
        feed = make(
            f'[[source]]\nkind = "exporter"\nurl = "{eu.url}"\ncluster = "eu"\n'
            f'[[source]]\nkind = "exporter"\nurl = "{us.url}"\ncluster = "us"\n'
        )
        feed(NOON)
    found = {sample.instance: sample.value for sample in store.samples.between(Window(NOON, NOON + MINUTE)).samples()}

    assert found == {"eu/cluster": 0.0, "us/cluster": 3.0}
    assert [status.cluster for status in feed.status] == ["eu", "us"]


def test_names_that_no_database_keeps_are_left_out_and_noted(make: Make, store: Store) -> None:
    """A Prometheus server answers in JSON, which can hold anything."""
    names = ["good", "nul\0", "half \ud800", "x" * 100_000]
    lags = [{"metric": {"consumergroup": name, "topic": "t"}, "value": [NOON.timestamp(), "5"]} for name in names]
    lags[0]["value"] = [NOON.timestamp(), "1.7976931348623157e308"]
    answers: dict[str, Answer | str] = {
        "/api/v1/label/__name__/values": json.dumps({"status": "success", "data": ["kafka_consumergroup_lag"]}),
        "/api/v1/query": json.dumps({"status": "success", "data": {"resultType": "vector", "result": lags}}),
    }
    with ExpositionServer(answers) as server:
        url = server.url.removesuffix("/metrics")
        feed = make(f'[[source]]\nkind = "prometheus"\nurl = "{url}"\nbackfill = 0\n')
        feed(NOON)
    found = store.samples.between(Window(NOON, NOON + MINUTE)).samples()
    [status] = feed.status

    assert [(sample.instance, sample.value) for sample in found] == [("good/t", 1.7976931348623157e308)]
    assert status.notes[-1].startswith("3 series are left out: their names have more than 300 characters or cannot")


def prometheus(offline: Callable[[datetime], int], now: datetime, minutes: int) -> dict[str, Answer | str]:
    """A server that remembers so many minutes before `now`."""
    moments = [now - step * MINUTE / 2 for step in range(2 * minutes, 0, -1)]
    past = [[moment.timestamp(), str(offline(moment))] for moment in moments]
    data = {
        "label/__name__/values": ["kafka_controller_kafkacontroller_offlinepartitionscount"],
        "query": {"result": [{"metric": {}, "value": [now.timestamp(), str(offline(now))]}]},
        "query_range": {"result": [{"metric": {}, "values": past}]},
    }
    return {f"/api/v1/{path}": json.dumps({"status": "success", "data": found}) for path, found in data.items()}


def test_what_happened_before_the_start_is_filled_in_and_found(make: Make, store: Store, catalogue: Catalogue) -> None:
    def offline(moment: datetime) -> int:
        return 3 if NOON - 20 * MINUTE <= moment < NOON - 10 * MINUTE else 0

    with ExpositionServer(prometheus(offline, NOON, 60)) as server:
        url = server.url.removesuffix("/metrics")
        feed = make(f'[[source]]\nkind = "prometheus"\nurl = "{url}"\nbackfill = "1h"\n')
        monitor = Monitor(store, catalogue, interval=MINUTE / 2, feeds=[feed], clock=lambda: NOON)
        monitor.tick()
        monitor.tick()
        monitor.stop()
    assert len(times(store)) == 121
    [event] = [event for event in events(store) if "offline_partitions" in event["fingerprint"]]
    assert event["started_at"] == NOON - 20 * MINUTE
    assert event["resolved_at"] is not None


def test_in_the_background_a_tick_waits_for_nobody(make: Make, store: Store) -> None:
    def silent(_: socket.socket, over: threading.Event) -> None:
        over.wait(20)

    with ExpositionServer(PAGE) as good, SocketServer(silent) as hanging:
        feed = make(
            f'[[source]]\nkind = "exporter"\nurl = "{good.url}"\ninterval = 1\n'
            f'[[source]]\nkind = "exporter"\nurl = "{hanging.url}"\ninterval = 1\ntimeout = 15\n'
        )
        feed.start(utc_now)
        longest = 0.0
        deadline = time.monotonic() + 60
        while len(times(store)) < 3 and time.monotonic() < deadline:
            began = time.monotonic()
            feed(utc_now())
            longest = max(longest, time.monotonic() - began)
            time.sleep(0.1)

    assert len(times(store)) >= 3
    assert longest < 10


def test_nothing_is_read_in_the_background_for_a_process_that_does_not_lead(make: Make) -> None:
    with ExpositionServer(PAGE) as server:
        feed = make(f'[[source]]\nkind = "exporter"\nurl = "{server.url}"\ninterval = 1\n')
        feed.start(utc_now)
        time.sleep(1.0)
        before = len(server.requests)
        feed(utc_now())
        deadline = time.monotonic() + 10
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.05)

    assert before == 0
    assert server.requests


def test_a_file_that_was_named_has_to_be_there(settings: Settings, tmp_path: Path) -> None:
    given = {"DATABASE_URL": str(settings.database_url), "SOURCES_FILE": str(tmp_path / "none.toml")}
    with pytest.raises(ConfigurationError, match=r"none\.toml cannot be read"):
        source_entries(parse_settings(given))


def test_endpoints_of_the_short_form_stand_first(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[[source]]\nkind = "flink"\nurl = "http://flink:8081"\n')
    given = {"SOURCES_FILE": str(tmp_path / "s.toml"), "SCRAPE_URLS": "http://a/metrics,http://b/metrics"}
    entries = source_entries(parse_settings({"DATABASE_URL": str(settings.database_url), **given}))

    assert [entry.address for entry in entries] == ["http://a/metrics", "http://b/metrics", "http://flink:8081"]
