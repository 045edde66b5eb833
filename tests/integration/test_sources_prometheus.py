"""A real Prometheus that scrapes recorded dumps: its answers are those that scraping them directly gives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.collectors.collector import Collector, Plan
from monitoring.collectors.mapping import RULES
from monitoring.collectors.prometheus_server import PrometheusServerSource
from monitoring.collectors.prometheus_text import PrometheusTextSource
from monitoring.collectors.promql import expressions
from monitoring.errors import CollectorError
from monitoring.metrics import Sample, Window
from monitoring.sourcing import probe
from platform_metrics_definition import CATALOGUE
from tests.integration.exposition_server import ExpositionServer, dump
from tests.integration.real_servers import PrometheusServer, until

DUMPS = (
    "clickhouse_22.8.15.23_9363_metrics.prom",
    "kafka_exporter_1.3.1_sample.prom",
    "kafka_msk_jmx_exporter_0.12.0_broker_busy.prom",
    "flink_2.3.0_jobmanager_healthy.prom",
    "flink_2.3.0_taskmanager_healthy.prom",
)
SECOND = timedelta(seconds=1)
OTHER_JAVA = 'jvm_memory_bytes_used{area="heap"} 9\njvm_memory_bytes_max{area="heap"} 10\n'
"""A Java process that is no broker."""
BROKER = OTHER_JAVA + "kafka_server_replicamanager_underreplicatedpartitions 0\n"

Values = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def endpoints() -> Iterator[list[ExpositionServer]]:
    with ExitStack() as stack:
        pages = [dump(name) for name in DUMPS]
        yield [stack.enter_context(ExpositionServer(page)) for page in [*pages, BROKER, OTHER_JAVA]]


@pytest.fixture(scope="module")
def prometheus(
    endpoints: list[ExpositionServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrometheusServer]:
    urls = [endpoint.url for endpoint in endpoints]
    with PrometheusServer(tmp_path_factory.mktemp("prometheus"), urls) as server:
        until(lambda: server.has(f"sum(count_over_time(up[1m]) > 2) > {2 * len(urls)} and sum(up) == {len(urls)}"), 60)
        yield server


@pytest.fixture
def source(prometheus: PrometheusServer) -> PrometheusServerSource:
    return PrometheusServerSource(prometheus.url, CATALOGUE, interval=SECOND)


def now() -> datetime:
    return datetime.now(UTC)


def named(samples: list[Sample]) -> Values:
    return {(sample.metric, sample.instance): sample.value for sample in samples}


def scraped(endpoints: list[ExpositionServer]) -> Values:
    """What scraping the same endpoints directly gives, at the second reading."""
    sources = [Plan(PrometheusTextSource(endpoint.url, CATALOGUE)) for endpoint in endpoints[:-1]]
    with Collector(sources) as collector:
        collector.collect_all(now())
        return named(collector.collect_all(now() + timedelta(minutes=2)).samples)


def test_it_says_what_scraping_says(source: PrometheusServerSource, endpoints: list[ExpositionServer]) -> None:
    direct, asked = scraped(endpoints), named(source.collect(now()))
    by_time = {rule.metric for rule in RULES if rule.kind == "age"}
    steady = {key: value for key, value in direct.items() if key[0] not in by_time and key in asked}

    # How long a lag takes is known directly only after five minutes of readings.
    assert {key for key in direct.keys() ^ asked.keys() if key[0] != "consumer_group_lag_seconds"} == set()
    assert len(steady) > 50
    assert {key: asked[key] for key in steady} == pytest.approx(steady, rel=1e-6, abs=1e-9)


def test_the_exporters_are_recognised_by_their_series(source: PrometheusServerSource) -> None:
    source.collect(now())

    assert set(source.exporters) == {
        "Kafka JMX",
        "kafka_exporter",
        "Flink JobManager",
        "Flink TaskManager",
        "ClickHouse",
    }


def test_the_heap_of_a_java_process_that_is_no_broker_is_left_out(
    source: PrometheusServerSource, endpoints: list[ExpositionServer]
) -> None:
    heaps = {instance for metric, instance in named(source.collect(now())) if metric == "broker_heap_used_ratio"}

    assert heaps == {endpoints[-2].endpoint}


def test_every_query_of_the_mapping_can_be_worked_out(prometheus: PrometheusServer) -> None:
    """Also those for which no dump has the series: a name is made up for each."""
    from monitoring.collectors.rules import selector

    for rule in RULES:
        names = [
            name.replace("(restarting|failing|cancelling)", "failing").replace("(?P<disk>.+)", "default")
            for text in (*rule.series, *rule.over, *rule.minus)
            for name in [selector(text).pattern.pattern.replace("(?P<state>", "(").replace("(?P<collector>.+)", "G1")]
        ]
        for expression in expressions(rule, sorted(set(names)), 'env="none"'):
            assert prometheus.has(expression.text) is False


def test_samples_of_the_past_are_those_that_were_read_live(source: PrometheusServerSource) -> None:
    live: dict[tuple[str, str, datetime], float] = {}
    start = now()
    for _ in range(3):
        live |= {(s.metric, s.instance, s.time): s.value for s in source.collect(now())}
        time.sleep(1)
    older = source.backfill(Window(start - 2 * SECOND, now()))
    past = {(s.metric, s.instance, s.time): s.value for s in older}
    steady = {key for key in live if key[0] in ("running_queries", "consumer_group_lag", "registered_taskmanagers")}

    assert len(past) == len(older)
    assert len({key[2] for key in steady}) >= 2
    assert steady <= past.keys()
    assert all(live[key] == past[key] for key in steady)


def test_what_was_missed_is_asked_for_when_the_server_is_back(
    prometheus: PrometheusServer, source: PrometheusServerSource
) -> None:
    plan = Plan(source, kind="prometheus", interval=SECOND, backfill=timedelta(minutes=1))
    start = now()
    with Collector([plan]) as collector:
        at_start = collector.collect_all(start)
        prometheus.stop()
        down = collector.collect_all(start + SECOND)
        prometheus.start()
        back = collector.collect_all(start + timedelta(seconds=20))

    assert min(sample.time for sample in at_start.older) < start
    assert not down.sources[0].ok
    assert "nothing listens there" in down.sources[0].error
    assert back.sources[0].ok
    assert {sample.time for sample in back.older} >= {min(s.time for s in back.older)}
    assert min(sample.time for sample in back.older) >= start - SECOND


def test_its_address_is_told_for_what_it_is(prometheus: PrometheusServer) -> None:
    found = probe({"kind": "exporter", "url": prometheus.url}, CATALOGUE, now, pause=0)

    assert found.kind == "prometheus"
    assert "kafka_exporter" in found.exporters


def test_matchers_keep_to_what_is_meant(prometheus: PrometheusServer, endpoints: list[ExpositionServer]) -> None:
    only = PrometheusServerSource(
        prometheus.url, CATALOGUE, match=f'instance="{endpoints[0].endpoint}"', interval=SECOND
    )

    assert {sample.component for sample in only.collect(now())} == {"clickhouse"}
    none = PrometheusServerSource(prometheus.url, CATALOGUE, match='instance="elsewhere"')
    with pytest.raises(CollectorError, match="no series of Kafka, Flink or ClickHouse"):
        none.collect(now())


def test_a_matcher_that_is_no_matcher_is_refused_by_the_server_in_its_own_words(prometheus: PrometheusServer) -> None:
    source = PrometheusServerSource(prometheus.url, CATALOGUE, match="this is none")
    with pytest.raises(CollectorError, match=r"HTTP status 400 Bad Request: .*parse error"):
        source.collect(now())
