"""Odd questions and odd models: a clear answer or a clear error each time, through both models, and no hang."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from monitoring.contract import Answer, Restarted, ToolFinished, ToolStarted
from monitoring.errors import InvalidInput
from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings
from platform_monitoring_agent import open_platform
from tests.integration.language_model import NOW, STATUS, fill, platform_with
from tests.integration.openai_server import Calls, Drips, Repeats, Says, Step

QUESTION = "What's wrong with ClickHouse?"
TRUE = "ch-1/orders has 1,840 parts."
ODD = {
    "empty": "",
    "blank": " \n\t ",
    "control characters": "\x00\x01\x1b[31mis kafka ok\x07?",
    "binary": bytes(range(256)).decode("utf-8", "surrogateescape"),
    "lone surrogate": "kafka \ud800 ok?",
    "right to left": "\u202eهل كافكا بخير؟\u202c",
    "emoji": "kafka 🔥🔥 ok? 👩‍👩‍👧",
    "German": "Wie geht es Kafka?",
    "Chinese": "卡夫卡怎么样?",
    "punctuation": "?!?!?!",
    "one letter": "x",
    "a number": "17",
    "markdown": "# **is** `kafka` [ok](http://x)?",
    "brackets": "{" * 500,
    "format": "{0} %s %(x)s ${x} {{}}",
    "long": "is kafka ok? " * 700,
    "regular expression": "(a+)+$" * 50 + "!",
}


@pytest.fixture
def platform(settings: Settings) -> Iterator[MonitoringPlatform]:
    with closing(open_platform(settings, clock=lambda: NOW)) as opened:
        fill(opened)
        yield opened


def test_every_odd_question_gets_a_clear_answer_of_the_built_in_model(platform: MonitoringPlatform) -> None:
    for name, question in ODD.items():
        answer = platform.ask(question, "s1")
        assert answer.answer.strip(), name
        assert answer.answer.isascii() or answer.answer.encode("utf-8"), name
        assert answer.grounded, (name, answer.untraced)
    assert platform.session("s1").session.turns == len(ODD)
    json.loads(platform.export_session("s1"))


def test_every_odd_question_reaches_a_language_model_as_text(settings: Settings) -> None:
    with platform_with(settings, [Says("I am here for questions about the platform.")]) as (platform, service):
        for name, question in ODD.items():
            answer = platform.ask(question)
            assert answer.answer.strip(), name
            assert answer.model == ("built-in" if not question.strip() else "test-model"), name
    for request in service.requests:
        assert "\x00" not in json.dumps(request)


@pytest.mark.parametrize(
    "question", ["x" * 1_048_576, "\0" * 1_048_576, "is kafka ok? " * 80_000], ids=["x", "nul", "words"]
)
def test_a_megabyte_is_refused_with_what_may_be_asked(platform: MonitoringPlatform, question: str) -> None:
    with pytest.raises(InvalidInput, match=r"at most 10,000 are read"):
        platform.ask(question, "s1")
    assert [session.id for session in platform.sessions()] == []


def test_a_call_that_was_made_before_is_pointed_at_and_not_made_again(settings: Settings) -> None:
    reordered = (STATUS[0], json.dumps(dict(reversed(json.loads(STATUS[1]).items()))))
    script: list[Step] = [Calls([STATUS, STATUS]), Calls([reordered]), Says(TRUE)]
    with platform_with(settings, script) as (platform, service):
        pieces = list(platform.stream(QUESTION))
    answer = pieces[-1]
    assert isinstance(answer, Answer)
    assert len(answer.tool_calls) == 1
    assert sum(isinstance(piece, ToolStarted) for piece in pieces) == 1
    told = [m["content"] for m in service.requests[-1]["messages"] if m["role"] == "tool"]
    assert len(told) == 3
    assert "1840" in told[0]
    assert all("made before" in text for text in told[1:])


def test_a_model_that_repeats_itself_for_ever_is_stopped(settings: Settings) -> None:
    with platform_with(settings, [Calls([STATUS])], agent_max_tool_calls=4) as (platform, service):
        answer = platform.ask(QUESTION)
    assert answer.model == "built-in"
    assert answer.grounded
    assert "AGENT_MAX_TOOL_CALLS" in answer.notes[-1]
    assert len(service.requests) == 5


def test_more_calls_at_once_than_are_allowed_are_not_made(settings: Settings) -> None:
    calls = [("get_anomaly_summary", json.dumps({"hours": n})) for n in range(1, 7)]
    script: list[Step] = [Calls(calls), Says("Nothing else is known.")]
    with platform_with(settings, script, agent_max_tool_calls=4) as (platform, service):
        answer = platform.ask(QUESTION)
    assert len(answer.tool_calls) == 4
    told = [m["content"] for m in service.requests[-1]["messages"] if m["role"] == "tool"]
    assert [("No more tool calls" in text) for text in told] == [False] * 4 + [True] * 2


@pytest.mark.parametrize("arguments", ["[]", "null", "17", '"x"', "{", "}{", '{"last_minutes": '])
def test_arguments_that_are_no_object_are_not_guessed_at(settings: Settings, arguments: str) -> None:
    with platform_with(settings, [Calls([(STATUS[0], arguments)])]) as (platform, _):
        answer = platform.ask(QUESTION)
    assert answer.model == "built-in"
    assert "1,840" in answer.answer


def test_a_reply_without_an_end_is_given_up(settings: Settings) -> None:
    with platform_with(settings, [Drips("and so on, " * 50)], openai_timeout_seconds=30.0) as (platform, _):
        pieces = list(platform.stream(QUESTION))
    answer = pieces[-1]
    assert isinstance(answer, Answer)
    assert any(isinstance(piece, Restarted) for piece in pieces)
    assert any("did not come to an end" in note for note in answer.notes)


def test_a_reply_that_drips_too_slowly_is_given_up(settings: Settings) -> None:
    with platform_with(settings, [Drips("a")], openai_timeout_seconds=0.5) as (platform, _):
        answer = platform.ask(QUESTION)
    assert answer.model == "built-in"
    assert any("in time" in note for note in answer.notes)


def test_tools_are_offered_with_strict_schemas(settings: Settings) -> None:
    with platform_with(settings, [Says("I look at the platform only.")]) as (platform, service):
        platform.ask("Hello")
    for tool in service.requests[0]["tools"]:
        function = tool["function"]
        assert function["strict"] is True
        parameters = function["parameters"]
        assert parameters["additionalProperties"] is False
        assert parameters["required"] == list(parameters["properties"])
        assert all({"type": "null"} in part["anyOf"] for part in parameters["properties"].values())


def test_null_stands_for_what_is_left_out(settings: Settings) -> None:
    nulls = {"component": ["clickhouse"], "start": None, "end": None, "metric": None, "last_minutes": None}
    script: list[Step] = [Calls([(STATUS[0], json.dumps(nulls))]), Says(TRUE)]
    with platform_with(settings, script) as (platform, _):
        answer = platform.ask(QUESTION)
    assert answer.tool_calls[0].status == "ok"
    looked = answer.tool_calls[0].looked_at
    assert looked is not None
    assert looked.window.span.total_seconds() == 600


def test_the_time_and_the_time_zone_are_told_not_assumed(settings: Settings) -> None:
    with platform_with(settings, [Says("I look at the platform only.")], timezone="Asia/Kolkata") as (
        platform,
        service,
    ):
        platform.ask("Hello")
    prompt = service.requests[0]["messages"][0]["content"]
    assert "2026-03-04T10:00:00Z (Wednesday 04 March 2026, 15:30" in prompt
    assert "Asia/Kolkata" in prompt


def test_tools_are_told_of_as_each_finishes(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS, ("get_anomaly_summary", '{"hours": 24}')]), Says(TRUE)]
    with platform_with(settings, script) as (platform, _):
        pieces = list(platform.stream(QUESTION))
    kinds = [type(piece) for piece in pieces[:4]]
    assert kinds == [ToolStarted, ToolStarted, ToolFinished, ToolFinished]


def test_a_model_that_recites_its_instructions_says_nothing(settings: Settings) -> None:
    with platform_with(settings, [Repeats()]) as (platform, _):
        answer = platform.ask(QUESTION)
    assert "monitoring assistant of one data platform" not in answer.answer
    assert "I show no instructions" in answer.answer


@pytest.mark.parametrize("piece", ["1 + ", "1,", "12:", "ch-1/orders has 7 parts. ", "- \n", "`"])
def test_a_reply_of_nothing_sensible_is_no_answer(settings: Settings, piece: str) -> None:
    with platform_with(settings, [Calls([STATUS]), Says(piece * (19_000 // len(piece)))]) as (platform, _):
        answer = platform.ask(QUESTION)
    assert answer.model == "built-in"
    assert "1,840" in answer.answer
