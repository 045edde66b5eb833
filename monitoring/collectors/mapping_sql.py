"""The mapping of what ClickHouse tells by SQL alone; it stands before what its Prometheus endpoint shows."""

from __future__ import annotations

from monitoring.collectors.mapping import EXBIBYTE
from monitoring.collectors.rules import Rule

_SQL = "clickhouse_sql_"

CLICKHOUSE_SQL: tuple[Rule, ...] = (
    Rule(
        "query_duration_p95",
        "ClickHouse SQL",
        "gauge",
        (_SQL + "query_duration_p95_seconds",),
        "{endpoint}",
        pool="max",
        note="Of the queries that ended within the last five minutes; absent while there were none.",
    ),
    Rule(
        "failed_query_ratio",
        "ClickHouse SQL",
        "gauge/gauge",
        (_SQL + "failed_queries",),
        "{endpoint}",
        over=(_SQL + "queries",),
        cap=1,
    ),
    Rule(
        "replication_lag_seconds",
        "ClickHouse SQL",
        "gauge",
        (_SQL + "absolute_delay_seconds",),
        "{endpoint}/{table}",
        pool="max",
    ),
    Rule(
        "replication_queue_size",
        "ClickHouse SQL",
        "gauge",
        (_SQL + "queue_size",),
        "{endpoint}/{table}",
        pool="max",
    ),
    Rule(
        "max_parts_per_partition",
        "ClickHouse SQL",
        "gauge",
        (_SQL + "parts_per_partition",),
        "{endpoint}/{table}",
        pool="max",
    ),
    Rule(
        "disk_free_ratio",
        "ClickHouse SQL",
        "gauge/gauge",
        (_SQL + "disk_free_bytes",),
        "{endpoint}/{disk}",
        over=(_SQL + "disk_total_bytes",),
        over_at_least=1,
        over_at_most=EXBIBYTE,
    ),
)
