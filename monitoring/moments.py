"""Times: the clock that is injected everywhere else, and times that people write."""

from __future__ import annotations

from datetime import UTC, datetime

from monitoring.errors import InvalidInput


def utc_now() -> datetime:
    """The current time; the only reading of the clock that is passed around."""
    return datetime.now(UTC)


def parse_moment(text: str, name: str = "The time") -> datetime:
    """An ISO 8601 time as UTC, also where it names no offset; raises `InvalidInput`."""
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(f"{name} {text!r} is not ISO 8601; write it as 2026-03-04T03:00:00Z.") from None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
