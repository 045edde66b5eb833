"""Incidents as they stood at a moment: what was known then of their chain, root, pattern, extent and course."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from monitoring.anomalies import Event, Incident
from monitoring.contract import Json, iso
from monitoring.incidents.grouping import Case, refresh
from monitoring.metrics import COMPONENTS, ISOLATED, Catalogue, SeriesKey, Window
from monitoring.tools.asking import Lens, event_row, jsonable
from monitoring.tools.courses import with_courses

MOST_TOLD = 50
"""Incidents of which root, extent and course are looked up; the others are listed as they are."""
FIGURES = (
    ("consumer_group_lag_seconds", "consumer_group_lag"),
    ("event_time_lag", "source_pending_records"),
    ("rejected_inserts_rate", "delayed_inserts_rate"),
    ("offline_partitions", "under_min_isr_partitions"),
    ("readonly_replicas",),
    ("inserted_rows_rate",),
    ("job_records_out_rate",),
    ("messages_in_rate",),
    ("query_duration_p95",),
)
"""Metrics that tell how bad an incident is for those who wait for data, the most telling first; one of each group."""
MOST_FIGURES = 3
UNNAMED = "Anomalies that belong together, of no known pattern"
_SHOWN = (
    "component",
    "instance",
    "metric",
    "unit",
    "anomaly_type",
    "severity",
    "status",
    "started_at",
    "resolved_at",
    "value",
    "expected",
    "peak_value",
    "peak_at",
    "lately",
    "before",
    "before_at",
    "course",
    "threshold",
    "no_data_cause",
    "why",
)


def incidents_in(lens: Lens, window: Window, components: Sequence[str] = COMPONENTS) -> list[Json]:
    """Every incident that was going on in a window and touched one of the components, newest first.

    They are told as they stand when it is answered: one that went on beyond the window may be over by now.
    """
    moment = lens.as_of
    parameters = {"start": window.start, "end": window.end, "moment": moment, "components": list(components)}
    found = lens.reader.read("incidents_active", parameters, cap=10_000).rows
    told = [row["id"] for row in _worst_first(found)[:MOST_TOLD]]
    events = _events(lens, told, moment)
    ahead = _unknown_then(lens, told, moment)
    rows = [_row(lens, row, moment, events.get(row["id"], ()), row["id"] in ahead) for row in found]
    return [row for row in rows if set(row["components"]) & set(components)]


def _worst_first(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: (row["status"] == "resolved", row["severity"] != "critical"))


def _events(lens: Lens, incidents: Sequence[int], moment: datetime) -> dict[int, list[Mapping[str, Any]]]:
    """The anomalies of each incident that had begun to fire by then, as the store has them."""
    parameters = {"incidents": list(incidents), "moment": moment}
    by_incident: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in lens.reader.read("incident_anomalies", parameters, cap=10_000).rows:
        by_incident[row["incident_id"]].append(row)
    return by_incident


def _unknown_then(lens: Lens, incidents: Sequence[int], moment: datetime) -> set[int]:
    if not lens.past:
        return set()
    parameters = {"incidents": list(incidents), "moment": moment}
    return {row["incident_id"] for row in lens.reader.read("unknown_then", parameters, cap=10_000).rows}


def _row(
    lens: Lens, row: Mapping[str, Any], moment: datetime, events: Sequence[Mapping[str, Any]], ahead: bool
) -> Json:
    shown = jsonable(row)
    # What began later than the moment asked for must not show.
    shown["chain"] = [link for link in row["chain"] if datetime.fromisoformat(link["onset"]) <= moment]
    if ahead and events:
        shown.update(_as_known(events, lens.catalogue))
    shown["chain"] = _with_silences(shown["chain"], events)
    known = lens.catalogue.pattern(shown["rule"]) if shown["rule"] else None
    known = known or (lens.catalogue.pattern(shown["pattern"]) if shown["pattern"] != ISOLATED else None)
    ended = row["resolved_at"] or moment
    return {
        **shown,
        "title": known.title if known else UNNAMED if len(shown["chain"]) > 1 else "Isolated anomaly",
        "components": list(dict.fromkeys(link["component"] for link in shown["chain"])),
        "duration_seconds": round((ended - row["started_at"]).total_seconds()),
        **_extent(lens, shown, events, moment),
    }


def _with_silences(chain: Sequence[Json], events: Sequence[Mapping[str, Any]]) -> list[Json]:
    """The chain, those links marked as `silent` that tell of missing samples rather than of values."""
    kinds: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in events:
        kinds[(row["component"], row["instance"], row["metric"])].add(row["anomaly_type"])
    return [
        {**link, "silent": True}
        if kinds.get((link["component"], link["instance"], link["metric"])) == {"no_data"}
        else link
        for link in chain
    ]


def _as_known(events: Sequence[Mapping[str, Any]], catalogue: Catalogue) -> Json:
    """Chain, root, pattern and severity by the events that were known alone."""
    known = [_event(row) for row in events]
    first = known[0]
    blank = Incident(0, ISOLATED, first.severity, "firing", first.key, first.started_at, first.started_at)
    refresh(Case(blank, known), catalogue)
    return {
        "pattern": blank.pattern,
        "rule": blank.rule,
        "certain": blank.certain,
        "severity": blank.severity,
        "root_component": blank.root.component,
        "root_instance": blank.root.instance,
        "root_metric": blank.root.metric,
        "chain": [
            {
                "component": link.component,
                "instance": link.instance,
                "metric": link.metric,
                "onset": iso(link.onset),
                "severity": link.severity,
            }
            for link in blank.chain
        ],
        "summary": blank.summary,
    }


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        key=SeriesKey(row["component"], row["instance"], row["metric"]),
        kind=row["anomaly_type"],
        severity=row["severity"],
        status=row["status"],
        started_at=row["started_at"],
        last_seen_at=row["last_seen_at"],
        value=row["value"],
        peak_value=row["peak_value"],
        expected=row["expected"],
        threshold=row["threshold"],
        message=row["message"],
        why=row["why"],
        no_data_cause=row["no_data_cause"],
        detected_at=row["detected_at"],
        resolved_at=row["resolved_at"],
    )


def _extent(lens: Lens, shown: Json, events: Sequence[Mapping[str, Any]], moment: datetime) -> Json:
    """How many series are hit and open, by severity; the root's own figures, and those that tell how bad it is."""
    rows = [event_row(lens, row, moment) for row in events]
    if shown["status"] != "resolved":
        rows = with_courses(lens, rows, moment)
    series = {(row["component"], row["instance"], row["metric"]) for row in rows}
    still = [row for row in rows if row["status"] != "resolved"]
    place = (shown["root_component"], shown["root_instance"], shown["root_metric"])
    of_root = [row for row in rows if (row["component"], row["instance"], row["metric"]) == place]
    return {
        "series": len(series) or len(shown["chain"]),
        "open": len(still),
        "critical": sum(row["severity"] == "critical" for row in still),
        "warning": sum(row["severity"] == "warning" for row in still),
        "root": _slim(max(of_root, key=_loudness)) if of_root else None,
        "figures": [_slim(row) for row in _telling(still or rows, place)],
        "courses": dict(Counter(row["course"] for row in still if row.get("course")).most_common()),
    }


def _telling(rows: Sequence[Json], root: tuple[str, str, str]) -> list[Json]:
    """The worst series of the first metric of each telling group that has one, not the root's own."""
    known = [
        row
        for row in rows
        if row["value"] is not None
        and row["anomaly_type"] != "no_data"
        and (row["component"], row["instance"], row["metric"]) != root
    ]
    chosen: list[Json] = []
    for group in FIGURES:
        found = next((some for metric in group if (some := [r for r in known if r["metric"] == metric])), None)
        if found:
            chosen.append(max(found, key=lambda row: (row["severity"] == "critical", _distance(row))))
    return chosen[:MOST_FIGURES]


def _loudness(row: Json) -> tuple[bool, bool]:
    return row["status"] != "resolved", row["severity"] == "critical"


def _distance(row: Json) -> float:
    return abs(float(row["value"]) - float(row["expected"] or 0.0))


def _slim(row: Json) -> Json:
    return {name: row[name] for name in _SHOWN if name in row}
