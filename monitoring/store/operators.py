"""What people do about events and incidents: acknowledge them, keep them quiet, write something down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitoring.anomalies import Note, Silence
from monitoring.errors import InvalidInput, TooEarly, UnknownId
from monitoring.incidents.lifecycle import status_of
from monitoring.incidents.silences import Handling
from monitoring.metrics import Window
from monitoring.store.event_rows import event_of
from monitoring.store.pool import Cursor, Pool, rows
from monitoring.store.queries import query

LONGEST_TEXT = 4_000
"""Characters of a note or a reason; longer ones are cut."""
LONGEST_NAME = 200


class OperatorStore:
    """The tables `notes` and `silences`, and the acknowledgements in `anomaly_events`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def acknowledge(self, event: int, by: str, at: datetime, note: str = "") -> None:
        """Acknowledge an event: it stays open and is quiet; the first acknowledgement counts.

        Raises `UnknownId` for an event there is not, `TooEarly` for one that has not fired yet.
        """
        with self._pool.transaction("acknowledging an event") as cursor:
            _refuse_unknown(cursor, event=event)
            _acknowledge(cursor, {"event": event, "incident": None, "by": _name(by), "at": at})
            if _text(note):
                _add_note(cursor, Note(note, by, at, event=event))

    def acknowledge_incident(self, incident: int, by: str, at: datetime, note: str = "") -> int:
        """Acknowledge all open events of an incident; returns how many. Raises `UnknownId`."""
        with self._pool.transaction("acknowledging an incident") as cursor:
            _refuse_unknown(cursor, incident=incident)
            done = _acknowledge(cursor, {"event": None, "incident": incident, "by": _name(by), "at": at})
            if _text(note):
                _add_note(cursor, Note(note, by, at, incident=incident))
        return done

    def note(self, note: Note) -> int:
        """Write a note down; returns its id. Raises `UnknownId` and `InvalidInput`."""
        if (note.event is None) == (note.incident is None):
            raise InvalidInput("A note is about an event or about an incident: name one of them.")
        if not _text(note.text):
            raise InvalidInput("A note needs a text.")
        with self._pool.transaction("adding a note") as cursor:
            _refuse_unknown(cursor, event=note.event, incident=note.incident)
            return _add_note(cursor, note)

    def notes(self, *, event: int | None = None, incident: int | None = None) -> list[Note]:
        """What was noted about an event, or about an incident and its events, oldest first."""
        with self._pool.transaction("reading notes") as cursor:
            cursor.execute(query("notes_of"), {"event": event, "incident": incident})
            return [
                Note(row["text"], row["author"], row["at"], row["event_id"], row["incident_id"], row["id"])
                for row in rows(cursor)
            ]

    def silence(self, silence: Silence) -> int:
        """Keep matching events quiet; returns the silence's id. Raises `InvalidInput`."""
        if silence.ends_at <= silence.starts_at:
            raise InvalidInput("A silence must end after it begins.")
        parts = (silence.component, silence.instance, silence.metric, silence.kind)
        if not all(_name(part) == part != "" for part in parts):
            raise InvalidInput("Each part of a silence is a name of at most 200 characters, or * for all.")
        with self._pool.transaction("adding a silence") as cursor:
            names = ("component", "instance", "metric", "kind", "start", "end", "by", "reason")
            cursor.execute(query("add_silence"), dict(zip(names, silence_parts(silence), strict=True)))
            return _first(cursor)

    def end_silence(self, silence: int, at: datetime) -> bool:
        """Let a silence end; false where there is none of that id that is not over."""
        with self._pool.transaction("ending a silence") as cursor:
            cursor.execute(query("end_silence"), {"id": silence, "at": at})
            return cursor.rowcount == 1

    def silences(self, window: Window) -> list[Silence]:
        """Silences that were or will be active in a stretch of time."""
        with self._pool.transaction("reading silences") as cursor:
            return _silences(cursor, window)

    def handling(self, window: Window) -> Handling:
        """What people have decided, as far as it matters to a stretch of time."""
        with self._pool.transaction("reading what people decided") as cursor:
            cursor.execute(query("acknowledged_open"))
            acknowledged = dict(cursor.fetchall())
            return Handling(tuple(_silences(cursor, window)), acknowledged)


def _refuse_unknown(cursor: Cursor, event: int | None = None, incident: int | None = None) -> None:
    if incident is not None:
        cursor.execute(query("known_incidents"), {"ids": [incident]})
        if not cursor.fetchall():
            raise UnknownId(f"There is no incident {incident}.")
    if event is not None:
        cursor.execute(query("known_events"), {"ids": [event]})
        found = rows(cursor)
        if not found:
            raise UnknownId(f"There is no anomaly event {event}.")
        if not found[0]["fired"]:
            raise TooEarly(f"Event {event} has not fired yet, and may go without a trace.")


def _acknowledge(cursor: Cursor, what: Mapping[str, Any]) -> int:
    """Acknowledge, and let the incidents say so at once; returns how many events it was."""
    cursor.execute(query("acknowledge_events"), what)
    done = cursor.fetchall()
    incidents = sorted({incident for _, incident in done if incident is not None})
    cursor.execute(query("events_of_incidents"), {"ids": incidents})
    events = [event_of(row) for row in rows(cursor)]
    for incident in incidents:
        status = status_of(event for event in events if event.incident == incident)
        cursor.execute(query("set_incident_status"), {"id": incident, "status": status})
    return len(done)


def _add_note(cursor: Cursor, note: Note) -> int:
    cursor.execute(
        query("add_note"),
        {
            "event": note.event,
            "incident": note.incident,
            "at": note.at,
            "by": _name(note.by),
            "text": _text(note.text),
        },
    )
    return _first(cursor)


def _silences(cursor: Cursor, window: Window) -> list[Silence]:
    cursor.execute(query("silences_within"), {"start": window.start, "end": window.end})
    return [silence_of(row) for row in rows(cursor)]


def silence_of(row: Mapping[str, Any]) -> Silence:
    """A silence from its row."""
    return Silence(
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        component=row["component"],
        instance=row["instance"],
        metric=row["metric"],
        kind=row["anomaly_type"],
        created_by=row["created_by"],
        reason=row["reason"],
        id=row["id"],
    )


def silence_parts(silence: Silence) -> tuple[Any, ...]:
    """What is stored of a silence, in the order of the columns."""
    return (
        silence.component,
        silence.instance,
        silence.metric,
        silence.kind,
        silence.starts_at,
        silence.ends_at,
        _name(silence.created_by),
        _text(silence.reason),
    )


def _name(text: str) -> str:
    return _text(text)[:LONGEST_NAME]


def _text(text: str) -> str:
    # PostgreSQL stores no NUL.
    return text.replace("\0", "").strip()[:LONGEST_TEXT]


def _first(cursor: Cursor) -> int:
    row = cursor.fetchone()
    if row is None:
        raise UnknownId("What the note is about is no more.")
    return int(row[0])
