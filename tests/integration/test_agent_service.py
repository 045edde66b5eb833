"""The agent with a language model: the real client against a local service, and what happens when it fails."""

from __future__ import annotations

import pytest

from monitoring.contract import Answer, Restarted, Text, ToolFinished, ToolStarted
from monitoring.settings import Settings
from tests.integration.language_model import STATUS, platform_with
from tests.integration.openai_server import (
    BreaksOff,
    Calls,
    Fails,
    Garbles,
    Hangs,
    Says,
    Step,
)

pytestmark = pytest.mark.store


def test_the_model_calls_a_tool_and_its_streamed_answer_is_traced_to_the_rows(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS]), Says("ch-1/orders has 1,840 parts in one partition.")]
    with platform_with(settings, script) as (platform, service):
        pieces = list(platform.stream("What is wrong with ClickHouse?", "s1"))
    answer = pieces[-1]
    assert isinstance(answer, Answer)
    assert answer.model == "test-model"
    assert answer.grounded
    assert answer.tool_calls[0].rows[0]["value"] == 1840.0
    assert [type(piece) for piece in pieces[:2]] == [ToolStarted, ToolFinished]
    texts = [piece.text for piece in pieces if isinstance(piece, Text)]
    assert len(texts) > 3
    assert "".join(texts).strip() == answer.answer.strip()
    offered = {tool["function"]["name"] for tool in service.requests[0]["tools"]}
    assert offered == {
        "check_real_time_anomalies",
        "get_anomaly_summary",
        "query_metrics_trend",
        "get_cross_component_anomalies",
        "search_documents",
    }


def test_a_model_that_lies_about_a_number_is_caught(settings: Settings) -> None:
    with platform_with(settings, [Calls([STATUS]), Says("ch-1/orders has 2,977 parts.")]) as (platform, _):
        answer = platform.ask("What is wrong with ClickHouse?")
    assert not answer.grounded
    assert "2,977" in answer.untraced


def test_several_tools_are_called_in_one_step(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS, ("get_anomaly_summary", '{"hours": 24}')]), Says("One anomaly.")]
    with platform_with(settings, script) as (platform, _):
        answer = platform.ask("Status and the last day?")
    assert [call.name for call in answer.tool_calls] == ["check_real_time_anomalies", "get_anomaly_summary"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Fails(401), "OPENAI_API_KEY"),
        (Fails(429), "429"),
        (Fails(500), "500"),
        (Hangs(), "in time"),
        (Garbles(), "form"),
        (Says(""), "empty"),
        (BreaksOff("The status is"), "reached"),
        (Calls([("check_real_time_anomalies", '{"last_minutes": ')]), "JSON"),
    ],
    ids=["401", "429", "500", "hangs", "garbled", "empty", "breaks off", "malformed tool call"],
)
def test_when_the_service_fails_the_built_in_model_answers_and_says_so(
    settings: Settings, step: Step, said: str
) -> None:
    with platform_with(settings, [step]) as (platform, _):
        answer = platform.ask("What's wrong with ClickHouse?")
    assert answer.model == "built-in"
    assert "1,840" in answer.answer
    assert answer.grounded
    assert any("built-in model answered instead" in note and said in note for note in answer.notes), answer.notes


def test_what_a_failing_service_had_said_is_taken_back(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS]), BreaksOff("There are 9,999")]
    with platform_with(settings, script) as (platform, _):
        pieces = list(platform.stream("What's wrong with ClickHouse?"))
    assert any(isinstance(piece, Restarted) for piece in pieces)
    answer = pieces[-1]
    assert isinstance(answer, Answer)
    assert "9,999" not in answer.answer


def test_a_tool_that_does_not_exist_and_wrong_arguments_are_told_to_the_model(settings: Settings) -> None:
    script: list[Step] = [
        Calls([("restart_broker", "{}"), ("query_metrics_trend", '{"hours": -1}')]),
        Says("I can only look."),
    ]
    with platform_with(settings, script) as (platform, service):
        answer = platform.ask("Restart the broker")
    told = [m["content"] for m in service.requests[-1]["messages"] if m["role"] == "tool"]
    assert "There is no tool named 'restart_broker'" in told[0]
    assert "arguments do not fit" in told[1]
    assert answer.answer.strip() == "I can only look."


def test_a_model_that_never_stops_calling_tools_is_stopped(settings: Settings) -> None:
    with platform_with(settings, [Calls([STATUS])]) as (platform, service):
        answer = platform.ask("What's wrong with ClickHouse?")
    assert answer.model == "built-in"
    assert len(service.requests) <= platform.settings.agent_max_tool_calls + 2


def test_a_follow_up_is_sent_with_what_was_said_before(settings: Settings) -> None:
    with platform_with(settings, [Says("All is well.")]) as (platform, service):
        platform.ask("Is Kafka ok?", "s1")
        platform.ask("And Flink?", "s1")
        platform.ask("And Flink?", "another")
    said = [[m["content"] for m in request["messages"] if m["role"] != "system"] for request in service.requests]
    assert said[1][:1] == ["Is Kafka ok?"]
    assert said[1][-1] == "And Flink?"
    assert said[2] == ["And Flink?"]
