"""The time that one sentence tells and the question after it means: "They called from 4 to 5. Was there lag then?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitoring.agent.calendars import Calendar, plain_numbers
from monitoring.agent.timespans import Nonsense
from monitoring.agent.timewords import find_spans

_BACK_THEN = re.compile(
    r"\b(?:back then|(?:at|around|about|by) (?:that time|the time|then)|(?:in|during|over|within) (?:that|this)"
    r"(?: (?:time|window|period|stretch|hours?|interval))?(?=\W*$)|then(?=\W*$))"
)
_PAST = re.compile(r"\b(?:did|was|were|had|happened|broke|failed|went|fired|fell|rose)\b")
_OWN_TIME = re.compile(
    r"\b(?:when|since|how long|now|currently|still|before|after\w*|first|is|are|ever)\b|^\W*ha(?:s|ve)\b"
)


def in_told_time(clause: str, told: Sequence[str], calendar: Calendar) -> str:
    """The lower-case clause with the time that a sentence before it told, where it looks back and names none."""
    back = _BACK_THEN.search(clause) is not None
    if not told or not (back or (_PAST.search(clause) and not _OWN_TIME.search(clause))):
        return clause
    try:
        if find_spans(plain_numbers(clause), calendar)[0]:
            return clause
        when = next(filter(None, (_when(sentence, calendar, back) for sentence in reversed(told))), "")
    except Nonsense:
        return clause
    return f"{_BACK_THEN.sub(' ', clause)} {when}" if when else clause


def _when(sentence: str, calendar: Calendar, back: bool) -> str:
    """The words for the stretch a sentence names; a mere moment counts only where it is pointed at."""
    text = plain_numbers(sentence)
    found, _ = find_spans(text, calendar)
    if not found or (found[0].span.kind == "point" and not back):
        return ""
    return " ".join(text[each.start : each.end].strip() for each in found)
