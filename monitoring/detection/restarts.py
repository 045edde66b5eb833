"""Restart loops: a job that comes back and fails again, however seldom its backoff lets it.

A rule of so many restarts in five minutes goes quiet once the backoff has grown to a minute; counted here are the
restarts themselves, at the moments at which they show.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from monitoring.anomalies import Event, Finding, humanize
from monitoring.blocks import Floats, Ints, from_micros, to_micros
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import SECOND

RESTARTS = "job_restart_rate"
DOWNTIME = "job_not_running_seconds"
AT_LEAST = 3
"""So many restarts are a loop; Flink's default strategy tries for ever."""
WITHIN = 900 * SECOND
SPREAD = 60 * SECOND
"""Restarts within a shorter time are one failure with several attempts."""
OVER_AFTER = 600 * SECOND
"""Ten times Flink's greatest backoff (60 s by default): a job that has run for longer is out of its loop."""


@dataclass(slots=True)
class _Job:
    """The restarts of one job as they were seen: when, and how many at once."""

    seen: deque[tuple[int, int]] = field(default_factory=deque)
    since: int | None = None


class Restarts:
    """Counts restarts by the series that shows them: restarts per ten minutes, else the time a job is down."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._before: dict[str, Floats] = {RESTARTS: np.empty(0), DOWNTIME: np.empty(0)}
        self._jobs: dict[int, _Job] = {}

    def judge(self, now: int) -> list[Finding]:
        """The jobs that are in a restart loop at `now` (microseconds)."""
        memory = self._lookup.memory
        counted = {memory.keys[place].instance for place in self._lookup.of(RESTARTS).tolist()}
        self._count(RESTARTS, now, set())
        self._count(DOWNTIME, now, counted)
        return [finding for place, job in self._jobs.items() if (finding := self._finding(place, job, now))]

    def resume(self, event: Event) -> None:
        """Take up a loop that was told of before a restart of the monitor."""
        memory = self._lookup.memory
        memory.enrol([event.key])
        since, last = to_micros(event.started_at), to_micros(event.last_seen_at)
        seen = deque([(since, AT_LEAST - 1), (max(since, last - OVER_AFTER // 2), 1)])
        self._jobs[memory.places[event.key]] = _Job(seen, since)

    def _count(self, metric: str, now: int, left_out: set[str]) -> None:
        memory, places = self._lookup.memory, self._lookup.of(metric)
        value = memory.value[places]
        before = self._before[metric]
        before = np.concatenate([before, np.full(len(places) - len(before), np.nan)])
        # Restarts leave the ten minutes they are counted in, so only rises count; a job that is down for longer
        # and longer has not restarted, one whose downtime falls has.
        change = value - before if metric == RESTARTS else ((before > 0) & (value < before)).astype(float)
        self._before[metric] = np.where(np.isnan(value), before, value)
        for at in np.flatnonzero(np.nan_to_num(change) >= 1).tolist():
            place = int(places[at])
            if memory.keys[place].instance not in left_out:
                self._jobs.setdefault(place, _Job()).seen.append((_moment(memory.last, place, now), int(change[at])))

    def _finding(self, place: int, job: _Job, now: int) -> Finding | None:
        while job.seen and job.since is None and now - job.seen[0][0] > WITHIN:
            job.seen.popleft()
        lately = [(moment, count) for moment, count in job.seen if now - moment <= WITHIN]
        total = sum(count for _, count in lately)
        if job.since is None and total >= AT_LEAST and lately[-1][0] - lately[0][0] >= SPREAD:
            job.since = lately[0][0]
        if job.since is None:
            return None
        last = job.seen[-1][0]
        if now - last > OVER_AFTER:
            job.since = None
            job.seen.clear()
            return None
        key = self._lookup.memory.keys[place]
        return Finding(
            key=key,
            kind="restart_loop",
            severity="critical",
            since=from_micros(job.since),
            due=True,
            value=float(total),
            expected=0.0,
            threshold=f">= {AT_LEAST} restarts in {humanize(timedelta(microseconds=WITHIN))}",
            why=f"{total} restarts in the last {humanize(timedelta(microseconds=min(WITHIN, now - job.since)))}, "
            f"the last {humanize(timedelta(microseconds=now - last))} ago",
        )


def _moment(last: Ints, place: int, now: int) -> int:
    return min(int(last[place]), now)
