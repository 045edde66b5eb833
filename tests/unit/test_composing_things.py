"""Answers that name things put the name first: how many and which, the worst, one against the other."""

from __future__ import annotations

import pytest

from tests.unit.agent_replies import answer, check_reply, event, series, summary_reply, trend_reply, untraced

ORDERS = event(instance="ch-2/orders")
CLICKS = event(instance="ch-2/clicks", severity="warning")
OTHER_NODE = event(instance="ch-1/orders", severity="warning")
OVER = event(instance="ch-3/orders", ended=5)
SINK = event("flink", "orders-enrich/sink", "backpressured_time_ratio", "critical", value=0.9)


def first(text: str) -> str:
    return text.split("\n")[0]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many ClickHouse nodes have a problem?", "2 nodes are affected now: `ch-2` and `ch-1`."),
        ("how many clickhouse tables are affected", "2 tables are affected now: `orders` and `clicks`."),
        ("which node is worst?", "Worst: `ch-2` with 2 open anomalies (1 critical); then `ch-1` with 1 open anomaly."),
    ],
)
def test_things_with_open_anomalies_are_counted_and_named(question: str, sentence: str) -> None:
    reply = check_reply([ORDERS, CLICKS, OTHER_NODE, OVER], {"clickhouse": "critical"}, components=("clickhouse",))
    text = answer(question, reply)
    assert first(text) == sentence
    assert not untraced(text, question, reply)


def test_things_are_counted_beyond_a_level_that_is_named() -> None:
    rows = [series(instance=f"ch-{n}", last=last) for n, last in ((1, 0.41), (2, 0.62), (3, 0.5))]
    question = "on how many clickhouse nodes is memory use above 45 percent?"
    replies = (check_reply([], components=("clickhouse",)), trend_reply(rows))
    text = answer(question, *replies)
    sentence = "2 of 3 nodes are above that level of memory use now: `ch-2` 62 %, `ch-3` 50 % and `ch-1` 41 %."
    assert first(text) == sentence
    assert not untraced(text, question, *replies)


def test_that_none_is_affected_is_said() -> None:
    reply = check_reply([], components=("flink",))
    assert first(answer("how many flink jobs are in trouble", reply)) == "None: no job has an open anomaly now."


def test_things_are_ranked_by_the_figure_that_was_named() -> None:
    rows = [series(instance=f"ch-{n}", last=last) for n, last in ((1, 0.41), (2, 0.62), (3, 0.5))]
    question = "which node uses the most memory in clickhouse?"
    text = answer(question, trend_reply(rows))
    assert first(text) == "Highest memory use now: `ch-2` 62 %; then `ch-3` 50 % and `ch-1` 41 %."
    assert not untraced(text, question, trend_reply(rows))


def test_two_instances_are_put_side_by_side_and_not_compared_with_last_week() -> None:
    rows = [series(instance="ch-1", last=0.41), series(instance="ch-2", last=0.62)]
    question = "clickhouse memory ch-1 vs ch-2"
    text = answer(question, trend_reply(rows))
    assert first(text) == "**Memory use** now: `ch-2` 62 % against `ch-1` 41 %."
    assert not untraced(text, question, trend_reply(rows))


def test_two_components_are_told_apart_by_their_open_anomalies() -> None:
    reply = check_reply([SINK, ORDERS, CLICKS, OVER], components=("flink", "clickhouse"))
    text = answer("compare flink and clickhouse", reply)
    assert first(text) == (
        "ClickHouse is worse off: ClickHouse has 2 open anomalies (1 critical), Flink has 1 open anomaly (1 critical)."
    )
    assert not untraced(text, "compare flink and clickhouse", reply)


def test_warnings_alone_are_counted_with_the_warnings_that_are_open() -> None:
    text = answer("how many warnings in the last 24 hours", summary_reply([ORDERS, CLICKS, OTHER_NODE]))
    assert first(text) == "2 warnings in the last 24 hours; 2 are still open."
    reply = check_reply([ORDERS, CLICKS], components=("clickhouse",))
    assert first(answer("how many warnings are open in clickhouse right now?", reply)) == "1 warning is open now."


def test_a_narrow_state_says_where() -> None:
    question = "are the parts per partition ok?"
    text = answer(question, check_reply([ORDERS], components=("clickhouse",)), trend_reply([]))
    assert first(text).endswith("is open, on ClickHouse `ch-2/orders`.")
