"""What detection remembers of every series: its last sample, its pace, what it did lately and what is usual for it.

Kept in columns over all series, so that a tick costs the same few array operations for ten series or a
hundred thousand. No I/O, no clock; the same samples in the same order always give the same memory.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from monitoring.blocks import Block, Bools, Floats, Ints
from monitoring.detection.rings import Kept, Ring
from monitoring.metrics import SeriesKey

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY_HOURS = 24
"""So many hours say what is usual."""
SEASON_DAYS = 7
"""So many earlier days say what this hour of the day is like."""
BIN = 30 * SECOND
BINS_KEPT = 128
"""64 minutes."""
COARSE = 300 * SECOND
COARSE_KEPT = 72
"""6 hours."""
HOURS_KEPT = (SEASON_DAYS + 1) * DAY_HOURS + 1
"""The running hour and those of eight days."""
EVERY = np.s_[:]
FIRST_PACE = 60 * SECOND
"""Taken as a series' pace until two samples have shown it."""
SILENT_PACES = 3
"""A series is silent when so many samples in a row are missing (Prometheus' staleness: five minutes)."""
SILENT_AT_LEAST = 90 * SECOND
MIN_SAMPLES_TO_BE_MISSED = 3
"""A series with fewer samples has not shown that it goes on."""
MIN_SAMPLES_FOR_USUAL = 10
MIN_SPAN_FOR_USUAL = 600 * SECOND


LARGEST = 1e18
"""A larger value is a broken exporter's (an exabyte is 1e18 bytes); one such sample would spoil the mean of a day."""


class Hours(NamedTuple):
    """Hours of series, each of shape (places, hours): mean, least and greatest sample; NaN where not known."""

    mean: Floats
    low: Floats
    high: Floats


class Memory:
    """All series seen so far, in columns; times in microseconds since 1970, NaN and 0 where nothing is known.

    Bins are numbered from 1970, so bin n of width w covers [n·w, (n + 1)·w). Accessors of bins take the places
    of the series wanted (or `EVERY`) and give shape (places, count), oldest to newest, ending with the bin of the
    newest sample of any series; NaN where a series has no sample in a bin. The newest bin may still be filling.
    `first` is a series' first sample here, `known` the first thing known of it, what was recalled after a restart
    included.
    """

    def __init__(self) -> None:
        self.keys: list[SeriesKey] = []
        self.places: dict[SeriesKey, int] = {}
        self.first: Ints = np.empty(0, np.int64)
        self.known: Ints = np.empty(0, np.int64)
        self.last: Ints = np.empty(0, np.int64)
        self.value: Floats = np.empty(0)
        self.pace: Floats = np.empty(0)
        self.count: Ints = np.empty(0, np.int64)
        self._fine = Ring(BIN, BINS_KEPT)
        self._coarse = Ring(COARSE, COARSE_KEPT, "low")
        self._hours = Ring(HOUR, HOURS_KEPT, "low", "high")
        self._median: Floats = np.empty(0)
        self._enrolled: tuple[Sequence[SeriesKey], Ints] = ((), np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def newest_bin(self) -> int:
        """The number of the newest fine bin; 0 before the first sample."""
        return self._fine.newest

    @property
    def newest_coarse(self) -> int:
        """The number of the newest coarse bin; 0 before the first sample."""
        return self._coarse.newest

    def absorb(self, block: Block, now: int | None = None) -> None:
        """Take in samples; left out are those older than what a series already has, and what is no measurement.

        So are those later than `now` (microseconds), where it is given. One sample of a far future would move
        the bins on for all series and leave no room for the samples of today.
        """
        if not len(block):
            return
        block = block.by_time()
        places = self.enrol(block.keys)[block.series]
        with np.errstate(invalid="ignore"):
            fresh = (block.times > self.last[places]) & (np.abs(block.values) <= LARGEST)
        if now is not None:
            fresh &= block.times <= now
        places, times, values = places[fresh], block.times[fresh], block.values[fresh]
        edges = np.flatnonzero(np.diff(times // HOUR)) + 1
        for part in np.split(np.arange(len(times)), edges):
            if len(part):
                self._absorb_within_hour(places[part], times[part], values[part])

    def _absorb_within_hour(self, places: Ints, times: Ints, values: Floats) -> None:
        self._turn_hour(int(times[-1]) // HOUR)
        counts = np.bincount(places, minlength=len(self)).astype(np.int64)
        new = (counts > 0) & (self.count == 0)
        before = self.last.copy()
        # Of several samples of one series, assignment keeps the last: the newest, as times ascend.
        self.last[places] = times
        self.value[places] = values
        before[places[::-1]] = np.where(new[places[::-1]], times[::-1], before[places[::-1]])
        self.first[new] = before[new]
        self.known[new] = np.minimum(self.known[new], before[new])
        self._learn_pace(before, counts, new)
        self.count += counts
        order = np.argsort(places, kind="stable")
        for ring in (self._fine, self._coarse, self._hours):
            ring.take_in(places[order], times[order], values[order])

    def enrol(self, keys: Sequence[SeriesKey]) -> Ints:
        """The places of series names; new names get one."""
        if keys is self._enrolled[0]:
            # Tick after tick the same samples come; a place once given stays.
            return self._enrolled[1]
        new = [key for key in dict.fromkeys(keys) if key not in self.places]
        if new:
            self.places.update({key: len(self.keys) + offset for offset, key in enumerate(new)})
            self.keys.extend(new)
            self._grow(len(new))
        places = np.array([self.places[key] for key in keys], np.int64)
        if isinstance(keys, tuple):
            self._enrolled = (keys, places)
        return places

    def recall_hours(self, hourly: Block, low: Floats | None = None, high: Floats | None = None) -> None:
        """Take in hourly means, with the least and the greatest samples, from before the first sample (after a
        restart); `low` and `high` go with the samples of `hourly`."""
        self._recall(self._hours, hourly, low, high)

    def recall_coarse(self, means: Block, low: Floats) -> None:
        """Take in the coarse bins from before the first sample (after a restart)."""
        self._recall(self._coarse, means, low, None)

    def recall_silence(self, places: Sequence[int], last: int, value: float | None = None) -> None:
        """Note the last sample of series that fell silent before the first sample (after a restart)."""
        for place in places:
            if value is not None and np.isnan(self.value[place]):
                self.value[place] = value
            if self.count[place] == 0:
                self.first[place] = self.last[place] = last
                self.count[place] = MIN_SAMPLES_TO_BE_MISSED

    def silent(self, now: int) -> Bools:
        """Which series have missed several samples in a row."""
        limit = np.maximum(SILENT_PACES * self.pace, SILENT_AT_LEAST)
        return (self.count > 0) & (now - self.last > limit)

    def usual(self) -> Floats:
        """What is usual for each series: the median of its hourly means of the last day; NaN if not known yet."""
        hours = self._hours
        long_enough = (hours.count >= MIN_SAMPLES_FOR_USUAL) & (self.last - self.first >= MIN_SPAN_FOR_USUAL)
        long_enough &= hours.at == hours.newest
        with np.errstate(invalid="ignore", divide="ignore"):
            so_far = np.where(long_enough, hours.sum / hours.count, np.nan)
        return np.where(np.isnan(self._median), so_far, self._median)

    def recent(self, places: Ints | slice, count: int = BINS_KEPT) -> Floats:
        """Means of the last fine bins (30 s each, 64 min in all)."""
        return self._fine.last("mean", places, count)

    def coarse_mean(self, places: Ints | slice, count: int = COARSE_KEPT) -> Floats:
        """Means of the last coarse bins (5 min each, 6 h in all)."""
        return self._coarse.last("mean", places, count)

    def coarse_min(self, places: Ints | slice, count: int = COARSE_KEPT) -> Floats:
        """The least sample of each of the last coarse bins: the floor of a saw-tooth."""
        return self._coarse.last("low", places, count)

    def hours(self, places: Ints | slice, count: int = DAY_HOURS) -> Hours:
        """The last hours, oldest to newest, without the running one."""
        return self._hours_of(places, self._hours.newest + np.arange(-count, 0))

    def season(self, places: Ints | slice, now: int, around: int = 1) -> Hours:
        """The hours of earlier days at this hour of the day, and so many hours before and after."""
        days = now // HOUR - DAY_HOURS * np.arange(SEASON_DAYS, 0, -1)
        return self._hours_of(places, (days[:, None] + np.arange(-around, around + 1)).ravel())

    def _hours_of(self, places: Ints | slice, hours: Ints) -> Hours:
        return Hours(*(self._hours.columns(name, places, hours) for name in ("mean", "low", "high")))

    def _recall(self, ring: Ring, means: Block, low: Floats | None, high: Floats | None) -> None:
        if not len(means):
            return
        places = self.enrol(means.keys)[means.series]
        columns: dict[Kept, Floats] = {"mean": means.values}
        if low is not None:
            columns["low"] = low
        if high is not None:
            columns["high"] = high
        np.minimum.at(self.known, places, means.times)
        if ring is self._hours:
            self._turn_hour(int(means.times.max()) // HOUR)
        ring.recall(places, means.times, columns)

    def _turn_hour(self, hour: int) -> None:
        """Close the running hour when time has moved to a later one."""
        hours = self._hours
        if hour <= hours.newest:
            return
        # The few minutes of a new series before the full hour are no hour.
        hours.forget(hours.newest, (hours.at == hours.newest) & (self.last - self.first < MIN_SPAN_FOR_USUAL))
        hours.turn(hour)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # rows without any hour stay NaN
            self._median = np.nanmedian(hours.last("mean", EVERY, DAY_HOURS + 1)[:, :-1], axis=1)

    def _learn_pace(self, before: Ints, counts: Ints, new: Bools) -> None:
        """Follow the distance between samples since `before`; a gap lengthens it only a little."""
        gaps = np.where(new, counts - 1, counts)
        seen = gaps > 0
        gap = (self.last[seen] - before[seen]) / gaps[seen]
        pace = self.pace[seen]
        known = self.count[seen] > 1
        self.pace[seen] = np.where(known, np.clip(gap, 0.5 * pace, 1.25 * pace), gap)

    def _grow(self, more: int) -> None:
        def longer(column: npt.NDArray[Any], fill: float) -> npt.NDArray[Any]:
            return np.concatenate([column, np.full((more, *column.shape[1:]), fill, column.dtype)])

        self.first, self.last, self.count = longer(self.first, 0), longer(self.last, 0), longer(self.count, 0)
        self.known = longer(self.known, np.iinfo(np.int64).max)
        self.value, self.pace = longer(self.value, np.nan), longer(self.pace, FIRST_PACE)
        self._median = longer(self._median, np.nan)
        for ring in (self._fine, self._coarse, self._hours):
            ring.grow(len(self.keys))
