"""From passages to an answer with citations, without a language model: the sentences that answer, and where they stand.

Everything said of the incidents is quoted; what is added only says where it comes from. Pure.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitoring.document_types import Citation
from monitoring.documents.asking import FAINT, FULL, inquiry
from monitoring.documents.quoting import best_stretch, harmless, head_of, is_row, pieces, row_words, stems
from monitoring.documents.sections import asked_kind

LEAST_COVERED = 0.58
"""Passages that speak of less than this share of what was asked about do not answer it."""
CLOSE = 0.8
"""Another document counts where its best passage scores so much of the best one."""
CLOSEST = 0.45
"""Passages below this share of the best score do not answer."""
SAID_COUNTS = 0.8
"""How much it counts what the sentences of a passage say, compared with its score."""
MOST_CHARACTERS = 520
MOST_ROWS = 6
MOST_OTHERS = 3
MOST_LISTED = 8
MOST_NEAREST = 3
_POINT = re.compile(r"^[•◦▪‣*]\s+")
_LONG = r"\b(?:duration|lasted?)\b|\b\d+(?:[.,]\d+)? ?(?:s|sec\w*|min\w*|h|hours?|days?)\b"
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
    ordered = _by_what_they_say(question, passages)
    best = ordered[0]
    where = f"under “{harmless(_innermost(best.heading))}”" if best.heading else "there"
    text = [f"**{harmless(best.title)}** says {where}:", "", _quoted(question, best)]
    others = _others(ordered, best)
    if others:
        text += ["", "Also:"]
        text += [f"- {_named(one, best)}{excerpt(question, one, 240)} {one.label}" for one in others]
    return Composed("\n".join(text), True, (best, *others))


def _by_what_they_say(question: str, passages: Sequence[Citation]) -> list[Citation]:
    """Passages that come close, by their scores and by how well their best sentences answer."""
    near = [one for one in passages if one.score >= CLOSEST * passages[0].score]
    rare = _rarity(near)
    said = [max(scored(question, pieces(one.text), rare), default=0.0) for one in near]
    most, top = max(said) or 1.0, near[0].score or 1.0
    values = {id(one): one.score / top + SAID_COUNTS * value / most for one, value in zip(near, said, strict=True)}
    return sorted(near, key=lambda one: -values[id(one)])


def _rarity(passages: Sequence[Citation]) -> Mapping[str, float]:
    """How much each stem tells among the sentences of these passages: those that stand in few of them tell more."""
    counts: Counter[str] = Counter()
    total = 0
    for one in passages:
        for piece in pieces(one.text):
            counts.update(stems(piece))
            total += 1
    return {stem: math.log(1 + total / count) for stem, count in counts.items()}


def _others(ordered: Sequence[Citation], best: Citation) -> list[Citation]:
    """Passages of other pages or sections that come close, each page and section once."""
    seen = {(best.document_id, best.page, best.heading)}
    chosen = []
    for one in ordered[1:]:
        key = (one.document_id, one.page, one.heading)
        same = one.document_id == best.document_id
        if key not in seen and one.text.strip() and (same or one.score >= CLOSE * best.score):
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
    chosen, head = _chosen(question, one, MOST_CHARACTERS)
    if chosen and all(is_row(piece) for piece in chosen):
        return "\n".join([*(f"- {row_words(piece, head)}" for piece in chosen), "", one.label])
    told = [row_words(piece, head) if is_row(piece) else piece for piece in chosen]
    if any(_POINT.match(piece) for piece in told):
        return "\n".join(f"- {_POINT.sub('', piece)}" for piece in told) + f"\n\n{one.label}"
    return f"{' '.join(told)} {one.label}"


def excerpt(question: str, one: Citation, most: int) -> str:
    """What of a passage answers a question, on one line of about so many characters."""
    chosen, head = _chosen(question, one, most)
    told = [row_words(piece, head) if is_row(piece) else _POINT.sub("", piece) for piece in chosen]
    text = ("; " if chosen and is_row(chosen[0]) else " ").join(told)
    text = text or harmless(_innermost(one.heading))
    return text if len(text) <= 2 * most else f"{text[: 2 * most].rsplit(' ', 1)[0]} …"


def _chosen(question: str, one: Citation, most: int) -> tuple[list[str], str]:
    """The pieces of a passage that answer a question best, next to one another, and the head of its table."""
    every = pieces(one.text)
    head = head_of(every)
    parts = [part for part in every if part != head]
    if not parts:
        return [], ""
    scores = scored(question, parts)
    stretch = best_stretch(scores, [len(part) for part in parts], most)
    return [parts[n] for n in stretch][: MOST_ROWS if is_row(parts[stretch[0]]) else len(parts)], head


def scored(question: str, parts: Iterable[str], rare: Mapping[str, float] | None = None) -> list[float]:
    """How well each piece answers: the words it shares with the question, and what such an answer sounds like.

    `rare` says how much each stem tells; without it all tell the same.
    """
    asked = inquiry(question)
    about = stems(" ".join(word for word, weight in asked.words.items() if weight >= FULL))
    related = stems(" ".join(word for word, weight in asked.words.items() if FAINT < weight < FULL)) - about
    how_long = re.search(r"\bhow long\b|\bduration\b", question.lower())
    cue = _LONG if how_long else _CUES.get(asked_kind(question), r"$^")
    found = []
    for part in parts:
        words = stems(part)
        score = sum((rare or {}).get(stem, 1.0) for stem in words & about)
        score += 0.3 * sum((rare or {}).get(stem, 1.0) for stem in words & related)
        found.append(score + 1.2 * bool(re.search(cue, part.lower())) + (0.0 if is_row(part) else 0.1))
    return found
