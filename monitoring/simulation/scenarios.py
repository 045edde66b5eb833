"""Stories to simulate: what goes wrong, and where in a history it is placed so that all of it can be seen."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np

from monitoring.errors import InvalidInput, UnknownName
from monitoring.simulation.faults import Fault

_ROOM: Final = 0.85
"""The share of a short history that a fault may take; what is before it is healthy."""


@dataclass(frozen=True)
class Slot:
    """Where a scenario's fault goes: from `begin`, `until` when (`None`: it goes on), seen for `span`.
    `rng` is for stories that leave something to chance."""

    begin: datetime
    until: datetime | None
    span: timedelta
    rng: np.random.Generator

    def at(self, share: float) -> datetime:
        """The moment after so much of the slot."""
        return self.begin + self.span * share


Make = Callable[[Slot], list[Fault]]


@dataclass(frozen=True)
class Scenario:
    """A story with a name. `unfolds` is how long its whole chain takes to show; a `whole` one fills the
    history it is given."""

    name: str
    title: str
    description: str
    unfolds: timedelta
    make: Make
    whole: bool = False

    def build(self, start: datetime, end: datetime, rng: np.random.Generator) -> list[Fault]:
        """The faults of this story in a history [start, end): placed so that they are still there at its
        end and had time to unfold, or scaled into it when it is short."""
        return self.make(self.slot(start, end, rng))

    def slot(self, start: datetime, end: datetime, rng: np.random.Generator) -> Slot:
        span = end - start if self.whole else min(self.unfolds, (end - start) * _ROOM)
        return Slot(end - span, None, span, rng)


def _one(kind: str, target: str | None = None, magnitude: float = 1.0) -> Make:
    def make(slot: Slot) -> list[Fault]:
        return [Fault(kind, slot.begin, slot.until, magnitude, target)]

    return make


def _paced(kind: str, hours: float, target: str | None = None) -> Make:
    """A fault that creeps: its pace is such that what takes so many hours fits into the slot."""

    def make(slot: Slot) -> list[Fault]:
        return [Fault(kind, slot.begin, slot.until, max(1.0, hours * 3600 / slot.span.total_seconds()), target)]

    return make


def _red_herring(slot: Slot) -> list[Fault]:
    blip = Fault("latency_blip", slot.begin, slot.begin + timedelta(minutes=3))
    return [blip, Fault("insert_bottleneck", slot.begin + timedelta(minutes=8), slot.until)]


def _dual_fault(slot: Slot) -> list[Fault]:
    return [
        Fault("query_degradation", slot.begin, slot.until),
        Fault("phantom_lag", slot.at(0.3), slot.until),
    ]


def _recovered(slot: Slot) -> list[Fault]:
    return [Fault("broker_loss", slot.begin, slot.until or slot.begin + min(timedelta(minutes=15), slot.span * 0.25))]


def _odd_sample(slot: Slot) -> list[Fault]:
    return [Fault("single_odd_sample", slot.at(0.5), None)]


def _healthy(_: Slot) -> list[Fault]:
    return []


_DAY: Final = (
    # kind, target, magnitude, begin and length in hours of a day of 24
    ("traffic_burst", "clicks", 0.6, 2.0, 0.4),
    ("broker_loss", "broker-2", 1.0, 5.0, 0.25),
    ("slow_consumer", "audit/orders", 1.0, 7.5, 0.5),
    ("query_degradation", "ch-2", 1.0, 10.0, 0.6),
    ("taskmanager_loss", "tm-3", 1.0, 12.5, 0.12),
    ("insert_bottleneck", "orders-enrich", 1.0, 18.0, 0.8),
    ("phantom_lag", "payments-agg", 0.35, 23.35, None),
)


def _demo(slot: Slot) -> list[Fault]:
    scale = slot.span.total_seconds() / 86400
    faults = []
    for kind, target, magnitude, begin, length in _DAY:
        start = slot.begin + timedelta(hours=(begin + float(slot.rng.uniform(-0.1, 0.1))) * scale)
        faults.append(Fault(kind, start, None, magnitude, target))
        if length is not None:
            faults[-1] = replace(faults[-1], end=start + timedelta(hours=length * scale))
    return faults


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


_STORIES: Final = (
    Scenario("healthy", "A healthy platform", "Nothing is wrong.", _minutes(60), _healthy),
    Scenario(
        "demo",
        "A day in the life",
        "Several faults over the day, each over before the next; checkpoints fail now and then at the end.",
        timedelta(hours=24),
        _demo,
        whole=True,
    ),
    Scenario(
        "insert_bottleneck",
        "Insert bottleneck cascade",
        "Tiny inserts make parts faster than ClickHouse merges them; inserts are delayed, Flink is "
        "back-pressured, checkpoints slow down, Kafka lag grows.",
        _minutes(100),
        _one("insert_bottleneck"),
    ),
    Scenario(
        "checkpoint_restart_loop",
        "Checkpoint expiry and restart loop",
        "An operator all but hangs, checkpoints expire, the job restarts again and again.",
        _minutes(50),
        _one("checkpoint_restart_loop"),
    ),
    Scenario(
        "slow_operator",
        "Slow operator",
        "One task of a Flink job cannot keep up; the tasks before it are back-pressured and its lag grows.",
        _minutes(60),
        _one("slow_operator"),
    ),
    Scenario(
        "phantom_lag",
        "Phantom consumer lag",
        "Checkpoint storage fails, so offsets are not committed; records are processed as usual.",
        _minutes(60),
        _one("phantom_lag"),
    ),
    Scenario(
        "broker_loss",
        "Broker loss",
        "A broker dies; topics with two replicas refuse writes, Flink and ClickHouse get less to do.",
        _minutes(45),
        _one("broker_loss"),
    ),
    Scenario(
        "taskmanager_loss",
        "Task manager loss",
        "A task manager is killed; without spare slots its jobs restart in vain and lag grows.",
        _minutes(45),
        _one("taskmanager_loss"),
    ),
    Scenario(
        "keeper_split",
        "Keeper quorum lost",
        "ClickHouse cannot reach Keeper; its tables become read-only and Flink's sinks fail.",
        _minutes(45),
        _one("keeper_split"),
    ),
    Scenario(
        "network_partition",
        "Network partition",
        "A zone with a broker, a task manager and a ClickHouse node is cut off from the other two.",
        _minutes(45),
        _one("network_partition"),
    ),
    Scenario(
        "traffic_burst",
        "Genuine traffic burst",
        "Far more messages than usual; everything works harder and nothing is broken.",
        _minutes(45),
        _one("traffic_burst"),
    ),
    Scenario(
        "upstream_silence",
        "Upstream silence",
        "The producers stop; lag stays at zero and everything behind falls silent.",
        _minutes(45),
        _one("upstream_silence"),
    ),
    Scenario(
        "disk_exhaustion",
        "Disk exhaustion",
        "A ClickHouse disk fills up until merges find no room; parts pile up and inserts are delayed.",
        timedelta(hours=12),
        _paced("disk_exhaustion", 12.0),
    ),
    Scenario(
        "slow_replica",
        "Slow replica",
        "A replica lags behind, its peers take over its reads and become slow.",
        _minutes(60),
        _one("slow_replica"),
    ),
    Scenario(
        "memory_leak",
        "Memory leak",
        "A task manager's heap fills over hours until it is killed, and again after its restart.",
        timedelta(hours=8),
        _paced("memory_leak", 8.0),
    ),
    Scenario(
        "slow_consumer",
        "Slow consumer",
        "One consumer group reads too slowly and its lag grows.",
        _minutes(60),
        _one("slow_consumer"),
    ),
    Scenario(
        "under_replicated",
        "Under-replicated partitions",
        "A follower's disk is slow, its replicas drop out of the in-sync set.",
        _minutes(45),
        _one("under_replicated"),
    ),
    Scenario(
        "query_degradation",
        "Slow queries",
        "Queries on one node take many times as long, with its resources as usual.",
        _minutes(45),
        _one("query_degradation"),
    ),
    Scenario(
        "flapping",
        "Flapping consumer",
        "A consumer stalls and recovers, again and again.",
        _minutes(90),
        _one("flapping"),
    ),
    Scenario(
        "missing_metric",
        "Missing metric",
        "One series stops arriving.",
        _minutes(45),
        _one("missing_metric"),
    ),
    Scenario(
        "dead_collector",
        "Dead collector",
        "Everything of Flink stops arriving at once.",
        _minutes(45),
        _one("dead_collector"),
    ),
    Scenario(
        "single_odd_sample",
        "A single odd sample",
        "One sample is far off; nothing is wrong.",
        _minutes(60),
        _odd_sample,
    ),
    Scenario(
        "rolling_restart",
        "Rolling restart",
        "The brokers are restarted one by one, as planned.",
        _minutes(30),
        _one("rolling_restart"),
    ),
    Scenario(
        "quiet_topic",
        "A quiet topic",
        "A topic that seldom gets a message gets none for hours; nothing is wrong.",
        timedelta(hours=4),
        _one("quiet_topic"),
    ),
    Scenario(
        "red_herring",
        "Red herring",
        "A broker is slow for a moment just before an insert bottleneck begins; the two are unrelated.",
        _minutes(108),
        _red_herring,
    ),
    Scenario(
        "dual_fault",
        "Two faults at once",
        "Queries become slow on a ClickHouse node and, unrelated, a job's checkpoints fail.",
        _minutes(75),
        _dual_fault,
    ),
    Scenario(
        "recovered",
        "Recovered",
        "A broker was lost and is back; by the end all is well.",
        _minutes(120),
        _recovered,
    ),
)

SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType({story.name: story for story in _STORIES})


def scenario_named(name: str) -> Scenario:
    """The scenario of that name; raises `UnknownName` with the nearest ones."""
    try:
        return SCENARIOS[name]
    except KeyError:
        nearest = tuple(difflib.get_close_matches(name, SCENARIOS, 3))
        known = ", ".join(SCENARIOS)
        raise UnknownName(f"There is no scenario named {name!r}; there are {known}.", nearest) from None


def faults_for(
    name: str,
    start: datetime,
    end: datetime,
    seed: int,
    fault_at: datetime | None = None,
    fault_for: timedelta | None = None,
    magnitude: float = 1.0,
) -> list[Fault]:
    """The faults of a scenario in the history [start, end).

    `fault_at` and `fault_for` say when they begin and how long they last, instead of the scenario's own
    placement; `magnitude` scales them. Raises `UnknownName` for no such scenario, `InvalidInput` for times
    that do not fit.
    """
    story = scenario_named(name)
    if end <= start:
        raise InvalidInput("A simulated history must end after it starts.")
    if fault_for is not None and fault_for <= timedelta(0):
        raise InvalidInput("A fault must last for more than no time.")
    slot = story.slot(start, end, np.random.Generator(np.random.PCG64(seed)))
    if fault_at is not None or fault_for is not None:
        slot = _placed(slot, end, fault_at, fault_for)
    faults = story.make(slot)
    return [replace(fault, magnitude=fault.magnitude * magnitude) for fault in faults]


def _placed(slot: Slot, end: datetime, fault_at: datetime | None, fault_for: timedelta | None) -> Slot:
    begin = fault_at if fault_at is not None else slot.begin
    until = None if fault_for is None else begin + fault_for
    span = fault_for if fault_for is not None else end - begin
    if span <= timedelta(0):
        raise InvalidInput("The fault would begin after the history has ended.")
    return Slot(begin, until, span, slot.rng)
