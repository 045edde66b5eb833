"""How long to wait before a silence is told: lost samples, restarts and stopped jobs are no silence of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from monitoring.anomalies import Event, Finding
from monitoring.blocks import to_micros
from monitoring.detection.absence import owner
from monitoring.detection.memory import SECOND, Memory
from monitoring.metrics import Catalogue

LOST_SAMPLES = 5
"""So many samples of one series must be missing in a row: with one in twenty lost, that is a matter of months."""
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
        return finding.key.component in troubled or silent_for >= RESTART
    if finding.no_data_cause != "series_stopped":
        return finding.due
    place = memory.places[finding.key]
    if now - memory.last[place] < LOST_SAMPLES * memory.pace[place]:
        return False
    return owner(finding.key, catalogue) not in down or silent_for >= JOB_DOWN // timedelta(microseconds=1)
