"""Words of the trade and of this product that are no metric, in a sentence each."""

from __future__ import annotations

import re
from collections.abc import Mapping

TERMS: Mapping[str, str] = {
    r"(?:apache )?kafka": "**Kafka**: the message log at the front of the platform; producers write to its topics, and "
    "Flink reads from them.",
    r"(?:apache )?flink": "**Flink**: the stream processor in the middle of the platform; its jobs read from Kafka, "
    "transform, and write to ClickHouse.",
    r"clickhouse": "**ClickHouse**: the column store at the end of the platform, where Flink's results are kept and "
    "queried.",
    r"anomal(?:y|ies)": "**Anomaly**: a figure that is beyond its threshold, far from what is usual for it, on "
    "its way to a "
    "limit, or no longer reported.",
    r"incidents?": "**Incident**: anomalies that belong together, told as one, with the place where it began.",
    r"(?:severity )?critical(?: severity)?": "**Critical**: the severity of an anomaly that does harm now or is "
    "about to; the other one is "
    "warning.",
    r"(?:severity )?warnings?(?: severity)?": "**Warning**: the severity of an anomaly that does no harm yet but "
    "is worth a look; the other "
    "one is critical.",
    r"(?:the )?difference between (?:an? )?(?:warnings?|criticals?)\b.*": "**Warning** anomalies do no harm yet "
    "but are "
    "worth a look; **critical** ones do harm now or are about to. Each figure has a "
    "threshold for either; beyond the critical one for long enough, it is critical.",
    r"severit(?:y|ies)": "**Severity**: how bad an anomaly is: warning (worth a look) or critical (does harm "
    "now or soon).",
    r"pending": "**Pending**: beyond its threshold, but not yet for as long as it takes to count.",
    r"firing": "**Firing**: an anomaly that has lasted long enough to count and is not over.",
    r"acknowledged": "**Acknowledged**: an open anomaly that somebody has said they know about.",
    r"silenced": "**Silenced**: an open anomaly that nobody is notified of for a while.",
    r"resolved": "**Resolved**: an anomaly that is over.",
    r"flapping|flaps?": "**Flapping**: an anomaly that comes and goes again and again in quick succession: it clears "
    "and soon returns; it is told once, as flapping.",
    r"healthy|ok": "**Healthy**: data arrives and no anomaly is open; a component without data is never called "
    "healthy.",
    r"degraded": "**Degraded**: a component or the platform where a warning fires and nothing critical does.",
    r"baseline": "**Baseline**: what is usual for this series at this time; a baseline anomaly is far from it.",
    r"trend anomal(?:y|ies)": "**Trend anomaly**: a figure on its way to a limit: a leak, or something that runs out.",
    r"stalled": "**Stalled**: something puts nothing out although its input flows.",
    r"no[ _]data": "**No data**: a series that has stopped arriving; it is never taken for healthy.",
    r"isolated(?: incidents?)?": "**Isolated**: an incident that stayed in one place.",
    r"root(?: cause)?": "**Root**: the place of an incident where it began, as far as onset and the flow of data tell.",
    r"cascades?|cascading failures?|(?:the )?difference between .*(?:forward|backward).*": "**Cascade**: trouble "
    "that travels between components: forward with the "
    "data (Kafka to Flink "
    "to ClickHouse), or backward as back-pressure from a slow downstream end.",
    r"checkpoints?|snapshots?": "**Checkpoint**: a consistent snapshot of a Flink job's state, from which it "
    "restarts after a "
    "failure; Kafka offsets are committed with it.",
    r"savepoints?": "**Savepoint**: a checkpoint taken on request, to stop and restart a Flink job with its state.",
    r"watermarks?": "**Watermark**: Flink's mark of how far event time has come; results wait for it.",
    r"brokers?": "**Broker**: a server of the Kafka cluster; it holds replicas of partitions.",
    r"consumer groups?": "**Consumer group**: consumers that share the partitions of a topic among them.",
    r"topics?": "**Topic**: a named log of messages in Kafka, split into partitions.",
    r"partitions?": "**Partition**: a part of a Kafka topic, or of a ClickHouse table, that is stored and "
    "replicated by itself.",
    r"replicas?": "**Replica**: a copy of a Kafka partition or a ClickHouse table on one server.",
    r"task ?managers?|taskmanagers?": "**Task manager**: a Flink worker process; it runs the tasks of jobs in "
    "its slots.",
    r"job ?managers?|jobmanagers?": "**Job manager**: the Flink process that schedules jobs and coordinates "
    "checkpoints.",
    r"operators?|tasks?": "**Task**: a step of a Flink job as it runs, one or more operators chained together.",
    r"merges?": "**Merge**: ClickHouse joins small parts of a table into larger ones in the background.",
    r"(?:click ?house )?keeper"
    r"|zookeeper": "**Keeper**: the service (ClickHouse Keeper or ZooKeeper) that coordinates ClickHouse's replicas.",
    r"p95|95th percentile": "**p95**: the value that 95 % of the measurements stay below.",
    r"p99|99th percentile": "**p99**: the value that 99 % of the measurements stay below.",
    r"offsets?": "**Offset**: a consumer group's place in a partition of a Kafka topic; what lies between it and "
    "the end "
    "of the log is the lag.",
    r"leaders?|partition leaders?": "**Leader**: the broker that serves a partition; the others hold its replicas and "
    "follow.",
    r"leader elections?": "**Leader election**: another replica of a partition takes over as its leader, as when a "
    "broker "
    "is gone.",
    r"followers?": "**Follower**: a replica that copies from its partition's leader.",
    r"(?:in[ -]?sync replicas?|isrs?)": "**In-sync replicas (ISR)**: the replicas of a partition that have kept up "
    "with its "
    "leader; one that falls behind is dropped from them until it has caught up.",
    r"(?:the )?(?:active )?controllers?": "**Controller**: the Kafka node that keeps the cluster's metadata and elects "
    "leaders; one is active at a time.",
    r"rebalanc(?:e|es|ing)|consumer rebalanc(?:e|es|ing)": "**Rebalance**: the partitions of a topic are shared "
    "out anew among the consumers of a group, "
    "which pause meanwhile; it shows as a jump of the lag.",
    r"producers?": "**Producer**: a client that writes messages to a Kafka topic.",
    r"consumers?": "**Consumer**: a client that reads messages from a Kafka topic, as a member of a consumer group.",
    r"throughput": "**Throughput**: how much is handled in a second: messages in Kafka, records of a Flink job, "
    "rows in "
    "ClickHouse.",
    r"latenc(?:y|ies)": "**Latency**: how long one request, query or record takes.",
    r"heap(?: memory)?": "**Heap**: the memory of a Java process (Kafka broker, Flink task manager) that the garbage "
    "collector keeps clean.",
    r"gc|garbage collections?|gc pauses?": "**Garbage collection (GC)**: a Java process frees memory it no longer "
    "needs; "
    "while it does so for long, the process answers slowly or not at all.",
    r"memory leaks?": "**Memory leak**: memory that is taken and never given back; it shows in the floor that "
    "rises under "
    "the saw-tooth of the use.",
    r"state|keyed state|job state": "**State**: what a Flink job remembers between records; checkpoints save it.",
    r"sinks?": "**Sink**: the last task of a Flink job, which writes its output, here to ClickHouse.",
    r"sources?": "**Source**: the first task of a Flink job, which reads its input, here from Kafka.",
    r"slots?|task slots?": "**Slot**: the share of a task manager in which tasks run.",
    r"parallelism": "**Parallelism**: in how many copies a Flink task runs at a time.",
    r"parts?|data parts?": "**Part**: a sorted piece of a ClickHouse table on disk; each insert makes one, and "
    "merges join "
    "them.",
    r"mutations?": "**Mutation**: a change of rows that are already stored in a ClickHouse table; it rewrites parts.",
    r"shards?": "**Shard**: a share of a ClickHouse table's rows, kept by its own replicas.",
    r"materiali[sz]ed views?": "**Materialised view**: a ClickHouse table that is filled by a query over what is "
    "inserted "
    "into another.",
    r"(?:root )?causes?": "**Root cause**: where an incident began, as far as onset and the flow of data tell.",
    r"thresholds?": "**Threshold**: the level of a figure beyond which, for long enough, it becomes an anomaly.",
    r"pipelines?|data pipelines?": "**Pipeline**: the way of the data, from Kafka through Flink to ClickHouse.",
    r"percentiles?": "**Percentile**: the value that this share of the measurements stays below, as p95 or p99.",
    r"kraft": "**KRaft**: Kafka's own consensus, in which controllers keep the cluster's metadata instead of "
    "ZooKeeper.",
}
_COMPILED = tuple((re.compile(rf"\b(?:{words})\b"), text) for words, text in TERMS.items())
_ASKED_ABOUT = re.compile(
    r"\b(?:what (?:is|are)(?: meant by)?|what's(?: meant by)?|whats(?: meant by)?|wtf is|wth is|how do you define"
    r"|what do you call|what does|what do"
    r"|define|definition of|meaning of|explain"
    r"|describe|meant by"
    r"|mean by"
    r"|understand what)\s+(?:you mean by\s+|the (?:term|word|concept)\s+|it mean(?: when| if)?\s+|an?\s+"
    r"|the\s+)?(?P<term>.+?)"
    r"(?:\s+(?:is|are|mean|means|stand for|used for|good for|to me|for me|for you|in (?:your|simple|plain|other) "
    r"(?:words|terms)|in short|again|simply|briefly|for|here|exactly|event|status|state|anomaly|anomalies"
    r"|please).*)?\W*$"
)


def explained_term(text: str) -> str:
    """What the lower-case question asks to have explained, if it is one of these terms; empty if not."""
    text = re.sub(r"[\"“”'`](?!s\b)", " ", text)
    asked = _ASKED_ABOUT.search(re.sub(r"\s+", " ", text))
    if asked is None:
        return ""
    term = asked["term"].strip(" '\"“”?.,:")
    return next((sentence for words, sentence in _COMPILED if words.fullmatch(term)), "")


def severities_apart(text: str) -> str:
    """What tells a warning from a critical anomaly, where the lower-case text speaks of both; else empty."""
    both = re.search(r"\bwarnings?\b.*\bcriticals?\b|\bcriticals?\b.*\bwarnings?\b", text)
    return explained_term("what is the difference between a warning and a critical") if both else ""
