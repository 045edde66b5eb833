"""What the simulated platform consists of, and which series it sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from monitoring.metrics import Component, SeriesKey


@dataclass(frozen=True)
class Topic:
    """A Kafka topic: its partitions, how they are replicated and how many messages per second it takes at
    the height of a working day. `peak_hour` is when that is (UTC); a sparse topic gets single messages."""

    name: str
    partitions: int
    replicas: int
    min_insync: int
    peak_rate: float
    peak_hour: float
    sparse: bool = False


@dataclass(frozen=True)
class Group:
    """A consumer group on one topic. `job` is the place of the Flink job behind it; without one it is a
    plain consumer that commits every few seconds. `speed` is what it can read, in peaks of the topic."""

    name: str
    topic: int
    job: int | None
    speed: float = 3.0

    @property
    def instance(self) -> str:
        return f"{self.name}/{TOPICS[self.topic].name}"


@dataclass(frozen=True)
class JobSpec:
    """A Flink job that reads one topic and writes one ClickHouse table.

    `capacities` is what each task can do, in peaks of the topic: the source is the narrowest, so that a
    backlog is worked off without back-pressure. `managers` are the places of the task managers whose slots
    it fills. `checkpoint_offset` and `checkpoint_seconds` say when in the minute its checkpoints start and
    how long one takes without pressure; `state_bytes` is the usual size of its state. `fan_out` is rows
    inserted per record, more than one where a materialised view writes too.
    """

    name: str
    tasks: tuple[str, ...]
    capacities: tuple[float, ...]
    topic: int
    managers: tuple[int, ...]
    checkpoint_offset: float
    checkpoint_seconds: float
    state_bytes: float
    fan_out: float = 1.0


BROKERS: Final = ("broker-1", "broker-2", "broker-3")
TASK_MANAGERS: Final = ("tm-1", "tm-2", "tm-3")
NODES: Final = ("ch-1", "ch-2", "ch-3")
TABLES: Final = ("orders", "payments", "clicks")
DISKS: Final = ("default", "archive")

TOPICS: Final = (
    Topic("orders", 192, 2, 2, 1500.0, 14.0),
    Topic("payments", 96, 3, 2, 600.0, 14.5),
    Topic("clicks", 384, 2, 2, 3000.0, 19.0),
    Topic("refunds", 6, 3, 2, 0.01, 12.0, sparse=True),
)
GROUPS: Final = (
    Group("flink-orders", 0, 0),
    Group("flink-payments", 1, 1),
    Group("flink-clicks", 2, 2),
    Group("audit", 0, None),
    Group("audit", 3, None),
)
JOBS: Final = (
    JobSpec("orders-enrich", ("Source: orders", "enrich", "sink"), (1.6, 2.1, 2.8), 0, (0, 1), 8.0, 3.2, 2.6e9),
    JobSpec("payments-agg", ("Source: payments", "aggregate", "sink"), (1.65, 2.2, 2.8), 1, (1,), 21.0, 2.4, 1.1e9),
    JobSpec(
        "clicks-sessions", ("Source: clicks", "sessionize", "sink"), (1.6, 2.0, 2.8), 2, (0, 2), 47.0, 4.6, 6.4e9, 1.2
    ),
)

CHECKPOINT_INTERVAL: Final = 60.0
CHECKPOINT_TIMEOUT: Final = 600.0

_CLUSTER: Final = ("cluster",)
_TOPIC_NAMES: Final = tuple(topic.name for topic in TOPICS)
_GROUP_NAMES: Final = tuple(group.instance for group in GROUPS)
_JOB_NAMES: Final = tuple(job.name for job in JOBS)
_TASK_NAMES: Final = tuple(f"{job.name}/{task}" for job in JOBS for task in job.tasks)
_TABLE_NAMES: Final = tuple(f"{node}/{table}" for node in NODES for table in TABLES)
_DISK_NAMES: Final = tuple(f"{node}/{disk}" for node in NODES for disk in DISKS)

_SERIES: Final[tuple[tuple[Component, str, tuple[str, ...]], ...]] = (
    ("kafka", "under_replicated_partitions", BROKERS),
    ("kafka", "under_min_isr_partitions", BROKERS),
    ("kafka", "offline_partitions", _CLUSTER),
    ("kafka", "active_controller_count", _CLUSTER),
    ("kafka", "active_brokers", _CLUSTER),
    ("kafka", "isr_shrink_rate", BROKERS),
    ("kafka", "unclean_leader_elections", _CLUSTER),
    ("kafka", "consumer_group_lag", _GROUP_NAMES),
    ("kafka", "consumer_group_lag_seconds", _GROUP_NAMES),
    ("kafka", "messages_in_rate", _TOPIC_NAMES),
    ("kafka", "produce_latency_p99", BROKERS),
    ("kafka", "request_handler_idle_ratio", BROKERS),
    ("kafka", "broker_heap_used_ratio", BROKERS),
    ("kafka", "broker_gc_time_ratio", BROKERS),
    ("kafka", "broker_disk_used_ratio", BROKERS),
    ("flink", "job_not_running_seconds", _JOB_NAMES),
    ("flink", "job_restart_rate", _JOB_NAMES),
    ("flink", "failed_checkpoint_rate", _JOB_NAMES),
    ("flink", "checkpoint_age", _JOB_NAMES),
    ("flink", "checkpoint_duration", _JOB_NAMES),
    ("flink", "checkpoint_state_size", _JOB_NAMES),
    ("flink", "backpressured_time_ratio", _TASK_NAMES),
    ("flink", "task_busy_ratio", _TASK_NAMES),
    ("flink", "job_records_out_rate", _JOB_NAMES),
    ("flink", "source_pending_records", _JOB_NAMES),
    ("flink", "event_time_lag", _JOB_NAMES),
    ("flink", "taskmanager_heap_used_ratio", TASK_MANAGERS),
    ("flink", "taskmanager_gc_time_ratio", TASK_MANAGERS),
    ("flink", "registered_taskmanagers", _CLUSTER),
    ("clickhouse", "query_duration_p95", NODES),
    ("clickhouse", "failed_query_ratio", NODES),
    ("clickhouse", "running_queries", NODES),
    ("clickhouse", "replication_lag_seconds", _TABLE_NAMES),
    ("clickhouse", "replication_queue_size", _TABLE_NAMES),
    ("clickhouse", "readonly_replicas", NODES),
    ("clickhouse", "max_parts_per_partition", _TABLE_NAMES),
    ("clickhouse", "delayed_inserts_rate", NODES),
    ("clickhouse", "rejected_inserts_rate", NODES),
    ("clickhouse", "inserted_rows_rate", NODES),
    ("clickhouse", "rows_per_insert", NODES),
    ("clickhouse", "memory_used_ratio", NODES),
    ("clickhouse", "disk_free_ratio", _DISK_NAMES),
    ("clickhouse", "keeper_exceptions_rate", NODES),
)

KEYS: Final[tuple[SeriesKey, ...]] = tuple(
    SeriesKey(component, instance, metric) for component, metric, instances in _SERIES for instance in instances
)
"""Every series of the platform, in the order of a sample row."""


def _places() -> dict[str, slice]:
    places: dict[str, slice] = {}
    at = 0
    for _, metric, instances in _SERIES:
        places[metric] = slice(at, at + len(instances))
        at += len(instances)
    return places


PLACES: Final = _places()
"""Where in a sample row the series of each metric stand, in the order of their instances."""


def is_instance_of(instance: str, owner: str) -> bool:
    """Whether a series belongs to a process or thing: itself, or its part as in `ch-1/orders`."""
    return instance == owner or instance.startswith(owner + "/")
