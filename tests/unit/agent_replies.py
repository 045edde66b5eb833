"""Tool replies as the four tools give them, for tests of what the agent makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.agent.composing import compose
from monitoring.agent.planning import plan
from monitoring.agent.request import Request, ToolCall
from monitoring.agent.tracing import untraced_numbers
from monitoring.agent.understanding import understand
from monitoring.contract import Json, LookedAt, ToolReply, ToolStatus, iso
from monitoring.metrics import COMPONENTS, Window
from platform_metrics_definition import CATALOGUE

NOW = datetime(2026, 3, 4, 10, 15, tzinfo=UTC)
"""A Wednesday."""

INSTANCES = (
    "broker-1",
    "broker-2",
    "broker-3",
    "payments/orders",
    "billing/invoices",
    "ch-1",
    "ch-2",
    "ch-2/orders",
    "ch-1/orders",
    "tm-1",
    "tm-2",
    "orders-enrich",
    "orders-enrich/sink",
    "cluster",
)


def at(minutes_ago: float) -> datetime:
    return NOW - timedelta(minutes=minutes_ago)


def event(
    component: str = "clickhouse",
    instance: str = "ch-2/orders",
    metric: str = "max_parts_per_partition",
    severity: str = "critical",
    began: float = 42,
    ended: float | None = None,
    value: float = 1847.0,
    why: str = "parts per partition is 1,847 parts (threshold > 1,000 for 5 min), beyond it for 42 min; usual is 61.3",
    **more: Any,
) -> Json:
    """A row of an anomaly that began and ended so many minutes before now."""
    row: Json = {
        "id": 17,
        "component": component,
        "instance": instance,
        "metric": metric,
        "anomaly_type": "threshold",
        "severity": severity,
        "status": "firing" if ended is None else "resolved",
        "flapping": False,
        "started_at": iso(at(began)),
        "detected_at": iso(at(began - 5)),
        "last_seen_at": iso(at(ended or 0)),
        "resolved_at": None if ended is None else iso(at(ended)),
        "value": value,
        "peak_value": value,
        "expected": 61.3,
        "unit": CATALOGUE[metric].unit if metric in CATALOGUE else "",
        "threshold": "> 1,000 for 5 min",
        "why": why,
        "message": why,
        "no_data_cause": None,
        "occurrences": 1,
        "incident_id": 3,
    }
    return {**row, **more}


def silent_event(**more: Any) -> Json:
    why = "no data of this series for 23 min; a sample came every 15 s"
    given = {"anomaly_type": "no_data", "no_data_cause": "series_stopped", "threshold": "", **more}
    return event("flink", "tm-2", "taskmanager_heap_used_ratio", "warning", 23, value=0.0, why=why, **given)


def check_reply(
    rows: Sequence[Json] = (),
    healths: Mapping[str, str] | None = None,
    minutes: float = 10,
    components: Sequence[str] = COMPONENTS,
    status: ToolStatus = "ok",
    last: datetime | None = NOW - timedelta(seconds=20),
    metrics: tuple[str, ...] | None = None,
    instances: tuple[str, ...] | None = None,
    incidents: Sequence[Json] = (),
    freshness: Json | None = None,
) -> ToolReply:
    """What `check_real_time_anomalies` finds."""
    parts: Json = {}
    for name in components:
        mine = [r for r in rows if r["component"] == name and r["status"] in ("firing", "acknowledged")]
        critical = sum(r["severity"] == "critical" for r in mine)
        health = (healths or {}).get(name) or ("critical" if critical else "degraded" if mine else "healthy")
        parts[name] = {
            "health": "no_data" if status == "no_data" else health,
            "open": len(mine),
            "pending": 0,
            "critical": critical,
            "warning": len(mine) - critical,
            "last_sample_at": iso(last),
            "series": 67,
            "silent": [f"{r['instance']} {r['metric']}" for r in mine if r["anomaly_type"] == "no_data"],
        }
    known = [part["health"] for part in parts.values()]
    worst = next((h for h in ("critical", "degraded", "healthy") if h in known), "no_data")
    summary = {
        "health": "degraded" if worst == "healthy" and "no_data" in known else worst,
        "anomalies": len(rows),
        "open": sum(r["status"] in ("firing", "acknowledged") for r in rows),
        "pending": sum(r["status"] == "pending" for r in rows),
        "resolved": sum(r["status"] == "resolved" for r in rows),
        "critical": sum(r["severity"] == "critical" and r["status"] != "pending" for r in rows),
        "warning": sum(r["severity"] == "warning" and r["status"] != "pending" for r in rows),
        "incidents": 1 if rows else 0,
        "last_sample_at": iso(last),
        "series": 67 * len(components),
        "components": parts,
        "open_incidents": [row for row in incidents if row["status"] != "resolved"],
        "over_incidents": [row for row in incidents if row["status"] == "resolved"],
        "freshness": freshness or {},
    }
    looked = LookedAt(tuple(components), Window(at(minutes), NOW), metrics, instances)
    return ToolReply("check_real_time_anomalies", {}, looked, status, summary, list(rows), len(rows), False, 3.0)


def summary_reply(
    rows: Sequence[Json] = (),
    window: Window | None = None,
    total: int | None = None,
    samples_from: datetime | None = NOW - timedelta(days=30),
    status: ToolStatus = "ok",
    compare: Json | None = None,
    compare_window: Window | None = None,
    components: Sequence[str] = COMPONENTS,
    metrics: tuple[str, ...] | None = None,
) -> ToolReply:
    """What `get_anomaly_summary` finds."""
    count = len(rows) if total is None else total
    critical = sum(r["severity"] == "critical" for r in rows)
    summary: Json = {
        "total": count,
        "warning": count - critical,
        "critical": critical,
        "open": sum(r["status"] != "resolved" for r in rows),
        "resolved": count - sum(r["status"] != "resolved" for r in rows),
        "by_component": dict(Counter(r["component"] for r in rows)),
        "by_type": dict(Counter(r["anomaly_type"] for r in rows)),
        "by_metric": dict(Counter(r["metric"] for r in rows)),
        "by_hour": [],
        "incidents": 1 if rows else 0,
        "longest_seconds": 5400 if rows else None,
        "first_at": rows[-1]["detected_at"] if rows else None,
        "last_at": rows[0]["detected_at"] if rows else None,
        "samples_from": iso(samples_from),
    }
    if compare is not None:
        summary["compare"] = compare
    looked = LookedAt(
        tuple(components), window or Window(NOW - timedelta(hours=24), NOW), metrics, None, compare_window
    )
    return ToolReply("get_anomaly_summary", {}, looked, status, summary, list(rows), count, False, 3.0)


def series(
    metric: str = "memory_used_ratio",
    instance: str = "ch-2",
    first: float = 0.412,
    last: float = 0.438,
    low: float = 0.381,
    high: float = 0.537,
    direction: str = "steady",
    floor: tuple[float, float] | None = None,
    **more: Any,
) -> Json:
    """A row of `query_metrics_trend`."""
    start, end = floor or (low, low)
    row: Json = {
        "component": CATALOGUE[metric].component,
        "instance": instance,
        "metric": metric,
        "unit": CATALOGUE[metric].unit,
        "samples": 1440,
        "avg": round((first + last) / 2, 6),
        "min": low,
        "max": high,
        "first": first,
        "last": last,
        "change_pct": None if first == 0 else round((last - first) / first * 100, 1),
        "slope_per_hour": round((last - first) / 24, 6),
        "floor_first": start,
        "floor_last": end,
        "floor_change": round(end - start, 6),
        "floor_slope_per_hour": round((end - start) / 24, 6),
        "direction": direction,
        "peak_at": iso(at(437)),
        "threshold_warning": "> 0.8 for 5 min",
        "threshold_critical": "> 0.9 for 5 min",
        "breached": None,
        "exhausts_at": None,
        "points": [first, last],
        "bucket_seconds": 1440,
    }
    return {**row, **more}


def trend_reply(
    rows: Sequence[Json] = (),
    window: Window | None = None,
    compare_window: Window | None = None,
    compare_samples: int | None = None,
    samples_from: datetime | None = NOW - timedelta(days=30),
    status: ToolStatus = "ok",
    metrics: tuple[str, ...] | None = None,
) -> ToolReply:
    """What `query_metrics_trend` finds."""
    window = window or Window(NOW - timedelta(hours=24), NOW)
    by_metric: Json = {}
    for name in dict.fromkeys(row["metric"] for row in rows):
        mine = [row for row in rows if row["metric"] == name]
        ways = [row["direction"] for row in mine]
        before = [row["compare"]["avg"] for row in mine if row.get("compare")]
        by_metric[name] = {
            "unit": mine[0]["unit"],
            "series": len(mine),
            "avg": sum(row["avg"] for row in mine) / len(mine),
            "min": min(row["min"] for row in mine),
            "max": max(row["max"] for row in mine),
            "worst_instance": mine[0]["instance"],
            "direction": max(("rising", "falling", "steady"), key=ways.count),
            **{way: ways.count(way) for way in ("rising", "falling", "steady")},
            "compare_avg": before[0] if before else None,
            "avg_change_pct": mine[0].get("avg_change_pct"),
        }
    summary: Json = {
        "series": len(rows),
        "samples": sum(row["samples"] for row in rows),
        "window_seconds": round(window.span.total_seconds()),
        "metrics": by_metric,
        "samples_from": iso(samples_from),
    }
    if compare_window is not None:
        summary["compare_samples"] = compare_samples or 0
    components = tuple(dict.fromkeys(row["component"] for row in rows)) or COMPONENTS
    looked = LookedAt(components, window, metrics, None, compare_window)
    return ToolReply("query_metrics_trend", {}, looked, status, summary, list(rows), len(rows), False, 3.0)


def incident(pattern: str = "cascade_backward", began: float = 55, ended: float | None = 13, **more: Any) -> Json:
    links = [
        ("clickhouse", "ch-2/orders", "max_parts_per_partition", 55),
        ("flink", "orders-enrich/sink", "backpressured_time_ratio", 51),
        ("kafka", "payments/orders", "consumer_group_lag", 46),
    ]
    known = CATALOGUE.pattern(pattern)
    row: Json = {
        "id": 3,
        "pattern": pattern,
        "title": known.title if known else "Isolated anomaly",
        "status": "firing" if ended is None else "resolved",
        "severity": "critical",
        "root_component": "clickhouse",
        "root_instance": "ch-2/orders",
        "root_metric": "max_parts_per_partition",
        "started_at": iso(at(began)),
        "detected_at": iso(at(began - 4)),
        "resolved_at": None if ended is None else iso(at(ended)),
        "duration_seconds": round((began - (ended or 0)) * 60),
        "components": ["clickhouse", "flink", "kafka"],
        "chain": [
            {"component": c, "instance": i, "metric": m, "onset": iso(at(minutes)), "severity": "critical"}
            for c, i, m, minutes in links
        ],
        "summary": "Parts pile up.",
    }
    return {**row, **more}


def told_incident(**more: Any) -> Json:
    """An open incident as `check_real_time_anomalies` tells it: with its root, extent and course."""
    root = event(value=1847.0, expected=61.3, peak_value=1902.0, peak_at=iso(at(3)), lately=1840.0, course="worsening")
    lag = event(
        "kafka",
        "payments/orders",
        "consumer_group_lag_seconds",
        value=936.0,
        expected=37.0,
        peak_value=1980.0,
        peak_at=iso(at(30)),
        lately=1020.0,
        before=1975.0,
        before_at=iso(at(30)),
        course="easing",
    )
    given = {
        "root": {**root, "course": "easing"},
        "figures": [lag],
        "series": 3,
        "open": 3,
        "critical": 2,
        "warning": 1,
        "certain": True,
        "rule": "insert_bottleneck",
        "title": "Insert bottleneck: back-pressure from ClickHouse through Flink to Kafka",
    }
    return incident(ended=None, **{**given, **more})


def silent_incident(cause: str, instance: str = "*", metric: str = "*", **more: Any) -> Json:
    """An open incident of one silence, as `check_real_time_anomalies` tells it."""
    root = {**silent_event(), "instance": instance, "metric": metric, "no_data_cause": cause, "value": None}
    link = {"component": "flink", "instance": instance, "metric": metric, "onset": iso(at(23)), "severity": "critical"}
    place = {"root_component": "flink", "root_instance": instance, "root_metric": metric, "title": "Isolated anomaly"}
    given = {"chain": [link], "components": ["flink"], "root": root, "figures": [], "series": 1, "open": 1, "rule": ""}
    return incident("isolated", 23, None, **{**place, **given, "id": 4, **more})


def cross_reply(
    rows: Sequence[Json] = (), window: Window | None = None, isolated: int = 0, status: ToolStatus = "ok"
) -> ToolReply:
    """What `get_cross_component_anomalies` finds."""
    summary = {
        "incidents": len(rows),
        "cross_component": len(rows),
        "isolated": isolated,
        "open": sum(row["status"] != "resolved" for row in rows),
        "by_pattern": dict(Counter(row["pattern"] for row in rows)),
        "samples_from": iso(NOW - timedelta(days=30)),
    }
    looked = LookedAt(COMPONENTS, window or Window(NOW - timedelta(hours=24), NOW))
    return ToolReply("get_cross_component_anomalies", {}, looked, status, summary, list(rows), len(rows), False, 3.0)


def failed_reply(name: str, error: str = "The database cannot be reached.") -> ToolReply:
    return ToolReply(name, {}, None, "error", {"error": error}, [], 0, False, 1.0)


def asked(question: str, timezone: str = "UTC", previous: Request | None = None, now: datetime = NOW) -> Request:
    """The question as understood at `NOW` with the instances of these tests."""
    return understand(question, CATALOGUE, now, timezone, INSTANCES, previous)


def planned(question: str, timezone: str = "UTC", previous: Request | None = None) -> tuple[ToolCall, ...]:
    return plan(asked(question, timezone, previous), CATALOGUE)


def answer(question: str, *replies: ToolReply, timezone: str = "UTC") -> str:
    return compose(asked(question, timezone), replies, CATALOGUE, timezone, INSTANCES)


def untraced(text: str, question: str, *replies: ToolReply, timezone: str = "UTC") -> tuple[str, ...]:
    return untraced_numbers(text, replies, CATALOGUE, question, NOW, timezone)
