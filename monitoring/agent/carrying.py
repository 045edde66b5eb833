"""What a follow-up takes from the question before: slot by slot, its own words replace, add, narrow or widen."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from monitoring.agent import lexicon, things
from monitoring.agent.calendars import Calendar
from monitoring.agent.comparisons import aligned
from monitoring.agent.edits import ALL_OF_THEM, BOTH, both_instances, is_edit, number_alone, of_all_severities, widened
from monitoring.agent.followup_wishes import EVENTS, SHOW_THEM, WEAK, heads, narrows
from monitoring.agent.intents import Words
from monitoring.agent.moves import moved
from monitoring.agent.naming import components_in, metrics_in
from monitoring.agent.paraphrases import reworded
from monitoring.agent.request import Intent, Request
from monitoring.agent.timespans import TimeSpan, rolling, unit_length
from monitoring.agent.wishing import Wish
from monitoring.metrics import COMPONENTS, Catalogue, Window

_NOW: dict[Intent, Intent] = {"list": "status", "trend": "value"}
"""What a question about a stretch of time becomes when it is asked of the present moment."""
_OF_METRICS: frozenset[Intent] = frozenset({"define", "threshold"})
"""What is asked of a metric as such, wherever and whenever it was looked at."""
_TIMELESS: frozenset[Intent] = _OF_METRICS | {"recall", "inventory"}
_PRESENT = (
    r"\b(?:now|currently|presently|at (?:the|this)(?: very)? (?:moment|minute|second|instant)|(?:in |as of |at )present"
    r"|(?:in )?this (?:very )?(?:moment|minute|second|instant)|(?:the|its|their) (?:present|current)"
    r"|^\W*current(?! day| week| month))\b"
)
_THAT_THING = rf"\b(?:this|that|the same)\s+(?:\w+\s+)?(?:{things.WORDS})\b"
"""The thing spoken of, whichever of its figures was asked: "and is that broker healthy?"."""
_OF_ANYTHING: frozenset[Intent] = frozenset({"status", "list", "count", "silent"})
_OF_THE_PRESENT: frozenset[Intent] = frozenset({"forecast", "silent"})
"""What is asked of the present, whatever stretch was looked at before; so is, after one that is over, which way things
go."""
_LEAD = r"(?:and|or|now|then|ok|okay|for|on|of|in|what about|how about|show|please)"
_JOINING = (
    r"\b(?:add|include|including|plus|together with|along with)\b|\bin there\b"
    r"|\b(?:in|to|into|on|within) (?:it|the same|that|this|the) (?:list|count|number|view|chart|plot|table"
    r"|comparison)?\W*$"
)
"""What is named after these words comes to what was spoken of before."""
_ALSO = r"\b(?:also|too(?=\W*(?:$|[,;]|please|for|in|on|and))|as well|includ\w+|not only|plus|not just)\b"


def of_things(request: Request, words: Words, previous: Request, catalogue: Catalogue) -> Request:
    """ "And of the task managers?" after a question about heap: they are named, and not a figure of theirs."""
    alone = rf"\W*(?:(?:{_LEAD}|on|the|our|all)\W+)*(?:{things.WORDS})\W*"
    kinds = any(catalogue[name].scope != "cluster" for name in previous.metrics)
    if not (kinds and words.metrics and re.fullmatch(alone, words.rest)):
        return request
    return replace(request, components=request.components or request.metric_homes, metrics=())


def carried(
    request: Request, wish: Wish, words: Words, previous: Request, catalogue: Catalogue, calendar: Calendar
) -> Request:
    """The request with what it leaves out taken from the one before; `wish` is what is wanted of it.

    Raises `Nonsense` for a move into the future.
    """
    request = of_things(request, words, previous, catalogue)
    edit = request.intent in WEAK and is_edit(words, catalogue)
    intent = wish.intent
    components = request.components or (() if words.metrics else previous.components)
    named = components_in(words.rest)
    if named and previous.components and re.search(_JOINING, words.text):
        components = tuple(name for name in COMPONENTS if name in {*previous.components, *components})
    all_severities = of_all_severities(words.text)
    wider = None if named or (all_severities and previous.components) else widened(words.rest, previous)
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
    if _is_about_now(request, words, intent == "status" and not edit):
        window = None
        intent = _NOW.get(intent, intent)
    beside = _beside(request, previous, intent) if edit else None
    if beside is not None:
        window = previous.window
    follows_chain = intent == "cascade" and previous.window is None
    if words.move is not None and words.windows.window is None and not follows_chain:
        window = moved(words.move, previous.window or _usual(words, calendar), calendar)
    newly = intent != previous.intent or (wish.progress and not previous.progress)
    past = wish.progress and window is not None and window.window.end < request.asked_at
    if newly and (intent in _OF_THE_PRESENT or past) and request.window is None and words.move is None:
        window = None
    if intent == "forecast" and window is not None and window.window.end < request.asked_at:
        window = None
    compare = _compare(request, previous, window, beside, calendar) if intent == "compare" else None
    progress = (
        wish.progress or request.progress or (previous.progress and intent == "trend" and request.intent != "trend")
    )
    if request.window is None and intent in _TIMELESS and (words.move is None or intent == "recall"):
        window = None
    of_the_thing = intent in _OF_ANYTHING and re.search(_THAT_THING, words.text) is not None
    if (intent == "inventory" or of_the_thing) and not words.metrics:
        metrics = ()
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
        instances=() if wider is not None else _instances(request, intent, words, previous, catalogue),
        window=window,
        compare=compare,
        severity=None
        if also or all_severities
        else request.severity or (previous.severity if again or intent in (*EVENTS, "compare") else None),
        anomaly_type=request.anomaly_type or (previous.anomaly_type if intent in EVENTS else None),
        pattern=request.pattern or (previous.pattern if intent == "cascade" else None),
        limit=number_alone(words.text, previous)
        or request.limit
        or (previous.limit if (previous.limit or 0) > 1 else None),
        progress=progress,
        incidents=request.incidents or (previous.incidents and (again or intent in ("count", "compare"))),
        counted=request.counted or (previous.counted if again else ""),
        ranked=request.ranked or (previous.ranked if again and not words.instances else ""),
    )


def _usual(words: Words, calendar: Calendar) -> TimeSpan | None:
    """ "And the day before?" after a question that named no window: before the last day."""
    unit = re.search(r"\b(day|week)s?\b", words.text)
    return rolling(unit_length(unit[1]), calendar.now) if unit else None


def _is_about_now(request: Request, words: Words, state: bool) -> bool:
    """ "And now?" leaves the window before behind; "now for Flink" does not; "now all good?" asks for a `state`."""
    if request.window is not None or words.move is not None:
        return False
    if state and re.search(_PRESENT, words.text):
        return True
    alone = "" if words.instances else r"(?!\W*$)"
    said = re.sub(rf"^\W*(?:and |ok |okay )?now\b{alone}", " ", words.rest)
    return re.search(_PRESENT, said) is not None


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
    return same if same and (pronoun or words.instances) else here or _part_of(words, previous, catalogue)


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


def _instances(
    request: Request, intent: Intent, words: Words, previous: Request, catalogue: Catalogue
) -> tuple[str, ...]:
    """The instances before stay where nothing else is named, or another figure of the same kind of thing."""
    if not request.instances and re.search(_THAT_THING, words.text):
        return previous.instances
    if intent == "contrast" != previous.intent and _alike(request.instances, previous.instances):
        return tuple(dict.fromkeys((*previous.instances, *request.instances)))
    if narrows(words, previous):
        return tuple(n for n in request.instances if n in previous.instances) or request.instances
    if previous.intent == "contrast" and len(heads(request.instances)) > 1:
        return request.instances
    if previous.intent == "contrast" and request.instances and not words.components:
        return tuple(dict.fromkeys((*previous.instances, *request.instances)))
    if previous.intent == "count" and not request.instances and re.search(SHOW_THEM, words.rest):
        return previous.instances
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


def _alike(these: Collection[str], those: Collection[str]) -> bool:
    """Whether all are things of one kind, by their names: nodes, or parts of nodes."""
    heads = (re.match(r"([a-z]+)-?\d", name) for name in (*these, *those))
    parts = ("/" in name for name in (*these, *those))
    kinds = {(head and head[1], part) for head, part in zip(heads, parts, strict=True)}
    return bool(these and those) and len(kinds) == 1


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
