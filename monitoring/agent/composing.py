"""From tool replies to an answer in plain words: Markdown, the answer in the first sentence.

Every number in it is one of a row, a summary or the catalogue, written by `phrasing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from zoneinfo import ZoneInfo

from monitoring.agent import composing_counts as counts
from monitoring.agent import composing_documents as documents
from monitoring.agent import composing_events as events
from monitoring.agent import composing_things as named
from monitoring.agent import composing_trends as trends
from monitoring.agent import phrasing as say
from monitoring.agent.explaining import explained, note
from monitoring.agent.places import Reporting
from monitoring.agent.planning import asks_for_progress, counts_things, plan, plan_one
from monitoring.agent.request import NEEDS_NO_TOOL, Intent, Request
from monitoring.agent.scene import Scene
from monitoring.contract import ToolReply
from monitoring.metrics import Catalogue

_COMPOSERS: Mapping[Intent, Callable[[Scene], list[str]]] = {
    "status": events.status,
    "count": counts.counting,
    "list": counts.listing,
    "cascade": counts.cascades,
    "diagnose": events.diagnosis,
    "since": events.beginning,
    "advice": events.advice,
    "silent": events.silence,
    "recall": documents.recall,
    "trend": trends.trend,
    "value": trends.value,
    "leak": trends.leak,
    "forecast": trends.forecast,
    "compare": trends.comparison,
    "contrast": named.contrast,
}


def compose(
    request: Request,
    replies: Sequence[ToolReply],
    catalogue: Catalogue,
    timezone: str,
    instances: Sequence[str] = (),
    failures: Sequence[str] = (),
    reporting: Reporting = MappingProxyType({}),
) -> str:
    """The answer to a request from the replies of the calls that were planned for it, in their order.

    `timezone` is an IANA name; times are shown in it. `failures` are what tools said that gave no reply,
    `reporting` the metrics of each instance in the data.
    """
    clock = say.Clock(request.asked_at, ZoneInfo(timezone))
    answered = tuple(zip(plan(request, catalogue), replies, strict=False))
    answers: list[str] = []
    for part in request.parts:
        if part.intent in NEEDS_NO_TOOL:
            answers.append(explained(part, catalogue, instances, reporting))
            continue
        planned = plan_one(part, catalogue)
        mine = [reply for call, reply in answered if call in planned]
        answers.append(_composed(Scene(part, mine, catalogue, clock)))
    answers += [f"A tool could not be asked: {say.plain(failure)}" for failure in failures]
    answers += [text for text in map(note, request.notes) if text]
    return "\n\n".join(answer for answer in answers if answer)


def _composed(scene: Scene) -> str:
    lines = [line for line in [*named.ranking(scene), *_composer(scene.request)(scene)] if line]
    failed = [_failure(reply, bool(lines)) for reply in scene.replies if reply.status == "error"]
    return _laid_out([*lines, *failed]) or "Nothing could be looked up, so I cannot answer that now."


def _composer(request: Request) -> Callable[[Scene], list[str]]:
    if asks_for_progress(request):
        return events.progress
    if request.intent == "count" and counts_things(request):
        return named.counted_things
    return _COMPOSERS[request.intent]


def _failure(reply: ToolReply, partly: bool) -> str:
    reason = say.plain(reply.summary.get("error") or reply.hint or "no reason was given")
    return f"I could not look {'everything up' if partly else 'that up'}: {reason}"


def _laid_out(lines: Sequence[str]) -> str:
    """Paragraphs and lists: lines of a list stay together, everything else is a paragraph of its own."""
    text = ""
    before = ""
    for line in lines:
        together = line.startswith("- ") and (before.startswith("- ") or before.endswith((":", "**", ")", ".")))
        text += line if not text else ("\n" if together and before.startswith("- ") else "\n\n") + line
        before = line
    return text
