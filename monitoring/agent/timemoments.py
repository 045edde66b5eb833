"""Windows told by moments: "between 2 and 3 am", "since 10:00", "the hour after 10:20", "two hours ago"."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from monitoring.agent import timeunits as units
from monitoring.agent.calendars import Calendar, read_day, read_time
from monitoring.agent.timespans import DURATION, POINT_MARGIN, TimeSpan, duration, rolling, unit_length
from monitoring.metrics import Window

HOUR = r"\d{1,2}"
AGO = rf"(?:{DURATION}\s+(?:ago|back|earlier|before now))"


def between_moments(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    first, second = match["first"], match["second"]
    start_day, end_day = read_day(first, calendar), read_day(second, calendar)
    start_time, end_time = _clock_pair(first, second)
    outer = match["day"] and read_day(match["day"], calendar)
    if not (start_day or end_day or outer) and start_time is None:
        return None
    if "today" in first and "yesterday" in second and start_time is None:
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
    bare_start = re.fullmatch(rf"\s*({HOUR})\s*", first)
    bare_end = re.fullmatch(rf"\s*({HOUR})\s*", second)
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


def ago_range(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    second = match["second"]
    first = match["first"] if re.search("[a-z]", match["first"]) else match["first"] + re.sub(r"[\d.\s]+", " ", second)
    start, end = calendar.now - duration(first), calendar.now - duration(second)
    start, end = min(start, end), max(start, end)
    return TimeSpan(Window(start, end), f"from {calendar.say_window(start, end)}", "calendar")


def since_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    text = match["moment"]
    day, at = read_day(text, calendar), read_time(text)
    if at is None and (day is None or match[0].startswith("from")):
        return None
    start = calendar.at(day or calendar.today, at or time(), text)
    if day is None and start >= calendar.now:
        start = calendar.at(calendar.today - timedelta(days=1), at or time(), text)
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since", "" if day else "clock")


def before_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
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


def at_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """A moment: half an hour on either side of it."""
    text = match["moment"]
    if length := re.fullmatch(AGO, text.strip()):
        return _around(calendar.now - duration(length[0]), POINT_MARGIN, calendar)
    day, at = read_day(text, calendar), read_time(text)
    if at is None:
        return None
    moment = calendar.at(day or calendar.today, at, text)
    if day is None and moment > calendar.now:
        moment = calendar.at(calendar.today - timedelta(days=1), at, text)
    return _around(moment, POINT_MARGIN, calendar, "" if day else "clock")


def _around(moment: datetime, margin: timedelta, calendar: Calendar, unit: str = "") -> TimeSpan:
    return TimeSpan(Window(moment - margin, moment + margin), f"around {calendar.say(moment)}", "point", unit)


def beside_moment(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "The hour before 10:00", "30 minutes after 14:00", "within 15 minutes of 10:20"."""
    at = at_moment(match, calendar)
    if at is None:
        return None
    moment = at.window.start + at.window.span / 2
    span = duration(match["span"]) if re.search(r"\d", match["span"]) else unit_length(match["span"].strip())
    side = match["side"]
    if (
        side in ("of", "around", "about")
        or not side[0].isalpha()
        or (side.endswith(("side of", "after", "minus", "take")) and side != "after")
    ):
        return _around(moment, span, calendar, at.unit)
    start = (
        moment - span
        if "end" in side or side in ("before", "prior to", "until", "up to", "leading up to", "to")
        else moment
    )
    label = f"from {calendar.say_window(start, start + span)}"
    return TimeSpan(Window(start, start + span), label, "calendar", at.unit)


def until_now(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    at = at_moment(match, calendar)
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


def this_time(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "This time yesterday": the hour up to the same time of that day."""
    day = calendar.today - timedelta(weeks=1) if match["day"] == "last week" else read_day(match["day"], calendar)
    if day is None or day >= calendar.today:
        return None
    end = calendar.at(day, calendar.now.astimezone(calendar.zone).timetz().replace(tzinfo=None))
    window = Window(end - timedelta(hours=1), end)
    return TimeSpan(window, f"from {calendar.say_window(*window)}", "calendar", "time")


_POINTED = r"\b(?:happened|happen|occurred|exactly|around|about|at|was|were|did|some)\b"
"""Words with which "2 hours back" is a moment; by itself it is how far one looks back."""


def ago(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    span = duration(match["span"])
    moment = calendar.now - span
    before = match.string[: match.start("span")]
    looking_back = match[0].endswith("back") and span < timedelta(days=1) and not re.search(_POINTED, before)
    if match[0].endswith("now") or looking_back or re.search(r"\b(?:since|from|after)\s*$", before):
        return rolling(span, calendar.now)
    if re.fullmatch(r"\d+\s*(?:days?|weeks?)", match["span"].strip()):
        return units.whole_day(calendar.today - timedelta(days=round(span.total_seconds() / 86_400)), calendar)
    margin = max(POINT_MARGIN, span / 12)
    return TimeSpan(Window(moment - margin, moment + margin), f"around {calendar.say(moment)}", "point")
