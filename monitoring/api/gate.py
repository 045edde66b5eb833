"""What stands in front of every route: keys, rates, host names, and bodies that are bounded in size and time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import NamedTuple, NoReturn

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.api.keys import EVERYBODY, RateLimit, caller_of
from monitoring.api.options import LOOPBACK_NAMES, Options
from monitoring.api.problems import (
    INGEST_BUSY,
    RATE,
    TOO_LARGE,
    TOO_SLOW,
    UNAUTHORIZED,
    WRONG_HOST,
    Kind,
    problem,
)

OPEN_PATHS = frozenset({"/health/live", "/health/ready", "/docs", "/redoc", "/openapi.json"})
"""May be asked without a key: probes have none, and the manual says how to get on."""
INGEST_PATH = "/metrics/ingest"
DOCUMENT_PATH = "/documents"
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Refused(Exception):
    """A request that gets no further; `response` says why. `None`: the client is gone."""

    def __init__(self, response: Response | None) -> None:
        super().__init__()
        self.response = response


class Gate:
    """ASGI middleware; puts the `Caller` into the request's state."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app = app
        self._options = options
        self._rate = RateLimit(options.rate)
        self._ingesting = 0
        self._large = {INGEST_PATH: options.ingest_bytes, DOCUMENT_PATH: options.document_bytes}
        self._hosts = {*LOOPBACK_NAMES, options.host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._admit(scope)
            large = self._large.get(scope["path"]) if scope["method"] == "POST" else None
            if large is not None:
                await self._ingest(scope, receive, send, large)
            else:
                await self._pass(scope, receive, send, self._options.body_bytes)
        except Refused as refused:
            if refused.response is not None:
                await refused.response(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        """Raise `Refused` for callers that are not known or call too often."""
        headers = Headers(scope=scope)
        if not self._options.keys:
            if host_of(headers.get("host", "")) not in self._hosts:
                # A page whose name was made to point here could otherwise use a visitor's browser.
                _refuse(WRONG_HOST, "Without keys only loopback host names are served; set API_KEYS.", scope)
            scope["state"]["caller"] = EVERYBODY
            return
        caller = caller_of(headers, self._options.keys)
        scope["state"]["caller"] = caller
        if caller is None:
            if scope["path"] not in OPEN_PATHS:
                words = "Send a key as Authorization: Bearer KEY or X-API-Key: KEY."
                _refuse(UNAUTHORIZED, words, scope, {"WWW-Authenticate": "Bearer"})
            return
        wait = self._rate.wait(caller.name or "")
        if wait:
            words = f"This key may make {self._options.rate:g} requests a second; wait a moment."
            _refuse(RATE, words, scope, {"Retry-After": str(math.ceil(wait))})

    async def _ingest(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        """Only so many at a time: each holds its samples, or its document, in memory until they are stored."""
        if self._ingesting >= self._options.ingests:
            _refuse(INGEST_BUSY, "Other batches are being stored; send this one again in a moment.", scope, CLOSE)
        self._ingesting += 1
        try:
            await self._pass(scope, receive, send, most)
        finally:
            self._ingesting -= 1

    async def _pass(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        timed = _timed(send, self._options.send_seconds)
        if scope["method"] not in WITH_BODY:
            await self._app(scope, receive, timed)
            return
        try:
            async with asyncio.timeout(self._options.body_seconds):
                body = await _read(scope, receive, most)
        except TimeoutError:
            words = f"The body must arrive within {self._options.body_seconds:g} s."
            _refuse(TOO_SLOW, words, scope, CLOSE)
        await self._app(scope, _again(body, receive), timed)


CLOSE = {"Connection": "close"}
"""What is still on its way is not worth waiting for."""


class _Body(NamedTuple):
    content: bytes


async def _read(scope: Scope, receive: Receive, most: int) -> _Body:
    """The whole body; raises `Refused` where it is too large, by its header or by what arrives."""
    words = f"At most {most:,} bytes are read here; send less at a time."
    announced = Headers(scope=scope).get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > most:
        _refuse(TOO_LARGE, words, scope, CLOSE)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(None)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            _refuse(TOO_LARGE, words, scope, CLOSE)
        if not message.get("more_body", False):
            return _Body(b"".join(parts))


def _again(body: _Body, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, and after it what happens next."""
    given = False

    async def received() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body.content, "more_body": False}

    return received


def _timed(send: Send, seconds: float) -> Callable[[Message], Awaitable[None]]:
    """A `send` that gives up on a client that does not read."""

    async def sent(message: Message) -> None:
        try:
            async with asyncio.timeout(seconds):
                await send(message)
        except TimeoutError:
            raise Refused(None) from None

    return sent


def _refuse(kind: Kind, detail: str, scope: Scope, headers: dict[str, str] | None = None) -> NoReturn:
    raise Refused(problem(kind, detail, scope, headers=headers))


def host_of(header: str) -> str:
    """The name in a Host header, without its port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()
