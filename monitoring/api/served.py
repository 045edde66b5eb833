"""What the routes share while the API runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request, Response
from pydantic_core import to_json

from monitoring.api.cache import Cache
from monitoring.api.exposition import Meters
from monitoring.api.keys import Caller
from monitoring.api.options import Options, Scope, ServedPlatform
from monitoring.api.problems import Kind
from monitoring.api.workers import Workers
from monitoring.errors import MonitoringError


class Explained(NamedTuple):
    """An error as it is told to callers."""

    kind: Kind
    detail: str
    extra: Mapping[str, Any]


@dataclass(frozen=True)
class Served:
    """The platform and everything around it; `explain` tells what kind of problem an error is."""

    platform: ServedPlatform
    options: Options
    explain: Callable[[MonitoringError], Explained]
    meters: Meters
    workers: Workers
    chats: Workers
    readings: Workers
    cache: Cache
    stopping: asyncio.Event

    @classmethod
    def of(cls, platform: ServedPlatform, options: Options, explain: Callable[[MonitoringError], Explained]) -> Served:
        return cls(
            platform=platform,
            options=options,
            explain=explain,
            meters=Meters(),
            workers=Workers("api", options.workers, options.waiting, options.request_seconds),
            chats=Workers("chat", options.chats, options.waiting_chats, options.chat_seconds),
            readings=Workers("documents", options.readings, options.readings, options.reading_seconds),
            cache=Cache(options.cache_seconds),
            stopping=asyncio.Event(),
        )

    def close(self) -> None:
        """Take no more work."""
        self.stopping.set()
        self.workers.close()
        self.chats.close()
        self.readings.close()


def _served(request: Request) -> Served:
    found: Served = request.app.state.served
    return found


Here = Annotated[Served, Depends(_served)]


class Forbidden(MonitoringError):
    """A key lacks the scope that is needed."""


def needs(scope: Scope) -> Callable[[Request], Caller]:
    """A dependency: the caller, who must have a scope."""

    def caller(request: Request) -> Caller:
        found: Caller = request.state.caller
        if scope not in found.scopes:
            raise Forbidden(f"This needs a key with the scope {scope}.")
        return found

    return caller


Reading = Annotated[Caller, Depends(needs("read"))]
Ingesting = Annotated[Caller, Depends(needs("ingest"))]
Managing = Annotated[Caller, Depends(needs("manage"))]


def encoded(value: Any) -> bytes:
    """As JSON; what is no finite number is null."""
    return to_json(value, inf_nan_mode="null")


def reply(value: Any, status: int = 200) -> Response:
    return ready(encoded(value), status)


def ready(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")
