"""Figures that share a subject, and the words that tell them apart: the age of a checkpoint from its duration.

People seldom say a figure's name in one piece: "how long did the slowest checkpoint of that job take" names the
subject in one place and what is measured of it in another. So both are looked for anywhere in a clause.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """What the figures are of, and the words beside it that stand for each of them.

    A named instance of the `scope` stands for the subject as well.
    """

    subject: re.Pattern[str]
    members: tuple[tuple[str, re.Pattern[str]], ...]
    scope: str = ""


def _family(subject: str, members: dict[str, str], scope: str = "") -> Family:
    return Family(_words(subject), tuple((name, _words(words)) for name, words in members.items()), scope)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b")


_LONG = r"long(?:er|est)?(?!\W+(?:\w+\W+){0,3}?(?:since|ago)\b)"
_HEAP = r"heaps?|memory|ram|leak\w*"
_GC = r"gc|garbage|collect(?:ions?|or|ing)|pauses?"

FAMILIES: tuple[Family, ...] = (
    _family(
        r"checkpoint\w*|snapshots?",
        {
            "checkpoint_age": r"ages?|old(?:er|est)?|ago|since|stale\w*|overdue|elapsed",
            "checkpoint_duration": rf"durations?|{_LONG}|slow\w*|t[ao]kes?|took|taking|lengths?|latency"
            r"|milliseconds?|ms|fast\w*|quick\w*",
            "checkpoint_state_size": r"sizes?|big(?:ger|gest)?|large\w*|bytes|[gm]b|huge|grow\w*|grew|bloat\w*",
            "failed_checkpoint_rate": r"rates?|numbers?|how many|counts?",
        },
    ),
    _family(
        r"inserts?|writes?|inserted|insertions?|batch(?:es)?",
        {
            "rejected_inserts_rate": r"refus\w*|reject\w*|turn\w* (?:\w+ )?away|bounc\w*|den(?:y|ied)|declin\w*"
            r"|not accept\w*|fail\w*|errors?|dropp\w*",
            "delayed_inserts_rate": r"delay\w*|throttl\w*|slow\w*|held",
            "rows_per_insert": r"per insert|batch(?:es)?|small\w*|tiny|sizes?",
            "inserted_rows_rate": r"rows(?! per insert)|throughput|volume|speed|per second",
            "max_parts_per_partition": r"parts?|merges?|merging",
            "readonly_replicas": r"read-?only",
            "failed_query_ratio": r"quer(?:y|ies)|selects?",
        },
    ),
    _family(
        r"quer(?:y|ies)|selects?",
        {
            "query_duration_p95": rf"durations?|latenc\w*|{_LONG}|slow\w*|fast\w*|quick\w*|times?|p95|t[ao]kes?|took"
            r"|percentile",
            "failed_query_ratio": r"fail\w*|err(?:or|ors|ored|oring)|exceptions?|broken|abort\w*|crash\w*",
            "running_queries": r"running|concurren\w*|parallel|at once|in[ -]flight|simultaneous\w*|executing",
        },
    ),
    _family(
        r"lag\w*|backlogs?|behind|un(?:read|committed|consumed)|catch\w* up|caught up",
        {
            "consumer_group_lag": r"messages?|offsets?|records?",
            "consumer_group_lag_seconds": r"seconds?|secs?|minutes?|old(?:er|est)?|ages?|in time",
        },
        "group/topic",
    ),
    _family(
        r"replica\w*|queues?",
        {
            "replication_lag_seconds": r"lag\w*|behind|delay\w*|seconds?|secs?|late",
            "replication_queue_size": r"queue\w*|tasks?|entries|backlog",
        },
    ),
    _family(
        r"partitions?|replicas?",
        {
            "under_replicated_partitions": r"under[ -]?replicat\w*|lack\w*|missing",
            "under_min_isr_partitions": r"min(?:imum)?[ .-]?(?:isr|insync)\w*|acks",
            "offline_partitions": r"offline|leader\w*|unavailable",
            "isr_shrink_rate": r"shr[iau]nk\w*|(?:f[ae]ll\w*|dropp\w*|le(?:ft|av\w+)|kicked) out",
        },
    ),
    _family(
        r"jobs?",
        {
            "job_not_running_seconds": r"(?:not|n't)(?: been)?[ -]running|down|downtime|outages?|stopped|dead"
            r"|(?:out of|left|quit|stop\w*|no longer)(?: the)? running",
            "job_restart_rate": r"restart\w*|crash\w*|loop\w*",
        },
        "job",
    ),
    _family(
        r"tasks?|subtasks?|operators?",
        {
            "task_busy_ratio": r"busy|busyness|busiest|load(?:ed)?|utili[sz]\w*",
            "backpressured_time_ratio": r"back[ -]?pressure\w*|downstream|blocked|throttled",
        },
        "job/task",
    ),
    _family(
        r"produc\w*|requests?|publish\w*",
        {
            "produce_latency_p99": r"produc\w*|publish\w*|latency|p99|percentile|ms|milliseconds?",
            "request_handler_idle_ratio": r"handlers?|idle\w*|threads?|busy",
        },
    ),
    _family(r"brokers?|memory|jvm", {"broker_heap_used_ratio": _HEAP, "broker_gc_time_ratio": _GC}, "broker"),
    _family(
        r"taskmanagers?|memory|jvm",
        {
            "taskmanager_heap_used_ratio": _HEAP,
            "taskmanager_gc_time_ratio": _GC,
            "registered_taskmanagers": r"registered|known|number|how many|count",
        },
        "task manager",
    ),
)


def told_apart(names: AbstractSet[str], text: str) -> frozenset[str]:
    """The metrics without those of one family that the words of a lower-case text do not speak of."""
    kept = set(names)
    for family in FAMILIES:
        members = kept & {name for name, _ in family.members}
        told = {name for name, words in family.members if name in members and words.search(text)}
        if len(members) > 1 and told:
            kept -= members - told
    return frozenset(kept)


def measured_in(text: str, scopes: AbstractSet[str]) -> frozenset[str]:
    """Metrics whose subject, and beside it what is measured of it, stand anywhere in a lower-case text.

    `scopes` are those of the instances named. Empty where the words fit several figures of a family.
    """
    found: set[str] = set()
    for family in FAMILIES:
        beside, subjects = family.subject.subn(" ", text)
        if subjects or family.scope in scopes:
            told = [name for name, words in family.members if words.search(beside)]
            found.update(told if len(told) == 1 else ())
    return frozenset(found)
