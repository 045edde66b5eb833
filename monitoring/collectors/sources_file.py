"""`sources.toml`: which platforms are read, and how. Strict: what is not understood is refused with its line.

Secrets do not stand in the file: `password_env` and `token_env` name variables of the environment.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.fetch import checked_url, endpoint_of
from monitoring.errors import ConfigurationError

KINDS = ("exporter", "prometheus", "flink", "clickhouse", "kafka")
MOST_SOURCES = 250


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source to read: `address` is a URL, or the brokers of a Kafka cluster."""

    kind: str
    address: str
    cluster: str = ""
    instance: str | None = None
    interval: timedelta = timedelta(seconds=30)
    timeout: float = 10.0
    backfill: timedelta = timedelta(hours=6)
    match: str = ""
    groups: tuple[str, ...] = ()
    mechanism: str = ""
    tls: bool = False
    system_tables: bool = False
    access: Access = PUBLIC


class _Wrong(Exception):
    """A key that cannot be used, and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key
        self.why = why if why.endswith("?") else f"{why}."


Read = Callable[[str, Any], Any]


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(key, "a text is expected")
    return value.strip()


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(low: float, high: float) -> Read:
    def read(key: str, value: Any) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", value.strip()) if isinstance(value, str) else None
        if found:
            seconds = float(found.group(1)) * _UNITS[found.group(2) or "s"]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            seconds = float(value)
        else:
            raise _Wrong(key, 'a duration such as 30, "30s" or "6h" is expected')
        if not low <= seconds <= high:
            raise _Wrong(key, f"a duration from {low:g} to {high:g} seconds is expected")
        return seconds

    return read


def _duration(low: float, high: float) -> Read:
    read = _seconds(low, high)
    return lambda key, value: timedelta(seconds=read(key, value))


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(key, "true or false is expected")
    return value


def _kind(key: str, value: Any) -> str:
    if value not in KINDS:
        raise _Wrong(key, f"one of {', '.join(KINDS)} is expected{_nearest(str(value), KINDS)}")
    return str(value)


def _mechanism(key: str, value: Any) -> str:
    if value not in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        raise _Wrong(key, "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 is expected")
    return str(value)


def _name(key: str, value: Any) -> str:
    text = _text(key, value)
    if len(text) > 100 or any(not c.isprintable() for c in text):
        raise _Wrong(key, "at most 100 printable characters are expected")
    return text


def _texts(key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise _Wrong(key, "a list of texts is expected")
    return [_text(key, one) for one in value]


KEYS: Mapping[str, Read] = {
    "kind": _kind,
    "url": _text,
    "urls": _texts,
    "brokers": _text,
    "cluster": _name,
    "instance": _name,
    "interval": _duration(1, 3600),
    "timeout": _seconds(0.1, 300),
    "backfill": _duration(0, 30 * 86400),
    "match": _text,
    "groups": lambda key, value: tuple(_texts(key, value)),
    "mechanism": _mechanism,
    "tls": _flag,
    "system_tables": _flag,
    "username": _text,
    "password_env": _text,
    "token_env": _text,
    "ca_file": _text,
    "cert_file": _text,
    "key_file": _text,
}
ONLY: Mapping[str, tuple[str, ...]] = {
    "brokers": ("kafka",),
    "groups": ("kafka",),
    "mechanism": ("kafka",),
    "tls": ("kafka",),
    "system_tables": ("clickhouse",),
    "url": ("exporter", "prometheus", "flink", "clickhouse"),
    "urls": ("exporter", "clickhouse"),
    "instance": ("exporter", "clickhouse"),
    "backfill": ("prometheus",),
    "match": ("prometheus",),
    "token_env": ("exporter", "prometheus", "flink", "clickhouse"),
}
"""Keys that make sense for some kinds only."""


def read_sources(file: Path, environment: Mapping[str, str]) -> list[SourceEntry]:
    """The sources of a file, in its order. Raises `ConfigurationError` that names key and line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"The file {file} cannot be read as text ({problem}); mend or remove it.") from None
    return parse_sources(text, str(file), file.parent, environment)


def parse_sources(text: str, name: str, folder: Path, environment: Mapping[str, str]) -> list[SourceEntry]:
    """The same for a text; paths in it start from `folder`."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigurationError(f"{name} is not TOML: {problem}.") from None
    tables = given.pop("source", [])
    if given or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        stray = next(iter(given), "source")
        raise ConfigurationError(
            f"{name}, line {_line(text, None, stray)}: {stray!r} is not expected there; each source begins with "
            "a line [[source]]."
        )
    entries: list[SourceEntry] = []
    for place, table in enumerate(tables):
        try:
            entries += _entries(table, folder, environment)
        except _Wrong as wrong:
            line = _line(text, place, wrong.key)
            raise ConfigurationError(f"{name}, line {line}: {wrong.key} cannot be used: {wrong.why}") from None
    if len(entries) > MOST_SOURCES:
        raise ConfigurationError(
            f"{name} has {len(entries)} sources, more than {MOST_SOURCES}; let a Prometheus server gather them."
        )
    return entries


def entry_of(table: Mapping[str, Any], environment: Mapping[str, str]) -> SourceEntry:
    """The one source of a table that stands in no file. Raises `ConfigurationError`."""
    try:
        [entry] = _entries(table, Path(), environment)
    except _Wrong as wrong:
        raise ConfigurationError(f"{wrong.key} cannot be used: {wrong.why}") from None
    return entry


def _entries(table: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> list[SourceEntry]:
    for key in table:
        if key not in KEYS:
            raise _Wrong(key, f"there is no such key{_nearest(key, KEYS)}")
    if "kind" not in table:
        raise _Wrong("kind", f"it is missing; one of {', '.join(KINDS)} is expected")
    values = {key: KEYS[key](key, value) for key, value in table.items()}
    kind = values["kind"]
    for key in values:
        if kind not in ONLY.get(key, KINDS):
            raise _Wrong(key, f"it means nothing for a source of kind {kind}")
    given = {key: values[key] for key in _PLAIN if key in values}
    access = _access(values, folder, environment)
    return [SourceEntry(kind, address, access=access, **given) for address in _addresses(values)]


_PLAIN = (
    "cluster",
    "instance",
    "interval",
    "timeout",
    "backfill",
    "match",
    "groups",
    "mechanism",
    "tls",
    "system_tables",
)


def _addresses(values: Mapping[str, Any]) -> list[str]:
    if values["kind"] == "kafka":
        if "brokers" not in values:
            raise _Wrong("brokers", 'it is missing; give some as "broker-1:9092,broker-2:9092"')
        if not re.fullmatch(r"[^\s,/@]+:\d+(,[^\s,/@]+:\d+)*", values["brokers"]):
            raise _Wrong("brokers", 'brokers such as "broker-1:9092,broker-2:9092" are expected')
        return [values["brokers"]]
    if ("url" in values) == ("urls" in values):
        raise _Wrong("url", "exactly one of url and urls is expected")
    urls = values.get("urls") or [values["url"]]
    if len(urls) > 1 and "instance" in values:
        raise _Wrong("instance", "it names one endpoint, and there are several; give each a [[source]] of its own")
    for url in urls:
        key = "urls" if "urls" in values else "url"
        try:
            parts = checked_url(url)
        except ConfigurationError:
            raise _Wrong(key, "a URL such as http://broker-1:7071/metrics is expected") from None
        if parts.password is not None:
            raise _Wrong(key, f"the password for {endpoint_of(parts)} does not belong in the file; use password_env")
    return urls


def _access(values: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> Access:
    secrets = {}
    for key in ("password_env", "token_env"):
        if key in values:
            secret = environment.get(values[key])
            if not secret:
                raise _Wrong(key, f"the environment has no variable {values[key]}, or it is empty")
            secrets[key.removesuffix("_env")] = secret
    if "password" in secrets and "username" not in values:
        raise _Wrong("password_env", "there is no username to go with it")
    if "token" in secrets and "username" in values:
        raise _Wrong("token_env", "there is a username too; one of the two is expected")
    files = {key: folder / values[key] for key in ("ca_file", "cert_file", "key_file") if key in values}
    for key, file in files.items():
        if not file.is_file():
            raise _Wrong(key, f"there is no file {file}")
    if "key_file" in files and "cert_file" not in files:
        raise _Wrong("key_file", "there is no cert_file to go with it")
    access = Access(
        values.get("username"),
        secrets.get("password"),
        secrets.get("token"),
        files.get("ca_file"),
        files.get("cert_file"),
        files.get("key_file"),
    )
    try:
        _ = access.context if files else None
    except ConfigurationError as problem:
        raise _Wrong(next(iter(files)), str(problem).rstrip(".")) from None
    return access


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f"; is {close[0]} meant?" if close else ""


def _line(text: str, place: int | None, key: str) -> int:
    """The line a key stands in, or else that of its source."""
    header = 1
    seen = -1
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[\[\s*source\s*\]\]", line):
            seen += 1
            if seen == place:
                header = number
        if (place is None or seen == place) and re.match(rf"\s*\[?\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\]=.]", line):
            return number
    return header
