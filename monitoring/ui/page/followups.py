"""What one may want to ask next, from what was asked and found; each is a question that can be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitoring.contract import Answer, ToolReply
from monitoring.metrics import COMPONENTS, Catalogue
from monitoring.ui.page.lookups import component_name

MOST = 4

STATUS = "What's the current system status?"
TODAY = "How many anomalies occurred today?"
CASCADES = "Are there any cascade failures today?"
SINCE = "Since when?"
START = "Where did it start?"
BETTER = "Is it getting better?"
ACT = "What should I do?"
YESTERDAY = "Compare with yesterday"
LAST_WEEK = "Compare with last week"
LONGER = "And over the last 24 hours?"


def follow_ups(answer: Answer, catalogue: Catalogue) -> list[str]:
    """A few questions, the most telling first; never the one that was just asked."""
    asked = _plain(answer.question)
    wanted = [question for question in _wanted(answer, catalogue) if _plain(question) != asked]
    return list(dict.fromkeys(wanted))[:MOST]


def _plain(question: str) -> str:
    return question.strip().rstrip("?!. ").casefold()


def _wanted(answer: Answer, catalogue: Catalogue) -> Iterator[str]:
    calls = [call for call in answer.tool_calls if call.looked_at is not None]
    for call in calls:
        yield from _after(call)
    if not calls:
        yield from _after_words(answer, catalogue)
    yield from _elsewhere(calls)
    yield from (STATUS, TODAY, CASCADES)


def _after(call: ToolReply) -> Iterator[str]:
    found = int(call.summary.get("open", 0) or 0)
    match call.name:
        case "check_real_time_anomalies" if found:
            yield from (START, BETTER, ACT, SINCE)
        case "check_real_time_anomalies":
            yield from (TODAY, YESTERDAY)
        case "get_anomaly_summary" if call.row_count:
            yield from (CASCADES, YESTERDAY, *((ACT,) if found else ()))
        case "get_cross_component_anomalies" if call.row_count:
            yield from (START, ACT, BETTER)
        case "query_metrics_trend" if call.rows:
            yield from _after_trend(call)


def _after_trend(call: ToolReply) -> Iterator[str]:
    if any(row.get("breached") for row in call.rows):
        yield START
    compared = call.looked_at is not None and call.looked_at.compare_window is not None
    yield LAST_WEEK if compared else YESTERDAY
    if int(call.summary.get("window_seconds", 0) or 0) < 24 * 3600:
        yield LONGER
    yield CASCADES


def _after_words(answer: Answer, catalogue: Catalogue) -> Iterator[str]:
    """After an explanation: how the metric it explains goes."""
    named = [metric for metric in catalogue.metrics if f"`{metric.name}`" in answer.answer]
    for metric in named[:1]:
        yield f"How did {metric.name} develop over the last 6 hours?"


def _elsewhere(calls: Sequence[ToolReply]) -> Iterator[str]:
    """The same of the next component, where only one was asked about."""
    asked = {name for call in calls if call.looked_at is not None for name in call.looked_at.components}
    if len(asked) == 1:
        yield from (f"And {component_name(name)}?" for name in COMPONENTS if name not in asked)
