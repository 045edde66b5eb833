"""What can go wrong on the simulated platform: the kinds of fault, what they hit and where they begin to show."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from monitoring.errors import InvalidInput, UnknownName
from monitoring.metrics import COMPONENTS, Component
from monitoring.simulation.topology import BROKERS, GROUPS, JOBS, KEYS, NODES, TASK_MANAGERS, TOPICS

Target = Literal[
    "topic", "consumer", "broker", "job", "task manager", "node", "zone", "component", "series", "disk", "process"
]

_JOB_NAMES: Final = tuple(job.name for job in JOBS)

TARGETS: Final[Mapping[Target, tuple[str, ...]]] = MappingProxyType(
    {
        "topic": tuple(topic.name for topic in TOPICS),
        "consumer": tuple(group.instance for group in GROUPS if group.job is None),
        "broker": BROKERS,
        "job": _JOB_NAMES,
        "task manager": TASK_MANAGERS,
        "node": NODES,
        "zone": ("zone-1", "zone-2", "zone-3"),
        "component": COMPONENTS,
        "series": tuple(f"{key.metric}@{key.instance}" for key in KEYS),
        "disk": (*NODES, *BROKERS),
        "process": (*TASK_MANAGERS, *BROKERS, *NODES),
    }
)


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault. `default` is its target where none is given, `None` meaning all of them.

    `pattern` is what an incident of this kind is expected to be called, `accepted` what else is right, and
    both are empty for what is no failure. `root` is component and metric in which it shows first.
    `magnitude` says in words what a magnitude of one stands for.
    """

    name: str
    summary: str
    target: Target
    default: str | None
    root: tuple[Component, str]
    pattern: str | None
    magnitude: str
    accepted: tuple[str, ...] = ()

    @property
    def is_failure(self) -> bool:
        return self.pattern is not None


_KINDS: Final = (
    FaultKind(
        "insert_bottleneck",
        "A sink flushes tiny batches, so parts pile up faster than ClickHouse merges them",
        "job",
        "orders-enrich",
        ("clickhouse", "rows_per_insert"),
        "cascade_backward",
        "six inserts per second from a job that usually makes one every twenty seconds",
    ),
    FaultKind(
        "checkpoint_restart_loop",
        "An operator all but hangs, so checkpoints expire and the job restarts again and again",
        "job",
        "orders-enrich",
        ("flink", "task_busy_ratio"),
        "cascade_backward",
        "the operator works at 2 % of its speed",
        ("isolated",),
    ),
    FaultKind(
        "slow_operator",
        "An operator works more slowly than records arrive: the tasks before it wait and lag grows in Kafka",
        "job",
        "orders-enrich",
        ("flink", "task_busy_ratio"),
        "cascade_backward",
        "the operator works at 15 % of its speed",
        ("isolated",),
    ),
    FaultKind(
        "phantom_lag",
        "Checkpoint storage fails: offsets are no longer committed while records are processed as usual",
        "job",
        "payments-agg",
        ("flink", "failed_checkpoint_rate"),
        "isolated",
        "every checkpoint fails; below one, that share of them",
        ("cascade_backward",),
    ),
    FaultKind(
        "broker_loss",
        "A broker dies; partitions with too few replicas left refuse writes",
        "broker",
        "broker-2",
        ("kafka", "active_brokers"),
        "cascade_forward",
        "one broker; two brokers from magnitude 2 on",
    ),
    FaultKind(
        "taskmanager_loss",
        "A task manager is killed and there are no spare slots",
        "task manager",
        "tm-2",
        ("flink", "registered_taskmanagers"),
        "cascade_backward",
        "not used",
        ("isolated",),
    ),
    FaultKind(
        "keeper_split",
        "ClickHouse loses its Keeper sessions and its tables become read-only",
        "node",
        None,
        ("clickhouse", "keeper_exceptions_rate"),
        "cascade_backward",
        "not used",
        ("isolated", "network_partition"),
    ),
    FaultKind(
        "network_partition",
        "One zone (a broker, a task manager, a ClickHouse node) is cut off from the other two",
        "zone",
        "zone-3",
        ("kafka", "active_controller_count"),
        "network_partition",
        "the monitor still sees every side; from magnitude 2 on it no longer sees the zone",
    ),
    FaultKind(
        "traffic_burst",
        "Far more messages than usual, for a good reason",
        "topic",
        None,
        ("kafka", "messages_in_rate"),
        None,
        "2.6 times as many, and 0.8 daily peaks more",
    ),
    FaultKind(
        "upstream_silence",
        "The producers stop",
        "topic",
        None,
        ("kafka", "messages_in_rate"),
        "cascade_forward",
        "nothing arrives; below one, that share is missing",
        ("isolated",),
    ),
    FaultKind(
        "disk_exhaustion",
        "A disk fills up; a ClickHouse node can then no longer merge, a Kafka broker stops at last",
        "disk",
        "ch-1",
        ("clickhouse", "disk_free_ratio"),
        "resource_exhaustion",
        "5.8 % of the disk per hour",
        ("cascade_backward",),
    ),
    FaultKind(
        "slow_replica",
        "A replica fetches parts too slowly; once it lags too far its peers take over its reads",
        "node",
        "ch-3",
        ("clickhouse", "replication_lag_seconds"),
        "isolated",
        "it fetches a tenth of the parts",
        ("cascade_backward", "resource_exhaustion"),
    ),
    FaultKind(
        "memory_leak",
        "A process leaks memory until it is killed, and again after its restart",
        "process",
        "tm-2",
        ("flink", "taskmanager_heap_used_ratio"),
        "resource_exhaustion",
        "10 % of its memory per hour",
        ("cascade_backward", "cascade_forward"),
    ),
    FaultKind(
        "slow_consumer",
        "A consumer that is no Flink job reads more slowly than messages arrive",
        "consumer",
        "audit/orders",
        ("kafka", "consumer_group_lag"),
        "isolated",
        "it reads 15 % of what it could",
    ),
    FaultKind(
        "under_replicated",
        "A follower's disk is slow and its replicas drop out of the in-sync set",
        "broker",
        "broker-3",
        ("kafka", "under_replicated_partitions"),
        "isolated",
        "not used",
    ),
    FaultKind(
        "query_degradation",
        "Queries on a node become slow while its resources are as usual",
        "node",
        "ch-2",
        ("clickhouse", "query_duration_p95"),
        "isolated",
        "seven times as long",
    ),
    FaultKind(
        "flapping",
        "A consumer stalls for six minutes out of every ten",
        "consumer",
        "audit/orders",
        ("kafka", "consumer_group_lag"),
        "isolated",
        "not used",
    ),
    FaultKind(
        "missing_metric",
        "One series stops being sent",
        "series",
        "checkpoint_age@payments-agg",
        ("flink", "checkpoint_age"),
        "isolated",
        "not used",
    ),
    FaultKind(
        "dead_collector",
        "All series of a component stop being sent",
        "component",
        "flink",
        ("flink", "*"),
        "isolated",
        "not used",
    ),
    FaultKind(
        "single_odd_sample",
        "One sample of a series is far off",
        "series",
        "consumer_group_lag@audit/orders",
        ("kafka", "consumer_group_lag"),
        None,
        "a value of 50 times the usual plus 20000 (a ratio becomes 0.97)",
    ),
    FaultKind(
        "rolling_restart",
        "The brokers are restarted one by one, as planned",
        "broker",
        None,
        ("kafka", "active_brokers"),
        None,
        "not used",
    ),
    FaultKind(
        "quiet_topic",
        "A topic that seldom gets a message gets none",
        "topic",
        "refunds",
        ("kafka", "messages_in_rate"),
        None,
        "not used",
    ),
    FaultKind(
        "latency_blip",
        "A broker is slow for a moment; nothing depends on it",
        "broker",
        "broker-1",
        ("kafka", "produce_latency_p99"),
        None,
        "about 160 ms",
    ),
)

KINDS: Final[Mapping[str, FaultKind]] = MappingProxyType({kind.name: kind for kind in _KINDS})


@dataclass(frozen=True)
class Fault:
    """A fault of one kind, from `start` until before `end` (`None`: it goes on).

    `magnitude` scales it, one being what its kind describes; `target` names what is hit, the kind's default
    if `None`. Raises `UnknownName` for a kind or target there is not, `InvalidInput` for impossible times.
    """

    kind: str
    start: datetime
    end: datetime | None
    magnitude: float = 1.0
    target: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            nearest = tuple(difflib.get_close_matches(self.kind, KINDS, 3))
            raise UnknownName(f"There is no kind of fault named {self.kind!r}; there are {', '.join(KINDS)}.", nearest)
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise InvalidInput(f"The times of the fault {self.kind} need a time zone.")
        if self.end is not None and self.end <= self.start:
            raise InvalidInput(f"The fault {self.kind} cannot end before it starts.")
        if not self.magnitude > 0:
            raise InvalidInput(f"The magnitude of the fault {self.kind} must be more than zero.")
        known = TARGETS[KINDS[self.kind].target]
        if self.target is not None and self.target not in known:
            nearest = tuple(difflib.get_close_matches(self.target, known, 3))
            hint = ", ".join(nearest or known[:6])
            raise UnknownName(f"{self.kind} cannot hit {self.target!r}; it can hit, for example, {hint}.", nearest)

    @property
    def what(self) -> FaultKind:
        return KINDS[self.kind]

    @property
    def hit(self) -> str | None:
        """What is hit: the target, or the kind's default; `None` means all there are."""
        return self.target or self.what.default
