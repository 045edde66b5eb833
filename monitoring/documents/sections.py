"""What kind of part of a post-mortem or runbook a heading begins, and which kinds a question asks for: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

HEADINGS: tuple[tuple[str, str], ...] = (
    ("actions", r"action items?|actions?\b|follow[\s-]*ups?|prevent|next steps|to-?do|corrective|improvements?"),
    ("lessons", r"lessons?|learn(?:ed|ings?|t)|what went|went well|lucky|retrospective"),
    (
        "cause",
        r"root[\s-]*cause|causes?\b|why (?:it|this|did)|analysis|contributing|five whys|5 whys|trigger|diagnosis",
    ),
    (
        "resolution",
        r"resol(?:ution|ved)|mitigat|recover|remed|repair|\bfix|what (?:fixed|helped|we did)|response|workaround"
        r"|solution|how (?:it|this) was (?:fixed|solved)",
    ),
    ("impact", r"impact|affected|blast radius|consequences?|damage|customers?"),
    ("timeline", r"time ?line|chronolog|sequence of events|course of events"),
    ("detection", r"detect|alert|noticed|symptoms?|how (?:we|it was) (?:found|noticed)|signs?\b"),
    ("steps", r"runbook|procedure|steps?\b|checklist|playbook|first checks?|what to do|how to"),
    ("summary", r"summary|overview|abstract|tl;?dr|what happened|description|background|at a glance|synopsis"),
)
"""Kinds of sections and the words of their headings, the most telling first."""

QUESTIONS: tuple[tuple[str, Mapping[str, float], str], ...] = (
    (
        "steps",
        {"steps": 1.0, "resolution": 0.5, "lessons": 0.3, "actions": 0.2},
        r"\bshould (?:i|we|one)\b|\bwhat (?:to|do (?:i|we)|can (?:i|we)) (?:do|check|try)\b|\bplanned\b"
        r"|\bhow (?:do|can|to|should)\b|\brun ?books?\b|\bplay ?books?\b|\bprocedure\b|\bchecklist\b"
        r"|\bwho(?:m)? (?:do|should|can) (?:i|we) (?:call|ask|contact|page|tell)\b"
        r"|\b(?:may|can) (?:i|we)\b|\bsafe to\b|\bchecks? before\b",
    ),
    (
        "resolution",
        {"resolution": 1.0, "steps": 0.7, "actions": 0.35, "timeline": 0.3, "summary": 0.2},
        r"\bfix(?:ed|es|ing)?\b|\bresol(?:ve|ved|ution)\b|\bsolv\w+|\bsolution\b|\bmitigat\w+|\brecover\w*|\bremed\w+"
        r"|\bwhat (?:helped|worked|stopped|ended|did (?:we|they|you|the team) do|was done|brought)\b|\bworkaround\b"
        r"|\brepair\w*|\bhow (?:was|were|did)\b.*\b(?:end|stop|clear|clean|bring|restor|get rid"
        r"|handl|deal)\w*|\brestor\w+|\bcured?\b",
    ),
    (
        "cause",
        {"cause": 1.0, "summary": 0.45, "lessons": 0.2, "timeline": 0.15},
        r"\bwhy\b|\bcaus\w+|\breasons?\b|\broot\b|\btrigger\w*|\bled to\b|\bbehind\b|\bwhat went wrong\b|\bculprit\b"
        r"|\bto blame\b|\bhow come\b|\bexplain\w*|\bbecause\b",
    ),
    (
        "impact",
        {"impact": 1.0, "summary": 0.5, "timeline": 0.15},
        r"\bhow (?:long|many|much|bad|severe|serious|large|big)\b|\bimpact\w*|\baffect\w*|\bloss(?:es)?\b"
        r"|\b(?:data|rows?|messages?|records?|events?|orders?|anything|money|what (?:was|were|did (?:we|they)))"
        r" (?:\w+ )?(?:lost|lose)\b|\blos[et] (?:data|any|rows|messages|records)\b"
        r"|\bduration\b|\bcustomers?\b|\busers?\b|\blast(?:ed)?\b(?! time| year| week| month)|\bdelay\w*"
        r"|\bconsequences?\b|\bcosts?\b|\bdamage\b|\bseverity\b|\bdata loss\b",
    ),
    (
        "actions",
        {"actions": 1.0, "lessons": 0.6, "resolution": 0.2},
        r"\bprevent\w*|\baction items?\b|\bactions?\b|\bfollow[\s-]*ups?\b|\bowns?\b|\bowners?\b|\bdue\b|\bavoid\w*"
        r"|\bagain\b|\bchang(?:e|ed|es) (?:after|since|to)\b|\bafterwards\b|\bassigned\b|\bresponsible\b|\bdeadline\b"
        r"|\bplanned\b|\bso that it\b|\bnever\b",
    ),
    (
        "detection",
        {"detection": 1.0, "timeline": 0.5, "summary": 0.3, "lessons": 0.2},
        r"\bdetect\w*|\bnotic\w+|\balert\w*|\balarm\w*|\bdiscover\w*|\bfound out\b|\bpaged?\b|\bsymptoms?\b|\bsigns?\b"
        r"|\bfirst (?:seen|sign)\b|\brecogni[sz]e\b",
    ),
    (
        "timeline",
        {"timeline": 1.0, "summary": 0.35, "impact": 0.2, "detection": 0.15},
        r"\bwhen\b|\bwhat time\b|\bat what\b|\b(?:\d{1,2}:\d{2})\b|\bdate\b|\btimeline\b|\bwho\b|\bfirst\b|\bbefore\b"
        r"|\bafter\b|\bday\b|\bhappened\b|\bsequence\b",
    ),
    ("lessons", {"lessons": 1.0, "actions": 0.4}, r"\blesson\w*|\blearn\w*|\bwent well\b|\bwent badly\b|\blucky\b"),
    ("summary", {"summary": 1.0, "impact": 0.3}, r"\bsummar\w+|\boverview\b|\bwhat happened\b|\babout\b|\btell me\b"),
)
"""Kinds of questions: the sections that answer them with how likely each does, and the words they are asked in."""


def section_of(heading: str) -> str:
    """The kind of section that a path of headings leads to: that of its innermost part that is of any kind."""
    for part in reversed(heading.split(" > ")):
        words = part.lower()
        found = next((kind for kind, pattern in HEADINGS if re.search(pattern, words)), "")
        if found:
            return found
    return ""


def wanted_sections(question: str) -> dict[str, float]:
    """The kinds of sections that would answer a question, with how likely, from 0 to 1; none where it does not say."""
    words = question.lower()
    wanted: dict[str, float] = {}
    first = asked_kind(question)
    if re.search(r"\bhow long\b|\bduration\b", words):
        return {"summary": 1.0, "impact": 0.8, "timeline": 0.2}
    for kind, sections, pattern in QUESTIONS:
        if re.search(pattern, words) and (first != "timeline" or kind == first):
            for section, likely in sections.items():
                wanted[section] = max(wanted.get(section, 0.0), likely)
    return wanted


def asked_kind(question: str) -> str:
    """The first kind of question that the words are of; empty where they are of none."""
    words = question.lower()
    if re.match(r"\W*(?:and |so )?(?:when|what time|at what time|which day|what day|on which|since when)\b", words):
        return "timeline"
    return next((kind for kind, _, pattern in QUESTIONS if re.search(pattern, words)), "")
