"""A source's turns: its interval while it answers, sooner and then ever later while it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.collectors.schedule import Schedule

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def waits(schedule: Schedule, failures: int) -> list[float]:
    """How long it is waited after each of so many failures in a row."""
    found = []
    now = T0
    for _ in range(failures):
        schedule.begin(now)
        schedule.failed()
        wait = next(tenth / 10 for tenth in range(100_000) if schedule.due(now + seconds(tenth / 10)))
        found.append(wait)
        now += seconds(wait)
    return found


def test_it_is_read_at_once_and_then_every_interval() -> None:
    schedule = Schedule(seconds(30))

    assert schedule.due(T0)
    schedule.begin(T0)
    schedule.succeeded()
    assert not schedule.due(T0 + seconds(29))
    assert schedule.due(T0 + seconds(30))
    assert schedule.due(T0 + seconds(20), slack=seconds(15))


def test_failures_in_a_row_are_tried_again_soon_and_then_ever_later_up_to_a_minute() -> None:
    assert waits(Schedule(seconds(30), chance=lambda: 1.0), 7) == [5, 10, 20, 40, 60, 60, 60]


def test_the_longest_wait_of_a_slow_source_is_its_interval() -> None:
    assert waits(Schedule(seconds(300), chance=lambda: 1.0), 9)[-1] == 300


def test_a_fast_source_is_not_tried_later_than_it_is_read() -> None:
    assert waits(Schedule(seconds(2), chance=lambda: 1.0), 3) == [2, 4, 8]


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_retries_of_many_sources_are_spread(chance: float) -> None:
    first, second = waits(Schedule(seconds(30), chance=lambda: chance), 2)

    assert first == pytest.approx(5 * (0.5 + chance / 2), abs=0.1)
    assert second == pytest.approx(10 * (0.5 + chance / 2), abs=0.1)


def test_one_success_ends_it() -> None:
    schedule = Schedule(seconds(30))
    waits(schedule, 5)
    schedule.begin(T0)
    schedule.succeeded()

    assert schedule.failures == 0
    assert not schedule.due(T0 + seconds(29))
    assert schedule.due(T0 + seconds(30))


def test_a_clock_that_was_set_back_is_not_waited_for() -> None:
    schedule = Schedule(seconds(30))
    schedule.begin(T0)
    schedule.succeeded()

    assert schedule.due(T0 - timedelta(hours=1))


def test_failing_for_weeks_is_no_trouble() -> None:
    schedule = Schedule(seconds(30))
    for _ in range(100_000):
        schedule.failed()

    assert schedule.due(T0)
