from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from monitoring.blocks import Floats, Ints
from monitoring.detection.unusual import ALARM, GAP, scores, suppressed, unusual_now

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE


def every(minutes: float, count: int) -> Ints:
    return (np.arange(count) * minutes * MINUTE).astype(np.int64)


def noise(count: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(100, 5, count)


def waves(count: int, seed: int = 1) -> Floats:
    """Two weeks or more of a day's rhythm, sampled every ten minutes: 144 samples a day."""
    phase = 2 * np.pi * np.arange(count) / 144
    return 50 + 20 * np.sin(phase) + np.random.default_rng(seed).normal(0, 0.5, count)


def series_of_all_kinds() -> dict[str, Floats]:
    random = np.random.default_rng(5)
    return {
        "noise": noise(900),
        "rhythm": waves(900),
        "walk": np.cumsum(random.normal(size=900)),
        "counts": random.poisson(0.3, 900).astype(float),
        "steps": np.repeat(random.normal(size=30), 30),
        "far from zero": 1e9 + noise(900),
        "tiny": 1e-9 * noise(900),
        "gaps": np.where(random.random(900) < 0.2, np.nan, noise(900)),
    }


KINDS = series_of_all_kinds()
any_kind = pytest.mark.parametrize("values", KINDS.values(), ids=KINDS.keys())


@any_kind
def test_a_score_uses_nothing_after_its_sample(values: Floats) -> None:
    times = every(10, len(values))
    whole = scores(times, values)
    assert whole.any()
    for end in (1, 2, GAP, GAP + 1, 100, 533, 534, 899):
        assert np.array_equal(scores(times[:end], values[:end]), whole[:end])
    short = scores(times, values, memory=80)
    for end in (101, 333, 899):
        assert np.array_equal(scores(times[:end], values[:end], memory=80), short[:end])


@any_kind
def test_the_platform_judges_its_own_series_with_the_same_scores(values: Floats) -> None:
    times = every(10, len(values))
    whole = scores(times, values)
    for end in (1, GAP, GAP + 1, 60, 300, 700, 900):
        assert unusual_now(times[:end], values[None, :end]) == pytest.approx(whole[end - 1], abs=1e-9)


@any_kind
def test_beyond_its_memory_a_series_is_judged_by_a_window_alone(values: Floats) -> None:
    times, memory = every(180, len(values)), 100
    whole = scores(times, values, memory=memory)
    # The window: memory and gap, a week of samples before them, and room for what is missing.
    window = 2 * (memory + GAP) + 7 * 8
    for end in (500, 733, 900):
        recent = values[None, end - window : end]
        judged = unusual_now(times[end - window : end], recent, memory=memory)
        assert judged == pytest.approx(whole[end - 1], abs=1e-9)


def test_many_series_are_judged_at_once_each_by_itself() -> None:
    kinds = [values[:900] for values in KINDS.values()]
    times = every(10, 900)
    together = unusual_now(times, np.array(kinds))
    alone = [unusual_now(times, values[None, :])[0] for values in kinds]
    assert together == pytest.approx(alone, abs=1e-12)


@any_kind
def test_scores_lie_between_nothing_and_one(values: Floats) -> None:
    found = scores(every(10, len(values)), values)
    assert found.shape == values.shape
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


@any_kind
def test_unit_and_offset_of_a_series_do_not_matter(values: Floats) -> None:
    times = every(10, len(values))
    assert scores(times, 8 * values) == pytest.approx(scores(times, values))
    if np.nanmax(np.abs(values)) > 0.1:
        assert scores(times, values + 1024) == pytest.approx(scores(times, values), abs=1e-4)


@pytest.mark.parametrize("value", [0.0, 45.1, -3e12, 1e-300])
def test_a_constant_series_is_never_unusual(value: float) -> None:
    assert not scores(every(5, 2000), np.full(2000, value)).any()
    assert not unusual_now(every(5, 300), np.full((3, 300), value)).any()


def test_the_first_change_of_a_constant_series_is_as_unusual_as_can_be() -> None:
    values = np.zeros(500)
    values[400] = 1.0
    found = scores(every(5, 500), values)
    assert found[400] > 0.99
    assert not found[:400].any()


def test_a_value_never_seen_before_raises_an_alarm_and_noise_does_not() -> None:
    values = noise(2000)
    values[1500] = 150
    found = scores(every(5, 2000), values)
    assert found[1500] > 0.9
    assert np.count_nonzero(found[300:] >= ALARM) <= 3


def test_a_value_between_two_levels_a_series_keeps_to_is_new_though_it_is_no_extreme() -> None:
    values = np.random.default_rng(2).choice([10.0, 90.0], 1000) + np.random.default_rng(3).normal(0, 1, 1000)
    values[800] = 50
    found = scores(every(5, 1000), values)
    assert found[800] >= ALARM
    assert found[800] == found[500:].max()


def test_a_fault_that_goes_on_stays_unusual_until_it_has_become_past() -> None:
    values = noise(1500)
    values[1000:] += 60
    found = scores(every(5, 1500), values)
    assert (found[1000 : 1000 + GAP] >= ALARM).all()
    assert np.count_nonzero(found[1100:] >= ALARM) <= 3


def test_a_jump_within_the_usual_range_is_seen_by_the_change_alone() -> None:
    values = waves(2000)
    values[1700] = values[1700 - 72]
    found = scores(every(10, 2000), values)
    assert found[1700] > 0.9


def test_a_quiet_hour_at_an_unusual_time_of_day_is_seen_by_the_days_before() -> None:
    level = np.where(np.arange(3000) % 144 < 72, 10.0, 40.0) + np.random.default_rng(4).normal(0, 0.5, 3000)
    smooth = np.convolve(level, np.ones(12) / 12, "same")
    odd = smooth.copy()
    # The rise comes three hours late.
    odd[2592 + 72 - 12 : 2592 + 72 + 18] = smooth[2592 + 72 - 12 - 18 : 2592 + 72]
    times = every(10, 3000)
    late = slice(2592 + 72, 2592 + 72 + 18)
    assert scores(times, odd)[late].max() >= ALARM
    assert scores(times, smooth)[late].max() < ALARM
    untimed = (np.arange(3000) * 1_000).astype(np.int64)
    assert scores(untimed, odd)[late].max() < ALARM


def test_the_less_is_known_of_a_series_the_farther_off_a_value_must_be() -> None:
    def score_of_the_same_step(after: int) -> float:
        pattern = np.tile([1.0, 2.0, 3.0, 4.0], 1 + after // 4)[:after]
        return float(scores(every(5, after + 1), np.append(pattern, 6.0))[-1])

    few, some, many = (score_of_the_same_step(count) for count in (32, 120, 2000))
    assert 0 < few < some < many
    assert score_of_the_same_step(GAP + 4) == 0


def test_missing_values_are_not_unusual_and_change_nothing_else() -> None:
    values = noise(800)
    values[600] = 200
    times = every(5, 800)
    holes = np.random.default_rng(6).choice(600, 100, replace=False)
    holed = np.insert(values, holes, [np.nan, np.inf] * 50)
    kept = np.isfinite(holed)
    stretched = np.insert(times, holes, times[holes])
    found = scores(stretched, holed)
    assert not found[~kept].any()
    assert np.array_equal(found[kept], scores(times, values))


def test_a_series_without_a_sample_now_is_not_judged() -> None:
    recent = np.array([noise(200), noise(200)])
    recent[:, -1] = 500, np.nan
    assert unusual_now(every(5, 200), recent)[0] > 0.9
    assert unusual_now(every(5, 200), recent)[1] == 0


def test_no_samples_and_a_single_one_are_not_unusual() -> None:
    assert scores(every(5, 0), np.empty(0)).shape == (0,)
    assert scores(every(5, 1), np.array([7.0])).tolist() == [0.0]
    assert scores(every(5, 3), np.full(3, np.nan)).tolist() == [0.0] * 3
    assert unusual_now(every(5, 0), np.empty((2, 0))).tolist() == [0.0, 0.0]
    assert unusual_now(every(5, 1), np.array([[7.0]])).tolist() == [0.0]
    assert unusual_now(every(5, 1), np.empty((0, 1))).shape == (0,)


def test_repeated_and_disordered_timestamps_are_taken_as_they_come() -> None:
    values = noise(600)
    values[500] = 200
    times = every(5, 600)
    times[100] = times[90]
    times[300:310] = times[299]
    times[400] = 0
    assert scores(times, values)[500] > 0.9


def test_an_extreme_value_does_not_blind_a_series_for_longer_than_its_memory() -> None:
    values = noise(3000)
    values[500] = 1e14
    values[2500] = 200
    found = scores(every(5, 3000), values, memory=1000)
    assert found[500] > 0.99
    assert found[2500] > 0.9
    assert np.count_nonzero(found[1600:2500] >= ALARM) <= 5


def test_the_largest_numbers_there_are_do_no_harm() -> None:
    values = np.where(np.arange(300) % 50 == 49, 1.7e308, -1.7e308)
    found = scores(every(5, 300), values)
    assert np.isfinite(found).all()
    assert np.isfinite(unusual_now(every(5, 300), values[None, :])).all()


def test_an_episode_is_reported_at_its_beginning_and_when_it_gets_worse() -> None:
    found = np.array([0.0, 0.6, 0.5, 0.6, 0.8, 0.7, 0.0, 0.7, 0.0, 0.7])
    kept = suppressed(every(10, 10), found, timedelta(minutes=40))
    assert kept.tolist() == [0.0, 0.6, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.7]


def test_suppression_uses_nothing_after_its_sample_and_only_takes_away() -> None:
    times, values = every(5, 900), noise(900)
    values[400:440] += 80
    found = scores(times, values)
    kept = suppressed(times, found, timedelta(hours=6))
    assert ((kept == found) | (kept == 0)).all()
    assert kept[400] == found[400] > 0.9
    assert np.count_nonzero(kept[400:440] >= ALARM) < np.count_nonzero(found[400:440] >= ALARM)
    assert np.array_equal(suppressed(times[:420], found[:420], timedelta(hours=6)), kept[:420])
    assert suppressed(times[:0], found[:0], timedelta(hours=6)).shape == (0,)
