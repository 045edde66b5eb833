"""The mapping as PromQL: what a rule says, written as a query that a Prometheus server works out itself.

A rule becomes one expression per choice of its selectors, with the names that the server really has in it.
What is left to do on the answer (factors, limits) is done by `readings.finished`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitoring.collectors.readings import ENDPOINT_LABELS
from monitoring.collectors.rules import EXPORTERS, Rule, selector

SHORTEST_WINDOW = 120.0
"""Seconds: a rate needs two readings, and many platforms are scraped once a minute."""

_FIELD = re.compile(r"\{(\w+)\}")
_MARK = re.compile(r"kafka_server_replicamanager_.+|kafka_controller_kafkacontroller_.+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Expression:
    """A query for one metric, and the labels that name its instances."""

    rule: Rule
    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Vector:
    """The series a selector names: name, matchers, and the labels its name gives."""

    name: str
    matchers: str
    given: tuple[tuple[str, str], ...]

    def text(self, window: float | None = None) -> str:
        return f"{self.name}{{{self.matchers}}}" + (f"[{window:g}s]" if window else "")


def expressions(rule: Rule, names: Sequence[str], more: str = "") -> Iterator[Expression]:
    """The queries for a rule in order of preference; none where the server lacks what it needs.

    `names` are the names that the server has, `more` are matchers put on every selector.
    """
    labels = labels_of(rule.instance)
    inner = (*labels, *(label for label in rule.by if label not in labels))
    guard = _guard(rule, names, more)
    for over in _choices(rule.over, names, more) if rule.over else [()]:
        for series in _choices(rule.series, names, more):
            text = _pooled(rule, _each(rule, series, over, inner, guard), labels)
            for minus in _choices(rule.minus, names, more):
                less = f"sum by ({', '.join(labels)}) ({_gauges(minus, rule.at_least, rule.at_most, guard)})"
                text = f"clamp_min({text} - ({less} or 0 * {text}), 0)"
                break
            yield Expression(rule, text, labels)


def labels_of(template: str) -> tuple[str, ...]:
    """The labels an instance is named by. A task manager is an endpoint: each shows its own series."""
    found: list[str] = []
    for name in _FIELD.findall(template):
        found += ENDPOINT_LABELS if name in ("endpoint", "task_manager") else (name,)
    return tuple(found)


def _choices(selectors: Sequence[str], names: Sequence[str], more: str) -> Iterator[tuple[_Vector, ...]]:
    for text in selectors:
        vectors = tuple(_vectors(text, names, more))
        if vectors:
            yield vectors


def _vectors(text: str, names: Iterable[str], more: str) -> Iterator[_Vector]:
    wanted = selector(text)
    matchers = ", ".join(part for part in (text.partition("{")[2].removesuffix("}"), more) if part)
    for name in names:
        found = wanted.pattern.fullmatch(name)
        if found:
            yield _Vector(name, matchers, tuple(found.groupdict().items()))


def _guard(rule: Rule, names: Sequence[str], more: str) -> str:
    """Keeps to the processes that are meant: every Java process has a heap, not only brokers."""
    own = re.compile(EXPORTERS[rule.exporter], re.IGNORECASE)
    found = [name for text in rule.series for name in names if selector(text).pattern.fullmatch(name)]
    if not found or any(own.fullmatch(name) for name in found):
        return ""
    marks = "|".join(sorted({name for name in names if _MARK.fullmatch(name)}))
    if not marks:
        return " and on () vector(0) == 1"
    matchers = ", ".join(part for part in (f'__name__=~"{marks}"', more) if part)
    return f" and on (instance, job) {{{matchers}}}"


def _each(rule: Rule, series: Sequence[_Vector], over: Sequence[_Vector], inner: Sequence[str], guard: str) -> str:
    """The value of each element, by the rule's kind."""
    by = f"by ({', '.join(inner)})"
    if rule.kind == "gauge":
        return _gauges(series, rule.at_least, rule.at_most, guard)
    if rule.kind == "age":
        return f"clamp_min(time() * 1000 - {rule.pool} {by} ({_gauges(series, rule.at_least, rule.at_most, guard)}), 0)"
    if rule.kind in ("rate", "increase"):
        return _growth(rule, series, rule.kind, guard)
    above = f"sum {by} ({_gauges(series, rule.at_least, rule.at_most, guard)})"
    if rule.kind == "gauge/gauge":
        below = f"sum {by} ({_gauges(over, rule.over_at_least, rule.over_at_most, guard)})"
        ratio = f"({above}) / (({below}) > 0)"
        return f"1 - ({ratio})" if rule.complement else ratio
    below = f"sum {by} ({_growth(rule, over, 'rate' if rule.kind == 'gauge/rate' else 'increase', guard)})"
    if rule.kind == "gauge/rate":
        return f"(({above}) / (({below}) > 0) or ({above}) == 0)"
    return f"sum {by} ({_growth(rule, series, 'increase', guard)}) / (({below}) > 0)"


def _gauges(vectors: Sequence[_Vector], at_least: float, at_most: float, guard: str) -> str:
    limits = (f" >= {at_least!r}" if at_least > float("-inf") else "") + (
        f" <= {at_most!r}" if at_most < float("inf") else ""
    )
    return _union(vectors, lambda vector: vector.text() + limits + guard)


def _growth(rule: Rule, vectors: Sequence[_Vector], kind: str, guard: str) -> str:
    window = max(rule.window, SHORTEST_WINDOW)
    if rule.offsets:
        # A position that falls was moved back by somebody: that is no start from 0.
        grown = _union(vectors, lambda vector: f"clamp_min(delta({vector.text(window)}), 0){guard}")
        return grown if kind == "increase" else f"({grown}) / {window:g}"
    return _union(vectors, lambda vector: f"{kind}({vector.text(window)}){guard}")


def _union(vectors: Sequence[_Vector], written: Callable[[_Vector], str]) -> str:
    """All of them; those whose names give labels are told apart by them."""
    parts = []
    for vector in vectors:
        text = written(vector)
        for label, value in vector.given:
            text = f'label_replace({text}, "{label}", "{value}", "", "")'
        parts.append(text)
    return parts[0] if len(parts) == 1 else "(" + " or ".join(parts) + ")"


def _pooled(rule: Rule, each: str, labels: Sequence[str]) -> str:
    return f"{rule.pool} by ({', '.join(labels)}) ({each})"
