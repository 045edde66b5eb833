"""When a symptom began: the change point before a condition was met.

A threshold is crossed some time after things went wrong. Looked for is the bin where the series left its
normal state: at a step the step itself, on a ramp the place where the rise begins.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from monitoring.blocks import Floats, Ints
from monitoring.detection.memory import BIN, BINS_KEPT, COARSE, COARSE_KEPT, Memory

_BAND = 4.0
"""So many standard deviations around the level before count as normal."""
_STEPS_IN_A_ROW = 2
"""One bin back in the band is noise or the tooth of a saw; so many are the normal state."""
_ROUNDS = 8
_REFERENCE = 6
"""With fewer normal bins before it, a change began before what these bins show."""
_STEADY = 0.4
"""Before a change the slope must be less than so much of that over all bins."""
_EVIDENCE = 3.0
"""How much better than a change at the last moment an earlier one must fit, as a Bayesian information criterion
in units of log(n): enough that the extremes of plain noise do not count."""


class _Line(NamedTuple):
    """One series' filled bins up to a symptom, turned so that the symptom is upward; `bins` are their numbers."""

    bins: Ints
    values: Floats


def onset(memory: Memory, place: int, since: int, now: int) -> int:
    """When the series at `place` left its normal state before `since`; all in microseconds.

    `since` is when a condition was first seen to be met, `now` bounds what may be looked at. Never later than
    `since` and never earlier than the bins that are remembered; `since` itself where nothing shows more.
    """
    at = np.array([place], np.int64)
    fine = _line(memory.recent(at)[0], memory.newest_bin, BINS_KEPT, since // BIN, now // BIN)
    began = None if fine is None else _change(fine)
    if fine is not None and began is not None and _rose_before(fine, began):
        means = memory.coarse_mean(at)[0]
        coarse = _line(means, memory.newest_coarse, COARSE_KEPT, since // COARSE, now // COARSE)
        earlier = None if coarse is None else _change(coarse)
        if earlier is not None and earlier * COARSE < began * BIN:
            return min(earlier * COARSE, since)
    if began is None or began >= since // BIN:
        return since
    return began * BIN


def _line(values: Floats, newest: int, kept: int, since: int, now: int) -> _Line | None:
    """The bins up to the one of `since`; of an empty one up to the next that is not, until `now`."""
    bins: Ints = np.arange(newest - kept + 1, newest + 1)
    there = ~np.isnan(values) & (bins <= now)
    after = np.flatnonzero(there & (bins >= since))
    if not len(after) or since < bins[0]:
        return None
    there[after[0] + 1 :] = False
    if there.sum() <= 2:
        return None
    values = values[there]
    up = values[-1] >= np.median(values[:-1])
    return _Line(bins[there], values if up else -values)


def _change(line: _Line) -> int:
    """The bin with which the last rise of a series begins."""
    first = _walked_back(line)
    values = line.values.copy()
    level, scale = _normal(values[: max(first, 2)])
    # What happened in earlier times must not outweigh this rise.
    values[:first] = np.clip(values[:first], level - _BAND * scale, level + _BAND * scale)
    return int(line.bins[_best_fit(line.bins, values, first)])


def _rose_before(line: _Line, began: int) -> bool:
    """Whether the rise was on its way before the change, so that it began before these bins show."""
    before = line.bins < began
    if before.sum() < _REFERENCE:
        return True
    bins, values = line.bins[before], line.values[before]
    slope = float(np.polyfit(bins - bins[0], values, 1)[0])
    overall = (line.values[-1] - line.values[0]) / (line.bins[-1] - line.bins[0])
    return bool(slope > _STEADY * overall and slope * (bins[-1] - bins[0]) > _BAND * _noise(values))


def _walked_back(line: _Line) -> int:
    """The place after the last normal bins before the end; what is normal is learned from what lies before."""
    end = len(line.values) - 1
    level, scale = float(np.quantile(line.values[:end], 0.25)), _noise(line.values[:end])
    first = end
    for _ in range(_ROUNDS):
        found = _after_normal(line.values, level + _BAND * scale, end)
        if found >= first and first < end:
            break
        first = min(first, found)
        if first < _REFERENCE:
            break
        level, scale = _normal(line.values[:first])
    return first


def _after_normal(values: Floats, most: float, end: int) -> int:
    inside = values[:end] <= most
    runs = inside.copy()
    for back in range(1, _STEPS_IN_A_ROW):
        runs[back:] &= inside[:-back]
        runs[:back] = inside[:back]
    last = np.flatnonzero(runs)
    return int(last[-1]) + 1 if len(last) else 0


def _best_fit(bins: Ints, values: Floats, first: int) -> int:
    """The place of the change that a step or a bend fits best by least squares, before the last value."""
    end = len(values) - 1
    candidates = np.arange(1, end + 1)
    steps = (np.arange(end + 1) >= candidates[:, None]).astype(float)
    bends = np.maximum(0.0, bins - bins[candidates - 1][:, None].astype(float))
    residuals = np.minimum(_residual(steps, values), _residual(bends, values))
    least = np.finfo(float).eps * max(1.0, float(np.square(values).sum()))
    fit = np.log(np.maximum(residuals, least))
    best = int(np.flatnonzero(fit <= fit.min() + 1e-9)[-1])
    given = int(candidates.searchsorted(min(max(first, 1), end)))
    gain = len(values) * (fit[given] - fit[best])
    return int(candidates[best if gain > _EVIDENCE * math.log(len(values)) else given])


def _residual(basis: Floats, values: Floats) -> Floats:
    """What is left of the squares after fitting a constant and each row of `basis`."""
    rise = basis - basis.mean(axis=1, keepdims=True)
    rest = values - values.mean()
    power = np.square(rise).sum(axis=1)
    left: Floats = np.square(rest).sum() - np.square(rise @ rest) / np.where(power > 0, power, np.inf)
    return left


def _normal(values: Floats) -> tuple[float, float]:
    return float(np.median(values)), _noise(values)


def _noise(values: Floats) -> float:
    """The standard deviation of what goes up and down from bin to bin, whatever the series does slowly."""
    if len(values) < 2:
        return 0.0
    steps = np.abs(np.diff(values))
    return float(1.4826 / math.sqrt(2) * np.median(steps))
