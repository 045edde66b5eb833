"""Days, times of day and calendar units in words, read in one time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitoring.agent.clockwords import clock_times
from monitoring.agent.numberwords import NUMBER_WORD, number_word
from monitoring.errors import InvalidInput

UNIT_WORDS = r"seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mos?|years?|yrs?|y"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ORDINAL_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_SHORT_WEEKDAY = r"(?:mon|tues?|wed|thu|thur|thurs|fri|sat|sun)"
_AFTER = "|".join(f"(?<={word} )" for word in ("on", "last", "since", "from", "of", "and", "until", "this", "for"))
_WEEKDAY = (
    r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tues?|wed|thurs?|thur|fri"
    rf"|(?:{_AFTER}){_SHORT_WEEKDAY}|{_SHORT_WEEKDAY}(?=\.?\s+\d{{1,2}}:\d\d))"
)
_ISO = r"\d{4}[-/]\d{2}[-/]\d{2}"
_NTH = (
    r"(?<=since )the\s+\d{1,2}(?:st|nd|rd|th)\b|the\s+\d{1,2}(?:st|nd|rd|th)(?=\W*$|[,?!]|\s+(?:at|between|from"
    r"|around|before|after|since|until|till|to|and|in"
    r" the|please|pls|of (?:this|the) month)\b)"
)
_ORDINAL = r"(?:st|nd|rd|th)?"
_DAY_MONTH = rf"(?:the\s+)?\d{{1,2}}{_ORDINAL}\s+(?:of\s+)?{_MONTH}(?:,?\s+\d{{4}}\b)?"
_MONTH_DAY = rf"{_MONTH}\.?\s+\d{{1,2}}{_ORDINAL}(?!\d|:)(?:,?\s+\d{{4}}\b)?"
_DOTTED = r"\d{1,2}\.\d{1,2}\.\d{4}"

DAY = (
    rf"(?:\b(?:(?:the\s+)?day before yesterday|yesterday|today|{_ISO}|{_DOTTED}|{_DAY_MONTH}|{_MONTH_DAY}|{_NTH}"
    rf"|\d+ days? ago|(?:last\s+|this\s+past\s+|past\s+|this\s+)?{_WEEKDAY})(?![a-z]))"
)
TIME = (
    r"(?:(?:(?<=-\d\d)t|\b)(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[ap]\.?m\b\.?)?(?:z\b|\s*utc\b|\s*gmt\b"
    r"|[+-]\d{2}:?\d{2}\b)?"
    r"|\d{1,2}\s*[ap]\.?m\b\.?(?:\s*utc\b|\s*gmt\b)?|midnight\b|noon\b|midday\b))"
)

_FURTHEST_DAYS = 3660
_FIRST_YEAR, _LAST_YEAR = 1970, 9000

_LONG_UNIT = r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\b"
_PHRASES: tuple[tuple[str, str], ...] = (
    (r"[‐‑‒–—−]", "-"),
    (r"\b(?:an? )?half[\s-]+(?:an? )?hour(?:'s)?\b", "30 minutes"),
    (r"\b(?:an? |1 )?hour and a half\b", "90 minutes"),
    (r"\b(?:an? |1 )?day and a half\b", "36 hours"),
    (r"\b(?:an? |1 )?hour and a quarter\b", "75 minutes"),
    (
        r"\b(?!(?:was|is|has|this|does|as|plus|minus|vs|versus|takes|lasts)\b)([a-z]{3,}s) (?:an?|one|each|every)"
        r" (second|minute|hour|day|week|month)\b(?!\s*(?:ago|earlier|before|later|or|and|back|after|prior))",
        r"\1 per \2",
    ),
    *((rf"\b{word}(?= (?:of )?{_MONTH}\b)", f"{number}") for number, word in enumerate(_ORDINAL_WORDS, 1)),
    *((rf"\b({_MONTH}) (?:the )?{word}\b", rf"\g<1> {number}") for number, word in enumerate(_ORDINAL_WORDS, 1)),
    (r"\b(?:a )?half(?: a)? day\b", "12 hours"),
    (r"\bthree[\s-]+quarters of an hour\b|\b3/4 (?:of an )?hour\b", "45 minutes"),
    (r"\b(?:an? )?quarter (?:of an )?hour\b", "15 minutes"),
    (r"\b(\w+) and a half (hours?|days?|minutes?|weeks?)\b", r"\1 \2 and a half \2"),
    (r"\b(\d+)\s*(?:½|1/2) (?=hours?|days?|minutes?|weeks?)", r"\1.5 "),
    (r"\b(last|past|previous)\s+(hours?|days?|minutes?|weeks?) or two\b", r"\1 2 \2s"),
    (r"\b(hours?|days?|minutes?|weeks?) or so\b", r"\1"),
    (r"\b(last|past|previous)\s+\w+\s*(?:-|to|or)\s*(\w+)\s+(?=hours?|days?|minutes?|weeks?|hrs?|mins?)", r"\1 \2 "),
    (r"\ba fortnight\b|\bfortnight\b", "2 weeks"),
    (rf"\b(?:a\s+)?couple\s+(?:of\s+)?(?={_LONG_UNIT})", "2 "),
    (rf"\b(?:a\s+)?dozen\s+(?={_LONG_UNIT})", "12 "),
    (rf"\b(?:a\s+)?(?:few|several)\s+(?={_LONG_UNIT})", "3 "),
    (rf"\ban?\s+(?={_LONG_UNIT})", "1 "),
    (r"(?<=\d)\s*o'?clock\b", ":00"),
    (
        rf"(?<![:\d.])\b(\d{{1,2}}){_ORDINAL}\s*(-|to|and|until)\s*(\d{{1,2}}){_ORDINAL}\s+(?:of\s+)?({_MONTH})\b",
        r"\1 \4 to \3 \4",
    ),
    (r"\b(\d{4}-\d{2}-\d{2})t(?=\d)", r"\1 "),
    (r"(?<=\d)(z?)/(?=\d{4}-\d{2}-\d{2}\b)", r"\1 to "),
    (r"\blast midnight\b", "0:00 today"),
    (r"\b(between|from) the hours of\b", r"\1"),
    (r"\b(\d{1,2}(?::\d\d)?(?:[ap]m)?)-to-(?=\d|now\b)", r"\1 to "),
    (
        r"\b(?:starting|beginning)\s+(?:at\s+|from\s+)?(.{1,25}?),?\s+(?:and\s+)?(?:ending|finishing|stopping)"
        r"(?:\s+at)?\b",
        r"from \1 to",
    ),
    (r"\byday\b|\byest\b|\byester(?:day)?[\s-]+day\b|\bytd\b", "yesterday"),
    (r"\b(\d{4})/(\d{2})/(\d{2})\b", r"\1-\2-\3"),
    (r"\b(1[3-9]|2\d|3[01])/(0?\d|1[0-2])/(\d{4})\b", r"\1.\2.\3"),
    (r"\b(0?\d|1[0-2])/(1[3-9]|2\d|3[01])/(\d{4})\b", r"\2.\1.\3"),
    (r"\b(\d{1,2})/(\1)/(\d{4})\b", r"\1.\2.\3"),
    (r"\b(?:in|over|during|for) the (week|month) to date\b|\b(week|month) to date\b", r"this \1\2"),
    (r"\byesterday['’]s\b", "yesterday"),
    (r"\btoday['’]s\b|\b(?:the )?current day\b", "today"),
    (r"\b(\d+)-(minute|hour|day|week)s?\b", r"\1 \2"),
)


_BARE_HOUR = rf"(?:{NUMBER_WORD}|midnight|noon|midday|\d{{1,2}}(?::\d\d)?)"
_BARE_RANGE = (
    rf"\b(?P<lead>between|from)\s+(?P<first>{_BARE_HOUR})\s+(?P<joint>and|to|until|till)\s+"
    rf"(?P<second>{NUMBER_WORD}|\d{{1,2}})\b(?!\s+(?:past|to|thirty|fifteen|forty)\b)"
)


def plain_numbers(text: str) -> str:
    """Number words before units as digits, "half an hour" as "30 minutes"; `text` is lower case."""
    text = _counted(text)
    for pattern, replacement in _PHRASES:
        text = re.sub(pattern, replacement, text)
    text = _counted(text)
    text = re.sub(r"\b(\d+) (hour|day|minute|week)s? and a half \2s?\b", r"\1.5 \2s", text)
    text = _unit_of_both(text)
    return clock_times(re.sub(_BARE_RANGE, _digits, text))


_COUNTED = re.compile(rf"\b{NUMBER_WORD}(?=[\s-]+(?:{_LONG_UNIT}|[ap]\.?m\b))")


def _counted(text: str) -> str:
    return _COUNTED.sub(lambda match: str(number_word(match[0])), text)


def _digits(match: re.Match[str]) -> str:
    first, second = (number_word(word) or word for word in (match["first"], match["second"]))
    return f"{match['lead']} {first} {match['joint']} {second}"


_SECOND_LENGTH = re.compile(
    r"\b(?P<lead>(?:last|past)\s+\d+\s*(?P<unit>[a-z]+)\b.*?\b(?:previous|preceding|prior|earlier))\s+(?P<number>\w+)"
    r"(?=\W*$|\s+(?:for|in|on|of|at|by|before)\b)"
)


def _unit_of_both(text: str) -> str:
    """ "The last 6 hours against the preceding 6": the second length with the unit of the first one."""

    def completed(match: re.Match[str]) -> str:
        number = match["number"] if match["number"].isdigit() else number_word(match["number"])
        return match[0] if number is None else f"{match['lead']} {number} {match['unit']}"

    return _SECOND_LENGTH.sub(completed, text)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar of one time zone at one moment; `now` is timezone-aware."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def at(self, day: date, clock: time, text: str = "") -> datetime:
        """That time of that day in UTC; an offset or "UTC" in `text` goes before the calendar's own zone."""
        offset = re.search(r":\d{2}(?:\.\d+)?\s*([+-])(\d{2}):?(\d{2})\b", text)
        if offset:
            shift = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            moment = datetime.combine(day, clock, UTC)
            return moment - shift if offset[1] == "+" else moment + shift
        in_utc = re.search(r"\b(?:utc|gmt)\b|\dz\b", text)
        return datetime.combine(day, clock, UTC if in_utc else self.zone).astimezone(UTC)

    def unit(self, unit: str, offset: int) -> tuple[datetime, datetime]:
        """Start and end of the calendar hour, day, week, month or year that lies `offset` units away."""
        if unit == "hour":
            local = self.now.astimezone(self.zone).replace(minute=0, second=0, microsecond=0)
            start = local.astimezone(UTC) + timedelta(hours=offset)
            return start, start + timedelta(hours=1)
        first, after = self._days(unit, offset)
        return self.at(first, time()), self.at(after, time())

    def _days(self, unit: str, offset: int) -> tuple[date, date]:
        if unit == "day":
            day = self.today + timedelta(days=offset)
            return day, day + timedelta(days=1)
        if unit == "week":
            monday = self.today - timedelta(days=self.today.weekday()) + timedelta(weeks=offset)
            return monday, monday + timedelta(weeks=1)
        if unit == "month":
            return _month_start(self.today, offset), _month_start(self.today, offset + 1)
        return date(self.today.year + offset, 1, 1), date(self.today.year + offset + 1, 1, 1)

    def month(self, name: str, year: str | None) -> tuple[datetime, datetime]:
        """Start and end of the latest month of that name that has begun; raises `InvalidInput` for absurd years."""
        number = month_number(name)
        wanted = int(year) if year else self.today.year - (1 if number > self.today.month else 0)
        if not _FIRST_YEAR <= wanted <= _LAST_YEAR:
            raise InvalidInput(f"The year {wanted} cannot be looked at.")
        first = date(wanted, number, 1)
        return self.at(first, time()), self.at(_month_start(first, 1), time())

    def say(self, moment: datetime) -> str:
        """ "03:12 UTC", or "3 Mar 03:12 UTC" on another day than today."""
        local = moment.astimezone(self.zone)
        day = "" if local.date() == self.today else f"{self.say_day(local.date())} "
        return f"{day}{local:%H:%M} {self.zone_name(moment)}"

    def say_window(self, start: datetime, end: datetime) -> str:
        """ "02:00 to 03:00 UTC", "3 Mar 22:00 to 4 Mar 04:00 UTC": both ends with their day unless it is today."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        if first.date() == last.date() == self.today:
            return f"{first:%H:%M} to {last:%H:%M} {self.zone_name(end)}"
        second = "" if first.date() == last.date() else f"{self.say_day(last.date())} "
        return f"{self.say_day(first.date())} {first:%H:%M} to {second}{last:%H:%M} {self.zone_name(end)}"

    def say_day(self, day: date) -> str:
        year = f" {day.year}" if day.year != self.today.year else ""
        return f"{day.day} {day:%b}{year}"

    def zone_name(self, moment: datetime) -> str:
        """The zone's usual short name at that moment; zones without one are called "UTC+03:30"."""
        name = moment.astimezone(self.zone).tzname() or "UTC"
        if name[0] in "+-":
            digits = name[1:]
            return f"UTC{name[0]}{digits[:2]}:{digits[2:] or '00'}"
        return name


def _month_start(day: date, offset: int) -> date:
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)


def month_number(name: str) -> int:
    return next(n for n, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


def read_day(text: str, calendar: Calendar) -> date | None:
    """The day named in a text; a date without a year is the latest one that has begun.

    Raises `InvalidInput` for a date that does not exist.
    """
    today = calendar.today
    if "day before yesterday" in text:
        return today - timedelta(days=2)
    if "yesterday" in text:
        return today - timedelta(days=1)
    if "today" in text:
        return today
    if ago := re.search(r"(\d+) days? ago", text):
        if int(ago[1]) > _FURTHEST_DAYS:
            raise InvalidInput(f"{ago[0].capitalize()} is further back than can be looked at.")
        return today - timedelta(days=int(ago[1]))
    written = _written_date(text, today) or _day_of_month(text, today)
    if written is not None and not _FIRST_YEAR <= written.year <= _LAST_YEAR:
        raise InvalidInput(f"The year {written.year} cannot be looked at.")
    return written or _weekday(text, today)


def _written_date(text: str, today: date) -> date | None:
    try:
        if iso := re.search(_ISO, text):
            return date.fromisoformat(iso[0].replace("/", "-"))
        if dotted := re.search(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text):
            return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
        month_day = re.search(rf"({_MONTH})\.?\s+(\d{{1,2}}){_ORDINAL}(?!\d|:)(?:,?\s+(\d{{4}}))?", text)
        day_month = re.search(rf"(\d{{1,2}}){_ORDINAL}\s+(?:of\s+)?({_MONTH})(?:,?\s+(\d{{4}}))?", text)
        if day_month:
            return _latest(int(day_month[1]), month_number(day_month[2]), day_month[3], today)
        if month_day:
            return _latest(int(month_day[2]), month_number(month_day[1]), month_day[3], today)
    except ValueError:
        raise InvalidInput(f"There is no such day as {text.strip()}.") from None
    return None


def _day_of_month(text: str, today: date) -> date | None:
    """ "The 3rd": the latest such day that has begun."""
    named = re.search(r"\bthe\s+(\d{1,2})(?:st|nd|rd|th)\b", text)
    if named is None or not 1 <= int(named[1]) <= 31:
        return None
    first = today.replace(day=1)
    for _ in range(3):
        wanted = first + timedelta(days=int(named[1]) - 1)
        if wanted.month == first.month and wanted <= today:
            return wanted
        first = _month_start(first, -1)
    return None


def _latest(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year), month, day)
    this_year = date(today.year, month, day)
    return this_year if this_year <= today else date(today.year - 1, month, day)


def _weekday(text: str, today: date) -> date | None:
    named = re.search(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*)\b", text)
    if named is None:
        return None
    number = next(n for n, name in enumerate(_WEEKDAYS) if name.startswith(named[1]))
    back = (today.weekday() - number) % 7
    if back == 0 and re.search(r"\b(?:last|past)\s", text):
        back = 7
    return today - timedelta(days=back)


def read_time(text: str) -> time | None:
    """The time of day in a text: "14:00", "2 pm", "midnight", "noon"."""
    if "midnight" in text:
        return time()
    if "noon" in text or "midday" in text:
        return time(12)
    clock = re.search(r"(?<![\d-])(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])?", text)
    hour_only = re.search(r"(?<![\d:])(\d{1,2})\s*([ap])\.?m", text)
    if clock:
        return _time(int(clock[1]), int(clock[2]), int(clock[3] or 0), clock[4])
    if hour_only:
        return _time(int(hour_only[1]), 0, 0, hour_only[2])
    return None


def _time(hour: int, minute: int, second: int, meridiem: str | None) -> time | None:
    if meridiem:
        hour = hour % 12 + (12 if meridiem == "p" else 0)
    if hour == 24 and minute == 0:
        hour = 0
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def spoken_span(span: timedelta) -> str:
    """ "6 hours", "90 minutes", "1 hour 30 minutes", "2 days": a length of time in whole words."""
    seconds = round(span.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0 and seconds >= (2 * size if unit == "day" else size):
            count = seconds // size
            return unit if count == 1 else f"{count} {unit}s"
    if seconds < 120:
        return f"{seconds} seconds"
    hours, rest = divmod(seconds, 3600)
    minutes = round(rest / 60)
    if not hours:
        return f"{minutes} minutes"
    return f"{hours} hour{'s' if hours > 1 else ''} {minutes} minutes"
