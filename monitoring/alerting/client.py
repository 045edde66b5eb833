"""One replica of Alertmanager over HTTP, each request bounded in time and size; no login is in any error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from monitoring.collectors.access import Access
from monitoring.collectors.fetch import Bounds, Refused, endpoint_of, fetch, send
from monitoring.contract import Json
from monitoring.errors import AlertmanagerProblem, CollectorError, ConfigurationError
from monitoring.notifications.muting import Listed, Mute, read_alerts, read_silences

TIMEOUT_SECONDS = 10.0
MOST_BYTES = 64 << 20
MOST_POSTED = 500
"""So many alerts go into one request."""


class Client:
    """Raises `AlertmanagerProblem` where a request fails, and `ConfigurationError` for an address that is none."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = _checked(url)
        place, path = endpoint_of(parts), parts.path.rstrip("/")
        self.name = place + path
        """Which one it is, without a login."""
        self._base = parts._replace(netloc=place, path=path + "/api/v2")
        login = None if parts.username is None else unquote(parts.username)
        self._access = Access(login, None if parts.password is None else unquote(parts.password), token)
        self._bounds: Bounds | None = None
        self._stopped = False

    def stop(self) -> None:
        """End the request under way, and let no other begin."""
        self._stopped = True
        if (bounds := self._bounds) is not None:
            bounds.stop()

    def post(self, alerts: Sequence[Json]) -> None:
        """Hand in alerts."""
        for start in range(0, len(alerts), MOST_POSTED):
            self._ask("/alerts", json.dumps(alerts[start : start + MOST_POSTED]).encode())

    def alerts(self, label: str, value: str) -> list[Listed]:
        """The active alerts with a label of that value, those that are quiet there too."""
        return read_alerts(_parsed(self._ask(f"/alerts?filter={quote(f'{label}={json.dumps(value)}', safe='')}")))

    def silences(self) -> dict[str, Mute]:
        """The active silences, by id."""
        return read_silences(_parsed(self._ask("/silences")))

    def _ask(self, path: str, sent: bytes | None = None) -> bytes:
        url = urlsplit(self._base.geturl() + path)
        self._bounds = bounds = Bounds(TIMEOUT_SECONDS, MOST_BYTES, stopped=self._stopped)
        try:
            return fetch(url, bounds, self._access) if sent is None else send(url, sent, bounds, self._access)
        except Refused as problem:
            raise AlertmanagerProblem(f"{problem}{f' ({problem.said})' if problem.said else ''}") from None
        except CollectorError as problem:
            raise AlertmanagerProblem(str(problem)) from None


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise ConfigurationError(
            "ALERTMANAGER_URLS: addresses such as http://alertmanager:9093 are expected, separated by commas."
        )
    return parts


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise AlertmanagerProblem("its answer is not JSON; is it Alertmanager's v2 API?") from None
