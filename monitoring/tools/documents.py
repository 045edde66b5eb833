"""search_documents: what post-mortems and runbooks say, for a question or for what goes on now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.contract import Json, LookedAt, ToolReply
from monitoring.document_search import found_for, passages_of_sections
from monitoring.document_types import Citation, is_report_of
from monitoring.documents.answering import LEAST_COVERED, composed
from monitoring.documents.asking import Inquiry, inquiry
from monitoring.documents.wording import names_in, plain
from monitoring.errors import InvalidInput
from monitoring.metrics import ANY, ISOLATED, Catalogue, Window
from monitoring.tools.asking import Found, Lens, chosen, jsonable, replied, window_of
from monitoring.tools.incidents import incidents_in

NAME = "search_documents"
LIMIT = 8
MOST_READ = 24
"""Passages that an answer is made of at most."""
OPEN_SPAN = timedelta(hours=1)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Documents are of any age: they are looked at from here on."""
LONGEST_QUESTION = 2_000
LIKE = 0.35
"""A document that speaks of less than this share of what an incident is made of is of another one."""
CLOSE = 0.6
"""Another document is like an incident too where it scores so much of the one that is most."""
MOST_ALIKE = 3
MOST_PAST = 5
SILENCE = ("silent", "lost", "unreachable", "down")
"""What a document calls something of which nothing is heard."""
HELPED = ("resolution", "actions", "steps")
_ROOT, _LINK, _TITLE = 1.0, 0.6, 0.7
_SHOWN = (
    "id",
    "title",
    "pattern",
    "rule",
    "severity",
    "status",
    "started_at",
    "root_component",
    "root_instance",
    "root_metric",
    "certain",
    "chain",
)


def search_documents(
    lens: Lens,
    question: str,
    like_open_incidents: bool = False,
    component: Sequence[str] | str | None = None,
    metric: Sequence[str] | str | None = None,
    limit: int = LIMIT,
) -> ToolReply:
    """The passages that answer a question best, the best first; with `like_open_incidents`, those of past incidents
    like the ones that are open, what helped then, and what the incidents on record say of it.

    `component` and `metric` say what the question is about where its words do not.
    """
    args = {
        "question": question,
        "like_open_incidents": like_open_incidents or None,
        "component": component,
        "metric": metric,
        "limit": None if limit == LIMIT else limit,
    }

    def ask() -> Found:
        if not question.strip():
            raise InvalidInput("search_documents needs a question.")
        which = chosen(lens.catalogue, component, metric)
        looked = LookedAt(which.components, Window(ALWAYS, lens.as_of), which.metrics)
        still = _open(lens) if like_open_incidents else []
        found = alike(lens, still) if still else _said(lens, question, component, which.metrics)
        rows = [citation.to_json() for citation in found[:limit]]
        summary = _summary(lens, question, found, still)
        return Found(looked, rows, summary, "ok", len(found), len(found) > len(rows))

    return replied(NAME, args, ask)


def _open(lens: Lens) -> list[Json]:
    """The incidents that are open, the worst first."""
    window = window_of(lens.as_of, OPEN_SPAN)
    still = [row for row in incidents_in(lens, window) if row["status"] != "resolved"]
    return sorted(still, key=lambda row: (row["severity"] != "critical", row["started_at"]))


def _said(lens: Lens, question: str, component: Any, metrics: Sequence[str] | None) -> list[Citation]:
    """Passages for a question, with the names of what it is about."""
    asked = inquiry(question[:LONGEST_QUESTION])
    words = dict(asked.words)
    for name in metrics or ():
        for word in _words(lens.catalogue, name):
            words.setdefault(word, 0.5)
    for name in [component] if isinstance(component, str) else component or ():
        words.setdefault(name, 0.5)
    return found_for(lens.reader, replace(asked, words=words), MOST_READ)


def alike(lens: Lens, incidents: Sequence[Json]) -> list[Citation]:
    """Of each document that speaks of an incident like one of these: its passage that does so most, and what helped.

    An incident's own report is not like it: it is it.
    """
    found: dict[int, Citation] = {}
    for row in incidents[:MOST_ALIKE]:
        best: dict[int, Citation] = {}
        for one in found_for(lens.reader, likeness(row, lens.catalogue), 60):
            if not is_report_of(one.title, row["id"], row["started_at"]):
                best.setdefault(one.document_id, one)
        top = max((one.score for one in best.values()), default=0.0)
        for one in best.values():
            if one.covers >= LIKE and one.score >= CLOSE * top:
                found.setdefault(one.document_id, one)
    most = sorted(found.values(), key=lambda one: -one.score)[:MOST_ALIKE]
    sections = passages_of_sections(lens.reader, [one.document_id for one in most], ("summary", *HELPED))
    return [cited for one in most for cited in _told(one, sections)]


def _told(one: Citation, sections: Iterable[Citation]) -> list[Citation]:
    """The summary of a document, the passage that is most like the incident, and what helped."""
    mine = [replace(s, score=one.score, covers=one.covers) for s in sections if s.document_id == one.document_id]
    summary = [s for s in mine if s.section == "summary" and " > " in s.heading][:1]
    helped = sorted((s for s in mine if s.section in HELPED), key=lambda s: HELPED.index(s.section))[:3]
    return list({s.text: s for s in (*summary, one, *helped)}.values())


def likeness(row: Json, catalogue: Catalogue) -> Inquiry:
    """What a document about an incident like this one would speak of: its root, its chain, its pattern."""
    words: dict[str, float] = {}
    root = str(row["root_metric"])
    if root == ANY:
        _weigh(words, SILENCE, _ROOT)
    links = dict.fromkeys(str(link["metric"]) for link in row["chain"] if link["metric"] != root)
    _weigh(words, _words(catalogue, root), _ROOT)
    if row.get("rule") or row["pattern"] != ISOLATED:
        _weigh(words, _plain_words(str(row["title"])), _TITLE)
    for name in list(links)[:6]:
        _weigh(words, _words(catalogue, name), _LINK)
    _weigh(words, [str(link["component"]) for link in row["chain"]], _LINK)
    names = [name for name in (root, *list(links)[:6]) if name in catalogue]
    sections = {"summary": 0.5, "cause": 0.4, "timeline": 0.3, "detection": 0.3}
    return Inquiry(str(row["title"]), words, tuple(n for name in names for n in names_in(name)), sections)


def _weigh(words: dict[str, float], some: Iterable[str], weight: float) -> None:
    for word in some:
        words[word] = max(words.get(word, 0.0), weight)


def _words(catalogue: Catalogue, metric: str) -> list[str]:
    """What a metric is called in words."""
    if metric not in catalogue:
        return []
    return _plain_words(f"{catalogue[metric].short} {metric}")


def _plain_words(text: str) -> list[str]:
    return [word for word in plain(text.replace("_", " ")).lower().split() if word.isalnum()]


def _summary(lens: Lens, question: str, found: Sequence[Citation], still: Sequence[Json]) -> Json:
    if still:
        return {
            "found": bool(found),
            "documents": len({one.document_id for one in found}),
            "open_incidents": [{key: row.get(key) for key in _SHOWN} for row in still[:MOST_ALIKE]],
            "past_incidents": _past(lens, still),
        }
    answer = composed(question, found)
    return {
        "found": answer.found,
        "documents": len({one.document_id for one in found if one.covers >= LEAST_COVERED}),
        "answer": answer.text,
        "cited": [one.label for one in answer.citations],
        "nearest": list(answer.nearest),
    }


def _past(lens: Lens, still: Sequence[Json]) -> list[Json]:
    """Incidents on record that began as the open ones did and are over, the newest first."""
    rows = on_record(lens, still, lens.as_of)
    return [{**jsonable(row), "duration_seconds": _seconds(row)} for row in rows]


def on_record(lens: Lens, incidents: Sequence[Json], moment: datetime) -> Sequence[Mapping[str, Any]]:
    """Other incidents that began as one of these did and were over by a moment, the newest first."""
    parameters: Mapping[str, Any] = {
        "moment": moment,
        "incidents": [row["id"] for row in incidents],
        "metrics": [row["root_metric"] for row in incidents if row["root_metric"] != ANY],
        "rules": [row["rule"] for row in incidents if row.get("rule")],
        "most": MOST_PAST,
    }
    return lens.reader.read("incidents_like", parameters, cap=MOST_PAST).rows


def _seconds(row: Mapping[str, Any]) -> int:
    lasted: timedelta = row["resolved_at"] - row["started_at"]
    return round(lasted.total_seconds())
