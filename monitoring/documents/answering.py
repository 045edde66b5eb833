"""From passages to an answer with citations, without a language model: the sentences that answer, and where they stand.

Everything said of the incidents is quoted; what is added only says where it comes from. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitoring.document_types import Citation
from monitoring.documents.asking import FULL, inquiry
from monitoring.documents.quoting import best_stretch, harmless, is_row, pieces, row_words, stems
from monitoring.documents.sections import asked_kind

LEAST_COVERED = 0.5
"""Passages that speak of less than this share of what was asked about do not answer it."""
CLOSE = 0.8
"""Another document counts where its best passage scores so much of the best one."""
MOST_CHARACTERS = 520
MOST_ROWS = 6
MOST_OTHERS = 3
MOST_LISTED = 8
MOST_NEAREST = 3
_LISTS = re.compile(
    r"\b(?:which|what|list|any|all|every|other|similar)\b.{0,30}\b(?:incidents?|outages?|post-?mortems?|documents?"
    r"|runbooks?|reports?|cases?|times)\b|\b(?:has|have|did)\b.{0,40}\b(?:happen|happened|seen|occur\w*|had)\b.{0,30}"
    r"(?:\bbefore\b|\bever\b|\balready\b|\bpreviously\b|\?)|\bis there (?:an?|any)\b|\bare there\b|\bdo we have\b"
)
_CUES = {
    "resolution": r"\bfix|\bresol|\brestor|\brecover|\bmitigat|\broll(?:ed)? ?back|\braised|\bset\b|\bincreas|\breduc"
    r"|\bstopp|\brestart|\bchang|\bpaus|\bdrop|\bmoved|\bbatch|\benabl|\bdisabl|\badded|\bdeploy|\bclear",
    "cause": r"\bcause|\bbecause|\bdue to|\bled to|\btrigger|\breason|\bwas set\b|\bresult|\bwithout\b|\bso that\b",
    "impact": r"\d|\bcustomer|\buser|\blost\b|\bdelay|\bminutes?\b|\bhours?\b",
    "timeline": r"\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}|\bUTC\b",
    "detection": r"\balert|\bnotic|\bpage|\bdetect|\balarm",
    "actions": r"\bowner|\bdue\b|\badd\b|\bmust\b|\bwill\b|\d{4}-\d{2}",
}


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer in words with the passages it quotes, in the order in which they are cited."""

    text: str
    found: bool
    citations: tuple[Citation, ...]
    nearest: tuple[str, ...] = ()


def composed(question: str, passages: Sequence[Citation]) -> Composed:
    """The answer that the passages give; `passages` come the best first."""
    good = [one for one in passages if one.covers >= LEAST_COVERED]
    if not good:
        return _unsaid(passages)
    if _LISTS.search(question.lower()):
        return _listing(question, good)
    return _telling(question, good)


def _unsaid(passages: Sequence[Citation]) -> Composed:
    nearest = tuple(dict.fromkeys(f"{harmless(one.title)} ({one.file})" for one in passages))[:MOST_NEAREST]
    text = "The documents don't say."
    if nearest:
        text += f" The nearest: {'; '.join(nearest)}."
    else:
        text += " None of them speaks of that."
    return Composed(text, False, (), nearest)


def _listing(question: str, passages: Sequence[Citation]) -> Composed:
    """One line a document: what it is and the sentence that fits best."""
    first: dict[int, Citation] = {}
    for one in passages:
        first.setdefault(one.document_id, one)
    told = [one for one in first.values() if one.score >= 0.5 * passages[0].score][:MOST_LISTED]
    lines = [f"- **{harmless(one.title)}**: {excerpt(question, one, 260)} {one.label}" for one in told]
    count = "One document speaks" if len(told) == 1 else f"{len(told)} documents speak"
    return Composed("\n".join([f"{count} of that:", "", *lines]), True, tuple(told))


def _telling(question: str, passages: Sequence[Citation]) -> Composed:
    """What the best passage says, then what others add to it."""
    best = passages[0]
    where = f"under “{harmless(_innermost(best.heading))}”" if best.heading else "there"
    lead = f"**{harmless(best.title)}** says {where}:"
    text = [lead, "", _quoted(question, best)]
    used = [best]
    for one in _others(passages, best):
        used.append(one)
    if used[1:]:
        text += ["", "Also:"]
        text += [f"- {_named(one, best)}{excerpt(question, one, 240)} {one.label}" for one in used[1:]]
    return Composed("\n".join(text), True, tuple(used))


def _others(passages: Sequence[Citation], best: Citation) -> list[Citation]:
    """Passages of other pages or sections that come close, the same document's first."""
    seen = {(best.document_id, best.page, best.heading)}
    chosen = []
    for one in sorted(passages[1:], key=lambda one: one.document_id != best.document_id):
        key = (one.document_id, one.page, one.heading)
        close = one.score >= (0.6 if one.document_id == best.document_id else CLOSE) * best.score
        if key not in seen and close and one.text.strip():
            seen.add(key)
            chosen.append(one)
    return chosen[:MOST_OTHERS]


def _named(one: Citation, best: Citation) -> str:
    inner = harmless(_innermost(one.heading))
    if one.document_id == best.document_id:
        return f"{inner}: " if inner else ""
    return f"**{harmless(one.title)}**{f', {inner}' if inner else ''}: "


def _innermost(heading: str) -> str:
    return heading.rpartition(" > ")[2]


def _quoted(question: str, one: Citation) -> str:
    """The part of a passage that answers, rows of tables as a list."""
    chosen = _chosen(question, one, MOST_CHARACTERS)
    if chosen and all(is_row(piece) for piece in chosen):
        return "\n".join([*(f"- {row_words(piece)}" for piece in chosen), "", one.label])
    return f"{' '.join(row_words(piece) if is_row(piece) else piece for piece in chosen)} {one.label}"


def excerpt(question: str, one: Citation, most: int) -> str:
    """What of a passage answers a question, on one line of about so many characters."""
    text = "; ".join(row_words(piece) if is_row(piece) else piece for piece in _chosen(question, one, most))
    text = text or harmless(_innermost(one.heading))
    return text if len(text) <= 2 * most else f"{text[: 2 * most].rsplit(' ', 1)[0]} …"


def _chosen(question: str, one: Citation, most: int) -> list[str]:
    """The pieces of a passage that answer a question best, next to one another."""
    parts = pieces(one.text)
    if not parts:
        return []
    scores = scored(question, parts)
    stretch = best_stretch(scores, [len(part) for part in parts], most)
    return [parts[n] for n in stretch][: MOST_ROWS if is_row(parts[stretch[0]]) else len(parts)]


def scored(question: str, parts: Iterable[str]) -> list[float]:
    """How well each piece answers: the words it shares with the question, and what such an answer sounds like."""
    asked = inquiry(question)
    about = stems(" ".join(word for word, weight in asked.words.items() if weight >= FULL))
    related = stems(" ".join(word for word, weight in asked.words.items() if weight < FULL)) - about
    cue = _CUES.get(asked_kind(question), r"$^")
    found = []
    for part in parts:
        words = stems(part)
        score = len(words & about) + 0.25 * len(words & related) + 1.2 * bool(re.search(cue, part.lower()))
        found.append(score + (0.0 if is_row(part) else 0.1))
    return found
