"""A real Flink cluster: healthy → stall → failed checkpoints → restart loop → recovery.

It is seen through its REST interface, through its Prometheus reporter, and through a real Prometheus that
scrapes that reporter.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.collectors.collector import Collector, Plan
from monitoring.collectors.flink_rest import FlinkRestSource
from monitoring.collectors.mapping import FLINK
from monitoring.collectors.prometheus_server import PrometheusServerSource
from monitoring.collectors.prometheus_text import PrometheusTextSource
from monitoring.metrics import Sample, Window
from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings, parse_settings
from monitoring.sourcing import probe
from platform_metrics_definition import CATALOGUE
from platform_monitoring_agent import open_platform
from tests.integration.real_servers import Faster, FlinkCluster, PrometheusServer, until

JOB = "orders_enrich"
Values = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlinkCluster, PrometheusServer]]:
    """Both start side by side."""
    with (
        FlinkCluster(tmp_path_factory.mktemp("flink")) as cluster,
        PrometheusServer(tmp_path_factory.mktemp("prometheus"), cluster.reporters) as prometheus,
    ):
        cluster.run_job()
        # A rate needs a few readings.
        until(lambda: prometheus.has("count_over_time(flink_taskmanager_job_task_numRecordsOut[1m]) > 2"), 60)
        yield cluster, prometheus


@pytest.fixture(scope="module")
def cluster(servers: tuple[FlinkCluster, PrometheusServer]) -> FlinkCluster:
    return servers[0]


@pytest.fixture(scope="module")
def prometheus(servers: tuple[FlinkCluster, PrometheusServer]) -> PrometheusServer:
    return servers[1]


def now() -> datetime:
    return datetime.now(UTC)


def named(samples: list[Sample]) -> Values:
    return {(sample.metric, sample.instance): sample.value for sample in samples}


def by_job(values: Values) -> dict[str, float]:
    return {metric: value for (metric, instance), value in values.items() if instance == JOB}


def test_rest_reporter_and_prometheus_say_the_same_of_a_healthy_job(
    cluster: FlinkCluster, prometheus: PrometheusServer
) -> None:
    rest = FlinkRestSource(cluster.rest, CATALOGUE)
    reporters = [PrometheusTextSource(url, CATALOGUE) for url in cluster.reporters]
    server = PrometheusServerSource(prometheus.url, CATALOGUE, interval=timedelta(seconds=1))
    for source in reporters:
        source.collect(now())
    # Flink gathers the figures of its task managers only once it was asked for them.
    until(lambda: by_job(named(rest.collect(now()))).get("job_records_out_rate", 0) > 0, 120)
    seen = [
        named(rest.collect(now())),
        named([sample for source in reporters for sample in source.collect(now())]),
        named(server.collect(now())),
    ]

    for values in seen:
        assert values["registered_taskmanagers", "cluster"] == 1
        of_job = by_job(values)
        assert of_job["job_not_running_seconds"] == 0
        assert of_job["job_restart_rate"] == 0
        assert of_job["checkpoint_age"] < 10
        assert 0 < of_job["checkpoint_duration"] < 10_000
        assert of_job["checkpoint_state_size"] > 0
        assert of_job["job_records_out_rate"] > 0
    tasks = [{key for key in values if key[0] == "task_busy_ratio"} for values in seen]
    assert tasks[0] == tasks[1] == tasks[2]
    assert len(tasks[0]) == 2


def test_two_ways_to_one_cluster_do_not_double_it(cluster: FlinkCluster) -> None:
    plans = [
        Plan(FlinkRestSource(cluster.rest, CATALOGUE), kind="flink", rank=0),
        *(Plan(PrometheusTextSource(url, CATALOGUE), rank=1) for url in cluster.reporters),
    ]
    with Collector(plans) as collector:
        first = collector.collect_all(now()).samples
        second = collector.collect_all(now() + timedelta(seconds=30)).samples

    assert len({sample.key for sample in second}) == len(second)
    heaps = [sample.instance for sample in first if sample.metric == "taskmanager_heap_used_ratio"]
    assert len(heaps) == 1


def test_its_address_is_told_for_what_it_is(cluster: FlinkCluster) -> None:
    found = probe({"kind": "exporter", "url": cluster.rest}, CATALOGUE, now, pause=0.1)

    assert found.kind == "flink"
    assert found.exporters == ("Flink JobManager", "Flink TaskManager")
    assert "checkpoint_age" in {origin.metric for origin in found.metrics}


@pytest.fixture
def platform(
    cluster: FlinkCluster, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MonitoringPlatform]:
    """The product as people run it, with Flink's REST interface as its only source."""
    file = tmp_path / "sources.toml"
    file.write_text(f'[[source]]\nkind = "flink"\nurl = "{cluster.rest}"\ninterval = "20s"\n')
    given = {"DATABASE_URL": str(settings.database_url), "DATA_DIR": str(tmp_path), "SOURCES_FILE": str(file)}
    # The age of a checkpoint is by Flink's own clock, which is not the faster one.
    others = tuple(rule for rule in FLINK if rule.metric != "checkpoint_age")
    monkeypatch.setattr("monitoring.collectors.flink_rest.FLINK", others)
    opened = open_platform(parse_settings(given), clock=Faster())
    yield opened
    opened.close()


def open_events(platform: MonitoringPlatform) -> dict[str, str]:
    found = platform.check(60).to_json()["anomalies"]
    return {row["metric"]: row["severity"] for row in found if row["resolved_at"] is None}


def reasons(platform: MonitoringPlatform) -> str:
    """What the source remarks: Flink's own words for the last restart."""
    platform.catch_up()
    [source] = platform.operations.supervision().sources
    return " ".join(source.notes)


def watch(platform: MonitoringPlatform, metric: str, severity: str | None, seconds: float) -> None:
    """Goes on monitoring until a metric of Flink is open with a severity, or no longer open."""

    def so() -> bool:
        platform.catch_up()
        return open_events(platform).get(metric) == severity

    until(so, seconds, 0.5)


def test_a_stall_becomes_failed_checkpoints_and_a_restart_loop_which_is_found_explained_and_resolved(
    cluster: FlinkCluster, prometheus: PrometheusServer, platform: MonitoringPlatform
) -> None:
    rest = FlinkRestSource(cluster.rest, CATALOGUE)
    # A task counts as busy until it has been measured for the first time.
    until(lambda: all(v < 0.5 for (m, _), v in named(rest.collect(now())).items() if m == "task_busy_ratio"), 120)
    began = now()
    for _ in range(4):
        platform.catch_up()
        time.sleep(0.6)
    assert open_events(platform) == {}

    cluster.behave("stall")
    watch(platform, "failed_checkpoint_rate", "critical", 30)
    cluster.behave("fail")
    watch(platform, "job_restart_rate", "critical", 30)
    until(lambda: "the order book is closed" in reasons(platform), 20, 0.5)
    answer = platform.ask("What is wrong with Flink?")
    server = PrometheusServerSource(prometheus.url, CATALOGUE, interval=timedelta(seconds=1))
    restarts = by_job(named(server.collect(now())))["job_restart_rate"]
    past = [s.value for s in server.backfill(Window(began, now())) if s.metric == "job_restart_rate"]

    assert "orders_enrich" in answer.answer
    assert "restart" in answer.answer
    assert answer.grounded
    assert restarts >= 3
    assert past[0] == 0
    assert past[-1] >= 3

    cluster.behave("healthy")
    watch(platform, "job_restart_rate", None, 60)
    watch(platform, "failed_checkpoint_rate", None, 30)
