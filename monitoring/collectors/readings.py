"""From a page to values: every rule applied, in order of preference. Pure but for the counters it is given."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from monitoring.collectors.counters import Counters, Growth
from monitoring.collectors.exposition import Page, PageSeries
from monitoring.collectors.rules import EXPORTERS, Pool, Rule

_EXPORTERS = {name: re.compile(pattern) for name, pattern in EXPORTERS.items()}
ENDPOINT_LABELS = ("pod", "kubernetes_pod_name", "hostname", "instance")
_FLINK_LABELS = ("job_name", "task_name", "tm_id")
_FIELD = re.compile(r"\{(\w+)\}")


def total(values: Iterable[float]) -> float:
    """The sum; no number where it is too large to be one."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.nan


POOLED: Mapping[Pool, Callable[[Iterable[float]], float]] = {"sum": total, "max": max}


class Reading(NamedTuple):
    """A value of one metric of one instance."""

    metric: str
    instance: str
    value: float
    standin: bool


class Element(NamedTuple):
    """One of the things that are pooled into an instance: a partition, a subtask, a mount point."""

    instance: str
    part: tuple[str, ...]


Elements = dict[Element, dict[str, float]]
"""The values of each element by incarnation; gauges have the one incarnation ""."""


@dataclass(frozen=True)
class Context:
    """One look at one page. `endpoint` is what the host is called."""

    page: Page
    endpoint: str
    now: datetime
    counters: Counters
    several_task_managers: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "several_task_managers", len(self.page.distinct("tm_id")) > 1)


def flink_name(name: str) -> str:
    """A job, task or task manager as Flink's Prometheus reporter writes it: `orders-enrich` is `orders_enrich`.

    Names from the REST interface, or from a reporter that was told not to filter, become the same.
    """
    return re.sub(r"[^a-zA-Z0-9:_]", "_", name)


def exporters_of(names: Iterable[str]) -> tuple[str, ...]:
    """Which exporters a page with these names comes from; empty when none is known."""
    names = list(names)
    return tuple(kind for kind, pattern in _EXPORTERS.items() if any(pattern.fullmatch(name) for name in names))


def selectors_of(rules: Iterable[Rule]) -> list[str]:
    """All selectors the rules use."""
    return [text for rule in rules for text in (*rule.series, *rule.over, *rule.minus)]


def read(context: Context, rules: Sequence[Rule]) -> list[Reading]:
    """The readings of a page: for each metric those of the first rule whose series are on it."""
    exporters = exporters_of(context.page.names)
    done: set[str] = set()
    readings: list[Reading] = []
    for position, rule in enumerate(rules):
        if rule.exporter not in exporters or rule.metric in done:
            continue
        values = _apply(context, rule, position)
        if values is None:
            continue
        done.add(rule.metric)
        readings += [
            Reading(rule.metric, instance, value, rule.standin)
            for instance, value in values.items()
            if math.isfinite(value)
        ]
    return readings


def _apply(context: Context, rule: Rule, position: int) -> dict[str, float] | None:
    """The values per instance, or `None` where the page has nothing for this rule."""
    series = _elements(context, rule, rule.series, rule.at_least, rule.at_most)
    over = _elements(context, rule, rule.over, rule.over_at_least, rule.over_at_most)
    if not series or (rule.over and not series.keys() & over.keys()):
        return None
    parts: dict[str, list[float]] = {}
    for element in series:
        value = _value(context, rule, position, element, series[element], over.get(element))
        if value is not None and math.isfinite(value):
            parts.setdefault(element.instance, []).append(1.0 - value if rule.complement else value)
    less = _elements(context, rule, rule.minus, rule.at_least, rule.at_most)
    return {instance: _finish(rule, values, instance, less) for instance, values in parts.items()}


def _finish(rule: Rule, values: Sequence[float], instance: str, less: Elements) -> float:
    value = POOLED[rule.pool](values)
    if rule.minus:
        taken = sum(sum(v.values()) for element, v in less.items() if element.instance == instance)
        value = max(0.0, value - taken)
    return finished(rule, value)


def finished(rule: Rule, value: float) -> float:
    """A value in the unit of its metric and within its limits."""
    value = min(value * rule.times / rule.divided_by, float(rule.cap))
    return 0.0 if abs(value) < rule.zero_below else value


def _value(
    context: Context,
    rule: Rule,
    position: int,
    element: Element,
    values: Mapping[str, float],
    over: Mapping[str, float] | None,
) -> float | None:
    """The value of one element by the rule's kind; `None` while it cannot be known."""
    if rule.kind == "gauge":
        return POOLED[rule.pool](values.values())
    if rule.kind == "age":
        return max(0.0, context.now.timestamp() * 1000 - max(values.values()))
    if rule.kind in ("rate", "increase"):
        growth = _growth(context, rule, (position, "series", element), values)
        if growth is None:
            return None
        return growth.amount if rule.kind == "increase" else growth.per_second
    return None if over is None else _quotient(context, rule, position, element, values, over)


def _quotient(
    context: Context,
    rule: Rule,
    position: int,
    element: Element,
    values: Mapping[str, float],
    over: Mapping[str, float],
) -> float | None:
    if rule.kind == "gauge/gauge":
        return _divide(POOLED[rule.pool](values.values()), POOLED[rule.pool](over.values()))
    below = _growth(context, rule, (position, "over", element), over)
    if rule.kind == "increase/increase":
        above = _growth(context, rule, (position, "series", element), values)
        return None if above is None or below is None else _divide(above.amount, below.amount)
    if not any(values.values()):
        return 0.0
    return None if below is None else _divide(POOLED[rule.pool](values.values()), below.per_second)


def _divide(above: float, below: float) -> float | None:
    return above / below if below > 0 else None


def _growth(context: Context, rule: Rule, key: tuple[int, str, Element], values: Mapping[str, float]) -> Growth | None:
    window = timedelta(seconds=rule.window)
    context.counters.observe(key, context.now, values, window, offset=rule.offsets)
    growth = context.counters.growth(key, context.now, window)
    if growth is None or growth.span < timedelta(seconds=rule.min_span):
        return None
    return growth


def _elements(context: Context, rule: Rule, selectors: Sequence[str], at_least: float, at_most: float) -> Elements:
    """The usable values of the first selector that has any."""
    for text in selectors:
        elements: Elements = {}
        for one in context.page.select(text):
            if math.isfinite(one.value) and at_least <= one.value <= at_most:
                _add(context, rule, one, elements)
        if elements:
            return elements
    return {}


def _add(context: Context, rule: Rule, one: PageSeries, elements: Elements) -> None:
    instance = _instance(context, rule.instance, one.labels)
    if instance is None:
        return
    part = tuple(_label(label, one.labels) for label in rule.by)
    incarnation = one.labels.get(rule.incarnation, "")
    values = elements.setdefault(Element(instance, part), {})
    before = values.get(incarnation)
    values[incarnation] = one.value if before is None else POOLED[rule.pool]((before, one.value))


def _instance(context: Context, template: str, labels: Mapping[str, str]) -> str | None:
    """The template filled in; `None` where a label is missing."""
    endpoint = endpoint_by(labels) or context.endpoint
    manager = _label("tm_id", labels) if context.several_task_managers else endpoint
    return filled(template, labels, {"endpoint": endpoint, "task_manager": manager})


def endpoint_by(labels: Mapping[str, str]) -> str:
    """What labels call the host that answered; empty where they do not."""
    return next((labels[label] for label in ENDPOINT_LABELS if labels.get(label)), "")


def filled(template: str, labels: Mapping[str, str], fields: Mapping[str, str]) -> str | None:
    """The template filled in from the fields and then the labels; `None` where one is missing."""
    names = _FIELD.findall(template)
    values = {name: fields.get(name) or _label(name, labels) for name in names}
    if not all(values.values()):
        return None
    return _FIELD.sub(lambda found: values[found.group(1)], template)


def _label(label: str, labels: Mapping[str, str]) -> str:
    value = labels.get(label, "")
    return flink_name(value) if label in _FLINK_LABELS else value
