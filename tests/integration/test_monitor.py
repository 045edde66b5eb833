"""Any number of monitors: one works, the others take over, and nothing is lost when the database goes away."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.errors import StoreError
from monitoring.metrics import Catalogue
from monitoring.monitor import Monitor
from monitoring.settings import Settings, parse_settings
from monitoring.store.store import Store, open_store
from tests.integration.samples_by_hand import LAG, NOON, STEP, block, line
from tests.integration.test_judgement import events

pytestmark = pytest.mark.store

MINUTE = timedelta(minutes=1)


class Hands:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def monitor(store: Store, catalogue: Catalogue, clock: Hands, **more: Any) -> Monitor:
    return Monitor(store, catalogue, interval=STEP, clock=clock, **more)


def high_lag(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON, NOON + timedelta(hours=1), 50_000)))


@pytest.fixture
def other(settings: Settings) -> Iterator[Store]:
    """The same database, opened a second time."""
    opened = open_store(settings)
    yield opened
    opened.close()


def kill_leader(store: Store) -> None:
    with store._owner.transaction("killing") as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND l.objid = 4305003 AND d.datname = current_database()"
        )
        assert cursor.rowcount == 1
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with store._owner.transaction("looking") as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE l.locktype = 'advisory' AND l.objid = 4305003 AND d.datname = current_database()"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.02)
    raise AssertionError("the leader's lock was not given back")


def test_one_of_two_monitors_leads(store: Store, other: Store, catalogue: Catalogue) -> None:
    high_lag(store)
    clock = Hands(NOON + MINUTE)
    first, second = monitor(store, catalogue, clock), monitor(other, catalogue, clock)
    assert first.tick() is not None
    assert second.tick() is None
    assert (first.status().leading, second.status().leading) == (True, False)
    first.stop()
    assert second.tick() is not None
    second.stop()


def test_the_other_takes_over_when_the_leaders_connection_dies(
    store: Store, other: Store, catalogue: Catalogue
) -> None:
    high_lag(store)
    clock = Hands(NOON + 7 * MINUTE)
    first, second = monitor(store, catalogue, clock), monitor(other, catalogue, clock)
    first.tick()
    kill_leader(other)
    clock.now += MINUTE
    assert second.tick() is not None
    assert first.tick() is None
    assert [row["status"] for row in events(store)] == ["firing"]
    first.stop()
    second.stop()


def test_who_leads_again_reads_what_the_other_judged_meanwhile(
    store: Store, other: Store, catalogue: Catalogue
) -> None:
    store.samples.write(block(line(LAG, NOON, NOON + timedelta(hours=2), 10)))
    store.samples.write(block(line(LAG, NOON + 1 * MINUTE + STEP / 2, NOON + 1 * MINUTE + STEP, 10)))
    clock = Hands(NOON + MINUTE)
    first, second = monitor(store, catalogue, clock), monitor(other, catalogue, clock)
    first.tick()
    kill_leader(other)
    clock.now = NOON + 30 * MINUTE
    assert second.tick() is not None
    second.stop()
    clock.now += STEP
    outcome = first.tick()
    assert outcome is not None
    assert outcome.ticks == 1
    first.stop()


def test_the_background_monitor_ticks_at_once_and_stops_at_once(store: Store, catalogue: Catalogue) -> None:
    high_lag(store)
    ticked = threading.Event()
    running = monitor(store, catalogue, Hands(NOON + 10 * MINUTE), housekeeping=lambda _: ticked.set())
    running.start()
    assert ticked.wait(40)
    assert running.status().running
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < STEP.total_seconds()
    status = running.status()
    assert (status.running, status.leading, status.last_error) == (False, False, "")
    assert status.last_tick_at == NOON + 10 * MINUTE
    assert status.series == 1
    assert store.get("last_tick")["at"] == (NOON + 10 * MINUTE).isoformat()


def test_feeds_bring_samples_before_they_are_judged(store: Store, catalogue: Catalogue) -> None:
    clock = Hands(NOON)

    def feed(now: datetime) -> None:
        store.samples.write(block(line(LAG, now - STEP, now, 50_000)))

    fed = monitor(store, catalogue, clock, feeds=[feed])
    for _ in range(14):
        clock.now += STEP
        fed.tick()
    assert [row["status"] for row in events(store)] == ["firing"]
    fed.stop()


def test_an_error_is_shown_and_the_next_tick_tries_again(store: Store, catalogue: Catalogue) -> None:
    failures = [StoreError("The database is on holiday.")]
    done = threading.Event()

    def feed(_: datetime) -> None:
        if failures:
            raise failures.pop()
        done.set()

    running = Monitor(store, catalogue, interval=timedelta(seconds=0.05), feeds=[feed], clock=Hands(NOON))
    running.start()
    assert done.wait(40)
    running.stop()
    assert failures == []


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder that a server running as another user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="store-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_monitor_whose_database_goes_away_for_a_moment_loses_nothing(own_folder: Path, catalogue: Catalogue) -> None:
    store = open_store(parse_settings({"DATA_DIR": str(own_folder), "DEMO": "off"}))
    try:
        high_lag(store)
        clock = Hands(NOON)
        watching = monitor(store, catalogue, clock)
        for step in range(1, 40):
            clock.now = NOON + step * STEP
            if step in (5, 12, 25):
                assert store.server_pid is not None
                os.kill(store.server_pid, signal.SIGKILL if step == 12 else signal.SIGQUIT)
                time.sleep(0.1)
            try:
                watching.tick()
            except StoreError:
                assert step in (5, 12, 25)
        (event,) = events(store)
        assert (event["status"], event["started_at"]) == ("firing", NOON)
        assert event["detected_at"] <= NOON + 6 * MINUTE
        watching.stop()
    finally:
        store.close()
