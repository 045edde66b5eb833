"""What is remembered of a series: its last sample, its pace, and what is usual for it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from monitoring.blocks import Block, Ints, to_micros
from monitoring.detection.memory import HOUR, SECOND, Memory
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
