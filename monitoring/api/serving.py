"""The HTTP server: bounded headers, a graceful stop that running answers hear of, and no signal raised again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from monitoring.api.options import Options


def server_of(
    app: Any, options: Options, stopping: Callable[[], None], started: Callable[[int], None] = lambda _: None
) -> Server:
    """A server for the app; `started` is told the port when it listens, `stopping` is called when it begins to stop."""
    protocol = type("BoundedProtocol", (_Bounded,), {"bounds": options})
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        http=protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(options.stop_seconds)),
        backlog=1024,
    )
    return Server(config, stopping, started)


class Server(uvicorn.Server):
    """Stops at SIGTERM and SIGINT; at a second one at once."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None], started: Callable[[int], None]) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._started = started

    @property
    def bound_port(self) -> int:
        """The port it listens on, once it has started."""
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._started(self.bound_port)

    async def shutdown(self, sockets: Any = None) -> None:
        self._stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The base class raises the signals again when all is done: the database could not be closed after that.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {which: signal.signal(which, self.handle_exit) for which in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for which, handler in before.items():
                signal.signal(which, handler)


class _Bounded(HttpToolsProtocol):
    """Closes connections whose headers are too large or do not arrive in time."""

    bounds: Options

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._bytes = 0
        self._in_headers = True
        self._ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._got_headers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._in_headers:
            super().data_received(data)
            return
        if self._timer is None:
            self._expect_headers()
        self._bytes += len(data)
        self._ended = False
        super().data_received(data)
        # What arrives at once may hold the end of the headers and a body that is as large as it likes.
        if not self._ended and self._bytes > self.bounds.header_bytes and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._got_headers()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_headers, self._bytes = True, 0

    def _expect_headers(self) -> None:
        self._timer = self.loop.call_later(self.bounds.header_seconds, self._too_slow)

    def _got_headers(self) -> None:
        self._in_headers, self._ended = False, True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)
