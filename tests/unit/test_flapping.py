"""What comes back is counted; what comes and goes too often is one flapping event that stays open."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from monitoring.anomalies import Event, Finding, Past
from monitoring.incidents.flapping import LONGEST_QUIET, SHORTEST_QUIET
from monitoring.incidents.lifecycle import Change, advance
from tests.unit.by_hand import at, catalogue, key, metric

OF = catalogue(metric())
FOUND = Finding(key(), "threshold", "warning", at(0), True, 1.0, None, "> 0", "why")
MINUTE, HOUR = 60, 3600


class Life:
    """One series, judged every 30 s, that is bad in the spans given (seconds)."""

    def __init__(self, bad: Iterable[tuple[float, float]], due: bool = True) -> None:
        self.bad = list(bad)
        self.due = due
        self.open: dict[str, Event] = {}
        self.past: Past = {}
        self.told: list[tuple[float, str]] = []
        self.events: list[Event] = []

    def until(self, end: float, start: float = 0, step: float = 30) -> Life:
        for tick in range(int(start // step), int(end // step)):
            second = tick * step
            now = [FOUND for begin, over in self.bad if begin <= second < over]
            found = [replace(one, since=at(second), due=self.due) for one in now]
            self._note(second, advance(self.open, found, OF, at(second), self.past))
        return self

    def _note(self, second: float, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.kind in ("fired", "resolved"):
                self.told.append((second / MINUTE, change.kind))
            if change.kind == "fired":
                self.events.append(change.event)


def every(gap: float, count: int, lasting: float = 2 * MINUTE) -> list[tuple[float, float]]:
    """So many bad spans, the next one beginning `gap` after the last one began."""
    return [(n * gap, n * gap + lasting) for n in range(count)]


def test_what_returns_within_a_day_is_a_new_event_that_counts_those_before() -> None:
    life = Life([(0, 120), (5 * HOUR, 5 * HOUR + 120)]).until(6 * HOUR)
    assert [event.occurrences for event in life.events] == [1, 2]
    assert [event.flapping for event in life.events] == [False, False]
    assert [event.status for event in life.events] == ["resolved", "resolved"]


def test_what_returns_after_a_day_is_the_first_of_its_kind_again() -> None:
    life = Life([(0, 120), (25 * HOUR, 25 * HOUR + 120)]).until(26 * HOUR)
    assert [event.occurrences for event in life.events] == [1, 1]
    assert len(life.past) == 1


def test_the_third_start_within_an_hour_is_flapping_and_stays_open_through_the_gaps() -> None:
    life = Life(every(10 * MINUTE, 8)).until(3 * HOUR)
    assert [event.flapping for event in life.events] == [False, False, True]
    assert [kind for _, kind in life.told] == ["fired", "resolved", "fired", "resolved", "fired", "resolved"]
    flapping = life.events[-1]
    assert flapping.occurrences == 8
    assert flapping.resolved_at == at(72 * MINUTE)
    assert life.told[-1] == ((72 + 16), "resolved")


def test_three_starts_in_more_than_an_hour_are_no_flapping() -> None:
    life = Life(every(31 * MINUTE, 3)).until(2 * HOUR)
    assert [event.flapping for event in life.events] == [False, False, False]
    assert [event.occurrences for event in life.events] == [1, 2, 3]


def test_an_anomaly_that_goes_for_less_than_a_minute_does_not_flap() -> None:
    life = Life([(n * 150, n * 150 + 120) for n in range(20)]).until(HOUR)
    (event,) = life.events
    assert (event.flapping, event.occurrences) == (False, 1)


@pytest.mark.parametrize(
    ("gap", "quiet"), [(5 * MINUTE, SHORTEST_QUIET.total_seconds()), (20 * MINUTE, 36 * MINUTE), (28 * MINUTE, 52 * 60)]
)
def test_it_must_be_gone_for_twice_its_longest_gap_to_be_over(gap: float, quiet: float) -> None:
    life = Life(every(gap, 3)).until(2 * gap + 3 * MINUTE)
    (event,) = life.open.values()
    assert event.quiet_for is not None
    assert event.quiet_for.total_seconds() == quiet


def test_a_longer_gap_is_waited_for_the_next_time() -> None:
    spans = [*every(10 * MINUTE, 3), (35 * MINUTE, 37 * MINUTE)]
    life = Life(spans).until(36 * MINUTE)
    (event,) = life.open.values()
    assert event.quiet_for is not None
    assert event.quiet_for.total_seconds() == 2 * 13 * MINUTE
    assert event.quiet_for < LONGEST_QUIET


def test_what_flaps_again_soon_after_its_end_is_flapping_from_the_start() -> None:
    again = 22 * MINUTE + 40 * MINUTE
    life = Life([*every(10 * MINUTE, 3), (again, again + 120)]).until(3 * HOUR)
    assert [event.flapping for event in life.events] == [False, False, True, True]
    assert [event.occurrences for event in life.events] == [1, 2, 3, 4]
    assert life.told[-1][0] == 64 + LONGEST_QUIET.total_seconds() / MINUTE


def test_what_only_shows_in_a_gap_without_being_due_does_not_keep_it_open() -> None:
    life = Life(every(10 * MINUTE, 3)).until(25 * MINUTE)
    (event,) = life.open.values()
    life.bad, life.due = [(25 * MINUTE, 3 * HOUR)], False
    life.until(3 * HOUR, start=25 * MINUTE)
    assert event.resolved_at == at(22 * MINUTE)


def test_a_flapping_event_keeps_its_times_and_is_still_firing_in_a_gap() -> None:
    life = Life(every(10 * MINUTE, 5)).until(48 * MINUTE)
    (event,) = life.open.values()
    assert (event.status, event.detected_at, event.clear_since) == ("firing", at(20 * MINUTE), at(42 * MINUTE))


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_what_is_stored_is_enough_to_go_on_with(cut: int) -> None:
    bad = [*every(10 * MINUTE, 4), (60 * MINUTE, 62 * MINUTE)]
    whole = Life(bad).until(2 * HOUR)
    first = Life(bad).until(cut * MINUTE)
    other = Life(bad)
    other.open, other.past = copy.deepcopy(first.open), copy.deepcopy(first.past)
    other.until(2 * HOUR, start=cut * MINUTE)
    assert first.told + other.told == whole.told
    assert [e.occurrences for e in whole.events[len(first.events) :]] == [e.occurrences for e in other.events]
