"""Every number an answer may hold: gathered from tool replies, what they looked at, and the catalogue."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.agent import things
from monitoring.agent.phrasing import parsed
from monitoring.agent.quantities import Quantity, quantities
from monitoring.contract import ToolReply
from monitoring.metrics import COMPONENTS, Catalogue, Metric, Threshold, Window

COUNT_LABELS = {
    "anomaly": "anomalies",
    "anomalies": "anomalies",
    "event": "anomalies",
    "events": "anomalies",
    "alert": "anomalies",
    "alerts": "anomalies",
    "issue": "anomalies",
    "issues": "anomalies",
    "critical": "critical",
    "warning": "warning",
    "warnings": "warning",
    "open": "open",
    "firing": "open",
    "pending": "pending",
    "resolved": "resolved",
    "incident": "incidents",
    "incidents": "incidents",
    "cascade": "incidents",
    "cascades": "incidents",
    "isolated": "isolated",
    "series": "series",
    "samples": "samples",
    "rising": "rising",
    "falling": "falling",
    "steady": "steady",
}
"""Words after a number that say what is counted, and the figure they speak of."""

_GROUPED = ("component", "severity", "status", "metric", "instance", "anomaly_type", "pattern", "direction", "breached")
_ROW_NOUN = {"query_metrics_trend": "series", "get_cross_component_anomalies": "incidents"}
_LISTED = {
    "open_incidents": "incidents",
    "over_incidents": "incidents",
    "incident_list": "incidents",
    "chain": "series",
}
WRITTEN = re.compile(r"\d(?:[\d.,:/-]*\d)?")
_PLACE = ("component", "instance", "metric")
_NOT_MEASURED = frozenset({"id", "incident_id", "samples", "occurrences", "bucket_seconds"})


class Values:
    """Numbers that can be searched for one close to a given one."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._sorted = True

    def add(self, value: float) -> None:
        self._values.append(abs(value))
        self._sorted = False

    def between(self, low: float, high: float) -> bool:
        """Whether there is one in [low, high]."""
        if not self._sorted:
            self._values.sort()
            self._sorted = True
        return bisect_left(self._values, low) < bisect_right(self._values, high)


@dataclass
class Evidence:
    """What may be said: values by kind and unit, counts by what they count, moments, ids, texts and names."""

    zone: ZoneInfo
    now: datetime
    plain: Values = field(default_factory=Values)
    percents: Values = field(default_factory=Values)
    durations: Values = field(default_factory=Values)
    sizes: Values = field(default_factory=Values)
    units: dict[str, Values] = field(default_factory=lambda: defaultdict(Values))
    counts: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    moments: set[datetime] = field(default_factory=set)
    ids: set[int] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    """Figures of documents, digit by digit as they stand there."""

    def count(self, amount: int, label: str = "") -> None:
        self.counts["*"].add(amount)
        if label:
            self.counts[label].add(amount)

    def measure(self, value: float, unit: str) -> None:
        """A value of a metric: as it is, and as it reads in its unit."""
        self.plain.add(value)
        self.units[unit].add(value)
        if unit.startswith("ratio"):
            self.percents.add(value * 100)
        elif unit in ("s", "seconds"):
            self.durations.add(value)
        elif unit in ("ms", "milliseconds"):
            self.durations.add(value / 1000)
        elif unit == "bytes":
            self.sizes.add(value)

    def moment(self, value: object) -> None:
        read = parsed(value) if isinstance(value, str | datetime) else None
        if read is not None:
            self.moments.add(read.astimezone(UTC))

    def text(self, text: str, unit: str = "") -> None:
        """A sentence that may be quoted as it is, and each number in it."""
        found = list(quantities(text))
        if found:
            self.texts.add(text)
        for quantity in found:
            self._quoted(quantity, unit)

    def _quoted(self, quantity: Quantity, unit: str) -> None:
        if quantity.kind == "percent":
            self.percents.add(quantity.value)
            self.plain.add(quantity.value / 100)
        elif quantity.kind in ("duration", "ago"):
            self.durations.add(quantity.value)
        elif quantity.kind == "bytes":
            self.sizes.add(quantity.value)
        elif quantity.kind == "plain":
            self.measure(quantity.value, unit)
        elif quantity.kind == "id":
            self.ids.add(int(quantity.value) if quantity.value.is_integer() else 0)

    def window(self, window: Window | None) -> None:
        if window is not None:
            self.moments |= {window.start, window.end, window.start + window.span / 2}
            self.durations.add(window.span.total_seconds())


def gathered(
    replies: Sequence[ToolReply], catalogue: Catalogue, named: Iterable[Metric], now: datetime, zone: ZoneInfo
) -> Evidence:
    """All evidence of an answer; `named` are the metrics it speaks of."""
    evidence = Evidence(zone, now)
    evidence.moment(now)
    involved = {metric.name: metric for metric in named}
    for reply in replies:
        _looked_at(reply, evidence)
        _summarised(reply.summary, reply, catalogue, evidence)
        for row in reply.rows:
            _row(row, catalogue, evidence)
        _grouped(reply, catalogue, evidence)
        names = [str(row.get("metric") or row.get("root_metric")) for row in reply.rows]
        names += (reply.looked_at.metrics or ()) if reply.looked_at else ()
        involved.update({n: catalogue[n] for n in names if n in catalogue})
    for metric in involved.values():
        _defined(metric, evidence)
    _sizes_of(catalogue, evidence)
    return evidence


def _looked_at(reply: ToolReply, evidence: Evidence) -> None:
    evidence.text(reply.hint)
    looked = reply.looked_at
    if looked is None:
        return
    evidence.window(looked.window)
    evidence.window(looked.compare_window)
    if looked.compare_window is not None:
        evidence.durations.add((looked.window.start - looked.compare_window.start).total_seconds())
    evidence.count(len(looked.components))
    evidence.names |= {*(looked.instances or ()), *(looked.metrics or ())}


def _row(row: Mapping[str, Any], catalogue: Catalogue, evidence: Evidence) -> None:
    metric = str(row.get("metric") or row.get("root_metric") or "")
    unit = str(row.get("unit") or (catalogue[metric].unit if metric in catalogue else ""))
    _values(row, unit, evidence)
    _lasting(row, evidence)
    _chained(row, evidence)
    if "document_id" in row:
        evidence.names |= {str(row["file"]), str(row["label"])}
        for part in (row["text"], row["title"], row["heading"]):
            evidence.written |= set(WRITTEN.findall(str(part)))


def _lasting(row: Mapping[str, Any], evidence: Evidence) -> None:
    """How long what a row tells of has lasted."""
    began, ended = parsed(row.get("started_at")), parsed(row.get("resolved_at"))
    for later in (ended, parsed(row.get("detected_at")), parsed(row.get("last_seen_at"))):
        if began is not None and later is not None:
            evidence.durations.add((later - began).total_seconds())
    if began is not None and ended is None:
        evidence.durations.add((evidence.now - began).total_seconds())


def _values(row: Mapping[str, Any], unit: str, evidence: Evidence) -> None:
    for key, value in row.items():
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int | float):
            _number(key, float(value), unit, evidence)
        elif isinstance(value, str):
            _string(key, value, unit, evidence)
        elif isinstance(value, Mapping):
            _nested(value, unit, evidence)
        elif isinstance(value, Sequence):
            evidence.count(len(value), _LISTED.get(key, ""))
            evidence.count(len(value) - 1, _LISTED.get(key, ""))
            _items(value, unit, evidence)


def _nested(row: Mapping[str, Any], unit: str, evidence: Evidence) -> None:
    """A row within a row: an incident, or an anomaly of it, which has a unit of its own."""
    _values(row, str(row.get("unit", unit)), evidence)
    _lasting(row, evidence)
    if isinstance(row.get("series"), int):
        evidence.count(row["series"] - 1, "series")
    _chained(row, evidence)


def _chained(row: Mapping[str, Any], evidence: Evidence) -> None:
    """How many series of each component an incident took in, with and without its root."""
    links = [link for link in row.get("chain") or () if isinstance(link, Mapping)]
    rest = [
        link for link in links if any(link.get(k) != row.get(f"root_{k}") for k in ("component", "instance", "metric"))
    ]
    for some in (links, rest):
        for component, amount in Counter(link.get("component") for link in some).items():
            evidence.count(amount, "series")
            evidence.count(len({link.get("metric") for link in some if link.get("component") == component}))


def _items(values: Sequence[Any], unit: str, evidence: Evidence) -> None:
    for value in values:
        if isinstance(value, Mapping):
            _nested(value, unit, evidence)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            evidence.measure(float(value), unit)
        elif isinstance(value, str):
            evidence.names.add(value)


def _number(key: str, value: float, unit: str, evidence: Evidence) -> None:
    if key in ("id", "incident_id"):
        evidence.ids.add(int(value))
    elif key.endswith("_pct"):
        evidence.percents.add(value)
    elif key.endswith("_seconds"):
        evidence.durations.add(value)
    elif key in _NOT_MEASURED or key == "events" or key in COUNT_LABELS:
        evidence.count(int(value), COUNT_LABELS.get(key, ""))
    else:
        evidence.measure(value, unit)


def _string(key: str, value: str, unit: str, evidence: Evidence) -> None:
    if key.endswith("_at") or key in ("onset", "bucket", "samples_from", "as_of"):
        evidence.moment(value)
    elif key in ("instance", "root_instance", "metric", "root_metric", "worst_instance"):
        evidence.names.add(value)
    else:
        evidence.text(value, unit)


def _summarised(summary: Mapping[str, Any], reply: ToolReply, catalogue: Catalogue, evidence: Evidence) -> None:
    for key, value in summary.items():
        if key == "metrics" and isinstance(value, Mapping):
            evidence.count(len(value))
            for name, part in value.items():
                unit = part.get("unit") or (catalogue[name].unit if name in catalogue else "")
                _of_metric(part, str(unit), evidence)
        elif isinstance(value, Mapping):
            _summed(value, evidence)
            _summarised(value, reply, catalogue, evidence)
        elif isinstance(value, int) and not isinstance(value, bool) and not key.endswith("_seconds"):
            evidence.count(value, _label(key))
        elif isinstance(value, str):
            _string(key, value, "", evidence)
        elif isinstance(value, float):
            _number(key, value, "", evidence)
        elif isinstance(value, Sequence):
            _values({key: value}, "", evidence)
        elif isinstance(value, int):
            evidence.durations.add(float(value))


def _summed(parts: Mapping[str, Any], evidence: Evidence) -> None:
    """Open anomalies of all components together, by kind."""
    for key in ("open", "pending", "critical", "warning"):
        amounts = [part[key] for part in parts.values() if isinstance(part, Mapping) and isinstance(part.get(key), int)]
        if amounts:
            evidence.count(sum(amounts), key)
            evidence.count(sum(amounts), "anomalies")


def _label(key: str) -> str:
    if key in ("total", "anomalies", *COMPONENTS):
        return "anomalies"
    return "incidents" if key == "cross_component" else COUNT_LABELS.get(key, "anomalies")


def _of_metric(part: Mapping[str, Any], unit: str, evidence: Evidence) -> None:
    for key, value in part.items():
        if key in ("series", "rising", "falling", "steady", "breached") and isinstance(value, int):
            evidence.count(value, COUNT_LABELS.get(key, ""))
        else:
            _values({key: value}, unit, evidence)


def _grouped(reply: ToolReply, catalogue: Catalogue, evidence: Evidence) -> None:
    """How many rows there are of each kind."""
    rows = [row for row in reply.rows if isinstance(row, Mapping)]
    noun = _ROW_NOUN.get(reply.name, "anomalies")
    evidence.count(len(rows), noun)
    evidence.count(reply.row_count, noun)
    still = [row for row in rows if row.get("status") not in ("resolved", "pending")]
    unresolved = [row for row in rows if row.get("status") != "resolved"]
    for some in (still, unresolved, [row for row in rows if row.get("status") != "pending"]):
        evidence.count(len(some), noun)
    evidence.count(len(still), "open")
    evidence.count(len(unresolved), "open")
    for column in _GROUPED:
        evidence.count(len({str(row[column]) for row in rows if row.get(column)}))
        for value, amount in Counter(str(row.get(column)) for row in rows).items():
            evidence.count(amount, noun)
            evidence.count(amount, COUNT_LABELS.get(value, ""))
    for kind in things.KIND_WORDS:
        of_kind = things.grouped(still, kind, catalogue), things.grouped(rows, kind, catalogue)
        for groups in of_kind:
            evidence.count(len(groups))
            for own in groups.values():
                evidence.count(len(own), noun)
                evidence.count(len(own), "open")
                evidence.count(sum(row.get("severity") == "critical" for row in own), "critical")
    for first, second in combinations(_GROUPED, 2):
        for values, amount in Counter((str(r.get(first)), str(r.get(second))) for r in rows).items():
            evidence.count(amount, noun)
            for value in values:
                evidence.count(amount, COUNT_LABELS.get(value, ""))


def _defined(metric: Metric, evidence: Evidence) -> None:
    texts = (metric.description, *metric.likely_causes, *metric.first_checks, *metric.pitfalls)
    for text in texts:
        evidence.text(text, metric.unit)
    for _, threshold in metric.thresholds:
        _threshold(threshold, metric.unit, evidence)
    for bound in metric.normal:
        if bound is not None:
            evidence.measure(bound, metric.unit)


def _threshold(threshold: Threshold, unit: str, evidence: Evidence) -> None:
    evidence.measure(threshold.level, unit)
    evidence.measure(threshold.clear, unit)
    evidence.durations.add(threshold.hold.total_seconds())
    evidence.text(threshold.source, unit)
    if threshold.also is not None:
        evidence.measure(threshold.also[1], unit)


def _sizes_of(catalogue: Catalogue, evidence: Evidence) -> None:
    """Texts of patterns, how many metrics there are, and the like."""
    evidence.count(len(catalogue))
    for component in COMPONENTS:
        evidence.count(len(catalogue.of([component])))
    for pattern in catalogue.patterns:
        for text in (pattern.title, pattern.explanation, *pattern.first_checks):
            evidence.text(text)


def ages(evidence: Evidence) -> list[timedelta]:
    """How long ago each moment was."""
    return [evidence.now - moment for moment in evidence.moments if moment <= evidence.now]
