"""The agent's look-ups in plain words: what is being looked at, over which window, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.anomalies import humanize
from monitoring.contract import ToolReply, ToolStarted
from monitoring.errors import MonitoringError
from monitoring.metrics import COMPONENTS, Catalogue, Window
from monitoring.ui.page import figures
from monitoring.ui.page.text import one_line
from monitoring.wording import count

NAMES = {"kafka": "Kafka", "flink": "Flink", "clickhouse": "ClickHouse"}
"""What the components are called in a sentence."""
MOST_NAMED = 3
MOST_HOURS = 24 * 3660
"""More than that is asked for by mistake."""
LONGEST = 60
"""Characters of a name."""

_SUBJECTS = {
    "check_real_time_anomalies": ("anomalies", "the state"),
    "get_anomaly_summary": ("anomalies", "past anomalies"),
    "query_metrics_trend": ("series", "the course"),
    "get_cross_component_anomalies": ("incidents", "incidents"),
}
"""What the rows of each tool are, and what is looked at where no metric says it better."""
_ABOUT = {"get_anomaly_summary": "past anomalies of ", "check_real_time_anomalies": "anomalies of "}


@dataclass(frozen=True, slots=True)
class Scene:
    """What words about look-ups depend on: how metrics are called, the zone of times, and what "today" is."""

    catalogue: Catalogue
    zone: ZoneInfo
    now: datetime

    def clock(self, moment: datetime) -> str:
        """`11:20`, `24 Nov 11:20` on another day."""
        local, today = moment.astimezone(self.zone), self.now.astimezone(self.zone)
        if local.date() == today.date():
            return f"{local:%H:%M}"
        year = "" if local.year == today.year else f" {local.year}"
        return f"{local.day} {local:%b}{year} {local:%H:%M}"

    def stretch(self, window: Window) -> str:
        """`11:20–12:20 UTC`, `24 Nov 06:15–12:15 UTC`, `24 Nov 18:00 – 25 Nov 06:00 UTC`."""
        zone = figures.zone_name(self.zone, window.end)
        first, last = self.clock(window.start), self.clock(window.end)
        if window.start.astimezone(self.zone).date() == window.end.astimezone(self.zone).date():
            return f"{first}–{last.rpartition(' ')[2]} {zone}"
        return f"{first} – {last} {zone}"


def running(started: ToolStarted, scene: Scene) -> str:
    """`Looking at Flink's back-pressure, last 1 h`."""
    return f"Looking at {_subject(started.name, started.args, scene)}{_asked_window(started.args, scene)}"


def done(reply: ToolReply, scene: Scene) -> str:
    """`Looked at Kafka's consumer lag, 06:15–12:15 UTC`; what failed says so."""
    looked = reply.looked_at
    if looked is None:
        return f"Could not look at {_subject(reply.name, reply.args, scene)}{_asked_window(reply.args, scene)}"
    names: Mapping[str, Any] = {"component": looked.components, "metric": looked.metrics, "instance": looked.instances}
    against = "" if looked.compare_window is None else f", against {scene.stretch(looked.compare_window)}"
    return f"Looked at {_subject(reply.name, names, scene)}, {scene.stretch(looked.window)}{against}"


def outcome(reply: ToolReply) -> str:
    """`10 series · 31 ms`."""
    took = f"{reply.took_ms:,.0f} ms" if reply.took_ms >= 1 else "1 ms"
    if reply.status == "error":
        return f"failed · {took}"
    if reply.status == "no_data":
        return f"no data · {took}"
    noun = _SUBJECTS.get(reply.name, ("rows", ""))[0]
    shown = f"the first {len(reply.rows):,} of " if reply.truncated and len(reply.rows) < reply.row_count else ""
    return f"{shown}{count(reply.row_count, noun)} · {took}"


def component_name(name: object) -> str:
    """`Kafka`; a component that is not known as it is written."""
    return NAMES.get(str(name), one_line(name, LONGEST))


def metric_name(name: object, catalogue: Catalogue) -> str:
    """`consumer lag`; a metric that is not known as it is written."""
    return catalogue[str(name)].short if str(name) in catalogue else one_line(name, LONGEST)


def listed(names: Sequence[str]) -> str:
    """`a, b and c`; of many the first few and how many others there are."""
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _subject(tool: str, args: Mapping[str, Any], scene: Scene) -> str:
    components = _names(args.get("component"))
    everything = not components or set(components) >= set(COMPONENTS)
    owner = "" if everything else listed([component_name(name) for name in components])
    metrics = listed([metric_name(name, scene.catalogue) for name in _names(args.get("metric"))])
    instances = listed([one_line(name, LONGEST) for name in _names(args.get("instance"))])
    if tool == "get_cross_component_anomalies":
        subject = "incidents that travelled between components"
    elif metrics:
        about = {"get_anomaly_summary": "past anomalies of ", "check_real_time_anomalies": "anomalies of "}.get(
            tool, ""
        )
        subject = f"{about}{owner}'s {metrics}" if owner else f"{about}{metrics}"
    else:
        known = _SUBJECTS.get(tool, ("", one_line(tool, LONGEST)))[1]
        subject = f"{known} of {owner or 'the platform'}"
    return f"{subject} on {instances}" if instances else subject


def _names(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    return tuple(map(str, given)) if isinstance(given, list | tuple) else (str(given),)


def _asked_window(args: Mapping[str, Any], scene: Scene) -> str:
    window = _window(args, "start", "end", scene)
    if window is not None:
        before = _window(args, "compare_start", "compare_end", scene)
        return f", {scene.stretch(window)}" + ("" if before is None else f", against {scene.stretch(before)}")
    for name, unit in (("last_minutes", 60), ("hours", 3600)):
        amount = args.get(name)
        if isinstance(amount, int | float) and 0 <= amount <= MOST_HOURS:
            return f", last {humanize(timedelta(seconds=unit * amount))}"
    return ""


def _window(args: Mapping[str, Any], first: str, last: str, scene: Scene) -> Window | None:
    """The window that was asked for; `None` where there is none that can be read."""
    try:
        start = _moment(args.get(first), scene)
        return None if start is None else Window(start, _moment(args.get(last), scene) or scene.now)
    except (MonitoringError, ValueError):
        return None


def _moment(given: object, scene: Scene) -> datetime | None:
    if given is None or given == "":
        return None
    moment = datetime.fromisoformat(str(given))
    return moment if moment.tzinfo else moment.replace(tzinfo=scene.zone)
