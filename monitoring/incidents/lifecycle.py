"""The life of an anomaly: pending, firing, resolved; pure: open events + findings + now → changes.

An event is pending from the first sign and fires once its condition is due. It resolves when the condition
has been gone for `RESOLVE_AFTER`, and is resolved as of the moment it went. What was only ever pending is
dropped without a trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitoring.anomalies import Event, EventStatus, Finding
from monitoring.metrics import ANY, Catalogue, Severity

RESOLVE_AFTER = timedelta(seconds=60)
"""A condition that returns sooner is the same event."""

ChangeKind = Literal["began", "fired", "escalated", "went_on", "resolved", "dropped"]


@dataclass(frozen=True, slots=True)
class Change:
    """One step in an event's life."""

    kind: ChangeKind
    event: Event


def advance(
    open_events: dict[str, Event], findings: Iterable[Finding], catalogue: Catalogue, now: datetime
) -> list[Change]:
    """Take the open events, by fingerprint, one tick further; `open_events` is brought up to date."""
    changes: list[Change] = []
    found = {finding.fingerprint: finding for finding in findings}
    for fingerprint, finding in found.items():
        event = open_events.get(fingerprint)
        if event is None:
            event = open_events[fingerprint] = _begun(finding, catalogue, now)
            changes.append(Change("fired" if finding.due else "began", event))
        else:
            changes.append(_continued(event, finding, catalogue, now))
    for fingerprint in [name for name in open_events if name not in found]:
        changes.extend(_without_finding(open_events, fingerprint, now))
    return changes


def _begun(finding: Finding, catalogue: Catalogue, now: datetime) -> Event:
    event = Event(
        key=finding.key,
        kind=finding.kind,
        severity=finding.severity,
        status="pending",
        started_at=finding.since,
        last_seen_at=now,
        value=finding.value,
        peak_value=finding.value,
        expected=finding.expected,
        threshold=finding.threshold,
        message="",
        why=finding.why,
        no_data_cause=finding.no_data_cause,
    )
    if finding.due:
        _fire(event, now)
    event.message = message(event, catalogue)
    return event


def _fire(event: Event, now: datetime) -> None:
    event.status, event.detected_at = "firing", now
    if event.severity == "critical":
        event.critical_at = now


def _continued(event: Event, finding: Finding, catalogue: Catalogue, now: datetime) -> Change:
    event.clear_since = None
    event.last_seen_at = now
    event.value, event.expected = finding.value, finding.expected
    event.peak_value = _worse(event.peak_value, finding.value, catalogue, event)
    raised = finding.severity == "critical" and event.severity == "warning"
    if raised or event.status == "pending" or finding.severity == event.severity:
        # The reason kept is that of the highest severity reached.
        event.severity, event.threshold, event.why = finding.severity, finding.threshold, finding.why
        event.message = message(event, catalogue)
    if event.status == "pending":
        if not finding.due:
            return Change("went_on", event)
        _fire(event, now)
        return Change("fired", event)
    if raised:
        event.critical_at = now
        return Change("escalated", event)
    return Change("went_on", event)


def _without_finding(open_events: dict[str, Event], fingerprint: str, now: datetime) -> list[Change]:
    event = open_events[fingerprint]
    if event.status == "pending":
        del open_events[fingerprint]
        return [Change("dropped", event)]
    if event.clear_since is None:
        event.clear_since = now
    if now - event.clear_since < RESOLVE_AFTER:
        return []
    event.status, event.resolved_at = "resolved", event.clear_since
    del open_events[fingerprint]
    return [Change("resolved", event)]


def _worse(peak: float | None, value: float | None, catalogue: Catalogue, event: Event) -> float | None:
    if peak is None or value is None:
        return value if peak is None else peak
    metric = catalogue.by_name.get(event.key.metric)
    if metric is not None and metric.direction == "lower_is_worse":
        return min(peak, value)
    if metric is not None and metric.direction == "both" and event.expected is not None:
        return max(peak, value, key=lambda v: abs(v - (event.expected or 0.0)))
    return max(peak, value)


def message(event: Event, catalogue: Catalogue) -> str:
    """The event in one line: severity, what, where."""
    component = {"kafka": "Kafka", "flink": "Flink", "clickhouse": "ClickHouse"}.get(
        event.key.component, event.key.component
    )
    where = "" if event.key.instance in (ANY, "cluster") else f" on {event.key.instance}"
    if event.kind == "no_data":
        return f"{component}{where}: {event.why}"
    metric = catalogue.by_name.get(event.key.metric)
    name = metric.short if metric else event.key.metric
    return f"{component} {name}{where}: {event.threshold}"


def highest(severities: Iterable[Severity]) -> Severity:
    return "critical" if "critical" in set(severities) else "warning"


def status_of(events: Iterable[Event]) -> EventStatus:
    """What an incident's status is by its events: the loudest of those that are not over."""
    statuses = {event.status for event in events}
    order: tuple[EventStatus, ...] = ("firing", "acknowledged", "silenced", "pending")
    return next((status for status in order if status in statuses), "resolved")
