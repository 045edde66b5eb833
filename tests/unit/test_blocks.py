"""Samples in columns: the same samples whichever way they are cut and put together."""

from __future__ import annotations

import random
from datetime import UTC, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.blocks import Block, from_micros, joined, to_micros
from monitoring.metrics import Sample
from monitoring.moments import parse_moment
from tests.unit.by_hand import at, key, samples

MIXED = [*samples(key("a"), [1, 2, 3]), *samples(key("b"), [4, 5], first=15), *samples(key("a"), [6], first=-30)]


@given(st.timedeltas(timedelta(days=-40_000), timedelta(days=60_000)))
def test_a_time_is_whole_microseconds_and_back(since: timedelta) -> None:
    moment = at(0) + since
    assert from_micros(to_micros(moment)) == moment


def test_times_of_other_zones_are_the_same_times() -> None:
    assert to_micros(parse_moment("2026-03-04T04:00:00+01:00")) == to_micros(at(0))


def test_a_block_holds_the_samples_it_was_made_of() -> None:
    block = Block.of(MIXED)
    assert list(block.samples()) == MIXED
    assert len(block) == len(MIXED)
    assert block.keys == (key("a"), key("b"))


def test_no_samples_are_an_empty_block() -> None:
    for block in (Block.of([]), Block.empty(), joined([]), joined([Block.empty(), Block.empty()])):
        assert len(block) == 0
        assert list(block.samples()) == []


def test_an_empty_block_may_know_series() -> None:
    assert joined([Block.empty([key("a")]), Block.of(MIXED[3:5])]).keys == (key("a"), key("b"))


@pytest.mark.parametrize("cut", range(len(MIXED) + 1))
def test_parts_joined_are_the_whole(cut: int) -> None:
    whole = Block.of(MIXED)
    again = joined([whole.slice(0, cut), whole.slice(cut, len(whole))])
    assert list(again.samples()) == MIXED


def test_blocks_with_other_lists_of_series_are_joined_by_name() -> None:
    one, other = Block.of(samples(key("a"), [1])), Block.of(samples(key("b"), [2]) + samples(key("a"), [3], first=30))
    both = joined([one, other])
    assert [(s.instance, s.value) for s in both.samples()] == [("a", 1), ("b", 2), ("a", 3)]
    assert both.keys == (key("a"), key("b"))


def test_in_order_of_time_those_of_one_time_keep_their_order() -> None:
    shuffled = MIXED[:]
    random.Random(3).shuffle(shuffled)
    assert list(Block.of(shuffled).by_time().samples()) == sorted(shuffled, key=lambda s: s.time)


def test_what_is_in_order_is_left_alone() -> None:
    block = Block.of(samples(key(), [1, 2, 3]))
    assert block.by_time() is block


def test_a_mask_or_places_take_some() -> None:
    block = Block.of(MIXED)
    wanted = [sample for sample in MIXED if sample.value > 3]
    assert list(block.take(block.values > 3).samples()) == wanted
    assert list(block.take(np.flatnonzero(block.values > 3)).samples()) == wanted


def test_samples_come_back_as_plain_values() -> None:
    (sample,) = Block.of([Sample(at(0) + timedelta(microseconds=1), *key(), 1)]).samples()
    assert (type(sample.value), sample.time.tzinfo) == (float, UTC)
