"""What the outside is to be alerted to: open events, how others ended, and silences that mirror those of others."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg2.extras import execute_values

from monitoring.anomalies import Silence
from monitoring.store.operators import silence_of, silence_parts
from monitoring.store.pool import Pool, rows
from monitoring.store.queries import query


class AlertStore:
    """Reads `anomaly_events` and `incidents`; writes `silences`. Silences of others bear a `prefix` in `created_by`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def installation(self) -> str:
        """An id of this database, made when it is first asked for."""
        with self._pool.transaction("reading the installation's id") as cursor:
            cursor.execute(query("installation"), {"fresh": uuid.uuid4().hex[:8]})
            return str(rows(cursor)[0]["id"])

    def open(self, now: datetime, prefix: str) -> list[dict[str, Any]]:
        """Open events that are not history, with what is known of their incidents.

        `hushed` says that a silence of this house keeps one quiet, rather than one that mirrors another's.
        """
        with self._pool.transaction("reading what is to be alerted to") as cursor:
            cursor.execute(query("alerts_open"), {"now": now, "prefix": prefix})
            return rows(cursor)

    def last(self, fingerprints: Sequence[str], since: datetime) -> Mapping[str, dict[str, Any]]:
        """How the last event of each fingerprint stands, of those that began at a time or later."""
        with self._pool.transaction("reading how events ended") as cursor:
            cursor.execute(query("last_of_fingerprints"), {"fingerprints": list(fingerprints), "since": since})
            return {row["fingerprint"]: row for row in rows(cursor)}

    def mirrors(self, now: datetime, prefix: str) -> list[Silence]:
        """The silences that mirror others' and are not over."""
        with self._pool.transaction("reading mirrored silences") as cursor:
            cursor.execute(query("mirrored_silences"), {"now": now, "prefix": prefix})
            return [silence_of(row) for row in rows(cursor)]

    def mirror(self, made: Sequence[Silence], ended: Sequence[Silence], now: datetime) -> None:
        """Make some silences and let others end, all at once."""
        with self._pool.transaction("mirroring silences") as cursor:
            cursor.execute(query("end_silences"), {"ids": [silence.id for silence in ended], "at": now})
            if made:
                execute_values(cursor, query("add_silences"), [silence_parts(s) for s in made], page_size=1000)
