"""Answers out of documents: what they say, and whether what goes on now has happened before."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.agent import phrasing as say
from monitoring.agent.composing_incidents import headline, title_of
from monitoring.agent.planning import DOCUMENTS
from monitoring.agent.scene import MOST_HINTS, Scene, hints
from monitoring.contract import Json
from monitoring.document_types import Citation
from monitoring.documents.answering import excerpt
from monitoring.documents.quoting import harmless

Lines = list[str]
HELPED = "what fixed it, how was it resolved"
MOST_ALIKE = 3
_STEPS = re.compile(r"\brun ?books?\b|\bplay ?books?\b|\bchecklists?\b")


def recall(scene: Scene) -> Lines:
    """What the documents say; of open incidents: whether such a thing is known, and what helped then."""
    reply = scene.reply(DOCUMENTS)
    if reply is None:
        return []
    if reply.summary.get("open_incidents"):
        return _happened(reply.summary, [Citation.from_json(row) for row in reply.rows], scene)
    lines = [str(reply.summary.get("answer") or "The documents don't say.")]
    if not reply.summary.get("found") or _STEPS.search(scene.request.question.lower()):
        lines += [line for name in scene.request.metrics[:1] for line in hints(name, scene)]
    return lines


def _happened(summary: Mapping[str, Any], passages: Sequence[Citation], scene: Scene) -> Lines:
    still, past = summary["open_incidents"], summary.get("past_incidents") or []
    told = _by_document(passages)
    if not told and not past:
        return [
            f"Not as far as I know: no document speaks of an incident like {headline(still[0], scene)}, and none on "
            "record began in the same way.",
            *_also_open(still, scene),
        ]
    lines = [f"**Yes.** Open now: {headline(still[0], scene)}."]
    lines += _documented(told, still[0], scene) if told else ["No document speaks of an incident like it."]
    lines += _on_record(past, scene)
    return [*lines, *_also_open(still, scene)]


def _by_document(passages: Sequence[Citation]) -> list[list[Citation]]:
    """The passages document by document, in the order in which these come first."""
    groups: dict[int, list[Citation]] = {}
    for one in passages:
        groups.setdefault(one.document_id, []).append(one)
    return list(groups.values())[:MOST_ALIKE]


def _documented(told: Sequence[Sequence[Citation]], row: Json, scene: Scene) -> Lines:
    """The document that is most alike with what helped then, and others in a line each."""
    first, others = told[0], told[1:]
    about = title_of(row, scene)
    lines = [f"It is like **{harmless(first[0].title)}**: {excerpt(about, first[0], 360)} {first[0].label}"]
    alike = _alike(first, row, scene)
    lines += [f"What is alike: {alike}."] if alike else []
    lines += _helped(first)
    if others:
        lines.append("Also alike:")
        lines += [f"- **{harmless(o[0].title)}**: {excerpt(about, o[0], 200)} {o[0].label}" for o in others]
    return lines


def _helped(passages: Sequence[Citation]) -> Lines:
    """What helped then, as the document says it; nothing where it does not say."""
    helped = [one for one in passages[1:] if one.section == "resolution"]
    helped = helped or [one for one in passages[1:] if one.section == "steps"]
    if not helped:
        return ["What helped then, it does not say."]
    lines = ["What helped then:"]
    lines += [f"- {excerpt(HELPED, one, 420)} {one.label}" for one in helped[:2]]
    after = [one for one in passages[1:] if one.section == "actions"]
    if after:
        lines.append(f"Agreed afterwards: {excerpt('action items', after[0], 300)} {after[0].label}")
    return lines


def _alike(passages: Sequence[Citation], row: Json, scene: Scene) -> str:
    """The metrics of the open incident of which the passages speak."""
    text = " ".join(one.text for one in passages).lower()
    names = dict.fromkeys([str(row["root_metric"]), *(str(link["metric"]) for link in row["chain"])])
    shared = [name for name in names if name in scene.catalogue and _speaks(text, name, scene)]
    return ", ".join(say.short_name(name, scene.catalogue) for name in shared[: 2 * MOST_HINTS])


def _speaks(text: str, name: str, scene: Scene) -> bool:
    return name in text or scene.catalogue[name].short.lower() in text


def _on_record(past: Sequence[Json], scene: Scene) -> Lines:
    """Incidents on record that began in the same way, a line each."""
    if not past:
        return ["None on record began in the same way."]
    count = say.count(len(past), "incidents")
    return [f"On record: {count} began in the same way:", *(f"- {_line(row, scene)}" for row in past)]


def _line(row: Json, scene: Scene) -> str:
    where = say.place(row["root_component"], row["root_instance"])
    lasted = say.span(float(row["duration_seconds"]))
    notes = f" Noted then: {say.plain(row['notes'])}" if row.get("notes") else ""
    return f"{scene.clock.at(row['started_at'])}, at {where}, lasted {lasted} ({row['severity']}).{notes}"


def _also_open(still: Sequence[Json], scene: Scene) -> Lines:
    if len(still) < 2:
        return []
    return ["Also open:", *(f"- {headline(row, scene)}" for row in still[1:])]
