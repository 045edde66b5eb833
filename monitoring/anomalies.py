"""What detection finds and what the incident lifecycle keeps: findings, events, incidents.

Detection says what is wrong at this moment (`Finding`); the lifecycle turns a stream of findings into
events that are pending, fire and resolve (`Event`), and groups them into incidents (`Incident`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from monitoring.metrics import ANY, SeriesKey, Severity

AnomalyType = Literal["threshold", "baseline", "trend", "restart_loop", "stalled", "no_data", "cross_component"]
EventStatus = Literal["pending", "firing", "acknowledged", "silenced", "resolved"]
NoDataCause = Literal["series_stopped", "instance_gone", "collector_down", "partitioned"]

OPEN: tuple[EventStatus, ...] = ("pending", "firing", "acknowledged", "silenced")
"""Statuses of an event that is not over."""


def fingerprint(kind: AnomalyType, key: SeriesKey) -> str:
    """What makes two findings the same anomaly: a level that is unusual and then beyond its threshold is one."""
    return "/".join(("threshold" if kind == "baseline" else kind, *key))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with one series (or one whole instance or collector) at the moment of looking.

    `since` is the estimated onset, `hold` how long it must last before it fires, `severity` what it would
    fire as now. `value`, `expected` and `threshold` are the numbers behind `why`, a sentence in plain words.
    """

    key: SeriesKey
    kind: AnomalyType
    severity: Severity
    since: datetime
    due: bool
    value: float | None
    expected: float | None
    threshold: str
    why: str
    no_data_cause: NoDataCause | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.kind, self.key)


@dataclass(slots=True)
class Event:
    """One anomaly over its life; the row of `anomaly_events`.

    `clear_since` is when the condition was last seen to be gone, `None` while it lasts. `occurrences` counts how
    often it has begun, earlier events of the same fingerprint within a day included. A `flapping` event stays
    open until its condition has been gone for `quiet_for`. An event of kind `baseline` becomes one of kind
    `threshold` when its value is beyond that too.
    """

    key: SeriesKey
    kind: AnomalyType
    severity: Severity
    status: EventStatus
    started_at: datetime
    last_seen_at: datetime
    value: float | None
    peak_value: float | None
    expected: float | None
    threshold: str
    message: str
    why: str
    no_data_cause: NoDataCause | None = None
    detected_at: datetime | None = None
    critical_at: datetime | None = None
    resolved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    flapping: bool = False
    occurrences: int = 1
    incident: int | None = None
    id: int | None = None
    clear_since: datetime | None = None
    quiet_for: timedelta | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Ended:
    """An event that is over, as far as those that follow it need to know."""

    detected_at: datetime
    resolved_at: datetime
    occurrences: int = 1
    flapping: bool = False


Past = dict[str, tuple[Ended, ...]]
"""By fingerprint the last few events that are over, the newest last."""


@dataclass(slots=True)
class ChainLink:
    """One event's place in an incident's chain, in order of onset."""

    component: str
    instance: str
    metric: str
    onset: datetime
    severity: Severity


@dataclass(slots=True)
class Incident:
    """Events that belong together; the row of `incidents`. `number` is unique within one run.

    `pattern` is the public name of how it spread, `rule` the finer one where there is one. `certain` is false
    where it cannot be told which of the first signs was the cause. An incident that turned out to be an effect
    of another one is `merged_into` that one and has no events any more.
    """

    number: int
    pattern: str
    severity: Severity
    status: EventStatus
    root: SeriesKey
    started_at: datetime
    detected_at: datetime
    resolved_at: datetime | None = None
    chain: list[ChainLink] = field(default_factory=list)
    summary: str = ""
    rule: str = ""
    certain: bool = True
    merged_into: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch of time [starts_at, ends_at) in which matching events are kept quiet.

    Each of the four parts is a name, or `*` for all.
    """

    starts_at: datetime
    ends_at: datetime
    component: str = ANY
    instance: str = ANY
    metric: str = ANY
    kind: str = ANY
    created_by: str = ""
    reason: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote down about an event or an incident; one of the two is named."""

    text: str
    by: str
    at: datetime
    event: int | None = None
    incident: int | None = None
    id: int | None = None


AnnouncementKind = Literal["opened", "escalated", "resolved", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something about an incident that people are to be told, once.

    `due` is false where it is only put on record, for the `reason` given. `event` is the incident's root.
    """

    incident: int
    kind: AnnouncementKind
    severity: Severity
    at: datetime
    text: str
    due: bool
    reason: str
    event: int | None = None
    id: int | None = None


def humanize(span: timedelta) -> str:
    """A span in words: `45 s`, `5 min`, `2 h 30 min`, `3 d 4 h`."""
    seconds = int(span.total_seconds())
    if seconds < 90:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
