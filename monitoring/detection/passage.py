"""How much passes through each stage since a moment, compared with before it."""

from __future__ import annotations

import warnings
from functools import cached_property

import numpy as np

from monitoring.blocks import Floats
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import BIN, BINS_KEPT
from monitoring.flow import STAGES, Flow

_SETTLING = 3
"""Bins after the moment that are not counted: Flink's meters show the mean of a minute."""
_AFTER = 20
"""The newest bins (10 min) say how it is now."""
_AT_LEAST = 2


class Passage:
    """What passes through each stage, as a memory has it now: summed up once, for any number of moments."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._newest = int(lookup.memory.last.max(initial=0))

    @cached_property
    def _totals(self) -> dict[str, Floats]:
        memory, lookup = self._lookup.memory, self._lookup
        return {
            component: _total(memory.recent(lookup.of(metric), BINS_KEPT))
            for metric, component in STAGES.items()
            if len(lookup.of(metric))
        }

    def since(self, moment: int) -> Flow:
        """The flow since `moment` (microseconds): the last ten minutes against up to half an hour before it."""
        after = (self._newest - moment) // BIN
        known = self._totals
        return Flow({name: _share(known[name], after) if name in known else None for name in STAGES.values()})


def _total(bins: Floats) -> Floats:
    """The sum over all series of one metric in each bin; NaN where one of those that go on is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # bins without any sample stay NaN
        filled = np.where(np.isnan(bins), np.nanmean(bins, axis=1, keepdims=True), bins)
    empty = np.isnan(bins).all(axis=0)
    return np.where(empty, np.nan, np.nansum(filled, axis=0))


def _share(total: Floats, after: int) -> float | None:
    """The level of the newest bins as a share of the level before; `None` where one of them is not known."""
    split = len(total) - 1 - after
    before = total[max(0, split - 60) : max(0, split)]
    now = total[max(split + _SETTLING, len(total) - _AFTER) :]
    before, now = before[~np.isnan(before)], now[~np.isnan(now)]
    if len(before) < _AT_LEAST or len(now) < _AT_LEAST or np.median(before) <= 0:
        return None
    return float(np.median(now) / np.median(before))
