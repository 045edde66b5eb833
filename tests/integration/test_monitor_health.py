"""The monitor's own health: it survives what it does not know, never does two things at once, and says how it is."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from monitoring.errors import StoreError
from monitoring.metrics import Catalogue
from monitoring.monitor import Monitor
from monitoring.settings import Settings
from monitoring.store.store import Store, open_store
from tests.integration.samples_by_hand import NOON
from tests.integration.test_monitor import Hands, high_lag

pytestmark = pytest.mark.store

MINUTE = timedelta(minutes=1)
OFTEN = timedelta(seconds=0.02)


class Failing:
    """A feed that fails so many times in its own way, and counts its calls."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    def __call__(self, _: datetime) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def other(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()


def test_an_error_nobody_thought_of_is_told_with_its_place_and_does_not_end_the_monitor(
    store: Store, catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    feed = Failing(*[ZeroDivisionError("float division")] * 3, RecursionError("deep"))
    monitor = Monitor(store, catalogue, interval=OFTEN, feeds=[feed], clock=Hands(NOON))
    monitor.start()
    until(lambda: monitor.status().ticks > 0 and monitor.status().errors_in_row == 0)
    status = monitor.status()
    monitor.stop()
    assert (status.running, status.errors_in_row, status.last_error) == (True, 0, "")
    assert feed.calls >= 5
    traces = [record.exc_info for record in caplog.records if record.exc_info]
    assert [trace[0] for trace in traces] == [ZeroDivisionError, RecursionError]


def test_an_error_is_kept_and_counted_while_it_lasts(store: Store, catalogue: Catalogue) -> None:
    feed = Failing(*[StoreError("The database is on holiday.")] * 10_000)
    monitor = Monitor(store, catalogue, interval=OFTEN, feeds=[feed], clock=Hands(NOON))
    monitor.start()
    until(lambda: monitor.status().errors_in_row >= 3)
    assert monitor.status().last_error == "The database is on holiday."
    feed.failures.clear()
    until(lambda: monitor.status().errors_in_row == 0)
    assert monitor.status().last_error == ""
    monitor.stop()


def test_an_error_that_lasts_is_told_once(store: Store, catalogue: Catalogue, caplog: pytest.LogCaptureFixture) -> None:
    feed = Failing(*[StoreError("The database is on holiday.")] * 5)
    monitor = Monitor(store, catalogue, interval=OFTEN, feeds=[feed], clock=Hands(NOON))
    monitor.start()
    until(lambda: monitor.status().ticks > 1)
    monitor.stop()
    loud = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(loud) == 2
    assert "on holiday" in loud[0]
    assert "works again after 5 ticks" in loud[1]


def test_a_slow_tick_never_overlaps_the_next(store: Store, catalogue: Catalogue) -> None:
    at_once: list[int] = []
    inside = 0

    def slow(_: datetime) -> None:
        nonlocal inside
        inside += 1
        at_once.append(inside)
        time.sleep(0.1)
        inside -= 1

    monitor = Monitor(store, catalogue, interval=OFTEN, feeds=[slow], clock=Hands(NOON + MINUTE))
    monitor.start()
    others = [threading.Thread(target=monitor.tick) for _ in range(4)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join(10)
    until(lambda: len(at_once) >= 7)
    monitor.stop()
    assert set(at_once) == {1}


def test_who_watches_knows_how_the_one_that_works_is_doing(store: Store, other: Store, catalogue: Catalogue) -> None:
    high_lag(store)
    clock = Hands(NOON + 10 * MINUTE)
    first = Monitor(store, catalogue, interval=timedelta(seconds=30), clock=clock)
    second = Monitor(other, catalogue, interval=timedelta(seconds=30), clock=clock)
    assert first.tick() is not None
    assert second.tick() is None
    clock.now += timedelta(seconds=20)
    leading, watching = first.status(), second.status()
    assert (leading.leading, watching.leading) == (True, False)
    assert (leading.ticks, watching.ticks) == (1, 0)
    for status in (leading, watching):
        assert status.last_tick_at == status.judged_until == NOON + 10 * MINUTE
        assert status.lag_seconds == 20
        assert status.series == 1
        assert status.last_tick_ms is not None
        assert status.last_tick_ms > 0
        assert status.leader.endswith(f":{os.getpid()}")
    assert watching.to_json()["lag_seconds"] == 20
    first.stop()
    second.stop()


def test_a_monitor_that_never_ticked_says_so(store: Store, catalogue: Catalogue) -> None:
    status = Monitor(store, catalogue, interval=OFTEN, clock=Hands(NOON)).status()
    assert (status.last_tick_at, status.judged_until, status.lag_seconds, status.leader) == (None, None, None, "")


def test_what_was_judged_but_not_written_is_judged_again(
    store: Store, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    high_lag(store)
    clock = Hands(NOON + MINUTE)
    monitor = Monitor(store, catalogue, interval=timedelta(seconds=30), clock=clock)
    monitor.tick()
    clock.now = NOON + 10 * MINUTE
    with monkeypatch.context() as broken:
        broken.setattr("monitoring.judgement.Watch.tick", _fail)
        with pytest.raises(RuntimeError):
            monitor.tick()
    outcome = monitor.tick()
    assert outcome is not None
    assert outcome.ticks == 18
    assert store.get_time("judged_until") == NOON + 10 * MINUTE
    monitor.stop()


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError("half way")
