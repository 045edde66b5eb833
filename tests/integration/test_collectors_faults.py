"""Whatever the other side does, a read ends in time and says in plain words what was wrong."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event

import pytest

from monitoring.collectors import PrometheusTextSource
from monitoring.errors import CollectorError, ConfigurationError
from platform_metrics_definition import CATALOGUE
from tests.integration.exposition_server import Answer, ExpositionServer, SocketServer, dump

T0 = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PAGE = "ClickHouseMetrics_Query 3\nClickHouseMetrics_ReadonlyReplica 0\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def failure(url: str, *, timeout: float = 5.0, max_bytes: int = 1_000_000) -> str:
    """The message with which a read fails, in not much more than its timeout."""
    source = PrometheusTextSource(url, CATALOGUE, timeout=timeout, max_bytes=max_bytes)
    began = time.monotonic()
    with pytest.raises(CollectorError) as caught:
        source.collect(T0)
    assert time.monotonic() - began < timeout + 15
    return str(caught.value)


def test_connection_refused() -> None:
    with ExpositionServer(PAGE) as server:
        url = server.url

    assert failure(url) == f"Reading {url} failed: nothing listens there (connection refused)."


def test_an_unknown_host() -> None:
    assert "its host name is not known" in failure("http://no-such-broker.invalid:7071/metrics")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer("gone", 404), "HTTP status 404 Not Found"),
        (Answer("please wait", 503), "HTTP status 503 Service Unavailable"),
        (Answer("", 204), "HTTP status 204 No Content"),
        (Answer("<html><h1>Kafka Exporter</h1></html>", content_type="text/html"), "a web page"),
        (Answer('{"jobs": []}', content_type="application/json"), "JSON"),
        (Answer(b"\x00\x01\x02\xff" * 100), "something binary"),
        (Answer(""), "an empty page"),
        (
            Answer("go_goroutines 9\nprocess_open_fds 11\n"),
            "none of its 2 metrics is one of Kafka, Flink or ClickHouse",
        ),
        (Answer("hello there, this is not what you want\n"), "none of its 1 metrics"),
        (Answer('ClickHouseMetrics_Query{a="b 3\n'), "this line is not Prometheus text"),
        (Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}), "its answer says it is compressed"),
    ],
)
def test_an_answer_that_is_no_use_is_called_by_its_name(answer: Answer, message: str) -> None:
    with ExpositionServer({"/metrics": answer}) as server:
        text = failure(server.url)

    assert message in text


def test_an_answer_that_is_too_large_is_not_read_to_its_end() -> None:
    with ExpositionServer("ClickHouseMetrics_Query 3\n" * 50_000) as server:
        assert "its answer is larger than 1,000,000 bytes" in failure(server.url)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_unpacked() -> None:
    bomb = gzip.compress(b"#" * 200_000_000, compresslevel=9)
    assert len(bomb) < 250_000
    with ExpositionServer({"/metrics": Answer(bomb, headers={"Content-Encoding": "gzip"})}) as server:
        assert "its answer is larger than 1,000,000 bytes" in failure(server.url)


def endless(connection: socket.socket, over: Event) -> None:
    connection.sendall(OK + b"\r\n")
    while not over.is_set():
        connection.sendall(b"ClickHouseMetrics_Query 3\n" * 1000)


def test_an_answer_without_end_is_cut_at_the_limit() -> None:
    with SocketServer(endless) as server:
        assert "its answer is larger than" in failure(server.url)


def silent(_: socket.socket, over: Event) -> None:
    over.wait(30)


def drips(start: bytes) -> Callable[[socket.socket, Event], None]:
    """Sends a start, then a byte every 50 ms for ever: no single wait is ever long."""

    def behave(connection: socket.socket, over: Event) -> None:
        connection.sendall(start)
        while not over.wait(0.05):
            connection.sendall(b"x")

    return behave


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(silent, id="says nothing"),
        pytest.param(drips(b"HTTP/1.1 2"), id="drips its status line"),
        pytest.param(drips(OK + b"X-Long: "), id="drips its headers"),
        pytest.param(drips(OK + b"Content-Length: 100000\r\n\r\n"), id="drips its body"),
        pytest.param(drips(OK + b"\r\n"), id="drips a body of unknown length"),
    ],
)
def test_a_slow_endpoint_is_given_up_after_the_timeout_as_a_whole(
    behave: Callable[[socket.socket, Event], None],
) -> None:
    with SocketServer(behave) as server:
        assert "it did not answer in full within 0.4 s" in failure(server.url, timeout=0.4)


def once(*pieces: bytes) -> Callable[[socket.socket, Event], None]:
    def behave(connection: socket.socket, _: Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return behave


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK + b"Content-Length: 500\r\n\r\n" + PAGE.encode(), id="shorter than announced"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n40\r\n" + PAGE.encode(), id="in the middle of a chunk"),
        pytest.param(OK + b"\r\n" + PAGE.encode() + b"ClickHouseMetrics_Que", id="in the middle of a line"),
        pytest.param(b"", id="before it began"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="not HTTP"),
    ],
)
def test_an_answer_that_was_cut_off_gives_no_samples(answer: bytes) -> None:
    with SocketServer(once(answer)) as server:
        assert "cut off" in failure(server.url)


def test_an_answer_in_chunks_or_without_a_length_is_read() -> None:
    chunk = f"{len(PAGE):x}\r\n{PAGE}\r\n0\r\n\r\n".encode()
    for answer in (OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk, OK + b"\r\n" + PAGE.encode()):
        with SocketServer(once(answer)) as server:
            assert len(PrometheusTextSource(server.url, CATALOGUE).collect(T0)) == 2


def redirect(to: str) -> Answer:
    return Answer("", 302, headers={"Location": to})


def test_a_redirect_to_another_host_is_not_followed() -> None:
    with ExpositionServer(PAGE) as other, ExpositionServer({"/metrics": redirect(other.url)}) as server:
        text = failure(server.url)

        assert f"it redirects to http://{other.endpoint}, which is not followed" in text
        assert other.requests == []


def test_a_redirect_on_the_same_host_is_followed() -> None:
    with ExpositionServer({"/metrics": redirect("/metrics/"), "/metrics/": PAGE}) as server:
        assert len(PrometheusTextSource(server.url, CATALOGUE).collect(T0)) == 2


def test_redirects_in_a_circle_end() -> None:
    with ExpositionServer({"/metrics": redirect("/metrics")}) as server:
        assert "it redirects more than 3 times" in failure(server.url)


def test_user_and_password_of_the_url_are_sent_and_never_shown() -> None:
    with ExpositionServer(PAGE) as server:
        url = server.url.replace("http://", "http://scraper:s%20cret@")
        source = PrometheusTextSource(url, CATALOGUE)
        source.collect(T0)
        [(_, headers)] = server.requests
        server.stop()

    assert headers["authorization"] == "Basic c2NyYXBlcjpzIGNyZXQ="
    assert source.name == server.url
    assert source.instance == server.endpoint
    assert "cret" not in failure(url)


def test_a_url_without_a_path_means_metrics() -> None:
    with ExpositionServer(PAGE) as server:
        source = PrometheusTextSource(f"http://{server.endpoint}", CATALOGUE)

        assert len(source.collect(T0)) == 2
        assert source.name == server.url


@pytest.mark.parametrize(
    "url", ["", "broker-1:7071", "ftp://broker-1/metrics", "http://", "http://broker:port/metrics"]
)
def test_a_url_that_cannot_be_scraped_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the URL of an exporter"):
        PrometheusTextSource(url, CATALOGUE)


def test_a_source_recovers_with_the_next_read() -> None:
    with ExpositionServer({"/metrics": Answer("", 500)}) as server:
        source = PrometheusTextSource(server.url, CATALOGUE)
        with pytest.raises(CollectorError, match="500"):
            source.collect(T0)
        server.serve(PAGE)

        assert len(source.collect(T0)) == 2


def test_closing_ends_a_read_that_is_under_way() -> None:
    with SocketServer(silent) as server:
        source = PrometheusTextSource(server.url, CATALOGUE, timeout=30)
        closer = threading.Timer(0.2, source.close)
        closer.start()
        began = time.monotonic()
        with pytest.raises(CollectorError, match="reading it was stopped"):
            source.collect(T0)
        closer.join()

    assert time.monotonic() - began < 20
    with pytest.raises(CollectorError, match="the source was closed"):
        source.collect(T0)


def test_reading_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with ExpositionServer(dump("clickhouse_22.8.15.23_9363_metrics.prom")) as server:
        PrometheusTextSource(server.url, CATALOGUE).collect(T0)

    assert threading.active_count() == before
