"""Watching: samples in, changes out, tick by tick; the same for live, imported and replayed samples.

Pure but for the memory it keeps: it reads no clock, no database and no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitoring.anomalies import Event, Incident, Past
from monitoring.blocks import Block, from_micros, to_micros
from monitoring.detection.absence import members
from monitoring.detection.detectors import Detectors
from monitoring.detection.memory import FIRST_PACE, Memory
from monitoring.detection.onset import onset
from monitoring.detection.passage import Passage
from monitoring.incidents.grouping import Case, refresh, regroup
from monitoring.incidents.lifecycle import Change, advance
from monitoring.incidents.silences import NOTHING_DECIDED, Handling
from monitoring.metrics import ANY, Catalogue, SeriesKey

UNFOLDS = timedelta(minutes=30)
"""For so long after its begin a failure is watched spreading; later changes of the flow are the daily rhythm's."""


FURTHEST_BACK = timedelta(minutes=10)
"""What rose for longer before it crossed a level is told of by its trend."""


_TELLING = ("escalated", "resolved", "acknowledged", "silenced", "unsilenced")
"""Steps in an event's life after which its incident reads differently."""


@dataclass(slots=True)
class Tick:
    """What one tick changed: steps in the life of events, and the incidents that are new or different."""

    at: datetime
    changes: list[Change] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


class Watch:
    """Judges samples against the catalogue and keeps the open events and incidents."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.memory = Memory()
        self.open_events: dict[str, Event] = {}
        self.past: Past = {}
        """What is known of events that are over, for recurrence and flapping."""
        self._detectors = Detectors(catalogue, self.memory)
        self._cases: list[Case] = []
        self._numbers = 0

    def tick(self, now: datetime, samples: Block, handling: Handling = NOTHING_DECIDED) -> Tick:
        """Take in the samples that came since the last tick and judge everything as of `now`.

        `handling` is what people have decided: silences and acknowledgements.
        """
        micros = to_micros(now)
        self.memory.absorb(samples, micros)
        findings = self._detectors.judge(micros, self._firing(), self.past)
        changes = advance(self.open_events, findings, self.catalogue, now, self.past, handling)
        incidents, moved = self._grouped(changes, now)
        return Tick(now, [*changes, *moved], incidents)

    def warm_up(self, now: datetime, samples: Block) -> None:
        """Take in samples that were judged before (by this process or another), without any change."""
        self.memory.absorb(samples, to_micros(now))
        self._detectors.judge(to_micros(now), self._firing(), self.past)

    def resume(self, events: Iterable[Event], incidents: Sequence[Incident]) -> None:
        """Take up open events and incidents that were stored, after a restart or from another process."""
        by_id = {incident.id: Case(incident, []) for incident in incidents}
        for event in events:
            case = by_id.get(event.incident)
            if case is not None:
                case.events.append(event)
                event.incident = case.incident.number
            if event.resolved_at is None:
                self.open_events[event.fingerprint] = event
                self._resume(event)
        self._cases = [case for case in by_id.values() if case.events]
        self._numbers = max((case.incident.number for case in self._cases), default=0)

    def _resume(self, event: Event) -> None:
        detectors = self._detectors
        if (event.clear_since is not None or event.flapping) and event.kind != "no_data":
            # Of what flaps the last turn counts, not the first; the samples read again have shown it.
            return
        match event.kind:
            case "no_data":
                self._resume_silence(event)
            case "threshold":
                self._resume_condition(event)
            case "baseline":
                detectors.baselines.resume(event, self.memory)
            case "trend":
                detectors.trends.resume(event)
            case "restart_loop":
                detectors.restarts.resume(event)
            case "stalled":
                detectors.stalled.resume(event)

    def _resume_silence(self, event: Event) -> None:
        """What has been silent for longer than the samples read again reach back is silent still."""
        self.memory.enrol([event.key] if event.key.metric != ANY else [])
        places = members(event.key, self.memory, self.catalogue)
        self.memory.recall_silence(places, to_micros(event.started_at) - FIRST_PACE)

    def _resume_condition(self, event: Event) -> None:
        if event.key.metric not in self.catalogue:
            return
        for severity, threshold in self.catalogue[event.key.metric].thresholds:
            since = event.started_at
            if severity == "critical" and event.critical_at is not None:
                since = max(since, event.critical_at - threshold.hold)
            if severity == "warning" or event.severity == "critical":
                fired = event.status != "pending"
                self._detectors.thresholds.resume(event.key, severity, to_micros(since), self.memory, due=fired)
        if event.status != "pending":
            # It fired, so a second sample confirmed it.
            place = self.memory.places[event.key]
            self.memory.recall_silence([place], to_micros(event.started_at) + 1, event.value)

    def _firing(self) -> dict[str, Event]:
        return {name: event for name, event in self.open_events.items() if event.status != "pending"}

    def _grouped(self, changes: Sequence[Change], now: datetime) -> tuple[list[Incident], list[Change]]:
        fired = [change.event for change in changes if change.kind == "fired"]
        self._find_onsets(fired, now)
        before = {id(event): event.incident for case in self._cases for event in case.events}
        touched = self._regrouped(fired, now)
        moved = [
            Change("moved", event)
            for case in self._cases
            for event in case.events
            if id(event) in before and before[id(event)] != event.incident
        ]
        by_number = {case.incident.number: case for case in self._cases}
        for change in changes:
            known = by_number.get(change.event.incident or 0)
            if known is not None and change.kind in _TELLING:
                touched[known.incident.number] = known.incident
        passage = Passage(self._detectors.lookup)
        for number, case in by_number.items():
            young = now - case.incident.started_at <= UNFOLDS
            if (young and _looks_different(case, passage)) or number in touched:
                refresh(case, self.catalogue)
                touched[number] = case.incident
        self._cases = [case for case in self._cases if case.incident.resolved_at is None]
        return list(touched.values()), moved

    def _find_onsets(self, fired: Sequence[Event], now: datetime) -> None:
        """Date new events back to when their series left its normal state, not to when a level was crossed."""
        known: dict[SeriesKey, datetime] = {}
        new = {id(event) for event in fired}
        for event in self.open_events.values():
            if event.status != "pending" and id(event) not in new:
                known[event.key] = min(event.started_at, known.get(event.key, event.started_at))
        for event in fired:
            place = self.memory.places.get(event.key)
            if event.key in known:
                event.started_at = min(event.started_at, known[event.key])
            elif place is not None and event.kind in ("threshold", "baseline", "stalled"):
                since = from_micros(onset(self.memory, place, to_micros(event.started_at), to_micros(now)))
                event.started_at = max(since, event.started_at - FURTHEST_BACK)

    def _regrouped(self, fired: Sequence[Event], now: datetime) -> dict[int, Incident]:
        """Take new events into the incidents; gives those that changed, by number."""
        if not fired:
            return {}
        before = {case.incident.number: {id(event) for event in case.events} for case in self._cases}
        self._cases, absorbed = regroup(self._cases, fired, self.catalogue, self._numbers)
        self._numbers = max(self._numbers, *(case.incident.number for case in self._cases))
        for incident in absorbed:
            incident.status, incident.resolved_at = "resolved", now
        changed = [c for c in self._cases if before.get(c.incident.number) != {id(event) for event in c.events}]
        return {i.number: i for i in (*absorbed, *(case.incident for case in changed))}


def _looks_different(case: Case, passage: Passage) -> bool:
    """Measure what passes through the stages since a case began; whether other ones fell than before."""
    flow = passage.since(to_micros(case.incident.started_at))
    before, case.flow = case.flow, flow
    return flow.fell != (before.fell if before is not None else ())
