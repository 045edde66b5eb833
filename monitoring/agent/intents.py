"""What a question wants: its intent, and what else its words say beside names and windows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.agent import lexicon
from monitoring.agent.calendars import number_word
from monitoring.agent.comparisons import Windows
from monitoring.agent.request import Intent, Request
from monitoring.agent.timewords import TimeSpan, rolling
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


def cued_intent(text: str) -> Intent | None:
    return next((intent for intent, cue in lexicon.INTENT_CUES if re.search(cue, text)), None)


def intent_of(words: Words, catalogue: Catalogue, previous: Request | None) -> Intent:
    text, rest = words.text, words.rest
    named = bool(words.metrics or words.instances)
    counted = re.search(r"\bhow (?:many|often)\b|\bnumber of\b|\bcount\b|\btotal\b", rest)
    events = re.search(lexicon.EVENT_NOUN, rest)
    cued = _checked(cued_intent(text), words, catalogue)
    if counted and "how often" in rest:
        return "count"
    if counted and cued in (None, "trend", "silent", "diagnose", "cascade", "since"):
        if cued == "cascade" and not words.metrics:
            return "cascade"
        return "value" if words.metrics and not events else "count"
    if cued is not None:
        return cued
    if _is_definition(rest, words):
        return "define"
    return _plain_intent(words, named, events is not None, previous)


def _checked(cued: Intent | None, words: Words, catalogue: Catalogue) -> Intent | None:
    """A cue that does not fit what is named gives way to a better one."""
    rest = words.rest
    events = re.search(lexicon.EVENT_NOUN, rest) is not None
    if cued == "threshold" and not (words.metrics or re.search(r"\bthresholds?\b|\bnormal\b", rest)):
        return None
    if cued == "inventory" and (
        words.windows.window or re.search(r"\bmost|highest|worst|above|breach|abnormal|wrong", rest)
    ):
        return None
    if cued == "since" and re.search(rf"{_LATEST}|\blast time\b", words.text):
        return "list"
    if cued == "trend" and words.windows.window is None and not words.metrics and events:
        return None if not re.search(r"\btrends?\b|\bover time\b|\bchart|\bgraph|\bincreas", rest) else "list"
    if cued == "diagnose" and re.search(r"^\W*(?:please )?explain\b(?!.*\bwhy\b)", rest) and words.metrics:
        return cued if words.windows.window or words.instances else "define"
    if cued == "diagnose" and re.search(r"\bwhat (?:happened|went wrong)\b", rest):
        return "list"
    if cued == "diagnose" and re.search(r"\banything wrong\b", rest) and words.windows.window:
        return "list"
    if cued == "define" and not words.metrics and not pattern_in(rest, catalogue):
        return "define"
    return cued


def _is_definition(rest: str, words: Words) -> bool:
    """ "What is consumer lag?" asks for a meaning, "what is the consumer lag?" for a number."""
    if words.windows.window or words.instances or not words.metrics or re.search(_CURRENT, rest):
        return False
    match = re.match(r"^\W*(?:what is|what's|what are|explain|define|describe)\s+(?!the\b|my\b|our\b)(.+?)\W*$", rest)
    return match is not None and len(match[1].split()) <= 5 and not re.search(lexicon.EVENT_NOUN + r"$", match[1])


_STATUS = (
    r"\bstatus\b|\bhealth(?:y|iness)?\b|\bok(?:ay)?\b|\bfine\b|\balive\b|\bup\b|\brunning\b|\bstate\b"
    r"|\bhow(?:'s| is| are)\b|\bdoing\b|\beverything\b"
    r"|\balright\b|\ball right\b|\bgood\b|\boverview\b|\bworking\b|\bdown\b|\bsituation\b|\bsitrep\b|\bgreen\b"
    r"|\bred\b|\bslow\b|\bunhealthy\b|\bdegraded\b|\bdead\b|\bbroken\b|\bstable\b"
)
_FIGURE = (
    r"\bcurrent\b|\blatest\b|\bvalue\b|\blevel\b|\bhow (?:high|low|big|large|long|much|full|busy|fast|slow"
    r"|far)\b|\bwhat(?:'s| is| are| was| were)\b"
    r"|\b(?:highest|most|lowest|least|biggest|slowest|largest|smallest|fullest|busiest|worst|fastest)\b"
    r"|\bmax(?:imum)?\b|\bmin(?:imum)?\b|\baverage\b|\bmean\b|\bpeak\b|\bpercent\b"
)


def _plain_intent(words: Words, named: bool, events: bool, previous: Request | None) -> Intent:
    rest, window = words.rest, words.windows.window
    current = re.search(_CURRENT, rest) is not None
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
    if window is not None and (previous is not None or re.search(r"\bshow|\blist|\bwhat", rest)):
        return "list"
    if re.search(
        r"^\W*(?:show|list|tell|give|what)\b.*\b(?:system|platform|pipeline|data flow)\b|\bsystem|\bplatform\b"
        r"|\bpipeline\b",
        rest,
    ):
        return "status"
    if window is not None and not re.findall(r"[a-z]{4,}", rest):
        return "list"
    return "unclear"


_LATEST = (
    r"\b(?:last|latest|most recent|newest)\s+(?:[a-z]+\s+)?"
    r"(?:incident|anomaly|problem|issue|alert|outage|cascade|failure|warning)\b"
)


def latest_asked(text: str, now: datetime) -> TimeSpan | None:
    """A question for the latest of something is looked for over a week."""
    return rolling(timedelta(days=7), now) if re.search(_LATEST, text) else None


def severity_in(text: str) -> Severity | None:
    critical = re.search(r"\bcriticals?\b|\bsevere\b|\bserious\b|\burgent\b", text)
    warning = re.search(r"\bwarnings?\b", text)
    if critical and not warning:
        return "critical"
    return "warning" if warning and not critical else None


def anomaly_type_in(text: str) -> str | None:
    for name, cue in (
        ("no_data", r"\bno[\s_-]data\b|\bsilent\b|\bstopped report"),
        ("restart_loop", r"\brestart[\s_-]*loops?\b|\bcrash[\s_-]*loops?\b"),
        ("stalled", r"\bstall(?:ed|s|ing)?\b"),
        ("baseline", r"\bbaseline (?:anomal|deviation|event)|\bunusual behaviou?r\b"),
        ("trend", r"\btrend (?:anomal|event|alert)"),
    ):
        if re.search(cue, text):
            return name
    return None


def pattern_in(text: str, catalogue: Catalogue) -> str | None:
    for family in catalogue.families:
        if re.search(rf"\b{family.replace('_', '[ _-]')}", text):
            return family
    if re.search(r"\bcascad", text):
        if re.search(r"\bbackwards?\b|\bupstream\b|\bbackpressure cascad", text):
            return "cascade_backward"
        if re.search(r"\bforwards?\b|\bdownstream\b|\bstarvation\b", text):
            return "cascade_forward"
    return None


def limit_in(text: str) -> int | None:
    """How many are asked for: "top 5", "the three worst"; `None` where no number is named."""
    for pattern in (_LIMIT_AFTER, _LIMIT_BEFORE):
        for match in re.finditer(pattern, text):
            count = int(match[1]) if match[1].isdigit() else number_word(match[1])
            if count and 0 < count <= 100:
                return count
    return None


_LIMIT_AFTER = r"\b(?:top|first|last|latest|worst|biggest|most recent)[\s-]+(\d{1,3}|[a-z]+)\b"
_LIMIT_BEFORE = r"\b(\d{1,3}|[a-z]+)\s+(?:worst|biggest|most|latest|slowest|highest|largest|newest|last)\b"
