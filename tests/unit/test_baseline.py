"""Baselines: a lasting abrupt shift away from the last hour and from this time of day is news; nothing else is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.anomalies import Event, Finding
from monitoring.blocks import Block, Floats, to_micros
from monitoring.detection.bands import band, habit, last_filled, outward
from monitoring.detection.baseline import Baselines, edges
from monitoring.detection.memory import HOUR, SECOND, Memory
from monitoring.metrics import Direction, Metric, Sample
from monitoring.simulation import Simulation
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import START, at, catalogue, key, metric, samples, ticks

HOURLY = 120
"""Samples in an hour at 30 s."""


def rate(direction: Direction = "higher_is_worse", notable: float | None = 10.0, unit: str = "messages/s") -> Metric:
    return replace(metric(direction=direction), notable=notable, unit=unit)


def noisy(level: float, count: int, seed: int = 1, spread: float = 0.05) -> list[float]:
    noise = spread * np.random.default_rng(seed).standard_normal(count)
    return [level * (1 + one) for one in noise.tolist()]


def found(
    rule: Metric, data: Sequence[Sample], until: float, step: float = 30, memory: Memory | None = None
) -> dict[float, Finding]:
    """What is found of the one series at each tick, by seconds after the start."""
    memory, baselines = memory or Memory(), Baselines(catalogue(rule))
    told: dict[float, Finding] = {}
    for moment, block in ticks(data, until, step):
        memory.absorb(block)
        for finding in baselines.judge(memory, to_micros(moment)):
            told[(moment - START).total_seconds()] = finding
    return told


def of(rule: Metric, values: Sequence[float], step: float = 30) -> dict[float, Finding]:
    return found(rule, samples(key(), values, step=step), step * (len(values) - 1))


def due(told: dict[float, Finding]) -> list[float]:
    return [seconds for seconds, finding in told.items() if finding.due]


class TestLife:
    STEP_UP = (*noisy(100, HOURLY), *noisy(190, 10), *noisy(100, 10))

    def test_it_is_pending_with_the_second_bin_and_due_with_the_third(self) -> None:
        told = of(rate(), self.STEP_UP)
        assert min(told) == 3630
        assert due(told)[0] == 3660
        assert {finding.since for finding in told.values()} == {at(3600)}

    def test_what_is_far_out_is_due_with_the_second_bin(self) -> None:
        assert due(of(rate(), [*noisy(100, HOURLY), *noisy(400, 10)]))[0] == 3630

    def test_one_bin_is_not_enough_however_far_out_it_is(self) -> None:
        assert of(rate(), [*noisy(100, HOURLY), 1e9, *noisy(100, 10)]) == {}

    def test_it_is_over_when_two_bins_in_a_row_have_come_back(self) -> None:
        assert max(of(rate(), self.STEP_UP)) == 3900
        short_return = [*noisy(100, HOURLY), *noisy(190, 8), 100.0, *noisy(190, 8), *noisy(100, 10)]
        told = of(rate(), short_return)
        assert due(told) == [3660.0 + 30 * n for n in range(16)]

    def test_what_is_pending_is_dropped_with_the_first_bin_that_is_back(self) -> None:
        told = of(rate(), [*noisy(100, HOURLY), 190, 190, *noisy(100, 10)])
        assert list(told) == [3630]
        assert due(told) == []

    def test_it_is_told_in_numbers(self) -> None:
        told = of(rate(), self.STEP_UP)[3690]
        low, high = edges(told.threshold)
        assert (told.kind, told.severity) == ("baseline", "warning")
        assert 0 < low < 60
        assert 140 < high < 170
        assert told.value == pytest.approx(190, rel=0.2)
        assert told.expected == pytest.approx(100, rel=0.05)
        assert told.why.startswith("load is ")
        assert told.why.endswith(f" messages/s for 1 min; expected {told.threshold[8:]} from the last hour")

    def test_the_reference_is_frozen_for_a_day_then_the_new_state_is_usual(self) -> None:
        told = of(rate(), [*noisy(100, HOURLY), *noisy(400, 26 * HOURLY)])
        assert len({finding.threshold for finding in told.values()}) == 1
        assert max(told) == 3600 + 24 * 3600 - 30

    def test_in_silence_it_goes_on(self) -> None:
        step = samples(key(), [*noisy(100, HOURLY), *noisy(400, 10)])
        told = found(rate(), step, 3600 + 1800)
        assert due(told)[-1] == 3600 + 1800

    def test_the_value_told_is_one_beyond_the_band(self) -> None:
        told = of(rate(), [*noisy(100, HOURLY), 400, 400, 450, 100])
        assert told[3690].value == 450

    def test_several_series_are_judged_each_by_its_own_past(self) -> None:
        data = [
            *samples(key("a"), self.STEP_UP),
            *samples(key("b"), noisy(400, len(self.STEP_UP), seed=2)),
            *samples(key("c"), [4 * value for value in self.STEP_UP]),
        ]
        memory, baselines = Memory(), Baselines(catalogue(rate()))
        names = set()
        for moment, block in ticks(data, 4170):
            memory.absorb(block)
            names |= {finding.key.instance for finding in baselines.judge(memory, to_micros(moment))}
        assert names == {"a", "c"}


class TestNoNews:
    def test_metrics_without_a_notable_change_are_not_judged(self) -> None:
        assert of(rate(notable=None), TestLife.STEP_UP) == {}

    def test_metrics_the_catalogue_does_not_know_are_not_judged(self) -> None:
        data = samples(key(metric="other"), TestLife.STEP_UP)
        assert found(rate(), data, 4170) == {}

    def test_the_good_direction_is_no_news(self) -> None:
        fall = [*noisy(100, HOURLY), *noisy(20, 20)]
        assert of(rate("higher_is_worse"), fall) == {}
        assert due(of(rate("lower_is_worse"), fall))

    def test_less_than_the_notable_change_is_no_news(self) -> None:
        assert of(rate(notable=500), TestLife.STEP_UP) == {}

    def test_a_rate_must_change_by_half_of_its_level_and_a_ratio_need_not(self) -> None:
        rise = [*noisy(100, HOURLY, spread=0.01), *noisy(140, 20, spread=0.01)]
        assert of(rate(), rise) == {}
        assert due(of(rate(unit="ratio"), rise))
        fall = [*noisy(100, HOURLY, spread=0.01), *noisy(60, 20, spread=0.01)]
        assert of(rate("lower_is_worse"), fall) == {}

    def test_a_new_series_is_not_judged_before_it_is_known(self) -> None:
        assert of(rate(), [*noisy(100, 20), *noisy(400, 8)]) == {}
        assert due(of(rate(), [*noisy(100, 45), *noisy(400, 8)]))

    def test_bursts_of_the_last_hour_are_no_news(self) -> None:
        bursts = [*noisy(100, 60), *noisy(400, 5), *noisy(100, 55), *noisy(390, 5), *noisy(100, 5)]
        told = of(rate(), bursts)
        assert due(told)
        assert max(told) < 60 * 30 + 600

    def test_a_series_without_a_level_is_not_judged(self) -> None:
        to_and_fro = [*noisy(100, 40), *noisy(300, 20), *noisy(100, 40), *noisy(300, 20), *noisy(1000, 20)]
        assert not any(seconds > 3600 for seconds in due(of(rate(), to_and_fro)))

    @pytest.mark.parametrize("step", [10, 30, 60])
    @pytest.mark.parametrize("period", [60, 300, 600])
    def test_a_saw_tooth_is_silent(self, step: int, period: int) -> None:
        rng = np.random.default_rng(period)
        teeth = [(step * n) % period + float(rng.uniform(0, 5)) for n in range(4 * 3600 // step)]
        assert of(rate(notable=1.0), teeth, step) == {}

    def test_a_slow_daily_wave_is_silent(self) -> None:
        wave = [100 + 70 * np.sin(2 * np.pi * n / (24 * HOURLY)) for n in range(24 * HOURLY)]
        for direction in ("higher_is_worse", "lower_is_worse"):
            assert of(rate(direction, notable=1.0), wave) == {}

    def test_a_ramp_is_silent_as_it_is_no_abrupt_shift(self) -> None:
        ramp = [100.0] * HOURLY + [100 + 0.5 * n for n in range(3 * HOURLY)]
        assert due(of(rate(notable=1.0), ramp)) == []

    def test_what_a_restart_leaves_behind_is_no_news(self) -> None:
        down_and_up = [*noisy(100, HOURLY), *[0.0] * 3, *noisy(300, 15), *noisy(100, 20)]
        for direction in ("higher_is_worse", "lower_is_worse"):
            assert due(of(rate(direction), down_and_up)) == []
        before, after = samples(key(), noisy(100, HOURLY)), samples(key(), noisy(300, 15), first=3900)
        assert found(rate(), [*before, *after], 3900 + 420) == {}

    def test_what_stays_at_zero_is_told_in_the_end(self) -> None:
        told = of(rate("lower_is_worse"), [*noisy(100, HOURLY), *[0.0] * 40])
        assert due(told)[0] == 3600 + 210
        assert told[3810].since == at(3600)

    def test_lost_samples_change_nothing(self) -> None:
        rng = np.random.default_rng(3)
        kept = [sample for sample in samples(key(), TestLife.STEP_UP) if rng.random() > 0.1]
        told = due(found(rate(), kept, 4170))
        assert told[0] - 3660 <= 90

    def test_a_day_of_a_healthy_platform_is_silent(self) -> None:
        block = Simulation([], 8, START, 30).run(24 * HOURLY)
        memory, baselines = Memory(), Baselines(CATALOGUE)
        edges_ = np.searchsorted(block.times, to_micros(START) + np.arange(1, 24 * HOURLY + 1) * 30 * SECOND)
        for before, after in itertools.pairwise(edges_.tolist()):
            memory.absorb(block.slice(before, after))
            assert not any(f.due for f in baselines.judge(memory, int(block.times[after - 1])))


class TestSeason:
    def days(self, count: int, job: Callable[[int], Sequence[float]]) -> list[Sample]:
        """Days of hours by five-minute samples, then the first two hours of one more."""
        values = [value for hour in range(24 * count + 2) for value in job(hour)]
        return samples(key(), values, first=-24 * 3600 * count, step=300)

    def memory_of(self, data: Sequence[Sample], until: float) -> Memory:
        memory = Memory()
        memory.absorb(Block.of([sample for sample in data if sample.time < at(until)]))
        return memory

    def test_what_this_time_of_day_brings_every_day_is_no_news(self) -> None:
        def job(hour: int) -> list[float]:
            return [400.0] * 12 if hour % 24 == 1 else [100.0] * 12

        yesterday = self.memory_of(self.days(2, job), 0)
        today = samples(key(), [100.0] * HOURLY + [400.0] * HOURLY)
        assert found(rate(), today, 7170, memory=yesterday) == {}
        assert due(found(rate(), today, 7170))

    def test_beyond_what_this_time_of_day_brings_is_news_and_says_so(self) -> None:
        def job(hour: int) -> list[float]:
            return [400.0] * 12 if hour % 24 == 1 else [100.0] * 12

        yesterday = self.memory_of(self.days(2, job), 0)
        today = samples(key(), [100.0] * HOURLY + [700.0] * HOURLY)
        told = found(rate(), today, 7170, memory=yesterday)
        assert due(told)[0] == 3660
        assert told[3660].why.endswith("expected 50 to 430 from this time of day on earlier days")

    def test_bursts_of_many_hours_are_a_habit(self) -> None:
        def hours(count: int) -> list[float]:
            return [value for n in range(count) for value in (*noisy(100, 105, seed=n), *noisy(400, 15, seed=n))]

        starts = [seconds for seconds in due(of(rate(), hours(8))) if seconds > 5 * 3600]
        assert starts == []


class TestProperties:
    @settings(max_examples=25, deadline=None)
    @given(st.floats(-1e9, 1e9, width=32), st.sampled_from([10, 30, 60]), st.sampled_from(["ratio", "messages"]))
    def test_a_constant_series_never_fires(self, value: float, step: int, unit: str) -> None:
        for direction in ("higher_is_worse", "lower_is_worse"):
            assert of(rate(direction, notable=1e-6, unit=unit), [value] * (5400 // step), step) == {}

    @settings(max_examples=25, deadline=None)
    @given(st.data(), st.sampled_from([10, 30, 60]), st.integers(0, 1000))
    def test_one_or_two_odd_samples_never_fire(self, data: st.DataObject, step: int, seed: int) -> None:
        values = noisy(100, 5400 // step, seed)
        places = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=2))
        for place in places:
            values[place] = data.draw(st.floats(-1e12, 1e12))
        for direction in ("higher_is_worse", "lower_is_worse"):
            assert due(of(rate(direction), values, step)) == []

    @settings(max_examples=25, deadline=None)
    @given(st.floats(1e-3, 1e6), st.integers(0, 1000), st.floats(2.5, 20))
    def test_the_unit_of_measurement_does_not_matter(self, scale: float, seed: int, factor: float) -> None:
        values = [*noisy(100, HOURLY, seed), *noisy(100 * factor, 8, seed), *noisy(100, 8, seed)]
        plain = of(rate(notable=10.0), values)
        scaled = of(rate(notable=10.0 * scale), [scale * value for value in values])
        assert [(s, f.since, f.due) for s, f in plain.items()] == [(s, f.since, f.due) for s, f in scaled.items()]
        assert due(plain)


class TestRestart:
    @pytest.mark.parametrize("until", [3630, 3660, 3750, 3900])
    def test_what_had_begun_goes_on_as_if_there_had_been_no_restart(self, until: int) -> None:
        data = samples(key(), TestLife.STEP_UP)
        unbroken = found(rate(), data, 4170)
        finding = unbroken[until]
        event = Event(
            key=finding.key,
            kind="baseline",
            severity="warning",
            status="firing" if finding.due else "pending",
            started_at=finding.since,
            last_seen_at=at(until),
            value=finding.value,
            peak_value=finding.value,
            expected=finding.expected,
            threshold=finding.threshold,
            message="",
            why=finding.why,
        )
        memory, baselines = Memory(), Baselines(catalogue(rate()))
        memory.absorb(Block.of([sample for sample in data if sample.time <= at(until)]))
        baselines.resume(event, memory)
        later: dict[float, Finding] = {}
        for moment, block in ticks(data, 4170):
            if moment > at(until):
                memory.absorb(block)
                for one in baselines.judge(memory, to_micros(moment)):
                    later[(moment - START).total_seconds()] = one
        assert later == {seconds: one for seconds, one in unbroken.items() if seconds > until}

    def test_the_words_hold_the_band(self) -> None:
        assert edges("outside 1,150 to 1,420") == (1150, 1420)
        assert edges("outside -3.2 to 0.0871") == (-3.2, 0.0871)
        assert edges("") == (float("-inf"), float("inf"))


class TestBands:
    def test_too_few_bins_speak_for_nothing(self) -> None:
        rows = np.full((1, 60), np.nan)
        rows[0, :19] = 5.0
        assert np.isnan(band(rows, np.array([1.0]), np.array([True])).centre).all()
        rows[0, 19] = 5.0
        assert band(rows, np.array([1.0]), np.array([True])).centre.tolist() == [5.0]

    def test_a_band_is_as_wide_as_the_widest_of_noise_notable_change_and_half_the_level(self) -> None:
        rows = np.tile(np.where(np.arange(60) % 2, 99.0, 101.0), (3, 1))
        told = band(rows, np.array([30.0, 1.0, 1.0]), np.array([False, True, False]))
        assert [round(float(high)) for high in told.high] == [130, 150, 112]
        assert [round(float(low)) for low in told.low] == [70, 50, 88]

    def test_what_was_sustained_is_inside(self) -> None:
        rows = np.full((2, 60), 100.0)
        rows[0, 30:33] = 900.0
        rows[1, 30] = 900.0
        high = band(rows, np.array([1.0, 1.0]), np.array([True, True])).high
        assert high[0] > 900
        assert high[1] == 150

    def test_the_last_filled_bins_skip_gaps(self) -> None:
        nan = np.nan
        rows: Floats = np.array([[1, nan, 2, nan, 3, nan], [nan, nan, nan, 4, nan, 5], [nan] * 6])
        expected = np.array([[1, 2, 3], [nan, 4, 5], [nan, nan, nan]])
        np.testing.assert_array_equal(last_filled(rows), expected)

    def test_edges_are_rounded_away_from_the_middle_to_what_is_told(self) -> None:
        assert outward(1_150.9, 1_419.2) == (1150, 1420)
        assert outward(0.87349, 0.87351) == (0.873, 0.874)
        assert outward(-0.0012345, 0.0) == (-0.00124, 0.0)

    def test_a_habit_needs_several_hours(self) -> None:
        means = np.full((2, 6), 10.0)
        high = np.array([[10.0, 50, 10, 60, 10, 70], [10.0, 10, 10, 10, 60, 70]])
        assert habit(means, high, upward=True).tolist() == [40.0, 0.0]
        assert habit(means, 20 - high, upward=False).tolist() == [40.0, 0.0]

    def test_a_habit_of_unknown_hours_is_unknown(self) -> None:
        row = np.array([[np.nan, np.nan, np.nan, np.nan, 10.0, 10.0]])
        assert np.isnan(habit(row, row, upward=True)).all()


def test_times_are_those_of_the_samples_not_of_the_ticks() -> None:
    data = samples(key(), [*noisy(100, HOURLY), *noisy(400, 10)], first=to_micros(START) % HOUR / SECOND + 7)
    told = found(rate(), data, 4000)
    assert {finding.since for finding in told.values()} == {at(3600)}
    assert timedelta(0) < at(due(told)[0]) - at(3600) <= timedelta(seconds=120)
