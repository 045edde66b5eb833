"""Courses as Vega-Lite: lines with gaps, levels, what is usual, anomalies, an earlier time; in the zone of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from monitoring.contract import Json
from monitoring.operations import Spot
from monitoring.ui.page import figures, theme
from monitoring.ui.page.explorer_drawn import Drawn, highest, pieces
from monitoring.ui.page.theme import Colour

HEIGHT = 320
COLOURS = tuple(
    Colour(light, dark)
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
DAYS = timedelta(hours=36)
"""Longer windows have days on their axis."""
SHORTENED = 10_000


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
    form = _form(highest(of.courses) / of.divisor)
    axis = {"tickCount": 5, "format": form}
    return {"field": "value", "type": "quantitative", "title": None, "axis": axis, "scale": {"zero": True}}


def _form(top: float) -> str:
    """How the axis writes numbers up to that one."""
    return "~s" if top >= SHORTENED else ",.3~f" if top >= 0.01 else "~g"


def _rows(of: Drawn, name: str, spots: Sequence[Spot]) -> Iterator[Json]:
    found = pieces(spots, of.courses.width)
    sizes: dict[int, int] = {}
    for _, spot, piece in found:
        sizes[piece] = sizes.get(piece, 0) + (spot is not None)
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
    floor = {"value": "height"}
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "rule", "strokeWidth": 5, "yOffset": -3, "clip": True},
            "encoding": {"x": _x(of), "x2": {"field": "until"}, "y": floor, "stroke": fill, "tooltip": told},
        },
        {
            "data": {"values": rows},
            "mark": {"type": "point", "size": 110, "opacity": 1, "strokeWidth": 0, "yOffset": -14},
            "encoding": {"x": _x(of), "y": floor, "shape": shape, "fill": fill, "tooltip": told},
        },
    ]
