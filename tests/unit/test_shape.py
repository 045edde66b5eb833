"""The shape of a series: its ends, its slope, and a floor that rises under a saw-tooth."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from monitoring.metrics import Direction
from monitoring.tools.shape import Shape, shape_of
from tests.unit.by_hand import START


def buckets(
    values: Sequence[float], swing: float = 0.0, width: timedelta = timedelta(minutes=10)
) -> list[dict[str, Any]]:
    return [
        {"bucket": START + width * n, "avg": value, "min": value - swing, "max": value + swing}
        for n, value in enumerate(values)
    ]


def shape(values: Sequence[float], direction: Direction = "higher_is_worse", swing: float = 0.0) -> Shape:
    return shape_of(buckets(values, swing), direction)


def test_a_line_has_its_slope_per_hour() -> None:
    found = shape([10.0 + 2 * n for n in range(60)])
    assert found.slope_per_hour == pytest.approx(12.0)
    assert (found.direction, found.floor_moves) == ("rising", True)
    assert found.floor_slope_per_hour == pytest.approx(12.0)


def test_a_falling_line_falls() -> None:
    found = shape([500.0 - 2 * n for n in range(60)])
    assert found.slope_per_hour == pytest.approx(-12.0)
    assert (found.direction, found.floor_moves) == ("falling", False)


@pytest.mark.parametrize("value", [0.0, 7.0, -3.0, 1e12])
def test_a_constant_is_steady(value: float) -> None:
    found = shape([value] * 30)
    assert (found.direction, found.floor_moves, found.first, found.last) == ("steady", False, value, value)
    assert found.slope_per_hour == pytest.approx(0.0)


def test_noise_is_steady() -> None:
    noise = random.Random(5)
    found = shape([noise.gauss(100, 20) for _ in range(100)])
    assert (found.direction, found.floor_moves) == ("steady", False)


@pytest.mark.parametrize("way", [1, -1])
def test_a_series_that_turned_late_rises_or_falls_since_then(way: int) -> None:
    noise = random.Random(7)
    calm = [100 + noise.gauss(0, 3) for _ in range(110)]
    found = shape([*calm, *[100 + way * 12.0 * n for n in range(1, 8)]])
    assert found.direction == ("rising" if way > 0 else "falling")
    assert found.turned is not None
    assert 109 <= found.turned <= 112


def test_one_odd_stretch_at_the_end_is_no_turn() -> None:
    found = shape([100.0, 101.0] * 40 + [300.0])
    assert (found.direction, found.turned) == ("steady", None)


def test_what_came_back_has_not_turned() -> None:
    found = shape([100.0, 101.0] * 40 + [300.0] * 5 + [100.0])
    assert (found.direction, found.turned) == ("steady", None)


def test_a_saw_tooth_has_not_turned_wherever_it_ends() -> None:
    for end in range(60, 75):
        assert shape([float(n % 15) for n in range(end)]).turned is None


def test_a_change_below_five_percent_is_steady() -> None:
    assert shape([100 + 0.05 * n for n in range(60)]).direction == "steady"


def sawtooth(floor: Callable[[int], float]) -> list[float]:
    return [floor(n) + 0.3 * (n % 6) / 6 for n in range(72)]


def test_a_leak_under_a_saw_tooth_shows_in_its_floor() -> None:
    found = shape(sawtooth(lambda n: 0.3 + 0.004 * n))
    assert found.floor_moves
    assert found.floor_first < found.floor_last
    assert found.floor_slope_per_hour == pytest.approx(0.024, rel=0.15)


def test_a_saw_tooth_alone_is_no_leak() -> None:
    found = shape(sawtooth(lambda _: 0.3))
    assert (found.direction, found.floor_moves) == ("steady", False)


def test_a_single_step_is_no_leak() -> None:
    assert not shape(sawtooth(lambda n: 0.3 if n < 36 else 0.6)).floor_moves


def test_where_lower_is_worse_the_ceiling_is_meant() -> None:
    values = [0.9 - 0.005 * n for n in range(72)]
    found = shape(values, "lower_is_worse", swing=0.01)
    assert found.floor_moves
    assert found.floor_first == pytest.approx(0.91)
    assert not shape(values, "higher_is_worse").floor_moves
    assert not shape(values[::-1], "lower_is_worse").floor_moves


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_few_points_are_enough_to_be_told_and_too_few_for_a_leak(count: int) -> None:
    found = shape([float(n) for n in range(1, count + 1)])
    assert (found.first, found.last) == (1.0, float(count))
    assert all(math.isfinite(number) for number in (found.slope_per_hour, found.floor_slope_per_hour))
    assert found.floor_moves == (count >= 4)


def test_two_points_have_no_slope() -> None:
    assert shape([1.0, 100.0]).slope_per_hour == 0.0


def test_gaps_between_points_count_as_time() -> None:
    points = [point for n, point in enumerate(buckets([10.0 + n for n in range(60)])) if n % 7 != 3]
    assert shape_of(points, "higher_is_worse").slope_per_hour == pytest.approx(6.0)
