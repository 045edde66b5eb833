"""The things that figures are of: brokers, nodes, tables, jobs; by the scopes of the catalogue's metrics.

An instance is named by its parts, `ch-2/orders`; the scope of a metric says what each part is, "node/table".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitoring.metrics import Catalogue

COMPONENT = "component"
ANYTHING = "instance"
KIND_WORDS: Mapping[str, str] = {
    "broker": r"brokers?",
    "node": r"nodes?|servers?|hosts?|machines?|replicas?|shards?",
    "task manager": r"task ?managers?|tms?|workers?",
    "job": r"jobs?",
    "task": r"tasks?|operators?|subtasks?",
    "topic": r"topics?",
    "group": r"(?:consumer )?groups?|consumers?",
    "table": r"tables?",
    "disk": r"disks?|volumes?",
    COMPONENT: r"components?",
    ANYTHING: r"instances?|ones?|series|of (?:them|those|these)",
}
WORDS = "|".join(KIND_WORDS.values())
"""Every word for a kind of thing, as one pattern."""
COUNTABLE = "|".join(words for kind, words in KIND_WORDS.items() if kind != ANYTHING) + "|instances?"
""" "How many of them" counts what was spoken of, which need not be things."""


def kind_of(word: str, components: Sequence[str] = ()) -> str:
    """The kind that a word stands for; Kafka's servers are its brokers. Empty where it stands for none."""
    kind = next((kind for kind, words in KIND_WORDS.items() if re.fullmatch(words, word)), "")
    return "broker" if kind == "node" and tuple(components) == ("kafka",) else kind


def named(row: Mapping[str, Any], kind: str, catalogue: Catalogue) -> str:
    """The thing of that kind that a row is of; empty where it is of none."""
    instance, metric = str(row.get("instance", "")), str(row.get("metric", ""))
    if kind == COMPONENT:
        return str(row.get("component", ""))
    if kind == ANYTHING:
        return instance
    return part_of(instance, metric, kind, catalogue)


def part_of(instance: str, metric: str, kind: str, catalogue: Catalogue) -> str:
    """The part of an instance's name that is a thing of that kind, by the scope of its metric."""
    if metric not in catalogue:
        return ""
    scopes = catalogue[metric].scope.split("/")
    parts = instance.split("/", len(scopes) - 1)
    return next((part for scope, part in zip(scopes, parts, strict=False) if scope == kind), "")


def grouped(rows: Iterable[Mapping[str, Any]], kind: str, catalogue: Catalogue) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each thing of that kind, in the order in which the things first appear."""
    things: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        name = named(row, kind, catalogue)
        if name:
            things[name].append(row)
    return dict(things)


def known(kind: str, reporting: Mapping[str, frozenset[str]], catalogue: Catalogue) -> tuple[str, ...]:
    """Every thing of that kind in the data, by name; `reporting` holds the metrics of each instance."""
    names = {part_of(instance, m, kind, catalogue) for instance, metrics in reporting.items() for m in metrics}
    return tuple(sorted(names - {""}))
