"""What people decide about events: acknowledged ones and silenced ones are quiet; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitoring.anomalies import Event, EventStatus, Silence
from monitoring.metrics import ANY


@dataclass(frozen=True, slots=True)
class Handling:
    """What people have decided: silences, and since when events are acknowledged, by event id."""

    silences: tuple[Silence, ...] = ()
    acknowledged: Mapping[int, datetime] = field(default_factory=dict)


NOTHING_DECIDED = Handling()


def is_active(silence: Silence, now: datetime) -> bool:
    return silence.starts_at <= now < silence.ends_at


def matches(silence: Silence, event: Event) -> bool:
    """Whether a silence speaks of an event; `*` in the event (a whole instance) is matched by `*` only."""
    wanted = (silence.component, silence.instance, silence.metric, silence.kind)
    return all(want in (ANY, name) for want, name in zip(wanted, (*event.key, event.kind), strict=True))


def silenced_by(silences: Iterable[Silence], event: Event, now: datetime) -> Silence | None:
    """The first silence that keeps an event quiet at a moment."""
    return next((silence for silence in silences if is_active(silence, now) and matches(silence, event)), None)


def loudness(event: Event, handling: Handling, now: datetime) -> EventStatus:
    """The status of an event that has fired and is not over: acknowledged, silenced or firing."""
    if event.acknowledged_at is not None and event.acknowledged_at <= now:
        return "acknowledged"
    return "silenced" if silenced_by(handling.silences, event, now) else "firing"
