"""Which dashboards there are, and which panels stand on them in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from deploy.grafana import panels, sql
from deploy.grafana.panels import Json
from monitoring.metrics import COMPONENTS, Catalogue, Component, Metric

WIDE = 24
SCHEMA = 41
"""The version of the dashboard model (that of Grafana 12); newer ones bring it up to date as they load it."""
PAGE = "http://localhost:8501"
"""Where the product's own page is; a text on the dashboards, changed there for good by whoever serves it elsewhere."""

NAMES: Mapping[str, str] = {"kafka": "Kafka", "flink": "Flink", "clickhouse": "ClickHouse"}
VARIABLES: Mapping[str, tuple[str, str]] = {
    "broker": ("broker", "Broker"),
    "topic": ("topic", "Topic"),
    "group/topic": ("consumer", "Group and topic"),
    "job": ("job", "Job"),
    "job/task": ("task", "Task"),
    "task manager": ("taskmanager", "Task manager"),
    "node": ("node", "Node"),
    "node/table": ("table", "Table"),
    "node/disk": ("disk", "Disk"),
}
"""The variable that picks among the instances of a scope, and its label; a cluster is but one."""

GROUPS: Mapping[Component, Mapping[str, tuple[str, ...]]] = {
    "kafka": {
        "Consumers and traffic": ("consumer_group_lag", "consumer_group_lag_seconds", "messages_in_rate"),
        "Replication and availability": (
            "under_replicated_partitions",
            "under_min_isr_partitions",
            "offline_partitions",
            "isr_shrink_rate",
            "active_brokers",
            "active_controller_count",
            "unclean_leader_elections",
        ),
        "Brokers": (
            "produce_latency_p99",
            "request_handler_idle_ratio",
            "broker_heap_used_ratio",
            "broker_gc_time_ratio",
            "broker_disk_used_ratio",
        ),
    },
    "flink": {
        "Jobs": ("job_not_running_seconds", "job_restart_rate", "job_records_out_rate"),
        "Checkpoints": ("checkpoint_duration", "failed_checkpoint_rate", "checkpoint_age", "checkpoint_state_size"),
        "Back-pressure and lag": (
            "backpressured_time_ratio",
            "task_busy_ratio",
            "source_pending_records",
            "event_time_lag",
        ),
        "Task managers": ("registered_taskmanagers", "taskmanager_heap_used_ratio", "taskmanager_gc_time_ratio"),
    },
    "clickhouse": {
        "Queries": ("query_duration_p95", "failed_query_ratio", "running_queries"),
        "Inserts and parts": (
            "max_parts_per_partition",
            "inserted_rows_rate",
            "rows_per_insert",
            "delayed_inserts_rate",
            "rejected_inserts_rate",
        ),
        "Replication": (
            "replication_lag_seconds",
            "replication_queue_size",
            "readonly_replicas",
            "keeper_exceptions_rate",
        ),
        "Resources": ("memory_used_ratio", "disk_free_ratio"),
    },
}
GLANCE = (
    "consumer_group_lag_seconds",
    "under_replicated_partitions",
    "offline_partitions",
    "job_not_running_seconds",
    "checkpoint_age",
    "failed_checkpoint_rate",
    "backpressured_time_ratio",
    "event_time_lag",
    "max_parts_per_partition",
    "replication_lag_seconds",
    "query_duration_p95",
    "disk_free_ratio",
)
"""What an overview tells of now, along the way the data goes."""
PIPELINE = (
    "consumer_group_lag_seconds",
    "messages_in_rate",
    "event_time_lag",
    "backpressured_time_ratio",
    "checkpoint_duration",
    "inserted_rows_rate",
    "max_parts_per_partition",
    "replication_lag_seconds",
    "query_duration_p95",
)
OPEN = f"detected_at <= {sql.TO} AND (resolved_at IS NULL OR resolved_at > {sql.TO})"
"""Incidents and events that are open at the end of the window, be that now or in the past."""


def dashboards(catalogue: Catalogue) -> dict[str, Json]:
    """Every dashboard by the name of its file."""
    made = [overview(catalogue), *(component(catalogue, name) for name in COMPONENTS), incidents()]
    return {f"{board['uid'].removeprefix('platform-')}.json": board for board in made}


def overview(catalogue: Catalogue) -> Json:
    """How everything is, and where it hurts."""
    laid = [
        panels.row("Now"),
        *(_health(name, 4) for name in COMPONENTS),
        _open_incidents(6),
        _freshness(6),
        *(panels.tile(catalogue[name]) for name in GLANCE),
        panels.timeline("Health", sql.health_course(), (WIDE, 5)),
        panels.row("Open"),
        _incident_table("Open incidents", OPEN, 8),
        panels.table("Open anomalies", sql.anomaly_table(OPEN), (WIDE, 8), _PAGE_LINKS),
        panels.row("The way of the data"),
        *(panels.chart(catalogue[name]) for name in PIPELINE),
    ]
    variables = [panels.from_list("top", "Series shown", panels.SERIES_SHOWN, "20"), _page()]
    return _board("overview", "Platform overview", laid, variables, None)


def component(catalogue: Catalogue, name: Component) -> Json:
    """One component: its health, a tile for each metric with a level of its own, and the course of them all."""
    metrics = [metric for metric in catalogue if metric.component == name]
    laid = [
        panels.row("Now"),
        _health(name, 4, 6),
        *(panels.tile(metric, _variable(metric)) for metric in metrics if _tells_of_itself(metric)),
    ]
    for title, names in GROUPS[name].items():
        laid += [panels.row(title), *_charts(catalogue[each] for each in names)]
    where = f" AND component = '{name}'"
    laid += [
        panels.row("Anomalies"),
        panels.table("Open anomalies", sql.anomaly_table(OPEN + where), (WIDE, 8), _PAGE_LINKS),
    ]
    variables = [*_scopes(metrics), panels.from_list("top", "Series shown", panels.SERIES_SHOWN, "20"), _page()]
    return _board(name, NAMES[name], laid, variables, name)


def incidents() -> Json:
    """What broke, how it travelled, how long it took to be found and to be over."""
    laid = [
        panels.row("Within the time range"),
        panels.stat("Incidents", sql.incident_figures(), panels.field(unit="short"), (9, 4)),
        panels.stat("Median time", sql.incident_times(), panels.field(unit="s", noValue="–"), (9, 4)),
        _open_incidents(6, 4),
        panels.bars("By pattern", sql.incidents_by("pattern"), (8, 8)),
        panels.bars("By root metric", sql.incidents_by("root_metric"), (8, 8)),
        panels.bars("Anomalies by metric", sql.anomalies_by("metric"), (8, 8)),
        panels.columns("Anomalies by hour", sql.anomalies_by_hour(), (16, 8)),
        panels.bars("Anomalies by kind", sql.anomalies_by("anomaly_type"), (8, 8)),
        panels.timeline("Health", sql.health_course(), (WIDE, 5)),
        _incident_table("Incidents", sql.INCIDENTS_PICKED, 12),
        panels.row("One incident: $incident"),
        panels.table("How it travelled", sql.chain(), (WIDE, 8)),
        panels.table(
            "Its anomalies",
            sql.anomaly_table(f"incident_id IN ({sql.SELECTED_INCIDENT})"),
            (WIDE, 10),
            _PAGE_LINKS,
        ),
        panels.row("All anomalies"),
        panels.table("Anomalies", sql.anomaly_table(sql.EVENTS_PICKED), (WIDE, 12), _PAGE_LINKS),
    ]
    variables = [
        panels.from_list("component", "Component", COMPONENTS),
        panels.from_list("severity", "Severity", ("critical", "warning")),
        panels.from_query("incident", "Incident", sql.incident_choice(), several=False),
        _page(),
    ]
    return _board("incidents", "Incidents", laid, variables, None, since="now-7d")


_PAGE_LINKS = {"Incident": "${page}/incidents?incident=${__value.raw}"}


def _page() -> Json:
    return panels.from_text("page", "Page", PAGE)


def _health(name: str, width: int, height: int = 4) -> Json:
    config = panels.field(mappings=panels.mapped(panels.HEALTH))
    made = panels.stat(NAMES[name], sql.health(name), config, (width, height), colorMode="background")
    there = _link("link", f"{NAMES[name]} in full", url=f"/d/platform-{name}", keepTime=True)
    return {**made, "links": [there]}


def _open_incidents(width: int, height: int = 4) -> Json:
    config = panels.field([{"color": panels.GOOD, "value": None}], unit="short")
    config["overrides"] = [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [
                {
                    "id": "thresholds",
                    "value": {
                        "mode": "absolute",
                        "steps": [{"color": panels.GOOD, "value": None}, {"color": colour, "value": 1}],
                    },
                }
            ],
        }
        for name, _, colour in panels.SEVERITIES
    ]
    return panels.stat("Open incidents", sql.open_incidents(), config, (width, height))


def _freshness(width: int) -> Json:
    steps = [{"color": c, "value": v} for c, v in ((panels.GOOD, None), (panels.WARN, 120), (panels.BAD, 300))]
    config = panels.field(steps, unit="s", decimals=0, mappings=panels.NOTHING, noValue="no data")
    made = panels.stat("Age of the newest sample", sql.freshness(), config, (width, 4))
    return {**made, "description": "No component is called healthy whose newest sample is older than 5 min."}


def _incident_table(name: str, picked: str, height: int) -> Json:
    return panels.table(name, sql.incident_table(picked), (WIDE, height), _PAGE_LINKS)


def _variable(metric: Metric) -> str | None:
    return VARIABLES[metric.scope][0] if metric.scope in VARIABLES else None


def _tells_of_itself(metric: Metric) -> bool:
    """Whether a bare value means something: there is a level to hold it against, or but one of it in a cluster."""
    return len(panels.steps(metric)) > 1 or metric.scope == "cluster"


def _charts(metrics: Iterable[Metric]) -> list[Json]:
    """Charts of one row, as wide as fills it: three abreast, two or four where that leaves no gap."""
    found = list(metrics)
    width = 12 if len(found) in (2, 4) else 8
    return [panels.chart(metric, _variable(metric), (width, 8)) for metric in found]


def _scopes(metrics: Iterable[Metric]) -> Iterator[Json]:
    """A variable for each scope that metrics have, in the order of the table."""
    found = list(metrics)
    for scope, (name, label) in VARIABLES.items():
        names = tuple(metric.name for metric in found if metric.scope == scope)
        if names:
            yield panels.from_query(name, label, sql.instances(names))


def _placed(laid: Iterable[Json]) -> list[Json]:
    """Panels side by side as far as they fit, then below; each gets its number."""
    placed, x, y, tallest = [], 0, 0, 0
    for number, made in enumerate(laid, 1):
        size = made["gridPos"]
        if x + size["w"] > WIDE:
            x, y, tallest = 0, y + tallest, 0
        placed.append({"id": number, **made, "gridPos": {**size, "x": x, "y": y}})
        x, tallest = x + size["w"], max(tallest, size["h"])
    return placed


def _link(kind: str, title: str, **given: Any) -> Json:
    usual: Json = {"tags": [], "asDropdown": False, "includeVars": False, "keepTime": False, "targetBlank": False}
    return {"type": kind, "title": title, "icon": "dashboard", "tooltip": "", "url": "", **usual, **given}


def _marks(component: Component | None) -> list[Json]:
    """Incidents and anomalies, drawn over every chart."""
    return [
        panels.annotation("Critical incidents", panels.BAD, sql.incident_marks("critical", component)),
        panels.annotation("Warning incidents", panels.WARN, sql.incident_marks("warning", component)),
        panels.annotation("Anomalies", "purple", sql.anomaly_marks(component)),
    ]


def _board(
    name: str, title: str, laid: Iterable[Json], variables: list[Json], of: Component | None, since: str = "now-6h"
) -> Json:
    others = _link("dashboards", "Platform", tags=["platform-monitoring"], keepTime=True)
    return {
        "uid": f"platform-{name}",
        "title": title,
        "description": "Built from the metric catalogue by `python -m deploy.grafana.build`; change it there.",
        "tags": ["platform-monitoring"],
        "timezone": "browser",
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "schemaVersion": SCHEMA,
        "time": {"from": since, "to": "now"},
        "timepicker": {},
        "fiscalYearStartMonth": 0,
        "links": [others],
        "templating": {"list": variables},
        "annotations": {"list": _marks(of)},
        "panels": _placed(laid),
    }
