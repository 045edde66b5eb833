"""Causes that an answer asserts: detection established them, or they are called hypotheses.

Established is what an incident in the rows names as its root, or a link of its chain; and nothing where the
incident says that it cannot be told what came first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.agent.sentences import changed
from monitoring.contract import ToolReply
from monitoring.metrics import COMPONENTS, Catalogue

MARK = "(hypothesis)"

_BEHIND = re.compile(
    r"\b(?:caused by|because(?: of)?|due to|owing to|as a (?:result|consequence) of|result(?:s|ed|ing)? from"
    r"|stem(?:s|med|ming)? from|originat(?:es|ed|ing) (?:in|from|with)|triggered by|brought about by|driven by"
    r"|root cause(?: here)? (?:is|was)|(?:the|its|their) (?:\w+ )?cause (?:is|was)|traced? (?:back )?to"
    r"|blame (?:is|lies) on)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?:(?:has |have )?caused(?! by)|causes|is causing|led to|leads to|triggered(?! by)|triggers"
    r"|brought about(?! by)|resulted in|results in|(?:is|was) (?:the |a )?(?:root )?(?:cause|culprit)"
    r"|(?:is|are|was|were) (?:responsible|to blame) for|is behind)\b",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"hypothes|\bno (?:\w+ ){0,2}cause\b|\b(?:not|cannot|can't|unknown|unclear|whether|nothing|never)\b|\?\s*$"
    r"|^\s*\W*(?:usual causes|likely causes|common causes|mind|check|look|see whether|what to check)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Established:
    """What incidents name as root or link: instances and metrics in lower case, and the components of roots."""

    names: frozenset[str]
    components: frozenset[str]


def established(replies: Sequence[ToolReply], catalogue: Catalogue) -> Established:
    """What the rows of this answer establish as causes."""
    names: set[str] = set()
    components: set[str] = set()
    for row in _incidents(replies):
        places = [(row.get("root_instance"), row.get("root_metric"))]
        # What comes last in a chain is an effect only.
        places += [(link.get("instance"), link.get("metric")) for link in (row.get("chain") or [])[:-1]]
        for instance, metric in places:
            names |= {str(part).lower() for part in (instance, metric) if part and part != "*"}
            if metric in catalogue:
                names.add(catalogue[str(metric)].short.lower())
        components.add(str(row.get("root_component")).lower())
    return Established(frozenset(names), frozenset(components))


def marked(text: str, replies: Sequence[ToolReply], catalogue: Catalogue, instances: Iterable[str] = ()) -> str:
    """The text with every cause that is asserted, but not established, called a hypothesis.

    `instances` are all names the data knows, whether or not they stand in the rows.
    """
    known = established(replies, catalogue)
    named = {name.lower() for name in instances} | _in_rows(replies)
    quoted = "\n".join(" ".join(text.split()) for text in (*_definitions(catalogue), *_documents(replies)))
    labels = [str(row["label"]) for reply in replies for row in reply.rows if "document_id" in row]

    def mark(sentence: str) -> str:
        if " ".join(sentence.split()) in quoted or any(label in sentence for label in labels):
            return sentence
        if not _asserts(sentence, known, named, catalogue):
            return sentence
        return _with_mark(sentence)

    return changed(text, mark)


def _with_mark(sentence: str) -> str:
    end = re.search(r"[.!;:*_]*\s*$", sentence)
    assert end is not None
    return f"{sentence[: end.start()]} {MARK}{end[0]}"


def _asserts(sentence: str, known: Established, named: set[str], catalogue: Catalogue) -> bool:
    """Whether the sentence gives a cause that is not established."""
    if _OPEN.search(sentence):
        return False
    behind = _BEHIND.search(sentence)
    if behind is not None:
        return not _stands(sentence[behind.end() :], known, named, catalogue)
    before = _BEFORE.search(sentence)
    return before is not None and not _stands(sentence[: before.start()], known, named, catalogue)


def _stands(cause: str, known: Established, named: set[str], catalogue: Catalogue) -> bool:
    """Whether what is given as the cause is what the incidents name, and nothing else."""
    lower = cause.lower()
    mentioned = {name for name in named if _holds(lower, name)}
    # The parts of a longer name that stands there are not meant themselves.
    mentioned = {name for name in mentioned if not any(name != other and name in other for other in mentioned)}
    if mentioned:
        return mentioned <= known.names
    metrics = {m.short.lower() for m in catalogue if _holds(lower, m.short.lower())}
    metrics |= {m.name for m in catalogue if m.name in lower}
    if metrics:
        return bool(metrics & known.names)
    components = {name for name in COMPONENTS if _holds(lower, name)}
    return bool(components) and components <= known.components and _is_short(lower)


def _is_short(cause: str) -> bool:
    """Whether little more than the component is named: what happened within it is then not asserted."""
    return len(re.findall(r"[a-z]{3,}", cause)) <= 6


def _holds(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))


def _incidents(replies: Sequence[ToolReply]) -> list[dict[str, Any]]:
    return [row for r in replies for row in r.rows if row.get("root_metric") and row.get("certain", True) is not False]


def _in_rows(replies: Sequence[ToolReply]) -> set[str]:
    names: set[str] = set()
    for reply in replies:
        for row in reply.rows:
            places = [row, *(row.get("chain") or [])]
            names |= {str(p[k]).lower() for p in places for k in ("instance", "root_instance") if p.get(k)}
    return names - {"*"}


def _documents(replies: Sequence[ToolReply]) -> Iterable[str]:
    """What documents say is theirs to say: it is quoted, not asserted."""
    return (str(row["text"]) for reply in replies for row in reply.rows if "document_id" in row)


def _definitions(catalogue: Catalogue) -> Iterable[str]:
    for metric in catalogue:
        yield from (metric.description, *metric.likely_causes, *metric.first_checks, *metric.pitfalls)
    for pattern in catalogue.patterns:
        yield pattern.explanation
