"""Who leads which Kafka partition and which replicas are in sync."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from monitoring.blocks import Bools, Floats, Ints
from monitoring.simulation.topology import BROKERS, TOPICS

_SIZE: Final = len(BROKERS)


def _classes() -> tuple[Ints, Floats, Ints]:
    """Partitions of a topic with the same replicas in the same order of preference, taken together:
    the topic, the count and the replicas (-1 where there are fewer than three)."""
    topics, counts, orders = [], [], []
    for place, topic in enumerate(TOPICS):
        for first in range(_SIZE):
            topics.append(place)
            counts.append(topic.partitions / _SIZE)
            order = [(first + offset) % _SIZE for offset in range(topic.replicas)]
            orders.append(order + [-1] * (_SIZE - len(order)))
    return np.array(topics), np.array(counts), np.array(orders)


_TOPIC_OF, _COUNT, _ORDER = _classes()
_REPLICAS: Final = np.array([topic.replicas for topic in TOPICS])[_TOPIC_OF]
_MIN_INSYNC: Final = np.array([topic.min_insync for topic in TOPICS])[_TOPIC_OF]
_HOLDS: Final[Bools] = np.array([[broker in order for broker in range(_SIZE)] for order in _ORDER.tolist()])


@dataclass(frozen=True)
class Membership:
    """The state of the brokers as far as replication goes: `serving` ones answer, `insync` ones are in the
    in-sync sets, `slow` ones are out of those of topics with three replicas. With `relaxed` one replica is
    enough for a write, as it is set for planned work on topics with two."""

    serving: tuple[bool, ...]
    insync: tuple[bool, ...]
    slow: tuple[bool, ...]
    relaxed: bool = False


@dataclass(frozen=True)
class ReplicaState:
    """What follows from a membership. By broker: partitions led that are under-replicated or have fewer
    in-sync replicas than a write needs, and the share of each topic's partitions led. By topic: the share
    of partitions that take writes and the share that can be read. `insync` is by class and broker."""

    under_replicated: Floats
    under_min_isr: Floats
    offline: float
    writable: Floats
    readable: Floats
    leads: Floats
    insync: Bools
    leaders: Ints


def replica_state(members: Membership) -> ReplicaState:
    insync = _HOLDS & np.array(members.insync) & ~((_REPLICAS[:, None] > 2) & np.array(members.slow))
    # Where the last in-sync replicas went away they stay listed, and the partition is offline.
    listed = insync.sum(axis=1)
    leaders = np.array([_leader(order, row) for order, row in zip(_ORDER.tolist(), insync.tolist(), strict=True)])
    serving = np.array([leader >= 0 and members.serving[leader] for leader in leaders.tolist()])
    needed = np.minimum(_MIN_INSYNC, 1) if members.relaxed else _MIN_INSYNC
    led = leaders[:, None] == np.arange(_SIZE)
    return ReplicaState(
        under_replicated=(_COUNT * (listed < _REPLICAS)) @ led,
        under_min_isr=(_COUNT * (listed < needed)) @ led,
        offline=float(_COUNT[leaders < 0].sum()),
        writable=_share_by_topic(serving & (listed >= needed)),
        readable=_share_by_topic(serving),
        leads=np.array([[_COUNT[(t == _TOPIC_OF) & led[:, b]].sum() for t in range(len(TOPICS))] for b in range(_SIZE)])
        / np.array([topic.partitions for topic in TOPICS]),
        insync=insync,
        leaders=leaders,
    )


def shrinks(before: ReplicaState, after: ReplicaState) -> Floats:
    """How many in-sync sets lost a member, counted by the broker that leads them now."""
    lost = (before.insync & ~after.insync).sum(axis=1) * _COUNT
    return np.array([lost[after.leaders == broker].sum() for broker in range(_SIZE)])


def _leader(order: list[int], insync: list[bool]) -> int:
    return next((broker for broker in order if broker >= 0 and insync[broker]), -1)


def _share_by_topic(good: Bools) -> Floats:
    total = np.bincount(_TOPIC_OF, weights=_COUNT, minlength=len(TOPICS))
    share: Floats = np.bincount(_TOPIC_OF, weights=_COUNT * good, minlength=len(TOPICS)) / total
    return share
