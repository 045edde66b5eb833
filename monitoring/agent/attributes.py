"""What else the words of a question say beside names and windows: severity, kind, rank, how many, the latest."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from monitoring.agent import lexicon, things
from monitoring.agent.numberwords import number_word
from monitoring.agent.timespans import TimeSpan, rolling
from monitoring.metrics import Catalogue, Severity

LATEST = (
    r"\b(?:last|latest|most recent(?:ly)?|newest)\s+(?:[a-z]+\s+)?"
    r"(?:incident|anomaly|problem|issue|alert|outage|cascade|failure|warning)\b"
    r"|\bwhen (?:did|has|was|were|had|have)\b.*\blast (?:have|had|see|saw|seen|report|fire|alert|fail|get|got|happen"
    r"|occur|act"
    r"|affected|hit|down|broken|unhealthy|critical)\w*"
)


def latest_asked(text: str, now: datetime) -> TimeSpan | None:
    """A question for the latest of something is looked for over a week."""
    return rolling(timedelta(days=7), now) if re.search(LATEST, text) else None


def severity_in(text: str) -> Severity | None:
    text = re.sub(
        r"\b(?:become|becomes|became|turn|turns|turned|went|go|goes|gone|get|gets|got)\s+critical\b", " ", text
    )
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


COUNTING = (
    r"\bhow (?:many|often|frequently)\b|\b(?:number|amount|quantity|sum|tally) of\b|\bcounts?\b|\btotals?\b|\btally\b"
    r"|\b(?:share|percentage|proportion|portion|fraction)s?\b|\bmore than (?:once|twice)\b|\bhow much of\b"
    r"|^\W*(?:(?:and|just|only|please|ok|okay|so)\W+)*(?:the |a |one )?(?:number|count|total)(?: only| please"
    r"| alone)*\W*$"
    rf"|\b(?:more than|fewer than|less than|at least|at most|over) \d+ (?:\w+ ){{0,2}}?(?:{lexicon.EVENT_NOUN})\b"
)
"""Words that ask for a number of something."""
_SHARE = (
    r"\b(?:share|percentage|percent|proportion|portion|fraction)s?\s+(?:of\s+)?(?:(?:the|all|our|these|those)\s+)*"
    rf"(?:\w+\s+){{0,2}}?(?:{lexicon.EVENT_NOUN})\b|\bhow (?:much|many)\s+of\s+(?:(?:the|all)\s+)*(?:\w+\s+){{0,2}}?"
    rf"(?:{lexicon.EVENT_NOUN})\b.*\b(?:belong\w*|com(?:e|es|ing) from|due to|go(?:es)? to|on account of)\b"
)


def share_in(text: str) -> bool:
    """Whether it is asked which part of all anomalies something has."""
    return re.search(_SHARE, text) is not None


_COUNTED = (
    rf"\b(?:how many|number of|count(?: of)?)\s+(?:of\s+)?(?:the\s+|our\s+|my\s+)?"
    rf"(?:(?!per\b|in\b|on\b|of\b|by\b|for\b|do\b|does\b|a\b|an\b)\w+\s+)?"
    rf"(incidents?|outages?|{things.COUNTABLE})(?=\W*$|\s+(?:is|are|was|were|have|has|had|do|does|did|with|in|on|at"
    rf"|that"
    rf"|which|we|you|there|run|got|went|show|currently|right|now|not|lag|fail|exceed|suffer|over|above|below|beyond"
    rf"|exist"
    rf"|of|today|yesterday|since|last|\w+ing|\w+ed)\b|\s*,)"
)


def counted_in(text: str) -> str:
    """What a number is asked of, where that is not anomalies: "incidents", or things such as "nodes"."""
    match = re.search(_COUNTED, text)
    if match is None:
        return ""
    return "incidents" if match[1].startswith(("incident", "outage")) else match[1]


_SUPERLATIVE = (
    r"(?:worst|least healthy|most|sickest|unhealthiest|healthiest|best|busiest|slowest|fullest|noisiest|highest|lowest"
    r"|biggest|largest|fastest|least|top)"
)
_RANKED = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:which|what)\s+(?:[a-z]+\s+)?(?P<kind>types?|kinds?|sorts?)\b(?=.*\b(?:most|common\w*|frequent\w*"
        r"|often)\b)",
        rf"\b(?:which|what|whose)\s+(?:of (?:the|our|my)\s+)?(?:(?!one\b|of\b|is\b|are\b)[a-z]+\s+){{0,2}}?"
        rf"(?P<kind>{things.WORDS})\b",
        rf"\b{_SUPERLATIVE}\s+(?:\d+\s+)?(?:[a-z]+\s+){{0,1}}?(?P<kind>{things.WORDS})\b(?!\s+(?:{lexicon.EVENT_NOUN})\b)",
        rf"\b(?:rank\w*|sort\w*|order\w*)\s+(?:all\s+)?(?:the\s+"
        rf"|our\s+)?(?:[a-z]+\s+){{0,1}}?(?P<kind>{things.WORDS})\b",
        r"\bwhich (?P<kind>(?:is|are|was|were))\b.*\b(?:worst|worse|most|highest|lowest|best|slowest|higher"
        r"|lower|slower|faster|better|bigger|smaller|larger|fuller|busier|healthier)\b",
        r"\bwh(?:ere|o) (?P<kind>(?:is|are|was|were))\b.*\b(?:worst|most|highest|lowest|slowest)\b",
    )
)
"""How things are asked for by rank: "which node", "the worst broker", "rank the jobs"."""


def ranked_in(text: str) -> str:
    """The word for the kind of thing that is asked for by name or rank; empty where none is."""
    match = next(filter(None, (pattern.search(text) for pattern in _RANKED)), None)
    if match is None:
        return ""
    return "instance" if match["kind"] in ("is", "are", "was", "were") else match["kind"]


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
