"""When a symptom began: at a step the step, on a ramp the place where the rise begins, never after it was seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.blocks import Block, Floats
from monitoring.detection.memory import BIN, COARSE, HOUR, SECOND, Memory
from monitoring.detection.onset import onset
from tests.unit.by_hand import key

BASE = 470_000 * HOUR
CHANGE = 3600
"""Seconds after the first sample at which things go wrong."""
PACES = pytest.mark.parametrize("pace", [10, 30, 60])
Shape = Callable[[Floats, np.random.Generator], Floats]


def began(shape: Shape, level: float, pace: int, *, seed: int = 0, until: float = 7200, hold: int = 120) -> float:
    """The onset found, in seconds after `CHANGE`, of the first sample above `level`, seen `hold` seconds later."""
    times = np.arange(7.0, until, pace)
    values = shape(times - CHANGE, np.random.default_rng(seed))
    since = int(times[np.flatnonzero((values > level) & (times >= CHANGE))[0]])
    seen = times <= since + hold
    memory = remembered(times[seen], values[seen])
    found = onset(memory, 0, BASE + since * SECOND, BASE + (since + hold) * SECOND)
    assert found <= BASE + since * SECOND
    return (found - BASE) / SECOND - CHANGE


def remembered(times: Floats, values: Floats) -> Memory:
    memory = Memory()
    micros = BASE + (times * SECOND).astype(np.int64)
    memory.absorb(Block((key(),), np.zeros(len(times), np.int64), micros, values))
    return memory


@PACES
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.2])
def test_a_step_began_with_its_first_sample(pace: int, spread: float) -> None:
    def step(t: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(np.where(t >= 0, 500.0, 100.0) * (1 + spread * rng.standard_normal(len(t))))

    assert {began(step, 230, pace, seed=seed) for seed in range(10)} == {7.0}


@PACES
def test_so_did_a_step_downward(pace: int) -> None:
    def step(t: Floats, rng: np.random.Generator) -> Floats:
        return np.where(t >= 0, -10.0, -100.0) * (1 + 0.1 * rng.standard_normal(len(t)))

    assert {began(step, -50, pace, seed=seed) for seed in range(10)} == {7.0}


@PACES
@pytest.mark.parametrize("minutes", [10, 30])
def test_a_ramp_began_where_the_rise_begins(pace: int, minutes: int) -> None:
    def ramp(t: Floats, rng: np.random.Generator) -> Floats:
        return 100 + np.maximum(t, 0) / (60 * minutes) * 900 + 10 * rng.standard_normal(len(t))

    found = [began(ramp, 900, pace, seed=seed) for seed in range(10)]
    assert max(found) <= pace + 30
    assert min(found) >= -60


@PACES
def test_a_slow_ramp_began_before_the_last_hour(pace: int) -> None:
    def ramp(t: Floats, rng: np.random.Generator) -> Floats:
        return 100 + np.maximum(t, 0) / 7200 * 900 + 10 * rng.standard_normal(len(t))

    found = [began(ramp, 900, pace, seed=seed, until=5 * 3600) for seed in range(10)]
    assert sum(abs(one) <= 600 for one in found) >= 9


@PACES
def test_a_backlog_began_when_its_consumer_stopped(pace: int) -> None:
    def lag(t: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(np.abs(20 * rng.standard_normal(len(t))) + 20 * np.maximum(t, 0))

    assert all(-30 <= began(lag, 1000, pace, seed=seed) <= pace + 30 for seed in range(10))


@PACES
def test_zeros_and_then_a_spike_began_with_the_spike(pace: int) -> None:
    assert began(lambda t, _: np.where(t >= 0, 3.0, 0.0), 0, pace) == 7.0


@PACES
def test_the_teeth_of_a_saw_are_its_normal_state(pace: int) -> None:
    def teeth(t: Floats, rng: np.random.Generator) -> Floats:
        return np.asarray(3.0 * (t % 47) + 2.0 * np.maximum(t, 0) + rng.uniform(0, 3, len(t)))

    assert all(-30 <= began(teeth, 1000, pace, seed=seed) <= pace + 30 for seed in range(10))


@PACES
def test_an_earlier_burst_is_another_story(pace: int) -> None:
    def twice(t: Floats, rng: np.random.Generator) -> Floats:
        burst = np.where((t > -2400) & (t < -1800), 5000.0, 100.0)
        return np.asarray(burst + np.where(t >= 0, 300, 0) + 5 * rng.standard_normal(len(t)))

    assert {began(twice, 350, pace, seed=seed) for seed in range(10)} == {7.0}


@PACES
def test_the_extremes_of_noise_began_when_they_were_seen(pace: int) -> None:
    def noise(t: Floats, rng: np.random.Generator) -> Floats:
        return 100 + 10 * rng.standard_normal(len(t))

    exact = 0
    for seed in range(20):
        times = np.arange(7.0, 14_400, pace)
        values = noise(times, np.random.default_rng(seed))
        first = np.flatnonzero((values > 115) & (times >= CHANGE))[0]
        since = BASE + int(times[first]) * SECOND
        exact += onset(remembered(times[: first + 1], values[: first + 1]), 0, since, since) == since
    assert exact >= 18


def test_what_comes_after_now_is_not_looked_at() -> None:
    times = np.arange(7.0, 5400, 30)
    memory = remembered(times, np.where(times >= CHANGE, 500.0, 100.0))
    since = BASE + 1800 * SECOND
    assert onset(memory, 0, since, since) == since


def test_a_new_series_began_when_it_was_seen() -> None:
    memory = remembered(np.array([7.0, 37.0]), np.array([1.0, 5.0]))
    assert onset(memory, 0, BASE + 37 * SECOND, BASE + 67 * SECOND) == BASE + 37 * SECOND


def test_what_began_before_all_that_is_remembered_keeps_its_time() -> None:
    times = np.arange(7.0, 5400, 30)
    memory = remembered(times, 5 * times)
    assert onset(memory, 0, BASE - HOUR, BASE + 5400 * SECOND) == BASE - HOUR


def test_a_series_without_samples_keeps_its_time() -> None:
    memory = Memory()
    memory.enrol([key()])
    assert onset(memory, 0, BASE, BASE) == BASE


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e12, 1e12) | st.just(float("nan")), min_size=1, max_size=150), st.data())
def test_it_is_never_late_and_never_before_memory_begins(values: list[float], data: st.DataObject) -> None:
    memory = remembered(np.arange(0.0, 30.0 * len(values), 30), np.array(values))
    memory.enrol([key()])
    since = BASE + data.draw(st.integers(0, 30 * len(values))) * SECOND
    found = onset(memory, 0, since, BASE + 30 * len(values) * SECOND)
    assert min(since, BASE - BASE % COARSE) <= found <= since


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(1e-3, 1e6), st.integers(0, 60))
def test_neither_unit_nor_day_matters(seed: int, scale: float, days: int) -> None:
    times = np.arange(0.0, CHANGE + 120, 30)
    values = np.where(times >= CHANGE, 5.0, 1.0) + 0.1 * np.random.default_rng(seed).standard_normal(len(times))
    late = 86_400.0 * days
    since = BASE + (CHANGE + 60) * SECOND
    plain = onset(remembered(times, values), 0, since, since)
    moved = since + int(late) * SECOND
    assert onset(remembered(times + late, scale * values), 0, moved, moved) - int(late) * SECOND == plain
    assert plain // BIN == (BASE + CHANGE * SECOND) // BIN
