"""What a series usually does, from its hours: the same hour on earlier days, or the day before a window; pure.

It is a picture of custom for the eye, not what detection judges by: that follows the last hour at a finer grain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from monitoring.metrics import Window
from monitoring.operations import Usual, UsualBy

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DAYS = 7
"""So many days before an hour say what is usual at that time of day."""
LEAST_DAYS = 3
LEAST_HOURS = 3
SPREADS = 3.0
_SIGMA = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation."""


class Hour(NamedTuple):
    """An hour of a series."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Custom:
    """What is usual in each hour of a window, and by what; without hours where too little is known."""

    hours: Sequence[Usual] = ()
    by: UsualBy | None = None


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def custom(known: Mapping[datetime, Hour], window: Window) -> Custom:
    """What is usual in the hours of a window; `known` has the hours of a series by when they begin."""
    first = hour_of(window.start)
    hours = [first + place * HOUR for place in range(int((window.end - first) / HOUR) + 1)]
    seasonal = [(hour, _same_hour(known, hour)) for hour in hours]
    if any(len(found) >= LEAST_DAYS for _, found in seasonal):
        return Custom([_usual(hour, found) for hour, found in seasonal if len(found) >= LEAST_DAYS], "hour of day")
    lately = [known[hour] for hour in (first - place * HOUR for place in range(1, 25)) if hour in known]
    if len(lately) < LEAST_HOURS:
        return Custom()
    one = _usual(first, lately)
    return Custom([one._replace(hour=hour) for hour in hours], "day before")


def usual_level(known: Mapping[datetime, Hour], end: datetime) -> float | None:
    """The median of a series' hourly means of the day before a moment."""
    means = [hour.mean for begun, hour in known.items() if end - DAY <= begun < end]
    return median(means) if means else None


def _same_hour(known: Mapping[datetime, Hour], hour: datetime) -> list[Hour]:
    days = (hour - place * DAY for place in range(1, DAYS + 1))
    return [known[day] for day in days if day in known]


def _usual(hour: datetime, found: Sequence[Hour]) -> Usual:
    """The median of the means, three robust standard deviations around it, and what such hours hold in any case."""
    middle = median(one.mean for one in found)
    reach = SPREADS * _SIGMA * median(abs(one.mean - middle) for one in found)
    least, most = median(one.low for one in found), median(one.high for one in found)
    floor = 0.0 if all(one.low >= 0 for one in found) else float("-inf")
    return Usual(hour, max(floor, min(least, middle - reach)), middle, max(most, middle + reach))
