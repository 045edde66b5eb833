"""Every request has an id, a line in the access log and its place in the figures."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.api.exposition import Meters

log = logging.getLogger(__name__)
access = logging.getLogger("monitoring.api.access")

ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
GONE = 499
"""What is put on record where the client went away before it was answered."""
NO_ROUTE = "(none)"


class Telemetry:
    """ASGI middleware, the outermost; access log lines are JSON objects with a stable `action`."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {})["request_id"] = _request_id(Headers(scope=scope))
        began = time.perf_counter()
        status, size, complete = GONE, 0, False

        async def sent(message: Message) -> None:
            nonlocal status, size, complete
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
                complete = not message.get("more_body", False)
            await send(message)

        self._meters.began()
        try:
            await self._app(scope, receive, sent)
        finally:
            seconds = time.perf_counter() - began
            self._meters.answered(_method(scope), route_of(scope), status, seconds)
            if access.isEnabledFor(logging.INFO):
                access.info("%s", json.dumps(_record(scope, request_id, status, size, seconds, complete)))


def _record(scope: Scope, request_id: str, status: int, size: int, seconds: float, complete: bool) -> dict[str, object]:
    caller = scope["state"].get("caller")
    client = scope.get("client")
    return {
        "action": "request",
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "request_id": request_id,
        "client": client[0] if client else None,
        "key": caller.name if caller else None,
        "method": scope["method"],
        "path": scope["path"],
        "route": route_of(scope),
        "status": status,
        "bytes": size,
        "ms": round(seconds * 1000, 1),
        **({} if complete else {"cut": True}),
    }


def route_of(scope: Scope) -> str:
    """The path of the route as it is documented, so that figures do not grow with ids."""
    route = scope.get("route")
    return getattr(route, "path", None) or NO_ROUTE


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS") else "other"


def _request_id(headers: Headers) -> str:
    """The caller's own id where it can be shown safely, else a new one."""
    given = headers.get("x-request-id", "")
    return given if ID.fullmatch(given) else uuid.uuid4().hex[:16]
