"""Courses of series as Vega-Lite: lines that can be told apart, levels named where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitoring.contract import Json
from monitoring.metrics import Severity
from monitoring.ui.page import figures, theme
from monitoring.ui.page.courses import Line, Picture
from monitoring.ui.page.lookups import Scene

HEIGHT = 190
LEGEND_ROW = 20
"""Pixels that a row of the legend takes of the height."""
LONG_NAME = 16
"""Where a name has more characters each has a row of the legend: two would not fit beside each other on a phone."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [1, 3])
"""Beside its colour each line has a pattern of its own."""
DAYS = timedelta(hours=36)
"""Longer windows have days on their axis."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Which of each pair of colours is used."""

    dark: bool

    def of(self, pair: theme.Colour) -> str:
        return pair.dark if self.dark else pair.light

    def severity(self, name: Severity) -> str:
        return self.of(theme.SEVERITY[name].text)


def axis_unit(picture: Picture) -> tuple[str, float]:
    """The unit of the axis, and what values are divided by to be in it."""
    top = max((abs(value) for line in picture.lines for _, value in line.points if value is not None), default=0.0)
    return figures.axis(picture.unit, top)


def chart(picture: Picture, scene: Scene, ink: Ink) -> Json:
    """The chart of one metric; its times are wall-clock times of the page's zone."""
    _, divisor = axis_unit(picture)
    layers = [_lines(picture, scene, divisor), *_levels(picture, divisor, ink)]
    if len(picture.lines) == 1 and picture.lines[0].before is not None:
        layers += _level(picture.lines[0].before / divisor, "average before", ink.of(theme.MUTED), dash=(2, 3))
    return {
        "layer": layers,
        "height": HEIGHT + _legend_height(picture),
        "config": {"view": {"stroke": None}},
    }


def _legend_height(picture: Picture) -> int:
    rows = -(-len(picture.lines) // _legend_columns(picture))
    return (rows + 1) * LEGEND_ROW if len(picture.lines) > 1 else 0


def _legend_columns(picture: Picture) -> int:
    return 1 if max(len(line.name) for line in picture.lines) > LONG_NAME else 2


def _legend(picture: Picture) -> Json | None:
    if len(picture.lines) == 1:
        return None
    names = [line.name for line in picture.lines]
    look = {"title": None, "orient": "bottom", "labelLimit": 260, "symbolType": "stroke", "offset": 4}
    return {**look, "columns": _legend_columns(picture), "values": names}


def _lines(picture: Picture, scene: Scene, divisor: float) -> Json:
    names = list(picture.names) or [line.name for line in picture.lines]
    legend = _legend(picture)
    dashes = [DASHES[place % len(DASHES)] for place in range(len(names))]
    zone = figures.zone_name(scene.zone, scene.now)
    return {
        "data": {"values": [row for line in picture.lines for row in _rows(line, picture.unit, scene, divisor)]},
        "mark": {"type": "line", "strokeWidth": 2, "interpolate": "monotone", "clip": True},
        "encoding": {
            "x": {"field": "time", "type": "temporal", "title": None, "scale": {"type": "utc"}, "axis": _axis(picture)},
            "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"tickCount": 4}},
            "color": {"field": "series", "type": "nominal", "legend": legend, "scale": {"domain": names}},
            "strokeDash": {
                "field": "series",
                "type": "nominal",
                "legend": legend,
                "scale": {"domain": names, "range": dashes},
            },
            "tooltip": [
                {"field": "series", "type": "nominal", "title": "Series"},
                {"field": "words", "type": "nominal", "title": "Average"},
                {"field": "clock", "type": "nominal", "title": f"Time ({zone})"},
            ],
        },
    }


def _rows(line: Line, unit: str, scene: Scene, divisor: float) -> list[Json]:
    return [
        {
            # A "Z" for a time of another zone: the axis is told not to convert it.
            "time": f"{moment.astimezone(scene.zone):%Y-%m-%dT%H:%M:%SZ}",
            "clock": scene.clock(moment),
            "series": line.name,
            "value": None if value is None else value / divisor,
            "words": figures.value(value, unit),
        }
        for moment, value in line.points
    ]


def _axis(picture: Picture) -> Json:
    points = picture.lines[0].points
    long = points[-1][0] - points[0][0] > DAYS
    return {"format": "%-d %b" if long else "%H:%M", "tickCount": 6, "labelOverlap": True, "grid": False}


def _levels(picture: Picture, divisor: float, ink: Ink) -> Sequence[Json]:
    return [
        layer
        for level in picture.levels
        for layer in _level(
            level.value / divisor, level.words, ink.severity(level.severity), left=level.severity == "warning"
        )
    ]


def _level(value: float, words: str, colour: str, left: bool = False, dash: tuple[int, int] = (5, 4)) -> list[Json]:
    """A line across the chart with its name at one end: of two that are near each other both can be read."""
    data = {"values": [{"level": value, "words": words}]}
    height = {"field": "level", "type": "quantitative"}
    place = {"align": "left" if left else "right", "baseline": "bottom", "dy": -2, "fontSize": 11, "color": colour}
    return [
        {
            "data": data,
            "mark": {"type": "rule", "strokeDash": list(dash), "strokeWidth": 1.3, "color": colour},
            "encoding": {"y": height},
        },
        {
            "data": data,
            "mark": {"type": "text", **place},
            "encoding": {"y": height, "x": {"value": 0 if left else "width"}, "text": {"field": "words"}},
        },
    ]
