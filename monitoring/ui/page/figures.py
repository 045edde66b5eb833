"""Figures as the page writes them: quantities, ages, times of day. Units and numbers are those of `wording`."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitoring.anomalies import humanize
from monitoring.wording import quantity

MISSING = "–"
BYTES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def moment(given: datetime | str | None) -> datetime | None:
    """A time of the platform's JSON."""
    return datetime.fromisoformat(given) if isinstance(given, str) else given


def value(figure: float | None, unit: str) -> str:
    """A value in its unit; a dash where there is none."""
    return MISSING if figure is None else quantity(figure, unit)


def age(then: datetime | str | None, now: datetime) -> str:
    """How long ago something was: "12 s ago", "5 min ago"; "just now" below two seconds, "never" for none."""
    known = moment(then)
    if known is None:
        return "never"
    passed = max(timedelta(), now - known)
    return "just now" if passed < timedelta(seconds=2) else f"{humanize(passed)} ago"


def lasting(since: datetime | str | None, until: datetime) -> str:
    """How long something has lasted: "5 min"."""
    known = moment(since)
    return MISSING if known is None else humanize(max(timedelta(), until - known))


def clock(given: datetime | str | None, zone: ZoneInfo, now: datetime | None = None) -> str:
    """A time of day as people there write it, with the day where it is another one than that of `now`."""
    known = moment(given)
    if known is None:
        return MISSING
    local = known.astimezone(zone)
    if now is not None and now.astimezone(zone).date() == local.date():
        return f"{local:%H:%M:%S}"
    return f"{local.day} {local:%b %H:%M}"


def zone_name(zone: ZoneInfo, now: datetime) -> str:
    """The zone's short name at that time: "UTC", "CET"."""
    return now.astimezone(zone).tzname() or zone.key


def axis(unit: str, top: float) -> tuple[str, float]:
    """The unit of an axis whose highest value is `top`, and what values are divided by to be in it."""
    if unit.startswith("ratio"):
        return "%", 0.01
    if unit == "bytes":
        return next(((name, size) for name, size in BYTES if top >= size), ("bytes", 1.0))
    if unit == "ms" and top >= 10_000:
        return "s", 1000.0
    if unit == "s" and top >= 600:
        return "min", 60.0
    return unit, 1.0
