"""What detection remembers of every series: its last sample, its pace, and what is usual for it.

Kept in columns over all series, so that a tick costs the same few array operations for ten series or a
hundred thousand. No I/O, no clock; the same samples in the same order always give the same memory.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monitoring.blocks import Block, Bools, Floats, Ints
from monitoring.metrics import SeriesKey

SECOND = 1_000_000
HOUR = 3_600 * SECOND
HOURS_KEPT = 24
HOUR_COLUMNS = HOURS_KEPT + 1
"""The hours kept and the running one."""
FIRST_PACE = 60 * SECOND
"""Taken as a series' pace until two samples have shown it."""
SILENT_PACES = 3
"""A series is silent when so many samples in a row are missing (Prometheus' staleness: five minutes)."""
SILENT_AT_LEAST = 90 * SECOND
MIN_SAMPLES_TO_BE_MISSED = 3
"""A series with fewer samples has not shown that it goes on."""
MIN_SAMPLES_FOR_USUAL = 10
MIN_SPAN_FOR_USUAL = 600 * SECOND


class Memory:
    """All series seen so far, in columns; times in microseconds since 1970, NaN and 0 where nothing is known."""

    def __init__(self) -> None:
        self.keys: list[SeriesKey] = []
        self.places: dict[SeriesKey, int] = {}
        self.first: Ints = np.empty(0, np.int64)
        self.last: Ints = np.empty(0, np.int64)
        self.value: Floats = np.empty(0)
        self.pace: Floats = np.empty(0)
        self.count: Ints = np.empty(0, np.int64)
        self._hour = 0
        self._hour_sum: Floats = np.empty(0)
        self._hour_count: Floats = np.empty(0)
        self._means: npt.NDArray[np.float32] = np.empty((0, HOUR_COLUMNS), np.float32)
        self._median: Floats = np.empty(0)

    def __len__(self) -> int:
        return len(self.keys)

    def absorb(self, block: Block) -> None:
        """Take in samples; left out are those older than what a series already has, and what is no number."""
        if not len(block):
            return
        block = block.by_time()
        places = self.enrol(block.keys)[block.series]
        fresh = (block.times > self.last[places]) & np.isfinite(block.values)
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
        self._learn_pace(before, counts, new)
        self.count += counts
        self._hour_sum += np.bincount(places, values, minlength=len(self))
        self._hour_count += counts

    def enrol(self, keys: Sequence[SeriesKey]) -> Ints:
        """The places of series names; new names get one."""
        new = [key for key in dict.fromkeys(keys) if key not in self.places]
        if new:
            self.places.update({key: len(self.keys) + offset for offset, key in enumerate(new)})
            self.keys.extend(new)
            self._grow(len(new))
        return np.array([self.places[key] for key in keys], np.int64)

    def recall_hours(self, hourly: Block) -> None:
        """Take in hourly means from before the first sample, in order of time (after a restart)."""
        if not len(hourly):
            return
        places = self.enrol(hourly.keys)[hourly.series]
        hours = hourly.times // HOUR
        for hour in np.unique(hours).tolist():
            now = hours == hour
            self._turn_hour(hour)
            self._means[places[now], hour % HOUR_COLUMNS] = hourly.values[now]

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
        long_enough = (self._hour_count >= MIN_SAMPLES_FOR_USUAL) & (self.last - self.first >= MIN_SPAN_FOR_USUAL)
        with np.errstate(invalid="ignore", divide="ignore"):
            so_far = np.where(long_enough, self._hour_sum / self._hour_count, np.nan)
        return np.where(np.isnan(self._median), so_far, self._median)

    def _turn_hour(self, hour: int) -> None:
        """Close the running hour when time has moved to a later one."""
        if hour <= self._hour:
            return
        if self._hour:
            enough = (self._hour_count > 0) & (self.last - self.first >= MIN_SPAN_FOR_USUAL)
            self._means[enough, self._hour % HOUR_COLUMNS] = self._hour_sum[enough] / self._hour_count[enough]
            for begun in range(self._hour + 1, min(hour, self._hour + HOUR_COLUMNS) + 1):
                self._means[:, begun % HOUR_COLUMNS] = np.nan
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # rows without any hour stay NaN
                self._median = np.nanmedian(self._means, axis=1).astype(np.float64)
        self._hour = hour
        self._hour_sum[:] = 0.0
        self._hour_count[:] = 0.0

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
        self.value, self.pace = longer(self.value, np.nan), longer(self.pace, FIRST_PACE)
        self._hour_sum, self._hour_count = longer(self._hour_sum, 0.0), longer(self._hour_count, 0.0)
        self._means, self._median = longer(self._means, np.nan), longer(self._median, np.nan)
