"""ClickHouse by SQL over HTTP: its system tables, as a user that may only read, from version 18.16 on.

`system.metrics`, `system.events` and `system.asynchronous_metrics` are written down as ClickHouse's own
Prometheus endpoint shows them; what only SQL knows (quantiles, single tables, disks) stands beside them under
names beginning with `clickhouse_sql_`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.api import Api, base_of, formed_as
from monitoring.collectors.exposition import Page, PageSeries, page_of
from monitoring.collectors.fetch import Bounds, Refused
from monitoring.collectors.mapping import CLICKHOUSE
from monitoring.collectors.mapping_sql import CLICKHOUSE_SQL
from monitoring.collectors.paged import MOST_BYTES, PagedSource
from monitoring.metrics import Catalogue

FORM = "ClickHouse's HTTP interface"
MOST_TABLES = 1000

ALWAYS_COUNTED = ("Query", "InsertQuery", "InsertedRows", "DelayedInserts", "RejectedInserts")
COUNTED_SINCE_20 = ("FailedQuery", "QueryTimeMicroseconds", "ZooKeeperHardwareExceptions")
"""Events that stand in `system.events` only once they have happened: until then they are 0."""


@dataclass(frozen=True, slots=True)
class Part:
    """One more thing to ask, where the server has the system table; `names` are the series, one per column.

    The columns before those are labels.
    """

    table: str
    query: str
    names: tuple[str, ...]
    labels: tuple[str, ...] = ()
    missing: str = ""


COUNTS = (
    ("metrics", "Metrics", "metric"),
    ("events", "ProfileEvents", "event"),
    ("asynchronous_metrics", "AsyncMetrics", "metric"),
)
"""Tables of single values: the table, what its series are called after, and the column of its names."""

PLACEHOLDER = "<of>"
OF_USERS = "database != 'system'"
OF_ALL = "1"
"""Whose parts are counted. ClickHouse's own logs come in small pieces all the time, which it merges at its leisure."""
COUNTED_OVER_ALL = "ClickHouseAsyncMetrics_MaxPartCountForPartition"

PARTS: tuple[Part, ...] = (
    Part(
        "query_log",
        # Enum or number, a type is 2 for a query that ended well, 3 and 4 for one that failed.
        """
        SELECT quantileIf(0.95)(query_duration_ms, toInt8(type) = 2) / 1000, countIf(toInt8(type) IN (3, 4)), count()
        FROM system.query_log
        WHERE event_date >= toDate(now() - 300) AND event_time >= now() - 300 AND toInt8(type) IN (2, 3, 4)
            AND is_initial_query AND http_user_agent != 'platform-monitoring'
        """,
        ("query_duration_p95_seconds", "failed_queries", "queries"),
        missing="system.query_log is not there: set log_queries=1 and <query_log>, for query_duration_p95",
    ),
    Part(
        "parts",
        f"""
        SELECT concat(database, '.', table) AS of_table, max(parts) AS most FROM (
            SELECT database, table, partition, count() AS parts FROM system.parts WHERE active AND {PLACEHOLDER}
            GROUP BY database, table, partition
        ) GROUP BY database, table ORDER BY most DESC LIMIT {MOST_TABLES}
        """,
        ("parts_per_partition",),
        ("table",),
    ),
    Part(
        "replicas",
        f"""
        SELECT concat(database, '.', table), absolute_delay, queue_size FROM system.replicas
        ORDER BY absolute_delay DESC LIMIT {MOST_TABLES}
        """,
        ("absolute_delay_seconds", "queue_size"),
        ("table",),
    ),
    Part(
        "disks",
        "SELECT name, free_space, total_space FROM system.disks",
        ("disk_free_bytes", "disk_total_bytes"),
        ("disk",),
        missing="system.disks is not there (ClickHouse before 19.15), for disk_free_ratio",
    ),
)


class ClickHouseSource(PagedSource):
    """One ClickHouse server, by the address of its HTTP interface.

    Parts of ClickHouse's own log tables count with `system_tables` only.
    Raises `ConfigurationError` for what is no URL.
    """

    def __init__(
        self,
        url: str,
        catalogue: Catalogue,
        *,
        instance: str | None = None,
        timeout: float = 10.0,
        max_bytes: int = MOST_BYTES,
        access: Access = PUBLIC,
        system_tables: bool = False,
    ) -> None:
        super().__init__(
            base_of(url),
            catalogue,
            CLICKHOUSE_SQL + CLICKHOUSE,
            instance=instance,
            timeout=timeout,
            max_bytes=max_bytes,
            access=access,
        )
        self.version = ""
        self._of = OF_ALL if system_tables else OF_USERS

    def look(self, now: datetime, bounds: Bounds) -> Page:
        del now
        look = _Look(Api(self._url, bounds, self._access), self._of)
        with formed_as(FORM):
            series = list(look.series())
        self.version, self.notes = look.version, tuple(look.notes)
        return page_of(series)

    def ask(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows of one query. Raises `CollectorError`."""
        with formed_as(FORM):
            return _Look(Api(self._url, Bounds(self._timeout, self._max_bytes), self._access)).ask(query)

    def unknown(self, page: Page) -> str:
        del page
        return f"its answers have not the form of {FORM}"


class _Look:
    def __init__(self, api: Api, of: str = OF_ALL) -> None:
        self._api = api
        self._of = of
        self.version = ""
        self.notes: list[str] = []

    def series(self) -> Iterator[PageSeries]:
        names = self.ask("SELECT name FROM system.tables WHERE database = 'system'")
        tables = {str(row[0]) for row in names}
        [[self.version]] = self.ask("SELECT version()")
        counts = list(self._counts(tables))
        for part in PARTS:
            if part.table in tables:
                rows = self._rows(part)
                if rows is not None and part.table == "parts":
                    # Else it would stand in where users have no parts at all, and counts those of the logs.
                    counts = [one for one in counts if one.name != COUNTED_OVER_ALL]
                yield from _series_of(part, rows or ())
            elif part.missing:
                self.notes.append(part.missing)
        yield from counts

    def ask(self, query: str) -> Sequence[Sequence[Any]]:
        text = " ".join(query.split()) + " FORMAT JSONCompact"
        try:
            rows: Sequence[Sequence[Any]] = self._api.get("/", query=text)["data"]
        except Refused as refusal:
            said = f": {refusal.said}" if refusal.said else ""
            raise Refused(f"{refusal}{said}", refusal.status, refusal.said) from refusal
        return rows

    def _counts(self, tables: set[str]) -> Iterator[PageSeries]:
        seen = set()
        for table, family, column in COUNTS:
            if table not in tables:
                continue
            for name, value in self.ask(f"SELECT {column}, toFloat64(value) FROM system.{table}"):
                seen.add((family, name))
                # The query that asks is itself one of those that run.
                own = 1.0 if (family, name) == ("Metrics", "Query") else 0.0
                yield PageSeries(f"ClickHouse{family}_{name}", {}, _number(value) - own)
        since_20 = int(self.version.partition(".")[0]) >= 20
        for name in ALWAYS_COUNTED + (COUNTED_SINCE_20 if since_20 else ()):
            if ("ProfileEvents", name) not in seen:
                yield PageSeries(f"ClickHouseProfileEvents_{name}", {}, 0.0)

    def _rows(self, part: Part) -> Sequence[Sequence[Any]] | None:
        """What is answered; `None` where it cannot be read."""
        try:
            rows = self.ask(part.query.replace(PLACEHOLDER, self._of))
        except Refused as refusal:
            # What the user may not read, or this version does not have, leaves the rest as it is.
            self.notes.append(f"system.{part.table} cannot be read ({refusal.said or refusal})")
            return None
        if len(rows) >= MOST_TABLES:
            self.notes.append(f"only the worst {MOST_TABLES} rows of system.{part.table} are taken")
        return rows


def _series_of(part: Part, rows: Sequence[Sequence[Any]]) -> Iterator[PageSeries]:
    for row in rows:
        labels = dict(zip(part.labels, map(str, row), strict=False))
        for name, value in zip(part.names, row[len(part.labels) :], strict=True):
            yield PageSeries(f"clickhouse_sql_{name}", labels, _number(value))


def _number(value: Any) -> float:
    """ClickHouse writes large whole numbers as text, and `null` for what is no number."""
    return float("nan") if value is None else float(value)
