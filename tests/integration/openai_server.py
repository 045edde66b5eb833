"""A local service that speaks OpenAI's chat-completions protocol, following a script, so that the real client runs.

Each request takes the next step of the script: text to stream, a tool call, or a way to fail.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Says:
    """The model answers with this text, word by word; `tokens` in and out are told where they are given."""

    text: str
    tokens: tuple[int, int] | None = None


@dataclass(frozen=True)
class Calls:
    """The model calls tools; `arguments` go out as they are, also where they are not JSON."""

    calls: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Fails:
    """The service answers with an HTTP error."""

    status: int


@dataclass(frozen=True)
class Hangs:
    """The service accepts the request and says nothing until the server is closed."""


@dataclass(frozen=True)
class Garbles:
    """The service sends a stream that is no JSON."""


@dataclass(frozen=True)
class BreaksOff:
    """The service closes the connection in the middle of its text."""

    text: str


@dataclass(frozen=True)
class Repeats:
    """The model answers with the system message it was given."""

    before: str = ""


@dataclass(frozen=True)
class Drips:
    """The model never comes to an end of its text."""

    text: str


Step = Says | Calls | Fails | Hangs | Garbles | BreaksOff | Repeats | Drips


@dataclass
class Service:
    """A running service: its address, the steps it still has to take, and the requests it has had."""

    url: str
    steps: list[Step]
    requests: list[dict[str, Any]] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)


@contextmanager
def openai_service(script: Sequence[Step]) -> Iterator[Service]:
    """Runs the service on loopback; the last step of the script is repeated for further requests."""
    closing = threading.Event()
    service = Service("", list(script))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.requests.append(json.loads(body))
            service.asked.set()
            if self.path.endswith("/embeddings") and not isinstance(service.steps[0], Fails):
                self._embed(service.requests[-1]["input"])
                return
            step = service.steps.pop(0) if len(service.steps) > 1 else service.steps[0]
            self.close_connection = True
            # Whoever asked may have hung up.
            with suppress(ConnectionError):
                self._take(step)

        def _take(self, step: Step) -> None:
            if isinstance(step, Hangs):
                closing.wait(60)
            elif isinstance(step, Fails):
                self._fail(step.status)
            elif isinstance(step, Repeats):
                said = str(service.requests[-1]["messages"][0]["content"])
                self._stream(Says(f"{step.before}{said}"))
            else:
                self._stream(step)

        def _embed(self, texts: list[str]) -> None:
            data = [{"object": "embedding", "index": n, "embedding": meaning(text)} for n, text in enumerate(texts)]
            used = {"prompt_tokens": 1, "total_tokens": 1}
            self._reply(200, {"object": "list", "data": data, "model": "test-embedding", "usage": used})

        def _fail(self, status: int) -> None:
            self._reply(status, {"error": {"message": "no", "type": "error", "code": None}})

        def _reply(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, step: Says | Calls | Garbles | BreaksOff | Drips) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            if isinstance(step, BreaksOff):
                self.send_header("Content-Length", "1000000")
            self.end_headers()
            if isinstance(step, Garbles):
                self.wfile.write(b"data: {this is no JSON\n\n")
                return
            for delta in _deltas(step, closing):
                self._send([{"index": 0, "delta": delta, "finish_reason": None}], None)
            if isinstance(step, Says) and step.tokens is not None:
                sent, received = step.tokens
                usage = {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}
                self._send([], usage)
            if not isinstance(step, BreaksOff):
                self.wfile.write(b"data: [DONE]\n\n")

        def _send(self, choices: list[dict[str, Any]], usage: dict[str, int] | None) -> None:
            about = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "test-model"}
            chunk = {**about, "choices": choices, "usage": usage}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield service
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


MEANINGS = (("parts", "merge", "insert", "fragment"), ("disk", "drive", "storage"), ("switch", "rack", "wire"), ("",))
"""Words that mean much the same to the embedding model of this service, a group a dimension."""


def meaning(text: str) -> list[float]:
    """The vector of a text: how often words of each group stand in it."""
    lower = text.lower()
    counts = [float(sum(lower.count(word) for word in group if word)) for group in MEANINGS[:-1]]
    return [*counts, 0.1]


def _deltas(step: Says | Calls | BreaksOff | Drips, closing: threading.Event) -> Iterator[dict[str, Any]]:
    if isinstance(step, Calls):
        for index, (name, arguments) in enumerate(step.calls):
            function = {"name": name, "arguments": arguments}
            call = {"index": index, "id": f"call_{index}", "type": "function", "function": function}
            yield {"role": "assistant", "content": None, "tool_calls": [call]}
        return
    yield {"role": "assistant", "content": ""}
    while isinstance(step, Drips) and not closing.wait(0.01):
        yield {"content": step.text}
    for word in step.text.split(" "):
        yield {"content": word + " "}
