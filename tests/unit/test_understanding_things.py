"""Questions about things: which instance is meant, how many of a kind, which is worst, two side by side."""

from __future__ import annotations

import pytest

from benchmarks.question_bank import AS_OF
from monitoring.agent.explaining import explained
from monitoring.agent.planning import asks_for_progress, plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from monitoring.metrics import Scope
from platform_metrics_definition import CATALOGUE
from tests.unit.test_question_bank import INSTANCES

NAMES: dict[Scope, tuple[str, ...]] = {
    "cluster": ("cluster",),
    "broker": ("broker-1", "broker-2", "broker-3"),
    "topic": ("orders", "clicks", "payments"),
    "group/topic": ("audit/orders", "audit/refunds", "flink-orders/orders", "flink-clicks/clicks"),
    "job": ("orders-enrich", "clicks-sessions", "payments-agg"),
    "job/task": ("orders-enrich/sink", "clicks-sessions/sink", "payments-agg/sink"),
    "task manager": ("tm-1", "tm-2", "tm-3"),
    "node": ("ch-1", "ch-2", "ch-3"),
    "node/table": ("ch-1/orders", "ch-2/orders", "ch-3/orders", "ch-2/clicks"),
    "node/disk": ("ch-1/default", "ch-2/default", "ch-2/archive", "ch-1/archive"),
}
REPORTING = {
    name: frozenset(m.name for m in CATALOGUE if name in NAMES[m.scope]) for names in NAMES.values() for name in names
}
KNOWN = tuple(sorted({*INSTANCES, *REPORTING}))


def asked(*questions: str) -> Request:
    """The last of these questions, each read in the light of the one before."""
    request: Request | None = None
    for question in questions:
        before = request.parts[-1] if request else None
        request = understand(question, CATALOGUE, AS_OF, "UTC", KNOWN, before, REPORTING)
    assert request is not None
    return request


@pytest.mark.parametrize(
    ("question", "instances"),
    [
        ("heap of all brokers except broker-2", "broker-1 broker-3"),
        ("broker heap, but not broker-1", "broker-2 broker-3"),
        ("lag for every group but audit", "flink-clicks/clicks flink-orders/orders"),
        ("checkpoint duration of all jobs other than orders-enrich", "clicks-sessions payments-agg"),
        ("all tms except tm-1: heap last 2h", "tm-2 tm-3"),
        ("memory of every node without ch-1 and ch-3", "ch-2"),
        ("gc of the task managers apart from tm-2", "tm-1 tm-3"),
        ("archive disk on ch-2, how much is left?", "ch-2/archive"),
        ("default disk of ch-1 free space", "ch-1/default"),
        ("show msg rate for orders from 9 to 12", "orders"),
        ("brkr 2 heap", "broker-2"),
    ],
)
def test_a_question_is_about_these_instances_and_no_others(question: str, instances: str) -> None:
    assert sorted(asked(question).instances) == instances.split()


@pytest.mark.parametrize(
    ("questions", "metric"),
    [
        (("how is tm-3?", "heap?"), "taskmanager_heap_used_ratio"),
        (("how is broker-1 doing", "and heap"), "broker_heap_used_ratio"),
        (("ch-1 vs ch-2 memory last 6h",), "memory_used_ratio"),
        (("heap of tm-1", "and broker-2?"), "broker_heap_used_ratio"),
        (("when will ch-1 run out of disk?",), "disk_free_ratio"),
        (("how long has orders-enrich been backpressured?",), "backpressured_time_ratio"),
    ],
)
def test_the_instance_decides_between_figures_of_one_name(questions: tuple[str, ...], metric: str) -> None:
    assert asked(*questions).metrics == (metric,)


@pytest.mark.parametrize(
    ("questions", "instances"),
    [
        (("parts per partition on ch-2 since 10:00", "all nodes"), ""),
        (("disk usage of broker-1", "all brokers"), ""),
        (("disk usage of broker-1", "all brokers", "except broker-3"), "broker-1 broker-2"),
        (("memory of ch-1", "the other nodes?"), "ch-2 ch-3"),
        (("produce latency broker-1 vs broker-2", "and broker-3"), "broker-1 broker-2 broker-3"),
        (("payments-agg checkpoint duration", "no, I meant backpressure"), "payments-agg/sink"),
    ],
)
def test_a_follow_up_widens_or_turns_the_instances(questions: tuple[str, ...], instances: str) -> None:
    request = asked(*questions)
    assert sorted(request.instances) == instances.split()
    assert len(request.metrics) == 1


@pytest.mark.parametrize(
    ("question", "counted", "tool"),
    [
        ("How many ClickHouse nodes have a problem?", "nodes", "check_real_time_anomalies"),
        ("how many flink jobs are in trouble", "jobs", "check_real_time_anomalies"),
        ("how many brokers are affected", "brokers", "check_real_time_anomalies"),
        ("how many consumer groups are lagging?", "groups", "check_real_time_anomalies"),
        ("how many tables have too many parts?", "tables", "check_real_time_anomalies"),
        ("how many nodes had problems yesterday", "nodes", "get_anomaly_summary"),
        ("how many incidents today?", "incidents", "get_anomaly_summary"),
    ],
)
def test_things_are_counted_where_things_are_asked_for(question: str, counted: str, tool: str) -> None:
    request = asked(question)
    assert (request.intent, request.counted) == ("count", counted)
    assert [call.name for call in plan(request, CATALOGUE)] == [tool]


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("how many brokers are up", "value"),
        ("how many messages per second", "value"),
        ("how many of the brokers are healthy?", "value"),
        ("how many critical anomalies are open?", "count"),
        ("how many alerts of brokers since midnight", "count"),
        ("how many messages are in the inbox", "unclear"),
        ("how many cats are there on the sofa", "unclear"),
    ],
)
def test_other_numbers_stay_what_they_are_and_unknown_ones_are_not_guessed(question: str, intent: str) -> None:
    assert asked(question).intent == intent


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("which brokers do you know", "`broker-1`, `broker-2`, `broker-3`"),
        ("How many nodes does clickhouse have?", "`ch-1`, `ch-2`, `ch-3`"),
        ("how many topics do we have", "`clicks`, `orders`, `payments`"),
        ("how many jobs run", "`clicks-sessions`, `orders-enrich`, `payments-agg`"),
    ],
)
def test_what_there_is_is_named(question: str, names: str) -> None:
    request = asked(question)
    assert request.intent == "inventory"
    assert names in explained(request, CATALOGUE, KNOWN, REPORTING)


@pytest.mark.parametrize(
    ("question", "ranked"),
    [
        ("which node is worst?", "node"),
        ("least healthy job", "job"),
        ("rank the taskmanagers by gc time last hour", "taskmanagers"),
        ("which topic gets the most messages?", "topic"),
        ("what type of anomaly is most common today", "type"),
        ("worst 3 brokers by heap", "brokers"),
        ("which is the slowest broker", "broker"),
        ("where is the lag highest?", "instance"),
        ("show me kafka issues", ""),
        ("worst anomalies today", ""),
    ],
)
def test_things_asked_for_by_rank_are_noticed(question: str, ranked: str) -> None:
    assert asked(question).ranked == ranked


@pytest.mark.parametrize(
    "question",
    [
        "disk usage broker-1 vs broker-3",
        "is ch-1 worse than ch-3?",
        "compare kafka and flink",
        "is the heap of tm-1 higher than that of tm-2",
        "which is worse, kafka or clickhouse",
    ],
)
def test_two_things_are_held_against_each_other_in_one_window(question: str) -> None:
    request = asked(question)
    assert request.intent == "contrast"
    assert request.compare is None
    assert all("compare_start" not in call.args for call in plan(request, CATALOGUE))


@pytest.mark.parametrize(
    "question",
    [
        "compare kafka and flink with last week",
        "is kafka worse than yesterday",
        "ch-1 and ch-2 memory today vs yesterday",
        "are checkpoints slower than usual?",
    ],
)
def test_two_stretches_of_time_are_compared_as_before(question: str) -> None:
    request = asked(question)
    assert request.intent == "compare"
    assert request.compare is not None


def test_progress_goes_on_from_component_to_component() -> None:
    assert asks_for_progress(asked("any problems in flink?", "is it getting better?", "and clickhouse?"))
    assert not asks_for_progress(asked("trend of kafka lag", "and clickhouse?"))


@pytest.mark.parametrize(
    "question",
    ["will the lag clear by itself?", "will replication go back to normal before tonight?", "is flink catching up?"],
)
def test_the_good_end_is_judged_by_the_way_things_go(question: str) -> None:
    assert asks_for_progress(asked(question))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("what's the CPU usage?", "CPU"),
        ("how's the network latency to the office?", "network latency"),
        ("how many messages are in the DLQ?", "dead letter"),
        ("ssl certificate expiry?", "certificates"),
        ("show me the logs of broker-1", "log files"),
        ("is the website down?", "websites"),
        ("who restarted broker-2", "who did what"),
        ("what version of kafka do we run", "versions"),
    ],
)
def test_what_nothing_measures_is_said_and_not_answered_with_something_else(question: str, words: str) -> None:
    request = asked(question)
    assert request.intent == "problem"
    assert words in request.problem
    assert not plan(request, CATALOGUE)


def test_a_question_that_is_half_measured_is_answered_by_that_half() -> None:
    request = asked("cpu and heap of tm-1")
    assert request.metrics == ("taskmanager_heap_used_ratio",)
    assert any("CPU" in note for note in request.notes)
