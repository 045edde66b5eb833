"""Another application behind the API's gate: the same keys, limits and host names, and the scope `read`."""

from __future__ import annotations

from typing import IO

from starlette.types import ASGIApp, Receive, Scope, Send

from monitoring.api.gate import Gate
from monitoring.api.options import Options
from monitoring.api.problems import FORBIDDEN, problem
from monitoring.api.serving import server_of


def guarded(app: ASGIApp, options: Options) -> ASGIApp:
    """The application for those who may read; a key of another scope is told so."""

    async def readers_only(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "read" not in scope["state"]["caller"].scopes:
            words = "This needs a key with the scope read."
            await problem(FORBIDDEN, words, scope)(scope, receive, send)
            return
        await app(scope, receive, send)

    return Gate(readers_only, options)


def serve_guarded(app: ASGIApp, options: Options, path: str, told: IO[str]) -> int:
    """Serve it within the API's bounds until stopped; says where, and returns the exit code."""
    host = f"[{options.host}]" if ":" in options.host else options.host

    def started(port: int) -> None:
        told.write(f"Serving http://{host}:{port}{path}; stop with Ctrl+C.\n")
        told.flush()

    server = server_of(guarded(app, options), options, lambda: None, started)
    server.run()
    return 0 if server.started else 3
