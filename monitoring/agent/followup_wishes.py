"""The wish of a follow-up: what is asked of the subject before, where it asks anything else than before."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitoring.agent import lexicon, things
from monitoring.agent.attributes import COUNTING
from monitoring.agent.intents import Words, cued_intent
from monitoring.agent.request import Intent, Request

WEAK: frozenset[Intent] = frozenset({"status", "list", "value", "unclear"})
EVENTS: frozenset[Intent] = frozenset({"count", "list", "cascade"})
NOTHING_TO_GIVE: frozenset[Intent] = frozenset({"refuse", "foreign", "problem", "unclear", "help"})
_KEPT: frozenset[Intent] = frozenset({"status", "list", "count", "cascade", "diagnose", "trend", "compare", "recall"})
"""What stays asked when a turn changes only what it is asked of."""
_NUMBER_ALONE = r"^\W*(?:(?:and|just|only|please|ok|okay|so)\W+)*(?:the |a |one )?(?:number|count)\b"
SHOW_THEM = (
    r"^\W*(?:(?:and|so|ok|okay|then|now|please|can you|could you|let me)\W+)*(?:show|list|see|name|enumerate|display"
    r"|print"
    r"|give)\b(?!.*\bhow many\b)|\b(?:what|which)(?: ones)? (?:are|were|is|was) (?:they|those|these|it"
    r"|that)\b(?! \w+ing\b)"
    r"|\b(?:show|list|spell|write|read|enumerate|name|print)\b(?: \w+){0,3} (?:them|those|these|each)\b|\b(?:which"
    r"|what) exactly\W*$"
    rf"|^\W*(?:(?:and|so|in|on|for|of)\W+)*which (?:{things.WORDS}|components?|metrics?)\W*$"
)
_IS_IT = r"^\W*(?:so |and |but )?(?:is|are|has|have|does|do|was|were|did)\b"
_WHEN = (
    r"\b(?:when|(?:at|from|by|since) (?:what|which) (?:moment|point|time|hour|minute)|what time|how (?:late"
    r"|early) was it)\b"
)
_BEGAN = (
    r"\b(?:first|started?|beg[ai]n|begun|onset|(?:go|went|gone) (?:over|above|below|under|up|wrong)|cross\w*|exceed\w*"
    r"|(?:get|got|gone|become|became|turn\w*) (?:\w+ )?(?:bad|high|low|slow|critical|red)|end(?:ed)?|stop(?:ped)?)\b"
)
_STILL = r"\b(?:still|yet|already|by now|any ?more|no longer|meanwhile)\b"
_LASTING = (
    r"\b(?:open|closed?|ongoing|going on|active|there|here|over|gone|done|solved|resol\w+|fixed|cleared|finished"
    r"|end(?:ed)?"
    r"|suffer\w*|persist\w*|last(?:ing|s)?|continu\w+|happening|hav(?:e|ing)|firing|present|settled)\b"
)
_OVER = r"(?:open|closed|over|gone|done|solved|resolved|fixed|cleared|finished|ended|stopped|active|settled|firing)"
_ONGOING = (
    rf"{_STILL}.*{_LASTING}|{_LASTING}.*{_STILL}|\b(?:ongoing|persist\w*)\b"
    rf"|^\W*(?:\w+\W+){{0,2}}?(?:is|has|are|have|did|was) (?:it|that|this|they|everything|the \w+)\b.*\b{_OVER}\b"
)


def asks_whether_over(text: str) -> bool:
    """Whether it is asked if what happened goes on: "is it resolved?"."""
    return _says(_ONGOING, text)


_BETTER = (
    r"\b(?:(?:gett?ing|got|become|becoming|any|is it|are they) (?:any |a bit |much )?(?:better|worse)|improv\w+"
    r"|recover\w*|eas(?:e|es|ing) (?:off|up)|shr(?:ink|inks|inking|unk)|back to normal|calm\w* down|normali[sz]\w+"
    r"|on (?:its|the|their) way (?:up|down)|(?:going|coming|heading|moving) (?:up|down)|better or worse"
    r"|worse or better)\b"
)
_ENDING = (
    r"\b(?:full|done for|drained?|cleared|worked off|zero|empt(?:y|ied)|caught up|no (?:more )?(?:lag|backlog"
    r"|space|room)"
    r"|catch(?:es|ing)? up|fill(?:s|ed)?(?: up)?|finished|normal|run(?:s|ning)? (?:out|dry)|too late|gone|reach\w*)\b"
)
_TIME_LEFT = (
    r"\bhow (?:long|soon|much longer|much time|many (?:hours|days|weeks|minutes)) (?:until|till|before|will|left"
    r"|do we have"
    r"|is left|are left|does it (?:still )?(?:take|need|have|last))\b|\bby when\b"
)
_MOVED_ON = (
    r"\b(?:down|up)stream\b|\bchain\b|\bdomino\w*|\bripple\w*|\bwhat (?:came|happened|failed|broke|was) (?:next|then"
    r"|after)\b"
    r"|\bwho(?:se)? (?:was|were|is|are) (?:next|hit|affected)\b|\b(?:which|what) (?:other )?(?:components?"
    r"|systems?) (?:was|were|is|are|has|have|did|got)\b"
    r"|"
    r"\b(?:spread\w*|travel\w*|propagat\w*|cascad\w*|knock[\s-]on|(?:drag|pull|carr)\w* (?:\w+ ){0,2}along"
    r"|(?:one|which) (?:components?|systems?) (?:to|after) (?:the next|another|the other|which)|component by component"
    r"|(?:reach|hit|affect|touch|get to|go to|move to|jump)\w* .*\b(?:others?|components?|systems?|else)"
    r"|(?:what|which|in what|in which) (?:order|sequence)|(?:way|path|route) (?:\w+ ){0,4}(?:over|through|across|along)"
    r"|(?:moved?|went|jump\w*|pass\w*) (?:on|over|from there)|(?:through|over|across) (?:which|what"
    r"|the) (?:components?|systems?))\b"
)
_LEVEL = (
    r"\b(?:thresholds?|(?:what|which|the|any) (?:limits?|bound(?:ary|aries)|cut-?offs?|ceilings?)|above (?:which"
    r"|what)|from (?:which|what) (?:level|value))\b"
)
_MEANING = (
    r"(?<!i )(?<!we )(?<!the )(?<!its )\bmeans?\b(?! of\b)|\b(?:the |what )?meaning(?: of (?:it|that|this))?\W*$"
    r"|\bis meant\b"
    r"|\bdefin(?:e|ition)\b|\bstands? for\b|\bin (?:plain|simple|other) words\b|\bexplain (?:it|that|this)\b"
    r"|\bwhat(?:'s| is| does| do) (?:it|that|this|they) (?:measur|tell|count)\w*"
)
_REMEDY = (
    r"\b(?:(?:what|how|which|who)\b.*\b(?:fix(?:ed)?|cured?|remed\w+|helped|solved|resolved|got? out)|remedy"
    r"|the cure)\b"
)
_SEEN = (
    r"\b(?:seen|had|happen\w*|occur\w*|known|case|one|time|came up|this|that|it)\b.*\b(?:before|earlier"
    r"|in the past|from the past"
    r"|last time|back then|previous(?:ly)?|ever)\b|\b(?:past|earlier|similar|old) (?:case|occurrence|one|incident)s?\b"
    r"|\bnot the first time\b|\blast time\b"
)
_LOOK = r"(?:check|look|inspect|investigate|examine|verify|try|do|tackle|fix|focus)"
_LOOK_FIRST = rf"\b{_LOOK}\b.*\b(?:first|1st|before any\w+)\b|\b(?:first|1st)\b.*\b{_LOOK}\b"
_CAUSE = (
    r"^\W*(?:(?:and|so|but|ok|okay)\W+)*(?:why|how come)\W*$|\b(?:where|what) (?:does|do|did|is|are|was"
    r"|were) (?:it|this|that|these"
    r"|those|they|all \w+)(?: all)? (?:com(?:e|ing) from|stem from|due to|caused by|from)\b|\bcauses?\b"
    r"|\breasons?\b|\bwhat(?:'s| is"
    r"| was) behind\b"
)

_HAPPENED: frozenset[Intent] = frozenset(
    {"status", "list", "count", "cascade", "diagnose", "since", "advice", "recall"}
)
FIGURES: frozenset[Intent] = frozenset(
    {"value", "trend", "forecast", "define", "threshold", "compare", "contrast", "leak"}
)


def turned(text: str, previous: Request) -> Intent | None:
    """What a follow-up wants to know of the very subject before; `None` where its words turn to nothing new.

    The words count by what was asked before: "when is it over?" asks a figure for its future and an incident
    for its end.
    """
    of_figure = bool(previous.metrics)
    happened = previous.intent in _HAPPENED
    past = _says(r"\b(?:was|were|did|had)\b", text)
    wanted: tuple[tuple[Intent, bool], ...] = (
        ("recall", _says(_REMEDY, text) and (happened or _says(_SEEN, text))),
        ("recall", happened and previous.intent != "count" and _says(_SEEN, text)),
        ("advice", happened and _says(_LOOK_FIRST, text)),
        ("advice", previous.intent in ("diagnose", "advice") and _says(r"^\W*(?:\w+\W+){0,2}?what first\W*$", text)),
        ("threshold", of_figure and _says(_LEVEL, text)),
        ("define", of_figure and _says(_MEANING, text)),
        ("forecast", of_figure and not past and _says(_WHEN, text) and _says(_ENDING, text)),
        ("forecast", of_figure and not past and _says(_TIME_LEFT, text)),
        ("since", _says(_WHEN, text) and _says(f"{_BEGAN}|{_ENDING}" if past else _BEGAN, text)),
        ("diagnose", happened and previous.intent not in ("count", "status", "cascade") and _says(_ONGOING, text)),
        ("cascade", happened and previous.intent != "count" and _says(_MOVED_ON, text)),
        ("diagnose", _says(_CAUSE, text)),
        ("trend", of_figure and _says(_BETTER, text)),
    )
    return next((intent for intent, said in wanted if said), None)


_STATE = (
    rf"{lexicon.STATUS_WORD}|\bhow(?:'s| is| are) (?!about\b)|\b(?:doing|running|alive|healthy|up|down|okay"
    rf"|happy|wrong|trouble"
    r"|problems?|issues?|broken|stable|slow|working|attention|news?)\b"
)


_FIGURE = (
    r"\bhow (?:high|low|big|large|long|much|full|busy|fast|slow|far|old)\b|\bwh(?:at|ich)\b(?! about| if)|\bwhat's\b"
    r"|\b(?:highest|lowest|most|least|biggest|smallest|largest|longest|slowest|fastest|max\w*|min(?:imum)?|average"
    r"|current)\b"
)


def asks_by_itself(words: Words) -> bool:
    """Whether a clause holds words that ask anything: without them it only names what a question is asked of."""
    if cued_intent(words.text) is not None or _says(COUNTING, words.rest):
        return True
    if words.metrics and _says(_FIGURE, words.rest):
        return True
    return _says(rf"{lexicon.EVENT_NOUN}|{_STATE}", words.rest)


_GOES_ON = (
    r"^\W*(?:(?:ok|okay|so|now|then)\W+)*(?:and|or|what about|how about|same)\b"
    r"(?!.*\b(?:list|show|which|what|any|name)\b)"
)
_METRIC = r"\bmetrics?\b"
_MOST = r"\b(?:most|biggest|worst|highest|largest|top|bulk|leads?|mostly|main(?:ly)?)\b"


def _ranks_by_number(request: Request, words: Words) -> bool:
    """ "Which job had most of them?" after a number of anomalies: asked by name, and not for a number again."""
    if request.ranked:
        return True
    kind = _says(rf"{_METRIC}|\b(?:{things.WORDS})\b", words.rest)
    return kind and _says(rf"{_MOST}|\bwhich\b", words.rest) and not _says(r"\bhow many\b", words.rest)


def narrows(words: Words, previous: Request) -> bool:
    """Whether only things are named that were spoken of already: that leaves the others out."""
    return bool(words.instances) and heads(words.instances) <= heads(previous.instances)


def heads(instances: Iterable[str]) -> set[str]:
    """The nodes, jobs and groups that instances are of: a node is named together with its tables."""
    return {name.split("/")[0] for name in instances}


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def wish(request: Request, words: Words, previous: Request, edit: bool) -> Intent:
    """What a follow-up asks for: what its words turn to, else what was asked before, else what they say alone."""
    turn = None if words.metrics or words.components else turned(words.text, previous)
    if turn is not None:
        return turn
    events = _says(lexicon.EVENT_NOUN, words.rest)
    if _ranks_by_number(request, words) and previous.intent == "count" and not words.metrics:
        return "list"
    if request.intent == "count" and not events and previous.metrics and previous.intent in FIGURES:
        return previous.intent
    if previous.intent == "forecast" and request.intent == "since" and request.window is None:
        return "forecast"
    if previous.intent == "count" and request.intent in WEAK and re.search(SHOW_THEM, words.rest):
        return "list"
    if request.intent == "count" and previous.intent in ("value", "trend") and re.search(_NUMBER_ALONE, words.rest):
        return previous.intent
    if events and previous.intent == "count" and request.intent in WEAK and _says(_GOES_ON, words.text):
        return "count"
    if edit and previous.intent in _KEPT:
        return previous.intent
    own_events = re.search(lexicon.EVENT_NOUN, words.rest) is not None
    if previous.intent == "inventory" and (words.metrics or words.instances):
        return request.intent
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
        if previous.intent == "contrast" and not request.ranked:
            return "trend" if narrows(words, previous) and len(heads(words.instances)) == 1 else "contrast"
        return "value"
    if previous.intent in ("threshold", "define") and request.intent == "value" and not words.metrics:
        return "value"
    if previous.intent in ("threshold", "define") and re.search(_IS_IT, words.text) and request.intent in WEAK:
        return "status"
    if request.intent == "value" and previous.intent == "status" and previous.instances and not previous.metrics:
        return "value"
    return previous.intent if weak and previous.intent not in NOTHING_TO_GIVE else request.intent
