"""From a question in plain words to a `Request`: pure, without a language model.

The words of the catalogue (names, aliases, topics) say what is meant, `lexicon` what is wanted, `timewords`
when. What was not understood is said, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitoring.agent import lexicon
from monitoring.agent.calendars import Calendar, number_word, plain_numbers
from monitoring.agent.comparisons import Windows, read_windows
from monitoring.agent.naming import (
    canonical,
    components_in,
    corrected,
    implied_components,
    instances_in,
    metrics_in,
    nearest_instances,
)
from monitoring.agent.request import Intent, Request
from monitoring.agent.timewords import Nonsense, TimeSpan, calendar_of
from monitoring.metrics import COMPONENTS, Catalogue, Severity, Window

MOST_QUESTION = 2000
"""Characters of a question that are read; nobody asks in more."""

_EXCEPT = (
    r"\b(?:(?<=anything )but|(?<=everything )but|(?<=all )but|except(?:ing)?(?: for)?|excluding|exclude|but "
    r"not|without|other than|ignor(?:e|ing)|apart from|besides|leaving out|leave out|not counting|minus|not)"
    r"\s+(?P<what>(?:the\s+)?(?:(?:[\w'/-]+)(?:\s*(?:,|and|or|&)\s*(?:the\s+)?[\w'/-]+)*))"
)
_CURRENT = (
    r"\b(?:current(?:ly)?|right now|now|at the moment|at present|present(?:ly)?|ongoing|active|open"
    r"|unresolved|still|firing|live|today's state)\b"
)
_NEW_CLAUSE = (
    r"[?!;]\s+|\.\s+(?=[a-z])|\s*,?\s+(?:and|also|plus|then)\s+(?=(?:also\s+)?(?:what|how|is|are|was"
    r"|were|show|which|any|why|did|does|when|list|compare|tell|give)\b)"
)


@dataclass(frozen=True, slots=True)
class _Words:
    """A question at the stage where windows and names have been taken out of it."""

    text: str
    rest: str
    components: tuple[str, ...]
    excluded: tuple[str, ...]
    metrics: tuple[str, ...]
    instances: tuple[str, ...]
    windows: Windows


def understand(
    question: str,
    catalogue: Catalogue,
    now: datetime,
    timezone: str,
    instances: Iterable[str] = (),
    previous: Request | None = None,
) -> Request:
    """What a question asks for; a follow-up takes what it leaves out from the `previous` request.

    `timezone` is an IANA name, `instances` the instance names the data knows. Nothing is raised: a question
    that cannot be answered comes back with the intent `refuse`, `foreign`, `problem` or `unclear`.
    """
    known = tuple(instances)
    text = _prepared(question)
    if not text:
        return Request(question, "help", now)
    guarded, notes = _guarded(text)
    if not guarded:
        return Request(question, "refuse", now, problem=notes[0], subject=_action_of(text))
    requests: list[Request] = []
    for clause in _clauses(guarded):
        before = requests[-1] if requests else previous
        requests.append(_understand_clause(question, clause, catalogue, now, timezone, known, before))
    clear = [request for request in requests if request.intent not in ("unclear", "help")] or requests[:1]
    return replace(clear[0], notes=(*clear[0].notes, *notes), also=tuple(clear[1:4]))


def _prepared(question: str) -> str:
    return re.sub(r"\s+", " ", canonical(question[:MOST_QUESTION])).strip().strip('"“”` ')


def _guarded(text: str) -> tuple[str, tuple[str, ...]]:
    """The sentences that ask something, and what is said about those that ask for what cannot be done."""
    kept: list[str] = []
    notes: list[str] = []
    for sentence in re.split(r"(?<=[?!.;])\s+", text):
        reason = _refusal(sentence)
        if reason:
            notes.append(reason)
        else:
            kept.append(sentence)
    if notes and not any(_has_cue(sentence) for sentence in kept):
        return "", tuple(dict.fromkeys(notes))
    return " ".join(kept), tuple(dict.fromkeys(notes))


def _refusal(sentence: str) -> str:
    if re.search(lexicon.SQL, sentence):
        return "sql"
    if re.search(lexicon.MANIPULATION, sentence):
        return "manipulation"
    if re.search(lexicon.ACTION_REQUEST, sentence):
        return "action"
    return ""


def _action_of(text: str) -> str:
    match = re.search(lexicon.ACTION, text)
    return match[0] if match else ""


def _has_cue(sentence: str) -> bool:
    return (
        _cued_intent(sentence) is not None
        or re.search(r"\b(?:status|health|how many|anomal|issues?)", sentence) is not None
    )


def _clauses(text: str) -> list[str]:
    """The questions asked in one breath; one that is no question by itself stays with the one before."""
    clauses: list[str] = []
    for part in re.split(_NEW_CLAUSE, text):
        part = part.strip(" ?!.")
        if part and (not clauses or len(part.split()) >= 2):
            clauses.append(part)
        elif part:
            clauses[-1] += f" {part}"
    return clauses or [text]


def _understand_clause(
    question: str,
    clause: str,
    catalogue: Catalogue,
    now: datetime,
    timezone: str,
    known: Sequence[str],
    previous: Request | None,
) -> Request:
    named = instances_in(clause, known, catalogue)
    text = plain_numbers(corrected(named.rest, catalogue))
    calendar = calendar_of(now, timezone)
    try:
        words = _words(text, named.known, catalogue, calendar)
    except Nonsense as nonsense:
        return Request(question, "problem", now, problem=str(nonsense))
    if named.unknown:
        return _unknown_instance(question, now, named.unknown[0], known)
    foreign = [word for word in re.findall(r"[a-z0-9]+", text) if word in lexicon.FOREIGN_SYSTEMS]
    if foreign and not (words.components or words.metrics or words.instances):
        return Request(question, "foreign", now, problem=foreign[0])
    request = _request(question, words, catalogue, now, previous)
    if previous is not None and _leans_on(clause, words, request):
        request = _carried(request, words, previous, catalogue)
    return request


def _unknown_instance(question: str, now: datetime, name: str, known: Sequence[str]) -> Request:
    nearest = nearest_instances(name, known)
    hint = f" The nearest I know: {', '.join(nearest)}." if nearest else ""
    return Request(question, "problem", now, problem=f"I have no data of an instance named {name}.{hint}")


def _words(text: str, instances: tuple[str, ...], catalogue: Catalogue, calendar: Calendar) -> _Words:
    text, excluded_text = _excluded(text)
    comparing = _cued_intent(text) == "compare"
    windows = read_windows(text, calendar, comparing)
    excluded = components_in(excluded_text)
    components = components_in(windows.rest)
    if excluded:
        components = tuple(c for c in components or COMPONENTS if c not in excluded)
    metrics = metrics_in(windows.rest, catalogue, components)
    left_out = metrics_in(excluded_text, catalogue, components) if excluded_text and not excluded else ()
    if left_out:
        metrics = tuple(m.name for m in catalogue.of(components or COMPONENTS) if m.name not in left_out)
    elif not metrics and not components:
        components = implied_components(windows.rest)
    return _Words(text, windows.rest, components, excluded, metrics, instances, windows)


def _excluded(text: str) -> tuple[str, str]:
    """The text without what it leaves out, and the words of what is left out."""
    match = re.search(_EXCEPT, text)
    if match is None or (match[0].startswith("not ") and not components_in(match["what"])):
        return text, ""
    return text[: match.start()] + " " + text[match.end() :], match["what"]


def _cued_intent(text: str) -> Intent | None:
    return next((intent for intent, cue in lexicon.INTENT_CUES if re.search(cue, text)), None)


def _request(question: str, words: _Words, catalogue: Catalogue, now: datetime, previous: Request | None) -> Request:
    intent = _intent(words, catalogue, previous)
    return Request(
        question=question,
        intent=intent,
        asked_at=now,
        components=words.components,
        excluded=words.excluded,
        metrics=words.metrics,
        subject=words.rest.strip() if words.metrics else "",
        instances=words.instances,
        window=words.windows.window,
        compare=words.windows.compare if intent == "compare" else None,
        severity=_severity(words.rest),
        anomaly_type=_anomaly_type(words.rest),
        pattern=_pattern(words.rest, catalogue),
        limit=_limit(words.rest),
        incidents=re.search(r"\bincidents?\b|\boutages?\b|\bhappened\b|\bwent wrong\b", words.rest) is not None,
    )


def _intent(words: _Words, catalogue: Catalogue, previous: Request | None) -> Intent:
    text, rest = words.text, words.rest
    named = bool(words.metrics or words.instances)
    counted = re.search(r"\bhow (?:many|often)\b|\bnumber of\b|\bcount\b|\btotal\b", rest)
    events = re.search(lexicon.EVENT_NOUN, rest)
    cued = _checked(_cued_intent(text), words, catalogue)
    if counted and cued in (None, "trend", "silent", "diagnose", "cascade", "since"):
        if cued == "cascade" and not words.metrics:
            return "cascade"
        return "value" if words.metrics and not events else "count"
    if cued is not None:
        return cued
    if _is_definition(rest, words):
        return "define"
    return _plain_intent(words, named, events is not None, previous)


def _checked(cued: Intent | None, words: _Words, catalogue: Catalogue) -> Intent | None:
    """A cue that does not fit what is named gives way to a better one."""
    rest = words.rest
    events = re.search(lexicon.EVENT_NOUN, rest) is not None
    if cued == "threshold" and not (words.metrics or re.search(r"\bthresholds?\b|\bnormal\b", rest)):
        return None
    if cued == "inventory" and (
        words.windows.window or re.search(r"\bmost|highest|worst|above|breach|abnormal|wrong", rest)
    ):
        return None
    if cued == "since" and re.search(r"\bwhen was the last\b|\blast time\b", words.text):
        return "list"
    if cued == "trend" and words.windows.window is None and not words.metrics and events:
        return None if not re.search(r"\btrends?\b|\bover time\b|\bchart|\bgraph|\bincreas", rest) else "list"
    if cued == "diagnose" and re.search(r"\bwhat (?:happened|went wrong)\b", rest):
        return "list"
    if cued == "diagnose" and re.search(r"\banything wrong\b", rest) and words.windows.window:
        return "list"
    if cued == "define" and not words.metrics and not _pattern(rest, catalogue):
        return "define"
    return cued


def _is_definition(rest: str, words: _Words) -> bool:
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


def _plain_intent(words: _Words, named: bool, events: bool, previous: Request | None) -> Intent:
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
    if _severity(rest):
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


def _severity(text: str) -> Severity | None:
    critical = re.search(r"\bcriticals?\b|\bsevere\b|\bserious\b|\burgent\b", text)
    warning = re.search(r"\bwarnings?\b", text)
    if critical and not warning:
        return "critical"
    return "warning" if warning and not critical else None


def _anomaly_type(text: str) -> str | None:
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


def _pattern(text: str, catalogue: Catalogue) -> str | None:
    for pattern in catalogue.patterns:
        if re.search(rf"\b{pattern.name.replace('_', '[ _-]')}", text):
            return pattern.name
    if re.search(r"\bcascad", text):
        if re.search(r"\bbackwards?\b|\bupstream\b|\bbackpressure cascad", text):
            return "cascade_backward"
        if re.search(r"\bforwards?\b|\bdownstream\b|\bstarvation\b", text):
            return "cascade_forward"
    return None


def _limit(text: str) -> int | None:
    match = re.search(r"\b(?:top|first|last|latest|worst|biggest|most recent)[\s-]+(\d{1,3}|[a-z]+)\b", text)
    match = match or re.search(
        r"\b(\d{1,3}|[a-z]+)\s+(?:worst|biggest|most|latest|slowest|highest|largest|newest|last)\b", text
    )
    if match is None:
        return None
    count = int(match[1]) if match[1].isdigit() else number_word(match[1])
    return count if count and 0 < count <= 100 else None


def _leans_on(clause: str, words: _Words, request: Request) -> bool:
    """Whether a question is complete only together with the one before."""
    if request.intent in ("refuse", "foreign", "problem"):
        return False
    if request.intent == "help":
        return re.search(r"\bwhat (?:can|should)\b", clause) is None and bool(words.components)
    if re.search(lexicon.FOLLOW_UP, clause):
        return True
    subject = bool(words.components or words.metrics or words.instances)
    anaphora = re.search(lexicon.ANAPHORA, re.sub(lexicon.NOT_ANAPHORA, " ", clause))
    if anaphora and not subject:
        return True
    if request.intent == "unclear":
        return bool(subject or words.windows.window) or len(clause.split()) <= 3
    return (
        not subject
        and len(words.rest.split()) <= 3
        and request.intent in ("trend", "diagnose", "since", "advice", "list")
    )


_WEAK: frozenset[Intent] = frozenset({"status", "list", "value", "unclear"})
_EVENTS: frozenset[Intent] = frozenset({"count", "list", "cascade"})


def _carried(request: Request, words: _Words, previous: Request, catalogue: Catalogue) -> Request:
    """The request with what it leaves out taken from the one before."""
    own_events = re.search(lexicon.EVENT_NOUN, words.rest) is not None
    weak = request.intent in _WEAK and not own_events and not re.search(r"\bstatus\b|\bhealth", words.rest)
    intent = (
        previous.intent
        if weak and previous.intent not in ("refuse", "foreign", "problem", "unclear", "help")
        else request.intent
    )
    instances = request.instances or (() if words.components or words.metrics else previous.instances)
    components = request.components or (() if words.metrics else previous.components)
    metrics = request.metrics or _same_subject(previous, components, catalogue)
    window = request.window or previous.window
    compare = request.compare or previous.compare
    if request.window is not None and request.intent != "compare":
        compare = None
    if intent == "compare" and request.window is not None and request.compare is None:
        compare = _moved_compare(previous, request)
    if intent != "compare":
        compare = None
    return replace(
        request,
        intent="trend" if intent == "value" and window is not None else intent,
        components=components,
        metrics=metrics,
        subject=request.subject or previous.subject,
        instances=instances,
        window=window,
        compare=compare,
        severity=request.severity or (previous.severity if intent in _EVENTS else None),
        anomaly_type=request.anomaly_type or (previous.anomaly_type if intent in _EVENTS else None),
        pattern=request.pattern or (previous.pattern if intent == "cascade" else None),
        limit=request.limit or previous.limit,
    )


def _moved_compare(previous: Request, request: Request) -> TimeSpan | None:
    """The window to compare with, moved along with a window that a follow-up has changed."""
    if previous.window is None or previous.compare is None or request.window is None:
        return previous.compare
    shift = previous.window.window.end - previous.compare.window.end
    start, end = request.window.window
    return TimeSpan(Window(start - shift, end - shift), previous.compare.label, "calendar", request.window.unit)


def _same_subject(previous: Request, components: tuple[str, ...], catalogue: Catalogue) -> tuple[str, ...]:
    """The metrics of the question before, asked of these components: "and ClickHouse?" after "memory in Kafka?"."""
    if not previous.metrics or components == previous.components:
        return previous.metrics
    kept = tuple(m for m in previous.metrics if not components or catalogue[m].component in components)
    others = " ".join(word for word in previous.subject.split() if word not in COMPONENTS)
    return metrics_in(others, catalogue, components) or kept
