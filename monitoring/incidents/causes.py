"""What caused what: open events become trees, each with one root, by the catalogue's links.

Every event gets at most one parent, the event that explains it best; what nothing explains is a root. A tree is
one incident: two faults with symptoms of their own stay two, and what comes between them goes to the nearer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitoring.anomalies import Event
from monitoring.metrics import (
    ANY,
    ROLES,
    SILENT_BROKER,
    SILENT_NODE,
    SILENT_TASK_MANAGER,
    SPLIT_BRAIN,
    Catalogue,
    Link,
    Pattern,
    SeriesKey,
)

SLACK = timedelta(seconds=90)
"""Onsets this close have no order: Flink's meters trail by 60 s, scrapes by 30 s."""
SAME_METRIC = timedelta(minutes=10)
"""Neighbours of one metric (two brokers, two topics) that begin within this time have one cause."""
SAME_OWNER = timedelta(hours=2)
"""For so long new strain of a job or node that is in trouble already belongs to that trouble."""
GOING_ON = 6
"""A cause that goes on may bring about an effect so many times later than one that is over."""
NEAREST = 16
"""In a storm of one sign, so many of its events on either side are looked at as causes of another event."""
AFTERMATH = timedelta(minutes=5)
"""How long after the end of a cause its effects may still begin."""

_SILENT = {"kafka": SILENT_BROKER, "flink": SILENT_TASK_MANAGER, "clickhouse": SILENT_NODE}
OwnerOf = Callable[[SeriesKey], str]


@dataclass(slots=True)
class Node:
    """An event in the forest: its sign, its place in the order of causes, and what explains it."""

    event: Event
    sign: str
    rank: int
    onset: datetime
    owner: str
    scope: str
    place: int = 0
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    def root(self) -> Node:
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def tree(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.tree()


def sign_of(event: Event) -> str:
    """What an event tells of: its metric, or an instance that fell silent; empty for what has no effects."""
    if event.kind != "no_data":
        split = event.key.metric == "active_controller_count" and (event.peak_value or 0) > 1
        return SPLIT_BRAIN if split else event.key.metric
    if event.key.metric != ANY or event.key.instance == ANY:
        return ""
    return _SILENT.get(event.key.component, "")


def owner_of(key: SeriesKey, catalogue: Catalogue) -> str:
    """The broker, job or node a series belongs to: the node of `node/table`, the job of `job/task`."""
    metric = catalogue.by_name.get(key.metric)
    nested = metric is not None and metric.scope in ("node/table", "node/disk", "job/task")
    return key.instance.split("/", 1)[0] if nested else key.instance


def forest(events: Sequence[Event], catalogue: Catalogue) -> list[Node]:
    """The roots of the trees that the events make, in order of onset."""
    nodes = [_node(event, catalogue) for event in events]
    nodes.sort(key=lambda n: (n.onset, n.rank, n.event.fingerprint))
    for place, node in enumerate(nodes):
        node.place = place
    explanations = _Explanations(nodes, catalogue)
    for node in nodes:
        _attach(node, explanations.best(node))
    _bring_together(nodes, catalogue.patterns)
    return [node for node in nodes if node.parent is None]


def _node(event: Event, catalogue: Catalogue) -> Node:
    sign = sign_of(event)
    rank = ROLES.index(catalogue.role_of(sign)) if sign else 0
    metric = catalogue.by_name.get(event.key.metric)
    scope = "" if metric is None else metric.scope
    return Node(event, sign, rank, event.started_at, owner_of(event.key, catalogue), scope)


def _attach(node: Node, parent: Node | None) -> None:
    if parent is not None:
        node.parent = parent
        parent.children.append(node)


class _Explanations:
    """Finds what explains an event, among all events by their signs."""

    def __init__(self, nodes: Sequence[Node], catalogue: Catalogue) -> None:
        self._links = catalogue.links_to
        self._by_sign: dict[str, list[Node]] = defaultdict(list)
        self._by_series: dict[SeriesKey, list[Node]] = defaultdict(list)
        self._by_owner: dict[tuple[str, str], list[Node]] = defaultdict(list)
        self._silent = [node for node in nodes if node.event.kind == "no_data"]
        for node in nodes:
            self._by_owner[node.event.key.component, node.owner].append(node)
            self._by_sign[node.sign].append(node)
            self._by_series[node.event.key].append(node)

    def best(self, node: Node) -> Node | None:
        """The event that explains this one best: the same series seen another way, then the nearest cause."""
        if not node.sign:
            return self._beside(node)
        before = [n for n in self._by_series[node.event.key] if n.place < node.place and not _below(n, node)]
        if before:
            return before[0]
        found = [(self._cost(node, cause), cause) for cause in self._causes(node)]
        if found:
            return min(found, key=lambda pair: (pair[0], pair[1].onset, pair[1].event.fingerprint))[1]
        return self._neighbour(node)

    def _causes(self, node: Node) -> Iterator[Node]:
        for sign, links in self._links.get(node.sign, {}).items():
            for cause in self._near(sign, node):
                if cause is node or _below(cause, node):
                    continue
                if any(self._may_cause(cause, node, link) for link in links) and self._is_its_group(cause, node):
                    yield cause

    def _near(self, sign: str, node: Node) -> Iterator[Node]:
        """The events of a sign that come into question: of the same owner, and those that began nearest."""
        of_sign = self._by_sign.get(sign, ())
        if len(of_sign) <= 2 * NEAREST:
            yield from of_sign
            return
        owned = self._by_owner[node.event.key.component, node.owner]
        yield from (n for n in owned if n.sign == sign)
        place = bisect_left(of_sign, node.place, key=lambda n: n.place)
        yield from of_sign[max(0, place - NEAREST) : place + NEAREST]

    def _may_cause(self, cause: Node, node: Node, link: Link) -> bool:
        gap, ended = node.onset - cause.onset, cause.event.resolved_at
        if gap > (link.within if ended is not None else GOING_ON * link.within) or gap < -SLACK:
            return False
        # Begun at the same time, the one that comes first by role or by the only link there is can be the cause.
        if gap < timedelta(0) and cause.rank >= node.rank and self._both_ways(cause, node):
            return False
        if ended is not None and node.onset > ended + AFTERMATH:
            return False
        return not link.same_owner or cause.owner == node.owner

    def _is_its_group(self, cause: Node, node: Node) -> bool:
        """Whether a group's lag may come of a job's trouble: a job reads as one group, the first to show it."""
        if node.scope != "group/topic" or cause.scope not in ("job", "job/task"):
            return True
        group, job = _group(node), cause.owner
        mine = self._by_owner[cause.event.key.component, job]
        explained = (_group(child) for n in mine for child in n.children if child.scope == "group/topic")
        return all(other == group for other in explained)

    def _both_ways(self, cause: Node, node: Node) -> bool:
        return cause.rank > node.rank or node.sign in self._links.get(cause.sign, {})

    def _cost(self, node: Node, cause: Node) -> tuple[int, float]:
        """Lower is better: of the same thing, then of the same component, then near in time."""
        same_owner = cause.owner == node.owner
        same_component = cause.event.key.component == node.event.key.component
        distance = 0 if same_owner and same_component else 1 if same_component else 2
        return distance, abs((node.onset - cause.onset).total_seconds())

    def _beside(self, node: Node) -> Node | None:
        """What a silence belongs to: other trouble of the same job or node, or a silence that began with it."""
        own = [n for n in self._by_owner[node.event.key.component, node.owner] if n.onset <= node.onset + SLACK]
        silent = [n for n in self._silent if abs(n.onset - node.onset) <= SLACK]
        candidates = [n for n in (*own, *silent) if not _below(n, node) and _goes_on(n, node.onset)]
        # Two silences that began together: the wider one, then the first, is the cause.
        wider = [n for n in candidates if n.sign or n.place < node.place]
        return min(wider, key=lambda n: (not n.sign, n.place), default=None)

    def _neighbour(self, node: Node) -> Node | None:
        """The same metric elsewhere, or another one of the same broker, job or node, that began shortly before."""
        alike = _shortly_before(node, self._by_sign[node.sign])
        if node.scope == "group/topic":
            # Lag of another group is no sign of a common cause where a job explains that.
            alike = (n for n in alike if n.parent is None or _group(n) == _group(node))
        found = next(alike, None)
        if found is None and node.rank > 0 and node.owner not in (ANY, "cluster"):
            own = self._by_owner[node.event.key.component, node.owner]
            found = next(_shortly_before(node, own, SAME_OWNER), None)
        return found


def _shortly_before(node: Node, others: Sequence[Node], span: timedelta = SAME_METRIC) -> Iterator[Node]:
    """Those of the same component that began up to so long before and go on, the first one first."""
    start = bisect_left(others, node.onset - span, key=lambda n: n.onset)
    end = bisect_left(others, node.place, key=lambda n: n.place)
    component = node.event.key.component
    return (
        n
        for n in (others[place] for place in range(start, end))
        if n.event.key.component == component and not _below(n, node) and _goes_on(n, node.onset)
    )


def _goes_on(node: Node, moment: datetime) -> bool:
    return node.event.resolved_at is None or node.event.resolved_at >= moment


def _below(node: Node, other: Node) -> bool:
    """Whether `node` is `other` or explained by it."""
    at: Node | None = node
    while at is not None:
        if at is other:
            return True
        at = at.parent
    return False


def _group(node: Node) -> str:
    """The consumer group of a lag, whose instance is `group/topic`."""
    return node.event.key.instance.rsplit("/", 1)[0]


def _bring_together(nodes: Sequence[Node], patterns: Sequence[Pattern]) -> None:
    """Join trees whose roots are the tiers of one pattern and began together, such as a network partition."""
    for pattern in patterns:
        if pattern.together is None:
            continue
        roots = [n for n in nodes if n.parent is None and tier_of(n, pattern) is not None]
        for later in roots[1:]:
            for first in roots:
                apart = later.onset - first.onset
                different = tier_of(first, pattern) != tier_of(later, pattern)
                near = timedelta(0) <= apart <= pattern.together
                if first is not later and different and near and not _below(first, later):
                    _attach(later, first)
                    break


def tier_of(node: Node, pattern: Pattern) -> int | None:
    """Which of a pattern's tiers an event is a sign of."""
    return next((place for place, tier in enumerate(pattern.tiers) if node.sign in tier), None)
