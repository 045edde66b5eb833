"""The bank of questions, planned without a database: what each would look at is what it asks about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from benchmarks.question_bank import (
    AS_OF,
    REPORTED,
    TUNED,
    Look,
    faults,
    planned_look,
    read_bank,
)
from monitoring.agent.composing import compose
from monitoring.agent.planning import plan
from monitoring.agent.request import Request, ToolCall
from monitoring.agent.understanding import understand
from monitoring.metrics import Window
from platform_metrics_definition import CATALOGUE

BAR = 0.95
NODES = tuple(f"ch-{n}" for n in (1, 2, 3))
TABLES = tuple(f"{node}/{table}" for node in NODES for table in ("archive", "clicks", "default", "orders", "payments"))
JOBS = {
    "clicks-sessions": ("Source: clicks", "sessionize", "sink"),
    "orders-enrich": ("Source: orders", "enrich", "sink"),
    "payments-agg": ("Source: payments", "aggregate", "sink"),
}
INSTANCES = (
    "audit/orders",
    "audit/refunds",
    *(f"broker-{n}" for n in (1, 2, 3)),
    *NODES,
    *TABLES,
    "cluster",
    *JOBS,
    *(f"{job}/{task}" for job, tasks in JOBS.items() for task in tasks),
    "flink-clicks/clicks",
    "flink-orders/orders",
    "flink-payments/payments",
    "orders",
    "payments",
    "clicks",
    "refunds",
    *(f"tm-{n}" for n in (1, 2, 3)),
)
"""What the simulated platform calls its things."""


def wrong_turns(half: str) -> Iterator[tuple[str, list[str]]]:
    """Each turn of a half, and what is wrong with it; answers are judged only where no tool is needed."""
    for item in read_bank():
        previous: Request | None = None
        for turn in item.turns:
            request = understand(turn["question"], CATALOGUE, AS_OF, "UTC", INSTANCES, previous)
            previous = request.parts[-1]
            calls = plan(request, CATALOGUE)
            answer = None if calls else compose(request, [], CATALOGUE, "UTC", INSTANCES)
            looks = [planned_look(call, CATALOGUE) for call in calls]
            if item.half == half:
                yield turn["question"], faults(turn["expect"], looks, answer)


def test_the_tuned_half_is_planned_as_meant() -> None:
    turns = list(wrong_turns(TUNED))
    wrong = [f"{question}: {', '.join(reasons)}" for question, reasons in turns if reasons]
    assert len(turns) > 250
    assert len(wrong) <= (1 - BAR) * len(turns), "\n".join(wrong)


def test_both_halves_ask_about_everything_alike() -> None:
    halves = [[item for item in read_bank() if item.half == half] for half in (TUNED, REPORTED)]
    tuned, reported = ({item.category for item in half} for half in halves)
    assert tuned == reported
    assert abs(len(halves[0]) - len(halves[1])) <= 10


LAST_HOUR = Window(datetime(2026, 3, 4, 11, tzinfo=UTC), AS_OF)
LAG = Look(
    "query_metrics_trend", frozenset({"kafka"}), frozenset({"consumer_group_lag"}), frozenset(), LAST_HOUR, None, None
)
HOUR = {"from": "2026-03-04T11:00:00Z", "to": "2026-03-04T12:00:00Z", "tolerance_seconds": 60}


@pytest.mark.parametrize(
    ("expect", "reasons"),
    [
        ({"tools": ["query_metrics_trend"], "components": ["kafka"], "window": HOUR}, []),
        ({"tools": ["get_anomaly_summary"], "components": ["kafka"]}, ["tool", "components"]),
        ({"tools": None, "components": ["flink"]}, ["components"]),
        ({"tools": None, "components": [], "components_superset": True}, []),
        ({"tools": None, "metrics": ["consumer_group_lag", "messages_in_rate"]}, ["metrics"]),
        ({"tools": None, "metrics_any": ["consumer_group_lag", "messages_in_rate"]}, []),
        ({"tools": None, "instances": ["broker-1"]}, ["instances"]),
        ({"tools": None, "window": {**HOUR, "from": "2026-03-04T10:00:00Z"}}, ["window"]),
        ({"tools": None, "window": [{**HOUR, "from": "2026-03-04T10:00:00Z"}, HOUR]}, []),
        ({"tools": None, "window": {"contains": "2026-03-04T11:30:00Z", "max_seconds": 3600}}, []),
        ({"tools": None, "window": {"contains": "2026-03-04T11:30:00Z", "max_seconds": 60}}, ["window"]),
        ({"tools": None, "compare_window": HOUR}, ["window"]),
        ({"tools": None, "severity": "critical"}, ["severity"]),
        ({"tools": None, "answer_must": ["lag"]}, []),
        ({"tools": None, "answer_must": ["backlog"]}, ["answer"]),
        ({"tools": None, "answer_must_not": ["lag"]}, ["answer"]),
    ],
)
def test_a_look_is_scored_by_what_it_looked_at(expect: dict[str, object], reasons: list[str]) -> None:
    assert faults(expect, [LAG], "The lag is 12.") == reasons


def test_parts_of_a_wanted_instance_count_and_others_do_not() -> None:
    assert faults_of_instances(["ch-1"], "ch-1", "ch-1/orders") == []
    assert faults_of_instances(["ch-1"], "ch-1", "ch-2") == ["instances"]


def test_instances_may_be_read_in_two_ways_and_not_in_a_third() -> None:
    wanted = [["ch-1", "ch-2"], ["ch-2"]]
    assert faults_of_instances(wanted, "ch-1", "ch-2") == []
    assert faults_of_instances(wanted, "ch-2") == []
    assert faults_of_instances(wanted, "ch-1") == ["instances"]
    assert faults_of_instances(wanted, "ch-1", "ch-2", "ch-3") == ["instances"]


def faults_of_instances(wanted: object, *instances: str) -> list[str]:
    look = Look("t", frozenset(), frozenset(), frozenset(instances), LAST_HOUR, None, None)
    return faults({"tools": None, "instances": wanted}, [look], None)


def test_what_is_compared_may_be_asked_in_two_calls() -> None:
    before = Window(datetime(2026, 3, 4, 10, tzinfo=UTC), LAST_HOUR.start)
    looks = [Look("t", frozenset(), frozenset(), frozenset(), window, None, None) for window in (before, LAST_HOUR)]
    earlier = {**HOUR, "from": "2026-03-04T10:00:00Z", "to": "2026-03-04T11:00:00Z"}
    assert faults({"tools": None, "window": HOUR, "compare_window": earlier}, looks, None) == []
    assert faults({"tools": None, "window": HOUR, "compare_window": earlier}, looks[1:], None) == ["window"]


def test_a_planned_call_is_read_as_the_tool_would_read_it() -> None:
    look = planned_look(ToolCall("query_metrics_trend", {"metric": ["consumer_group_lag"], "hours": 1}), CATALOGUE)
    assert look == LAG
