"""Incidents: what nothing explains is a root; the rest hangs on it. One cause is one incident, two are two."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.anomalies import AnomalyType, Event
from monitoring.flow import Flow
from monitoring.incidents.causes import SAME_METRIC, forest
from monitoring.incidents.grouping import Case, refresh, regroup
from monitoring.metrics import ANY, SeriesKey, Severity
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import at

MINUTE = 60.0


def event(
    metric: str,
    minutes: float,
    instance: str = "one",
    severity: Severity = "warning",
    component: str | None = None,
    kind: AnomalyType = "threshold",
    value: float = 1.0,
) -> Event:
    """A firing event whose symptom began so many minutes after the start."""
    onset = at(minutes * MINUTE)
    return Event(
        key=SeriesKey(component or CATALOGUE[metric].component, instance, metric),
        kind=kind,
        severity=severity,
        status="firing",
        started_at=onset,
        last_seen_at=onset,
        value=value,
        peak_value=value,
        expected=None,
        threshold="",
        message=f"{metric} on {instance}",
        why="",
        detected_at=onset + timedelta(minutes=2),
    )


def silence(component: str, minutes: float, instance: str, metric: str = ANY) -> Event:
    return event(metric, minutes, instance, component=component, kind="no_data")


def gone(component: str, minutes: float, instance: str) -> Event:
    """A whole instance that fell silent."""
    silent = silence(component, minutes, instance)
    silent.no_data_cause = "instance_gone"
    return silent


def grouped(*events: Event) -> list[Case]:
    """The cases that events make, fired one after the other in the order given."""
    cases: list[Case] = []
    for one in events:
        cases, _ = regroup(cases, [one], CATALOGUE, max((c.incident.number for c in cases), default=0))
    for case in cases:
        refresh(case, CATALOGUE)
    return cases


def rules(cases: list[Case]) -> list[str]:
    return [case.incident.rule or case.incident.pattern for case in cases]


def chain(case: Case) -> list[str]:
    return [link.metric for link in case.incident.chain]


class TestOne:
    def test_an_event_of_its_own_is_isolated(self) -> None:
        only = event("consumer_group_lag", 0, "group/topic", "critical")
        (case,) = grouped(only)
        incident = case.incident
        assert (incident.pattern, incident.root, incident.severity) == ("isolated", only.key, "critical")
        assert (incident.started_at, incident.detected_at) == (only.started_at, only.detected_at)
        assert incident.summary == only.message
        assert only.incident == incident.number == 1

    def test_a_resource_that_runs_out_is_exhaustion_by_itself(self) -> None:
        assert rules(grouped(event("disk_free_ratio", 0, "n1/default", kind="trend"))) == ["resource_exhaustion"]

    def test_two_controllers_are_a_split_cluster(self) -> None:
        (case,) = grouped(event("active_controller_count", 0, "cluster", value=2))
        assert (case.incident.pattern, case.incident.rule) == ("network_partition", "split_brain")
        assert rules(grouped(event("active_controller_count", 0, "cluster", value=0))) == ["isolated"]


class TestTogether:
    @pytest.mark.parametrize(("minutes", "count"), [(SAME_METRIC.seconds / 60, 1), (SAME_METRIC.seconds / 60 + 0.1, 2)])
    def test_neighbours_of_one_metric_that_begin_within_ten_minutes_are_one(self, minutes: float, count: int) -> None:
        first, second = event("query_duration_p95", 0, "n1"), event("query_duration_p95", minutes, "n2")
        assert len(grouped(first, second)) == count

    def test_one_series_seen_in_two_ways_is_one_incident(self) -> None:
        early = event("consumer_group_lag", 0, "g/t", kind="baseline")
        assert len(grouped(early, event("consumer_group_lag", 40, "g/t"))) == 1

    def test_a_cause_seen_late_takes_in_the_incident_of_its_effect(self) -> None:
        lag = event("consumer_group_lag", 8, "g/t")
        parts = event("max_parts_per_partition", 0, "n1/t")
        cases, _ = regroup([], [lag], CATALOGUE, 0)
        refresh(cases[0], CATALOGUE)
        cases, absorbed = regroup(cases, [parts], CATALOGUE, 1)
        refresh(cases[0], CATALOGUE)
        assert absorbed == []
        assert [case.incident.number for case in cases] == [1]
        assert cases[0].incident.root == parts.key
        assert chain(cases[0]) == ["max_parts_per_partition", "consumer_group_lag"]

    def test_of_two_incidents_that_turn_out_to_be_one_the_first_goes_on(self) -> None:
        slow = event("job_records_out_rate", 10, "job")
        late = event("inserted_rows_rate", 3, "n1")
        cases, _ = regroup([], [late], CATALOGUE, 0)
        cases, _ = regroup(cases, [slow], CATALOGUE, 1)
        assert len(cases) == 2
        silent = event("messages_in_rate", 0, "topic")
        cases, absorbed = regroup(cases, [silent], CATALOGUE, 2)
        (case,) = cases
        refresh(case, CATALOGUE)
        assert case.incident.number == 1
        assert [(one.number, one.merged_into) for one in absorbed] == [(2, 1)]
        assert {e.incident for e in (slow, late, silent)} == {1}
        assert case.incident.rule == "upstream_silence"


class TestApart:
    @pytest.mark.parametrize("minutes", [0.0, 3.0, 20.0])
    def test_two_faults_without_a_link_stay_two(self, minutes: float) -> None:
        slow, behind = event("query_duration_p95", 0, "n1"), event("under_replicated_partitions", minutes, "b1")
        assert rules(grouped(slow, behind)) == ["isolated", "isolated"]

    def test_what_could_belong_to_both_goes_to_the_nearer(self) -> None:
        keeper = event("keeper_exceptions_rate", 0, "n1")
        failed = event("failed_checkpoint_rate", 4, "job")
        down = event("job_restart_rate", 5, "job")
        first, second = grouped(keeper, failed, down)[:2] if len(grouped(keeper, failed, down)) == 2 else ([], [])
        if first:
            assert down.incident == failed.incident
            assert second
        else:
            assert failed.incident == down.incident == keeper.incident

    def test_a_job_explains_the_lag_of_one_group(self) -> None:
        failed = event("failed_checkpoint_rate", 0, "job")
        its_own, other = event("consumer_group_lag", 1, "g1/t1"), event("consumer_group_lag", 8, "g2/t2")
        cases = grouped(failed, its_own, other)
        assert [chain(case) for case in cases] == [
            ["failed_checkpoint_rate", "consumer_group_lag"],
            ["consumer_group_lag"],
        ]

    def test_only_tasks_of_the_same_job_explain_its_checkpoints(self) -> None:
        busy = event("task_busy_ratio", 0, "job1/map")
        assert len(grouped(busy, event("checkpoint_age", 5, "job1"))) == 1
        assert len(grouped(busy, event("checkpoint_age", 5, "job2"))) == 2

    def test_a_cause_that_is_over_has_no_late_effects(self) -> None:
        slow = event("delayed_inserts_rate", 0, "n1")
        slow.resolved_at = at(2 * MINUTE)
        still = event("query_duration_p95", 1, "n1")
        assert len(grouped(slow, still, event("consumer_group_lag", 20, "g/t"))) > len(grouped(slow, still))


class TestDirection:
    def test_pressure_travels_up_from_clickhouse(self) -> None:
        (case,) = grouped(
            event("consumer_group_lag", 9, "g/t", "critical"),
            event("backpressured_time_ratio", 5, "job/map"),
            event("rows_per_insert", 0, "n1"),
            event("max_parts_per_partition", 2, "n1/t"),
        )
        assert (case.incident.pattern, case.incident.rule) == ("cascade_backward", "insert_bottleneck")
        assert case.incident.root.metric == "rows_per_insert"
        assert chain(case) == [
            "rows_per_insert",
            "max_parts_per_partition",
            "backpressured_time_ratio",
            "consumer_group_lag",
        ]

    def test_starvation_travels_down_from_kafka(self) -> None:
        (case,) = grouped(
            event("inserted_rows_rate", 3, "n1"),
            event("under_min_isr_partitions", 0.5, "b1"),
            event("active_brokers", 0, "cluster"),
            event("job_records_out_rate", 2, "job"),
        )
        assert (case.incident.pattern, case.incident.root.metric) == ("cascade_forward", "active_brokers")

    def test_a_broker_that_fell_silent_is_the_root_of_what_it_held(self) -> None:
        (case,) = grouped(event("active_brokers", 0.3, "cluster"), silence("kafka", 0, "b2"))
        assert case.incident.root == SeriesKey("kafka", "b2", ANY)

    def test_the_busy_task_is_the_root_not_the_back_pressured_one_before_it(self) -> None:
        (case,) = grouped(
            event("backpressured_time_ratio", 0, "job/source"),
            event("task_busy_ratio", 0.5, "job/map"),
            event("consumer_group_lag", 3, "g/t"),
        )
        assert (case.incident.pattern, case.incident.root.metric) == ("cascade_backward", "task_busy_ratio")

    def test_failing_checkpoints_without_strain_are_phantom_lag(self) -> None:
        failed, lag = event("failed_checkpoint_rate", 0, "job"), event("consumer_group_lag", 2, "g/t")
        assert rules(grouped(failed, lag)) == ["phantom_lag"]
        strained = event("backpressured_time_ratio", 1, "job/map")
        assert rules(grouped(failed, lag, strained)) != ["phantom_lag"]

    def test_onsets_within_ninety_seconds_have_no_order(self) -> None:
        restarts, keeper = event("job_restart_rate", 0, "job"), event("keeper_exceptions_rate", 1.4, "n1")
        (case,) = grouped(restarts, keeper)
        assert case.incident.root == keeper.key
        assert len(grouped(restarts, event("keeper_exceptions_rate", 1.6, "n1"))) == 2

    def test_an_output_that_fell_too_little_to_be_an_anomaly_still_tells_the_direction(self) -> None:
        (case,) = grouped(event("under_min_isr_partitions", 0, "b1"))
        case.flow = Flow({"kafka": 0.7, "flink": 0.7, "clickhouse": 0.75})
        refresh(case, CATALOGUE)
        assert case.incident.pattern == "cascade_forward"
        assert "Kafka takes in 70 %" in case.incident.summary or len(case.events) == 1

    def test_where_only_queues_and_rates_show_at_once_the_first_cannot_be_told(self) -> None:
        (case,) = grouped(event("job_records_out_rate", 0, "job"), event("inserted_rows_rate", 0.5, "n1"))
        assert not case.incident.certain
        assert "cannot be told" in case.incident.summary


class TestPartition:
    SIGNS = (("isr_shrink_rate", "b1"), ("registered_taskmanagers", "cluster"), ("keeper_exceptions_rate", "n1"))

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
    def test_tiers_that_lose_sight_within_ninety_seconds_are_one_partition(self, order: tuple[int, ...]) -> None:
        events = [event(metric, 0.5 * place, instance) for place, (metric, instance) in enumerate(self.SIGNS)]
        (case,) = grouped(*(events[place] for place in order))
        assert case.incident.pattern == "network_partition"
        assert case.incident.root.component == "kafka"

    def test_later_losses_are_incidents_of_their_own(self) -> None:
        events = [event(metric, 2 * place, instance) for place, (metric, instance) in enumerate(self.SIGNS)]
        assert len(grouped(*events)) == 3


class TestChain:
    def test_a_series_that_is_anomalous_in_two_ways_is_one_link(self) -> None:
        first = event("task_busy_ratio", 0, "job/map", kind="baseline")
        second = event("task_busy_ratio", 1, "job/map", "critical")
        lag = event("consumer_group_lag", 2, "group/topic")
        (case,) = grouped(first, second, lag)
        assert [(link.metric, link.severity) for link in case.incident.chain] == [
            ("task_busy_ratio", "critical"),
            ("consumer_group_lag", "warning"),
        ]
        assert case.incident.chain[0].onset == first.started_at
        assert case.incident.summary.count("busy") == 1


class TestSilences:
    def test_a_series_that_stops_with_its_job_belongs_to_the_job(self) -> None:
        down = event("job_not_running_seconds", 0, "job")
        assert len(grouped(down, silence("flink", 3, "job/map", "task_busy_ratio"))) == 1

    def test_silences_that_begin_together_are_one(self) -> None:
        assert len(grouped(silence("kafka", 0, ANY), silence("flink", 0.5, ANY))) == 1
        assert len(grouped(silence("kafka", 0, ANY), silence("flink", 5, ANY))) == 2

    def test_what_falls_silent_in_several_tiers_at_once_is_cut_off(self) -> None:
        broker, manager = gone("kafka", 0, "b1"), gone("flink", 1, "tm1")
        (case,) = grouped(broker, manager)
        assert case.incident.pattern == "network_partition"
        assert {broker.no_data_cause, manager.no_data_cause} == {"partitioned"}

    def test_what_falls_silent_beside_two_controllers_is_cut_off(self) -> None:
        broker = gone("kafka", 0.5, "b1")
        grouped(event("active_controller_count", 0, "cluster", value=2), broker)
        assert broker.no_data_cause == "partitioned"

    def test_a_broker_that_falls_silent_alone_is_gone(self) -> None:
        broker, later = gone("kafka", 0, "b1"), gone("flink", 5, "tm1")
        grouped(broker, event("active_brokers", 0.5, "cluster"), later)
        assert {broker.no_data_cause, later.no_data_cause} == {"instance_gone"}

    def test_a_series_that_stopped_is_no_instance_that_was_cut_off(self) -> None:
        series = silence("flink", 1, "job/map", "task_busy_ratio")
        series.no_data_cause = "series_stopped"
        grouped(gone("kafka", 0, "b1"), gone("flink", 1, "tm1"), series)
        assert series.no_data_cause == "series_stopped"


SAMPLES = [
    ("max_parts_per_partition", "n1/t"),
    ("delayed_inserts_rate", "n1"),
    ("backpressured_time_ratio", "job/map"),
    ("task_busy_ratio", "job/sink"),
    ("checkpoint_age", "job"),
    ("job_restart_rate", "job"),
    ("consumer_group_lag", "g/t"),
    ("active_brokers", "cluster"),
    ("under_replicated_partitions", "b1"),
    ("messages_in_rate", "t"),
    ("job_records_out_rate", "job"),
    ("inserted_rows_rate", "n1"),
    ("registered_taskmanagers", "cluster"),
    ("keeper_exceptions_rate", "n1"),
    ("query_duration_p95", "n1"),
]
storms = st.lists(st.tuples(st.sampled_from(SAMPLES), st.integers(0, 60)), min_size=1, max_size=12)


def storm(drawn: list[tuple[tuple[str, str], int]]) -> list[Event]:
    return [event(metric, minutes / 2, instance) for (metric, instance), minutes in dict(drawn).items()]


class TestAnyStorm:
    @given(storms)
    def test_every_event_is_in_exactly_one_tree(self, drawn: list[tuple[tuple[str, str], int]]) -> None:
        events = storm(drawn)
        held = [id(node.event) for root in forest(events, CATALOGUE) for node in root.tree()]
        assert sorted(held) == sorted(id(one) for one in events)

    @given(storms, st.randoms(use_true_random=False))
    def test_the_order_of_arrival_does_not_matter(
        self, drawn: list[tuple[tuple[str, str], int]], random: st.DataObject
    ) -> None:
        events = storm(drawn)
        mixed = list(events)
        random.shuffle(mixed)  # type: ignore[attr-defined]
        trees = [
            {frozenset(node.event.fingerprint for node in root.tree()) for root in forest(some, CATALOGUE)}
            for some in (events, mixed)
        ]
        assert trees[0] == trees[1]

    @given(storms)
    def test_nothing_new_changes_nothing(self, drawn: list[tuple[tuple[str, str], int]]) -> None:
        cases = grouped(*storm(drawn))
        before = {e.fingerprint: e.incident for case in cases for e in case.events}
        again, absorbed = regroup(cases, [], CATALOGUE, max(case.incident.number for case in cases))
        assert absorbed == []
        assert {e.fingerprint: e.incident for case in again for e in case.events} == before
