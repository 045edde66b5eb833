"""Anomaly events and incidents in the database: taken up again after a restart, written tick by tick."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg2.extras import execute_values

from monitoring.anomalies import Ended, Event, Incident, Past
from monitoring.errors import StoreError
from monitoring.incidents.announcing import FRESH, is_historic
from monitoring.incidents.flapping import FLAPPING_STARTS, RECURRENCE
from monitoring.incidents.grouping import Case, refresh
from monitoring.incidents.lifecycle import Change
from monitoring.metrics import Catalogue
from monitoring.store.announcements import announce, withdraw
from monitoring.store.event_rows import event_of, event_row, incident_of, incident_row
from monitoring.store.pool import Cursor, Pool, rows
from monitoring.store.queries import query

GRACE = timedelta(minutes=15)
"""Judging again may find an anomaly this much later than the first time and it is still the same."""


class JudgedElsewhere(StoreError):
    """Another process has judged, rewound or emptied the store since this one read its state."""


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
        self._waiting = True

    def open(self) -> tuple[list[Event], list[Incident]]:
        """What is not over, with all events of the incidents that are not."""
        with self._pool.transaction("reading open events") as cursor:
            cursor.execute(query("open_incidents"))
            incidents = [incident_of(row) for row in rows(cursor)]
            cursor.execute(query("open_events"))
            events = [event_of(row) for row in rows(cursor)]
        self._incident_ids = {i.number: i.id for i in incidents if i.id is not None}
        self._waiting = True
        return events, incidents

    def past(self, until: datetime) -> Past:
        """What is known at a time of events that are over, for recurrence and flapping."""
        found: dict[str, list[Ended]] = defaultdict(list)
        wanted = {"since": until - RECURRENCE, "until": until, "most": FLAPPING_STARTS - 1}
        with self._pool.transaction("reading past events") as cursor:
            cursor.execute(query("ended_events"), wanted)
            for fingerprint, *ended in cursor.fetchall():
                found[fingerprint].append(Ended(*ended))
        return {fingerprint: tuple(known) for fingerprint, known in found.items()}

    def write(
        self,
        steps: Sequence[Step],
        judged_until: datetime,
        *,
        judged_before: datetime | Literal["unknown"] | None = "unknown",
        now: datetime | None = None,
    ) -> None:
        """Write what ticks changed, how far they went and what people are to be told, all or nothing.

        `judged_before` is how far judgement had gone when the ticks began, `None` if nothing had been judged;
        raises `JudgedElsewhere` where that is no longer so. `now` is the clock's time.
        """
        write = _Write(steps, judged_until, now or judged_until)
        ids_before = dict(self._incident_ids)
        try:
            with self._pool.transaction("writing events") as cursor:
                cursor.execute(query("start_writing"))
                if judged_before not in ("unknown", _noted(cursor, "judged_until")):
                    raise JudgedElsewhere("Another process judged these samples meanwhile; what it found counts.")
                self._write(cursor, write)
                cursor.execute(query("set_judged_until"), {"until": judged_until})
                if write.now - judged_until <= FRESH:
                    cursor.execute(query("set_live_until"), {"until": judged_until})
        except BaseException:
            # What was given an id in a transaction that failed is new again.
            self._incident_ids = ids_before
            write.undo()
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
            known = _noted(cursor, "judged_until")
            if known is not None and moment >= known - late:
                return None
            self._rewind(cursor, moment)
        return moment

    def rewind(self, moment: datetime) -> None:
        """Forget what was judged at or after a time, so that it can be judged again from there.

        Events that had fired before and were not over then are open again. Those that something hangs on (an
        acknowledgement, a note, an analysis, that people were told) are closed and wait to be found again.
        """
        with self._pool.transaction("rewinding events") as cursor:
            self._rewind(cursor, moment)

    def _rewind(self, cursor: Cursor, moment: datetime) -> None:
        cursor.execute(query("start_writing"))
        for name in ("rewind_kept", "rewind_events", "rewind_going_on"):
            cursor.execute(query(name), {"moment": moment})
        _drop_empty(cursor, moment, moment)
        cursor.execute(query("touched_incidents"), {"moment": moment})
        cases = {row["id"]: Case(incident_of(row), []) for row in rows(cursor) if row["merged_into"] is None}
        cursor.execute(query("events_of_incidents"), {"ids": list(cases)})
        found = rows(cursor)
        alive = {row["incident_id"] for row in found if not row["rewound"]}
        for row in found:
            # Those that wait are no part of it, unless nothing else is left.
            if not row["rewound"] or row["incident_id"] not in alive:
                cases[row["incident_id"]].events.append(event_of(row))
        for case in cases.values():
            refresh(case, self._catalogue)
        self._update_incidents(cursor, [case.incident for case in cases.values()])
        cursor.execute(query("set_judged_until"), {"until": moment})

    def _write(self, cursor: Cursor, write: _Write) -> None:
        taken_up = self._take_up(cursor, write) if self._waiting else False
        self._write_incidents(cursor, write)
        self._write_events(cursor, write)
        merged = self._merge(cursor, write)
        dropped = self._drop_waiting(cursor, write) if self._waiting else False
        if taken_up or merged or dropped:
            _drop_empty(cursor, None, write.now)
        touched = [i.id for i in write.incidents if i.id is not None and i.merged_into is None]
        announce(cursor, touched, write.now, write.now - write.until)

    def _take_up(self, cursor: Cursor, write: _Write) -> bool:
        """Let events that fired and were known before they were judged again be the same ones, not second ones."""
        if not write.fired:
            return False
        cursor.execute(query("waiting_alike"), {"fingerprints": [event.fingerprint for event in write.fired]})
        waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows(cursor):
            waiting[row["fingerprint"]].append(row)
        doubled = []
        for event in write.fired:
            alike = [row for row in waiting[event.fingerprint] if _overlap(row, event)]
            if not alike:
                continue
            waiting[event.fingerprint].remove(alike[0])
            doubled += [event.id] if event.id is not None else []
            write.take_up(event, alike[0])
        if doubled:
            cursor.execute(query("drop_events"), {"ids": doubled})
        used = set(self._incident_ids.values())
        for incident in write.incidents:
            before = write.incidents_before.get(incident.number, set()) - used
            if incident.id is None and incident.merged_into is None and before:
                write.name(incident, min(before))
                self._incident_ids[incident.number] = min(before)
                used.add(min(before))
        return bool(write.taken_up)

    def _write_incidents(self, cursor: Cursor, write: _Write) -> None:
        # What began and became part of another one before it was ever stored never was an incident of its own.
        new = [i for i in write.incidents if i.id is None and i.merged_into is None]
        known = [i for i in write.incidents if i.id is not None]
        # New ones first: a known one may have become part of one of them.
        if new:
            live_until = _noted(cursor, "live_until")
            values = [(*incident_row(i, None), is_historic(i.detected_at, write.now, live_until)) for i in new]
            found = execute_values(cursor, query("insert_incidents"), values, page_size=len(new), fetch=True)
            for incident, (number,) in zip(new, sorted(found), strict=True):
                write.name(incident, number)
                self._incident_ids[incident.number] = number
        self._update_incidents(cursor, known, write)

    def _update_incidents(self, cursor: Cursor, incidents: Sequence[Incident], write: _Write | None = None) -> None:
        if incidents:
            values = [(i.id, *incident_row(i, self._into(i, write))) for i in incidents]
            execute_values(cursor, query("update_incidents"), values, page_size=1000)

    def _into(self, incident: Incident, write: _Write | None) -> int | None:
        """The id of the incident that one has become part of in the end."""
        number, seen = incident.merged_into, {incident.number}
        by_number = {i.number: i for i in write.incidents} if write is not None and number is not None else {}
        while number is not None and number in by_number and number not in seen:
            seen.add(number)
            further = by_number[number].merged_into
            if further is None:
                break
            number = further
        return None if number is None else self._incident_ids.get(number)

    def _write_events(self, cursor: Cursor, write: _Write) -> None:
        if write.dropped:
            cursor.execute(query("drop_events"), {"ids": write.dropped})
        known = [event for event in write.live if event.id is not None]
        new = [event for event in write.live if event.id is None]
        if known:
            values = [(event.id, *self._row(event)) for event in known]
            execute_values(cursor, query("update_events"), values, page_size=1000)
        if new:
            values = [self._row(event) for event in new]
            found = execute_values(cursor, query("insert_events"), values, page_size=len(new), fetch=True)
            for event, (number,) in zip(new, sorted(found), strict=True):
                write.name(event, number)

    def _row(self, event: Event) -> tuple[Any, ...]:
        return event_row(event, self._catalogue, self._incident_ids.get(event.incident or 0))

    def _merge(self, cursor: Cursor, write: _Write) -> bool:
        """Give what belonged to incidents that became part of others to those."""
        merged = {i.id: self._into(i, write) for i in write.incidents if i.id is not None and i.merged_into is not None}
        for number, into in merged.items():
            if into is not None:
                for name in ("move_events", "move_notes"):
                    cursor.execute(query(name), {"incident": number, "into": into})
                text = f"Incident {number} turned out to be part of incident {into}."
                withdraw(cursor, [number], text, write.now)
        return bool(merged)

    def _drop_waiting(self, cursor: Cursor, write: _Write) -> bool:
        """Forget what judging again has gone past without finding it."""
        before = {"before": write.until - GRACE}
        cursor.execute(query("drop_waiting"), before)
        dropped = cursor.rowcount > 0
        cursor.execute(query("keep_waiting"), before)
        cursor.execute(query("any_waiting"))
        self._waiting = rows(cursor)[0]["waiting"]
        return dropped


class _Write:
    """What one transaction writes, and how to take back the ids it gave if it fails."""

    def __init__(self, steps: Sequence[Step], until: datetime, now: datetime) -> None:
        self.until = until
        self.now = now
        last = {id(change.event): change for step in steps for change in step.changes}
        self.incidents = list({i.number: i for step in steps for i in step.incidents}.values())
        self.live = [change.event for change in last.values() if change.kind != "dropped"]
        self.dropped = [c.event.id for c in last.values() if c.kind == "dropped" and c.event.id is not None]
        fired = {id(change.event) for step in steps for change in step.changes if change.kind == "fired"}
        self.fired = [event for event in self.live if id(event) in fired]
        self.incidents_before: dict[int, set[int]] = defaultdict(set)
        self.taken_up: list[Event] = []
        self._ids_before: list[tuple[Event | Incident, int | None]] = []

    def name(self, thing: Event | Incident, number: int) -> None:
        self._ids_before.append((thing, thing.id))
        thing.id = number

    def take_up(self, event: Event, row: dict[str, Any]) -> None:
        """Let an event be the one it was before it was judged again."""
        self.name(event, row["id"])
        event.acknowledged_at = row["acknowledged_at"]
        if event.status == "firing" and event.acknowledged_at is not None:
            event.status = "acknowledged"
        if event.incident is not None and row["incident_id"] is not None:
            self.incidents_before[event.incident].add(row["incident_id"])
        self.taken_up.append(event)

    def undo(self) -> None:
        for thing, number in reversed(self._ids_before):
            thing.id = number


def _overlap(row: dict[str, Any], event: Event) -> bool:
    return bool(row["started_at"] <= event.last_seen_at and row["resolved_at"] >= event.started_at)


def _noted(cursor: Cursor, key: str) -> datetime | None:
    cursor.execute(query("get_meta"), {"key": key})
    row = cursor.fetchone()
    return None if row is None else datetime.fromisoformat(row[0])


def _drop_empty(cursor: Cursor, moment: datetime | None, now: datetime) -> None:
    """Forget incidents that have no events any more, and tell those who were told of them."""
    cursor.execute(query("drop_empty_incidents"), {"moment": moment})
    gone: Iterable[int] = [number for (number,) in cursor.fetchall()]
    if gone:
        withdraw(cursor, gone, "Samples that came late explain it: there was no such incident.", now)
        cursor.execute(query("drop_announcements"), {"ids": list(gone)})
