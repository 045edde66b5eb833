"""How the texts of settings are read: each reader gives the value, or raises `ValueError` with what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def text(raw: str) -> str:
    return raw.strip()


def optional(raw: str) -> str | None:
    return raw.strip() or None


def whole(low: int, high: int) -> Callable[[str], int]:
    def read(raw: str) -> int:
        try:
            value = int(raw)
        except ValueError:
            raise ValueError("a whole number is expected") from None
        if not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high} is expected")
        return value

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    def read(raw: str) -> float:
        try:
            value = float(raw)
        except ValueError:
            raise ValueError("a number is expected") from None
        if not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g} is expected")
        return value

    return read


def timezone(raw: str) -> str:
    try:
        ZoneInfo(raw.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone name such as UTC or Europe/Berlin is expected") from None
    return raw.strip()


def database_url(raw: str) -> str | None:
    url = raw.strip()
    if not url:
        return None
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("postgresql", "postgres"):
        raise ValueError("a URL such as postgresql://user:password@host:5432/database is expected")
    return url


def urls(raw: str) -> tuple[str, ...]:
    urls = tuple(part for part in raw.replace(",", " ").split() if part)
    for url in urls:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("URLs beginning with http:// or https:// are expected, separated by commas")
    return urls


def folders(raw: str) -> tuple[Path, ...]:
    return tuple(Path(part.strip()).expanduser() for part in raw.split(",") if part.strip())


def flag(raw: str) -> bool:
    word = raw.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError("on or off is expected")


def level(raw: str) -> str:
    word = raw.strip().upper()
    if word not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("DEBUG, INFO, WARNING or ERROR is expected")
    return word


_BETWEEN_ADDRESSES = re.compile(r"\s*,\s*(?=[A-Za-z][A-Za-z0-9+.-]*://)|\s+")


def channel_urls(raw: str) -> tuple[str, ...]:
    """Addresses of Apprise: a comma within one of them, as between e-mail addresses, does not end it."""
    urls = tuple(part for part in (piece.strip(",") for piece in _BETWEEN_ADDRESSES.split(raw.strip())) if part)
    if any("://" not in url for url in urls):
        raise ValueError("addresses such as slack://TOKEN-A/TOKEN-B/TOKEN-C are expected, separated by commas")
    return urls


def page_address(raw: str) -> str:
    """The address of a page, without what would stand after its path."""
    address = raw.strip().rstrip("/")
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
        raise ValueError("an address such as https://monitoring.example.org is expected")
    return address
