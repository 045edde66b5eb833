"""What people who run such systems call the figures, in words that are in no catalogue."""

from __future__ import annotations

import pytest

from monitoring.agent.planning import plan
from platform_metrics_definition import CATALOGUE
from tests.unit.test_understanding_things import asked

CALLED = {
    "under_replicated_partitions": "partitions without enough replicas? | partitions lacking followers"
    " | degraded partitions",
    "under_min_isr_partitions": "are acks=all writes failing | NotEnoughReplicas errors",
    "offline_partitions": "are any partitions down | dead partitions",
    "active_brokers": "size of the kafka cluster",
    "isr_shrink_rate": "followers dropping out of sync",
    "consumer_group_lag": "which consumer group is the furthest behind? | slowest consumer group | consumers trailing"
    " | pending messages in kafka | consumr lagg kafka last hr",
    "messages_in_rate": "kafka event volume | inflow of kafka",
    "produce_latency_p99": "publish latency | how long does it take to write to kafka | p99 for producers",
    "request_handler_idle_ratio": "broker utilization",
    "broker_heap_used_ratio": "broker ram",
    "broker_gc_time_ratio": "stop the world pauses on broker-1",
    "broker_disk_used_ratio": "space left on the brokers | kafka volumes | storage on broker-2 | kafka log storage",
    "job_not_running_seconds": "stopped flink jobs",
    "backpressured_time_ratio": "flink congestion | is the sink pushing back",
    "task_busy_ratio": "task utilization | flink task load | operator utilisation",
    "job_records_out_rate": "emitted records",
    "taskmanager_heap_used_ratio": "memory of the workers",
    "failed_query_ratio": "failing selects",
    "replication_lag_seconds": "lagging replicas",
    "replication_queue_size": "replication queue backlog | replication tasks pending",
    "readonly_replicas": "tables that cannot be written | write-protected tables",
    "max_parts_per_partition": "part explosion",
    "delayed_inserts_rate": "are we throttling writes in CH",
    "rejected_inserts_rate": "are we dropping writes in CH? | is clickhouse refusing data | are inserts bouncing"
    " | clickhouse turning away inserts | are we losing writes in clickhouse | failing inserts",
    "rows_per_insert": "are inserts too small",
    "disk_free_ratio": "remaining space on ch | ch storage | ch volumes full",
    "keeper_exceptions_rate": "coordination service errors",
}


@pytest.mark.parametrize(
    ("question", "metric"),
    [(words.strip(), metric) for metric, called in CALLED.items() for words in called.split("|")],
)
def test_a_figure_is_known_by_what_people_call_it(question: str, metric: str) -> None:
    looked_at = {name for call in plan(asked(question), CATALOGUE) for name in call.args.get("metric", ())}
    assert metric in looked_at
    assert {CATALOGUE[name].component for name in looked_at} == {CATALOGUE[metric].component}
    assert len(looked_at) <= 3


@pytest.mark.parametrize(
    ("question", "start", "end", "against"),
    [
        ("list whatever fired 10.20-10.40", "10:20", "10:40", ""),
        ("anything in kafka 9.15 to 9.45?", "09:15", "09:45", ""),
        ("what went on during the last 1h30", "10:30", "12:00", ""),
        ("kafka over the past 2h15", "09:45", "12:00", ""),
        ("rows per insert 11-12 versus 9-10", "11:00", "12:00", "09:00"),
        ("consumer lag 10 to 11 compared with 8 to 9", "10:00", "11:00", "08:00"),
    ],
)
def test_clock_times_are_read_as_people_jot_them_down(question: str, start: str, end: str, against: str) -> None:
    request = asked(question)
    assert request.window is not None
    assert [f"{moment:%H:%M}" for moment in request.window.window] == [start, end]
    assert (f"{request.compare.window.start:%H:%M}" if request.compare else "") == against
