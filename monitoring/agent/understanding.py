"""From a question in plain words to a `Request`: pure, without a language model.

The words of the catalogue (names, aliases, topics) say what is meant, `lexicon` what is wanted, `timewords`
when. What was not understood is said, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from monitoring.agent import lexicon
from monitoring.agent.calendars import Calendar, plain_numbers
from monitoring.agent.comparisons import read_windows
from monitoring.agent.followups import carried, leans_on
from monitoring.agent.intents import (
    Words,
    anomaly_type_in,
    cued_intent,
    intent_of,
    latest_asked,
    limit_in,
    pattern_in,
    severity_in,
)
from monitoring.agent.naming import (
    canonical,
    components_in,
    corrected,
    implied_components,
    instances_in,
    metrics_in,
    nearest_instances,
)
from monitoring.agent.request import Request
from monitoring.errors import InvalidInput
from monitoring.metrics import COMPONENTS, Catalogue

MOST_QUESTION = 2000
"""Characters of a question that are read; nobody asks in more."""

_EXCEPT = (
    r"\b(?:(?<=anything )but|(?<=everything )but|(?<=all )but|except(?:ing)?(?: for)?|excluding|exclude|but "
    r"not|without|other than|ignor(?:e|ing)|apart from|besides|leaving out|leave out|not counting|minus|not)"
    r"\s+(?P<what>(?:the\s+)?(?:(?:[\w'/-]+)(?:\s*(?:,|and|or|&)\s*(?:the\s+)?[\w'/-]+)*))"
)
_NEW_CLAUSE = (
    r"[?!;]\s+|\.\s+(?=[a-z])|\s*,?\s+(?:and|also|plus|then)\s+(?=(?:also\s+)?(?:what|how|is|are|was"
    r"|were|show|which|any|why|did|does|when|list|compare|tell|give)\b)"
)


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
        cued_intent(sentence) is not None
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
    text = plain_numbers(canonical(corrected(named.rest, catalogue)))
    calendar = Calendar(now, ZoneInfo(timezone))
    try:
        words = _words(text, named.known, catalogue, calendar)
    except InvalidInput as nonsense:
        return Request(question, "problem", now, problem=str(nonsense))
    if named.unknown:
        return _unknown_instance(question, now, named.unknown[0], known)
    foreign = [word for word in re.findall(r"[a-z0-9]+", text) if word in lexicon.FOREIGN_SYSTEMS]
    if foreign and not (words.components or words.metrics or words.instances):
        return Request(question, "foreign", now, problem=foreign[0])
    request = _request(question, words, catalogue, now, previous)
    if previous is not None and leans_on(clause, words, request):
        request = carried(request, words, previous, catalogue)
    return request


def _unknown_instance(question: str, now: datetime, name: str, known: Sequence[str]) -> Request:
    nearest = nearest_instances(name, known)
    hint = f" The nearest I know: {', '.join(nearest)}." if nearest else ""
    return Request(question, "problem", now, problem=f"I have no data of an instance named {name}.{hint}")


def _words(text: str, instances: tuple[str, ...], catalogue: Catalogue, calendar: Calendar) -> Words:
    text, excluded_text = _excluded(text)
    comparing = cued_intent(text) == "compare"
    windows = read_windows(text, calendar, comparing)
    excluded = components_in(excluded_text)
    components = components_in(windows.rest)
    if excluded:
        components = tuple(c for c in components or COMPONENTS if c not in excluded)
    metrics = metrics_in(windows.rest, catalogue, components, wide=bool(instances) and not components)
    if not components:
        implied = implied_components(windows.rest)
        metrics = tuple(name for name in metrics if catalogue[name].component in implied) or metrics
    left_out = metrics_in(excluded_text, catalogue, components) if excluded_text and not excluded else ()
    if left_out:
        metrics = tuple(m.name for m in catalogue.of(components or COMPONENTS) if m.name not in left_out)
    elif not metrics and not components:
        components = implied
    return Words(text, windows.rest, components, excluded, metrics, instances, windows)


def _excluded(text: str) -> tuple[str, str]:
    """The text without what it leaves out, and the words of what is left out."""
    match = re.search(_EXCEPT, text)
    if match is None or (match[0].startswith("not ") and not components_in(match["what"])):
        return text, ""
    return text[: match.start()] + " " + text[match.end() :], match["what"]


def _request(question: str, words: Words, catalogue: Catalogue, now: datetime, previous: Request | None) -> Request:
    intent = intent_of(words, catalogue, previous)
    return Request(
        question=question,
        intent=intent,
        asked_at=now,
        components=words.components,
        excluded=words.excluded,
        metrics=words.metrics,
        subject=words.rest.strip() if words.metrics else "",
        instances=words.instances,
        window=words.windows.window or latest_asked(words.rest, now),
        compare=words.windows.compare if intent == "compare" else None,
        severity=severity_in(words.rest),
        anomaly_type=anomaly_type_in(words.rest),
        pattern=pattern_in(words.rest, catalogue),
        limit=limit_in(words.rest),
        incidents=re.search(r"\bincidents?\b|\boutages?\b|\bhappened\b|\bwent wrong\b", words.rest) is not None,
    )
