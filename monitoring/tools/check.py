"""The state of the platform at one moment: health, open anomalies, open incidents, storage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from monitoring.contract import Check, Json
from monitoring.metrics import Window
from monitoring.tools.asking import Filter, Lens, window_of
from monitoring.tools.current import look


def check(lens: Lens, storage: Json, last_minutes: float, window: Window | None, demo: bool) -> Check:
    """The state at the end of a window: by default the last so many minutes. Raises store errors."""
    chosen = window or window_of(lens.as_of, timedelta(minutes=last_minutes))
    found = look(lens, Filter(), chosen)
    components: dict[str, Any] = found.summary["components"]
    by_component = {
        name: {**part, "anomalies": [row for row in found.rows if row["component"] == name]}
        for name, part in components.items()
    }
    return Check(
        as_of=lens.as_of,
        window=chosen,
        health=found.summary["health"],
        storage=storage,
        components=by_component,
        anomalies=list(found.rows),
        incidents=list(found.summary["open_incidents"]),
        demo=demo,
        freshness=found.summary["freshness"],
    )
