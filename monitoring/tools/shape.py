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
LATE = 0.2
"""The last fifth of a window is looked at for a turn that a line over all of it does not show."""
FAR = 4.0
"""It has turned where its end is that many standard deviations from what was before, and half as much again."""
HOUR = 3_600_000_000.0


@dataclass(frozen=True, slots=True)
class Shape:
    """In the metric's unit; slopes per hour. `floor_moves` says that the floor went towards trouble steadily.

    `turned` is the place of the stretch with which a series that was steady began to rise or fall late in the
    window; `None` where it went one way all along, or none.
    """

    first: float
    last: float
    slope_per_hour: float
    floor_first: float
    floor_last: float
    floor_slope_per_hour: float
    floor_moves: bool
    direction: Literal["rising", "falling", "steady"]
    turned: int | None = None


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
    way = _direction(first, last, slope, hours, average)
    turned = _turned(average) if way == "steady" else None
    if turned is not None:
        last = float(average[-1])
        way = "rising" if last > average[turned - 1] else "falling"
    return Shape(
        first,
        last,
        slope,
        float(floor[0]),
        float(floor[-1]),
        floor_slope,
        moves and floor_slope != 0.0,
        way,
        turned,
    )


def _turned(average: Floats) -> int | None:
    """Where a steady series left what it had been, for good, in the last part of it."""
    late = len(average) - max(3, int(len(average) * LATE))
    if late < 10:
        return None
    usual, spread, end = float(np.median(average[:late])), float(np.std(average[:late])), float(average[-1])
    if abs(end - usual) <= max(FAR * spread, 0.5 * abs(usual), 1e-9):
        return None
    near = abs(average - usual) <= max(FAR * spread / 2, 0.1 * abs(usual))
    back = np.flatnonzero(near)
    turned = int(back[-1]) + 1
    is_sure = len(average) - turned >= 2 and turned >= late
    return turned if is_sure else None


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
