"""Times of day as people say them, written as digits: "half past ten" → "10:30", "before 8" → "before 8:00"."""

from __future__ import annotations

import re
from collections.abc import Callable

_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MINUTES = {"five": 5, "ten": 10, "quarter": 15, "twenty": 20, "twenty five": 25, "twenty-five": 25, "half": 30}
_HOUR = rf"(?:[01]?\d|2[0-4]|{'|'.join(_HOURS)})"
_MINUTE = rf"(?:[1-5]?\d|{'|'.join(sorted(_MINUTES, key=len, reverse=True))})"
_ENDS = (
    r"(?=\s*(?:$|[?!.,;)]|[ap]\.?m\b|-\s*\d|(?:and|to|till|until|or)\s+(?:\d|now\b|this\b|noon\b|midnight\b|today\b"
    rf"|yesterday\b|(?:{'|'.join(_HOURS)})\b)"
    r"|(?:today|yesterday|tonight|this|last|on|in|with|vs|versus|against|compared|at night|utc|gmt|sharp|what|which"
    r"|how|is|are|was|were|did|any|show"
    r"|list|for|please|pls|mon|tue|wed|thu|fri|sat|sun)(?:\b|[a-z]*day\b)))"
)
_DAYPART = r"(?:morning|afternoon|evening|night)"
_DAYWORD = r"(?:yesterday|today|this|last|mon[a-z]*|tue[a-z]*|wed[a-z]*|thu[a-z]*|fri[a-z]*|sat[a-z]*|sun[a-z]*)"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_CLOCK = r"\d{1,2}(?::\d{2})?(?:\s*[ap]\.?m\b\.?)?"
_MINUTE_WORDS = {
    "fifteen": 15,
    "thirty": 30,
    "forty": 40,
    "forty-five": 45,
    "forty five": 45,
    "twenty": 20,
    "fifty": 50,
}
_DAY = (
    rf"(?:(?:yesterday|today|(?:last|this|{_WEEKDAY})(?=\s+{_DAYPART}))(?:\s+(?:in the\s+)?{_DAYPART})?|{_WEEKDAY}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?"
    r"|\d{4}-\d\d-\d\d)\b"
)
_BEHIND = "|".join(
    f"(?<={word} )"
    for word in (
        "at",
        "since",
        "before",
        "after",
        "until",
        "around",
        "by",
        "about",
        "from",
        "to",
        "and",
        "between",
        "till",
    )
)
_JOINT = r"(?:-|to|until|till|thru|through)"
_A_LENGTH = "".join(
    f"(?<!{word} )"
    for word in ("last", "past", "previous", "preceding", "next", "every", "over", "for", "than", "lasting")
)
_DIGITS = r"(?:[01]?\d|2[0-4])"
_VERSUS = r"(?:vs\.?|versus|against|compared (?:to|with)|relative to|than)"
_UNITS = r"(?:s|sec|m|min|h|hr|d|w|%|seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)"

Rewrite = str | Callable[[re.Match[str]], str]


def clock_times(text: str) -> str:
    """The text, in lower case, with spoken times of day as digits."""
    for pattern, rewrite in _RULES:
        text = pattern.sub(rewrite, text)
    return text


def _hour(word: str) -> int:
    return int(word) if word.isdigit() else _HOURS.index(word) + 1


def _minute(word: str) -> int:
    return int(word) if word.isdigit() else _MINUTES[word]


def _past(match: re.Match[str]) -> str:
    return f"{_hour(match['hour'])}:{_minute(match['minute']):02d}"


def _to(match: re.Match[str]) -> str:
    return f"{(_hour(match['hour']) - 1) % 24}:{60 - _minute(match['minute']):02d}"


def _half(match: re.Match[str]) -> str:
    return f"{match['at']} {_hour(match['hour'])}:30"


def _whole(match: re.Match[str]) -> str:
    return f"{match['at']}{_hour(match['hour'])}:00"


def _and_minutes(match: re.Match[str]) -> str:
    return f"{_hour(match['hour'])}:{_MINUTE_WORDS[match['minute']]}"


def _bare_range(match: re.Match[str]) -> str:
    return f"between {_hour(match['a'])}:00 and {_hour(match['b'])}:00"


def _range_on_day(match: re.Match[str]) -> str:
    hours, day = _bare_range(match), match["day"]
    return f"{day} {hours}" if day[-1].isdigit() or day[0].isdigit() else f"{hours} {day}"


def _in_part(clock: str, part: str) -> str:
    """The clock time with the half of the day that its part names."""
    if clock.rstrip(".").endswith("m"):
        return clock
    hour = int(clock.split(":")[0])
    if hour > 12 or hour == 0:
        return clock
    late = part in ("afternoon", "evening") or (part == "night" and 6 <= hour < 12)
    return f"{clock}{'pm' if late else 'am'}"


def _day_of(day: str, part: str, clock: str) -> str:
    if day == "this":
        return "today"
    if day == "last":
        late = _in_part(clock, part).endswith("pm") or int(clock.split(":")[0].rstrip("apm. ")) >= 18
        return "yesterday" if late else "today"
    return day


def _with_part(match: re.Match[str]) -> str:
    said = match["clock"]
    return _in_part(str(_hour(said)) if said.isalpha() else said, match["part"])


def _on_part(match: re.Match[str]) -> str:
    said = match["clock"] or match["clock2"]
    clock = f"{_hour(said)}:00" if said.isalnum() and not said.endswith("m") else said
    return f"{_day_of(match['day'], match['part'], clock)} at {_in_part(clock, match['part'])}"


def _range_in_part(match: re.Match[str]) -> str:
    day, part = match["day"], match["part"]
    first, second = _in_part(match["first"], part), _in_part(match["second"], part)
    if part == "night" and re.fullmatch(r"0?6(?::00)?", match["second"]):
        second = "6:00am"
    when = f"{_day_of(day, part, match['first'])} " if day else ""
    return f"{when}between {first} and {second}"


_RULES: tuple[tuple[re.Pattern[str], Rewrite], ...] = tuple(
    (re.compile(pattern), rewrite)
    for pattern, rewrite in (
        (r"\b(?:btw|betw|btwn|bw)\.?\s+(?=\d)", "between "),
        (rf"\b({_HOUR})\s*-?\s*ish\b", r"\1"),
        (rf"\b(?P<at>)(?P<hour>{'|'.join(_HOURS)})\s+o'?clock\b", _whole),
        (
            rf"\b(?P<hour>{'|'.join(_HOURS)})[\s-]"
            rf"(?P<minute>{'|'.join(sorted(_MINUTE_WORDS, key=len, reverse=True))})\b"
            rf"(?![\s-]+(?:{_UNITS}|{'|'.join(_HOURS)})\b)",
            _and_minutes,
        ),
        (
            rf"{_A_LENGTH}(?<![\w.:/-])(?P<a>{_DIGITS})\s?h?\s*(?:{_JOINT}|and)\s*(?P<b>{_DIGITS})\s?h\b"
            r"(?!\s*(?:ago|back|earlier|before|old|long|lag)\b)",
            r"\g<a>:00-\g<b>:00",
        ),
        (
            rf"(?P<at>\b(?:since|at|until|till|before|after|from|to|around|by|between|and|{_DAY})\s+)(?P<hour>{_DIGITS})"
            rf"\s?h(?=,?\s+(?:on\s+)?{_DAY})",
            _whole,
        ),
        (rf"(?P<at>{_DAY}\s+(?:at\s+)?)(?P<hour>{_DIGITS})\s?h\b(?!\s*(?:ago|back))", _whole),
        (r"(?P<at>\b(?:since|at|from|between)\s+)(?P<hour>00?)\s?h\b", _whole),
        (
            rf"(?<![\w.:/-])(?P<at>)(?P<hour>{_HOUR})(?=\s*(?:-|(?:up\s+)?(?:to|till|until))\s*(?:right\s+)?now\b)",
            _whole,
        ),
        (
            rf"(?<![\w.:/-])(?P<a>{_DIGITS})\s*(?:-|to)\s*(?P<b>{_DIGITS})\s+(?P<vs>{_VERSUS})\s+(?P<c>{_DIGITS})"
            rf"\s*(?:-|to)\s*(?P<d>{_DIGITS})(?![\w.:/%-]|\s*(?:[ap]\.?m|{_UNITS})\b)",
            r"between \g<a>:00 and \g<b>:00 \g<vs> between \g<c>:00 and \g<d>:00",
        ),
        (
            rf"\b(?:at|(?:the\s+)?(?:hours?|window|slot|interval))\s+(?P<a>{_HOUR})\s*{_JOINT}\s*(?P<b>{_HOUR})\b{_ENDS}",
            _bare_range,
        ),
        (
            rf"(?<![\w.:/-])(?P<a>{_HOUR})\s*{_JOINT}\s*(?P<b>{_HOUR})(?:\s+o'?clock)?\s+(?:window|slot|time ?frame)\b",
            _bare_range,
        ),
        (
            rf"\b(?P<day>{_DAYWORD})\s+(?P<part>{_DAYPART})\s*,?\s+(?:between|from)\s+(?P<first>{_CLOCK})\s*(?:{_JOINT}|and)"
            rf"\s*(?P<second>{_CLOCK})(?![\w:]|\s*(?:{_UNITS}|[ap]\.?m)\b)",
            _range_in_part,
        ),
        (
            rf"\b(?P<day>{_DAY}),?\s+(?P<at>before)\s+(?P<clock>{_CLOCK})(?![\w:])",
            r"\g<at> \g<clock> \g<day>",
        ),
        (
            rf"(?<![\w.:/-])(?P<a>{_HOUR})\s*{_JOINT}\s*(?P<b>{_HOUR})(?:\s+o'?clock)?,?\s+(?:on\s+|of\s+)?"
            rf"(?P<day>{_DAY})",
            _range_on_day,
        ),
        (
            rf"\b(?P<day>{_DAY}),?\s+(?:at\s+|in\s+)?(?P<a>{_HOUR})\s*{_JOINT}\s*(?P<b>{_HOUR})\b(?![./%-]|:\d)"
            rf"(?!\s*{_UNITS}\b)(?!\s+(?!(?:was|is|has|does|this|vs|versus|differs)\b)[a-z]{{2,}}s\b)",
            _range_on_day,
        ),
        (r"(?<=\d)\s*(?:sharp|local time)\b", ""),
        (
            r"^(?P<lead>\W*(?:(?:and|or|only|just|what about|how about|same for|the same for|now|ok|between|from)\W+)*)"
            r"(?P<a>[01]?\d|2[0-3])\s*(?:-|to|until|till|and)\s*(?P<b>[01]?\d|2[0-4])(?:\s+(?:please|then|instead"
            r"|only))?\W*$",
            r"\g<lead>between \g<a>:00 and \g<b>:00",
        ),
        (
            r"\b(?:during|in|within|over)?\s*(?:the\s+)?(?:normal\s+|regular\s+)?(?:business|working|office"
            r"|work) hours\b",
            " between 9:00 and 17:00",
        ),
        (
            r"\b(?:noon|lunch)[\s-]?time\b|(?<=since )lunch\b|(?<=before )lunch\b|(?<=after )lunch\b"
            r"|(?<=around )lunch\b"
            r"|(?<=at )lunch\b|(?<=until )lunch\b",
            "noon",
        ),
        (rf"\b(?:an?\s+)?(?P<minute>{_MINUTE})(?:\s+min(?:ute)?s?)?[\s-]+past\s+(?P<hour>{_HOUR})\b", _past),
        (rf"\b(?:an?\s+)?(?P<minute>quarter)\s+after\s+(?P<hour>{_HOUR})\b", _past),
        (rf"\b(?:an?\s+)?(?P<minute>quarter)\s+(?:to|before|till|of)\s+(?P<hour>{_HOUR})\b", _to),
        (
            rf"(?<!from )(?<!between )\b(?P<minute>five|ten|twenty[ -]five|twenty|(?:[1-5]?\d(?= min)))"
            rf"(?:\s+min(?:ute)?s?)?\s+to\s+(?P<hour>{_HOUR})\b(?!\s*{_UNITS}\b)",
            _to,
        ),
        (rf"\b(?P<at>at|since|before|after|until|till|by|around)\s+half\s+(?P<hour>{_HOUR})\b(?!\s*{_UNITS}\b)", _half),
        (
            rf"\b(?P<at>(?:between|from)\s+)(?P<hour>{_HOUR})(?=\s*(?:and|to|till|until|-)\s*\d{{1,2}}:\d\d)",
            _whole,
        ),
        (
            r"(?<![\d.:/-])([01]?\d|2[0-3])\.([0-5]\d)\s*(-|to|until|till)\s*([01]?\d|2[0-3])\.([0-5]\d)"
            rf"(?![\d.:/-]|\s*{_UNITS}\b)",
            r"\1:\2 \3 \4:\5",
        ),
        (
            r"\b((?:last|past|previous|recent|for|over)\s+(?:the\s+)?(?:last\s+"
            r"|past\s+)?)(\d{1,2})h([0-5]\d)\b(?!\s*m)",
            r"\1\2h \3m",
        ),
        (r"\b(\d{1,2})h([0-5]\d)(?=\s+(?:ago|back|earlier)\b)", r"\1h \2m"),
        (r"\b(\d{1,2})h([0-5]\d)\b(?!\s*m)", r"\1:\2"),
        (r"\b(\d{1,2})\s+uhr\b", r"\1:00"),
        (r"\b([01]\d|2[0-3])([0-5]\d)\s*(?:hrs|hours|h|z|utc)\b", r"\1:\2"),
        (r"\b([01]\d)([0-5]\d)\s*(-|to|and|until|till)\s*([01]\d|2[0-3])([0-5]\d)\b", r"\1:\2 \3 \4:\5"),
        (r"\b(at|since|before|after|until|till|from|between|around)\s+([01]\d)([0-5]\d)\b(?![:.-])", r"\1 \2:\3"),
        (
            r"\b(between|from)\s+(\d{1,2})[.h](\d{2})\s*(and|to|-|until|till)\s*(\d{1,2})[.h](\d{2})\b",
            r"\1 \2:\3 \4 \5:\6",
        ),
        (
            rf"\b(at|since|before|after|until|till|around)\s+([01]?\d|2[0-3])\.([0-5]\d)\b(?!\.|\d|\s*{_UNITS}\b)",
            r"\1 \2:\3",
        ),
        (
            rf"\b(?:between|from)\s+(?P<first>{_CLOCK})\s*(?:and|to|-|until|till)\s*(?P<second>{_CLOCK})\s+(?:in the\s+"
            rf"|on\s+)?(?:(?P<day>{_DAYWORD})\s+)?(?P<part>{_DAYPART})\b",
            _range_in_part,
        ),
        (
            rf"\b(?P<clock>{_CLOCK}|{'|'.join(_HOURS)})\s+(?:o'?clock\s+)?(?:in the\s+|at\s+)(?P<part>{_DAYPART})\b",
            _with_part,
        ),
        (
            rf"\b(?P<day>{_DAYWORD})\s+(?P<part>{_DAYPART})\s*,?\s+(?:(?:at|around|about|by)\s+)?"
            rf"(?P<clock>\d{{1,2}}:\d\d(?:\s*[ap]\.?m\b)?|\d{{1,2}}\s*[ap]\.?m\b)",
            _on_part,
        ),
        (
            rf"\b(?P<day>{_DAYWORD})\s+(?P<part>{_DAYPART})\s*,?\s+(?:(?:at|around|about|by)\s+(?P<clock>{_HOUR})\b"
            rf"(?!\s*{_UNITS}\b)|(?P<clock2>{_HOUR})\b(?![:./%]){_ENDS})",
            _on_part,
        ),
        (
            rf"(?:{_BEHIND})(?P<clock>{_CLOCK})\s+(?P<day>{_DAYWORD})\s+(?P<part>{_DAYPART})\b",
            lambda m: f"{_in_part(m['clock'], m['part'])} {_day_of(m['day'], m['part'], m['clock'])}",
        ),
        (
            rf"(?P<at>\b(?:since|before|until|till)\s+|(?:(?<=day )|(?<=yesterday )|(?<=today ))after\s+)"
            rf"(?P<hour>{_HOUR})\b(?!\s*(?:[:./%-]\d|%|[ap]\.?m\b|{_UNITS}\b|o'?clock|(?:and|to|of|or)\s+\d"
            rf"|st\b|nd\b|rd\b|th\b|(?!(?:has|was|is|this|does|kafka's|flinks)\b)[a-z]+s\b|(?:jan|feb|mar|apr|may"
            rf"|jun|jul|aug|sep|oct|nov|dec)))",
            _whole,
        ),
        (
            rf"(?P<at>^(?:at|after|around)\s+)(?P<hour>{_HOUR})\b(?![:./%-])(?=\s+[a-z])(?!\s*(?:[ap]\.?m|{_UNITS}"
            rf"|and|to|or|till|until)\b)",
            _whole,
        ),
        (
            rf"(?P<at>\b(?:at|after|by|around|about|from)\s+)(?P<hour>{_HOUR})\b(?![:./%])(?!\s*[ap]\.?m\b)"
            rf"(?!\s+(?:and|to|or|till|until)\s+\d)(?!\s*-\s*\d){_ENDS}",
            _whole,
        ),
    )
)
