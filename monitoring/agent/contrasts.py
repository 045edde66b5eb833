"""Two things in words, beside each other over one stretch of time: "ch-1 vs ch-2", "heap across brokers"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from monitoring.agent import things
from monitoring.agent.calendars import Calendar
from monitoring.agent.comparisons import SEPARATOR
from monitoring.agent.timewords import find_spans

_COMPARED = (
    r"\bvs\b|\bversus\b|\bcompar\w*|\bcontrast\w*|\bagainst\b|\bdiffer\w*|\bthan\b|\bside by side\b"
    r"|\b(?:next to|beside|alongside|relative to)\b|\bapart\b|\b(?:worse|better|higher|lower|slower|faster"
    r"|healthier|busier|fuller|more|less|fewer)\b"
)
_TIME_NEXT = (
    r"\s*(?:the\s+)?(?:last|yesterday|today|usual|normal|previous|prior|same|day|week|month|before|earlier|it was"
    r"|they were"
    r"|this|an? (?:hour|day|week)|\d|[a-z]+day\b)"
)


def side_by_side(text: str, written: str, instances: Sequence[str], components: Sequence[str]) -> bool:
    """Whether two things are compared with each other, "ch-1 vs ch-2", rather than two stretches of time.

    `text` is without the names of instances, `written` has them: what stands behind "vs" there is a name or a time.
    """
    heads = len({name.split("/")[0] for name in instances})
    in_full = sum(
        re.search(rf"(?<![\w/]){re.escape(name.lower())}(?![\w/])", written) is not None for name in instances
    )
    sides = max(heads, in_full) if instances else len(components)
    if sides < 2 or not re.search(_COMPARED, text):
        return False
    spoken = written if instances else text
    return re.search(rf"{SEPARATOR}{_TIME_NEXT}", spoken) is None and not re.search(
        r"\b(?:getting|become|got|gotten) (?:any )?(?:worse|better)\b|\bover (?:week|day)\b", text
    )


_ACROSS = re.compile(
    r"\bcompar\w*\b(?P<what>.+?)\b(?:across|between|among(?:st)?|per|by|(?:of|for|on|over) (?:all|each|every))\s+"
    rf"(?:(?:all|the|our|each|every|different|three|\d)\s+)*(?P<kind>{things.WORDS})\b"
)
_TWO = re.compile(
    r"\b(?:compar\w*|contrast)\s+(?P<a>.+?)\s+(?:with|to|and|against|vs|versus)\s+(?P<b>.+)"
    r"|(?P<c>.+?)\s+(?:compared? (?:with|to)|vs|versus)\s+(?P<d>.+)"
)


def figures_apart(text: str, calendar: Calendar, figures_in: Callable[[str], frozenset[str]]) -> str:
    """The question for figures beside each other, not for two stretches of time, without its word for comparing.

    "Compare heap across brokers", "compare lag with checkpoint duration"; empty where it asks for neither.
    """
    if re.search(rf"{SEPARATOR}{_TIME_NEXT}|\bover (?:week|day|month)\b", text):
        return ""
    across = _ACROSS.search(text)
    if across is not None and figures_in(across["what"]):
        return f"{text[: across.start()]} {across['what']} of which {across['kind']} {text[across.end() :]}"
    two = _TWO.search(text)
    sides = [side for side in two.groups() if side is not None] if two is not None else []
    named = [figures_in(side) for side in sides]
    if two is None or not all(named) or named[0] == named[1] or all(find_spans(s, calendar)[0] for s in sides):
        return ""
    return f"{text[: two.start()]} {' and '.join(sides)}"
