"""Events of one cause become one incident: pure, from events and the catalogue's patterns.

An event joins an open incident when a pattern of the catalogue names both it and one of the incident's
events, and their onsets lie no further apart than the pattern allows; or when it speaks of the same metric
of the same component. What joins nothing is an incident of its own, `isolated`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from monitoring.anomalies import ChainLink, Event, Incident
from monitoring.incidents.lifecycle import highest
from monitoring.metrics import Catalogue, Pattern, Step

SAME_METRIC = timedelta(minutes=10)
"""Neighbours of one metric (two brokers, two topics) that begin within this time have one cause."""
ORDER_SLACK = timedelta(seconds=90)
"""Onsets this close have no order: Flink's meters trail by 60 s, scrapes by 30 s."""
ISOLATED = "isolated"


@dataclass(slots=True)
class Case:
    """An open incident with its events."""

    incident: Incident
    events: list[Event]


def assign(event: Event, cases: list[Case], catalogue: Catalogue, number: int) -> Case:
    """The case an event that just fired belongs to; a new one, with the number given, if it fits none."""
    candidates = [(gap, case) for case in cases if (gap := _distance(event, case, catalogue)) is not None]
    if candidates:
        case = min(candidates, key=lambda pair: pair[0])[1]
        case.events.append(event)
    else:
        case = Case(_opened(event, number), [event])
        cases.append(case)
    event.incident = case.incident.number
    refresh(case, catalogue)
    return case


def refresh(case: Case, catalogue: Catalogue) -> None:
    """Bring an incident's chain, pattern, severity, status and end up to date with its events."""
    incident = case.incident
    ordered = sorted(case.events, key=lambda e: (e.started_at, e.detected_at or e.started_at))
    pattern = classify(ordered, catalogue)
    root = _root(ordered, pattern)
    incident.pattern = ISOLATED if pattern is None else pattern.name
    incident.root = root.key
    incident.severity = highest(e.severity for e in ordered)
    incident.started_at = ordered[0].started_at
    incident.chain = [ChainLink(*e.key, e.started_at, e.severity) for e in ordered]
    ends = [e.resolved_at for e in ordered]
    known = [end for end in ends if end is not None]
    incident.resolved_at = max(known) if len(known) == len(ends) else None
    incident.status = "resolved" if incident.resolved_at else "firing"
    incident.summary = _summary(ordered, root, pattern, catalogue)


def classify(events: Sequence[Event], catalogue: Catalogue) -> Pattern | None:
    """The pattern that explains most of the events in the order in which they began; `None` if none does."""
    scored = [(_score(events, pattern), -place, pattern) for place, pattern in enumerate(catalogue.patterns)]
    best = max(scored, key=lambda item: item[:2], default=None)
    return best[2] if best and best[0] > (0, 0) else None


def _score(events: Sequence[Event], pattern: Pattern) -> tuple[int, int]:
    """How many steps were seen and how many events they explain; nothing where the order is wrong."""
    return _score_steps(events, pattern, _told(events, pattern))


def _told(events: Sequence[Event], pattern: Pattern) -> Sequence[Step]:
    """The steps to look for: all, or those of the component in which most of them were seen."""
    if not pattern.one_component:
        return pattern.steps
    components = dict.fromkeys(step.component for step in pattern.steps)
    own = [[step for step in pattern.steps if step.component == component] for component in components]
    return max(own, key=lambda steps: _score_steps(events, pattern, steps))


def _score_steps(events: Sequence[Event], pattern: Pattern, steps: Sequence[Step]) -> tuple[int, int]:
    matching = [[e for e in events if _in_step(e, step)] for step in steps]
    onsets = [min((e.started_at for e in found), default=None) for found in matching]
    seen = [onset for onset in onsets if onset is not None]
    missing = any(onset is None and not step.optional for onset, step in zip(onsets, steps, strict=True))
    if missing or len(seen) < pattern.at_least:
        return (0, 0)
    in_order = all(later - earlier >= -ORDER_SLACK for earlier, later in pairwise(seen))
    close = max(seen) - min(seen) <= pattern.join
    return (len(seen), sum(map(len, matching))) if in_order and close else (0, 0)


def _distance(event: Event, case: Case, catalogue: Catalogue) -> timedelta | None:
    """How far the event's onset is from the nearest event of the case it may belong with."""
    if all(other.resolved_at is not None and other.resolved_at < event.started_at for other in case.events):
        return None
    gaps = [abs(event.started_at - other.started_at) for other in case.events if _related(event, other, catalogue)]
    return min(gaps, default=None)


def _related(one: Event, other: Event, catalogue: Catalogue) -> bool:
    gap = abs(one.started_at - other.started_at)
    same = one.key.component == other.key.component and one.key.metric == other.key.metric and one.kind == other.kind
    if same and gap <= SAME_METRIC:
        return True
    return any(gap <= pattern.join and _share(pattern, one, other) for pattern in catalogue.patterns)


def _share(pattern: Pattern, one: Event, other: Event) -> bool:
    """Whether one pattern names both."""
    if pattern.one_component and one.key.component != other.key.component:
        return False
    return _names(pattern, one) and _names(pattern, other)


def _names(pattern: Pattern, event: Event) -> bool:
    return any(_in_step(event, step) for step in pattern.steps)


def _in_step(event: Event, step: Step) -> bool:
    return event.key.component == step.component and event.key.metric in step.metrics


def _root(ordered: Sequence[Event], pattern: Pattern | None) -> Event:
    """Where it began: the earliest event of the pattern's first step that was seen, else the earliest event."""
    if pattern is not None:
        for step in _told(ordered, pattern):
            for event in ordered:
                if _in_step(event, step):
                    return event
    return ordered[0]


def _opened(event: Event, number: int) -> Incident:
    detected = event.detected_at or event.started_at
    return Incident(number, ISOLATED, event.severity, "firing", event.key, event.started_at, detected)


def _summary(ordered: Sequence[Event], root: Event, pattern: Pattern | None, catalogue: Catalogue) -> str:
    if len(ordered) == 1:
        return root.message
    title = pattern.title if pattern else "Several anomalies that belong together"
    return f"{title}. It began with {_spoken(root, catalogue)}, then: {_listed(ordered, root, catalogue)}."


def _listed(ordered: Sequence[Event], root: Event, catalogue: Catalogue) -> str:
    others = list(dict.fromkeys(_spoken(e, catalogue) for e in ordered if e is not root))
    shown = ", ".join(others[:5])
    return f"{shown} and {len(others) - 5} more" if len(others) > 5 else shown


def _spoken(event: Event, catalogue: Catalogue) -> str:
    metric = catalogue.by_name.get(event.key.metric)
    name = metric.short if metric else "no data"
    where = "" if event.key.instance in ("*", "cluster") else f" on {event.key.instance}"
    return f"{event.key.component} {name}{where}"
