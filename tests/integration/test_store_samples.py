"""Samples are stored once, whichever way and however often they arrive."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.metrics import Sample, SeriesKey, Window
from monitoring.settings import Settings
from monitoring.store.samples import Written
from monitoring.store.store import Store, open_store
from tests.integration.samples_by_hand import LAG, NOON, PARTS, block, line, scattered

pytestmark = pytest.mark.store

ALL = Window(datetime(2001, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def stored(store: Store) -> set[Sample]:
    """Everything in the store; fails where a sample is there twice."""
    found = list(store.samples.between(ALL).samples())
    assert len({(s.key, s.time) for s in found}) == len(found)
    return set(found)


def test_what_is_written_is_read_back_in_order_of_time(store: Store) -> None:
    samples = line(LAG, NOON, NOON + timedelta(minutes=5), 7.25) + line(PARTS, NOON, NOON + timedelta(minutes=5), 80)
    written = store.samples.write(block(samples))
    assert (written.stored, written.duplicates, written.places.tolist()) == (20, 0, [])
    found = list(store.samples.between(ALL).samples())
    assert set(found) == set(samples)
    assert [s.time for s in found] == sorted(s.time for s in found)


def test_a_window_holds_its_start_and_not_its_end(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON, NOON + timedelta(minutes=2), 1)))
    inside = store.samples.between(Window(NOON + timedelta(seconds=30), NOON + timedelta(seconds=90)))
    assert [s.time for s in inside.samples()] == [NOON + timedelta(seconds=30), NOON + timedelta(seconds=60)]


def test_a_sample_sent_again_is_a_duplicate_and_the_first_value_stays(store: Store) -> None:
    store.samples.write(block([Sample(NOON, *LAG, 1.0)]))
    again = store.samples.write(block([Sample(NOON, *LAG, 2.0)]))
    assert (again.stored, again.duplicates, again.places.tolist()) == (0, 1, [0])
    assert stored(store) == {Sample(NOON, *LAG, 1.0)}


def test_duplicates_are_reported_by_their_places_in_the_block(store: Store) -> None:
    minute = timedelta(minutes=1)
    store.samples.write(block([Sample(NOON, *LAG, 1.0), Sample(NOON + minute, *PARTS, 5.0)]))
    written = store.samples.write(
        block(
            [
                Sample(NOON + 3 * minute, *LAG, 4.0),  # new
                Sample(NOON + minute, *PARTS, 5.0),  # stored before
                Sample(NOON + minute, *LAG, 2.0),  # new: the same time as a sample of another series
                Sample(NOON + 3 * minute, *LAG, 4.5),  # twice in this block
                Sample(NOON, *LAG, 1.0),  # stored before
            ]
        )
    )
    assert (written.stored, written.duplicates, written.places.tolist()) == (2, 3, [1, 3, 4])
    assert len(stored(store)) == 4


def test_of_repetitions_within_a_block_the_first_is_stored(store: Store) -> None:
    written = store.samples.write(block([Sample(NOON, *LAG, float(n)) for n in range(5)]))
    assert (written.stored, written.places.tolist()) == (1, [1, 2, 3, 4])
    assert stored(store) == {Sample(NOON, *LAG, 0.0)}


def test_an_empty_block_is_nothing_to_do(store: Store) -> None:
    assert store.samples.write(block([]))[:2] == (0, 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_and_any_cut_into_blocks_store_the_same(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    samples = scattered(chance, [LAG, PARTS], NOON - timedelta(days=3), timedelta(days=4), 600)
    first_values = {(s.key, s.time): s for s in reversed(samples)}
    reported = accepted = 0
    at = 0
    while at < len(samples):
        size = chance.randrange(1, 120)
        written = store.samples.write(block(samples[at : at + size]))
        reported, accepted = reported + written.duplicates, accepted + written.stored
        at += size
    assert accepted == len(first_values)
    assert reported == len(samples) - accepted
    assert stored(store) == set(first_values.values())


def test_samples_of_any_age_are_taken_in_one_block(store: Store) -> None:
    times = [datetime(year, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC) for year in (2002, 2014, 2026, 2027)]
    store.samples.write(block([Sample(time, *LAG, 1.5) for time in reversed(times)]))
    assert sorted(s.time for s in stored(store)) == times


def test_the_day_ends_at_midnight_utc_to_the_microsecond(store: Store) -> None:
    midnight = datetime(2026, 3, 5, tzinfo=UTC)
    times = [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(microseconds=1)]
    store.samples.write(block([Sample(time, *LAG, 1.5) for time in times]))
    assert sorted(s.time for s in stored(store)) == times


@pytest.mark.parametrize("value", [0.0, -0.0, 5e-324, -1.7976931348623157e308, 1 / 3, 2.0**53 + 1])
def test_values_come_back_exactly(store: Store, value: float) -> None:
    store.samples.write(block([Sample(NOON, *LAG, value)]))
    assert store.samples.between(ALL).values.tolist() == [value]


NAMES = (
    "o'brien",
    'say "hi"',
    "back\\slash",
    "tab\tand\nnewline",
    "percent %s %(name)s %%",
    "{curly,braces}",
    "NULL",
    "",
    " ",
    "größe/ünïcode/日本語/🙂",
    "e\u0301 is not \u00e9",
    "\u00e9 is not e\u0301",
    "a" * 1_000,
    "'; DROP TABLE samples; --",
)


def test_instance_names_are_data(store: Store, settings: Settings) -> None:
    samples = [Sample(NOON, "kafka", name, "consumer_group_lag", float(n)) for n, name in enumerate(NAMES)]
    store.samples.write(block(samples))
    assert stored(store) == set(samples)
    other = open_store(settings)  # one that has to look the names up
    try:
        assert other.samples.write(block(samples)).duplicates == len(samples)
        assert stored(other) == set(samples)
        assert {key.instance for key in other.samples.all_series()} == set(NAMES)
    finally:
        other.close()


def test_ten_thousand_new_series_arrive_at_once(store: Store) -> None:
    keys = [SeriesKey("kafka", f"group-{n % 100}/topic-{n // 100}", "consumer_group_lag") for n in range(10_000)]
    written = store.samples.write(block([Sample(NOON, *key, float(n)) for n, key in enumerate(keys)]))
    assert written.stored == 10_000
    assert len(stored(store)) == len(store.samples.all_series()) == 10_000


def test_the_newest_sample_of_each_series_is_found(store: Store) -> None:
    assert store.samples.newest_time() is None
    store.samples.write(
        block(line(LAG, NOON, NOON + timedelta(hours=1), 1), line(PARTS, NOON, NOON + timedelta(minutes=3), 2))
    )
    last = store.samples.last(Window(NOON, NOON + timedelta(minutes=10)))
    assert {(s.key, s.time) for s in last.samples()} == {
        (LAG, NOON + timedelta(minutes=9, seconds=30)),
        (PARTS, NOON + timedelta(minutes=2, seconds=30)),
    }
    assert store.samples.newest_time() == NOON + timedelta(minutes=59, seconds=30)


def together(store: Store, blocks: Sequence[Sequence[Sample]]) -> list[Written]:
    """Write every block in a thread of its own, all beginning at the same moment."""
    gate = threading.Barrier(len(blocks))

    def write(samples: Sequence[Sample]) -> Written:
        prepared = block(samples)
        gate.wait()
        return store.samples.write(prepared)

    with ThreadPoolExecutor(len(blocks)) as threads:
        return list(threads.map(write, blocks))


@pytest.mark.parametrize("writers", [2, 6])
def test_writers_at_once_with_overlapping_samples_lose_and_double_nothing(store: Store, writers: int) -> None:
    chance = random.Random(writers)
    keys = [SeriesKey("flink", f"job-{n}", "checkpoint_duration") for n in range(20)]
    distinct: set[tuple[SeriesKey, datetime]] = set()
    accepted = 0
    for _ in range(6):
        shared = scattered(chance, keys, NOON, timedelta(hours=2), 2_000)
        shares = [chance.sample(shared, 1_500) for _ in range(writers)]
        results = together(store, shares)
        accepted += sum(written.stored for written in results)
        assert [written.stored + written.duplicates for written in results] == [1_500] * writers
        distinct |= {(s.key, s.time) for share in shares for s in share}
    assert {(s.key, s.time) for s in stored(store)} == distinct
    assert accepted == len(distinct)


def test_writers_at_once_register_each_new_name_once(store: Store) -> None:
    keys = [SeriesKey("kafka", f"g/{n}", "consumer_group_lag") for n in range(300)]
    together(store, [[Sample(NOON + timedelta(seconds=w), *key, 1.0) for key in keys] for w in range(5)])
    assert len(store.samples.all_series()) == 300
    assert len(stored(store)) == 1_500


def test_writers_that_begin_the_same_day_at_once_do_not_disturb_each_other(store: Store) -> None:
    for day in range(5):
        start = NOON + timedelta(days=10 * day)
        days = [[Sample(start + timedelta(days=d, seconds=w), *LAG, 1.0) for d in range(4)] for w in range(4)]
        assert sum(written.stored for written in together(store, days)) == 16


def test_a_block_that_fails_leaves_nothing_behind(store: Store) -> None:
    good = line(LAG, NOON, NOON + timedelta(minutes=5), 1)
    broken = block(good, [Sample(NOON, "kafka", "nul\0byte", "consumer_group_lag", 1.0)])
    with pytest.raises(ValueError, match="NUL"):
        store.samples.write(broken)
    assert stored(store) == set()
    assert store.samples.write(block(good)).stored == len(good)


def test_removing_all_samples_removes_what_was_derived_from_them(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON - timedelta(hours=5), NOON, 1)))
    store.rollups.refresh(NOON)
    store.clear()
    assert stored(store) == set()
    for view in ("platform_metrics", "platform_metrics_1m", "platform_metrics_1h"):
        assert count(store, view) == 0
    assert store.query("oldest_data")[0]["oldest"] is None
    assert store.samples.write(block(line(LAG, NOON - timedelta(hours=1), NOON, 2))).stored == 120


def test_a_writer_goes_on_after_another_process_removed_all_samples(store: Store, settings: Settings) -> None:
    samples = line(LAG, NOON, NOON + timedelta(minutes=5), 1)
    store.samples.write(block(samples))
    other = open_store(settings)
    try:
        other.clear()
        assert store.samples.write(block(samples)).stored == 10
        assert count(store, "platform_metrics") == 10
        assert stored(other) == set(samples)
    finally:
        other.close()


def test_a_reader_names_what_came_and_what_went_since_it_last_read(store: Store, settings: Settings) -> None:
    first, second = (line(key, NOON, NOON + timedelta(minutes=5), 1) for key in (LAG, PARTS))
    reader = open_store(settings)
    try:
        store.samples.write(block(first))
        assert stored(reader) == set(first)
        assert stored(reader) == set(first)
        store.samples.write(block(second))
        assert stored(reader) == {*first, *second}
        store.clear()
        store.samples.write(block(second))
        assert stored(reader) == set(second)
        store.clear()
        store.samples.write(block(first))
        assert stored(reader) == set(first)
    finally:
        reader.close()


def test_readers_and_writers_survive_the_removal_of_all_samples(store: Store, settings: Settings) -> None:
    other = open_store(settings)
    stop = threading.Event()

    def write(place: int) -> int:
        accepted = 0
        while not stop.is_set():
            chance = random.Random(accepted)
            samples = scattered(chance, [LAG, PARTS], NOON + timedelta(hours=place), timedelta(hours=1), 50)
            accepted += other.samples.write(block(samples)).stored
            other.samples.between(Window(NOON, NOON + timedelta(hours=3)))
        return accepted

    try:
        with ThreadPoolExecutor(2) as threads:
            writers = [threads.submit(write, place) for place in range(2)]
            for _ in range(8):
                store.clear()
            stop.set()
            assert all(writer.result(20) > 0 for writer in writers)
        assert len(stored(store)) == count(store, "platform_metrics")
    finally:
        stop.set()
        other.close()


def test_samples_of_a_day_that_was_dropped_are_taken_again(store: Store) -> None:
    old = line(LAG, NOON - timedelta(days=40), NOON - timedelta(days=40) + timedelta(minutes=5), 1)
    store.samples.write(block(old))
    store.rollups.forget(NOON, 30, 730)
    store.samples.write(block(old))
    assert set(old) <= stored(store)


def count(store: Store, view: str) -> int:
    with store._owner.transaction("counting") as cursor:
        cursor.execute(f"SELECT count(*) FROM {view}")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def test_places_are_whole_numbers_in_ascending_order(store: Store) -> None:
    samples = line(LAG, NOON, NOON + timedelta(minutes=5), 1)
    store.samples.write(block(samples))
    places = store.samples.write(block(reversed(samples))).places
    assert places.dtype == np.int64
    assert places.tolist() == list(range(10))
