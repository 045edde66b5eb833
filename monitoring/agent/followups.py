"""Follow-ups: whether a question leans on the one before, and what it takes from it."""

from __future__ import annotations

import re
from dataclasses import replace

from monitoring.agent import lexicon
from monitoring.agent.intents import Words
from monitoring.agent.naming import metrics_in
from monitoring.agent.request import Intent, Request
from monitoring.agent.timewords import TimeSpan
from monitoring.metrics import COMPONENTS, Catalogue, Window


def leans_on(clause: str, words: Words, request: Request) -> bool:
    """Whether a question is complete only together with the one before."""
    if request.intent in ("refuse", "foreign", "problem"):
        return False
    if request.intent == "help":
        return re.search(r"\bwhat (?:can|should)\b", clause) is None and bool(words.components)
    if re.search(lexicon.FOLLOW_UP, clause):
        return True
    subject = bool(words.components or words.metrics or words.instances)
    events = re.search(lexicon.EVENT_NOUN, words.rest) is not None
    if re.search(lexicon.MAYBE_FOLLOW_UP, clause) and not (subject and (events or request.intent not in _WEAK)):
        return not (events and request.intent not in _WEAK)
    anaphora = re.search(lexicon.ANAPHORA, re.sub(lexicon.NOT_ANAPHORA, " ", clause))
    if anaphora and not subject:
        return True
    if request.intent == "unclear":
        return bool(subject or words.windows.window) or len(clause.split()) <= 3
    return (
        not subject
        and len(words.rest.split()) <= 3
        and request.intent in ("trend", "diagnose", "since", "advice", "list")
    )


_WEAK: frozenset[Intent] = frozenset({"status", "list", "value", "unclear"})
_EVENTS: frozenset[Intent] = frozenset({"count", "list", "cascade"})


def carried(request: Request, words: Words, previous: Request, catalogue: Catalogue) -> Request:
    """The request with what it leaves out taken from the one before."""
    own_events = re.search(lexicon.EVENT_NOUN, words.rest) is not None
    weak = request.intent in _WEAK and not own_events and not re.search(r"\bstatus\b|\bhealth", words.rest)
    intent = (
        previous.intent
        if weak and previous.intent not in ("refuse", "foreign", "problem", "unclear", "help")
        else request.intent
    )
    instances = request.instances or (() if words.components or words.metrics else previous.instances)
    components = request.components or (() if words.metrics else previous.components)
    metrics = request.metrics or _same_subject(previous, components, catalogue)
    window = request.window or previous.window
    compare = request.compare or previous.compare
    if request.window is not None and request.intent != "compare":
        compare = None
    if intent == "compare" and request.window is not None and request.compare is None:
        compare = _moved_compare(previous, request)
    if intent != "compare":
        compare = None
    return replace(
        request,
        intent="trend" if intent == "value" and window is not None else intent,
        components=components,
        metrics=metrics,
        subject=request.subject or previous.subject,
        instances=instances,
        window=window,
        compare=compare,
        severity=request.severity or (previous.severity if intent in _EVENTS else None),
        anomaly_type=request.anomaly_type or (previous.anomaly_type if intent in _EVENTS else None),
        pattern=request.pattern or (previous.pattern if intent == "cascade" else None),
        limit=request.limit or previous.limit,
    )


def _moved_compare(previous: Request, request: Request) -> TimeSpan | None:
    """The window to compare with, moved along with a window that a follow-up has changed."""
    if previous.window is None or previous.compare is None or request.window is None:
        return previous.compare
    shift = previous.window.window.end - previous.compare.window.end
    start, end = request.window.window
    return TimeSpan(Window(start - shift, end - shift), previous.compare.label, "calendar", request.window.unit)


def _same_subject(previous: Request, components: tuple[str, ...], catalogue: Catalogue) -> tuple[str, ...]:
    """The metrics of the question before, asked of these components: "and ClickHouse?" after "memory in Kafka?"."""
    if not previous.metrics or components == previous.components:
        return previous.metrics
    kept = tuple(m for m in previous.metrics if not components or catalogue[m].component in components)
    others = " ".join(word for word in previous.subject.split() if word not in COMPONENTS)
    return metrics_in(others, catalogue, components) or kept
