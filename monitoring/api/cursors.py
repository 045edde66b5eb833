"""Opaque cursors: where the next page of a list begins, good for that very list only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.errors import InvalidInput


def sealed(place: Sequence[Any], asked: Mapping[str, Any]) -> str:
    """The cursor of a place in the list that was asked for."""
    raw = json.dumps([*place, _mark(asked)], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def opened(cursor: str | None, asked: Mapping[str, Any], *types: type) -> list[Any] | None:
    """The place a page begins after; raises `InvalidInput` for what is no cursor, or one of another list."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place: list[Any]
        *place, mark = json.loads(raw)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise InvalidInput("This is not a cursor; use `next_cursor` of the page before, or leave it out.") from None
    if mark != _mark(asked) or [type(part) for part in place] != list(types):
        raise InvalidInput("This cursor belongs to another list; keep the filters as they were, or leave it out.")
    return place


def cursor_of(number: int, asked: Mapping[str, Any]) -> str:
    """The cursor after the row of that id."""
    return sealed([number], asked)


def number_of(cursor: str | None, asked: Mapping[str, Any]) -> int | None:
    """The id a page begins after; raises `InvalidInput`."""
    place = opened(cursor, asked, int)
    return place[0] if place else None


def _mark(asked: Mapping[str, Any]) -> str:
    """The filters in short: a page of one list does not go on in another."""
    text = json.dumps(sorted((name, str(value)) for name, value in asked.items() if value is not None))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
