"""Words of the trade and of this product that are no metric, in a sentence each."""

from __future__ import annotations

import re
from collections.abc import Mapping

TERMS: Mapping[str, str] = {
    r"anomal(?:y|ies)": "**Anomaly**: a figure that is beyond its threshold, far from what is usual for it, on "
    "its way to a "
    "limit, or no longer reported.",
    r"incidents?": "**Incident**: anomalies that belong together, told as one, with the place where it began.",
    r"critical": "**Critical**: the severity of an anomaly that does harm now or is about to; the other one is "
    "warning.",
    r"warnings?": "**Warning**: the severity of an anomaly that does no harm yet but is worth a look; the other "
    "one is critical.",
    r"(?:the )?difference between (?:an? )?(?:warnings?|criticals?)\b.*": "**Warning** anomalies do no harm yet "
    "but are "
    "worth a look; **critical** ones do harm now or are about to.",
    r"severit(?:y|ies)": "**Severity**: how bad an anomaly is: warning (worth a look) or critical (does harm "
    "now or soon).",
    r"pending": "**Pending**: beyond its threshold, but not yet for as long as it takes to count.",
    r"firing": "**Firing**: an anomaly that has lasted long enough to count and is not over.",
    r"acknowledged": "**Acknowledged**: an open anomaly that somebody has said they know about.",
    r"silenced": "**Silenced**: an open anomaly that nobody is notified of for a while.",
    r"resolved": "**Resolved**: an anomaly that is over.",
    r"flapping": "**Flapping**: an anomaly that comes and goes in quick succession; it is told once, as flapping.",
    r"degraded": "**Degraded**: a component or the platform where a warning fires and nothing critical does.",
    r"baseline": "**Baseline**: what is usual for this series at this time; a baseline anomaly is far from it.",
    r"trend anomal(?:y|ies)": "**Trend anomaly**: a figure on its way to a limit: a leak, or something that runs out.",
    r"stalled": "**Stalled**: something puts nothing out although its input flows.",
    r"no[ _]data": "**No data**: a series that has stopped arriving; it is never taken for healthy.",
    r"isolated": "**Isolated**: an incident that stayed in one place.",
    r"root(?: cause)?": "**Root**: the place of an incident where it began, as far as onset and the flow of data tell.",
    r"cascades?|cascading failures?": "**Cascade**: trouble that travels between components: forward with the "
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
    r"kraft": "**KRaft**: Kafka's own consensus, in which controllers keep the cluster's metadata instead of "
    "ZooKeeper.",
}
_COMPILED = tuple((re.compile(rf"\b(?:{words})\b"), text) for words, text in TERMS.items())
_ASKED_ABOUT = re.compile(
    r"\b(?:what (?:is|are)(?: meant by)?|what's|whats|what does|what do|define|definition of|meaning of|explain"
    r"|describe|meant by"
    r"|mean by"
    r"|understand what)\s+(?:you mean by\s+|the (?:term|word|concept)\s+|it mean(?: when| if)?\s+|an?\s+"
    r"|the\s+)?(?P<term>.+?)"
    r"(?:\s+(?:is|are|mean|means|stand for|exactly|event|status|state|anomaly|anomalies|please).*)?\W*$"
)


def explained_term(text: str) -> str:
    """What the lower-case question asks to have explained, if it is one of these terms; empty if not."""
    asked = _ASKED_ABOUT.search(text)
    if asked is None:
        return ""
    term = asked["term"].strip(" '\"“”?.")
    return next((sentence for words, sentence in _COMPILED if words.fullmatch(term)), "")
