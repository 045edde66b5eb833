"""Turns that only change the question before: names, a window, a severity, and no word that asks anything else.

"Actually ClickHouse", "no, I meant yesterday", "the critical ones on ch-2 please": what such a turn names takes the
place of its like in the question before, and everything it does not name stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from monitoring.agent import lexicon, things
from monitoring.agent.intents import Words
from monitoring.agent.naming import stem, vocabulary
from monitoring.agent.numberwords import number_word
from monitoring.agent.request import Intent, Request
from monitoring.agent.timespans import DURATION
from monitoring.metrics import COMPONENTS, Catalogue

_ASKS = (
    r"^\W*(?:(?:and|so|but|ok|okay|well)\W+)*(?:is|are|was|were|do|does|did|has|have|had|why|when|where|who|will"
    r"|would|can|could|should|how (?!about\b)|what(?:'s| is| are| was| were| do| does| did| happened| should))\b"
)
"""How a question begins that asks by itself."""
CORRECTION = (
    r"^\W*(?:(?:no|nope|sorry|oops|wait|hold on|actually|hmm|oh|ok|okay|well|rather|pardon|correction|my bad|my mistake"
    r"|wrong \w+|typo)\W+)*(?:i (?:actually |really |should have )?(?:meant?|wanted|was asking|said|ask(?:ed)?)"
    r"|make (?:it|that)"
    r"|change (?:it|that) to|switch to|rather)\b"
)
"""How somebody puts right what they have said."""
BOTH = (
    r"\b(?:both|the two(?: of (?:them|those|these))?|all (?:of )?(?:them|these|those)|together|combined"
    r"|each of them)\b|\bwhich (?:one )?(?:is|was|has|looks?|does|did) (?:\w+ ){0,2}?(?:worse|better|slower|faster"
    r"|higher"
    r"|lower|more|less|bigger|smaller|larger|fuller|busier|healthier|longer)\b"
)
"""Words for what the last two questions were about, taken together."""
_THE_OTHER_COMPONENTS = (
    r"\b(?:(?:the )?other (?:two|2|one|components?|systems?|ones|parts?|platforms?|two (?:components|systems))"
    r"|the others"
    r"|the rest(?: of (?:them|the (?:platform|system|pipeline|stack)))?|the remaining (?:two|ones?"
    r"|components?))(?=\W|$)"
)
_EVERYWHERE = (
    r"\b(?:(?:all|each of the|every(?:one)?) (?:(?:of )?(?:the |our )?)?(?:three|3|components?|systems?|platforms?)"
    r"|everything|everywhere|overall|(?:the )?(?:whole|entire|full) (?:platform|system|stack|pipeline|thing)|all over"
    r"|the platform|the lot|across the board|all together|altogether|all in all|(?:sum|total) (?:of|over|for) (?:all"
    r"|everything|the three))(?=\W|$)"
)
ALL_OF_THEM = (
    rf"\b(?:all|every|each|any)\s+(?:of\s+)?(?:the\s+|our\s+)?(?:other\s+)?(?:{things.WORDS}|of them|three)\b"
    r"|\b(?:whole|entire|full) cluster\b|\bcluster[\s-]?wide\b"
)
"""Words that widen a question again to everything of its kind: "all nodes"."""
_LISTS = r"^\W*(?:(?:please|can you|could you|now)\W+)*(?:list|show|give|name|enumerate|display|print|what|which)\b"
_STEM = re.compile(r"[a-z][a-z']*")


_REPLACED = re.compile(
    r"\b(?:instead of|in place of|in lieu of|rather than)\s+(?P<what>(?:(?:the|that|this"
    r"|of)\s+)*[\w./-]+(?:\s+(?!for\b|on\b"
    r"|in\b|over\b|since\b|between\b|from\b|during\b|please\b|and\b|but\b|now\b|last\b|show\b|take\b"
    r"|give\b)[\w./-]+){0,2})"
)
_SWAPPED = re.compile(
    r"\b(?:swap|exchange|trade|replace)\s+(?P<one>[\w./-]+)\s+(?:for|by|with|against)\s+"
    r"(?P<other>[\w./-]+)"
)
_BUT = re.compile(r"(\bsame\b[^,;.?!]{0,40}?),?\s+(?:but|only|just)\b")
_STARTING = re.compile(
    r"\b(?:starting|(?<=and )start|(?<=but )start|beginning) (?:at|from|with)\b(?= (?:\d|noon|midnight|yesterday"
    r"|today|mon|tue|wed|thu|fri|sat|sun))"
)
_WHAT_IF = re.compile(
    r"^\W*(?:(?:and|so|but|ok|okay)\W+)*(?:what|how about) (?:(?:do|would) (?:we|you|i) (?:get|see) )?if (?:we "
    r"|you |i )?"
)


@dataclass(frozen=True, slots=True)
class Edited:
    """A clause said as a bare change of the question before, and the words for what it gives up."""

    clause: str
    given_up: str = ""


def read_edit(clause: str) -> Edited:
    """ "The heap in place of the latency" names the heap, and gives up the latency."""
    clause = _SWAPPED.sub(r"\g<other> instead of \g<one>", clause)
    clause = _WHAT_IF.sub("and ", _STARTING.sub("since", _BUT.sub(r"\1 ,", clause)))
    given_up = " ".join(match["what"] for match in _REPLACED.finditer(clause))
    return Edited(_REPLACED.sub(" instead ", clause), given_up)


_AGAIN = r"\b(?:back|remind|earlier|return\w*|again|repeat\w*|once more|rewind|re-?do|re-?run)\b"
_FIRST_QUESTION = r"\b(?:first|earlier|previous|original|initial) (?:question|query|request)\b"
_THE_FIRST = (
    r"\b(?:first|earlier|previous|original|initial|other) (?:question|one|query|thing|request)\b|\bthe (?:start"
    r"|beginning)\b"
)


def returned_to(clause: str, intent: Intent, named: bool, previous: Request) -> Request:
    """The request that a clause goes on from: the one before, or one earlier that it goes back to."""
    earlier = previous.before
    if earlier is None:
        return previous
    if re.search(_FIRST_QUESTION, clause):
        return earlier
    if not re.search(_AGAIN, clause):
        return previous
    if re.search(_THE_FIRST, clause):
        return earlier
    wished = intent == earlier.intent != previous.intent
    same = earlier.incidents and not previous.incidents and re.search(r"\bincidents?\b", clause) is not None
    return earlier if not named and (wished or same) else previous


_ALL_SEVERITIES = (
    r"\b(?:all|any|every|both|each|regardless of|whatever|irrespective of|by|on|ignor\w+|without)(?: the"
    r"| any)? severit(?:y|ies)\b"
    r"|\bnot (?:only|just) (?:the )?(?:critical|warning)s?\b|\bwarnings?,? (?:and|or|plus"
    r"|as well as) (?:the )?criticals?\b"
    r"|\bcriticals?,? (?:and|or|plus|as well as) (?:the )?warnings?\b|\b(?:add|includ\w+) (?:the "
    r"|all )*(?:warning|critical)s?\b"
)


def of_all_severities(text: str) -> bool:
    """Whether a turn takes a severity back that the question before was narrowed to."""
    return re.search(_ALL_SEVERITIES, text) is not None


def number_alone(text: str, previous: Request) -> int | None:
    """ "Five, please" after "which 3 metrics": another number of things than before; `None` where none is named."""
    if previous.intent != "list" or not (previous.ranked or previous.limit):
        return None
    said = re.sub(rf"{DURATION}|[\w.-]*[./:-]\d[\w.:-]*|\d+:\d+", " ", text)
    numbers = [int(w) if w.isdigit() else number_word(w) for w in re.findall(r"\b(?:\d{1,2}|[a-z]+)\b", said)]
    return next((number for number in numbers if number and number > 1 and number != previous.limit), None)


def is_edit(words: Words, catalogue: Catalogue) -> bool:
    """Whether a clause holds nothing but names, times and severities, and words that ask nothing."""
    if re.search(_LISTS, words.rest) and re.search(lexicon.EVENT_NOUN, words.rest) and words.components:
        return False
    if re.search(_ASKS, words.rest) and not re.search(CORRECTION, words.text):
        return False
    if not (_names(words) or words.windows.window or words.move or words.excluded or _wider(words.rest)):
        return False
    known = _known_words(catalogue)
    left = [w for w in _STEM.findall(_without_phrases(words.rest)) if w not in known and stem(w) not in known]
    return not left


def _names(words: Words) -> bool:
    severity = re.search(r"\b(?:criticals?|warnings?)\b", words.rest) or words.severity
    return bool(words.components or words.metrics or words.instances or severity)


def _wider(rest: str) -> bool:
    return re.search(f"{BOTH}|{ALL_OF_THEM}|{_THE_OTHER_COMPONENTS}|{_EVERYWHERE}", rest) is not None


def _without_phrases(rest: str) -> str:
    return re.sub(f"{BOTH}|{ALL_OF_THEM}|{_THE_OTHER_COMPONENTS}|{_EVERYWHERE}", " ", rest)


@lru_cache(maxsize=8)
def _known_words(catalogue: Catalogue) -> frozenset[str]:
    named = {word for words in lexicon.COMPONENT_WORDS.values() for word in words}
    kinds = re.findall(r"[a-z]+", re.sub(r"[?\\]|\(\?:", " ", things.WORDS))
    metrics = {word for name in vocabulary(catalogue) for word in (name, stem(name))}
    short = {w for m in catalogue for a in (m.short, *m.aliases) for w in re.findall(r"[a-z]+", a.lower())}
    severities = {"critical", "criticals", "warning", "warnings", "severity", "level"}
    kinds += [f"{kind}s" for kind in kinds]
    return frozenset({*lexicon.SAYING_NOTHING, *named, *kinds, *metrics, *short, *severities})


def widened(text: str, previous: Request) -> tuple[str, ...] | None:
    """The components that words such as "the other two", "both" or "everywhere" mean after the question before.

    An empty tuple means all of them, `None` that the text holds no such words.
    """
    before = previous.components or previous.metric_homes
    if re.search(_EVERYWHERE, text):
        return ()
    if before and not previous.instances and re.search(_THE_OTHER_COMPONENTS, text):
        others = tuple(name for name in COMPONENTS if name not in before)
        return others or None
    earlier = previous.before.components if previous.before is not None else ()
    if before and earlier and not previous.instances and re.search(BOTH, text):
        joint = tuple(name for name in COMPONENTS if name in before or name in earlier)
        return joint if len(joint) > 1 else None
    return None


def both_instances(text: str, previous: Request) -> tuple[str, ...]:
    """The instances of the last two questions, where the text takes them together; empty where it does not."""
    earlier = previous.before.instances if previous.before is not None else ()
    if not previous.instances or not earlier or not re.search(BOTH, text):
        return ()
    return tuple(dict.fromkeys((*earlier, *previous.instances)))
