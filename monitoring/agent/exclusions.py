"""What a question leaves out: "all components but Kafka", "neither Kafka nor Flink", "without warnings"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitoring.agent.naming import components_in
from monitoring.metrics import Severity

_LIST = r"(?:the\s+|any\s+)?[\w'/-]+(?:\s*(?:,|and|or|nor|&)\s*(?:the\s+)?[\w'/-]+)*"
_ALL = r"(?:all|any\w*|every\w*|each|whole|the others?|the rest)"
_COMPONENT = r"(?:kafka|flink|clickhouse|ch)(?:'s)?"
_COMPONENTS = rf"{_COMPONENT}(?:\s*(?:,|and|or|nor|&)\s*{_COMPONENT})*"
_BEFORE = (
    rf"\b(?:(?:{_ALL})(?:\s+(?!but\b)[\w-]+){{0,3}}\s+but(?: not)?|except(?:ing)?(?: for)?|excluding|exclude|but not"
    rf"|without"
    r"|other than|ignor(?:e|ing)|apart from|aside from|besides|leaving (?:out|aside)|leave (?:out|aside)|not counting"
    r"|not considering|disregard(?:ing)?|skip(?:ping)?|minus|drop(?:ping)? the|forget(?: about)?|neither"
    r"|not interested in"
    r"|(?:don't|do not|doesn't) (?:care|bother|worry)(?: (?:about|with))?|(?:don't|do not) (?:want|need|show)(?: me)?"
    r"|no need for|rather than|instead of|not|(?:no|without any|hide|leave off|omit\w*|filter out|take out|remove|drop"
    rf"|throw out|cut)(?=(?:\s+(?:more|the|all|any))*\s+(?:(?:warning|critical)s?|{_COMPONENT})\b))"
)
_DISMISSED = re.compile(
    r"^\W*(?:(?:ok|okay|no|well|actually|hmm)\W+)*(?:forget|ignore|drop|skip|scratch|never ?mind|leave)(?: about)?"
    r"(?: (?:that|it|this))?(?: one)?\s*[,;:.-]+\s*(?=\w)"
)
"""What was asked before is taken back, and something else asked in its place."""
_INSTEAD = re.compile(
    rf"\b(?:not|rather than|instead of)\s+(?:the\s+)?(?P<what>{_COMPONENT})(?=\s*(?:,|;|-|but\b)\s*(?:but\s+)?"
    rf"(?:(?:only|the|i meant?|rather|just|show|in|for|on)\s+)*{_COMPONENT}\b)\s*(?:,|;|-)?\s*(?:but\b)?"
)
"""One component in another's place, "not Kafka, Flink": the second one is what is asked about."""
_EXCLUDED_AHEAD = re.compile(rf"{_BEFORE}\s+(?P<what>{_LIST})")
_EXCLUDED_BEHIND = re.compile(
    rf"\b(?:(?:leave|take|filter)\s+)?(?P<what>{_COMPONENTS}|warnings?|criticals?)\s+(?:aside|excluded|excepted"
    rf"|apart|left out"
    r"|out(?! of)|does(?:n't| not) (?:interest|matter|concern)(?: me| us)?|(?:is|are)(?:n't| not) (?:of interest"
    r"|interesting"
    r"|relevant|needed|important))\b"
)
_WARNINGS = re.compile(r"\bwarnings?\b")
_CRITICALS = re.compile(r"\bcriticals?\b")
_NON_CRITICAL = re.compile(r"\bnon[\s-]?critical\b")


@dataclass(frozen=True, slots=True)
class Excluded:
    """What is left out, and the question without its words. `severity` is the one that remains."""

    rest: str
    components: tuple[str, ...] = ()
    severity: Severity | None = None
    words: str = ""


def excluded_in(text: str) -> Excluded:
    """What a lower-case text leaves out; `words` are those that name neither components nor severities."""
    text = _DISMISSED.sub(" ", text)
    components: list[str] = []
    severity: Severity | None = "warning" if _NON_CRITICAL.search(text) else None
    words: list[str] = []
    rest = _NON_CRITICAL.sub(" ", text)
    for pattern in (_INSTEAD, _EXCLUDED_BEHIND, _EXCLUDED_AHEAD):
        for match in list(pattern.finditer(rest)):
            what = match["what"]
            named = components_in(what)
            components += named
            severity = severity or _remaining(what)
            certain = named or _remaining(what)
            if not certain and _says_nothing(match[0]):
                continue
            if not certain:
                words.append(what)
            kept = match[0][: match[0].rfind(" but")] if _keeps_front(match[0]) else ""
            blank = kept + " " * (match.end() - match.start() - len(kept))
            rest = rest[: match.start()] + blank + rest[match.end() :]
    return Excluded(rest, tuple(dict.fromkeys(components)), severity, " ".join(words))


def _remaining(what: str) -> Severity | None:
    if _WARNINGS.search(what):
        return "critical"
    return "warning" if _CRITICALS.search(what) else None


def _says_nothing(words: str) -> bool:
    """Whether these words leave out only what is named outright: "not", "no" and the like stand in any sentence."""
    return (
        re.match(
            r"(?:not|without|neither|minus|skip|drop|forget|rather|no need|don't|do not|doesn't|disregard)\b", words
        )
        is not None
    )


def _keeps_front(words: str) -> bool:
    """ "All components but Kafka" leaves "all components" in the question."""
    return re.match(rf"{_ALL}\b", words) is not None and " but" in words
