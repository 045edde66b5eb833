"""What the explorer shows, as a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from monitoring.contract import iso
from monitoring.metrics import Metric
from monitoring.operations import Course, Courses, Spot

COLUMNS = ("time", "component", "instance", "metric", "unit", "samples", "average", "lowest", "highest", "course")
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def as_csv(metric: Metric, courses: Courses) -> str:
    """A row for each stretch of each series; times are UTC. `course` says whether it is from the time compared with.

    What a spreadsheet would take for a formula is led by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for course in courses.rows:
        for which, spots in (("shown", course.spots), ("compared", course.before)):
            writer.writerows(_line(metric, course, spot, which) for spot in spots)
    return out.getvalue()


def _line(metric: Metric, course: Course, spot: Spot, which: str) -> tuple[object, ...]:
    names = (metric.component, _plain(course.instance), metric.name, metric.unit)
    return (iso(spot.start), *names, spot.samples, repr(spot.mean), repr(spot.low), repr(spot.high), which)


def _plain(name: str) -> str:
    return f"'{name}" if _FORMULA.match(name) else name


def file_name(metric: Metric, courses: Courses) -> str:
    """A name that says what is in it, and is good on every system."""
    start, end = courses.window
    parts = [metric.component, metric.name, *_only(courses), f"{start:%Y%m%dT%H%M}-{end:%Y%m%dT%H%MZ}"]
    return "-".join(parts) + ".csv"


def _only(courses: Courses) -> Iterator[str]:
    if len(courses.rows) == 1:
        yield _UNSAFE.sub("_", courses.rows[0].instance)[:60].strip("_") or "series"
