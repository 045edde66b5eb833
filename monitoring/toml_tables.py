"""Files of TOML tables, such as `sources.toml`, read strictly: what is not understood is refused with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from monitoring.errors import ConfigurationError

Entry = TypeVar("Entry")
Read = Callable[[str, Any], Any]
"""Turns the value of a key into what is meant, or raises `Wrong`."""


class Wrong(Exception):
    """A key that cannot be used, and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key
        self.why = why if why.endswith("?") else f"{why}."


def read_text(file: Path) -> str:
    """The text of such a file; raises `ConfigurationError`."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"The file {file} cannot be read as text ({problem}); mend or remove it.") from None


def parse_tables(
    text: str, name: str, header: str, entries_of: Callable[[Mapping[str, Any]], list[Entry]]
) -> list[Entry]:
    """What the tables `[[header]]` of a text say, in its order; `name` is the file's.

    Raises `ConfigurationError` that names key and line.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigurationError(f"{name} is not TOML: {problem}.") from None
    tables = given.pop(header, [])
    if given or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        stray = next(iter(given), header)
        raise ConfigurationError(
            f"{name}, line {_line(text, header, None, stray)}: {stray!r} is not expected there; each {header} begins "
            f"with a line [[{header}]]."
        )
    entries: list[Entry] = []
    for place, table in enumerate(tables):
        try:
            entries += entries_of(table)
        except Wrong as wrong:
            line = _line(text, header, place, wrong.key)
            raise ConfigurationError(f"{name}, line {line}: {wrong.key} cannot be used: {wrong.why}") from None
    return entries


def _line(text: str, header: str, place: int | None, key: str) -> int:
    """The line a key stands in, or else that of its table."""
    found = 1
    seen = -1
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*\[\[\s*{header}\s*\]\]", line):
            seen += 1
            if seen == place:
                found = number
        if (place is None or seen == place) and re.match(rf"\s*\[?\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\]=.]", line):
            return number
    return found


def nearest(word: str, known: Collection[str]) -> str:
    """Which of the known words may be meant, as the end of a sentence; often nothing."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f"; is {close[0]} meant?" if close else ""


def values_of(table: Mapping[str, Any], keys: Mapping[str, Read]) -> dict[str, Any]:
    """The values of a table, each read as its key says; raises `Wrong`."""
    for key in table:
        if key not in keys:
            raise Wrong(key, f"there is no such key{nearest(key, keys)}")
    return {key: keys[key](key, value) for key, value in table.items()}


def variable(key: str, name: str, environment: Mapping[str, str]) -> str:
    """The secret that a variable of the environment holds; raises `Wrong` where there is none."""
    secret = environment.get(name)
    if not secret:
        raise Wrong(key, f"the environment has no variable {name}, or it is empty")
    return secret


def text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong(key, "a text is expected")
    return value.strip()


def name(key: str, value: Any) -> str:
    found = text(key, value)
    if len(found) > 100 or any(not c.isprintable() for c in found):
        raise Wrong(key, "at most 100 printable characters are expected")
    return found


def texts(key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise Wrong(key, "a list of texts is expected")
    return [text(key, one) for one in value]


def flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(key, "true or false is expected")
    return value


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(low: float, high: float) -> Read:
    """A duration between two numbers of seconds."""

    def read(key: str, value: Any) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", value.strip()) if isinstance(value, str) else None
        if found:
            given = float(found.group(1)) * _UNITS[found.group(2) or "s"]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            given = float(value)
        else:
            raise Wrong(key, 'a duration such as 30, "30s" or "6h" is expected')
        if not low <= given <= high:
            raise Wrong(key, f"a duration from {low:g} to {high:g} seconds is expected")
        return given

    return read


def duration(low: float, high: float) -> Read:
    read = seconds(low, high)
    return lambda key, value: timedelta(seconds=read(key, value))
