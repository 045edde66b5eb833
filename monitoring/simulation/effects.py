"""What the faults of a moment do to the parts of the platform, as plain numbers the parts work with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from monitoring.blocks import Floats, to_micros
from monitoring.simulation.faults import Fault
from monitoring.simulation.season import season
from monitoring.simulation.topology import BROKERS, CHECKPOINT_TIMEOUT, GROUPS, JOBS, NODES, TASK_MANAGERS, TOPICS

NEVER: Final = float("inf")


def _const(value: float, size: int) -> Callable[[], Floats]:
    return lambda: np.full(size, value)


@dataclass
class Effects:
    """The faults of one moment. Fields named `…_since` hold the second in which it began, `NEVER` if not;
    gains and speeds are factors, one if nothing is wrong; leaks and fills are shares per second."""

    traffic_gain: Floats = field(default_factory=_const(1.0, len(TOPICS)))
    traffic_extra: Floats = field(default_factory=_const(0.0, len(TOPICS)))
    broker_stopped_since: Floats = field(default_factory=_const(NEVER, len(BROKERS)))
    broker_cut_since: Floats = field(default_factory=_const(NEVER, len(BROKERS)))
    follower_slow_since: Floats = field(default_factory=_const(NEVER, len(BROKERS)))
    planned: bool = False
    broker_leak: Floats = field(default_factory=_const(0.0, len(BROKERS)))
    broker_disk_fill: Floats = field(default_factory=_const(0.0, len(BROKERS)))
    produce_extra_ms: Floats = field(default_factory=_const(0.0, len(BROKERS)))
    consumer_speed: Floats = field(default_factory=_const(1.0, len(GROUPS)))
    manager_stopped_since: Floats = field(default_factory=_const(NEVER, len(TASK_MANAGERS)))
    manager_cut_since: Floats = field(default_factory=_const(NEVER, len(TASK_MANAGERS)))
    manager_leak: Floats = field(default_factory=_const(0.0, len(TASK_MANAGERS)))
    storage_failing: Floats = field(default_factory=_const(0.0, len(JOBS)))
    operator_speed: Floats = field(default_factory=_const(1.0, len(JOBS)))
    checkpoint_timeout: Floats = field(default_factory=_const(CHECKPOINT_TIMEOUT, len(JOBS)))
    batch_rows: Floats = field(default_factory=_const(NEVER, len(JOBS)))
    keeper_cut_since: Floats = field(default_factory=_const(NEVER, len(NODES)))
    fetch_speed: Floats = field(default_factory=_const(1.0, len(NODES)))
    node_disk_fill: Floats = field(default_factory=_const(0.0, len(NODES)))
    part_split: Floats = field(default_factory=_const(1.0, len(NODES)))
    node_leak: Floats = field(default_factory=_const(0.0, len(NODES)))
    query_slowdown: Floats = field(default_factory=_const(1.0, len(NODES)))


class Clock(NamedTuple):
    """The second in which a fault began, and how many seconds ago that was."""

    since: float
    elapsed: float


def seconds(fault: Fault) -> tuple[float, float]:
    """When a fault starts and ends, in seconds since 1970; the end of an open one is `NEVER`."""
    return to_micros(fault.start) / 1e6, NEVER if fault.end is None else to_micros(fault.end) / 1e6


def effects_of(active: Iterable[tuple[Fault, float]], now: float) -> Effects:
    """What the faults active now do; each comes with the second in which it began."""
    effects = Effects()
    for fault, since in active:
        if fault.kind in _STEADY:
            _STEADY[fault.kind](effects, fault)
        elif fault.kind in _TIMED:
            _TIMED[fault.kind](effects, fault, Clock(since, now - since))
    return effects


def _hit(fault: Fault, names: tuple[str, ...]) -> list[int]:
    return [place for place, name in enumerate(names) if fault.hit in (None, name)]


_TOPIC_NAMES: Final = tuple(topic.name for topic in TOPICS)
_JOB_NAMES: Final = tuple(job.name for job in JOBS)
_GROUP_NAMES: Final = tuple(group.instance for group in GROUPS)


def _busy_topics(fault: Fault) -> list[int]:
    return [place for place in _hit(fault, _TOPIC_NAMES) if fault.hit or not TOPICS[place].sparse]


_RAMP: Final = 60.0


def _insert_bottleneck(effects: Effects, fault: Fault, clock: Clock) -> None:
    # The batches shrink within a minute, from what a flush usually holds to a sixth of a second's rows.
    ramp = min(1.0, clock.elapsed / _RAMP)
    shares = season(np.array([clock.since + clock.elapsed]))[0]
    for job in _hit(fault, _JOB_NAMES):
        rate = float(shares[JOBS[job].topic]) * TOPICS[JOBS[job].topic].peak_rate
        usual, final = 20 * rate, rate / 6 / fault.magnitude
        effects.batch_rows[job] = usual * (final / usual) ** ramp


def _checkpoint_restart_loop(effects: Effects, fault: Fault) -> None:
    for job in _hit(fault, _JOB_NAMES):
        effects.operator_speed[job] = 0.02 / fault.magnitude
        effects.checkpoint_timeout[job] = 90.0


def _phantom_lag(effects: Effects, fault: Fault) -> None:
    effects.storage_failing[_hit(fault, _JOB_NAMES)] = min(1.0, fault.magnitude)


def _broker_loss(effects: Effects, fault: Fault, clock: Clock) -> None:
    for first in _hit(fault, BROKERS):
        lost = 2 if fault.magnitude >= 2 else 1
        for broker in range(first, first + lost):
            effects.broker_stopped_since[broker % len(BROKERS)] = clock.since


def _taskmanager_loss(effects: Effects, fault: Fault, clock: Clock) -> None:
    effects.manager_stopped_since[_hit(fault, TASK_MANAGERS)] = clock.since


def _keeper_split(effects: Effects, fault: Fault, clock: Clock) -> None:
    effects.keeper_cut_since[_hit(fault, NODES)] = clock.since


def zone_of(fault: Fault) -> int:
    """Which of the three zones a partition cuts off, counted from zero."""
    return int((fault.hit or "zone-3").removeprefix("zone-")) - 1


def _network_partition(effects: Effects, fault: Fault, clock: Clock) -> None:
    zone = zone_of(fault)
    effects.broker_cut_since[zone] = clock.since
    effects.manager_cut_since[zone] = clock.since
    effects.keeper_cut_since[zone] = clock.since


def _traffic_burst(effects: Effects, fault: Fault, clock: Clock) -> None:
    ramp = min(1.0, (clock.elapsed + 30) / 120)
    for topic in _busy_topics(fault):
        effects.traffic_gain[topic] = 1 + 1.6 * fault.magnitude * ramp
        effects.traffic_extra[topic] = 0.8 * fault.magnitude * ramp


def _upstream_silence(effects: Effects, fault: Fault) -> None:
    effects.traffic_gain[_busy_topics(fault)] = max(0.0, 1 - fault.magnitude)


def _quiet_topic(effects: Effects, fault: Fault) -> None:
    effects.traffic_gain[_hit(fault, _TOPIC_NAMES)] = 0.0


def _disk_exhaustion(effects: Effects, fault: Fault) -> None:
    pace = 0.058 / 3600 * fault.magnitude
    effects.broker_disk_fill[_hit(fault, BROKERS)] = pace
    for node in _hit(fault, NODES):
        effects.node_disk_fill[node] = pace
        effects.part_split[node] = 4 * max(1.0, fault.magnitude)


def _slow_replica(effects: Effects, fault: Fault) -> None:
    effects.fetch_speed[_hit(fault, NODES)] = 0.1 / fault.magnitude


def _memory_leak(effects: Effects, fault: Fault) -> None:
    pace = 0.1 / 3600 * fault.magnitude
    effects.broker_leak[_hit(fault, BROKERS)] = pace
    effects.manager_leak[_hit(fault, TASK_MANAGERS)] = pace
    effects.node_leak[_hit(fault, NODES)] = pace


def _slow_consumer(effects: Effects, fault: Fault) -> None:
    for group in _hit(fault, _GROUP_NAMES):
        effects.consumer_speed[group] = 0.15 / fault.magnitude


def _slow_operator(effects: Effects, fault: Fault) -> None:
    effects.operator_speed[_hit(fault, _JOB_NAMES)] = 0.15 / fault.magnitude


def _flapping(effects: Effects, fault: Fault, clock: Clock) -> None:
    if clock.elapsed % 600 < 360:
        _slow_consumer(effects, fault)
        effects.consumer_speed[_hit(fault, _GROUP_NAMES)] = 0.0


def _under_replicated(effects: Effects, fault: Fault, clock: Clock) -> None:
    effects.follower_slow_since[_hit(fault, BROKERS)] = clock.since


def _query_degradation(effects: Effects, fault: Fault) -> None:
    effects.query_slowdown[_hit(fault, NODES)] = 1 + 6 * fault.magnitude


def _rolling_restart(effects: Effects, fault: Fault, clock: Clock) -> None:
    effects.planned = True
    brokers = _hit(fault, BROKERS)
    turn, into = divmod(clock.elapsed, 360.0)
    if int(turn) < len(brokers) and into < 40:
        effects.broker_stopped_since[brokers[int(turn)]] = clock.since + 360.0 * int(turn)


def _latency_blip(effects: Effects, fault: Fault) -> None:
    effects.produce_extra_ms[_hit(fault, BROKERS)] = 155.0 * fault.magnitude


_STEADY: Final[Mapping[str, Callable[[Effects, Fault], None]]] = MappingProxyType(
    {
        "checkpoint_restart_loop": _checkpoint_restart_loop,
        "phantom_lag": _phantom_lag,
        "upstream_silence": _upstream_silence,
        "quiet_topic": _quiet_topic,
        "disk_exhaustion": _disk_exhaustion,
        "slow_replica": _slow_replica,
        "memory_leak": _memory_leak,
        "slow_consumer": _slow_consumer,
        "slow_operator": _slow_operator,
        "query_degradation": _query_degradation,
        "latency_blip": _latency_blip,
    }
)
_TIMED: Final[Mapping[str, Callable[[Effects, Fault, Clock], None]]] = MappingProxyType(
    {
        "insert_bottleneck": _insert_bottleneck,
        "broker_loss": _broker_loss,
        "taskmanager_loss": _taskmanager_loss,
        "keeper_split": _keeper_split,
        "network_partition": _network_partition,
        "traffic_burst": _traffic_burst,
        "flapping": _flapping,
        "under_replicated": _under_replicated,
        "rolling_restart": _rolling_restart,
    }
)
"""Kinds in neither table change only what is sent, not what happens: see `delivery`."""
