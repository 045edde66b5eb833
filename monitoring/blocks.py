"""Samples in columns: what moves between simulator, store and detection by the hundred thousand.

Times are whole microseconds since 1970-01-01 UTC (`int64`), so that they compare and bin exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from monitoring.metrics import Sample, SeriesKey

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 of a timezone-aware time."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int | float) -> datetime:
    """The UTC time of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(micros))


@dataclass(frozen=True, slots=True)
class Block:
    """Samples in columns: sample i is `values[i]` of series `keys[series[i]]` at `times[i]`."""

    keys: tuple[SeriesKey, ...]
    series: Ints
    times: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.times)

    @classmethod
    def empty(cls, keys: Sequence[SeriesKey] = ()) -> Block:
        return cls(tuple(keys), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> Block:
        """The samples given, in their order."""
        index: dict[SeriesKey, int] = {}
        rows = [(index.setdefault(s.key, len(index)), to_micros(s.time), s.value) for s in samples]
        if not rows:
            return cls.empty()
        series, times, values = zip(*rows, strict=True)
        return cls(tuple(index), np.array(series, np.int64), np.array(times, np.int64), np.array(values, float))

    def take(self, where: Ints | Bools) -> Block:
        """The samples at the given places (or where a mask is true); the keys stay as they are."""
        return Block(self.keys, self.series[where], self.times[where], self.values[where])

    def slice(self, start: int, stop: int) -> Block:
        return Block(self.keys, self.series[start:stop], self.times[start:stop], self.values[start:stop])

    def by_time(self) -> Block:
        """The same samples in order of time; those of one time keep their order."""
        if len(self.times) < 2 or bool(np.all(self.times[1:] >= self.times[:-1])):
            return self
        return self.take(np.argsort(self.times, kind="stable"))

    def samples(self) -> Iterator[Sample]:
        for series, time, value in zip(self.series.tolist(), self.times.tolist(), self.values.tolist(), strict=True):
            key = self.keys[series]
            yield Sample(from_micros(time), key.component, key.instance, key.metric, value)


def joined(blocks: Sequence[Block]) -> Block:
    """All samples of the blocks, one block after the other, over one list of keys."""
    index: dict[SeriesKey, int] = {}
    columns: list[tuple[Ints, Ints, Floats]] = []
    for block in blocks:
        places = np.array([index.setdefault(key, len(index)) for key in block.keys], np.int64)
        columns.append((places[block.series] if len(places) else block.series, block.times, block.values))
    if not columns:
        return Block.empty()
    series, times, values = (np.concatenate(column) for column in zip(*columns, strict=True))
    return Block(tuple(index), series, times, values)
