"""Lists of anomalies, incidents and silences a page at a time, and single ones with all that hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from monitoring.errors import UnknownId
from monitoring.store.pool import Cursor, Pool, rows
from monitoring.store.queries import query

Row = dict[str, Any]
_FOREVER = datetime.max.replace(tzinfo=UTC)


class Rows(NamedTuple):
    """A page of rows, newest first; `more` says that others follow."""

    rows: list[Row]
    more: bool


class Case(NamedTuple):
    """An incident with its events, its notes, what was told of it and the silences that touch its time."""

    incident: Row
    events: list[Row]
    notes: list[Row]
    announcements: list[Row]
    silences: list[Row]


class ListingStore:
    """Reads the tables of events, incidents and silences by id, descending: ids never change."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def events(self, wanted: Mapping[str, Any], limit: int) -> Rows:
        return self._page("list_events", wanted, limit)

    def incidents(self, wanted: Mapping[str, Any], limit: int) -> Rows:
        return self._page("list_incidents", wanted, limit)

    def silences(self, wanted: Mapping[str, Any], limit: int) -> Rows:
        return self._page("list_silences", wanted, limit)

    def event(self, event: int) -> Row:
        """One event; raises `UnknownId`."""
        with self._pool.transaction("reading an event") as cursor:
            return _one(cursor, "one_event", event, f"There is no anomaly event {event}.")

    def case(self, incident: int) -> Case:
        """An incident and all that hangs on it; raises `UnknownId`."""
        with self._pool.transaction("reading an incident") as cursor:
            found = _one(cursor, "one_incident", incident, f"There is no incident {incident}.")
            about: dict[str, Any] = {"incident": incident, "event": None}
            within = {"start": found["started_at"], "end": found["resolved_at"] or _FOREVER}
            return Case(
                found,
                _rows(cursor, "events_of_one_incident", about),
                _rows(cursor, "notes_of", about),
                _rows(cursor, "announcements_of", about),
                _rows(cursor, "silences_within", within),
            )

    def _page(self, name: str, wanted: Mapping[str, Any], limit: int) -> Rows:
        with self._pool.transaction(f"running {name.replace('_', ' ')}") as cursor:
            found = _rows(cursor, name, {**wanted, "most": limit + 1})
        return Rows(found[:limit], len(found) > limit)


def _rows(cursor: Cursor, name: str, parameters: Mapping[str, Any]) -> list[Row]:
    cursor.execute(query(name), parameters)
    return rows(cursor)


def _one(cursor: Cursor, name: str, number: int, unknown: str) -> Row:
    found = _rows(cursor, name, {"id": number})
    if not found:
        raise UnknownId(unknown)
    return found[0]
