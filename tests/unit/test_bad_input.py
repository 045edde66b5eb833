"""Input that is odd in itself, not a sign of a fault: it raises no storm, and what deserves an alarm gets one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from monitoring.blocks import Block, Bools, Floats, from_micros, to_micros
from monitoring.replay import Replayed, timeline, watched
from monitoring.simulation import Simulation
from monitoring.watch import Watch
from platform_metrics_definition import CATALOGUE

START = datetime(2026, 3, 4, 9, tzinfo=UTC)
STEP = timedelta(seconds=30)
FROM = 90
"""Minutes after which the input turns odd; until then all is well."""


@cache
def healthy() -> Block:
    return Simulation([], 3, START).run(2 * 140)


def minutes() -> Floats:
    return np.asarray((healthy().times - to_micros(START)) / 60e6)


def of(metric: str, instance: str = "") -> Bools:
    return np.array([k.metric == metric and instance in ("", k.instance) for k in healthy().keys])[healthy().series]


def odd(change: Callable[[Floats], Floats], where: Bools) -> Replayed:
    """What is found when some values of a healthy platform are replaced."""
    values = healthy().values.copy()
    values[where] = change(values[where])
    block = Block(healthy().keys, healthy().series, healthy().times, values)
    return watched(timeline(block, STEP), CATALOGUE)


def named(found: Replayed) -> set[tuple[str, str]]:
    return {(event["metric"], event["instance"]) for event in found.events}


def test_series_that_never_change_raise_nothing() -> None:
    usual = np.array([np.median(healthy().values[healthy().series == n]) for n in range(len(healthy().keys))])
    found = odd(lambda _: usual[healthy().series], np.full(len(healthy()), True))
    assert found.events == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_number_are_as_if_they_had_not_come(value: float) -> None:
    some = np.arange(len(healthy())) % 3 == 0
    assert odd(lambda values: np.full_like(values, value), some & (minutes() >= FROM)).events == []


def test_a_component_that_sends_nothing_but_nan_is_silent() -> None:
    flink = np.array([key.component == "flink" for key in healthy().keys])[healthy().series]
    found = odd(lambda values: np.full_like(values, np.nan), flink & (minutes() >= FROM))
    assert [(event["component"], event["no_data_cause"]) for event in found.events] == [("flink", "collector_down")]


@pytest.mark.parametrize("value", [0.0, -1.0, -1e300, 1e300])
def test_one_odd_sample_of_every_series_at_once_raises_no_storm(value: float) -> None:
    """What is judged at once whatever its value, such as an unclean election, may be told; as one incident."""
    at_once = (minutes() >= FROM) & (minutes() < FROM + 0.5)
    found = odd(lambda values: np.full_like(values, value), at_once)
    assert len(found.incidents) <= 1
    assert len(found.events) <= 12
    assert all(event["resolved_at"] is not None for event in found.events)


CHANGES: tuple[tuple[str, str, float, str], ...] = (
    ("broker_heap_used_ratio", "broker-1", 100, "a ratio becomes percent"),
    ("memory_used_ratio", "ch-1", 100, "a ratio becomes percent"),
    ("failed_query_ratio", "ch-1", 100, "a ratio becomes percent"),
    ("query_duration_p95", "ch-1", 1000, "seconds become milliseconds"),
    ("consumer_group_lag_seconds", "flink-orders/orders", 1000, "seconds become milliseconds"),
    ("checkpoint_age", "orders-enrich", 1000, "seconds become milliseconds"),
    ("event_time_lag", "orders-enrich", 0.001, "milliseconds become seconds"),
    ("checkpoint_duration", "orders-enrich", 0.001, "milliseconds become seconds"),
    ("messages_in_rate", "orders", 60, "per second becomes per minute"),
)


@pytest.mark.parametrize(("metric", "instance", "factor", "what"), CHANGES, ids=[f"{c[0]}-{c[3]}" for c in CHANGES])
def test_a_series_that_changes_its_unit_is_one_incident_of_that_series_at_most(
    metric: str, instance: str, factor: float, what: str
) -> None:
    del what
    changed = of(metric, instance) & (minutes() >= FROM)
    assert changed.any()
    found = odd(lambda values: values * factor, changed)
    assert len(found.incidents) <= 1
    assert named(found) <= {(metric, instance)}
    # It may be unusual, and beyond a level: no third way.
    assert len(found.events) <= 2


@pytest.mark.parametrize("metric", ["broker_heap_used_ratio", "task_busy_ratio", "query_duration_p95"])
def test_a_metric_that_changes_its_unit_everywhere_is_one_incident(metric: str) -> None:
    found = odd(lambda values: values * 100, of(metric) & (minutes() >= FROM))
    assert len(found.incidents) == 1
    assert {event["metric"] for event in found.events} == {metric}


@pytest.mark.parametrize("gap", [1, 5, 20])
def test_a_gap_is_told_as_a_gap_and_as_nothing_else(gap: float) -> None:
    block = healthy().take(~((minutes() >= FROM) & (minutes() < FROM + gap)))
    found = watched(timeline(block, STEP), CATALOGUE)
    assert {event["no_data_cause"] for event in found.events} <= {"collector_down"}
    assert len(found.events) == (0 if gap < 1.5 else 3)
    assert len(found.incidents) <= 1


@pytest.mark.parametrize(("share", "most"), [(0.02, 0), (0.1, 1), (0.3, 3)])
def test_samples_lost_at_random_raise_no_storm(share: float, most: int) -> None:
    kept = np.random.Generator(np.random.PCG64(5)).random(len(healthy())) >= share
    found = watched(timeline(healthy().take(kept), STEP), CATALOGUE)
    assert len(found.incidents) <= most


@pytest.mark.parametrize("hours", [1, 24])
def test_samples_of_the_future_are_left_out_until_their_time(hours: int) -> None:
    """Live, a sample later than the clock neither counts nor moves what is kept of the others."""
    watch, plain = Watch(CATALOGUE), Watch(CATALOGUE)
    told: list[Any] = []
    block = healthy().take(minutes() < 60)
    edges = np.searchsorted(block.times, [to_micros(START + STEP * n) for n in range(122)], side="right").tolist()
    for n in range(120):
        now, part = START + STEP * n, block.slice(edges[n - 1] if n else 0, edges[n])
        future = Block(part.keys, part.series, part.times + hours * 3_600_000_000, part.values * 1000)
        both = Block(
            part.keys,
            np.concatenate([part.series, future.series]),
            np.concatenate([part.times, future.times]),
            np.concatenate([part.values, future.values]),
        )
        told += watch.tick(now, both).changes
        plain.tick(now, part)
    assert told == []
    assert np.array_equal(watch.memory.last, plain.memory.last)
    assert np.array_equal(watch.memory.value, plain.memory.value)


@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)])
def test_ticks_of_a_clock_that_goes_back_raise_nothing(back: timedelta) -> None:
    watch = Watch(CATALOGUE)
    block = healthy().take(minutes() < 60)
    edges = np.searchsorted(block.times, [to_micros(START + STEP * n) for n in range(122)], side="right").tolist()
    told: list[Any] = []
    for n in range(120):
        now = START + STEP * n - (back if 80 <= n < 90 else timedelta(0))
        part = block.slice(edges[n - 1] if n else 0, edges[n])
        told += watch.tick(now, part).changes
    # What was skipped while the clock was wrong may be missed for as long.
    assert {change.event.kind for change in told} <= {"no_data"}
    assert len([change for change in told if change.kind == "fired"]) <= 3
    assert from_micros(int(watch.memory.last.max())) == START + 119 * STEP
