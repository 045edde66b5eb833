"""Who may ask, how often, how much and how slowly; and what a client that misbehaves gets."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from api_server import main, options_of
from monitoring.errors import ConfigurationError
from monitoring.platform import MonitoringPlatform
from monitoring.settings import parse_settings
from tests.integration.api_client import KEYS, SECRETS, Served, assert_problem, database, opened, serving, until


@pytest.fixture(scope="module")
def platform(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringPlatform]:
    with ExitStack() as stack:
        settings = stack.enter_context(database(server_url, tmp_path_factory.mktemp("api")))
        yield stack.enter_context(opened(settings, "node-1/orders"))


@pytest.fixture(scope="module")
def keyed(platform: MonitoringPlatform) -> Iterator[Served]:
    with serving(platform, keys=KEYS) as served:
        yield served


class TestKeys:
    def test_without_a_key_nothing_but_health_and_manual_is_served(self, keyed: Served) -> None:
        with keyed.client() as client:
            for path in ("/health/live", "/health/ready", "/openapi.json", "/docs"):
                assert client.get(path).status_code == 200
            reply = client.post("/anomalies/current", json={})
            assert_problem(reply, 401, "unauthorized")
            assert reply.headers["www-authenticate"] == "Bearer"
            assert_problem(client.get("/metrics"), 401, "unauthorized")
            assert_problem(client.get("/nowhere"), 401, "unauthorized")

    @pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Basic cmVhZGVyOng=", "Bearer é"])
    def test_what_is_no_key_is_refused(self, keyed: Served, header: str) -> None:
        reply = httpx.get(keyed.url + "/anomalies", headers=[(b"Authorization", header.encode())])
        assert_problem(reply, 401, "unauthorized")

    def test_a_key_is_taken_from_either_header(self, keyed: Served) -> None:
        with keyed.client("reader") as client:
            assert client.get("/anomalies").status_code == 200
        with keyed.client(**{"X-API-Key": SECRETS["reader"]}) as client:
            assert client.get("/anomalies").status_code == 200

    @pytest.mark.parametrize(
        ("key", "method", "path", "body", "status"),
        [
            ("reader", "POST", "/anomalies/current", {}, 200),
            ("reader", "POST", "/metrics/ingest", {"samples": []}, 403),
            ("reader", "POST", "/silences", {}, 403),
            ("reader", "POST", "/anomalies/1/acknowledge", {}, 403),
            ("reader", "DELETE", "/silences/1", None, 403),
            ("sender", "POST", "/metrics/ingest", {"samples": []}, 200),
            ("sender", "POST", "/anomalies/current", {}, 403),
            ("sender", "POST", "/chat", {"message": "hello"}, 403),
            ("sender", "GET", "/metrics", None, 403),
            ("keeper", "POST", "/silences", {"minutes": 0.01}, 201),
            ("keeper", "POST", "/metrics/ingest", {"samples": []}, 403),
        ],
    )
    def test_scopes_say_what_a_key_may_do(
        self, keyed: Served, key: str, method: str, path: str, body: object, status: int
    ) -> None:
        with keyed.client(key) as client:
            reply = client.request(method, path, json=body)
        assert reply.status_code == status
        if status == 403:
            assert_problem(reply, 403, "forbidden")

    def test_what_people_do_is_signed_with_the_keys_name(self, keyed: Served) -> None:
        with keyed.client("keeper") as client:
            assert client.post("/silences", json={"minutes": 0.01}).json()["created_by"] == "keeper"

    def test_sessions_belong_to_the_key_that_began_them(self, keyed: Served) -> None:
        with keyed.client("reader") as mine, keyed.client("other") as theirs:
            mine.post("/chat", json={"message": "ok?", "session_id": "private"})
            assert mine.get("/sessions/private").status_code == 200
            assert_problem(theirs.get("/sessions/private"), 404, "not-found")
            assert_problem(theirs.delete("/sessions/private"), 404, "not-found")
            assert theirs.get("/sessions").json()["items"] == []
            theirs.post("/chat", json={"message": "mine now?", "session_id": "private"})
            assert len(mine.get("/sessions/private").json()["messages"]) == 1

    def test_the_manual_says_that_keys_are_needed(self, keyed: Served) -> None:
        with keyed.client() as client:
            document = client.get("/openapi.json").json()
        assert document["paths"]["/chat"]["post"]["security"] == [{"bearer": []}, {"header": []}]
        assert "security" not in document["paths"]["/health/live"]["get"]


class TestWhereItListens:
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "monitoring.example.org", ""])
    def test_off_loopback_it_does_not_start_without_a_key(self, host: str) -> None:
        settings = parse_settings({"API_HOST": host or "*"})
        with pytest.raises(ConfigurationError, match="API_KEYS"):
            options_of(settings)

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
    def test_on_loopback_it_does(self, host: str) -> None:
        assert options_of(parse_settings({"API_HOST": host})).host == host

    def test_with_a_key_it_listens_anywhere(self) -> None:
        keyed = parse_settings({"API_HOST": "0.0.0.0", "API_KEYS": "a:read:0123456789abcdef"})
        assert options_of(keyed).keys[0].name == "a"

    def test_the_command_says_so_in_a_sentence(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("API_KEYS", raising=False)
        assert main(["--host", "0.0.0.0"]) == 3
        assert capsys.readouterr().err.count("\n") == 1

    @pytest.mark.parametrize(
        "keys",
        [
            "nonsense",
            "a:read",
            "a:read:short",
            "a:write:0123456789abcdef",
            ":read:0123456789abcdef",
            "a::0123456789abcdef",
            "a:read:0123456789abcdef,a:read:0123456789abcdeg",
            "a:read:0123456789abcdef,b:read:0123456789abcdef",
        ],
    )
    def test_keys_that_cannot_be_meant_are_refused_and_not_repeated(self, keys: str) -> None:
        with pytest.raises(ConfigurationError) as told:
            parse_settings({"API_KEYS": keys})
        assert "0123456789abcdef" not in str(told.value)
        assert "0123456789abcdef" not in repr(told.value)

    def test_without_keys_a_host_name_that_is_not_loopback_is_not_served(self, platform: MonitoringPlatform) -> None:
        with serving(platform) as served, served.client(Host="evil.example.org") as client:
            assert_problem(client.post("/anomalies/current", json={}), 403, "wrong-host")
            assert client.get("/health/live", headers={"Host": "localhost:1234"}).status_code == 200
            assert client.get("/health/live", headers={"Host": "[::1]:1234"}).status_code == 200


class TestCrossOrigin:
    def test_only_configured_origins_may_read(self, platform: MonitoringPlatform) -> None:
        mine, other = "https://grafana.example.org", "https://evil.example.org"
        with serving(platform, keys=KEYS, cors_origins=(mine,)) as served, served.client() as client:
            asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
            allowed = client.options("/anomalies/current", headers={"Origin": mine, **asked})
            assert allowed.headers["access-control-allow-origin"] == mine
            refused = client.options("/anomalies/current", headers={"Origin": other, **asked})
            assert "access-control-allow-origin" not in refused.headers
            told = client.get("/anomalies", headers={"Origin": mine})
            assert (told.status_code, told.headers["access-control-allow-origin"]) == (401, mine)

    def test_without_any_no_page_may(self, keyed: Served) -> None:
        with keyed.client("reader", Origin="https://grafana.example.org") as client:
            assert not [name for name in client.get("/anomalies").headers if name.startswith("access-control")]


class TestRates:
    def test_a_key_that_asks_too_often_is_told_when_to_come_back(self, platform: MonitoringPlatform) -> None:
        with serving(platform, keys=KEYS, rate=5.0) as served:
            with served.client("reader") as client:
                replies = [client.get("/metrics/definitions") for _ in range(30)]
            refused = [reply for reply in replies if reply.status_code == 429]
            assert len(refused) >= 10
            assert_problem(refused[0], 429, "rate-limited")
            assert int(refused[0].headers["retry-after"]) >= 1
            with served.client("other") as client:
                assert client.get("/metrics/definitions").status_code == 200
                assert client.get("/health/live").status_code == 200


@contextmanager
def raw(served: Served) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", served.server.bound_port), timeout=15) as connection:
        yield connection


def everything(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


HEAD = b"POST /anomalies/current HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def served(platform: MonitoringPlatform) -> Iterator[Served]:
    with serving(platform, body_bytes=10_000, body_seconds=0.5, header_seconds=0.5) as served:
        yield served


class TestBodies:
    def test_a_body_that_is_announced_too_large_is_not_read(self, served: Served) -> None:
        with raw(served) as connection:
            connection.sendall(HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n{")
            answer = everything(connection)
        assert b" 413 " in answer.split(b"\r\n")[0] or b" 400 " in answer.split(b"\r\n")[0]

    def test_a_body_that_grows_too_large_is_cut(self, served: Served) -> None:
        with served.client() as client:

            def parts() -> Iterator[bytes]:
                yield from [b" " * 5_000] * 3

            reply = client.post("/anomalies/current", content=parts(), headers={"Content-Type": "application/json"})
        assert_problem(reply, 413, "body-too-large")
        assert reply.headers["connection"] == "close"

    def test_a_body_that_does_not_come_is_not_waited_for(self, served: Served) -> None:
        with raw(served) as connection:
            connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
            began = time.monotonic()
            answer = everything(connection)
        assert b"408" in answer.split(b"\r\n")[0]
        assert b"body-too-slow" in answer
        assert time.monotonic() - began < 25

    def test_a_client_that_leaves_in_the_middle_harms_nobody(self, served: Served) -> None:
        for _ in range(20):
            with raw(served) as connection:
                connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        with served.client() as client:
            assert client.post("/anomalies/current", json={}).status_code == 200

    def test_headers_that_do_not_come_are_not_waited_for(self, served: Served) -> None:
        with raw(served) as connection:
            connection.sendall(HEAD)
            assert everything(connection) == b""

    def test_a_connection_that_says_nothing_is_closed(self, served: Served) -> None:
        with raw(served) as connection:
            assert everything(connection) == b""

    def test_headers_that_are_too_large_are_refused(self, served: Served) -> None:
        with raw(served) as connection:
            connection.sendall(HEAD)
            for number in range(60):
                try:
                    connection.sendall(b"X-%d: " % number + b"a" * 1000 + b"\r\n")
                except OSError:
                    break
            try:
                answer = everything(connection)
            except ConnectionError:
                answer = b" 431 "
        assert b" 431 " in answer

    def test_what_is_no_http_is_refused(self, served: Served) -> None:
        with raw(served) as connection:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
            assert b"400" in everything(connection).split(b"\r\n")[0]

    def test_a_large_body_right_behind_its_headers_is_no_large_header(self, platform: MonitoringPlatform) -> None:
        body = b'{"last_minutes": 10' + b" " * 60_000 + b"}"
        with serving(platform) as served, raw(served) as connection:
            connection.sendall(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            assert b" 200 " in everything(connection).split(b"\r\n")[0]

    def test_requests_one_behind_the_other_are_all_answered(self, served: Served) -> None:
        one = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
        with raw(served) as connection:
            connection.sendall((one + b"\r\n") * 3 + one + b"Connection: close\r\n\r\n")
            assert everything(connection).count(b"200 OK") == 4


class TestTheUnforeseen:
    def test_an_error_nobody_knows_is_a_problem_without_its_words(
        self, platform: MonitoringPlatform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError("secret words")

        with serving(platform) as served, served.client() as client:
            monkeypatch.setattr(platform.operations, "anomalies", fail)
            told = assert_problem(client.get("/anomalies"), 500, "internal-error")
            assert "secret" not in str(told)
            monkeypatch.undo()
            assert client.get("/anomalies").status_code == 200
        assert "secret words" in caplog.text

    def test_an_access_log_line_says_who_asked_what(self, keyed: Served, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("INFO", "monitoring.api.access"), keyed.client("reader") as client:
            client.get("/incidents/424242", headers={"X-Request-ID": "mine-7"})
            # It is written when the answer is on its way.
            until(lambda: "mine-7" in caplog.text)
        lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "monitoring.api.access"]
        line = next(line for line in lines if line["request_id"] == "mine-7")
        assert {"action": "request", "request_id": "mine-7", "key": "reader", "method": "GET"}.items() <= line.items()
        assert (line["path"], line["route"], line["status"]) == ("/incidents/424242", "/incidents/{id}", 404)
        assert SECRETS["reader"] not in str(line)


class TestMany:
    def test_two_hundred_clients_at_once_are_all_answered(self, platform: MonitoringPlatform) -> None:
        with serving(platform) as served, served.client() as client:
            limits = httpx.Limits(max_connections=200)
            with httpx.Client(base_url=served.url, timeout=240, limits=limits) as many, ThreadPoolExecutor(200) as pool:
                start = threading.Barrier(200)

                def ask(number: int) -> int:
                    start.wait(30)
                    window = {"last_minutes": 10 + number % 3}
                    return many.post("/anomalies/current", json=window).status_code

                assert set(pool.map(ask, range(200))) == {200}
            assert client.get("/health/ready").status_code == 200
