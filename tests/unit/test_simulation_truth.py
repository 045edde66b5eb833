"""The ground truth says what the samples themselves show."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from monitoring.contract import iso
from monitoring.simulation import Fault, Simulation, faults_for, ground_truth
from monitoring.simulation.faults import KINDS
from monitoring.simulation.topology import KEYS, PLACES
from monitoring.simulation.truth import MARKS, Mark, dense

START = datetime(2026, 3, 3, 6, tzinfo=UTC)
HALF_PAST = START + timedelta(minutes=30)


def truth(*faults: Fault, hours: float = 1.5, step: float = 30.0) -> list[dict[str, Any]]:
    return ground_truth(faults, 3, START, round(hours * 3600 / step), step)


def minute(entry: dict[str, Any], metric: str, instance: str | None = None) -> float:
    """How many minutes after its onset a metric shows the fault."""
    begin = datetime.fromisoformat(entry["onset"])
    return next(
        (datetime.fromisoformat(s["onset"]) - begin).total_seconds() / 60
        for s in entry["symptoms"]
        if s["metric"] == metric and instance in (None, s["instance"])
    )


def test_a_healthy_history_has_no_truth_to_tell() -> None:
    assert ground_truth([], 3, START, 120) == []


def test_an_entry_names_fault_root_and_symptoms() -> None:
    [entry] = truth(Fault("broker_loss", HALF_PAST, HALF_PAST + timedelta(minutes=20)))
    assert entry["kind"] == "broker_loss"
    assert entry["pattern"] == "cascade_forward"
    assert (entry["root_component"], entry["root_instance"], entry["root_metric"]) == (
        "kafka",
        "cluster",
        "active_brokers",
    )
    assert entry["onset"] == "2026-03-03T06:30:00Z"
    assert entry["end"] == "2026-03-03T06:50:00Z"
    assert entry["is_failure"] is True
    assert {"component": "kafka", "instance": "broker-2", "metric": "*", "onset": "2026-03-03T06:30:30Z"} in entry[
        "symptoms"
    ]
    assert minute(entry, "active_brokers") <= minute(entry, "job_records_out_rate")
    assert minute(entry, "job_records_out_rate") <= minute(entry, "inserted_rows_rate")


def test_symptoms_come_in_the_order_in_which_the_samples_show_them() -> None:
    fault = Fault("insert_bottleneck", HALF_PAST, None)
    [entry] = truth(fault)
    onsets = [symptom["onset"] for symptom in entry["symptoms"]]
    assert onsets == sorted(onsets)
    assert min(onsets) > entry["onset"]
    times, table = dense(Simulation([fault], 3, START).run(180))
    parts = table[:, PLACES["max_parts_per_partition"]][:, 0]
    first = START + timedelta(seconds=30 * int(np.argmax(parts > 300)))
    found = next(s for s in entry["symptoms"] if s["instance"] == "ch-1/orders")
    assert found["onset"] == iso(first)
    assert len(times) == 180


def test_an_open_fault_has_no_end_and_what_is_no_failure_has_no_pattern() -> None:
    [entry] = truth(Fault("traffic_burst", HALF_PAST, None))
    assert entry["end"] is None
    assert entry["pattern"] is None
    assert entry["is_failure"] is False
    assert entry["symptoms"]


def test_each_fault_is_given_its_own_symptoms() -> None:
    slow, phantom = truth(
        Fault("query_degradation", HALF_PAST, None),
        Fault("phantom_lag", HALF_PAST + timedelta(minutes=10), None),
    )
    assert {s["metric"] for s in slow["symptoms"]} == {"query_duration_p95", "running_queries"}
    assert {s["component"] for s in phantom["symptoms"]} == {"kafka", "flink"}
    assert "consumer_group_lag" in {s["metric"] for s in phantom["symptoms"]}


def test_faults_are_told_in_order_of_their_starts_however_they_are_given() -> None:
    late, early = Fault("missing_metric", HALF_PAST, None), Fault("query_degradation", START, HALF_PAST)
    assert [entry["kind"] for entry in truth(late, early)] == ["query_degradation", "missing_metric"]


def test_a_fault_from_before_the_history_is_told_too() -> None:
    [entry] = truth(Fault("query_degradation", START - timedelta(hours=1), None))
    assert minute(entry, "query_duration_p95") == 60


def test_a_fault_after_the_history_has_no_symptoms() -> None:
    [entry] = truth(Fault("broker_loss", START + timedelta(days=2), None))
    assert entry["symptoms"] == []
    assert entry["root_metric"] == "active_brokers"


@pytest.mark.parametrize(
    ("kind", "target", "root"),
    [
        ("insert_bottleneck", None, ("clickhouse", "ch-", "rows_per_insert")),
        ("checkpoint_restart_loop", None, ("flink", "orders-enrich/enrich", "task_busy_ratio")),
        ("phantom_lag", "clicks-sessions", ("flink", "clicks-sessions", "failed_checkpoint_rate")),
        ("slow_replica", "ch-2", ("clickhouse", "ch-2/", "replication_lag_seconds")),
        ("disk_exhaustion", "ch-3", ("clickhouse", "ch-3/default", "disk_free_ratio")),
        ("disk_exhaustion", "broker-1", ("kafka", "broker-1", "broker_disk_used_ratio")),
        ("memory_leak", "broker-1", ("kafka", "broker-1", "broker_heap_used_ratio")),
        ("memory_leak", "ch-1", ("clickhouse", "ch-1", "memory_used_ratio")),
        ("memory_leak", None, ("flink", "tm-2", "taskmanager_heap_used_ratio")),
        ("keeper_split", "ch-3", ("clickhouse", "ch-3", "keeper_exceptions_rate")),
        ("missing_metric", "memory_used_ratio@ch-1", ("clickhouse", "ch-1", "memory_used_ratio")),
        ("dead_collector", "kafka", ("kafka", "*", "*")),
    ],
)
def test_the_root_is_what_was_hit(kind: str, target: str | None, root: tuple[str, str, str]) -> None:
    [entry] = truth(Fault(kind, HALF_PAST, None, 8 if kind in ("disk_exhaustion", "memory_leak") else 1, target))
    assert entry["root_component"] == root[0]
    assert entry["root_instance"].startswith(root[1])
    assert entry["root_metric"] == root[2]
    assert entry["root_instance"] in entry["root_instances"]


def test_what_stops_is_named_by_the_widest_thing_that_stopped() -> None:
    def stopped(fault: Fault) -> list[tuple[str, str, str]]:
        [entry] = truth(fault)
        return [
            (s["component"], s["instance"], s["metric"])
            for s in entry["symptoms"]
            if "*" in (s["instance"], s["metric"]) or fault.kind == "missing_metric"
        ]

    assert stopped(Fault("dead_collector", HALF_PAST, None, target="clickhouse")) == [("clickhouse", "*", "*")]
    assert stopped(Fault("taskmanager_loss", HALF_PAST, None)) == [("flink", "tm-2", "*")]
    assert stopped(Fault("missing_metric", HALF_PAST, None)) == [("flink", "payments-agg", "checkpoint_age")]
    cut = stopped(Fault("network_partition", HALF_PAST, None, 2))
    assert cut == [("clickhouse", "ch-3", "*"), ("flink", "tm-3", "*"), ("kafka", "broker-3", "*")]


def test_a_silence_of_inserts_is_no_missing_series() -> None:
    [entry] = truth(Fault("upstream_silence", HALF_PAST, None))
    assert "rows_per_insert" not in {s["metric"] for s in entry["symptoms"]}
    assert "*" not in {s["metric"] for s in entry["symptoms"]}


def test_the_truth_of_the_demo_is_json_and_tells_every_fault() -> None:
    end = START + timedelta(hours=24)
    faults = faults_for("demo", START, end, 7)
    entries = json.loads(json.dumps(ground_truth(faults, 7, START, 2880)))
    assert [entry["kind"] for entry in entries] == [fault.kind for fault in faults]
    assert all(entry["symptoms"] for entry in entries)
    for one, following in pairwise(entries):
        assert max(s["onset"] for s in one["symptoms"]) < following["onset"]


def test_the_truth_holds_at_other_steps() -> None:
    coarse, fine = (truth(Fault("keeper_split", HALF_PAST, None), hours=1, step=step)[0] for step in (60.0, 10.0))
    assert minute(coarse, "readonly_replicas") == 1
    assert minute(fine, "readonly_replicas") == pytest.approx(40 / 60)


def test_every_metric_has_a_mark_and_every_failure_a_pattern_of_the_contract() -> None:
    assert set(MARKS) == {key.metric for key in KEYS}
    patterns = {"cascade_forward", "cascade_backward", "resource_exhaustion", "network_partition", "isolated"}
    for kind in KINDS.values():
        assert kind.is_failure == (kind.pattern is not None)
        assert {kind.pattern or "isolated", *kind.accepted} <= patterns


def test_marks_compare_with_a_level_or_with_what_is_usual() -> None:
    values, usual = np.array([1.0, 5.0, 40.0]), np.array([10.0, 10.0, 10.0])
    assert Mark(">", 4).beyond(values, usual).tolist() == [False, True, True]
    assert Mark("<", 0.5, relative=True).beyond(values, usual).tolist() == [True, False, False]
    assert Mark("<", 0.5, relative=True, least=20).beyond(values, usual).tolist() == [False, False, False]
    assert Mark(">", 2, relative=True, least=50).beyond(values, usual).tolist() == [False, False, False]
    assert Mark("!=", 5).beyond(values, usual).tolist() == [True, False, True]
