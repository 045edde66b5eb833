"""What a language model says of documents, held against the passages it was given: pure.

A sentence stays where it cites a passage that it was given, where each of its figures stands there as it is, and where
its words speak of the same. Everything else goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitoring.agent.evidence import WRITTEN
from monitoring.agent.sentences import changed
from monitoring.document_types import Citation
from monitoring.documents.quoting import gives_orders, stems

LEAST_SHARED = 0.4
"""The share of a sentence's longer words that must stand in the passages it cites."""
_LABEL = re.compile(r"\[[^\[\]\n]{3,300}\]")
_BEHIND = re.compile(r"([.!?])\s*((?:\[[^\[\]\n]{3,300}\]\s*)+)")


def supported(text: str, passages: Sequence[Citation]) -> str:
    """The text without the sentences that no passage bears out; empty where none does."""
    by_label: dict[str, list[Citation]] = {}
    for one in passages:
        by_label.setdefault(one.label, []).append(one)
    # A citation behind the full stop belongs to the sentence before it.
    joined = _BEHIND.sub(lambda match: f" {match[2].strip()}{match[1]} ", text)
    kept = changed(joined, lambda sentence: sentence if _borne_out(sentence, by_label) else "")
    return kept if _LABEL.search(kept) else ""


def cited_in(text: str, passages: Sequence[Citation]) -> tuple[Citation, ...]:
    """The passages that a text cites, in the order in which it does."""
    labels = list(dict.fromkeys(_LABEL.findall(text)))
    mine = [one for one in passages if one.label in labels]
    return tuple(sorted(mine, key=lambda one: labels.index(one.label)))


def _borne_out(sentence: str, by_label: dict[str, list[Citation]]) -> bool:
    labels = _LABEL.findall(sentence)
    if not labels or any(label not in by_label for label in labels) or gives_orders(sentence):
        return False
    said = _LABEL.sub(" ", sentence)
    written = " ".join(f"{one.title} {one.heading} {one.text}" for label in labels for one in by_label[label])
    if not set(WRITTEN.findall(said)) <= set(WRITTEN.findall(written)):
        return False
    words = {stem for stem in stems(said) if len(stem) > 3}
    return len(words & stems(written)) >= LEAST_SHARED * len(words)
