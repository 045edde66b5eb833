"""get_anomaly_summary: how many anomalies there were, of what kind, where and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitoring.contract import Json, LookedAt, ToolReply, iso
from monitoring.metrics import Window
from monitoring.tools.asking import Filter, Found, Lens, chosen, compared, event_row, known_in, replied, window_of
from monitoring.tools.incidents import MOST_TOLD, incidents_in

NAME = "get_anomaly_summary"


def get_anomaly_summary(
    lens: Lens,
    hours: float = 24,
    component: Sequence[str] | str | None = None,
    severity: str | None = None,
    metric: Sequence[str] | str | None = None,
    instance: Sequence[str] | str | None = None,
    anomaly_type: str | None = None,
    start: str | datetime | None = None,
    end: str | datetime | None = None,
    compare_start: str | datetime | None = None,
    compare_end: str | datetime | None = None,
) -> ToolReply:
    """The anomalies that began to fire in a window, counted in every way, and the newest of them."""
    args = {
        "hours": None if start else hours,
        "component": component,
        "severity": severity,
        "metric": metric,
        "instance": instance,
        "anomaly_type": anomaly_type,
        "start": start and str(start),
        "end": end and str(end),
        "compare_start": compare_start and str(compare_start),
        "compare_end": compare_end and str(compare_end),
    }

    def ask() -> Found:
        which = chosen(lens.catalogue, component, metric, instance, severity)
        window = window_of(lens.as_of, timedelta(hours=hours), start, end)
        other = compared(compare_start, compare_end)
        parameters = {**_parameters(lens, which, window), "anomaly_type": anomaly_type}
        found = lens.reader.read("anomalies_detected", {**parameters, "most": lens.reader.row_cap + 1})
        oldest = lens.reader.read("oldest_data", {}).rows[0]["oldest"]
        summary = {
            **_counts(lens, parameters),
            "incidents": lens.reader.read("incidents_detected", parameters).rows[0]["incidents"],
            "samples_from": iso(oldest),
        }
        if other is not None:
            before = {**_parameters(lens, which, other), "anomaly_type": anomaly_type}
            summary["compare"] = {"known": known_in(lens, which, other), **_counts(lens, before)}
        looked = LookedAt(which.components, window, which.metrics, which.instances, other)
        known = bool(found.rows) or known_in(lens, which, window)
        rows = [event_row(lens, row, lens.as_of) for row in found.rows]
        summary["incident_list"] = _incidents(lens, which, window, rows)
        return Found(looked, rows, summary, "ok" if known else "no_data", summary["total"], found.truncated)

    return replied(NAME, args, ask)


def _incidents(lens: Lens, which: Filter, window: Window, rows: Sequence[Json]) -> list[Json]:
    """The incidents these anomalies belong to, open ones and critical ones first, then the newest."""
    wanted = {row["incident_id"] for row in rows}
    every = incidents_in(lens, window, which.components) if wanted - {None} else []
    mine = [row for row in every if row["id"] in wanted]
    return sorted(mine, key=lambda row: (row["status"] == "resolved", row["severity"] != "critical"))[:MOST_TOLD]


def _parameters(lens: Lens, which: Filter, window: Window) -> dict[str, Any]:
    return {**which.parameters(), "start": window.start, "end": window.end, "moment": lens.as_of}


def _counts(lens: Lens, parameters: Mapping[str, Any]) -> Json:
    counted = lens.reader.read("anomaly_counts", parameters, cap=100_000).rows
    hours = [row for row in counted if row["bucket"] is not None]
    groups = [row for row in counted if row["bucket"] is None]
    return {
        "total": sum(row["events"] for row in groups),
        "warning": _sum(groups, "severity").get("warning", 0),
        "critical": _sum(groups, "severity").get("critical", 0),
        "open": sum(row["open"] for row in groups),
        "resolved": sum(row["events"] - row["open"] for row in groups),
        "by_component": _sum(groups, "component"),
        "by_type": _sum(groups, "anomaly_type"),
        "by_metric": _sum(groups, "metric"),
        "by_hour": [{"bucket": iso(row["bucket"]), "events": row["events"]} for row in hours],
        "longest_seconds": max((row["longest_seconds"] for row in groups), default=None),
        "first_at": iso(min((row["first_at"] for row in groups), default=None)),
        "last_at": iso(max((row["last_at"] for row in groups), default=None)),
    }


def _sum(groups: Sequence[Mapping[str, Any]], column: str) -> dict[str, int]:
    """Events by one column, the most frequent first."""
    counts: Counter[str] = Counter()
    for row in groups:
        counts[row[column]] += row["events"]
    return dict(counts.most_common())
