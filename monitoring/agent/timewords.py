"""Windows of time in words: "since midnight", "between 2 and 3 am", "last Friday", "the last 90m".

Words are read in the user's time zone; weeks start on Monday, "last night" is 18:00 to 06:00, "yesterday"
is the whole previous calendar day, "since 1 day" is the last 24 hours. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from monitoring.agent import timemoments as moments
from monitoring.agent import timeunits as units
from monitoring.agent.calendars import DAY, TIME, UNIT_WORDS, Calendar, plain_numbers
from monitoring.agent.timemoments import AGO, HOUR
from monitoring.agent.timespans import (
    DURATION,
    DURATION_PART,
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

_MOMENT = rf"(?:(?:{DAY})(?:,?\s*(?:at\s+)?(?:{TIME}))?|(?:{TIME})(?:\s*(?:on\s+|of\s+)?(?:{DAY}))?)"
_LOOSE_MOMENT = rf"(?:{_MOMENT}|{HOUR}(?![\d:/]|\s*(?:{UNIT_WORDS})(?![a-z])))"
_TO = r"\s*,?\s*(?:-|\band\b|\bto\b|\buntil\b|\btill\b|\bthrough\b|\bup to\b)\s*"
_LAST = r"(?:last|past|previous|recent|latest|preceding|prior)"
_LEAD = r"(?:\b(?:in|over|during|within|for|from|on|of)\s+)?(?:\bthe\s+)?"


def _rolling(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """A bare length, "2 hours"; it yields to any other window named beside it. Bare seconds are no window."""
    length = duration(match["span"])
    if length < timedelta(minutes=1) and not match["lead"]:
        return None
    return replace(rolling(length, calendar.now), unit="length")


def _portion(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "The first six hours of yesterday", "the second half of last week"."""
    whole = first_span("today" if match["whole"] == "day" else match["whole"], calendar)
    if whole is None:
        return None
    start, end = whole.window
    parts = {"half": 2, "quarter": 4}.get(match["span"])
    if parts:
        length = (end - start) / parts
    else:
        length = duration(match["span"]) if re.search(r"\d", match["span"]) else unit_length(match["span"])
    if match["which"] == "second":
        start += length
    elif match["which"] in ("last", "final"):
        start = end - length
    return TimeSpan(Window(start, start + length), f"from {calendar.say_window(start, start + length)}", "calendar")


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
            rf"\s*(?P<side>before and after|before|prior to|until|leading up to|up to|after|following|from"
            rf"|(?:that\s+|which\s+)?(?:start(?:s|ing|ed)?|begin(?:s|ning)?|began)(?:\s+(?:at|from|on))?"
            r"|(?:that\s+|which\s+)?end(?:s|ing|ed)(?:\s+(?:at|by|on))?|of|around"
            rf"|about|(?:on )?either side of)\s+(?P<moment>{_MOMENT}|{AGO})",
            moments.beside_moment,
        ),
        (
            rf"(?P<moment>{_MOMENT})\s*(?P<side>\+/?-|±|plus/minus|plus or minus|plus minus|give or take)\s*"
            rf"(?P<span>{DURATION})",
            moments.beside_moment,
        ),
        (
            rf"\b(?:from|starting|beginning|at|after)\s+(?:at\s+|from\s+)?(?P<moment>{_MOMENT}),?\s+(?P<side>for)\s+"
            rf"(?:the next\s+)?(?P<span>{DURATION})",
            moments.beside_moment,
        ),
        (
            rf"(?:\b(?:in|during|over|for)\s+)?(?:\bthe\s+)?\b(?P<which>first|last|second|final|opening)\s+(?P<span>{DURATION}"
            rf"|half|hour|quarter)\s+(?:of\s+(?:the\s+)?)?(?P<whole>{DAY}|day\b|(?:(?:last|this|{DAY})\s+)?"
            r"(?:night|morning|afternoon|evening|week(?:end)?|month)\b)",
            _portion,
        ),
        (
            rf"(?:\bin\s+|\bon\s+|\bduring\s+)?(?:\bthe\s+)?\b(?P<part>morning|afternoon|evening|night)\s+(?:of|from)\s+"
            rf"(?P<day>{DAY})(?:\s+(?:to|on|until)\s+{DAY})?",
            units.part_of_day,
        ),
        (
            rf"(?:\bbetween\s+|\bfrom\s+|\bsince\s+)?(?P<moment>{_MOMENT}){_TO}(?:right\s+)?(?:now|the present"
            rf"|present|date|this moment)\b",
            moments.until_now,
        ),
        (
            rf"(?:between|from)\s+(?P<first>{DURATION_PART}\s+(?:ago|back)){_TO}(?P<second>{DURATION_PART}\s+(?:ago|back))",
            moments.ago_range,
        ),
        (
            rf"(?:(?:\bbetween|\bfrom)\s+|\b)(?P<first>\d+(?:\.\d+)?(?:\s*(?:{UNIT_WORDS}))?)(?:\s+ago)?{_TO}"
            rf"(?P<second>{DURATION_PART})\s+ago",
            moments.ago_range,
        ),
        (
            rf"(?:(?:\bon\s+)?(?P<day>{DAY}),?\s+)?(?:\bbetween\s+|\bfrom\s+|\bsince\s+|\bstarting\s+(?:at\s+)?)"
            rf"(?P<first>{_LOOSE_MOMENT}){_TO}"
            rf"(?P<second>{_LOOSE_MOMENT})",
            moments.between_moments,
        ),
        (
            rf"(?:(?:\bon\s+)?(?P<day>{DAY}),?\s+)?(?P<first>(?:{_MOMENT})|\b{HOUR})\s*(?:-|\b(?:to|until|till|thru"
            rf"|through)\b)\s*"
            rf"(?P<second>{_MOMENT})",
            moments.between_moments,
        ),
        (
            rf"{_LEAD}\b{_LAST}\s+(?P<span>{DURATION})"
            rf"|\bsince\s+(?:the\s+)?(?:last\s+)?(?P<span2>{DURATION})(?!\s*ago)",
            lambda m, c: rolling(duration(m["span"] or m["span2"]), c.now),
        ),
        (
            rf"(?:\b(?:since|from|after)\s+)?(?P<span>{DURATION})\s+(?:ago|back|earlier|before now)\b"
            r"(?:\s*(?:until|till|to|-)\s*(?:right\s+)?now\b)?",
            moments.ago,
        ),
        (
            r"\bsince\s+(?:the\s+)?(?:start|beginning)\s+of\s+(?:the|this)\s+(?P<unit>day|week|month|year)",
            units.start_of,
        ),
        (
            rf"\b(?:since|after|from|starting)\s+(?P<moment>{_MOMENT})(?:\s+(?:on|onwards?)\b)?"
            r"(?!\s+(?:night|morning|afternoon|evening))",
            moments.since_moment,
        ),
        (rf"(?P<moment>{_MOMENT})\s+onwards?\b", moments.since_moment),
        (rf"\b(?:before|until|till|up to)\s+(?P<moment>{_MOMENT})", moments.before_moment),
        (
            rf"\b(?:at\s+|in\s+)?(?:this|(?:the\s+)?(?:very\s+)?same) (?:time|hour)\s+(?:on\s+|of\s+)?(?P<day>{DAY}"
            rf"|last week)",
            moments.this_time,
        ),
        (rf"\b(?P<day>{DAY}|last week),?\s+(?:at\s+)?this (?:time|hour)(?:\s+of (?:the )?day)?\b", moments.this_time),
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
        (
            r"(?:\b(?:in|during|course of)\s+the\s+|\b(?:all|(?:the\s+)?(?:whole|entire))\s+|(?<=since )"
            r"|(?<=since the )|(?<=since early ))(?P<part>morning|afternoon|evening|night)\b",
            units.latest_part,
        ),
        (r"\b(?:(?:over|on|during)\s+)?(?:the\s+)?(?:last\s+|this\s+|past\s+)?weekend\b", units.weekend),
        (rf"{_LEAD}\b(?P<which>{_LAST})\s+(?P<unit>minute|hour|day|week|month|year)\b", units.one_unit),
        (rf"{_LEAD}\bthis\s+(?P<unit>hour|week|month|year)\b", units.this_unit),
        (rf"{_LEAD}\b(?:all|whole|entire|full|complete)\s+(?P<unit>week|month|year)\b", units.this_unit),
        (rf"(?:\b(?:at|around|about|near|by)\s+)?(?P<moment>{DAY},?\s+(?:at\s+)?{TIME})", moments.at_moment),
        (
            rf"(?:\b(?:at|around|about|near|by|as of)\s+)?(?P<moment>{TIME}(?:\s*(?:on\s+|of\s+)?{DAY})?)",
            moments.at_moment,
        ),
        (
            r"\b(?:for\s+|over\s+)?(?:the\s+)?(?:whole|entire|all)\s+(?:of\s+(?:the|this)\s+)?day\b(?:\s+long)?"
            r"(?!\s+(?:on\s+|of\s+)?"
            rf"{DAY})",
            lambda _m, c: units.whole_day(c.today, c),
        ),
        (r"\b(?:earlier|later)\s+today\b", lambda _m, c: units.whole_day(c.today, c)),
        (rf"(?:\bon\s+|\bof\s+|\bfor\s+|\bduring\s+|\bfrom\s+)?(?P<day>{DAY})", units.one_day),
        (rf"\b(?:in|during|of|for|last)\s+(?P<month>{_MONTH_NAMES})(?:\s+(?P<year>\d{{4}}))?\b", units.month),
        (r"\b(?:in|during|of|for)\s+(?P<year>20\d\d)\b", units.year),
        (rf"\b(?:{'|'.join(units.VAGUE)})\b", units.vague),
        (
            r"\b(?:(?<!if it )(?<!if we )(?<!if they )ever|all[- ]time|of all time|so far|in total history"
            r"|since the beginning)\b",
            units.all_time,
        ),
        (
            rf"(?<![-\w.>/])(?<!than )(?<!every )(?<!lasting )(?<!under )(?<!above )(?<!lag of )(?<!delay of )"
            r"(?<!latency of )(?<!threshold of )(?<!duration of )(?<!age of )(?<!limit of )(?P<lead>\b(?:in|for|over"
            rf"|within)\s+)?(?P<span>{DURATION})(?!\s*(?:lag|delay|threshold|behind|old|late|long|latency|loads?|averages?"
            r"|avg|rates?|timeouts?|intervals?))",
            _rolling,
        ),
    )
)


_SINCE = re.compile(
    r"\b(?:since|after|starting|beginning)\s+(?:at\s+|from\s+|with\s+)?(?:the\s+)?(?:early\s+)?(?:(?:start|beginning)(?:\s+of)?\s+)?$"
)
_TILL_NOW = re.compile(r"\s*,?\s*(?:-|(?:up\s+)?(?:to|till|until)|and)\s*(?:right\s+)?now\b|\s+onwards?\b")


def _opened(found: Found, text: str, calendar: Calendar) -> Found:
    """ "Since last night", "from yesterday evening till now": from where that began; other spans as they are."""
    since, until = _SINCE.search(text[: found.start]), _TILL_NOW.match(text, found.end)
    span = found.span
    if span.kind == "since" or not (until or (since and span.kind != "rolling")):
        return found
    moment = span.window.start + span.window.span / 2 if span.kind == "point" else span.window.start
    start = span.window.end if span.unit == "time" else moment
    opened = TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since")
    return Found(since.start() if since else found.start, until.end() if until else found.end, opened)


def find_spans(text: str, calendar: Calendar) -> tuple[list[Found], str]:
    """The spans in a text in their order, and the text with their words blanked out.

    `text` is lower case with number words already written as digits (`plain_numbers`). Raises `Nonsense`.
    """
    found: list[Found] = []
    for pattern, handler in RULES:
        for match in list(pattern.finditer(text)):
            span = handler(match, calendar)
            if span is not None:
                each = _opened(Found(match.start(), match.end(), span), text, calendar)
                found.append(replace(each, span=clipped(each.span, calendar.now)))
                text = text[: each.start] + " " * (each.end - each.start) + text[each.end :]
    return sorted(found, key=lambda f: f.start), text


def first_span(text: str, calendar: Calendar) -> TimeSpan | None:
    found, _ = find_spans(plain_numbers(text.lower()), calendar)
    return found[0].span if found else None
