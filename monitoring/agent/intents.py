"""What a question wants: its intent, and what else its words say beside names and windows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitoring.agent import lexicon, things
from monitoring.agent.attributes import COUNTING, LATEST, counted_in, pattern_in, ranked_in, severity_in
from monitoring.agent.comparisons import Windows
from monitoring.agent.cues import FUTURE, INTENT_CUES
from monitoring.agent.glossary import explained_term
from monitoring.agent.moves import Move
from monitoring.agent.request import Intent, Request
from monitoring.metrics import Catalogue, Severity

_CURRENT = (
    r"\b(?:current(?:ly)?|right now|now|at the moment|at present|present(?:ly)?|ongoing|active|open"
    r"|unresolved|still|firing|live|today's state)\b"
)


@dataclass(frozen=True, slots=True)
class Words:
    """A question at the stage where windows and names have been taken out of it."""

    text: str
    rest: str
    components: tuple[str, ...]
    excluded: tuple[str, ...]
    metrics: tuple[str, ...]
    instances: tuple[str, ...]
    windows: Windows
    severity: Severity | None = None
    move: Move | None = None
    contrasted: bool = False


_PAST = r"\b(?:did|has|have|had|been|at what time)\b"
"""What has happened is no question for a threshold: "when did the lag cross the threshold?"."""


_HAS_TO = r"\b(?:has|have|had)\b(?=[^,?]{0,60}\bto (?:be|stay|last|remain|reach|get|go|exceed|pass|cross)\b)"
"""What has to be the case is nothing that has happened."""
_AHEAD = (
    r"\bsoon\b|\bat (?:this|the (?:current|present)) (?:rate|pace|speed)\b|\bgoing to\b"
    r"|\bwill (?:the|it|we|any\w*|kafka|flink|clickhouse)\b.*\b(?:breach|reach|cross|hit|exceed)\b"
)
"""What lies ahead is no question for a threshold either: "is anything going to breach its threshold soon?"."""
_RECOVERY = (
    r"\b(?:back to normal|catch(?:es)? up|caught up|recover\w*|clear(?:s|ed)?(?: up| by)?|resolve itself|go away"
    r"|goes away"
    r"|come (?:back )?down|normali[sz]e|be over|be ok(?:ay)?|get better|calm down|be gone|is gone)\b"
)
"""The good end of what is wrong now: judged by the way it goes, not by the way to a limit."""


def cued_intent(text: str) -> Intent | None:
    found = (intent for intent, cue in INTENT_CUES if re.search(cue, text))
    past = re.search(_PAST, re.sub(_HAS_TO, " ", text)) is not None
    past = past or re.search(_AHEAD, text) is not None
    return next((intent for intent in found if not (past and intent == "threshold")), None)


def intent_of(words: Words, catalogue: Catalogue, previous: Request | None) -> Intent:
    text, rest = words.text, words.rest
    named = bool(words.metrics or words.instances)
    counted = re.search(COUNTING, rest)
    events = re.search(lexicon.EVENT_NOUN, rest)
    if words.contrasted:
        return "contrast"
    cued = _checked(cued_intent(text), words, catalogue, previous)
    ahead = cued == "forecast" or re.search(FUTURE, text) is not None
    if ahead and re.search(_RECOVERY, text) and words.windows.window is None:
        return "trend"
    if words.metrics and cued in (None, "trend", "silent") and re.search(FUTURE, text):
        return "forecast"
    if counted and re.search(_HOW_OFTEN, rest):
        return "count"
    if counted and cued in (None, "trend", "silent", "diagnose", "since"):
        intent = _counting(words, catalogue, previous)
        if intent is not None:
            return intent
    if counted and cued in (None, "trend", "silent", "diagnose", "cascade", "since"):
        if cued == "cascade" and not words.metrics:
            return "cascade"
        if cued == "trend" and words.metrics and "how many" not in rest:
            return "trend"
        return "value" if words.metrics and not events else "count"
    if cued in (None, "advice") and not named and words.windows.window is None and re.search(_BEYOND, rest):
        return "unclear"
    if cued is not None:
        return cued
    if explained_term(text) and not events:
        return "define"
    if _is_definition(rest, words):
        return "define"
    return _plain_intent(words, named, events is not None, previous)


_HOW_OFTEN = r"\bhow (?:often|frequently)\b|\bmore than (?:once|twice)\b"
_TROUBLED = (
    r"\b(?:lagg\w+|behind|too (?:many|much|high|low|slow|long|full)|stuck|backpressur\w+|not (?:ok|well|fine|healthy)"
    r"|hit|over|under|resolved|closed|pending|acknowledged|silenced|degraded|issues?|wrong|broken|broke|alert\w*"
    r"|fir(?:e|ing))\b"
)


_BEYOND_NUMBER = r"\b(?:more|less|fewer|greater|higher|lower) than \d|\b(?:at least|over|under) \d"


def _counting(words: Words, catalogue: Catalogue, previous: Request | None) -> Intent | None:
    """ "How many brokers are affected?" counts things, "how many topics are there?" names them; `None`: neither."""
    rest = words.rest
    kind = things.kind_of(counted_in(rest), words.components)
    trouble = re.search(rf"{_JUDGED}|{_TROUBLED}|{_BEYOND_NUMBER}|\b{lexicon.EVENT_NOUN}\b", rest) is not None
    if kind:
        if any(kind in catalogue[name].scope.split("/") for name in words.metrics):
            return "count" if trouble or words.windows.window else None
        if trouble:
            return "count"
        return "value" if words.metrics else "inventory"
    known = (
        trouble
        or counted_in(rest)
        or words.metrics
        or words.components
        or words.instances
        or words.severity
        or severity_in(rest)
    )
    leaning = previous is not None or re.search(
        rf"{_CURRENT}|\btimes\b|\b(?:of them|things|it)\b|\bhow many (?:are|were|is)\b", rest
    )
    return None if known or leaning or not re.search(r"\bhow many [a-z]+", rest) else "unclear"


_EXPLAIN = r"^\W*(?:(?:please|(?:can|could|would) you(?: please)?)\s+)?explain\b(?!.*\bwhy\b)"
_WHY_BAD = r"\bwhy (?:is|are) .*\b(?:bad|important|dangerous|a problem|harmful|relevant)\W*$"
_WHAT_IS_A = (
    r"^\W*(?:what is|what's|what are|explain|define|describe)\s+(?:an?\s+)?(?:\w+[\s_-]+){0,2}(?:cascad\w*"
    r"|exhaustion|partitions?)\w*\W*$"
)


def _is_distinction(words: Words) -> bool:
    """ "What is the difference between delayed and rejected inserts?" asks for meanings, not for figures."""
    told_apart = re.search(r"\b(?:difference|differ|distinguish)\w*\b", words.rest) is not None
    meant = (
        bool(words.metrics)
        or re.search(r"\bforward\w*\b.*\bbackward|\bbackward\w*\b.*\bforward", words.rest) is not None
        or re.search(r"\bwarnings?\b.*\bcritical\b|\bcritical\b.*\bwarnings?\b", words.rest) is not None
    )
    return told_apart and meant and not words.windows.named and not re.search(_CURRENT, words.rest)


_JUDGED = (
    r"\bmost\b|highest|worst|above|breach|abnormal|wrong|affected|\bbad\b|critical|fail|\bred\b|troubl|unhealthy"
    r"|anomal|\boff\b|odd"
    r"|strange|weird|problem|suffer|struggl|beyond|exceed|out of|down\b|slow"
)


def _checked(cued: Intent | None, words: Words, catalogue: Catalogue, previous: Request | None) -> Intent | None:
    """A cue that does not fit what is named gives way to a better one."""
    rest = words.rest
    events = re.search(lexicon.EVENT_NOUN, rest) is not None
    of_before = previous is not None and bool(previous.metrics)
    if cued == "threshold" and not (words.metrics or of_before or re.search(r"\bthresholds?\b|\bnormal\b", rest)):
        if re.search(r"\bwarnings?\b.*\bcriticals?\b|\bcriticals?\b.*\bwarnings?\b", rest):
            return "define"
        method = re.search(r"\bhow (?:long|do you)\b", rest) and not words.components and not words.instances
        return "inventory" if method else None
    if (
        cued == "inventory"
        and (words.windows.window or re.search(_JUDGED, rest))
        and not re.search(r"\byou (?:detect|find|recogni[sz]e|spot|know|watch|monitor)\b", rest)
    ):
        return None
    if cued == "trend" and not words.metrics and not words.instances and re.search(r"\bbehav\w+", rest):
        return None
    if cued == "since" and re.search(rf"{LATEST}|\blast time\b", words.text):
        return "list"
    if cued == "trend" and words.windows.window is None and not words.metrics and events:
        return None if not re.search(r"\btrends?\b|\bover time\b|\bchart|\bgraph|\bincreas", rest) else "list"
    if cued == "diagnose" and re.search(_EXPLAIN, rest) and words.metrics:
        return cued if words.windows.window or words.instances else "define"
    if cued == "diagnose" and re.search(_EXPLAIN, rest) and explained_term(words.text):
        return "define"
    if cued == "diagnose" and words.metrics and re.search(_WHY_BAD, rest) and not words.instances:
        return "define"
    of_meaning = previous is not None and previous.intent == "define" and bool(previous.metrics)
    if cued == "diagnose" and of_meaning and re.search(_WHY_BAD, rest):
        return "define"
    if cued == "threshold" and things.kind_of(counted_in(rest)) and not re.search(r"\btoo\b|\bnormal\b", rest):
        return None
    if cued == "cascade" and re.search(_WHAT_IS_A, rest):
        return "define"
    if cued == "compare" and _is_distinction(words):
        return "define"
    if cued == "diagnose" and re.search(r"\bwhat (?:happened|went wrong)\b", rest):
        return "list"
    if cued == "diagnose" and re.search(r"\banything wrong\b", rest) and words.windows.window:
        return "list"
    if cued == "define" and not words.metrics and not pattern_in(rest, catalogue):
        known = explained_term(words.text) or words.components or previous is not None
        return "define" if known or re.search(r"\b(?:metric|term)\b", rest) else "unclear"
    return cued


def _is_definition(rest: str, words: Words) -> bool:
    """ "What is consumer lag?" asks for a meaning, "what is the consumer lag?" for a number."""
    if words.windows.window or words.instances or not words.metrics or re.search(_CURRENT, rest):
        return False
    match = re.match(
        r"^\W*(?:what is|what's|what are|explain|define|describe)\s+(?!the\b|my\b|our\b|its\b|their\b|that\b"
        r"|this\b)(.+?)\W*$",
        rest,
    )
    return match is not None and len(match[1].split()) <= 5 and not re.search(lexicon.EVENT_NOUN + r"$", match[1])


_STATUS = (
    r"\bwhat(?:'s| is) new\b|\bstatus\b|\bhealth(?:y|iness)?\b|\bok(?:ay)?\b|\bfine\b|\balive\b|\bup\b|\brunning\b"
    r"|\bstate\b"
    r"|\bhow(?:'s| is| are)\b|\bdoing\b|\beverything\b"
    r"|\balright\b|\ball right\b|\bgood\b|\boverview\b|\bworking\b|\bdown\b|\bsituation\b|\bsitrep\b|\bgreen\b"
    r"|\bred\b|\b(?:any|some)thing\b|\battention\b|\b(?:on|under) fire\b|\brundown\b|\bbriefing\b|\bhandover\b"
    r"|\bdigest\b"
    r"|\bupdate\b|\bfailing\b|\b(?:bad|better|worse|recurring)\b|\bstruggling\b|\b(?:am|are|is) (?:i|we|it|all"
    r"|things) (?:safe|good|fine|up|okay|ok)\b"
    r"|\bworr(?:y|ied|ying)\b"
    r"|\b(?:wake|woken|waking|get up|(?:out of|to|back to|in) bed|sleep|asleep|panic|alarmed|nervous|on[\s-]?call|pager"
    r"|emergency|urgent\w*|serious|call (?:any|some)(?:one|body)|escalate)\b"
    r"|\btell (?:my|the|our) \w+|\b(?:un)?reachable\b|\bo(?:n|ff)line\b|\brespond\w*|\baccessible\b"
    r"|\b(?:un)?available\b"
    r"|\bcheck[\s-]?up\b|\b(?:morning|evening|daily|routine|quick) (?:check|look|glance)\b"
    r"|\b(?:can|may|should) i (?:go|sleep|relax|leave)\b|\bcalm\b|\btrouble\b|\bhealthcheck\b|\bconditions?\b"
    r"|\b(?:over|resolved|solved|finished)\W*$|\bslow\b|\bunhealthy\b|\bdegraded\b|\bdead\b|\bbroken\b|\bstable\b"
)
_FIGURE = (
    r"\bcurrent\b|\blatest\b|\bvalue\b|\blevel\b|\bhow (?:high|low|big|large|long|much|full|busy|fast|slow"
    r"|far)\b|\bwhat(?:'s| is| are| was| were)\b"
    r"|\b(?:highest|most|lowest|least|biggest|slowest|largest|smallest|fullest|busiest|worst|fastest)\b"
    r"|\bmax(?:imum)?\b|\bmin(?:imum)?\b|\baverage\b|\bmean\b|\bpeak\b|\bpercent\b"
)


_BEYOND = (
    r"\b(?:configur\w*|install\w*|costs?|price|licen[cs]e|version|ip|port|owner|documentation|docs|retention|schema"
    r"|tutorial"
    r"|salary|download|source code|api)\b"
)
"""What people may ask about a platform, and which no figure tells."""
_HAPPENED = (
    r"\b(?:did|has|have|was|were)\b.*\b(?:break|broke|broken|happen|happened|fail|failed|go wrong|gone wrong|go down"
    r"|gone down|crash|crashed)\b"
    r"|\b(?:happen|happened|broke|crashed)\b|\bwhat (?:failed|went)\b"
)


def _plain_intent(words: Words, named: bool, events: bool, previous: Request | None) -> Intent:
    rest, window = words.rest, words.windows.window
    current = re.search(_CURRENT, rest) is not None
    if not words.metrics and re.search(_HAPPENED, rest):
        return "list"
    asked = re.search(r"^\W*(?:and\s+)?(?:any|is|are|do|does|has|have)\b|\bany\b|\bright now\b", rest)
    if events and current and window is None:
        return "status"
    if events and (window is not None or not asked):
        return "list"
    if events:
        return "status"
    if (
        re.search(r"\b(?:happened|went wrong|summary|summari[sz]e|recap|report|broke|failed)\b", rest)
        and not words.metrics
    ):
        return "list" if window is not None or re.search(r"happened|went wrong|broke|failed", rest) else "status"
    if words.metrics and re.search(r"^\W*(?:did|has|have|had|was|were)\b", rest):
        return "list"
    if re.search(_FIGURE, rest) and words.metrics and not re.search(r"\bstatus\b|\bhealth", rest):
        return "value" if window is None else "trend"
    if re.search(_STATUS, rest):
        return "status" if window is None or words.metrics else "list"
    if words.metrics:
        return "value" if window is None else "trend"
    if named or words.components or words.excluded:
        return "status" if window is None else "list"
    if severity_in(rest):
        return "list" if window is not None else "status"
    if ranked_in(rest) and previous is None:
        return "list" if window is not None else "status"
    if window is not None and (previous is not None or re.search(r"\bshow|\blist|\bwhat", rest)):
        return "list"
    if re.search(
        r"^\W*(?:show|list|tell|give|what)\b.*\b(?:system|platform|pipeline|data flow)\b|\bsystem|\bplatform\b"
        r"|\bpipeline\b",
        rest,
    ):
        return "status"
    if re.search(
        r"\b(?:which|what) (?:components?|ones?|instances?|nodes?|brokers?|jobs?|tables?|topics?|metrics?)\b|\bworst\b",
        rest,
    ):
        return "list" if window is not None or previous is not None else "status"
    if previous is not None and previous.metrics and re.search(r"\b(?:current|value|latest|reading|now)\b", rest):
        return "value"
    if window is not None and not re.findall(r"[a-z]{4,}", rest):
        return "list"
    return "unclear"
