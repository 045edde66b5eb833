"""Whether people are to be told something about an incident now, and why (not); pure.

The decision looks at how the incident stands and at what has been told of it, not at what has just changed: it
can be made again at any time, by any process, and comes to the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitoring.anomalies import AnnouncementKind, EventStatus, humanize
from monitoring.metrics import Severity

FRESH = timedelta(minutes=5)
"""What is found longer than this after it happened is history, unless nobody was watching meanwhile."""

Reason = Literal[
    "new",
    "escalated",
    "resolved",
    "already announced",
    "flapping",
    "acknowledged",
    "silenced",
    "historic",
    "over",
    "catching up",
]
"""Why something is told (the first three) or not. `historic`: found in samples that came late. `over`: it ended
before anyone was to be told. `catching up`: missed time is being judged, it may be over by now."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands, and what has been told of it.

    `told_severity` is the highest of what was told; `told_due` whether any of it was due to reach people.
    """

    status: EventStatus
    severity: Severity
    flapping: bool = False
    historic: bool = False
    told: frozenset[AnnouncementKind] = frozenset()
    told_severity: Severity | None = None
    told_due: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to put on record, `None` for nothing; where it is not `due` it goes to nobody."""

    kind: AnnouncementKind | None
    due: bool
    reason: Reason


def decide(standing: Standing, behind: timedelta) -> Decision:
    """What to announce of an incident, where judgement is so far behind the clock."""
    if standing.status == "resolved":
        return _ended(standing)
    opened = "opened" in standing.told
    if not opened and standing.historic:
        return Decision("opened", False, "historic")
    raised = standing.severity == "critical" and standing.told_severity != "critical"
    if opened and not (raised and "escalated" not in standing.told):
        return Decision(None, False, "flapping" if standing.flapping else "already announced")
    if standing.status == "acknowledged":
        return Decision(None, False, "acknowledged")
    if standing.status == "silenced":
        return Decision(None, False, "silenced")
    if behind > FRESH:
        return Decision(None, False, "catching up")
    return Decision("escalated", True, "escalated") if opened else Decision("opened", True, "new")


def _ended(standing: Standing) -> Decision:
    if "opened" not in standing.told:
        return Decision("opened", False, "over")
    if standing.told_due and "resolved" not in standing.told:
        return Decision("resolved", True, "resolved")
    return Decision(None, False, "already announced")


def is_historic(detected_at: datetime, now: datetime, live_until: datetime | None) -> bool:
    """Whether an incident found now is history.

    It is where it happened long ago, at a time that had been judged before (up to `live_until`; `None`: judging
    never caught up with the clock yet). What happened while nobody watched is news.
    """
    return now - detected_at > FRESH and (live_until is None or detected_at <= live_until)


def words(
    kind: AnnouncementKind,
    severity: Severity,
    summary: str,
    started_at: datetime,
    resolved_at: datetime | None,
    flapping: bool,
) -> str:
    """The announcement in a line or two."""
    if kind == "resolved" and resolved_at is not None:
        return f"Resolved after {humanize(max(timedelta(0), resolved_at - started_at))}: {summary}"
    if kind == "escalated":
        return f"Now critical: {summary}"
    often = " It comes and goes; it is told once until it has stayed away." if flapping else ""
    return f"{severity.capitalize()}: {summary}{often}"
