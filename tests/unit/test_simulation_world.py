"""The simulated platform as a whole: what it sends, that it can be repeated, and that it is healthy without faults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.blocks import Block, Floats, from_micros, joined, to_micros
from monitoring.errors import InvalidInput, UnknownName
from monitoring.simulation import Fault, Simulation
from monitoring.simulation.faults import KINDS
from monitoring.simulation.topology import KEYS, PLACES
from monitoring.simulation.truth import dense

TUESDAY = datetime(2026, 3, 3, tzinfo=UTC)
SATURDAY = datetime(2026, 3, 7, tzinfo=UTC)
SUNDAY_NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)

# metric, operator, level, how many minutes a warning holds; the static levels of the metric reference
WARNINGS: list[tuple[str, str, float, float]] = [
    ("under_replicated_partitions", ">", 0, 5),
    ("under_min_isr_partitions", ">", 0, 0),
    ("offline_partitions", ">", 0, 0),
    ("active_controller_count", "!=", 1, 0),
    ("active_brokers", "<", 3, 1),
    ("isr_shrink_rate", ">", 0, 5),
    ("unclean_leader_elections", ">", 0, 1),
    ("consumer_group_lag", ">", 1000, 0),
    ("consumer_group_lag_seconds", ">", 60, 5),
    ("produce_latency_p99", ">", 100, 5),
    ("request_handler_idle_ratio", "<", 0.3, 5),
    ("broker_heap_used_ratio", ">", 0.8, 5),
    ("broker_gc_time_ratio", ">", 0.05, 5),
    ("broker_disk_used_ratio", ">", 0.85, 5),
    ("job_not_running_seconds", ">", 0, 1),
    ("job_restart_rate", ">", 0, 0),
    ("failed_checkpoint_rate", ">", 1, 0),
    ("checkpoint_age", ">", 300, 1),
    ("checkpoint_duration", ">", 30000, 5),
    ("backpressured_time_ratio", ">", 0.1, 15),
    ("task_busy_ratio", ">", 0.8, 15),
    ("event_time_lag", ">", 60000, 5),
    ("taskmanager_heap_used_ratio", ">", 0.8, 5),
    ("taskmanager_gc_time_ratio", ">", 0.1, 5),
    ("registered_taskmanagers", "<", 3, 1),
    ("query_duration_p95", ">", 1, 10),
    ("failed_query_ratio", ">", 0.01, 5),
    ("running_queries", ">", 80, 1),
    ("replication_lag_seconds", ">", 60, 5),
    ("replication_queue_size", ">", 99, 5),
    ("readonly_replicas", ">", 0, 1),
    ("max_parts_per_partition", ">", 300, 5),
    ("delayed_inserts_rate", ">", 0, 1),
    ("rejected_inserts_rate", ">", 0, 1),
    ("rows_per_insert", "<", 1001, 1),
    ("memory_used_ratio", ">", 0.8, 5),
    ("disk_free_ratio", "<", 0.2, 2),
    ("keeper_exceptions_rate", ">", 0, 1),
]
CRITICALS: list[tuple[str, str, float]] = [
    ("consumer_group_lag", ">", 10000),
    ("consumer_group_lag_seconds", ">", 180),
    ("produce_latency_p99", ">", 200),
    ("request_handler_idle_ratio", "<", 0.1),
    ("broker_heap_used_ratio", ">", 0.9),
    ("broker_gc_time_ratio", ">", 0.2),
    ("broker_disk_used_ratio", ">", 0.95),
    ("checkpoint_age", ">", 900),
    ("checkpoint_duration", ">", 300000),
    ("backpressured_time_ratio", ">", 0.5),
    ("task_busy_ratio", ">", 0.95),
    ("event_time_lag", ">", 180000),
    ("taskmanager_heap_used_ratio", ">", 0.9),
    ("taskmanager_gc_time_ratio", ">", 0.3),
    ("query_duration_p95", ">", 5),
    ("failed_query_ratio", ">", 0.05),
    ("running_queries", ">", 100),
    ("replication_lag_seconds", ">", 300),
    ("replication_queue_size", ">", 1000),
    ("max_parts_per_partition", ">", 1000),
    ("rows_per_insert", "<", 101),
    ("memory_used_ratio", ">", 0.9),
    ("disk_free_ratio", "<", 0.1),
]


def beyond(values: Floats, op: str, level: float) -> Floats:
    found = {">": values > level, "<": values < level, "!=": values != level}[op]
    return np.asarray(found, float)


def longest_run(flags: Floats) -> int:
    """The most samples in a row that are beyond, over all series."""
    longest = run = np.zeros(flags.shape[1])
    for row in flags:
        run = (run + 1) * row
        longest = np.maximum(longest, run)
    return int(longest.max())


def same(one: Block, other: Block) -> bool:
    return (
        one.keys == other.keys
        and np.array_equal(one.times, other.times)
        and np.array_equal(one.series, other.series)
        and np.array_equal(one.values, other.values)
    )


@pytest.fixture(scope="module", params=[(1, TUESDAY), (2, SATURDAY), (3, SUNDAY_NOON)], ids=["tue", "sat", "sun"])
def healthy_day(request: pytest.FixtureRequest) -> Floats:
    """A healthy day as times by series."""
    seed, start = request.param
    return dense(Simulation([], seed, start).run(2880))[1]


def test_a_healthy_day_reaches_no_critical_level(healthy_day: Floats) -> None:
    reached = {
        metric: healthy_day[:, PLACES[metric]]
        for metric, op, level in CRITICALS
        if beyond(healthy_day[:, PLACES[metric]], op, level).any()
    }
    assert not reached


def test_a_healthy_day_holds_no_warning(healthy_day: Floats) -> None:
    held = {
        metric: longest_run(beyond(healthy_day[:, PLACES[metric]], op, level))
        for metric, op, level, minutes in WARNINGS
        if (longest_run(beyond(healthy_day[:, PLACES[metric]], op, level)) - 1) * 0.5 >= minutes
    }
    assert not held


def test_a_healthy_day_stays_within_its_usual_rates(healthy_day: Floats) -> None:
    for metric in ("messages_in_rate", "job_records_out_rate", "inserted_rows_rate"):
        rates = healthy_day[:, PLACES[metric]][:, :3]
        usual = np.median(rates.reshape(24, 120, -1).mean(axis=1), axis=0)
        assert longest_run((rates < 0.5 * usual).astype(float)) < 20, metric
        assert longest_run((rates > 3 * usual).astype(float)) == 0, metric
        assert rates.min() > 0, metric


def test_a_healthy_day_has_a_sample_of_every_series_at_every_time(healthy_day: Floats) -> None:
    assert not np.isnan(healthy_day).any()


def test_checkpoint_state_grows_by_less_than_half_in_a_healthy_day(healthy_day: Floats) -> None:
    sizes = healthy_day[:, PLACES["checkpoint_state_size"]]
    assert (sizes.max(axis=0) < 1.2 * sizes.min(axis=0)).all()


def test_the_stage_rates_agree_on_a_healthy_platform(healthy_day: Floats) -> None:
    taken_in = healthy_day[:, PLACES["messages_in_rate"]][:, :3].sum(axis=1).mean()
    put_out = healthy_day[:, PLACES["job_records_out_rate"]].sum(axis=1).mean()
    inserted = healthy_day[:, PLACES["inserted_rows_rate"]].sum(axis=1).mean()
    assert put_out == pytest.approx(taken_in, rel=0.01)
    # A materialised view of clicks writes one row for every five more.
    assert 1.05 < inserted / put_out < 1.15


def test_committed_offsets_saw_tooth_with_the_checkpoints() -> None:
    ages = dense(Simulation([], 1, TUESDAY, 5.0).run(720))[1][:, PLACES["checkpoint_age"]]
    assert 55 < ages.max() < 75
    assert ages.min() < 6
    assert 50 <= np.count_nonzero(np.diff(ages[:, 0]) < 0) <= 65


def test_all_43_metrics_are_sent_and_no_series_twice() -> None:
    block = Simulation([], 5, TUESDAY).run(1)
    assert len({key.metric for key in block.keys}) == 43
    assert len(set(block.keys)) == len(block.keys) == len(block)
    assert len(KEYS) >= 150


def test_the_first_sample_is_at_the_start_and_the_others_follow_in_order_of_time() -> None:
    block = Simulation([], 5, TUESDAY, 15.0).run(4)
    assert from_micros(block.times[0]) == TUESDAY
    assert sorted(set(block.times.tolist())) == [to_micros(TUESDAY) + k * 15_000_000 for k in range(4)]
    assert (np.diff(block.times) >= 0).all()


@pytest.mark.parametrize("kind", ["insert_bottleneck", "memory_leak", "network_partition", "broker_loss"])
def test_a_run_in_pieces_gives_the_same_samples_as_a_whole_one(kind: str) -> None:
    faults = [Fault(kind, TUESDAY + timedelta(minutes=20), TUESDAY + timedelta(minutes=50), 12)]
    whole = Simulation(faults, 4, TUESDAY).run(180)
    simulation = Simulation(faults, 4, TUESDAY)
    pieces = [simulation.run(steps) for steps in (1, 0, 39, 1, 1, 100, 38)]
    assert same(joined(pieces), whole)


def test_sample_by_sample_gives_the_same_as_a_whole_run() -> None:
    simulation = Simulation([], 4, TUESDAY)
    assert same(joined([simulation.run(1) for _ in range(60)]), Simulation([], 4, TUESDAY).run(60))


def test_the_same_seed_repeats_and_another_differs() -> None:
    one, again, other = (Simulation([], seed, TUESDAY).run(30) for seed in (4, 4, 5))
    assert same(one, again)
    assert not np.array_equal(one.values, other.values)


def test_run_until_makes_all_samples_before_the_end() -> None:
    simulation = Simulation([], 4, TUESDAY)
    block = simulation.run_until(TUESDAY + timedelta(minutes=5))
    assert from_micros(block.times[-1]) == TUESDAY + timedelta(minutes=4, seconds=30)
    assert simulation.next_time == TUESDAY + timedelta(minutes=5)
    assert len(simulation.run_until(TUESDAY)) == 0


def test_nothing_changes_before_a_fault_begins() -> None:
    fault = Fault("insert_bottleneck", TUESDAY + timedelta(minutes=30), None)
    with_fault = Simulation([fault], 4, TUESDAY).run(120)
    without = Simulation([], 4, TUESDAY).run(120)
    at_start = to_micros(fault.start)
    before = with_fault.times <= at_start
    assert np.array_equal(with_fault.values[before], without.values[without.times <= at_start])
    assert not np.array_equal(with_fault.values, without.values)


@pytest.mark.parametrize("step", [1.0, 10.0, 60.0, 300.0])
def test_other_steps_show_the_same_platform(step: float) -> None:
    table = dense(Simulation([], 4, TUESDAY, step).run(30))[1]
    assert table[:, PLACES["consumer_group_lag"]].max() < 1000
    assert table[:, PLACES["checkpoint_age"]].max() < 80
    assert table[:, PLACES["messages_in_rate"]][:, 0].mean() == pytest.approx(760, rel=0.2)


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        Simulation([], 1, datetime(2026, 3, 3))  # noqa: DTZ001
    with pytest.raises(InvalidInput, match="time zone"):
        Fault("broker_loss", datetime(2026, 3, 3), None)  # noqa: DTZ001


@pytest.mark.parametrize("step", [0.0, 0.5, -30.0, 4000.0])
def test_an_impossible_step_is_refused(step: float) -> None:
    with pytest.raises(InvalidInput, match="3600"):
        Simulation([], 1, TUESDAY, step)


def test_an_impossible_fault_is_refused() -> None:
    with pytest.raises(UnknownName) as unknown:
        Fault("broker_los", TUESDAY, None)
    assert "broker_loss" in unknown.value.nearest
    with pytest.raises(UnknownName, match="cannot hit 'tm-1'"):
        Fault("broker_loss", TUESDAY, None, target="tm-1")
    with pytest.raises(InvalidInput, match="end before"):
        Fault("broker_loss", TUESDAY, TUESDAY)
    with pytest.raises(InvalidInput, match="more than zero"):
        Fault("broker_loss", TUESDAY, None, magnitude=0)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_fault_changes_something_and_leaves_only_finite_values(kind: str) -> None:
    fault = Fault(kind, TUESDAY + timedelta(minutes=5), TUESDAY + timedelta(minutes=65))
    block = Simulation([fault], 9, TUESDAY).run(240)
    assert np.isfinite(block.values).all()
    assert not same(block, Simulation([], 9, TUESDAY).run(240))


def test_ratios_stay_between_zero_and_one_and_counts_are_never_negative() -> None:
    faults = [
        Fault(kind, TUESDAY + timedelta(minutes=30 * place), None, 8)
        for place, kind in enumerate(("memory_leak", "disk_exhaustion", "insert_bottleneck", "traffic_burst"))
    ]
    table = dense(Simulation(faults, 9, TUESDAY).run(480))[1]
    for metric, place in PLACES.items():
        values = table[:, place][~np.isnan(table[:, place])]
        assert values.min() >= 0, metric
        if metric.endswith("_ratio"):
            assert values.max() <= 1, metric
