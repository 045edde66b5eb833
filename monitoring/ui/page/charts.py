"""Charts: the small ones of the cards, and what all larger ones have in common."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote

from monitoring.ui.page.text import html

WIDTH, HEIGHT, PAD = 100.0, 28.0, 2.5
EDGE = 2.0
LEAST_RANGE = 0.25
"""A curve fills its height only where it varies by this share of its highest value: noise stays small."""
GAP = 2.5
"""Where so many of the usual steps are missing the line is broken."""

Points = Sequence[tuple[float, float]]


def sparkline(points: Points, words: str) -> str:
    """A small curve as HTML, in the colour `--spark`; `points` are pairs of a place (0 to 1) and a value.

    Streamlit lets no SVG element into the page, so the curve is the mask of an element: it takes any size and colour.
    """
    mask = f"url('data:image/svg+xml,{quote(_svg(points))}')"
    label = html(words)
    return (
        f'<div class="m-spark" role="img" aria-label="{label}" title="{label}" '
        f'style="-webkit-mask-image:{mask};mask-image:{mask}"></div>'
    )


def _svg(points: Points) -> str:
    scaled = _scaled(points)
    drawn = "".join(_run(run) for run in _runs(scaled))
    # A line without length is a dot, whatever the drawing is stretched to.
    end = f'<path d="M{scaled[-1][0]:.1f} {scaled[-1][1]:.1f}h0" stroke-width="5"/>' if scaled else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none">'
        f"<style>polygon{{opacity:.14}}path,polyline{{fill:none;stroke:#000;stroke-linejoin:round;"
        f"stroke-linecap:round;vector-effect:non-scaling-stroke}}</style>{drawn}{end}</svg>"
    )


def _scaled(points: Points) -> list[tuple[float, float]]:
    if not points:
        return []
    high, low = max(y for _, y in points), min(y for _, y in points)
    low = min(low, high - abs(high) * LEAST_RANGE)
    reach = (high - low) or 1.0
    inner = HEIGHT - 2 * PAD
    return [(x * (WIDTH - EDGE), HEIGHT - PAD - (y - low) / reach * inner) for x, y in points]


def _runs(points: Points) -> list[Points]:
    """The stretches between gaps."""
    steps = sorted(after[0] - before[0] for before, after in pairwise(points))
    usual = steps[len(steps) // 2] if steps else 0.0
    runs: list[list[tuple[float, float]]] = []
    for point in points:
        if runs and point[0] - runs[-1][-1][0] <= usual * GAP:
            runs[-1].append(point)
        else:
            runs.append([point])
    return list(runs)


def _run(run: Points) -> str:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
    ground = f"{run[0][0]:.1f},{HEIGHT:g} {line} {run[-1][0]:.1f},{HEIGHT:g}"
    return f'<polygon points="{ground}"/><polyline points="{line}" stroke-width="1.7"/>'
