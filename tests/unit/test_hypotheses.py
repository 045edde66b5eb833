"""A cause is what an incident names as its root or as a link of its chain; every other one is called a hypothesis."""

from __future__ import annotations

import pytest

from monitoring.agent.hypotheses import MARK, marked
from monitoring.contract import ToolReply
from platform_metrics_definition import CATALOGUE
from tests.unit.agent_replies import INSTANCES, answer, check_reply, cross_reply, event, incident
from tests.unit.test_tracing import ANSWERS

INCIDENT = cross_reply([incident()])
"""A cascade backward: too many parts on ClickHouse, then Flink, then the lag in Kafka."""
ROOT = incident()["root_instance"]
LAST = incident()["chain"][-1]["instance"]


def told(text: str, *replies: ToolReply) -> str:
    return marked(text, replies, CATALOGUE, INSTANCES)


@pytest.mark.parametrize(
    "sentence",
    [
        f"The cascade was caused by {ROOT}.",
        f"The lag is due to `{ROOT}`, where parts piled up.",
        f"{ROOT} led to back pressure in Flink.",
        f"The root cause is {ROOT}.",
        "The root cause is ClickHouse.",
        "ClickHouse caused the cascade.",
    ],
)
def test_a_cause_that_an_incident_names_is_left_as_it_is(sentence: str) -> None:
    assert told(sentence, INCIDENT) == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "The cascade was caused by a network outage.",
        "The lag is due to a bad deployment.",
        "This is because the disk is slow.",
        "The root cause is broker-1.",
        "broker-3 led to the lag.",
        "Kafka caused the cascade.",
        f"Lag on {LAST} triggered the slow inserts.",
        f"{ROOT} and broker-1 are responsible for it.",
        "A memory leak is behind it.",
        "ClickHouse failed as a result of a failing disk.",
    ],
)
def test_a_cause_that_no_incident_names_is_called_a_hypothesis(sentence: str) -> None:
    assert told(sentence, INCIDENT) == f"{sentence[:-1]} {MARK}."


def test_without_an_incident_nothing_is_established() -> None:
    text = f"Parts pile up because of {ROOT}."
    assert MARK in told(text, check_reply([event()]))
    assert MARK in told(text)


def test_an_incident_of_which_it_cannot_be_told_what_came_first_establishes_nothing() -> None:
    unsure = cross_reply([incident(certain=False)])
    assert MARK in told(f"The cascade was caused by {ROOT}.", unsure)


@pytest.mark.parametrize(
    "sentence",
    [
        "Nothing shows what caused it.",
        "It cannot be told what led to the lag.",
        "A hypothesis: it is caused by a slow disk.",
        "Check whether it is caused by a slow disk.",
        "Was it caused by a slow disk?",
        "The lag is high.",
    ],
)
def test_what_asserts_no_cause_is_left_as_it_is(sentence: str) -> None:
    assert told(sentence, INCIDENT) == sentence


def test_only_the_sentence_that_asserts_is_marked() -> None:
    text = "- The lag is high. It is due to a bad deployment.\n- **Next**: look at the consumers."
    assert told(text, INCIDENT) == (
        f"- The lag is high. It is due to a bad deployment {MARK}.\n- **Next**: look at the consumers."
    )


@pytest.mark.parametrize(("question", "replies"), ANSWERS)
def test_the_built_in_model_asserts_no_cause_of_its_own(question: str, replies: list[ToolReply]) -> None:
    assert MARK not in told(answer(question, *replies), *replies)


def test_the_catalogue_may_be_quoted_by_the_sentence() -> None:
    pattern = CATALOGUE.pattern("cascade_backward")
    assert pattern is not None
    assert told(f"**{pattern.title}**: {pattern.explanation}") == f"**{pattern.title}**: {pattern.explanation}"
