"""Words for a time that no rule understood: they must not be dropped without a word."""

from __future__ import annotations

import re

_UNIT = r"(?:minutes?|hours?|days?|nights?|weeks?|months?|quarters?|years?|shifts?|sprints?|weekends?)"
_EVENT = (
    r"(?:deploy\w*|releases?|rollouts?|upgrades?|updates?|maintenance|reboots?|migrations?|outages?|cut-?overs?"
    r"|fail-?overs?|peak(?: hours?)?|business hours|office hours|shifts?|holidays?|christmas|easter|black friday)"
)
_RESIDUE = re.compile(
    rf"\b(?:since|during|before|after|until|till|around)\s+(?:the\s+|our\s+|my\s+|that\s+)?(?:last\s+|latest\s+"
    rf"|previous\s+)?{_EVENT}\b"
    rf"|\b(?:in |during |over )?(?:the\s+)?(?:last|past|previous|this)\s+(?:\w+\s+)?{_UNIT}\b"
    r"|\b(?:since|until|till|from|between|before|after|at|around)\s+\d{1,2}(?::\d{2})?(?:\s*[ap]m)?\b(?!\s*(?:%|[a-z]))"
    r"|\b\d{1,2}:\d{2}\b|\b\d{1,2}\s*[ap]\.?m\b|\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b"
    r"|\b(?:half|quarter)\s+(?:past|to)\b|\bo'?clock\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day'?s?\b"
    r"|\b(?:at|in the|during|around|over|by|before|after|since|until)\s+(?:the\s+)?(?:dawn|dusk|sunrise|sunset"
    r"|breakfast|lunch|dinner|mid-?morning|mid-?afternoon|morning|afternoon|evening)\b"
    rf"|\b(?:\w+\s+)?{_UNIT}\s+ago\b|\ba while back\b|\bthe other {_UNIT}\b"
)


def unread_time(text: str) -> str:
    """The first words of a text, already without what was understood, that speak of a time; empty if none.

    Words with digits are not quoted, as every number of an answer has to stand in what was looked up.
    """
    match = _RESIDUE.search(text)
    if match is None:
        return ""
    words = match[0].strip()
    return words if not re.search(r"\d", words) else "the time of day you gave"
