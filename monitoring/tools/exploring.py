"""What the explorer of metrics reads: the series of a metric, and how some of them went; read-only and bounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.errors import InvalidInput
from monitoring.metrics import Component, Severity, Window, component_named
from monitoring.operations import Course, Courses, Instance, Instances, Spot
from monitoring.tools.asking import LONGEST, Lens
from monitoring.tools.usual import DAY, DAYS, Hour, custom, hour_of, usual_level

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MOST_SPOTS = 400
"""Stretches of a course, at most: a screen has no more to tell apart."""
MOST_COURSES = 20
MOST_ROWS = 200_000
MOST_LISTED = 500
STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (15, 30, 60, 120, 300, 600, 900, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
)


def width_for(span: timedelta) -> timedelta:
    """The narrowest stretch of a few usual ones by which a window has no more than `MOST_SPOTS`."""
    return next((step for step in STEPS if span <= MOST_SPOTS * step), _whole_days(span))


def _whole_days(span: timedelta) -> timedelta:
    return DAY * (-(-span // (MOST_SPOTS * DAY)))


def instances_of(lens: Lens, component: Component, metric: str, window: Window, search: str, limit: int) -> Instances:
    """The series of a metric, those with anomalies in the window first, then those with the worst newest values."""
    parameters = {
        "component": component_named(component),
        "metric": metric,
        "start": window.start,
        "end": window.end,
        "search": search.replace("\0", "").strip() or None,
        "lower_is_worse": lens.catalogue[metric].direction == "lower_is_worse",
        "most": min(limit, MOST_LISTED),
    }
    found = lens.reader.read("instances_listed", parameters, MOST_LISTED).rows
    matching = found[0]["matching"] if found else 0
    return Instances([_instance(row) for row in found], matching)


def _instance(row: Mapping[str, Any]) -> Instance:
    severity: Severity | None = None if not row["anomalies"] else "critical" if row["critical"] else "warning"
    return Instance(row["instance"], row["value"], row["newest_at"], row["anomalies"], severity)


def courses_of(
    lens: Lens,
    component: Component,
    metric: str,
    instances: Sequence[str],
    window: Window,
    back: timedelta | None,
) -> Courses:
    """How some series went over a window, `back` before it, and what is usual for them; three queries at most."""
    lens.catalogue[metric]
    names = list(dict.fromkeys(name.replace("\0", "") for name in instances))[:MOST_COURSES]
    _refuse(window)
    width = width_for(window.span)
    which = {"component": component_named(component), "metric": metric, "instances": names}
    spots = _spots(lens, which, window, width)
    before: Mapping[str, Sequence[Spot]] = {}
    if back is not None:
        earlier = _spots(lens, which, Window(window.start - back, window.end - back), width)
        before = {name: [spot._replace(start=spot.start + back) for spot in rows] for name, rows in earlier.items()}
    hours = _hours(lens, which, window)
    rows = [_course(name, spots.get(name, ()), before.get(name, ()), hours[name], window) for name in names]
    return Courses(window, width, rows)


def _refuse(window: Window) -> None:
    if not timedelta(0) < window.span <= LONGEST:
        raise InvalidInput("The window must begin before it ends, and span ten years at most.")


def _course(
    name: str, spots: Sequence[Spot], before: Sequence[Spot], hours: Mapping[datetime, Hour], window: Window
) -> Course:
    found = custom(hours, window)
    return Course(name, spots, before, found.hours, found.by, usual_level(hours, window.end))


def _spots(lens: Lens, which: Mapping[str, Any], window: Window, width: timedelta) -> dict[str, list[Spot]]:
    """Stretches by instance, from the finest source that the width needs and that still has the window."""
    parameters = {**which, "start": _begin(window.start, width), "end": window.end, "width": width}
    for source in _sources(width):
        rows = lens.reader.read(source, parameters, MOST_ROWS).rows
        if rows:
            break
    found: dict[str, list[Spot]] = defaultdict(list)
    for row in rows:
        found[row["instance"]].append(Spot(row["bucket"], row["samples"], row["mean"], row["low"], row["high"]))
    return found


def _begin(moment: datetime, width: timedelta) -> datetime:
    """Where the stretch that holds a moment begins: the same however often and however late it is asked."""
    return moment - (moment - EPOCH) % width


def _sources(width: timedelta) -> tuple[str, ...]:
    """The queries that may have a window, the finest that the width needs first: fine samples are kept less long."""
    every = ("course_raw", "course_1m", "course_1h")
    return every[0 if width < MINUTE else 1 if width < HOUR else 2 :]


def _hours(lens: Lens, which: Mapping[str, Any], window: Window) -> Mapping[str, Mapping[datetime, Hour]]:
    """The hours by instance that tell what is usual in a window."""
    parameters = {**which, "start": hour_of(window.start) - DAYS * DAY, "end": window.end, "width": HOUR}
    found: dict[str, dict[datetime, Hour]] = defaultdict(dict)
    for row in lens.reader.read("course_1h", parameters, MOST_ROWS).rows:
        found[row["instance"]][row["bucket"]] = Hour(row["mean"], row["low"], row["high"])
    return found
