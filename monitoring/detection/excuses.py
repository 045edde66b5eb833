"""Beyond a level and yet no news, judged for many series at once.

A level is the same for every platform; a series is not. What it has shown all along, what only tells how large
the platform is, and the tail of a moving average in which nothing happens any more are no anomalies, so a
condition does not begin with them and ends with them.
"""

from __future__ import annotations

import warnings
from datetime import timedelta

import numpy as np

from monitoring.anomalies import Past
from monitoring.blocks import Bools, Floats, Ints, to_micros
from monitoring.detection.bands import last_filled
from monitoring.detection.memory import BIN, COARSE, SECOND, Memory
from monitoring.metrics import Catalogue, Metric, SeriesKey

MORE_THAN_EVER = 1.25
"""So many times the level that a series kept to in nine tenths of the time before is news, whatever that level is."""
STEADY = 1.5
"""A series that was beyond its level at first sight is steady while it is below so many times what it began with."""
OFTEN = 0.9
NEWEST = 600 * SECOND
"""What is younger does not say what was there before."""
LEAST_BINS = 10
_LONG_AGO = 24
"""Of the coarse bins of six hours the oldest: a level that creeps up for hours has not been there all along."""
_LEAST_LONG_AGO = 6
_LEAST_COARSE = 3
_LONG = 40 * 60 * SECOND
_KNOWN = 3.0
"""A sample older than so many paces does not say how it is now."""
_LATELY = 12
_FALLING = 4
"""So many bins that fall one after the other are a tail."""
_BEFORE_AN_EVENT = timedelta(minutes=10)


class Excuses:
    """Tells which series have one; follows the memory as it grows."""

    def __init__(self, catalogue: Catalogue, memory: Memory) -> None:
        self._catalogue = catalogue
        self._memory = memory
        self._past: Past = {}
        self._as_ever: Bools = np.empty(0, np.bool_)
        self._trails: Bools = np.empty(0, np.bool_)
        self._weighed: Bools = np.empty(0, np.bool_)

    def follow(self, past: Past) -> None:
        """Take in series that are new, and what is known of anomalies that are over: they say nothing of the usual."""
        self._past = past
        new = self._memory.keys[len(self._as_ever) :]
        if new:
            metrics = [self._catalogue.by_name.get(key.metric) for key in new]
            self._as_ever = np.append(self._as_ever, [_may_be_as_ever(metric) for metric in metrics])
            self._trails = np.append(self._trails, [metric is not None and metric.trails for metric in metrics])
            self._weighed = np.append(self._weighed, [bool(metric and metric.weighed_by) for metric in metrics])

    def of(self, beyond: Bools, since: Floats, now: int) -> Bools:
        """Which of all series have an excuse; asked are those beyond a level, `since` when (NaN: since now)."""
        excused = np.zeros(len(beyond), np.bool_)
        for flags, judge in ((self._as_ever, self._shown_all_along), (self._trails, self._is_a_tail)):
            places = np.flatnonzero(beyond & flags)
            if len(places):
                excused[places] = judge(places, since[places], now)
        for place in np.flatnonzero(beyond & self._weighed & ~excused).tolist():
            excused[place] = self.within(place, self._catalogue[self._memory.keys[place].metric], now, critical=False)
        return excused

    def _shown_all_along(self, places: Ints, since: Floats, now: int) -> Bools:
        moments = np.where(np.isnan(since), now, since) - NEWEST
        memory = self._memory
        fine = self._before(memory.recent(places), places, moments, BIN, memory.newest_bin)
        coarse = self._before(memory.coarse_mean(places), places, moments, COARSE, memory.newest_coarse)
        lately = np.where(_known(fine) >= LEAST_BINS, _often(fine), np.nan)
        hours = np.where(_known(coarse) >= _LEAST_COARSE, _often(coarse), np.nan)
        long_ago = np.where(_known(coarse[:, :_LONG_AGO]) >= _LEAST_LONG_AGO, _often(coarse[:, :_LONG_AGO]), np.nan)
        level = np.fmin(np.where(np.isnan(lately), hours, lately), long_ago)
        with np.errstate(invalid="ignore"):
            shown: Bools = np.less_equal(memory.value[places], MORE_THAN_EVER * level)
        for row in np.flatnonzero(np.isnan(level)).tolist():
            shown[row] = self._as_at_first_sight(int(places[row]), since[row], now)
        return shown

    def _as_at_first_sight(self, place: int, since: float, now: int) -> bool:
        """Whether a series was beyond its level when it was first seen, is so still, and not critically."""
        first, last = self._memory.known[place], self._memory.last[place]
        if (last - first > 2 * NEWEST) if np.isnan(since) else (since - first > 2 * BIN):
            return False
        return self._is_mild(place, now) and self._is_steady(place)

    def _is_mild(self, place: int, now: int) -> bool:
        """Whether a series is within its critical level, or the one that weighs it is within its own."""
        metric = self._catalogue[self._memory.keys[place].metric]
        if metric.weighed_by is not None and self._weighing(place, metric, now) is not None:
            return self.within(place, metric, now, critical=True)
        critical = metric.critical
        return critical is None or critical.basis != "absolute" or self._memory.value[place] <= critical.level

    def _is_steady(self, place: int) -> bool:
        """Whether the later half of what is known of a series is no higher than the first; too little is steady."""
        bins = self._memory.recent(np.array([place]))[0]
        known = bins[~np.isnan(bins)]
        half = len(known) // 2
        if len(known) < LEAST_BINS // 2:
            return True
        return bool(_often(known[None, half:])[0] <= STEADY * _often(known[None, :half])[0])

    def _before(self, bins: Floats, places: Ints, moments: Floats, width: int, newest: int) -> Floats:
        """The bins that end before a moment of each series' own; NaN for those of anomalies."""
        starts = (newest - bins.shape[1] + 1 + np.arange(bins.shape[1])) * width
        bins[starts + width > moments[:, None]] = np.nan
        for row, place in enumerate(places.tolist()):
            for ended in self._past.get("/".join(("threshold", *self._memory.keys[place])), ()):
                began, over = to_micros(ended.detected_at - _BEFORE_AN_EVENT), to_micros(ended.resolved_at)
                if began <= self._memory.known[place] + NEWEST and over - began >= _LONG:
                    # What was there at first sight, for so long, and called an anomaly may well have been the usual.
                    continue
                bins[row, (starts + width > began) & (starts <= over)] = np.nan
        return bins

    def _is_a_tail(self, places: Ints, since: Floats, now: int) -> Bools:
        del since, now
        lately = last_filled(self._memory.recent(places, 2 * _LATELY), _FALLING)
        with np.errstate(invalid="ignore"):
            return np.array((np.diff(lately, axis=1) < 0).all(axis=1), np.bool_)

    def within(self, place: int, metric: Metric, now: int, *, critical: bool) -> bool:
        """Whether the metric that weighs another one is known, and within its warning or its critical level."""
        other = self._weighing(place, metric, now)
        if other is None or metric.weighed_by is None:
            return False
        by = self._catalogue[metric.weighed_by]
        threshold = by.critical if critical else by.warning
        lately = last_filled(self._memory.recent(np.array([other]), _LATELY))[0]
        return threshold is not None and not bool((lately[~np.isnan(lately)] > threshold.level).all())

    def _weighing(self, place: int, metric: Metric, now: int) -> int | None:
        """The series that weighs another one, where it is known how it is now."""
        key = self._memory.keys[place]
        other = self._memory.places.get(SeriesKey(key.component, key.instance, metric.weighed_by or ""))
        if other is None or now - self._memory.last[other] > _KNOWN * self._memory.pace[other]:
            return None
        return other


def _may_be_as_ever(metric: Metric | None) -> bool:
    if metric is None or metric.role == "fault":
        return False
    return metric.follows_load and metric.direction == "higher_is_worse"


def _known(rows: Floats) -> Ints:
    return np.asarray(np.count_nonzero(~np.isnan(rows), axis=1), np.int64)


def _often(rows: Floats) -> Floats:
    """The level below which each row is most of the time; NaN for rows without any bin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found: Floats = np.nanquantile(rows, OFTEN, axis=1)
    return found
