"""The sentences of a text: which of them ask something, which only tell, and which ask for what cannot be done."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitoring.agent.intents import cued_intent
from monitoring.agent.refusing import reason_in

_ASKING = (
    r"^\W*(?:(?:so|and|but|ok|okay|well|also|now|then|please|hey|hi|anyway|btw|quick question)[\s,:]+)*(?:what"
    r"|what's|which|who"
    r"|whose|where|when|why|how|how's|is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|shall|any"
    r"|anything"
    r"|show|list|give|tell|compare|check|explain|describe|define|display|plot|graph|find|look|summari[sz]e|report"
    r"|predict"
    r"|forecast|count|get|let me (?:know|see)|i(?:'d| would)? (?:want|need|like) to (?:know|see)|since when|trend"
    r"|status|zoom)\b"
)
_WISH = (
    r"\b(?:please|pls|tell me|show me|let me know|give me|i(?:'d| would) like to (?:know|see)|i (?:want"
    r"|need) to (?:know|see))\b"
)
_NEW_CLAUSE = (
    r"[?!;]\s+|\.\s+(?=[a-z])|\s*,?\s+(?:and|also|plus|then)\s+(?=(?:also\s+)?(?:what|how|is|are|was"
    r"|were|show|which|any|why|did|does|when|list|compare|tell|give|has|have|will|can)\b)"
)
_INTERJECTION = (
    r"\W*(?:(?:ok(?:ay)?|so|well|hi|hello|hey|thanks|thank you|great|yes|no|hmm+|right|and|good (?:morning|evening"
    r"|afternoon)"
    r"|alright|cool|please|sorry|hi there|dear \w+|ah|oh|um+|anyway|listen)\W*)+"
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """The sentences that may be answered, and why others are not: "sql", "manipulation", "action"."""

    text: str
    reasons: tuple[str, ...] = ()


def guarded(text: str) -> Guarded:
    """The sentences that ask something, and what is said about those that ask for what cannot be done."""
    kept: list[str] = []
    reasons: list[str] = []
    for sentence in _sentences(text):
        reason = reason_in(sentence)
        if reason:
            reasons.append(reason)
        else:
            kept.append(sentence)
    if reasons and not any(_has_cue(sentence) for sentence in kept):
        return Guarded("", tuple(dict.fromkeys(reasons)))
    return Guarded(" ".join(kept), tuple(dict.fromkeys(reasons)))


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[?!.;])\s+", text) if sentence.strip()]


def _has_cue(sentence: str) -> bool:
    return (
        cued_intent(sentence) is not None
        or re.search(r"\b(?:status|health|how many|anomal|issues?)", sentence) is not None
    )


def told_and_asked(text: str) -> tuple[list[str], list[str]]:
    """Sentences that only tell something, and clauses that ask; where none asks outright, all count as asking."""
    sentences = _sentences(text)
    asking = [s for s in sentences if s.rstrip().endswith("?") or re.search(_ASKING, s) or re.search(_WISH, s)]
    if not asking:
        return [], _clauses(text)
    told = [s.strip(" ?!.") for s in sentences if s not in asking]
    return [s for s in told if s], [clause for sentence in asking for clause in _clauses(sentence)]


def _clauses(text: str) -> list[str]:
    """The questions asked in one breath; one that is no question by itself stays with the one before."""
    clauses: list[str] = []
    for part in re.split(_NEW_CLAUSE, text):
        part = part.strip(" ?!.")
        if part and (not clauses or len(part.split()) >= 2):
            clauses.append(part)
        elif part:
            clauses[-1] += f" {part}"
    said = [clause for clause in clauses if not re.fullmatch(_INTERJECTION, clause)]
    return said or clauses or [text]
