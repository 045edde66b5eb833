#!/usr/bin/env python3
"""The REST API: which routes there are, what each error is told as, and how it starts and stops.

python api_server.py                      on http://127.0.0.1:8000, its manual under /docs
python api_server.py --port 9000
API_KEYS=grafana:read:SECRET python api_server.py --host 0.0.0.0
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match

from monitoring import errors
from monitoring.api import (
    anomalies,
    conversations,
    documents,
    health,
    incidents,
    problems,
    samples,
    served,
    silences,
    streaming,
)
from monitoring.api.gate import Gate
from monitoring.api.manual import manual
from monitoring.api.options import Options, keys_for
from monitoring.api.problems import Kind, problem
from monitoring.api.served import Explained, Served
from monitoring.api.serving import server_of
from monitoring.api.telemetry import Telemetry
from monitoring.api.validation import malformed, wrongs
from monitoring.api.workers import Overdue
from monitoring.documents.problems import Unreadable
from monitoring.errors import MonitoringError
from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings, load_settings
from monitoring.ui.terminal.arguments import port
from platform_monitoring_agent import LOG_FORMAT, open_platform

VERSION = "1"
READING_SPARE_SECONDS = 30.0
"""Beside the reading itself: waiting for another one, and storing it."""
FIRST_TICK_SECONDS = 20.0
"""So long a start waits for samples and judgement to be up to date; then requests are answered all the same."""

GROUPS = (
    anomalies.router,
    incidents.router,
    silences.router,
    samples.router,
    documents.router,
    conversations.router,
    health.router,
)

PROBLEMS: tuple[tuple[type[MonitoringError], Kind], ...] = (
    (served.Forbidden, problems.FORBIDDEN),
    (samples.UnsupportedMedia, problems.MEDIA),
    (samples.Malformed, problems.MALFORMED),
    (samples.WrongForm, problems.INVALID_REQUEST),
    (Unreadable, problems.UNREADABLE),
    (errors.UnknownSession, problems.NOT_FOUND),
    (errors.UnknownId, problems.NOT_FOUND),
    (errors.UnknownName, problems.UNKNOWN_NAME),
    (errors.TooEarly, problems.CONFLICT),
    (errors.SessionBusy, problems.CONFLICT),
    (errors.InvalidInput, problems.CONTRADICTION),
    (streaming.Stopping, problems.STOPPING),
    (streaming.Gone, problems.STOPPING),
    (errors.Cancelled, problems.STOPPING),
    (Overdue, problems.OVERDUE),
    (errors.TooMuchAtOnce, problems.BUSY),
    (errors.StoreBusy, problems.BUSY),
    (errors.QueryTimeout, problems.OVERDUE),
    (errors.StoreFull, problems.STORE_FULL),
    (errors.StoreError, problems.UNAVAILABLE),
    (errors.ModelUnavailable, problems.MODEL),
)
"""What each error is told as; the first that fits counts, and what fits none is an internal error."""

log = logging.getLogger(__name__)


def explain(problem: MonitoringError) -> Explained:
    """An error as it is told to callers. What a database or a service said stays in the log."""
    kind = next((kind for error, kind in PROBLEMS if isinstance(problem, error)), problems.INTERNAL)
    if kind is problems.INTERNAL or isinstance(problem, errors.StoreError | errors.ModelUnavailable):
        log.warning("told as %s: %s", kind.name, problem, extra={"action": "problem"})
        detail = problems.INTERNAL.title if kind is problems.INTERNAL else str(type(problem)())
        return Explained(kind, detail, {})
    nearest = list(problem.nearest) if isinstance(problem, errors.UnknownName) else []
    return Explained(kind, str(problem), {"nearest": nearest} if nearest else {})


def create_app(platform: MonitoringPlatform, options: Options) -> FastAPI:
    """The application; it monitors while it runs, and leaves the platform open when it ends."""
    app = FastAPI(
        title="Platform Monitoring Chatbot",
        version=VERSION,
        lifespan=_lifespan(platform),
        redoc_url=None,
        docs_url="/docs",
        redirect_slashes=False,
    )
    app.state.served = here = Served.of(platform, options, explain)
    app.openapi = manual(app, platform.catalogue, options, VERSION)  # type: ignore[method-assign]
    for router in GROUPS:
        app.include_router(router)
    app.add_exception_handler(MonitoringError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)
    # The last one added is the outermost.
    app.add_middleware(Gate, options=options)
    if options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(options.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )
    app.add_middleware(Telemetry, meters=here.meters)
    return app


def _lifespan(platform: MonitoringPlatform) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        platform.monitor.start()
        platform.documents.watch()
        await _first_tick(platform)
        try:
            yield
        finally:
            app.state.served.close()
            await asyncio.to_thread(platform.monitor.stop)

    return lifespan


async def _first_tick(platform: MonitoringPlatform) -> None:
    """Wait until the monitor has worked, met an error, or sees another process do the work."""
    for _ in range(int(FIRST_TICK_SECONDS * 10)):
        status = await asyncio.to_thread(platform.monitor_status)
        if status.ticks or status.errors_in_row or (status.last_tick_at and not status.leading):
            return
        await asyncio.sleep(0.1)


async def _told(request: Request, error: Exception) -> Response:
    kind, detail, extra = explain(cast(MonitoringError, error))
    return problem(kind, detail, request.scope, extra)


async def _invalid(request: Request, error: Exception) -> Response:
    found = cast(RequestValidationError, error).errors()
    if malformed(found):
        return problem(problems.MALFORMED, "The body is not JSON.", request.scope)
    wrong = wrongs(found)
    words = f"{wrong[0]['where']}: {wrong[0]['what']}" if wrong else problems.INVALID_REQUEST.title
    return problem(problems.INVALID_REQUEST, words, request.scope, {"errors": wrong})


async def _http(request: Request, error: Exception) -> Response:
    found = cast(HTTPException, error)
    kinds = {404: problems.NOT_FOUND, 405: problems.NO_METHOD, 400: problems.MALFORMED}
    kind = kinds.get(found.status_code, problems.INTERNAL)
    headers = {"Allow": ", ".join(allowed(request))} if kind is problems.NO_METHOD else found.headers
    details = {404: "There is no such path; /docs lists those there are.", 400: "The body cannot be read."}
    return problem(kind, details.get(kind.status, kind.title), request.scope, headers=headers)


def allowed(request: Request) -> list[str]:
    """The methods that a path can be asked with; it may be that of several routes."""
    methods: set[str] = set()
    for group in GROUPS:
        for route in group.routes:
            if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE:
                methods |= route.methods or set()
    return sorted(methods)


async def _internal(request: Request, error: Exception) -> Response:
    del error  # the server logs it
    response = problem(problems.INTERNAL, "It was put into the log under this request's id.", request.scope)
    response.headers["X-Request-ID"] = problems.request_id_of(request.scope)
    # The server closes the connection after an error it has logged.
    response.headers["Connection"] = "close"
    return response


def options_of(settings: Settings) -> Options:
    """What the API is run with; raises `ConfigurationError` where it would be open to the network without a key."""
    return Options(
        host=settings.api_host,
        port=settings.api_port,
        keys=keys_for("The REST API", settings.api_host, settings.api_keys),
        cors_origins=settings.api_cors_origins,
        rate=settings.api_rate_per_second,
        body_bytes=settings.api_body_bytes,
        ingest_bytes=settings.api_ingest_bytes,
        document_bytes=settings.document_bytes,
        reading_seconds=settings.document_seconds + READING_SPARE_SECONDS,
        body_seconds=settings.api_body_seconds,
        request_seconds=settings.api_request_seconds,
        chat_seconds=settings.api_chat_seconds,
        stop_seconds=settings.api_stop_seconds,
        workers=settings.database_pool_size,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped; returns the exit code."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        settings = load_settings()
        chosen = replace(
            settings,
            api_host=settings.api_host if given.host is None else given.host,
            api_port=settings.api_port if given.port is None else given.port,
        )
        return serve(chosen, access_log=not given.no_access_log)
    except MonitoringError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    except KeyboardInterrupt:
        return 130


def serve(settings: Settings, *, access_log: bool = True) -> int:
    """Open the platform, serve it, and close it again, the embedded database last."""
    options = replace(options_of(settings), access_log=access_log)
    _set_up_logs(settings, access_log)
    with closing(open_platform(settings)) as platform:
        app = create_app(platform, options)
        server = server_of(app, options, app.state.served.stopping.set, _say_where(options))
        server.run()
    return 0 if server.started else 3


def _say_where(options: Options) -> Callable[[int], None]:
    host = f"[{options.host}]" if ":" in options.host else options.host

    def say(port: int) -> None:
        sys.stderr.write(f"Serving http://{host}:{port}, its manual under /docs; stop with Ctrl+C.\n")

    return say


def _set_up_logs(settings: Settings, access_log: bool) -> None:
    logging.basicConfig(level=settings.log_level, format=LOG_FORMAT)
    if access_log:
        # Lines of their own, whatever else is logged.
        lines = logging.StreamHandler(sys.stdout)
        access = logging.getLogger("monitoring.api.access")
        access.handlers, access.propagate = [lines], False
        access.setLevel(logging.INFO)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="api_server.py",
        description="The REST API of the monitoring platform; its manual is served under /docs.",
        epilog="Settings (environment or .env): API_HOST, API_PORT, API_KEYS, API_CORS_ORIGINS, API_RATE_PER_SECOND, "
        "API_BODY_BYTES, API_INGEST_BYTES, API_BODY_SECONDS, API_REQUEST_SECONDS, API_CHAT_SECONDS, "
        "API_STOP_SECONDS; .env.example says what each means. Without a key it listens on loopback only.",
    )
    parser.add_argument("--host", help="address to listen on (API_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=port, help="port to listen on, 0 for any free one (API_PORT, 8000)")
    parser.add_argument("--no-access-log", action="store_true", help="do not write a line for every request")
    return parser


if __name__ == "__main__":
    sys.exit(main())
