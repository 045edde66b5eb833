"""Pages of real exporters, served over HTTP, and the samples they have to become.

Every expected number was looked up in the page itself.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.collectors import PrometheusTextSource
from monitoring.metrics import Sample
from platform_metrics_definition import CATALOGUE
from tests.integration.exposition_server import Answer, ExpositionServer, dump

T0 = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
Values = dict[tuple[str, str], float]


def values(samples: list[Sample]) -> Values:
    return {(sample.metric, sample.instance): sample.value for sample in samples}


def collected(page: str, *, instance: str = "node-1", now: datetime = T0) -> Values:
    with ExpositionServer(page) as server:
        return values(PrometheusTextSource(server.url, CATALOGUE, instance=instance).collect(now))


def collected_twice(before: str, after: str, *, instance: str = "node-1", seconds: float = 30) -> Values:
    with ExpositionServer(before) as server:
        source = PrometheusTextSource(server.url, CATALOGUE, instance=instance)
        source.collect(T0)
        server.serve(after)
        return values(source.collect(T0 + timedelta(seconds=seconds)))


def changed(page: str, *changes: tuple[str, object, object]) -> str:
    """The page with values exchanged: (series as it stands there, value before, value after)."""
    for series, before, after in changes:
        line = f"\n{series} {before}\n"
        assert page.count(line) == 1, f"{series} {before} is not in the page exactly once"
        page = page.replace(line, f"\n{series} {after}\n")
    return page


def test_samples_carry_the_given_time_the_component_and_the_endpoint_as_instance() -> None:
    with ExpositionServer(dump("clickhouse_22.8.15.23_9363_metrics.prom")) as server:
        samples = PrometheusTextSource(server.url, CATALOGUE).collect(T0)

        assert Sample(T0, "clickhouse", server.endpoint, "max_parts_per_partition", 5.0) in samples
        assert (
            Sample(T0, "clickhouse", f"{server.endpoint}/default", "disk_free_ratio", 764679319552 / 982806224896)
            in samples
        )


MSK_BUSY = "kafka_msk_jmx_exporter_0.12.0_broker_busy.prom"


def test_an_msk_broker_without_rename_rules_is_read_at_once() -> None:
    assert collected(dump(MSK_BUSY), instance="broker-1") == {
        ("under_replicated_partitions", "broker-1"): 0.0,
        ("under_min_isr_partitions", "broker-1"): 0.0,
        ("offline_partitions", "cluster"): 0.0,
        ("active_controller_count", "cluster"): 1.0,
        ("consumer_group_lag", "test-group-1/test-topic"): 0.0,
        ("consumer_group_lag", "test-group-2/test-topic"): 0.0,
        ("consumer_group_lag", "test-group-3/test-topic"): 0.0,
        ("consumer_group_lag_seconds", "test-group-1/test-topic"): 0.0,
        ("consumer_group_lag_seconds", "test-group-2/test-topic"): 0.0,
        ("consumer_group_lag_seconds", "test-group-3/test-topic"): 0.0,
        ("produce_latency_p99", "broker-1"): 35.0,
        ("request_handler_idle_ratio", "broker-1"): 0.9983647822165637,
    }


def test_two_looks_at_an_msk_broker_give_the_rate_of_every_topic() -> None:
    count = "kafka_server_BrokerTopicMetrics_Count"
    before = dump(MSK_BUSY)
    after = changed(
        before,
        (count + '{name="MessagesInPerSec",topic="test-topic-5",}', "20000.0", "20600.0"),
        (count + '{name="MessagesInPerSec",topic="test_topic_1",}', "39998.0", "40001.0"),
        (count + '{name="MessagesInPerSec",}', "340002.0", "340605.0"),
        ('kafka_server_ReplicaManager_Count{name="IsrShrinksPerSec",}', "0.0", "3.0"),
        ('kafka_controller_ControllerStats_Count{name="UncleanLeaderElectionsPerSec",}', "0.0", "1.5E1"),
        ('kafka_server_ReplicaManager_Value{name="UnderReplicatedPartitions",}', "0.0", "41.0"),
    )
    found = collected_twice(before, after, instance="broker-1")
    rates = {instance: value for (metric, instance), value in found.items() if metric == "messages_in_rate"}

    assert len(rates) == 17
    assert rates["test-topic-5"] == 20.0
    assert rates["test_topic_1"] == 0.1
    assert sum(rates.values()) == pytest.approx(20.1)
    assert found["isr_shrink_rate", "broker-1"] == 0.1
    assert found["unclean_leader_elections", "cluster"] == 0.5
    assert found["under_replicated_partitions", "broker-1"] == 41.0


def test_an_idle_msk_broker_reports_no_topics() -> None:
    found = collected(dump("kafka_msk_jmx_exporter_0.12.0_broker_idle.prom"), instance="broker-2")

    assert found == {
        ("under_replicated_partitions", "broker-2"): 0.0,
        ("under_min_isr_partitions", "broker-2"): 0.0,
        ("offline_partitions", "cluster"): 0.0,
        ("active_controller_count", "cluster"): 1.0,
        ("produce_latency_p99", "broker-2"): 0.0,
        ("request_handler_idle_ratio", "broker-2"): 1.0,
    }


def test_a_broker_of_2017_with_lower_cased_names_is_read() -> None:
    found = collected(dump("kafka_jmx_httpserver_0.6_2017_broker.prom"), instance="broker-1")

    assert found == {
        ("under_replicated_partitions", "broker-1"): 0.0,
        ("offline_partitions", "cluster"): 0.0,
        ("active_controller_count", "cluster"): 1.0,
        ("isr_shrink_rate", "broker-1"): 0.0,
        ("unclean_leader_elections", "cluster"): 0.0,
        ("messages_in_rate", "__consumer_offsets"): 0.0,
        ("request_handler_idle_ratio", "broker-1"): 0.9996590142663573,
        ("broker_heap_used_ratio", "broker-1"): 197122048 / 1073741824,
    }


def test_a_broker_of_2017_collects_garbage_in_milliseconds() -> None:
    page = dump("kafka_jmx_httpserver_0.6_2017_broker.prom")
    name = 'java_lang_garbagecollector_collectiontime{name="G1 Young Generation",}'
    found = collected_twice(page, changed(page, (name, "1172.0", "2672.0")), instance="broker-1")

    assert found["broker_gc_time_ratio", "broker-1"] == 0.05


def test_kafka_exporter_gives_brokers_and_group_lag() -> None:
    found = collected(dump("kafka_exporter_1.3.1_sample.prom"), instance="exporter")

    assert found == {
        ("active_brokers", "cluster"): 1.0,
        ("consumer_group_lag", "G1/songs"): 0.0,
        ("consumer_group_lag_seconds", "G1/songs"): 0.0,
        ("under_replicated_partitions", "cluster"): 0.0,
    }


def test_kafka_exporter_gives_topic_rates_from_offsets_of_all_partitions() -> None:
    page = dump("kafka_exporter_1.3.1_sample.prom")
    name = 'kafka_topic_partition_current_offset{{partition="{}",topic="kafka-nc3"}}'
    offsets = {p: page.split(name.format(p) + " ")[1].split("\n")[0] for p in (0, 1)}
    after = changed(page, *((name.format(p), value, float(value) + 90) for p, value in offsets.items()))
    after = changed(
        after,
        ('kafka_consumergroup_lag{consumergroup="G1",partition="0",topic="songs"}', 0, 500),
        ('kafka_topic_partition_under_replicated_partition{partition="0",topic="songs"}', 0, 1),
    )
    found = collected_twice(page, after)

    assert found["messages_in_rate", "kafka-nc3"] == 6.0
    assert found["messages_in_rate", "songs"] == 0.0
    assert found["consumer_group_lag", "G1/songs"] == 500.0
    assert ("consumer_group_lag_seconds", "G1/songs") not in found
    assert found["under_replicated_partitions", "cluster"] == 1.0


@pytest.mark.parametrize(
    ("name", "parts", "memory", "disk"),
    [
        ("clickhouse_21.8.15.7_9363_metrics.prom", 4.0, 293552128 / 25006321664, 761144999936 / 982806224896),
        ("clickhouse_22.8.15.23_9363_metrics.prom", 5.0, 577699840 / 25006321664, 764679319552 / 982806224896),
    ],
)
def test_clickhouse_shows_gauges_at_once(name: str, parts: float, memory: float, disk: float) -> None:
    assert collected(dump(name), instance="ch-1") == {
        ("running_queries", "ch-1"): 0.0,
        ("replication_lag_seconds", "ch-1"): 0.0,
        ("replication_queue_size", "ch-1"): 0.0,
        ("readonly_replicas", "ch-1"): 0.0,
        ("max_parts_per_partition", "ch-1"): parts,
        ("memory_used_ratio", "ch-1"): memory,
        ("disk_free_ratio", "ch-1/default"): disk,
    }


@pytest.mark.parametrize(
    ("name", "rows"),
    [("clickhouse_21.8.15.7_9363_metrics.prom", 7258), ("clickhouse_22.8.15.23_9363_metrics.prom", 6263)],
)
def test_clickhouse_under_load_is_read_from_two_looks(name: str, rows: int) -> None:
    events, now = "ClickHouseProfileEvents_", "ClickHouseMetrics_"
    page = dump(name)
    after = changed(
        page,
        (events + "Query", 0, 400),
        (events + "QueryTimeMicroseconds", 0, 100_000_000),
        (events + "FailedQuery", 0, 2),
        (events + "InsertQuery", 0, 40),
        (events + "InsertedRows", rows, rows + 1200),
        (events + "DelayedInserts", 0, 5),
        (events + "RejectedInserts", 0, 1),
        (events + "ZooKeeperHardwareExceptions", 0, 2),
        (now + "Query", 0, 17),
        (now + "ReadonlyReplica", 0, 2),
        (now + "DelayedInserts", 0, 3),
        ("ClickHouseAsyncMetrics_ReplicasMaxAbsoluteDelay", 0, 77),
        ("ClickHouseAsyncMetrics_ReplicasMaxQueueSize", 0, 12),
    )
    found = collected_twice(page, after, instance="ch-1")

    assert found["query_duration_p95", "ch-1"] == 0.25
    assert found["failed_query_ratio", "ch-1"] == 0.005
    assert found["rows_per_insert", "ch-1"] == 30.0
    assert found["inserted_rows_rate", "ch-1"] == 40.0
    assert found["delayed_inserts_rate", "ch-1"] == 10.0
    assert found["rejected_inserts_rate", "ch-1"] == 2.0
    assert found["keeper_exceptions_rate", "ch-1"] == 4.0
    assert found["running_queries", "ch-1"] == 17.0
    assert found["readonly_replicas", "ch-1"] == 2.0
    assert found["replication_lag_seconds", "ch-1"] == 77.0
    assert found["replication_queue_size", "ch-1"] == 12.0


FLINK_LAST_CHECKPOINT = datetime(2026, 11, 23, 7, 39, 36, 919000, tzinfo=UTC)


def test_a_healthy_flink_job_manager_is_read() -> None:
    now = FLINK_LAST_CHECKPOINT + timedelta(seconds=4)

    assert collected(dump("flink_2.3.0_jobmanager_healthy.prom"), now=now) == {
        ("job_not_running_seconds", "orders_enrich"): 0.0,
        ("checkpoint_age", "orders_enrich"): pytest.approx(4.0),
        ("checkpoint_duration", "orders_enrich"): 28.0,
        ("checkpoint_state_size", "orders_enrich"): 65672.0,
        ("registered_taskmanagers", "cluster"): 1.0,
    }


def test_a_flink_job_in_a_restart_loop_is_told_by_what_was_counted() -> None:
    page = dump("flink_2.3.0_jobmanager_restart_loop.prom")
    job = '{job_id="f21bee278213bfd5c8ccff36c7e9cef9",host="127_0_0_1",job_name="clickstream_agg",}'
    after = changed(
        page,
        ("flink_jobmanager_job_numRestarts" + job, "2.0", "3.0"),
        ("flink_jobmanager_job_numberOfFailedCheckpoints" + job, "7.0", "10.0"),
        ("flink_jobmanager_job_restartingTime" + job, "0.0", "4270.0"),
    )
    found = collected_twice(page, after)

    assert found["job_restart_rate", "clickstream_agg"] == 1.0
    assert found["failed_checkpoint_rate", "clickstream_agg"] == 3.0
    assert found["job_not_running_seconds", "clickstream_agg"] == 4.27
    assert found["checkpoint_duration", "clickstream_agg"] == 12.0


def test_a_healthy_flink_task_manager_is_read() -> None:
    source, sink = "Source:_src_1_____Calc_2_", "GroupAggregate_4_____snk_5_:_Writer"

    assert collected(dump("flink_2.3.0_taskmanager_healthy.prom"), instance="tm-1") == {
        ("backpressured_time_ratio", f"orders_enrich/{source}"): 0.0,
        ("backpressured_time_ratio", f"orders_enrich/{sink}"): 0.0,
        ("task_busy_ratio", f"orders_enrich/{sink}"): 0.018,
        ("taskmanager_heap_used_ratio", "tm-1"): 43641984 / 440401920,
        ("taskmanager_gc_time_ratio", "tm-1"): 0.0015,
    }


def test_a_flink_task_manager_in_a_restart_loop_is_busy_to_the_limit() -> None:
    found = collected(dump("flink_2.3.0_taskmanager_restart_loop.prom"), instance="tm-1")

    assert found["task_busy_ratio", "clickstream_agg/GroupAggregate_4_____Calc_5_____snk_6_:_Writer"] == 0.997
    assert found["taskmanager_gc_time_ratio", "tm-1"] == pytest.approx(0.013866666666666668)


def test_a_next_attempt_of_a_flink_task_is_the_same_series_counted_from_zero() -> None:
    page = dump("flink_2.3.0_taskmanager_restart_loop.prom")
    restarted = page.replace('_2",host=', '_3",host=').replace('task_attempt_num="2"', 'task_attempt_num="3"')
    assert restarted.count('task_attempt_num="3"') == page.count('task_attempt_num="2"') > 300
    found = collected_twice(page, restarted)

    assert found["job_records_out_rate", "clickstream_agg"] == pytest.approx(2 * 13000 / 30)
    assert set(found) - set(collected(page)) == {("job_records_out_rate", "clickstream_agg")}


def test_a_flink_task_that_goes_on_counts_what_was_added() -> None:
    page = dump("flink_2.3.0_taskmanager_healthy.prom")
    found = collected_twice(page, page.replace(" 24000.0\n", " 24300.0\n"))

    assert found["job_records_out_rate", "orders_enrich"] == 20.0


def test_a_compressed_answer_is_read() -> None:
    page = dump("kafka_exporter_1.3.1_sample.prom")
    packed = Answer(gzip.compress(page.encode()), headers={"Content-Encoding": "gzip"})
    with ExpositionServer({"/metrics": packed}) as server:
        found = values(PrometheusTextSource(server.url, CATALOGUE).collect(T0))
        [(_, headers)] = server.requests

    assert found == collected(page)
    assert headers["accept-encoding"] == "gzip"
    assert headers["accept"].startswith("text/plain")
