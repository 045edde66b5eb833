"""Hours said bare, parts of stretches and stretches beside each other; times told one sentence earlier."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitoring.agent.calendars import Calendar, plain_numbers
from monitoring.agent.comparisons import either_time, read_windows
from monitoring.agent.numberwords import number_word
from monitoring.agent.timewords import find_spans
from monitoring.agent.toldtimes import bare_times_joined, in_told_time

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CALENDAR = Calendar(NOON, ZoneInfo("UTC"))


def said(moment: datetime) -> str:
    return f"{moment:%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("yesterday 14-16", "03-03 14:00", "03-03 16:00"),
        ("14h to 16h yesterday", "03-03 14:00", "03-03 16:00"),
        ("3 march 14-16h", "03-03 14:00", "03-03 16:00"),
        ("today, 10 to 12", "03-04 10:00", "03-04 12:00"),
        ("between 2h and 3h", "03-04 02:00", "03-04 03:00"),
        ("between eleven and eleven thirty today", "03-04 11:00", "03-04 11:30"),
        ("tuesday afternoon between 2 and 4", "03-03 14:00", "03-03 16:00"),
        ("from six in the evening to six in the morning", "03-03 18:00", "03-04 06:00"),
        ("between 22h last night and 6h this morning", "03-03 22:00", "03-04 06:00"),
        ("since monday evening at six", "03-02 18:00", "03-04 12:00"),
        ("since yesterday 14h", "03-03 14:00", "03-04 12:00"),
        ("since eight o'clock", "03-04 08:00", "03-04 12:00"),
        ("06:00 till now", "03-04 06:00", "03-04 12:00"),
        ("from monday evening 18:00 till now", "03-02 18:00", "03-04 12:00"),
        ("since this time yesterday", "03-03 12:00", "03-04 12:00"),
        ("since the start of yesterday", "03-03 00:00", "03-04 12:00"),
        ("in the first six hours of yesterday", "03-03 00:00", "03-03 06:00"),
        ("the second half of march 3rd", "03-03 12:00", "03-04 00:00"),
        ("in the half hour starting an hour ago", "03-04 11:00", "03-04 11:30"),
        ("the hour ending at 11:00", "03-04 10:00", "03-04 11:00"),
        ("at 10:00 plus or minus 15 minutes", "03-04 09:45", "03-04 10:15"),
        ("in the night from monday to tuesday", "03-02 18:00", "03-03 06:00"),
        ("in the last twenty-four hours", "03-03 12:00", "03-04 12:00"),
        ("in the last day and a half", "03-03 00:00", "03-04 12:00"),
    ],
)
def test_hours_and_parts_of_stretches_are_read_as_people_write_them(words: str, start: str, end: str) -> None:
    found, _ = find_spans(plain_numbers(words), CALENDAR)
    assert [(said(f.span.window.start), said(f.span.window.end)) for f in found] == [(start, end)]


@pytest.mark.parametrize(
    "words",
    [
        "is a lag of 2 hours bad",
        "how long does a checkpoint take, 10 or 20 seconds",
        "what does 15m load mean",
        "failed checkpoints/10 min",
        "today 2 to 3 brokers failed",
        "will it ever catch up",
        "is it ok just now",
        "the most recently detected incident",
    ],
)
def test_lengths_rates_and_counts_are_no_hours(words: str) -> None:
    found, _ = find_spans(plain_numbers(words), CALENDAR)
    assert not [f for f in found if f.span.unit != "day"]


@pytest.mark.parametrize(
    ("question", "windows"),
    [
        ("lag 10-11 vs 9-10 today", {"10:00-11:00", "09:00-10:00"}),
        ("lag between 10 and 11 versus the hour before that", {"10:00-11:00", "09:00-10:00"}),
        ("were the last 6 hours worse than the preceding 6", {"06:00-12:00", "00:00-06:00"}),
        ("contrast the lag 6am-to-now with 0-to-6am", {"06:00-12:00", "00:00-06:00"}),
        ("lag higher in the hour after 10:00 than in the hour before", {"10:00-11:00", "09:00-10:00"}),
        ("lag 30 minutes before and after 10:00", {"10:00-10:30", "09:30-10:00"}),
    ],
)
def test_two_stretches_beside_each_other_are_compared(question: str, windows: set[str]) -> None:
    text = either_time(plain_numbers(question), CALENDAR)
    read = read_windows(text, CALENDAR, comparing="before and after" in text or text.startswith("compare"))
    spans = [span.window for span in (read.window, read.compare) if span is not None]
    assert {f"{w.start:%H:%M}-{w.end:%H:%M}" for w in spans} == windows


def test_a_question_slower_than_a_length_compares_nothing() -> None:
    text = "in the last hour, any query slower than 30 seconds"
    assert either_time(text, CALENDAR) == text


@pytest.mark.parametrize(
    ("told", "clause", "meant"),
    [
        ("we deployed yesterday at 14:00", "what changed from then on", "what changed since yesterday at 14:00"),
        ("last 24 hours", "give the maximum", "give the maximum last 24 hours"),
        ("we must have had incidents yesterday", "tell me the number", "tell me the number yesterday"),
        ("it went live at 10:00", "was lag higher in the hour after", "was lag higher in the hour after 10:00"),
        ("we had an outage last night", "is kafka ok", "is kafka ok"),
    ],
)
def test_a_time_told_before_is_meant_by_what_points_at_it(told: str, clause: str, meant: str) -> None:
    assert in_told_time(clause, [told], CALENDAR).split() == meant.split()


def test_a_clause_that_is_only_a_time_belongs_to_the_one_before() -> None:
    assert bare_times_joined(["trend of rows per insert", "last hour"], CALENDAR) == [
        "trend of rows per insert last hour"
    ]


@pytest.mark.parametrize(("word", "number"), [("nineteen", 19), ("forty", 40), ("ninety-nine", 99), ("some", None)])
def test_numbers_are_read_in_words(word: str, number: int | None) -> None:
    assert number_word(word) == number
