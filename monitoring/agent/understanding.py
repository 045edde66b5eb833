"""From a question in plain words to a `Request`: pure, without a language model.

The words of the catalogue (names, aliases, topics) say what is meant, `lexicon` what is wanted, `timewords`
when. What was not understood is said, never guessed at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from monitoring.agent import lexicon
from monitoring.agent.attributes import (
    anomaly_type_in,
    counted_in,
    latest_asked,
    limit_in,
    pattern_in,
    ranked_in,
    severity_in,
    share_in,
)
from monitoring.agent.calendars import Calendar, plain_numbers
from monitoring.agent.carrying import carried
from monitoring.agent.clauses import Setting, Wishing, words_of
from monitoring.agent.cues import ELSEWHERE
from monitoring.agent.deeds import on_view, order_in, verb_of
from monitoring.agent.edits import Edited, read_edit, returned_to
from monitoring.agent.followups import THE_OTHERS, set_beside, spoken_of
from monitoring.agent.glossary import explained_term
from monitoring.agent.instances import Instances, beside_before, instances_in, nearest_instances, numbered
from monitoring.agent.intents import Words
from monitoring.agent.languages import in_english
from monitoring.agent.leaning import Leaner, Situation, weighed
from monitoring.agent.naming import canonical, corrected, metrics_in
from monitoring.agent.paraphrases import reworded
from monitoring.agent.places import Reporting, implied_instances, left_out_in, placed
from monitoring.agent.planning import speaks_of_progress
from monitoring.agent.request import NEEDS_NO_TOOL, Request
from monitoring.agent.timeresidue import unread_time
from monitoring.agent.toldtimes import bare_times_joined, in_told_time
from monitoring.agent.unmeasured import unmeasured_in
from monitoring.agent.utterances import guarded, told_and_asked
from monitoring.agent.wishing import Wish, wished
from monitoring.errors import InvalidInput
from monitoring.metrics import Catalogue

MOST_QUESTION = 2000
"""Characters of a question that are read; nobody asks in more."""
MOST_PARTS = 4
MOST_CLAUSES = 8
LONGEST_CLAUSE = 400
"""Characters of one clause that are read: of a longer one its beginning and its end."""


def understand(
    question: str,
    catalogue: Catalogue,
    now: datetime,
    timezone: str,
    instances: Iterable[str] = (),
    previous: Request | None = None,
    reporting: Reporting = MappingProxyType({}),
    said: str = "",
    wishing: Wishing = wished,
    leaning: Leaner = weighed,
) -> Request:
    """What a question asks for; a follow-up takes what it leaves out from the `previous` request.

    `timezone` is an IANA name, `instances` the instance names the data knows, `reporting` the
    metrics that each of them reports, `said` the answer to the `previous` request. Nothing is raised: a question
    that cannot be answered comes back with the intent `refuse`, `foreign`, `problem` or `unclear`.
    """
    question = question[:MOST_QUESTION]
    previous = spoken_of(previous)
    before = None if previous is None else replace(previous, also=(), before=_bare(previous.before))
    text = _prepared(question)
    if not text:
        return Request(question, "help", now, before=before)
    allowed = guarded(text)
    if not allowed.text:
        subject = verb_of(order_in(text))
        return Request(question, "refuse", now, problem=allowed.reasons[0], subject=subject, before=before)
    setting = Setting(
        question, catalogue, Calendar(now, ZoneInfo(timezone)), tuple(instances), reporting, said, wishing, leaning
    )
    parts = [replace(part, before=before) for part in _parts(_read(allowed.text, setting, previous))]
    return replace(parts[0], notes=(*parts[0].notes, *allowed.reasons), also=tuple(parts[1:MOST_PARTS]))


def _bare(request: Request | None) -> Request | None:
    """The request without those before it: nobody leans on what was asked three turns ago."""
    return None if request is None else replace(request, also=(), before=None)


_SHOWN = {"Cf": "", "Cc": " ", "Cs": " ", "Co": " "}
"""What is read in place of characters that do not show, by their category."""


def _prepared(question: str) -> str:
    text = unicodedata.normalize("NFKC", question)[:MOST_QUESTION]
    shown = "".join(_SHOWN.get(unicodedata.category(character), character) for character in text)
    return in_english(re.sub(r"\s+", " ", canonical(shown)).strip().strip('"“”` '))


def _read(text: str, setting: Setting, previous: Request | None) -> list[Request]:
    """Each thing asked, in order, in the light of what was told and asked before it."""
    told, asked = told_and_asked(text)
    before = previous
    for sentence in map(_shortened, told[-MOST_CLAUSES:]):
        context = _understand_clause(sentence, setting, None)
        if _has_subject(context):
            # What is told names things and wants nothing.
            before = replace(context, intent="status", progress=False, window=None, compare=None)
    requests: list[Request] = []
    clauses = bare_times_joined([_shortened(clause) for clause in asked[:MOST_CLAUSES]], setting.calendar)
    for clause in (in_told_time(clause, told, setting.calendar) for clause in clauses):
        requests.append(_understand_clause(clause, setting, before))
        before = requests[-1] if requests[-1].intent not in ("help", "unclear") else before
    return _in_one_window(requests)


def _in_one_window(requests: list[Request]) -> list[Request]:
    """ "How many warnings and how many criticals today?": a time said at the end is meant of both numbers."""
    for place in range(len(requests) - 2, -1, -1):
        one, after = requests[place], requests[place + 1]
        if one.intent == after.intent == "count" and one.window is None:
            requests[place] = replace(one, window=after.window)
    return requests


def _shortened(clause: str) -> str:
    if len(clause) <= LONGEST_CLAUSE:
        return clause
    return f"{clause[: LONGEST_CLAUSE // 2]} {clause[-LONGEST_CLAUSE // 2 :]}"


def _parts(requests: list[Request]) -> list[Request]:
    """The requests worth an answer: what was not understood or only fills in gives way to what was asked."""
    clear = [request for request in requests if request.intent not in ("unclear", "help")] or requests[:1]
    pointed = [request for request in clear if _has_subject(request)]
    if pointed and len(clear) > 1:
        clear = [r for r in clear if _has_subject(r) or r.window is not None or r.intent not in ("status", "list")]
    clear = [r for place, r in enumerate(clear) if not any(_leads_to(r, after) for after in clear[place + 1 :])]
    seen: dict[Request, Request] = {}
    for request in clear:
        seen.setdefault(_looked_at(request), request)
    return list(seen.values())


def _leads_to(request: Request, after: Request) -> bool:
    """ "Was yesterday a bad day? I mean, how many incidents?": a general question that a later one makes precise."""
    return (
        request.intent in ("status", "list")
        and after.intent not in ("status", "list", "problem", *NEEDS_NO_TOOL)
        and not (request.components or request.instances or request.severity or request.pattern)
        and set(request.metrics) <= set(after.metrics)
        and request.excluded == after.excluded
        and (request.window is None or after.window is not None)
    )


def _looked_at(request: Request) -> Request:
    """What an answer to the request hangs on: two that differ in nothing of it are one."""
    subject = request.subject if request.intent == "define" and not request.metrics else ""
    incidents = request.incidents and request.intent in ("count", "list", "compare")
    return replace(request, subject=subject, incidents=incidents, notes=())


def _has_subject(request: Request) -> bool:
    return bool(request.components or request.metrics or request.instances)


_SEEN_IN = r"\b(?:at|in|on|from|per|to)\s+(?:our\s+|the\s+|my\s+)?(?:grafana|prometheus|slack|jira|zabbix|github)\b"
"""Where somebody saw or writes something, which is not what the question is about."""


_SAME_ASKED = (
    r"\b(?:the |that |my )?same (?:questions?|comparison|check|analysis|query|list|count|trend|graph|chart|plot|view"
    r"|report"
    r"|summary|things?|info\w*|numbers?|figures?|stats?|overview|exercise|story|request)\b"
)
"""What was asked before, asked again of something else."""


def _understand_clause(clause: str, setting: Setting, previous: Request | None) -> Request:
    question, catalogue, calendar = setting.question, setting.catalogue, setting.calendar
    clause = re.sub(_SAME_ASKED, "the same", on_view(clause))
    edited = read_edit(clause) if previous is not None else Edited(clause)
    clause = edited.clause
    left_out = left_out_in(clause, setting.instances, catalogue)
    clause_named = numbered(left_out.rest, previous.instances, setting.instances) if previous else left_out.rest
    named = instances_in(clause_named, setting.instances, catalogue)
    if previous is not None and edited.given_up:
        given_up = instances_in(edited.given_up, setting.instances, catalogue).known
        previous = replace(previous, instances=tuple(n for n in previous.instances if n not in given_up))
    unmeasured = unmeasured_in(named.rest)
    text = plain_numbers(canonical(corrected(unmeasured.rest, catalogue)))
    written = canonical(corrected(left_out.rest, catalogue))
    try:
        words = words_of(text, written, named.known, setting, previous)
        if previous is not None and all("/" in catalogue[name].scope for name in words.metrics):
            known = beside_before(text, named.known, previous.instances, setting.instances)
            named, words = replace(named, known=known), replace(words, instances=known)
        if named.unknown:
            return _unknown_instance(question, calendar.now, named.unknown[0], setting.instances)
        wish = setting.wishing(words, catalogue, previous)
        if wish.intent == "compare" and words.windows.compare is None:
            words = words_of(text, written, named.known, setting, previous, compares=True)
        request = _request(words, wish, setting)
        if previous is not None:
            previous = returned_to(clause, request.intent, _has_subject(request), previous)
        if re.search(ELSEWHERE, text) and not (request.components or request.instances or request.metrics):
            return replace(request, intent="unclear")
        if not (request.components or request.instances):
            own = re.sub(_SEEN_IN, " ", text) if request.metrics else text
            foreign = [word for word in re.findall(r"[a-z0-9]+", own) if word in lexicon.FOREIGN_SYSTEMS]
            if foreign:
                return Request(question, "foreign", calendar.now, problem=foreign[0])
        if unmeasured.name and not request.metrics and request.intent not in ("inventory", "define"):
            return Request(question, "problem", calendar.now, problem=_not_measured(unmeasured.name))
        if previous is not None:
            turn = setting.leaning(Situation(clause, words, request, previous), catalogue)
            if turn.leans:
                beside = set_beside(request, turn.wish.intent, words, previous)
                if beside is not None:
                    request, turn = beside, replace(turn, wish=Wish(beside.intent))
                elif turn.wish.intent == "compare" and (request.intent == "compare" or previous.intent != "compare"):
                    base = previous.window
                    other = None if previous.intent == "compare" else base
                    words = words_of(text, written, named.known, setting, previous, base, other, compares=True)
                    request = _request(words, replace(wish, intent="compare"), setting)
                elif request.intent == "compare":
                    words = words_of(text, written, named.known, setting, previous)
                    request = _request(words, replace(wish, intent=turn.wish.intent), setting)
                    request = request if words.windows.named else replace(request, window=None)
                request = carried(request, turn.wish, words, previous, catalogue, calendar)
    except InvalidInput as nonsense:
        return Request(question, "problem", calendar.now, problem=str(nonsense))
    request = _of_the_answer(request, words, setting)
    notes = (*_notes(words, request, named), *([_not_measured(unmeasured.name)] if unmeasured.name else []))
    request = replace(request, notes=notes)
    others = left_out.instances
    if previous is not None and not named.known and re.search(THE_OTHERS, words.rest):
        # Beside the others, what was spoken of is looked at, too.
        left = () if request.intent == "contrast" else previous.instances
        request, others = replace(request, instances=()), (*others, *left)
    implied = implied_instances(unmeasured.rest, request, setting.reporting)
    request = replace(request, instances=implied or request.instances)
    return placed(request, (*named.known, *implied), others, setting.reporting, catalogue)


_POINTED_AT = (
    r"\b(?:it|that|this|they|these|those|them)\b(?:\s+(?:mean\w*|is|are|stands?|for|tells?|us|me|about|exactly"
    r"|now))*\W*$|\bthe (?:first|top|worst|last|latest|newest) (?:one\b|of\b|alert|anomaly|problem|issue)"
)
_FIRST_TOLD = re.compile(r"^- (?P<line>.+)$", re.MULTILINE)


def _of_the_answer(request: Request, words: Words, setting: Setting) -> Request:
    """ "What does that mean?" after a list of anomalies: the figure of the first one that the answer told."""
    told = _FIRST_TOLD.search(setting.said)
    if told is None or request.intent not in ("define", "threshold") or request.metrics or explained_term(words.text):
        return request
    if request.pattern or not re.search(_POINTED_AT, words.text):
        return request
    line = reworded(canonical(told["line"]))
    metrics = metrics_in(line, setting.catalogue, request.components) or metrics_in(line, setting.catalogue)
    return replace(request, metrics=metrics[:1])


def _not_measured(name: str) -> str:
    return f"I know nothing about {name}: no metric I watch tells of it."


def _unknown_instance(question: str, now: datetime, name: str, known: Sequence[str]) -> Request:
    nearest = nearest_instances(name, known)
    hint = f" The nearest I know: {', '.join(nearest)}." if nearest else ""
    return Request(question, "problem", now, problem=f"I have no data of an instance named {name}.{hint}")


def _request(words: Words, wish: Wish, setting: Setting) -> Request:
    catalogue, now, intent = setting.catalogue, setting.calendar.now, wish.intent
    components, metrics = words.components, words.metrics
    if intent == "count" and counted_in(words.rest) and all(catalogue[name].scope == "cluster" for name in metrics):
        # "How many brokers are affected?" is not asked of the number of brokers.
        components = components or tuple(dict.fromkeys(catalogue[name].component for name in metrics))
        metrics = ()
    elif intent == "count" and counted_in(words.rest):
        metrics = tuple(name for name in metrics if catalogue[name].scope != "cluster")
    share = intent == "count" and share_in(words.rest)
    if share:
        # A share needs the whole.
        components = ()
    return Request(
        question=setting.question,
        intent=intent,
        asked_at=now,
        components=components,
        excluded=words.excluded,
        metrics=metrics,
        metric_homes=tuple(dict.fromkeys(catalogue[name].component for name in metrics)),
        subject=words.rest.strip() if words.metrics or intent == "define" else "",
        instances=words.instances,
        window=words.windows.window or latest_asked(words.rest, now),
        compare=words.windows.compare if intent == "compare" else None,
        severity=None if share else words.severity or severity_in(words.rest),
        anomaly_type=anomaly_type_in(words.rest),
        pattern=pattern_in(words.rest, catalogue),
        limit=limit_in(words.rest),
        ranked=ranked_in(words.rest),
        progress=wish.progress or speaks_of_progress(words.text),
        problem="action" if intent == "refuse" else "",
        incidents=re.search(r"\bincidents?\b|\boutages?\b|\bhappened\b|\bwent wrong\b", words.rest) is not None,
        counted=counted_in(words.rest) or (ranked_in(words.rest) if intent == "inventory" else ""),
    )


def _notes(words: Words, request: Request, named: Instances) -> tuple[str, ...]:
    """What was assumed of names and time words that are vague, and which were not understood."""
    if request.intent in NEEDS_NO_TOOL:
        return ()
    notes = [f"I took “{written}” to mean {name}." for written, name in named.respelt]
    window = words.windows.window
    if window is not None and window.assumed:
        notes.append(f"I took “{window.assumed}” to mean {window.label.removeprefix('in ')}.")
    unread = unread_time(words.windows.rest)
    if unread and words.move is None:
        notes.append(f"I did not understand “{unread}” as a time; the window I looked at is named above.")
    return tuple(notes)
