"""Whether every number of an answer stands where it must: in a tool's reply, or in the catalogue.

What counts is the number as it is read: 0.87 may be shown as 87 %, 5,400 s as 1 h 30 min, an ISO time as
03:12 in the user's time zone, rounded to the digits shown. Names that hold digits are no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from monitoring.agent.arithmetic import without_results
from monitoring.agent.calendars import Calendar, plain_numbers
from monitoring.agent.evidence import COUNT_LABELS, WRITTEN, Evidence, ages, gathered
from monitoring.agent.explaining import EXAMPLES
from monitoring.agent.naming import canonical, metrics_in
from monitoring.agent.phrasing import plain
from monitoring.agent.quantities import Quantity, quantities
from monitoring.agent.timewords import find_spans
from monitoring.contract import ToolReply
from monitoring.errors import InvalidInput
from monitoring.metrics import Catalogue, Metric

_LABEL_REACH = 4
"""Words after a number among which it is looked for what is counted."""
_MOST_NAMED = 6
"""Names that a sentence gives before it says "and N more"."""
_DIGIT = re.compile(r"\d")


def untraced_numbers(
    answer: str,
    replies: Sequence[ToolReply],
    catalogue: Catalogue,
    question: str,
    now: datetime,
    timezone: str,
) -> tuple[str, ...]:
    """The numbers of an answer, as written, that stand in no row, summary, window or definition; see `Tracer`."""
    return Tracer(answer, replies, catalogue, question, now, timezone).untraced(answer)


class Tracer:
    """Tells of an answer and of parts of it which numbers stand nowhere.

    `timezone` is the IANA name of the zone in which times are shown. Numbers of the question count only where
    they name a window. Without any reply, the answer speaks of the catalogue and may quote the question. What
    simple arithmetic makes of numbers that stand somewhere stands, where the arithmetic is shown.
    """

    def __init__(
        self,
        answer: str,
        replies: Sequence[ToolReply],
        catalogue: Catalogue,
        question: str,
        now: datetime,
        timezone: str,
    ) -> None:
        named = _named(answer, question, catalogue)
        self.evidence = gathered(replies, catalogue, named, now, ZoneInfo(timezone))
        _asked(question, self.evidence)
        self._catalogue = catalogue
        self._bullets = len(re.findall(r"(?m)^\s*(?:[-*•]|\d+[.)])\s", answer))
        if not replies:
            self.evidence.text(question)
        self._from_catalogue = not replies
        self._quoted = _quotable(self.evidence, catalogue, None if replies else question)
        self._names = _numbered(self.evidence, catalogue)

    def untraced(self, text: str) -> tuple[str, ...]:
        """The numbers of the answer, or of a part of it, that stand nowhere."""
        text = _masked(text, self._quoted, self._names, self._catalogue)
        if self._from_catalogue:
            text = re.sub(r"`[^`\n]*`", " ", text)
        text = without_results(text)
        found = [q.text for q in quantities(text) if not _stands(q, self.evidence, self._catalogue, self._bullets)]
        return tuple(dict.fromkeys(found))


def _named(answer: str, question: str, catalogue: Catalogue) -> list[Metric]:
    """Metrics that the answer names, and those the question asks about."""
    lower = answer.lower()
    asked = set(metrics_in(plain_numbers(canonical(question[:2000])), catalogue))
    return [m for m in catalogue if m.name in lower or m.short.lower() in lower or m.name in asked]


def _asked(question: str, evidence: Evidence) -> None:
    """Windows of the question may be echoed."""
    text = plain_numbers(canonical(question[:2000]))
    for quantity in quantities(text):
        if quantity.kind in ("duration", "ago"):
            evidence.durations.add(quantity.value)
    try:
        spans, _ = find_spans(text, Calendar(evidence.now, evidence.zone))
    except InvalidInput:
        # A time that cannot be looked at is named when it is refused.
        evidence.moments |= {_today(quantity.clock, evidence) for quantity in quantities(text) if quantity.clock}
        return
    for found in spans:
        evidence.window(found.span.window)


def _today(clock: tuple[int, int, int], evidence: Evidence) -> datetime:
    local = evidence.now.astimezone(evidence.zone)
    hour, minute, second = clock
    return local.replace(hour=hour % 24, minute=minute % 60, second=max(0, second) % 60).astimezone(UTC)


def _masked(answer: str, quoted: Iterable[str], names: Iterable[str], catalogue: Catalogue) -> str:
    """The answer without names and without sentences quoted as they stand; units that hold digits in letters."""
    answer = _unit_lettered(answer, catalogue)
    for text in quoted:
        answer = answer.replace(text, " ")
    return _without(answer, names)


def _quotable(evidence: Evidence, catalogue: Catalogue, question: str | None) -> list[str]:
    """Sentences that may stand in an answer as they are, the longest first."""
    texts = {text for text in evidence.texts if len(text) > 12}
    quoted = [*texts, *(_shown(text) for text in texts)]
    if question is not None:
        quoted += EXAMPLES
    if question and question.strip():
        quoted += [question.strip(), _shown(question.strip())[:119]]
    return [_unit_lettered(text, catalogue) for text in sorted(quoted, key=len, reverse=True)]


def _numbered(evidence: Evidence, catalogue: Catalogue) -> list[str]:
    """Names that hold digits."""
    names = {metric.name for metric in catalogue} | {metric.short for metric in catalogue}
    names |= evidence.names | {plain(name) for name in evidence.names}
    return [name for name in names if _DIGIT.search(name)]


def _shown(text: str) -> str:
    return " ".join(text.split())


def _unit_lettered(text: str, catalogue: Catalogue) -> str:
    for metric in catalogue:
        if _DIGIT.search(metric.unit):
            text = text.replace(metric.unit, _lettered(metric.unit))
    return text


def _lettered(unit: str) -> str:
    return re.sub(r"\d+\s*", "", unit)


def _without(text: str, names: Iterable[str]) -> str:
    """The text without these names; names that are only digits are taken for names in backticks alone."""
    for name in sorted(names, key=len, reverse=True):
        if re.fullmatch(r"[\d,]+(?:\.\d+)?", name):
            text = text.replace(f"`{name}`", " ")
        else:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", text, flags=re.IGNORECASE)
    return text


def _stands(quantity: Quantity, evidence: Evidence, catalogue: Catalogue, bullets: int) -> bool:
    figures = WRITTEN.findall(quantity.text)
    if figures and evidence.written.issuperset(figures):
        return True
    half = quantity.step / 2 * (1 + 1e-9)
    low, high = quantity.value - half, quantity.value + half
    if quantity.kind == "time":
        return _is_moment(quantity, evidence)
    if quantity.kind == "date":
        return any(_same_day(quantity, local) for local in _locals(evidence))
    if quantity.kind == "percent":
        return evidence.percents.between(low, high)
    if quantity.kind == "bytes":
        return evidence.sizes.between(low, high)
    if quantity.kind == "id":
        return quantity.value in evidence.ids or evidence.plain.between(low, high) or _counted(quantity, evidence)
    if quantity.kind in ("duration", "ago"):
        return _lasts(quantity, evidence)
    return _is_number(quantity, evidence, catalogue, bullets)


def _counted(quantity: Quantity, evidence: Evidence, label: str = "*") -> bool:
    return quantity.value.is_integer() and int(quantity.value) in evidence.counts[label]


def _lasts(quantity: Quantity, evidence: Evidence) -> bool:
    """A length of time, rounded to or cut off at its last unit."""
    high = quantity.value + (quantity.step * (1 - 1e-9) if quantity.whole else quantity.step / 2)
    low = quantity.value - quantity.step / 2 * (1 + 1e-9)
    if evidence.durations.between(low, high):
        return True
    if quantity.kind != "ago":
        return False
    return any(low <= age.total_seconds() <= high for age in ages(evidence))


def _is_number(quantity: Quantity, evidence: Evidence, catalogue: Catalogue, bullets: int) -> bool:
    half = quantity.step / 2 * (1 + 1e-9)
    low, high = quantity.value - half, quantity.value + half
    after = quantity.after.replace("*", " ")
    if re.match(r"\s*(?:\w+\s+)?more\b", after):
        return any(0 < total - quantity.value <= max(bullets, _MOST_NAMED) for total in evidence.counts["*"])
    unit = _unit_after(after, catalogue)
    if unit:
        return evidence.units[unit].between(low, high) or _counted(quantity, evidence)
    label = _label_after(after)
    if label:
        return _counted(quantity, evidence, label)
    return evidence.plain.between(low, high) or _counted(quantity, evidence)


def _label_after(after: str) -> str:
    """What is counted: the first word close behind the number that says so, within the clause."""
    clause = re.split(r"[.,;:()\n]", after, maxsplit=1)[0]
    words = re.findall(r"[A-Za-z-]+|\d+", clause)[:_LABEL_REACH]
    for word in words:
        if word.isdigit() or word.lower() in ("and", "to", "of", "from", "against", "in", "at", "for"):
            return ""
        if word.lower() in COUNT_LABELS:
            return COUNT_LABELS[word.lower()]
    return ""


def _unit_after(after: str, catalogue: Catalogue) -> str:
    text = after.lstrip()
    units = sorted({metric.unit for metric in catalogue if metric.unit}, key=len, reverse=True)
    for unit in units:
        shown = _lettered(unit)
        if len(shown) > 2 and re.match(rf"{re.escape(shown)}(?![\w/])", text):
            return unit
    return ""


def _locals(evidence: Evidence) -> list[datetime]:
    """Every moment as it reads in the user's zone and in UTC."""
    zones = {evidence.zone, UTC} if evidence.zone.key != "UTC" else {UTC}
    return [moment.astimezone(zone) for moment in evidence.moments for zone in zones]


def _is_moment(quantity: Quantity, evidence: Evidence) -> bool:
    return any(_same_clock(quantity, local) and _same_day(quantity, local) for local in _locals(evidence))


def _same_clock(quantity: Quantity, local: datetime) -> bool:
    if quantity.clock is None:
        return False
    hour, minute, second = quantity.clock
    return (local.hour, local.minute) == (hour, minute) and second in (-1, local.second)


def _same_day(quantity: Quantity, local: datetime) -> bool:
    if quantity.day is None:
        return True
    return (local.month, local.day) == quantity.day and quantity.year in (None, local.year)
