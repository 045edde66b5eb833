"""Whether one resource's use rises: pure maths over the last hours of one series.

`used` is the share of a resource that is gone, in bins of equal width, oldest to newest, NaN where nothing is
known; `hours` are the times of the bins in hours before now, negative. A rise is looked for as a bend: level
before, and a straight way up from a moment on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from monitoring.blocks import Bools, Floats, Ints

LEAST_RISE = 0.08
"""A resource that lost less than this share of itself has not moved."""
CLEAR_OF_SCATTER = 5.0
"""A rise must be so many times the robust scatter of the points around it."""
CLEAR_OF_SPREAD = 2.0
"""A rise must be so many times the spread (5 % to 95 %) of the level before it: resources breathe."""
STEADY = 0.7
"""The least share of steps upwards."""
GOES_ON = 0.6
"""The last part of a rise must be at least so steep, as a share of the whole: what flattens is no leak."""
JUMP = 0.6
"""The largest share of a rise that one step may make: more is a step, not a rise."""
BEYOND_HISTORY = 0.05
"""A rise must lead so far beyond where the resource was nine tenths of the hours before."""
PER_LOAD = 0.25
"""How much more of its memory a process may use when the load doubles."""
LONGEST_TOOTH = 5
"""Bins. The floor of a saw-tooth is the least of so many bins at most: 25 min for a tooth of up to 20 min."""
WINDOWS = (24, 72)
"""Bins: a fast leak bends within two hours, a slow one within six."""
CALM = 6
"""So many bins before a rise show that the resource stood still."""
FROM_START = {True: 2.75, False: 1.0}
"""Hours a rise must have lasted that began before the first sample, for a floor and for a disk. Of a heap
that only rises it cannot be told otherwise whether the next collection empties it."""
SHORTEST = 0.4
"""Hours a rise must have lasted: what fills within 20 min after a start or a step has flattened by then."""
TEETH = 2.0
"""So many teeth of a saw-tooth a rise must have lasted."""
FLAT_TAIL = 3
"""Bins: a way up that ended so long ago is told from one that goes on."""
LOWER_EDGE = 0.25
"""The share of points below the edge that is fitted where a rise may have ended: teeth stand above it."""
TRIED = 12
KNOWN_FOR = 12
"""Bins. Memory fills after a start: nothing is told before a series has been known for an hour."""
LEAST_POINTS = 4
LEAST_SCATTER = 0.004


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise from `before` to `level` that began at hour `since` (negative), at `slow` to `fast` per hour."""

    since: float
    before: float
    level: float
    slow: float
    fast: float

    @property
    def risen(self) -> float:
        return self.level - self.before

    @property
    def pace(self) -> float:
        return (self.slow + self.fast) / 2

    def hours_left(self, used_up: float) -> tuple[float, float]:
        """The earliest hour in which `used_up` may be reached, and the latest in which all is gone."""
        early = max(0.0, used_up - self.level) / self.fast
        return early, max(early, (1.0 - self.level) / self.slow)


@dataclass(frozen=True, slots=True)
class _Bend:
    """A level up to point `at`, then a rise of `slope` per hour; `scatter` around both."""

    at: int
    level: float
    slope: float
    scatter: float


def floors(low: Floats) -> tuple[Floats, Ints]:
    """The least of the last few bins at each bin, and of how many: as few as leave no saw-tooth.

    `low` is the least sample of each bin, shape (series, bins); so is the first result, the second has one
    entry per series.
    """
    widths = [_trailing_min(low, width) for width in range(1, LONGEST_TOOTH + 1)]
    falls = np.array([_mean_fall(floor) for floor in widths])
    fits = falls <= np.maximum(2.0 * falls[-1], 0.003)
    chosen = np.argmax(fits, axis=0)
    return np.stack(widths)[chosen, np.arange(len(low))], chosen + 1


def _trailing_min(values: Floats, width: int) -> Floats:
    known = np.where(np.isnan(values), np.inf, values)
    padded = np.concatenate([np.full((len(values), width - 1), np.inf), known], axis=1)
    least: Floats = sliding_window_view(padded, width, axis=1).min(axis=-1)
    return np.where(np.isnan(values), np.nan, least)


def _mean_fall(values: Floats) -> Floats:
    """How much series fall from one known bin to the next, in the mean over all known bins."""
    known = ~np.isnan(values)
    places = np.where(known, np.arange(values.shape[1]), 0)
    last = np.maximum.accumulate(places, axis=1)
    filled = np.take_along_axis(values, last, axis=1)
    with np.errstate(invalid="ignore"):
        fall = np.maximum(filled[:, :-1] - filled[:, 1:], 0.0)
    total: Floats = np.nansum(fall, axis=1) / np.maximum(np.count_nonzero(known, axis=1), 1)
    return total


def may_rise(hours: Floats, used: Floats, horizon: float) -> Bools:
    """Which series are worth a closer look: a quick test that passes all rises and few others.

    Those whose limit is further away than `horizon` hours at any pace are not. `used` has shape (series, bins),
    floors where there is a saw-tooth.
    """
    known = ~np.isnan(used)
    newest = np.where(known, np.arange(used.shape[1]), 0).max(axis=1)
    level = used[np.arange(len(used)), newest]
    before = np.fmin.accumulate(used, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        risen = level[:, None] - before
        left = (1.0 - level)[:, None] / (risen / -hours)
        fast = ((risen >= 0.7 * LEAST_RISE) & (left <= horizon) & (hours < -SHORTEST)).any(axis=1)
    asked: Bools = fast & (known.argmax(axis=1) <= used.shape[1] - KNOWN_FOR) & known.any(axis=1)
    return asked


def find_rise(hours: Floats, used: Floats, load: Floats, width: int = 0, raw: Floats | None = None) -> Rise | None:
    """The rise that goes on at the end of a series; `None` if there is none that is clear.

    Of memory, `used` is the floor of `raw` over `width` bins, as `floors` gives it, and `load` is what passes
    through the platform, in the same bins, NaN where it is not known: memory follows it. Of a disk, `width`
    is 0 and load does not matter.
    """
    known = ~np.isnan(used)
    lows = used if raw is None else raw
    points = _Points(hours[known], used[known], lows[known], max(1, width), width > 0)
    rises = [rise for window in WINDOWS if (rise := _bent(points, window)) is not None]
    longest = min(rises, key=lambda rise: rise.since, default=None)
    if longest is None or (width and longest.risen < LEAST_RISE + PER_LOAD * _growth(hours, load, longest.since)):
        return None
    return longest


@dataclass(frozen=True, slots=True)
class _Points:
    """What is known of a series: hours, values (the floor of `raw` over `width` bins)."""

    t: Floats
    y: Floats
    raw: Floats
    width: int
    floor: bool


def _bent(points: _Points, window: int) -> Rise | None:
    t, y = points.t[-window:], points.y[-window:]
    if len(t) < 2 * LEAST_POINTS:
        return None
    bend = _bend(t, y)
    after_t, after = t[bend.at :], y[bend.at :]
    risen = bend.slope * float(t[-1] - after_t[0])
    lasted = -float(after_t[0])
    if risen < max(LEAST_RISE, CLEAR_OF_SCATTER * bend.scatter) or lasted < max(SHORTEST, TEETH * points.width / 12):
        return None
    if not (_is_steady(after, bend.level, points.width) and _goes_on(after_t, after, bend)):
        return None
    slow, fast = _paces(after_t, after, bend)
    if slow <= 0 or not _is_new(points, window, bend, risen) or _has_ended(t, points.raw[-window:], bend.at):
        return None
    return Rise(float(after_t[0]), bend.level, bend.level + risen, slow, fast)


def _bend(t: Floats, y: Floats) -> _Bend:
    """The bend that leaves the least absolute error."""
    best, cost = None, np.inf
    for at in range(len(t) - LEAST_POINTS + 1):
        level = float(np.median(y[: at + 1])) if at else float(np.median(y[:2]))
        run = t[at:] - t[at]
        slope = float(np.median((y[at + 1 :] - level) / run[1:]))
        error = np.concatenate([y[:at] - level, y[at:] - level - slope * run])
        total = float(np.abs(error).sum())
        if total < cost:
            best, cost = (at, level, slope, error), total
    assert best is not None
    at, level, slope, error = best
    return _Bend(at, level, slope, max(LEAST_SCATTER, 1.4826 * float(np.median(np.abs(error)))))


def _is_steady(after: Floats, level: float, width: int) -> bool:
    """Whether a rise is made of many steps upwards, and still takes them."""
    whole = after[-1] - level
    steps = np.diff(np.concatenate([[level], after]))
    if steps.max() > JUMP * whole:
        return False
    parts = np.array([np.median(part) for part in np.array_split(after, min(8, max(3, len(after) // width)))])
    return bool((np.diff(parts) > 0).mean() >= STEADY)


def _goes_on(t: Floats, y: Floats, bend: _Bend) -> bool:
    """Whether the last part of a rise is as steep as the rest of it."""
    half = len(t) // 2
    first, last = np.median(y[:half]), np.median(y[half:])
    middle = float(np.median(t[half:]) - np.median(t[:half]))
    if last - first < GOES_ON * bend.slope * middle:
        return False
    if len(t) < 9:
        return bool(y[-1] >= y[:-1].max() - 2 * bend.scatter)
    third = len(t) // 3
    run = float(np.median(t[-third:]) - np.median(t[-2 * third : -third]))
    return bool(np.median(y[-third:]) - np.median(y[-2 * third : -third]) >= GOES_ON * bend.slope * run)


def _is_new(points: _Points, window: int, bend: _Bend, risen: float) -> bool:
    """Whether a rise leads beyond what the hours before knew, and is no flank of a saw-tooth longer than them."""
    y = points.y[-window:]
    earlier = points.y[: len(points.y) - len(y) + bend.at]
    if len(earlier) and bend.level + risen < np.quantile(earlier, 0.9) + BEYOND_HISTORY:
        return False
    before = y[: bend.at]
    if len(before) < CALM:
        return -float(points.t[-window:][bend.at]) >= FROM_START[points.floor]
    return bool(risen >= CLEAR_OF_SPREAD * (np.quantile(before, 0.95) - np.quantile(before, 0.05)))


def _paces(t: Floats, y: Floats, bend: _Bend) -> tuple[float, float]:
    """The slowest and the fastest pace that fit the points (Theil and Sen's interval, and the last half's)."""
    first, second = np.triu_indices(len(t), 1)
    slopes = np.sort((y[second] - y[first]) / (t[second] - t[first]))
    count, pairs = len(t), len(slopes)
    spread = 1.96 * float(np.sqrt(count * (count - 1) * (2 * count + 5) / 18))
    low = float(slopes[max(0, int((pairs - spread) / 2))])
    high = float(slopes[min(pairs - 1, int((pairs + spread) / 2) + 1)])
    doubt = 2 * bend.scatter / float(t[-1] - t[0])
    return max(low, bend.slope - doubt), max(min(high, bend.slope + doubt), bend.slope)


def _growth(hours: Floats, load: Floats, since: float) -> float:
    """By which share the load grew since an hour; 0 where it fell or is not known."""
    known = ~np.isnan(load)
    then = load[known & (hours >= since - 0.5) & (hours <= since)]
    now = load[known & (hours >= -0.5)]
    if not len(then) or not len(now) or np.median(then) <= 0:
        return 0.0
    return max(0.0, float(np.median(now) / np.median(then)) - 1.0)


def _has_ended(t: Floats, raw: Floats, at: int) -> bool:
    """Whether a way up that ended in a new level explains the points better than one that goes on."""
    last = len(t) - 1
    first = max(1, at - LONGEST_TOOTH)
    goes_on = min(_misfit(t, raw, start, last) for start in _tried(first, last + 2 - LEAST_POINTS))
    starts = _tried(first, last - FLAT_TAIL)
    ended = (_misfit(t, raw, start, end) for start in starts for end in _tried(start, last - FLAT_TAIL))
    return min(ended, default=np.inf) < goes_on


def _tried(first: int, last: int) -> list[int]:
    """A few places from `first` to `last`, evenly spread."""
    if last < first:
        return []
    return sorted({round(place) for place in np.linspace(first, last, TRIED).tolist()})


def _misfit(t: Floats, y: Floats, start: int, end: int) -> float:
    """How badly the lower edge of points fits a level, a straight way up from `start` to `end`, and a level."""
    level = _edge(y[:start])
    share = np.clip((t - t[start - 1]) / (t[end] - t[start - 1]), 0.0, 1.0)
    top = level + _edge((y[start:] - level) / share[start:])
    error = y - level - (top - level) * share
    return float(np.where(error > 0, LOWER_EDGE * error, (LOWER_EDGE - 1) * error).sum())


def _edge(values: Floats) -> float:
    place = int(LOWER_EDGE * (len(values) - 1))
    return float(np.partition(values, place)[place])
