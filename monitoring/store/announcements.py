"""What people are to be told of incidents: put on record with the change itself, exactly once (an outbox).

Each channel takes what is due into its own log (`monitoring.store.deliveries`), which also notes here what it told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extras import execute_values

from monitoring.anomalies import Announcement
from monitoring.incidents.announcing import Standing, decide, words
from monitoring.store.pool import Cursor, Pool, rows
from monitoring.store.queries import query

MOST = 1000


class AnnouncementStore:
    """The table `announcements`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def since(self, moment: datetime, most: int = MOST) -> list[Announcement]:
        """Everything put on record since a time, oldest first, what is not due included."""
        with self._pool.transaction("reading announcements") as cursor:
            cursor.execute(query("announcements"), {"since": moment, "most": most})
            return [_announcement(row) for row in rows(cursor)]


def announce(cursor: Cursor, touched: Sequence[int], now: datetime, behind: timedelta) -> None:
    """Put on record what is to be told of incidents that were just written, and of open ones not told of yet."""
    cursor.execute(query("incidents_to_announce"), {"ids": list(touched)})
    made = []
    for row in rows(cursor):
        decision = decide(_standing(row), behind)
        if decision.kind is None:
            continue
        text = words(
            decision.kind, row["severity"], row["summary"], row["started_at"], row["resolved_at"], row["flapping"]
        )
        made.append(
            (row["id"], row["event_id"], decision.kind, row["severity"], now, text, decision.due, decision.reason)
        )
    if made:
        execute_values(cursor, query("insert_announcements"), made, page_size=1000)


def withdraw(cursor: Cursor, incidents: Iterable[int], text: str, now: datetime) -> None:
    """Tell those who know that incidents opened that there are none."""
    cursor.execute(query("withdraw"), {"ids": list(incidents), "text": text, "at": now})


def _standing(row: Mapping[str, Any]) -> Standing:
    told = frozenset(row["kinds"])
    severity = None if not told else "critical" if row["critical"] else "warning"
    return Standing(
        status=row["status"],
        severity=row["severity"],
        flapping=row["flapping"],
        historic=row["historic"],
        told=told,
        told_severity=severity,  # type: ignore[arg-type]
        told_due=row["due"],
    )


def _announcement(row: Mapping[str, Any]) -> Announcement:
    return Announcement(
        incident=row["incident_id"],
        kind=row["kind"],
        severity=row["severity"],
        at=row["at"],
        text=row["text"],
        due=row["due"],
        reason=row["reason"],
        event=row["event_id"],
        id=row["id"],
    )
