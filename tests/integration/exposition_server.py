"""Local HTTP endpoints for tests: one that serves pages, one that does what it is told with the socket."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

FIXTURES = Path(__file__).parent.parent / "fixtures" / "exposition"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def dump(name: str) -> str:
    """The text of a fixture, compressed or not."""
    path = FIXTURES / name
    return path.read_text() if path.exists() else gzip.decompress((FIXTURES / f"{name}.gz").read_bytes()).decode()


@dataclass
class Answer:
    body: str | bytes
    status: int = 200
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def payload(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


class ExpositionServer:
    """Serves `pages` by path on 127.0.0.1; they can be exchanged at any time. Keeps the requests' headers.

    `stop` makes the port refuse connections, as when a process was killed.
    """

    def __init__(self, pages: Mapping[str, Answer | str] | str = "", tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Answer | str] = {"/metrics": pages} if isinstance(pages, str) else dict(pages)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            # The handshake is made by the thread that serves the connection.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.endpoint}/metrics"

    def serve(self, page: Answer | str) -> None:
        self.pages["/metrics"] = page

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                page = outer.pages.get(self.path) or outer.pages.get(
                    self.path.partition("?")[0], Answer("no such page\n", 404)
                )
                answer = Answer(page) if isinstance(page, str) else page
                self.send_response(answer.status)
                for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.payload)))
                self.end_headers()
                self.wfile.write(answer.payload)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


class SocketServer:
    """Accepts connections, reads the request and hands the socket to `behave`, which runs until `over`."""

    def __init__(self, behave: Callable[[socket.socket, Event], None]) -> None:
        self.over = Event()
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self._threads: list[Thread] = [Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/metrics"

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            thread = Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                self._behave(connection, self.over)
            except OSError:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()
