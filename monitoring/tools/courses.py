"""How open anomalies went since they began: the worst and when, and whether it eases or grows lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from monitoring.contract import Json, iso
from monitoring.metrics import ANY, Metric
from monitoring.moments import parse_moment
from monitoring.tools.asking import Lens

Course = Literal["easing", "worsening", "steady"]

BACK = timedelta(minutes=30)
"""How it goes is judged against that long ago, or half its age where it is younger."""
WIDTH = timedelta(minutes=5)
LONGEST = timedelta(hours=6)
"""The worst is looked for no further back."""
EASED = 0.8
"""A distance from what is usual below this share of the worst one, and of the one before, has eased."""
GROWN = 1.1
_FIGURED = frozenset({"threshold", "baseline", "stalled"})
"""A rise towards a limit is a saw-tooth in memory: its last minutes say nothing of it."""


def with_courses(lens: Lens, rows: Sequence[Json], moment: datetime) -> list[Json]:
    """The rows, those that are open with `peak_value` and `peak_at` up to the moment, `lately`, `before`
    (at `before_at`) and `course`."""
    wanted = [row for row in rows if _has_course(lens, row)]
    if not wanted:
        return list(rows)
    found = {
        (got["component"], got["instance"], got["metric"]): got
        for got in lens.reader.read("courses", _parameters(lens, wanted, moment), cap=10_000).rows
    }
    chosen = {id(row) for row in wanted}
    return [_with(row, found, moment) if id(row) in chosen else row for row in rows]


def _has_course(lens: Lens, row: Json) -> bool:
    named = row["metric"] in lens.catalogue and row["instance"] != ANY
    return named and row["status"] != "resolved" and row["anomaly_type"] in _FIGURED


def _parameters(lens: Lens, rows: Sequence[Json], moment: datetime) -> dict[str, Any]:
    return {
        "components": [row["component"] for row in rows],
        "instances": [row["instance"] for row in rows],
        "metrics": [row["metric"] for row in rows],
        "onsets": [max(parse_moment(row["started_at"], "started_at"), moment - LONGEST) for row in rows],
        "lower": [_falls(lens.catalogue[row["metric"]], row) for row in rows],
        "moment": moment,
        "earlier": [_earlier(row, moment) for row in rows],
        "width": WIDTH,
    }


def _earlier(row: Json, moment: datetime) -> datetime:
    return moment - min(BACK, (moment - parse_moment(row["started_at"], "started_at")) / 2)


def _falls(metric: Metric, row: Json) -> bool:
    if metric.direction != "both":
        return metric.direction == "lower_is_worse"
    return row["value"] is not None and row["expected"] is not None and row["value"] < row["expected"]


def _with(row: Json, found: Mapping[tuple[str, str, str], Mapping[str, Any]], moment: datetime) -> Json:
    got = found.get((row["component"], row["instance"], row["metric"]))
    if got is None or got["lately"] is None:
        return row
    earlier = _earlier(row, moment)
    before = got["before"] if moment - earlier >= WIDTH else None
    return {
        **row,
        "peak_value": got["worst"],
        "peak_at": iso(got["worst_at"]),
        "lately": float(f"{got['lately']:.6g}"),
        "before": None if before is None else float(f"{before:.6g}"),
        "before_at": None if before is None else iso(earlier),
        "course": course(row["expected"], got["worst"], got["lately"], before),
    }


def course(usual: float | None, worst: float, lately: float, before: float | None) -> Course:
    """Which way a series goes, by how far it is from what is usual (from zero where that is not known).

    `worst` is its worst value since the onset, `lately` the mean of the last minutes, `before` that of the same
    stretch some time ago, `None` where that lies before the onset.
    """
    base = usual or 0.0
    now, most = abs(lately - base), abs(worst - base)
    if most == 0:
        return "steady"
    then = most if before is None else abs(before - base)
    if now <= EASED * most and now <= EASED * max(then, EASED * most):
        return "easing"
    if before is not None and now > GROWN * then:
        return "worsening"
    if before is None and now > 0.95 * most:
        return "worsening"
    return "steady"
