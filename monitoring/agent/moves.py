"""Windows named by the one before: "an hour earlier", "and before that?", "yesterday at the same time"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.agent.calendars import DAY, Calendar, read_day
from monitoring.agent.numberwords import number_word
from monitoring.agent.timespans import DURATION, TimeSpan, clipped, duration, rolling, unit_length
from monitoring.metrics import Window

USUAL = timedelta(hours=1)
"""What is moved where the question before named no window."""

Move = Callable[[TimeSpan, Calendar], TimeSpan]

_UNIT = r"minute|hour|day|night|week|month"
_THAT_WINDOW = (
    r"(?:(?:that|the|this)\s+)?(?:\w+\s+)?(?:window|period|range|time ?(?:range|frame|span|window)|span|interval"
    r"|stretch)"
)
_SAME = (
    r"(?:(?:at|in|for|during|over|of)\s+)?(?:exactly\s+)?(?:the\s+)?(?:very\s+)?(?:(?:same|that)\s+time|(?:same|identical"
    r"|equal|this|that|these|those)\s+(?:\w+\s+(?=hours\b|days\b|minutes\b))?(?:hours?|days?|minutes?"
    r"|period|window|stretch|interval"
    r"|time\s?frame|time range|span|range))(?:\s+of (?:the )?day)?"
)
_ON_DAY = (
    rf"(?:(?:on|of|the)\s+)?(?P<day>{DAY}|last week|last month|(?:the\s+)?(?P<unit>{_UNIT}) before"
    rf"|(?P<span>{DURATION})\s+(?:ago|earlier|before))"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """How a window follows from the one before, and the question without the words that say so."""

    move: Move | None
    rest: str


def read_move(text: str, calendar: Calendar) -> Moved:
    """The move that a lower-case text with plain numbers asks for; `None` where it asks for none."""
    for pattern, handler in _RULES:
        match = pattern.search(text)
        if match is not None:
            move = handler(match, calendar)
            if move is not None:
                return Moved(move, text[: match.start()] + " " + text[match.end() :])
    return Moved(None, text)


def moved(move: Move, base: TimeSpan | None, calendar: Calendar) -> TimeSpan:
    """The window that a move leads to; raises `Nonsense` where nothing of it has been measured."""
    return clipped(move(base or rolling(USUAL, calendar.now), calendar), calendar.now)


def _named(start_end: Window, span: TimeSpan, calendar: Calendar) -> TimeSpan:
    label = f"from {calendar.say_window(start_end.start, min(start_end.end, calendar.now))}"
    return TimeSpan(start_end, label, "calendar", span.unit if span.unit != "clock" else "")


def _shifted(span: TimeSpan, shift: timedelta, calendar: Calendar) -> TimeSpan:
    if span.unit in ("day", "week", "weekend", "part") and shift % timedelta(days=1) == timedelta():
        # Whole days are shifted on the calendar: not every day has 24 hours.
        start, end = (_days_later(moment, shift, calendar) for moment in span.window)
        return _named(Window(start, end), span, calendar)
    return _named(Window(span.window.start + shift, span.window.end + shift), span, calendar)


def _days_later(moment: datetime, shift: timedelta, calendar: Calendar) -> datetime:
    local = moment.astimezone(calendar.zone)
    return calendar.at(local.date() + shift, local.timetz().replace(tzinfo=None))


def _own_length(span: TimeSpan) -> timedelta:
    if span.unit == "day":
        return timedelta(days=1)
    if span.unit in ("week", "weekend"):
        return timedelta(weeks=1)
    return span.window.span if span.unit != "part" else timedelta(days=1)


def _by(sign: int, length: timedelta | None) -> Move:
    return lambda span, calendar: _shifted(span, sign * (length or _own_length(span)), calendar)


def _length(match: re.Match[str]) -> timedelta | None:
    groups = match.groupdict()
    if groups.get("span"):
        return duration(groups["span"])
    unit = groups.get("unit")
    if unit:
        return timedelta(days=1) if unit == "night" else unit_length(unit)
    return None


def _back(match: re.Match[str], _calendar: Calendar) -> Move:
    return _by(-1, _length(match))


def _forth(match: re.Match[str], _calendar: Calendar) -> Move:
    return _by(1, _length(match))


def _same_on(match: re.Match[str], calendar: Calendar) -> Move | None:
    """The same time of day on another day, or the same stretch a week before."""
    length = _length(match)
    if length is not None:
        return _by(-1, length)
    if match["day"] in ("last week", "last month"):
        return _by(-1, timedelta(weeks=1 if match["day"] == "last week" else 4))
    day = read_day(match["day"], calendar)
    if day is None:
        return None

    def move(span: TimeSpan, calendar: Calendar) -> TimeSpan:
        here = span.window.start.astimezone(calendar.zone).date()
        return _shifted(TimeSpan(span.window, span.label, span.kind, "part"), day - here, calendar)

    return move


def _same(_match: re.Match[str], _calendar: Calendar) -> Move:
    return lambda span, _calendar: span


def _until_now(_match: re.Match[str], _calendar: Calendar) -> Move:
    def move(span: TimeSpan, calendar: Calendar) -> TimeSpan:
        window = Window(span.window.start, calendar.now)
        return TimeSpan(window, f"since {calendar.say(window.start)}", "since")

    return move


def _times(factor: float) -> Callable[[re.Match[str], Calendar], Move]:
    """The window made longer or shorter; its end stays."""

    def handler(_match: re.Match[str], _calendar: Calendar) -> Move:
        def move(span: TimeSpan, calendar: Calendar) -> TimeSpan:
            length = span.window.span * factor
            if span.kind == "rolling":
                return rolling(length, calendar.now)
            return _named(Window(span.window.end - length, span.window.end), span, calendar)

        return move

    return handler


def _as_many(match: re.Match[str], _calendar: Calendar) -> Move | None:
    """ "Make it six" after "the last 2 hours": the same unit, another number."""
    number = int(match["number"]) if match["number"].isdigit() else number_word(match["number"])
    if not number:
        return None

    def move(span: TimeSpan, calendar: Calendar) -> TimeSpan:
        units = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))
        whole = (unit for unit in units if not span.window.span % unit)
        unit = next(whole, timedelta(minutes=1))
        return rolling(number * unit, calendar.now)

    return move


def _wider(_match: re.Match[str], _calendar: Calendar) -> Move:
    def move(span: TimeSpan, calendar: Calendar) -> TimeSpan:
        return _named(Window(span.window.end - 4 * span.window.span, span.window.end), span, calendar)

    return move


def _reaching_back(match: re.Match[str], _calendar: Calendar) -> Move:
    """ "Go back 12 hours" after "the last hour": further than the window is long, so it means all of that stretch."""
    length = duration(match["span"])

    def move(span: TimeSpan, calendar: Calendar) -> TimeSpan:
        if length > span.window.span and span.window.end >= calendar.now:
            return rolling(length, calendar.now)
        return _shifted(span, -length, calendar)

    return move


def _up_to_now(match: re.Match[str], _calendar: Calendar) -> Move:
    length = duration(match["span"])
    return lambda _span, calendar: rolling(length, calendar.now)


_RULES = tuple(
    (re.compile(pattern), handler)
    for pattern, handler in (
        (
            r"\b(?:last|past|previous)\s+(?P<number>\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|twelve)"
            r"(?=\W*(?:$|instead\b|please\b|pls\b|then\b|[,.?!]))",
            _as_many,
        ),
        (rf"\b(?P<span>{DURATION})\s+(?:up\s+)?(?:to|until|till)\s+(?:right\s+)?now\b", _up_to_now),
        (rf"\bback\s+(?P<span>{DURATION})\s+from\s+now\b", _up_to_now),
        (rf"\b(?P<span>{DURATION})\s+(?:further|farther|more)\s+(?:back|into the past)\b", _back),
        (rf"\b(?:further|farther)\s+back\s+(?:by\s+)?(?P<span>{DURATION})\b", _back),
        (rf"\b(?:go|look|reach)(?:ing)?\s+back\s+(?P<span>{DURATION})\b", _reaching_back),
        (rf"\b(?P<span>{DURATION})\s+back(?=\W*(?:$|please|pls))", _reaching_back),
        (r"\b(?:1|one|a)\s+(?:window|period|stretch|interval)\s+(?:earlier|before|back|further back)\b", _back),
        (
            rf"\b(?:go(?:ing)?\s+)?back\s+(?:by\s+)?(?:another\s+|one more\s+|1 more\s+"
            rf"|a\s+)?(?:(?P<span>{DURATION})|(?P<unit>{_UNIT})s?)\b",
            _back,
        ),
        (rf"\b(?:another|one more|1 more)\s+(?P<unit>{_UNIT})\s+(?:back|earlier|before)\b", _back),
        (rf"\b(?:{_ON_DAY}),?\s+(?:{_SAME})\b", _same_on),
        (rf"\b(?:{_SAME}),?\s+{_ON_DAY}\b", _same_on),
        (
            r"\b(?:up\s+)?(?:until|till|to)\s+(?:right\s+)?now\b|\bto the present\b|\bsince then\b|\bfrom then on\b"
            r"|\bever since\b|\buntil today\b",
            _until_now,
        ),
        (
            rf"\b(?P<span>{DURATION})\s+(?:earlier|before(?!\s+(?:\d|noon|midnight|yesterday|today|mon|tue|wed|thu"
            rf"|fri|sat|sun|the))"
            r"(?:\s+(?:that|then|it|this))?|prior(?:\s+to\s+(?:that|this))?)\b",
            _back,
        ),
        (rf"\b(?P<span>{DURATION})\s+(?:later|after(?:\s+(?:that|then))?(?=\W*$))", _forth),
        (
            rf"\b(?:the\s+)?(?:(?P<unit>{_UNIT})\s+(?:before(?:\s+(?:that|then|it|this))?|earlier|prior)(?=\W*$"
            rf"|\s+(?:for|in|and)\b))",
            _back,
        ),
        (rf"\b(?:the\s+)?(?:(?P<unit>{_UNIT})\s+(?:after(?:\s+(?:that|then))?|later)(?=\W*$))", _forth),
        (rf"\bthe\s+(?:previous|preceding|prior)\s+(?P<unit>{_UNIT})\b", _back),
        (rf"\bthe\s+(?:next|following)\s+(?P<unit>{_UNIT})\b", _forth),
        (
            r"\b(?:before|prior to|previous to)\s+(?:that|then|it)\b|\bthe\s+(?:previous|preceding"
            r"|prior)\s+(?:period|window|stretch"
            r"|interval|one|time)\b|\bthe (?:one|time|period) before\b|^\W*(?:and\s+)?(?:before|earlier|previously"
            r"|beforehand)\W*$",
            _back,
        ),
        (
            r"\b(?:after|following)\s+that\b|\bthereafter\b|\bafterwards?\b|\bthe\s+(?:next|following)\s+(?:period"
            r"|window|one)\b"
            r"|^\W*(?:and\s+)?(?:after|later|then)\W*$",
            _forth,
        ),
        (rf"\b(?:double|twice|two times|2x?)\s+(?:as long|as far back|{_THAT_WINDOW}|the time)", _times(2)),
        (rf"\btriple\s+{_THAT_WINDOW}", _times(3)),
        (rf"\b(?:halve|half|cut in half)\s+(?:of\s+)?(?:as long|{_THAT_WINDOW}|the time)", _times(0.5)),
        (
            r"^\W*(?:(?:no|ok|okay|and|or|hmm|sorry|actually)\W+)*(?:better )?(?:make (?:it|that)|say|take|rather)\s+"
            r"(?P<number>\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|twelve)(?:\s+(?:instead|please"
            r"|then))?\W*$",
            _as_many,
        ),
        (
            r"\bzoom(?:ed)? out\b|\bwider (?:window|range|period|view)\b|\blonger (?:window|range|period|time)\b"
            r"|\bmore history\b"
            r"|\bfurther back\b",
            _wider,
        ),
        (rf"\b{_SAME}\b|\bback then\b|\bin (?:that|those) (?:time|period|hours|window)\b|\bduring that time\b", _same),
    )
)
