"""Questions to an HTTP interface that answers in JSON, within the bounds of one read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from monitoring.collectors.access import Access
from monitoring.collectors.fetch import Bounds, checked_url, fetch
from monitoring.errors import CollectorError


def base_of(url: str) -> SplitResult:
    """The root of an interface; raises `ConfigurationError` for what is no URL."""
    parts = urlsplit(url.strip())
    checked_url(url)
    return parts._replace(path=parts.path.rstrip("/"), query="", fragment="")


@dataclass(frozen=True, slots=True)
class Api:
    """One interface, asked within `bounds`."""

    base: SplitResult
    bounds: Bounds
    access: Access

    def get(self, path: str, **parameters: Any) -> Any:
        """What it answers; raises `CollectorError`, and `Refused` for an HTTP status that is no success."""
        url = self.base._replace(path=self.base.path + path, query=urlencode(parameters))
        return as_json(fetch(url, self.bounds, self.access))


def as_json(body: bytes) -> Any:
    """The value of a JSON document. Raises `CollectorError` for anything else."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        start = body.lstrip()[:1]
        shown = "a web page" if start == b"<" else "something" if body else "an empty answer"
        raise CollectorError(f"it answers with {shown} that is not JSON") from None


@contextmanager
def formed_as(what: str) -> Iterator[None]:
    """Whatever is taken apart within has the form of `what`, or else a `CollectorError` says that it has not."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
        raise CollectorError(f"its answers have not the form of {what}") from None
