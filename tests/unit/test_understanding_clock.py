"""Times of day as people say them: "half past ten", "before 8", "the hour before 10:00"."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.agent.calendars import Calendar, plain_numbers
from monitoring.agent.comparisons import read_windows
from monitoring.agent.naming import canonical
from monitoring.agent.timespans import TimeSpan
from monitoring.agent.understanding import understand
from platform_metrics_definition import CATALOGUE

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
"""A Wednesday at noon."""

SAID = [
    ("anomalies before 8", "03-04 00:00", "03-04 08:00"),
    ("issues since 9", "03-04 09:00", "03-04 12:00"),
    ("kafka at 9", "03-04 08:30", "03-04 09:30"),
    ("what happened around 10", "03-04 09:30", "03-04 10:30"),
    ("what happened at half past ten", "03-04 10:00", "03-04 11:00"),
    ("since half ten", "03-04 10:30", "03-04 12:00"),
    ("since quarter past nine", "03-04 09:15", "03-04 12:00"),
    ("since a quarter to eleven", "03-04 10:45", "03-04 12:00"),
    ("before quarter to 8 today", "03-04 00:00", "03-04 07:45"),
    ("since ten to eleven", "03-04 10:50", "03-04 12:00"),
    ("since ten past 11", "03-04 11:10", "03-04 12:00"),
    ("since 20 past 10", "03-04 10:20", "03-04 12:00"),
    ("since twenty five to ten", "03-04 09:35", "03-04 12:00"),
    ("after 10 o'clock", "03-04 10:00", "03-04 12:00"),
    ("btw 8:30 and 9:45 on tuesday", "03-03 08:30", "03-03 09:45"),
    ("btw 8 and 9", "03-04 08:00", "03-04 09:00"),
    ("between two and three", "03-04 02:00", "03-04 03:00"),
    ("from eight to ten yesterday", "03-03 08:00", "03-03 10:00"),
    ("between 8 and 10 yesterday evening", "03-03 20:00", "03-03 22:00"),
    ("between 2 and 4 yesterday afternoon", "03-03 14:00", "03-03 16:00"),
    ("from 8 to 10 this morning", "03-04 08:00", "03-04 10:00"),
    ("at 9 in the morning", "03-04 08:30", "03-04 09:30"),
    ("yesterday at 3 in the afternoon", "03-03 14:30", "03-03 15:30"),
    ("at 8 in the evening yesterday", "03-03 19:30", "03-03 20:30"),
    ("yesterday evening at 8", "03-03 19:30", "03-03 20:30"),
    ("yesterday before 8", "03-03 00:00", "03-03 08:00"),
    ("what happened yesterday, between 2 and 3", "03-03 02:00", "03-03 03:00"),
    ("on tuesday after 14:00", "03-03 14:00", "03-04 00:00"),
    ("the last quarter of an hour", "03-04 11:45", "03-04 12:00"),
    ("last three quarters of an hour", "03-04 11:15", "03-04 12:00"),
    ("the past hour and a half", "03-04 10:30", "03-04 12:00"),
    ("last two and a half hours", "03-04 09:30", "03-04 12:00"),
    ("last 2 1/2 hours", "03-04 09:30", "03-04 12:00"),
    ("last half hour", "03-04 11:30", "03-04 12:00"),
    ("last half an hour", "03-04 11:30", "03-04 12:00"),
    ("past half-hour", "03-04 11:30", "03-04 12:00"),
    ("last hour or so", "03-04 11:00", "03-04 12:00"),
    ("last hour or two", "03-04 10:00", "03-04 12:00"),
    ("last 2-3 hours", "03-04 09:00", "03-04 12:00"),
    ("last two or three hours", "03-04 09:00", "03-04 12:00"),
    ("the past dozen hours", "03-04 00:00", "03-04 12:00"),
    ("from 03 mar 23:00 to 04 mar 01:00", "03-03 23:00", "03-04 01:00"),
    ("from mar 3 23:00 to mar 4 01:00", "03-03 23:00", "03-04 01:00"),
    ("from 3 march 10pm until 4 march 2am", "03-03 22:00", "03-04 02:00"),
    ("mar 3rd 10pm to mar 4th 2am", "03-03 22:00", "03-04 02:00"),
    ("from tuesday 22:00 till wednesday 4:00", "03-03 22:00", "03-04 04:00"),
    ("tue 8:00-9:00", "03-03 08:00", "03-03 09:00"),
    ("2026-03-03 14:00 to 16:00", "03-03 14:00", "03-03 16:00"),
    ("between 2026-03-03 14:00 and 2026-03-03 16:00", "03-03 14:00", "03-03 16:00"),
    ("from 2026-03-03t22:00z to 2026-03-04t02:00z", "03-03 22:00", "03-04 02:00"),
    ("on the 3rd", "03-03 00:00", "03-04 00:00"),
    ("on the 2nd at 15:00", "03-02 14:30", "03-02 15:30"),
    ("since the 3rd", "03-03 00:00", "03-04 12:00"),
    ("on 2026/03/03", "03-03 00:00", "03-04 00:00"),
    ("13/02/2026", "02-13 00:00", "02-14 00:00"),
    ("03/03/2026", "03-03 00:00", "03-04 00:00"),
    ("on 3.3.2026", "03-03 00:00", "03-04 00:00"),
    ("march 3rd, 2026", "03-03 00:00", "03-04 00:00"),
    ("tuesday 3 march", "03-03 00:00", "03-04 00:00"),
    ("on tue", "03-03 00:00", "03-04 00:00"),
    ("tues morning", "03-03 06:00", "03-03 12:00"),
    ("between 14:00 yesterday and now", "03-03 14:00", "03-04 12:00"),
    ("from 9 till now", "03-04 09:00", "03-04 12:00"),
    ("from 9:00 to now", "03-04 09:00", "03-04 12:00"),
    ("from yesterday to now", "03-03 00:00", "03-04 12:00"),
    ("10:20 onwards", "03-04 10:20", "03-04 12:00"),
    ("from 10:20 onwards", "03-04 10:20", "03-04 12:00"),
    ("in the hour before 10:00", "03-04 09:00", "03-04 10:00"),
    ("the 30 minutes before 10:20", "03-04 09:50", "03-04 10:20"),
    ("two hours after midnight", "03-04 00:00", "03-04 02:00"),
    ("the first hour after 10:20", "03-04 10:20", "03-04 11:20"),
    ("within 15 minutes of 10:20", "03-04 10:05", "03-04 10:35"),
    ("half an hour before noon yesterday", "03-03 11:30", "03-03 12:00"),
    ("since yesterday evening", "03-03 18:00", "03-04 12:00"),
    ("since yesterday noon", "03-03 12:00", "03-04 12:00"),
    ("since monday morning", "03-02 06:00", "03-04 12:00"),
    ("since yesterday at 6pm", "03-03 18:00", "03-04 12:00"),
    ("since 6pm yesterday", "03-03 18:00", "03-04 12:00"),
    ("since monday 8am", "03-02 08:00", "03-04 12:00"),
    ("since tuesday", "03-03 00:00", "03-04 12:00"),
    ("since the weekend", "02-28 00:00", "03-04 12:00"),
    ("the night before last", "03-02 18:00", "03-03 06:00"),
    ("monday night", "03-02 18:00", "03-03 06:00"),
    ("in the early hours", "03-04 00:00", "03-04 06:00"),
    ("in the small hours of tuesday", "03-03 00:00", "03-03 06:00"),
    ("earlier today", "03-04 00:00", "03-04 12:00"),
    ("so far today", "03-04 00:00", "03-04 12:00"),
    ("today so far", "03-04 00:00", "03-04 12:00"),
    ("week to date", "03-02 00:00", "03-04 12:00"),
    ("in week 9", "02-23 00:00", "03-02 00:00"),
    ("at 0930", "03-04 09:00", "03-04 10:00"),
    ("0900-1100", "03-04 09:00", "03-04 11:00"),
    ("between 0900 and 1100", "03-04 09:00", "03-04 11:00"),
    ("at 9h30", "03-04 09:00", "03-04 10:00"),
    ("from 8.30 to 9.45", "03-04 08:30", "03-04 09:45"),
    ("at 10.30", "03-04 10:00", "03-04 11:00"),
    ("around 9ish", "03-04 08:30", "03-04 09:30"),
    ("10-11am", "03-04 10:00", "03-04 11:00"),
    ("from 10am till 11am", "03-04 10:00", "03-04 11:00"),
    ("2 hours ago", "03-04 09:30", "03-04 10:30"),
    ("30 minutes ago", "03-04 11:00", "03-04 12:00"),
    ("2 days back", "03-02 00:00", "03-03 00:00"),
    ("since 3 hours ago", "03-04 09:00", "03-04 12:00"),
    ("until 9 today", "03-04 00:00", "03-04 09:00"),
    ("up to 9am", "03-04 00:00", "03-04 09:00"),
    ("after lunch yesterday", "03-03 12:00", "03-04 12:00"),
    ("since this morning", "03-04 06:00", "03-04 12:00"),
    ("recently", "03-03 12:00", "03-04 12:00"),
    ("at noon", "03-04 11:30", "03-04 12:00"),
    ("between noon and 2pm yesterday", "03-03 12:00", "03-03 14:00"),
    ("at midnight", "03-03 23:30", "03-04 00:30"),
    ("around midnight", "03-03 23:30", "03-04 00:30"),
    ("in february 2026", "02-01 00:00", "03-01 00:00"),
    ("3 am", "03-04 02:30", "03-04 03:30"),
    ("0:30 to 1:15", "03-04 00:30", "03-04 01:15"),
    ("23:30-00:30", "03-03 23:30", "03-04 00:30"),
    ("between 11pm and 1am", "03-03 23:00", "03-04 01:00"),
]


def window_of(text: str) -> TimeSpan | None:
    return read_windows(plain_numbers(canonical(text)), Calendar(NOW, ZoneInfo("UTC")), comparing=False).window


@pytest.mark.parametrize(("words", "start", "end"), SAID)
def test_a_time_as_people_say_it_names_one_window(words: str, start: str, end: str) -> None:
    span = window_of(words)
    assert span is not None
    assert (f"{span.window.start:%m-%d %H:%M}", f"{span.window.end:%m-%d %H:%M}") == (start, end)


@pytest.mark.parametrize(
    "words",
    [
        "top 5 at 3 nodes",
        "p95 above 8",
        "lag after 10 restarts",
        "broker 2 before broker 3",
        "the 2 longest checkpoints",
        "how many of the 3 brokers are up",
        "which 3 tables",
        "by 20 percent",
        "from 3 brokers to 2",
        "at 80 %",
        "at 85% heap",
        "since 3 restarts",
    ],
)
def test_numbers_of_other_things_are_no_times(words: str) -> None:
    assert window_of(words) is None


FIGURES = [(metric.short, metric.name) for metric in CATALOGUE]
FRAMES = [
    "{figure} {time}",
    "show me {figure} {time}",
    "how did {figure} develop {time}?",
    "{time}, how was {figure}?",
    "any problems with {figure} {time}?",
    "what was the highest {figure} {time}",
    "plot {figure} {time}",
    "How many {figure} alerts {time}?",
]
PLAIN_TIMES = [
    ("since half past ten", "03-04 10:30", "03-04 12:00"),
    ("before 8 today", "03-04 00:00", "03-04 08:00"),
    ("between 2 and 3 am", "03-04 02:00", "03-04 03:00"),
    ("btw 8:30 and 9:45 on tuesday", "03-03 08:30", "03-03 09:45"),
    ("from 03 Mar 23:00 to 04 Mar 01:00", "03-03 23:00", "03-04 01:00"),
    ("over the last quarter of an hour", "03-04 11:45", "03-04 12:00"),
    ("in the past two and a half hours", "03-04 09:30", "03-04 12:00"),
    ("since yesterday evening", "03-03 18:00", "03-04 12:00"),
    ("in the hour before 10:00", "03-04 09:00", "03-04 10:00"),
    ("between 8 and 10 yesterday evening", "03-03 20:00", "03-03 22:00"),
    ("last night", "03-03 18:00", "03-04 06:00"),
    ("from 9 till now", "03-04 09:00", "03-04 12:00"),
]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(FIGURES), st.sampled_from(FRAMES), st.sampled_from(PLAIN_TIMES))
def test_a_time_means_the_same_whatever_it_is_asked_of(
    figure: tuple[str, str], frame: str, said: tuple[str, str, str]
) -> None:
    time, start, end = said
    request = understand(frame.format(figure=figure[0], time=time), CATALOGUE, NOW, "UTC", ("broker-1",))
    assert request.window is not None
    window = request.window.window
    assert (f"{window.start:%m-%d %H:%M}", f"{window.end:%m-%d %H:%M}") == (start, end)
    assert figure[1] in request.metrics
    assert not request.notes


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("anomalies since the deployment", "since the deployment"),
        ("anomalies last quarter", "last quarter"),
        ("errors in the last sprint", "last sprint"),
        ("what happened after the release yesterday", "after the release"),
        ("any problems on mondays?", "mondays"),
        ("lag since 25:99", "time of day you gave"),
    ],
)
def test_words_for_a_time_that_are_not_understood_are_never_dropped_in_silence(question: str, words: str) -> None:
    (note,) = understand(question, CATALOGUE, NOW, "UTC").notes
    assert words in note


@pytest.mark.parametrize(
    ("question", "taken"),
    [
        ("was flink ok recently", "the last 24 hours"),
        ("what happened the other day", "the last 3 days"),
        ("kafka a while ago", "the last 6 hours"),
    ],
)
def test_vague_words_for_a_time_say_what_they_were_taken_for(question: str, taken: str) -> None:
    (note,) = understand(question, CATALOGUE, NOW, "UTC").notes
    assert taken in note


@pytest.mark.parametrize("question", ["kafka lag this morning", "hello, good morning, is kafka ok?", "top 5 by lag"])
def test_what_was_understood_is_not_remarked_on(question: str) -> None:
    assert understand(question, CATALOGUE, NOW, "UTC").notes == ()
