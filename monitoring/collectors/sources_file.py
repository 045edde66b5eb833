"""`sources.toml`: which platforms are read, and how. Strict: what is not understood is refused with its line.

Secrets do not stand in the file: `password_env` and `token_env` name variables of the environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.fetch import checked_url, endpoint_of
from monitoring.errors import ConfigurationError
from monitoring.toml_tables import (
    Read,
    Wrong,
    duration,
    flag,
    name,
    nearest,
    parse_tables,
    read_text,
    seconds,
    text,
    texts,
    values_of,
    variable,
)

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


def _kind(key: str, value: Any) -> str:
    if value not in KINDS:
        raise Wrong(key, f"one of {', '.join(KINDS)} is expected{nearest(str(value), KINDS)}")
    return str(value)


def _mechanism(key: str, value: Any) -> str:
    if value not in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        raise Wrong(key, "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 is expected")
    return str(value)


KEYS: Mapping[str, Read] = {
    "kind": _kind,
    "url": text,
    "urls": texts,
    "brokers": text,
    "cluster": name,
    "instance": name,
    "interval": duration(1, 3600),
    "timeout": seconds(0.1, 300),
    "backfill": duration(0, 30 * 86400),
    "match": text,
    "groups": lambda key, value: tuple(texts(key, value)),
    "mechanism": _mechanism,
    "tls": flag,
    "system_tables": flag,
    "username": text,
    "password_env": text,
    "token_env": text,
    "ca_file": text,
    "cert_file": text,
    "key_file": text,
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
    return parse_sources(read_text(file), str(file), file.parent, environment)


def parse_sources(text: str, name: str, folder: Path, environment: Mapping[str, str]) -> list[SourceEntry]:
    """The same for a text; paths in it start from `folder`."""
    entries = parse_tables(text, name, "source", lambda table: _entries(table, folder, environment))
    if len(entries) > MOST_SOURCES:
        raise ConfigurationError(
            f"{name} has {len(entries)} sources, more than {MOST_SOURCES}; let a Prometheus server gather them."
        )
    return entries


def entry_of(table: Mapping[str, Any], environment: Mapping[str, str]) -> SourceEntry:
    """The one source of a table that stands in no file. Raises `ConfigurationError`."""
    try:
        [entry] = _entries(table, Path(), environment)
    except Wrong as wrong:
        raise ConfigurationError(f"{wrong.key} cannot be used: {wrong.why}") from None
    return entry


def _entries(table: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> list[SourceEntry]:
    values = values_of(table, KEYS)
    if "kind" not in values:
        raise Wrong("kind", f"it is missing; one of {', '.join(KINDS)} is expected")
    kind = values["kind"]
    for key in values:
        if kind not in ONLY.get(key, KINDS):
            raise Wrong(key, f"it means nothing for a source of kind {kind}")
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
            raise Wrong("brokers", 'it is missing; give some as "broker-1:9092,broker-2:9092"')
        if not re.fullmatch(r"[^\s,/@]+:\d+(,[^\s,/@]+:\d+)*", values["brokers"]):
            raise Wrong("brokers", 'brokers such as "broker-1:9092,broker-2:9092" are expected')
        return [values["brokers"]]
    if ("url" in values) == ("urls" in values):
        raise Wrong("url", "exactly one of url and urls is expected")
    urls = values.get("urls") or [values["url"]]
    if len(urls) > 1 and "instance" in values:
        raise Wrong("instance", "it names one endpoint, and there are several; give each a [[source]] of its own")
    for url in urls:
        key = "urls" if "urls" in values else "url"
        try:
            parts = checked_url(url)
        except ConfigurationError:
            raise Wrong(key, "a URL such as http://broker-1:7071/metrics is expected") from None
        if parts.password is not None:
            raise Wrong(key, f"the password for {endpoint_of(parts)} does not belong in the file; use password_env")
    return urls


def _access(values: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> Access:
    secrets = {}
    for key in ("password_env", "token_env"):
        if key in values:
            secrets[key.removesuffix("_env")] = variable(key, values[key], environment)
    if "password" in secrets and "username" not in values:
        raise Wrong("password_env", "there is no username to go with it")
    if "token" in secrets and "username" in values:
        raise Wrong("token_env", "there is a username too; one of the two is expected")
    files = {key: folder / values[key] for key in ("ca_file", "cert_file", "key_file") if key in values}
    for key, file in files.items():
        if not file.is_file():
            raise Wrong(key, f"there is no file {file}")
    if "key_file" in files and "cert_file" not in files:
        raise Wrong("key_file", "there is no cert_file to go with it")
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
        raise Wrong(next(iter(files)), str(problem).rstrip(".")) from None
    return access
