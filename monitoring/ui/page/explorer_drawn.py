"""What a chart of courses is drawn from: unit of the axis, levels, marks of anomalies, lines broken at gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitoring.contract import Json
from monitoring.metrics import Metric, Severity
from monitoring.operations import Course, Courses, Spot
from monitoring.ui.page import figures, theme
from monitoring.ui.page.courses import Level
from monitoring.ui.page.text import one_line

GAP = 2.5
"""Where so many of the usual steps are missing the line is broken."""
NEAR = 3.0
"""A level further away than so many times what the lines reach is left out: it would flatten them."""
SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "!=": "≠"}


@dataclass(frozen=True, slots=True)
class Mark:
    """An anomaly as it is marked: its instance, when it lasted (`None`: it goes on), how bad, what it is."""

    instance: str
    start: datetime
    end: datetime | None
    severity: Severity
    words: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """Everything a chart is drawn from; `divisor` is what values are divided by to be in the unit of the axis."""

    metric: Metric
    courses: Courses
    levels: Sequence[Level]
    marks: Sequence[Mark]
    zone: ZoneInfo
    now: datetime
    dark: bool = False
    unit: str = ""
    divisor: float = 1.0
    compared: str = ""

    @property
    def alone(self) -> Course | None:
        """The only course, where there is one only: it has room for its band."""
        return self.courses.rows[0] if len(self.courses.rows) == 1 else None

    def ink(self, pair: theme.Colour) -> str:
        return pair.dark if self.dark else pair.light

    def wall(self, moment: datetime) -> str:
        """A time of the page's zone, as a "Z" that the axis is told not to convert."""
        return f"{moment.astimezone(self.zone):%Y-%m-%dT%H:%M:%SZ}"

    def bounded(self, moment: datetime) -> datetime:
        return min(max(moment, self.courses.window.start), self.courses.window.end)


def drawn(
    metric: Metric,
    courses: Courses,
    anomalies: Sequence[Json],
    zone: ZoneInfo,
    now: datetime,
    dark: bool = False,
    compared: str = "",
) -> Drawn:
    """What is drawn of some courses and of the anomalies of their metric."""
    levels = list(levels_of(metric, courses))
    unit, divisor = figures.axis(metric.unit, highest(courses))
    return Drawn(metric, courses, levels, marks_of(anomalies, courses), zone, now, dark, unit, divisor, compared)


def highest(courses: Courses) -> float:
    """The highest value that is drawn, either side of zero."""
    values = [abs(spot.mean) for course in courses.rows for spot in (*course.spots, *course.before)]
    return max(values, default=0.0)


def levels_of(metric: Metric, courses: Courses) -> Iterator[Level]:
    """Where the thresholds stand; those in terms of what is usual only for a single series."""
    reach = NEAR * highest(courses)
    usual = courses.rows[0].level if len(courses.rows) == 1 else None
    for severity, threshold in metric.thresholds:
        value = threshold.at(usual)
        if value is not None and abs(value) <= reach:
            yield Level(severity, value, f"{severity} {SIGNS[threshold.op]} {figures.value(value, metric.unit)}")


def marks_of(anomalies: Sequence[Json], courses: Courses) -> list[Mark]:
    """The anomalies that have fired, of the series that are drawn."""
    names = {course.instance for course in courses.rows}
    return [
        Mark(
            row["instance"],
            datetime.fromisoformat(row["started_at"]),
            figures.moment(row["resolved_at"]),
            row["severity"],
            one_line(row["why"] or row["message"], 200),
        )
        for row in anomalies
        if row["detected_at"] and row["instance"] in names
    ]


def pieces(spots: Sequence[Spot], width: timedelta) -> list[tuple[datetime, Spot | None, int]]:
    """The spots in order with `None` where some are missing, each with the number of its unbroken piece."""
    steps = [after.start - before.start for before, after in pairwise(spots)]
    usual = max(sorted(steps)[len(steps) // 2] if steps else width, width)
    found: list[tuple[datetime, Spot | None, int]] = []
    piece = 0
    for place, spot in enumerate(spots):
        if place and steps[place - 1] > GAP * usual:
            found.append((spots[place - 1].start + usual, None, piece))
            piece += 1
        found.append((spot.start, spot, piece))
    return found
