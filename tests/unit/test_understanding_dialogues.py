"""Conversations: every turn takes from those before what it leaves out, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from benchmarks.question_bank import AS_OF
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from monitoring.metrics import COMPONENTS
from platform_metrics_definition import CATALOGUE
from tests.unit.test_question_bank import INSTANCES


@dataclass(frozen=True)
class Turn:
    """A question, the intents that serve it, the components looked at, a metric or instance among them, the window.

    The window is day and time of its ends, with that it is compared with after a slash; empty: anything goes.
    """

    question: str
    intents: str
    components: str = ""
    name: str = ""
    window: str = ""


CONVERSATIONS = [
    [
        Turn("consumer lag last 2 hours", "trend", "kafka", "consumer_group_lag", "04 10:00-04 12:00"),
        Turn("an hour earlier", "trend", "kafka", "consumer_group_lag", "04 09:00-04 11:00"),
        Turn("and the 2 hours before that", "trend", "kafka", "consumer_group_lag", "04 07:00-04 09:00"),
        Turn("the same for yesterday", "trend", "kafka", "consumer_group_lag", "03 00:00-04 00:00"),
        Turn("how about replication lag", "trend", "clickhouse", "replication_lag_seconds", "03 00:00-04 00:00"),
    ],
    [
        Turn("how is flink", "status", "flink", "", ""),
        Turn("which jobs are affected", "list,status", "flink", "", ""),
        Turn("what about orders-enrich", "status,list", "", "orders-enrich", ""),
        Turn("heap?", "value,status,list", "", "", ""),
        Turn("why", "diagnose", "", "", ""),
    ],
    [
        Turn("anomalies this week", "list", "", "", "02 00:00-04 12:00"),
        Turn("only flink", "list", "flink", "", "02 00:00-04 12:00"),
        Turn("only critical", "list", "flink", "", "02 00:00-04 12:00"),
        Turn("how many are there", "count", "flink", "", "02 00:00-04 12:00"),
        Turn("compare with last week", "compare", "flink", "", "02 00:00-04 12:00/23 00:00"),
    ],
    [
        Turn("kafka anomalies yesterday", "list", "kafka", "", "03 00:00-04 00:00"),
        Turn("and the day before", "list", "kafka", "", "02 00:00-03 00:00"),
        Turn("and today", "list", "kafka", "", "04 00:00-04 12:00"),
        Turn("what about flink", "list", "flink", "", "04 00:00-04 12:00"),
        Turn("since 8", "list", "flink", "", "04 08:00-04 12:00"),
        Turn("between 9 and 10", "list", "flink", "", "04 09:00-04 10:00"),
        Turn("an hour later", "list", "flink", "", "04 10:00-04 11:00"),
    ],
    [
        Turn("is clickhouse ok", "status", "clickhouse", "", ""),
        Turn("show me the last 3 hours", "list,status", "clickhouse", "", "04 09:00-04 12:00"),
        Turn("without warnings", "list,status", "clickhouse", "", "04 09:00-04 12:00"),
        Turn("what should I do", "advice", "clickhouse", "", ""),
        Turn("since when", "since", "clickhouse", "", ""),
        Turn("will it get worse", "forecast,trend", "clickhouse", "", ""),
    ],
    [
        Turn("broker heap", "value", "kafka", "broker_heap_used_ratio", ""),
        Turn("trend since midnight", "trend", "kafka", "broker_heap_used_ratio", "04 00:00-04 12:00"),
        Turn("compared to yesterday", "compare", "kafka", "broker_heap_used_ratio", "04 00:00-04 12:00/03 00:00"),
        Turn("only broker-2", "compare", "kafka", "broker_heap_used_ratio", "04 00:00-04 12:00/03 00:00"),
        Turn("and gc", "compare", "kafka", "broker_gc_time_ratio", ""),
        Turn("what's the threshold", "threshold", "kafka", "broker_gc_time_ratio", ""),
        Turn("what does that mean", "define", "kafka", "broker_gc_time_ratio", ""),
    ],
    [
        Turn("what happened last night", "list", "", "", "03 18:00-04 06:00"),
        Turn("in kafka", "list", "kafka", "", "03 18:00-04 06:00"),
        Turn("and the night before", "list", "kafka", "", "02 18:00-03 06:00"),
        Turn("were there any in clickhouse", "list,status", "clickhouse", "", "02 18:00-03 06:00"),
    ],
    [
        Turn(
            "backpressure in flink in the last hour", "trend", "flink", "backpressured_time_ratio", "04 11:00-04 12:00"
        ),
        Turn("same time yesterday", "trend", "flink", "backpressured_time_ratio", "03 11:00-03 12:00"),
        Turn("and a week ago", "trend", "flink", "backpressured_time_ratio", ""),
        Turn("is it still high", "trend,status,value", "flink", "backpressured_time_ratio", ""),
    ],
    [
        Turn("is there a cascade", "cascade", "", "", ""),
        Turn("where did it start", "cascade", "", "", ""),
        Turn("when", "since", "", "", ""),
        Turn("how bad is it", "status,since", "", "", ""),
        Turn("and now", "cascade,status,list,since", "", "", ""),
    ],
    [
        Turn("parts per partition on ch-1", "value", "clickhouse", "max_parts_per_partition", ""),
        Turn("and ch-2?", "value", "clickhouse", "max_parts_per_partition", ""),
        Turn("and the others", "value", "clickhouse", "max_parts_per_partition", ""),
        Turn("all nodes", "value", "clickhouse", "max_parts_per_partition", ""),
        Turn("last 6 hours", "trend", "clickhouse", "max_parts_per_partition", "04 06:00-04 12:00"),
        Turn("previous 6 hours", "trend", "clickhouse", "max_parts_per_partition", ""),
    ],
    [
        Turn("how many anomalies today", "count", "", "", "04 00:00-04 12:00"),
        Turn("by component", "count", "", "", "04 00:00-04 12:00"),
        Turn("which component is worst", "count,list,status", "", "", "04 00:00-04 12:00"),
        Turn("yesterday?", "count,list", "", "", "03 00:00-04 00:00"),
        Turn("list them", "list", "", "", "03 00:00-04 00:00"),
        Turn("the worst 3", "list", "", "", "03 00:00-04 00:00"),
    ],
    [
        Turn("how much memory does clickhouse use", "value", "clickhouse", "memory_used_ratio", ""),
        Turn("and kafka", "value", "kafka", "broker_heap_used_ratio", ""),
        Turn("and flink", "value", "flink", "taskmanager_heap_used_ratio", ""),
        Turn("which one is the highest", "value", "flink", "taskmanager_heap_used_ratio", ""),
        Turn("is that ok", "status,value", "flink", "taskmanager_heap_used_ratio", ""),
        Turn("will it run out", "forecast", "flink", "taskmanager_heap_used_ratio", ""),
    ],
    [
        Turn("lag of audit/orders", "value", "", "consumer_group_lag", ""),
        Turn("in the last 30 minutes", "trend", "", "consumer_group_lag", "04 11:30-04 12:00"),
        Turn("before that", "trend", "", "consumer_group_lag", "04 11:00-04 11:30"),
        Turn("now flink-orders/orders", "trend", "", "consumer_group_lag", ""),
    ],
    [
        Turn("what's wrong with flink", "diagnose", "flink", "", ""),
        Turn("more details", "diagnose", "flink", "", ""),
        Turn("checkpoints in particular", "diagnose,status,value", "flink", "checkpoint_duration", ""),
        Turn("when did they start failing", "since", "flink", "", ""),
        Turn("what did it look like on monday", "diagnose,trend,list,status,since", "flink", "", "02 00:00-03 00:00"),
    ],
    [
        Turn("kafka status", "status", "kafka", "", ""),
        Turn("details", "status,diagnose", "kafka", "", ""),
        Turn("what about yesterday", "status", "kafka", "", "03 00:00-04 00:00"),
        Turn("more", "status", "kafka", "", "03 00:00-04 00:00"),
        Turn("go back one more day", "status", "kafka", "", "02 00:00-03 00:00"),
    ],
    [
        Turn("query p95 today", "trend", "clickhouse", "query_duration_p95", "04 00:00-04 12:00"),
        Turn("is that normal", "status,trend,compare,threshold", "clickhouse", "query_duration_p95", ""),
        Turn(
            "how does that compare to yesterday",
            "compare",
            "clickhouse",
            "query_duration_p95",
            "04 00:00-04 12:00/03 00:00",
        ),
        Turn("on which node is it slowest", "trend,value,compare", "clickhouse", "query_duration_p95", ""),
        Turn("graph it", "trend", "clickhouse", "query_duration_p95", ""),
    ],
    [
        Turn("any incidents today?", "list", "", "", "04 00:00-04 12:00"),
        Turn("tell me more about the latest one", "list,diagnose", "", "", ""),
        Turn("what caused it", "diagnose,cascade", "", "", ""),
        Turn("which components were involved", "list,cascade,status,inventory,diagnose", "", "", ""),
        Turn("did it affect flink", "cascade,list,status", "", "", ""),
        Turn("is it resolved", "status,cascade", "", "", ""),
    ],
    [
        Turn("everything except kafka", "status", "flink+clickhouse", "", ""),
        Turn("last 2 hours", "status", "flink+clickhouse", "", "04 10:00-04 12:00"),
        Turn("without flink too", "status", "clickhouse", "", ""),
    ],
    [
        Turn("throughput of kafka", "value", "kafka", "messages_in_rate", ""),
        Turn("per topic", "value", "kafka", "messages_in_rate", ""),
        Turn("since yesterday", "trend", "kafka", "messages_in_rate", "03 00:00-04 12:00"),
        Turn("zoom in on the last hour", "trend", "kafka", "messages_in_rate", "04 11:00-04 12:00"),
        Turn("and until now", "trend", "kafka", "messages_in_rate", "04 11:00-04 12:00"),
    ],
]


def looked_at(request: Request) -> set[str]:
    seen: set[str] = set()
    for call in plan(request, CATALOGUE):
        homes = {CATALOGUE[name].component for name in call.args.get("metric", ())}
        seen |= set(call.args.get("component") or homes or COMPONENTS)
    return seen or {*request.components, *request.metric_homes}


def window_of(request: Request) -> str:
    if request.window is None:
        return ""
    start, end = request.window.window
    compare = f"/{request.compare.window.start:%d %H:%M}" if request.compare else ""
    return f"{start:%d %H:%M}-{end:%d %H:%M}{compare}"


@pytest.mark.parametrize("turns", CONVERSATIONS, ids=lambda turns: turns[0].question)
def test_a_conversation_keeps_its_thread(turns: list[Turn]) -> None:
    previous: Request | None = None
    for turn in turns:
        request = understand(turn.question, CATALOGUE, AS_OF, "UTC", INSTANCES, previous)
        previous = request.parts[-1]
        assert request.intent in turn.intents.split(","), turn
        assert not turn.components or looked_at(request) == set(turn.components.split("+")), turn
        assert not turn.name or turn.name in {*request.metrics, *request.instances}, turn
        assert turn.window in ("", window_of(request)), turn


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("consumer lag of audit/orders yesterday", "how many anomalies were there in the last 6 hours?"),
        ("consumer lag of audit/orders yesterday", "what's the current system status?"),
        ("consumer lag of audit/orders yesterday", "what happened last night?"),
        ("consumer lag of audit/orders yesterday", "is everything ok in all components?"),
        ("critical anomalies of kafka", "is clickhouse healthy?"),
    ],
)
def test_a_question_that_is_whole_takes_nothing_from_before(before: str, question: str) -> None:
    previous = understand(before, CATALOGUE, AS_OF, "UTC", INSTANCES)
    alone = understand(question, CATALOGUE, AS_OF, "UTC", INSTANCES)
    assert plan(understand(question, CATALOGUE, AS_OF, "UTC", INSTANCES, previous), CATALOGUE) == plan(alone, CATALOGUE)


@pytest.mark.parametrize("question", ["and now?", "how is it right now?", "and at the moment?"])
def test_a_question_about_now_leaves_the_window_before_behind(question: str) -> None:
    before = understand("kafka anomalies yesterday", CATALOGUE, AS_OF, "UTC", INSTANCES)
    now = understand(question, CATALOGUE, AS_OF, "UTC", INSTANCES, before)
    assert (now.intent, now.components, now.window) == ("status", ("kafka",), None)


def test_now_for_something_else_keeps_the_window() -> None:
    before = understand("kafka anomalies yesterday", CATALOGUE, AS_OF, "UTC", INSTANCES)
    assert understand("now for flink", CATALOGUE, AS_OF, "UTC", INSTANCES, before).window == before.window


def test_a_move_into_the_future_is_said_to_be_one() -> None:
    previous = understand("kafka in the last hour", CATALOGUE, AS_OF, "UTC", INSTANCES)
    after = understand("2 hours later", CATALOGUE, AS_OF, "UTC", INSTANCES, previous)
    assert after.intent == "problem"
    assert "future" in after.problem


def test_whole_days_are_moved_on_the_calendar_of_the_users_zone() -> None:
    from datetime import UTC, datetime

    monday = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)
    previous = understand("anomalies yesterday", CATALOGUE, monday, "Europe/Berlin", INSTANCES)
    before = understand("and before that?", CATALOGUE, monday, "Europe/Berlin", INSTANCES, previous)
    assert previous.window is not None
    assert before.window is not None
    assert before.window.window.end == previous.window.window.start
    assert before.window.window.span.total_seconds() == 24 * 3600
