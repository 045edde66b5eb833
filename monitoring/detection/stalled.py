"""Stalled: an output that is zero while its input flows.

A quiet topic, a table nobody writes to and a stage whose input has stopped are not stalled; where nothing is known
of the input, nothing is said.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from monitoring.anomalies import Event, Finding, humanize
from monitoring.blocks import Bools, Floats, Ints, from_micros, to_micros
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import BINS_KEPT, SECOND
from monitoring.detection.thresholds import number
from monitoring.metrics import Catalogue, Severity

INPUT, JOBS, ROWS, PENDING = "messages_in_rate", "job_records_out_rate", "inserted_rows_rate", "source_pending_records"
NOTHING = 0.01
"""Below this share of what is usual an output counts as zero."""
FLOWS = 0.5
"""From this share of what is usual on an input flows."""
SILENT = 0.1
BUSY = 1.0
"""Per second: what usually does less has pauses by nature."""
HOLD = 90 * SECOND
CRITICAL_AFTER = 300 * SECOND
_STEADY = 0.05
"""With a larger share of bins at zero in the hour before, zero is nothing new."""
_NOW = 4
_LATELY = 12
_ABSORBED = 5


class Stalled:
    """Judges the outputs of Flink jobs and of ClickHouse; `since` holds when each fell to zero (microseconds)."""

    def __init__(self, catalogue: Catalogue, lookup: Lookup) -> None:
        self._catalogue = catalogue
        self._lookup = lookup
        self._since: dict[int, int] = {}
        self._due: set[int] = set()

    def judge(self, now: int) -> list[Finding]:
        """What stands still at `now` (microseconds) though there is work for it."""
        return [*self._judged(JOBS, now), *self._judged(ROWS, now)]

    def resume(self, event: Event) -> None:
        """Take up what was told of before a restart of the monitor."""
        memory = self._lookup.memory
        memory.enrol([event.key])
        place = memory.places[event.key]
        self._since[place] = to_micros(event.started_at)
        if event.status != "pending":
            self._due.add(place)

    def _judged(self, metric: str, now: int) -> list[Finding]:
        memory, places = self._lookup.memory, self._lookup.of(metric)
        if not len(places):
            return []
        usual = memory.usual()[places]
        with np.errstate(invalid="ignore"):
            zero = (usual >= BUSY) & (memory.value[places] < NOTHING * usual) & ~memory.silent(now)[places]
        for place in places[~zero].tolist():
            self._since.pop(place, None)
            self._due.discard(place)
        findings = []
        for at in np.flatnonzero(zero).tolist():
            place = int(places[at])
            since = self._since.get(place)
            if since is None:
                if not self._was_steady(place, float(usual[at])):
                    continue
                since = self._since[place] = int(memory.last[place])
            flowing = self._input(metric, place)
            if flowing is None and place not in self._due:
                continue
            if now - since >= HOLD and memory.last[place] > since:
                self._due.add(place)
            findings.append(self._finding(place, float(usual[at]), flowing or "", since, now))
        return findings

    def _was_steady(self, place: int, usual: float) -> bool:
        bins = self._lookup.memory.recent(np.array([place]), BINS_KEPT)[0, :-_ABSORBED]
        known = bins[~np.isnan(bins)]
        return len(known) >= _LATELY and float(np.mean(known < NOTHING * usual)) <= _STEADY

    def _input(self, metric: str, place: int) -> str | None:
        """What flows into a series' stage, in words; `None` where nothing does, or nobody knows."""
        if metric == JOBS:
            key = self._lookup.memory.keys[place]
            pending = [
                p for p in self._lookup.of(PENDING).tolist() if self._lookup.memory.keys[p].instance == key.instance
            ]
            return (self._growing(pending[0]) if pending else None) or self._all_flow(
                INPUT, "Kafka takes in", "messages/s"
            )
        if len(self._lookup.of(JOBS)):
            return self._all_flow(JOBS, "Flink writes", "records/s")
        return self._all_flow(INPUT, "Kafka takes in", "messages/s")

    def _growing(self, place: int) -> str | None:
        bins = self._lookup.memory.recent(np.array([place]), _LATELY)[0]
        known = bins[~np.isnan(bins)]
        if len(known) < 3 or not (np.diff(known[-3:]) > 0).all():
            return None
        return f"{number(float(known[-1]))} records wait at its source and more come"

    def _all_flow(self, metric: str, verb: str, unit: str) -> str | None:
        """Whether the stage before goes on, and none of its busy series has fallen silent (it may be the one)."""
        places = self._lookup.of(metric)
        if not len(places):
            return None
        now, before = self._levels(places)
        busy: Bools = before >= BUSY
        total, usual = float(now[busy].sum()), float(before[busy].sum())
        if usual <= 0 or total < FLOWS * usual or bool((now[busy] < SILENT * before[busy]).any()):
            return None
        return f"{verb} {number(total)} {unit}, usually {number(usual)}"

    def _levels(self, places: Ints) -> tuple[Floats, Floats]:
        bins = self._lookup.memory.recent(places, BINS_KEPT)
        return _medians(bins[:, -_NOW:]), _medians(bins[:, :-_LATELY])

    def _finding(self, place: int, usual: float, flowing: str, since: int, now: int) -> Finding:
        memory = self._lookup.memory
        key, value = memory.keys[place], float(memory.value[place])
        metric = self._catalogue[key.metric]
        lasting = now - since
        severity: Severity = "critical" if lasting >= CRITICAL_AFTER else "warning"
        reason = f" while {flowing}" if flowing else ""
        return Finding(
            key=key,
            kind="stalled",
            severity=severity,
            since=from_micros(since),
            due=place in self._due,
            value=value,
            expected=usual,
            threshold=f"< {number(NOTHING * usual)} while its input flows",
            why=f"{metric.short} is {number(value)} {metric.unit} for {humanize(timedelta(microseconds=lasting))}, "
            f"usually {number(usual)}{reason}",
        )


def _medians(bins: Floats) -> Floats:
    known = ~np.isnan(bins).all(axis=1)
    levels = np.zeros(len(bins))
    levels[known] = np.nanmedian(bins[known], axis=1)
    return levels
