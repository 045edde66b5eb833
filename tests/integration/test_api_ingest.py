"""Samples in over HTTP: what is valid is stored once, what is not is named, and there is a limit to everything."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import httpx
import pytest

from monitoring.api import replies
from monitoring.contract import iso
from monitoring.platform import MonitoringPlatform
from tests.integration.api_client import NOW, Served, assert_problem, database, opened, serving

LAG = "consumer_group_lag"
Client = httpx.Client


@pytest.fixture(scope="module")
def platform(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringPlatform]:
    with ExitStack() as stack:
        settings = stack.enter_context(database(server_url, tmp_path_factory.mktemp("api")))
        yield stack.enter_context(opened(settings))


@pytest.fixture(scope="module")
def served(platform: MonitoringPlatform) -> Iterator[Served]:
    with serving(platform, ingest_bytes=200_000) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with served.client() as client:
        yield client


def sample(instance: str, seconds: float = 60, value: Any = 5.0, **changes: Any) -> dict[str, Any]:
    at = iso(NOW - timedelta(seconds=seconds))
    return {"time": at, "component": "kafka", "instance": instance, "metric": LAG, "value": value, **changes}


def sent(client: Client, samples: list[Any], **parameters: Any) -> dict[str, Any]:
    reply = client.post("/metrics/ingest", json={"samples": samples}, params=parameters)
    assert reply.status_code == 200, reply.text
    replies.IngestReply.model_validate_json(reply.content)
    found: dict[str, Any] = reply.json()
    return found


def stored(platform: MonitoringPlatform, instance: str) -> int:
    with platform._store._owner.transaction("counting") as cursor:
        cursor.execute("SELECT count(*) FROM platform_metrics WHERE instance = %s", (instance,))
        row = cursor.fetchone()
    return int(row[0]) if row else 0


class TestBatches:
    def test_what_was_told_to_be_stored_is_stored(self, client: Client, platform: MonitoringPlatform) -> None:
        found = sent(client, [sample("g/stored", seconds) for seconds in range(1, 51)])
        assert (found["read"], found["stored"], found["rejected"]) == (50, 50, 0)
        assert found["window"]["to"] > found["window"]["from"]
        assert stored(platform, "g/stored") == 50

    def test_a_batch_that_is_sent_again_is_stored_once(self, client: Client, platform: MonitoringPlatform) -> None:
        batch = [sample("g/again", seconds) for seconds in range(1, 11)]
        sent(client, batch)
        again = sent(client, [*batch, sample("g/again", 99)])
        assert (again["stored"], again["duplicates"]) == (1, 10)
        assert stored(platform, "g/again") == 11

    def test_the_same_batch_from_many_at_once_is_stored_once(
        self, served: Served, platform: MonitoringPlatform
    ) -> None:
        batch = [sample("g/race", seconds) for seconds in range(1, 101)]

        def send(_: int) -> int:
            with served.client() as client:
                return int(sent(client, batch)["stored"])

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(send, range(4))) == 100
        assert stored(platform, "g/race") == 100

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (sample("g/x", metric="consumer_lag"), "did you mean consumer_group_lag"),
            (sample("g/x", component="flink"), "is a metric of kafka"),
            (sample("g/x", value="5"), "is not a number"),
            (sample("g/x", value=True), "is not a number"),
            (sample("g/x", value=None), "is not a number"),
            (sample("g/x", value=10**400), "is not a finite number"),
            (sample("", 60), "instance '' is empty"),
            (sample("a" * 400), "too long"),
            (sample("g/\x00"), "not printable"),
            (sample("g/x", time="yesterday"), "is not ISO 8601"),
            (sample("g/x", time=1772618400), "must be texts"),
            (sample("g/x", seconds=-3600), "lies in the future"),
            (sample("g/x", seconds=86400 * 90), "older than the retention"),
            (sample("g/x", extra=1), "unknown field extra"),
            ({"time": iso(NOW)}, "component, instance, metric, value is missing"),
            (["time"], "an object with"),
            (None, "an object with"),
            ({}, "is missing"),
        ],
        ids=lambda given: given if isinstance(given, str) else "",
    )
    def test_what_cannot_be_stored_is_named_and_the_others_are_stored(
        self, client: Client, platform: MonitoringPlatform, bad: Any, reason: str
    ) -> None:
        before = stored(platform, "g/good")
        good = sample("g/good", 100 + before)
        found = sent(client, [bad, good])
        assert (found["read"], found["stored"], found["rejected"]) == (2, 1, 1)
        assert found["rejections"][0]["line"] == 1
        assert reason in found["rejections"][0]["reason"]
        assert stored(platform, "g/good") == before + 1

    def test_numbers_that_are_none_are_rejected(self, client: Client) -> None:
        body = json.dumps({"samples": [sample("g/nan", value=float("nan")), sample("g/nan", value=float("inf"))]})
        found = client.post("/metrics/ingest", content=body, headers={"Content-Type": "application/json"}).json()
        assert (found["stored"], found["rejected"]) == (0, 2)

    def test_samples_sent_are_judged_at_the_next_tick(self, client: Client, platform: MonitoringPlatform) -> None:
        rows = [
            {
                "time": iso(NOW - timedelta(seconds=30 * n)),
                "component": "clickhouse",
                "instance": "ch-9/late",
                "metric": "max_parts_per_partition",
                "value": 1840,
            }
            for n in range(1, 40)
        ]
        sent(client, rows)
        platform.catch_up()
        found = client.get("/anomalies", params={"instance": "ch-9/late"}).json()["items"]
        assert [event["status"] for event in found] == ["firing"]

    @pytest.mark.parametrize(
        ("body", "status", "kind"),
        [
            (b"{", 400, "malformed-body"),
            (b"\xff", 400, "malformed-body"),
            (b"[" * 90_000, 400, "malformed-body"),
            (b"[]", 422, "invalid-request"),
            (b"{}", 422, "invalid-request"),
            (b'{"samples": 5}', 422, "invalid-request"),
            (b'{"samples": [], "more": 1}', 422, "invalid-request"),
        ],
    )
    def test_what_is_no_batch_is_refused(self, client: Client, body: bytes, status: int, kind: str) -> None:
        reply = client.post("/metrics/ingest", content=body, headers={"Content-Type": "application/json"})
        assert_problem(reply, status, kind)

    def test_other_kinds_of_bodies_are_not_read(self, client: Client) -> None:
        for kind in ("application/xml", "application/x-protobuf", ""):
            reply = client.post("/metrics/ingest", content=b"x", headers={"Content-Type": kind})
            assert_problem(reply, 415, "unsupported-media-type")


class TestText:
    def test_prometheus_text_is_stored_once(self, client: Client, platform: MonitoringPlatform) -> None:
        at = int((NOW - timedelta(seconds=30)).timestamp() * 1000)
        text = f'# TYPE x gauge\n\n{LAG}{{instance="g/text",job="a"}} 12.5 {at}\n{LAG}{{instance="g/t2"}} 1 {at}\n'
        for count in (2, 0):
            reply = client.post("/metrics/ingest", content=text, headers={"Content-Type": "text/plain"})
            assert reply.json()["stored"] == count
        assert stored(platform, "g/text") == 1

    def test_a_line_without_a_time_is_of_now(self, client: Client) -> None:
        text = f'{LAG}{{instance="g/now",component="kafka"}} 7'
        found = client.post("/metrics/ingest", content=text, headers={"Content-Type": "text/plain"}).json()
        assert (found["stored"], found["window"]["from"]) == (1, iso(NOW))

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ('consumer_lag{instance="g"} 1', "did you mean"),
            (f"{LAG} 1", "instance '' is empty"),
            (f'{LAG}{{instance="g"}} NaN', "is not a finite number"),
            (f'{LAG}{{instance="g"}} +Inf', "is not a finite number"),
            (f'{LAG}{{instance="g" 1', "not Prometheus text"),
            (f'{LAG}{{instance="g"}}', "not Prometheus text"),
            ("<html>", "not Prometheus text"),
            (f'{LAG}{{instance="g"}} 1 99999999999999999999', "is not one in milliseconds"),
            (f'{LAG}{{instance="g",component="flink"}} 1', "is a metric of kafka"),
        ],
    )
    def test_a_line_that_cannot_be_stored_is_named(self, client: Client, line: str, reason: str) -> None:
        text = f"# a comment\n{line}\n"
        found = client.post("/metrics/ingest", content=text, headers={"Content-Type": "text/plain"}).json()
        assert (found["read"], found["stored"]) == (1, 0)
        assert found["rejections"][0]["line"] == 2
        assert reason in found["rejections"][0]["reason"]

    def test_text_that_is_no_utf8_is_malformed(self, client: Client) -> None:
        reply = client.post("/metrics/ingest", content=b"\xff\xfe", headers={"Content-Type": "text/plain"})
        assert_problem(reply, 400, "malformed-body")


class TestLimits:
    def test_a_batch_that_is_too_large_is_refused(self, client: Client) -> None:
        reply = client.post("/metrics/ingest", json={"samples": [sample("g/large")] * 3000})
        assert_problem(reply, 413, "body-too-large")

    def test_batches_beyond_what_there_is_room_for_are_sent_back(
        self, platform: MonitoringPlatform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        began, go = threading.Barrier(3), threading.Event()
        write = platform._store.samples.write

        def slow(block: Any) -> Any:
            began.wait(40)
            assert go.wait(40)
            return write(block)

        with serving(platform, ingests=2) as served, ThreadPoolExecutor(2) as pool:
            monkeypatch.setattr(platform._store.samples, "write", slow)

            def send(number: int) -> dict[str, Any]:
                with served.client() as client:
                    return sent(client, [sample(f"g/busy-{number}")])

            waiting = [pool.submit(send, number) for number in range(2)]
            began.wait(40)
            with served.client() as client:
                reply = client.post("/metrics/ingest", json={"samples": [sample("g/busy-3")]})
                assert_problem(reply, 429, "ingest-busy")
                assert int(reply.headers["retry-after"]) >= 1
                assert client.get("/health/live").status_code == 200
                go.set()
                assert [future.result(10)["stored"] for future in waiting] == [1, 1]
                monkeypatch.setattr(platform._store.samples, "write", write)
                assert sent(client, [sample("g/busy-3")])["stored"] == 1

    def test_samples_are_counted_by_what_came_of_them(self, platform: MonitoringPlatform) -> None:
        with serving(platform) as served, served.client() as client:
            sent(client, [sample("g/counted"), sample("g/counted"), None])
            page = client.get("/metrics").text
        for result, count in (("stored", 1), ("duplicate", 1), ("rejected", 1)):
            assert f'platform_monitoring_ingested_samples_total{{result="{result}"}} {count}.0' in page
