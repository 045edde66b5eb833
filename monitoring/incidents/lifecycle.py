"""The life of an anomaly: pending, firing, acknowledged or silenced, resolved; pure: open events + findings + now
→ changes.

An event is pending from the first sign and fires once its condition is due; acknowledged and silenced it is quiet
but lives on. It resolves when the condition has been gone for `RESOLVE_AFTER`, or for as long as a flapping one
must be, and is resolved as of the moment it went. What was only ever pending is dropped without a trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitoring.anomalies import Event, EventStatus, Finding, Past
from monitoring.incidents.flapping import came_back, forget, recur, remember
from monitoring.incidents.silences import NOTHING_DECIDED, Handling, loudness
from monitoring.metrics import ANY, Catalogue, Severity

RESOLVE_AFTER = timedelta(seconds=60)
"""A condition that returns sooner is the same event."""

ChangeKind = Literal[
    "began",
    "fired",
    "escalated",
    "went_on",
    "cleared",
    "acknowledged",
    "silenced",
    "unsilenced",
    "moved",
    "resolved",
    "dropped",
]
"""`cleared`: its condition is gone, perhaps for good; `moved`: into another incident, which is all that changed."""

_HANDLED: dict[EventStatus, ChangeKind] = {
    "firing": "unsilenced",
    "acknowledged": "acknowledged",
    "silenced": "silenced",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One step in an event's life."""

    kind: ChangeKind
    event: Event


def advance(
    open_events: dict[str, Event],
    findings: Iterable[Finding],
    catalogue: Catalogue,
    now: datetime,
    past: Past | None = None,
    handling: Handling = NOTHING_DECIDED,
) -> list[Change]:
    """Take the open events, by fingerprint, one tick further.

    `open_events` and `past`, what is known of events that are over, are brought up to date.
    """
    past = {} if past is None else past
    changes: list[Change] = []
    found = {finding.fingerprint: finding for finding in findings}
    for fingerprint, finding in found.items():
        event = open_events.get(fingerprint)
        if event is None:
            event = open_events[fingerprint] = _begun(finding, catalogue, now)
            changes.append(_fired(event, past, now) if finding.due else Change("began", event))
        elif _is_absent(event, finding, now):
            changes.extend(_without_finding(open_events, fingerprint, past, now))
        else:
            changes.append(_continued(event, finding, catalogue, past, now))
    for fingerprint in [name for name in open_events if name not in found]:
        changes.extend(_without_finding(open_events, fingerprint, past, now))
    forget(past, now)
    return changes + _handled(open_events.values(), handling, now)


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
    event.message = message(event, catalogue)
    return event


def _fired(event: Event, past: Past, now: datetime) -> Change:
    event.status, event.detected_at = "firing", now
    if event.severity == "critical":
        event.critical_at = now
    recur(event, past.get(event.fingerprint, ()))
    return Change("fired", event)


def _is_absent(event: Event, finding: Finding, now: datetime) -> bool:
    """Whether a flapping event's condition is gone all the same: what shows in its gaps must be due to count."""
    return event.flapping and not finding.due and _gap(event, now) >= RESOLVE_AFTER


def _gap(event: Event, now: datetime) -> timedelta:
    """How long the condition has been gone."""
    return timedelta(0) if event.clear_since is None else now - event.clear_since


def _continued(event: Event, finding: Finding, catalogue: Catalogue, past: Past, now: datetime) -> Change:
    if event.flapping and _gap(event, now) >= RESOLVE_AFTER:
        came_back(event, _gap(event, now))
    event.clear_since = None
    event.last_seen_at = now
    event.value, event.expected = finding.value, finding.expected
    event.peak_value = _worse(event.peak_value, finding.value, catalogue, event)
    raised = finding.severity == "critical" and event.severity == "warning"
    lesser = event.kind == "threshold" and finding.kind == "baseline"
    if raised or event.status == "pending" or (finding.severity == event.severity and not lesser):
        # The reason kept is that of the highest severity reached.
        event.kind, event.severity = finding.kind, finding.severity
        event.threshold, event.why = finding.threshold, finding.why
        event.message = message(event, catalogue)
    if event.status == "pending":
        return _fired(event, past, now) if finding.due else Change("went_on", event)
    if raised:
        event.critical_at = now
        return Change("escalated", event)
    return Change("went_on", event)


def _without_finding(open_events: dict[str, Event], fingerprint: str, past: Past, now: datetime) -> list[Change]:
    event = open_events[fingerprint]
    if event.status == "pending":
        del open_events[fingerprint]
        return [Change("dropped", event)]
    if event.clear_since is None:
        event.clear_since = now
        return [Change("cleared", event)]
    if _gap(event, now) < (event.quiet_for or RESOLVE_AFTER):
        return []
    event.status, event.resolved_at = "resolved", event.clear_since
    del open_events[fingerprint]
    remember(past, event)
    return [Change("resolved", event)]


def _handled(events: Iterable[Event], handling: Handling, now: datetime) -> list[Change]:
    """Bring the status of events that have fired in line with what people decided about them."""
    changes: list[Change] = []
    for event in events:
        if event.status == "pending":
            continue
        if event.acknowledged_at is None and event.id is not None:
            event.acknowledged_at = handling.acknowledged.get(event.id)
        before, event.status = event.status, loudness(event, handling, now)
        if event.status != before:
            changes.append(Change(_HANDLED[event.status], event))
    return changes


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
    """What an incident's status is by its events: the loudest of those that are not over.

    It is firing while one of them is; acknowledged or silenced when all open ones are quiet; else resolved.
    """
    statuses = {event.status for event in events}
    order: tuple[EventStatus, ...] = ("firing", "acknowledged", "silenced", "pending")
    return next((status for status in order if status in statuses), "resolved")
