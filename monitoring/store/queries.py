"""Named SQL: `queries.sql` holds every statement that is not schema, each with a name and a description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

_HEAD = re.compile(r"^-- name: (\w+)[ \t]*\n", re.MULTILINE)


@cache
def queries() -> Mapping[str, str]:
    """All named statements, read once."""
    text = resources.files("monitoring.store").joinpath("queries.sql").read_text(encoding="utf-8")
    parts = _HEAD.split(text)[1:]
    return {name: body.strip().rstrip(";") for name, body in zip(parts[::2], parts[1::2], strict=True)}


def query(name: str) -> str:
    """The statement of that name."""
    return queries()[name]
