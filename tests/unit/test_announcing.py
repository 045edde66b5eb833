"""What people are told of an incident: once that it opened, became critical and is over; nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from monitoring.anomalies import AnnouncementKind
from monitoring.incidents.announcing import FRESH, Decision, Standing, decide, is_historic, words
from tests.unit.by_hand import at

NOW = timedelta(0)
NEW = Standing("firing", "warning")
TOLD = replace(NEW, told=frozenset({"opened"}), told_severity="warning", told_due=True)
HOUR = 3600


def test_a_new_incident_is_told() -> None:
    assert decide(NEW, NOW) == Decision("opened", True, "new")


def test_what_was_told_is_not_told_again() -> None:
    assert decide(TOLD, NOW) == Decision(None, False, "already announced")


def test_a_warning_that_becomes_critical_is_told_once_more() -> None:
    critical = replace(TOLD, severity="critical")
    assert decide(critical, NOW) == Decision("escalated", True, "escalated")
    kinds: frozenset[AnnouncementKind] = frozenset({"opened", "escalated"})
    assert decide(replace(critical, told=kinds, told_severity="critical"), NOW).kind is None


def test_what_was_critical_from_the_start_does_not_escalate() -> None:
    assert decide(replace(TOLD, severity="critical", told_severity="critical"), NOW).kind is None


def test_the_end_is_told_to_those_who_know_of_the_beginning() -> None:
    over = replace(TOLD, status="resolved")
    assert decide(over, NOW) == Decision("resolved", True, "resolved")
    assert decide(replace(over, told=frozenset({"opened", "resolved"})), NOW).kind is None
    assert decide(replace(over, told_due=False), NOW).kind is None


def test_what_was_over_before_anyone_was_told_is_only_put_on_record() -> None:
    assert decide(replace(NEW, status="resolved"), NOW) == Decision("opened", False, "over")


@pytest.mark.parametrize("status", ["acknowledged", "silenced"])
def test_nobody_is_told_of_what_is_kept_quiet(status: Literal["acknowledged", "silenced"]) -> None:
    quiet = replace(NEW, status=status)
    assert decide(quiet, NOW) == Decision(None, False, status)
    assert decide(replace(TOLD, status=status, severity="critical"), NOW).reason == status


def test_a_silence_that_ends_lets_it_be_told_and_an_end_is_told_through_it() -> None:
    assert decide(replace(NEW, status="firing"), NOW).due
    assert decide(replace(TOLD, status="resolved"), NOW).due


def test_flaps_of_an_incident_that_was_told_are_not() -> None:
    assert decide(replace(NEW, flapping=True), NOW).reason == "new"
    assert decide(replace(TOLD, flapping=True), NOW) == Decision(None, False, "flapping")


def test_while_missed_time_is_judged_one_waits_to_see_what_is_left_of_it() -> None:
    assert decide(NEW, 2 * FRESH) == Decision(None, False, "catching up")
    assert decide(replace(TOLD, severity="critical"), 2 * FRESH).reason == "catching up"
    assert decide(replace(TOLD, status="resolved"), 2 * FRESH).reason == "resolved"


def test_history_is_put_on_record_and_nobody_is_told_unless_it_becomes_worse_now() -> None:
    history = replace(NEW, historic=True)
    assert decide(history, NOW) == Decision("opened", False, "historic")
    known = replace(history, told=frozenset({"opened"}), told_severity="warning")
    assert decide(known, NOW).kind is None
    assert decide(replace(known, severity="critical"), NOW) == Decision("escalated", True, "escalated")


@pytest.mark.parametrize(
    ("detected", "live_until", "historic"),
    [
        (-60, -30, False),
        (-60, None, False),
        (-HOUR, -30, True),
        (-HOUR, None, True),
        (-HOUR, -2 * HOUR, False),
    ],
    ids=["just now", "just now, at the first start", "judged again", "before the first start", "while nobody watched"],
)
def test_history_is_what_happened_long_ago_at_a_time_that_was_watched(
    detected: float, live_until: float | None, historic: bool
) -> None:
    known = None if live_until is None else at(live_until)
    assert is_historic(at(detected), at(0), known) == historic


def test_the_words_say_what_happened() -> None:
    assert words("opened", "warning", "Lag.", at(0), None, False) == "Warning: Lag."
    assert words("escalated", "critical", "Lag.", at(0), None, False) == "Now critical: Lag."
    assert words("resolved", "critical", "Lag.", at(0), at(600), False) == "Resolved after 10 min: Lag."
    assert "comes and goes" in words("opened", "warning", "Lag.", at(0), None, True)
