"""Two windows in words: "this week vs last", "last 6 hours compared to yesterday", "than usual".

The second window is laid alongside the first one: as long, at the same time of day or week, unless both
were named outright.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import islice

from monitoring.agent.calendars import Calendar, spoken_span
from monitoring.agent.timemoments import moved_to
from monitoring.agent.timespans import DURATION, Found, TimeSpan, clipped, duration, rolling, unit_length
from monitoring.agent.timewords import find_spans
from monitoring.metrics import Window

SEPARATOR = (
    r"\b(?:vs|versus|(?:compar(?:ed?|ing)|contrast(?:ed|ing)?)\s+(?:to|with|against)"
    r"|in comparison (?:to|with)|in contrast (?:to|with)|as opposed to|against|relative to|than"
    r"|differs?(?:ent)?\s+(?:from|to|than)|with (?=(?:last|the previous|yesterday|the same))|with (?=the day))\b"
)
_PAIR = r"\b(?:compar\w*|differences?|changes?)\b.*?\b(?:between\s+)?(?P<a>[^,?]+?)\s+(?:and|with|to)\s+(?P<b>[^,?]+)"
_BEFORE = r"\b(?:before|previous|prior|preceding|earlier|the one before|before that)\b"
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Windows:
    """The window a question is about, the one it is compared with, and the question without their words."""

    window: TimeSpan | None
    compare: TimeSpan | None
    rest: str
    named: bool = True
    """Whether the question named any of them."""


def read_windows(
    text: str, calendar: Calendar, comparing: bool, base: TimeSpan | None = None, beside: TimeSpan | None = None
) -> Windows:
    """Windows named in a lower-case text; `comparing` says that the question asks for a comparison.

    `base` is the window that is meant where only the one to compare with is named, `beside` one that a single window
    is to be set beside: "more than yesterday?" after a question about today.

    Raises `Nonsense` for windows that cannot be looked at.
    """
    if comparing:
        read = (
            _before_and_after(text, calendar)
            or _week_over_week(text, calendar)
            or _separated(text, calendar, base)
            or _two_apart(text, calendar)
            or _paired(text, calendar)
        )
        if read is not None:
            return read
    found, rest = find_spans(text, calendar)
    window = found[0].span if found else None
    if comparing and len(found) > 1:
        later, earlier = sorted((found[0].span, found[1].span), key=lambda s: s.window.start, reverse=True)
        return Windows(*aligned(later, earlier, "", calendar), rest)
    if not comparing and len(found) > 1:
        window = _joined(found, calendar)
    if comparing and window is not None and beside is not None and _apart(window, beside):
        later, earlier = sorted((window, beside), key=lambda span: span.window.start, reverse=True)
        return Windows(*aligned(later, earlier, "", calendar), rest)
    if comparing and window is not None:
        return Windows(window, shifted(window, _natural_shift(window), calendar), rest)
    if comparing and base is not None:
        return Windows(base, shifted(base, _natural_shift(base), calendar), rest)
    if comparing:
        day = rolling(_DAY, calendar.now)
        return Windows(day, shifted(day, _WEEK, calendar), rest, named=False)
    return Windows(_from_point(window, rest, calendar), None, rest, named=window is not None)


def _apart(one: TimeSpan, other: TimeSpan) -> bool:
    return one.window.end <= other.window.start or other.window.end <= one.window.start


_COMPARATIVE = (
    r"\b(?:more|fewer|less|worse|better|higher|lower|slower|faster|busier|quieter|noisier|calmer|bigger|smaller|larger"
    r"|longer|shorter|fuller|healthier|greater|further)\b"
)
_THE_ONE_BEFORE = re.compile(
    rf"^\W*(?:on |in |during |over )?(?:the |an? )?(?:(?P<span>{DURATION}|half hour|hour|day|week|night|month|one)"
    r" (?:just |right |immediately |directly )?(?:before|prior|earlier)"
    rf"|(?:previous|preceding|prior) (?P<span2>{DURATION}|half hour|hour|day|week|night|month|one))"
    r"(?=\W*$|\s*[,?.;:]|\s+(?:it|that|this|then|for|in|on|of|at)\b)"
)
"""The stretch before the one that is named: "the hour before that", "24 hours earlier", "the previous 2 hours"."""
_JOINT = re.compile(rf"{SEPARATOR}|\b(?P<other>or|next to|beside|alongside)\b")
_BESIDE = r"\bcontrast\w*|\bside by side\b|\bnext to\b|\bcompar\w*|\brelative to\b|\bbeside\b|\bversus\b|\bvs\b"


def either_time(text: str, calendar: Calendar) -> str:
    """A question for one of two stretches of time, "more alerts today or yesterday?", as a comparison of the two.

    Other texts as they are.
    """
    for joint in islice(_JOINT.finditer(text), 6):
        left, right = text[: joint.start()], text[joint.end() :]
        if joint["other"] == "or" and not re.search(_COMPARATIVE, text):
            continue
        if _names_stretch(right, calendar) and find_spans(left, calendar)[0]:
            return f"compare {left} vs {right}"
    if re.search(_BESIDE, text) and _two_apart(text, calendar) is not None:
        return f"compare {text}"
    return text


def _names_stretch(text: str, calendar: Calendar) -> bool:
    """Whether a text names a stretch of time, not only a length: "slower than 30 seconds"."""
    if _THE_ONE_BEFORE.match(text):
        return True
    found, _ = find_spans(text, calendar)
    return any(f.span.kind != "rolling" or not text[f.start : f.end].strip()[0].isdigit() for f in found)


_AFTERWARDS = r"\b(?:after (?:that|this|it)|since then|from then on|afterwards?|thereafter|ever since)\b"


def after_named(text: str, calendar: Calendar) -> bool:
    """Whether "after that" speaks of a moment that the same sentence names."""
    if not re.search(_AFTERWARDS, text):
        return False
    found, _ = find_spans(text, calendar)
    return any(f.span.kind == "point" for f in found)


def till_now(text: str, calendar: Calendar) -> bool:
    """Whether "till now" ends a window that the same words begin."""
    found, _ = find_spans(text, calendar) if re.search(r"\bnow\b", text) else ([], text)
    return any(text[f.start : f.end].rstrip().endswith("now") for f in found)


def _from_point(window: TimeSpan | None, rest: str, calendar: Calendar) -> TimeSpan | None:
    """ "We deployed at 10:10, what changed after that?": from that moment on."""
    if window is None or window.kind != "point" or not re.search(_AFTERWARDS, rest):
        return window
    start = window.window.start + window.window.span / 2
    return TimeSpan(Window(start, calendar.now), f"since {calendar.say(start)}", "since")


_AROUND = r"\bbefore and after\s+(?:the\s+)?|\bbefore\s*/\s*after\s+"


def _before_and_after(text: str, calendar: Calendar) -> Windows | None:
    """ "Back-pressure before and after 10:20": the stretches on either side of that moment."""
    match = re.search(_AROUND, text)
    if match is None:
        return None
    found, rest = find_spans(text[match.end() :], calendar)
    if not found or found[0].span.kind != "point":
        return None
    moment = found[0].span.window.start + found[0].span.window.span / 2
    around = re.search(rf"(?:\bthe\s+)?(?:first\s+|last\s+)?({DURATION}|\bhour)\s+$", text[: match.start()])
    length = min(calendar.now - moment, _length(around[1]) if around else timedelta(hours=2))
    after, before = Window(moment, moment + length), Window(moment - length, moment)
    return Windows(
        TimeSpan(after, f"from {calendar.say_window(*after)}", "calendar"),
        TimeSpan(before, f"the {spoken_span(length)} before", "calendar"),
        f"{text[: around.start() if around else match.start()]} {rest}",
    )


def _joined(found: list[Found], calendar: Calendar) -> TimeSpan:
    """The window of several time words: times of day on the day named beside them, else the narrower one where
    one lies in the other, else the first."""
    named = [f for f in found if f.span.unit != "length"]
    if len(named) == 1:
        return named[0].span
    first, second = (named or found)[0].span, (named or found)[1].span
    days = [f.span for f in found if f.span.unit == "day"]
    clocks = [f.span for f in found if f.span.unit == "clock"]
    if days and clocks:
        return clipped(moved_to(clocks[0], days[0], calendar), calendar.now)
    if first.window.start <= second.window.start and second.window.end <= first.window.end:
        return second
    return first


def _as_one(found: list[Found], calendar: Calendar) -> TimeSpan:
    return _joined(found, calendar) if len(found) > 1 else found[0].span


def _stretch_before(first: TimeSpan, words: re.Match[str], calendar: Calendar) -> TimeSpan:
    """The stretch of a length that ends where the first one begins; one longer than that is how far back it lies."""
    said = words["span"] or words["span2"]
    if said in ("month", "one", "night"):
        return shifted(first, _named_shift(said) or _natural_shift(first), calendar)
    length = timedelta(minutes=30) if said == "half hour" else _length(said)
    start = first.window.start
    if length >= first.window.span:
        return shifted(first, length, calendar)
    return TimeSpan(Window(start - length, start), f"the {spoken_span(length)} before", "calendar")


def _length(said: str) -> timedelta:
    return duration(said) if re.search(r"\d", said) else unit_length(said)


def _week_over_week(text: str, calendar: Calendar) -> Windows | None:
    match = re.search(r"\b(week|day|month) over (?:week|day|month)\b", text)
    if match is None:
        return None
    shift = {"week": _WEEK, "day": _DAY, "month": timedelta(weeks=4)}[match[1]]
    rest = text[: match.start()] + " " + text[match.end() :]
    found, rest = find_spans(rest, calendar)
    window = found[0].span if found else rolling(_DAY, calendar.now)
    return Windows(window, shifted(window, shift, calendar), rest)


def _two_apart(text: str, calendar: Calendar) -> Windows | None:
    """Exactly two windows that do not lie in each other."""
    found, rest = find_spans(text, calendar)
    if (
        len(found) != 2
        or any(f.span.kind == "point" for f in found)
        or {f.span.unit for f in found} == {"day", "clock"}
    ):
        return None
    earlier, later = sorted((f.span for f in found), key=lambda s: s.window.start)
    if later.window.start < earlier.window.end:
        return None
    return Windows(*aligned(later, earlier, "", calendar), rest)


def _separated(text: str, calendar: Calendar, base: TimeSpan | None) -> Windows | None:
    for match in islice(re.finditer(SEPARATOR, text), 6):
        right_text = text[match.end() :]
        right, right_rest = find_spans(right_text, calendar)
        if not right and not _elliptical(right_text):
            continue
        left, left_rest = find_spans(text[: match.start()], calendar)
        if not left:
            first, second = (right[1].span if len(right) > 1 else base), (right[0].span if right else None)
        else:
            first, second = _as_one(left, calendar), (_as_one(right, calendar) if right else None)
        before = _THE_ONE_BEFORE.match(right_text) if first else None
        if first is not None and before is not None:
            window, compare = first, _stretch_before(first, before, calendar)
        else:
            window, compare = aligned(first, second, right_text, calendar)
        return Windows(window, compare, f"{left_rest} {_without_ellipsis(right_rest)}")
    return None


def _paired(text: str, calendar: Calendar) -> Windows | None:
    match = re.search(_PAIR, text)
    if match is None:
        return None
    first, first_rest = find_spans(match["a"], calendar)
    second, second_rest = find_spans(match["b"], calendar)
    if not first or not second:
        return None
    later, earlier = sorted((first[0].span, second[0].span), key=lambda s: s.window.start, reverse=True)
    window, compare = aligned(later, earlier, "", calendar)
    return Windows(window, compare, f"{text[: match.start('a')]} {first_rest} {second_rest}")


def _elliptical(text: str) -> bool:
    return (
        re.search(
            rf"^\s*(?:the\s+)?(?:last|usual|normal|it was|{_BEFORE}|same\b|day|week|month|hour)\b|{_BEFORE}", text
        )
        is not None
    )


def _without_ellipsis(text: str) -> str:
    return re.sub(r"\b(?:the\s+)?(?:last|usual|normal|before|previous|prior|same|day|week|month|one|time)\b", " ", text)


def aligned(
    first: TimeSpan | None, second: TimeSpan | None, words: str, calendar: Calendar
) -> tuple[TimeSpan, TimeSpan]:
    """A window and the stretch that is compared with it, of which one may only be implied by the `words` around."""
    if first is None:
        return _against(second, words, calendar)
    if second is not None and second.window.start > first.window.start:
        first, second = second, first
    if second is not None and second.window == first.window:
        return first, shifted(first, first.window.span, calendar)
    if second is None:
        return first, shifted(first, _named_shift(words) or _natural_shift(first), calendar)
    return first, _laid_alongside(first, second, calendar)


def _against(second: TimeSpan | None, words: str, calendar: Calendar) -> tuple[TimeSpan, TimeSpan]:
    """Only the window to compare with is named: the present stretch that goes with it."""
    day = rolling(_DAY, calendar.now)
    if second is None:
        return day, shifted(day, _named_shift(words) or _WEEK, calendar)
    if second.unit == "week":
        return day, shifted(day, _WEEK, calendar)
    if second.unit == "month":
        return day, shifted(day, timedelta(weeks=4), calendar)
    if second.unit == "day":
        midnight = calendar.at(calendar.today, time())
        so_far = TimeSpan(Window(midnight, calendar.now), "today", "calendar", "day")
        if calendar.now - midnight < timedelta(hours=1):
            so_far = rolling(timedelta(hours=1), calendar.now)
        back = _days_back(so_far, second, calendar)
        return so_far, shifted(so_far, back, calendar)
    if second.kind == "rolling":
        return second, shifted(second, second.window.span, calendar)
    if second.window.end >= calendar.now:
        # "Slower than this morning", asked in the morning: its last hour against what went before.
        now = rolling(min(timedelta(hours=1), second.window.span / 2), calendar.now)
        return now, TimeSpan(Window(second.window.start, now.window.start), second.label, "calendar", second.unit)
    return rolling(second.window.span, calendar.now), second


def _laid_alongside(first: TimeSpan, second: TimeSpan, calendar: Calendar) -> TimeSpan:
    """Where the second window is a whole unit and the first is not, its stretch that goes with the first."""
    same_unit = bool(first.unit) and first.unit == second.unit
    if same_unit:
        so_far = first.window.end == calendar.now and first.window.span < second.window.span
        if not so_far:
            return second
        end = second.window.start + first.window.span
        label = f"{second.label} up to the same time"
        return TimeSpan(Window(second.window.start, min(end, second.window.end)), label, "calendar", second.unit)
    if second.unit == "time":
        return shifted(first, _days_back(first, second, calendar), calendar)
    if second.unit == "week":
        return shifted(first, _WEEK, calendar)
    if second.unit == "month":
        return shifted(first, timedelta(weeks=4), calendar)
    if second.unit == "day" and first.window.span < timedelta(hours=23):
        return shifted(first, _days_back(first, second, calendar), calendar)
    if second.kind == "rolling" and first.kind == "rolling" and second.window.span > first.window.span:
        return TimeSpan(Window(second.window.start, first.window.start), f"the time before, {second.label}", "calendar")
    return second


def _days_back(first: TimeSpan, second: TimeSpan, calendar: Calendar) -> timedelta:
    here = first.window.end.astimezone(calendar.zone).date()
    there = second.window.start.astimezone(calendar.zone).date()
    return max((here - there), _DAY)


def _named_shift(words: str) -> timedelta | None:
    if re.search(r"\bweeks?\b|\busual\b|\bnormal\b", words):
        return _WEEK
    if re.search(r"\bday\b|\byesterday\b", words):
        return _DAY
    if re.search(r"\bmonth\b", words):
        return timedelta(weeks=4)
    return None


def _natural_shift(span: TimeSpan) -> timedelta:
    """How far back the stretch lies that one would compare with: the one just before, in whole units."""
    if span.unit in ("week", "weekend"):
        return _WEEK
    if span.unit in ("day", "part"):
        return _DAY
    if span.unit == "month":
        return timedelta(days=round(span.window.span / _DAY))
    if span.kind in ("rolling", "since"):
        return span.window.span
    return _DAY


def shifted(span: TimeSpan, shift: timedelta, calendar: Calendar) -> TimeSpan:
    """The stretch as long, that much earlier; it is named by how far back it lies."""
    window = Window(span.window.start - shift, span.window.end - shift)
    if shift == span.window.span:
        label = f"the {spoken_span(shift)} before"
    elif shift % _WEEK == timedelta():
        weeks = shift // _WEEK
        label = "the same stretch one week earlier" if weeks == 1 else f"the same stretch {weeks} weeks earlier"
    elif shift % _DAY == timedelta():
        days = shift // _DAY
        label = "the same stretch one day earlier" if days == 1 else f"the same stretch {days} days earlier"
    else:
        label = f"the same stretch {spoken_span(shift)} earlier"
    return clipped(TimeSpan(window, label, "calendar", span.unit), calendar.now)
