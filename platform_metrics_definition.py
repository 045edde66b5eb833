"""The metric catalogue: what is measured on Kafka, Flink and ClickHouse, when it is bad, and how failures travel.

This file is data, meant to be read and edited by whoever runs the platform. Each metric gives its thresholds
with the level, how long it must be exceeded (`hold`), where it is over again (`clear`) and where the number
comes from (`source`; `derived=True` where no public rule stands behind it, so tune these first).

    python platform_metrics_definition.py                        the catalogue as a table
    python platform_metrics_definition.py consumer_group_lag     one metric in full
    python platform_metrics_definition.py --component flink --json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from monitoring.errors import UnknownName
from monitoring.metrics import (
    COMPONENTS,
    SILENT_BROKER,
    SILENT_NODE,
    SILENT_TASK_MANAGER,
    SPLIT_BRAIN,
    Basis,
    Catalogue,
    Link,
    Metric,
    Pattern,
    Threshold,
    component_named,
)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


STRIMZI = "Strimzi Kafka alert rules"
STRIMZI_EXPORTER = "Strimzi Kafka exporter alert rules"
MSK = "AWS MSK best practices"
CONFLUENT = "Confluent broker alert rules"
GRAFANA_KAFKA = "Grafana Kafka alert rules"
DATADOG_KAFKA = "Datadog Kafka monitors"
KAFKA_DOCS = "Apache Kafka monitoring guide"
KAFKA_BOOK = "Kafka: The Definitive Guide"
LENSES = "Lenses alert reference"
CONDUKTOR = "Conduktor monitoring guide"
OBSERVOGRAM = "Observogram Kafka catalogue"
FLINK_DOCS = "Apache Flink back-pressure levels"
AWS_FLINK = "AWS Managed Service for Apache Flink alarms"
GOOGLE_FLINK = "Google Cloud Flink alerts"
ALIBABA_FLINK = "Alibaba Cloud Flink alert guide"
CLICKHOUSE_DEFAULTS = "ClickHouse default settings"
CLICKHOUSE_SOURCE = "ClickHouse metric descriptions"
GRAFANA_CLICKHOUSE = "Grafana ClickHouse alert rules"
ALTINITY = "Altinity ClickHouse alert rules"
ALTINITY_KB = "Altinity knowledge base"
NETDATA = "Netdata ClickHouse alarms"
AWESOME = "Awesome Prometheus alerts"
OWN = "own rule, no public one found"

USUAL_TIMES: Basis = "times usual"
USUAL_PLUS: Basis = "usual plus"

# A "times usual" level below is always strict ("<"): what is usually 0, such as the inserts of a spare replica,
# must not count as fallen to 0.

# An alias may stand for several metrics ("lag", "heap", "disk space"): it then means all of them.

KAFKA: tuple[Metric, ...] = (
    Metric(
        name="under_replicated_partitions",
        component="kafka",
        short="under-replicated partitions",
        description=(
            "Partitions this broker leads that have fewer in-sync replicas than they should. "
            "Data is still served, but one more failure may stop writes or lose data."
        ),
        scope="broker",
        unit="partitions",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, minutes(5), clear=0, source=f"{GRAFANA_KAFKA}; Strimzi fires after 10 s"),
        critical=Threshold(">", 0, minutes(15), clear=0, source=MSK),
        likely_causes=(
            "a broker is down or restarting",
            "a follower's disk or network is too slow",
            "a partition reassignment is running",
        ),
        first_checks=(
            "run `kafka-topics.sh --describe --under-replicated-partitions`: is one broker id common to all?",
            "compare the list of live brokers with the expected one",
            "look for disk or network saturation on that broker",
        ),
        pitfalls=(
            "it is counted at the leader, so a dead broker itself reports nothing",
            "on its own it never stops the pipeline: refused writes show in under_min_isr_partitions",
            "a rolling restart raises it for a few minutes per broker",
        ),
        aliases=("urp", "under replicated", "underreplicated partitions", "under replicated partitions"),
        topics=("replication", "availability", "network"),
    ),
    Metric(
        name="under_min_isr_partitions",
        component="kafka",
        short="partitions under min ISR",
        description=(
            "Partitions with fewer in-sync replicas than min.insync.replicas. "
            "Producers that ask for acks=all are refused on them."
        ),
        scope="broker",
        unit="partitions",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, seconds(10), clear=0, source=STRIMZI),
        critical=Threshold(">=", 1, minutes(1), clear=1, source=f"{MSK}; {CONFLUENT}"),
        likely_causes=(
            "a second broker of the same replica set is lost",
            "min.insync.replicas was raised above the number of live replicas",
        ),
        first_checks=(
            "do acks=all producers get NOT_ENOUGH_REPLICAS?",
            "run `kafka-topics.sh --describe --under-min-isr-partitions`: which brokers are missing from the ISR?",
            "was the topic's configuration changed recently?",
        ),
        pitfalls=("this, not under-replication, is the signal that writes are refused",),
        aliases=("under min isr", "min isr", "min.insync.replicas", "not enough replicas", "refused writes"),
        topics=("replication", "availability"),
    ),
    Metric(
        name="offline_partitions",
        component="kafka",
        short="offline partitions",
        description="Partitions without a leader. They can be neither written nor read until a replica comes back.",
        scope="cluster",
        unit="partitions",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, seconds(10), clear=0, source=STRIMZI),
        critical=Threshold(">", 0, minutes(1), clear=0, source=f"{MSK}; Grafana Kafka alert rules wait 5 min"),
        likely_causes=(
            "all replicas of a partition are down",
            "a log directory failed",
            "the ISR is empty and unclean leader election is disabled",
        ),
        first_checks=(
            "list leaderless partitions with `kafka-topics.sh --describe --unavailable-partitions`",
            "bring back the last member of the ISR first",
            "look for log directory errors on the brokers",
        ),
        pitfalls=(
            "only the active controller reports the true value: take the maximum over brokers, never the average",
            "with dedicated KRaft controllers the series is on the controllers, not on the brokers",
        ),
        aliases=("leaderless partitions", "no leader", "unavailable partitions"),
        topics=("availability", "replication"),
    ),
    Metric(
        name="active_controller_count",
        component="kafka",
        short="active controllers",
        description=(
            "How many brokers hold the controller role; it must be exactly one. "
            "None means no leader can be elected, two mean a split cluster."
        ),
        scope="cluster",
        unit="controllers",
        direction="both",
        normal=(1, 1),
        warning=Threshold("!=", 1, seconds(10), clear=1, source=f"{STRIMZI}; {CONFLUENT}"),
        critical=Threshold("!=", 1, minutes(5), clear=1, source=f"{GRAFANA_KAFKA}; {MSK}"),
        likely_causes=(
            "the controller quorum is lost",
            "a network split between controllers",
            "a long garbage collection pause on the controller",
        ),
        first_checks=(
            "run `kafka-metadata-quorum.sh describe --status`",
            "can the controllers reach each other?",
            "read the garbage collection log of the controller",
        ),
        pitfalls=(
            "0 for a few seconds during an election is normal",
            "a controller that is not scraped lowers the sum: check first that all of them report",
        ),
        aliases=("controller", "active controller", "controller count", "split brain", "split-brain"),
        topics=("network", "availability"),
        role="fault",
    ),
    Metric(
        name="active_brokers",
        component="kafka",
        short="active brokers",
        description=(
            "How many brokers are members of the cluster. "
            "A lost broker takes its partitions' leadership and one copy of their data with it."
        ),
        scope="cluster",
        unit="brokers",
        direction="lower_is_worse",
        normal=(None, None),
        warning=Threshold("<", -0.5, minutes(3), clear=-0.5, basis=USUAL_PLUS, source=f"{LENSES} (there after 1 min)"),
        critical=Threshold("<=", -2, minutes(1), clear=-2, basis=USUAL_PLUS, source=OWN, derived=True),
        likely_causes=(
            "the process crashed or was killed for lack of memory",
            "a host or its network is lost",
            "a rolling restart",
        ),
        first_checks=(
            "which broker id is missing?",
            "look for out-of-memory kills and full disks in the kernel log",
            "can the other brokers reach it? Reachable from one side only means a partition",
        ),
        pitfalls=(
            "the expected number is learnt from the last day: after resizing the cluster it needs time to follow",
            "a planned restart takes one to three minutes per broker and is no loss",
            "kafka_exporter refreshes its metadata every 30 s by default",
        ),
        aliases=("broker count", "brokers", "broker down", "broker loss", "lost broker", "live brokers"),
        topics=("availability", "network"),
        role="fault",
    ),
    Metric(
        name="isr_shrink_rate",
        component="kafka",
        short="ISR shrink rate",
        description=(
            "How often a follower is dropped from a partition's in-sync replicas. "
            "It tells of slow followers, pauses and network trouble before partitions are lost."
        ),
        scope="broker",
        unit="events/s",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, minutes(5), clear=0, source=f"{GRAFANA_KAFKA}; {KAFKA_DOCS}"),
        critical=Threshold(">", 0, minutes(15), clear=0, source=OWN, derived=True),
        likely_causes=(
            "a follower fetches slower than replica.lag.time.max.ms (30 s) allows",
            "a garbage collection pause on a broker",
            "a flapping network",
        ),
        first_checks=(
            "shrink followed by expand is flapping, shrink alone is loss",
            "look at the followers' fetch lag",
            "compare garbage collection pauses with the 30 s limit",
        ),
        pitfalls=("a silent follower is dropped only up to 30 s after it stalled",),
        aliases=("isr shrinks", "isr shrink", "isr", "in-sync replicas", "shrinking isr"),
        topics=("replication", "network"),
        trails=True,
    ),
    Metric(
        name="unclean_leader_elections",
        component="kafka",
        short="unclean leader elections",
        description=(
            "Elections of a leader that was not in sync. Every one of them has already lost data, "
            "so there is nothing to wait for."
        ),
        scope="cluster",
        unit="events/s",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, seconds(0), clear=0, source=f"{CONFLUENT} (there after 1 min)"),
        critical=Threshold(">", 0, minutes(1), clear=0, source=f"{GRAFANA_KAFKA} (there after 5 min)"),
        likely_causes=("all members of an ISR were lost while unclean.leader.election.enable was true",),
        first_checks=(
            "which partitions? Compare their end offsets before and after",
            "plan a replay or a reconciliation downstream",
        ),
        pitfalls=("data is already lost: offsets restored by Flink may be out of range",),
        aliases=("unclean elections", "unclean election", "unclean leader election", "data loss"),
        topics=("data loss", "replication", "availability"),
    ),
    Metric(
        name="consumer_group_lag",
        component="kafka",
        short="consumer lag",
        description=(
            "Messages written but not yet committed by a consumer group, on its fullest partition of the topic. "
            "It grows when the consumer is slower than the producers or has stopped committing."
        ),
        scope="group/topic",
        unit="messages",
        direction="higher_is_worse",
        normal=(0, 500),
        warning=Threshold(">", 1_000, minutes(5), clear=800, source=f"{STRIMZI_EXPORTER} (there after 10 s)"),
        critical=Threshold(">", 10_000, minutes(15), clear=8_000, source=f"{MSK}; {AWESOME}"),
        likely_causes=(
            "the consumer is slower than the producers",
            "the consumer is dead, or its checkpoints fail",
            "a traffic burst or a hot partition",
        ),
        first_checks=(
            "run `kafka-consumer-groups.sh --describe --group GROUP`: is the lag growing, flat or draining?",
            "is it one partition or all of them?",
            "does source_pending_records grow too? If only the group's lag grows, commits fail, not reading",
        ),
        pitfalls=(
            "Flink commits offsets only when a checkpoint completes: lag saw-tooths with the checkpoint interval, "
            "and grows while checkpoints fail even if processing is fine",
            "kafka_exporter reports -1 when no offset is committed; negative values are no lag",
            "Flink assigns partitions itself, so its group may show no members",
        ),
        aliases=("lag", "backlog", "kafka lag", "group lag", "offset lag", "consumer group lag", "consumer backlog"),
        topics=("consumer lag", "throughput"),
        role="effect",
        notable=1_000,
        follows_load=True,
        weighed_by="consumer_group_lag_seconds",
    ),
    Metric(
        name="consumer_group_lag_seconds",
        component="kafka",
        short="consumer lag in time",
        description=(
            "How old the oldest message is that the group has not yet committed. "
            "Unlike the lag in messages it can be compared between topics."
        ),
        scope="group/topic",
        unit="s",
        direction="higher_is_worse",
        normal=(0, 30),
        warning=Threshold(">", 60, minutes(5), clear=45, source=OBSERVOGRAM),
        critical=Threshold(">", 180, minutes(5), clear=150, source=f"{CONDUKTOR}; AWS MSK gives 300 s as example"),
        likely_causes=(
            "the consumer is slower than the producers",
            "the consumer is dead, or its checkpoints fail",
            "a traffic burst or a hot partition",
        ),
        first_checks=(
            "compare it with Flink's event_time_lag",
            "compare it with the topic's retention.ms: older than that means data is lost",
            "does the rate window cover at least three checkpoint intervals?",
        ),
        pitfalls=("it is undefined while nothing is committed: with lag above 0 that means without bound",),
        aliases=("lag", "time lag", "lag seconds", "lag in seconds", "consumer delay", "consumer lag time"),
        topics=("consumer lag", "latency"),
        role="effect",
        notable=40,
        follows_load=True,
    ),
    Metric(
        name="messages_in_rate",
        component="kafka",
        short="incoming message rate",
        description=(
            "Messages produced to a topic per second. It is the input of the whole pipeline: "
            "silence starves Flink and ClickHouse, a burst fills their queues."
        ),
        scope="topic",
        unit="messages/s",
        direction="both",
        normal=(None, None),
        warning=Threshold(
            "<",
            0.1,
            minutes(10),
            clear=0.15,
            basis=USUAL_TIMES,
            usual_at_least=1.0,
            source=f"own level; {STRIMZI_EXPORTER} has none for 10 min",
            derived=True,
        ),
        critical=None,
        likely_causes=(
            "a producer outage",
            "a traffic burst or a replay",
            "refused writes (partitions under min ISR)",
        ),
        first_checks=(
            "look at the rate of failed produce requests",
            "is the producing service healthy?",
            "compare it with job_records_out_rate and inserted_rows_rate: the first that falls names the stage",
        ),
        pitfalls=(
            "the threshold is a tenth of the usual rate, wide enough for day and night; finer deviations from the "
            "time of day are found by the baseline",
            "the series without a topic label is the broker's total: summing all series counts twice",
        ),
        aliases=("messages in", "message rate", "ingress", "incoming messages", "produce rate", "kafka throughput"),
        topics=("throughput",),
        notable=1,
    ),
    Metric(
        name="produce_latency_p99",
        component="kafka",
        short="produce latency (p99)",
        description=(
            "The time a broker needs to answer a produce request, for the slowest 1 in 100. "
            "Producers wait this long, and buffer or fail when it grows."
        ),
        scope="broker",
        unit="ms",
        direction="higher_is_worse",
        normal=(0, 20),
        warning=Threshold(">", 100, minutes(5), clear=80, source=DATADOG_KAFKA),
        critical=Threshold(">", 200, minutes(5), clear=160, source=DATADOG_KAFKA),
        likely_causes=(
            "the disk flushes slowly",
            "followers are slow, and acks=all waits for them",
            "the request queue is saturated",
        ),
        first_checks=(
            "split the total into queue, local and remote time",
            "look at request_handler_idle_ratio",
            "look at page cache and disk wait (`iostat -x 5`)",
        ),
        pitfalls=(
            "there are no histogram buckets to compute a quantile from: read the exported 99th percentile",
            "total time of consumer fetches includes waiting for data and says nothing about latency",
        ),
        aliases=("produce latency", "producer latency", "write latency", "p99 produce", "kafka latency"),
        topics=("latency", "resource", "network"),
        follows_load=True,
    ),
    Metric(
        name="request_handler_idle_ratio",
        component="kafka",
        short="request handler idle ratio",
        description=(
            "The share of time the broker's request handler threads have nothing to do. "
            "Near zero, requests queue up and every client gets slow."
        ),
        scope="broker",
        unit="ratio",
        direction="lower_is_worse",
        normal=(0.7, 1),
        warning=Threshold("<", 0.3, minutes(5), clear=0.35, source=f"{MSK}; {KAFKA_DOCS}"),
        critical=Threshold("<", 0.1, minutes(5), clear=0.15, source=KAFKA_BOOK),
        likely_causes=(
            "too many small requests",
            "a slow disk blocks the handlers",
            "load from TLS or from converting compression",
        ),
        first_checks=(
            "look at requests per second and at batch sizes",
            "look at disk latency",
            "was a client deployed recently?",
        ),
        pitfalls=(
            "the series of the common exporter rules is the mean since the broker started and barely moves: "
            "take the one-minute rate",
        ),
        aliases=("handler idle", "request handlers", "request handler idle", "idle ratio", "broker load"),
        topics=("resource", "latency"),
        role="fault",
        notable=0.3,
        follows_load=True,
    ),
    Metric(
        name="broker_heap_used_ratio",
        component="kafka",
        short="broker heap use",
        description=(
            "Used share of the broker's Java heap. "
            "A minimum that rises for hours is a leak and ends in long pauses or a crash."
        ),
        scope="broker",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0.3, 0.7),
        warning=Threshold(">", 0.80, minutes(5), clear=0.75, source=f"{AWESOME} (JVM); {GRAFANA_KAFKA}"),
        critical=Threshold(">", 0.90, minutes(5), clear=0.85, source=OWN, derived=True),
        likely_causes=(
            "too many partitions or connections",
            "state kept per producer (transactional ids)",
            "a leak in a plug-in or interceptor",
        ),
        first_checks=(
            "look at the heap after garbage collection, not at one moment (AWS MSK warns above 0.60)",
            "look at the number of partitions and connections",
            "take a histogram: `jcmd PID GC.class_histogram`",
        ),
        pitfalls=("the heap saw-tooths: a leak shows in its rising minimum, not in its peaks",),
        aliases=("heap", "broker heap", "kafka heap", "broker memory", "kafka memory", "jvm heap", "jvm memory"),
        topics=("memory", "memory leak", "resource"),
        role="fault",
        limit=1,
        floor=True,
    ),
    Metric(
        name="broker_gc_time_ratio",
        component="kafka",
        short="broker garbage collection time",
        description=(
            "The share of time the broker spends in garbage collection. "
            "Pauses beyond 9 s cost it its membership, beyond 30 s its place among the in-sync replicas."
        ),
        scope="broker",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0, 0.02),
        warning=Threshold(">", 0.05, minutes(5), clear=0.04, source=f"{AWESOME} (JVM)"),
        critical=Threshold(">", 0.20, minutes(5), clear=0.16, source=OWN, derived=True),
        likely_causes=("the heap is too small", "a leak near the limit", "a burst of allocations"),
        first_checks=(
            "count old-generation collections (`jstat -gcutil PID 5s`)",
            "compare pause lengths with the 9 s broker session and the 30 s replica lag limit",
        ),
        pitfalls=("collectors that work concurrently (ZGC, G1) make the ratio overstate pauses",),
        aliases=("gc", "broker gc", "kafka gc", "gc time", "gc pauses", "garbage collection"),
        topics=("garbage collection", "memory", "memory leak", "resource"),
    ),
    Metric(
        name="broker_disk_used_ratio",
        component="kafka",
        short="broker disk use",
        description=(
            "Used share of the disk that holds the broker's logs. "
            "A full disk takes the log directory offline and all its replicas with it."
        ),
        scope="broker",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0, 0.70),
        warning=Threshold(">", 0.85, minutes(5), clear=0.82, source=f"{MSK}; {STRIMZI}"),
        critical=Threshold(">", 0.95, minutes(1), clear=0.92, source=OWN, derived=True),
        likely_causes=(
            "retention is too long or unlimited",
            "copies made by a reassignment",
            "more traffic than the disk was sized for",
        ),
        first_checks=(
            "run `kafka-log-dirs.sh --describe`: which topics are the largest?",
            "look for topics that override retention.ms or retention.bytes",
            "when is it full, at the pace of the last day?",
        ),
        pitfalls=(
            "consumer lag does not hold data: retention does",
            "Kafka itself reports sizes but no free space: that comes from the node",
            "any offline log directory is critical whatever the ratio",
        ),
        aliases=("disk", "disk space", "disk full", "broker disk", "kafka disk", "disk usage", "log directory"),
        topics=("disk", "resource", "availability"),
        role="fault",
        limit=1,
    ),
)

FLINK: tuple[Metric, ...] = (
    Metric(
        name="job_not_running_seconds",
        component="flink",
        short="job downtime",
        description=(
            "For how long the job has not been in the state RUNNING. "
            "Nothing is processed meanwhile, and Kafka's backlog grows."
        ),
        scope="job",
        unit="s",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, minutes(1), clear=0, source=AWS_FLINK),
        critical=Threshold(">", 60, minutes(1), clear=0, source=f"{AWESOME} (Flink)"),
        likely_causes=("a restart loop", "no free slots", "the job was cancelled or has finished"),
        first_checks=(
            "GET /jobs/:id/exceptions",
            "are there free slots? GET /overview",
            "was anything deployed just before?",
        ),
        pitfalls=(
            "numRunningJobs stays 1 through restart loops and even without task managers: it tells nothing here",
            "the series end when a job ends: absence counts as well",
            "in a restart loop the value falls back to 0 at each short run",
        ),
        aliases=("job down", "job not running", "downtime", "job failed", "job stopped", "flink down"),
        topics=("availability", "restart"),
    ),
    Metric(
        name="job_restart_rate",
        component="flink",
        short="job restarts",
        description=(
            "Restarts of the job within 10 minutes. "
            "Each goes back to the last checkpoint and processes again what came after it."
        ),
        scope="job",
        unit="restarts/10 min",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">=", 1, seconds(30), clear=1, source=f"{ALIBABA_FLINK}; {AWESOME} (Flink)"),
        critical=Threshold(">=", 3, seconds(30), clear=2, source=OWN, derived=True),
        likely_causes=(
            "an exception in user code (a poison record)",
            "a failed checkpoint, as none is tolerated by default",
            "a task manager is lost",
        ),
        first_checks=(
            "what is the root exception? GET /jobs/:id/exceptions",
            "did failed checkpoints come before the restart?",
            "did the number of task managers drop?",
        ),
        pitfalls=(
            "the default back-off reaches 60 s: a permanent loop settles at one restart per minute or fewer, "
            "so rules such as more than 5 in 5 min fall silent while the job is still down",
            "a rescale counts as a restart",
        ),
        aliases=("restarts", "restart rate", "restart loop", "crash loop", "job restarts", "restarting"),
        topics=("restart", "availability"),
    ),
    Metric(
        name="failed_checkpoint_rate",
        component="flink",
        short="failed checkpoints",
        description=(
            "Checkpoints that failed within 10 minutes. "
            "Without them the job cannot recover to a recent point, and offsets are not committed to Kafka."
        ),
        scope="job",
        unit="checkpoints/10 min",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 1, seconds(30), clear=1, source=f"{AWESOME} (Flink); {AWS_FLINK}"),
        critical=Threshold(">", 5, seconds(30), clear=4, source=GOOGLE_FLINK),
        likely_causes=(
            "a timeout under back-pressure",
            "the checkpoint storage cannot be reached",
            "a task failed during the checkpoint",
        ),
        first_checks=(
            "read the failure reason: GET /jobs/:id/checkpoints",
            "can the storage be reached, and how fast?",
            "is there back-pressure at the same time?",
        ),
        pitfalls=(
            "a healthy job shows 1 failed checkpoint at its start, while tasks do not run yet",
            "each restart adds 2 to 3 failures for one real expiry: use checkpoint_age for severity",
        ),
        aliases=("failed checkpoints", "checkpoint failures", "checkpoints failing", "failing checkpoints"),
        topics=("checkpoint",),
    ),
    Metric(
        name="checkpoint_age",
        component="flink",
        short="age of the last checkpoint",
        description=(
            "Time since the last completed checkpoint: how much work a restart would repeat. "
            "It keeps rising while checkpoints hang or fail."
        ),
        scope="job",
        unit="s",
        direction="higher_is_worse",
        normal=(0, 120),
        warning=Threshold(">", 300, minutes(1), clear=240, source=ALIBABA_FLINK),
        critical=Threshold(">", 900, minutes(1), clear=750, source=OWN, derived=True),
        likely_causes=("checkpoints fail or hang", "the job is restarting", "checkpointing is disabled"),
        first_checks=(
            "how old is the checkpoint in progress, subtask by subtask? GET /jobs/:id/checkpoints",
            "follow the back-pressure to the slow task",
            "can the checkpoint storage be reached?",
        ),
        pitfalls=(
            "it is the only checkpoint metric that keeps moving during a failure",
            "the levels assume intervals up to 100 s: raise the warning to three intervals where they are longer",
            "before the first checkpoint the timestamp is 0 or -1, which is no age",
        ),
        aliases=("last checkpoint", "time since last checkpoint", "checkpoint staleness", "stale checkpoint"),
        topics=("checkpoint",),
        role="effect",
        notable=120,
    ),
    Metric(
        name="checkpoint_duration",
        component="flink",
        short="checkpoint duration",
        description=(
            "How long the last completed checkpoint took from end to end. "
            "Slow ones tell of back-pressure, growing state or slow storage, and end in timeouts."
        ),
        scope="job",
        unit="ms",
        direction="higher_is_worse",
        normal=(0, 30_000),
        warning=Threshold(">", 60_000, minutes(5), clear=50_000, source=f"{AWESOME} (Flink); {AWS_FLINK}"),
        critical=Threshold(
            ">", 300_000, minutes(5), clear=240_000, source="own rule: half of Flink's default timeout", derived=True
        ),
        likely_causes=("back-pressure delays the barriers", "the state grows", "the object store is slow"),
        first_checks=(
            "start delay tells of back-pressure, asynchronous time of storage: GET /jobs/:id/checkpoints",
            "does checkpoint_state_size grow?",
            "is one subtask slower than the others?",
        ),
        pitfalls=(
            "it speaks of the last completed checkpoint: it stays low while every checkpoint expires",
            "more than half of the checkpoint interval is too long, whatever the level",
        ),
        aliases=("slow checkpoints", "checkpoint time", "checkpoint latency", "long checkpoints"),
        topics=("checkpoint", "back-pressure", "latency"),
        role="effect",
        notable=30_000,
        follows_load=True,
    ),
    Metric(
        name="checkpoint_state_size",
        component="flink",
        short="checkpoint state size",
        description=(
            "Size of the job's state in the last completed checkpoint. "
            "State that grows without bound makes checkpoints slow and fills memory and disk."
        ),
        scope="job",
        unit="bytes",
        direction="higher_is_worse",
        normal=(None, None),
        warning=Threshold(
            ">", 1.5, hours(1), clear=1.4, basis=USUAL_TIMES, usual_at_least=1e6, source=OWN, derived=True
        ),
        critical=Threshold(
            ">", 2.0, hours(6), clear=1.8, basis=USUAL_TIMES, usual_at_least=1e6, source=OWN, derived=True
        ),
        likely_causes=(
            "state without a time to live",
            "more and more distinct keys",
            "a stalled watermark keeps windows open",
        ),
        first_checks=(
            "which operator grows? GET /jobs/:id/checkpoints/details/:checkpointid",
            "does the watermark advance?",
            "is there a join without bounds?",
        ),
        pitfalls=("with incremental checkpoints lastCheckpointSize is only the increment: take the full size",),
        aliases=("state size", "checkpoint size", "state growth", "flink state"),
        topics=("checkpoint", "memory", "resource"),
        follows_load=True,
    ),
    Metric(
        name="backpressured_time_ratio",
        component="flink",
        short="back-pressure",
        description=(
            "The share of time a task waits because the tasks after it do not take its output. "
            "The cause is the first busy task downstream of it, often the sink."
        ),
        scope="job/task",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0, 0.1),
        warning=Threshold(">", 0.10, minutes(15), clear=0.08, source=f"{FLINK_DOCS} (LOW); {AWS_FLINK}"),
        critical=Threshold(">", 0.50, minutes(5), clear=0.40, source=f"{FLINK_DOCS} (HIGH); {AWS_FLINK}; {AWESOME}"),
        likely_causes=(
            "a slow sink (the database throttles inserts)",
            "data skew",
            "an operator with too little parallelism",
        ),
        first_checks=(
            "find the first task downstream that is busy but not back-pressured: it is the culprit "
            "(GET /jobs/:id/vertices/:vid/backpressure)",
            "look at the sink's latency and errors",
            "compare the subtasks: is the load skewed?",
        ),
        pitfalls=(
            "it is a 60 s moving average refreshed every 5 s and trails an abrupt stall",
            "with a short checkpoint timeout the job may restart before it leaves 0",
            "the tasks before the slow one show it, not the slow one",
        ),
        aliases=("backpressure", "back pressure", "backpressured", "back-pressured"),
        topics=("back-pressure", "throughput"),
        notable=0.25,
        follows_load=True,
    ),
    Metric(
        name="task_busy_ratio",
        component="flink",
        short="task busy ratio",
        description=(
            "The share of time the busiest subtask works. "
            "Near 1 the task is at its limit and everything before it has to wait."
        ),
        scope="job/task",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0.2, 0.7),
        warning=Threshold(">", 0.80, minutes(15), clear=0.75, source=AWS_FLINK),
        critical=Threshold(">", 0.95, minutes(15), clear=0.90, source=OWN, derived=True),
        likely_causes=("an operator bound by CPU", "a blocking call to an external service", "a hot key"),
        first_checks=(
            "take a thread dump or flame graph of the busy subtask",
            "compare the maximum with the average over subtasks: is one much busier?",
            "look at the latency of external calls",
        ),
        pitfalls=(
            "legacy sources report NaN, which is no value",
            "it starts at 1 after each start and decays: the first 60 s say nothing",
        ),
        aliases=("busy", "busy ratio", "busy time", "task busy", "busy tasks", "busyness"),
        topics=("back-pressure", "resource"),
        notable=0.3,
        follows_load=True,
    ),
    Metric(
        name="job_records_out_rate",
        component="flink",
        short="job output rate",
        description=(
            "Records the job's sources hand on per second. "
            "When it falls while Kafka's input goes on, the job is the bottleneck."
        ),
        scope="job",
        unit="records/s",
        direction="lower_is_worse",
        normal=(None, None),
        warning=Threshold(
            "<", 0.1, minutes(10), clear=0.15, basis=USUAL_TIMES, usual_at_least=1.0, source=OWN, derived=True
        ),
        critical=Threshold(
            "<",
            0.01,
            minutes(5),
            clear=0.05,
            basis=USUAL_TIMES,
            usual_at_least=1.0,
            source=f"{AWESOME} (Flink: no records for 5 min)",
            derived=True,
        ),
        likely_causes=("back-pressure", "silence upstream", "a stalled source split"),
        first_checks=(
            "compare it with Kafka's messages_in_rate for the same topic",
            "look at backpressured_time_ratio",
            "did the job restart within the window?",
        ),
        pitfalls=(
            "use the rate of the counter: Flink's own PerSecond meters trail by up to 60 s",
            "sources have no records in, so rules on records in never see them",
            "the task_attempt_id label changes with each restart and the counters begin at 0 again",
            "the threshold is a tenth of the usual rate; finer deviations are found by the baseline",
        ),
        aliases=("records out", "records per second", "job throughput", "flink throughput", "processing rate"),
        topics=("throughput", "back-pressure"),
        role="effect",
        notable=1,
    ),
    Metric(
        name="source_pending_records",
        component="flink",
        short="pending source records",
        description=(
            "Records in Kafka that the job's source has not yet read. "
            "Unlike the group's lag it does not depend on commits: it is the honest backlog of a Flink job."
        ),
        scope="job",
        unit="records",
        direction="higher_is_worse",
        normal=(None, None),
        warning=Threshold(
            ">", 10, minutes(15), clear=8, basis=USUAL_TIMES, also=(">", 10_000), source=OWN, derived=True
        ),
        critical=Threshold(
            ">",
            30,
            minutes(15),
            clear=24,
            basis=USUAL_TIMES,
            also=(">", 100_000),
            source=f"own level; {AWS_FLINK} looks for growth over 30 min",
            derived=True,
        ),
        likely_causes=("the job is slower than the topic", "partitions are not assigned", "a replay after a restore"),
        first_checks=(
            "compare it with consumer_group_lag: if only that grows, commits (checkpoints) fail, not reading",
            "compare the subtasks: is one behind?",
        ),
        pitfalls=(
            "it does not depend on commits",
            "it appears only after the first fetch",
            "usually a few seconds of traffic; steady growth below the levels is found by the trend",
        ),
        aliases=("pending records", "backlog", "source backlog", "source lag", "flink lag", "pending"),
        topics=("consumer lag", "back-pressure"),
        role="effect",
        notable=10_000,
        follows_load=True,
    ),
    Metric(
        name="event_time_lag",
        component="flink",
        short="event time lag",
        description=(
            "How far the event time of the records the source emits is behind the clock: how stale the results are."
        ),
        scope="job",
        unit="ms",
        direction="higher_is_worse",
        normal=(0, 5_000),
        warning=Threshold(">", 60_000, minutes(5), clear=48_000, source=OWN, derived=True),
        critical=Threshold(">", 180_000, minutes(3), clear=150_000, source=ALIBABA_FLINK),
        likely_causes=("processing is behind", "an idle partition holds back the watermark", "data arrives late"),
        first_checks=(
            "is the lag the same at all subtasks?",
            "look at the watermark of each split",
            "is the producers' clock right?",
        ),
        pitfalls=("it speaks of the last record emitted and freezes when nothing is emitted",),
        aliases=("event lag", "event time", "event-time lag", "freshness", "staleness", "watermark lag"),
        topics=("latency", "consumer lag"),
        role="effect",
        notable=30_000,
        follows_load=True,
    ),
    Metric(
        name="taskmanager_heap_used_ratio",
        component="flink",
        short="task manager heap use",
        description=(
            "Used share of a task manager's Java heap. "
            "A minimum that rises for hours is a leak and ends in long pauses or a lost task manager."
        ),
        scope="task manager",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0.3, 0.75),
        warning=Threshold(">", 0.80, minutes(5), clear=0.75, source=AWS_FLINK),
        critical=Threshold(">", 0.90, minutes(5), clear=0.85, source=f"{AWS_FLINK}; {GOOGLE_FLINK}; {AWESOME}"),
        likely_causes=(
            "growing state in the heap state backend",
            "a leak in user code, or of class loaders over restarts",
            "too little task heap",
        ),
        first_checks=(
            "does the minimum over 30 min rise?",
            "does Metaspace grow with each restart?",
            "take a heap dump: `jcmd PID GC.heap_dump FILE`",
        ),
        pitfalls=(
            "RocksDB and network buffers are outside the heap: look at the container's memory too",
            "pools without a limit report a maximum of -1, which gives no ratio",
        ),
        aliases=(
            "heap",
            "taskmanager heap",
            "task manager heap",
            "flink heap",
            "flink memory",
            "task manager memory",
            "taskmanager memory",
            "jvm heap",
            "jvm memory",
        ),
        topics=("memory", "memory leak", "resource"),
        role="fault",
        limit=1,
        floor=True,
    ),
    Metric(
        name="taskmanager_gc_time_ratio",
        component="flink",
        short="task manager garbage collection time",
        description=(
            "The share of time a task manager spends in garbage collection. "
            "It slows all its tasks, and a pause beyond 50 s looks like a lost task manager."
        ),
        scope="task manager",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0, 0.02),
        warning=Threshold(">", 0.10, minutes(5), clear=0.08, source=f"{AWESOME} (Flink)"),
        critical=Threshold(">", 0.30, minutes(5), clear=0.25, source=OWN, derived=True),
        likely_causes=("the heap is nearly full", "user code creates too many objects", "a leak"),
        first_checks=(
            "look at taskmanager_heap_used_ratio",
            "count old-generation collections: GET /taskmanagers/:id",
            "compare pause lengths with the heartbeat timeout of 50 s",
        ),
        pitfalls=("a pause longer than 50 s looks like a lost task manager",),
        aliases=(
            "gc",
            "taskmanager gc",
            "task manager gc",
            "flink gc",
            "gc time",
            "gc pauses",
            "garbage collection",
        ),
        topics=("garbage collection", "memory", "memory leak", "resource"),
    ),
    Metric(
        name="registered_taskmanagers",
        component="flink",
        short="registered task managers",
        description=(
            "How many task managers are registered with the job manager. "
            "When one is lost its jobs restart, and without spare slots they stay down."
        ),
        scope="cluster",
        unit="task managers",
        direction="lower_is_worse",
        normal=(1, None),
        warning=Threshold("<", -0.5, minutes(1), clear=-0.5, basis=USUAL_PLUS, source=OWN, derived=True),
        critical=Threshold("<=", 0, minutes(1), clear=0, source=f"{AWESOME} (Flink)"),
        likely_causes=(
            "a task manager was killed for lack of memory",
            "a node is lost",
            "a network split between job manager and task managers",
        ),
        first_checks=(
            "is the process alive? Alive but not registered means a network partition",
            "did the container exit with code 137 (killed for lack of memory)?",
            "can the pod be scheduled?",
        ),
        pitfalls=(
            "after a kill the count drops within about 12 s; with silent packet loss after up to 50 s",
            "the expected number is learnt from the last day: after resizing the cluster it needs time to follow",
            "a planned restart takes one to three minutes per broker and is no loss",
        ),
        aliases=("task managers", "taskmanagers", "taskmanager lost", "lost task manager", "tm count", "workers"),
        topics=("availability", "network", "resource", "restart"),
        role="fault",
    ),
)

CLICKHOUSE: tuple[Metric, ...] = (
    Metric(
        name="query_duration_p95",
        component="clickhouse",
        short="query duration (p95)",
        description=(
            "The time a query takes, for the slowest 5 in 100. "
            "It is what users feel, and rises with parts, merges, load and new heavy queries."
        ),
        scope="node",
        unit="s",
        direction="higher_is_worse",
        normal=(None, None),
        warning=Threshold(">", 2, minutes(10), clear=1.7, basis=USUAL_TIMES, also=(">", 1.0), source=OWN, derived=True),
        critical=Threshold(">", 5, minutes(10), clear=4, basis=USUAL_TIMES, also=(">", 5.0), source=OWN, derived=True),
        likely_causes=(
            "too many parts to read",
            "merges or inserts take disk and CPU",
            "a new heavy query, or lock contention while planning",
        ),
        first_checks=(
            "which queries read most? `SELECT normalized_query_hash, any(query), sum(read_bytes) AS b FROM "
            "system.query_log WHERE event_time > now() - 600 GROUP BY 1 ORDER BY b DESC LIMIT 10`",
            "look at max_parts_per_partition",
            "what runs long now? `SELECT elapsed, query FROM system.processes ORDER BY elapsed DESC`",
        ),
        pitfalls=(
            "ClickHouse exports no quantiles: this needs SQL on system.query_log",
            "query_log is written every 7.5 s or so, and on each node for itself",
            "a single query beyond 600 s deserves a look whatever the quantile",
        ),
        aliases=("query latency", "query time", "slow queries", "query duration", "p95", "query performance"),
        topics=("queries", "latency"),
        notable=1,
        follows_load=True,
    ),
    Metric(
        name="failed_query_ratio",
        component="clickhouse",
        short="failed query ratio",
        description="The share of queries that end in an error, inserts included.",
        scope="node",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0, 0.01),
        warning=Threshold(">", 0.01, minutes(5), clear=0.008, source=OWN, derived=True),
        critical=Threshold(">", 0.05, minutes(5), clear=0.04, source=OWN, derived=True),
        likely_causes=("a memory limit", "too many parts on insert", "a producer's schema does not fit"),
        first_checks=(
            "`SELECT name, value, last_error_message FROM system.errors ORDER BY last_error_time DESC LIMIT 10`",
            "split the failures by exception_code in system.query_log",
            "are they inserts or selects?",
        ),
        pitfalls=("the counter includes internal queries; queries that cannot be parsed are not in the total",),
        aliases=("failed queries", "query errors", "query failures", "error rate", "errors"),
        topics=("errors", "queries", "inserts"),
        notable=0.03,
    ),
    Metric(
        name="running_queries",
        component="clickhouse",
        short="running queries",
        description=(
            "Queries that run at the same time on a node. Slow queries pile up here until the limit refuses new ones."
        ),
        scope="node",
        unit="queries",
        direction="higher_is_worse",
        normal=(0, 20),
        warning=Threshold(">", 80, minutes(1), clear=70, source=ALTINITY),
        critical=Threshold(">", 100, minutes(1), clear=90, source=f"{ALTINITY_KB} (the limit was 100 for long)"),
        likely_causes=("slow queries pile up", "a storm of retries", "dashboards that fan out"),
        first_checks=(
            "`SELECT user, normalizedQueryHash(query) AS h, count(), max(elapsed) FROM system.processes GROUP BY 1, 2`",
            "how long has the oldest been running?",
            "are there TOO_MANY_SIMULTANEOUS_QUERIES errors?",
        ),
        pitfalls=("the limit is max_concurrent_queries: 0, that is none, unless config.xml sets it",),
        aliases=("concurrent queries", "query concurrency", "queries running", "active queries"),
        topics=("queries", "resource"),
        notable=20,
        follows_load=True,
    ),
    Metric(
        name="replication_lag_seconds",
        component="clickhouse",
        short="replication lag",
        description=(
            "How far a table's replica is behind the others. "
            "Above 300 s distributed reads skip it, and its peers carry the load."
        ),
        scope="node/table",
        unit="s",
        direction="higher_is_worse",
        normal=(0, 10),
        warning=Threshold(">", 60, minutes(5), clear=48, source=OWN, derived=True),
        critical=Threshold(">", 300, minutes(5), clear=240, source=f"{ALTINITY}; {NETDATA}; {CLICKHOUSE_DEFAULTS}"),
        likely_causes=(
            "parts are fetched slowly (network)",
            "merges or mutations block the queue",
            "Keeper is slow",
        ),
        first_checks=(
            "`SELECT database, table, absolute_delay, queue_size FROM system.replicas ORDER BY absolute_delay DESC`",
            "read last_exception and postpone_reason in system.replication_queue",
            "is the pool for fetches used up?",
            "look at Keeper's latency",
        ),
        pitfalls=(
            "the unit is seconds, though some tools label it milliseconds",
            "above 300 s the peers of the slow replica raise the alarms, but the replica is the cause",
            "read-only tables are left out of this metric: see readonly_replicas",
        ),
        aliases=("replica delay", "replica lag", "replication delay", "replicas behind", "absolute delay"),
        topics=("replication", "latency", "network"),
        notable=45,
    ),
    Metric(
        name="replication_queue_size",
        component="clickhouse",
        short="replication queue",
        description=(
            "Tasks (fetches, merges, mutations) that a table's replica has still to do. "
            "A queue that does not drain leads to replication lag."
        ),
        scope="node/table",
        unit="tasks",
        direction="higher_is_worse",
        normal=(0, 20),
        warning=Threshold(">", 99, minutes(5), clear=80, source=GRAFANA_CLICKHOUSE),
        critical=Threshold(">", 1_000, minutes(15), clear=800, source=OWN, derived=True),
        likely_causes=("the replica was offline and catches up", "a stuck mutation", "fetches fail"),
        first_checks=(
            "`SELECT type, num_tries, num_postponed, last_exception FROM system.replication_queue "
            "WHERE num_tries > 100 OR num_postponed > 1000`",
            "look at the rate of ReplicatedPartFailedFetches",
            "is there disk space on the replica?",
        ),
        pitfalls=("merges_in_queue may stay above 0 for long; inserts_in_queue should not",),
        aliases=("replication backlog", "replication tasks", "replica queue", "queue size"),
        topics=("replication",),
        notable=50,
    ),
    Metric(
        name="readonly_replicas",
        component="clickhouse",
        short="read-only replicas",
        description=(
            "Replicated tables on a node that refuse writes because Keeper is out of reach. "
            "Inserts into them fail at once."
        ),
        scope="node",
        unit="tables",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, minutes(1), clear=0, source=f"{ALTINITY}; {NETDATA}"),
        critical=Threshold(">", 0, minutes(5), clear=0, source=GRAFANA_CLICKHOUSE),
        likely_causes=(
            "the session with Keeper is lost",
            "the Keeper quorum is lost",
            "metadata did not match at start-up",
        ),
        first_checks=(
            "is the metric ZooKeeperSession 1?",
            "can the node reach every Keeper?",
            "one node or all nodes? One means its network, all mean Keeper",
            "`SELECT database, table, zookeeper_exception FROM system.replicas WHERE is_readonly`",
        ),
        pitfalls=("inserts to these tables fail immediately: Flink's sink errors follow within one flush",),
        aliases=("readonly", "read-only", "read only replicas", "readonly tables", "read-only tables"),
        topics=("replication", "availability", "inserts", "network"),
    ),
    Metric(
        name="max_parts_per_partition",
        component="clickhouse",
        short="parts per partition",
        description=(
            "Active data parts in a table's fullest partition. When inserts make parts faster than merges join "
            "them, ClickHouse first slows inserts (at 1,000), then refuses them (at 3,000)."
        ),
        scope="node/table",
        unit="parts",
        direction="higher_is_worse",
        normal=(0, 100),
        warning=Threshold(">", 300, minutes(5), clear=250, source=f"{CLICKHOUSE_SOURCE}; {NETDATA}"),
        critical=Threshold(">", 1_000, minutes(5), clear=850, source=f"{CLICKHOUSE_DEFAULTS} (parts_to_delay_insert)"),
        likely_causes=(
            "tiny, frequent inserts",
            "merges are too slow, or the disk is full",
            "each insert touches too many partitions",
        ),
        first_checks=(
            "`SELECT database, table, partition_id, count() AS parts FROM system.parts WHERE active "
            "GROUP BY 1, 2, 3 ORDER BY parts DESC LIMIT 10`",
            "look at rows_per_insert",
            "`SELECT table, elapsed, progress FROM system.merges ORDER BY elapsed DESC`",
            "`SELECT table, mutation_id, latest_fail_reason FROM system.mutations WHERE NOT is_done`",
        ),
        pitfalls=(
            "parts_to_delay_insert and parts_to_throw_insert can be changed per table; "
            "before version 23.6 inserts were refused at 300",
            "the check is skipped when parts are larger than 1 GiB on average",
        ),
        aliases=("parts", "too many parts", "part count", "parts count", "active parts", "merge backlog"),
        topics=("inserts", "merges"),
        role="fault",
        notable=150,
        follows_load=True,
    ),
    Metric(
        name="delayed_inserts_rate",
        component="clickhouse",
        short="delayed inserts",
        description=(
            "Inserts per minute that ClickHouse slowed down on purpose, as a partition has too many parts. "
            "It is the first thing a Flink sink feels."
        ),
        scope="node",
        unit="inserts/min",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, minutes(1), clear=0, source=f"{ALTINITY}; {NETDATA}"),
        critical=Threshold(">", 2, minutes(5), clear=1.6, source=f"{AWESOME} (ClickHouse: 10 in 5 min)"),
        likely_causes=("more parts in a partition than parts_to_delay_insert",),
        first_checks=(
            "look at max_parts_per_partition",
            "look at the batch size of inserts (rows_per_insert)",
            "do merges keep up? `SELECT count(), max(elapsed) FROM system.merges`",
        ),
        pitfalls=(
            "two series share the name: the profile event counts, the metric is the number right now",
            "each delayed insert sleeps up to 1 s",
        ),
        aliases=("delayed inserts", "slow inserts", "insert delay", "throttled inserts", "insert throttling"),
        topics=("inserts", "back-pressure", "merges"),
    ),
    Metric(
        name="rejected_inserts_rate",
        component="clickhouse",
        short="rejected inserts",
        description=(
            "Inserts per minute that ClickHouse refused with TOO_MANY_PARTS. "
            "The sink fails, the job restarts, and the replay makes even more parts."
        ),
        scope="node",
        unit="inserts/min",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, minutes(1), clear=0, source=f"{ALTINITY}; {NETDATA}"),
        critical=Threshold(">", 2, minutes(1), clear=1.6, source=f"{AWESOME} (ClickHouse); {GRAFANA_CLICKHOUSE}"),
        likely_causes=(
            "more parts in a partition than parts_to_throw_insert",
            "merges have stopped (disk full, a mutation)",
        ),
        first_checks=(
            "pause the writer, or make its batches larger",
            "fix the batch size: `OPTIMIZE TABLE` is rarely the answer",
            "is there free disk?",
            "`SELECT value, last_error_message FROM system.errors WHERE name = 'TOO_MANY_PARTS'`",
        ),
        pitfalls=("the raw counter never falls before a restart: only its increase tells anything",),
        aliases=("rejected inserts", "refused inserts", "insert rejections", "insert errors", "insert failures"),
        topics=("inserts", "errors", "merges"),
    ),
    Metric(
        name="inserted_rows_rate",
        component="clickhouse",
        short="inserted row rate",
        description=(
            "Rows written into ClickHouse per second: the output of the whole pipeline. "
            "When it falls while Flink's output goes on, the sink or ClickHouse is the bottleneck."
        ),
        scope="node",
        unit="rows/s",
        direction="both",
        normal=(None, None),
        warning=Threshold(
            "<", 0.1, minutes(10), clear=0.15, basis=USUAL_TIMES, usual_at_least=1.0, source=OWN, derived=True
        ),
        critical=Threshold(
            "<", 0.01, minutes(5), clear=0.05, basis=USUAL_TIMES, usual_at_least=1.0, source=OWN, derived=True
        ),
        likely_causes=("the sink has stopped", "inserts are rejected", "silence upstream"),
        first_checks=(
            "compare the three rates, Kafka in, Flink out, ClickHouse in: the first that falls names the stage",
            "look for errors of the sink",
        ),
        pitfalls=(
            "rows of materialised views count too: the ratio to Flink's output is a constant above 1",
            "fetches from other replicas are not inserts",
            "the threshold is a tenth of the usual rate; finer deviations are found by the baseline",
        ),
        aliases=("insert rate", "inserted rows", "rows inserted", "insert throughput", "clickhouse throughput"),
        topics=("inserts", "throughput"),
        role="effect",
        notable=1,
    ),
    Metric(
        name="rows_per_insert",
        component="clickhouse",
        short="rows per insert",
        description=(
            "The average size of an insert. "
            "Small inserts make many small parts: this warns minutes before max_parts_per_partition does."
        ),
        scope="node",
        unit="rows",
        direction="lower_is_worse",
        normal=(10_000, 500_000),
        # No rows at all are no small inserts; where inserts are small by nature they do no harm.
        warning=Threshold("<=", 1_000, minutes(1), clear=1_200, also=(">", 0), usual_at_least=2_000, source=ALTINITY),
        critical=Threshold(
            "<=", 100, minutes(5), clear=120, also=(">", 0), usual_at_least=2_000, source=OWN, derived=True
        ),
        likely_causes=(
            "the sink flushes per checkpoint or per record",
            "asynchronous inserts are off",
            "many small writers",
        ),
        first_checks=(
            "look at the sink's batch size and flush interval",
            "turn on async_insert",
            "does max_parts_per_partition grow?",
        ),
        pitfalls=(
            "it leads max_parts_per_partition by minutes",
            "with little traffic a sink that flushes by time makes small inserts that do no harm",
        ),
        aliases=("batch size", "insert size", "small inserts", "tiny inserts", "insert batch size"),
        topics=("inserts",),
        role="fault",
    ),
    Metric(
        name="memory_used_ratio",
        component="clickhouse",
        short="memory use",
        description=(
            "Used share of the memory ClickHouse may have. "
            "At the limit queries and merges fail, and the process may be killed."
        ),
        scope="node",
        unit="ratio",
        direction="higher_is_worse",
        normal=(0.2, 0.7),
        warning=Threshold(">", 0.80, minutes(5), clear=0.75, source=f"{AWESOME} (ClickHouse)"),
        critical=Threshold(">", 0.90, minutes(5), clear=0.85, source=f"{AWESOME} (ClickHouse); {CLICKHOUSE_DEFAULTS}"),
        likely_causes=("heavy queries", "large merges", "caches or dictionaries, or a leak"),
        first_checks=(
            "look at the rate of QueryMemoryLimitExceeded",
            "`SELECT query_id, formatReadableSize(memory_usage), query FROM system.processes "
            "ORDER BY memory_usage DESC`",
            "caches or queries? Does the level in idle times rise?",
        ),
        pitfalls=(
            "CGroupMemoryTotal is 0 or huge where no limit is set",
            "the server's own limit is 0.9 of the memory by default",
        ),
        aliases=("memory", "ram", "clickhouse memory", "memory usage", "memory use", "out of memory", "oom"),
        topics=("memory", "memory leak", "resource"),
        role="fault",
        limit=1,
        floor=True,
    ),
    Metric(
        name="disk_free_ratio",
        component="clickhouse",
        short="free disk",
        description=(
            "Free share of a ClickHouse disk. Merges need room for their result, "
            "so they stop, and parts pile up, before the disk is full."
        ),
        scope="node/disk",
        unit="ratio",
        direction="lower_is_worse",
        normal=(0.30, 1),
        warning=Threshold("<", 0.20, minutes(2), clear=0.22, source=f"{AWESOME} (ClickHouse)"),
        critical=Threshold("<", 0.10, minutes(2), clear=0.12, source=f"{AWESOME} (ClickHouse)"),
        likely_causes=(
            "retention (TTL) is not applied",
            "system log tables grow",
            "merges need double the space, detached parts are left over",
        ),
        first_checks=(
            "`SELECT database, table, formatReadableSize(sum(bytes_on_disk)) AS size FROM system.parts "
            "GROUP BY 1, 2 ORDER BY sum(bytes_on_disk) DESC LIMIT 10` (system.*_log tables too)",
            "do TTL merges run?",
            "`SELECT database, table, count() FROM system.detached_parts GROUP BY 1, 2`",
        ),
        pitfalls=(
            "merges stop before 0: parts climb first",
            "remote disks report 16 EiB",
            "a disk that would be full within a day is found by the trend",
        ),
        aliases=("disk", "disk space", "disk full", "free disk", "free space", "disk usage", "clickhouse disk"),
        topics=("disk", "resource"),
        role="fault",
        limit=0,
    ),
    Metric(
        name="keeper_exceptions_rate",
        component="clickhouse",
        short="Keeper exceptions",
        description=(
            "Errors per minute in talking to ClickHouse Keeper (or ZooKeeper). "
            "When they last, the session is lost and replicated tables become read-only."
        ),
        scope="node",
        unit="exceptions/min",
        direction="higher_is_worse",
        normal=(0, 0),
        warning=Threshold(">", 0, minutes(1), clear=0, source=ALTINITY_KB),
        critical=Threshold(
            ">", 0, minutes(5), clear=0, source=f"own hold; {ALTINITY} and {AWESOME} have it at once", derived=True
        ),
        likely_causes=(
            "a network split between node and Keeper",
            "Keeper changes its leader or is overloaded",
            "Keeper's disk is slow",
        ),
        first_checks=(
            "which nodes? One means its host or network, all mean Keeper",
            "`echo mntr | nc KEEPER 9181` and `echo ruok | nc KEEPER 9181`",
            "is the metric ZooKeeperSession 1?",
        ),
        pitfalls=(
            "one node may be a blip, which is why critical waits; errors on two or more nodes at once need no waiting",
            "errors between ClickHouse nodes are counted elsewhere (DistributedConnectionFailAtAll)",
        ),
        aliases=("keeper", "zookeeper", "keeper errors", "zookeeper errors", "zookeeper exceptions", "keeper session"),
        topics=("network", "availability", "replication", "errors"),
        role="fault",
    ),
)

METRICS: tuple[Metric, ...] = KAFKA + FLINK + CLICKHOUSE

# How trouble spreads. Every link reads: any of the first brings about any of the second, within that time.
# An anomaly is explained by the link that fits best; what nothing explains is the root of an incident.
# Delays and sources: the clocks of Kafka, Flink and ClickHouse (session timeouts, replica.lag.time.max.ms,
# checkpoint timeout, parts_to_delay_insert); where a queue must fill first, hours.

BROKER_LOST = (SILENT_BROKER, "active_brokers")
BROKER_RESOURCE = ("broker_heap_used_ratio", "broker_gc_time_ratio", "broker_disk_used_ratio")
CONTROL = (SPLIT_BRAIN, "active_controller_count")
REPLICATION = ("under_replicated_partitions", "isr_shrink_rate")
WRITES_REFUSED = ("under_min_isr_partitions", "offline_partitions", "unclean_leader_elections")
BROKER_SLOW = ("request_handler_idle_ratio", "produce_latency_p99")
LAG = ("consumer_group_lag", "consumer_group_lag_seconds")
MANAGER_LOST = (SILENT_TASK_MANAGER, "registered_taskmanagers")
MANAGER_RESOURCE = ("taskmanager_heap_used_ratio", "taskmanager_gc_time_ratio")
PRESSURE = ("task_busy_ratio", "backpressured_time_ratio")
CHECKPOINTS = ("failed_checkpoint_rate", "checkpoint_age", "checkpoint_duration")
RESTARTS = ("job_restart_rate", "job_not_running_seconds")
BACKLOG = ("source_pending_records", "event_time_lag")
FLINK_OUT = ("job_records_out_rate",)
FLINK_STRAIN = (*PRESSURE, *CHECKPOINTS, *RESTARTS, *BACKLOG, *FLINK_OUT)
KEEPER = ("keeper_exceptions_rate", "readonly_replicas")
INSERTS_SLOWED = ("delayed_inserts_rate", "rejected_inserts_rate")
QUERIES = ("query_duration_p95", "running_queries", "failed_query_ratio")
REPLICAS_BEHIND = ("replication_lag_seconds", "replication_queue_size")
CLICKHOUSE_IN = ("inserted_rows_rate",)

LINKS: tuple[Link, ...] = (
    # Kafka, and what starves behind it
    Link(("broker_heap_used_ratio",), ("broker_gc_time_ratio",), hours(12), same_owner=True),
    Link(BROKER_RESOURCE, (*BROKER_SLOW, *REPLICATION, *BROKER_LOST, *WRITES_REFUSED, *CONTROL), hours(6)),
    Link(
        BROKER_LOST,
        (*REPLICATION, *WRITES_REFUSED, *CONTROL, *BROKER_SLOW, "messages_in_rate", *FLINK_OUT, *BACKLOG, *LAG),
    ),
    Link(BROKER_LOST, (*RESTARTS, *CLICKHOUSE_IN)),
    Link((SILENT_BROKER,), ("active_brokers",)),
    Link(CONTROL, (*REPLICATION, *WRITES_REFUSED, *BROKER_SLOW, "messages_in_rate", *FLINK_OUT, *BACKLOG, *LAG)),
    Link(BROKER_SLOW, (*REPLICATION, "messages_in_rate")),
    Link(("request_handler_idle_ratio",), ("produce_latency_p99",), same_owner=True),
    Link(("isr_shrink_rate",), ("under_replicated_partitions",)),
    Link(REPLICATION, (*WRITES_REFUSED, "produce_latency_p99")),
    Link(WRITES_REFUSED, ("messages_in_rate", *FLINK_OUT, *BACKLOG, *LAG, *RESTARTS, *CLICKHOUSE_IN)),
    Link(("messages_in_rate",), (*FLINK_OUT, "event_time_lag", *CLICKHOUSE_IN)),
    # Flink, and what waits before it or starves behind it
    Link(("taskmanager_heap_used_ratio",), ("taskmanager_gc_time_ratio",), hours(12), same_owner=True),
    Link(("checkpoint_state_size",), (*MANAGER_RESOURCE, "checkpoint_duration"), hours(12)),
    Link(MANAGER_RESOURCE, (*MANAGER_LOST, *FLINK_STRAIN, *LAG), hours(6)),
    Link((SILENT_TASK_MANAGER,), ("registered_taskmanagers",)),
    Link(MANAGER_LOST, (*FLINK_STRAIN, *LAG, *CLICKHOUSE_IN)),
    Link(("task_busy_ratio",), ("backpressured_time_ratio",), same_owner=True),
    Link(PRESSURE, (*CHECKPOINTS, *RESTARTS, *BACKLOG, *FLINK_OUT), hours(1), same_owner=True),
    Link(PRESSURE, (*LAG, *CLICKHOUSE_IN), hours(1)),
    Link(("checkpoint_duration",), ("checkpoint_age", "failed_checkpoint_rate"), hours(1), same_owner=True),
    Link(("failed_checkpoint_rate",), ("checkpoint_age",), hours(1), same_owner=True),
    Link(("failed_checkpoint_rate", "checkpoint_age"), (*RESTARTS, "backpressured_time_ratio"), same_owner=True),
    Link(("failed_checkpoint_rate", "checkpoint_age"), (*LAG, "event_time_lag"), hours(1)),
    Link(RESTARTS, (*CHECKPOINTS, *PRESSURE, *BACKLOG, *FLINK_OUT), same_owner=True),
    Link(("job_restart_rate",), ("job_not_running_seconds",), same_owner=True),
    Link(RESTARTS, (*LAG, *CLICKHOUSE_IN)),
    Link(FLINK_OUT, (*BACKLOG, "checkpoint_age"), same_owner=True),
    Link(FLINK_OUT, (*LAG, *CLICKHOUSE_IN)),
    Link(("source_pending_records",), ("event_time_lag",), same_owner=True),
    Link(("event_time_lag",), ("source_pending_records",), same_owner=True),
    Link(BACKLOG, LAG),
    Link(("consumer_group_lag",), ("consumer_group_lag_seconds",), same_owner=True),
    Link(("consumer_group_lag_seconds",), ("consumer_group_lag",), same_owner=True),
    # ClickHouse, and the pressure before it
    Link((SILENT_NODE,), (*KEEPER, *REPLICAS_BEHIND, *QUERIES, *FLINK_STRAIN, *LAG, *CLICKHOUSE_IN)),
    Link(("rows_per_insert",), ("max_parts_per_partition",), hours(12)),
    Link(("max_parts_per_partition", *INSERTS_SLOWED), ("rows_per_insert",), hours(1)),
    Link(("messages_in_rate", *FLINK_OUT, "inserted_rows_rate", *RESTARTS, *KEEPER), ("rows_per_insert",)),
    Link(("disk_free_ratio",), ("max_parts_per_partition", *INSERTS_SLOWED, "failed_query_ratio"), hours(12)),
    Link(("memory_used_ratio",), (*QUERIES, *INSERTS_SLOWED, SILENT_NODE), hours(6), same_owner=True),
    Link(
        ("rows_per_insert", "max_parts_per_partition", "disk_free_ratio"),
        (*INSERTS_SLOWED, *FLINK_STRAIN, *LAG, "failed_query_ratio", "inserted_rows_rate"),
        hours(3),
    ),
    Link(("max_parts_per_partition",), ("query_duration_p95", "running_queries", *REPLICAS_BEHIND), hours(3)),
    Link(INSERTS_SLOWED, (*FLINK_STRAIN, *LAG, "inserted_rows_rate", "failed_query_ratio"), hours(1)),
    Link(("delayed_inserts_rate",), ("rejected_inserts_rate", "running_queries"), hours(3)),
    Link(("keeper_exceptions_rate",), ("readonly_replicas",)),
    Link(KEEPER, ("failed_query_ratio", *REPLICAS_BEHIND, *INSERTS_SLOWED, *CLICKHOUSE_IN, *FLINK_STRAIN, *LAG)),
    # A node that runs out of memory or fails its queries leaves them to its peers.
    Link(("memory_used_ratio", "failed_query_ratio"), ("running_queries", "query_duration_p95"), minutes(30)),
    Link(("query_duration_p95",), ("running_queries", "failed_query_ratio"), same_owner=True),
    Link(("running_queries",), ("query_duration_p95", "failed_query_ratio", "memory_used_ratio"), same_owner=True),
    Link(("query_duration_p95", "running_queries"), (*INSERTS_SLOWED, "backpressured_time_ratio"), minutes(15)),
    Link(("failed_query_ratio",), (*RESTARTS, "backpressured_time_ratio", "inserted_rows_rate"), minutes(15)),
    Link(REPLICAS_BEHIND, (*QUERIES, "memory_used_ratio", "max_parts_per_partition"), hours(1)),
    Link(("replication_queue_size",), ("replication_lag_seconds",), same_owner=True),
    Link(("inserted_rows_rate",), (*PRESSURE, *BACKLOG, *LAG)),
)

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        name="network_partition",
        family="network_partition",
        title="Network partition",
        explanation=(
            "Within a minute or so several tiers lose sight of some of their members: followers leave the in-sync "
            "replicas, task managers drop out, ClickHouse cannot talk to Keeper. The processes themselves are alive; "
            "it is the path between them that is broken. If their uptime was reset it was a crash instead."
        ),
        roots=(*CONTROL, *BROKER_LOST, *REPLICATION, *MANAGER_LOST, *KEEPER, SILENT_NODE),
        tiers=(
            (*CONTROL, *BROKER_LOST, *REPLICATION),
            MANAGER_LOST,
            (*KEEPER, SILENT_NODE),
        ),
        together=seconds(90),
        cuts_off=True,
        first_checks=(
            "which hosts share what was lost: a rack, a zone, a switch?",
            "are the missing processes alive, with their uptime unbroken?",
            "more than one active controller means a split cluster: stop writes before healing it",
        ),
    ),
    Pattern(
        name="split_brain",
        family="network_partition",
        title="Two controllers at once: the Kafka cluster is split",
        explanation=(
            "Two brokers believe that they are the controller, because a network partition keeps one from hearing "
            "of its successor. Writes to either side may be lost when the sides meet again."
        ),
        roots=(SPLIT_BRAIN, *BROKER_LOST, *REPLICATION),
        then=((SPLIT_BRAIN,),),
        at_least=1,
        cuts_off=True,
        first_checks=(
            "stop writes before healing it",
            "which brokers do not reach the controller quorum?",
        ),
    ),
    Pattern(
        name="resource_exhaustion",
        family="resource_exhaustion",
        title="A component runs out of memory, disk or threads",
        explanation=(
            "One component uses up a resource: its memory or disk fills for hours, garbage collection or busy "
            "threads follow, then requests get slow and members drop out. The resource is the cause, the slowness "
            "the effect; a restart only resets the clock if it is a leak."
        ),
        roots=(*BROKER_RESOURCE, *MANAGER_RESOURCE, "checkpoint_state_size", "memory_used_ratio", "disk_free_ratio"),
        first_checks=(
            "which resource was used up first, and since when does it grow?",
            "does its minimum rise (a leak), or did the load rise with it?",
            "for Flink, does checkpoint_state_size grow in step? Then it is state, not a leak",
        ),
    ),
    Pattern(
        name="insert_bottleneck",
        family="cascade_backward",
        title="Insert bottleneck: back-pressure from ClickHouse through Flink to Kafka",
        explanation=(
            "Inserts are too small or merges too slow, so parts pile up; ClickHouse delays and then rejects inserts. "
            "Flink's sink waits, the tasks before it are back-pressured, checkpoints get slow or fail, the job may "
            "restart and insert the same rows again, and the backlog grows in Kafka. The cause is in ClickHouse, "
            "though the loudest alarm is Kafka's consumer lag."
        ),
        roots=("rows_per_insert", "max_parts_per_partition", *INSERTS_SLOWED),
        then=((*FLINK_STRAIN, *LAG),),
        at_least=1,
        first_checks=(
            "look at ClickHouse first: rows per insert, parts per partition, delayed and rejected inserts, merges",
            "make the sink's batches larger, or pause it, before touching Kafka",
            "CPU is no guide: merges can be saturated while it is low",
        ),
    ),
    Pattern(
        name="cascade_backward",
        family="cascade_backward",
        title="Back-pressure from ClickHouse through Flink to Kafka",
        explanation=(
            "ClickHouse takes inserts slower than they come: stopped merges, a lost node, lost Keeper sessions or "
            "slow queries. Flink's sink waits, the tasks before it are back-pressured, checkpoints get slow "
            "or fail, the job may restart and insert the same rows again, and the backlog grows in Kafka. The cause "
            "is in ClickHouse, though the loudest alarm is Kafka's consumer lag."
        ),
        roots=(SILENT_NODE, *KEEPER, *QUERIES, "inserted_rows_rate", *REPLICAS_BEHIND),
        then=((*FLINK_STRAIN, *LAG),),
        at_least=1,
        first_checks=(
            "look at ClickHouse first: parts per partition, delayed and rejected inserts, merges, disk, Keeper",
            "make the sink's batches larger, or pause it, before touching Kafka",
            "CPU is no guide: merges can be saturated while it is low",
        ),
    ),
    Pattern(
        name="phantom_lag",
        family="isolated",
        title="Phantom lag: checkpoints fail, so offsets are not committed",
        explanation=(
            "Flink commits its Kafka offsets when a checkpoint completes. Checkpoints fail or their storage does, so "
            "the group's lag grows at the rate of the input while records are read and written as usual. Nothing is "
            "slow; after a restart the records since the last checkpoint are read again."
        ),
        roots=("failed_checkpoint_rate", "checkpoint_age"),
        then=(LAG,),
        at_least=1,
        without=(*PRESSURE, *RESTARTS, *FLINK_OUT, "source_pending_records"),
        first_checks=(
            "look at the checkpoints' storage and at why they fail, not at the consumers",
            "is source_pending_records flat? Then nothing is behind",
            "do not restart the job: it would read again everything since the last checkpoint",
        ),
    ),
    Pattern(
        name="restart_loop",
        family="cascade_backward",
        title="A Flink job restarts again and again and the backlog grows in Kafka",
        explanation=(
            "A task all but hangs, or something the job needs is gone: checkpoints expire, the job restarts, reads "
            "the same records again and fails again. What it does not read piles up in Kafka."
        ),
        roots=(*PRESSURE, *CHECKPOINTS, *RESTARTS, *MANAGER_LOST),
        then=((*RESTARTS,), LAG),
        at_least=2,
        first_checks=(
            "read the root exception of the last restart in Flink's web interface",
            "which task furthest downstream is busy? The one below the back-pressured tasks is the slow one",
            "are there enough task slots for the job?",
        ),
    ),
    Pattern(
        name="slow_job",
        family="cascade_backward",
        title="A Flink job is too slow and the backlog grows in Kafka",
        explanation=(
            "A task of the job cannot keep up, so the tasks before it are back-pressured and the backlog grows in "
            "Kafka, while ClickHouse is as well as ever."
        ),
        roots=(*PRESSURE, *CHECKPOINTS, *RESTARTS, *MANAGER_LOST, *FLINK_OUT, *BACKLOG),
        then=(LAG,),
        at_least=1,
        first_checks=(
            "which task furthest downstream is busy? The one below the back-pressured tasks is the slow one",
            "are there enough task slots for the job?",
            "is it data skew: one subtask busy, the others idle?",
        ),
    ),
    Pattern(
        name="upstream_silence",
        family="cascade_forward",
        title="Upstream silence: producers stopped, everything behind falls silent",
        explanation=(
            "Far fewer messages arrive in Kafka than usual while its brokers are well. Flink has nothing to read and "
            "ClickHouse nothing to write; queues do not grow. The cause is with the producers."
        ),
        roots=("messages_in_rate",),
        then=((*FLINK_OUT, *BACKLOG, *CLICKHOUSE_IN),),
        at_least=1,
        without=(*BROKER_LOST, *CONTROL, *WRITES_REFUSED),
        first_checks=(
            "is the producing service up, and can it reach the brokers?",
            "was the topic renamed or the traffic moved on purpose?",
            "leave Flink and ClickHouse alone: they recover when messages come again",
        ),
    ),
    Pattern(
        name="cascade_forward",
        family="cascade_forward",
        title="Starvation from Kafka through Flink to ClickHouse",
        explanation=(
            "Kafka stops delivering: brokers or partitions are lost. Flink then has nothing to read and ClickHouse "
            "nothing to write, so rates fall one stage after the other while queues do not grow and nobody is "
            "back-pressured. The cause is in Kafka; Flink and ClickHouse only show the effect."
        ),
        roots=(*BROKER_LOST, *CONTROL, *REPLICATION, *WRITES_REFUSED, *BROKER_SLOW, "messages_in_rate"),
        then=((*FLINK_OUT, *BACKLOG, *RESTARTS, *CLICKHOUSE_IN),),
        at_least=1,
        first_checks=(
            "which broker is missing, and do partitions refuse writes (under_min_isr_partitions, offline_partitions)?",
            "if all brokers are well, is the producing service silent?",
            "leave Flink and ClickHouse alone: they recover when Kafka delivers again",
        ),
    ),
    Pattern(
        name="starved_sink",
        family="cascade_forward",
        title="Flink delivers less and ClickHouse starves",
        explanation=(
            "A Flink job writes less than usual though its input is as usual; ClickHouse gets less to insert. No "
            "backlog shows in Kafka yet."
        ),
        roots=(*FLINK_OUT, *RESTARTS, *MANAGER_LOST),
        then=(CLICKHOUSE_IN,),
        at_least=1,
        without=LAG,
        first_checks=("is the job running, and does it filter or drop records?", "look at the job's exceptions"),
    ),
    Pattern(
        name="slow_replica",
        family="isolated",
        title="A slow replica shifts its load to its peers",
        explanation=(
            "A replica lags behind; once it is too far behind, distributed queries skip it (after 300 s by default) "
            "and its peers take over its reads and get slow. The alarms come from the healthy ones."
        ),
        roots=REPLICAS_BEHIND,
        then=((*QUERIES, "memory_used_ratio"),),
        at_least=1,
        without=(*KEEPER, *FLINK_STRAIN, *LAG),
        first_checks=(
            "look at the lagging replica: its disk, its network, its replication queue",
            "its peers need no repair, only relief",
        ),
    ),
)

CATALOGUE = Catalogue(METRICS, PATTERNS, LINKS)


def span_words(span: timedelta) -> str:
    """A hold as it is read: "30 s", "5 min", "6 h"; "at once" for none."""
    total = int(span.total_seconds())
    if total == 0:
        return "at once"
    if total % 3600 == 0:
        return f"for {total // 3600} h"
    return f"for {total // 60} min" if total % 60 == 0 else f"for {total} s"


def level_words(basis: Basis, op: str, level: float) -> str:
    """A level as it is read: "> 1,000", "< 0.1 x usual", "<= usual - 2"."""
    if basis == "times usual":
        return f"{op} {level:,g} x usual"
    if basis == "usual plus":
        return f"{op} usual {'-' if level < 0 else '+'} {abs(level):,g}"
    return f"{op} {level:,g}"


def threshold_words(threshold: Threshold | None) -> str:
    """A threshold in one line, "-" where there is none."""
    if threshold is None:
        return "-"
    text = level_words(threshold.basis, threshold.op, threshold.level)
    if threshold.also is not None:
        text += f" and {threshold.also[0]} {threshold.also[1]:,g}"
    return f"{text} {span_words(threshold.hold)}"


def normal_words(normal: tuple[float | None, float | None]) -> str:
    match normal:
        case (None, None):
            return "as usual"
        case (None, float() | int() as high):
            return f"up to {high:,g}"
        case (float() | int() as low, None):
            return f"{low:,g} or more"
        case (low, high) if low == high:
            return f"{low:,g}"
        case _:
            return f"{normal[0]:,g} to {normal[1]:,g}"


def table(metrics: Iterable[Metric]) -> str:
    """The metrics, one a line, under a heading for each component."""
    head = ("METRIC", "UNIT", "NORMAL", "WARNING", "CRITICAL")
    rows = [
        (m.component, (m.name, m.unit, normal_words(m.normal), threshold_words(m.warning), threshold_words(m.critical)))
        for m in metrics
    ]
    widths = [max(len(head[i]), *(len(cells[i]) for _, cells in rows)) for i in range(len(head))]
    lines = []
    for component in COMPONENTS:
        cells_of = [cells for of, cells in rows if of == component]
        if cells_of:
            lines += ["", component.upper()]
            lines += ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in (head, *cells_of)]
    return "\n".join(lines[1:])


def pattern_list(patterns: Iterable[Pattern]) -> str:
    """The patterns, one a line."""
    return "\n".join(["PATTERNS", *(f"{p.name:<20}  {p.title}" for p in patterns)])


def threshold_lines(name: str, threshold: Threshold | None) -> list[str]:
    if threshold is None:
        return [f"{name:<9} -"]
    clear = level_words(threshold.basis, threshold.op, threshold.clear)
    own = ", derived" if threshold.derived else ""
    return [
        f"{name:<9} {threshold_words(threshold)}",
        f"{'':<9} over when no longer {clear}; source: {threshold.source}{own}",
    ]


def full_text(metric: Metric) -> str:
    """Everything the catalogue says about one metric."""
    lines = [f"{metric.name} ({metric.component}): {metric.short}", "", *textwrap.wrap(metric.description, 100), ""]
    lines += [f"{'per':<9} {metric.scope}", f"{'unit':<9} {metric.unit}"]
    lines += [f"{'normal':<9} {normal_words(metric.normal)}"]
    lines += threshold_lines("warning", metric.warning) + threshold_lines("critical", metric.critical)
    for title, entries in (
        ("Likely causes", metric.likely_causes),
        ("First checks", metric.first_checks),
        ("Mind", metric.pitfalls),
    ):
        lines += ["", title, *(f"  - {entry}" for entry in entries)] if entries else []
    lines += ["", f"Also called: {', '.join(metric.aliases)}", f"Topics: {', '.join(metric.topics)}"]
    return "\n".join(lines)


def threshold_json(threshold: Threshold | None) -> dict[str, Any] | None:
    if threshold is None:
        return None
    also = threshold.also
    return {
        "op": threshold.op,
        "level": threshold.level,
        "basis": threshold.basis,
        "also": None if also is None else {"op": also[0], "level": also[1]},
        "hold_seconds": threshold.hold.total_seconds(),
        "clear": threshold.clear,
        "source": threshold.source,
        "derived": threshold.derived,
    }


def metric_json(metric: Metric) -> dict[str, Any]:
    """A metric with all its fields; the normal range as `{"low", "high"}`, `null` where there is no bound."""
    return {
        "name": metric.name,
        "component": metric.component,
        "short": metric.short,
        "description": metric.description,
        "scope": metric.scope,
        "unit": metric.unit,
        "direction": metric.direction,
        "normal": {"low": metric.normal[0], "high": metric.normal[1]},
        "warning": threshold_json(metric.warning),
        "critical": threshold_json(metric.critical),
        "likely_causes": list(metric.likely_causes),
        "first_checks": list(metric.first_checks),
        "pitfalls": list(metric.pitfalls),
        "aliases": list(metric.aliases),
        "topics": list(metric.topics),
    }


def pattern_json(pattern: Pattern) -> dict[str, Any]:
    """A pattern: the signs it may begin with, what follows, and its public name (`family`)."""
    return {
        "name": pattern.name,
        "family": pattern.family,
        "title": pattern.title,
        "explanation": pattern.explanation,
        "roots": list(pattern.roots),
        "then": [list(group) for group in pattern.then],
        "at_least": pattern.at_least,
        "without": list(pattern.without),
        "tiers": [list(tier) for tier in pattern.tiers],
        "together_seconds": None if pattern.together is None else pattern.together.total_seconds(),
        "first_checks": list(pattern.first_checks),
    }


def named(catalogue: Catalogue, name: str) -> Metric:
    """The metric of that name; raises `UnknownName` with those that come closest or are also called so."""
    try:
        return catalogue[name]
    except UnknownName:
        meant = tuple(m.name for m in catalogue if name.lower() in (*m.aliases, m.short.lower()))
        if not meant:
            raise
        raise UnknownName(f"There is no metric named {name!r}; it may mean {' or '.join(meant)}.", meant) from None


def report(catalogue: Catalogue, name: str | None, component: str | None, as_json: bool) -> str:
    """What the command prints: one metric in full when it is named, else the catalogue or a component of it.

    Raises `UnknownName` for a metric or component that does not exist, or a metric of another component.
    """
    wanted = COMPONENTS if component is None else (component_named(component),)
    if name is not None:
        metric = named(catalogue, name)
        if metric.component not in wanted:
            raise UnknownName(f"{name} is a metric of {metric.component}, not of {component}.", (name,))
        return json.dumps(metric_json(metric), indent=2) if as_json else full_text(metric)
    metrics = catalogue.of(wanted)
    patterns = [p for p in catalogue.patterns if any(catalogue.component_of(sign) in wanted for sign in p.signs)]
    if as_json:
        found = {"metrics": [metric_json(m) for m in metrics], "patterns": [pattern_json(p) for p in patterns]}
        return json.dumps(found, indent=2)
    return f"{table(metrics)}\n\n{pattern_list(patterns)}"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description="Show the metric catalogue, or one metric of it in full.")
    made.add_argument("name", nargs="?", metavar="NAME", help="a metric, such as consumer_group_lag")
    made.add_argument("--component", metavar="C", help=f"only one component: {', '.join(COMPONENTS)}")
    made.add_argument("--json", action="store_true", help="print JSON instead of text")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0, or 3 for a name that is not known."""
    asked = parser().parse_args(argv)
    try:
        print(report(CATALOGUE, asked.name, asked.component, asked.json), flush=True)
    except UnknownName as error:
        print(error, file=sys.stderr)
        return 3
    except BrokenPipeError:
        # The reader (head, less) has what it wanted; without this Python complains again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
