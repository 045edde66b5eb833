"""A chart of a report, drawn as vectors: the course with its spread, what is usual, the thresholds, the anomaly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import floor, log10
from typing import Any

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from monitoring.operations import Spot
from monitoring.reports.parts import Chart
from monitoring.wording import number, quantity

HEIGHT = 96.0
LABELS, BOTTOM, TOP = 52.0, 13.0, 4.0
"""Room for the labels at the left and below, and above the drawing."""
LETTERS = 7.2
NEAR = 3.0
"""A threshold further away than so many times what the course reaches is left out: it would flatten it."""
GAP = 2.5
"""Where so many of the usual steps are missing the line is broken."""
TICKS = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14_400)
)
MOST_TICKS = 7
TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800)
LEAST_LEVELS, MOST_LEVELS = 2.0, 5.0
MILLISECONDS = 1000.0
_MILLISECONDS = ("ms", "milliseconds")
_TIMES = ("s", "seconds", *_MILLISECONDS)
COURSE, SPREAD, USUAL = HexColor("#1c4e80"), Color(0.11, 0.31, 0.5, 0.16), HexColor("#d7ece4")
WARNING, CRITICAL, ANOMALY = HexColor("#b7791f"), HexColor("#b42318"), Color(0.75, 0.22, 0.17, 0.09)
GRID, MUTED = HexColor("#e3e7eb"), HexColor("#5c6b7a")
LIMITS = {"warning": WARNING, "critical": CRITICAL}


class ChartDrawing(Flowable):  # type: ignore[misc]
    """One chart over the whole width it is given."""

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self._chart = chart
        self._low, self._high = reach(chart)

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        del height
        self.width, self.height = width, HEIGHT
        return width, HEIGHT

    def draw(self) -> None:
        self.canv.saveState()
        self._grid()
        self._inside()
        self.canv.restoreState()

    def _x(self, moment: datetime) -> float:
        window = self._chart.window
        share = (moment - window.start) / window.span
        return LABELS + min(max(share, 0.0), 1.0) * (self.width - LABELS)

    def _y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return BOTTOM + min(max(share, 0.0), 1.0) * (HEIGHT - BOTTOM - TOP)

    def _grid(self) -> None:
        canvas, right = self.canv, self.width
        canvas.setFont("Sans", LETTERS)
        canvas.setLineWidth(0.5)
        canvas.setStrokeColor(GRID)
        canvas.setFillColor(MUTED)
        for value in levels(self._low, self._high, self._chart.unit):
            canvas.line(LABELS, self._y(value), right, self._y(value))
            canvas.drawRightString(LABELS - 5, self._y(value) - LETTERS / 3, label(value, self._chart.unit))
        for moment, words in moments(self._chart):
            canvas.line(self._x(moment), BOTTOM, self._x(moment), HEIGHT - TOP)
            half = stringWidth(words, "Sans", LETTERS) / 2
            canvas.drawString(min(max(self._x(moment) - half, LABELS), right - 2 * half), 3, words)

    def _inside(self) -> None:
        """What is drawn within the axes, from the back to the front."""
        canvas, chart = self.canv, self._chart
        path = canvas.beginPath()
        path.rect(LABELS, BOTTOM, self.width - LABELS, HEIGHT - BOTTOM - TOP)
        canvas.clipPath(path, stroke=0)
        self._usual()
        if chart.began is not None:
            left, right = self._x(chart.began), self._x(chart.ended or chart.window.end)
            canvas.setFillColor(ANOMALY)
            canvas.rect(left, BOTTOM, max(right - left, 1.0), HEIGHT - BOTTOM - TOP, stroke=0, fill=1)
        for limit in chart.limits:
            canvas.setStrokeColor(LIMITS[limit.severity])
            canvas.setDash(4, 2.5)
            if self._low <= limit.value <= self._high:
                canvas.line(LABELS, self._y(limit.value), self.width, self._y(limit.value))
        canvas.setDash()
        for piece in unbroken(chart.spots):
            self._course(piece)

    def _usual(self) -> None:
        self.canv.setFillColor(USUAL)
        hours = self._chart.usual
        for place, hour in enumerate(hours):
            end = hours[place + 1].hour if place + 1 < len(hours) else hour.hour + timedelta(hours=1)
            left, low = self._x(hour.hour), self._y(hour.low)
            self.canv.rect(left, low, self._x(end) - left, self._y(hour.high) - low, stroke=0, fill=1)

    def _course(self, piece: Sequence[Spot]) -> None:
        canvas = self.canv
        spread = [(spot.start, spot.high) for spot in piece] + [(spot.start, spot.low) for spot in reversed(piece)]
        canvas.setFillColor(SPREAD)
        canvas.drawPath(self._path(spread), stroke=0, fill=1)
        canvas.setStrokeColor(COURSE)
        canvas.setLineWidth(1.1)
        # A sample of its own is a point.
        canvas.setLineCap(1)
        canvas.drawPath(self._path([(spot.start, spot.mean) for spot in piece]), stroke=1, fill=0)

    def _path(self, points: Sequence[tuple[datetime, float]]) -> Any:
        path = self.canv.beginPath()
        path.moveTo(self._x(points[0][0]), self._y(points[0][1]))
        for moment, value in points:
            path.lineTo(self._x(moment), self._y(value))
        return path


def reach(chart: Chart) -> tuple[float, float]:
    """The lowest and the highest value of the axis; never the same."""
    values = [value for spot in chart.spots for value in (spot.low, spot.high)]
    most = max(map(abs, values))
    values += [limit.value for limit in chart.limits if abs(limit.value) <= NEAR * most]
    values += [edge for hour in chart.usual for edge in (hour.low, hour.high) if abs(edge) <= NEAR * most]
    low, high = min(values), max(values)
    low = 0.0 if 0 <= low <= 0.6 * high else low
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - (margin if low else 0.0), high + margin


def levels(low: float, high: float, unit: str) -> Iterator[float]:
    """A few round values between two."""
    step = _time_step(high - low, MILLISECONDS if unit in _MILLISECONDS else 1.0) if unit in _TIMES else None
    if step is None:
        step = 10 ** floor(log10((high - low) / 2))
        step *= next(times for times in (5, 2, 1) if (high - low) / (step * times) >= 2)
    place = -(-low // step)
    while place * step <= high:
        yield place * step
        place += 1


def _time_step(reach: float, second: float) -> float | None:
    """A step of so many whole seconds, minutes, hours; `None` for less than a second and for very long times."""
    steps = [tick * second for tick in TIME_STEPS if LEAST_LEVELS <= reach / (tick * second) <= MOST_LEVELS]
    return steps[-1] if steps else None


def label(value: float, unit: str) -> str:
    """A value at the axis; the unit stands in the caption, unless it changes with the value."""
    scaled = unit in _TIMES or unit == "bytes" or unit.startswith("ratio")
    return quantity(value, unit) if scaled else number(value)


def moments(chart: Chart) -> Iterator[tuple[datetime, str]]:
    """A few round times of a window, and how they are written there."""
    start, span = chart.window.start, chart.window.span
    step = next((tick for tick in TICKS if span / tick <= MOST_TICKS), TICKS[-1] * -(-span // (TICKS[-1] * MOST_TICKS)))
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + -(-(start - midnight) // step) * step
    while moment < chart.window.end:
        by_day = step >= timedelta(days=1) or moment.hour + moment.minute == 0
        yield moment, f"{moment.day} {moment:%b}" if by_day else f"{moment:%H:%M}"
        moment += step


def unbroken(spots: Sequence[Spot]) -> Iterator[Sequence[Spot]]:
    """The spots in pieces between which samples are missing."""
    steps = sorted(after.start - before.start for before, after in pairwise(spots))
    first = 0
    for place in range(1, len(spots)):
        if spots[place].start - spots[place - 1].start > GAP * steps[len(steps) // 2]:
            yield spots[first:place]
            first = place
    if spots:
        yield spots[first:]
