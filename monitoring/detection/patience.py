"""How long to wait before a silence is told: lost samples, restarts and stopped jobs are no silence of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from monitoring.anomalies import Event, Finding
from monitoring.blocks import to_micros
from monitoring.detection.absence import members, owner
from monitoring.detection.memory import BIN, SECOND, Memory
from monitoring.metrics import Catalogue

LOST_SAMPLES = 5
"""So many samples of one series must be missing in a row: with one in twenty lost, that is a matter of months."""
CHANCE = 1e-5
"""Where more are lost, so many must be missing that chance does it this seldom: one series in days."""
_LATELY = 120
_FEW = 8
"""Bins of 30 s (an hour) that say how many samples are lost, and how many of them there must be."""
RESTART = 180 * SECOND
"""A planned restart of a broker or node takes one to three minutes; what is missed sooner needs another sign."""
JOB_DOWN = timedelta(minutes=10)
"""While a job is down its tasks send nothing; after so long that is worth telling by itself."""
_DOWN = ("job_restart_rate", "job_not_running_seconds")


def wait_for(
    findings: Sequence[Finding], memory: Memory, catalogue: Catalogue, now: int, firing: Mapping[str, Event]
) -> list[Finding]:
    """The silences, those that may yet have a harmless reason not due; `firing` holds what fires already."""
    troubled = {event.key.component for event in firing.values()}
    down = {event.key.instance for event in firing.values() if event.key.metric in _DOWN}
    return [
        finding
        if finding.fingerprint in firing or _is_due(finding, memory, catalogue, now, troubled, down)
        else replace(finding, due=False)
        for finding in findings
    ]


def _is_due(
    finding: Finding, memory: Memory, catalogue: Catalogue, now: int, troubled: set[str], down: set[str]
) -> bool:
    silent_for = now - to_micros(finding.since)
    if finding.no_data_cause == "instance_gone":
        due = finding.key.component in troubled or silent_for >= RESTART
        return due and _longer_than_by_loss(members(finding.key, memory, catalogue), memory, now)
    if finding.no_data_cause != "series_stopped":
        return finding.due
    place = memory.places[finding.key]
    if now - memory.last[place] < LOST_SAMPLES * memory.pace[place] or not _longer_than_by_loss([place], memory, now):
        return False
    return owner(finding.key, catalogue) not in down or silent_for >= JOB_DOWN // timedelta(microseconds=1)


def _longer_than_by_loss(places: Sequence[int], memory: Memory, now: int) -> bool:
    return any(now - memory.last[place] >= _explained_by_loss(place, memory) for place in places)


def _explained_by_loss(place: int, memory: Memory) -> float:
    """How long a silence (microseconds) chance explains, given how many samples of a series were lost lately."""
    known = np.flatnonzero(~np.isnan(memory.recent(np.array([place]), _LATELY)[0]))
    if len(known) < _FEW:
        return 0.0
    # Lost samples lengthen the mean distance; the short ones show how often the series means to come.
    gaps = np.diff(known)
    step = float(np.quantile(gaps, 0.1))
    # A long gap was an outage, and says nothing of chance.
    gaps = gaps[gaps <= 2 * LOST_SAMPLES * step]
    lost = 1.0 - len(gaps) * step / float(gaps.sum())
    if lost <= CHANCE ** (1 / LOST_SAMPLES):
        return 0.0
    return math.log(CHANCE) / math.log(lost) * step * BIN
