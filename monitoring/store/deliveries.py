"""The delivery log: what each channel was told, is to be told and could not be told; shared by all processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extras import execute_values

from monitoring.store.pool import Cursor, Pool, rows
from monitoring.store.queries import query

MOST_WAITING = 10_000
FORGOTTEN = timedelta(days=1)
"""A channel that nobody has had for so long is as if it were new."""

Routes = Callable[[Sequence[str], str], bool]
"""Whether a channel is told of incidents that touch these components and have that severity."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send on a channel, and how that one did lately."""

    since: datetime
    failures: int
    next_try_at: datetime | None


class DeliveryStore:
    """The tables `notification_channels`, `notification_threads` and `notification_deliveries`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def register(self, channel: str, at: datetime) -> None:
        """Note that a channel is there; what was announced before is not told."""
        with self._pool.transaction("noting a channel") as cursor:
            cursor.execute(query("register_channel"), {"channel": channel, "at": at, "oldest": at - FORGOTTEN})

    def lease(self, channel: str, by: str, seconds: float, at: datetime) -> Lease | None:
        """Take or keep the right to send on a channel; `None` while somebody else has it."""
        with self._pool.transaction("asking to send notifications") as cursor:
            width = timedelta(seconds=seconds)
            cursor.execute(query("lease_channel"), {"channel": channel, "by": by, "width": width, "at": at})
            found = rows(cursor)
        return Lease(**found[0]) if found else None

    def release(self, channel: str, by: str) -> None:
        with self._pool.transaction("giving a channel back") as cursor:
            cursor.execute(query("release_channel"), {"channel": channel, "by": by})

    def enqueue(self, channel: str, routes: Routes, since: datetime, now: datetime, repeat: timedelta | None) -> None:
        """Put on the log what a channel is to be told by now: announcements, spreading, what still goes on."""
        with self._pool.transaction("looking for what is to be told") as cursor:
            self._route(cursor, channel, routes, since, now)
            cursor.execute(query("insert_updates"), {"channel": channel, "at": now})
            if repeat is not None:
                given = {"channel": channel, "at": now, "before": now - repeat}
                cursor.execute(query("insert_repeats"), given)

    def _route(self, cursor: Cursor, channel: str, routes: Routes, since: datetime, now: datetime) -> None:
        cursor.execute(query("deliveries_to_route"), {"channel": channel, "since": since})
        new, again, told = [], [], set()
        for row in rows(cursor):
            if row["kind"] in ("resolved", "withdrawn"):
                wanted = row["known"] or row["incident_id"] in told
            else:
                wanted = routes(row["components"], row["severity"])
            if wanted:
                told.add(row["incident_id"])
            if row["id"] is None:
                state = "waiting" if wanted else "elsewhere"
                parts = ("incident_id", "announcement_id", "kind", "severity")
                new.append((channel, *(row[part] for part in parts), state, now, now))
            elif wanted:
                again.append(row["id"])
        if new:
            execute_values(cursor, query("insert_deliveries"), new, page_size=1000)
        if again:
            cursor.execute(query("route_deliveries"), {"ids": again, "at": now})

    def waiting(self, channel: str) -> list[dict[str, Any]]:
        """What a channel is to be told, and how the incidents stand; oldest first."""
        return self._read("waiting_deliveries", {"channel": channel, "most": MOST_WAITING})

    def endings(self, channel: str) -> list[dict[str, Any]]:
        """Threads of a channel all incidents of which are over."""
        return self._read("threads_to_end", {"channel": channel})

    def give_up(self, channel: str, before: datetime, most_refusals: int) -> list[dict[str, Any]]:
        """Stop trying what has waited since before a time or was refused so often; gives what that is."""
        return self._read("give_deliveries_up", {"channel": channel, "before": before, "most": most_refusals})

    def drop(self, dropped: Iterable[tuple[int, str]]) -> None:
        """Note what need not be told any more, and why: pairs of id and reason."""
        by_reason: dict[str, list[int]] = {}
        for number, reason in dropped:
            by_reason.setdefault(reason, []).append(number)
        if not by_reason:
            return
        with self._pool.transaction("noting what is not told") as cursor:
            for reason, ids in by_reason.items():
                cursor.execute(query("drop_deliveries"), {"ids": ids, "reason": reason})

    def done(self, channel: str, ids: Sequence[int], thread: str, ended: Sequence[str], at: datetime) -> None:
        """Note that a message was taken: which rows it told of, in which thread, and which threads it ended."""
        with self._pool.transaction("noting a delivery") as cursor:
            given = {"channel": channel, "ids": list(ids), "thread": thread, "threads": list(ended), "at": at}
            cursor.execute(query("open_thread"), given)
            cursor.execute(query("end_threads"), given)
            cursor.execute(query("deliveries_done"), given)
            cursor.execute(query("announcements_delivered"), given)
            cursor.execute(query("channel_works"), given)

    def end(self, channel: str, threads: Sequence[str], at: datetime) -> None:
        """Give up telling a channel that threads are over."""
        with self._pool.transaction("ending threads") as cursor:
            cursor.execute(query("end_threads"), {"channel": channel, "threads": list(threads), "at": at})

    def failed(self, channel: str, ids: Sequence[int], problem: str, until: datetime, *, refused: bool) -> None:
        """Note that a message was not taken. Unless it was refused for what it says, the channel is left alone too."""
        with self._pool.transaction("noting a failed delivery") as cursor:
            given = {"channel": channel, "ids": list(ids), "problem": problem, "until": until}
            cursor.execute(query("deliveries_failed"), {**given, "refusals": int(refused)})
            if not refused:
                cursor.execute(query("channel_fails"), given)

    def incidents(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Incidents as they stand, those that are still there."""
        return self._read("incidents_to_tell", {"ids": list(ids)})

    def events(self, incident: int) -> list[dict[str, Any]]:
        """The anomalies of an incident."""
        return self._read("events_of_incidents", {"ids": [incident]})

    def withdrawn(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """What was said of incidents when they were withdrawn."""
        return {row["incident_id"]: row for row in self._read("withdrawn_texts", {"ids": list(ids)})}

    def open_severities(self) -> Mapping[str, int]:
        """How many incidents are open, by severity."""
        return {row["severity"]: row["incidents"] for row in self._read("open_severities", {})}

    def _read(self, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        with self._pool.transaction(f"reading {name.replace('_', ' ')}") as cursor:
            cursor.execute(query(name), parameters)
            return rows(cursor)
