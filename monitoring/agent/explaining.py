"""Answers that need no tool: definitions, thresholds, what can be asked, and what cannot be done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from monitoring.agent import phrasing as say
from monitoring.agent import things
from monitoring.agent.glossary import explained_term, severities_apart
from monitoring.agent.naming import canonical
from monitoring.agent.places import Reporting
from monitoring.agent.request import Request
from monitoring.metrics import COMPONENTS, Catalogue, Metric

EXAMPLES = (
    "What's the current system status?",
    "How many anomalies occurred since 1 day?",
    "Show me Kafka issues from last 6 hours",
    "Are there any cascade failures?",
    "What's wrong with ClickHouse replication?",
    "Are there any memory leaks in ClickHouse?",
    "Compare system performance vs last week",
)
_MOST_HINTED = 40
"""Words of a question, and characters of each, that are looked up for what may have been meant."""
_CANNOT_ACT = (
    "I can only look at the platform and explain what I find: I cannot {action} anything, and nothing was changed."
)
_REFUSALS = {
    "sql": (
        "I do not run SQL or other commands: I answer questions through fixed, read-only queries, and "
        "nothing was run or changed."
    ),
    "manipulation": (
        "I cannot do that: I hold no keys or secrets to show, and what I do does not change by being told so. "
        "I answer questions about the health of Kafka, Flink and ClickHouse."
    ),
}


_THANKS = r"\b(?:thanks?|thank you|thx|cheers|bye|goodbye|see you|well done|good job)\b"


def explained(
    request: Request, catalogue: Catalogue, instances: Sequence[str] = (), reporting: Reporting = MappingProxyType({})
) -> str:
    """The answer to a request that needs no tool."""
    if request.intent == "define":
        return _definitions(request, catalogue)
    if request.intent == "threshold":
        return _thresholds(request, catalogue)
    if request.intent == "inventory":
        return _inventory(request, catalogue, instances, reporting)
    if request.intent == "refuse":
        return _refused(request)
    if request.intent == "foreign":
        return f"I watch Kafka, Flink and ClickHouse only; I know nothing about {say.plain(request.problem)}."
    if request.intent == "problem":
        return request.problem
    if request.intent == "help" and re.search(_THANKS, request.question.lower()):
        return "You are welcome."
    return _help() if request.intent == "help" else _unclear(request, catalogue)


def note(reason: str) -> str:
    """What is said about a part of a question that was left aside; what is no known reason is said as it is."""
    return {
        "sql": "I left the SQL aside: I run none.",
        "manipulation": "I left aside the part that asks me to set my rules or the data aside.",
        "action": "I left aside what I was asked to do: I can only look.",
    }.get(reason, reason)


def _refused(request: Request) -> str:
    if request.problem in _REFUSALS:
        return _REFUSALS[request.problem]
    action = request.subject or "change"
    where = ""
    if action in ("acknowledge", "ack", "silence", "mute", "snooze"):
        where = " Anomalies are acknowledged and silenced on the page or through the API."
    return (
        f"{_CANNOT_ACT.format(action=action)}{where} I can tell you what is wrong and what to check first, "
        f"for instance: “{EXAMPLES[4]}”"
    )


def _definitions(request: Request, catalogue: Catalogue) -> str:
    term = explained_term(canonical(request.subject or request.question))
    if not term and not request.metrics:
        term = severities_apart(canonical(request.question))
    if term:
        return term
    pattern = catalogue.pattern(request.pattern or "")
    if pattern is not None:
        return f"**{pattern.title}** ({pattern.name}): {pattern.explanation}"
    if request.metrics:
        return "\n\n".join(_definition(catalogue[name]) for name in request.metrics[:3])
    return _which_metric("explain", catalogue)


def _definition(metric: Metric) -> str:
    lines = [
        f"**{say.capital(metric.short)}** (`{metric.name}`, {say.component_title(metric.component)}, per "
        f"{metric.scope}): {metric.description}"
    ]
    lines.append(say.capital(_levels(metric)))
    if metric.likely_causes:
        lines.append(f"Usual causes: {'; '.join(metric.likely_causes[:3])}.")
    if metric.pitfalls:
        lines.append(f"Mind: {metric.pitfalls[0]}.")
    return "\n".join(lines)


def _levels(metric: Metric) -> str:
    parts = [
        f"{severity} when {say.threshold_text(threshold, metric.unit)}" for severity, threshold in metric.thresholds
    ]
    normal = say.normal_text(metric)
    text = f"{'; '.join(parts)}." if parts else "It has no threshold of its own."
    return f"{text} Normal: {normal}." if normal else text


def _thresholds(request: Request, catalogue: Catalogue) -> str:
    metrics = [catalogue[name] for name in request.metrics]
    if not metrics and request.components:
        metrics = list(catalogue.of(request.components))
    if not metrics:
        return _which_metric("give the thresholds of", catalogue)
    first = (
        f"{say.capital(metrics[0].short)}: {_levels(metrics[0])}" if len(metrics) == 1 else "These are the thresholds:"
    )
    lines = [first]
    if len(metrics) > 1:
        lines += [f"- {say.capital(m.short)} (`{m.name}`): {_levels(m)}" for m in metrics[:16]]
    else:
        lines += [
            f"- {severity}: from {t.source}{', a rule of thumb of our own' if t.derived else ''}"
            for severity, t in metrics[0].thresholds
        ]
    return "\n".join(lines)


def _which_metric(what: str, catalogue: Catalogue) -> str:
    names = [
        f"{say.component_title(c)}: {', '.join(m.short for m in catalogue.of([c])[:5])}"
        for c in COMPONENTS
        if catalogue.of([c])
    ]
    return f"I did not find a metric by that name to {what}. Some that I know, by component:\n" + "\n".join(
        f"- {line}" for line in names
    )


_METHOD = (
    "I judge every series by statistics: by **thresholds** (beyond a level for long enough), by "
    "its **baseline** (far from what is usual for it at that time), by its **trend** (on its way to a limit, such as a "
    "leak) and by **silence** (data that has stopped arriving). Restart loops and stalls are told apart. Anomalies "
    "that "
    "belong together by onset and by the flow of data become an incident, with the place where it began."
)


_HOW_JUDGED = (
    r"\bhow long\b|\bhow (?:do|does|can|are)\b.*\b(?:detect|find|recogni[sz]e|spot|judg|flag|decid|determin|know|tell"
    r"|consider|classif|rate|grade)"
)


def _inventory(request: Request, catalogue: Catalogue, instances: Sequence[str], reporting: Reporting) -> str:
    asked = request.question.lower()
    if re.search(_HOW_JUDGED, asked):
        return _METHOD
    kind = things.kind_of(request.counted, request.components)
    if kind and kind not in (things.COMPONENT, things.ANYTHING) and reporting:
        return _known_things(kind, catalogue, reporting)
    return _watched(request, catalogue, instances)


def _known_things(kind: str, catalogue: Catalogue, reporting: Reporting) -> str:
    names = things.known(kind, reporting, catalogue)
    if not names:
        return f"No {kind} is known yet: no sample of one has been received."
    shown = ", ".join(f"`{say.plain(name)}`" for name in names[:40])
    return f"{say.capital(kind)}s in the data: {shown}{', and more' if len(names) > 40 else ''}."


def _watched(request: Request, catalogue: Catalogue, instances: Sequence[str]) -> str:
    components = request.components or COMPONENTS
    if "instance" in request.question.lower():
        if not instances:
            return "No instance is known yet: no sample has been received."
        shown = ", ".join(f"`{say.plain(name)}`" for name in instances[:40])
        return f"The instances in the data: {shown}{', and more' if len(instances) > 40 else ''}."
    metrics = catalogue.of(components)
    lines = [f"I watch {say.count(len(metrics), 'metrics')} of {say.components_titled(components)}:"]
    lines += [
        f"- {say.component_title(c)}: {', '.join(m.short for m in catalogue.of([c]))}"
        for c in components
        if catalogue.of([c])
    ]
    return "\n".join(lines)


def _help() -> str:
    lines = [
        "I watch Kafka, Flink and ClickHouse and answer questions about their anomalies, incidents and "
        "figures. For instance:"
    ]
    lines += [f"- {example}" for example in EXAMPLES]
    lines.append(
        "I also explain metrics and their thresholds. Every number I give comes from the data; I cannot change "
        "anything."
    )
    return "\n".join(lines)


def _unclear(request: Request, catalogue: Catalogue) -> str:
    asked = say.plain(request.question, 120)
    nearest = [
        catalogue[name].short
        for word in request.question.lower().split()[:_MOST_HINTED]
        for name in catalogue.nearest(word[:_MOST_HINTED], 1)
    ][:3]
    hint = f" Did you mean {say.listed(dict.fromkeys(nearest), 'or')}?" if nearest else ""
    lines = [f"I did not understand “{asked}” as a question about Kafka, Flink or ClickHouse.{hint} You could ask:"]
    return "\n".join([*lines, *(f"- {example}" for example in EXAMPLES[:4])])
