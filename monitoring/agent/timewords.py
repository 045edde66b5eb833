"""Windows of time in words: "since midnight", "between 2 and 3 am", "last Friday", "the last 90m".

Words are read in the user's time zone; weeks start on Monday, "last night" is 18:00 to 06:00, "yesterday"
is the whole previous calendar day, "since 1 day" is the last 24 hours. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from monitoring.agent import timeunits as units
from monitoring.agent.calendars import DAY, TIME, UNIT_WORDS, Calendar, plain_numbers, read_day, read_time
from monitoring.agent.timespans import (
    DURATION,
    DURATION_PART,
    POINT_MARGIN,
    Found,
    Nonsense,
    TimeSpan,
    clipped,
    duration,
    rolling,
    unit_length,
)
from monitoring.metrics import Window

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], Calendar], "TimeSpan | None"]]

_HOUR = r"\d{1,2}"
_MOMENT = rf"(?:(?:{DAY})(?:,?\s*(?:at\s+)?(?:{TIME}))?|(?:{TIME})(?:\s*(?:on\s+|of\s+)?(?:{DAY}))?)"
_LOOSE_MOMENT = rf"(?:{_MOMENT}|{_HOUR}(?![\d:/]|\s*(?:{UNIT_WORDS})(?![a-z])))"
_TO = r"\s*(?:-|\band\b|\bto\b|\buntil\b|\btill\b|\bthrough\b|\bup to\b)\s*"
_LAST = r"(?:last|past|previous|recent|latest|preceding|prior)"
_LEAD = r"(?:\b(?:in|over|during|within|for|from|on|of)\s+)?(?:\bthe\s+)?"


def _rolling(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    return rolling(duration(match["span"]), calendar.now)


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
        if start is not None and end is not None and end <= start and 6 <= start.hour < 12:
            end = time(end.hour + 12)
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
            return TimeSpan(Window(begin, stop), label, "calendar", "clock")
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
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since", "" if day else "clock")


def _since_named(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "Since last night", "since this week", "since the start of the month": from where that began."""
    inner = first_span(match["named"], calendar)
    if inner is None:
        return None
    start = inner.window.start
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since")


def _before_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    at = read_time(match["moment"])
    if at is None:
        return None
    day = read_day(match["moment"], calendar) or calendar.today
    end = calendar.at(day, at, match["moment"])
    start = calendar.at(day, time())
    if start >= end:
        start -= timedelta(days=1)
    floating = "" if read_day(match["moment"], calendar) else "clock"
    return TimeSpan(Window(start, end), f"from {calendar.say_window(start, end)}", "calendar", floating)


def _at_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """A moment: half an hour on either side of it."""
    text = match["moment"]
    day, at = read_day(text, calendar), read_time(text)
    if at is None:
        return None
    moment = calendar.at(day or calendar.today, at, text)
    if day is None and moment > calendar.now:
        moment = calendar.at(calendar.today - timedelta(days=1), at, text)
    return _around(moment, POINT_MARGIN, calendar, "" if day else "clock")


def _around(moment: datetime, margin: timedelta, calendar: Calendar, unit: str = "") -> TimeSpan:
    return TimeSpan(Window(moment - margin, moment + margin), f"around {calendar.say(moment)}", "point", unit)


def _beside_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "The hour before 10:00", "30 minutes after 14:00", "within 15 minutes of 10:20"."""
    at = _at_moment(match, calendar)
    if at is None:
        return None
    moment = at.window.start + POINT_MARGIN
    span = duration(match["span"]) if re.search(r"\d", match["span"]) else unit_length(match["span"].strip())
    side = match["side"]
    if side in ("of", "around", "about", "either side of"):
        return _around(moment, span, calendar, at.unit)
    start = moment - span if side in ("before", "prior to", "until", "up to", "leading up to", "to") else moment
    label = f"from {calendar.say_window(start, start + span)}"
    return TimeSpan(Window(start, start + span), label, "calendar", at.unit)


def _until_now(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    at = _at_moment(match, calendar)
    if at is None:
        day = read_day(match["moment"], calendar)
        start = None if day is None else calendar.at(day, time())
    else:
        start = at.window.start + POINT_MARGIN
    if start is None:
        return None
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since")


def moved_to(span: TimeSpan, day: TimeSpan, calendar: Calendar) -> TimeSpan:
    """Times of day that were named without a day, on the day that stood elsewhere in the question."""
    here = span.window.start.astimezone(calendar.zone)
    start = calendar.at(day.window.start.astimezone(calendar.zone).date(), here.time())
    if span.kind == "since":
        end = min(day.window.end, calendar.now)
        return TimeSpan(Window(start, end), f"from {calendar.say_window(start, end)}", "calendar")
    end = start + span.window.span
    if span.kind == "point":
        return _around(start + span.window.span / 2, span.window.span / 2, calendar)
    return TimeSpan(Window(start, end), f"from {calendar.say_window(start, end)}", "calendar")


def _this_time(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "This time yesterday": the hour up to the same time of that day."""
    day = calendar.today - timedelta(weeks=1) if match["day"] == "last week" else read_day(match["day"], calendar)
    if day is None or day >= calendar.today:
        return None
    end = calendar.at(day, calendar.now.astimezone(calendar.zone).timetz().replace(tzinfo=None))
    window = Window(end - timedelta(hours=1), end)
    return TimeSpan(window, f"from {calendar.say_window(*window)}", "calendar", "time")


def _ago(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    span = duration(match["span"])
    moment = calendar.now - span
    if re.search(r"\b(?:since|from|after)\s*$", match.string[: match.start("span")]):
        return rolling(span, calendar.now)
    if re.fullmatch(r"\d+\s*(?:days?|weeks?)", match["span"].strip()):
        return units.whole_day(calendar.today - timedelta(days=round(span.total_seconds() / 86_400)), calendar)
    margin = max(POINT_MARGIN, span / 12)
    return TimeSpan(Window(moment - margin, moment + margin), f"around {calendar.say(moment)}", "point")


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
            rf"(?:\b(?:in|during|for|within)\s+)?(?:\bthe\s+)?(?:first\s+|last\s+)?(?P<span>{DURATION}|\b(?:minute"
            rf"|hour|day)\b)"
            rf"\s*(?P<side>before|prior to|until|leading up to|up to|after|following|from|starting at|of|around|about"
            rf"|either side of)\s+(?P<moment>{_MOMENT})",
            _beside_moment,
        ),
        (
            rf"(?:\bbetween\s+|\bfrom\s+|\bsince\s+)(?P<moment>{_MOMENT}){_TO}(?:right\s+)?(?:now|the present"
            rf"|present|date|this moment)\b",
            _until_now,
        ),
        (
            rf"(?:between|from)\s+(?P<first>\d+(?:\.\d+)?(?:\s*(?:{UNIT_WORDS}))?)(?:\s+ago)?{_TO}"
            rf"(?P<second>{DURATION_PART})\s+ago",
            _ago_range,
        ),
        (
            rf"(?:(?:\bon\s+)?(?P<day>{DAY}),?\s+)?(?:\bbetween\s+|\bfrom\s+)(?P<first>{_LOOSE_MOMENT}){_TO}"
            rf"(?P<second>{_LOOSE_MOMENT})",
            _between_moments,
        ),
        (
            rf"(?:(?:\bon\s+)?(?P<day>{DAY}),?\s+)?(?P<first>(?:{_MOMENT})|\b{_HOUR})\s*(?:-|\b(?:to|until|till|thru"
            rf"|through)\b)\s*"
            rf"(?P<second>{_MOMENT})",
            _between_moments,
        ),
        (
            rf"{_LEAD}\b{_LAST}\s+(?P<span>{DURATION})"
            rf"|\bsince\s+(?:the\s+)?(?:last\s+)?(?P<span2>{DURATION})(?!\s*ago)",
            lambda m, c: rolling(duration(m["span"] or m["span2"]), c.now),
        ),
        (
            rf"(?:\b(?:since|from|after)\s+)?(?P<span>{DURATION})\s+(?:ago|back|earlier|before now)\b"
            r"(?:\s+(?:until|till|to)\s+now)?",
            _ago,
        ),
        (
            r"\bsince\s+(?:the\s+)?(?:start|beginning)\s+of\s+(?:the|this)\s+(?P<unit>day|week|month|year)",
            units.start_of,
        ),
        (
            rf"\b(?:since|after|from|starting)\s+(?P<moment>{_MOMENT})(?:\s+(?:on|onwards?)\b)?"
            r"(?!\s+(?:night|morning|afternoon|evening))",
            _since_moment,
        ),
        (rf"(?P<moment>{_MOMENT})\s+onwards?\b", _since_moment),
        (rf"\b(?:before|until|till|up to)\s+(?P<moment>{_MOMENT})", _before_moment),
        (
            rf"\b(?:since|after)\s+(?P<named>(?:{DAY}|last|this)\s+(?:morning|afternoon|evening|night)"
            r"|(?:last|this|the)\s+[a-z]+|overnight)",
            _since_named,
        ),
        (
            rf"\b(?:at\s+|in\s+)?(?:this|(?:the\s+)?(?:very\s+)?same) (?:time|hour)\s+(?:on\s+|of\s+)?(?P<day>{DAY}"
            rf"|last week)",
            _this_time,
        ),
        (rf"\b(?P<day>{DAY}|last week),?\s+(?:at\s+)?this (?:time|hour)(?:\s+of (?:the )?day)?\b", _this_time),
        (r"\b(?:the\s+)?(?P<unit>hour|day) before last\b", units.before_last),
        (r"\b(?:the\s+)?night before last\b", units.night_before_last),
        (
            rf"\b(?:in\s+)?the\s+(?:early|small|wee)\s+hours\b(?:\s+(?:of|on)\s+(?P<day>{DAY})|\s+of this morning)?",
            units.small_hours,
        ),
        (
            r"\b(?:in|during|of)?\s*(?:calendar week|week|cw|kw)\s*(?P<number>\d{1,2})\b(?!\s*(?:of|-))",
            units.week_number,
        ),
        (r"\b(?:the\s+)?(?P<unit>week|month) before last\b", units.before_last),
        (
            rf"(?:\bin\s+|\bon\s+|\bduring\s+)?(?:\bthe\s+)?(?P<day>\blast|\bthis|{DAY})\s+(?:in\s+the\s+|at\s+)?"
            rf"(?P<part>morning|afternoon|evening|night)\b",
            units.part_of_day,
        ),
        (r"\b(?:tonight|overnight|(?:(?:in|on|during)\s+)?(?:the\s+)?(?:last\s+)?night shift)\b", units.overnight),
        (
            r"(?:(?<=how was )|(?<=how did )|\b(?:over|through|throughout|all "
            r"through)\s+)(?:the\s+)(?P<part>morning|afternoon"
            r"|evening|night)\b",
            units.latest_part,
        ),
        (r"\b(?:in|during)\s+the\s+(?P<part>morning|afternoon|evening|night)\b", units.latest_part),
        (r"\b(?:(?:over|on|during)\s+)?(?:the\s+)?(?:last\s+|this\s+|past\s+)?weekend\b", units.weekend),
        (rf"{_LEAD}\b(?P<which>{_LAST})\s+(?P<unit>minute|hour|day|week|month|year)\b", units.one_unit),
        (rf"{_LEAD}\bthis\s+(?P<unit>hour|week|month|year)\b", units.this_unit),
        (rf"{_LEAD}\b(?:all|whole|entire|full|complete)\s+(?P<unit>week|month|year)\b", units.this_unit),
        (rf"(?:\b(?:at|around|about|near|by)\s+)?(?P<moment>{DAY},?\s+(?:at\s+)?{TIME})", _at_moment),
        (rf"(?:\b(?:at|around|about|near|by|as of)\s+)?(?P<moment>{TIME}(?:\s*(?:on\s+|of\s+)?{DAY})?)", _at_moment),
        (
            r"\b(?:for\s+|over\s+)?(?:the\s+)?(?:whole|entire|all)\s+(?:of\s+(?:the|this)\s+)?day\b(?:\s+long)?",
            lambda _m, c: units.whole_day(c.today, c),
        ),
        (r"\b(?:earlier|later)\s+today\b", lambda _m, c: units.whole_day(c.today, c)),
        (rf"(?:\bon\s+|\bof\s+|\bfor\s+|\bduring\s+|\bfrom\s+)?(?P<day>{DAY})", units.one_day),
        (rf"\b(?:in|during|of|for|last)\s+(?P<month>{_MONTH_NAMES})(?:\s+(?P<year>\d{{4}}))?\b", units.month),
        (r"\b(?:in|during|of|for)\s+(?P<year>20\d\d)\b", units.year),
        (rf"\b(?:{'|'.join(units.VAGUE)})\b", units.vague),
        (r"\b(?:ever|all[- ]time|of all time|so far|in total history|since the beginning)\b", units.all_time),
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
