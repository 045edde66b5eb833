"""Who calls, what they may do, and how often."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers

from monitoring.api.options import SCOPES, Key, Scope, digest_of


@dataclass(frozen=True, slots=True)
class Caller:
    """Who made a request; `name` is `None` where no keys are set. Sessions belong to the name."""

    name: str | None
    scopes: frozenset[Scope]

    @property
    def author(self) -> str:
        """What acknowledgements and notes are signed with."""
        return self.name or "api"


EVERYBODY = Caller(None, frozenset(SCOPES))


def caller_of(headers: Headers, keys: Sequence[Key]) -> Caller | None:
    """Whose key a request shows, in `Authorization: Bearer` or `X-API-Key`; `None` where it is nobody's."""
    shown = digest_of(shown_key(headers))
    found: Caller | None = None
    for key in keys:
        # All are compared, in constant time: how long it takes says nothing about any of them.
        if hmac.compare_digest(key.digest, shown):
            found = Caller(key.name, key.scopes)
    return found


def shown_key(headers: Headers) -> str:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else headers.get("x-api-key", "").strip()


class RateLimit:
    """A token bucket for each name: `rate` requests a second, with bursts of twice that."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = max(1.0, 2 * rate)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, name: str) -> float:
        """Take one token; 0 where there was one, else how many seconds it takes until there is."""
        if not self._rate:
            return 0.0
        now = self._clock()
        tokens, then = self._buckets.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        if tokens < 1:
            self._buckets[name] = (tokens, now)
            return (1 - tokens) / self._rate
        self._buckets[name] = (tokens - 1, now)
        return 0.0
