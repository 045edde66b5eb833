"""Rollups and retention: what is done at leisure behind the samples, differently on each edition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from psycopg2 import errors, sql

from monitoring.metrics import Window
from monitoring.store.failures import translated
from monitoring.store.migrations import Edition
from monitoring.store.pool import Cursor, Pool
from monitoring.store.queries import query
from monitoring.store.samples import partition_name

_HOUR = timedelta(hours=1)
_REFRESH_LOCK = 4_305_005
_IN_USE = (errors.LockNotAvailable, errors.ObjectInUse, errors.SerializationFailure)
_BATCH = 5_000
"""Hours of series rolled up in one transaction: about a second's work at one sample in 30 s."""


class RollupStore:
    """Keeps the rollups behind `platform_metrics_1m` and `_1h` and removes what is past its retention.

    Readers never depend on it having run: hours that changed since are aggregated from samples on read.
    """

    def __init__(self, pool: Pool, edition: Edition) -> None:
        self._pool = pool
        self._edition = edition

    def refresh(self, now: datetime) -> int:
        """Roll up the hours that are over and have changed; returns how many hours of series that were."""
        before = now.replace(minute=0, second=0, microsecond=0)
        if self._edition == "timescaledb":
            return self._refresh_aggregates(before)
        done = 0
        while count := self._refresh_batch(before):
            done += count
        return done

    def forget(self, now: datetime, samples_days: int, rollup_days: int) -> None:
        """Drop samples and rollups past their retention, in whole days of samples.

        On Community, whose policies run in the server, this only makes the policies those asked for.
        """
        oldest = (now - timedelta(days=samples_days)).replace(hour=0, minute=0, second=0, microsecond=0)
        if self._edition == "timescaledb":
            self._set_policies(samples_days, rollup_days)
            return
        self.refresh(now)
        with self._pool.transaction("dropping old samples") as cursor:
            if self._edition == "timescaledb-apache":
                cursor.execute("SELECT drop_chunks('samples', older_than => %s::timestamptz)", (oldest,))
            else:
                cursor.execute(query("day_partitions"))
                for (name,) in cursor.fetchall():
                    if name < partition_name(oldest):
                        cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            parameters = {"before": now - timedelta(days=rollup_days)}
            cursor.execute(query("forget_rollups_1m"), parameters)
            cursor.execute(query("forget_rollups_1h"), parameters)
            cursor.execute(query("forget_dirty"), {"before": oldest})

    def _refresh_batch(self, before: datetime) -> int:
        with self._pool.transaction("rolling up") as cursor:
            cursor.execute(query("take_dirty"), {"before": before, "most": _BATCH})
            claimed = cursor.fetchall()
            if not claimed:
                return 0
            hours = [hour for hour, _ in claimed]
            parameters = {
                "hours": hours,
                "series": [series for _, series in claimed],
                "start": min(hours),
                "end": max(hours) + _HOUR,
            }
            cursor.execute(query("roll_up_1m"), parameters)
            cursor.execute(query("roll_up_1h"), parameters)
        return len(claimed)

    def _refresh_aggregates(self, before: datetime) -> int:
        """One process at a time; where a policy of the server is at it, the marks stay for the next call."""
        doing = "refreshing continuous aggregates"
        with self._pool.connection(doing) as connection, translated(doing):
            connection.autocommit = True
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_try_advisory_lock(%s)", (_REFRESH_LOCK,))
                    if cursor.fetchone() != (True,):
                        return 0
                    try:
                        return _refresh_marked(cursor, before)
                    except _IN_USE:
                        return 0
                    finally:
                        if not connection.closed:
                            cursor.execute("SELECT pg_advisory_unlock(%s)", (_REFRESH_LOCK,))
            finally:
                if not connection.closed:
                    connection.autocommit = False

    def _set_policies(self, samples_days: int, rollup_days: int) -> None:
        with self._pool.transaction("setting retention policies") as cursor:
            cursor.execute(query("retention_policies"))
            known = dict(cursor.fetchall())
            for table, days in (("samples", samples_days), ("rollup_1m", rollup_days), ("rollup_1h", rollup_days)):
                if known.get(table) != timedelta(days=days):
                    cursor.execute("SELECT remove_retention_policy(%s, if_exists => true)", (table,))
                    cursor.execute("SELECT add_retention_policy(%s, make_interval(days => %s))", (table, days))


def _refresh_marked(cursor: Cursor, before: datetime) -> int:
    cursor.execute(query("dirty_marks"), {"before": before})
    marks = cursor.fetchall()
    if not marks:
        return 0
    for window in _stretches(sorted({hour for hour, _, _ in marks})):
        for name in ("rollup_1m", "rollup_1h"):
            cursor.execute("CALL refresh_continuous_aggregate(%s, %s, %s)", (name, *window))
    hours, series, counts = zip(*marks, strict=True)
    cursor.execute(query("clear_marks"), {"hours": list(hours), "series": list(series), "marks": list(counts)})
    return len(marks)


def _stretches(hours: Sequence[datetime]) -> Iterator[Window]:
    """Windows that cover runs of neighbouring hours."""
    start = end = hours[0]
    for hour in hours:
        if hour > end:
            yield Window(start, end)
            start = hour
        end = hour + _HOUR
    yield Window(start, end)
