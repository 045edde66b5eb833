"""Windows of time with the words they are named by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitoring.agent.calendars import UNIT_WORDS, spoken_span
from monitoring.errors import InvalidInput
from monitoring.metrics import Window

Kind = Literal["rolling", "calendar", "since", "point"]

POINT_MARGIN = timedelta(minutes=30)
"""How far a window reaches on either side of a moment that was named ("at 3 am")."""

ALL_TIME = timedelta(days=365)
LONGEST = timedelta(days=3660)


class Nonsense(InvalidInput):
    """The words name no window that could be looked at; the message says why."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A window and how it is said in an answer, after a clause: "in the last 6 hours", "yesterday".

    `unit` is the calendar unit the words named ("day", "week", "month", "hour") where they named one, "clock"
    where they named times of day without a day. `assumed` holds vague words ("recently") that were taken so.
    """

    window: Window
    label: str
    kind: Kind
    unit: str = ""
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A span and where in the text its words stood."""

    start: int
    end: int
    span: TimeSpan


DURATION_PART = rf"-?\d+(?:\.\d+)?\s*(?:{UNIT_WORDS})(?![a-z])"
DURATION = rf"{DURATION_PART}(?:\s*(?:(?:,|and)\s*)?{DURATION_PART}){{0,3}}"


def duration(text: str) -> timedelta:
    """The length of "1 h 30 min"; months count 30 days, years 365. Raises `Nonsense` unless positive."""
    total = 0.0
    for number, unit in re.findall(rf"(-?\d+(?:\.\d+)?)\s*({UNIT_WORDS})(?![a-z])", text):
        total += float(number) * unit_length(unit).total_seconds()
        if float(number) < 0:
            raise Nonsense(f"A stretch of time cannot be negative, as in “{text.strip()}”.")
    if total <= 0:
        raise Nonsense("A window has to be longer than no time at all.")
    if total > LONGEST.total_seconds():
        raise Nonsense("That window is longer than can be looked at; please name a shorter one.")
    return timedelta(seconds=total)


def unit_length(word: str) -> timedelta:
    if word.startswith("mo"):
        return timedelta(days=30)
    return {
        "s": timedelta(seconds=1),
        "m": timedelta(minutes=1),
        "h": timedelta(hours=1),
        "d": timedelta(days=1),
        "w": timedelta(weeks=1),
        "y": timedelta(days=365),
    }[word[0]]


def rolling(span: timedelta, now: datetime) -> TimeSpan:
    """The stretch of that length up to now."""
    return TimeSpan(Window.last(span, now), f"in the last {spoken_span(span)}", "rolling")


def clipped(span: TimeSpan, now: datetime) -> TimeSpan:
    """The span up to now; raises `Nonsense` where nothing of it has been measured yet."""
    start, end = span.window
    if start >= now:
        raise Nonsense(f"That window ({span.label}) lies in the future; I can only look at what has been measured.")
    if end <= start:
        raise Nonsense(f"That window ends before it begins ({span.label}).")
    return TimeSpan(Window(start, min(end, now)), span.label, span.kind, span.unit, span.assumed)
