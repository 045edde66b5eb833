"""Silences wait for what is harmless: lost samples, however many of them are lost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pytest

from monitoring.metrics import Sample, SeriesKey
from monitoring.watch import Watch
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import START, samples, ticks

KEYS = [SeriesKey("kafka", f"group-{n}/orders", "consumer_group_lag") for n in range(40)]
HOURS = 3


def thinned(share: float, seed: int, step: float = 30) -> list[Sample]:
    """Steady series of which so many samples are lost by chance."""
    chance = np.random.Generator(np.random.PCG64(seed))
    whole = chain.from_iterable(samples(key, [10.0] * round(HOURS * 3600 / step), step=step) for key in KEYS)
    return [sample for sample in whole if chance.random() >= share]


def silent(given: Sequence[Sample], until: float = HOURS * 3600) -> list[tuple[float, SeriesKey]]:
    """What was told of as silent, and when, in seconds after the start."""
    watch = Watch(CATALOGUE)
    told = []
    for moment, block in ticks(given, until):
        for change in watch.tick(moment, block).changes:
            if change.kind == "fired":
                assert change.event.kind == "no_data"
                told.append(((moment - START).total_seconds(), change.event.key))
    return told


@pytest.mark.parametrize("step", [30, 60])
@pytest.mark.parametrize(("share", "most"), [(0.02, 0), (0.1, 0), (0.3, 2), (0.5, 10)])
def test_lost_samples_are_no_silence_however_many_are_lost(share: float, most: int, step: float) -> None:
    """Forty series over three hours; with every second sample lost, a few false ones are forgiven and no storm."""
    assert len(silent(thinned(share, 1, step), HOURS * 3600 - 300)) <= most


def test_an_outage_is_no_loss_and_a_second_one_is_told_as_soon_as_the_first() -> None:
    away = [(3600, 4500), (5400, 6300)]
    given = [
        sample
        for sample in thinned(0.0, 1)
        if sample.key != KEYS[0] or not any(a <= (sample.time - START).total_seconds() < b for a, b in away)
    ]
    first, second = (seconds for seconds, _ in silent(given))
    assert (first - away[0][0], second - away[1][0]) == (120, 120)


@pytest.mark.parametrize(("share", "within"), [(0.0, 180), (0.02, 210), (0.3, 480), (0.5, 780)])
def test_a_series_that_stops_is_told_all_the_same_the_sooner_the_fewer_are_lost(share: float, within: float) -> None:
    stop = 2 * 3600
    given = [s for s in thinned(share, 2) if s.key != KEYS[0] or (s.time - START).total_seconds() < stop]
    told = [seconds for seconds, key in silent(given, stop + 1800) if key == KEYS[0] and seconds >= stop]
    assert told
    assert told[0] <= stop + within


def test_a_series_that_comes_seldom_has_lost_nothing() -> None:
    """Every five minutes, on time: it is told when five are missing, as ever."""
    key = SeriesKey("kafka", "broker-9", "under_replicated_partitions")
    given = samples(key, [0.0] * 24, step=300) + list(chain.from_iterable(samples(k, [1.0] * 400) for k in KEYS))
    told = [seconds for seconds, of in silent(given, 10_000) if of == key]
    assert 23 * 300 + 5 * 300 <= told[0] <= 23 * 300 + 5 * 300 + 60
