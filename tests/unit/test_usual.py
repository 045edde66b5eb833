"""What is usual for a series in an hour: by the same hour on earlier days, else by the day before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitoring.metrics import Window
from monitoring.tools.exploring import MOST_SPOTS, width_for
from monitoring.tools.usual import Hour, custom, usual_level

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOW = Window(NOON, NOON + 2 * HOUR)


def flat(value: float) -> Hour:
    return Hour(value, value - 1, value + 1)


def test_it_is_the_median_of_the_same_hour_on_the_days_before() -> None:
    known = {NOON - n * DAY: flat(100 + n) for n in range(1, 8)} | {NOON - n * HOUR: flat(7) for n in range(1, 5)}
    found = custom(known, WINDOW)
    assert found.by == "hour of day"
    assert [(one.hour, one.middle) for one in found.hours] == [(NOON, 104)]


def test_one_odd_day_does_not_widen_it() -> None:
    known = {NOON - n * DAY: flat(100) for n in range(1, 7)} | {NOON - 7 * DAY: flat(90_000)}
    one = custom(known, WINDOW).hours[0]
    assert (one.low, one.middle, one.high) == (99, 100, 101)


def test_it_follows_the_time_of_day() -> None:
    known = {NOON + h * HOUR - n * DAY: flat(100 if h else 10) for n in range(1, 5) for h in (0, 1)}
    assert [one.middle for one in custom(known, WINDOW).hours] == [10, 100]


def test_where_few_days_are_known_it_is_what_the_day_before_had_in_every_hour() -> None:
    known = {NOON - n * HOUR: flat(50) for n in range(1, 10)}
    found = custom(known, WINDOW)
    assert found.by == "day before"
    assert {one.middle for one in found.hours} == {50}
    assert [one.hour for one in found.hours][:2] == [NOON, NOON + HOUR]


def test_where_next_to_nothing_is_known_nothing_is_called_usual() -> None:
    assert custom({NOON - HOUR: flat(1), NOON - 2 * HOUR: flat(1)}, WINDOW).hours == ()


def test_what_is_never_negative_has_no_negative_edge() -> None:
    known = {NOON - n * DAY: Hour(value, 0, value) for n, value in enumerate((5, 9, 1, 30, 0, 22, 4), 1)}
    assert custom(known, WINDOW).hours[0].low == 0


def test_what_thresholds_call_usual_is_the_median_of_the_hours_of_the_last_day() -> None:
    known = {NOON - n * HOUR: flat(n) for n in range(1, 49)}
    assert usual_level(known, NOON) == 12.5
    assert usual_level({}, NOON) is None


def test_a_window_of_any_length_has_so_many_stretches_at_most_and_not_few() -> None:
    for span in (HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 366 * DAY, 3660 * DAY):
        count = span / width_for(span)
        assert count <= MOST_SPOTS
        assert count >= MOST_SPOTS / 3.1
