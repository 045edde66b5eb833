"""Courses of series behind an answer, ready to be drawn: one picture a metric, its lines and its levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitoring.contract import Json, ToolReply
from monitoring.metrics import Metric, Severity
from monitoring.ui.page.lookups import Scene, component_name, metric_name
from monitoring.ui.page.text import one_line
from monitoring.wording import level_text

MOST_LINES = 6
"""More lines than that cannot be told apart."""
MOST_PICTURES = 4
NEAR = 3.0
"""A level further away than so many times what the lines reach is left out: it would flatten them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its instance, and values at the middle of equal stretches of time, `None` where there are none."""

    name: str
    points: Sequence[tuple[datetime, float | None]]
    before: float | None = None
    """Its average in the window it is compared with."""


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold that stands at one value."""

    severity: Severity
    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The course of a metric; `more` is how many further series there are that are not drawn.

    `names` are those of all lines of the answer: a name has one colour in all its pictures.
    """

    title: str
    unit: str
    lines: Sequence[Line]
    levels: Sequence[Level]
    more: int = 0
    names: Sequence[str] = ()


def pictures(replies: Sequence[ToolReply], scene: Scene) -> list[Picture]:
    """A picture for each metric whose course was looked at, the first few of them."""
    found: list[Picture] = []
    for reply in replies:
        found += _of_reply(reply, scene)
    drawn = found[:MOST_PICTURES]
    names = tuple(dict.fromkeys(line.name for picture in drawn for line in picture.lines))
    return [replace(picture, names=names) for picture in drawn]


def _of_reply(reply: ToolReply, scene: Scene) -> Iterator[Picture]:
    if reply.looked_at is None:
        return
    end = min(reply.looked_at.window.end, scene.now)
    drawn = [row for row in reply.rows if _known(row.get("points")) >= 2]
    for metric in dict.fromkeys(str(row["metric"]) for row in drawn):
        rows = [row for row in drawn if row["metric"] == metric]
        lines = [_line(row, end) for row in rows[:MOST_LINES]]
        name = metric_name(metric, scene.catalogue)
        title = f"{component_name(rows[0].get('component'))} · {name}"
        levels = tuple(_levels(scene.catalogue[metric], rows[:MOST_LINES])) if metric in scene.catalogue else ()
        yield Picture(title, str(rows[0].get("unit") or ""), lines, levels, len(rows) - len(lines))


def _known(points: object) -> int:
    return sum(isinstance(point, int | float) for point in points) if isinstance(points, list | tuple) else 0


def _line(row: Json, end: datetime) -> Line:
    width = timedelta(seconds=float(row.get("bucket_seconds") or 60))
    points = row["points"]
    first = end - len(points) * width + width / 2
    earlier = row.get("compare")
    return Line(
        one_line(row.get("instance", ""), 60),
        [(first + place * width, point) for place, point in enumerate(points)],
        earlier.get("avg") if isinstance(earlier, dict) else None,
    )


def _levels(metric: Metric, rows: Sequence[Json]) -> Iterator[Level]:
    values = [abs(float(point)) for row in rows for point in row["points"] if point is not None]
    reach = NEAR * max(values, default=0.0)
    for severity, threshold in metric.thresholds:
        if threshold.basis == "absolute" and abs(threshold.level) <= reach:
            yield Level(severity, threshold.level, f"{severity} {level_text(threshold, metric.unit)}")
