"""Windows that are units of the calendar and parts of days: "last week", "yesterday evening", "overnight"."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

from monitoring.agent.calendars import Calendar, read_day
from monitoring.agent.timespans import ALL_TIME, TimeSpan, rolling, unit_length
from monitoring.metrics import Window

_PARTS = {"morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24), "night": (18, 30)}
VAGUE = {
    r"(?<!most )recently|lately|of late|these days|in recent (?:hours|times)": timedelta(hours=24),
    r"(?:the )?other day": timedelta(days=3),
    r"(?:just|only) now|a (?:moment|minute|little while|short while) ago|in the last moments": timedelta(minutes=15),
    r"an? (?:good |long )?while ago|some time ago|for (?:a|some) (?:while|time)|a few moments": timedelta(hours=6),
}


def one_unit(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """ "The last hour", "past week": one unit up to now; "last week" and "last month" are calendar ones."""
    which, unit = match["which"], match["unit"]
    if unit in ("week", "month", "year") and which in ("last", "previous", "prior", "preceding"):
        return calendar_unit(calendar, unit, -1)
    return rolling(unit_length(unit), calendar.now)


def this_unit(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    return calendar_unit(calendar, match["unit"], 0)


def before_last(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    if match["unit"] == "hour":
        start = calendar.now - timedelta(hours=2)
        window = Window(start, start + timedelta(hours=1))
        return TimeSpan(window, f"from {calendar.say_window(*window)}", "calendar")
    return calendar_unit(calendar, match["unit"], -2)


def calendar_unit(calendar: Calendar, unit: str, offset: int) -> TimeSpan:
    names = {0: f"this {unit}", -1: f"last {unit}", -2: f"the {unit} before last"}
    start, end = calendar.unit(unit, offset)
    return TimeSpan(Window(start, end), names[offset], "calendar", unit)


def start_of(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    start, _ = calendar.unit(match["unit"], 0)
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since")


def part_of_day(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
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


def latest_part(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    """ "In the evening": the latest one that has begun."""
    begin, end = _PARTS[match["part"]]
    start = calendar.at(calendar.today, time(begin))
    if start >= calendar.now:
        start = calendar.at(calendar.today - timedelta(days=1), time(begin))
    stop = start + timedelta(hours=end - begin)
    return TimeSpan(Window(start, stop), f"from {calendar.say_window(start, stop)}", "calendar", "part")


def overnight(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    day = calendar.today if match[0].strip().endswith("tonight") else calendar.today - timedelta(days=1)
    start = calendar.at(day, time(18))
    stop = calendar.at(day + timedelta(days=1), time(6))
    label = "tonight" if day == calendar.today else "last night"
    return TimeSpan(Window(start, stop), label, "calendar", "part")


def small_hours(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    day = read_day(match["day"] or "today", calendar) or calendar.today
    start, end = calendar.at(day, time()), calendar.at(day, time(6))
    return TimeSpan(Window(start, end), f"from {calendar.say_window(start, end)}", "calendar", "part")


def night_before_last(_match: re.Match[str], calendar: Calendar) -> TimeSpan:
    start = calendar.at(calendar.today - timedelta(days=2), time(18))
    return TimeSpan(Window(start, start + timedelta(hours=12)), "the night before last", "calendar", "part")


def week_number(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    number, year = int(match["number"]), calendar.today.isocalendar().year
    if not 1 <= number <= 52:
        return None
    monday = date.fromisocalendar(year if number <= calendar.today.isocalendar().week else year - 1, number, 1)
    window = Window(calendar.at(monday, time()), calendar.at(monday + timedelta(weeks=1), time()))
    return TimeSpan(window, f"in the week of {calendar.say_day(monday)}", "calendar", "week")


def year(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    year = int(match["year"])
    window = Window(calendar.at(date(year, 1, 1), time()), calendar.at(date(year + 1, 1, 1), time()))
    return TimeSpan(window, f"in {year}", "calendar", "year")


def vague(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """Vague words as a length; "just now" in the present tense is now, and no window."""
    if match[0] == "just now" and re.search(r"\b(?:is|are|am)\b", match.string):
        return None
    span = next(span for words, span in VAGUE.items() if re.fullmatch(words.replace("(?<!most )", ""), match[0]))
    taken = rolling(span, calendar.now)
    return TimeSpan(taken.window, taken.label, taken.kind, taken.unit, match[0])


def one_day(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    day = read_day(match["day"], calendar)
    return None if day is None else whole_day(day, calendar)


def whole_day(day: date, calendar: Calendar) -> TimeSpan:
    window = Window(calendar.at(day, time()), calendar.at(day + timedelta(days=1), time()))
    back = (calendar.today - day).days
    label = {0: "today", 1: "yesterday"}.get(back, f"on {calendar.say_day(day)}")
    return TimeSpan(window, label, "calendar", "day")


def weekend(match: re.Match[str], calendar: Calendar) -> TimeSpan:
    weekday = calendar.today.weekday()
    back = weekday - 5 if weekday >= 5 and "last" not in match[0] else weekday + 2
    saturday = calendar.today - timedelta(days=back)
    window = Window(calendar.at(saturday, time()), calendar.at(saturday + timedelta(days=2), time()))
    return TimeSpan(window, f"on the weekend of {calendar.say_day(saturday)}", "calendar", "weekend")


def month(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    start, end = calendar.month(match["month"], match["year"])
    return TimeSpan(Window(start, end), f"in {match['month'].capitalize()}", "calendar", "month")


def all_time(match: re.Match[str], calendar: Calendar) -> TimeSpan | None:
    """All that was measured; "will it ever end" does not look back."""
    if match[0] == "ever" and re.search(r"\b(?:will|won't|going to|would|can)\b", match.string[: match.start()]):
        return None
    return rolling(ALL_TIME, calendar.now)
