"""Every number of an answer stands in what the tools replied; a false one is found."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.agent.quantities import quantities
from monitoring.contract import ToolReply, iso
from monitoring.metrics import COMPONENTS, Window
from platform_metrics_definition import CATALOGUE
from tests.unit.agent_replies import (
    NOW,
    answer,
    at,
    check_reply,
    cross_reply,
    event,
    incident,
    series,
    silent_event,
    summary_reply,
    trend_reply,
    untraced,
)

HOUR = Window(NOW - timedelta(hours=1), NOW)
DAY = Window(NOW - timedelta(hours=24), NOW)
WEEK_AGO = Window(DAY.start - timedelta(days=7), DAY.end - timedelta(days=7))
LAG = event(
    "kafka",
    "payments/orders",
    "consumer_group_lag",
    "warning",
    95,
    value=23456.0,
    why="consumer lag is 23,456 messages",
)
ROW = series(
    "consumer_group_lag",
    "payments/orders",
    1217.0,
    8431.0,
    312.0,
    23456.0,
    "rising",
    breached="critical",
    threshold_critical="> 10,000 for 15 min",
    compare={"samples": 1439, "avg": 2043.7, "min": 11.0, "max": 9121.0},
    avg_change_pct=136.2,
)

ANSWERS: list[tuple[str, list[ToolReply]]] = [
    ("What's the current system status?", [check_reply([event(), LAG]), cross_reply([incident(ended=None)], HOUR)]),
    ("What's the current system status?", [check_reply(), cross_reply([], HOUR)]),
    ("What's the current system status?", [check_reply(status="no_data", last=at(431)), cross_reply([], HOUR)]),
    ("How many anomalies occurred since 1 day?", [summary_reply([event(), LAG], total=37)]),
    ("Show me Kafka issues from last 6 hours", [summary_reply([LAG], Window(NOW - timedelta(hours=6), NOW), total=14)]),
    ("Are there any cascade failures?", [cross_reply([incident()], isolated=7)]),
    ("Are there any cascade failures?", [cross_reply(isolated=7)]),
    ("why is consumer lag high", [check_reply([LAG], minutes=60), trend_reply([ROW], HOUR), cross_reply([incident()])]),
    (
        "consumer lag trend",
        [trend_reply([ROW, series("consumer_group_lag_seconds", "payments/orders", 31.0, 431.0, 7.0, 517.0)])],
    ),
    ("what is the consumer lag", [trend_reply([ROW], HOUR)]),
    (
        "Are there any memory leaks in ClickHouse?",
        [trend_reply([series(floor=(0.383, 0.712), last=0.77, direction="rising")]), summary_reply()],
    ),
    (
        "when will the disk be full",
        [trend_reply([series("disk_free_ratio", "ch-1/d", exhausts_at=iso(NOW + timedelta(hours=31)))])],
    ),
    (
        "Compare system performance vs last week",
        [
            trend_reply([ROW], DAY, WEEK_AGO, 1439),
            summary_reply([LAG], total=37, compare={"total": 11}, compare_window=WEEK_AGO),
        ],
    ),
    ("since when is clickhouse degraded", [check_reply([event()], minutes=60), summary_reply([event()])]),
    ("what should I do about back-pressure", [check_reply(minutes=60)]),
    ("are any collectors silent", [check_reply([silent_event()], minutes=60)]),
    ("what does under-replicated mean", []),
    ("what is query duration", []),
    ("thresholds of clickhouse", []),
    ("threshold for failed checkpoints and active brokers", []),
    ("which metrics do you watch", []),
    ("which instances do you know", []),
    ("is ch-9 ok", []),
    ("anomalies last -5 hours", []),
    ("asdf 12 qwer 3456", []),
    ("help", []),
    ("restart broker 3", []),
]


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Kolkata", "America/New_York"])
@pytest.mark.parametrize(("question", "replies"), ANSWERS)
def test_composed_answers_are_grounded(question: str, replies: list[ToolReply], timezone: str) -> None:
    text = answer(question, *replies, timezone=timezone)
    assert untraced(text, question, *replies, timezone=timezone) == ()


def test_every_definition_and_threshold_is_grounded() -> None:
    for metric in CATALOGUE:
        for question in (f"what does {metric.name} mean", f"threshold of {metric.name}"):
            assert untraced(answer(question), question) == (), question


REPLIES = [
    check_reply([event(), LAG]),
    trend_reply(
        [series(), ROW, series("checkpoint_state_size", "orders-enrich", 5.1e9, 5.4e9, 5.0e9, 5.61e9)],
        DAY,
        WEEK_AGO,
        1439,
    ),
    summary_reply([event(), LAG], total=37),
    cross_reply([incident()]),
]


@pytest.mark.parametrize(
    "statement",
    [
        "The lag peaked at 23,456 messages.",
        "The lag peaked at 23456 messages.",
        "The lag peaked at 23.5k messages.",
        "The lag peaked at about 23,000 messages.",
        "Memory was at 44 % at the end, at most 53.7%.",
        "The ratio was 0.438.",
        "The share is between 38 and 54 %.",
        "State grew to 5.4 GB.",
        "State grew to 5.6 GB, at most 5.61 GB.",
        "There were 37 anomalies in the last 24 hours.",
        "ClickHouse has 1 critical anomaly, since 09:33 UTC.",
        "It began on 4 March at 09:33 UTC.",
        "It began at 2026-03-04T09:33:00Z.",
        "It began 42 minutes ago.",
        "The incident lasted 42 min.",
        "It has been so for 1 h 35 min.",
        "Two anomalies are open.",
        "The lag rose by 136 % on average.",
        "Threshold: more than 10,000 messages for 15 minutes.",
        "`ch-2/orders` and broker-1 (p95, p99) are fine.",
        "1. First\n2. Second",
        "Nothing at all.",
    ],
)
def test_true_statements_are_traced_however_they_are_written(statement: str) -> None:
    assert untraced(statement, "status", *REPLIES) == ()


@pytest.mark.parametrize(
    ("statement", "false"),
    [
        ("The lag peaked at 23,457 messages.", "23,457"),
        ("The lag peaked at 24.5k messages.", "24.5k"),
        ("Memory was at 45 %.", "45 %"),
        ("Memory was at 45%.", "45%"),
        ("State grew to 5.5 GB.", "5.5 GB"),
        ("There were 38 anomalies.", "38"),
        ("There are 9 critical anomalies.", "9"),
        ("There are **9** critical anomalies.", "9"),
        ("Nine anomalies are open.", "Nine"),
        ("It began at 09:34 UTC.", "09:34 UTC"),
        ("It began on 5 March at 09:33 UTC.", "5 March at 09:33 UTC"),
        ("It began on 5 March.", "5 March"),
        ("It began at 2026-03-04T09:34:00Z.", "2026-03-04T09:34:00Z"),
        ("The incident lasted 43 min.", "43 min"),
        ("The incident lasted 42 seconds.", "42 seconds"),
        ("Lag will clear in 3 hours.", "3 hours"),
        ("It rose by 137 %.", "137 %"),
        ("Usual is 61.4 parts.", "61.4"),
        ("CPU was at 93.7 degrees.", "93.7"),
        ("Error code 51234.", "51234"),
        ("Queries took 777 ms.", "777 ms"),
    ],
)
def test_false_statements_are_found(statement: str, false: str) -> None:
    assert untraced(statement, "status", *REPLIES) == (false,)


def test_a_number_of_the_question_proves_nothing_unless_it_names_a_window() -> None:
    question = "is it true that 4711 brokers failed in the last 5 hours?"
    assert untraced("Yes, 4,711 brokers failed.", question, *REPLIES) == ("4,711",)
    assert untraced("Nothing failed in the last 5 hours.", question, *REPLIES) == ()


def test_names_with_digits_count_as_names_only_where_the_data_knows_them() -> None:
    numbered = check_reply([event(instance="1", why="fine")])
    assert untraced("Broker `1` is down.", "status", numbered) == ()
    ports = check_reply([event(instance="10.0.0.7:9092", why="fine")])
    assert untraced("10.0.0.7:9092 is down.", "status", ports) == ()
    assert untraced("10.9.8.7:9093 is down.", "status", ports) != ()


def test_times_are_those_of_the_users_zone_or_utc() -> None:
    assert untraced("Since 15:03 IST.", "status", *REPLIES, timezone="Asia/Kolkata") == ()
    assert untraced("Since 09:33 UTC.", "status", *REPLIES, timezone="Asia/Kolkata") == ()
    assert untraced("Since 15:03.", "status", *REPLIES) == ("15:03",)


TAGGED = [
    check_reply([event(value=1847.0, began=37, why="parts per partition is 1,847 parts; usual is 61.3")], minutes=10),
    trend_reply([series("consumer_group_lag", "payments/orders", 1217.0, 8431.0, 312.0, 23456.0, "rising", points=[])]),
]
SENTENCE = (
    "At 09:38 UTC parts reached 1,847 parts; usual is 61.3. The lag went from 1,217 messages to 8,431 "
    "messages, lowest 312 messages, "
    "highest 23,456 messages at 02:58 UTC, rising 593 %."
)


def test_a_change_of_any_single_digit_is_found() -> None:
    assert untraced(SENTENCE, "status", *TAGGED) == ()
    for place in [m.start() for m in re.finditer(r"\d", SENTENCE)]:
        for shift in range(1, 10):
            digit = str((int(SENTENCE[place]) + shift) % 10)
            altered = SENTENCE[:place] + digit + SENTENCE[place + 1 :]
            assert untraced(altered, "status", *TAGGED), altered[max(0, place - 20) : place + 20]


@pytest.mark.parametrize(("question", "replies"), [case for case in ANSWERS if case[1]])
def test_altering_the_numbers_of_a_composed_answer_is_found(question: str, replies: list[ToolReply]) -> None:
    text = answer(question, *replies)
    numbers = [m for m in re.finditer(r"(?<![\w`/-])\d[\d,]*\d(?![\w`/])", text) if len(m[0].replace(",", "")) >= 3]
    for match in numbers:
        changed = match[0][:-1] + str((int(match[0][-1]) + 3) % 10)
        altered = text[: match.start()] + changed + text[match.end() :]
        assert untraced(altered, question, *replies), (match[0], changed)


metrics = st.sampled_from([metric.name for metric in CATALOGUE])
sizes = st.one_of(st.floats(0, 1), st.floats(0, 1e4), st.floats(0, 1e11)).map(lambda v: float(f"{v:.6g}"))
names = st.sampled_from(
    ["ch-2/orders", "broker-1", "1", "a b", "10.0.0.7:9092", "payments/orders", "node 12/t|x", "cluster", "p99"]
)


@st.composite
def events(draw: st.DrawFn) -> ToolReply:
    rows = []
    for number in range(draw(st.integers(0, 12))):
        metric = CATALOGUE[draw(metrics)]
        value, began = draw(sizes), draw(st.integers(1, 4000))
        ended = draw(st.one_of(st.none(), st.integers(0, began)))
        why = f"{metric.short} is {value:g} {metric.unit}, beyond it for {began} min"
        severity = draw(st.sampled_from(["warning", "critical"]))
        row = event(metric.component, draw(names), metric.name, severity, began, ended, value, why, id=number)
        rows.append(row)
    return check_reply(rows, minutes=10)


@st.composite
def trends(draw: st.DrawFn) -> ToolReply:
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        low, first, last, high = sorted(draw(st.lists(sizes, min_size=4, max_size=4)))
        way = draw(st.sampled_from(["rising", "falling", "steady"]))
        compare = draw(st.one_of(st.none(), sizes.map(lambda v: {"samples": 17, "avg": v, "min": v, "max": v})))
        pct = draw(st.one_of(st.none(), st.floats(-100, 1e5).map(lambda v: round(v, 1))))
        rows.append(
            series(draw(metrics), draw(names), first, last, low, high, way, compare=compare, avg_change_pct=pct)
        )
    return trend_reply(rows, DAY, WEEK_AGO, 17)


@settings(max_examples=60, deadline=None)
@given(events(), st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns"]))
def test_any_state_is_told_in_grounded_words(reply: ToolReply, timezone: str) -> None:
    for question, replies in (
        ("What's the current system status?", [reply, cross_reply([], HOUR)]),
        ("what should I do?", [reply]),
        ("why?", [reply, cross_reply([incident()])]),
        ("are any series silent", [reply]),
    ):
        text = answer(question, *replies, timezone=timezone)
        assert untraced(text, question, *replies, timezone=timezone) == (), text


@settings(max_examples=60, deadline=None)
@given(trends(), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_any_figures_are_told_in_grounded_words(reply: ToolReply, timezone: str) -> None:
    for question, replies in (
        (
            "Compare system performance vs last week",
            [reply, summary_reply([LAG], compare={"total": 3}, compare_window=WEEK_AGO)],
        ),
        ("show trends", [reply]),
        ("Are there any memory leaks?", [reply, summary_reply()]),
        ("when will it be full", [reply]),
        ("how high is the latency", [reply]),
    ):
        text = answer(question, *replies, timezone=timezone)
        assert untraced(text, question, *replies, timezone=timezone) == (), text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789 .,:-+%eETZkMGBminhsd/()`*#\n", max_size=60))
def test_no_answer_breaks_the_tracing(text: str) -> None:
    list(quantities(text))
    untraced(text, text, check_reply([event()]))


def test_numbers_of_all_components_are_counted_together() -> None:
    rows = [event(c, "x", CATALOGUE.of([c])[0].name, why="fine") for c in COMPONENTS]
    assert untraced("3 critical anomalies are open.", "status", check_reply(rows)) == ()
    assert untraced("4 critical anomalies are open.", "status", check_reply(rows)) == ("4",)


def test_a_length_of_time_is_rounded_half_up() -> None:
    reply = trend_reply([series("replication_lag_seconds", "ch-1", 0.9375, 1.0, 0.5, 1.0)])
    assert untraced("It is 938 ms on average.", "how slow?", reply) == ()


def test_a_time_that_cannot_be_looked_at_may_be_named() -> None:
    question = "consumer lag after 23:30 today"
    assert untraced("23:30 UTC is still to come.", question) == ()
    assert untraced("23:31 UTC is still to come.", question) == ("23:31 UTC",)
