"""Series drawn in one line of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(points: Sequence[float | None] | None, width: int = 24) -> str:
    """A line of bars from the lowest to the highest point; a gap where there is no point.

    Never wider than `width`: neighbouring points are averaged. A constant series is a low flat line.
    """
    values = _condense([_known(point) for point in points or ()], width)
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    return "".join(" " if value is None else _bar((value - low) / span if span else 0.0) for value in values)


def _known(point: float | None) -> float | None:
    return None if point is None or not isfinite(point) else float(point)


def _bar(height: float) -> str:
    return _BARS[min(int(height * len(_BARS)), len(_BARS) - 1)]


def _condense(values: Sequence[float | None], width: int) -> list[float | None]:
    if len(values) <= width:
        return list(values)
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    return [_mean(values[start:end]) for start, end in pairwise(edges)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
