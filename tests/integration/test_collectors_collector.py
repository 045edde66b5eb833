"""Several endpoints together: one that fails holds up no other, and cluster-wide values become one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from monitoring.collectors import Collector, CollectReport, PrometheusTextSource
from monitoring.errors import CollectorError
from monitoring.metrics import Sample
from platform_metrics_definition import CATALOGUE
from tests.integration.exposition_server import Answer, ExpositionServer, SocketServer

T0 = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def broker(*, controller: int = 0, offline: int = 0, messages: int = 0) -> str:
    return (
        "kafka_server_replicamanager_underreplicatedpartitions 0\n"
        f"kafka_controller_kafkacontroller_activecontrollercount {controller}\n"
        f"kafka_controller_kafkacontroller_offlinepartitionscount {offline}\n"
        f'kafka_server_brokertopicmetrics_messagesin_total{{topic="orders"}} {messages}\n'
    )


def value(report: CollectReport, metric: str, instance: str = "cluster") -> float | None:
    found = [s.value for s in report.samples if (s.metric, s.instance) == (metric, instance)]
    assert len(found) <= 1
    return found[0] if found else None


class Brokers:
    """Three broker endpoints and a collector over them."""

    def __init__(self, stack: ExitStack, grace: timedelta = timedelta(seconds=60)) -> None:
        self.servers = [stack.enter_context(ExpositionServer(broker())) for _ in range(3)]
        sources = [
            PrometheusTextSource(server.url, CATALOGUE, instance=f"broker-{i}", timeout=5)
            for i, server in enumerate(self.servers)
        ]
        self.collector = stack.enter_context(Collector(sources, grace=grace))

    def collect(self, seconds: float, *pages: str | Answer) -> CollectReport:
        for server, page in zip(self.servers, pages, strict=False):
            server.serve(page)
        return self.collector.collect_all(at(seconds))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_every_broker_is_its_own_instance_and_the_cluster_is_one(stack: ExitStack) -> None:
    report = Brokers(stack).collect(0, broker(controller=1), broker(), broker(offline=4))

    assert value(report, "active_controller_count") == 1.0
    assert value(report, "offline_partitions") == 4.0
    assert [value(report, "under_replicated_partitions", f"broker-{i}") for i in range(3)] == [0.0, 0.0, 0.0]
    assert len({sample.key for sample in report.samples}) == len(report.samples)


def test_two_controllers_are_seen_as_two(stack: ExitStack) -> None:
    report = Brokers(stack).collect(0, broker(controller=1), broker(controller=1), broker())

    assert value(report, "active_controller_count") == 2.0


def test_the_rate_of_a_topic_is_that_of_all_its_brokers(stack: ExitStack) -> None:
    brokers = Brokers(stack)
    brokers.collect(0, broker(messages=100), broker(messages=5000), broker(messages=0))
    report = brokers.collect(30, broker(messages=400), broker(messages=5600), broker(messages=0))

    assert value(report, "messages_in_rate", "orders") == 30.0


DOWN = Answer("", 503)


def test_only_those_that_answer_are_summed_when_one_never_did(stack: ExitStack) -> None:
    report = Brokers(stack).collect(0, broker(controller=1), broker(), DOWN)

    assert value(report, "active_controller_count") == 1.0
    assert [status.ok for status in report.sources] == [True, True, False]


def test_a_controller_that_is_missed_once_does_not_look_like_a_cluster_without_one(stack: ExitStack) -> None:
    brokers = Brokers(stack)
    brokers.collect(0, broker(controller=1), broker(), broker())
    missed = brokers.collect(30, DOWN)
    back = brokers.collect(60, broker(controller=1))

    assert value(missed, "active_controller_count") is None
    assert value(missed, "offline_partitions") == 0.0
    assert value(back, "active_controller_count") == 1.0


def test_after_a_minute_those_that_still_answer_are_summed(stack: ExitStack) -> None:
    brokers = Brokers(stack)
    brokers.collect(0, broker(controller=1), broker(), broker())
    counts = [value(brokers.collect(s, DOWN), "active_controller_count") for s in (30, 60, 90)]
    elected = brokers.collect(120, DOWN, broker(controller=1))

    assert counts == [None, 0.0, 0.0]
    assert value(elected, "active_controller_count") == 1.0


def test_without_grace_those_that_answer_are_summed_at_once(stack: ExitStack) -> None:
    brokers = Brokers(stack, grace=timedelta(0))
    brokers.collect(0, broker(controller=1), broker(), broker())

    assert value(brokers.collect(30, DOWN), "active_controller_count") == 0.0


def test_a_status_tells_what_went_wrong_and_when_it_last_went_well(stack: ExitStack) -> None:
    brokers = Brokers(stack)
    brokers.collect(0, broker())
    good = brokers.collect(30, broker())
    bad = brokers.collect(60, DOWN)

    assert good.sources[0].ok
    assert good.sources[0].error == ""
    assert good.sources[0].samples == 4
    assert good.sources[0].last_success == at(30)
    assert not bad.sources[0].ok
    assert bad.sources[0].samples == 0
    assert bad.sources[0].last_success == at(30)
    assert bad.sources[0].name == brokers.servers[0].url
    assert "HTTP status 503" in bad.sources[0].error


LAG_PAGE = (
    'kafka_topic_partition_current_offset{partition="0",topic="orders"} {offset}\n'
    'kafka_topic_partition_under_replicated_partition{partition="0",topic="orders"} 1\n'
    'kafka_consumergroup_lag{consumergroup="flink",partition="0",topic="orders"} 7\n'
)


def test_a_substitute_is_used_only_while_there_is_nothing_better(stack: ExitStack) -> None:
    def exporter_page(offset: int) -> str:
        return LAG_PAGE.replace("{offset}", str(offset))

    exporter = stack.enter_context(ExpositionServer(exporter_page(0)))
    jmx = stack.enter_context(ExpositionServer(DOWN_PAGES))
    sources = [
        PrometheusTextSource(exporter.url, CATALOGUE),
        PrometheusTextSource(jmx.url, CATALOGUE, instance="broker-0"),
    ]
    collector = stack.enter_context(Collector(sources))
    collector.collect_all(at(0))
    exporter.serve(exporter_page(900))
    alone = collector.collect_all(at(30))
    jmx.serve(broker(messages=0))
    collector.collect_all(at(60))
    jmx.serve(broker(messages=600))
    exporter.serve(exporter_page(9000))
    both = collector.collect_all(at(90))
    jmx.serve(DOWN)
    again_alone = collector.collect_all(at(120))

    assert value(alone, "messages_in_rate", "orders") == 30.0
    assert value(alone, "under_replicated_partitions") == 1.0
    assert value(both, "messages_in_rate", "orders") == 20.0
    assert value(both, "under_replicated_partitions", "broker-0") == 0.0
    assert value(both, "under_replicated_partitions") is None
    assert value(both, "consumer_group_lag", "flink/orders") == 7.0
    assert value(again_alone, "messages_in_rate", "orders") is None


def test_two_exporters_that_see_the_whole_cluster_do_not_count_it_twice(stack: ExitStack) -> None:
    servers = [stack.enter_context(ExpositionServer(LAG_PAGE.replace("{offset}", "0"))) for _ in range(2)]
    collector = stack.enter_context(Collector([PrometheusTextSource(server.url, CATALOGUE) for server in servers]))
    collector.collect_all(at(0))
    for server in servers:
        server.serve(LAG_PAGE.replace("{offset}", "900"))
    report = collector.collect_all(at(30))

    assert value(report, "messages_in_rate", "orders") == 30.0
    assert value(report, "consumer_group_lag", "flink/orders") == 7.0
    assert value(report, "under_replicated_partitions") == 1.0


DOWN_PAGES: dict[str, Answer | str] = {"/metrics": DOWN}


def silent(_: socket.socket, over: Event) -> None:
    over.wait(30)


def test_endpoints_that_hang_hold_up_no_other(stack: ExitStack) -> None:
    hanging = [stack.enter_context(SocketServer(silent)) for _ in range(4)]
    good = stack.enter_context(ExpositionServer(broker(controller=1)))
    urls = [*(server.url for server in hanging), good.url]
    sources = [PrometheusTextSource(url, CATALOGUE, timeout=4) for url in urls]
    collector = stack.enter_context(Collector(sources))
    began = time.monotonic()
    report = collector.collect_all(T0)

    assert time.monotonic() - began < 15
    assert [status.ok for status in report.sources] == [False, False, False, False, True]
    assert value(report, "active_controller_count") == 1.0


@dataclass
class Slow:
    """A source that answers only once it is let go, or raises."""

    name: str = "slow"
    go: Event = field(default_factory=Event)
    error: Exception | None = None
    calls: int = 0
    standins: frozenset[str] = frozenset()

    def collect(self, now: datetime) -> list[Sample]:
        self.calls += 1
        self.go.wait(30)
        if self.error is not None:
            raise self.error
        return [Sample(now, "kafka", "cluster", "active_brokers", 3.0)]

    def close(self) -> None:
        self.go.set()


def test_a_source_that_takes_too_long_is_not_started_again_until_it_is_done(stack: ExitStack) -> None:
    slow = Slow()
    collector = stack.enter_context(Collector([slow], patience=0.1))
    first = collector.collect_all(at(0))
    second = collector.collect_all(at(30))
    slow.go.set()
    time.sleep(0.1)
    third = collector.collect_all(at(60))

    assert first.sources[0].error == "Reading slow takes longer than 0.1 s and goes on."
    assert not second.sources[0].ok
    assert third.sources[0].ok
    assert slow.calls == 2
    assert [sample.time for sample in third.samples] == [at(60)]


def test_an_error_in_a_source_is_logged_and_reported_and_the_others_go_on(
    stack: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = Slow("broken", error=KeyError("lag")), Slow("fine")
    broken.go.set()
    fine.go.set()
    report = stack.enter_context(Collector([broken, fine])).collect_all(T0)

    assert [status.ok for status in report.sources] == [False, True]
    assert report.sources[0].error == "Reading broken failed unexpectedly (KeyError); the log has the details."
    assert caplog.records[0].exc_info is not None
    assert len(report.samples) == 1


def test_closing_leaves_no_thread_running_even_while_an_endpoint_hangs() -> None:
    before = set(threading.enumerate())
    with SocketServer(silent) as server:
        inside = set(threading.enumerate())
        collector = Collector([PrometheusTextSource(server.url, CATALOGUE, timeout=60)], patience=0.2)
        collector.collect_all(T0)
        began = time.monotonic()
        collector.close()
        collector.close()
        took = time.monotonic() - began
        left = {thread.name for thread in set(threading.enumerate()) - inside if thread.name.startswith("collector")}

    assert took < 30
    assert left == set()
    assert set(threading.enumerate()) <= before
    with pytest.raises(CollectorError, match="was closed"):
        collector.collect_all(T0)


def test_a_collector_without_sources_collects_nothing(stack: ExitStack) -> None:
    assert stack.enter_context(Collector([])).collect_all(T0) == CollectReport([], ())
