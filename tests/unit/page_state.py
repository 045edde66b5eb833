"""States of a platform to show: the JSON a check replies with, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.contract import Check, Health, Json, MonitorStatus, iso
from monitoring.metrics import COMPONENTS, Window
from monitoring.operations import SourceHealth, Supervision

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
NASTY = "<img src=x onerror=alert(1)>:smile: $x^2$ **b** `c` [l](http://h) \u202e\x1b[31m"
"""A name that a careless page would run, render as maths, or show backwards."""


def ago(minutes: float) -> str:
    return iso(NOW - timedelta(minutes=minutes)) or ""


def link(component: str, instance: str, metric: str, minutes: float, severity: str = "warning") -> Json:
    return {
        "component": component,
        "instance": instance,
        "metric": metric,
        "onset": ago(minutes),
        "severity": severity,
    }


BACKWARD = [
    link("clickhouse", "ch-1/orders", "max_parts_per_partition", 20, "critical"),
    link("flink", "enrich/sink", "backpressured_time_ratio", 18, "critical"),
    link("flink", "enrich/source", "backpressured_time_ratio", 17),
    link("kafka", "enrich/orders", "consumer_group_lag", 12),
]


def incident(number: int = 7, chain: list[Json] | None = None, **changes: Any) -> Json:
    links = BACKWARD if chain is None else chain
    root = links[0]
    row = {
        "id": number,
        "pattern": "cascade_backward",
        "title": "Insert bottleneck",
        "severity": "critical",
        "status": "firing",
        "certain": True,
        "root_component": root["component"],
        "root_instance": root["instance"],
        "root_metric": root["metric"],
        "root": {"why": "parts at 1,840, usually 40"},
        "started_at": root["onset"],
        "components": list(dict.fromkeys(row["component"] for row in links)),
        "chain": links,
        "series": len(links),
        "summary": "ClickHouse slowed down first.",
    }
    return row | changes


def component(health: Health = "healthy", **changes: Any) -> Json:
    state: Json = {
        "health": health,
        "open": 0,
        "series": 40,
        "last_sample_at": ago(0.5),
        "silent": [],
        "anomalies": [],
    }
    return state | changes


def check(health: Health = "healthy", incidents: list[Json] | None = None, **components: Json) -> Check:
    """A state in which what is not named is healthy."""
    return Check(
        as_of=NOW,
        window=Window.last(timedelta(minutes=10), NOW),
        health=health,
        storage={"edition": "postgresql", "server": "PostgreSQL 18", "timescaledb": None, "embedded": True},
        components={name: components.get(name, component()) for name in COMPONENTS},
        anomalies=[],
        incidents=incidents or [],
        demo=True,
        freshness={
            "seconds": 75.0,
            "at_least": False,
            "slowest": "kafka",
            "stages": {"kafka": {"seconds": 60.0}, "flink": {"seconds": 15.0}, "clickhouse": {"seconds": 0.0}},
            "words": "Data is 1 min old.",
        },
    )


def supervision(tick_seconds: float | None = 5.0, *sources: SourceHealth, **changes: Any) -> Supervision:
    last = None if tick_seconds is None else NOW - timedelta(seconds=tick_seconds)
    status: dict[str, Any] = {"running": True, "leading": True, "last_tick_at": last, "last_tick_ms": 80.0, "series": 9}
    return Supervision(
        storage={"edition": "postgresql", "server": "PostgreSQL 18", "timescaledb": None, "embedded": True},
        monitor=MonitorStatus(**{**status, **changes}),
        tick_age_seconds=tick_seconds,
        tick_due_seconds=90.0,
        fed="collecting" if sources else "simulating",
        sources=sources,
    )
