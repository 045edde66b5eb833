"""How far ahead a forecast is asked for: "this week", "by Friday", "within 3 days"; no window to look back on."""

from __future__ import annotations

import re

from monitoring.agent.calendars import DAY, TIME, UNIT_WORDS, Calendar, read_time
from monitoring.agent.timespans import DURATION

UNEASY = (
    r"\b(?:worr(?:y|ied|ying)|concern\w*|expect\w*|safe|sleep|trouble|risk\w*|nervous|hold|cope)\b.*"
    r"\b(?:tonight|tomorrow)\b|\b(?:tonight|tomorrow)\b.*\b(?:worr(?:y|ied|ying)|safe|trouble|risk\w*)\b"
)
"""Words that look ahead without a word of the future: "do I need to worry about the disk tonight"."""

_HORIZON = re.compile(
    rf"\b(?:(?:some\s?time|any\s?time|at any point)\s+)?(?:(?:within|in|over|during|for|before|by|until"
    rf"|till)\s+)?(?:the\s+)?"
    rf"(?:(?:end|close) of\s+(?:the\s+|this\s+|next\s+)?(?:day|week|month|year|today|shift)|(?:this|next|coming"
    rf"|upcoming)\s+(?:few\s+)?(?:{DURATION}"
    rf"|hours?|days?|weeks?|weekend|months?|years?|night|morning|afternoon|evening|[a-z]+day)|tomorrow(?:\s+\w+)?"
    rf"|tonight|today"
    rf"|(?:weekend|morning|end of business))\b|\b(?:within|in|by|before|until|for|over)\s+(?:the\s+next\s+"
    rf"|another\s+)?{DURATION}"
    rf"|\b(?:by|before|until|till)\s+(?:{DAY}|{TIME}|noon|midnight)(?:\s+(?:{UNIT_WORDS}))?|\b(?:soon|shortly"
    rf"|eventually|one day)\b"
)
_LOOKING_BACK = re.compile(r"\b(?:last|past|previous|since|yesterday|ago|between)\b")


def without_horizon(text: str) -> str:
    """The question without the words for a time to come; a stretch to look back on stays."""
    return _HORIZON.sub(lambda m: m[0] if _LOOKING_BACK.search(m[0]) else " ", text)


_APPOINTMENT = re.compile(
    rf"\b(?:before|until|till|by|for|ahead of|prior to)\s+(?:the\s+|our\s+|my\s+|today's\s+)*(?P<at>{TIME})\s+"
    r"(?:release|deploy\w*|rollout|meeting|stand-?up|sync|call|hand-?over|maintenance|demo|shift|change|go-?live"
    r"|switch)\b"
)


def without_appointment(text: str, calendar: Calendar) -> str:
    """The question without something that is still to come today: "before the 12:30 release"."""

    def dropped(match: re.Match[str]) -> str:
        at = read_time(match["at"])
        return " " if at is not None and calendar.at(calendar.today, at, match["at"]) > calendar.now else match[0]

    return _APPOINTMENT.sub(dropped, text)
