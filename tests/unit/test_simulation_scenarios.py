"""Each scenario unfolds in the order and with the delays that the cross-component rules give."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.blocks import Floats
from monitoring.errors import InvalidInput, UnknownName
from monitoring.simulation import SCENARIOS, Fault, Simulation, faults_for
from monitoring.simulation.faults import KINDS
from monitoring.simulation.topology import KEYS, PLACES
from monitoring.simulation.truth import dense

NEVER = float("inf")


class Story:
    """A history with faults and the same one without them; times are minutes since the first fault."""

    def __init__(self, faults: list[Fault], start: datetime, hours: float, seed: int = 3) -> None:
        steps = round(hours * 120)
        self.table = dense(Simulation(faults, seed, start).run(steps))[1]
        self.usual = dense(Simulation([], seed, start).run(steps))[1]
        first = min((fault.start for fault in faults), default=start)
        self.minutes: Floats = np.arange(steps, dtype=np.float64) * 0.5 - (first - start).total_seconds() / 60

    def of(self, metric: str, instance: str = "") -> Floats:
        """The series of a metric, or of one instance of it, as times by series."""
        return self.table[:, self.columns(metric, instance)]

    def usually(self, metric: str, instance: str = "") -> Floats:
        return self.usual[:, self.columns(metric, instance)]

    def columns(self, metric: str, instance: str) -> list[int]:
        place = PLACES[metric]
        return [c for c in range(place.start, place.stop) if instance in ("", KEYS[c].instance)]

    def first(self, metric: str, wrong: Callable[[Floats], Floats], instance: str = "") -> float:
        """The minute in which a sample of the metric is wrong for the first time after the fault began."""
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero(wrong(self.of(metric, instance)).any(axis=1) & (self.minutes > 0))
        return float(self.minutes[rows[0]]) if len(rows) else NEVER

    def above(self, metric: str, level: float, instance: str = "") -> float:
        return self.first(metric, lambda values: np.asarray(values > level), instance)

    def below(self, metric: str, level: float, instance: str = "") -> float:
        return self.first(metric, lambda values: np.asarray(values < level), instance)

    def below_usual(self, metric: str, share: float, instance: str = "") -> float:
        """When a metric is below this share of what it would be without the faults."""
        usual = self.usually(metric, instance)
        return self.first(metric, lambda values: np.asarray(values < share * usual), instance)

    def above_usual(self, metric: str, share: float, instance: str = "") -> float:
        usual = self.usually(metric, instance)
        return self.first(metric, lambda values: np.asarray(values > share * usual), instance)

    def during(self, metric: str, since: float, until: float, instance: str = "") -> Floats:
        """The values between two minutes, end excluded."""
        return self.of(metric, instance)[(self.minutes >= since) & (self.minutes < until)]


@functools.cache
def story(name: str, hours: float = 3.0, hour: int = 6) -> Story:
    start = datetime(2026, 3, 3, hour, tzinfo=UTC)
    return Story(faults_for(name, start, start + timedelta(hours=hours), 3), start, hours)


def in_order(*moments: float) -> bool:
    return all(one <= other < NEVER for one, other in itertools.pairwise(moments))


@pytest.mark.parametrize("hour", [1, 6, 12, 18])
def test_an_insert_bottleneck_travels_from_clickhouse_up_to_kafka(hour: int) -> None:
    s = story("insert_bottleneck", hour=hour)
    job = "orders-enrich"
    rows, parts = s.below("rows_per_insert", 1001), s.above("max_parts_per_partition", 300)
    delayed = s.above("delayed_inserts_rate", 0)
    pressed = s.above("backpressured_time_ratio", 0.1, f"{job}/Source: orders")
    slow, behind = s.above("checkpoint_duration", 30000, job), s.above("source_pending_records", 20000, job)
    rejected = s.above("rejected_inserts_rate", 0)
    restarted = s.above("job_restart_rate", 0, job)
    assert in_order(rows, parts, delayed, pressed, slow, behind, rejected)
    assert rejected <= restarted < NEVER
    assert pressed < s.above("consumer_group_lag", 1000, "flink-orders/orders") < NEVER
    assert slow < s.above("checkpoint_age", 300, job) < NEVER
    assert s.above("task_busy_ratio", 0.95, f"{job}/sink") < NEVER


def test_inserts_are_delayed_at_1000_parts_and_rejected_at_3000() -> None:
    s = story("insert_bottleneck")
    parts = s.of("max_parts_per_partition").max(axis=1)
    delayed, rejected = s.of("delayed_inserts_rate").max(axis=1), s.of("rejected_inserts_rate").max(axis=1)
    assert parts[delayed > 0].min() > 700
    assert (delayed[parts < 700] == 0).all()
    assert parts[rejected > 0].min() > 2500
    assert parts.max() < 3300


def test_an_insert_bottleneck_leaves_other_jobs_and_brokers_alone() -> None:
    s = story("insert_bottleneck")
    assert s.above("backpressured_time_ratio", 0.1, "clicks-sessions/Source: clicks") == NEVER
    assert s.above("consumer_group_lag", 1000, "flink-clicks/clicks") == NEVER
    assert s.above("under_replicated_partitions", 0) == NEVER
    assert s.above("produce_latency_p99", 50) == NEVER


def test_a_hung_operator_makes_checkpoints_expire_and_the_job_restart_again_and_again() -> None:
    s = story("checkpoint_restart_loop")
    job = "orders-enrich"
    failed, restarted = s.above("failed_checkpoint_rate", 0, job), s.above("job_restart_rate", 0, job)
    assert s.above("backpressured_time_ratio", 0.5, f"{job}/Source: orders") <= 2
    assert s.above("task_busy_ratio", 0.95, f"{job}/enrich") <= 2
    assert failed == restarted <= 4
    assert in_order(restarted, s.above("checkpoint_age", 300, job), s.above("job_restart_rate", 2, job))
    ages = s.during("checkpoint_age", 5, 40, job)[:, 0]
    assert (np.diff(ages) > 0).all()
    # The last completed checkpoint was a quick one, and stays the last one.
    assert s.above("checkpoint_duration", 30000, job) == NEVER
    assert s.during("task_busy_ratio", 5, 40, f"{job}/sink").max() < 0.3


def test_phantom_lag_grows_at_the_input_rate_while_records_are_processed_as_usual() -> None:
    s = story("phantom_lag")
    group, job = "flink-payments/payments", "payments-agg"
    assert in_order(s.above("failed_checkpoint_rate", 1, job), s.above("consumer_group_lag", 1000, group))
    lag = s.during("consumer_group_lag", 10, 50, group)[:, 0]
    per_partition = s.during("messages_in_rate", 10, 50, "payments").mean() / 96
    growth = np.polyfit(np.arange(len(lag)) * 30, lag, 1)[0]
    assert growth == pytest.approx(per_partition * 1.22, rel=0.05)
    assert np.corrcoef(np.arange(len(lag)), lag)[0, 1] > 0.999
    assert np.array_equal(s.of("source_pending_records"), s.usually("source_pending_records"))
    assert np.array_equal(s.of("job_records_out_rate"), s.usually("job_records_out_rate"))
    assert s.above("job_restart_rate", 0) == NEVER
    assert s.above("backpressured_time_ratio", 0.1) == NEVER


def test_a_lost_broker_starves_the_stages_behind_it() -> None:
    s = story("broker_loss")
    gone = s.first("produce_latency_p99", np.isnan, "broker-2")
    fenced, thin = s.below("active_brokers", 3), s.above("under_replicated_partitions", 0)
    refused, quiet = s.above("under_min_isr_partitions", 0), s.below_usual("messages_in_rate", 0.5, "clicks")
    out = s.below_usual("job_records_out_rate", 0.5, "clicks-sessions")
    rows = s.below_usual("inserted_rows_rate", 0.6)
    assert in_order(gone, fenced, thin, out, rows)
    assert thin <= 0.5
    assert refused <= quiet <= out <= 2
    assert s.above("isr_shrink_rate", 0) == thin
    assert s.of("active_brokers").min() == 2
    assert s.above("consumer_group_lag", 1000) == NEVER
    assert s.above("backpressured_time_ratio", 0.1) == NEVER
    assert s.above("max_parts_per_partition", 300) == NEVER


def test_a_lost_broker_sends_nothing_and_leaves_well_replicated_topics_alone() -> None:
    s = story("broker_loss")
    after = s.minutes > 0
    for metric in ("broker_heap_used_ratio", "under_replicated_partitions", "broker_disk_used_ratio"):
        assert np.isnan(s.of(metric, "broker-2")[after]).all()
        assert not np.isnan(s.of(metric, "broker-1")).any()
    assert np.array_equal(s.of("messages_in_rate", "payments"), s.usually("messages_in_rate", "payments"))


def test_at_finer_steps_the_broker_is_fenced_after_nine_seconds() -> None:
    start = datetime(2026, 3, 3, 6, tzinfo=UTC)
    fault = Fault("broker_loss", start + timedelta(minutes=1), None)
    table = dense(Simulation([fault], 3, start, 1.0).run(120))[1]
    silent = int(np.argmax(np.isnan(table[:, PLACES["broker_heap_used_ratio"]][:, 1])))
    fenced = int(np.argmax(table[:, PLACES["active_brokers"]][:, 0] < 3))
    assert (silent, fenced) == (61, 69)


def test_two_lost_brokers_refuse_all_writes_and_take_partitions_offline() -> None:
    start = datetime(2026, 3, 3, 6, tzinfo=UTC)
    s = Story([Fault("broker_loss", start + timedelta(minutes=30), None, 2)], start, 1)
    assert s.of("active_brokers").min() == 1
    assert s.of("offline_partitions").max() == pytest.approx((192 + 384) / 3)
    assert s.during("messages_in_rate", 1, 20).max() == 0


def test_a_broker_that_comes_back_brings_everything_back() -> None:
    s = story("recovered")
    assert s.of("active_brokers").min() == 2
    end = s.minutes > 40
    for metric in ("under_replicated_partitions", "under_min_isr_partitions", "isr_shrink_rate"):
        assert s.of(metric)[end].max() == 0, metric
    assert s.of("active_brokers")[end].min() == 3
    assert (s.of("consumer_group_lag")[end] < 1000).all()
    assert not np.isnan(s.table[end]).any()


def test_a_lost_task_manager_stops_its_jobs_and_lag_grows_at_the_input_rate() -> None:
    s = story("taskmanager_loss")
    gone = s.first("taskmanager_heap_used_ratio", np.isnan, "tm-2")
    missed, failed = s.below("registered_taskmanagers", 3), s.above("failed_checkpoint_rate", 0, "orders-enrich")
    lag = s.above("consumer_group_lag", 1000, "flink-orders/orders")
    assert in_order(gone, missed, lag)
    assert in_order(gone, failed, s.above("job_restart_rate", 2, "orders-enrich"))
    assert s.above("job_not_running_seconds", 60, "payments-agg") <= 2
    assert s.above("job_restart_rate", 0, "clicks-sessions") == NEVER
    grown = s.during("consumer_group_lag", 10, 40, "flink-orders/orders")[:, 0]
    rate = s.during("messages_in_rate", 10, 40, "orders").mean() / 192 * 1.22
    assert np.polyfit(np.arange(len(grown)) * 30, grown, 1)[0] == pytest.approx(rate, rel=0.08)
    assert s.during("job_records_out_rate", 3, 40, "orders-enrich").max() == 0


def test_at_finer_steps_a_killed_task_manager_is_missed_after_twelve_seconds_and_a_cut_one_after_fifty() -> None:
    start = datetime(2026, 3, 3, 6, tzinfo=UTC)
    missed = []
    for kind in ("taskmanager_loss", "network_partition"):
        table = dense(Simulation([Fault(kind, start + timedelta(minutes=1), None)], 3, start, 1.0).run(150))[1]
        missed.append(int(np.argmax(table[:, PLACES["registered_taskmanagers"]][:, 0] < 3)) - 60)
    assert missed == [12, 50]


def test_a_lost_keeper_quorum_makes_tables_read_only_and_sinks_fail() -> None:
    s = story("keeper_split")
    errors, readonly = s.above("keeper_exceptions_rate", 0), s.above("readonly_replicas", 0)
    refused, restarted = s.above("failed_query_ratio", 0.01), s.above("job_restart_rate", 0)
    assert in_order(errors, readonly, refused, restarted, s.above("consumer_group_lag", 1000))
    assert errors < readonly < restarted
    lag = s.during("replication_lag_seconds", 2, 40, "ch-1/orders")[:, 0]
    assert np.diff(lag) == pytest.approx(30, abs=1)
    assert s.during("inserted_rows_rate", 3, 40).max() == 0
    # SELECTs keep working.
    assert s.during("failed_query_ratio", 3, 40).max() < 0.5
    assert s.during("running_queries", 3, 40).min() > 0


def test_one_node_cut_off_from_keeper_is_alone_in_its_errors() -> None:
    start = datetime(2026, 3, 3, 6, tzinfo=UTC)
    s = Story([Fault("keeper_split", start + timedelta(minutes=30), None, target="ch-2")], start, 1.5)
    assert s.above("keeper_exceptions_rate", 0, "ch-2") < NEVER
    assert s.above("keeper_exceptions_rate", 0, "ch-1") == s.above("readonly_replicas", 0, "ch-3") == NEVER
    assert s.above("replication_lag_seconds", 300, "ch-2/orders") < NEVER
    assert s.above("replication_lag_seconds", 60, "ch-1/orders") == NEVER
    assert s.during("inserted_rows_rate", 5, 50, "ch-1").mean() > 0


def test_a_network_partition_shows_on_all_tiers_within_ninety_seconds_with_all_processes_alive() -> None:
    s = story("network_partition")
    first = [
        s.above("under_replicated_partitions", 0),
        s.below("active_brokers", 3),
        s.above("keeper_exceptions_rate", 0, "ch-3"),
        s.below("registered_taskmanagers", 3),
    ]
    assert max(first) <= 1.5
    assert first[3] > first[1]
    assert s.first("active_controller_count", lambda values: np.asarray(values != 1)) <= 0.5
    assert s.above("keeper_exceptions_rate", 0, "ch-1") == NEVER
    assert not np.isnan(s.of("broker_heap_used_ratio")).any()
    assert not np.isnan(s.of("taskmanager_heap_used_ratio")).any()
    assert s.above("broker_gc_time_ratio", 0.05) == s.above("memory_used_ratio", 0.8) == NEVER


def test_a_monitor_on_one_side_of_a_partition_no_longer_sees_the_other() -> None:
    start = datetime(2026, 3, 3, 6, tzinfo=UTC)
    s = Story([Fault("network_partition", start + timedelta(minutes=30), None, 2, "zone-1")], start, 1)
    for metric, instance in (
        ("broker_heap_used_ratio", "broker-1"),
        ("taskmanager_heap_used_ratio", "tm-1"),
        ("max_parts_per_partition", "ch-1/orders"),
    ):
        assert np.isnan(s.during(metric, 0.5, 20, instance)).all()
        assert not np.isnan(s.of(metric, instance.replace("-1", "-2"))).any()


def test_in_a_traffic_burst_all_three_rates_rise_and_checkpoints_complete() -> None:
    s = story("traffic_burst")
    rise, out = s.above_usual("messages_in_rate", 2, "orders"), s.above_usual("job_records_out_rate", 1.5)
    assert in_order(rise, out, s.above_usual("inserted_rows_rate", 1.5))
    assert s.above_usual("messages_in_rate", 3, "clicks") < NEVER
    assert s.above("consumer_group_lag", 1000) < NEVER
    assert s.above("task_busy_ratio", 0.95) < NEVER
    assert s.above("checkpoint_age", 120) == s.above("failed_checkpoint_rate", 0) == NEVER
    assert s.above("backpressured_time_ratio", 0.1) == s.above("max_parts_per_partition", 300) == NEVER
    assert s.below("request_handler_idle_ratio", 0.3) == NEVER


def test_in_an_upstream_silence_everything_falls_silent_and_nothing_queues() -> None:
    s = story("upstream_silence")
    stopped = s.below("messages_in_rate", 0.001, "orders")
    out, rows = s.below_usual("job_records_out_rate", 0.01), s.below_usual("inserted_rows_rate", 0.01)
    assert in_order(stopped, out, rows)
    assert rows <= 3
    for metric in ("consumer_group_lag", "source_pending_records"):
        assert (s.during(metric, 3, 40) <= 1).all(), metric
    assert s.above("backpressured_time_ratio", 0.1) == NEVER
    lags = s.during("event_time_lag", 3, 40)
    assert (lags == lags[0]).all()
    # No inserts, no ratio of rows to inserts; everything else goes on being sent.
    missing = {KEYS[c].metric for c in np.flatnonzero(np.isnan(s.table).any(axis=0))}
    assert missing == {"rows_per_insert"}


def test_a_full_disk_stops_merges_hours_before_inserts_suffer() -> None:
    s = story("disk_exhaustion", hours=16)
    low, lower = s.below("disk_free_ratio", 0.2), s.below("disk_free_ratio", 0.1)
    parts, delayed = s.above("max_parts_per_partition", 300), s.above("delayed_inserts_rate", 0)
    rejected = s.above("rejected_inserts_rate", 0)
    assert low < lower < parts < delayed < rejected < NEVER
    assert parts - lower > 15
    assert s.below("disk_free_ratio", 0.3, "ch-2/default") == NEVER
    assert s.above("max_parts_per_partition", 300, "ch-2/orders") == NEVER
    fall = s.during("disk_free_ratio", 0, low, "ch-1/default")[:, 0]
    assert np.corrcoef(np.arange(len(fall)), fall)[0, 1] < -0.99


def test_a_full_kafka_disk_ends_in_the_loss_of_the_broker() -> None:
    start = datetime(2026, 3, 3, 6, tzinfo=UTC)
    s = Story([Fault("disk_exhaustion", start + timedelta(minutes=10), None, 8, "broker-1")], start, 2)
    warned, full = s.above("broker_disk_used_ratio", 0.85), s.above("broker_disk_used_ratio", 0.95)
    gone = s.first("broker_disk_used_ratio", np.isnan, "broker-1")
    assert warned < full < gone < NEVER
    assert gone <= s.above("under_replicated_partitions", 0) <= gone + 1
    assert np.isnan(s.of("broker_disk_used_ratio", "broker-1")[-1]).all()


def test_reads_move_from_a_slow_replica_to_its_peers_after_300_seconds() -> None:
    s = story("slow_replica")
    late, skipped = s.above("replication_lag_seconds", 60, "ch-3/orders"), s.above("replication_lag_seconds", 300)
    for node in ("ch-1", "ch-2"):
        busy = s.above("running_queries", 25, node)
        assert late < skipped <= busy <= skipped + 1.5
        assert s.above("query_duration_p95", 1, node) <= skipped + 1.5
    assert s.during("running_queries", skipped + 2, 50, "ch-3").max() <= 2
    assert s.during("memory_used_ratio", 20, 50, "ch-1").mean() > s.during("memory_used_ratio", -50, 0, "ch-1").mean()
    assert s.above("replication_lag_seconds", 60, "ch-1/orders") == NEVER


def test_leaking_memory_shows_in_its_floor_long_before_the_kill_and_a_restart_resets_it() -> None:
    s = story("memory_leak", hours=12)
    heap = s.of("taskmanager_heap_used_ratio", "tm-2")[:, 0]
    killed = s.first("taskmanager_heap_used_ratio", np.isnan, "tm-2")
    high, collecting = s.above("taskmanager_heap_used_ratio", 0.8), s.above("taskmanager_gc_time_ratio", 0.1)
    assert high < collecting < killed < NEVER
    assert killed <= s.below("registered_taskmanagers", 3) <= s.above("job_restart_rate", 1) + 2
    floors = [np.nanmin(heap[(s.minutes >= m) & (s.minutes < m + 45)]) for m in range(0, int(killed) - 45, 45)]
    assert (np.diff(floors) > 0).all()
    again = heap[(s.minutes > killed) & ~np.isnan(heap)]
    assert again[0] < 0.5
    assert np.isnan(heap).sum() <= 4
    assert s.above("taskmanager_heap_used_ratio", 0.8, "tm-1") == NEVER
    assert s.above("checkpoint_state_size", 1e10) == NEVER


@pytest.mark.parametrize(("target", "metric"), [("broker-3", "broker_heap_used_ratio"), ("ch-1", "memory_used_ratio")])
def test_brokers_and_clickhouse_nodes_can_leak_too(target: str, metric: str) -> None:
    start = datetime(2026, 3, 3, 6, tzinfo=UTC)
    s = Story([Fault("memory_leak", start + timedelta(minutes=10), None, 6, target)], start, 3)
    killed = s.first(metric, np.isnan, target)
    assert s.above(metric, 0.8, target) < killed < NEVER
    assert not np.isnan(s.of(metric, target)[-1]).all() or np.isnan(s.of(metric, target)).sum() < 20
    if target == "ch-1":
        assert s.above("failed_query_ratio", 0.01, target) <= killed
    else:
        assert s.above("broker_gc_time_ratio", 0.05, target) < killed
        assert s.above_usual("produce_latency_p99", 3, target) < killed


def test_a_slow_consumer_is_alone_with_its_lag() -> None:
    s = story("slow_consumer")
    assert s.above("consumer_group_lag", 1000, "audit/orders") < 30
    assert s.above("consumer_group_lag", 1000, "flink-orders/orders") == NEVER
    assert np.array_equal(s.of("source_pending_records"), s.usually("source_pending_records"))


def test_a_slow_operator_holds_up_its_own_job_which_neither_fails_nor_restarts() -> None:
    s = story("slow_operator")
    lag = s.above("consumer_group_lag", 1000, "flink-orders/orders")
    assert s.above("backpressured_time_ratio", 0.1, "orders-enrich/Source: orders") < 10 > lag
    assert s.above("source_pending_records", 1000, "orders-enrich") < NEVER
    assert s.above("job_restart_rate", 0) == NEVER
    assert s.above("consumer_group_lag", 1000, "audit/orders") == NEVER
    assert np.array_equal(s.of("messages_in_rate"), s.usually("messages_in_rate"))


def test_a_slow_follower_leaves_the_in_sync_set_and_writes_go_on() -> None:
    s = story("under_replicated")
    assert s.above("under_replicated_partitions", 0) == s.above("isr_shrink_rate", 0) <= 1
    assert s.above("under_min_isr_partitions", 0) == NEVER
    assert s.below("active_brokers", 3) == NEVER
    assert np.array_equal(s.of("messages_in_rate"), s.usually("messages_in_rate"))


def test_slow_queries_on_one_node_come_with_usual_resources() -> None:
    s = story("query_degradation")
    assert s.above("query_duration_p95", 2, "ch-2") <= 1
    assert s.above("query_duration_p95", 1, "ch-1") == NEVER
    assert s.above("memory_used_ratio", 0.7) == s.above("max_parts_per_partition", 100) == NEVER


def test_a_flapping_consumer_crosses_its_warning_again_and_again() -> None:
    s = story("flapping")
    high = s.of("consumer_group_lag", "audit/orders")[:, 0] > 1000
    assert np.count_nonzero(np.diff(high.astype(int)) == 1) >= 5
    assert np.count_nonzero(np.diff(high.astype(int)) == -1) >= 5


def test_a_missing_metric_is_missing_alone() -> None:
    s = story("missing_metric")
    gone = np.isnan(s.table[s.minutes >= 0])
    assert {KEYS[c] for c in np.flatnonzero(gone.any(axis=0))} == {("flink", "payments-agg", "checkpoint_age")}
    assert gone[:, s.columns("checkpoint_age", "payments-agg")].all()


def test_a_dead_collector_takes_all_series_of_its_component_and_no_other() -> None:
    s = story("dead_collector")
    gone = np.isnan(s.table[s.minutes >= 0])
    assert [bool(column.all()) for column in gone.T] == [key.component == "flink" for key in KEYS]
    assert not gone[:, [key.component != "flink" for key in KEYS]].any()


def test_a_single_odd_sample_is_single() -> None:
    s = story("single_odd_sample")
    [[row, column]] = np.argwhere(s.table != s.usual).tolist()
    assert KEYS[column] == ("kafka", "audit/orders", "consumer_group_lag")
    assert s.minutes[row] == 0
    assert s.of("consumer_group_lag", "audit/orders").max() > 20000


def test_a_rolling_restart_takes_one_broker_at_a_time_and_refuses_no_write() -> None:
    s = story("rolling_restart")
    assert s.of("active_brokers").min() == 2
    away = np.isnan(s.of("broker_heap_used_ratio"))
    assert away.any(axis=0).all()
    assert away.sum(axis=1).max() == 1
    # Each is away for less than the minute after which a missing broker is warned about.
    assert away.sum(axis=0).max() * 30 <= 60
    thin = np.any(s.of("under_replicated_partitions") > 0, axis=1).tolist()
    assert max(len(run) for run in "".join("x" if t else " " for t in thin).split()) * 0.5 < 5
    assert s.above("under_min_isr_partitions", 0) == s.above("offline_partitions", 0) == NEVER
    assert np.array_equal(s.of("messages_in_rate"), s.usually("messages_in_rate"))


def test_a_quiet_topic_gets_nothing_and_nothing_follows_from_it() -> None:
    s = story("quiet_topic", hours=6)
    assert s.during("messages_in_rate", 0.5, 200, "refunds").max() == 0
    assert s.usually("messages_in_rate", "refunds").max() > 0
    changed = {KEYS[c] for c in np.flatnonzero(np.any(s.table != s.usual, axis=0))}
    of_topic = {"messages_in_rate", "consumer_group_lag", "consumer_group_lag_seconds"}
    assert {key.instance for key in changed if key.metric in of_topic} <= {"refunds", "audit/refunds"}
    assert {key.component for key in changed} == {"kafka"}


def test_a_red_herring_is_over_before_its_warning_holds_and_the_real_fault_follows() -> None:
    s = story("red_herring")
    blip = (s.of("produce_latency_p99", "broker-1")[:, 0] > 100).sum() * 0.5
    assert 1 <= blip < 5
    assert 3 < s.above("max_parts_per_partition", 300) < 20
    assert s.above("under_replicated_partitions", 0) == NEVER


def test_two_faults_at_once_show_both() -> None:
    s = story("dual_fault")
    assert s.above("query_duration_p95", 2, "ch-2") < s.above("failed_checkpoint_rate", 1, "payments-agg") < NEVER


def test_the_demo_ends_with_one_mild_fault_open_and_everything_else_over() -> None:
    start = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    end = start + timedelta(hours=24)
    faults = faults_for("demo", start, end, 7)
    assert [fault.kind for fault in faults if fault.end is None] == ["phantom_lag"]
    assert all(fault.end is not None and fault.end < faults[-1].start - timedelta(hours=2) for fault in faults[:-1])
    s = Story(faults, start, 24, 7)
    latest = s.minutes > s.minutes[-1] - 180
    for metric, level in (("max_parts_per_partition", 300), ("job_restart_rate", 0), ("delayed_inserts_rate", 0)):
        assert s.of(metric).max() > level, metric
        assert s.of(metric)[latest].max() <= level, metric
    failures = s.of("failed_checkpoint_rate")[latest].max(axis=0)
    assert failures[1] > 1
    assert failures[[0, 2]].max() == 0
    assert s.of("consumer_group_lag")[latest].max() < 10000


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - {"healthy", "demo", "recovered", "single_odd_sample"}))
@pytest.mark.parametrize("hours", [1, 24])
def test_a_scenario_is_still_there_at_the_end_and_healthy_before(name: str, hours: int) -> None:
    start = datetime(2026, 3, 3, tzinfo=UTC)
    end = start + timedelta(hours=hours)
    faults = faults_for(name, start, end, 1)
    assert faults
    assert all(start < fault.start < end for fault in faults)
    assert any(fault.end is None for fault in faults)
    assert end - min(fault.start for fault in faults) <= timedelta(hours=12)


@pytest.mark.parametrize(
    ("name", "metric", "level"),
    [
        ("insert_bottleneck", "delayed_inserts_rate", 0),
        ("insert_bottleneck", "consumer_group_lag", 1000),
        ("disk_exhaustion", "delayed_inserts_rate", 0),
        ("memory_leak", "job_restart_rate", 0),
        ("slow_replica", "query_duration_p95", 1),
        ("keeper_split", "consumer_group_lag", 1000),
        ("traffic_burst", "consumer_group_lag", 1000),
    ],
)
def test_a_short_history_shows_the_whole_chain(name: str, metric: str, level: float) -> None:
    assert story(name, hours=1).above(metric, level) < NEVER


def test_every_kind_of_fault_can_be_told_as_a_scenario() -> None:
    assert set(KINDS) - {"latency_blip"} <= set(SCENARIOS)
    assert all(story.name == name and story.title and story.description for name, story in SCENARIOS.items())


def test_a_scenario_builds_what_faults_for_gives() -> None:
    start = datetime(2026, 3, 3, tzinfo=UTC)
    end = start + timedelta(hours=24)
    for name, scenario in SCENARIOS.items():
        built = scenario.build(start, end, np.random.Generator(np.random.PCG64(5)))
        assert built == faults_for(name, start, end, 5), name


def test_place_length_and_magnitude_can_be_chosen() -> None:
    start = datetime(2026, 3, 3, tzinfo=UTC)
    end, at = start + timedelta(hours=6), start + timedelta(hours=2)
    [fault] = faults_for("broker_loss", start, end, 1, at, timedelta(minutes=12), 2.0)
    assert (fault.start, fault.end, fault.magnitude) == (at, at + timedelta(minutes=12), 2.0)
    [fault] = faults_for("broker_loss", start, end, 1, fault_at=at)
    assert (fault.start, fault.end) == (at, None)
    [leak] = faults_for("memory_leak", start, end, 1, at, timedelta(hours=2))
    assert leak.magnitude == pytest.approx(4)


def test_places_that_cannot_be_are_refused() -> None:
    start = datetime(2026, 3, 3, tzinfo=UTC)
    with pytest.raises(UnknownName) as unknown:
        faults_for("broker_lost", start, start + timedelta(hours=1), 1)
    assert "broker_loss" in unknown.value.nearest
    with pytest.raises(InvalidInput, match="end after"):
        faults_for("healthy", start, start, 1)
    with pytest.raises(InvalidInput, match="after the history has ended"):
        faults_for("broker_loss", start, start + timedelta(hours=1), 1, start + timedelta(hours=2))
    with pytest.raises(InvalidInput, match="no time"):
        faults_for("broker_loss", start, start + timedelta(hours=1), 1, start, timedelta(0))
