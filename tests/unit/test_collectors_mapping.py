"""Which metric comes from which series: one page per exporter's habit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.collectors.counters import Counters
from monitoring.collectors.exposition import parse, wanted_names
from monitoring.collectors.mapping import RULES
from monitoring.collectors.mapping_sql import CLICKHOUSE_SQL
from monitoring.collectors.readings import Context, exporters_of, flink_name, read, selectors_of
from monitoring.collectors.rules import EXPORTERS, selector
from platform_metrics_definition import CATALOGUE

T0 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WANTED = wanted_names(selectors_of(RULES))
LONG_MIN = -9.223372036854776e18
LONG_MAX = 9.223372036854776e18


class Endpoint:
    """An endpoint called `host:1` that is read again and again."""

    def __init__(self) -> None:
        self._counters = Counters()

    def read(self, text: str, seconds: float = 0) -> dict[tuple[str, str], float]:
        context = Context(parse(text, WANTED), "host:1", T0 + timedelta(seconds=seconds), self._counters)
        return {(r.metric, r.instance): r.value for r in read(context, RULES)}


def once(text: str) -> dict[tuple[str, str], float]:
    return Endpoint().read(text)


def twice(before: str, after: str, seconds: float = 30) -> dict[tuple[str, str], float]:
    endpoint = Endpoint()
    endpoint.read(before)
    return endpoint.read(after, seconds)


def flink_task(metric: str, value: float, *, subtask: int = 0, attempt: int = 0, name: str = "Source:_orders") -> str:
    return (
        f'flink_taskmanager_job_task_{metric}{{job_id="6850",task_attempt_id="ce99_{subtask}_{attempt}",'
        f'host="127_0_0_1",task_name="{name}",task_attempt_num="{attempt}",job_name="orders_enrich",'
        f'tm_id="127_0_0_1:43881_1c05ae",subtask_index="{subtask}",}} {value}\n'
    )


def flink_operator(metric: str, value: float, *, subtask: int = 0, attempt: int = 0) -> str:
    line = flink_task(f"operator_{metric}", value, subtask=subtask, attempt=attempt)
    return line.replace('host="127_0_0_1",', 'host="127_0_0_1",operator_name="Source:_orders",')


def flink_job(metric: str, value: float, job_id: str = "6850") -> str:
    labels = f'job_id="{job_id}",host="127_0_0_1",job_name="orders_enrich",'
    return f"flink_jobmanager_job_{metric}{{{labels}}} {value}\n"


def test_every_metric_of_the_catalogue_is_mapped_and_nothing_else() -> None:
    assert {rule.metric for rule in RULES} == set(CATALOGUE.by_name)


def test_every_rule_names_a_known_exporter_and_selectors_that_can_be_read() -> None:
    assert {rule.exporter for rule in RULES + CLICKHOUSE_SQL} == set(EXPORTERS)
    assert all(selector(text) for text in selectors_of(RULES + CLICKHOUSE_SQL))


def test_cluster_wide_metrics_and_only_those_have_the_instance_cluster() -> None:
    of_cluster = {rule.metric for rule in RULES if rule.instance == "cluster" and not rule.standin}

    assert of_cluster == {metric.name for metric in CATALOGUE if metric.scope == "cluster"}


@pytest.mark.parametrize(
    "name",
    [
        "kafka_server_replicamanager_underreplicatedpartitions",
        'kafka_server_ReplicaManager_Value{name="UnderReplicatedPartitions",}',
        'kafka_server_replicamanager_value{name="UnderReplicatedPartitions",}',
    ],
)
def test_under_replicated_partitions_are_found_in_every_dialect(name: str) -> None:
    assert once(f"{name} 3.0\n") == {("under_replicated_partitions", "host:1"): 3.0}


@pytest.mark.parametrize(
    "name",
    [
        "kafka_server_replicamanager_isrshrinks_total",
        "kafka_server_replicamanager_isrshrinkspersec",
        "kafka_server_replicamanager_isrshrinkspersec_total",
        "kafka_server_replicamanager_isrshrinkspersec_count",
        "kafka_server_replicamanager_isrshrinkspersec_count_total",
        'kafka_server_ReplicaManager_Count{name="IsrShrinksPerSec",}',
    ],
)
def test_isr_shrinks_are_found_in_every_dialect(name: str) -> None:
    assert twice(f"{name} 10.0\n", f"{name} 16.0\n") == {("isr_shrink_rate", "host:1"): 0.2}


@pytest.mark.parametrize(
    "name",
    [
        'kafka_server_brokertopicmetrics_messagesin_total{topic="orders",}',
        'kafka_server_brokertopicmetrics_messagesinpersec{topic="orders"}',
        'kafka_server_brokertopicmetrics_messagesinpersec_count_total{topic="orders"}',
        'kafka_server_BrokerTopicMetrics_Count{name="MessagesInPerSec",topic="orders",}',
    ],
)
def test_messages_in_are_counted_per_topic_and_the_brokers_total_is_left_out(name: str) -> None:
    total = name.replace('topic="orders",', "").replace('topic="orders"', "").replace(",}", "}")
    before, after = f"{name} 100\n{total} 1000\n", f"{name} 400\n{total} 2000\n"

    assert twice(before, after) == {("messages_in_rate", "orders"): 10.0}


@pytest.mark.parametrize(
    "name",
    [
        'kafka_network_requestmetrics_totaltimems{request="Produce",quantile="0.99",}',
        'kafka_network_requestmetrics_totaltimems_99thpercentile{request="Produce"}',
        'kafka_network_RequestMetrics_99thPercentile{name="TotalTimeMs",request="Produce",}',
    ],
)
def test_produce_latency_is_found_in_every_dialect_and_fetches_are_left_out(name: str) -> None:
    fetch = name.replace("Produce", "FetchConsumer")

    assert once(f"{fetch} 500\n{name} 35.0\n") == {("produce_latency_p99", "host:1"): 35.0}


@pytest.mark.parametrize(
    "name",
    [
        "kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_count",
        "kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_count_total",
        "kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_total",
        'kafka_server_KafkaRequestHandlerPool_Count{name="RequestHandlerAvgIdlePercent",}',
    ],
)
def test_handler_idle_ratio_is_the_rate_of_idle_nanoseconds(name: str) -> None:
    mean = "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent 0.99\n"

    assert twice(f"{mean}{name} 9.0E15\n", f"{mean}{name} 9.000006E15\n") == {
        ("request_handler_idle_ratio", "host:1"): pytest.approx(0.2)
    }


@pytest.mark.parametrize(
    "name",
    [
        "kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_oneminuterate",
        "kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_total",
        'kafka_server_KafkaRequestHandlerPool_OneMinuteRate{name="RequestHandlerAvgIdlePercent",}',
    ],
)
def test_handler_idle_ratio_is_the_one_minute_rate_where_there_is_one_and_never_above_one(name: str) -> None:
    assert once(f"{name} 0.42\n") == {("request_handler_idle_ratio", "host:1"): 0.42}
    assert once(f"{name} 1.004\n") == {("request_handler_idle_ratio", "host:1"): 1.0}


KAFKA_PAGE = "kafka_server_kafkaserver_brokerstate 3\n"


@pytest.mark.parametrize(
    ("used", "most"),
    [
        ('jvm_memory_used_bytes{area="%s"}', 'jvm_memory_max_bytes{area="%s"}'),
        ('jvm_memory_bytes_used{area="%s",}', 'jvm_memory_bytes_max{area="%s",}'),
    ],
)
def test_broker_heap_is_found_under_the_names_of_old_and_new_agents(used: str, most: str) -> None:
    heap = f"{used % 'heap'} 3.0E8\n{most % 'heap'} 1.2E9\n"
    nonheap = f"{used % 'nonheap'} 9.0E8\n{most % 'nonheap'} -1.0\n"

    assert once(KAFKA_PAGE + heap + nonheap) == {("broker_heap_used_ratio", "host:1"): 0.25}


def test_a_heap_without_a_maximum_has_no_ratio() -> None:
    page = 'jvm_memory_used_bytes{area="heap"} 3.0E8\njvm_memory_max_bytes{area="heap"} -1.0\n'

    assert once(KAFKA_PAGE + page) == {}


def test_a_java_process_that_is_no_broker_has_no_broker_heap() -> None:
    page = 'jvm_memory_used_bytes{area="heap"} 3.0E8\njvm_memory_max_bytes{area="heap"} 1.2E9\n'

    assert once(page) == {}


def test_garbage_collection_adds_up_the_collectors_that_stop_the_broker() -> None:
    def page(young: float, old: float, concurrent: float) -> str:
        return KAFKA_PAGE + "".join(
            f'jvm_gc_collection_seconds_sum{{gc="{name}",}} {seconds}\n'
            for name, seconds in {
                "G1 Young Generation": young,
                "G1 Old Generation": old,
                "G1 Concurrent GC": concurrent,
            }.items()
        )

    assert twice(page(10, 1, 5), page(13, 4, 25)) == {("broker_gc_time_ratio", "host:1"): pytest.approx(0.2)}


def test_the_fullest_kafka_disk_of_a_host_counts_and_other_disks_do_not() -> None:
    page = "".join(
        f'node_filesystem_avail_bytes{{device="{d}",fstype="ext4",mountpoint="{m}"}} {avail}\n'
        f'node_filesystem_size_bytes{{device="{d}",fstype="ext4",mountpoint="{m}"}} 1e12\n'
        for d, m, avail in [
            ("/dev/a", "/", 1e9),
            ("/dev/b", "/kafka/datalogs", 2.5e11),
            ("/dev/c", "/var/lib/kafka-1", 4e11),
        ]
    )

    assert once(page) == {("broker_disk_used_ratio", "host:1"): 0.75}


def test_a_volume_claim_is_its_own_instance() -> None:
    page = "".join(
        f'kubelet_volume_stats_{name}_bytes{{namespace="n",persistentvolumeclaim="data-kafka-0"}} {value}\n'
        for name, value in {"available": 1e11, "capacity": 4e11}.items()
    )

    assert once(page) == {("broker_disk_used_ratio", "data-kafka-0"): 0.75}


def test_group_lag_is_that_of_the_fullest_partition_and_minus_one_is_no_lag() -> None:
    page = "".join(
        f'kafka_consumergroup_lag{{consumergroup="flink",partition="{p}",topic="orders"}} {lag}\n'
        for p, lag in enumerate([120, 900, -1, 30])
    )

    assert once(page) == {("consumer_group_lag", "flink/orders"): 900.0}


def test_a_group_that_has_committed_nothing_has_no_lag() -> None:
    page = 'kafka_consumergroup_lag{consumergroup="flink",partition="0",topic="orders"} -1\n'

    assert once(page + "kafka_brokers 3\n") == {("active_brokers", "cluster"): 3.0}


class TestLagInSeconds:
    KEY = ("consumer_group_lag_seconds", "flink/orders")

    @staticmethod
    def page(*partitions: tuple[int, int]) -> str:
        """Partitions as (lag, committed offset)."""
        return "".join(
            f'kafka_consumergroup_{name}{{consumergroup="flink",partition="{p}",topic="orders"}} {value}\n'
            for p, (lag, offset) in enumerate(partitions)
            for name, value in (("lag", lag), ("current_offset", offset))
        )

    def test_it_is_zero_without_a_lag(self) -> None:
        assert once(self.page((0, 500)))[self.KEY] == 0.0

    def test_it_is_unknown_before_five_minutes_of_commits_were_seen(self) -> None:
        endpoint = Endpoint()
        seen = [self.KEY in endpoint.read(self.page((600, 10 * s)), s) for s in range(0, 301, 60)]

        assert seen == [False, False, False, False, False, True]

    def test_it_is_the_lag_by_the_rate_of_commits_of_the_slowest_partition(self) -> None:
        endpoint = Endpoint()
        for seconds in range(0, 600, 60):
            endpoint.read(self.page((600, 10 * seconds), (600, 2 * seconds)), seconds)
        values = endpoint.read(self.page((600, 6000), (600, 1200)), 600)

        assert values[self.KEY] == pytest.approx(300)

    def test_commits_that_come_with_checkpoints_do_not_shake_it(self) -> None:
        endpoint = Endpoint()
        values = []
        for seconds in range(0, 1201, 15):
            committed = 10 * (seconds // 120 * 120)
            values.append(endpoint.read(self.page((1000, committed)), seconds).get(self.KEY))
        settled = [value for value in values[40:] if value is not None]

        assert len(settled) == len(values[40:])
        assert 80 <= min(settled) <= max(settled) <= 130

    def test_it_is_unknown_while_nothing_is_committed(self) -> None:
        endpoint = Endpoint()
        for seconds in range(0, 900, 60):
            endpoint.read(self.page((600 + seconds, 500)), seconds)

        assert self.KEY not in endpoint.read(self.page((1500, 500)), 900)

    def test_an_offset_set_back_by_hand_is_not_taken_for_commits(self) -> None:
        endpoint = Endpoint()
        for seconds in range(0, 360, 60):
            endpoint.read(self.page((600, 1_000_000 + 10 * seconds)), seconds)
        values = endpoint.read(self.page((1_000_000, 500)), 360)

        assert values[self.KEY] == pytest.approx(1_000_000 / (3000 / 360))


def test_a_topic_that_was_made_anew_has_no_negative_or_enormous_rate() -> None:
    def page(*offsets: int) -> str:
        return "".join(
            f'kafka_topic_partition_current_offset{{partition="{p}",topic="orders"}} {offset}\n'
            for p, offset in enumerate(offsets)
        )

    assert twice(page(1000, 1000), page(1300, 40)) == {("messages_in_rate", "orders"): 10.0}


def test_kraft_controllers_that_are_not_active_do_not_say_how_many_brokers_there_are() -> None:
    name = "kafka_controller_kafkacontroller_activebrokercount"

    assert ("active_brokers", "cluster") not in once(f"{name} 0\n")
    assert once(f"{name} 3\n") == {("active_brokers", "cluster"): 3.0}


def test_a_pod_or_instance_label_names_the_broker_before_the_endpoint_does() -> None:
    name = "kafka_server_replicamanager_underreplicatedpartitions"
    page = f'{name}{{instance="b1:7071"}} 1\n{name}{{instance="x:1",pod="kafka-2"}} 2\n'

    assert once(page) == {
        ("under_replicated_partitions", "b1:7071"): 1.0,
        ("under_replicated_partitions", "kafka-2"): 2.0,
    }


def test_time_not_running_is_restarting_failing_and_cancelling_together() -> None:
    page = flink_job("restartingTime", 4270) + flink_job("failingTime", 30) + flink_job("cancellingTime", 0)

    assert once(page) == {("job_not_running_seconds", "orders_enrich"): 4.3}


def test_restarts_and_failed_checkpoints_are_those_of_the_last_ten_minutes() -> None:
    endpoint = Endpoint()

    def at(seconds: float, restarts: int, failed: int) -> dict[tuple[str, str], float]:
        return endpoint.read(
            flink_job("numRestarts", restarts) + flink_job("numberOfFailedCheckpoints", failed), seconds
        )

    first = at(0, 5, 9)
    for seconds in range(30, 300, 30):
        at(seconds, 5, 9)
    during = at(300, 8, 14)
    for seconds in range(330, 900, 30):
        later = at(seconds, 8, 14)
    after = at(930, 8, 14)

    assert first == {}
    assert during == {("job_restart_rate", "orders_enrich"): 3, ("failed_checkpoint_rate", "orders_enrich"): 5}
    assert later == {("job_restart_rate", "orders_enrich"): 3, ("failed_checkpoint_rate", "orders_enrich"): 5}
    assert after == {("job_restart_rate", "orders_enrich"): 0, ("failed_checkpoint_rate", "orders_enrich"): 0}


def test_a_job_submitted_again_under_its_name_starts_counting_at_zero() -> None:
    values = twice(flink_job("numRestarts", 5), flink_job("numRestarts", 0, job_id="9999"))

    assert values == {("job_restart_rate", "orders_enrich"): 0.0}


@pytest.mark.parametrize("none_yet", [0, -1])
def test_before_the_first_checkpoint_there_is_no_age_duration_or_size(none_yet: float) -> None:
    page = "".join(
        flink_job(name, none_yet)
        for name in ("lastCheckpointCompletedTimestamp", "lastCheckpointDuration", "lastCheckpointFullSize")
    )

    assert once(page) == {}


def test_checkpoint_age_is_the_time_since_the_last_completed_one() -> None:
    completed = (T0 - timedelta(seconds=42)).timestamp() * 1000

    assert once(flink_job("lastCheckpointCompletedTimestamp", completed)) == {
        ("checkpoint_age", "orders_enrich"): pytest.approx(42)
    }


def test_checkpoint_age_is_never_negative_when_clocks_differ() -> None:
    completed = (T0 + timedelta(seconds=2)).timestamp() * 1000

    assert once(flink_job("lastCheckpointCompletedTimestamp", completed)) == {("checkpoint_age", "orders_enrich"): 0.0}


def test_state_size_is_the_full_one_not_what_an_incremental_checkpoint_added() -> None:
    page = flink_job("lastCheckpointSize", 100) + flink_job("lastCheckpointFullSize", 9000)

    assert once(page) == {("checkpoint_state_size", "orders_enrich"): 9000.0}


def test_a_task_is_as_busy_as_its_busiest_subtask_and_nan_is_no_value() -> None:
    page = "".join(
        flink_task("busyTimeMsPerSecond", value, subtask=i, name="Agg")
        for i, value in enumerate([120, 970, float("nan")])
    ) + flink_task("busyTimeMsPerSecond", float("nan"))

    assert once(page) == {("task_busy_ratio", "orders_enrich/Agg"): 0.97}


def test_records_out_are_those_of_all_source_subtasks() -> None:
    def page(*counts: int) -> str:
        sink = flink_task("numRecordsOut", 10 * sum(counts), name="Sink:_out")
        return sink + "".join(flink_task("numRecordsOut", n, subtask=i) for i, n in enumerate(counts))

    assert twice(page(1000, 2000), page(1600, 2900)) == {("job_records_out_rate", "orders_enrich"): 50.0}


def test_records_out_of_a_job_in_one_chain_are_those_of_its_source_operator() -> None:
    def page(count: int) -> str:
        return flink_task("numRecordsOut", 0) + flink_operator("numRecordsOut", count)

    assert twice(page(1000), page(1600)) == {("job_records_out_rate", "orders_enrich"): 20.0}


@pytest.mark.parametrize("now_at", [300, 1500])
def test_a_restarted_task_is_the_same_series_and_counts_from_zero(now_at: int) -> None:
    values = twice(flink_task("numRecordsOut", 1000, attempt=0), flink_task("numRecordsOut", now_at, attempt=1))

    assert values == {("job_records_out_rate", "orders_enrich"): now_at / 30}


def test_pending_records_add_up_and_negative_ones_are_none() -> None:
    page = flink_operator("pendingRecords", 500) + flink_operator("pendingRecords", 700, subtask=1)

    assert once(page) == {("source_pending_records", "orders_enrich"): 1200.0}
    assert once(flink_operator("pendingRecords", -1)) == {}


def test_pending_records_fall_back_on_the_kafka_consumers_own_lag() -> None:
    name = "KafkaSourceReader_KafkaConsumer_records_lag_max"
    page = (
        flink_operator(name, 40) + flink_operator(name, 90, subtask=1) + flink_operator(name, float("nan"), subtask=2)
    )

    assert once(page) == {("source_pending_records", "orders_enrich"): 90.0}


@pytest.mark.parametrize("lag", [LONG_MIN, LONG_MIN + 1.8e12, LONG_MAX, float("nan")])
def test_there_is_no_event_time_lag_before_there_is_an_event_time(lag: float) -> None:
    assert once(flink_operator("currentEmitEventTimeLag", lag)) == {}


def test_event_time_lag_is_the_largest_of_the_subtasks() -> None:
    page = flink_operator("currentEmitEventTimeLag", 250) + flink_operator("currentEmitEventTimeLag", 900, subtask=1)

    assert once(page) == {("event_time_lag", "orders_enrich"): 900.0}


@pytest.mark.parametrize("watermark", [LONG_MIN, LONG_MAX])
def test_no_watermark_yet_and_the_end_of_the_stream_are_no_lag(watermark: float) -> None:
    assert once(flink_operator("currentOutputWatermark", watermark)) == {}


def test_event_time_lag_falls_back_on_the_sources_watermark() -> None:
    watermark = (T0 - timedelta(seconds=3)).timestamp() * 1000

    assert once(flink_operator("currentOutputWatermark", watermark)) == {
        ("event_time_lag", "orders_enrich"): pytest.approx(3000)
    }


def heap(manager: str, used: float) -> str:
    labels = f'{{host="h",tm_id="{manager}",}}'
    prefix = "flink_taskmanager_Status_JVM_Memory_Heap"
    return f"{prefix}_Used{labels} {used}\n{prefix}_Max{labels} 1000\n"


def test_a_task_manager_keeps_its_name_when_its_process_starts_again() -> None:
    assert once(heap("127_0_0_1:43881_1c05ae", 250)) == {("taskmanager_heap_used_ratio", "host:1"): 0.25}
    assert once(heap("127_0_0_1:51234_9f33b1", 250)) == {("taskmanager_heap_used_ratio", "host:1"): 0.25}


def test_several_task_managers_on_one_page_have_their_own_names() -> None:
    assert once(heap("tm-a", 250) + heap("tm-b", 500)) == {
        ("taskmanager_heap_used_ratio", "tm_a"): 0.25,
        ("taskmanager_heap_used_ratio", "tm_b"): 0.5,
    }


def test_garbage_collection_of_old_flink_adds_up_its_collectors() -> None:
    def page(young: int, old: int) -> str:
        prefix = "flink_taskmanager_Status_JVM_GarbageCollector_G1"
        return (
            f'{prefix}_Young_Generation_Time{{tm_id="a",}} {young}\n{prefix}_Old_Generation_Time{{tm_id="a",}} {old}\n'
        )

    assert twice(page(1000, 0), page(1900, 600)) == {("taskmanager_gc_time_ratio", "host:1"): 0.05}


@pytest.mark.parametrize("name", ["orders-enrich", "orders enrich", "orders_enrich"])
def test_a_job_has_one_name_however_its_characters_were_filtered(name: str) -> None:
    assert flink_name(name) == "orders_enrich"
    assert once(flink_job("restartingTime", 0).replace("orders_enrich", name)) == {
        ("job_not_running_seconds", "orders_enrich"): 0.0
    }


CLICKHOUSE_EVENTS = {
    "Query": 0,
    "InsertQuery": 0,
    "FailedQuery": 0,
    "QueryTimeMicroseconds": 0,
    "InsertedRows": 0,
    "DelayedInserts": 0,
    "RejectedInserts": 0,
    "ZooKeeperHardwareExceptions": 0,
}


def clickhouse(**events: int) -> str:
    return "".join(f"ClickHouseProfileEvents_{n} {v}\n" for n, v in {**CLICKHOUSE_EVENTS, **events}.items())


def test_clickhouse_counters_become_rates_per_second_per_minute_and_ratios() -> None:
    after = clickhouse(
        Query=200,
        InsertQuery=20,
        FailedQuery=5,
        QueryTimeMicroseconds=10_000_000,
        InsertedRows=3000,
        DelayedInserts=2,
        RejectedInserts=1,
        ZooKeeperHardwareExceptions=3,
    )

    assert twice(clickhouse(), after) == {
        ("query_duration_p95", "host:1"): 0.05,
        ("failed_query_ratio", "host:1"): 0.025,
        ("inserted_rows_rate", "host:1"): 100.0,
        ("rows_per_insert", "host:1"): 150.0,
        ("delayed_inserts_rate", "host:1"): 4.0,
        ("rejected_inserts_rate", "host:1"): 2.0,
        ("keeper_exceptions_rate", "host:1"): 6.0,
    }


def test_an_idle_clickhouse_has_no_rows_per_insert_and_no_failed_query_ratio() -> None:
    idle = twice(clickhouse(Query=7, InsertQuery=3), clickhouse(Query=7, InsertQuery=3))

    assert {metric for metric, _ in idle} == {
        "inserted_rows_rate",
        "delayed_inserts_rate",
        "rejected_inserts_rate",
        "keeper_exceptions_rate",
    }


def test_a_restarted_clickhouse_counts_from_zero() -> None:
    values = twice(clickhouse(InsertedRows=1_000_000), clickhouse(InsertedRows=600))

    assert values["inserted_rows_rate", "host:1"] == 20.0


def test_the_disk_stands_in_the_name_and_remote_disks_have_no_free_ratio() -> None:
    page = "".join(
        f"ClickHouseAsyncMetrics_Disk{what}_{disk} {value}\n"
        for disk, available, total in [("default", 25, 100), ("Hot_SSD", 10, 200), ("s3", 2**64, 2**64)]
        for what, value in (("Available", available), ("Total", total), ("Used", 1), ("Unreserved", 1))
    )

    assert once(page) == {("disk_free_ratio", "host:1/default"): 0.25, ("disk_free_ratio", "host:1/Hot_SSD"): 0.05}


@pytest.mark.parametrize("limit", [0, 9.223372036854772e18])
def test_memory_is_measured_against_the_hosts_where_the_container_has_no_limit(limit: float) -> None:
    host = "ClickHouseAsyncMetrics_MemoryResident 250\nClickHouseAsyncMetrics_OSMemoryTotal 1000\n"
    container = "ClickHouseAsyncMetrics_CGroupMemoryUsed 300\nClickHouseAsyncMetrics_CGroupMemoryTotal"

    assert once(f"{host}{container} {limit}\n") == {("memory_used_ratio", "host:1"): 0.25}
    assert once(f"{host}{container} 400\n") == {("memory_used_ratio", "host:1"): 0.75}


def test_asynchronous_inserts_that_wait_are_not_running_queries() -> None:
    page = "ClickHouseMetrics_Query 12\nClickHouseMetrics_PendingAsyncInsert 5\n"

    assert once(page) == {("running_queries", "host:1"): 7.0}


def test_the_delayed_inserts_of_now_are_not_taken_for_the_counter() -> None:
    assert twice("ClickHouseMetrics_DelayedInserts 0\n", "ClickHouseMetrics_DelayedInserts 9\n") == {}


def test_a_hostname_label_tells_the_replicas_of_one_page_apart() -> None:
    page = "".join(f'ClickHouseMetrics_ReadonlyReplica{{hostname="ch-{i}"}} {i}\n' for i in (1, 2))

    assert once(page) == {("readonly_replicas", "ch-1"): 1.0, ("readonly_replicas", "ch-2"): 2.0}


def test_infinities_and_nan_are_no_values() -> None:
    page = "ClickHouseMetrics_Query NaN\nClickHouseMetrics_ReadonlyReplica +Inf\n"

    assert once(page) == {}


def test_a_page_tells_by_its_names_whose_it_is() -> None:
    assert exporters_of(["kafka_brokers", "go_goroutines"]) == ("kafka_exporter",)
    assert exporters_of(["kafka_server_ReplicaManager_Value", "jvm_info"]) == ("Kafka JMX",)
    assert exporters_of(["ClickHouseMetrics_Query"]) == ("ClickHouse",)
    assert exporters_of(["flink_jobmanager_numRunningJobs"]) == ("Flink JobManager",)
    assert exporters_of(["go_goroutines", "process_open_fds"]) == ()
