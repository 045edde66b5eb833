"""Leaks and disks that fill up: resources on their way to the limit, and when they will be used up.

The use of a resource is the share of it that is gone, so that it always rises towards 1. Garbage collection
makes a saw-tooth of memory: there the floor is judged, what is in use right after a collection. A rise is told
when it is clear (`rises.find_rise`), is more than this time of day brings, has lasted long enough for what is
left, and uses the resource up within the horizon even at the slowest pace its samples allow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from monitoring.anomalies import Event, Finding, humanize
from monitoring.blocks import Floats, from_micros, to_micros
from monitoring.detection.absence import RETIRED_AFTER
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import COARSE, COARSE_KEPT, HOUR, SEASON_DAYS, SECOND, Memory
from monitoring.detection.rises import BEYOND_HISTORY, LEAST_RISE, Rise, find_rise, floors, may_rise
from monitoring.detection.thresholds import number
from monitoring.metrics import Catalogue, Metric, SeriesKey, Severity

JUDGED_EVERY = 120 * SECOND
"""Bins of five minutes change slowly: so often they are looked at."""
HORIZON = {True: 10.0, False: 24.0}
"""Hours within which memory (a floor) or a disk must be used up to be told. Disks: Altinity forecasts a day
ahead (`predict_linear` over a day). Memory: own level, shorter, as load moves it within a day."""
PATIENCE, LONGEST = 0.75, 1.75
"""A rise must have lasted so many times what is left until the limit, but never more than so many hours: what
leaves time to act also leaves time to make sure."""
SOON, NEAR = 1.0, 0.15
"""Critical is what lasts less than so many hours and has no more than this share left."""
USED_UP = 0.95
"""A process seldom lives to its very limit (collections free nothing, writes fail): the early end of a forecast."""
LINGER = HOUR
"""A rise that goes on no more is over after so long: resources breathe, and a slow leak breathes with them."""
AFTER_RESTART = 75 * 60 * SECOND
"""After a fall, as of a process that was killed and started anew, so long is waited for the leak to show again."""
STILL = 0.25
"""A rise that was told goes on while the last hour has so much of its pace."""
_LOADS = ("messages_in_rate", "job_records_out_rate", "inserted_rows_rate")


@dataclass(frozen=True, slots=True)
class _Told:
    """A rise that is told: since when, what it is by now, and when it was last seen going on (microseconds)."""

    since: int
    seen: int
    before: float
    level: float
    pace: float
    severity: Severity
    threshold: str
    why: str


class Trends:
    """Follows the use of every resource that has a limit; keeps the rises that have been told."""

    def __init__(self, catalogue: Catalogue, lookup: Lookup) -> None:
        self._catalogue = catalogue
        self._lookup = lookup
        self._metrics = [metric for metric in catalogue if metric.limit is not None]
        self._told: dict[int, _Told] = {}
        self._judged_at = 0

    def judge(self, now: int) -> list[Finding]:
        """The rises that go on at `now` (microseconds)."""
        if now - self._judged_at >= JUDGED_EVERY or now < self._judged_at:
            self._judged_at = now
            for metric in self._metrics:
                self._follow(metric, now)
        keys = self._lookup.memory.keys
        return [_finding(keys[place], self._catalogue[keys[place].metric], told) for place, told in self._told.items()]

    def resume(self, event: Event) -> None:
        """Take up a rise that was told before a restart."""
        metric = self._catalogue.by_name.get(event.key.metric)
        if metric is None or metric.limit is None:
            return
        place = int(self._lookup.memory.enrol([event.key])[0])
        before, level = _one_used(event.expected, metric), _one_used(event.value, metric)
        lasted = max(1.0, (to_micros(event.last_seen_at) - to_micros(event.started_at)) / HOUR)
        self._told[place] = _Told(
            since=to_micros(event.started_at),
            seen=to_micros(event.last_seen_at),
            before=before,
            level=level,
            pace=float(np.fmax(level - before, LEAST_RISE)) / lasted,
            severity=event.severity,
            threshold=event.threshold,
            why=event.why,
        )

    def _follow(self, metric: Metric, now: int) -> None:
        memory = self._lookup.memory
        places = self._lookup.of(metric.name)
        if not len(places):
            return
        raw = _used(memory.coarse_min(places) if metric.floor else memory.coarse_mean(places), metric)
        used, widths = floors(raw) if metric.floor else (raw, np.zeros(len(raw), np.int64))
        hours = _hours(memory, now)
        asked = may_rise(hours, used, HORIZON[metric.floor]) & ~memory.silent(now)[places]
        load = self._load() if metric.floor and asked.any() else np.full(COARSE_KEPT, np.nan)
        for at in np.flatnonzero(asked | np.isin(places, list(self._told))).tolist():
            place = int(places[at])
            rise = find_rise(hours, used[at], load, int(widths[at]), raw[at]) if asked[at] else None
            if rise is not None and _worth_telling(rise, metric) and self._beyond_season(place, rise, metric, now):
                self._told[place] = _told(rise, metric, self._told.get(place), now)
            elif place in self._told:
                self._go_on(place, used[at], metric, now)

    def _go_on(self, place: int, used: Floats, metric: Metric, now: int) -> None:
        """Keep a rise that was told, or let go of it when it has ended."""
        memory, told = self._lookup.memory, self._told[place]
        if memory.silent(now)[place] and now - memory.last[place] <= RETIRED_AFTER:
            # Not knowing is no reason to call it over.
            self._told[place] = replace(told, seen=now)
            return
        known = used[~np.isnan(used)]
        if not len(known):
            return
        level = float(known[-1])
        fell = level < (told.before + told.level) / 2
        last = known[-12:]
        rises = len(last) == 12 and _middle(last[-4:]) - _middle(last[:4]) >= STILL * told.pace * 8 / 12
        if rises:
            self._told[place] = replace(told, seen=now, level=max(level, told.level))
        elif now - told.seen > (0 if fell and not metric.floor else AFTER_RESTART if fell else LINGER):
            del self._told[place]

    def _beyond_season(self, place: int, rise: Rise, metric: Metric, now: int) -> bool:
        """Whether a rise leads beyond what most of the earlier days had at this time."""
        season = self._lookup.memory.season(np.array([place]), now)
        days = _used(season.low if metric.floor else season.mean, metric)[0].reshape(SEASON_DAYS, -1)
        known = days[~np.isnan(days).all(axis=1)]
        return not len(known) or rise.level >= float(np.median(np.nanmax(known, axis=1))) + BEYOND_HISTORY

    def _load(self) -> Floats:
        """What passes through the platform, by coarse bin: of the first stage of which anything is known."""
        for metric in _LOADS:
            places = self._lookup.of(metric)
            if len(places):
                bins = self._lookup.memory.coarse_mean(places)
                return np.where(np.isnan(bins).all(axis=0), np.nan, np.nansum(bins, axis=0))
        return np.full(COARSE_KEPT, np.nan)


def _used(values: Floats, metric: Metric) -> Floats:
    """Which share of a resource is gone, from values of its metric."""
    assert metric.limit is not None
    return 1.0 - np.abs(metric.limit - values)


def _one_used(value: float | None, metric: Metric) -> float:
    return float("nan") if value is None else float(_used(np.array(value), metric))


def _shown(used: float, metric: Metric) -> float:
    """The value of the metric at which so much is gone."""
    assert metric.limit is not None
    return metric.limit - (1.0 - used) if metric.direction == "higher_is_worse" else metric.limit + (1.0 - used)


def _hours(memory: Memory, now: int) -> Floats:
    """The middles of the coarse bins, in hours before now."""
    bins = np.arange(memory.newest_coarse - COARSE_KEPT + 1, memory.newest_coarse + 1)
    return np.minimum(((bins + 0.5) * COARSE - now) / HOUR, 0.0)


def _middle(values: Floats) -> float:
    return float(np.median(values))


def _worth_telling(rise: Rise, metric: Metric) -> bool:
    """Whether the limit is near enough, and the rise old enough for what is left."""
    latest = rise.hours_left(USED_UP)[1]
    left = (1.0 - rise.level) / rise.pace
    return latest <= HORIZON[metric.floor] and -rise.since >= min(PATIENCE * left, LONGEST)


def _told(rise: Rise, metric: Metric, before: _Told | None, now: int) -> _Told:
    """A rise as it is told; one that was told before keeps its onset."""
    early, late = rise.hours_left(USED_UP)
    since = now + int(rise.since * HOUR) if before is None else before.since
    span = _between(early, late)
    verb = "rose" if metric.direction == "higher_is_worse" else "fell"
    start, end = (number(_shown(used, metric)) for used in (rise.before, rise.level))
    what = f"the floor of {metric.short}" if metric.floor else metric.short
    lasted = humanize(timedelta(hours=-rise.since))
    return _Told(
        since=since,
        seen=now,
        before=rise.before,
        level=rise.level,
        pace=rise.pace,
        severity="critical" if late < SOON and 1.0 - rise.level <= NEAR else "warning",
        threshold=f"used up in {span} at this pace",
        why=f"{what} {verb} from {start} to {end} in {lasted}; at this pace it is used up in {span}",
    )


def _between(early: float, late: float) -> str:
    """A range of hours in words, with both ends where they differ as read."""
    first, last = humanize(_rounded(early)), humanize(_rounded(late))
    return first if first == last else f"{first} to {last}"


def _rounded(hours: float) -> timedelta:
    """A span as exact as a forecast can be: to 5 min up to two hours, to 10 min up to ten, then to the hour."""
    minutes = hours * 60
    grain = 5 if minutes < 120 else 10 if minutes < 600 else 60
    return timedelta(minutes=max(grain, round(minutes / grain) * grain))


def _finding(key: SeriesKey, metric: Metric, told: _Told) -> Finding:
    return Finding(
        key=key,
        kind="trend",
        severity=told.severity,
        since=from_micros(told.since),
        due=True,
        value=_shown(told.level, metric),
        expected=_shown(told.before, metric),
        threshold=told.threshold,
        why=told.why,
    )
