"""Sparklines: one line of bars, never wider than told, gaps where nothing was measured."""

from __future__ import annotations

import pytest

from monitoring.sparkline import sparkline


def test_the_lowest_point_is_the_lowest_bar_and_the_highest_the_highest() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([-100, 100]) == "▁█"


def test_a_constant_series_is_a_low_flat_line() -> None:
    assert sparkline([5.0, 5.0, 5.0]) == "▁▁▁"


@pytest.mark.parametrize("gap", [None, float("nan"), float("inf")])
def test_a_missing_point_is_a_gap(gap: float | None) -> None:
    assert sparkline([0, gap, 1]) == "▁ █"


@pytest.mark.parametrize("points", [None, [], [None, None]])
def test_nothing_measured_is_nothing_drawn(points: list[float | None] | None) -> None:
    assert sparkline(points) == ""


@pytest.mark.parametrize("length", [25, 47, 60, 1000])
def test_more_points_than_room_are_averaged(length: int) -> None:
    line = sparkline([float(i) for i in range(length)], width=24)
    assert len(line) == 24
    assert (line[0], line[-1]) == ("▁", "█")
    assert list(line) == sorted(line)


def test_averaging_leaves_out_gaps_but_keeps_long_ones() -> None:
    assert sparkline([0, None, None, None, 4, 4], width=3) == "▁ █"
