"""What is unusual for a series: a lasting abrupt shift away from what it did lately and at this time of day.

A condition begins when several bins of 30 s in a row (three, or two far out) lie beyond the band of the last hour,
and beyond what earlier days knew at this time of day. The band is frozen while the condition lasts; it is over when
the series comes back into it, or after a day, when the new state has become the usual one. Judged are the metrics
whose catalogue entry says what change is `notable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from monitoring.anomalies import Event, Finding, humanize
from monitoring.blocks import Bools, Floats, Ints, from_micros, to_micros
from monitoring.detection.bands import LEAST_BINS, Band, band, habit, hull, last_filled, outward
from monitoring.detection.memory import BIN, BINS_KEPT, HOUR, SECOND, Memory
from monitoring.detection.thresholds import number
from monitoring.detection.unusual import ALARM, unusual_now
from monitoring.metrics import Catalogue, Direction, Metric

KNOWN_FOR = 900 * SECOND
"""A series known for a shorter time is not judged."""
BECOMES_USUAL = 24 * HOUR
HABIT_HOURS = 6
SETTLES_WITHIN = 20
"""So many bins (10 min) after a gap, or after a zero of what is never zero, a series comes back from a restart:
backlogs are worked off, caches are cold."""
FAR_OUT = 2.0
"""What is so many times as far from the usual level as the edge of the band needs no third bin to be believed."""
_GAP = 4
"""So many empty bins more than the pace explains are a gap; single lost samples are none."""
_STAYS_ZERO = 8
"""What has been zero for so many bins (4 min) is not restarting, and still younger than what is as ever."""
_LATELY = 24
_UNDER_SUSPICION = 10
"""The newest bins (5 min) do not speak for what is as ever."""
_STRIDE = 8
"""Bands are learned anew whenever so many bins (4 min) have passed."""
_SPEAKING = BINS_KEPT - _UNDER_SUSPICION - _STRIDE
"""Bins that a band is learned from: 55 min."""
_CHUNK = 8_192
_OUTSIDE = "outside"
_FROM_HOUR = "from the last hour"
_FROM_DAYS = "from this time of day on earlier days"


class Baselines:
    """The bands of all series of a memory, in columns, and the conditions that have begun.

    `since` holds when each series' condition began (microseconds, NaN where none has).
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.since: Floats = np.empty(0)
        self._notable: Floats = np.empty(0)
        self._rate: Bools = np.empty(0, np.bool_)
        self._worse_up: Bools = np.empty(0, np.bool_)
        self._worse_down: Bools = np.empty(0, np.bool_)
        self._centre: Floats = np.empty(0)
        self._low: Floats = np.empty(0)
        self._high: Floats = np.empty(0)
        self._upward: Bools = np.empty(0, np.bool_)
        self._due: Bools = np.empty(0, np.bool_)
        self._seasonal: Bools = np.empty(0, np.bool_)
        self._value: Floats = np.empty(0)
        self._judged: Ints = np.empty(0, np.int64)
        self._learned = 0
        self._known = 0

    def judge(self, memory: Memory, now: int) -> list[Finding]:
        """What is unusual at `now` (microseconds), given the bins of every series up to then."""
        self._enrol(memory)
        if not len(self._judged):
            return []
        self._learn(memory)
        places = self._judged
        newest = last_filled(memory.recent(places, _LATELY))
        silent = memory.silent(now)[places]
        self._follow(places, newest, silent, memory, now)
        self._begin(places, newest, silent, memory, now)
        begun = np.flatnonzero(~np.isnan(self.since))
        return [self._finding(place, memory, now) for place in begun.tolist()]

    def resume(self, event: Event, memory: Memory) -> None:
        """Take up a condition that had begun before a restart, by what was told of it."""
        memory.enrol([event.key])
        self._enrol(memory)
        place = memory.places[event.key]
        low, high = edges(event.threshold)
        self.since[place] = to_micros(event.started_at)
        self._due[place] = event.status != "pending"
        self._centre[place] = np.nan if event.expected is None else event.expected
        self._low[place], self._high[place] = low, high
        self._value[place] = np.nan if event.value is None else event.value
        self._upward[place] = not self._value[place] < low
        self._seasonal[place] = _FROM_DAYS in event.why

    def _enrol(self, memory: Memory) -> None:
        new = memory.keys[self._known :]
        if not new:
            return
        metrics = [self._catalogue.by_name.get(key.metric) for key in new]
        more = len(new)
        self._notable = _with(self._notable, [_notable(metric) for metric in metrics])
        self._rate = _with(self._rate, [metric is not None and metric.unit != "ratio" for metric in metrics])
        self._worse_up = _with(self._worse_up, [_worse(metric, "higher_is_worse") for metric in metrics])
        self._worse_down = _with(self._worse_down, [_worse(metric, "lower_is_worse") for metric in metrics])
        for name in ("since", "_centre", "_low", "_high", "_value"):
            setattr(self, name, _with(getattr(self, name), np.full(more, np.nan)))
        for name in ("_upward", "_due", "_seasonal"):
            setattr(self, name, _with(getattr(self, name), np.zeros(more, np.bool_)))
        self._judged = np.flatnonzero(~np.isnan(self._notable))
        self._known = len(memory)

    def _learn(self, memory: Memory) -> None:
        """Bring the bands of what is as ever up to date, a few minutes behind the newest bin."""
        end = (memory.newest_bin - _UNDER_SUSPICION) // _STRIDE * _STRIDE
        if end <= self._learned:
            return
        self._learned = end
        back = memory.newest_bin - end
        well = self._judged[np.isnan(self.since[self._judged])]
        for start in range(0, len(well), _CHUNK):
            places = well[start : start + _CHUNK]
            rows = memory.recent(places, _SPEAKING + back)[:, :_SPEAKING]
            learned = band(rows, self._notable[places], self._rate[places])
            self._centre[places], self._low[places], self._high[places] = learned

    def _follow(self, places: Ints, newest: Floats, silent: Bools, memory: Memory, now: int) -> None:
        """Go on with what has begun, or end it."""
        on = ~np.isnan(self.since[places])
        places, newest, silent = places[on], newest[on], silent[on]
        beyond = self._beyond(places, newest, self._upward[places])
        returned = np.where(self._due[places], ~beyond[:, -2:].any(axis=1), ~beyond[:, -1])
        # A silent series keeps a condition that was due: not knowing is no reason to call it over.
        ends = np.where(silent, ~self._due[places], returned) | (now - self.since[places] >= BECOMES_USUAL)
        self._due[places] |= beyond.all(axis=1) & ~silent
        self._note(places, newest[:, -1], memory)
        for column in (self.since, self._centre, self._low, self._high, self._value):
            column[places[ends]] = np.nan
        self._due[places[ends]] = False

    def _begin(self, places: Ints, newest: Floats, silent: Bools, memory: Memory, now: int) -> None:
        """Take up what has now been beyond its band for two bins."""
        may = np.isnan(self.since[places]) & ~silent & (memory.last - memory.first >= KNOWN_FOR)[places]
        for upward, worse in ((True, self._worse_up), (False, self._worse_down)):
            sides = np.full(len(places), upward)
            suspects = may & worse[places] & self._beyond(places, newest, sides)[:, -2:].all(axis=1)
            if suspects.any():
                self._examine(places[suspects], newest[suspects], upward, memory, now)

    def _examine(self, places: Ints, newest: Floats, upward: bool, memory: Memory, now: int) -> None:
        """Look closer at the few that are beyond the last hour's band, and begin what stands."""
        bins = memory.recent(places)
        season, hours = memory.season(places, now), memory.hours(places, HABIT_HOURS)
        narrow = Band(self._centre[places], self._low[places], self._high[places])
        wide = hull(narrow, np.fmin.reduce(season.low, axis=1), np.fmax.reduce(season.high, axis=1))
        wide = hull(
            wide,
            narrow.centre - habit(hours.mean, hours.low, upward=False),
            narrow.centre + habit(hours.mean, hours.high, upward=True),
        )
        low, high = np.array([outward(*edges) for edges in zip(wide.low, wide.high, strict=True)]).T
        low = np.where((low < 0) & ~(bins < 0).any(axis=1), 0.0, low)
        beyond = newest > high[:, None] if upward else newest < low[:, None]
        stands = beyond[:, -2:].all(axis=1) & ~_settling(bins, memory.pace[places], self._rate[places])
        stands &= (~np.isnan(bins)).sum(axis=1) >= LEAST_BINS
        stands &= _score(bins, narrow) >= ALARM
        chosen = places[stands]
        runs = _run(bins[stands], low[stands], high[stands], upward)
        self.since[chosen] = (memory.newest_bin - BINS_KEPT + 1 + runs) * BIN
        self._low[chosen], self._high[chosen], self._upward[chosen] = low[stands], high[stands], upward
        edge, before = (wide.high, narrow.high) if upward else (wide.low, narrow.low)
        self._seasonal[chosen] = (edge != before)[stands]
        reach = FAR_OUT * np.abs((high if upward else low) - narrow.centre)
        far: Bools = np.abs(newest - narrow.centre[:, None]) > reach[:, None]
        due: Bools = np.logical_or(beyond.all(axis=1), far[:, -2:].all(axis=1))
        self._due[chosen] = due[stands]
        self._note(chosen, newest[stands][:, -1], memory)

    def _beyond(self, places: Ints, newest: Floats, upward: Bools) -> Bools:
        low, high = self._low[places][:, None], self._high[places][:, None]
        beyond: Bools = np.where(upward[:, None], newest > high, newest < low)
        return beyond

    def _note(self, places: Ints, newest: Floats, memory: Memory) -> None:
        """Keep the last sample that was beyond the band, or the newest bin where none was yet."""
        value = memory.value[places]
        beyond = self._beyond(places, value[:, None], self._upward[places])[:, 0]
        kept = np.where(np.isnan(self._value[places]), newest, self._value[places])
        self._value[places] = np.where(beyond, value, kept)

    def _finding(self, place: int, memory: Memory, now: int) -> Finding:
        key = memory.keys[place]
        metric = self._catalogue[key.metric]
        since = int(self.since[place])
        value, low, high = (float(column[place]) for column in (self._value, self._low, self._high))
        expected = f"{number(low)} to {number(high)}"
        unit = f" {metric.unit}" if metric.unit and metric.unit != "ratio" else ""
        source = _FROM_DAYS if self._seasonal[place] else _FROM_HOUR
        lasting = humanize(timedelta(microseconds=now - since))
        return Finding(
            key=key,
            kind="baseline",
            severity="warning",
            since=from_micros(since),
            due=bool(self._due[place]),
            value=value,
            expected=None if np.isnan(self._centre[place]) else float(self._centre[place]),
            threshold=f"{_OUTSIDE} {expected}",
            why=f"{metric.short} is {number(value)}{unit} for {lasting}; expected {expected} {source}",
        )


def edges(threshold: str) -> tuple[float, float]:
    """The band in a finding's words, `outside 1,150 to 1,420`; infinite where they say none."""
    low, _, high = threshold.removeprefix(_OUTSIDE).replace(",", "").partition(" to ")
    try:
        return float(low), float(high)
    except ValueError:
        return float("-inf"), float("inf")


def _score(bins: Floats, narrow: Band) -> Floats:
    """How unusual each row's newest bin is; earlier odd ones count as no further out than the band's edge."""
    calm = np.clip(bins, narrow.low[:, None], narrow.high[:, None])
    compact = np.take_along_axis(calm, np.argsort(~np.isnan(calm), axis=1, kind="stable"), axis=1)
    compact[:, -1] = last_filled(bins, 1)[:, 0]
    return unusual_now(np.arange(bins.shape[1]) * BIN, compact)


def _settling(bins: Floats, pace: Floats, rate: Bools) -> Bools:
    """Which rows were empty, or zero against all custom, a short time ago."""
    before, lately = bins[:, :-SETTLES_WITHIN], bins[:, -SETTLES_WITHIN:]
    zeros = (lately == 0).any(axis=1) & ~(before == 0).any(axis=1) & rate
    stays_zero = ~(bins[:, -_STAYS_ZERO:] > 0).any(axis=1)
    # The newest bins may be empty because others were scraped a moment before.
    longest = _GAP + np.ceil(pace / BIN)
    empty, gap = np.zeros(len(bins)), np.zeros(len(bins), np.bool_)
    for column in np.isnan(bins[:, -SETTLES_WITHIN - _GAP :]).T:
        empty = np.where(column, empty + 1, 0)
        gap |= empty > longest
    settling: Bools = gap | (zeros & ~stays_zero)
    return settling


def _run(bins: Floats, low: Floats, high: Floats, upward: bool) -> Ints:
    """The column in which each row's last run of bins beyond the band begins."""
    filled = ~np.isnan(bins)
    inside = filled & ((bins <= high[:, None]) if upward else (bins >= low[:, None]))
    columns = np.arange(bins.shape[1])
    last = np.where(inside, columns, -1).max(axis=1, initial=-1)
    run: Ints = np.argmax(filled & (columns > last[:, None]), axis=1)
    return run


def _notable(metric: Metric | None) -> float:
    return np.nan if metric is None or metric.notable is None else metric.notable


def _worse(metric: Metric | None, direction: Direction) -> bool:
    """Whether a direction is the bad one. Of what may be wrong both ways, such as a rate of messages, only a fall is
    told: a burst is no failure, and where it is too much the backlogs show it."""
    return metric is not None and metric.direction in (
        direction,
        "both" if direction == "lower_is_worse" else direction,
    )


def _with(column: npt.NDArray[Any], more: Sequence[Any] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([column, np.asarray(more, column.dtype)])
