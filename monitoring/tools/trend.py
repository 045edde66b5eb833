"""query_metrics_trend: how metrics developed over a window, against their thresholds and an earlier window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from monitoring.blocks import from_micros, to_micros
from monitoring.contract import Json, LookedAt, ToolReply, iso
from monitoring.detection.thresholds import describe
from monitoring.errors import InvalidInput
from monitoring.metrics import Metric, Threshold, Window
from monitoring.tools.asking import Filter, Found, Lens, chosen, compared, replied, window_of
from monitoring.tools.shape import Shape, shape_of

NAME = "query_metrics_trend"
POINTS = 59
FINEST = timedelta(hours=2)
FINE = timedelta(hours=36)
"""Up to these spans samples, then rollups by minute, then rollups by hour are read."""
MOST_BUCKETS = 200_000

Bucket = Mapping[str, Any]


def query_metrics_trend(
    lens: Lens,
    metric: Sequence[str] | str | None = None,
    component: Sequence[str] | str | None = None,
    instance: Sequence[str] | str | None = None,
    hours: float = 6,
    start: str | datetime | None = None,
    end: str | datetime | None = None,
    compare_start: str | datetime | None = None,
    compare_end: str | datetime | None = None,
) -> ToolReply:
    """One row a series: average, lowest, highest, direction, floor and, where asked, the change to before."""
    args = {
        "metric": metric,
        "component": component,
        "instance": instance,
        "hours": None if start else hours,
        "start": start and str(start),
        "end": end and str(end),
        "compare_start": compare_start and str(compare_start),
        "compare_end": compare_end and str(compare_end),
    }

    def ask() -> Found:
        which = chosen(lens.catalogue, component, metric, instance)
        if which.metrics is None:
            raise InvalidInput("query_metrics_trend needs at least one metric.")
        window = window_of(lens.as_of, timedelta(hours=hours), start, end)
        return _look(lens, which, window, compared(compare_start, compare_end))

    return replied(NAME, args, ask)


def _look(lens: Lens, which: Filter, window: Window, other: Window | None) -> Found:
    until = min(window.end, lens.as_of)
    seen = Window(window.start, until)
    width = _width(seen.span)
    series = _by_series(_read(lens, which, seen, width))
    before = _by_series(_read(lens, which, other, other.span)) if other else {}
    rows = [
        _row(lens.catalogue[key[2]], key, buckets, seen, width, before.get(key), other)
        for key, buckets in series.items()
    ]
    rows.sort(key=_badness, reverse=True)
    shown = rows[: lens.reader.row_cap]
    oldest = lens.reader.read("oldest_data", {}).rows[0]["oldest"]
    summary = {**_summary(rows, seen, other), "samples_from": iso(oldest)}
    looked = LookedAt(which.components, window, which.metrics, which.instances, other)
    return Found(looked, shown, summary, "ok" if rows else "no_data", len(rows), len(rows) > len(shown))


def _width(span: timedelta) -> timedelta:
    """The width of a point, so that there are at most `POINTS` of them, in whole steps of what is read."""
    step = timedelta(seconds=1) if span <= FINEST else timedelta(minutes=1) if span <= FINE else timedelta(hours=1)
    return max(step, -(-span // POINTS // step) * step)


def _read(lens: Lens, which: Filter, window: Window, width: timedelta) -> Sequence[Bucket]:
    name = "trend_raw" if window.span <= FINEST else "trend_1m" if window.span <= FINE else "trend_1h"
    whole = {"trend_raw": timedelta(microseconds=1), "trend_1m": timedelta(minutes=1), "trend_1h": timedelta(hours=1)}
    # A rollup is taken whole: the window's first one may begin before the window does.
    first = from_micros(to_micros(window.start) // _micros(whole[name]) * _micros(whole[name]))
    parameters = {**which.parameters(), "start": first, "end": window.end, "width": width}
    found = lens.reader.read(name, parameters, cap=MOST_BUCKETS)
    if found.truncated:
        raise InvalidInput("That is too many series at once: name one component, metric or instance.")
    return found.rows


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _by_series(buckets: Iterable[Bucket]) -> dict[tuple[str, str, str], list[Bucket]]:
    series: dict[tuple[str, str, str], list[Bucket]] = defaultdict(list)
    for bucket in buckets:
        series[(bucket["component"], bucket["instance"], bucket["metric"])].append(bucket)
    return series


def _row(
    metric: Metric,
    key: tuple[str, str, str],
    buckets: Sequence[Bucket],
    window: Window,
    width: timedelta,
    before: Sequence[Bucket] | None,
    other: Window | None,
) -> Json:
    shape = shape_of(buckets, metric.direction)
    side = "min" if metric.direction == "lower_is_worse" else "max"
    peak = (min if side == "min" else max)(buckets, key=lambda b: b[side])
    whole = _whole(buckets)
    row: Json = {
        "component": key[0],
        "instance": key[1],
        "metric": key[2],
        "unit": metric.unit,
        **whole,
        "first": _round(shape.first),
        "last": _round(shape.last),
        "change_pct": _percent(shape.first, shape.last),
        "slope_per_hour": _round(shape.slope_per_hour),
        "floor_first": _round(shape.floor_first),
        "floor_last": _round(shape.floor_last),
        "floor_change": _round(shape.floor_last - shape.floor_first),
        "floor_slope_per_hour": _round(shape.floor_slope_per_hour),
        "direction": shape.direction,
        "turned_at": None if shape.turned is None else iso(buckets[shape.turned]["bucket"]),
        "peak_at": iso(peak[f"{side}_at"]),
        "threshold_warning": describe(metric.warning) if metric.warning else None,
        "threshold_critical": describe(metric.critical) if metric.critical else None,
        "breached": _breached(metric, whole),
        "beyond": _breached(metric, {"min": shape.last, "max": shape.last}),
        "exhausts_at": iso(_exhausts(metric, shape, window.end)),
        "points": _points(buckets, window, width),
        "bucket_seconds": round(width.total_seconds()),
    }
    if other is not None:
        earlier = _whole(before) if before else None
        row["compare"] = earlier
        row["avg_change_pct"] = _percent(earlier["avg"], row["avg"]) if earlier else None
    return row


def _whole(buckets: Sequence[Bucket]) -> Json:
    samples = sum(b["samples"] for b in buckets)
    return {
        "samples": samples,
        "avg": _round(sum(b["avg"] * b["samples"] for b in buckets) / samples),
        "min": _round(min(b["min"] for b in buckets)),
        "max": _round(max(b["max"] for b in buckets)),
    }


def _points(buckets: Sequence[Bucket], window: Window, width: timedelta) -> list[float | None]:
    """The averages at equal distances, `None` where no sample lies."""
    first = buckets[0]["bucket"]
    while first - width >= window.start:
        first -= width
    at = {b["bucket"]: _round(b["avg"]) for b in buckets}
    count = -(-(window.end - first) // width)
    return [at.get(first + n * width) for n in range(count)]


def _breached(metric: Metric, whole: Mapping[str, float]) -> str | None:
    """The severity whose absolute level was crossed at some time, however shortly; `None` if none was."""
    for severity, threshold in reversed(metric.thresholds):
        if threshold.basis == "absolute" and _crossed(threshold, whole):
            return severity
    return None


def _crossed(threshold: Threshold, whole: Mapping[str, float]) -> bool:
    level = threshold.level
    return {
        ">": whole["max"] > level,
        ">=": whole["max"] >= level,
        "<": whole["min"] < level,
        "<=": whole["min"] <= level,
        "!=": whole["min"] != level or whole["max"] != level,
    }[threshold.op]


def _exhausts(metric: Metric, shape: Shape, now: datetime) -> datetime | None:
    """When the floor would reach the critical level if it went on as it does; `None` if it does not go there."""
    threshold = metric.critical
    if threshold is None or threshold.basis != "absolute" or not shape.floor_moves:
        return None
    hours = (threshold.level - shape.floor_last) / shape.floor_slope_per_hour
    return now + timedelta(hours=hours) if 0 < hours <= 24 * 30 else None


def _badness(row: Json) -> tuple[int, float]:
    rank = {"critical": 2, "warning": 1, None: 0}[row["breached"]]
    change = row.get("avg_change_pct")
    return rank, abs(row["change_pct"] or 0.0 if change is None else change)


def _summary(rows: Sequence[Json], window: Window, other: Window | None) -> Json:
    metrics: dict[str, Json] = {}
    for name in dict.fromkeys(row["metric"] for row in rows):
        metrics[name] = _of_metric([row for row in rows if row["metric"] == name], other)
    summary: Json = {
        "series": len(rows),
        "samples": sum(row["samples"] for row in rows),
        "window_seconds": round(window.span.total_seconds()),
        "metrics": metrics,
    }
    if other is not None:
        summary["compare_samples"] = sum(row["compare"]["samples"] for row in rows if row["compare"])
    return summary


def _of_metric(rows: Sequence[Json], other: Window | None) -> Json:
    directions = [row["direction"] for row in rows]
    weight = np.array([row["samples"] for row in rows], float)
    average = float(np.average([row["avg"] for row in rows], weights=weight))
    found: Json = {
        "unit": rows[0]["unit"],
        "series": len(rows),
        "avg": _round(average),
        "min": min(row["min"] for row in rows),
        "max": max(row["max"] for row in rows),
        "worst_instance": rows[0]["instance"],
        "direction": max(("rising", "falling", "steady"), key=directions.count),
        **{name: directions.count(name) for name in ("rising", "falling", "steady")},
        "breached": sum(row["breached"] is not None for row in rows),
    }
    if other is not None:
        # Only series that both windows know can be compared.
        both = [row for row in rows if row["compare"]]
        then = float(np.mean([row["compare"]["avg"] for row in both])) if both else None
        now = float(np.mean([row["avg"] for row in both])) if both else None
        found["compare_avg"] = None if then is None else _round(then)
        found["avg_change_pct"] = None if then is None or now is None else _percent(then, now)
    return found


def _percent(before: float, after: float) -> float | None:
    """The change in percent; `None` where it was zero before."""
    return None if before == 0 else round((after - before) / abs(before) * 100, 1)


def _round(value: float) -> float:
    """Six significant digits: what is shown is what is traced."""
    return float(f"{value:.6g}")
