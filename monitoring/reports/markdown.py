"""A report as Markdown: charts as lines of bars in a table, names and texts from outside without meaning. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import singledispatch
from itertools import pairwise

from monitoring.contract import iso
from monitoring.reports.parts import Blank, Chart, Charts, Facts, Moments, Part, Points, Report, Section, Table, Words
from monitoring.sparkline import sparkline
from monitoring.wording import quantity, ranged

BARS = 40
GAP = "·"
"""A stretch without samples."""


def as_markdown(report: Report) -> str:
    """The report as Markdown."""
    parts = [f"# {escaped(report.title)}", *([f"**{escaped(report.banner)}**"] if report.banner else [])]
    parts += [written(part) for part in report.head]
    for section in report.sections:
        parts += _section(section)
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(words: str) -> str:
    """On one line, and without meaning to Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(words.split()))


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    for part in section.parts:
        yield written(part)


@singledispatch
def written(part: Part) -> str:
    """A part as a block of Markdown."""
    raise TypeError(f"A report has no part of the kind {type(part).__name__}.")


@written.register
def _(part: Words) -> str:
    return f"**{escaped(part.text)}**" if part.strong else escaped(part.text)


@written.register
def _(part: Points) -> str:
    marks = (f"{place}." if part.numbered else "-" for place in range(1, len(part.items) + 1))
    return "\n".join(f"{mark} {escaped(item)}" for mark, item in zip(marks, part.items, strict=True))


@written.register
def _(part: Facts) -> str:
    return "\n".join(f"- {name}: {escaped(value)}" for name, value in part.pairs)


@written.register
def _(part: Moments) -> str:
    return "\n".join(f"- {iso(at)} {escaped(words)}" for at, words in part.rows)


@written.register
def _(part: Table) -> str:
    rule = ["---:" if place in part.numbers else "---" for place in range(len(part.head))]
    body = [[escaped(cell) for cell in row] for row in part.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in ([*map(escaped, part.head)], rule, *body))


@written.register
def _(part: Charts) -> str:
    if not part.rows:
        return ""
    window = part.rows[0].window
    table = Table(
        ("series", "course", "from lowest to highest", "usually", "limits"), [_course(chart) for chart in part.rows]
    )
    return f"From {iso(window.start)} to {iso(window.end)}; {GAP} is a stretch without samples.\n\n{written(table)}"


def _course(chart: Chart) -> Sequence[str]:
    root = " (root)" if chart.root else ""
    return (
        f"{chart.title}{root}",
        sparkline(evenly(chart), BARS).replace(" ", GAP),
        ranged(*(quantity(edge, chart.unit) for edge in edges(chart))) if chart.spots else "no samples",
        said_usual(chart) or "–",
        "; ".join(limit.words for limit in chart.limits) or "–",
    )


@written.register
def _(part: Blank) -> str:
    return f"### {part.title}"


def edges(chart: Chart) -> tuple[float, float]:
    """The lowest and the highest value of a chart that has some."""
    return min(spot.low for spot in chart.spots), max(spot.high for spot in chart.spots)


def said_usual(chart: Chart) -> str:
    """What a series usually does, in words; the empty text where that is not known."""
    if not chart.usual:
        return ""
    low, high = min(hour.low for hour in chart.usual), max(hour.high for hour in chart.usual)
    least, most = quantity(low, chart.unit), quantity(high, chart.unit)
    return least if least == most else ranged(least, most)


def evenly(chart: Chart) -> list[float | None]:
    """The means at equal distances over the whole window, `None` where no sample lies."""
    steps = sorted(after.start - before.start for before, after in pairwise(chart.spots))
    places = min(BARS, max(1, chart.window.span // steps[len(steps) // 2])) if steps else 1
    values: list[list[float]] = [[] for _ in range(places)]
    for spot in chart.spots:
        place = (spot.start - chart.window.start) // (chart.window.span / places)
        values[min(max(place, 0), places - 1)].append(spot.mean)
    return [sum(found) / len(found) if found else None for found in values]
