"""What the tests of the chat's words and pictures stand on: a moment, a zone, the catalogue, replies by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.contract import Json, LookedAt, ToolReply
from monitoring.metrics import COMPONENTS, Window
from monitoring.ui.page.lookups import Scene
from platform_metrics_definition import CATALOGUE
from tests.unit.terminal_platform import NOW, reply

UTC_SCENE = Scene(CATALOGUE, ZoneInfo("UTC"), NOW)
BERLIN = Scene(CATALOGUE, ZoneInfo("Europe/Berlin"), NOW)


def course(instance: str = "flink-orders/orders", **changes: Any) -> Json:
    """A row of query_metrics_trend: consumer lag over an hour, a point a minute."""
    points: list[float | None] = [100.0 + 20 * place for place in range(60)]
    row: Json = {
        "component": "kafka",
        "instance": instance,
        "metric": "consumer_group_lag",
        "unit": "messages",
        "avg": 690.0,
        "min": 100.0,
        "max": 1280.0,
        "last": 1280.0,
        "change_pct": 1180.0,
        "direction": "rising",
        "breached": "warning",
        "peak_at": "2026-03-02T09:45:00Z",
        "points": points,
        "bucket_seconds": 60,
    }
    return row | changes


def trend(rows: Sequence[Json], hours: float = 1, before: float = 0, **changes: Any) -> ToolReply:
    """A reply of query_metrics_trend over the last hours, compared with as long so many hours before."""
    window = Window.last(timedelta(hours=hours), NOW)
    earlier = Window(window.start - timedelta(hours=before), window.end - timedelta(hours=before)) if before else None
    looked = LookedAt(("kafka",), window, ("consumer_group_lag",), None, earlier)
    summary = {"window_seconds": round(hours * 3600)}
    return reply("query_metrics_trend", rows, looked_at=looked, summary=summary, **changes)


def everywhere(hours: float = 1) -> LookedAt:
    return LookedAt(COMPONENTS, Window.last(timedelta(hours=hours), NOW))
