"""A running monitor whose database is away for two minutes: nothing is lost, and it says so once."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.blocks import Block, from_micros
from monitoring.errors import StoreError
from monitoring.feeds import CollectorFeed, Origin
from monitoring.metrics import Catalogue, Window
from monitoring.monitor import Monitor
from monitoring.settings import Settings, parse_settings
from monitoring.store.embedded import EmbeddedServer
from monitoring.store.store import Store, open_store
from tests.conftest import as_url, embedded_server
from tests.integration.exposition_server import ExpositionServer
from tests.integration.samples_by_hand import NOON
from tests.integration.test_judgement import events
from tests.integration.test_monitor import Hands

pytestmark = [
    pytest.mark.store,
    pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="stops a server of its own"),
]

SPEED = 30
"""Seconds of the monitor's clock in one second of the test."""
TICK = timedelta(seconds=0.5)
READ_EVERY = timedelta(seconds=5)
MINUTE = timedelta(minutes=1)


def page(offline: int) -> str:
    return (
        "kafka_server_replicamanager_underreplicatedpartitions 0\n"
        f"kafka_controller_kafkacontroller_offlinepartitionscount {offline}\n"
    )


class Fast:
    """A clock that runs faster than the wall's."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def __call__(self) -> datetime:
        return NOON + SPEED * timedelta(seconds=time.monotonic() - self.began)

    def reach(self, minutes: float, after: datetime = NOON) -> datetime:
        """Wait until so many minutes after a moment; gives the time."""
        time.sleep(max(0.0, (after + minutes * MINUTE - self()).total_seconds() / SPEED))
        return self()


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A server that is started and stopped by hand: to the monitor it is somebody else's."""
    with embedded_server() as server:
        yield server


@pytest.fixture
def broker() -> Iterator[ExpositionServer]:
    with ExpositionServer(page(0)) as server:
        yield server


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on a socket that does not answer may only be starting, which is waited for; here it never is."""
    monkeypatch.setattr("monitoring.store.pool._STARTING_SECONDS", 0.1)


@pytest.fixture
def settings(server: EmbeddedServer, broker: ExpositionServer) -> Settings:
    return parse_settings(
        {
            "DATABASE_URL": as_url(server.uri()),
            "SCRAPE_URLS": broker.url,
            "SCRAPE_INTERVAL_SECONDS": str(READ_EVERY.seconds),
        }
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def failures(log: pytest.LogCaptureFixture) -> int:
    """How many ticks failed, by what the monitor logged."""
    return sum("tick failed" in record.getMessage() for record in log.records)


def bad_stretch(taken: Block) -> tuple[datetime, datetime]:
    """When partitions were first read to be offline, and when they were first read to be back."""
    offline = [place for place, key in enumerate(taken.keys) if key.metric == "offline_partitions"]
    readings = [
        (from_micros(int(time)), value)
        for time, value, series in zip(taken.times, taken.values, taken.series, strict=True)
        if series in offline
    ]
    began = next(moment for moment, value in readings if value > 0)
    return began, next(moment for moment, value in readings if value == 0 and moment > began)


def test_what_happens_while_the_database_is_away_is_found_when_it_is_back(
    server: EmbeddedServer,
    broker: ExpositionServer,
    settings: Settings,
    store: Store,
    catalogue: Catalogue,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Fast()
    feed = CollectorFeed(settings, catalogue, store, Origin(store))
    monitor = Monitor(store, catalogue, interval=TICK, feeds=[feed], clock=clock)
    caplog.set_level(logging.INFO, "monitoring.monitor")
    monitor.start()
    try:
        clock.reach(1)
        until(lambda: monitor.status().ticks > 0)
        assert monitor.status().errors_in_row == 0
        server.stop()
        gone = clock()
        broken = clock.reach(0.3, gone)
        broker.serve(page(3))
        mended = clock.reach(1.0, broken)
        broker.serve(page(0))
        clock.reach(2.1, gone)
        until(lambda: monitor.status().errors_in_row > 0)
        status = monitor.status()
        assert status.running
        assert "database" in status.last_error
        assert clock() - gone >= 2 * MINUTE
        server.uri()
        failed = monitor.status().errors_in_row
        until(lambda: monitor.status().errors_in_row == 0)
        # One tick may have been under way when the server was back.
        assert failures(caplog) <= failed + 1
        clock.reach(1, clock())
        until(lambda: "resolved" in [row["status"] for row in events(store)])
    finally:
        monitor.stop()
        feed.close()
    found = [row for row in events(store) if "offline_partitions" in row["fingerprint"]]
    assert len(found) == 1
    taken = store.samples.between(Window(gone, gone + 2 * MINUTE))
    # Two seconds of the test are a minute, and a busy machine takes one of them now and then.
    # A reading bears the time at which it was begun, which may lie just before the page was exchanged.
    began, over = bad_stretch(taken)
    assert found[0]["started_at"] == began <= broken + MINUTE
    assert over <= found[0]["resolved_at"] <= over + MINUTE
    assert over <= mended + MINUTE
    assert len(set(taken.times.tolist())) >= 4
    words = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert [text for level, text in words if level >= logging.WARNING and "failed, tried" in text][1:] == []
    assert [level for level, text in words if "works again" in text] == [logging.WARNING]


def test_a_tick_that_meets_the_outage_loses_nothing_of_two_minutes(
    server: EmbeddedServer, broker: ExpositionServer, settings: Settings, store: Store, catalogue: Catalogue
) -> None:
    clock = Hands(NOON)
    feed = CollectorFeed(settings, catalogue, store, Origin(store))
    monitor = Monitor(store, catalogue, interval=timedelta(seconds=30), feeds=[feed], clock=clock)
    failed = 0
    for tick in range(20):
        clock.now = NOON + tick * timedelta(seconds=30)
        if tick == 6:
            server.stop()
        if tick == 10:
            server.uri()
        broker.serve(page(3 if 7 <= tick < 15 else 0))
        try:
            monitor.tick()
        except StoreError:
            failed += 1
    monitor.stop()
    feed.close()
    assert failed == 4
    assert len(set(store.samples.between(Window(NOON, clock.now + MINUTE)).times.tolist())) == 20
    (event,) = events(store)
    assert event["started_at"] == NOON + timedelta(seconds=210)
    assert timedelta(seconds=450) <= event["resolved_at"] - NOON <= timedelta(seconds=480)


def test_a_collector_that_lost_the_lead_still_brings_in_what_it_kept(
    server: EmbeddedServer, broker: ExpositionServer, settings: Settings, store: Store, catalogue: Catalogue
) -> None:
    clock = Hands(NOON)
    feed = CollectorFeed(settings, catalogue, store, Origin(store))
    first = Monitor(store, catalogue, interval=timedelta(seconds=30), feeds=[feed], clock=clock)
    assert first.tick() is not None
    server.stop()
    for _ in range(10):
        clock.now += timedelta(seconds=30)
        broker.serve(page(3))
        with pytest.raises(StoreError):
            first.tick()
    server.uri()
    other_store = open_store(settings)
    other = Monitor(other_store, catalogue, interval=timedelta(seconds=30), clock=clock)
    assert other.tick() is not None
    clock.now += timedelta(seconds=30)
    assert first.tick() is None
    assert len(set(store.samples.between(Window(NOON, clock.now + MINUTE)).times.tolist())) == 12
    clock.now += timedelta(seconds=30)
    other.tick()
    (event,) = [row for row in events(store) if row["fingerprint"].startswith("threshold")]
    assert event["started_at"] == NOON + timedelta(seconds=30)
    for monitor in (first, other):
        monitor.stop()
    feed.close()
    other_store.close()


def test_what_waits_for_the_database_is_bounded(
    settings: Settings, store: Store, catalogue: Catalogue, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.feeds.KEPT_SAMPLES", 5)
    feed = CollectorFeed(settings, catalogue, store, Origin(store))
    server.stop()
    for tick in range(6):
        with pytest.raises(StoreError):
            feed(NOON + tick * timedelta(seconds=30))
    server.uri()
    feed(NOON + timedelta(seconds=180))
    kept = store.samples.between(Window(NOON, NOON + timedelta(hours=1)))
    assert datetime.fromtimestamp(int(kept.times.min()) / 1e6, UTC) >= NOON + timedelta(seconds=90)
    feed.close()
