"""Follow-ups: whether a question leans on the one before, and what it takes from it."""

from __future__ import annotations

import re
from dataclasses import replace

from monitoring.agent import lexicon, things
from monitoring.agent.calendars import Calendar
from monitoring.agent.comparisons import aligned
from monitoring.agent.edits import ALL_OF_THEM, BOTH, both_instances, is_edit, widened
from monitoring.agent.intents import Words
from monitoring.agent.moves import moved
from monitoring.agent.naming import components_in, metrics_in
from monitoring.agent.paraphrases import reworded
from monitoring.agent.request import Intent, Request
from monitoring.agent.timespans import TimeSpan, rolling, unit_length
from monitoring.metrics import COMPONENTS, Catalogue, Window

_WEAK: frozenset[Intent] = frozenset({"status", "list", "value", "unclear"})
_EVENTS: frozenset[Intent] = frozenset({"count", "list", "cascade"})
_SETTLED: frozenset[Intent] = frozenset({"refuse", "foreign", "problem"})
_NOTHING_TO_GIVE: frozenset[Intent] = frozenset({"refuse", "foreign", "problem", "unclear", "help"})
_KEPT: frozenset[Intent] = frozenset({"status", "list", "count", "cascade", "diagnose", "trend", "compare", "recall"})
"""What stays asked when a turn changes only what it is asked of."""
_COMPLETE: frozenset[Intent] = frozenset({"count", "list", "status", "cascade", "silent", "inventory"})
"""Intents that make a whole question with a word for anomalies, without a component or metric."""
_NOW: dict[Intent, Intent] = {"list": "status", "trend": "value"}
"""What a question about a stretch of time becomes when it is asked of the present moment."""
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
_NUMBER_ALONE = r"^\W*(?:(?:and|just|only|please|ok|okay|so)\W+)*(?:the |a |one )?(?:number|count)\b"
_LEAD = r"(?:and|or|now|then|ok|okay|for|on|of|in|what about|how about|show|please)"
_JOINING = r"\b(?:add|include|including|plus|together with|along with)\b"
"""What is named after these words comes to what was spoken of before."""
_SHOW_THEM = (
    r"^\W*(?:(?:and|so|ok|okay|then|now|please|can you|could you|let me)\W+)*(?:show|list|see|name|enumerate|display"
    r"|print"
    r"|give)\b(?!.*\bhow many\b)|\b(?:what|which) (?:are|were|is|was) (?:they|those|these|it|that)\W*$"
    rf"|^\W*(?:(?:and|so|in|on|for|of)\W+)*which (?:{things.WORDS}|components?|metrics?)\W*$"
)
_IS_IT = r"^\W*(?:so |and |but )?(?:is|are|has|have|does|do|was|were|did)\b"
_ALSO = r"\b(?:also|too|as well|includ\w+|not only|plus|not just)\b"


def spoken_of(previous: Request | None) -> Request | None:
    """The request that a new turn may lean on: a turn that gave nothing leaves it at the one before."""
    if previous is None or previous.intent not in _NOTHING_TO_GIVE or previous.before is None:
        return previous
    return previous.before


def leans_on(clause: str, words: Words, request: Request, previous: Request, catalogue: Catalogue) -> bool:
    """Whether a question is complete only together with the one before."""
    if request.intent in _SETTLED or request.intent == "recall":
        return False
    if request.intent == "help":
        return re.search(r"\bwhat (?:can|should)\b", clause) is None and bool(words.components)
    if words.move is not None or re.search(lexicon.FOLLOW_UP, clause) or is_edit(words, catalogue):
        return True
    if re.search(lexicon.WHOLE_PLATFORM, words.rest):
        return False
    events = re.search(lexicon.EVENT_NOUN, words.rest) is not None
    if words.components or words.metrics or words.instances:
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
    if request.intent == "cascade" and previous.intent in _EVENTS | {"since", "diagnose"} and not words.windows.window:
        return True
    if request.ranked and not words.metrics and not events and _ranks(request.ranked, previous, catalogue):
        return True
    if request.intent == "cascade" and re.search(lexicon.ANAPHORA, re.sub(lexicon.NOT_ANAPHORA, " ", clause)):
        return True
    if request.intent not in _WEAK or events:
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


def set_beside(request: Request, words: Words, previous: Request) -> Request | None:
    """ "Compare with broker-2" after a question about broker-1: both side by side; `None` where that is not asked."""
    if request.intent != "compare" or words.windows.named:
        return None
    if not (words.instances or words.components):
        return _last_two(request, previous) if re.search(f"{BOTH}|{_EACH_OTHER}", words.text) else None
    if not re.search(_BESIDE, words.text):
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


def _only_things(words: Words, previous: Request, catalogue: Catalogue) -> bool:
    """ "And of the task managers?" after a question about heap: they are named, and not a figure of theirs."""
    alone = rf"\W*(?:(?:{_LEAD}|on|the|our|all)\W+)*(?:{things.WORDS})\W*"
    of_things = any(catalogue[name].scope != "cluster" for name in previous.metrics)
    return of_things and bool(words.metrics) and re.fullmatch(alone, words.rest) is not None


def carried(request: Request, words: Words, previous: Request, catalogue: Catalogue, calendar: Calendar) -> Request:
    """The request with what it leaves out taken from the one before. Raises `Nonsense` for a move into the future."""
    if _only_things(words, previous, catalogue):
        request = replace(request, components=request.components or request.metric_homes, metrics=())
    edit = request.intent in _WEAK and is_edit(words, catalogue)
    intent = _intent(request, words, previous, edit)
    components = request.components or (() if words.metrics else previous.components)
    named = components_in(words.rest)
    if named and previous.components and re.search(_JOINING, words.text):
        components = tuple(name for name in COMPONENTS if name in {*previous.components, *components})
    wider = None if named else widened(words.rest, previous)
    if wider is not None:
        components = wider
    if intent == "cascade" and named and re.search(lexicon.ANAPHORA, words.text):
        # "Does that come from ClickHouse?": what was spoken of and what is named now are both meant.
        homes = {*named, *previous.components, *previous.metric_homes}
        components = tuple(name for name in COMPONENTS if name in homes)
    if words.excluded and previous.components and not named:
        components = tuple(c for c in previous.components if c not in words.excluded) or components
    metrics = _at_home(request, words, previous, catalogue) or _same_subject(previous, components, catalogue)
    window = request.window or previous.window
    if _is_about_now(request, words):
        window = None
        intent = _NOW.get(intent, intent)
    beside = _beside(request, previous, intent) if edit else None
    if beside is not None:
        window = previous.window
    if words.move is not None:
        window = moved(words.move, previous.window or _usual(words, calendar), calendar)
    if intent == "forecast" and window is not None and window.window.end < request.asked_at:
        window = None
    compare = _compare(request, previous, window, beside, calendar) if intent == "compare" else None
    also = re.search(_ALSO if request.severity else BOTH, words.text) is not None
    again = intent == previous.intent and (edit or words.move is not None)
    return replace(
        request,
        intent="trend" if intent == "value" and window is not None else intent,
        components=components,
        excluded=request.excluded or (previous.excluded if components == previous.components else ()),
        metrics=metrics,
        metric_homes=tuple(dict.fromkeys(catalogue[name].component for name in metrics)),
        subject=request.subject or previous.subject,
        instances=() if wider is not None else _instances(request, words, previous, catalogue),
        window=window,
        compare=compare,
        severity=None if also else request.severity or (previous.severity if again or intent in _EVENTS else None),
        anomaly_type=request.anomaly_type or (previous.anomaly_type if intent in _EVENTS else None),
        pattern=request.pattern or (previous.pattern if intent == "cascade" else None),
        limit=request.limit or (previous.limit if (previous.limit or 0) > 1 else None),
        progress=request.progress or (previous.progress and intent == "trend" and request.intent != "trend"),
        incidents=request.incidents or (previous.incidents and (again or intent in ("count", "compare"))),
        counted=request.counted or (previous.counted if again else ""),
        ranked=request.ranked or (previous.ranked if again and not words.instances else ""),
    )


def _usual(words: Words, calendar: Calendar) -> TimeSpan | None:
    """ "And the day before?" after a question that named no window: before the last day."""
    unit = re.search(r"\b(day|week)s?\b", words.text)
    return rolling(unit_length(unit[1]), calendar.now) if unit else None


def _is_about_now(request: Request, words: Words) -> bool:
    """ "And now?" leaves the window before behind; "now for Flink" does not."""
    if request.window is not None or words.move is not None:
        return False
    alone = "" if words.instances else r"(?!\W*$)"
    said = re.sub(rf"^\W*(?:and |ok |okay )?now\b{alone}", " ", words.rest)
    return re.search(r"\b(?:now|currently|at the moment|at present)\b", said) is not None


def _intent(request: Request, words: Words, previous: Request, edit: bool) -> Intent:
    if previous.intent == "forecast" and request.intent == "since" and request.window is None:
        return "forecast"
    if previous.intent == "count" and request.intent in _WEAK and re.search(_SHOW_THEM, words.rest):
        return "list"
    if request.intent == "count" and previous.intent in ("value", "trend") and re.search(_NUMBER_ALONE, words.rest):
        return previous.intent
    if edit and previous.intent in _KEPT:
        return previous.intent
    own_events = re.search(lexicon.EVENT_NOUN, words.rest) is not None
    if request.intent == "inventory":
        return previous.intent if previous.intent in ("count", "list", "status", "cascade", "diagnose") else "inventory"
    weak = request.intent in _WEAK and not own_events and not re.search(r"\bstatus\b|\bhealth", words.rest)
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
    if previous.intent in ("threshold", "define") and re.search(_IS_IT, words.text) and request.intent in _WEAK:
        return "status"
    if request.intent == "value" and previous.intent == "status" and previous.instances and not previous.metrics:
        return "value"
    return previous.intent if weak and previous.intent not in _NOTHING_TO_GIVE else request.intent


def _at_home(request: Request, words: Words, previous: Request, catalogue: Catalogue) -> tuple[str, ...]:
    """The metrics named; where several components have them, those of the component that was spoken of."""
    if previous.metrics and re.fullmatch(rf"\W*(?:{_LEAD}\W+)*(?:{ALL_OF_THEM})\W*", words.rest):
        return ()
    number = () if request.metrics else _number_of(words, previous, catalogue)
    if words.components or number:
        return request.metrics or number
    homes = {*previous.components, *previous.metric_homes}
    here = tuple(name for name in request.metrics if catalogue[name].component in homes) or request.metrics
    same = tuple(name for name in here if name in previous.metrics)
    pronoun = re.search(lexicon.ANAPHORA, words.text) is not None
    return same if same and pronoun else here or _part_of(words, previous, catalogue)


def _number_of(words: Words, previous: Request, catalogue: Catalogue) -> tuple[str, ...]:
    """ "And the brokers?" after "are all task managers there?": the things named stand for their number again."""
    if not previous.metrics or any(catalogue[name].scope != "cluster" for name in previous.metrics):
        return ()
    if not re.search(rf"\b(?:{things.WORDS})\b", words.rest):
        return ()
    named = metrics_in(reworded(f"number of {words.rest}"), catalogue, words.components)
    return tuple(name for name in named if catalogue[name].scope == "cluster")


def _part_of(words: Words, previous: Request, catalogue: Catalogue) -> tuple[str, ...]:
    """ "And the size?" after a question about checkpoints: the one figure that both words name together."""
    ones = re.fullmatch(r"\W*(?:and|what about|how about|or|any)?\s*(?:the\s+)?([\w-]+)\s+ones\W*", words.rest)
    if ones is not None and previous.metrics:
        return _such_as(ones[1], previous, catalogue)
    fragment = re.fullmatch(r"\W*(?:and|what about|how about)?\s*(?:the|its|their)?\s*(\w+)(?:\s+too)?\W*", words.rest)
    if fragment is None or not previous.metrics:
        return ()
    head = catalogue[previous.metrics[0]].short.split()[0]
    named = metrics_in(reworded(f"{head} {fragment[1]}"), catalogue, previous.components or previous.metric_homes)
    return named if len(named) == 1 else ()


def _such_as(adjective: str, previous: Request, catalogue: Catalogue) -> tuple[str, ...]:
    """ "Failed ones?" after a question about slow queries: the figure that this word and a noun before name."""
    homes = previous.components or previous.metric_homes
    nouns = dict.fromkeys(re.findall(r"[a-z]+", f"{catalogue[previous.metrics[0]].short.lower()} {previous.subject}"))
    for noun in nouns:
        named = metrics_in(reworded(f"{adjective} {noun.rstrip('s')}s"), catalogue, homes)
        named = named or metrics_in(reworded(f"{adjective} {noun}"), catalogue, homes)
        if len(named) == 1 and named != previous.metrics:
            return named
    return metrics_in(reworded(f"{adjective} queries"), catalogue, homes) if "query" in nouns else ()


def _instances(request: Request, words: Words, previous: Request, catalogue: Catalogue) -> tuple[str, ...]:
    """The instances before stay where nothing else is named, or another figure of the same kind of thing."""
    if previous.intent == "contrast" and request.instances and not words.components:
        return tuple(dict.fromkeys((*previous.instances, *request.instances)))
    if not request.instances and re.search(ALL_OF_THEM, words.rest):
        return ()
    joint = () if request.instances else both_instances(words.rest, previous)
    if request.instances and re.search(_JOINING, words.text):
        return tuple(dict.fromkeys((*previous.instances, *request.instances)))
    if request.instances or joint or not (words.components or words.metrics):
        return request.instances or joint or previous.instances
    if words.components or not words.metrics:
        return ()
    before = {_kind(name, catalogue) for name in previous.metrics}
    now = {_kind(name, catalogue) for name in words.metrics}
    return previous.instances if not before or before & now else ()


def _kind(metric: str, catalogue: Catalogue) -> tuple[str, str]:
    return catalogue[metric].component, catalogue[metric].scope.split("/")[0]


def _beside(request: Request, previous: Request, intent: Intent) -> TimeSpan | None:
    """ "And a week ago?" after a comparison up to now: another stretch to compare the same window with."""
    if intent != "compare" or request.window is None or previous.window is None or request.compare is not None:
        return None
    current = previous.window.window.end >= request.asked_at
    return request.window if current and request.window.window.end <= previous.window.window.start else None


def _compare(
    request: Request, previous: Request, window: TimeSpan | None, beside: TimeSpan | None, calendar: Calendar
) -> TimeSpan | None:
    if beside is not None and window is not None:
        return aligned(window, beside, "", calendar)[1]
    if request.compare is not None:
        return request.compare
    if request.window is not None or window != previous.window:
        return _moved_compare(previous, window)
    return previous.compare


def _moved_compare(previous: Request, window: TimeSpan | None) -> TimeSpan | None:
    """The window to compare with, moved along with a window that a follow-up has changed."""
    if previous.window is None or previous.compare is None or window is None:
        return previous.compare
    shift = previous.window.window.end - previous.compare.window.end
    start, end = window.window
    return TimeSpan(Window(start - shift, end - shift), previous.compare.label, "calendar", window.unit)


def _same_subject(previous: Request, components: tuple[str, ...], catalogue: Catalogue) -> tuple[str, ...]:
    """The metrics of the question before, asked of these components: "and ClickHouse?" after "memory in Kafka?"."""
    if not previous.metrics or components == previous.components:
        return previous.metrics
    kept = tuple(m for m in previous.metrics if not components or catalogue[m].component in components)
    others = " ".join(word for word in previous.subject.split() if word not in COMPONENTS)
    return metrics_in(others, catalogue, components) or metrics_in(reworded(others), catalogue, components) or kept
