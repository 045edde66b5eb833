"""A language model that lies: about numbers, counts, times, shares, names and causes. None of it reaches the answer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from monitoring.blocks import Block
from monitoring.contract import Answer, Restarted
from monitoring.metrics import Sample
from monitoring.settings import Settings
from tests.integration.language_model import NOW, STATUS, platform_with
from tests.integration.openai_server import Calls, Says, Step

QUESTION = "What's wrong with ClickHouse?"
TRUE = "ch-1/orders has 1,840 parts in one partition."


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        ("It peaked at 2,977 parts.", "2,977"),
        ("There are 17 anomalies.", "17"),
        ("Seven series are affected.", "Seven"),
        ("It began at 03:14 UTC.", "03:14 UTC"),
        ("It began on 1 March.", "1 March"),
        ("It has lasted for 5 days.", "5 days"),
        ("It is 87 % above normal.", "87 %"),
        ("It holds 12 GB.", "12 GB"),
        ("The same is true of ch-9/orders.", "ch-9/orders"),
        ("Broker kafka-7 is down as well.", "kafka-7"),
        ("The incident is #4711.", "#4711"),
        ("1,840 − 62 = 1,700 parts are too many.", "1,700"),
    ],
)
def test_a_lie_is_taken_out_and_what_is_true_stays(settings: Settings, lie: str, found: str) -> None:
    script: list[Step] = [Calls([STATUS]), Says(f"{TRUE} {lie}")]
    with platform_with(settings, script) as (platform, service):
        answer = platform.ask(QUESTION)
    assert answer.model == "test-model"
    assert TRUE in answer.answer
    assert found not in answer.answer
    assert "stands in none of the rows and was removed" in answer.answer
    assert not answer.grounded
    assert found in answer.untraced
    assert len(service.requests) == 3, "the model was asked once to correct itself"


def test_the_numbers_of_two_instances_that_are_swapped_are_taken_out(settings: Settings) -> None:
    trend = ("query_metrics_trend", json.dumps({"metric": ["max_parts_per_partition"], "hours": 1}))
    text = "ch-1/orders has 62 parts. ch-2/orders has 62 parts."
    with platform_with(settings, [Calls([trend]), Says(text)]) as (platform, _):
        samples = [
            Sample(NOW - timedelta(seconds=30 * n), "clickhouse", "ch-2/orders", "max_parts_per_partition", 62.0)
            for n in range(40, 0, -1)
        ]
        platform._store.samples.write(Block.of(samples))
        answer = platform.ask("How many parts are there?")
    assert answer.answer.startswith("ch-2/orders has 62 parts.")
    assert "ch-1/orders" not in answer.answer
    assert not answer.grounded


def test_a_model_that_corrects_itself_is_heard(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS]), Says("ch-1/orders has 2,977 parts."), Says(TRUE)]
    with platform_with(settings, script) as (platform, service):
        pieces = list(platform.stream(QUESTION))
    answer = pieces[-1]
    assert isinstance(answer, Answer)
    assert (answer.answer, answer.grounded, answer.untraced) == (TRUE, True, ())
    assert any(isinstance(piece, Restarted) and "correct" in piece.reason for piece in pieces)
    assert any("corrected" in note for note in answer.notes)
    asked = service.requests[-1]["messages"][-1]
    assert asked["role"] == "user"
    assert "2,977" in asked["content"]


def test_where_nothing_true_is_left_the_built_in_model_answers(settings: Settings) -> None:
    with platform_with(settings, [Calls([STATUS]), Says("It has 2,977 parts.")]) as (platform, _):
        answer = platform.ask(QUESTION)
    assert answer.model == "built-in"
    assert "1,840" in answer.answer
    assert "2,977" not in answer.answer
    assert not answer.grounded
    assert "2,977" in answer.untraced
    assert any("built-in model answered instead" in note for note in answer.notes)


def test_arithmetic_that_is_shown_and_right_may_stay(settings: Settings) -> None:
    text = "ch-1/orders has 1,840 parts, 1,840 / 1,000 = 1.84 times the threshold."
    with platform_with(settings, [Calls([STATUS]), Says(text)]) as (platform, _):
        answer = platform.ask(QUESTION)
    assert (answer.answer, answer.grounded) == (text, True)


def test_an_invented_cause_is_called_a_hypothesis(settings: Settings) -> None:
    text = f"{TRUE} This is due to a failing disk."
    with platform_with(settings, [Calls([STATUS]), Says(text)]) as (platform, _):
        answer = platform.ask(QUESTION)
    assert answer.answer == f"{TRUE} This is due to a failing disk (hypothesis)."


def test_numbers_without_any_look_at_the_platform_are_lies(settings: Settings) -> None:
    with platform_with(settings, [Says("Kafka is fine: the lag is 12 messages on 3 brokers.")]) as (platform, _):
        answer = platform.ask("Is Kafka ok?")
    assert "12 messages" not in answer.answer
    assert not answer.grounded


def test_the_lie_is_not_remembered_as_what_was_said(settings: Settings) -> None:
    script: list[Step] = [Calls([STATUS]), Says(f"{TRUE} It peaked at 2,977 parts.")]
    with platform_with(settings, script) as (platform, service):
        platform.ask(QUESTION, "s1")
        platform.ask("And now?", "s1")
    said = [str(message["content"]) for message in service.requests[3]["messages"]]
    assert any(TRUE in text for text in said)
    assert not any("2,977" in text for text in said)
