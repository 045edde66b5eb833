"""Names in an answer: those that no row and no word of the question holds are found, whatever names look like."""

from __future__ import annotations

import pytest

from monitoring.agent.tracing_names import unknown_names
from monitoring.contract import ToolReply
from platform_metrics_definition import CATALOGUE
from tests.unit.agent_replies import INSTANCES, answer, check_reply, cross_reply, event, incident
from tests.unit.test_tracing import ANSWERS

ROWS = [check_reply([event()])]
"""An anomaly of ch-2/orders."""


def unknown(text: str, question: str = "status?", replies: list[ToolReply] | None = None) -> tuple[str, ...]:
    return unknown_names(text, ROWS if replies is None else replies, question, INSTANCES, CATALOGUE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ch-9/orders has too many parts.", "ch-9/orders"),
        ("`ch-9` has too many parts.", "ch-9"),
        ("broker-77 is down.", "broker-77"),
        ("broker-1 is down.", "broker-1"),
        ("The trouble is on payments/orders.", "payments/orders"),
        ("Table `customer_events` is slow.", "customer_events"),
        ("Broker kafka7 is down.", "kafka7"),
        ("Topic billing.payments is behind.", "billing.payments"),
    ],
)
def test_a_name_of_which_no_row_speaks_is_found(text: str, name: str) -> None:
    assert name in unknown(text)


@pytest.mark.parametrize(
    "text",
    [
        "ch-2/orders has too many parts.",
        "`ch-2` is affected, table `orders` most of all.",
        "max_parts_per_partition is high; p95 and p99 are not.",
        "Two brokers are down, 3 topics too, since 09:33 UTC.",
        "Broker 3 is not meant by name.",
        "Look at node memory and table sizes, job by job.",
        "The consumer group is fine.",
    ],
)
def test_names_of_the_rows_and_plain_words_are_fine(text: str) -> None:
    assert unknown(text) == ()


def test_names_of_the_question_may_be_repeated() -> None:
    assert unknown("Nothing is known of broker-77.", "is broker-77 ok?") == ()


def test_without_replies_known_instances_may_be_named_and_others_not() -> None:
    assert unknown("I know broker-1.", replies=[]) == ()
    assert unknown("I know broker-77.", replies=[]) == ("broker-77",)


def test_names_are_learnt_from_the_data_however_they_look() -> None:
    strange = ["zürich·9", "x_1y", "Ω7"]
    rows = [check_reply([event(instance="x_1y")])]
    assert unknown_names("x_1y is slow.", rows, "", strange, CATALOGUE) == ()
    assert unknown_names("x_2y is slow.", rows, "", strange, CATALOGUE) == ("x_2y",)


def test_the_chain_of_an_incident_may_be_told() -> None:
    rows = [cross_reply([incident()])]
    chain = " then ".join(link["instance"] for link in incident()["chain"])
    assert unknown(f"It went {chain}.", replies=rows) == ()


@pytest.mark.parametrize(("question", "replies"), ANSWERS)
def test_the_built_in_model_names_nothing_that_is_not_there(question: str, replies: list[ToolReply]) -> None:
    assert unknown(answer(question, *replies), question, replies) == ()
