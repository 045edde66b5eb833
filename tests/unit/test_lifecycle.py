"""The life of an event: pending, firing, acknowledged or silenced, resolved; no trace where it never fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitoring.anomalies import Event, EventStatus, Finding
from monitoring.incidents.lifecycle import Change, advance, highest, status_of
from monitoring.metrics import Direction, Severity
from tests.unit.by_hand import at, catalogue, key, metric

OF = catalogue(
    metric(),
    metric(name="free", direction="lower_is_worse"),
    metric(name="rate", direction="both"),
)


def finding(value: float | None = 1.0, severity: Severity = "warning", due: bool = True, name: str = "load") -> Finding:
    return Finding(key("broker-1", name), "threshold", severity, at(-60), due, value, 5.0, f"> {severity}", "why")


def lived(seen: Sequence[Finding | None], step: float = 30) -> tuple[list[str], list[Event]]:
    """The kinds of change, one word a tick, and all events that there were."""
    open_events: dict[str, Event] = {}
    words: list[str] = []
    events: dict[int, Event] = {}
    for tick, found in enumerate(seen):
        changes = advance(open_events, [found] if found else [], OF, at(tick * step))
        words.append(" ".join(change.kind for change in changes) or "-")
        events |= {id(change.event): change.event for change in changes}
    return words, list(events.values())


UNUSUAL = replace(finding(), kind="baseline", threshold="outside 1 to 2", why="unusual")


def test_what_is_unusual_and_then_beyond_its_threshold_is_one_event() -> None:
    words, (event,) = lived([UNUSUAL, UNUSUAL, finding(), UNUSUAL, finding(severity="critical"), None, None, None])
    assert words == ["fired", "went_on", "went_on", "went_on", "escalated", "cleared", "-", "resolved"]
    assert (event.detected_at, event.critical_at) == (at(0), at(120))


def test_it_is_told_by_its_threshold_from_then_on() -> None:
    _, (event,) = lived([UNUSUAL])
    assert (event.kind, event.why) == ("baseline", "unusual")
    _, (event,) = lived([UNUSUAL, finding(), UNUSUAL])
    assert (event.kind, event.threshold, event.why) == ("threshold", "> warning", "why")


def test_an_event_begins_goes_on_fires_and_resolves() -> None:
    pending, due = finding(due=False), finding()
    words, (event,) = lived([None, pending, pending, due, due, None, None, None, None])
    assert words == ["-", "began", "went_on", "fired", "went_on", "cleared", "-", "resolved", "-"]
    assert (event.started_at, event.detected_at, event.resolved_at) == (at(-60), at(90), at(150))
    assert event.status == "resolved"


def test_what_is_due_at_first_sight_fires_at_once() -> None:
    words, (event,) = lived([finding()])
    assert words == ["fired"]
    assert (event.status, event.detected_at, event.critical_at) == ("firing", at(0), None)


def test_what_was_only_pending_is_dropped_without_a_trace() -> None:
    open_events: dict[str, Event] = {}
    advance(open_events, [finding(due=False)], OF, at(0))
    changes = advance(open_events, [], OF, at(30))
    assert [change.kind for change in changes] == ["dropped"]
    assert changes[0].event.resolved_at is None
    assert open_events == {}


def test_it_is_resolved_as_of_when_the_condition_went_not_when_that_was_certain() -> None:
    _, (event,) = lived([finding(), None, None, None], step=59)
    assert event.resolved_at == at(59)


@pytest.mark.parametrize("gap", [1, 2])
def test_what_returns_within_a_minute_is_the_same_event(gap: int) -> None:
    words, events = lived([finding(), *[None] * gap, finding(), finding()])
    assert "resolved" not in words
    assert len(events) == 1
    assert events[0].clear_since is None


def test_each_return_starts_the_minute_anew() -> None:
    words, events = lived([finding(), None, None, finding(), None, None, finding(), None, None, None])
    assert len(events) == 1
    assert words[-1] == "resolved"
    assert events[0].resolved_at == at(7 * 30)


def test_what_returns_later_is_a_new_event() -> None:
    words, events = lived([finding(), None, None, None, finding()])
    assert words == ["fired", "cleared", "-", "resolved", "fired"]
    assert [event.status for event in events] == ["resolved", "firing"]
    assert events[0].fingerprint == events[1].fingerprint


def test_critical_from_the_start_is_critical_since_it_fired() -> None:
    words, (event,) = lived([finding(severity="critical", due=False), finding(severity="critical")])
    assert words == ["began", "fired"]
    assert event.critical_at == event.detected_at == at(30)


def test_an_escalation_is_told_once_and_kept() -> None:
    mild, bad = finding(), finding(severity="critical")
    words, (event,) = lived([mild, bad, bad, mild, bad, mild])
    assert words == ["fired", "escalated", "went_on", "went_on", "went_on", "went_on"]
    assert (event.severity, event.critical_at, event.threshold) == ("critical", at(30), "> critical")


def test_a_pending_warning_that_fires_as_critical_is_critical_at_once() -> None:
    words, (event,) = lived([finding(due=False), finding(severity="critical")])
    assert words == ["began", "fired"]
    assert event.critical_at == at(30)


@pytest.mark.parametrize(
    ("name", "values", "peak"),
    [("load", [3, 9, 4], 9), ("free", [3, 9, 1, 4], 1), ("rate", [4, -3, 9], -3), ("load", [None, 2, None], 2)],
)
def test_the_peak_is_the_worst_value_by_the_metrics_direction(
    name: str, values: list[float | None], peak: float
) -> None:
    _, (event,) = lived([finding(value, name=name) for value in values])
    assert event.peak_value == peak
    assert event.value == values[-1]


def test_an_acknowledged_event_resolves_like_any_other() -> None:
    open_events: dict[str, Event] = {}
    advance(open_events, [finding()], OF, at(0))
    event = open_events[finding().fingerprint]
    event.status, event.acknowledged_at = "acknowledged", at(10)
    assert [c.kind for c in advance(open_events, [finding()], OF, at(30))] == ["went_on"]
    assert event.status == "acknowledged"
    advance(open_events, [], OF, at(60))
    assert [c.kind for c in advance(open_events, [], OF, at(120))] == ["resolved"]


def test_events_of_different_series_live_apart() -> None:
    open_events: dict[str, Event] = {}
    other = replace(finding(), key=key("broker-2"))
    advance(open_events, [finding(), other], OF, at(0))
    advance(open_events, [other], OF, at(30))
    changes: list[Change] = advance(open_events, [other], OF, at(90))
    assert {(c.kind, c.event.key.instance) for c in changes} == {("went_on", "broker-2"), ("resolved", "broker-1")}


def test_two_kinds_of_trouble_of_one_series_are_two_events() -> None:
    open_events: dict[str, Event] = {}
    advance(open_events, [finding(), replace(finding(), kind="no_data")], OF, at(0))
    assert len(open_events) == 2


@pytest.mark.parametrize(
    ("instance", "text"),
    [("broker-1", "Kafka load on broker-1: > warning"), ("cluster", "Kafka load: > warning")],
)
def test_its_message_is_one_line_of_what_and_where(instance: str, text: str) -> None:
    changes = advance({}, [replace(finding(), key=key(instance))], OF, at(0))
    assert changes[0].event.message == text


def test_the_highest_severity_counts() -> None:
    assert highest(["warning", "critical"]) == "critical"
    assert highest(["warning"]) == "warning"


@pytest.mark.parametrize(
    ("events", "incident"),
    [
        (["firing", "acknowledged", "silenced", "resolved"], "firing"),
        (["acknowledged", "acknowledged", "resolved"], "acknowledged"),
        (["acknowledged", "silenced"], "acknowledged"),
        (["silenced", "resolved"], "silenced"),
        (["resolved", "resolved"], "resolved"),
    ],
)
def test_an_incident_is_as_loud_as_the_loudest_of_its_open_events(events: list[EventStatus], incident: str) -> None:
    made = [replace(lived([finding()])[1][0], status=status) for status in events]
    assert status_of(made) == incident


def test_every_direction_is_covered_above() -> None:
    directions: set[Direction] = {m.direction for m in OF}
    assert directions == {"higher_is_worse", "lower_is_worse", "both"}
