"""What is remembered of counters between two readings, and the growth worked out from it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

LONGEST_GAP = timedelta(minutes=5)
"""A reading older than this (and than the window) says nothing about the rate now."""

READINGS_PER_WINDOW = 60
"""How finely a window is remembered."""


class Growth(NamedTuple):
    """By how much a counter grew, and within how long."""

    amount: float
    span: timedelta

    @property
    def per_second(self) -> float:
        return self.amount / self.span.total_seconds()


@dataclass(slots=True)
class _Counter:
    """The latest raw values by incarnation, and the total counted since the first reading."""

    latest: Mapping[str, float]
    readings: list[tuple[datetime, float]] = field(default_factory=list)


class Counters:
    """Readings of many counters over time, each counter under a key of the caller's choice.

    A counter may have several incarnations at a time (two jobs of one name), given as a mapping from
    incarnation to value; an incarnation not seen before began at 0. A value that falls means that the
    counter began again at 0, or, where it is an `offset` in a log, that nothing was counted.
    """

    def __init__(self) -> None:
        self._counters: dict[Hashable, _Counter] = {}

    def __len__(self) -> int:
        return len(self._counters)

    def observe(
        self, key: Hashable, now: datetime, values: Mapping[str, float], window: timedelta, *, offset: bool = False
    ) -> None:
        """Takes note of a reading at `now`, and forgets those `window` no longer needs."""
        counter = self._counters.get(key)
        if counter is None or not self._continues(counter, now, window):
            self._counters[key] = _Counter(dict(values), [(now, 0.0)])
            return
        if now == counter.readings[-1][0]:
            return
        total = counter.readings[-1][1] + _counted(counter.latest, values, offset)
        counter.latest = dict(values)
        _append(counter.readings, (now, total), window)

    def growth(self, key: Hashable, now: datetime, window: timedelta) -> Growth | None:
        """The growth up to the latest reading since the oldest one within the window.

        Where readings are rarer than the window it is the one before. `None` while there is only one.
        """
        counter = self._counters.get(key)
        if counter is None or len(counter.readings) < 2 or counter.readings[-1][0] != now:
            return None
        *earlier, last = counter.readings
        base = next((reading for reading in earlier if reading[0] >= now - window), earlier[-1])
        return Growth(last[1] - base[1], last[0] - base[0])

    def forget(self, now: datetime, longest_window: timedelta) -> None:
        """Drops the counters that were not read for so long that they would start over."""
        gone = [key for key, c in self._counters.items() if not self._continues(c, now, longest_window)]
        for key in gone:
            del self._counters[key]

    @staticmethod
    def _continues(counter: _Counter, now: datetime, window: timedelta) -> bool:
        """Whether a reading at `now` goes on from the last one: not from the future, and not too old."""
        return timedelta(0) <= now - counter.readings[-1][0] <= max(window, LONGEST_GAP)


def _counted(before: Mapping[str, float], after: Mapping[str, float], offset: bool) -> float:
    return sum(_steps(before, after, offset))


def _steps(before: Mapping[str, float], after: Mapping[str, float], offset: bool) -> Iterator[float]:
    for incarnation, value in after.items():
        step = value - before.get(incarnation, 0.0)
        if step >= 0:
            yield step
        elif not offset:
            yield value


def _append(readings: list[tuple[datetime, float]], reading: tuple[datetime, float], window: timedelta) -> None:
    """Adds a reading; keeps the newest one from before the window, and thins out very frequent ones."""
    if len(readings) > 1 and reading[0] - readings[-2][0] < window / READINGS_PER_WINDOW:
        readings.pop()
    readings.append(reading)
    start = reading[0] - window
    while len(readings) > 2 and readings[1][0] <= start:
        readings.pop(0)
