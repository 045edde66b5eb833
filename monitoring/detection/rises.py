"""Whether one resource's use rises: pure maths over the last hours of one series.

`used` is the share of a resource that is gone, in bins of equal width, oldest to newest, NaN where nothing is
known; times are hours before the end of the last bin, negative. A rise is judged over windows of several
lengths, as a fast leak must be seen within half an hour and a slow one only shows over hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitoring.blocks import Floats, Ints

LEAST_RISE = 0.08
"""A resource that lost less than this share of itself has not moved."""
CLEAR_OF_SCATTER = 4.0
"""A rise must be so many times the robust scatter of the points around it."""
STEADY = 0.7
"""The least share of steps upwards."""
GOES_ON = 0.6
"""The last part of a rise must be at least so steep, as a share of the whole: what flattens is no leak."""
JUMP = 0.5
"""The largest share of a rise that one step may make: more is a step, not a rise."""
BEYOND_HISTORY = 0.05
"""A rise must lead so far beyond where the resource was nine tenths of the hours before."""
TOOTH = 0.03
"""The least fall from one bin to the next that is a collection and not noise."""
PER_LOAD = 0.25
"""How much more of its memory a process may use for every doubling of the load (added, not multiplied)."""
WINDOWS = (1 / 3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.5, 6.0)
"""Lengths in hours of the windows judged."""
LEAST_SCATTER = 0.004


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through points, robustly: `slope` per hour between `slow` and `fast` (95 %), `at` hour 0."""

    slope: float
    slow: float
    fast: float
    at: float

    def level(self, hour: float) -> float:
        return self.at + self.slope * hour


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise from `before` to `level` that began at hour `since` (negative), `slow` to `fast` per hour."""

    since: float
    before: float
    level: float
    slow: float
    fast: float

    @property
    def pace(self) -> float:
        return (self.slow + self.fast) / 2

    def hours_left(self, used_up: float) -> tuple[float, float]:
        """The earliest and the latest hour in which the resource is gone; early where `used_up` already is too
        much."""
        early = max(0.0, used_up - self.level) / self.fast
        return early, max(early, (1.0 - self.level) / self.slow)


def troughs(low: Floats) -> tuple[Ints, bool]:
    """The places of the bins that show the floor, and whether there is a saw-tooth above it.

    Of a saw-tooth these are the bins in which it fell; else all that are known.
    """
    known = np.flatnonzero(~np.isnan(low))
    values = low[known]
    falls = values[:-1] - values[1:]
    real = falls[falls > TOOTH]
    if len(real) < 2:
        return known, False
    deep = 0.4 * float(np.quantile(real, 0.9))
    after = np.append(values[2:], np.inf)
    found = np.flatnonzero((falls > max(deep, 0.02)) & (values[1:] <= after)) + 1
    return known[found], True


def robust_line(hours: Floats, values: Floats) -> Line:
    """The line of Theil and Sen, with the interval of Sen's rank test for its slope. Needs two points or more."""
    first, second = np.triu_indices(len(hours), 1)
    slopes = np.sort((values[second] - values[first]) / (hours[second] - hours[first]))
    count, pairs = len(hours), len(slopes)
    spread = 1.96 * float(np.sqrt(count * (count - 1) * (2 * count + 5) / 18))
    below = max(0, int(np.floor((pairs - spread) / 2)))
    above = min(pairs - 1, int(np.ceil((pairs + spread) / 2)))
    slope = float(np.median(slopes))
    return Line(slope, float(slopes[below]), float(slopes[above]), float(np.median(values - slope * hours)))


def scatter(hours: Floats, values: Floats, line: Line) -> float:
    """The robust standard deviation of points around a line."""
    return max(LEAST_SCATTER, 1.4826 * float(np.median(np.abs(values - line.at - line.slope * hours))))


def find_rise(hours: Floats, used: Floats, load: Floats, floor: bool) -> Rise | None:
    """The rise that goes on at the end of a series, over the longest window that shows it; `None` if none does.

    `load` is what passes through the platform, in the same bins, NaN where it is not known; `floor` says
    whether a saw-tooth is to be looked through and load to be allowed for, as in memory.
    """
    places, toothed = troughs(used) if floor else (np.flatnonzero(~np.isnan(used)), False)
    t, y = hours[places], used[places]
    found = None
    for window in WINDOWS:
        inside = t >= -window
        count = int(inside.sum())
        if count < (3 if toothed else 4) or t[-1] - t[-count] < 0.6 * window:
            continue
        line = robust_line(t[inside], y[inside])
        allowed = PER_LOAD * _growth(hours, load, float(t[-count])) if floor else 0.0
        if (
            _is_clear(t[inside], y[inside], line, allowed)
            and _goes_on(t[inside], y[inside], line)
            and _is_new(t, y, count, line, floor=floor, toothed=toothed)
        ):
            found = _rise(t, y, count, line)
    return found


def _is_clear(t: Floats, y: Floats, line: Line, allowed: float) -> bool:
    """Whether points rise for real: far beyond their scatter and what load explains, and not in one jump."""
    rise = line.slope * (t[-1] - t[0])
    if line.slow <= 0 or rise < max(LEAST_RISE + allowed, CLEAR_OF_SCATTER * scatter(t, y, line)):
        return False
    parts = np.array([np.median(part) for part in np.array_split(y, min(8, len(y)))])
    steps = np.diff(parts)
    jump = JUMP if len(steps) > 3 else 0.7
    return bool((steps > 0).mean() >= STEADY and steps.max() <= jump * (parts.max() - parts.min()))


def _goes_on(t: Floats, y: Floats, line: Line) -> bool:
    """Whether the last part of a rise is as steep as the rest of it."""
    last = max(3, round(0.4 * len(t)))
    recent = robust_line(t[-last:], y[-last:]).slope if len(t) > last else (y[-1] - y[-2]) / (t[-1] - t[-2])
    return bool(recent >= GOES_ON * line.slope)


def _is_new(t: Floats, y: Floats, count: int, line: Line, *, floor: bool, toothed: bool) -> bool:
    """Whether a rise leads beyond what the hours before knew, and is no flank of a saw-tooth longer than them."""
    span = float(t[-1] - t[-count])
    before_t, before = t[:-count], y[:-count]
    if len(before) and line.level(float(t[-1])) < np.quantile(before, 0.9) + BEYOND_HISTORY:
        return False
    lately = before_t >= t[-count] - 1.5
    if lately.sum() >= (3 if toothed else 6):
        flat = abs(robust_line(before_t[lately], before[lately]).slope) <= 0.25 * line.slope
        if flat:
            return True
    if toothed:
        return count >= 5 and span >= 0.75
    return span >= (2.75 if floor else 0.9)


def _growth(hours: Floats, load: Floats, since: float) -> float:
    """By which share the load grew since an hour; 0 where it fell or is not known."""
    then = load[(hours >= since - 0.25) & (hours <= since + 0.25)]
    now = load[hours >= -0.5]
    then, now = then[~np.isnan(then)], now[~np.isnan(now)]
    if not len(then) or not len(now) or np.median(then) <= 0:
        return 0.0
    return max(0.0, float(np.median(now) / np.median(then)) - 1.0)


def _rise(t: Floats, y: Floats, count: int, line: Line) -> Rise:
    before = y[:-count]
    level = line.level(float(t[-1]))
    base = float(np.quantile(before[t[:-count] >= t[-count] - 2.0], 0.3)) if (t[:-count] >= t[-count] - 2.0).any() else line.level(float(t[-count]))
    since = (base - line.at) / line.slope
    last = max(3, round(0.4 * count))
    recent = robust_line(t[-last:], y[-last:]).slope
    return Rise(
        since=float(np.clip(since, t[-count] - 2.0, t[-1])),
        before=base,
        level=level,
        slow=min(line.slow, recent),
        fast=max(line.fast, recent),
    )
