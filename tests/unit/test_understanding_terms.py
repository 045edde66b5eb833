"""What words mean, what is to come, and when: as people who are new, in a hurry or far from the field put it."""

from __future__ import annotations

import pytest

from benchmarks.question_bank import AS_OF
from monitoring.agent.explaining import explained
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from platform_metrics_definition import CATALOGUE
from tests.unit.test_question_bank import INSTANCES


def asked(*questions: str) -> Request:
    request: Request | None = None
    for question in questions:
        before = request.parts[-1] if request else None
        request = understand(question, CATALOGUE, AS_OF, "UTC", INSTANCES, before)
    assert request is not None
    return request


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("what is an ISR?", "In-sync replicas"),
        ("I'm new here, what is an offline partition?", "Offline partitions"),
        ('what\'s meant by "cascade"?', "Cascade"),
        ("what does severity critical mean here", "Critical"),
        ("explain the term isolated incident", "Isolated"),
        ("what is kafka", "Kafka"),
        ("what is flink used for?", "Flink"),
        ("What is an incident, in your terms?", "Incident"),
        ("explain p99 to me", "p99"),
        ("how do you define healthy", "Healthy"),
        ("why is too many parts bad", "Parts per partition"),
        ("wtf is a keeper session", "Keeper exceptions"),
        ("what is a rebalance?", "Rebalance"),
        ("what's an offset", "Offset"),
        ("please explain p99 latency of produce", "Produce latency"),
        ("what kind of incident is a network partition", "Network partition"),
    ],
)
def test_a_term_is_explained(question: str, words: str) -> None:
    request = asked(question)
    assert request.intent == "define"
    assert words in explained(request, CATALOGUE, INSTANCES)


def test_two_terms_in_one_breath_are_both_explained() -> None:
    told = [explained(part, CATALOGUE, INSTANCES) for part in asked("what is a broker and what is a topic?").parts]
    assert [text.split("**")[1] for text in told] == ["Broker", "Topic"]


@pytest.mark.parametrize(
    ("question", "metric"),
    [
        ("do we need more disk soon?", "disk_free_ratio"),
        ("kafka storage, how much longer?", "broker_disk_used_ratio"),
        ("at this rate when does the consumer lag become critical", "consumer_group_lag"),
        ("estimate when tm-2 heap reaches 90%", "taskmanager_heap_used_ratio"),
        ("can the disks hold until monday?", "disk_free_ratio"),
        ("how many days of disk are left on the brokers", "broker_disk_used_ratio"),
        ("will clickhouse survive the night?", "disk_free_ratio"),
        ("any disk problem coming up?", "disk_free_ratio"),
    ],
)
def test_what_is_to_come_is_a_forecast(question: str, metric: str) -> None:
    request = asked(question)
    assert request.intent == "forecast"
    assert metric in plan(request, CATALOGUE)[0].args["metric"]


@pytest.mark.parametrize(
    ("question", "window"),
    [
        ("which alerts did we get in the hour before last", "04 10:00-04 11:00"),
        ("parts per partition from 10 til 11", "04 10:00-04 11:00"),
        ("how was the night for kafka?", "03 18:00-04 06:00"),
        ("lag this time yesterday", "03 11:00-03 12:00"),
        ("we deployed at about ten past ten, did anything change in clickhouse after that", "04 10:10-04 12:00"),
        ("anything wrong in kafka the day before last", "02 00:00-03 00:00"),
    ],
)
def test_these_words_for_a_time_are_known(question: str, window: str) -> None:
    found = asked(question).window
    assert found is not None
    assert f"{found.window.start:%d %H:%M}-{found.window.end:%d %H:%M}" == window


def test_an_appointment_still_to_come_is_no_window() -> None:
    assert asked("anything I should know about before the 12:30 release?").window is None
    assert asked("what happened before the 10:30 release?").window is not None


def test_before_and_after_a_moment_are_the_two_sides_of_it() -> None:
    request = asked("backpressure before and after 10:20")
    assert request.window is not None
    assert request.compare is not None
    assert f"{request.window.window.start:%H:%M}-{request.window.window.end:%H:%M}" == "10:20-12:00"
    assert f"{request.compare.window.start:%H:%M}-{request.compare.window.end:%H:%M}" == "08:40-10:20"


def test_the_same_time_yesterday_lies_alongside_the_window_named() -> None:
    request = asked("how does flink's throughput since 10:30 compare to the same time yesterday")
    assert request.compare is not None
    assert f"{request.compare.window.start:%d %H:%M}-{request.compare.window.end:%d %H:%M}" == "03 10:30-03 12:00"


@pytest.mark.parametrize(
    ("questions", "intent"),
    [
        (("what does checkpoint duration mean", "what's the current value"), "value"),
        (("what does checkpoint duration mean", "and the threshold?", "is it above?"), "status"),
        (("query latency yesterday", "difference?", "which is the slowest"), "trend"),
        (("any problems in kafka", "what first?"), "since"),
    ],
)
def test_a_follow_up_asks_its_own_question_of_the_subject_before(questions: tuple[str, ...], intent: str) -> None:
    request = asked(*questions)
    assert request.intent == intent
    assert request.metrics or request.components


@pytest.mark.parametrize("question", ["thx!", "ok thank you", "great, thanks"])
def test_thanks_are_answered_shortly(question: str) -> None:
    assert explained(asked(question), CATALOGUE) == "You are welcome."


@pytest.mark.parametrize(
    "question", ["u there?", "pls help", "are you a robot?", "what should i ask", "do you speak german?"]
)
def test_what_is_asked_of_the_assistant_itself_is_answered_with_what_it_can_do(question: str) -> None:
    assert asked(question).intent == "help"


def test_nobody_is_written_to() -> None:
    assert asked("can you send me an email when it's over?").intent == "refuse"


def test_how_anomalies_are_found_is_told() -> None:
    assert "threshold" in explained(asked("how do you detect anomalies?"), CATALOGUE)


def test_but_for_one_component() -> None:
    assert asked("non-clickhouse alerts last 2 hours").components == ("kafka", "flink")
