"""What the four tools share: the filter they are asked with, and the reply that says what was looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from monitoring.contract import Json, LookedAt, ToolReply, ToolStatus, iso
from monitoring.errors import Cancelled, InvalidInput, MonitoringError, UnknownName
from monitoring.metrics import COMPONENTS, Catalogue, Window, component_named
from monitoring.moments import parse_moment
from monitoring.store.store import Reader
from monitoring.tools.reasons import level_then, reason

LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Lens:
    """What a tool looks through: the reader role, the catalogue, and the moment it answers as of."""

    reader: Reader
    catalogue: Catalogue
    as_of: datetime
    past: bool = False
    """Whether `as_of` was asked for, rather than being now: then what came later must not show."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which components, metrics and instances; `None` means all of them."""

    components: tuple[str, ...] = COMPONENTS
    metrics: tuple[str, ...] | None = None
    instances: tuple[str, ...] | None = None
    severity: str | None = None

    def parameters(self) -> dict[str, Any]:
        """As the named queries take it."""
        return {
            "components": list(self.components),
            "metrics": None if self.metrics is None else list(self.metrics),
            "instances": None if self.instances is None else list(self.instances),
            "severity": None if self.severity in (None, "warning") else self.severity,
        }


@dataclass(slots=True)
class Found:
    """What a tool found, before it is put into its reply."""

    looked_at: LookedAt
    rows: Sequence[Json]
    summary: Mapping[str, Any] = field(default_factory=dict)
    status: ToolStatus = "ok"
    row_count: int | None = None
    truncated: bool = False
    hint: str = ""


def replied(name: str, args: Mapping[str, Any], ask: Callable[[], Found]) -> ToolReply:
    """Run a tool and put what it found into a reply; a failure is a reply too, with status `error`."""
    given = {key: value for key, value in args.items() if value is not None}
    began = time.perf_counter()
    try:
        found = ask()
    except Cancelled:
        raise
    except MonitoringError as problem:
        nearest = list(problem.nearest) if isinstance(problem, UnknownName) else []
        summary: dict[str, Any] = {"error": str(problem), **({"nearest": nearest} if nearest else {})}
        took = (time.perf_counter() - began) * 1000
        return ToolReply(name, given, None, "error", summary, [], 0, False, took, failure=problem)
    took = (time.perf_counter() - began) * 1000
    count = len(found.rows) if found.row_count is None else found.row_count
    hint = found.hint or (NARROW if found.truncated else "")
    return ToolReply(
        name, given, found.looked_at, found.status, found.summary, found.rows, count, found.truncated, took, hint
    )


NARROW = "Not all rows are shown: ask for one component, metric or instance, or for a shorter window."


def chosen(
    catalogue: Catalogue,
    component: Sequence[str] | str | None = None,
    metric: Sequence[str] | str | None = None,
    instance: Sequence[str] | str | None = None,
    severity: str | None = None,
) -> Filter:
    """A filter from a tool's arguments; raises `UnknownName` with the nearest names for one that is not known."""
    metrics = _listed(metric)
    for name in metrics or ():
        catalogue[name]
    components = tuple(component_named(name) for name in _listed(component) or COMPONENTS)
    if metrics and not _listed(component):
        of_metrics = {catalogue[name].component for name in metrics}
        components = tuple(name for name in COMPONENTS if name in of_metrics)
    if severity not in (None, "warning", "critical"):
        raise InvalidInput(f"A severity is 'warning' or 'critical', not {severity!r}.")
    return Filter(components, metrics, _listed(instance), severity)


def _listed(value: Sequence[str] | str | None) -> tuple[str, ...] | None:
    if value is None or value == "" or value == []:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def window_of(
    as_of: datetime, last: timedelta, start: datetime | str | None = None, end: datetime | str | None = None
) -> Window:
    """The window asked for: from `start` to `end` where given, else the last so long up to `as_of`."""
    if not timedelta(0) < last <= LONGEST:
        raise InvalidInput(f"A window of {last.total_seconds() / 3600:g} hours cannot be looked at.")
    until = _moment(end, "end") or as_of
    since = _moment(start, "start") or until - last
    if since >= until:
        raise InvalidInput(f"The window begins at {iso(since)} and ends at {iso(until)}: it must begin before it ends.")
    if since >= as_of:
        raise InvalidInput(f"The window begins at {iso(since)}, which is not before {iso(as_of)}.")
    return Window(since, until)


def known_in(lens: Lens, which: Filter, window: Window) -> bool:
    """Whether there are data to judge by: of the series asked for, in the hours of the window."""
    parameters = {**which.parameters(), "start": window.start, "end": window.end}
    return bool(lens.reader.read("data_in", parameters).rows[0]["known"])


def compared(start: datetime | str | None, end: datetime | str | None) -> Window | None:
    """The window to compare with; `None` where none is asked for."""
    since, until = _moment(start, "compare_start"), _moment(end, "compare_end")
    if since is None and until is None:
        return None
    if since is None or until is None or since >= until:
        raise InvalidInput("A comparison needs both compare_start and compare_end, the first before the second.")
    return Window(since, until)


def _moment(value: datetime | str | None, name: str) -> datetime | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, datetime) else parse_moment(value, name)


def jsonable(row: Mapping[str, Any]) -> Json:
    """A row of the database with times as ISO 8601 UTC."""
    return {key: iso(value) if isinstance(value, datetime) else value for key, value in row.items()}


def event_row(lens: Lens, row: Mapping[str, Any], moment: datetime) -> Json:
    """An anomaly as it stood at a moment, with the reason in words that fit: now, then, or over."""
    shown = jsonable(row)
    metric = lens.catalogue.by_name.get(row["metric"])
    shown["why"] = reason(metric, row, moment, lens.past)
    if lens.past and row["status"] != "resolved":
        shown["threshold"] = level_then(metric, row)
        shown["analysis"] = None
    return shown
