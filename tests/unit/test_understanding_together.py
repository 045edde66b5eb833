"""What belongs together in a question: figures side by side, what was told and what is asked, what went before."""

from __future__ import annotations

import pytest

from monitoring.agent.planning import plan
from platform_metrics_definition import CATALOGUE
from tests.unit.test_understanding_things import asked


@pytest.mark.parametrize(
    ("question", "metrics"),
    [
        ("consumer lag and backpressure last hour", "consumer_group_lag backpressured_time_ratio"),
        ("query latency and consumer lag", "query_duration_p95 consumer_group_lag"),
        ("lag plus busy tasks since 10", "consumer_group_lag task_busy_ratio"),
        ("disk on brokers and ch nodes", "broker_disk_used_ratio disk_free_ratio"),
        ("disk on ch and the brokers", "broker_disk_used_ratio disk_free_ratio"),
        ("memory on clickhouse nodes and taskmanagers", "memory_used_ratio taskmanager_heap_used_ratio"),
        ("broker heap and memory of clickhouse", "broker_heap_used_ratio memory_used_ratio"),
        ("compare lag with checkpoint duration since 10", "consumer_group_lag checkpoint_duration"),
        ("produce latency vs consumer lag", "produce_latency_p99 consumer_group_lag"),
        ("how does lag compare to backpressure since 9", "consumer_group_lag backpressured_time_ratio"),
    ],
)
def test_figures_of_several_components_are_all_looked_at(question: str, metrics: str) -> None:
    request = asked(question)
    assert set(metrics.split()) <= set(request.metrics)
    assert request.compare is None


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("compare heap across brokers", "brokers"),
        ("compare query latency between nodes", "nodes"),
        ("compare lag per group", "group"),
        ("compare parts across all tables last hour", "tables"),
    ],
)
def test_a_figure_compared_across_things_ranks_them(question: str, kind: str) -> None:
    request = asked(question)
    assert (request.ranked, request.compare) == (kind, None)


@pytest.mark.parametrize(
    "question",
    [
        "compare lag and heap with yesterday",
        "compare lag today and yesterday",
        "lag now vs lag at 9",
    ],
)
def test_a_figure_compared_with_another_day_is_compared_in_time(question: str) -> None:
    assert asked(question).compare is not None


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        (
            "Customer says orders were delayed yesterday from 4pm to 5pm. Did we have consumer lag then?",
            "03 16:00",
            "03 17:00",
        ),
        ("Support called yesterday between 9 and 10. Was clickhouse slow?", "03 09:00", "03 10:00"),
        ("Reports were stale from 10:30 to 11. What was the replication lag at that time?", "04 10:30", "04 11:00"),
        ("I restarted the job at 10. What was the lag then?", "04 09:30", "04 10:30"),
        ("There was a change last night. Did kafka have problems?", "03 18:00", "04 06:00"),
        (
            "I need numbers for the postmortem: max number of parts per node between 10:20 and 11:20",
            "04 10:20",
            "04 11:20",
        ),
    ],
)
def test_a_question_about_the_past_means_the_time_that_was_told(question: str, start: str, end: str) -> None:
    window = asked(question).window
    assert window is not None
    assert (f"{window.window.start:%d %H:%M}", f"{window.window.end:%d %H:%M}") == (start, end)


@pytest.mark.parametrize(
    "question",
    ["I was on holiday last week. Is kafka ok?", "We deployed between 9 and 10. Since when is flink slow?"],
)
def test_a_question_about_the_present_does_not_mean_the_time_that_was_told(question: str) -> None:
    assert asked(question).window is None


def test_where_something_was_seen_is_not_what_the_question_is_about() -> None:
    seen = asked("I am looking at grafana and see a spike in heap, is it the taskmanagers or the brokers")
    assert {"broker_heap_used_ratio", "taskmanager_heap_used_ratio"} <= set(seen.metrics)
    assert asked("how is grafana doing").intent == "foreign"


def test_who_writes_a_post_mortem_asks_for_figures_and_who_asks_what_it_says_for_documents() -> None:
    assert asked("writing the post-mortem, how many anomalies since 10?").intent == "count"
    assert asked("what does the post mortem say").intent == "recall"


@pytest.mark.parametrize(
    ("turns", "metric"),
    [
        (("slow queries?", "failed ones?"), "failed_query_ratio"),
        (("slow queries?", "failed ones?", "on which node?"), "failed_query_ratio"),
        (("slow queries", "running ones?"), "running_queries"),
        (("delayed inserts", "rejected ones?"), "rejected_inserts_rate"),
        (("failed checkpoints", "slow ones?"), "checkpoint_duration"),
        (("heap", "brokers only"), "broker_heap_used_ratio"),
    ],
)
def test_ones_of_another_sort_are_another_figure_of_the_same(turns: tuple[str, ...], metric: str) -> None:
    assert asked(*turns).metrics == (metric,)


@pytest.mark.parametrize(
    ("turns", "component"),
    [
        (("clickhouse anomalies", "how many are critical?"), "clickhouse"),
        (("flink problems today", "how many are open?"), "flink"),
        (("kafka alerts", "how many were warnings"), "kafka"),
    ],
)
def test_how_many_counts_what_was_spoken_of(turns: tuple[str, ...], component: str) -> None:
    assert asked(*turns).components == (component,)


def test_the_day_before_is_a_day_where_no_window_was_named() -> None:
    window = asked("kafka", "and the day before?").window
    assert window is not None
    assert f"{window.window.start:%d %H:%M}-{window.window.end:%d %H:%M}" == "02 12:00-03 12:00"


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("what disk free % triggers a critical on clickhouse", "threshold"),
        ("what lag triggers a warning", "threshold"),
        ("do I need to worry about broker-1's disk tonight", "status"),
        ("is it safe to sleep tonight", "status"),
        ("translate 'good night' to french", "unclear"),
    ],
)
def test_what_is_wanted_is_seen(question: str, intent: str) -> None:
    assert asked(question).intent == intent


@pytest.mark.parametrize("question", ["event time lag, growing or shrinking?", "lag: going up or down?"])
def test_two_directions_ask_which_way_it_goes_now(question: str) -> None:
    request = asked(question)
    assert request.progress
    assert "check_real_time_anomalies" in [call.name for call in plan(request, CATALOGUE)]


@pytest.mark.parametrize(
    "question",
    [
        "How many anomalies were there today? How many incidents were there today?",
        "Which broker had the most anomalies today? And which metric had the most anomalies today?",
        "List today's anomalies. List today's incidents.",
    ],
)
def test_two_questions_that_differ_in_what_they_ask_of_the_same_are_two(question: str) -> None:
    assert len(asked(question).parts) == 2


def test_one_question_asked_in_two_ways_is_one() -> None:
    assert len(asked("What started the most recent incident, i.e. its root?").parts) == 1


def test_what_two_questions_rest_on_is_looked_up_once() -> None:
    both = asked("How many anomalies were there today? How many incidents were there today?")
    assert [call.name for call in plan(both, CATALOGUE)] == ["get_anomaly_summary"]
