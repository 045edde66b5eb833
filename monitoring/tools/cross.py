"""get_cross_component_anomalies: incidents that travelled from one component to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitoring.contract import Json, LookedAt, ToolReply, iso
from monitoring.errors import UnknownName
from monitoring.metrics import ISOLATED, Catalogue
from monitoring.tools.asking import Found, Lens, chosen, known_in, replied, window_of
from monitoring.tools.incidents import incidents_in

NAME = "get_cross_component_anomalies"


def get_cross_component_anomalies(
    lens: Lens,
    hours: float = 24,
    component: Sequence[str] | str | None = None,
    pattern: str | None = None,
    include_isolated: bool = False,
    start: str | datetime | None = None,
    end: str | datetime | None = None,
) -> ToolReply:
    """The incidents that were going on in a window, newest first, each with its root and chain."""
    args = {
        "hours": None if start else hours,
        "component": component,
        "pattern": pattern,
        "include_isolated": include_isolated or None,
        "start": start and str(start),
        "end": end and str(end),
    }

    def ask() -> Found:
        which = chosen(lens.catalogue, component)
        if pattern is not None:
            known_pattern(lens.catalogue, pattern)
        window = window_of(lens.as_of, timedelta(hours=hours), start, end)
        every = incidents_in(lens, window, which.components)
        wanted = [row for row in every if _wanted(row, pattern, include_isolated)]
        oldest = lens.reader.read("oldest_data", {}).rows[0]["oldest"]
        known = bool(every) or known_in(lens, which, window)
        looked = LookedAt(which.components, window)
        rows = wanted[: lens.reader.row_cap]
        return Found(
            looked,
            rows,
            {**_summary(wanted, every), "samples_from": iso(oldest)},
            "ok" if known else "no_data",
            len(wanted),
            len(wanted) > len(rows),
        )

    return replied(NAME, args, ask)


def known_pattern(catalogue: Catalogue, pattern: str) -> None:
    """Raise `UnknownName` for a pattern there is not."""
    if pattern != ISOLATED and catalogue.pattern(pattern) is None:
        names = (*catalogue.families, *(p.name for p in catalogue.patterns if p.name != p.family))
        raise UnknownName(f"There is no pattern named {pattern!r}; there are {', '.join(names)}.", names)


def _wanted(row: Mapping[str, Any], pattern: str | None, include_isolated: bool) -> bool:
    if pattern is not None:
        return pattern in (row["pattern"], row["rule"])
    return include_isolated or row["pattern"] != ISOLATED or len(row["components"]) > 1


def _summary(wanted: Sequence[Json], every: Sequence[Json]) -> Json:
    return {
        "incidents": len(wanted),
        "cross_component": sum(len(row["components"]) > 1 for row in wanted),
        "isolated": sum(row["pattern"] == ISOLATED for row in every),
        "open": sum(row["status"] != "resolved" for row in wanted),
        "critical": sum(row["severity"] == "critical" for row in wanted),
        "by_pattern": dict(Counter(row["pattern"] for row in wanted).most_common()),
    }
