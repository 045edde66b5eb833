"""The wish of a follow-up: what is asked of the subject before, where it asks anything else than before."""

from __future__ import annotations

import re

from monitoring.agent import lexicon, things
from monitoring.agent.intents import Words
from monitoring.agent.request import Intent, Request

WEAK: frozenset[Intent] = frozenset({"status", "list", "value", "unclear"})
EVENTS: frozenset[Intent] = frozenset({"count", "list", "cascade"})
NOTHING_TO_GIVE: frozenset[Intent] = frozenset({"refuse", "foreign", "problem", "unclear", "help"})
_KEPT: frozenset[Intent] = frozenset({"status", "list", "count", "cascade", "diagnose", "trend", "compare", "recall"})
"""What stays asked when a turn changes only what it is asked of."""
_NUMBER_ALONE = r"^\W*(?:(?:and|just|only|please|ok|okay|so)\W+)*(?:the |a |one )?(?:number|count)\b"
_SHOW_THEM = (
    r"^\W*(?:(?:and|so|ok|okay|then|now|please|can you|could you|let me)\W+)*(?:show|list|see|name|enumerate|display"
    r"|print"
    r"|give)\b(?!.*\bhow many\b)|\b(?:what|which) (?:are|were|is|was) (?:they|those|these|it|that)\W*$"
    rf"|^\W*(?:(?:and|so|in|on|for|of)\W+)*which (?:{things.WORDS}|components?|metrics?)\W*$"
)
_IS_IT = r"^\W*(?:so |and |but )?(?:is|are|has|have|does|do|was|were|did)\b"


def wish(request: Request, words: Words, previous: Request, edit: bool) -> Intent:
    if previous.intent == "forecast" and request.intent == "since" and request.window is None:
        return "forecast"
    if previous.intent == "count" and request.intent in WEAK and re.search(_SHOW_THEM, words.rest):
        return "list"
    if request.intent == "count" and previous.intent in ("value", "trend") and re.search(_NUMBER_ALONE, words.rest):
        return previous.intent
    if edit and previous.intent in _KEPT:
        return previous.intent
    own_events = re.search(lexicon.EVENT_NOUN, words.rest) is not None
    if request.intent == "inventory":
        return previous.intent if previous.intent in ("count", "list", "status", "cascade", "diagnose") else "inventory"
    weak = request.intent in WEAK and not own_events and not re.search(r"\bstatus\b|\bhealth", words.rest)
    if re.search(r"^\W*(?:list|name|enumerate)\b|\b(?:worst|top)\b", words.rest) and previous.intent in (
        "count",
        "status",
    ):
        return "list"
    if previous.intent in ("since", "advice") and request.intent == "list" and request.window is not None:
        return "list"
    if previous.intent in ("since", "advice") and request.intent in ("status", "value", "unclear"):
        return "status" if request.ranked or re.search(lexicon.ANAPHORA, words.text) else previous.intent
    if (previous.intent == "compare" and request.ranked) or (
        previous.intent == "contrast" and (request.ranked or words.instances)
    ):
        return "contrast" if previous.intent == "contrast" and not request.ranked else "value"
    if previous.intent in ("threshold", "define") and request.intent == "value" and not words.metrics:
        return "value"
    if previous.intent in ("threshold", "define") and re.search(_IS_IT, words.text) and request.intent in WEAK:
        return "status"
    if request.intent == "value" and previous.intent == "status" and previous.instances and not previous.metrics:
        return "value"
    return previous.intent if weak and previous.intent not in NOTHING_TO_GIVE else request.intent
