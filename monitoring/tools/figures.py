"""Metrics as a whole, over all their series: now, and how they went; what the overview shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from monitoring.operations import Figure, Stretch
from monitoring.tools.asking import Lens
from monitoring.tools.current import FRESH

MOST_STRETCHES = 100_000


def figures(lens: Lens, metrics: Sequence[str], span: timedelta, width: timedelta) -> list[Figure]:
    """Each of the metrics as a whole as of the lens; two queries however many series there are.

    Stretches end with that moment, so that none of them is cut short: a sum over half of the series would look
    like a fall. Raises `UnknownName`.
    """
    for name in metrics:
        lens.catalogue[name]
    courses: dict[str, list[Stretch]] = defaultdict(list)
    window = {"metrics": list(metrics), "start": lens.as_of - span, "end": lens.as_of, "width": width}
    for row in lens.reader.read("figures_course", window, MOST_STRETCHES).rows:
        courses[row["metric"]].append(Stretch(row["bucket"], row["total"], row["highest"], row["lowest"]))
    lately = {"metrics": list(metrics), "moment": lens.as_of, "since": lens.as_of - FRESH}
    found = {row["metric"]: row for row in lens.reader.read("figures_now", lately, len(metrics)).rows}
    return [Figure(**{"metric": name, **found.get(name, {}), "course": tuple(courses[name])}) for name in metrics]
