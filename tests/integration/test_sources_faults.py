"""Interfaces that answer in JSON: whatever they do, a read ends in time, says what was wrong, and the others go on."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from monitoring.collectors.clickhouse_http import ClickHouseSource
from monitoring.collectors.collector import Collector, Plan, Source
from monitoring.collectors.flink_rest import MOST_JOBS, FlinkRestSource
from monitoring.collectors.prometheus_server import PrometheusServerSource
from monitoring.collectors.prometheus_text import PrometheusTextSource
from monitoring.errors import CollectorError
from monitoring.metrics import Window
from platform_metrics_definition import CATALOGUE
from tests.integration.exposition_server import Answer, ExpositionServer, SocketServer

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
NAMES = "/api/v1/label/__name__/values"

Make = Callable[[str], Source]
MAKERS: dict[str, Make] = {
    "prometheus": lambda url: PrometheusServerSource(url, CATALOGUE, timeout=0.5, max_bytes=1_000_000),
    "flink": lambda url: FlinkRestSource(url, CATALOGUE, timeout=0.5, max_bytes=1_000_000),
    "clickhouse": lambda url: ClickHouseSource(url, CATALOGUE, timeout=0.5, max_bytes=1_000_000),
}
every_kind = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def root(server: ExpositionServer | SocketServer) -> str:
    return server.url.removesuffix("/metrics")


def everywhere(answer: Answer | str) -> dict[str, Answer | str]:
    return dict.fromkeys(("/", "/overview", NAMES), answer)


def failure(source: Source, seconds: float = 15.0) -> str:
    began = time.monotonic()
    with pytest.raises(CollectorError) as caught:
        source.collect(T0)
    assert time.monotonic() - began < seconds
    return str(caught.value)


@every_kind
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("<html>Please log in</html>", content_type="text/html"), "a web page that is not JSON"),
        (Answer(""), "an empty answer that is not JSON"),
        (Answer(b"\xff\xfe\x00{"), "something that is not JSON"),
        (Answer('{"status": "success", "data": ['), "something that is not JSON"),
        (Answer("[" * 100_000), "something that is not JSON"),
        (Answer("[]"), "have not the form of"),
        (Answer("null"), "have not the form of"),
        (Answer('{"data": 5, "status": "success", "taskmanagers": {}}'), "have not the form of"),
        (Answer("busy", 503), "HTTP status 503 Service Unavailable"),
        (Answer("who are you", 403), "HTTP status 403 Forbidden; may this login read that?"),
        (Answer(" " * 1_500_000), "larger than 1,000,000 bytes"),
        (
            Answer(gzip.compress(b" " * 100_000_000), headers={"Content-Encoding": "gzip"}),
            "larger than 1,000,000 bytes",
        ),
        (Answer(b"none", headers={"Content-Encoding": "gzip"}), "cannot be unpacked"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_an_answer_that_is_no_use_is_called_by_its_name(make: Make, answer: Answer, words: str) -> None:
    with ExpositionServer(everywhere(answer)) as server:
        said = failure(make(root(server)))

    assert words in said
    assert said.startswith("Reading http://127.0.0.1:")


def silent(_: socket.socket, over: Event) -> None:
    over.wait(30)


def half(connection: socket.socket, _: Event) -> None:
    connection.sendall(OK + b'Content-Length: 500\r\n\r\n{"status": "suc')


def drips(connection: socket.socket, over: Event) -> None:
    connection.sendall(OK + b"Content-Length: 100000\r\n\r\n")
    while not over.wait(0.05):
        connection.sendall(b" ")


@every_kind
@pytest.mark.parametrize(
    ("behave", "words"),
    [(silent, "did not answer in full within 0.5 s"), (drips, "did not answer in full"), (half, "cut off")],
    ids=["silent", "drips", "half"],
)
def test_an_interface_that_hangs_or_stops_halfway_is_given_up_in_time(
    make: Make, behave: Callable[[socket.socket, Event], None], words: str
) -> None:
    with SocketServer(behave) as server:
        assert words in failure(make(root(server)))


@every_kind
def test_closing_ends_a_read_that_is_under_way(make: Make) -> None:
    with SocketServer(silent) as server:
        collector = Collector([make(root(server))], patience=0.1)
        collector.collect_all(T0)
        began = time.monotonic()
        collector.close()

    assert time.monotonic() - began < 15


def test_the_time_for_a_read_is_for_all_of_its_questions_together() -> None:
    """Each answer comes in time, but there are many."""

    def slow(connection: socket.socket, _: Event) -> None:
        time.sleep(0.2)
        connection.sendall(OK + b"Content-Length: 20\r\n\r\n" + b'{"taskmanagers": 1 }')

    with SocketServer(slow) as server:
        source = FlinkRestSource(root(server), CATALOGUE, timeout=0.5)
        began = time.monotonic()
        failure(source)

    assert time.monotonic() - began < 15


def flink(jobs: list[dict[str, Any]], **pages: Any) -> dict[str, Answer | str]:
    answers = {
        "/overview": {"taskmanagers": 2},
        "/jobs/overview": {"jobs": jobs},
        "/taskmanagers": {"taskmanagers": []},
    }
    return {path: json.dumps(page) for path, page in {**answers, **pages}.items()}


def values(source: Source) -> dict[tuple[str, str], float]:
    return {(s.metric, s.instance): s.value for s in source.collect(T0)}


def test_a_job_that_was_given_up_is_not_running_and_says_why() -> None:
    job = {"jid": "a", "name": "orders", "state": "FAILED", "end-time": 1_000}
    detail = {"now": 91_000, "end-time": 1_000}
    history = {"exceptionHistory": {"entries": [{"stacktrace": "java.io.IOException: no space left\n\tat x"}]}}
    pages = {"/jobs/a": detail, "/jobs/a/exceptions": history}
    with ExpositionServer(flink([job], **pages)) as server:
        source = FlinkRestSource(root(server), CATALOGUE)
        found = values(source)

    assert found["job_not_running_seconds", "orders"] == 90
    assert source.notes == ("job orders has failed, last for: java.io.IOException: no space left",)


@pytest.mark.parametrize("state", ["FINISHED", "CANCELED"])
def test_a_job_that_ended_as_it_should_is_no_trouble(state: str) -> None:
    job = {"jid": "a", "name": "orders", "state": state, "end-time": 1_000}
    with ExpositionServer(flink([job])) as server:
        assert values(FlinkRestSource(root(server), CATALOGUE)) == {("registered_taskmanagers", "cluster"): 2}


def test_a_job_that_ends_between_two_questions_leaves_the_rest_as_it_is() -> None:
    job = {"jid": "gone", "name": "orders", "state": "RUNNING", "end-time": -1}
    with ExpositionServer(flink([job])) as server:
        assert values(FlinkRestSource(root(server), CATALOGUE)) == {("registered_taskmanagers", "cluster"): 2}


def test_more_jobs_than_can_be_asked_for_are_noted() -> None:
    jobs = [{"jid": f"j{n}", "name": f"job-{n}", "state": "RUNNING", "end-time": -1} for n in range(MOST_JOBS + 7)]
    with ExpositionServer(flink(jobs)) as server:
        source = FlinkRestSource(root(server), CATALOGUE)
        values(source)

    assert source.notes == (f"only the first {MOST_JOBS} of {MOST_JOBS + 7} jobs are read",)


def test_absurd_labels_are_names_like_any_other() -> None:
    name = 'x"}\n{' + "long " * 2000 + "\x00\u202e"
    found = {"metric": {"consumergroup": name, "topic": "orders"}, "value": [1.0, "5"]}
    with ExpositionServer() as server:
        server.pages = prometheus(["kafka_consumergroup_lag"], [found])
        [(metric, instance)] = values(PrometheusServerSource(root(server), CATALOGUE))

    assert metric == "consumer_group_lag"
    assert instance == f"{name}/orders"


def prometheus(names: list[str], result: list[dict[str, Any]]) -> dict[str, Answer | str]:
    return {
        NAMES: json.dumps({"status": "success", "data": names}),
        "/api/v1/query": json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}),
        "/api/v1/query_range": json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}}),
    }


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf"])
def test_what_is_no_number_is_no_sample(text: str) -> None:
    found = {"metric": {"consumergroup": "g", "topic": "t"}, "value": [1.0, text]}
    with ExpositionServer(prometheus(["kafka_consumergroup_lag"], [found])) as server:
        assert values(PrometheusServerSource(root(server), CATALOGUE)) == {}


def test_a_hundred_thousand_series_are_cut_off_by_their_size_and_the_others_go_on() -> None:
    many = [{"metric": {"consumergroup": f"g{n}", "topic": "t" * 50}, "value": [1.0, "5"]} for n in range(100_000)]
    page = "ClickHouseMetrics_Query 3\n"
    with ExpositionServer(prometheus(["kafka_consumergroup_lag"], many)) as big, ExpositionServer(page) as other:
        plans = [
            Plan(PrometheusServerSource(root(big), CATALOGUE, max_bytes=5_000_000), rank=0),
            Plan(PrometheusTextSource(other.url, CATALOGUE), rank=1),
        ]
        with Collector(plans) as collector:
            report = collector.collect_all(T0)

    assert [status.ok for status in report.sources] == [False, True]
    assert "larger than 5,000,000 bytes" in report.sources[0].error
    assert [sample.metric for sample in report.samples] == ["running_queries"]


def test_a_past_that_cannot_be_had_costs_nothing_of_the_present() -> None:
    found = {"metric": {"consumergroup": "g", "topic": "t"}, "value": [1.0, "5"]}
    pages = prometheus(["kafka_consumergroup_lag"], [found]) | {"/api/v1/query_range": Answer("too much", 422)}
    with ExpositionServer(pages) as server:
        source = PrometheusServerSource(root(server), CATALOGUE)
        with Collector([Plan(source, backfill=timedelta(hours=1))]) as collector:
            report = collector.collect_all(T0)
        source = PrometheusServerSource(root(server), CATALOGUE)
        source.collect(T0)
        with pytest.raises(CollectorError, match=r"HTTP status 422 .*: too much"):
            source.backfill(Window(T0 - timedelta(hours=1), T0))

    assert [sample.value for sample in report.samples] == [5.0]
    assert report.older == []


def test_one_that_hangs_holds_up_no_other_and_is_left_alone_for_ever_longer() -> None:
    with SocketServer(silent) as hanging, ExpositionServer("ClickHouseMetrics_Query 3\n") as good:
        plans = [
            Plan(FlinkRestSource(root(hanging), CATALOGUE, timeout=0.3), rank=0, interval=timedelta(seconds=5)),
            Plan(PrometheusTextSource(good.url, CATALOGUE), rank=1, interval=timedelta(seconds=5)),
        ]
        with Collector(plans, chance=lambda: 1.0) as collector:
            collector.collect_due(T0)
            began = time.monotonic()
            rounds = [collector.collect_due(T0 + timedelta(seconds=s), patience=0.2) for s in range(5, 60, 5)]
            took = time.monotonic() - began
            reads = len(good.requests)

    assert took < 25
    assert reads == 12
    assert [len(found.samples) for found in rounds] == [1] * 11
    assert not rounds[-1].sources[0].ok
