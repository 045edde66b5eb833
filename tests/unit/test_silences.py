"""Acknowledged and silenced events are quiet, live on, and are loud again when their time is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitoring.anomalies import Event, Finding, Silence
from monitoring.incidents.lifecycle import advance
from monitoring.incidents.silences import NOTHING_DECIDED, Handling, matches, silenced_by
from monitoring.metrics import ANY, SeriesKey
from tests.unit.by_hand import at, catalogue, key, metric

OF = catalogue(metric())
FOUND = Finding(key(), "threshold", "warning", at(-60), True, 1.0, None, "> 0", "why")
PENDING = replace(FOUND, due=False)


def silence(start: float = 0, end: float = 100) -> Silence:
    return Silence(at(start), at(end))


def ticked(
    seen: list[Finding | None],
    handling: Handling = NOTHING_DECIDED,
    events: dict[str, Event] | None = None,
    start: int = 0,
) -> tuple[list[str], dict[str, Event]]:
    """What changed at each tick, one every 30 s, and what is open afterwards."""
    events = {} if events is None else events
    words = []
    for tick, found in enumerate(seen, start):
        changes = advance(events, [found] if found else [], OF, at(tick * 30), handling=handling)
        words.append(" ".join(change.kind for change in changes) or "-")
    return words, events


def test_what_fires_under_a_silence_is_silent_from_the_start_and_fires_when_it_ends() -> None:
    words, events = ticked([FOUND] * 5, Handling((silence(0, 90),)))
    assert words == ["fired silenced", "went_on", "went_on", "went_on unsilenced", "went_on"]
    (event,) = events.values()
    assert (event.status, event.detected_at) == ("firing", at(0))


def test_a_silence_is_half_open() -> None:
    (event,) = ticked([FOUND])[1].values()
    quiet = [silence(30, 60)]
    told = [silenced_by(quiet, event, at(second)) is not None for second in (29, 30, 59, 60)]
    assert told == [False, True, True, False]


def test_a_silence_made_later_quiets_what_is_firing() -> None:
    _, events = ticked([FOUND])
    words, _ = ticked([FOUND, FOUND], Handling((silence(),)), events, start=1)
    assert words == ["went_on silenced", "went_on"]


def test_what_is_silenced_resolves_by_itself() -> None:
    words, events = ticked([FOUND, None, None, None], Handling((silence(0, 1000),)))
    assert words == ["fired silenced", "cleared", "-", "resolved"]
    assert events == {}


def test_a_silence_that_ends_in_a_gap_is_noticed() -> None:
    words, _ = ticked([FOUND, None, None], Handling((silence(0, 45),)))
    assert words == ["fired silenced", "cleared", "unsilenced"]


def test_what_is_pending_is_neither_silenced_nor_acknowledged() -> None:
    words, events = ticked([PENDING, PENDING], Handling((silence(),), {7: at(0)}))
    assert words == ["began", "went_on"]
    (event,) = events.values()
    event.id = 7
    assert ticked([PENDING], Handling((), {7: at(0)}), events, start=2)[0] == ["went_on"]
    assert (event.status, event.acknowledged_at) == ("pending", None)


def test_an_acknowledgement_is_taken_in_once_and_kept() -> None:
    _, events = ticked([FOUND])
    (event,) = events.values()
    event.id = 7
    words, _ = ticked([FOUND, FOUND], Handling((), {7: at(20)}), events, start=1)
    assert words == ["went_on acknowledged", "went_on"]
    assert ticked([FOUND], NOTHING_DECIDED, events, start=3)[0] == ["went_on"]
    assert (event.status, event.acknowledged_at) == ("acknowledged", at(20))


def test_an_acknowledgement_counts_from_when_it_was_given() -> None:
    _, events = ticked([FOUND])
    (event,) = events.values()
    event.id = 7
    words, _ = ticked([FOUND] * 3, Handling((), {7: at(75)}), events, start=1)
    assert words == ["went_on", "went_on", "went_on acknowledged"]


def test_what_is_acknowledged_stays_so_when_a_silence_comes_and_goes() -> None:
    _, events = ticked([FOUND])
    (event,) = events.values()
    event.id = 7
    words, _ = ticked([FOUND] * 5, Handling((silence(45, 95),), {7: at(20)}), events, start=1)
    assert words == ["went_on acknowledged", *["went_on"] * 4]


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (replace(silence(), component="kafka"), replace(silence(), component="flink")),
        (replace(silence(), instance="broker-1"), replace(silence(), instance="broker-2")),
        (replace(silence(), metric="load"), replace(silence(), metric="rate")),
        (replace(silence(), kind="threshold"), replace(silence(), kind="no_data")),
    ],
    ids=["component", "instance", "metric", "kind"],
)
def test_each_part_of_a_silence_is_a_name_or_any(mine: Silence, other: Silence) -> None:
    (event,) = ticked([FOUND])[1].values()
    assert [matches(one, event) for one in (silence(), mine, other)] == [True, True, False]


def test_a_silence_of_one_metric_does_not_hide_that_a_whole_instance_is_gone() -> None:
    (event,) = ticked([FOUND])[1].values()
    gone = replace(event, key=SeriesKey("kafka", "broker-1", ANY), kind="no_data")
    assert not matches(replace(silence(), metric="load"), gone)
    assert matches(replace(silence(), instance="broker-1"), gone)
