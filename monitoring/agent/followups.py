"""Follow-ups: whether a question leans on the one before, and what it takes from it."""

from __future__ import annotations

import re
from dataclasses import replace

from monitoring.agent import lexicon, things
from monitoring.agent.edits import ALL_OF_THEM, BOTH, is_edit, number_alone, of_all_severities
from monitoring.agent.followup_wishes import EVENTS, FIGURES, NOTHING_TO_GIVE, WEAK, asks_by_itself, turned
from monitoring.agent.intents import Words
from monitoring.agent.request import Intent, Request
from monitoring.metrics import COMPONENTS, Catalogue

_SETTLED: frozenset[Intent] = frozenset({"refuse", "foreign", "problem"})
_COMPLETE: frozenset[Intent] = frozenset({"count", "list", "status", "cascade", "silent", "inventory"})
"""Intents that make a whole question with a word for anomalies, without a component or metric."""
THE_OTHERS = (
    rf"\b(?:the\s+|all\s+)?(?:others\b|(?:other|rest of the|remaining)\s+(?:two\s+"
    rf"|\d+\s+)?(?:{things.WORDS})\b)|\bthe rest\W*$"
)
"""Words for everything of a kind but what was spoken of before: "the other nodes?"."""
_HOW_MANY_OF_THEM = r"^\W*(?:so |and |but )?how many (?:are|is|were|was|have|has|did)\b(?! (?:there|we|you)\b)"
"""A number of what was spoken of: "how many are critical?"."""
_EACH_OTHER = (
    r"\b(?:with each other|to each other|side by side|against each other|next to each other|them|those|these"
    r"|the difference)\b"
)
_BESIDE = (
    r"\b(?:compar\w*|contrast\w*|differ\w*|vs|versus|against|better|worse|higher|lower|slower|faster)\b.*\b(?:with"
    r"|to|from"
    r"|than|against|vs|versus)\b|^\W*(?:and\s+)?(?:vs|versus|against|compared)\b"
)


def spoken_of(previous: Request | None) -> Request | None:
    """The request that a new turn may lean on: a turn that gave nothing leaves it at the one before."""
    if previous is None or previous.intent not in NOTHING_TO_GIVE or previous.before is None:
        return previous
    return previous.before


def leans_on(clause: str, words: Words, request: Request, previous: Request, catalogue: Catalogue) -> bool:
    """Whether a question is complete only together with the one before."""
    if request.intent in _SETTLED:
        return False
    named = bool(words.components or words.metrics or words.instances)
    if not named and turned(words.text, previous) is not None:
        return True
    if (previous.severity and of_all_severities(words.text)) or (not named and number_alone(words.text, previous)):
        return True
    if request.intent == "recall":
        return not named
    if request.intent == "help":
        return re.search(r"\bwhat (?:can|should)\b", clause) is None and bool(words.components)
    if words.move is not None or re.search(lexicon.FOLLOW_UP, clause) or is_edit(words, catalogue):
        return True
    if re.search(lexicon.WHOLE_PLATFORM, words.rest):
        return False
    events = re.search(lexicon.EVENT_NOUN, words.rest) is not None
    if named:
        return _goes_on(clause, words, request, previous, events, catalogue)
    if re.search(lexicon.ANAPHORA, re.sub(lexicon.NOT_ANAPHORA, " ", clause)):
        return True
    return _subjectless(clause, words, request, events)


def _ranks(word: str, previous: Request, catalogue: Catalogue) -> bool:
    """Whether the figures spoken of before are of such things: "which topic is worst?" after messages per topic."""
    kind = things.kind_of(word, previous.components)
    return bool(kind) and any(kind in catalogue[name].scope.split("/") for name in previous.metrics)


def _goes_on(
    clause: str, words: Words, request: Request, previous: Request, events: bool, catalogue: Catalogue
) -> bool:
    """Whether a question that names its subject goes on about it in the circumstances of the one before."""
    if request.intent == "cascade" and previous.intent in EVENTS | {"since", "diagnose"} and not words.windows.window:
        return True
    if request.ranked and not words.metrics and not events and _ranks(request.ranked, previous, catalogue):
        return True
    if request.intent == "cascade" and re.search(lexicon.ANAPHORA, re.sub(lexicon.NOT_ANAPHORA, " ", clause)):
        return True
    if not events and _lacks(request, words, previous):
        return True
    if request.intent not in WEAK or events:
        return False
    if re.search(lexicon.MAYBE_FOLLOW_UP, clause):
        return True
    if re.fullmatch(rf"\W*(?:and\s+|for\s+|on\s+)?(?:{ALL_OF_THEM})\W*", clause):
        return True
    fragment = len(words.rest.split()) <= 3 and not re.search(lexicon.STATUS_WORD, words.rest)
    if fragment and words.instances and not words.components:
        return bool(previous.metrics or previous.instances)
    known = {*previous.components, *previous.metric_homes}
    if previous.instances and not known:
        return fragment and bool(words.metrics)
    return fragment and bool(words.metrics) and bool(set(request.metric_homes) & known)


def _lacks(request: Request, words: Words, previous: Request) -> bool:
    """Whether a clause lacks what its wish needs and the question before has: the figure, or what is counted."""
    if previous.intent in NOTHING_TO_GIVE:
        return False
    if not asks_by_itself(words):
        return bool(words.instances) or previous.intent not in ("since", "advice")
    if request.intent == "count":
        return previous.intent == "count" or bool(previous.metrics and previous.intent in FIGURES)
    figure = request.intent in FIGURES and not words.metrics and bool(previous.metrics)
    if words.instances and figure:
        return True
    pointing = re.search(rf"{lexicon.ANAPHORA}|\b(?:same|then|there|that|this|those)\b", words.text) is not None
    return pointing and request.intent == previous.intent


def _subjectless(clause: str, words: Words, request: Request, events: bool) -> bool:
    short = len(clause.split()) <= 3
    if not events and re.search(
        r"^\W*(?:(?:and|so|but|ok)\W+)*(?:(?:in|on|for|of|at|to)\s+)?which\b(?! system\b)", clause
    ):
        return True
    if re.search(_HOW_MANY_OF_THEM, clause) and request.intent in ("count", "value"):
        return True
    if request.intent == "unclear":
        return words.windows.window is not None or short or bool(request.ranked)
    if request.intent in _COMPLETE and (events or request.intent in ("cascade", "silent", "inventory")):
        return short and request.intent != "silent"
    if request.intent == "status":
        return short and not re.search(lexicon.STATUS_WORD, words.rest) and request.severity is not None
    return True


def set_beside(request: Request, wanted: Intent, words: Words, previous: Request) -> Request | None:
    """ "Compare with broker-2" after a question about broker-1: both side by side; `None` where that is not asked.

    `wanted` is what the turn asks for, `request` what it would be by itself.
    """
    contrast = wanted == "contrast" and request.intent != "contrast"
    if not (contrast or request.intent == "compare") or words.windows.named:
        return None
    if not (words.instances or words.components):
        return _last_two(request, previous) if contrast or re.search(f"{BOTH}|{_EACH_OTHER}", words.text) else None
    if not (contrast or re.search(_BESIDE, words.text)):
        return None
    if words.instances and previous.instances:
        both = tuple(dict.fromkeys((*previous.instances, *words.instances)))
        return replace(request, intent="contrast", instances=both, window=None, compare=None)
    homes = {*(previous.components or previous.metric_homes), *words.components}
    if words.instances or not words.components or len(homes) <= len(words.components):
        return None
    components = tuple(name for name in COMPONENTS if name in homes)
    return replace(request, intent="contrast", components=components, window=None, compare=None)


def _last_two(request: Request, previous: Request) -> Request | None:
    """ "Compare the two": what the last two questions were about, where they differ in one thing."""
    before = previous.before
    if before is None:
        return None
    if before.instances and previous.instances and set(before.instances) != set(previous.instances):
        both = tuple(dict.fromkeys((*before.instances, *previous.instances)))
        return replace(request, intent="contrast", instances=both, window=None, compare=None)
    one, other = (set(r.components or r.metric_homes) for r in (before, previous))
    if one and other and one != other:
        components = tuple(name for name in COMPONENTS if name in one | other)
        return replace(request, intent="contrast", components=components, window=None, compare=None)
    if before.window is None or previous.window is None or before.window.window == previous.window.window:
        return None
    earlier, later = sorted((before.window, previous.window), key=lambda span: span.window.start)
    return replace(request, window=later, compare=earlier)
