"""What is measured of a subject is told apart from what else is measured of it, wherever the words stand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitoring.agent.instances import instances_in
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from monitoring.metrics import COMPONENTS
from platform_metrics_definition import CATALOGUE

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
_TABLE = frozenset({"max_parts_per_partition", "replication_lag_seconds", "replication_queue_size"})
_TASK = frozenset({"backpressured_time_ratio", "task_busy_ratio"})
_JOB = frozenset(m.name for m in CATALOGUE if m.scope == "job")
_BROKER = frozenset(m.name for m in CATALOGUE if m.scope == "broker")
REPORTING = {
    **{f"broker-{number}": _BROKER for number in (1, 2, 3)},
    **{f"ch-{number}": frozenset(m.name for m in CATALOGUE if m.scope == "node") for number in (1, 2)},
    **{f"ch-{number}/{table}": _TABLE for number in (1, 2) for table in ("orders", "payments")},
    "orders": frozenset({"messages_in_rate"}),
    "payments": frozenset({"messages_in_rate"}),
    "flink-orders/orders": frozenset({"consumer_group_lag", "consumer_group_lag_seconds"}),
    "orders-enrich": _JOB,
    "orders-enrich/enrich": _TASK,
    "orders-enrich/sink": _TASK,
    "payments-agg": _JOB,
    "payments-agg/sink": _TASK,
}


def asked(question: str) -> Request:
    return understand(question, CATALOGUE, NOW, "UTC", tuple(REPORTING), None, REPORTING)


@pytest.mark.parametrize(
    ("question", "metric"),
    [
        ("How long did the slowest checkpoint of orders-enrich take yesterday?", "checkpoint_duration"),
        ("How long ago did orders-enrich complete a checkpoint?", "checkpoint_age"),
        ("what did the size of orders-enrich's checkpoints do today", "checkpoint_state_size"),
        ("lag of flink-orders on orders, in messages, since 6", "consumer_group_lag"),
        ("lag of flink-orders on orders, in seconds, since 6", "consumer_group_lag_seconds"),
        ("how many queries were running on ch-1 at the most", "running_queries"),
        ("at most how many inserts per minute did ch-1 turn away today", "rejected_inserts_rate"),
        ("ch-2/orders: replica lag in seconds since 9", "replication_lag_seconds"),
        ("when did payments-agg stop running", "job_not_running_seconds"),
    ],
)
def test_the_words_beside_a_subject_say_which_of_its_figures_is_meant(question: str, metric: str) -> None:
    assert asked(question).metrics == (metric,)


def test_a_subject_alone_still_means_all_that_is_measured_of_it() -> None:
    assert {"checkpoint_age", "checkpoint_duration"} <= set(asked("checkpoints of orders-enrich today").metrics)


@pytest.mark.parametrize(
    ("question", "component"),
    [("status of orders-enrich", "flink"), ("broker-2 ok?", "kafka"), ("anything up with ch-1?", "clickhouse")],
)
def test_a_named_thing_says_whose_it_is(question: str, component: str) -> None:
    assert asked(question).components == (component,)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("compare the messages in rate of orders and payments since 10:00", {"orders", "payments"}),
        ("orders-enrich: enrich vs sink busy ratio", {"orders-enrich/enrich", "orders-enrich/sink"}),
        ("replication lag of the orders replica on ch-2", {"ch-2/orders"}),
    ],
)
def test_an_ordinary_word_is_a_name_among_names(question: str, names: set[str]) -> None:
    assert set(asked(question).instances) == names


def test_naming_all_that_report_a_figure_leaves_nothing_out() -> None:
    assert asked("disk of broker-1, broker-2 and broker-3 now").instances == ()
    assert asked("disk of broker-1 and broker-2 now").instances == ("broker-1", "broker-2")


@pytest.mark.parametrize(
    "question",
    [
        "Kafka's anomalies yesterday except those of broker-2",
        "every Kafka anomaly of yesterday that isn't on broker-2",
        "yesterday's Kafka anomalies, broker-2 not included",
    ],
)
def test_what_is_left_out_may_be_named_before_or_behind(question: str) -> None:
    assert set(asked(question).instances) == {"broker-1", "broker-3"}


@pytest.mark.parametrize("text", ["lag recovering yes/no", "limit of parts/partition", "delayed inserts/min"])
def test_a_stroke_between_ordinary_words_makes_no_name(text: str) -> None:
    assert instances_in(text, tuple(REPORTING), CATALOGUE).unknown == ()


def test_a_thing_named_by_an_ordinary_word_is_told_by_the_figure_it_reports() -> None:
    assert asked("messages in on orders: 10-11 today against 10-11 yesterday").instances == ("orders",)


def test_words_for_components_that_stand_in_a_row_are_all_meant() -> None:
    assert asked("heap or memory use everywhere: brokers, task managers, clickhouse").components == COMPONENTS


def test_which_of_two_is_slower_is_told_by_figures_and_not_by_what_is_wrong() -> None:
    calls = plan(asked("is ch-1 slower than ch-2?"), CATALOGUE)
    assert [call.name for call in calls] == ["query_metrics_trend"]
    assert "query_duration_p95" in calls[0].args["metric"]
