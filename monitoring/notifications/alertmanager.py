"""Anomalies as alerts of Prometheus Alertmanager's v2 API; pure.

An alert is told from others by its labels alone: they hold what stays the same while an anomaly is open.
Two things may change once each, and then one alert ends as the other begins: `severity`, when a warning becomes
critical (people route by it), and `incident`, when an incident turns out to be part of another (people group by it).
Everything else that changes, the pattern and the figures among it, is in the annotations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from monitoring.anomalies import AnomalyType, fingerprint
from monitoring.contract import Json, iso
from monitoring.errors import ConfigurationError
from monitoring.metrics import ANY, ISOLATED, Catalogue, Metric, SeriesKey
from monitoring.wording import quantity

Row = Mapping[str, Any]
Labels = Mapping[str, str]

MONITOR = "monitor"
"""The label that tells the alerts of one database from those of others."""
OWN = frozenset(
    ("alertname", "component", "instance", "metric", "anomaly_type", "severity", "incident", "cluster", "demo", MONITOR)
)
MOST_CHECKS = 5
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Writing:
    """How alerts are written: `monitor` tells whose they are, `extra` are labels that all of them bear.

    `clusters` are the names that instances begin with where there are several, `page` the address that links
    lead to; `demo` says that the figures are simulated.
    """

    monitor: str
    extra: Labels = field(default_factory=dict)
    clusters: Sequence[str] = ()
    page: str | None = None
    demo: bool = False


def extra_labels(text: str) -> dict[str, str]:
    """Labels written as `team=data, environment=production`; raises `ConfigurationError`."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (side.strip() for side in part.partition("="))
        if not _LABEL.fullmatch(name) or not value:
            raise ConfigurationError(
                f"ALERTMANAGER_LABELS: {part!r} is not a label; write them as team=data, environment=production."
            )
        if name in OWN:
            raise ConfigurationError(f"ALERTMANAGER_LABELS: the label {name} is set by the monitoring itself.")
        found[name] = value
    return found


def alert_of(row: Row, catalogue: Catalogue, writing: Writing, ends_at: datetime) -> Json:
    """An open anomaly as an alert that is over at `ends_at` unless it is sent again before."""
    link = _link(row, writing)
    return {
        "labels": labels_of(row, writing),
        "annotations": annotations_of(row, catalogue, writing),
        "startsAt": iso(row["started_at"]),
        "endsAt": iso(ends_at),
        **({"generatorURL": link} if link else {}),
    }


def ended_alert(labels: Labels, starts_at: datetime, ended_at: datetime) -> Json:
    """An alert that is over."""
    return {"labels": dict(labels), "startsAt": iso(starts_at), "endsAt": iso(max(starts_at, ended_at))}


def labels_of(row: Row, writing: Writing) -> dict[str, str]:
    """What an anomaly is told from others by.

    One that is unusual and one beyond its threshold are the same anomaly: both are of type `threshold`.
    """
    kind = "threshold" if row["anomaly_type"] == "baseline" else row["anomaly_type"]
    incident, cluster = row["incident_id"], _cluster(row["instance"], writing.clusters)
    return {
        **writing.extra,
        "alertname": _camel(kind if row["metric"] == ANY else row["metric"]),
        "component": row["component"],
        "instance": row["instance"],
        "metric": row["metric"],
        "anomaly_type": kind,
        "severity": row["severity"],
        **({} if incident is None else {"incident": str(incident)}),
        **({"cluster": cluster} if cluster else {}),
        **({"demo": "true"} if writing.demo else {}),
        MONITOR: writing.monitor,
    }


def fingerprint_of(labels: Labels) -> str:
    """The fingerprint of the anomaly that an alert speaks of."""
    key = SeriesKey(labels.get("component", ""), labels.get("instance", ""), labels.get("metric", ""))
    return fingerprint(cast(AnomalyType, labels.get("anomaly_type", "")), key)


def annotations_of(row: Row, catalogue: Catalogue, writing: Writing) -> dict[str, str]:
    """What people are told of an anomaly, each in words; what is not known is left out."""
    metric = catalogue.by_name.get(row["metric"])
    unit = metric.unit if metric else ""
    acknowledged = row["acknowledged_at"]
    said = {
        "summary": ("DEMO DATA: " if writing.demo else "") + row["message"],
        "description": row["why"],
        "since": iso(row["started_at"]),
        "value": None if row["value"] is None else quantity(row["value"], unit),
        "usual": None if row["expected"] is None else quantity(row["expected"], unit),
        "threshold": row["threshold"],
        "incident_summary": row["incident_summary"],
        "pattern": row["rule"] or row["pattern"],
        "first_checks": "\n".join(f"- {check}" for check in _checks(row, metric, catalogue)),
        "acknowledged": acknowledged and f"by {row['acknowledged_by'] or 'somebody'}, {iso(acknowledged)}",
        "flapping": "It comes and goes." if row["flapping"] else None,
        "link": _link(row, writing),
    }
    return {name: str(words) for name, words in said.items() if words}


def _checks(row: Row, metric: Metric | None, catalogue: Catalogue) -> Sequence[str]:
    """What to look at first: for the anomaly, or for the failure that its incident is."""
    known = catalogue.pattern(row["rule"] or row["pattern"] or ISOLATED)
    return [*(metric.first_checks if metric else known.first_checks if known else ())][:MOST_CHECKS]


def _link(row: Row, writing: Writing) -> str | None:
    if not writing.page or row["incident_id"] is None:
        return None
    return f"{writing.page.rstrip('/')}/incidents?incident={quote(str(row['incident_id']))}"


def _cluster(instance: str, clusters: Sequence[str]) -> str | None:
    return next((name for name in clusters if instance.startswith(f"{name}/")), None)


def _camel(name: str) -> str:
    """`consumer_group_lag` → `ConsumerGroupLag`, as alerts are called."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
