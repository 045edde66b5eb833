"""From a `Request` to the tool calls that answer it: pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from monitoring.agent import things
from monitoring.agent.request import NEEDS_NO_TOOL, Intent, Request, ToolCall
from monitoring.agent.timespans import TimeSpan
from monitoring.contract import iso
from monitoring.documents.asking import FULL, inquiry
from monitoring.metrics import COMPONENTS, Catalogue

CHECK = "check_real_time_anomalies"
SUMMARY = "get_anomaly_summary"
TREND = "query_metrics_trend"
CROSS = "get_cross_component_anomalies"
DOCUMENTS = "search_documents"

KEY_FIGURES = (
    "messages_in_rate",
    "produce_latency_p99",
    "consumer_group_lag",
    "job_records_out_rate",
    "checkpoint_duration",
    "backpressured_time_ratio",
    "inserted_rows_rate",
    "query_duration_p95",
    "replication_lag_seconds",
)
"""The figures that show how each component performs, where no metric is named."""

MEMORY_TOPIC = "memory leak"
DISK_TOPICS = ("disk", "memory leak")
STATUS_SPAN = timedelta(minutes=10)
LATE_SPAN = timedelta(hours=1)
DAY = timedelta(hours=24)

Args = dict[str, Any]


def plan(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    """The tool calls for a request and those asked with it, in order and each once; none where no tool is needed."""
    calls: list[ToolCall] = []
    for part in request.parts:
        calls += [call for call in plan_one(part, catalogue) if call not in calls]
    return tuple(calls)


def plan_one(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    """The tool calls for one question alone."""
    if request.intent in NEEDS_NO_TOOL:
        return ()
    return _PLANS[request.intent](request, catalogue)


def _scope(request: Request, catalogue: Catalogue, metrics: tuple[str, ...] | None = None) -> Args:
    names = request.metrics if metrics is None else metrics
    homes = {catalogue[name].component for name in names}
    components = request.components or tuple(c for c in COMPONENTS if c in homes)
    args: Args = {}
    if components and set(components) != set(COMPONENTS):
        args["component"] = list(components)
    if names:
        args["metric"] = list(names)
    if request.instances:
        args["instance"] = list(request.instances)
    return args


def _severity(request: Request) -> Args:
    return {"severity": request.severity} if request.severity else {}


def _between(window: TimeSpan) -> Args:
    return {"start": iso(window.window.start), "end": iso(window.window.end)}


def _hours(request: Request, default: timedelta, name: str = "hours", unit: timedelta = timedelta(hours=1)) -> Args:
    """A stretch up to now as a length, any other window by its ends."""
    span = request.window
    if span is None:
        return {name: _number(default / unit)}
    if span.kind == "rolling":
        return {name: _number(span.window.span / unit)}
    return _between(span)


def _minutes(request: Request, default: timedelta) -> Args:
    return _hours(request, default, "last_minutes", timedelta(minutes=1))


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 4)


def _check(request: Request, catalogue: Catalogue, default: timedelta = STATUS_SPAN) -> ToolCall:
    return ToolCall(CHECK, {**_minutes(request, default), **_scope(request, catalogue), **_severity(request)})


def _summary(request: Request, catalogue: Catalogue, extra: Mapping[str, Any] | None = None) -> ToolCall:
    kind = {"anomaly_type": request.anomaly_type} if request.anomaly_type else {}
    return ToolCall(
        SUMMARY, {**_hours(request, DAY), **_scope(request, catalogue), **_severity(request), **kind, **(extra or {})}
    )


def _cross(request: Request, default: timedelta = DAY, components: tuple[str, ...] = ()) -> ToolCall:
    components = request.components or components
    args = _hours(request, default)
    if components and set(components) != set(COMPONENTS):
        args["component"] = list(components)
    if request.pattern:
        args["pattern"] = request.pattern
    return ToolCall(CROSS, args)


def _trend(request: Request, catalogue: Catalogue, metrics: tuple[str, ...], default: timedelta) -> ToolCall:
    return ToolCall(TREND, {**_scope(request, catalogue, metrics), **_hours(request, default)})


def _key_figures(request: Request, catalogue: Catalogue) -> tuple[str, ...]:
    """The metrics a request names, else the key figures of its components."""
    wanted = request.components or COMPONENTS
    figures = tuple(n for n in KEY_FIGURES if n in catalogue and catalogue[n].component in wanted)
    return request.metrics or figures or tuple(m.name for m in catalogue.of(wanted))[:9]


def on_topics(catalogue: Catalogue, topics: tuple[str, ...], components: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the metrics of these components that tell of any of the topics."""
    return tuple(m.name for m in catalogue.of(components or COMPONENTS) if set(topics) & set(m.topics))


def _plan_status(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    span = request.window
    if span is not None and (span.window.end < request.asked_at or span.window.span > LATE_SPAN):
        return _plan_list(request, catalogue)
    if request.metrics and len(request.metrics) <= 9:
        return (_check(request, catalogue), _trend(request, catalogue, request.metrics, LATE_SPAN))
    if request.components or request.instances or request.severity:
        return (_check(request, catalogue),)
    return (_check(request, catalogue), _cross(request, LATE_SPAN))


def counts_things(request: Request) -> bool:
    """Whether a number of things is asked for, of brokers or jobs, rather than of anomalies or incidents."""
    return bool(request.counted) and bool(things.kind_of(request.counted))


def names_level(request: Request) -> bool:
    """Whether the question names the level that its things are counted beyond: "above 70 percent"."""
    return LEVEL.search(request.question.lower()) is not None


LEVEL = re.compile(
    r"\b(?P<side>above|over|beyond|more than|greater than|higher than|at least|exceed\w*|below|under|less than"
    r"|fewer than|lower than)\s+(?P<amount>\d[\d.,]*\s*(?:%|\w+)?)"
)
"""A level in a lower-case question: its side, and its amount with the unit."""


def _plan_count(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    if request.window is None and counts_things(request) and 0 < len(request.metrics) <= 9 and names_level(request):
        return (_check(request, catalogue), _trend(request, catalogue, request.metrics, LATE_SPAN))
    if request.window is None and counts_things(request):
        return (_check(request, catalogue),)
    if request.window is None and _asks_for_now(request):
        return (_check(request, catalogue),)
    return (_summary(request, catalogue),)


def _asks_for_now(request: Request) -> bool:
    words = request.question.lower()
    return any(
        cue in words
        for cue in ("right now", "currently", "current ", "active", " open", "firing", "ongoing", "unresolved")
    )


def _plan_list(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    calls = (_summary(request, catalogue),)
    if request.incidents and not request.metrics and not request.instances and not request.severity:
        return (*calls, _cross(request))
    return calls


def _plan_cascade(request: Request, _catalogue: Catalogue) -> tuple[ToolCall, ...]:
    return (_cross(request),)


def _plan_diagnose(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    past = request.window is not None and request.window.window.end < request.asked_at
    first = _summary(request, catalogue) if past else _check(request, catalogue, LATE_SPAN)
    calls = [first]
    if request.metrics and len(request.metrics) <= 9:
        calls.append(_trend(request, catalogue, request.metrics, LATE_SPAN))
    why = request.question.lower()
    if not request.metrics or "why" in why or "cause" in why:
        homes = {catalogue[name].component for name in request.metrics}
        calls.append(_cross(request, DAY, tuple(c for c in COMPONENTS if c in homes)))
    return tuple(calls)


def asks_for_progress(request: Request) -> bool:
    """Whether it is asked if what is wrong now gets better or worse."""
    return request.intent == "trend" and request.progress and (request.window is None or not request.metrics)


def speaks_of_progress(text: str) -> bool:
    """Whether lower-case words ask which way things go: better, worse, back to normal."""
    return _PROGRESS.search(text) is not None


_PROGRESS = re.compile(
    r"\b(?:be over|be ok(?:ay)?|be gone|is gone|better|worse|worsening|back to normal|clear(?:s|ed)?|resolve itself"
    r"|go(?:es)? away|come (?:back )?down|normali[sz]e|improv\w+|recover\w*|easing|deteriorat\w+|calm\w* down"
    r"|catch\w* up|(?:up|(?:grow|ris|increas|climb)ing) or (?:down|(?:shrink|fall|decreas|drop)ing)"
    r"|(?:down|(?:shrink|fall|decreas|drop)ing) or (?:up|(?:grow|ris|increas|climb)ing))\b"
)


def _plan_trend(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    if asks_for_progress(request):
        figures = _key_figures(request, catalogue)
        return (_check(request, catalogue, LATE_SPAN), _trend(request, catalogue, figures, LATE_SPAN))
    return (_trend(request, catalogue, _key_figures(request, catalogue), DAY),)


def _plan_value(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    return (_trend(request, catalogue, _key_figures(request, catalogue), LATE_SPAN),)


def _plan_leak(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    leaking = on_topics(catalogue, (MEMORY_TOPIC,), request.components)
    named = tuple(name for name in request.metrics if name in leaking) or leaking
    metrics = tuple(n for n in named if "garbage collection" not in catalogue[n].topics) or named or request.metrics
    if not metrics:
        metrics = _key_figures(request, catalogue)
    scope = _scope(request, catalogue, metrics)
    return (_trend(request, catalogue, metrics, DAY), ToolCall(SUMMARY, {**_hours(request, DAY), **scope}))


def _plan_forecast(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    fills = re.search(r"\bfill|\bfull\b|\bspace\b|\bdisks?\b|\bstorage\b", request.question.lower()) is not None
    topics = DISK_TOPICS[:1] if fills else DISK_TOPICS
    metrics = request.metrics or on_topics(catalogue, topics, request.components)
    metrics = tuple(name for name in metrics if catalogue[name].scope != "cluster") or metrics
    return (_trend(request, catalogue, metrics or _key_figures(request, catalogue), DAY),)


def _plan_compare(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    if request.window is None or request.compare is None:
        return _plan_trend(request, catalogue)
    windows: Args = {
        **_between(request.window),
        "compare_start": iso(request.compare.window.start),
        "compare_end": iso(request.compare.window.end),
    }
    summary = ToolCall(SUMMARY, {**windows, **_scope(request, catalogue), **_severity(request)})
    if _compares_events(request):
        return (summary,)
    figures = _key_figures(request, catalogue)
    return (ToolCall(TREND, {**_scope(request, catalogue, figures), **windows}), summary)


def _plan_contrast(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    """Two things side by side in one window: their figures where some are named, else their anomalies."""
    if request.metrics or re.search(_PERFORMS, request.question.lower()):
        return (_trend(request, catalogue, _key_figures(request, catalogue), LATE_SPAN),)
    if request.window is None:
        return (_check(request, catalogue),)
    return (_summary(request, catalogue),)


_PERFORMS = r"\b(?:slow|fast|quick|bus(?:y|i)|loaded)(?:er|est)?\b"
"""Words that compare how things work, not what is wrong with them."""


def _compares_events(request: Request) -> bool:
    words = request.question.lower()
    return not request.metrics and any(
        word in words for word in ("anomal", "issue", "incident", "problem", "alert", "warning", "error", "failure")
    )


def _plan_since(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    return (_check(request, catalogue, LATE_SPAN), _summary(request, catalogue))


def _plan_advice(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    return (_check(request, catalogue, LATE_SPAN),)


def _plan_silent(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    if request.window is not None and request.window.window.end < request.asked_at:
        return (_summary(request, catalogue, {"anomaly_type": "no_data"}),)
    return (_check(request, catalogue, LATE_SPAN),)


_OF_NOW = re.compile(
    r"\b(?:this|these|now|currently|open|ongoing)\b|\b(?:has|have|did|does|had) (?:it|that)\b|\blike (?:it|that)\b"
    r"|\b(?:seen|fix\w*|solv\w*|resolv\w*|help\w*|handl\w*|for|about) (?:it|that)\b"
)


def _plan_recall(request: Request, catalogue: Catalogue) -> tuple[ToolCall, ...]:
    """Documents are asked in the words of the question, or about what goes on where it points at that."""
    says_what = any(weight >= FULL for weight in inquiry(request.question).words.values())
    args: Args = {"question": request.question}
    if _OF_NOW.search(request.question.lower()) or not says_what:
        args["like_open_incidents"] = True
    scope = {key: value for key, value in _scope(request, catalogue).items() if key != "instance"}
    return (ToolCall(DOCUMENTS, {**args, **scope}),)


_PLANS: Mapping[Intent, Callable[[Request, Catalogue], tuple[ToolCall, ...]]] = {
    "status": _plan_status,
    "count": _plan_count,
    "list": _plan_list,
    "cascade": _plan_cascade,
    "diagnose": _plan_diagnose,
    "trend": _plan_trend,
    "value": _plan_value,
    "leak": _plan_leak,
    "forecast": _plan_forecast,
    "compare": _plan_compare,
    "contrast": _plan_contrast,
    "since": _plan_since,
    "advice": _plan_advice,
    "silent": _plan_silent,
    "recall": _plan_recall,
}
