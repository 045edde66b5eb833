"""Events of one cause become one incident: pure, from open events and the catalogue's links and patterns.

All events of open incidents are looked at together each time one fires, so that a cause seen late takes in
what it explains; an incident whose root turns out to be the effect of another one becomes part of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from monitoring.anomalies import ChainLink, Event, Incident, NoDataCause, humanize
from monitoring.flow import Flow
from monitoring.incidents.causes import SLACK, Node, forest, tier_of
from monitoring.incidents.lifecycle import highest, status_of
from monitoring.metrics import ANY, ISOLATED, ROLES, Catalogue, Pattern, SeriesKey

_EFFECT = ROLES.index("effect")


@dataclass(slots=True)
class Case:
    """An open incident with its events, what explains what among them, and what passed through the stages since."""

    incident: Incident
    events: list[Event]
    flow: Flow | None = None
    roots: list[Node] | None = None


def regroup(
    cases: Sequence[Case], fired: Iterable[Event], catalogue: Catalogue, numbers: int
) -> tuple[list[Case], list[Incident]]:
    """The open cases anew, once `fired` have joined, and the incidents that became part of others.

    `numbers` is the highest number an incident has had so far. Cases whose events are as they were are the
    same objects and not refreshed; the caller tells changed ones by `touched_by`.
    """
    known = {case.incident.number: case for case in cases}
    events = [event for case in cases for event in case.events] + list(fired)
    roots = forest(events, catalogue)
    trees = [[node.event for node in root.tree()] for root in roots]
    claims = _claims(trees, known)
    made: list[Case] = []
    for place, tree in enumerate(trees):
        claimed = sorted(number for number, owner in claims.items() if owner == place)
        if claimed:
            case = known[claimed[0]]
            case.events = tree
        else:
            numbers += 1
            case = Case(_opened(tree[0], numbers), tree)
        case.roots = [roots[place]]
        for event in tree:
            event.incident = case.incident.number
        made.append(case)
    kept = {id(case) for case in made}
    absorbed = [case for case in cases if id(case) not in kept]
    for case in absorbed:
        into = made[claims[case.incident.number]]
        case.incident.merged_into = into.incident.number
    return made, [case.incident for case in absorbed]


def refresh(case: Case, catalogue: Catalogue) -> None:
    """Bring an incident's chain, pattern, root, severity, status and end up to date with its events."""
    incident = case.incident
    roots = case.roots = case.roots or forest(case.events, catalogue)
    top = min(roots, key=lambda node: (node.rank, node.onset))
    nodes = sorted((node for root in roots for node in root.tree()), key=lambda n: (n.onset, n.rank, n.sign))
    root = _by_flow(top, nodes, case.flow)
    pattern = classify(root, nodes, catalogue.patterns, case.flow)
    if pattern is not None and pattern.tiers:
        root = _most_telling(nodes, pattern)
    incident.pattern = ISOLATED if pattern is None else pattern.family
    incident.rule = "" if pattern is None else pattern.name
    _tell_silences(nodes, pattern)
    incident.root = root.event.key
    incident.certain = _is_certain(root, nodes)
    incident.severity = highest(node.event.severity for node in nodes)
    incident.started_at = nodes[0].onset
    incident.chain = _chain(nodes)
    ends = [node.event.resolved_at for node in nodes]
    known = [end for end in ends if end is not None]
    incident.resolved_at = max(known) if len(known) == len(ends) else None
    incident.status = status_of(node.event for node in nodes)
    incident.summary = _summary(nodes, root, pattern, incident, case.flow, catalogue)


def _chain(nodes: Sequence[Node]) -> list[ChainLink]:
    """One link for each series, from its first sign on, however many ways it is anomalous in."""
    links: dict[SeriesKey, ChainLink] = {}
    for node in nodes:
        key, severity = node.event.key, node.event.severity
        link = links.setdefault(key, ChainLink(*key, node.onset, severity))
        link.severity = highest((link.severity, severity))
    return list(links.values())


def _tell_silences(nodes: Sequence[Node], pattern: Pattern | None) -> None:
    """Say of instances that fell silent whether they are gone or cut off: only all tiers together show which."""
    cause: NoDataCause = "partitioned" if pattern is not None and pattern.cuts_off else "instance_gone"
    for node in nodes:
        if node.event.no_data_cause in ("instance_gone", "partitioned"):
            node.event.no_data_cause = cause


def classify(
    root: Node, nodes: Sequence[Node], patterns: Sequence[Pattern], flow: Flow | None = None
) -> Pattern | None:
    """The first pattern that fits the root and the signs of the chain; `None` if none does.

    An output that fell is a sign too, even where it did not fall enough to be an anomaly of its own.
    """
    signs = {node.sign for node in nodes}
    shown = signs.union(flow.fell) if flow is not None else signs
    return next((pattern for pattern in patterns if _fits(pattern, root, nodes, signs, shown)), None)


def _fits(pattern: Pattern, root: Node, nodes: Sequence[Node], signs: set[str], shown: set[str]) -> bool:
    if root.sign not in pattern.roots or signs.intersection(pattern.without):
        return False
    if sum(not shown.isdisjoint(group) for group in pattern.then) < pattern.at_least:
        return False
    return pattern.together is None or _tiers_together(pattern, nodes, pattern.together)


def _tiers_together(pattern: Pattern, nodes: Sequence[Node], together: timedelta) -> bool:
    """Whether at least two tiers show signs that began within that time of one another."""
    first: dict[int, Node] = {}
    for node in nodes:
        tier = tier_of(node, pattern)
        if tier is not None:
            first.setdefault(tier, node)
    onsets = sorted(node.onset for node in first.values())
    return any(later - earlier <= together for earlier, later in pairwise(onsets))


def _most_telling(nodes: Sequence[Node], pattern: Pattern) -> Node:
    """Where several tiers are hit at once, the sign the pattern names first."""
    tiered = [node for node in nodes if node.sign in pattern.roots and tier_of(node, pattern) is not None]
    return min(tiered, key=lambda node: (pattern.roots.index(node.sign), node.onset))


def _claims(trees: Sequence[Sequence[Event]], known: dict[int, Case]) -> dict[int, int]:
    """Which tree goes on with which incident: the one that holds its root, else its first event."""
    place_of = {id(event): place for place, tree in enumerate(trees) for event in tree}
    claims: dict[int, int] = {}
    for number, case in known.items():
        rooted = [event for event in case.events if event.key == case.incident.root]
        first = min(rooted or case.events, key=lambda event: event.started_at)
        claims[number] = place_of[id(first)]
    return claims


def _by_flow(top: Node, nodes: Sequence[Node], flow: Flow | None) -> Node:
    """The root: the top of the tree, unless it only tells of queues and rates and another stage's output fell
    while its input was normal."""
    if flow is None or flow.owner is None or top.rank < _EFFECT or top.event.key.component == flow.owner:
        return top
    own = [node for node in nodes if node.event.key.component == flow.owner and node.onset <= top.onset + 2 * SLACK]
    return min(own, key=lambda node: (node.rank, node.onset)) if own else top


def _is_certain(root: Node, nodes: Sequence[Node]) -> bool:
    """Whether the root is more than a guess: not just a queue or rate that others began to show as soon."""
    if root.rank < _EFFECT:
        return True
    as_soon = [n for n in nodes if n is not root and abs(n.onset - root.onset) <= SLACK]
    return all(n.event.key.component == root.event.key.component for n in as_soon)


def _opened(event: Event, number: int) -> Incident:
    detected = event.detected_at or event.started_at
    return Incident(number, ISOLATED, event.severity, "firing", event.key, event.started_at, detected)


def _summary(
    nodes: Sequence[Node],
    root: Node,
    pattern: Pattern | None,
    incident: Incident,
    flow: Flow | None,
    catalogue: Catalogue,
) -> str:
    if len(nodes) == 1:
        return root.event.message if pattern is None else f"{pattern.title}. {root.event.message}."
    title = pattern.title if pattern else "Several anomalies that belong together"
    began = "It began with" if incident.certain else "What came first cannot be told; the earliest sign is"
    text = f"{title}. {began} {_spoken(root, catalogue)}, then: {_listed(nodes, root, catalogue)}."
    return f"{text} {flow.words()}" if flow is not None and flow.fell else text


def _listed(nodes: Sequence[Node], root: Node, catalogue: Catalogue) -> str:
    others: dict[str, str] = {}
    for node in nodes:
        if node.event.key != root.event.key:
            after = node.onset - root.onset
            when = f" ({humanize(after)} later)" if after > timedelta(0) else ""
            others.setdefault(_spoken(node, catalogue), when)
    shown = ", ".join(f"{name}{when}" for name, when in list(others.items())[:5])
    return f"{shown} and {len(others) - 5} more" if len(others) > 5 else shown


def _spoken(node: Node, catalogue: Catalogue) -> str:
    key = node.event.key
    metric = catalogue.by_name.get(key.metric)
    name = metric.short if metric else "no data"
    where = "" if key.instance in (ANY, "cluster") else f" on {key.instance}"
    return f"{key.component} {name}{where}"
