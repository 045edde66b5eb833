"""Rules written as PromQL, as a person would write them."""

from __future__ import annotations

from monitoring.collectors.mapping import CLICKHOUSE, FLINK, KAFKA
from monitoring.collectors.promql import expressions, labels_of
from monitoring.collectors.rules import Rule

ENDPOINT = "pod, kubernetes_pod_name, hostname, instance"


def rule(rules: tuple[Rule, ...], metric: str, kind: str | None = None) -> Rule:
    return next(one for one in rules if one.metric == metric and kind in (None, one.kind))


def texts(one: Rule, *names: str, more: str = "") -> list[str]:
    return [expression.text for expression in expressions(one, names, more)]


def test_a_gauge_of_the_cluster_is_the_highest_of_all() -> None:
    name = "kafka_controller_kafkacontroller_offlinepartitionscount"

    assert texts(rule(KAFKA, "offline_partitions"), name) == [f"max by () ({name}{{}})"]


def test_a_rate_is_pooled_by_what_names_its_instance() -> None:
    name = "kafka_server_brokertopicmetrics_messagesin_total"

    assert texts(rule(KAFKA, "messages_in_rate", "rate"), name, more='env="prod"') == [
        f'sum by (topic) (rate({name}{{topic!="", env="prod"}}[120s]))'
    ]


def test_the_time_a_lag_takes_is_not_read_from_offsets_that_were_moved_back() -> None:
    [text] = texts(
        rule(KAFKA, "consumer_group_lag_seconds", "gauge/rate"),
        "kafka_consumergroup_lag",
        "kafka_consumergroup_current_offset",
    )

    assert "clamp_min(delta(kafka_consumergroup_current_offset{}[600s]), 0)" in text
    assert text.endswith("== 0))")
    assert text.startswith("max by (consumergroup, topic) (")


def test_a_name_that_holds_a_label_gives_it() -> None:
    [text] = texts(
        rule(CLICKHOUSE, "disk_free_ratio"),
        "ClickHouseAsyncMetrics_DiskAvailable_default",
        "ClickHouseAsyncMetrics_DiskAvailable_cold",
        "ClickHouseAsyncMetrics_DiskTotal_default",
    )

    assert '"disk", "cold", "", ""' in text
    assert f"({ENDPOINT}, disk)" in text


def test_better_series_come_first_and_missing_ones_not_at_all() -> None:
    one = rule(FLINK, "checkpoint_state_size")

    assert [len(texts(one)), len(texts(one, "flink_jobmanager_job_lastCheckpointSize"))] == [0, 1]
    both = texts(one, "flink_jobmanager_job_lastCheckpointSize", "flink_jobmanager_job_lastCheckpointFullSize")
    assert ["FullSize" in text for text in both] == [True, False]


def test_names_are_found_in_any_case() -> None:
    assert texts(rule(KAFKA, "under_min_isr_partitions"), "kafka_server_ReplicaManager_UnderMinIsrPartitionCount")


def test_series_that_any_java_process_has_count_only_beside_those_of_a_broker() -> None:
    one = rule(KAFKA, "broker_heap_used_ratio")
    heap = ("jvm_memory_used_bytes", "jvm_memory_max_bytes")
    [alone] = texts(one, *heap)
    [broker] = texts(one, *heap, "kafka_server_replicamanager_partitioncount")

    assert "vector(0) == 1" in alone
    assert 'on (instance, job) {__name__=~"kafka_server_replicamanager_partitioncount"}' in broker


def test_what_an_instance_is_named_by() -> None:
    assert labels_of("cluster") == ()
    assert labels_of("{job_name}/{task_name}") == ("job_name", "task_name")
    assert labels_of("{task_manager}")[-1] == "instance"
