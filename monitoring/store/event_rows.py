"""Events and incidents as rows of their tables, both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitoring.anomalies import ChainLink, Event, Incident
from monitoring.metrics import Catalogue, SeriesKey


def event_row(event: Event, catalogue: Catalogue, incident: int | None) -> tuple[Any, ...]:
    """The columns of `insert_events`; `incident` is the incident's id."""
    metric = catalogue.by_name.get(event.key.metric)
    return (
        event.fingerprint,
        *event.key,
        event.kind,
        event.severity,
        event.status,
        event.flapping,
        event.started_at,
        event.detected_at,
        event.critical_at,
        event.last_seen_at,
        event.resolved_at,
        event.acknowledged_at,
        event.clear_since,
        event.quiet_for,
        event.value,
        event.peak_value,
        event.expected,
        metric.unit if metric else "",
        event.threshold,
        event.why,
        event.message,
        event.no_data_cause,
        event.occurrences,
        incident,
    )


def incident_row(incident: Incident, merged_into: int | None) -> tuple[Any, ...]:
    """The columns of `update_incidents`, but for the id; `merged_into` is an incident's id."""
    chain = [
        {
            "component": link.component,
            "instance": link.instance,
            "metric": link.metric,
            "onset": link.onset.isoformat().replace("+00:00", "Z"),
            "severity": link.severity,
        }
        for link in incident.chain
    ]
    return (
        incident.pattern,
        incident.status,
        incident.severity,
        *incident.root,
        incident.started_at,
        incident.detected_at,
        incident.resolved_at,
        json.dumps(chain),
        incident.summary,
        incident.rule,
        incident.certain,
        merged_into,
    )


def incident_of(row: Mapping[str, Any]) -> Incident:
    return Incident(
        number=row["id"],
        pattern=row["pattern"],
        severity=row["severity"],
        status=row["status"],
        root=SeriesKey(row["root_component"], row["root_instance"], row["root_metric"]),
        started_at=row["started_at"],
        detected_at=row["detected_at"],
        resolved_at=row["resolved_at"],
        chain=[
            ChainLink(
                link["component"],
                link["instance"],
                link["metric"],
                datetime.fromisoformat(link["onset"]),
                link["severity"],
            )
            for link in row["chain"]
        ],
        summary=row["summary"],
        rule=row["rule"],
        certain=row["certain"],
        merged_into=row["merged_into"],
        id=row["id"],
    )


def event_of(row: Mapping[str, Any]) -> Event:
    return Event(
        key=SeriesKey(row["component"], row["instance"], row["metric"]),
        kind=row["anomaly_type"],
        severity=row["severity"],
        status=row["status"],
        started_at=row["started_at"],
        last_seen_at=row["last_seen_at"],
        value=row["value"],
        peak_value=row["peak_value"],
        expected=row["expected"],
        threshold=row["threshold"],
        message=row["message"],
        why=row["why"],
        no_data_cause=row["no_data_cause"],
        detected_at=row["detected_at"],
        critical_at=row["critical_at"],
        resolved_at=row["resolved_at"],
        acknowledged_at=row["acknowledged_at"],
        flapping=row["flapping"],
        occurrences=row["occurrences"],
        incident=row["incident_id"],
        id=row["id"],
        clear_since=row["clear_since"],
        quiet_for=row["quiet_for"],
    )
