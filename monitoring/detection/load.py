"""When high is no failure: a burst of traffic that every stage works off, a backlog that shrinks or is worked off
in seconds, what a stopped job left behind.

A finding that only tells of that is held back (not due) while the stages behind put out more than they did and
the backlog is young, or while it shrinks; what fires already goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from monitoring.anomalies import Finding
from monitoring.blocks import Floats, Ints, to_micros
from monitoring.detection.absence import owner
from monitoring.detection.bands import last_filled
from monitoring.detection.excuses import Excuses
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import BIN, BINS_KEPT, SECOND
from monitoring.metrics import Catalogue, Metric, SeriesKey

BURST = 1.3
"""So many times what a topic took in before is a burst; a daily rise is slower."""
BURST_OVER = 1.15
KEEPS_UP = 0.25
"""An output that rises by at least this share of what the input rose by works at it: it is not the one that broke."""
PATIENCE = timedelta(hours=2)
"""A backlog that a burst has built for longer is too much work, for whatever reason."""
_PATIENCE = PATIENCE // timedelta(microseconds=1)
AFTERMATH = 600 * SECOND
"""For so long after a burst its backlog need not shrink yet: offsets are committed with the next checkpoint."""
LEAST_RATE = 1.0
"""Messages per second below which a topic is too sparse to have bursts."""
LEAST_SHARE = 0.1
DRAINED_WITHIN = 3_600 * SECOND
SETTLES = 20
"""So many bins (10 min) after a stop a job has worked off what piled up meanwhile."""
LONGEST_STOP = 180.0
"""Seconds. A job that is down for longer is down."""
SLACKENS = 6
"""A stage that does not keep at a burst for so many bins (3 min) has slackened: rates are noisy."""
_OF_JOBS = ("job", "job/task", "group/topic")
_NOW = 4
"""The newest bins (2 min) are now."""
_LATELY = 12
"""Bins of the last 6 min are neither now nor before."""
_INPUT = "messages_in_rate"
_OUTPUTS = ("job_records_out_rate", "inserted_rows_rate")


@dataclass(frozen=True, slots=True)
class Burst:
    """A topic in a burst, or after one: how much it and every stage behind put through before, per second.

    `over` is the bin (of 30 s, counted from 1970) in which it ended, `None` while it goes on; `slack` the bin since
    which a stage does not keep at it, `None` while all do.
    """

    before: float
    outputs: Mapping[str, float]
    over: int | None = None
    slack: int | None = None


class Load:
    """Follows every topic's input; knows which are in a burst and whether the stages behind keep at it."""

    def __init__(self, catalogue: Catalogue, lookup: Lookup, excuses: Excuses) -> None:
        self._catalogue = catalogue
        self._lookup = lookup
        self._excuses = excuses
        self._bursts: dict[str, Burst] = {}
        self._outputs: dict[str, float] = {}
        self._outputs_before: dict[str, float] = {}
        self._pending: dict[str, list[int]] = defaultdict(list)
        self._pending_known = 0
        self._lags_shrink: bool | None = None
        """Whether any group's lag shrinks now, once somebody asked."""

    def follow(self) -> None:
        """Bring bursts up to date with the newest samples."""
        places = self._lookup.of(_INPUT)
        if not len(places):
            return
        keys = self._lookup.memory.keys
        levels = {name: self._levels(name) for name in _OUTPUTS}
        self._outputs = {name: float(now.sum()) for name, (now, _) in levels.items()}
        self._outputs_before = {name: float(before.sum()) for name, (_, before) in levels.items()}
        now, before = self._levels(_INPUT)
        for place, level, usual in zip(places.tolist(), now.tolist(), before.tolist(), strict=True):
            self._follow_topic(keys[place].instance, level, usual)

    def hold_back(self, findings: Sequence[Finding], now: int, firing: Container[str]) -> list[Finding]:
        """The findings, those that only tell of load no longer due. `firing` holds what fires already."""
        self._lags_shrink = None
        return [
            replace(finding, due=False)
            if finding.due and finding.fingerprint not in firing and self._only_load(finding, now)
            else finding
            for finding in findings
        ]

    def _follow_topic(self, topic: str, level: float, usual: float) -> None:
        burst = self._bursts.get(topic)
        if burst is None:
            if usual >= LEAST_RATE and level >= BURST * usual:
                self._bursts[topic] = Burst(usual, self._outputs_before)
            return
        newest = self._lookup.memory.newest_bin
        slack = None if self._keeps_at_it(burst) else newest if burst.slack is None else burst.slack
        burst = self._bursts[topic] = replace(burst, slack=slack)
        over = level < BURST_OVER * burst.before
        if over and burst.over is None:
            self._bursts[topic] = replace(burst, over=newest)
        elif not over and burst.over is not None:
            self._bursts[topic] = replace(burst, over=None)
        elif over and not self._is_worked_off(burst):
            del self._bursts[topic]

    def _is_worked_off(self, burst: Burst) -> bool:
        """Whether what a burst has left is being worked off: for a while after it, and as long as it shows."""
        newest = self._lookup.memory.newest_bin
        keeps = burst.slack is None or newest - burst.slack < SLACKENS
        if burst.over is None:
            return keeps
        since = (newest - burst.over) * BIN
        return since <= AFTERMATH or (keeps and since <= _PATIENCE)

    def _levels(self, metric: str) -> tuple[Floats, Floats]:
        """The level of each series of a metric now and before; 0 where it is not known."""
        bins = self._lookup.memory.recent(self._lookup.of(metric), BINS_KEPT)
        return _medians(bins[:, -_NOW:]), _medians(bins[:, :-_LATELY])

    def _only_load(self, finding: Finding, now: int) -> bool:
        metric = self._catalogue.by_name.get(finding.key.metric)
        if metric is None or not metric.follows_load or finding.kind == "no_data":
            return False
        if self._excuses.within(self._lookup.memory.places[finding.key], metric, now, critical=False):
            return True
        if self._drains(finding.key) if _is_backlog(metric) else self._catches_up(finding.key):
            return True
        if metric.scope in _OF_JOBS and self._job_restarted(finding.key):
            return True
        if not self._bursts or now - to_micros(finding.since) > _PATIENCE:
            return False
        topic = finding.key.instance.rsplit("/", 1)[-1] if metric.scope == "group/topic" else None
        if topic is not None:
            return topic in self._bursts and self._is_worked_off(self._bursts[topic])
        return any(_weighs(burst) and self._is_worked_off(burst) for burst in self._bursts.values())

    def _drains(self, key: SeriesKey) -> bool:
        """Whether a backlog has shrunk for five minutes, fast enough to be gone soon."""
        memory = self._lookup.memory
        return _shrinks(memory.recent(np.array([memory.places[key]]), 12)[0])

    def _catches_up(self, key: SeriesKey) -> bool:
        """Whether a job works off what piled up before: it is busy because it is well again."""
        if key.component != "flink":
            return False
        own = self._pending_of(owner(key, self._catalogue))
        if own:
            return self._any_shrinks(np.array(own, np.int64))
        if self._lags_shrink is None:
            self._lags_shrink = self._any_shrinks(self._lookup.of("consumer_group_lag"))
        return self._lags_shrink

    def _pending_of(self, job: str) -> list[int]:
        """The places of what waits at the sources of a job."""
        places = self._lookup.of("source_pending_records")
        for place in places[self._pending_known :].tolist():
            self._pending[self._lookup.memory.keys[place].instance].append(place)
        self._pending_known = len(places)
        return self._pending.get(job, [])

    def _any_shrinks(self, places: Ints) -> bool:
        return any(_shrinks(bins, 10_000) for bins in self._lookup.memory.recent(places, 12))

    def _job_restarted(self, key: SeriesKey) -> bool:
        """Whether a job was stopped and started once, as for a new version: what piled up is not worked off yet.

        Which job a group belongs to is not known, so for a group any job counts.
        """
        memory, places = self._lookup.memory, self._lookup.of("job_not_running_seconds")
        mine = owner(key, self._catalogue)
        places = np.array([p for p in places.tolist() if key.component != "flink" or memory.keys[p].instance == mine])
        if not len(places):
            return False
        down = memory.recent(places, SETTLES) > 0
        once = np.count_nonzero(np.diff(down.astype(np.int8), axis=1) > 0, axis=1) + down[:, 0] == 1
        stopped = once & (memory.value[places] > 0) & (memory.value[places] < LONGEST_STOP)
        runs = once & (memory.value[places] == 0)
        just = runs & down[:, -_NOW:].any(axis=1)
        return bool((stopped | just).any() or (runs.any() and not self._grows(memory.places[key])))

    def _grows(self, place: int) -> bool:
        """Whether a series is higher than in any of the minutes before."""
        bins = last_filled(self._lookup.memory.recent(np.array([place]), _LATELY), _NOW)[0]
        return not bins[-1] <= np.nanmax(bins[:-1])

    def _keeps_at_it(self, burst: Burst) -> bool:
        """Whether each stage behind puts out more than before the burst, as far as a topic's share shows."""
        for name, before in burst.outputs.items():
            if before > 0:
                wanted = 1 + KEEPS_UP * (BURST - 1) * min(1.0, burst.before / before)
                if self._outputs.get(name, 0.0) < wanted * before:
                    return False
        return True


def _weighs(burst: Burst) -> bool:
    """Whether a topic is large enough that its burst shows in what all jobs and nodes do."""
    return burst.before >= LEAST_SHARE * max(burst.outputs.values(), default=0.0)


def _is_backlog(metric: Metric) -> bool:
    return metric.role == "effect" and metric.direction == "higher_is_worse"


def _medians(bins: Floats) -> Floats:
    known = ~np.isnan(bins).all(axis=1)
    levels = np.zeros(len(bins))
    levels[known] = np.nanmedian(bins[known], axis=1)
    return levels


def _shrinks(bins: Floats, from_at_least: float = 0.0) -> bool:
    """Whether the bins of five minutes fall, fast enough to be at zero soon."""
    known = np.flatnonzero(~np.isnan(bins))
    if len(known) < 4:
        return False
    values = bins[known]
    third = max(1, len(values) // 3)
    first, last = float(np.median(values[:third])), float(np.median(values[-third:]))
    fall, span = first - last, float(known[-1] - known[0]) * BIN * (1 - third / len(values))
    return first >= from_at_least and fall > 0.05 * first and last / (fall / span) <= DRAINED_WITHIN
