"""check_real_time_anomalies: what is wrong now, or was at a given time, and how each component is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitoring.anomalies import humanize
from monitoring.contract import Health, Json, LookedAt, ToolReply, iso
from monitoring.detection.freshness import READ_FROM, freshness
from monitoring.metrics import SeriesKey, Window
from monitoring.tools.asking import Filter, Found, Lens, chosen, event_row, known_in, replied, window_of
from monitoring.tools.courses import with_courses
from monitoring.tools.incidents import incidents_in

NAME = "check_real_time_anomalies"
FRESH = timedelta(minutes=5)
"""A component whose newest sample is older has nothing to be judged by."""
KNOWN = timedelta(days=1)


def check_real_time_anomalies(
    lens: Lens,
    last_minutes: float = 10,
    component: Sequence[str] | str | None = None,
    severity: str | None = None,
    metric: Sequence[str] | str | None = None,
    instance: Sequence[str] | str | None = None,
    start: str | datetime | None = None,
    end: str | datetime | None = None,
) -> ToolReply:
    """The anomalies that were active in a window, the worst first, and the health of each component at its end."""
    args = {
        "last_minutes": None if start else last_minutes,
        "component": component,
        "severity": severity,
        "metric": metric,
        "instance": instance,
        "start": start and str(start),
        "end": end and str(end),
    }

    def ask() -> Found:
        which = chosen(lens.catalogue, component, metric, instance, severity)
        window = window_of(lens.as_of, timedelta(minutes=last_minutes), start, end)
        return look(lens, which, window)

    return replied(NAME, args, ask)


def look(lens: Lens, which: Filter, window: Window) -> Found:
    """The same for a filter and a window that are known to be good."""
    moment = min(window.end, lens.as_of)
    parameters = {**which.parameters(), "start": window.start, "end": window.end, "moment": moment}
    found = lens.reader.read("anomalies_active", parameters)
    rows = with_courses(lens, [event_row(lens, row, moment) for row in found.rows], moment)
    newest = lens.reader.read("freshness", {"moment": moment, "since": moment - KNOWN}).rows
    # Health speaks of the whole component, whatever metric or severity was asked for.
    everything = lens.reader.read("open_by_component", {"moment": moment, "components": list(which.components)}).rows
    components = {name: _component(name, moment, newest, everything) for name in which.components}
    summary = {
        **_summary(rows, components, moment),
        **_incidents(replace(lens, as_of=moment), which, window, rows),
        "freshness": _freshness(lens, moment),
    }
    looked = LookedAt(which.components, window, which.metrics, which.instances)
    known = bool(rows) or known_in(lens, which, window)
    return Found(looked, rows, summary, "ok" if known else "no_data", truncated=found.truncated)


def _incidents(lens: Lens, which: Filter, window: Window, rows: Sequence[Json]) -> Json:
    """The incidents of the window: the open ones, the worst first, and those that are over; where metrics,
    instances or a severity are asked for, those that such an anomaly belongs to."""
    every = incidents_in(lens, window, which.components)
    if which.metrics is not None or which.instances is not None or which.severity is not None:
        wanted = {row["incident_id"] for row in rows}
        every = [row for row in every if row["id"] in wanted]
    still = [row for row in every if row["status"] != "resolved"]
    return {
        "open_incidents": sorted(still, key=lambda row: (row["severity"] != "critical", row["started_at"])),
        "over_incidents": [row for row in every if row["status"] == "resolved"],
    }


def _freshness(lens: Lens, moment: datetime) -> Json:
    """How old the data is end to end, by the newest values of what has sent some within `FRESH`."""
    wanted = {"moment": moment, "since": moment - FRESH, "metrics": list(READ_FROM)}
    found = lens.reader.read("newest_values", wanted, cap=10_000).rows
    return freshness(
        {SeriesKey(row["component"], row["instance"], row["metric"]): row["value"] for row in found}
    ).to_json()


def _component(
    name: str, moment: datetime, newest: Iterable[Mapping[str, Any]], everything: Iterable[Mapping[str, Any]]
) -> Json:
    fresh = next((row for row in newest if row["component"] == name), None)
    mine = [row for row in everything if row["component"] == name]
    last = fresh["last_sample_at"] if fresh else None
    firing = [row for row in mine if row["status"] not in ("pending", "silenced")]
    critical = sum(row["severity"] == "critical" for row in firing)
    silent = sorted({_silent(row) for row in firing if row["anomaly_type"] == "no_data"})
    return {
        "health": health_of(last, moment, critical, len(firing)),
        "open": len(firing),
        "pending": sum(row["status"] == "pending" for row in mine),
        "critical": critical,
        "warning": len(firing) - critical,
        "last_sample_at": iso(last),
        "last_sample_age": None if last is None else humanize(moment - last),
        "series": fresh["series"] if fresh else 0,
        "silent": silent,
    }


def health_of(last: datetime | None, moment: datetime, critical: int, firing: int) -> Health:
    """The health of a component: nothing to judge by is never healthy."""
    if last is None or moment - last > FRESH:
        return "no_data"
    return "critical" if critical else "degraded" if firing else "healthy"


def overall(healths: Sequence[Health]) -> Health:
    """The health of several components: the worst known; no data only where there is none at all."""
    if all(health == "no_data" for health in healths):
        return "no_data"
    if "critical" in healths:
        return "critical"
    return "healthy" if all(health == "healthy" for health in healths) else "degraded"


def _silent(row: Mapping[str, Any]) -> str:
    if row["metric"] == "*":
        return "everything" if row["instance"] == "*" else str(row["instance"])
    return f"{row['instance']} {row['metric']}"


def _summary(rows: Sequence[Json], components: Mapping[str, Json], moment: datetime) -> Json:
    newest = [part["last_sample_at"] for part in components.values() if part["last_sample_at"]]
    statuses = [row["status"] for row in rows]
    return {
        "health": overall([part["health"] for part in components.values()]),
        "anomalies": len(rows),
        "open": sum(status not in ("pending", "resolved", "silenced") for status in statuses),
        "pending": statuses.count("pending"),
        "resolved": statuses.count("resolved"),
        "critical": sum(row["severity"] == "critical" and row["status"] != "pending" for row in rows),
        "warning": sum(row["severity"] == "warning" and row["status"] != "pending" for row in rows),
        "incidents": len({row["incident_id"] for row in rows if row["incident_id"] and row["status"] != "resolved"}),
        "as_of": iso(moment),
        "last_sample_at": max(newest, default=None),
        "series": sum(part["series"] for part in components.values()),
        "components": dict(components),
    }
