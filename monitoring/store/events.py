"""Anomaly events and incidents in the database: taken up again after a restart, written tick by tick."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extras import execute_values

from monitoring.anomalies import ChainLink, Event, Incident
from monitoring.incidents.grouping import Case, refresh
from monitoring.incidents.lifecycle import Change
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.store.pool import Cursor, Pool, rows
from monitoring.store.queries import query


@dataclass(frozen=True, slots=True)
class Step:
    """What one tick changed, as it is written."""

    changes: Sequence[Change]
    incidents: Sequence[Incident]


class EventStore:
    """The tables `anomaly_events` and `incidents`, and how far the samples have been judged."""

    def __init__(self, pool: Pool, catalogue: Catalogue) -> None:
        self._pool = pool
        self._catalogue = catalogue
        self._incident_ids: dict[int, int] = {}

    def open(self) -> tuple[list[Event], list[Incident]]:
        """What is not over, with all events of the incidents that are not."""
        with self._pool.transaction("reading open events") as cursor:
            cursor.execute(query("open_incidents"))
            incidents = [_incident(row) for row in rows(cursor)]
            cursor.execute(query("open_events"))
            events = [_event(row) for row in rows(cursor)]
        self._incident_ids = {i.number: i.id for i in incidents if i.id is not None}
        return events, incidents

    def write(self, steps: Sequence[Step], judged_until: datetime) -> None:
        """Write what ticks changed and how far they went, all or nothing."""
        incidents = {incident.number: incident for step in steps for incident in step.incidents}
        events = {id(change.event): change for step in steps for change in step.changes}
        ids_before = dict(self._incident_ids)
        new_incidents: list[Incident] = []
        new_events: list[Event] = []
        try:
            with self._pool.transaction("writing events") as cursor:
                new_incidents = self._write_incidents(cursor, list(incidents.values()))
                new_events = self._write_events(cursor, list(events.values()))
                cursor.execute(query("set_judged_until"), {"until": judged_until})
        except BaseException:
            # What was given an id in a transaction that failed is new again.
            self._incident_ids = ids_before
            for incident in new_incidents:
                incident.id = None
            for event in new_events:
                event.id = None
            raise

    def rewind_if_asked(self, late: timedelta) -> datetime | None:
        """Take the request to judge again, and rewind to it unless it lies within `late` of what is judged.

        Returns the time rewound to. Request and rewinding are one transaction: neither happens alone.
        """
        with self._pool.transaction("rewinding events") as cursor:
            cursor.execute(query("take_judge_again"))
            asked = cursor.fetchone()
            if asked is None:
                return None
            moment = datetime.fromisoformat(asked[0])
            cursor.execute(query("get_meta"), {"key": "judged_until"})
            known = cursor.fetchone()
            if known is not None and moment >= datetime.fromisoformat(known[0]) - late:
                return None
            self._rewind(cursor, moment)
        return moment

    def rewind(self, moment: datetime) -> None:
        """Forget what was judged at or after a time, so that it can be judged again from there.

        Events that had fired before and were not over then are open again. Acknowledged events stay.
        """
        with self._pool.transaction("rewinding events") as cursor:
            self._rewind(cursor, moment)

    def _rewind(self, cursor: Cursor, moment: datetime) -> None:
        for name in ("rewind_events", "rewind_acknowledged", "rewind_going_on", "rewind_incidents"):
            cursor.execute(query(name), {"moment": moment})
        cursor.execute(query("touched_incidents"), {"moment": moment})
        cases = {incident.id: Case(incident, []) for incident in map(_incident, rows(cursor))}
        cursor.execute(query("events_of_incidents"), {"ids": list(cases)})
        for event in map(_event, rows(cursor)):
            cases[event.incident].events.append(event)
        for case in cases.values():
            refresh(case, self._catalogue)
        self._write_incidents(cursor, [case.incident for case in cases.values()])
        cursor.execute(query("set_judged_until"), {"until": moment})

    def _write_incidents(self, cursor: Cursor, incidents: Sequence[Incident]) -> list[Incident]:
        new = [incident for incident in incidents if incident.id is None]
        known = [incident for incident in incidents if incident.id is not None]
        if known:
            execute_values(
                cursor, query("update_incidents"), [(i.id, *_incident_row(i)) for i in known], page_size=1000
            )
        if new:
            found = execute_values(
                cursor, query("insert_incidents"), [_incident_row(i) for i in new], page_size=len(new), fetch=True
            )
            for incident, (number,) in zip(new, sorted(found), strict=True):
                incident.id = number
                self._incident_ids[incident.number] = number
        return new

    def _write_events(self, cursor: Cursor, changes: Sequence[Change]) -> list[Event]:
        gone = [c.event.id for c in changes if c.kind == "dropped" and c.event.id is not None]
        live = [c.event for c in changes if c.kind != "dropped"]
        if gone:
            cursor.execute(query("drop_events"), {"ids": gone})
        fresh = [event for event in live if event.id is None]
        taken_up = self._take_up_acknowledged(cursor, fresh)
        known = [event for event in live if event.id is not None]
        new = [event for event in live if event.id is None]
        if known:
            execute_values(cursor, query("update_events"), [(e.id, *self._event_row(e)) for e in known], page_size=1000)
        if new:
            found = execute_values(
                cursor, query("insert_events"), [self._event_row(e) for e in new], page_size=len(new), fetch=True
            )
            for event, (number,) in zip(new, sorted(found), strict=True):
                event.id = number
        if taken_up:
            cursor.execute(query("rewind_incidents"))
        return fresh

    @staticmethod
    def _take_up_acknowledged(cursor: Cursor, events: Sequence[Event]) -> bool:
        """Let events that were acknowledged before they were judged again be the same ones, not second ones."""
        if not events:
            return False
        cursor.execute(query("acknowledged_alike"), {"fingerprints": [event.fingerprint for event in events]})
        known = rows(cursor)
        for event in events:
            for row in known:
                begins, ends = row["started_at"], row["resolved_at"]
                overlap = begins <= event.last_seen_at and ends >= event.started_at
                if row["fingerprint"] == event.fingerprint and event.id is None and overlap:
                    event.id, event.acknowledged_at = row["id"], row["acknowledged_at"]
                    event.status = "acknowledged" if event.status == "firing" else event.status
                    known.remove(row)
                    break
        return any(event.id is not None for event in events)

    def _event_row(self, event: Event) -> tuple[Any, ...]:
        metric = self._catalogue.by_name.get(event.key.metric)
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
            event.value,
            event.peak_value,
            event.expected,
            metric.unit if metric else "",
            event.threshold,
            event.why,
            event.message,
            event.no_data_cause,
            event.occurrences,
            None if event.incident is None else self._incident_ids.get(event.incident),
        )


def _incident_row(incident: Incident) -> tuple[Any, ...]:
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
    )


def _incident(row: dict[str, Any]) -> Incident:
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
        id=row["id"],
    )


def _event(row: dict[str, Any]) -> Event:
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
    )
