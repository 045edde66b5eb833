from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.collectors.counters import LONGEST_GAP, READINGS_PER_WINDOW, Counters, Growth

T0 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEN_MINUTES = timedelta(minutes=10)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def grown(
    readings: list[tuple[float, float]], window: timedelta = MINUTE, *, offset: bool = False
) -> tuple[float, float] | None:
    """Amount and seconds of growth at the last of the (seconds, value) readings."""
    counters = Counters()
    for seconds, value in readings:
        counters.observe("c", at(seconds), {"": value}, window, offset=offset)
    growth = counters.growth("c", at(readings[-1][0]), window)
    return None if growth is None else (growth.amount, growth.span.total_seconds())


def test_one_reading_tells_no_growth() -> None:
    assert grown([(0, 500)]) is None


def test_growth_is_the_difference_of_two_readings() -> None:
    assert grown([(0, 500), (30, 560)]) == (60, 30)
    assert Growth(60, timedelta(seconds=30)).per_second == 2


def test_a_counter_that_stands_still_has_grown_by_nothing() -> None:
    assert grown([(0, 500), (30, 500)]) == (0, 30)


def test_a_counter_that_falls_began_again_at_zero() -> None:
    assert grown([(0, 500), (30, 40)]) == (40, 30)


def test_growth_before_and_after_a_restart_is_added_up() -> None:
    assert grown([(0, 500), (20, 560), (40, 10), (60, 35)]) == (60 + 10 + 25, 60)


def test_a_log_position_that_falls_has_counted_nothing() -> None:
    assert grown([(0, 500), (20, 40), (40, 70)], offset=True) == (30, 40)


def test_only_the_window_counts() -> None:
    readings = [(float(s), float(s * s)) for s in range(0, 121, 30)]

    assert grown(readings) == (120.0**2 - 60.0**2, 60)


def test_readings_rarer_than_the_window_use_the_one_before() -> None:
    assert grown([(0, 0), (120, 240), (240, 600)]) == (360, 120)


def test_after_a_long_gap_counting_starts_over() -> None:
    gap = LONGEST_GAP.total_seconds() + 1

    assert grown([(0, 0), (gap, 9000)]) is None
    assert grown([(0, 0), (gap, 9000), (gap + 30, 9030)]) == (30, 30)


def test_a_gap_shorter_than_the_window_is_bridged() -> None:
    assert grown([(0, 0), (590, 3)], TEN_MINUTES) == (3, 590)


def test_an_increase_is_forgotten_once_the_window_has_passed_it() -> None:
    def readings(until: int) -> list[tuple[float, float]]:
        return [(float(s), 0.0 if s < 60 else 1.0) for s in range(0, until + 1, 30)]

    assert grown(readings(630), TEN_MINUTES) == (1, 600)
    assert grown(readings(660), TEN_MINUTES) == (0, 600)


def test_a_new_incarnation_is_counted_from_zero_even_if_its_value_is_higher() -> None:
    counters = Counters()
    counters.observe("records", at(0), {"attempt 0": 1000}, MINUTE)
    counters.observe("records", at(30), {"attempt 1": 1200}, MINUTE)

    assert counters.growth("records", at(30), MINUTE) == Growth(1200, timedelta(seconds=30))


def test_incarnations_side_by_side_are_counted_apart() -> None:
    counters = Counters()
    counters.observe("restarts", at(0), {"job 1": 7, "job 2": 100}, MINUTE)
    counters.observe("restarts", at(30), {"job 1": 8}, MINUTE)

    assert counters.growth("restarts", at(30), MINUTE) == Growth(1, timedelta(seconds=30))


def test_a_counter_not_read_now_has_no_growth_now() -> None:
    counters = Counters()
    counters.observe("c", at(0), {"": 1}, MINUTE)
    counters.observe("c", at(30), {"": 2}, MINUTE)

    assert counters.growth("c", at(60), MINUTE) is None


def test_reading_twice_at_one_moment_changes_nothing() -> None:
    assert grown([(0, 500), (30, 560), (30, 590)]) == (60, 30)


def test_a_clock_set_back_starts_over() -> None:
    assert grown([(3600, 500), (0, 510)]) is None
    assert grown([(3600, 500), (0, 510), (30, 520)]) == (10, 30)


def test_a_thousand_readings_in_a_window_keep_memory_small_and_the_growth_right() -> None:
    counters = Counters()
    for second in range(3001):
        counters.observe("c", at(second), {"": second * 2.0}, TEN_MINUTES)
    growth = counters.growth("c", at(3000), TEN_MINUTES)

    assert growth is not None
    assert growth.per_second == pytest.approx(2.0)
    assert growth.span.total_seconds() == pytest.approx(600, abs=600 / READINGS_PER_WINDOW)
    assert len(counters._counters["c"].readings) <= 1.2 * READINGS_PER_WINDOW


def test_counters_that_are_gone_are_forgotten() -> None:
    counters = Counters()
    counters.observe("old", at(0), {"": 1}, MINUTE)
    counters.observe("new", at(300), {"": 1}, MINUTE)
    counters.forget(at(301), MINUTE)

    assert len(counters) == 1
