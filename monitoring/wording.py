"""Numbers, lengths of time, values and counts as people read them; the same way wherever they are shown."""

from __future__ import annotations

from datetime import timedelta

from monitoring.anomalies import humanize
from monitoring.metrics import Threshold

_BYTE_UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
_SINGULAR = {
    "anomalies": "anomaly",
    "series": "series",
    "queries": "query",
    "criticals": "critical",
    "replicas": "replica",
    "indices": "index",
}

SCALE_WORDS = ("million", "billion")
"""They belong to the number: "10.0 to 12.0 million" would say that the first is ten."""


def number(value: float) -> str:
    """A bare number: "1,840", "12.3", "0.42", "12.3 million"."""
    size = abs(value)
    if size >= 1e9:
        return f"{value / 1e9:,.1f} billion"
    if size >= 1e7:
        return f"{value / 1e6:,.1f} million"
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    if size >= 10:
        return _trimmed(f"{value:.1f}")
    if size >= 0.01:
        return _trimmed(f"{value:.2f}")
    return f"{value:.2g}" if size >= 0.0001 else _trimmed(f"{value:.6f}")


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float) -> str:
    """A percentage given in percent: "87 %", "4.2 %", "0.35 %"."""
    size = abs(value)
    digits = 0 if size >= 10 or value == int(value) else 1 if size >= 1 else 2
    return f"{value:,.{digits}f} %"


def span(seconds: float) -> str:
    """A length of time given in seconds: "45 s", "2.5 s", "250 ms", "7 min 11 s", "1 h 30 min"."""
    size = abs(seconds)
    if 0 < size < 1:
        return f"{number(seconds * 1000)} ms"
    if size < 10:
        return f"{_trimmed(f'{seconds:.1f}')} s"
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(round(size), 60)
    if 90 <= size < 3600 and rest and minutes < 60:
        return f"{sign}{minutes} min {rest} s"
    return sign + humanize(timedelta(seconds=round(size)))


def quantity(value: float | None, unit: str) -> str:
    """A value of a metric in its unit: "87 %" for the ratio 0.87, "5.4 GB", "12 min", "1,840 parts"."""
    if value is None:
        return "no value"
    if unit.startswith("ratio"):
        return percent(value * 100)
    if unit in ("s", "seconds"):
        return span(value)
    if unit in ("ms", "milliseconds"):
        return f"{number(value)} ms" if abs(value) < 1000 else span(value / 1000)
    if unit == "bytes":
        return _bytes(value)
    if not unit:
        return number(value)
    return f"{number(value)} {_unit_for(value, unit)}"


def change(value: float, unit: str) -> str:
    """A difference between two values, with its sign; that of ratios in percentage points."""
    sign = "+" if value > 0 else "-" if value < 0 else ""
    size = abs(value)
    if unit.startswith("ratio"):
        return f"{sign}{percent(size * 100)[:-2]} percentage points"
    return f"{sign}{quantity(size, unit)}"


def _bytes(value: float) -> str:
    for name, size in _BYTE_UNITS:
        if abs(value) >= size:
            return f"{_trimmed(f'{value / size:.1f}')} {name}"
    return count(round(value), "bytes")


def _unit_for(value: float, unit: str) -> str:
    if abs(value) == 1 and unit.isalpha():
        return singular(unit)
    return unit


def singular(noun: str) -> str:
    if noun in _SINGULAR:
        return _SINGULAR[noun]
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun


def count(amount: int, noun: str) -> str:
    """ "1 anomaly", "12 anomalies", "no anomalies"; `noun` is the plural."""
    if amount == 0:
        return f"no {noun}"
    *before, last = noun.split(" ")
    word = " ".join([*before, singular(last) if amount == 1 else last])
    return f"{amount:,} {word}"


_SIDES = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below", "!=": "other than"}


def level_text(threshold: Threshold, unit: str) -> str:
    """ "above 1,000 parts", "above 2 times what is usual and above 1 s"."""
    if threshold.basis == "times usual":
        level = f"{number(threshold.level)} times what is usual"
    elif threshold.basis == "usual plus":
        side = "plus" if threshold.level > 0 else "minus"
        distance = f" {side} {quantity(abs(threshold.level), unit)}" if threshold.level else ""
        level = f"what is usual{distance}"
    else:
        level = quantity(threshold.level, unit)
    also = f" and {_SIDES[threshold.also[0]]} {quantity(threshold.also[1], unit)}" if threshold.also else ""
    return f"{_SIDES[threshold.op]} {level}{also}"


def threshold_text(threshold: Threshold, unit: str) -> str:
    """ "above 1,000 parts for 5 min": the level and for how long it must be passed."""
    hold = f" for {humanize(threshold.hold)}" if threshold.hold else ""
    return level_text(threshold, unit) + hold


def ranged(low: str, high: str) -> str:
    """ "0 to 500 messages": a unit that both ends share is said once."""
    first, _, unit = low.partition(" ")
    shared = unit and high.partition(" ")[2] == unit and not unit.startswith(SCALE_WORDS)
    return f"{first} to {high}" if shared else f"{low} to {high}"
