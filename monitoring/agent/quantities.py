"""Numbers in a text as people write them: counts, shares, lengths of time, sizes, times of day and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from monitoring.agent.calendars import month_number, read_time
from monitoring.agent.numberwords import number_word

Kind = Literal["plain", "percent", "duration", "bytes", "time", "date", "id", "ago"]

_SECONDS = {
    "ms": 0.001,
    "millisecond": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hour": 3600.0,
    "d": 86_400.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "month": 2_592_000.0,
    "year": 31_536_000.0,
}
_BYTES = {
    "bytes": 1.0,
    "byte": 1.0,
    "kb": 1e3,
    "mb": 1e6,
    "gb": 1e9,
    "tb": 1e12,
    "kib": 2.0**10,
    "mib": 2.0**20,
    "gib": 2.0**30,
    "tib": 2.0**40,
}
_SCALES = {"k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9, "bn": 1e9, "M": 1e6, "B": 1e9}

_NUMBER = r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?"
_TIME_UNIT = (
    r"(?:milliseconds?|ms|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|s|m|h|d)(?![A-Za-z/])"
)
_FREE = r"(?<![A-Za-z0-9_.])(?<![A-Za-z]-)(?<![A-Za-z]/)(?<![A-Za-z]\+)"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s*[ap]\.?m\b\.?)?|\d{1,2}\s*[ap]\.?m\b\.?"
_DATE = (
    rf"\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b(?:,?\s+\d{{4}}(?![\d:]))?"
    rf"|{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!:)(?:,?\s+\d{{4}}(?![\d:]))?"
)
_MOMENT = re.compile(
    rf"{_FREE}(?:(?P<date>{_DATE})(?:(?:T|,?\s+(?:at\s+)?)(?P<dated>{_CLOCK}))?|(?P<clock>{_CLOCK}))(?P<zulu>Z"
    rf"|\s*UTC)?",
    re.IGNORECASE,
)
_DURATION = re.compile(
    rf"{_FREE}(?:{_NUMBER}[\s-]*{_TIME_UNIT})(?:\s*(?:and\s+|,\s*)?{_NUMBER}\s*{_TIME_UNIT})*(?P<ago>\s+ago\b)?"
)
_PART = re.compile(rf"({_NUMBER})[\s-]*({_TIME_UNIT})")
_PERCENT = re.compile(rf"{_FREE}({_NUMBER})\s*(?:%|percent(?:age points?)?\b|pct\b|pp\b)")
_SIZE = re.compile(rf"{_FREE}({_NUMBER})\s*([kKMGT]i?B|bytes?)\b")
_ID = re.compile(r"(?:#|\b(?:incident|anomaly|event|id|no\.)\s+#?)(\d+)\b", re.IGNORECASE)
_PLAIN = re.compile(rf"{_FREE}({_NUMBER})(?:\s?(k|thousand|million|billion|bn)\b|([MB])(?![A-Za-z]))?")
_WORD = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty)\b(?:\s+(seconds?|minutes?"
    r"|hours?|days?|weeks?))?",
    re.IGNORECASE,
)
_SHARED_UNIT = re.compile(
    rf"{_FREE}(?P<first>{_NUMBER})(?P<joint>\s*(?:to|-|–|and)\s*)(?P<second>{_NUMBER}\s*(?P<unit>%"
    rf"|{_TIME_UNIT}|[kKMGT]i?B\b))"
)
_ORDINAL_AT_START = re.compile(r"^(\s*)\d+[.)](?=\s)", re.MULTILINE)
_ABOUT_REACH = 24
"""Characters before a number among which it is looked for a word that rounds it."""
_ABOUT = re.compile(r"(?:\babout|\baround|\broughly|\bapproximately|\bnearly|\balmost|~|≈)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text: its kind, its size (seconds, percent, bytes) and how exactly it is given.

    `step` is the size of its last digit, `whole` says that a length of time was given in whole units.
    `clock` holds (hour, minute, second or -1), `day` and `year` a date's parts. `after` is the text that follows.
    """

    text: str
    kind: Kind
    value: float = 0.0
    step: float = 1.0
    whole: bool = True
    clock: tuple[int, int, int] | None = None
    day: tuple[int, int] | None = None
    year: int | None = None
    after: str = ""


def quantities(text: str) -> Iterator[Quantity]:
    """Every number of a text, those that belong together as one; list numbers at the start of a line are none."""
    text = _ORDINAL_AT_START.sub(lambda match: " " * len(match[0]), text)
    text = _SHARED_UNIT.sub(r"\g<first> \g<unit>\g<joint>\g<second>", text)
    for pattern, read in _READERS:
        left, end = [], 0
        for match in pattern.finditer(text):
            found = read(match)
            if found is not None:
                yield found
                left += [text[end : match.start()], " " * (match.end() - match.start())]
                end = match.end()
        text = "".join([*left, text[end:]])


def _moment(match: re.Match[str]) -> Quantity | None:
    written, clock = match["date"], match["dated"] or match["clock"]
    at = read_time(clock.lower()) if clock else None
    if clock and at is None:
        return Quantity(match[0].strip(), "time", clock=(99, 99, 99))
    day, year = _day(written) if written else (None, None)
    seconds = at.second if at and clock.count(":") == 2 else -1
    hands = None if at is None else (at.hour, at.minute, seconds)
    return Quantity(match[0].strip(), "time" if at else "date", clock=hands, day=day, year=year)


def _day(written: str) -> tuple[tuple[int, int], int | None]:
    if re.match(r"\d{4}-", written):
        try:
            read = date.fromisoformat(written)
        except ValueError:
            return (0, 0), None
        return (read.month, read.day), read.year
    month = re.search(_MONTH, written, re.IGNORECASE)
    numbers = [int(n) for n in re.findall(r"\d+", written)]
    assert month is not None
    return (month_number(month[0].lower()), numbers[0]), numbers[1] if len(numbers) > 1 else None


def _duration(match: re.Match[str]) -> Quantity:
    total, step, whole = 0.0, 1.0, True
    for number, unit in _PART.findall(match[0]):
        size = _seconds(unit)
        value, digits = _read(number)
        total += abs(value) * size
        step = digits * size
        whole = "." not in number
    return Quantity(match[0].strip(), "ago" if match["ago"] else "duration", total, step, whole)


def _seconds(unit: str) -> float:
    lower = unit.lower()
    return _SECONDS.get(lower) or _SECONDS.get(lower.rstrip("s")) or 1.0


def _percent(match: re.Match[str]) -> Quantity:
    value, step = _read(match[1])
    return Quantity(match[0].strip(), "percent", abs(value), step)


def _size(match: re.Match[str]) -> Quantity:
    value, step = _read(match[1])
    unit = _BYTES[match[2].lower()]
    return Quantity(match[0].strip(), "bytes", abs(value) * unit, step * unit)


def _id(match: re.Match[str]) -> Quantity:
    return Quantity(match[0].strip(), "id", float(match[1]))


def _plain(match: re.Match[str]) -> Quantity | None:
    after = match.string[match.end() : match.end() + 60]
    if re.match(r"(?:st|nd|rd|th)\b", after) or re.match(r"[A-Za-z_]", after):
        return None if re.match(r"(?:st|nd|rd|th)\b", after) else Quantity(match[0].strip(), "plain", *_scaled(match))
    value, step = _scaled(match)
    if _ABOUT.search(match.string[max(0, match.start() - _ABOUT_REACH) : match.start()]) and "." not in match[1]:
        digits = match[1].replace(",", "").lstrip("+-−")
        step = max(step, 10.0 ** (len(digits) - len(digits.rstrip("0"))) if digits.rstrip("0") else step)
    return Quantity(match[0].strip(), "plain", value, step, after=after)


def _scaled(match: re.Match[str]) -> tuple[float, float]:
    value, step = _read(match[1])
    scale = _SCALES.get(match[2] or match[3] or "", 1.0)
    return abs(value) * scale, step * scale


def _word(match: re.Match[str]) -> Quantity | None:
    value = number_word(match[1].lower())
    if value is None:
        return None
    if match[2]:
        unit = _seconds(match[2])
        return Quantity(match[0], "duration", value * unit, unit)
    return Quantity(match[0], "plain", float(value), after=match.string[match.end() : match.end() + 60])


def _read(number: str) -> tuple[float, float]:
    """The number and the size of its last digit."""
    text = number.replace(",", "").replace("−", "-")
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    power = max(-300, min(300, int(exponent or 0)))
    return float(f"{mantissa}e{power}"), 10.0 ** max(-300, power - decimals)


_READERS = (
    (_MOMENT, _moment),
    (_SIZE, _size),
    (_PERCENT, _percent),
    (_DURATION, _duration),
    (_ID, _id),
    (_PLAIN, _plain),
    (_WORD, _word),
)
