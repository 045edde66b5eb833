"""What gives a metric, in words of whoever runs the platform, and why it may be missing all the same."""

from __future__ import annotations

from collections.abc import Mapping

PROVIDERS: Mapping[str, str] = {
    "Kafka JMX": "jmx_exporter as a Java agent on every broker and controller",
    "kafka_exporter": "kafka_exporter beside the cluster",
    "Flink JobManager": "Flink's REST interface (kind flink), or its PrometheusReporter on the job manager",
    "Flink TaskManager": "Flink's REST interface (kind flink), or its PrometheusReporter on every task manager",
    "ClickHouse": "ClickHouse over HTTP (kind clickhouse), or <prometheus> in its config.xml (port 9363)",
    "ClickHouse SQL": "ClickHouse over HTTP (kind clickhouse)",
    "node_exporter": "node_exporter on the brokers, whose data lies under a mount point that names kafka",
    "kubelet": "the kubelet's metrics, where brokers have persistent volumes",
}
"""What to switch on, by where a metric can come from."""

BY_PROTOCOL = frozenset(
    {
        "under_replicated_partitions",
        "offline_partitions",
        "active_controller_count",
        "active_brokers",
        "consumer_group_lag",
        "consumer_group_lag_seconds",
        "messages_in_rate",
    }
)
PROTOCOL = "Kafka itself (kind kafka)"
"""What a source of kind kafka gives; it uses the names of the exporters."""

HINTS: Mapping[str, str] = {
    "consumer_group_lag_seconds": "it is known after five minutes of readings, while the group commits",
    "failed_query_ratio": "there were no queries",
    "query_duration_p95": "there were no queries, or log_queries is off",
    "rows_per_insert": "there were no inserts since the reading before",
    "source_pending_records": "the job's source does not tell how much is waiting; Kafka's does",
    "event_time_lag": "the job has no event time: no watermarks are made",
    "checkpoint_age": "no checkpoint is complete yet, or execution.checkpointing.interval is not set",
    "checkpoint_duration": "no checkpoint is complete yet, or execution.checkpointing.interval is not set",
    "checkpoint_state_size": "no checkpoint is complete yet, or execution.checkpointing.interval is not set",
    "job_records_out_rate": "no job runs, or its source operators are not called Source…",
    "replication_lag_seconds": "there are no replicated tables",
    "replication_queue_size": "there are no replicated tables",
    "max_parts_per_partition": "there are no MergeTree tables but ClickHouse's own (system_tables = true counts those)",
    "disk_free_ratio": "system.disks is there from ClickHouse 19.15 on",
    "memory_used_ratio": "asynchronous metrics come once a minute, with the memory from ClickHouse 20 on",
    "keeper_exceptions_rate": "ClickHouse before 20 counts them only once one has happened",
}
"""Why a metric may be missing although its exporter is read."""
