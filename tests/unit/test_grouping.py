"""Incidents: events of one cause are one incident, two causes are two; the order of onset names the pattern."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from monitoring.anomalies import AnomalyType, Event
from monitoring.incidents.grouping import ORDER_SLACK, SAME_METRIC, Case, assign, classify, refresh
from monitoring.metrics import ANY, Pattern, SeriesKey, Severity
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import at

MINUTE = 60.0


def event(
    metric: str,
    minutes: float,
    instance: str = "one",
    severity: Severity = "warning",
    detected: float | None = None,
    component: str | None = None,
    kind: AnomalyType = "threshold",
) -> Event:
    """A firing event whose condition began so many minutes after the start."""
    onset = at(minutes * MINUTE)
    of = component or CATALOGUE[metric].component
    return Event(
        key=SeriesKey(of, instance, metric),
        kind=kind,
        severity=severity,
        status="firing",
        started_at=onset,
        last_seen_at=onset,
        value=1.0,
        peak_value=1.0,
        expected=None,
        threshold="",
        message=f"{metric} on {instance}",
        why="",
        detected_at=onset + timedelta(minutes=5 if detected is None else detected),
    )


def grouped(*events: Event) -> list[Case]:
    """The cases that events make, fired in the order given."""
    cases: list[Case] = []
    for number, one in enumerate(events, start=1):
        assign(one, cases, CATALOGUE, number)
    return cases


def patterns(cases: list[Case]) -> list[str]:
    return [case.incident.pattern for case in cases]


FORWARD = ("under_min_isr_partitions", "job_records_out_rate", "inserted_rows_rate")
BACKWARD = ("max_parts_per_partition", "backpressured_time_ratio", "consumer_group_lag")


class TestOne:
    def test_an_event_of_its_own_is_isolated(self) -> None:
        only = event("consumer_group_lag", 0, "group/topic", "critical")
        (case,) = grouped(only)
        incident = case.incident
        assert (incident.pattern, incident.root, incident.severity) == ("isolated", only.key, "critical")
        assert (incident.started_at, incident.detected_at) == (only.started_at, only.detected_at)
        assert incident.summary == only.message
        assert only.incident == incident.number == 1

    def test_two_brokers_of_one_metric_are_one_incident(self) -> None:
        cases = grouped(event("isr_shrink_rate", 0, "b1"), event("isr_shrink_rate", 5, "b2"))
        assert patterns(cases) == ["isolated"]
        assert [link.instance for link in cases[0].incident.chain] == ["b1", "b2"]

    @pytest.mark.parametrize(("minutes", "count"), [(SAME_METRIC.seconds / 60, 1), (SAME_METRIC.seconds / 60 + 0.1, 2)])
    def test_neighbours_must_begin_within_ten_minutes(self, minutes: float, count: int) -> None:
        assert (
            len(grouped(event("replication_lag_seconds", 0, "n1"), event("replication_lag_seconds", minutes, "n2")))
            == count
        )

    def test_silence_and_a_threshold_of_one_metric_are_not_neighbours(self) -> None:
        cases = grouped(event("replication_lag_seconds", 0), event("replication_lag_seconds", 1, kind="no_data"))
        assert len(cases) == 2

    def test_two_instances_that_are_gone_are_one_incident(self) -> None:
        one = event(ANY, 0, "node-1", component="clickhouse", kind="no_data")
        other = event(ANY, 2, "node-2", component="clickhouse", kind="no_data")
        far = event(ANY, 2, "job", component="flink", kind="no_data")
        assert [len(case.events) for case in grouped(one, other, far)] == [2, 1]


class TestCascades:
    def test_kafka_then_flink_then_clickhouse_is_a_forward_cascade(self) -> None:
        (case,) = grouped(*(event(name, 2.0 * n) for n, name in enumerate(FORWARD)))
        assert case.incident.pattern == "cascade_forward"
        assert case.incident.root.component == "kafka"

    def test_clickhouse_then_flink_then_kafka_is_a_backward_cascade(self) -> None:
        (case,) = grouped(*(event(name, 2.0 * n) for n, name in enumerate(BACKWARD)))
        assert case.incident.pattern == "cascade_backward"
        assert case.incident.root.metric == "max_parts_per_partition"

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
    def test_it_is_the_order_of_onset_that_counts_not_that_of_detection(self, order: tuple[int, ...]) -> None:
        events = [event(name, 2.0 * n) for n, name in enumerate(BACKWARD)]
        (case,) = grouped(*(events[place] for place in order))
        assert case.incident.pattern == "cascade_backward"
        assert [link.metric for link in case.incident.chain] == list(BACKWARD)

    def test_without_kafka_it_is_a_backward_cascade_still(self) -> None:
        assert patterns(grouped(event(BACKWARD[0], 0), event(BACKWARD[1], 3))) == ["cascade_backward"]

    def test_without_flink_it_is_none(self) -> None:
        assert patterns(grouped(event(BACKWARD[0], 0), event(BACKWARD[2], 3))) == ["isolated"]

    @pytest.mark.parametrize(("late", "pattern"), [(0, "cascade_backward"), (1, "isolated")])
    def test_onsets_within_the_slack_have_no_order(self, late: float, pattern: str) -> None:
        first = event("backpressured_time_ratio", 0)
        second = event("max_parts_per_partition", (ORDER_SLACK.seconds + late) / 60)
        assert patterns(grouped(first, second)) == [pattern]

    @pytest.mark.parametrize(("minutes", "found"), [(30, ["cascade_backward"]), (30.1, ["isolated", "isolated"])])
    def test_onsets_further_apart_than_the_pattern_allows_do_not_belong_together(
        self, minutes: float, found: list[str]
    ) -> None:
        assert patterns(grouped(event(BACKWARD[0], 0), event(BACKWARD[1], minutes))) == found

    def test_the_pattern_grows_with_its_events(self) -> None:
        cases = grouped(event(FORWARD[0], 0))
        assert patterns(cases) == ["isolated"]
        assign(event(FORWARD[1], 4, severity="critical"), cases, CATALOGUE, 2)
        assert patterns(cases) == ["cascade_forward"]
        assert cases[0].incident.severity == "critical"
        assert cases[0].incident.number == 1

    def test_the_whole_is_told_in_one_sentence(self) -> None:
        (case,) = grouped(*(event(name, 2.0 * n) for n, name in enumerate(BACKWARD)))
        told = case.incident.summary
        assert told.startswith("Back-pressure from ClickHouse through Flink to Kafka. It began with clickhouse")
        assert told.index("flink") < told.index("kafka")


class TestTwoFaults:
    def test_two_independent_faults_stay_two(self) -> None:
        cases = grouped(event("consumer_group_lag", 0, "g/t"), event("memory_used_ratio", 1, "n1"))
        assert patterns(cases) == ["isolated", "isolated"]

    def test_memory_of_two_components_is_not_one_exhaustion(self) -> None:
        cases = grouped(event("broker_heap_used_ratio", 0, "b1"), event("memory_used_ratio", 1, "n1"))
        assert patterns(cases) == ["isolated", "isolated"]

    def test_exhaustion_within_one_component_is_one(self) -> None:
        (case,) = grouped(event("taskmanager_heap_used_ratio", 0), event("taskmanager_gc_time_ratio", 40))
        assert case.incident.pattern == "resource_exhaustion"
        assert case.incident.root.metric == "taskmanager_heap_used_ratio"

    def test_each_event_joins_the_case_it_is_nearest_to(self) -> None:
        early, late = event("replication_lag_seconds", 0, "n1"), event("replication_lag_seconds", 12, "n2")
        cases = grouped(early, late)
        assert len(cases) == 2
        joined = assign(event("replication_lag_seconds", 9, "n3"), cases, CATALOGUE, 3)
        assert joined.events[0] is late

    def test_each_event_belongs_to_exactly_one_incident(self) -> None:
        events = [event(m.name, n % 7, f"i{n}") for n, m in enumerate(CATALOGUE)]
        cases = grouped(*events)
        assert sorted(id(e) for case in cases for e in case.events) == sorted(map(id, events))
        assert all(e.incident == case.incident.number for case in cases for e in case.events)


class TestPartition:
    def test_losing_members_of_two_tiers_at_once_is_a_partition(self) -> None:
        cases = grouped(event("active_brokers", 0, "cluster"), event("registered_taskmanagers", 1, "cluster"))
        assert patterns(cases) == ["network_partition"]

    def test_losing_them_minutes_apart_is_not(self) -> None:
        cases = grouped(event("active_brokers", 0, "cluster"), event("registered_taskmanagers", 4, "cluster"))
        assert "network_partition" not in patterns(cases)


class TestEnd:
    def test_an_incident_ends_with_its_last_event(self) -> None:
        first, second = event("isr_shrink_rate", 0, "b1"), event("isr_shrink_rate", 1, "b2")
        (case,) = grouped(first, second)
        first.resolved_at = at(900)
        refresh(case, CATALOGUE)
        assert (case.incident.status, case.incident.resolved_at) == ("firing", None)
        second.resolved_at = at(600)
        refresh(case, CATALOGUE)
        assert (case.incident.status, case.incident.resolved_at) == ("resolved", at(900))

    def test_a_later_event_is_not_swallowed_by_what_is_over(self) -> None:
        first = event("isr_shrink_rate", 0, "b1")
        cases = grouped(first)
        first.resolved_at = at(120)
        assign(event("isr_shrink_rate", 3, "b1"), cases, CATALOGUE, 2)
        assert [case.incident.number for case in cases] == [1, 2]

    def test_the_chain_is_in_order_of_onset(self) -> None:
        events = [event("running_queries", minutes, f"n{minutes}") for minutes in (3, 0, 4, 1)]
        (case,) = grouped(*events)
        onsets = [link.onset for link in case.incident.chain]
        assert onsets == sorted(onsets)
        assert case.incident.started_at == onsets[0]


def test_nothing_is_no_pattern() -> None:
    assert classify([], CATALOGUE) is None


@pytest.mark.parametrize("pattern", CATALOGUE.patterns, ids=lambda pattern: pattern.name)
def test_each_pattern_is_recognised_by_its_own_steps(pattern: Pattern) -> None:
    component = pattern.steps[0].component
    steps = [step for step in pattern.steps if not pattern.one_component or step.component == component]
    found = classify([event(step.metrics[0], 0.5 * n) for n, step in enumerate(steps)], CATALOGUE)
    assert found is pattern
