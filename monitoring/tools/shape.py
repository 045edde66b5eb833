"""The shape of a series over a window: where it began and ended, its slope, and how its floor moved.

A saw-tooth (a heap, a checkpoint age) hides a leak from its mean; the floor, the lowest value of each
stretch of the window, shows it. Where lower is worse the ceiling is meant instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from monitoring.blocks import Floats, to_micros
from monitoring.metrics import Direction

STRETCHES = 6
NOTABLE = 0.05
"""A change below five percent of the level is called steady."""
HOUR = 3_600_000_000.0


@dataclass(frozen=True, slots=True)
class Shape:
    """In the metric's unit; slopes per hour. `floor_moves` says that the floor went towards trouble steadily."""

    first: float
    last: float
    slope_per_hour: float
    floor_first: float
    floor_last: float
    floor_slope_per_hour: float
    floor_moves: bool
    direction: Literal["rising", "falling", "steady"]


def shape_of(buckets: Sequence[Mapping[str, Any]], direction: Direction) -> Shape:
    """The shape of a series given in stretches with `bucket`, `avg`, `min` and `max`, in order of time."""
    hours = np.array([to_micros(b["bucket"]) for b in buckets], float) / HOUR
    hours -= hours[0]
    average = np.array([b["avg"] for b in buckets], float)
    edge = max(1, len(average) // 10)
    first, last = float(np.mean(average[:edge])), float(np.mean(average[-edge:]))
    slope = _slope(hours, average)
    side = "max" if direction == "lower_is_worse" else "min"
    extremes = np.array([b[side] for b in buckets], float)
    floor_at, floor = _floor(hours, extremes, np.max if side == "max" else np.min)
    floor_slope = _slope(floor_at, floor)
    steps = np.diff(floor)
    worse = steps < 0 if direction == "lower_is_worse" else steps > 0
    moves = len(steps) >= 3 and int(worse.sum()) >= len(steps) - 1 and _notable(floor[0], floor[-1])
    return Shape(
        first,
        last,
        slope,
        float(floor[0]),
        float(floor[-1]),
        floor_slope,
        moves and floor_slope != 0.0,
        _direction(first, last, slope, hours, average),
    )


def _floor(hours: Floats, extremes: Floats, lowest: Any) -> tuple[Floats, Floats]:
    parts = [part for part in np.array_split(np.arange(len(hours)), STRETCHES) if len(part)]
    return np.array([hours[part].mean() for part in parts]), np.array([lowest(extremes[part]) for part in parts])


def _slope(hours: Floats, values: Floats) -> float:
    """Least squares; 0 where there are too few points for a line."""
    if len(hours) < 3:
        return 0.0
    centred = hours - hours.mean()
    return float((centred * (values - values.mean())).sum() / (centred**2).sum())


def _notable(first: float, last: float) -> bool:
    return abs(last - first) > NOTABLE * max(abs(first), abs(last), 1e-9)


def _direction(
    first: float, last: float, slope: float, hours: Floats, average: Floats
) -> Literal["rising", "falling", "steady"]:
    """Rising or falling only where the ends differ notably and the line explains more than the noise does."""
    fitted = average.mean() + slope * (hours - hours.mean())
    noise = float(np.std(average - fitted))
    span = slope * float(hours[-1])
    if not _notable(first, last) or abs(span) <= 2 * noise:
        return "steady"
    return "rising" if last > first else "falling"
