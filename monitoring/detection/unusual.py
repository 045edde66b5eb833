"""How unusual each sample of a series is, from nothing but its own past.

A sample is unusual when its series has never been near it before: what counts is the distance to the nearest
earlier sample, in standard deviations of the earlier samples. Three views of the series are asked the same
question: its level; its change against the last few samples; and its difference from the same time on the days
before. The newest samples do not count as past, or the second sample of a fault would find the first one familiar.

Everything is causal: a score depends on samples up to its own only, and one setting serves all series.
`scores` judges every sample of one series, `unusual_now` the last sample of many; both ask the same functions.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from datetime import timedelta
from functools import reduce

import numpy as np

from monitoring.blocks import Bools, Floats, Ints

ALARM = 0.5
"""The score from which a sample is worth a person's attention: 0.4 standard deviations away from everything its
series has shown before. The best thresholds on the two halves of the Numenta benchmark lie on either side of it
(0.48 and 0.58); see `benchmarks/nab.py`."""
MEMORY = 8_000
"""Samples a series is compared with: four weeks of five minutes. From 4,000 to all there are, the benchmark's score
stays within three points."""
GAP = 20
"""The newest samples, which are no past yet; 5 to 50 score within a point or two."""

_HALF = 0.4
_OTHER_VIEWS = 1 / 3
"""What the change and the daily view count against the level: they have far more ways to be new."""
_FAR_OUT = 0.01
"""What one standard deviation away from the mean adds: it orders samples that are equally new."""
_KNOWN = 100
"""So many samples make a series half known; the fewer there are, the farther off a sample must be."""
_FEWEST = 10
_STEPS = 3
_DAY = 86_400_000_000
_DAYS = 7
_SAME_TIME = _DAY // 48
_BLOCK = 512
_LARGEST = 1e150


def scores(times: Ints, values: Floats, *, memory: int = MEMORY) -> Floats:
    """The unusualness of every sample of one series, in 0..1; `ALARM` is where it becomes remarkable.

    `times` are microseconds; a time earlier than the one before it counts as that one. Values that are no finite
    number score 0 and are left out of every comparison. The scores of the first n samples are the first n scores.
    """
    usable = np.isfinite(values)
    clock = np.maximum.accumulate(times)[usable] if len(times) else times
    found = np.zeros(len(values))
    if usable.any():
        level = np.clip(values[usable], -_LARGEST, _LARGEST)
        views = (level, _change(level), _daily(clock, level))
        found[usable] = _score(*(_along(view, memory) for view in views))
    return found


def unusual_now(times: Ints, recent: Floats, *, memory: int = MEMORY) -> Floats:
    """The unusualness of the last sample of each of many series: `scores` of each row, its last element.

    `times` has shape (w,), ascending microseconds shared by all series; `recent` has shape (series, w), NaN where
    a series has no sample; a series without one in the last column scores 0. Exactly what `scores` says as long
    as w reaches back `memory + GAP` samples and a week before them, or to the beginning of the series.
    """
    if recent.shape[1] == 0:
        return np.zeros(len(recent))
    level = np.clip(np.where(np.isfinite(recent), recent, np.nan), -_LARGEST, _LARGEST)
    now = ~np.isnan(level[:, -1])
    close = _to_the_right(level)
    daily = _daily(times, level)
    views = (close, _change(close), daily)
    found = _score(*(_at_the_end(view, memory) for view in views))
    return np.where(now, found, 0.0)


def suppressed(times: Ints, found: Floats, refractory: timedelta) -> Floats:
    """Scores of which each episode keeps its beginning: a score stays where it exceeds all that stayed within the
    refractory period before it, and is 0 otherwise. Causal, and good for any threshold."""
    kept = np.zeros(len(found))
    if not len(found):
        return kept
    span = refractory // timedelta(microseconds=1)
    standing: deque[tuple[int, float]] = deque()
    for place, (time, score) in enumerate(zip(np.maximum.accumulate(times).tolist(), found.tolist(), strict=True)):
        while standing and standing[0][0] <= time - span:
            standing.popleft()
        if score > (standing[-1][1] if standing else 0.0):
            kept[place] = score
            standing.append((time, score))
    return kept


def _score(level: tuple[Floats, Floats], change: tuple[Floats, Floats], daily: tuple[Floats, Floats]) -> Floats:
    """What the views say together; each comes as (how new, how far from the mean)."""
    new = np.maximum(level[0], _OTHER_VIEWS * np.maximum(change[0], daily[0]))
    total: Floats = 1.0 - _HALF / (new + _FAR_OUT * level[1] + _HALF)
    return total


def _change(level: Floats) -> Floats:
    """Each value less the mean of the few before it, along the last axis; NaN for the first ones."""
    change = np.full(level.shape, np.nan)
    end = level.shape[-1]
    if end > _STEPS:
        before = reduce(np.add, (level[..., back : end - _STEPS + back] for back in range(_STEPS)))
        change[..., _STEPS:] = level[..., _STEPS:] - before / _STEPS
    return change


def _daily(times: Ints, level: Floats) -> Floats:
    """Each value less the nearest of those at the same time on the days before; NaN where there is none.

    The same time is the first sample within half an hour from then on. Times ascend, along the last axis.
    """
    end = len(times)
    following = np.where(np.isnan(level), end, np.arange(end))
    following = np.minimum.accumulate(following[..., ::-1], axis=-1)[..., ::-1]
    best = np.full(level.shape, np.nan)
    for days in range(1, _DAYS + 1):
        then = times - days * _DAY
        first = int(np.searchsorted(then, times[0] - _SAME_TIME))
        if first == end:
            break
        at = np.searchsorted(times, then[first:])
        place = np.minimum(following[..., at], end - 1)
        off = times[place] - then[first:]
        earlier = np.where((off >= 0) & (off <= _SAME_TIME), np.take_along_axis(level, place, -1), np.nan)
        difference, tail = level[..., first:] - earlier, best[..., first:]
        closer = ~(np.abs(difference) >= np.abs(tail)) & ~np.isnan(difference)
        best[..., first:] = np.where(closer, difference, tail)
    return best


def _along(view: Floats, memory: int) -> tuple[Floats, Floats]:
    """How new and how far out every value of one series is; 0 where the view has no value."""
    usable = ~np.isnan(view)
    values = view[usable]
    new, far = np.zeros((2, len(view)))
    count = np.clip(np.arange(len(values)) - GAP + 1, 0, memory)
    mean, spread = _moments_along(values, memory)
    new[usable], far[usable] = _weighed(values, _nearest_along(values, memory), count, mean, spread)
    return new, far


def _at_the_end(view: Floats, memory: int) -> tuple[Floats, Floats]:
    """How new and how far out the last value of each row is; 0 where the view has none there."""
    now = view[:, -1]
    rows = _to_the_right(view)
    end = max(rows.shape[1] - GAP, 0)
    past = rows[:, max(end - memory, 0) : end]
    known = ~np.isnan(past)
    count = known.sum(axis=1)
    nearest = np.min(np.abs(past - now[:, None]), axis=1, initial=np.inf, where=known)
    # Measured from a value of the series itself, so that a constant one has a spread of exactly zero.
    origin = past[:, -1] if end else now
    apart = np.where(known, past - origin[:, None], 0.0)
    share = 1.0 / np.maximum(count, 1)
    shift = apart.sum(axis=1) * share
    spread = np.sqrt((np.where(known, apart - shift[:, None], 0.0) ** 2).sum(axis=1) * share)
    new, far = _weighed(now, nearest, count, origin + shift, spread)
    return np.nan_to_num(new, posinf=np.inf), np.nan_to_num(far, posinf=np.inf)


def _weighed(values: Floats, nearest: Floats, count: Ints, mean: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Distances to the nearest earlier value and to the mean in standard deviations, less the fewer are known."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # Below a billionth of the value, a difference is rounding.
        unit = spread + 1e-9 * np.abs(values)
        known = np.where(count >= _FEWEST, count / (count + _KNOWN), 0.0)
        out = np.abs(values - mean)
        new = np.where((nearest > 0) & (known > 0), nearest / unit * known, 0.0)
        far = np.where((out > 0) & (known > 0), out / unit * known, 0.0)
    return new, far


def _nearest_along(values: Floats, memory: int) -> Floats:
    """The distance of each value to the nearest of the `memory` values before it, the newest ones left out."""
    plain = values.tolist()
    distances = [np.inf] * min(GAP, len(plain))
    past = [-np.inf, np.inf]
    for place, (value, comes) in enumerate(zip(plain[GAP:], plain, strict=False)):
        insort(past, comes)
        if place >= memory:
            del past[bisect_left(past, plain[place - memory])]
        above = bisect_left(past, value)
        up, down = past[above] - value, value - past[above - 1]
        distances.append(up if up < down else down)
    return np.array(distances)


def _moments_along(values: Floats, memory: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the same earlier values for each value; NaN where there are none.

    In blocks, each measured from the mean of what stays in memory throughout, by sums that only ever grow:
    running sums would lose the small deviations behind a large offset or after an extreme value has left.
    """
    mean, spread = np.full((2, len(values)), np.nan)
    size = min(_BLOCK, memory)
    for first in range(GAP, len(values), size):
        last = min(first + size, len(values))
        past = values[max(first - GAP - memory + 1, 0) : first - GAP + 1]
        gone = np.maximum(len(past) + np.arange(size) - memory, 0)
        # What stays is settled by the whole block, also where the series ends within it.
        stays = past[gone[-1] :]
        origin = stays[-1] + np.mean(stays - stays[-1])
        past, comes = past - origin, values[first - GAP + 1 : last - GAP] - origin
        count = np.minimum(np.arange(first, last) - GAP + 1, memory)
        shift = _sums(past, comes, gone) / count
        mean[first:last] = origin + shift
        spread[first:last] = np.sqrt(np.maximum(_sums(past**2, comes**2, gone) / count - shift**2, 0.0))
    return mean, spread


def _sums(past: Floats, comes: Floats, gone: Ints) -> Floats:
    """The sum of what is in memory at each step: the past without its first `gone` values, with what has come."""
    end = int(gone[-1])
    left = np.append(past[:end][::-1].cumsum()[::-1], 0.0)[gone[: len(comes) + 1]]
    total: Floats = left + past[end:].sum() + np.concatenate([[0.0], comes]).cumsum()
    return total


def _to_the_right(rows: Floats) -> Floats:
    """The rows with their missing values first and the others, in their order, last."""
    missing: Bools = np.isnan(rows)
    if not missing.any():
        return rows
    return np.take_along_axis(rows, np.argsort(~missing, axis=-1, kind="stable"), -1)
