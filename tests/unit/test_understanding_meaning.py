"""Numbers of things, meanings and limits, and times, however they are asked for."""

from __future__ import annotations

import pytest

from benchmarks.question_bank import AS_OF
from monitoring.agent.composing import compose
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from platform_metrics_definition import CATALOGUE
from tests.unit.test_question_bank import INSTANCES
from tests.unit.test_understanding_dialogues import looked_at, window_of


def asked(question: str) -> Request:
    return understand(question, CATALOGUE, AS_OF, "UTC", INSTANCES)


@pytest.mark.parametrize(
    "question",
    [
        "how frequently did anything alert yesterday",
        "what's the tally of alerts for this week?",
        "amount of warnings in the last 12 hours",
        "what proportion of the anomalies is from flink",
        "which share of alerts belongs to kafka?",
        "what percentage of today's incidents came from clickhouse",
        "did any metric alert more than twice today",
        "were there more than 10 alerts yesterday?",
        "at least 5 incidents this week?",
        "anomalies per hour since this morning, how many",
    ],
)
def test_words_for_a_number_ask_for_one(question: str) -> None:
    request = asked(question)
    assert request.intent == "count"
    assert [call.name for call in plan(request, CATALOGUE)] == ["get_anomaly_summary"]


@pytest.mark.parametrize(
    "question", ["what share of the anomalies is flink's", "which percentage of alerts is critical"]
)
def test_a_share_is_counted_against_the_whole(question: str) -> None:
    request = asked(question)
    assert looked_at(request) == {"kafka", "flink", "clickhouse"}
    assert request.severity is None


def test_so_many_a_day_is_no_window() -> None:
    assert window_of(asked("how many alerts a day since monday")) == "02 00:00-04 12:00"
    assert window_of(asked("kafka alerts a day ago")) == "03 00:00-04 00:00"


def test_things_counted_by_a_figure_are_looked_up_by_that_figure() -> None:
    request = asked("on how many brokers is the heap above 70 percent?")
    assert request.metrics == ("broker_heap_used_ratio",)
    assert "query_metrics_trend" in [call.name for call in plan(request, CATALOGUE)]


@pytest.mark.parametrize(
    ("question", "calls"),
    [
        ("how many tables have more than 500 parts", 2),
        ("how many consumer groups lag more than 1000 messages", 2),
        ("how many tables have too many parts", 1),
    ],
)
def test_only_a_level_that_is_named_is_counted_by(question: str, calls: int) -> None:
    request = asked(question)
    assert (request.intent, len(plan(request, CATALOGUE))) == ("count", calls)


@pytest.mark.parametrize(
    ("question", "window"),
    [
        ("more alerts today or yesterday?", "04 00:00-04 12:00/03 00:00"),
        ("was kafka worse on monday or on tuesday", "03 00:00-04 00:00/02 00:00"),
        ("did we have fewer incidents yesterday or the day before?", "03 00:00-04 00:00/02 00:00"),
    ],
)
def test_either_of_two_times_is_a_comparison(question: str, window: str) -> None:
    request = asked(question)
    assert request.intent == "compare"
    assert window_of(request) == window


@pytest.mark.parametrize(
    ("question", "metric"),
    [
        ("event time lag in plain words", "event_time_lag"),
        ("explain backpressure for dummies", "backpressured_time_ratio"),
        ("is a low rows per insert bad?", "rows_per_insert"),
        ("is high request handler idle good or bad", "request_handler_idle_ratio"),
        ("what happens if partitions fall under min ISR", "under_min_isr_partitions"),
        ("in which unit is the replication queue given", "replication_queue_size"),
        ("how do you measure event time lag", "event_time_lag"),
        ("event time lag, what's that", "event_time_lag"),
        ("isr shrinks: what is it and why is it bad", "isr_shrink_rate"),
        ("what is so bad about unclean leader elections", "unclean_leader_elections"),
    ],
)
def test_a_meaning_is_asked_for_in_many_ways(question: str, metric: str) -> None:
    request = asked(question)
    assert request.intent == "define"
    assert metric in request.metrics


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("what would a healthy broker heap look like", "threshold"),
        ("from when on is consumer lag critical", "threshold"),
        ("what is the upper limit for broker heap", "threshold"),
        ("what usually makes inserts fail", "advice"),
        ("if checkpoints take longer and longer, what are the best places to look at?", "advice"),
        ("how long has the consumer lag to stay up until somebody is paged", "threshold"),
        ("usual suspects when consumer lag grows", "advice"),
        ("is flink still slow", "status"),
        ("what exactly is wrong with flink", "diagnose"),
    ],
)
def test_limits_causes_and_the_state_are_no_meanings(question: str, intent: str) -> None:
    assert asked(question).intent == intent


def test_how_long_a_value_must_be_bad_before_an_alert_is_explained() -> None:
    answer = compose(asked("how long must a value be too high before you alert"), [], CATALOGUE, "UTC", INSTANCES)
    assert "long enough" in answer


def test_what_tells_a_warning_from_a_critical_anomaly_is_explained() -> None:
    question = "how do you decide whether something is critical or only a warning?"
    answer = compose(asked(question), [], CATALOGUE, "UTC", INSTANCES)
    assert "threshold for either" in answer


@pytest.mark.parametrize(
    ("question", "window"),
    [
        ("clickhouse between midnight and five", "04 00:00-04 05:00"),
        ("from noon to two yesterday, kafka alerts", "03 12:00-03 14:00"),
        ("quarter past seven till ten to eight: consumer lag", "04 07:15-04 07:50"),
        ("same hour yesterday, how was the consumer lag?", "03 11:00-03 12:00"),
        ("kafka alerts during business hours yesterday", "03 09:00-03 17:00"),
        ("yesterday from nine to five, flink", "03 09:00-03 17:00"),
        ("kfka lst 20 mni", "04 11:40-04 12:00"),
        ("anomalies on the third of march", "03 00:00-04 00:00"),
        ("consumer lag yesterday at this time", "03 11:00-03 12:00"),
        ("flink alerts of the whole week", "02 00:00-04 12:00"),
        ("are checkpoints slower than this morning", "04 11:00-04 12:00/04 06:00"),
        ("compare lag at 10 with lag at 11", "04 10:30-04 11:30/04 09:30"),
        ("when did kafka last have an alert", "25 12:00-04 12:00"),
    ],
)
def test_times_as_people_say_them(question: str, window: str) -> None:
    assert window_of(asked(question)) == window


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("heap of brokr-3", "broker-3"),
        ("heap of borker-3", "broker-3"),
        ("heap on brokr 3", "broker-3"),
        ("restarts of payment-agg", "payments-agg"),
        ("lag of audit/refund", "audit/refunds"),
    ],
)
def test_a_name_that_is_nearly_right_is_taken_for_the_one_it_resembles_and_that_is_said(
    question: str, name: str
) -> None:
    request = asked(question)
    assert name in request.instances
    assert any(note.startswith("I took") and name in note for note in request.notes)


@pytest.mark.parametrize("question", ["heap of broker-7", "lag of billing/invoices"])
def test_a_name_that_resembles_none_is_not_guessed_at(question: str) -> None:
    assert asked(question).intent == "problem"


@pytest.mark.parametrize(
    ("question", "metric"),
    [
        ("is the state of orders-enrich getting bigger and bigger?", "checkpoint_state_size"),
        ("does the replication queue shrink", "replication_queue_size"),
        ("is topic clicks still getting messages", "messages_in_rate"),
        ("ch-2/archive: how much is left?", "disk_free_ratio"),
    ],
)
def test_ordinary_words_beside_a_name_say_which_figure_is_meant(question: str, metric: str) -> None:
    assert asked(question).metrics == (metric,)


@pytest.mark.parametrize(
    "question",
    [
        "who else suffers from the clickhouse issue",
        "how far did the flink problem spread",
        "did the clickhouse trouble get to kafka",
        "is flink the cause or just the victim",
        "is it one problem or several",
        "what did the kafka trouble lead to",
        "is the lag a consequence of slow inserts",
    ],
)
def test_how_far_trouble_reaches_is_asked_across_components(question: str) -> None:
    assert [call.name for call in plan(asked(question), CATALOGUE)] == ["get_cross_component_anomalies"]


@pytest.mark.parametrize(
    "question",
    [
        "does anyone need to wake up for this",
        "can I get back to bed",
        "what do I tell my boss",
        "is this an emergency",
        "morning check please",
    ],
)
def test_what_a_tired_person_asks_is_a_question_for_the_state(question: str) -> None:
    assert asked(question).intent == "status"
