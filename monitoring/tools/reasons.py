"""Why an anomaly is one, in the words people read, from its figures as they stood at a moment.

The words kept with an event are those of its last tick: of a later time than the one that is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitoring.anomalies import humanize
from monitoring.detection.baseline import edges
from monitoring.detection.thresholds import describe
from monitoring.metrics import Metric, Threshold
from monitoring.wording import level_text, quantity, ranged


def reason(metric: Metric | None, row: Mapping[str, Any], moment: datetime, past: bool) -> str:
    """The reason for an event as a row of the store; `past` says that its own words may be of a later time."""
    kind, over = row["anomaly_type"], row["status"] == "resolved"
    ended: datetime = row["resolved_at"] or moment
    lasting = humanize(max(ended - row["started_at"], timedelta(0)))
    value = row["peak_value"] if over else row["value"]
    if kind == "no_data":
        why = str(row["why"]) if metric is None else str(row["why"]).replace(metric.name, metric.short)
        return _silent(why, lasting, past and not over)
    if metric is None or value is None:
        return str(row["why"])
    if kind == "threshold":
        return f"{_level(metric, value, row['expected'], over)}; {_beyond(metric, row, value, past)} for {lasting}"
    if kind == "baseline":
        return f"{_level(metric, value, row['expected'], over)}; unusual{_band(metric, row)} for {lasting}"
    if kind == "stalled":
        flowing = str(row["why"]).partition(" while ")[2]
        while_ = f" while {flowing}" if flowing and not past else " while its input flows"
        return f"{_level(metric, value, row['expected'], over)}; all but nothing{while_} for {lasting}"
    if kind == "restart_loop" and (past or over):
        return f"restarts again and again for {lasting}"
    if kind == "trend":
        return _rise(metric, row, value, lasting, past)
    return str(row["why"])


def _level(metric: Metric, value: float, usual: float | None, over: bool) -> str:
    text = f"{metric.short} {'reached' if over else 'at'} {quantity(value, metric.unit)}"
    return text if usual is None else f"{text}, usually {quantity(usual, metric.unit)}"


def level_then(metric: Metric | None, row: Mapping[str, Any]) -> str:
    """The threshold of an open event in words: of the severity it had, empty where it was only unusual."""
    if row["anomaly_type"] != "threshold" or metric is None or row["value"] is None:
        return str(row["threshold"])
    threshold = _threshold(metric, row)
    if threshold is None or not _passed(threshold, row["value"], row["expected"]):
        return ""
    return describe(threshold, row["expected"])


def _threshold(metric: Metric, row: Mapping[str, Any]) -> Threshold | None:
    return metric.critical if row["severity"] == "critical" else metric.warning


def _beyond(metric: Metric, row: Mapping[str, Any], value: float, past: bool) -> str:
    """Which level it is beyond: an event that passed one later was only unusual then."""
    threshold = _threshold(metric, row)
    if threshold is None or (past and not _passed(threshold, value, row["expected"])):
        return "unusual"
    return f"beyond the {row['severity']} level ({level_text(threshold, metric.unit)})"


def _passed(threshold: Threshold, value: float, usual: float | None) -> bool:
    level = threshold.level
    if threshold.basis != "absolute":
        if usual is None:
            return True
        level = level * usual if threshold.basis == "times usual" else level + usual
    return {
        ">": value > level,
        ">=": value >= level,
        "<": value < level,
        "<=": value <= level,
        "!=": value != level,
    }[threshold.op]


def _band(metric: Metric, row: Mapping[str, Any]) -> str:
    low, high = edges(str(row["threshold"]))
    if low == float("-inf") or high == float("inf"):
        return ""
    return f" (expected {ranged(quantity(low, metric.unit), quantity(high, metric.unit))})"


def _silent(why: str, lasting: str, past: bool) -> str:
    """The words of a silence with its length at the moment; what came before it stays true."""
    head, found, tail = why.partition(" for ")
    if not past or not found:
        return why
    return f"{head} for {lasting}{''.join(tail.partition('; ')[1:])}"


def _rise(metric: Metric, row: Mapping[str, Any], value: float, lasting: str, past: bool) -> str:
    early = row["expected"]
    if early is None:
        return str(row["why"])
    verb = "rose" if value > early else "fell"
    what = f"the floor of {metric.short}" if metric.floor else metric.short
    text = f"{what} {verb} from {quantity(early, metric.unit)} to {quantity(value, metric.unit)} in {lasting}"
    forecast = str(row["why"]).partition("; ")[2]
    return text if past or not forecast else f"{text}; {forecast}"
