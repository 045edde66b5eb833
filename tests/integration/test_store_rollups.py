"""The views by minute and by hour always say what the samples say."""

from __future__ import annotations

import math
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.metrics import Sample, SeriesKey, Window
from monitoring.store.store import Store
from tests.integration.samples_by_hand import LAG, NOON, PARTS, block, line, scattered

pytestmark = pytest.mark.store

KEYS = (LAG, PARTS, SeriesKey("flink", "job/map", "task_busy_ratio"))
WIDTHS = {"platform_metrics_1m": "1 minute", "platform_metrics_1h": "1 hour"}
HOUR = timedelta(hours=1)


def ask(store: Store, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with store._owner.transaction("asking") as cursor:
        cursor.execute(statement, parameters)
        return [tuple(row) for row in cursor.fetchall()]


def rolled_up(store: Store, view: str) -> dict[tuple[Any, ...], tuple[float, ...]]:
    """A rollup view by bucket and series; fails where a bucket is there twice."""
    found = ask(store, f"SELECT bucket, component, instance, metric, samples, avg, min, max FROM {view}")
    as_read = {row[:4]: row[4:] for row in found}
    assert len(as_read) == len(found)
    return as_read


def aggregated(store: Store, view: str) -> dict[tuple[Any, ...], tuple[float, ...]]:
    """The same, aggregated in full from the samples."""
    found = ask(
        store,
        "SELECT date_bin(%s::interval, time, timestamptz '2000-01-01 00:00+00'), component, instance, metric,"
        " count(*), avg(value), min(value), max(value) FROM platform_metrics GROUP BY 1, 2, 3, 4",
        WIDTHS[view],
    )
    return {row[:4]: row[4:] for row in found}


def assert_complete(store: Store) -> None:
    for view in WIDTHS:
        seen, wanted = rolled_up(store, view), aggregated(store, view)
        assert seen.keys() == wanted.keys()
        for bucket, values in wanted.items():
            assert seen[bucket][0] == values[0]
            assert seen[bucket][2:] == values[2:]
            assert math.isclose(seen[bucket][1], values[1], rel_tol=1e-9, abs_tol=1e-9)


def test_rollups_are_complete_up_to_now_without_any_refresh(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON - 3 * HOUR, NOON + timedelta(minutes=17), 5)))
    assert_complete(store)
    assert max(bucket for bucket, *_ in rolled_up(store, "platform_metrics_1m")) == NOON + timedelta(minutes=16)


def test_an_empty_store_has_empty_rollups(store: Store) -> None:
    assert store.rollups.refresh(NOON) == 0
    assert rolled_up(store, "platform_metrics_1m") == rolled_up(store, "platform_metrics_1h") == {}


def test_a_bucket_holds_its_start_and_not_its_end(store: Store) -> None:
    edge = timedelta(microseconds=1)
    times = (NOON - edge, NOON, NOON + timedelta(minutes=1) - edge, NOON + timedelta(minutes=1))
    store.samples.write(block([Sample(time, *LAG, float(n)) for n, time in enumerate(times)]))
    for _ in range(2):
        by_minute = rolled_up(store, "platform_metrics_1m")
        assert {bucket: values[0] for (bucket, *_), values in by_minute.items()} == {
            NOON - timedelta(minutes=1): 1,
            NOON: 2,
            NOON + timedelta(minutes=1): 1,
        }
        assert_complete(store)
        store.rollups.refresh(NOON + 2 * HOUR)


def test_a_refresh_rolls_up_only_hours_that_are_over(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON - 2 * HOUR, NOON + timedelta(minutes=30), 5)))
    assert store.rollups.refresh(NOON + timedelta(minutes=30)) == 2
    assert ask(store, "SELECT hour FROM rollup_dirty") == [(NOON,)]
    assert store.rollups.refresh(NOON + timedelta(minutes=45)) == 0
    assert_complete(store)


def test_a_late_sample_in_an_hour_rolled_up_already_is_seen_at_once_and_after_the_next_refresh(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON - 5 * HOUR, NOON, 5)))
    store.rollups.refresh(NOON)
    store.samples.write(block([Sample(NOON - 4 * HOUR + timedelta(seconds=7), *LAG, 99.0)]))
    assert_complete(store)
    assert rolled_up(store, "platform_metrics_1h")[(NOON - 4 * HOUR, *LAG)][3] == 99.0
    assert store.rollups.refresh(NOON) == 1
    assert_complete(store)
    assert rolled_up(store, "platform_metrics_1h")[(NOON - 4 * HOUR, *LAG)][3] == 99.0


def test_a_duplicate_changes_no_rollup(store: Store) -> None:
    samples = line(LAG, NOON - 2 * HOUR, NOON, 5)
    store.samples.write(block(samples))
    store.rollups.refresh(NOON)
    store.samples.write(block(samples))
    assert store.rollups.refresh(NOON) == 0
    assert_complete(store)


@pytest.mark.parametrize("seed", range(4))
def test_rollups_equal_a_full_aggregation_after_random_writes_and_refreshes(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    start = datetime(2026, 2, 28, 20, tzinfo=UTC)
    for _ in range(12):
        late = timedelta(seconds=chance.randrange(40 * 3600))
        span = timedelta(seconds=chance.choice((60, 3_600, 20_000)))
        store.samples.write(block(scattered(chance, KEYS, start + late, span, chance.randrange(1, 80))))
        if chance.random() < 0.5:
            store.rollups.refresh(start + timedelta(seconds=chance.randrange(48 * 3600)))
        if chance.random() < 0.4:
            assert_complete(store)
    store.rollups.refresh(start + timedelta(days=3))
    assert ask(store, "SELECT count(*) FROM rollup_dirty") == [(0,)]
    assert_complete(store)


@pytest.mark.parametrize("seed", [11, 12])
def test_rollups_stay_complete_while_writers_run_beside_refreshes(store: Store, seed: int) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    end = start + timedelta(hours=8)
    running = threading.Event()
    running.set()

    def write(number: int) -> None:
        chance = random.Random(seed * 100 + number)
        for _ in range(15):
            late = timedelta(seconds=chance.randrange(6 * 3600))
            store.samples.write(block(scattered(chance, KEYS, start + late, timedelta(hours=2), 40)))

    def refresh() -> None:
        while running.is_set():
            store.rollups.refresh(end)

    def compare() -> None:
        while running.is_set():
            # One statement, so that both sides see the same moment.
            wrong = ask(
                store,
                """SELECT count(*) FROM platform_metrics_1h r
                   FULL JOIN (SELECT date_bin('1 hour', time, timestamptz '2000-01-01 00:00+00') AS bucket, component,
                                     instance, metric, count(*) AS samples
                                FROM platform_metrics GROUP BY 1, 2, 3, 4) f
                       USING (bucket, component, instance, metric)
                   WHERE r.samples IS DISTINCT FROM f.samples""",
            )
            assert wrong == [(0,)]

    with ThreadPoolExecutor(5) as threads:
        others = [threads.submit(work) for work in (refresh, refresh, compare)]
        writers = [threads.submit(write, number) for number in range(2)]
        try:
            for writer in writers:
                writer.result(60)
        finally:
            running.clear()
        for other in others:
            other.result(60)
    assert_complete(store)
    store.rollups.refresh(end)
    assert ask(store, "SELECT count(*) FROM rollup_dirty") == [(0,)]
    assert_complete(store)


def test_a_write_under_way_during_a_refresh_is_not_lost(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON - 2 * HOUR, NOON, 5)))
    pool = store._owner
    other = pool.connect("writing slowly")
    try:
        with other.cursor() as cursor:
            # What a write does, stopped halfway: the sample is there, neither mark nor commit yet.
            cursor.execute(
                "INSERT INTO samples (time, value, series_id) SELECT %s, 77, series_id FROM series",
                (NOON - HOUR + timedelta(seconds=1),),
            )
            store.rollups.refresh(NOON)
            cursor.execute(
                "INSERT INTO rollup_dirty (hour, series_id) SELECT %s, series_id FROM series"
                " ON CONFLICT (hour, series_id) DO UPDATE SET marks = rollup_dirty.marks + 1",
                (NOON - HOUR,),
            )
            other.commit()
    finally:
        other.close()
    assert_complete(store)
    store.rollups.refresh(NOON)
    assert_complete(store)
    assert rolled_up(store, "platform_metrics_1h")[(NOON - HOUR, *LAG)][3] == 77


def test_hours_are_those_of_the_view_with_their_least_and_greatest_sample(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON - 3 * HOUR, NOON, lambda at: at.hour + (100 if at.minute == 30 else 0))))
    means, low, high = store.samples.hourly(Window(NOON - 2 * HOUR, NOON))
    assert [s.time for s in means.samples()] == [NOON - 2 * HOUR, NOON - HOUR]
    assert (low.tolist(), high.tolist()) == ([10.0, 11.0], [110.0, 111.0])
    assert [10 < s.value < 110 for s in means.samples()] == [True, True]


@pytest.mark.parametrize("rolled_up_before", [True, False])
def test_five_minutes_are_those_of_their_samples(store: Store, rolled_up_before: bool) -> None:
    store.samples.write(block(line(LAG, NOON - HOUR, NOON, lambda at: at.minute % 5)))
    if rolled_up_before:
        store.rollups.refresh(NOON)
    means, low, high = store.samples.by_five_minutes(Window(NOON - timedelta(minutes=10), NOON))
    assert [(s.time, s.value) for s in means.samples()] == [
        (NOON - timedelta(minutes=10), 2.0),
        (NOON - timedelta(minutes=5), 2.0),
    ]
    assert (low.tolist(), high.tolist()) == ([0.0, 0.0], [4.0, 4.0])


def not_in_the_server(store: Store) -> None:
    if store.edition == "timescaledb":
        pytest.skip("on TimescaleDB Community the server's own policies remove old samples")


def test_retention_drops_days_past_it_and_keeps_the_newer(store: Store) -> None:
    not_in_the_server(store)
    days = [NOON - timedelta(days=n) for n in (40, 31, 30, 29, 0)]
    store.samples.write(block(*(line(LAG, day, day + timedelta(minutes=10), 5) for day in days)))
    store.rollups.forget(NOON, 30, 730)
    kept = {row[0] for row in ask(store, "SELECT DISTINCT date_trunc('day', time, 'UTC') FROM platform_metrics")}
    assert kept == {day.replace(hour=0) for day in days[2:]}


def test_rollups_outlive_the_samples_they_were_made_from(store: Store) -> None:
    not_in_the_server(store)
    old = NOON - timedelta(days=40)
    store.samples.write(block(line(LAG, old, old + HOUR, 5), line(LAG, NOON - HOUR, NOON, 6)))
    before = {view: rolled_up(store, view) for view in WIDTHS}
    store.rollups.forget(NOON, 30, 730)
    assert {view: rolled_up(store, view) for view in WIDTHS} == before
    assert ask(store, "SELECT count(*) FROM platform_metrics WHERE time < %s", NOON - timedelta(days=1)) == [(0,)]
    store.rollups.refresh(NOON + timedelta(days=1))
    store.rollups.forget(NOON, 30, 730)
    assert {view: rolled_up(store, view) for view in WIDTHS} == before


def test_rollups_have_a_retention_of_their_own(store: Store) -> None:
    not_in_the_server(store)
    old = NOON - timedelta(days=40)
    store.samples.write(block(line(LAG, old, old + HOUR, 5), line(LAG, NOON - HOUR, NOON, 6)))
    store.rollups.forget(NOON, 30, 35)
    assert {bucket for bucket, *_ in rolled_up(store, "platform_metrics_1h")} == {NOON - HOUR}
    assert_complete(store)


def test_forgetting_where_nothing_is_old_changes_nothing(store: Store) -> None:
    store.samples.write(block(line(LAG, NOON - 3 * HOUR, NOON, 5)))
    store.rollups.forget(NOON, 30, 730)
    assert len(ask(store, "SELECT * FROM platform_metrics")) == 360
    assert_complete(store)
