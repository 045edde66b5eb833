"""A number belongs to the instance whose row holds it; a sentence that swaps two instances is found."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring.agent.tracing_places import only_of, sentences_of_one
from monitoring.contract import ToolReply
from monitoring.metrics import Window
from tests.unit.agent_replies import NOW, answer, check_reply, event, series, trend_reply, untraced
from tests.unit.test_tracing import ANSWERS

ROWS = [
    trend_reply(
        [
            series("max_parts_per_partition", "ch-1/orders", 1840.0, 1999.0, 1700.0, 1900.0),
            series("max_parts_per_partition", "ch-2/orders", 62.0, 71.0, 55.0, 64.0),
        ],
        Window(NOW - timedelta(hours=6), NOW),
    )
]


def moved(text: str, replies: list[ToolReply] | None = None) -> list[str]:
    rows = ROWS if replies is None else replies
    return [n for s, name in sentences_of_one(text, rows) for n in untraced(s, "how many parts?", *only_of(name, rows))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ch-2/orders has 1,840 parts.", ["1,840"]),
        ("`ch-1/orders` has 62 parts.", ["62"]),
        ("ch-1/orders has 1,840 parts. ch-2/orders has 1,999 parts.", ["1,999"]),
        ("- **ch-2/orders**: 1,900 parts at the end", ["1,900"]),
    ],
)
def test_the_number_of_a_neighbour_is_found(text: str, found: list[str]) -> None:
    assert moved(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "ch-1/orders has 1,840 parts, at most 1,999.",
        "ch-2/orders has 62 parts in the last 6 hours.",
        "ch-1/orders has 1,840 parts, while others have 62.",
        "ch-1/orders and ch-2/orders have 1,840 and 62 parts.",
        "One has 1,840 parts.",
    ],
)
def test_what_is_right_or_speaks_of_several_is_left_alone(text: str) -> None:
    assert moved(text) == []


def test_a_part_may_be_told_of_its_node() -> None:
    assert (
        moved("ch-2/orders has 1,847 parts.", [check_reply([event(), event(instance="ch-1", value=7.0, why="7")])])
        == []
    )


@pytest.mark.parametrize(("question", "replies"), [case for case in ANSWERS if case[1]])
def test_the_built_in_model_moves_no_number(question: str, replies: list[ToolReply]) -> None:
    text = answer(question, *replies)
    wrong = {s: untraced(s, question, *only_of(name, replies)) for s, name in sentences_of_one(text, replies)}
    assert not any(wrong.values()), wrong
