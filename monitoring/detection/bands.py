"""What series may do and still be as ever: bands around their recent past, by robust statistics over columns.

Rows are series, columns bins of equal width from oldest to newest, NaN where a series has no sample.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from monitoring.blocks import Bools, Floats

SPREADS = 6.0
"""So many robust standard deviations off the median are as ever. For noise of any shape with one peak, four are
left by fewer than three bins in a hundred (Vysochanskij and Petunin), three in a row far more seldom; six leave
room for bins that resemble their neighbours."""
LEAST_SPREAD = 0.02
"""A series that hardly moves is taken to have a standard deviation of this share of its level."""
LEAST_CHANGE = 0.5
"""A rate must change by at least half of its level to be news: loads shift by tens of percent every hour."""
OUTER = 0.02
"""The share of bins beyond each outer quantile; within them lies what a series has done before."""
WIDENED = 0.1
"""By this share of its distance from the median the edge of what was seen before is put further out."""
HABITUAL = 3
"""What happened in so many of the last hours is a habit."""
LEAST_BINS = 20
WILD = 0.15
"""With a larger share of its bins beyond the inner band, a series has no level it could leave."""
IN_A_ROW = 3
"""So many bins in a row must be beyond the band: one odd sample, or two, are in fewer."""
_TREND = 20
"""The medians of the last bins and of as many before them tell where a level is going."""
_SIGMA = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation."""


class Band(NamedTuple):
    """The level of each series and the least and the greatest value that is as ever; NaN where too little is known."""

    centre: Floats
    low: Floats
    high: Floats


def band(rows: Floats, notable: Floats, rate: Bools) -> Band:
    """The band that each row's bins speak for.

    `notable` is the least change worth telling, in the metric's unit; `rate` tells where a change must also be
    large in relation to the level. NaN for rows with too few bins, or with too wild ones.
    """
    ordered = np.sort(rows, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1)
    centre = _quantile(ordered, count, 0.5)
    apart = np.sort(np.abs(rows - centre[:, None]), axis=1)
    spread = np.maximum(_SIGMA * _quantile(apart, count, 0.5), LEAST_SPREAD * np.abs(centre))
    reach = np.fmax(np.fmax(SPREADS * spread, notable), np.where(rate, LEAST_CHANGE * np.abs(centre), 0.0))
    most, least = _sustained(rows)
    top = np.fmax(_quantile(ordered, count, 1 - OUTER), most)
    bottom = np.fmin(_quantile(ordered, count, OUTER), least)
    rise = _rise(rows)
    high = np.maximum(centre + reach, _further(top, centre)) + np.maximum(rise, 0.0)
    low = np.minimum(centre - reach, _further(bottom, centre)) + np.minimum(rise, 0.0)
    with np.errstate(invalid="ignore"):
        wild = (apart > reach[:, None]).sum(axis=1) > WILD * count
    unknown = (count < LEAST_BINS) | wild
    return Band(*(np.where(unknown, np.nan, column) for column in (centre, low, high)))


def habit(means: Floats, extremes: Floats, upward: bool) -> Floats:
    """How far off its mean each row comes in many of its hours; NaN where too few are known.

    Rows are series, columns hours: such bursts are no news, however far apart they are.
    """
    apart = np.sort(means - extremes if upward else extremes - means, axis=1)
    return np.abs(apart[:, HABITUAL - 1])


def hull(of: Band, low: Floats, high: Floats) -> Band:
    """The band widened to hold what was seen at other times as well; NaN where nothing was."""
    return Band(
        of.centre,
        np.fmin(of.low, _further(np.fmin(low, of.centre), of.centre)),
        np.fmax(of.high, _further(np.fmax(high, of.centre), of.centre)),
    )


def last_filled(rows: Floats, count: int = IN_A_ROW) -> Floats:
    """The last bins of each row that have samples, the newest last; NaN in front where there are fewer."""
    back = rows[:, ::-1]
    rank = np.cumsum(~np.isnan(back), axis=1)
    found = np.full((len(rows), count), np.nan)
    for nth in range(1, count + 1):
        at = np.argmax(rank == nth, axis=1)
        value = back[np.arange(len(rows)), at]
        found[:, count - nth] = np.where(rank[:, -1] >= nth, value, np.nan)
    return found


def outward(low: float, high: float) -> tuple[float, float]:
    """Both edges rounded to the digits in which people are told them, away from the middle."""
    return -_rounded_up(-low), _rounded_up(high)


def _rounded_up(value: float) -> float:
    if value == 0 or not math.isfinite(value):
        return value
    digits = 2 - math.floor(math.log10(abs(value)))
    if digits <= 0:
        return float(math.ceil(value))
    unit: float = 10.0 ** min(digits, 300)
    return math.ceil(value * unit) / unit


def _further(edge: Floats, centre: Floats) -> Floats:
    return edge + WIDENED * (edge - centre)


def _quantile(ordered: Floats, count: Floats | np.typing.NDArray[np.int64], share: float) -> Floats:
    """The quantile of each sorted row's numbers, with NaN at its end; NaN for rows without any."""
    last = np.maximum(count - 1, 0)
    below = np.floor(last * share).astype(np.int64)
    above = np.ceil(last * share).astype(np.int64)
    rows = np.arange(len(ordered))
    found: Floats = (ordered[rows, below] + ordered[rows, above]) / 2
    return found


def _sustained(rows: Floats) -> tuple[Floats, Floats]:
    """The greatest and the least value that each row kept to for several bins in a row."""
    filled = _carried(rows)
    high, low = filled.copy(), filled.copy()
    for back in range(1, IN_A_ROW):
        high[:, back:] = np.minimum(high[:, back:], filled[:, :-back])
        low[:, back:] = np.maximum(low[:, back:], filled[:, :-back])
    start = IN_A_ROW - 1
    return (
        np.fmax.reduce(high[:, start:], axis=1, initial=-np.inf),
        np.fmin.reduce(low[:, start:], axis=1, initial=np.inf),
    )


def _carried(rows: Floats) -> Floats:
    """The rows with gaps filled by the value before them."""
    at = np.where(np.isnan(rows), 0, np.arange(rows.shape[1]))
    at = np.maximum.accumulate(at, axis=1)
    return np.take_along_axis(rows, at, axis=1)


def _rise(rows: Floats) -> Floats:
    """By how much the level has risen lately; 0 where that is not known."""
    levels = []
    for part in (rows[:, -_TREND:], rows[:, -2 * _TREND : -_TREND]):
        ordered = np.sort(part, axis=1)
        levels.append(_quantile(ordered, (~np.isnan(ordered)).sum(axis=1), 0.5))
    return np.nan_to_num(levels[0] - levels[1])
