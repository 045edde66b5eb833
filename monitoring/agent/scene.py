"""What every part of an answer is written from: the request, the replies, the catalogue, the user's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitoring.agent import phrasing as say
from monitoring.agent.calendars import spoken_span
from monitoring.agent.request import Request
from monitoring.contract import Json, ToolReply
from monitoring.metrics import Catalogue

MOST_LINES = 8
MOST_HINTS = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """One question with the replies of the tools that were called for it."""

    request: Request
    replies: Sequence[ToolReply]
    catalogue: Catalogue
    clock: say.Clock

    def reply(self, name: str) -> ToolReply | None:
        """The reply of the tool of that name that could look; `None` where it failed or was not asked."""
        return next((r for r in self.replies if r.name == name and r.status != "error"), None)

    @property
    def most(self) -> int:
        return min(self.request.limit or MOST_LINES, 20)

    def when(self, reply: ToolReply) -> str:
        """The window of a reply in the user's words: "in the last 6 hours", "yesterday"."""
        if reply.looked_at is None:
            return ""
        window, own = reply.looked_at.window, self.request.window
        if own is not None and _same(own.window.start, window.start) and _same(own.window.end, window.end):
            return own.label
        if _same(window.end, self.request.asked_at):
            return f"in the last {spoken_span(window.span)}"
        return f"from {self.clock.window(window)}"

    def subject(self) -> str:
        """What the question is about: metrics, instances or components, as one says them."""
        request = self.request
        what = ""
        if request.metrics:
            names = list(dict.fromkeys(say.short_name(m, self.catalogue) for m in request.metrics))
            what = say.listed(names) if len(names) <= 2 else f"{', '.join(names[:2])} and related figures"
        where = say.components_titled(request.components) if request.components else ""
        if request.instances:
            places = [f"`{say.plain(name)}`" for name in request.instances[:3]]
            where = f"{where} {say.listed(places)}".strip()
        return f"{what} of {where}" if what and where else what or where or "the platform"

    def noun(self) -> str:
        """ "critical Kafka anomalies": what is counted."""
        severity = "critical " if self.request.severity == "critical" else ""
        kind = f"{self.request.anomaly_type.replace('_', ' ')} " if self.request.anomaly_type else ""
        return f"{severity}{kind}anomalies"


def _same(one: datetime, other: datetime) -> bool:
    """Whether two moments are the same but for what is lost in writing them down."""
    return abs(one - other) < timedelta(seconds=1)


def event_line(row: Json, scene: Scene) -> str:
    """One anomaly: severity, place, why, since when, and how it stands."""
    where = say.place(row["component"], row["instance"])
    why = say.plain(row.get("why") or row.get("message") or say.short_name(row["metric"], scene.catalogue))
    return f"- **{say.capital(row['severity'])}**, {where}: {why} ({_lasted(row, scene)})"


def _lasted(row: Json, scene: Scene) -> str:
    began = scene.clock.at(row.get("started_at"))
    text = (
        f"since {began}"
        if row.get("resolved_at") is None
        else f"{began} to {scene.clock.at(row['resolved_at'])}, resolved"
    )
    status = row.get("status")
    if status in ("pending", "acknowledged", "silenced"):
        text += f", {status}"
    return text + (", flapping" if row.get("flapping") else "")


def event_lines(rows: Sequence[Json], scene: Scene, most: int | None = None, total: int | None = None) -> list[str]:
    """The worst anomalies as lines, and how many more there are."""
    ordered = worst_first(rows)
    shown = ordered[: most or scene.most]
    lines = [event_line(row, scene) for row in shown]
    more = (len(rows) if total is None else total) - len(shown)
    return [*lines, *([f"- and {more:,} more"] if more > 0 else [])]


def worst_first(rows: Sequence[Json]) -> list[Json]:
    """Open before resolved, critical before warning, else in the order given."""
    return sorted(
        rows,
        key=lambda row: (
            row.get("status") == "resolved",
            row.get("status") == "pending",
            row["severity"] != "critical",
        ),
    )


def looked_at(reply: ToolReply, scene: Scene) -> str:
    """The line that says what was looked at."""
    looked = reply.looked_at
    if looked is None:
        return ""
    what = say.components_titled(looked.components)
    if looked.metrics:
        names = list(dict.fromkeys(say.short_name(name, scene.catalogue) for name in looked.metrics))
        what += f" ({', '.join(names)})"
    if looked.instances:
        what += f", only {', '.join(f'`{say.plain(name)}`' for name in looked.instances[:5])}"
    if scene.request.severity == "critical":
        what += ", only critical ones"
    text = f"Looked at: {what}; {scene.clock.window(looked.window)}"
    if looked.compare_window is not None:
        text += f", compared with {scene.clock.window(looked.compare_window)}"
    if scene.request.excluded:
        text += f"; without {say.components_titled(scene.request.excluded)}"
    return text + "."


def no_data(reply: ToolReply, scene: Scene) -> str:
    """What is said where there was nothing to judge by."""
    since = reply.summary.get("last_sample_at")
    begins = reply.summary.get("samples_from")
    text = (
        f"I cannot tell: there is no data of {scene.subject()} {scene.when(reply)}, and no data is not the "
        f"same as healthy."
    )
    if since:
        text += f" The last sample came at {scene.clock.at(since)}."
    elif begins:
        text += f" The history starts at {scene.clock.at(begins)}."
    elif "samples_from" in reply.summary or "last_sample_at" in reply.summary:
        text += " No sample has been received at all: check that collectors are configured and running."
    return text


def uncovered(reply: ToolReply, scene: Scene) -> str:
    """A remark where the history starts after the window does."""
    begins = say.parsed(reply.summary.get("samples_from"))
    if begins is None or reply.looked_at is None or begins <= reply.looked_at.window.start:
        return ""
    return f"The history starts at {scene.clock.at(begins)}; nothing is known of the time before."


def hints(metric: str, scene: Scene, causes: bool = False) -> list[str]:
    """What to check next for a metric, from the catalogue; causes are called hypotheses."""
    known = scene.catalogue.by_name.get(metric)
    if known is None:
        return []
    lines = []
    if causes and known.likely_causes:
        lines.append(
            f"Likely causes to check (hypotheses, not established): {'; '.join(known.likely_causes[:MOST_HINTS])}."
        )
    if known.first_checks:
        lines += ["Check next:", *(f"- {check}" for check in known.first_checks[:MOST_HINTS])]
    return lines


def figures(value: Any) -> Mapping[str, Any]:
    """A mapping out of a summary; empty where it is missing."""
    return value if isinstance(value, Mapping) else {}
