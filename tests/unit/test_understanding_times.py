"""Windows in words are read as people mean them, in their time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitoring.agent.calendars import Calendar, plain_numbers, spoken_span
from monitoring.agent.comparisons import read_windows
from monitoring.agent.timespans import Nonsense
from monitoring.agent.timewords import find_spans
from monitoring.errors import InvalidInput
from tests.unit.agent_replies import NOW

# Now is Wednesday 2026-03-04 10:15 UTC. Times without a date are of that day; "d-1" is the day before.
WINDOWS = [
    ("since 1 day", "03-03 10:15", "03-04 10:15"),
    ("last 6 hours", "03-04 04:15", "03-04 10:15"),
    ("over the past 6 hours", "03-04 04:15", "03-04 10:15"),
    ("last 90m", "03-04 08:45", "03-04 10:15"),
    ("last 24h", "03-03 10:15", "03-04 10:15"),
    ("1h30m", "03-04 08:45", "03-04 10:15"),
    ("last 1 hour and 30 minutes", "03-04 08:45", "03-04 10:15"),
    ("in the last half an hour", "03-04 09:45", "03-04 10:15"),
    ("for the last couple of hours", "03-04 08:15", "03-04 10:15"),
    ("past few days", "03-01 10:15", "03-04 10:15"),
    ("the past two weeks", "02-18 10:15", "03-04 10:15"),
    ("last three days", "03-01 10:15", "03-04 10:15"),
    ("last hour", "03-04 09:15", "03-04 10:15"),
    ("past day", "03-03 10:15", "03-04 10:15"),
    ("past week", "02-25 10:15", "03-04 10:15"),
    ("since an hour", "03-04 09:15", "03-04 10:15"),
    ("since 2 hours ago", "03-04 08:15", "03-04 10:15"),
    ("lag 6h", "03-04 04:15", "03-04 10:15"),
    ("0.5 hours", "03-04 09:45", "03-04 10:15"),
    ("today", "03-04 00:00", "03-04 10:15"),
    ("yesterday", "03-03 00:00", "03-04 00:00"),
    ("yesterday's lag", "03-03 00:00", "03-04 00:00"),
    ("from yesterday", "03-03 00:00", "03-04 00:00"),
    ("the day before yesterday", "03-02 00:00", "03-03 00:00"),
    ("3 days ago", "03-01 00:00", "03-02 00:00"),
    ("2 hours ago", "03-04 07:45", "03-04 08:45"),
    ("since midnight", "03-04 00:00", "03-04 10:15"),
    ("since 14:00", "03-03 14:00", "03-04 10:15"),
    ("since 9am", "03-04 09:00", "03-04 10:15"),
    ("since yesterday", "03-03 00:00", "03-04 10:15"),
    ("since yesterday 14:00", "03-03 14:00", "03-04 10:15"),
    ("since monday", "03-02 00:00", "03-04 10:15"),
    ("since last night", "03-03 18:00", "03-04 10:15"),
    ("since this morning", "03-04 06:00", "03-04 10:15"),
    ("since the start of the week", "03-02 00:00", "03-04 10:15"),
    ("since 2026-03-01", "03-01 00:00", "03-04 10:15"),
    ("from 08:00", "03-04 08:00", "03-04 10:15"),
    ("last night", "03-03 18:00", "03-04 06:00"),
    ("overnight", "03-03 18:00", "03-04 06:00"),
    ("this morning", "03-04 06:00", "03-04 10:15"),
    ("yesterday evening", "03-03 18:00", "03-04 00:00"),
    ("friday night", "02-27 18:00", "02-28 06:00"),
    ("on friday morning", "02-27 06:00", "02-27 12:00"),
    ("between 2 and 3 am", "03-04 02:00", "03-04 03:00"),
    ("2-3am", "03-04 02:00", "03-04 03:00"),
    ("2–3am", "03-04 02:00", "03-04 03:00"),
    ("from 02:00 to 04:00", "03-04 02:00", "03-04 04:00"),
    ("from 2 to 4", "03-04 02:00", "03-04 04:00"),
    ("between 14:00 and 15:00", "03-03 14:00", "03-03 15:00"),
    ("between 11 and 1 am", "03-03 23:00", "03-04 01:00"),
    ("from midnight to 6am", "03-04 00:00", "03-04 06:00"),
    ("between 2 and 3 am yesterday", "03-03 02:00", "03-03 03:00"),
    ("yesterday between 2 and 3 am", "03-03 02:00", "03-03 03:00"),
    ("from 22:00 yesterday to 04:00", "03-03 22:00", "03-04 04:00"),
    ("from yesterday 22:00 until today 04:00", "03-03 22:00", "03-04 04:00"),
    ("between 6 and 3 hours ago", "03-04 04:15", "03-04 07:15"),
    ("at 3am", "03-04 02:30", "03-04 03:30"),
    ("yesterday at 14:00", "03-03 13:30", "03-03 14:30"),
    ("around noon yesterday", "03-03 11:30", "03-03 12:30"),
    ("before 09:00", "03-04 00:00", "03-04 09:00"),
    ("last friday", "02-27 00:00", "02-28 00:00"),
    ("on monday", "03-02 00:00", "03-03 00:00"),
    ("last wednesday", "02-25 00:00", "02-26 00:00"),
    ("from monday to tuesday", "03-02 00:00", "03-04 00:00"),
    ("over the weekend", "02-28 00:00", "03-02 00:00"),
    ("this week", "03-02 00:00", "03-04 10:15"),
    ("last week", "02-23 00:00", "03-02 00:00"),
    ("the week before last", "02-16 00:00", "02-23 00:00"),
    ("this month", "03-01 00:00", "03-04 10:15"),
    ("last month", "02-01 00:00", "03-01 00:00"),
    ("in february", "02-01 00:00", "03-01 00:00"),
    ("on march 3", "03-03 00:00", "03-04 00:00"),
    ("on the 1st of march", "03-01 00:00", "03-02 00:00"),
    ("1-3 march", "03-01 00:00", "03-04 00:00"),
    ("between march 1 and march 2", "03-01 00:00", "03-03 00:00"),
    ("on 02.03.2026", "03-02 00:00", "03-03 00:00"),
    ("3 march 02:00 to 05:00", "03-03 02:00", "03-03 05:00"),
    ("between 2026-03-01t02:00z and 2026-03-01t03:30z", "03-01 02:00", "03-01 03:30"),
    ("between 2026-03-01 02:00+02:00 and 2026-03-01 03:30+02:00", "03-01 00:00", "03-01 01:30"),
]


def windows_in(text: str, timezone: str = "UTC", now: datetime = NOW) -> list[tuple[datetime, datetime]]:
    found, _ = find_spans(plain_numbers(text), Calendar(now, ZoneInfo(timezone)))
    return [(f.span.window.start, f.span.window.end) for f in found]


def day_time(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


@pytest.mark.parametrize(("words", "start", "end"), WINDOWS)
def test_words_for_time_name_one_window(words: str, start: str, end: str) -> None:
    assert windows_in(words) == [(day_time(start), day_time(end))]


@pytest.mark.parametrize(
    "words",
    [
        "p95 over 100",
        "top 5 worst",
        "last 5 anomalies",
        "what may happen",
        "lag above 300 s",
        "anomalies lasting more than 5 minutes",
        "broker-2 and ch-2/orders",
        "is the second node ok",
        "march of the brokers",
    ],
)
def test_words_that_only_look_like_times_are_none(words: str) -> None:
    assert windows_in(words) == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("last -5 hours", "negative"),
        ("last 0 hours", "no time"),
        ("tomorrow", "future"),
        ("next 24 hours", "future"),
        ("next week", "future"),
        ("since 2030-01-01", "future"),
        ("last 100 years", "longer"),
        ("03/04/2026", "two ways"),
        ("between 2026-03-03 10:00 and 2026-03-03 09:00", "before it begins"),
    ],
)
def test_windows_that_cannot_be_looked_at_are_refused_with_a_reason(words: str, reason: str) -> None:
    with pytest.raises(Nonsense, match=reason):
        windows_in(words)


@pytest.mark.parametrize("words", ["on 2026-02-30", "on 31 february", "at 0001-01-01 03:00", "999999999999 days ago"])
def test_days_that_do_not_exist_are_refused(words: str) -> None:
    with pytest.raises(InvalidInput):
        windows_in(words)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        # In Kolkata (UTC+05:30) it is 15:45 on the same day.
        ("today", "03-03 18:30", "03-04 10:15"),
        ("yesterday", "03-02 18:30", "03-03 18:30"),
        ("since midnight", "03-03 18:30", "03-04 10:15"),
        ("last night", "03-03 12:30", "03-04 00:30"),
        ("between 2 and 3 am", "03-03 20:30", "03-03 21:30"),
        ("since 14:00", "03-04 08:30", "03-04 10:15"),
        ("since 02:00 utc", "03-04 02:00", "03-04 10:15"),
        ("this week", "03-01 18:30", "03-04 10:15"),
        ("last 6 hours", "03-04 04:15", "03-04 10:15"),
    ],
)
def test_days_and_clock_times_are_those_of_the_users_zone(words: str, start: str, end: str) -> None:
    assert windows_in(words, "Asia/Kolkata") == [(day_time(start), day_time(end))]


def test_a_day_on_which_clocks_change_is_as_long_as_it_is() -> None:
    monday = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
    ((start, end),) = windows_in("yesterday", "Europe/Berlin", monday)
    assert (end - start).total_seconds() == 23 * 3600


def test_the_words_of_a_window_are_taken_out_of_the_question() -> None:
    _, rest = find_spans("kafka issues between 2 and 3 am", Calendar(NOW, ZoneInfo("UTC")))
    assert rest.split() == ["kafka", "issues"]


COMPARISONS = [
    ("compare performance vs last week", "03-03 10:15", "03-04 10:15", "02-24 10:15", "02-25 10:15"),
    ("this week vs last", "03-02 00:00", "03-04 10:15", "02-23 00:00", "02-25 10:15"),
    ("this week versus last week", "03-02 00:00", "03-04 10:15", "02-23 00:00", "02-25 10:15"),
    ("today vs yesterday", "03-04 00:00", "03-04 10:15", "03-03 00:00", "03-03 10:15"),
    ("compare today with yesterday", "03-04 00:00", "03-04 10:15", "03-03 00:00", "03-03 10:15"),
    ("compare yesterday and today", "03-04 00:00", "03-04 10:15", "03-03 00:00", "03-03 10:15"),
    ("kafka vs yesterday", "03-04 00:00", "03-04 10:15", "03-03 00:00", "03-03 10:15"),
    ("last 6 hours compared to yesterday", "03-04 04:15", "03-04 10:15", "03-03 04:15", "03-03 10:15"),
    ("last hour compared with the same time last week", "03-04 09:15", "03-04 10:15", "02-25 09:15", "02-25 10:15"),
    ("last 6 hours vs the 6 hours before", "03-04 04:15", "03-04 10:15", "03-03 22:15", "03-04 04:15"),
    ("last week vs the week before", "02-23 00:00", "03-02 00:00", "02-16 00:00", "02-23 00:00"),
    ("yesterday vs last week", "03-03 00:00", "03-04 00:00", "02-24 00:00", "02-25 00:00"),
    ("difference between monday and tuesday", "03-03 00:00", "03-04 00:00", "03-02 00:00", "03-03 00:00"),
    ("today vs last friday", "03-04 00:00", "03-04 10:15", "02-27 00:00", "02-27 10:15"),
    ("week over week", "03-03 10:15", "03-04 10:15", "02-24 10:15", "02-25 10:15"),
    ("higher than usual", "03-03 10:15", "03-04 10:15", "02-24 10:15", "02-25 10:15"),
    ("more anomalies today than yesterday", "03-04 00:00", "03-04 10:15", "03-03 00:00", "03-03 10:15"),
]


@pytest.mark.parametrize(("words", "start", "end", "then", "until"), COMPARISONS)
def test_what_is_compared_is_laid_alongside(words: str, start: str, end: str, then: str, until: str) -> None:
    read = read_windows(plain_numbers(words), Calendar(NOW, ZoneInfo("UTC")), comparing=True)
    assert read.window is not None
    assert read.compare is not None
    assert read.window.window == (day_time(start), day_time(end))
    assert read.compare.window == (day_time(then), day_time(until))


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (1, "hour"),
        (1.5, "90 minutes"),
        (6, "6 hours"),
        (24, "24 hours"),
        (48, "2 days"),
        (168, "7 days"),
        (0.25, "15 minutes"),
    ],
)
def test_spans_are_said_in_whole_words(hours: float, said: str) -> None:
    from datetime import timedelta

    assert spoken_span(timedelta(hours=hours)) == said
