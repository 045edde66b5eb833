"""Receivers that speak as Slack, Teams, PagerDuty and a plain webhook do, and refuse what those would refuse.

The product's channels believe that they talk to the services themselves: a proxy on this machine answers for their
host names, with a certificate that the test's environment trusts.
"""

from __future__ import annotations

import json
import shlex
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

SLACK, TEAMS, PAGERDUTY = "hooks.slack.com", "prod-7.westeurope.logic.azure.com", "events.pagerduty.com"
SLACK_PATH = "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
SLACK_URL = f"https://{SLACK}{SLACK_PATH}"
WORKFLOW, SIGNATURE = "643e69f83c8944438d68119179a10a64", "KODuebWbDGYFr0z0eu-6Rj8aUKz7108W3wrNJZxFE5A"
TEAMS_URL = (
    f"https://{TEAMS}:443/workflows/{WORKFLOW}/triggers/manual/paths/invoke"
    f"?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
)
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
PAGERDUTY_URL = f"pagerduty://{ROUTING_KEY}@a1b2c3d4e5f6a7b8"


@dataclass(frozen=True)
class Answer:
    """What a receiver replies with instead of what it would say; `hold` is waited for first."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None


@dataclass
class Receivers:
    """What arrived, by host, and what is to be answered to what arrives next."""

    port: int = 0
    accepted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """PagerDuty's alerts that are open, by key."""
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, host: str) -> list[dict[str, Any]]:
        with self.lock:
            return list(self.accepted.get(host, ()))

    def titles(self, host: str) -> list[str]:
        return [title_of(host, message) for message in self.of(host)]

    def next(self, host: str, *answers: Answer) -> None:
        with self.lock:
            self.answers.setdefault(host, []).extend(answers)

    def receive(self, host: str, path: str, body: bytes) -> Answer:
        with self.lock:
            self.attempts[host] = self.attempts.get(host, 0) + 1
            scripted = self.answers.get(host)
            if scripted:
                return scripted.pop(0)
            try:
                message = json.loads(body)
                answer = _SERVICES.get(host, _webhook)(self, path, message)
            except Refusal as refusal:
                self.refused.append(f"{host}: {refusal.answer.body}")
                return refusal.answer
            self.accepted.setdefault(host, []).append(message)
            return answer


class Refusal(Exception):
    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.answer = Answer(status, body)


def expect(holds: object, status: int, body: str) -> None:
    if not holds:
        raise Refusal(status, body)


def _slack(_: Receivers, path: str, message: dict[str, Any]) -> Answer:
    """An incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
    expect(path == SLACK_PATH, 403, "invalid_token")
    attachments = message.get("attachments", [])
    expect(message.get("text") or attachments, 400, "no_text")
    expect(len(attachments) <= 100, 400, "too_many_attachments")
    expect(all(one.get("text") or one.get("blocks") for one in attachments), 400, "invalid_payload")
    return Answer(200, "ok")


def _teams(_: Receivers, path: str, message: dict[str, Any]) -> Answer:
    """A workflow that posts adaptive cards."""
    parts = urlsplit(path)
    expect(parts.path == f"/workflows/{WORKFLOW}/triggers/manual/paths/invoke", 404, "WorkflowNotFound")
    expect(parse_qs(parts.query).get("sig") == [SIGNATURE], 401, "DirectApiAuthorizationRequired")
    expect(message.get("type") == "message" and len(message.get("attachments", [])) == 1, 400, "InvalidRequest")
    card = message["attachments"][0]
    expect(card.get("contentType") == "application/vnd.microsoft.card.adaptive", 400, "BadContentType")
    content = card["content"]
    expect(content.get("type") == "AdaptiveCard" and content.get("version"), 400, "BadCard")
    expect(all(block["type"] == "TextBlock" and block["text"] for block in content["body"]), 400, "BadBlock")
    expect(len(json.dumps(message)) < 28_000, 413, "RequestEntityTooLarge")
    return Answer(202)


def _pagerduty(self: Receivers, path: str, message: dict[str, Any]) -> Answer:
    """The Events API v2: https://developer.pagerduty.com/docs/send-alert-event"""
    expect(path == "/v2/enqueue", 404, "not found")
    expect(message.get("routing_key") == ROUTING_KEY, 400, "invalid routing key")
    action, key = message.get("event_action"), message.get("dedup_key", "")
    expect(action in ("trigger", "acknowledge", "resolve"), 400, "'event_action' is invalid")
    expect(len(key) <= 255, 400, "'dedup_key' is too long")
    if action == "trigger":
        payload = message.get("payload", {})
        expect(0 < len(payload.get("summary", "")) <= 1024, 400, "'payload.summary' is missing or too long")
        expect(payload.get("source"), 400, "'payload.source' is missing or blank")
        expect(payload.get("severity") in ("critical", "error", "warning", "info"), 400, "'severity' is invalid")
        self.alerts[key] = message
    else:
        expect(key, 400, "'dedup_key' is missing or blank")
        self.alerts.pop(key, None)
    return Answer(202, json.dumps({"status": "success", "message": "Event processed", "dedup_key": key}))


def _webhook(_: Receivers, path: str, message: dict[str, Any]) -> Answer:
    expect(path and {"title", "message", "type"} <= set(message), 400, "not what Apprise sends")
    return Answer(200)


_SERVICES = {SLACK: _slack, TEAMS: _teams, PAGERDUTY: _pagerduty}


def title_of(host: str, message: dict[str, Any]) -> str:
    """The first line as people see it; of PagerDuty what happens to which alert."""
    if host == SLACK:
        return str(message["attachments"][0]["title"])
    if host == TEAMS:
        return str(message["attachments"][0]["content"]["body"][0]["text"])
    if host == PAGERDUTY:
        summary = message.get("payload", {}).get("summary", "")
        return f"{message['event_action']} {message['dedup_key']} {summary.splitlines()[0] if summary else ''}".strip()
    return str(message["title"])


def text_of(host: str, message: dict[str, Any]) -> str:
    """What stands below."""
    if host == SLACK:
        return str(message["attachments"][0]["text"])
    if host == TEAMS:
        return str(message["attachments"][0]["content"]["body"][1]["text"])
    return str(message["message"])


class _Handler(BaseHTTPRequestHandler):
    receivers: Receivers
    tls: ssl.SSLContext
    host = ""

    def log_message(self, *_: Any) -> None: ...

    def do_CONNECT(self) -> None:
        """Answer for the host that is asked for."""
        self.send_response(200)
        self.end_headers()
        self.host = self.path.partition(":")[0]
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.handle_one_request()
        self.wfile.flush()
        self.close_connection = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = self.receivers.receive(self.host or "webhook", self.path, body)
        if answer.hold is not None:
            answer.hold.wait(60)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body.encode())))
        self.end_headers()
        self.wfile.write(answer.body.encode())


@contextmanager
def receivers_at_work(folder: Path) -> Iterator[Receivers]:
    """The receivers on a port of this machine until the end of the block, trusted by way of the environment."""
    certificate = folder / "receivers.pem"
    names = ",".join(f"DNS:{host}" for host in _SERVICES)
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=receivers"
    command += f" -addext subjectAltName={names} -keyout {folder / 'key.pem'} -out {certificate}"
    subprocess.run(shlex.split(command), check=True, capture_output=True, timeout=240)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, folder / "key.pem")
    found = Receivers()
    handler = type("Handler", (_Handler,), {"receivers": found, "tls": tls})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTPS_PROXY", "https_proxy"):
            patch.setenv(name, f"http://127.0.0.1:{found.port}")
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1,localhost")
        patch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        try:
            yield found
        finally:
            server.shutdown()
            server.server_close()
            thread.join(30)
