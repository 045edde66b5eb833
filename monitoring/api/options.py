"""What the API is run with: keys, limits, times. The door makes it from the settings."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from monitoring.contract import Platform
from monitoring.errors import ConfigurationError
from monitoring.operations import Operations

Scope = Literal["read", "ingest", "manage"]
SCOPES: tuple[Scope, ...] = ("read", "ingest", "manage")

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class ServedPlatform(Platform, Protocol):
    """The platform as the API needs it."""

    @property
    def operations(self) -> Operations: ...

    @property
    def demo(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Key:
    """A key that callers show; of the secret only a digest is kept, so that no log can tell it."""

    name: str
    scopes: frozenset[Scope]
    digest: bytes

    @classmethod
    def of(cls, name: str, scopes: frozenset[Scope], secret: str) -> Key:
        return cls(name, scopes, digest_of(secret))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; a name other than localhost may mean anything."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


class ConfiguredKey(Protocol):
    """A key as the settings have it."""

    @property
    def name(self) -> str: ...

    @property
    def scopes(self) -> Sequence[str]: ...

    @property
    def secret(self) -> str: ...


def keys_for(what: str, host: str, configured: Sequence[ConfiguredKey]) -> tuple[Key, ...]:
    """The keys of something that listens on a host.

    Raises `ConfigurationError` where it would be open to the network without one.
    """
    if not configured and not is_loopback(host):
        raise ConfigurationError(
            f"{what} is not opened on {host} without a key: set API_KEYS (such as "
            "grafana:read:SECRET), or listen on 127.0.0.1."
        )
    return tuple(
        Key.of(key.name, frozenset(scope for scope in SCOPES if scope in key.scopes), key.secret) for key in configured
    )


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


@dataclass(frozen=True, slots=True)
class Options:
    """Without `keys` everybody may do everything, and requests must name a loopback host.

    Sizes are in bytes, times in seconds. `rate` is how many requests a second one key may make, with bursts of
    twice that; 0 stands for any number. `workers` and `chats` bound the threads that wait for the database and
    that make answers, `waiting` the calls that wait for one of the former; `readings` those that read documents.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    keys: tuple[Key, ...] = ()
    cors_origins: tuple[str, ...] = ()
    rate: float = 0.0
    body_bytes: int = 1 << 20
    ingest_bytes: int = 16 << 20
    document_bytes: int = 32 << 20
    body_seconds: float = 10.0
    request_seconds: float = 30.0
    chat_seconds: float = 120.0
    stop_seconds: float = 10.0
    header_bytes: int = 32 << 10
    header_seconds: float = 10.0
    send_seconds: float = 30.0
    workers: int = 10
    waiting: int = 500
    chats: int = 8
    waiting_chats: int = 50
    ingests: int = 4
    readings: int = 2
    reading_seconds: float = 90.0
    cache_seconds: float = 1.0
    access_log: bool = True
