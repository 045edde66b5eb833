"""What is remembered of a series: its last sample, its pace, and what is usual for it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from monitoring.blocks import Block, Ints, to_micros
from monitoring.detection.memory import BIN, BINS_KEPT, COARSE_KEPT, EVERY, HOUR, SECOND, Memory
from monitoring.metrics import Sample
from tests.unit.by_hand import at, key, samples, ticks


def fed(given: list[Sample], until: float, step: float = 30) -> Memory:
    memory = Memory()
    for _, block in ticks(given, until, step):
        memory.absorb(block)
    return memory


def hourly(values: list[float], first_hour: float = 0) -> Block:
    return Block.of(samples(key(), values, first=first_hour * 3600, step=3600))


def test_the_newest_sample_is_kept() -> None:
    memory = Memory()
    memory.absorb(Block.of([*samples(key(), [1, 2, 3]), *samples(key("b"), [4])]))
    assert memory.value.tolist() == [3, 4]
    assert memory.last.tolist() == [to_micros(at(60)), to_micros(at(0))]
    assert memory.first.tolist() == [to_micros(at(0)), to_micros(at(0))]
    assert memory.count.tolist() == [3, 1]


def test_samples_out_of_order_leave_the_newest_too() -> None:
    memory = Memory()
    memory.absorb(Block.of(samples(key(), [1, 2, 3])[::-1]))
    assert memory.value.tolist() == [3]
    assert memory.pace.tolist() == [30 * SECOND]


def test_an_empty_block_changes_nothing() -> None:
    memory = Memory()
    memory.absorb(Block.empty())
    memory.absorb(Block.empty([key()]))
    assert len(memory) == 0


def test_names_keep_their_places() -> None:
    memory = Memory()
    assert memory.enrol([key("a"), key("b"), key("a")]).tolist() == [0, 1, 0]
    assert memory.enrol([key("c"), key("b")]).tolist() == [2, 1]


def test_the_same_names_have_the_same_places_whatever_came_between() -> None:
    memory = Memory()
    names = (key("a"), key("b"))
    given = [key("d")]
    assert memory.enrol(names).tolist() == [0, 1]
    assert memory.enrol(names).tolist() == [0, 1]
    assert memory.enrol(given).tolist() == [2]
    given.append(key("e"))
    assert memory.enrol(given).tolist() == [2, 3]
    assert memory.enrol(names).tolist() == [0, 1]
    assert len(memory) == 4


@pytest.mark.parametrize("step", [1, 30, 300])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_pace_is_learned_whether_samples_come_one_by_one_or_together(step: int, at_once: bool) -> None:
    given = samples(key(), [0.0] * 12, step=step)
    memory = fed(given, 12 * step, step=12 * step if at_once else step)
    assert memory.pace.tolist() == [step * SECOND]


def test_nothing_is_usual_before_ten_minutes_and_ten_samples() -> None:
    assert math.isnan(fed(samples(key(), [5.0] * 20), 9.5 * 60).usual()[0])
    assert math.isnan(fed(samples(key(), [5.0] * 9, step=120), 1800).usual()[0])
    assert fed(samples(key(), [5.0] * 21), 600).usual()[0] == 5.0


def test_the_median_of_hourly_means_is_usual_and_one_outage_hour_does_not_move_it() -> None:
    given = samples(key(), [10.0] * 240 + [0.0] * 120 + [12.0] * 240 + [0.0] * 5)
    assert fed(given, 5 * 3600 + 60).usual()[0] == 10.0


def test_an_hour_is_forgotten_after_a_day() -> None:
    given = samples(key(), [100.0] * 12 * 2 + [1.0] * 12 * 26, step=300)
    assert fed(given, 27 * 3600, step=300).usual()[0] == 1.0
    memory = fed(samples(key(), [100.0] * 12 * 2, step=300), 2 * 3600, step=300)
    memory.absorb(Block.of(samples(key(), [1.0] * 13, first=72 * 3600, step=300)))
    assert memory.usual()[0] == 1.0


def test_every_hour_of_the_last_day_counts() -> None:
    given = samples(key(), [float(n // 12) for n in range(12 * 24)] + [99.0], step=300)
    assert fed(given, 24 * 3600, step=300).usual()[0] == 11.5


def test_samples_of_two_hours_in_one_block_count_for_their_own_hour() -> None:
    given = samples(key(), [2.0] * 120 + [8.0] * 120 + [0.0])
    together, apart = Memory(), fed(given, 7200)
    together.absorb(Block.of(given))
    assert together.usual()[0] == apart.usual()[0] == 5.0


def test_two_minutes_before_the_full_hour_are_no_hour() -> None:
    memory = fed(samples(key(), [1.0] * 4 + [100.0] * 4, first=3480), 3700)
    assert math.isnan(memory.usual()[0])


def test_hourly_means_of_before_are_usual_at_once_after_a_restart() -> None:
    memory = Memory()
    memory.recall_hours(hourly([4.0, 6.0, 5.0]))
    memory.absorb(Block.of(samples(key(), [50.0], first=3 * 3600)))
    assert memory.usual()[0] == 5.0


def test_memory_recalled_is_the_memory_that_was() -> None:
    values = [float(3 + n // 120) for n in range(120 * 6)]
    lived = fed(samples(key(), [*values, 0.0]), 6 * 3600)
    recalled = Memory()
    recalled.recall_hours(hourly([3.0, 4.0, 5.0, 6.0, 7.0, 8.0]))
    recalled.absorb(Block.of(samples(key(), [0.0], first=6 * 3600)))
    assert recalled.usual()[0] == lived.usual()[0]


def test_nothing_to_recall_changes_nothing() -> None:
    memory = Memory()
    memory.recall_hours(Block.empty())
    memory.recall_silence([], 0)
    assert len(memory) == 0


def test_a_series_known_to_be_silent_keeps_that_until_it_sends_again() -> None:
    memory = Memory()
    memory.enrol([key()])
    memory.recall_silence([0], to_micros(at(0)), 7.0)
    assert memory.silent(to_micros(at(7200))).tolist() == [True]
    assert memory.value[0] == 7.0
    memory.absorb(Block.of(samples(key(), [1.0], first=7200)))
    assert memory.silent(to_micros(at(7200))).tolist() == [False]


def test_what_has_sent_since_is_not_made_silent() -> None:
    memory = Memory()
    memory.absorb(Block.of(samples(key(), [1.0])))
    memory.recall_silence([0], to_micros(at(-7200)), 7.0)
    assert (int(memory.last[0]), memory.value[0]) == (to_micros(at(0)), 1.0)


def test_zeros_are_samples_and_no_silence() -> None:
    memory = fed(samples(key(), [0.0] * 100), 99 * 30)
    assert not memory.silent(to_micros(at(99 * 30))).any()


def test_a_hundred_thousand_series_grow_in_one_step() -> None:
    memory = Memory()
    keys = tuple(key(f"b{n}") for n in range(100_000))
    series: Ints = np.arange(100_000, dtype=np.int64)
    memory.absorb(Block(keys, series, np.full(100_000, 7 * HOUR), np.ones(100_000)))
    assert len(memory) == 100_000
    assert memory.count.sum() == 100_000


class TestBins:
    FIRST: Ints = np.array([0], np.int64)

    def test_a_fine_bin_holds_the_mean_of_its_samples(self) -> None:
        memory = fed(samples(key(), [1.0, 2.0, 6.0, 10.0, 20.0, 30.0, 5.0], step=10), 60, step=10)
        np.testing.assert_array_equal(memory.recent(self.FIRST, 4), [[math.nan, 3.0, 20.0, 5.0]])
        assert memory.newest_bin == to_micros(at(60)) // BIN

    @pytest.mark.parametrize("step", [10, 60, 3600])
    def test_it_does_not_matter_how_samples_are_cut_into_blocks(self, step: int) -> None:
        given = [*samples(key("a"), [float(n) for n in range(300)], step=10), *samples(key("b"), [7.0] * 70, step=43)]
        whole, cut = Memory(), fed(given, 3600, step=step)
        whole.absorb(Block.of(given))
        for name in ("recent", "coarse_mean", "coarse_min"):
            np.testing.assert_array_equal(getattr(whole, name)(EVERY), getattr(cut, name)(EVERY))
        assert [whole.newest_bin, whole.newest_coarse] == [cut.newest_bin, cut.newest_coarse]

    def test_where_nothing_came_there_is_nothing(self) -> None:
        memory = fed(samples(key(), [1.0, 2.0, 3.0], step=60), 120)
        np.testing.assert_array_equal(memory.recent(self.FIRST, 5), [[1.0, math.nan, 2.0, math.nan, 3.0]])
        assert np.isnan(Memory().recent(EVERY)).size == 0

    def test_bins_end_with_the_newest_sample_of_any_series(self) -> None:
        memory = Memory()
        memory.absorb(Block.of([*samples(key("a"), [1.0, 2.0]), *samples(key("b"), [5.0] * 4)]))
        np.testing.assert_array_equal(memory.recent(EVERY, 4), [[1, 2, math.nan, math.nan], [5, 5, 5, 5]])
        np.testing.assert_array_equal(memory.recent(np.array([1, 0]), 2), [[5, 5], [math.nan, math.nan]])

    def test_a_late_sample_belongs_to_its_own_bin(self) -> None:
        memory = Memory()
        memory.absorb(Block.of([*samples(key("a"), [1.0]), *samples(key("b"), [5.0] * 4)]))
        memory.absorb(Block.of(samples(key("a"), [3.0, 4.0], first=10, step=20)))
        np.testing.assert_array_equal(memory.recent(self.FIRST, 4), [[2.0, 4.0, math.nan, math.nan]])

    def test_old_bins_are_forgotten(self) -> None:
        memory = fed(samples(key(), [float(n) for n in range(300)]), 300 * 30)
        assert memory.recent(self.FIRST)[0].tolist() == [float(n) for n in range(300 - BINS_KEPT, 300)]

    @pytest.mark.parametrize("gap", [3600, 3810, 3840, 86_400, 40 * 86_400])
    def test_a_jump_of_the_clock_leaves_empty_bins(self, gap: int) -> None:
        memory = fed(samples(key(), [1.0] * 10), 300)
        memory.absorb(Block.of(samples(key(), [2.0], first=270 + gap)))
        bins = memory.recent(self.FIRST)[0]
        assert bins[-1] == 2.0
        assert np.isnan(bins[:-1]).sum() == min(gap // 30, BINS_KEPT) - 1

    def test_a_coarse_bin_holds_mean_and_least_of_five_minutes(self) -> None:
        memory = fed(samples(key(), [9.0, 3.0, *[6.0] * 8, 7.0]), 300)
        assert memory.coarse_mean(self.FIRST, 2).tolist() == [[6.0, 7.0]]
        assert memory.coarse_min(self.FIRST, 2).tolist() == [[3.0, 7.0]]
        assert memory.coarse_min(self.FIRST).shape == (1, COARSE_KEPT)

    def test_hours_hold_mean_least_and_greatest_and_leave_out_the_running_one(self) -> None:
        memory = fed(samples(key(), [*[1.0] * 60, *[3.0] * 60, *[9.0] * 30]), 4500)
        mean, low, high = memory.hours(self.FIRST, 2)
        np.testing.assert_array_equal(mean, [[math.nan, 2.0]])
        assert (low[0, 1], high[0, 1]) == (1.0, 3.0)

    def test_a_season_is_the_same_time_of_the_days_before(self) -> None:
        memory = Memory()
        hours = hourly([float(n % 24) for n in range(24 * 8)], first_hour=-24 * 8)
        memory.recall_hours(hours, hours.values - 0.5, hours.values + 0.5)
        memory.absorb(Block.of(samples(key(), [50.0])))
        mean, low, high = memory.season(self.FIRST, to_micros(at(10)), around=1)
        np.testing.assert_array_equal(mean, [[23.0, 0.0, 1.0] * 7])
        assert (low.min(), high.max()) == (-0.5, 23.5)

    def test_a_day_that_is_not_known_is_no_season(self) -> None:
        memory = fed(samples(key(), [1.0] * 120), 3600)
        assert np.isnan(memory.season(self.FIRST, to_micros(at(3600))).high).all()

    def test_what_was_recalled_is_not_replaced_by_the_few_samples_read_again(self) -> None:
        memory = Memory()
        memory.recall_hours(hourly([4.0, 6.0, 5.0]))
        memory.absorb(Block.of(samples(key(), [100.0] * 3, first=2 * 3600 + 3500)))
        memory.absorb(Block.of(samples(key(), [5.0], first=3 * 3600)))
        assert memory.hours(self.FIRST, 3).mean.tolist() == [[4.0, 6.0, 5.0]]

    def test_five_minutes_from_before_a_restart_are_recalled(self) -> None:
        given = [float(n % 7) for n in range(360)]
        lived = fed(samples(key(), [*given, 1.0]), 3 * 3600)
        recalled = Memory()
        before = Block.of(samples(key(), given[:240])).times // (300 * SECOND)
        means = [float(np.mean(np.array(given[:240])[before == one])) for one in np.unique(before)]
        low = [float(np.min(np.array(given[:240])[before == one])) for one in np.unique(before)]
        recalled.recall_coarse(Block.of(samples(key(), means, step=300)), np.array(low))
        recalled.absorb(Block.of(samples(key(), [*given[240:], 1.0], first=7200)))
        np.testing.assert_array_equal(recalled.coarse_min(EVERY), lived.coarse_min(EVERY))
        np.testing.assert_allclose(recalled.coarse_mean(EVERY), lived.coarse_mean(EVERY), rtol=1e-6)

    def test_series_that_come_later_have_empty_bins_before(self) -> None:
        memory = fed(samples(key("a"), [1.0] * 5), 120)
        for n in range(50):
            memory.absorb(Block.of(samples(key(f"new-{n}"), [float(n)], first=120)))
        bins = memory.recent(EVERY, 5)
        assert bins[0].tolist() == [1.0] * 5
        np.testing.assert_array_equal(bins[1:, -1], np.arange(50.0))
        assert np.isnan(bins[1:, :-1]).all()

    def test_a_sample_later_than_now_is_left_out(self) -> None:
        memory = fed(samples(key(), [1.0] * 10), 270)
        memory.absorb(Block.of(samples(key(), [9.0], first=10 * 365 * 86_400)), to_micros(at(300)))
        memory.absorb(Block.of(samples(key(), [2.0], first=300)), to_micros(at(300)))
        assert memory.recent(self.FIRST, 3).tolist() == [[1.0, 1.0, 2.0]]

    @pytest.mark.parametrize("value", [1e300, -1e300, 1.7e308])
    def test_what_is_too_large_to_be_measured_is_left_out(self, value: float) -> None:
        memory = fed(samples(key(), [1.0, value, 2.0], step=10), 30)
        assert (memory.count.tolist(), memory.value.tolist()) == ([2], [2.0])
        assert memory.coarse_mean(self.FIRST, 1).tolist() == [[1.5]]

    def test_an_exabyte_stays_one(self) -> None:
        memory = fed(samples(key(), [1e18] * 3, step=10), 30)
        assert memory.recent(self.FIRST, 1).tolist() == [[pytest.approx(1e18)]]
