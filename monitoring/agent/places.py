"""Which instances a question is about, once it is known what each of them reports.

"All brokers except broker-2", "memory of ch-1" (not Flink's), "and tm-3?" after a question about a broker.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from monitoring.agent.instances import instances_in
from monitoring.agent.naming import metrics_in
from monitoring.agent.paraphrases import reworded
from monitoring.agent.planning import DISK_TOPICS, KEY_FIGURES, on_topics
from monitoring.agent.request import NEEDS_NO_TOOL, Request
from monitoring.metrics import COMPONENTS, Catalogue

Reporting = Mapping[str, frozenset[str]]
"""The metrics that each instance reports."""

MOST_NAMED = 400
"""Instances that a tool is asked for by name; of more, the exception cannot be made."""
_EXCEPT = (
    r"(?:except(?:ing)?(?: for)?|excluding|exclude|but(?: not)?|without|other than|apart from|aside from|besides"
    r"|ignor(?:e|ing)|leav(?:e|ing) (?:out|aside)|skip(?:ping)?|minus|not counting"
    r"|(?:is|are|was|were)n't(?= (?:of|on|from|at|in)\b)|not)"
    r"(?:\s+(?:those|the ones?|that|what (?:is|was)|anything|all))?(?:\s+(?:of|on|from|at|in))?"
)
_NAMES = r"[\w./:#*+-]*[\w*]"
_LEFT_OUT = re.compile(
    rf"\b{_EXCEPT}\s+(?:the\s+|job\s+|topic\s+|table\s+|group\s+|node\s+|broker\s+)*"
    rf"(?P<what>{_NAMES}(?:\s*(?:,|and|or|nor|&)\s*(?:the\s+)?{_NAMES})*(?:\s+(?:jobs?|topics?|tables?|groups?))?)"
)


_LEFT_OUT_BEHIND = re.compile(
    rf"(?P<what>{_NAMES})'?s?\s+(?:(?:is|are)\s+)?(?:not included|excluded|excepted|left out|aside|apart)\b"
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The instances that a question leaves out, and the question without their words."""

    instances: tuple[str, ...]
    rest: str


def left_out_in(text: str, known: Sequence[str], catalogue: Catalogue) -> LeftOut:
    """The instances that a lower-case text leaves out: "all brokers except broker-2"."""
    found: list[str] = []
    rest = text
    for match in (*_LEFT_OUT.finditer(text), *_LEFT_OUT_BEHIND.finditer(text)):
        named = instances_in(match["what"], known, catalogue).known
        if named:
            found.extend(named)
            rest = rest[: match.start()] + " " * (match.end() - match.start()) + rest[match.end() :]
    return LeftOut(tuple(dict.fromkeys(found)), rest)


def reported_by(instances: Sequence[str], reporting: Reporting) -> frozenset[str]:
    """The metrics that these instances report, or the tasks and tables of them."""
    heads = {name.split("/")[0] for name in instances}
    near = (metrics for name, metrics in reporting.items() if name in instances or name.split("/")[0] in heads)
    return frozenset().union(*near)


_AFTER = r"(?:for|of|on|in|by|from|at|topic|table|group|job)"


def implied_instances(text: str, request: Request, reporting: Reporting) -> tuple[str, ...]:
    """Instances called by an ordinary word, where the metric says what it is: "message rate for orders"."""
    if request.instances or not request.metrics:
        return ()
    parts: dict[str, list[str]] = {}
    for instance, metrics in reporting.items():
        if metrics & set(request.metrics):
            for part in {instance, *instance.split("/")}:
                parts.setdefault(part.lower(), []).append(instance)
    # "Messages in on orders": what follows one such word may be another.
    words = re.findall(rf"(?=\b{_AFTER}\s+(?:the\s+)?([a-z][\w-]+))", text)
    return tuple(dict.fromkeys(name for word in words for name in parts.get(word, ())))


def placed(
    request: Request, named: Sequence[str], left_out: Sequence[str], reporting: Reporting, catalogue: Catalogue
) -> Request:
    """The request with metrics, components and instances that fit each other, without what is left out.

    `named` are the instances of this very question; those of an earlier one give way to a metric they do not have.
    """
    if request.intent in NEEDS_NO_TOOL or not reporting:
        return request
    request = _without(request, frozenset(left_out), reporting) if left_out else request
    if not request.instances:
        return request
    request = _with_relatives(request, reporting)
    reported = frozenset().union(*(reporting.get(name, frozenset()) for name in request.instances))
    if not reported:
        return request
    if not named and not left_out and request.metrics and not reported & set(request.metrics):
        return replace(request, instances=())
    request = _of_instances(request, reported, catalogue)
    wanted = set(request.metrics) or {m.name for m in catalogue.of(request.components) if m.name in reported}
    telling = tuple(name for name in request.instances if wanted & reporting.get(name, frozenset()))
    if request.metrics and request.intent not in ("compare", "contrast") and _are_all(telling, wanted, reporting):
        return replace(request, instances=())
    return replace(request, instances=telling or request.instances)


def _are_all(instances: Sequence[str], metrics: AbstractSet[str], reporting: Reporting) -> bool:
    """Whether several instances are all there are that report these metrics: naming them leaves nothing out."""
    reporters = {name for name, reported in reporting.items() if reported & metrics}
    return len(reporters) > 1 and reporters == set(instances)


def _with_relatives(request: Request, reporting: Reporting) -> Request:
    """A job stands for its tasks, a node for its tables, where only those report the metric."""
    wanted = set(request.metrics)
    if not wanted or any(reporting.get(name, frozenset()) & wanted for name in request.instances):
        return request
    heads = {name.split("/")[0] for name in request.instances}
    relatives = tuple(n for n, metrics in sorted(reporting.items()) if metrics & wanted and n.split("/")[0] in heads)
    return replace(request, instances=relatives or request.instances)


def _of_instances(request: Request, reported: frozenset[str], catalogue: Catalogue) -> Request:
    """The instance decides between the metrics of one name: the heap of `tm-3` is Flink's."""
    homes = {catalogue[name].component for name in reported if name in catalogue}
    components = request.components
    metrics = tuple(name for name in request.metrics if name in reported)
    if not homes & set(components):
        told = {catalogue[name].component for name in metrics} or homes
        components = tuple(c for c in COMPONENTS if c in told)
    if request.metrics and not metrics:
        words = request.subject
        named = metrics_in(words, catalogue, tuple(homes)) or metrics_in(reworded(words), catalogue, tuple(homes))
        metrics = tuple(name for name in named if name in reported)
        components = tuple(c for c in COMPONENTS if c in homes)
    lost = bool(request.metrics) and not metrics
    if not request.metrics and request.intent in _OF_FIGURES:
        metrics = _telling(request, reported, catalogue)
    return replace(
        request,
        intent="status" if lost and request.intent in ("value", "trend") else request.intent,
        components=components,
        metrics=metrics,
        metric_homes=tuple(dict.fromkeys(catalogue[name].component for name in metrics)),
    )


_OF_FIGURES = frozenset({"trend", "value", "compare", "forecast"})


def _telling(request: Request, reported: frozenset[str], catalogue: Catalogue) -> tuple[str, ...]:
    """The figures that say most of an instance of which none was named."""
    ending = on_topics(catalogue, DISK_TOPICS, ()) if request.intent == "forecast" else ()
    told = [name for name in (*ending, *KEY_FIGURES) if name in reported]
    return tuple(dict.fromkeys(told)) or tuple(sorted(name for name in reported if name in catalogue)[:9])


def _without(request: Request, left_out: frozenset[str], reporting: Reporting) -> Request:
    named = [name for name in request.instances if name not in left_out]
    wanted = named or _alike(request, left_out, reporting)
    remaining = tuple(name for name in wanted if name not in left_out)
    if not remaining or len(remaining) > MOST_NAMED:
        said = "I could not leave out what you named: nothing else of its kind is known."
        return replace(request, notes=(*request.notes, said))
    return replace(request, instances=remaining)


def _alike(request: Request, left_out: frozenset[str], reporting: Reporting) -> list[str]:
    """The instances of the kind of those left out: they report the same metrics, or those asked for."""
    own = frozenset().union(*(reporting.get(name, frozenset()) for name in left_out))
    asked = own & set(request.metrics) or own
    return [name for name, metrics in sorted(reporting.items()) if metrics & asked]
