"""Courses as Vega-Lite: lines with gaps, levels, what is usual, anomalies, an earlier time; in the zone of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitoring.contract import Json
from monitoring.metrics import Metric, Severity, Threshold
from monitoring.operations import Course, Courses, Spot
from monitoring.ui.page import figures, theme
from monitoring.ui.page.text import one_line
from monitoring.wording import level_text

HEIGHT = 320
GAP = 2.5
"""Where so many of the usual steps are missing the line is broken."""
NEAR = 3.0
"""A level further away than so many times what the lines reach is left out: it would flatten them."""
COLOURS = tuple(
    theme.Colour(light, dark)
    for light, dark in (
        ("#2952cc", "#86a8ff"),
        ("#a8510b", "#f0b45b"),
        ("#0f766e", "#4fd1c0"),
        ("#a21caf", "#e59af0"),
        ("#4d7c0f", "#b2d66b"),
        ("#be123c", "#ff9aa8"),
        ("#6d28d9", "#b9a4ff"),
        ("#0369a1", "#6cc7f5"),
    )
)
BYTES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
DAYS = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Level:
    """A threshold that stands at one value."""

    severity: Severity
    value: float
    words: str


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
    unit, divisor = axis_of(metric.unit, highest(courses))
    return Drawn(metric, courses, levels, marks_of(anomalies, courses), zone, now, dark, unit, divisor, compared)


def highest(courses: Courses) -> float:
    """The highest value that is drawn, either side of zero."""
    values = [abs(spot.mean) for course in courses.rows for spot in (*course.spots, *course.before)]
    return max(values, default=0.0)


def axis_of(unit: str, top: float) -> tuple[str, float]:
    """The unit of the axis, and what values are divided by to be in it."""
    if unit.startswith("ratio"):
        return "%", 0.01
    if unit == "bytes":
        return next(((name, size) for name, size in BYTES if top >= size), ("bytes", 1.0))
    if unit == "ms" and top >= 10_000:
        return "s", 1000.0
    if unit == "s" and top >= 600:
        return "min", 60.0
    return unit, 1.0


def levels_of(metric: Metric, courses: Courses) -> Iterator[Level]:
    """Where the thresholds stand; those in terms of what is usual only for a single series."""
    reach = NEAR * highest(courses)
    usual = courses.rows[0].level if len(courses.rows) == 1 else None
    for severity, threshold in metric.thresholds:
        value = level_at(threshold, usual)
        if value is not None and abs(value) <= reach:
            words = level_text(replace(threshold, basis="absolute", level=value), metric.unit)
            yield Level(severity, value, f"{severity}: {words}")


def level_at(threshold: Threshold, usual: float | None) -> float | None:
    """The value at which a threshold stands; `None` where what is usual would have to be known."""
    if threshold.basis == "absolute":
        return threshold.level
    if usual is None or usual < threshold.usual_at_least:
        return None
    return usual * threshold.level if threshold.basis == "times usual" else usual + threshold.level


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


def chart(of: Drawn) -> Json:
    """The chart as a specification of Vega-Lite, with its data."""
    layers = [*_band(of), *_shades(of), *_earlier(of), _lines(of), *_levels(of), *_marks(of), _hover(of)]
    return {
        "layer": layers,
        "height": HEIGHT,
        "config": {"view": {"stroke": None}, "axis": {"labelFontSize": 12}},
        "resolve": {"scale": {"color": "shared"}},
        "padding": {"top": 8, "left": 2, "right": 6, "bottom": 2},
    }


def colours(of: Drawn) -> Mapping[str, str]:
    """A colour for each series."""
    return {course.instance: of.ink(COLOURS[place % len(COLOURS)]) for place, course in enumerate(of.courses.rows)}


def _x(of: Drawn) -> Json:
    window = of.courses.window
    form = "%-d %b" if window.span > DAYS else "%H:%M"
    domain = [of.wall(window.start), of.wall(window.end)]
    return {
        "field": "time",
        "type": "temporal",
        "title": None,
        "scale": {"type": "utc", "domain": domain},
        "axis": {"format": form, "tickCount": 7, "labelOverlap": True, "grid": False},
    }


def _y(of: Drawn) -> Json:
    # A name of its own for the unit: an axis title would stand on its side.
    axis = {"tickCount": 5, "format": "~s" if of.unit not in ("%", "GB", "MB", "kB", "TB", "min") else ",~g"}
    return {"field": "value", "type": "quantitative", "title": None, "axis": axis, "scale": {"zero": True}}


def _rows(of: Drawn, name: str, spots: Sequence[Spot]) -> Iterator[Json]:
    found = pieces(spots, of.courses.width)
    sizes: dict[int, int] = {}
    for _, _, piece in found:
        sizes[piece] = sizes.get(piece, 0) + 1
    for moment, spot, piece in found:
        yield {
            "time": of.wall(moment),
            "series": name,
            "value": None if spot is None else spot.mean / of.divisor,
            "words": "" if spot is None else figures.value(spot.mean, of.metric.unit),
            "range": "" if spot is None else _range(of, spot),
            "clock": figures.clock(moment, of.zone, of.now),
            "lone": spot is not None and sizes[piece] == 1,
        }


def _range(of: Drawn, spot: Spot) -> str:
    return f"{figures.value(spot.low, of.metric.unit)} – {figures.value(spot.high, of.metric.unit)}"


def _colour(of: Drawn) -> Json:
    known = colours(of)
    legend = {
        "title": None,
        "orient": "bottom",
        "columns": 1 if max(map(len, known), default=0) > 28 else 2,
        "symbolType": "stroke",
        "symbolStrokeWidth": 3,
        "labelLimit": 320,
        "labelFontSize": 12,
    }
    return {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": list(known), "range": list(known.values())},
        "legend": legend if len(known) > 1 else None,
    }


def _lines(of: Drawn) -> Json:
    rows = [row for course in of.courses.rows for row in _rows(of, course.instance, course.spots)]
    return {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 1.8, "clip": True, "strokeJoin": "round"},
        "encoding": {"x": _x(of), "y": _y(of), "color": _colour(of)},
    }


def _hover(of: Drawn) -> Json:
    """The spot next to the pointer, with its figures; a spot between two gaps always shows."""
    rows = [row for c in of.courses.rows for row in _rows(of, c.instance, c.spots) if row["value"] is not None]
    zone = figures.zone_name(of.zone, of.now)
    return {
        "data": {"values": rows},
        "params": [
            {"name": "near", "select": {"type": "point", "on": "pointerover", "nearest": True, "clear": "pointerout"}}
        ],
        "mark": {"type": "point", "filled": True, "size": 55, "clip": True},
        "encoding": {
            "x": _x(of),
            "y": _y(of),
            "color": _colour(of),
            "opacity": {
                "condition": [{"param": "near", "empty": False, "value": 1}, {"test": "datum.lone", "value": 1}],
                "value": 0,
            },
            "tooltip": [
                {"field": "series", "type": "nominal", "title": "Series"},
                {"field": "words", "type": "nominal", "title": "Average"},
                {"field": "range", "type": "nominal", "title": "Lowest – highest"},
                {"field": "clock", "type": "nominal", "title": f"Time ({zone})"},
            ],
        },
    }


def _earlier(of: Drawn) -> list[Json]:
    rows = [row for course in of.courses.rows for row in _rows(of, course.instance, course.before)]
    if not rows:
        return []
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "line", "strokeWidth": 1.4, "strokeDash": [5, 4], "opacity": 0.75, "clip": True},
            "encoding": {"x": _x(of), "y": _y(of), "color": _colour(of)},
        }
    ]


def _band(of: Drawn) -> list[Json]:
    """What is usual for the only series, a step an hour."""
    if of.alone is None or not of.alone.usual:
        return []
    last = of.alone.usual[-1]
    steps = [*of.alone.usual, last._replace(hour=last.hour + timedelta(hours=1))]
    rows = [
        {"time": of.wall(of.bounded(one.hour)), "value": one.low / of.divisor, "top": one.high / of.divisor}
        for one in steps
    ]
    return [
        {
            "data": {"values": rows},
            "mark": {
                "type": "area",
                "interpolate": "step-after",
                "opacity": 0.16,
                "clip": True,
                "color": of.ink(theme.MUTED),
            },
            "encoding": {"x": _x(of), "y": _y(of), "y2": {"field": "top"}},
        }
    ]


def _levels(of: Drawn) -> Iterator[Json]:
    """A line across the chart for each level, named at one end: of two that are near each other both can be read."""
    for level in of.levels:
        colour = of.ink(theme.SEVERITY[level.severity].text)
        left = level.severity == "warning"
        data = {"values": [{"value": level.value / of.divisor, "words": level.words}]}
        yield {
            "data": data,
            "mark": {"type": "rule", "strokeDash": [6, 4], "strokeWidth": 1.3, "color": colour},
            "encoding": {"y": _y(of)},
        }
        yield {
            "data": data,
            "mark": {
                "type": "text",
                "align": "left" if left else "right",
                "baseline": "bottom",
                "dy": -3,
                "fontSize": 12,
                "color": colour,
            },
            "encoding": {"y": _y(of), "x": {"value": 4 if left else "width"}, "text": {"field": "words"}},
        }


def _mark_rows(of: Drawn) -> list[Json]:
    window = of.courses.window
    return [
        {
            "time": of.wall(of.bounded(mark.start)),
            "until": of.wall(of.bounded(mark.end or of.now)),
            "series": mark.instance,
            "severity": mark.severity,
            "words": mark.words,
            "clock": figures.clock(mark.start, of.zone, of.now),
            "ended": figures.clock(mark.end, of.zone, of.now) if mark.end else "goes on",
        }
        for mark in of.marks
        if mark.start < window.end and (mark.end or of.now) >= window.start
    ]


def _severity(of: Drawn) -> list[str]:
    return [of.ink(theme.SEVERITY[name].text) for name in ("warning", "critical")]


def _shades(of: Drawn) -> list[Json]:
    """A faint ground while the only series is anomalous."""
    rows = _mark_rows(of) if of.alone is not None else []
    if not rows:
        return []
    colour = {
        "field": "severity",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": ["warning", "critical"], "range": _severity(of)},
    }
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rect", "opacity": 0.1, "clip": True},
            "encoding": {"x": _x(of), "x2": {"field": "until"}, "fill": colour},
        }
    ]


def _marks(of: Drawn) -> list[Json]:
    """A bar on the floor of the chart from onset to end, and at its onset a shape that tells the severity."""
    rows = _mark_rows(of)
    if not rows:
        return []
    scale = {"domain": ["warning", "critical"]}
    fill = {"field": "severity", "type": "nominal", "legend": None, "scale": {**scale, "range": _severity(of)}}
    shape = {
        "field": "severity",
        "type": "nominal",
        "legend": None,
        "scale": {**scale, "range": ["triangle-up", "cross"]},
    }
    told = [
        {"field": "series", "type": "nominal", "title": "Series"},
        {"field": "severity", "type": "nominal", "title": "Anomaly"},
        {"field": "words", "type": "nominal", "title": "Why"},
        {"field": "clock", "type": "nominal", "title": "Began"},
        {"field": "ended", "type": "nominal", "title": "Ended"},
    ]
    floor = {"value": HEIGHT - 3}
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "strokeWidth": 5, "clip": True},
            "encoding": {"x": _x(of), "x2": {"field": "until"}, "y": floor, "stroke": fill, "tooltip": told},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "point", "size": 110, "opacity": 1, "strokeWidth": 0},
            "encoding": {"x": _x(of), "y": {"value": HEIGHT - 14}, "shape": shape, "fill": fill, "tooltip": told},
        },
    ]
