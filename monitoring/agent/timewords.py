"""Windows of time in words: "since midnight", "between 2 and 3 am", "last Friday", "the last 90m".

Words are read in the user's time zone; weeks start on Monday, "last night" is 18:00 to 06:00, "yesterday"
is the whole previous calendar day, "since 1 day" is the last 24 hours. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from monitoring.agent.calendars import DAY, TIME, UNIT_WORDS, Calendar, plain_numbers, read_day, read_time, spoken_span
from monitoring.errors import InvalidInput
from monitoring.metrics import Window

Kind = Literal["rolling", "calendar", "since", "point"]

POINT_MARGIN = timedelta(minutes=30)
"""How far a window reaches on either side of a moment that was named ("at 3 am")."""

ALL_TIME = timedelta(days=365)
LONGEST = timedelta(days=3660)


class Nonsense(InvalidInput):
    """The words name no window that could be looked at; the message says why."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A window and how it is said in an answer, after a clause: "in the last 6 hours", "yesterday".

    `unit` is the calendar unit the words named ("day", "week", "month", "hour") where they named one.
    """

    window: Window
    label: str
    kind: Kind
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A span and where in the text its words stood."""

    start: int
    end: int
    span: TimeSpan


Rule = tuple[re.Pattern[str], Callable[[re.Match[str], Calendar], "TimeSpan | None"]]

_DURATION_PART = rf"-?\d+(?:\.\d+)?\s*(?:{UNIT_WORDS})(?![a-z])"
DURATION = rf"{_DURATION_PART}(?:\s*(?:,|and)?\s*{_DURATION_PART})*"
_HOUR = r"\d{1,2}"
_MOMENT = rf"(?:(?:{DAY})(?:,?\s*(?:at\s+)?(?:{TIME}))?|(?:{TIME})(?:\s*(?:on\s+|of\s+)?(?:{DAY}))?)"
_LOOSE_MOMENT = rf"(?:{_MOMENT}|{_HOUR}(?![\d:/]|\s*(?:{UNIT_WORDS})(?![a-z])))"
_TO = r"\s*(?:-|\band\b|\bto\b|\buntil\b|\btill\b|\bthrough\b|\bup to\b)\s*"
_LAST = r"(?:last|past|previous|recent|latest|preceding|prior)"
_LEAD = r"(?:\b(?:in|over|during|within|for|from|on|of)\s+)?(?:\bthe\s+)?"
_PARTS = {"morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24), "night": (18, 30)}


def duration(text: str) -> timedelta:
    """The length of "1 h 30 min"; months count 30 days, years 365. Raises `Nonsense` unless positive."""
    total = 0.0
    for number, unit in re.findall(rf"(-?\d+(?:\.\d+)?)\s*({UNIT_WORDS})(?![a-z])", text):
        total += float(number) * _unit(unit).total_seconds()
        if float(number) < 0:
            raise Nonsense(f"A stretch of time cannot be negative, as in “{text.strip()}”.")
    if total <= 0:
        raise Nonsense("A window has to be longer than no time at all.")
    if total > LONGEST.total_seconds():
        raise Nonsense("That window is longer than can be looked at; please name a shorter one.")
    return timedelta(seconds=total)


def _unit(word: str) -> timedelta:
    if word.startswith("mo"):
        return timedelta(days=30)
    return {
        "s": timedelta(seconds=1),
        "m": timedelta(minutes=1),
        "h": timedelta(hours=1),
        "d": timedelta(days=1),
        "w": timedelta(weeks=1),
        "y": timedelta(days=365),
    }[word[0]]


def rolling(span: timedelta, now: datetime) -> TimeSpan:
    """The stretch of that length up to now."""
    return TimeSpan(Window.last(span, now), f"in the last {spoken_span(span)}", "rolling")


def _rolling(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    return rolling(duration(match["span"]), calendar.now)


def _one_unit(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "The last hour", "past week": one unit up to now; "last week" and "last month" are calendar ones."""
    which, unit = match["which"], match["unit"]
    if unit in ("week", "month", "year") and which in ("last", "previous", "prior", "preceding"):
        return _calendar_unit(calendar, unit, -1)
    return rolling(_unit(unit), calendar.now)


def _this_unit(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    return _calendar_unit(calendar, match["unit"], 0)


def _before_last(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    return _calendar_unit(calendar, match["unit"], -2)


def _calendar_unit(calendar: Calendar, unit: str, offset: int) -> TimeSpan:
    names = {0: f"this {unit}", -1: f"last {unit}", -2: f"the {unit} before last"}
    start, end = calendar.unit(unit, offset)
    return TimeSpan(Window(start, end), names[offset], "calendar", unit)


def _between_moments(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    first, second = match["first"], match["second"]
    start_day, end_day = read_day(first, calendar), read_day(second, calendar)
    start_time, end_time = _clock_pair(first, second)
    outer = match["day"] and read_day(match["day"], calendar)
    if not (start_day or end_day or outer) and start_time is None:
        return None
    if start_day is None and end_day is None and not outer:
        return _clock_window(start_time, end_time, calendar)
    first_day = start_day or outer or end_day
    last_day = end_day or outer or start_day
    assert isinstance(first_day, date)
    assert isinstance(last_day, date)
    start = calendar.at(first_day, start_time or time(), first)
    if end_time is None:
        end = calendar.at(last_day + timedelta(days=1), time(), second)
    else:
        end = calendar.at(last_day, end_time, second)
    if end <= start and not (start_day and end_day):
        end += timedelta(days=1)
    return TimeSpan(Window(start, end), f"from {calendar.say_window(start, end)}", "calendar")


def _clock_pair(first: str, second: str) -> tuple[time | None, time | None]:
    """Both times of a range; one that lacks am/pm takes it from the other one."""
    start, end = read_time(first), read_time(second)
    meridiem = re.search(r"\d\s*([ap])\.?m", second)
    bare_start = re.fullmatch(rf"\s*({_HOUR})\s*", first)
    bare_end = re.fullmatch(rf"\s*({_HOUR})\s*", second)
    if bare_start and end is not None:
        start = read_time(f"{bare_start[1]}{meridiem[1]}m") if meridiem else read_time(f"{bare_start[1]}:00")
        if meridiem and start is not None and start >= end:
            start = read_time(f"{bare_start[1]}{'p' if meridiem[1] == 'a' else 'a'}m")
    elif bare_end and start is not None:
        end = read_time(f"{bare_end[1]}:00")
        if end is not None and end <= start and end.hour < 12:
            end = time(end.hour + 12)
    elif bare_start and bare_end:
        start, end = read_time(f"{bare_start[1]}:00"), read_time(f"{bare_end[1]}:00")
    return start, end


def _clock_window(start: time | None, end: time | None, calendar: Calendar) -> TimeSpan | None:
    """The latest stretch between two times of day that has begun."""
    if start is None or end is None:
        return None
    for back in (0, 1):
        begin = calendar.at(calendar.today - timedelta(days=back), start)
        stop = calendar.at(calendar.today - timedelta(days=back), end)
        if stop <= begin:
            stop = calendar.at(calendar.today - timedelta(days=back - 1), end)
        if begin < calendar.now:
            label = f"from {calendar.say_window(begin, stop)}"
            return TimeSpan(Window(begin, stop), label, "calendar")
    return None


def _ago_range(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    second = match["second"]
    first = match["first"] if re.search("[a-z]", match["first"]) else match["first"] + re.sub(r"[\d.\s]+", " ", second)
    start, end = calendar.now - duration(first), calendar.now - duration(second)
    start, end = min(start, end), max(start, end)
    return TimeSpan(Window(start, end), f"from {calendar.say_window(start, end)}", "calendar")


def _since_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    text = match["moment"]
    day, at = read_day(text, calendar), read_time(text)
    if at is None and (day is None or match[0].startswith("from")):
        return None
    start = calendar.at(day or calendar.today, at or time(), text)
    if day is None and start >= calendar.now:
        start = calendar.at(calendar.today - timedelta(days=1), at or time(), text)
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since")


def _since_named(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "Since last night", "since this week", "since the start of the month": from where that began."""
    inner = first_span(match["named"], calendar)
    if inner is None:
        return None
    start = inner.window.start
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since")


def _start_of(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    start, _ = calendar.unit(match["unit"], 0)
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since")


def _before_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    at = read_time(match["moment"])
    if at is None:
        return None
    day = read_day(match["moment"], calendar) or calendar.today
    end = calendar.at(day, at, match["moment"])
    start = calendar.at(day, time())
    return TimeSpan(Window(start, end), f"from {calendar.say_window(start, end)}", "calendar")


def _part_of_day(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    part = match["part"]
    words = match["day"].strip()
    if words == "last":
        day: date | None = calendar.today - timedelta(days=1)
    elif words == "this":
        day = calendar.today
    else:
        day = read_day(words, calendar)
    if day is None:
        return None
    begin, end = _PARTS[part]
    start = calendar.at(day, time(begin))
    stop = calendar.at(day + timedelta(days=end // 24), time(end % 24))
    label = f"{words} {part}" if words in ("last", "this", "yesterday") else f"on {calendar.say_day(day)} in the {part}"
    return TimeSpan(Window(start, stop), label, "calendar", "part")


def _overnight(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    day = calendar.today if match[0].strip().endswith("tonight") else calendar.today - timedelta(days=1)
    start = calendar.at(day, time(18))
    stop = calendar.at(day + timedelta(days=1), time(6))
    label = "tonight" if day == calendar.today else "last night"
    return TimeSpan(Window(start, stop), label, "calendar", "part")


def _at_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """A moment: half an hour on either side of it."""
    text = match["moment"]
    day, at = read_day(text, calendar), read_time(text)
    if at is None:
        return None
    moment = calendar.at(day or calendar.today, at, text)
    if day is None and moment > calendar.now:
        moment = calendar.at(calendar.today - timedelta(days=1), at, text)
    window = Window(moment - POINT_MARGIN, moment + POINT_MARGIN)
    return TimeSpan(window, f"around {calendar.say(moment)}", "point")


def _ago(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    span = duration(match["span"])
    moment = calendar.now - span
    if re.search(r"\b(?:since|from|after)\s*$", match.string[: match.start("span")]):
        return rolling(span, calendar.now)
    if re.fullmatch(r"\d+\s*(?:days?|weeks?)", match["span"].strip()):
        return _whole_day(calendar.today - timedelta(days=round(span.total_seconds() / 86_400)), calendar)
    margin = max(POINT_MARGIN, span / 12)
    return TimeSpan(Window(moment - margin, moment + margin), f"around {calendar.say(moment)}", "point")


def _one_day(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    day = read_day(match["day"], calendar)
    return None if day is None else _whole_day(day, calendar)


def _whole_day(day: date, calendar: Calendar) -> TimeSpan:
    window = Window(calendar.at(day, time()), calendar.at(day + timedelta(days=1), time()))
    back = (calendar.today - day).days
    label = {0: "today", 1: "yesterday"}.get(back, f"on {calendar.say_day(day)}")
    return TimeSpan(window, label, "calendar", "day")


def _weekend(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    weekday = calendar.today.weekday()
    back = weekday - 5 if weekday >= 5 and "last" not in match[0] else weekday + 2
    saturday = calendar.today - timedelta(days=back)
    window = Window(calendar.at(saturday, time()), calendar.at(saturday + timedelta(days=2), time()))
    return TimeSpan(window, f"on the weekend of {calendar.say_day(saturday)}", "calendar", "weekend")


def _month(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    start, end = calendar.month(match["month"], match["year"])
    return TimeSpan(Window(start, end), f"in {match['month'].capitalize()}", "calendar", "month")


def _all_time(_match: re.Match[str], calendar: Calendar) -> TimeSpan:
    return rolling(ALL_TIME, calendar.now)


def _future(match: re.Match[str], _calendar: Calendar) -> TimeSpan | None:
    raise Nonsense(f"“{match[0].strip()}” lies in the future; I can only look at what has already been measured.")


def _ambiguous(match: re.Match[str], _calendar: Calendar) -> TimeSpan | None:
    raise Nonsense(f"The date {match[0].strip()} can be read in two ways; please write it as year-month-day.")


_MONTH_NAMES = "january|february|march|april|may|june|july|august|september|october|november|december"

RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern), handler)
    for pattern, handler in (
        (r"(?<![\d./-])\d{1,2}/\d{1,2}/\d{4}(?![\d/])", _ambiguous),
        (
            rf"\b(?:(?:in|over|within|for|during)\s+)?(?:the\s+)?next\s+(?:{DURATION}|(?:{UNIT_WORDS})\b)|\btomorrow\b",
            _future,
        ),
        (
            rf"(?:between|from)\s+(?P<first>\d+(?:\.\d+)?(?:\s*(?:{UNIT_WORDS}))?)(?:\s+ago)?{_TO}"
            rf"(?P<second>{_DURATION_PART})\s+ago",
            _ago_range,
        ),
        (
            rf"(?:(?:\bon\s+)?(?P<day>{DAY}),?\s+)?(?:\bbetween\s+|\bfrom\s+)(?P<first>{_LOOSE_MOMENT}){_TO}"
            rf"(?P<second>{_LOOSE_MOMENT})",
            _between_moments,
        ),
        (
            rf"(?:(?:\bon\s+)?(?P<day>{DAY}),?\s+)?(?P<first>(?:{_MOMENT})|\b{_HOUR})\s*(?:-|\bto\b|\buntil\b)\s*"
            rf"(?P<second>{_MOMENT})",
            _between_moments,
        ),
        (
            rf"{_LEAD}\b{_LAST}\s+(?P<span>{DURATION})"
            rf"|\bsince\s+(?:the\s+)?(?:last\s+)?(?P<span2>{DURATION})(?!\s*ago)",
            lambda m, c: rolling(duration(m["span"] or m["span2"]), c.now),
        ),
        (rf"(?:\b(?:since|from|after)\s+)?(?P<span>{DURATION})\s+ago(?:\s+(?:until|till|to)\s+now)?", _ago),
        (r"\bsince\s+(?:the\s+)?(?:start|beginning)\s+of\s+(?:the|this)\s+(?P<unit>day|week|month|year)", _start_of),
        (rf"\b(?:since|after|from|starting)\s+(?P<moment>{_MOMENT})(?:\s+(?:on|onwards?))?(?!\s+night)", _since_moment),
        (rf"\b(?:before|until|till|up to)\s+(?P<moment>{_MOMENT})", _before_moment),
        (r"\bsince\s+(?P<named>(?:last|this|the)\s+[a-z]+|overnight)", _since_named),
        (r"\b(?:the\s+)?(?P<unit>week|month) before last\b", _before_last),
        (
            rf"(?:\bin\s+|\bon\s+|\bduring\s+)?(?:\bthe\s+)?(?P<day>\blast|\bthis|{DAY})\s+(?:in\s+the\s+|at\s+)?"
            rf"(?P<part>morning|afternoon|evening|night)\b",
            _part_of_day,
        ),
        (r"\b(?:tonight|overnight)\b", _overnight),
        (r"\b(?:(?:over|on|during)\s+)?(?:the\s+)?(?:last\s+|this\s+|past\s+)?weekend\b", _weekend),
        (rf"{_LEAD}\b(?P<which>{_LAST})\s+(?P<unit>minute|hour|day|week|month|year)\b", _one_unit),
        (rf"{_LEAD}\bthis\s+(?P<unit>hour|week|month|year)\b", _this_unit),
        (rf"(?:\b(?:at|around|about|near|by)\s+)?(?P<moment>{DAY},?\s+(?:at\s+)?{TIME})", _at_moment),
        (rf"(?:\b(?:at|around|about|near|by|as of)\s+)?(?P<moment>{TIME}(?:\s*(?:on\s+|of\s+)?{DAY})?)", _at_moment),
        (rf"(?:\bon\s+|\bof\s+|\bfor\s+|\bduring\s+|\bfrom\s+)?(?P<day>{DAY})", _one_day),
        (rf"\b(?:in|during|of|for|last)\s+(?P<month>{_MONTH_NAMES})(?:\s+(?P<year>\d{{4}}))?\b", _month),
        (r"\b(?:ever|all[- ]time|of all time|so far|in total history|since the beginning)\b", _all_time),
        (
            rf"(?<![-\w.>])(?<!than )(?<!every )(?<!lasting )(?<!under )(?<!above )(?:\b(?:in|for|over|within)\s+)?"
            rf"(?P<span>{DURATION})(?!\s*(?:lag|delay|threshold|behind|old|late|long|latency))",
            _rolling,
        ),
    )
)


def find_spans(text: str, calendar: Calendar) -> tuple[list[Found], str]:
    """The spans in a text in their order, and the text with their words blanked out.

    `text` is lower case with number words already written as digits (`plain_numbers`). Raises `Nonsense`.
    """
    found: list[Found] = []
    for pattern, handler in RULES:
        for match in list(pattern.finditer(text)):
            span = handler(match, calendar)
            if span is not None:
                found.append(Found(match.start(), match.end(), clipped(span, calendar.now)))
                text = text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
    return sorted(found, key=lambda f: f.start), text


def first_span(text: str, calendar: Calendar) -> TimeSpan | None:
    found, _ = find_spans(plain_numbers(text.lower()), calendar)
    return found[0].span if found else None


def clipped(span: TimeSpan, now: datetime) -> TimeSpan:
    """The span up to now; raises `Nonsense` where nothing of it has been measured yet."""
    start, end = span.window
    if start >= now:
        raise Nonsense(f"That window ({span.label}) lies in the future; I can only look at what has been measured.")
    if end <= start:
        raise Nonsense(f"That window ends before it begins ({span.label}).")
    return TimeSpan(Window(start, min(end, now)), span.label, span.kind, span.unit)
