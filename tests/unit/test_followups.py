"""A follow-up is a partial request: what it names replaces, adds, narrows or moves, and all else stays."""

from __future__ import annotations

import pytest

from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from platform_metrics_definition import CATALOGUE
from tests.unit.agent_replies import NOW

INSTANCES = ("broker-1", "broker-2", "broker-3", "ch-1", "ch-2", "ch-3")


def asked(*questions: str) -> Request:
    previous: Request | None = None
    for question in questions:
        previous = understand(question, CATALOGUE, NOW, "UTC", INSTANCES, previous).parts[-1]
    assert previous is not None
    return previous


def window(request: Request) -> str:
    assert request.window is not None
    return f"{request.window.window.start:%d %H:%M}-{request.window.window.end:%d %H:%M}"


def test_a_clause_that_asks_nothing_by_itself_asks_what_was_asked_before() -> None:
    request = asked("Show me the trend of the heap of broker-1 over the last 6 hours", "that was wrong, it is broker-2")
    assert (request.intent, request.instances) == ("trend", ("broker-2",))
    assert request.metrics == ("broker_heap_used_ratio",)
    assert window(request) == window(asked("trend of the heap of broker-1 over the last 6 hours"))


def test_a_whole_question_after_another_stays_a_whole_question() -> None:
    request = asked("How is Kafka doing right now?", "List the anomalies of Kafka in the last 3 hours.")
    assert request.intent == "list"


def test_what_is_named_in_anothers_place_leaves_the_rest_as_it_was() -> None:
    before = "Compare the query duration p95 of ch-1 and ch-2 over the last 6 hours"
    assert asked(before, "ch-3 in place of ch-2").instances == ("ch-1", "ch-3")
    request = asked("trend of the produce latency of broker-3 since midnight", "the heap instead of the latency")
    assert (request.metrics, request.instances) == (("broker_heap_used_ratio",), ("broker-3",))


def test_what_is_named_of_a_comparison_already_leaves_the_others_out() -> None:
    request = asked("Compare the memory usage of ch-1 and ch-2 over the last 6 hours", "ch-2 alone")
    assert (request.intent, request.instances) == ("trend", ("ch-2",))


def test_a_meaning_or_a_limit_is_asked_of_the_metric_and_not_of_its_window_and_the_instance_is_not_forgotten() -> None:
    before = "trend of the Keeper exceptions rate of ch-2 over the last 3 hours"
    for question, intent in (("what is its threshold?", "threshold"), ("what does it mean?", "define")):
        request = asked(before, question)
        assert (request.intent, request.window) == (intent, None)
        assert request.metrics == ("keeper_exceptions_rate",)
        assert asked(before, question, "since when is it too high?").instances == ("ch-2",)


@pytest.mark.parametrize(
    ("before", "after", "intent"),
    [
        ("How many anomalies did ClickHouse have today?", "which metric had the most of them?", "list"),
        ("What is wrong with Kafka right now?", "where would you look first?", "advice"),
        ("When did the backpressure anomaly in Flink start?", "has it ended yet?", "diagnose"),
        ("What is the root cause of the latest incident?", "how did it move on from there?", "cascade"),
        ("How full is the disk of broker-1?", "when is it full?", "forecast"),
    ],
)
def test_a_follow_up_may_turn_the_wish_and_keep_the_subject(before: str, after: str, intent: str) -> None:
    assert asked(before, after).intent == intent


def test_a_narrowed_severity_is_widened_again_without_losing_the_component() -> None:
    request = asked("List the critical anomalies Flink had yesterday", "not only critical, everything")
    assert (request.severity, request.components) == (None, ("flink",))


def test_going_back_further_than_the_window_is_long_widens_it() -> None:
    before = "How many critical anomalies did ClickHouse have in the last hour?"
    request = asked(before, "go back 6 hours")
    assert request.window is not None
    assert request.window.window.end == NOW
    assert request.window.window.span.total_seconds() == 6 * 3600
    further = asked(before, "6 hours further back").window
    assert further is not None
    assert further.window.end < NOW


def test_a_question_asked_earlier_may_be_gone_back_to() -> None:
    request = asked(
        "How many incidents did we have yesterday?",
        "trend of the produce latency of broker-3 since midnight",
        "back to the first question",
    )
    assert (request.intent, request.metrics, request.instances) == ("count", (), ())


def test_a_figure_asked_after_what_is_watched_is_a_question_of_its_own() -> None:
    request = asked("what metrics do you have about kafka", "ok, produce latency of broker-2 now")
    assert request.intent in ("value", "status")
    assert (request.metrics, request.instances) == (("produce_latency_p99",), ("broker-2",))


def test_which_components_an_incident_reached_is_asked_of_its_chain() -> None:
    assert asked("is there an open incident", "which components are affected").intent == "cascade"
