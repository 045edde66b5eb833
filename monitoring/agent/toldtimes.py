"""The time that one sentence tells and the question after it means: "They called from 4 to 5. Was there lag then?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitoring.agent.calendars import Calendar, plain_numbers
from monitoring.agent.timespans import DURATION, Found
from monitoring.agent.timewords import find_spans
from monitoring.errors import InvalidInput

_BACK_THEN = re.compile(
    r"\b(?:back then|(?:at|around|about|by) (?:that time|the time|then)|(?:on |in |during )?(?:that|the same) (?:day"
    r"|night|morning|afternoon|evening)|(?:in|during|over|within) (?:that|this)"
    r"(?: (?:time|window|period|stretch|hours?|interval))?(?=\W*$)|then(?=\W*$))"
)
_FROM_THEN = re.compile(
    r"\b(?:from (?:then|there|that (?:moment|point|time)) (?:on(?:wards?)?\b|till now|until now|to now)"
    r"|since (?:then|that)|ever since|after (?:that|this|it)\b|afterwards?|thereafter)\b"
)
_BESIDE_IT = re.compile(
    rf"\b(?P<span>{DURATION}|(?:half )?hour|day) (?P<side>before|after(?:wards)?)\b"
    r"(?!\s+(?:\d|noon|midnight|midday|the\b|yesterday|today|last|this|[a-z]+day))"
)
_OF_IT = re.compile(
    r"^\W*(?:what (?:is|was) (?:it|that|the (?:number|count|figure|total|value))"
    r"|(?:(?:please|just) )?(?:show|list|give|tell|plot)(?: me| us)? (?:it|them|those|that"
    r"|the (?:number|count|figure|total|value)s?)|all of them)(?: [a-z]+){0,4}\W*$"
)
"""A short order that only points at what the sentence before it told."""
_PAST = re.compile(r"\b(?:did|was|were|had|happened|broke|failed|went|fired|fell|rose)\b")
_OWN_TIME = re.compile(
    r"\b(?:when|since|how long|now|currently|still|before|after\w*|first|is|are|ever)\b|^\W*ha(?:s|ve)\b"
)
_LEAST = 3
"""Letters and digits beside its time words from which on a sentence tells more than a time."""


def in_told_time(clause: str, told: Sequence[str], calendar: Calendar) -> str:
    """The lower-case clause with the time that a sentence before it told, where it looks back and names none."""
    pointing = next((p for p in (_FROM_THEN, _BESIDE_IT, _BACK_THEN, _OF_IT) if p.search(clause)), None)
    if not told:
        return clause
    try:
        if find_spans(plain_numbers(clause), calendar)[0]:
            return clause
        if pointing is None and not (_PAST.search(clause) and not _OWN_TIME.search(clause)):
            return _with_bare_time(clause, told, calendar)
        found = next(filter(None, (_when(sentence, calendar, pointing) for sentence in reversed(told))), "")
    except InvalidInput:
        return clause
    if not found:
        return clause
    if pointing is _FROM_THEN:
        return f"{_FROM_THEN.sub(' ', clause)} since {found}"
    if pointing is _BESIDE_IT:
        return _BESIDE_IT.sub(lambda m: f"{m['span']} {m['side'].removesuffix('wards')} {found}", clause, count=1)
    if pointing is _OF_IT:
        return f"{clause} {found}"
    return f"{_BACK_THEN.sub(' ', clause)} {found}"


def bare_times_joined(clauses: Sequence[str], calendar: Calendar) -> list[str]:
    """Clauses with those that are nothing but a time put to the one before: "show the trend; last 2 hours"."""
    joined: list[str] = []
    for clause in clauses:
        if joined and _bare_time(clause, calendar) and not _found(joined[-1], calendar):
            joined[-1] = f"{joined[-1]} {clause}"
        else:
            joined.append(clause)
    return joined


def _with_bare_time(clause: str, told: Sequence[str], calendar: Calendar) -> str:
    """A sentence that is nothing but a time is the time of the question beside it."""
    times = [sentence for sentence in told if _bare_time(sentence, calendar)]
    return f"{clause} {times[-1]}" if times else clause


def _bare_time(text: str, calendar: Calendar) -> bool:
    try:
        found, rest = find_spans(plain_numbers(text), calendar)
    except InvalidInput:
        return False
    return bool(found) and len(re.sub(r"[^a-z0-9]|\b(?:please|pls|for|in|the)\b", "", rest)) < _LEAST


def _found(text: str, calendar: Calendar) -> list[Found]:
    try:
        return find_spans(plain_numbers(text), calendar)[0]
    except InvalidInput:
        return []


def _when(sentence: str, calendar: Calendar, pointing: re.Pattern[str] | None) -> str:
    """The words for the stretch a sentence names; a mere moment counts only where it is pointed at."""
    text = plain_numbers(sentence)
    found, _ = find_spans(text, calendar)
    if not found or (found[0].span.kind == "point" and pointing in (None, _OF_IT)):
        return ""
    words = " ".join(text[each.start : each.end].strip() for each in found)
    return words if pointing in (None, _BACK_THEN, _OF_IT) else re.sub(r"^(?:at|around|about|on|by)\s+", "", words)
