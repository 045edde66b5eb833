"""How far ahead a forecast is asked for: "this week", "by Friday", "within 3 days"; no window to look back on."""

from __future__ import annotations

import re

from monitoring.agent.calendars import DAY, TIME, UNIT_WORDS
from monitoring.agent.timespans import DURATION

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
