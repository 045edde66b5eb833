"""Bins of equal width over all series: what each series did lately, in columns of one ring.

A bin holds the mean of its samples and, where asked for, the least and the greatest. All series share the
columns, so time moves on for all of them at once; where nothing came, there is NaN.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from monitoring.blocks import Bools, Floats, Ints

Kept = Literal["mean", "low", "high"]
_Ring = npt.NDArray[np.float32]
_LARGEST = 3.0e38
"""What a 32-bit number holds."""
_NOWHERE = np.iinfo(np.int64).min
_SPARE = 1.25
"""Room is made for so many times the series there are, so that a few new ones copy nothing."""


class Ring:
    """The last `kept` bins of `width` microseconds of every series; a series is named by its place.

    `newest` is the number of the last bin begun, counted from 1970; 0 before the first.
    """

    def __init__(self, width: int, kept: int, *also: Kept) -> None:
        self.width = width
        self.kept = kept
        self.newest = 0
        self.at: Ints = np.empty(0, np.int64)
        self.count: Ints = np.empty(0, np.int64)
        self.sum: Floats = np.empty(0)
        self._series = 0
        names: tuple[Kept, ...] = ("mean", *also)
        self._bins: dict[Kept, _Ring] = {name: np.empty((kept, 0), np.float32) for name in names}
        self._running: dict[Kept, Floats] = {name: np.empty(0) for name in also}

    def grow(self, series: int) -> None:
        """Make room for so many series in all."""
        more = series - self._series
        self.at, self.count = _longer(self.at, more, 0), _longer(self.count, more, 0)
        self.sum = _longer(self.sum, more, 0.0)
        for name, column in self._running.items():
            self._running[name] = _longer(column, more, np.nan)
        for name, bins in self._bins.items():
            if series > bins.shape[1]:
                wider = np.full((self.kept, max(series, int(_SPARE * bins.shape[1]))), np.nan, np.float32)
                wider[:, : self._series] = bins[:, : self._series]
                self._bins[name] = wider
        self._series = series

    def take_in(self, places: Ints, times: Ints, values: Floats) -> None:
        """Add samples: in order of place, those of one place in order of time and none before its last bin.

        What is older than the ring reaches is left out; a bin that was recalled stays as it is.
        """
        bins = times // self.width
        starts = np.flatnonzero(np.concatenate(([True], (np.diff(places) != 0) | (np.diff(bins) != 0))))
        at, bin_ = places[starts], bins[starts]
        going_on = self.at[at] == bin_
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.add.reduceat(values, starts) + np.where(going_on, self.sum[at], 0.0)
        count = np.diff(np.append(starts, len(places))) + np.where(going_on, self.count[at], 0)
        columns: dict[Kept, Floats] = {"mean": total / count}
        columns |= {
            name: _merged(name, values, starts, np.where(going_on, column[at], np.nan))
            for name, column in self._running.items()
        }
        self.turn(int(bin_.max()))
        stands = self._write(at, bin_, going_on, columns)
        # Of several bins of one place, assignment keeps the last: the newest.
        self.at[at], self.sum[at], self.count[at] = np.where(stands, _NOWHERE, bin_), total, count
        for name, column in self._running.items():
            column[at] = columns[name]

    def recall(self, places: Ints, times: Ints, columns: dict[Kept, Floats]) -> None:
        """Take in whole bins from before the first sample; times anywhere within the bin."""
        bins = times // self.width
        self.turn(int(bins.max()))
        self._write(places, bins, np.zeros(len(bins), np.bool_), columns)

    def turn(self, bin_: int) -> None:
        """Begin a later bin; those between are empty."""
        if bin_ <= self.newest:
            return
        begun = np.arange(max(self.newest, bin_ - self.kept) + 1, bin_ + 1) % self.kept
        for bins in self._bins.values():
            bins[begun, : self._series] = np.nan
        self.newest = bin_

    def forget(self, bin_: int, where: Bools) -> None:
        """Empty one bin of some series."""
        for bins in self._bins.values():
            bins[bin_ % self.kept, : self._series][where] = np.nan

    def columns(self, name: Kept, places: Ints | slice, bins: Ints) -> Floats:
        """The bins of the numbers given, shape (places, bins); NaN for bins no longer or not yet kept."""
        ring, column = self._bins[name][:, : self._series], bins % self.kept
        found = ring[column, places] if isinstance(places, slice) else ring[column[:, None], places]
        found[(bins <= self.newest - self.kept) | (bins > self.newest)] = np.nan
        return np.ascontiguousarray(found.T).astype(np.float64)

    def last(self, name: Kept, places: Ints | slice, count: int) -> Floats:
        """The last bins, oldest to newest, shape (places, count)."""
        return self.columns(name, places, np.arange(self.newest - count + 1, self.newest + 1))

    def _write(self, places: Ints, bins: Ints, going_on: Bools, columns: dict[Kept, Floats]) -> Bools:
        """Fill bins; tells which were filled by others before and stand."""
        column = bins % self.kept
        there = bins > self.newest - self.kept
        free = going_on | np.isnan(self._bins["mean"][column, places])
        where = there & free
        for name, ring in self._bins.items():
            if name in columns:
                ring[column[where], places[where]] = np.clip(columns[name][where], -_LARGEST, _LARGEST)
        return there & ~free


def _merged(name: Kept, values: Floats, starts: Ints, before: Floats) -> Floats:
    lesser = np.fmin if name == "low" else np.fmax
    merged: Floats = lesser(lesser.reduceat(values, starts), before)
    return merged


def _longer(column: npt.NDArray[Any], more: int, fill: float) -> npt.NDArray[Any]:
    return np.concatenate([column, np.full(more, fill, column.dtype)])
