"""Labelled recordings for the table of faults: the simulator's faults in varied size, place and quality of data.

A plan is made from a seed alone, so the same plan gives the same samples. Two splits share no seed: `tune` is
there to be looked at while detection is written, `report` only to be reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np

from monitoring.blocks import Block, to_micros
from monitoring.metrics import SeriesKey
from monitoring.simulation import Fault, Simulation, ground_truth
from monitoring.simulation.faults import KINDS
from monitoring.simulation.topology import KEYS
from platform_metrics_definition import CATALOGUE

Split = Literal["tune", "report"]
SPLITS: tuple[Split, ...] = ("tune", "report")

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SLOW = frozenset({"disk_exhaustion", "memory_leak"})
"""Kinds that creep for hours; all others begin within a minute or two."""

Rng = np.random.Generator

_RELATIVE = frozenset(
    metric.name
    for metric in CATALOGUE
    if metric.thresholds and all(t.basis == "times usual" and t.also is None for _, t in metric.thresholds)
)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a tale's faults go: they begin at `begin`, the recording ends at `end`."""

    begin: datetime
    end: datetime
    rng: Rng
    number: int

    def until(self, low: float, high: float) -> datetime | None:
        """After so many minutes; every third fault goes on to the end."""
        minutes = float(self.rng.uniform(low, high))
        return None if self.number % 3 == 2 else self.begin + timedelta(minutes=minutes)

    def one_of(self, names: Sequence[str]) -> str:
        return names[(self.number + int(self.rng.integers(len(names)))) % len(names)]

    def size(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 2)


@dataclass(frozen=True, slots=True)
class Tale:
    """One row of the table: `lead` and `hours` in hours, `count` recordings in each split."""

    name: str
    make: Callable[[Slot], list[Fault]]
    lead: tuple[float, float] = (2.0, 3.5)
    hours: float = 2.0
    count: int = 2
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One recording before it is made.

    `step` is seconds between samples, `loss` the share of samples that is lost, `noise` the spread of a factor
    on every fractional value. With `jitter` every source is sampled at its own offset. `dropped` metrics are
    not recorded. With `opaque` instances have names that say nothing. With `scaled` the platform is of another
    size: metrics that are judged by what is usual only are up to five times as large or as small.
    """

    name: str
    tale: str
    split: Split
    seed: int
    start: datetime
    hours: float
    faults: tuple[Fault, ...]
    step: int = 30
    loss: float = 0.0
    noise: float = 0.0
    jitter: bool = False
    opaque: bool = False
    scaled: bool = False
    dropped: frozenset[str] = frozenset()

    @property
    def steps(self) -> int:
        return round(self.hours * 3600 / self.step)


JOBS = ("orders-enrich", "payments-agg", "clicks-sessions")
BROKERS = ("broker-1", "broker-2", "broker-3")
MANAGERS = ("tm-1", "tm-2", "tm-3")
NODES = ("ch-1", "ch-2", "ch-3")
ZONES = ("zone-1", "zone-2", "zone-3")
CONSUMERS = ("audit/orders",)
PARTS = ("flink", "kafka", "clickhouse")
SERIES = ("checkpoint_age@payments-agg", "query_duration_p95@ch-2", "broker_heap_used_ratio@broker-1")
ODD = ("consumer_group_lag@audit/orders", "query_duration_p95@ch-1", "taskmanager_heap_used_ratio@tm-1")


def _one(kind: str, names: Sequence[str], size: tuple[float, float], minutes: tuple[float, float]) -> Any:
    def make(slot: Slot) -> list[Fault]:
        target = slot.one_of(names) if names else None
        return [Fault(kind, slot.begin, slot.until(*minutes), slot.size(*size), target)]

    return make


def _broker_loss(slot: Slot) -> list[Fault]:
    return [Fault("broker_loss", slot.begin, slot.until(15, 45), 1.0, slot.one_of(BROKERS))]


def _partition(slot: Slot) -> list[Fault]:
    seen = 1.0 if slot.number % 2 else 2.0
    return [Fault("network_partition", slot.begin, slot.until(20, 40), seen, slot.one_of(ZONES))]


def _keeper(slot: Slot) -> list[Fault]:
    return [Fault("keeper_split", slot.begin, slot.until(15, 40), 1.0, None if slot.number % 2 else slot.one_of(NODES))]


def _disk(slot: Slot) -> list[Fault]:
    target = slot.one_of((*NODES, "broker-2")) if slot.number else slot.one_of(NODES)
    return [Fault("disk_exhaustion", slot.begin, None, slot.size(1.2, 2.2), target)]


def _leak(slot: Slot) -> list[Fault]:
    target = slot.one_of((MANAGERS, BROKERS, NODES)[slot.number % 3])
    return [Fault("memory_leak", slot.begin, None, slot.size(1.0, 2.0), target)]


def _odd(slot: Slot) -> list[Fault]:
    times = [slot.begin + timedelta(minutes=40 * n) for n in range(3)]
    return [
        Fault("single_odd_sample", time, time + timedelta(minutes=2), slot.size(0.5, 1.5), target)
        for time, target in zip(times, ODD, strict=True)
    ]


def _herring(slot: Slot) -> list[Fault]:
    begin = slot.begin + timedelta(minutes=8)
    blip = Fault("latency_blip", slot.begin, slot.begin + timedelta(minutes=3), 1.0, slot.one_of(BROKERS))
    return [blip, Fault("insert_bottleneck", begin, None, slot.size(0.8, 1.3), slot.one_of(JOBS[::2]))]


_PAIRS: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = (
    (("query_degradation", "ch-2"), ("phantom_lag", "payments-agg")),
    (("slow_consumer", "audit/orders"), ("slow_replica", "ch-3")),
    (("under_replicated", "broker-1"), ("query_degradation", "ch-1")),
    (("phantom_lag", "clicks-sessions"), ("slow_consumer", "audit/orders")),
)


def _dual(slot: Slot) -> list[Fault]:
    (first, one), (second, other) = _PAIRS[slot.number % len(_PAIRS)]
    later = slot.begin + timedelta(minutes=float(slot.rng.uniform(3, 20)))
    return [Fault(first, slot.begin, None, 1.0, one), Fault(second, later, None, 1.0, other)]


def _cold(slot: Slot) -> list[Fault]:
    if slot.number % 2 == 0:
        return []
    kind, target = (("insert_bottleneck", "orders-enrich"), ("broker_loss", "broker-1"))[slot.number // 2 % 2]
    return [Fault(kind, slot.begin, None, 1.0, target)]


TALES: tuple[Tale, ...] = (
    Tale("insert_bottleneck", _one("insert_bottleneck", JOBS[::2], (0.7, 1.4), (50, 90))),
    Tale("checkpoint_restart_loop", _one("checkpoint_restart_loop", JOBS, (0.7, 1.5), (30, 60))),
    Tale("phantom_lag", _one("phantom_lag", JOBS, (0.5, 1.0), (30, 60))),
    Tale("broker_loss", _broker_loss),
    Tale("taskmanager_loss", _one("taskmanager_loss", MANAGERS, (1, 1), (15, 40))),
    Tale("keeper_split", _keeper),
    Tale("network_partition", _partition),
    Tale("upstream_silence", _one("upstream_silence", (), (0.7, 1.0), (20, 50))),
    Tale("slow_replica", _one("slow_replica", NODES, (0.8, 1.5), (40, 70))),
    Tale("slow_consumer", _one("slow_consumer", CONSUMERS, (0.8, 1.5), (30, 60))),
    Tale("under_replicated", _one("under_replicated", BROKERS, (1, 1), (15, 40))),
    Tale("query_degradation", _one("query_degradation", NODES, (0.4, 1.5), (25, 60))),
    Tale("disk_exhaustion", _disk, hours=9.5),
    Tale("memory_leak", _leak, hours=8.5, count=3),
    Tale("missing_metric", _one("missing_metric", SERIES, (1, 1), (20, 40))),
    Tale("dead_collector", _one("dead_collector", PARTS, (1, 1), (15, 40))),
    Tale("flapping", _one("flapping", ("audit/orders",), (1, 1), (60, 90))),
    Tale("red_herring", _herring),
    Tale("dual_fault", _dual, hours=1.5, count=4),
    Tale("self_healing", lambda slot: [replace(f, end=f.start + timedelta(minutes=8)) for f in _broker_loss(slot)]),
    Tale("cold_start", _cold, lead=(0.2, 0.35), hours=1.0, count=4),
    Tale("healthy_day", lambda _: [], lead=(0.0, 0.0), hours=24.0, count=6, clean=True),
    Tale("single_odd_sample", _odd, hours=2.5),
    Tale("rolling_restart", _one("rolling_restart", (), (1, 1), (19, 20))),
    Tale("traffic_burst", _one("traffic_burst", (), (0.5, 1.0), (20, 40))),
    Tale("quiet_topic", _one("quiet_topic", (), (1, 1), (120, 200)), hours=4.0),
    Tale("slow_operator", _one("slow_operator", JOBS, (0.8, 1.5), (30, 60)), count=3),
)


def plans(split: Split) -> list[Plan]:
    """All recordings of a split."""
    return [_plan(tale, place, number, split) for place, tale in enumerate(TALES) for number in range(tale.count)]


def _plan(tale: Tale, place: int, number: int, split: Split) -> Plan:
    seed = (1_000 if split == "tune" else 900_000) + 100 * place + number
    rng = np.random.Generator(np.random.PCG64(seed))
    day = MONDAY + timedelta(days=int(rng.integers(0, 5)))
    start = day if tale.clean else day + timedelta(hours=float(np.round(rng.uniform(0, 24), 1)))
    lead = float(rng.uniform(*tale.lead))
    hours = round(lead + tale.hours, 2)
    # Nothing begins on the grid of the samples.
    begin = start + timedelta(seconds=float(np.round(lead * 3600 + rng.uniform(0, 30), 1)))
    faults = tuple(tale.make(Slot(begin, start + timedelta(hours=hours), rng, number)))
    step = int(rng.choice([10, 15, 30, 30, 60]))
    return Plan(
        f"{tale.name}-{number + 1}",
        tale.name,
        split,
        seed,
        start,
        hours,
        faults,
        step=step,
        loss=float(rng.choice([0.0, 0.0, 0.005, 0.01, 0.02])),
        noise=float(rng.choice([0.0, 0.0, 0.02, 0.05])),
        jitter=bool(rng.random() < 0.5),
        opaque=bool(rng.random() < 0.3),
        scaled=number % 2 == 1,
        dropped=_dropped(faults, rng) if rng.random() < 0.3 else frozenset(),
    )


def _dropped(faults: Sequence[Fault], rng: Rng) -> frozenset[str]:
    """A quarter of the metrics, but not those in which a fault shows first."""
    needed = {KINDS[fault.kind].root[1] for fault in faults} | {(fault.target or "").split("@")[0] for fault in faults}
    needed |= {"broker_disk_used_ratio", "broker_heap_used_ratio", "memory_used_ratio"}
    free = sorted({key.metric for key in KEYS} - needed)
    return frozenset(rng.choice(free, len(free) // 4, replace=False).tolist())


def made(plan: Plan) -> tuple[Block, list[dict[str, Any]]]:
    """The samples of a plan in order of arrival, and the truth about its faults."""
    block = Simulation(plan.faults, plan.seed, plan.start, plan.step).run(plan.steps)
    truth = ground_truth(plan.faults, plan.seed, plan.start, plan.steps, plan.step)
    rng = np.random.Generator(np.random.PCG64(plan.seed + 1))
    block = _recorded(block, plan, rng)
    name = _opaque if plan.opaque else str
    keys = tuple(SeriesKey(key.component, name(key.instance), key.metric) for key in block.keys)
    return Block(keys, block.series, block.times, block.values), [_told(entry, plan, name) for entry in truth]


def _recorded(block: Block, plan: Plan, rng: Rng) -> Block:
    """What is left of the samples once they were taken, sent and written down."""
    kept = rng.random(len(block)) >= plan.loss
    if plan.dropped:
        gone = np.array([key.metric in plan.dropped for key in block.keys])
        kept &= ~gone[block.series]
    values = block.values * np.where(
        block.values == np.round(block.values), 1.0, np.exp(plan.noise * rng.standard_normal(len(block)))
    )
    ratio = np.array([key.metric.endswith("_ratio") for key in block.keys])[block.series]
    values = np.where(ratio, np.minimum(values, 1.0), values)
    if plan.scaled:
        values = values * _sizes(block, plan)[block.series]
    times = block.times + _offsets(block, plan, rng) if plan.jitter else block.times
    return Block(block.keys, block.series, times, values).take(kept).by_time()


def _sizes(block: Block, plan: Plan) -> Any:
    """By what factor each series is larger, the same for all series of a metric."""
    rng = np.random.Generator(np.random.PCG64(plan.seed + 2))
    factors = {metric: float(np.exp(rng.uniform(-1.6, 1.6))) for metric in sorted(_RELATIVE)}
    return np.array([factors.get(key.metric, 1.0) for key in block.keys])


def _offsets(block: Block, plan: Plan, rng: Rng) -> Any:
    """Microseconds by which samples come after the grid: a constant of each source, and a little chance."""
    owners = [(key.component, key.instance.split("/")[0]) for key in block.keys]
    phase = {owner: float(rng.uniform(0, plan.step * 0.8)) for owner in sorted(set(owners))}
    of_series = np.array([phase[owner] for owner in owners])
    seconds = of_series[block.series] + rng.uniform(0, 0.5, len(block))
    return np.round(seconds * 1e6).astype(np.int64)


def _opaque(instance: str) -> str:
    """Another name for every part of an instance, always the same one."""
    if instance in ("cluster", "*"):
        return instance
    return "/".join(hashlib.md5(part.encode(), usedforsecurity=False).hexdigest()[:8] for part in instance.split("/"))


def _told(entry: dict[str, Any], plan: Plan, name: Callable[[str], str]) -> dict[str, Any]:
    """The truth as the recording shows it."""
    symptoms = [
        {**symptom, "instance": name(symptom["instance"])}
        for symptom in entry["symptoms"]
        if symptom["metric"] not in plan.dropped
    ]
    return {
        **entry,
        "symptoms": symptoms,
        "root_instance": name(entry["root_instance"]),
        "root_instances": [name(instance) for instance in entry["root_instances"]],
    }


def ends_at(plan: Plan) -> int:
    """The end of a recording in microseconds since 1970."""
    return to_micros(plan.start + timedelta(hours=plan.hours))
