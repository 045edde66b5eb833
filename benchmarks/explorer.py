#!/usr/bin/env python3
"""A refresh of the page's explorer and of its list of incidents, on a month of a few hundred series.

    python benchmarks/explorer.py                 30 days x 200 series of one metric, a sample a minute
    python benchmarks/explorer.py --days 5        faster to set up

A refresh of the explorer is what its live part asks for: the series of the metric, the courses of the five worst with
what is usual for them and with the day before, and the anomalies. The reference in the same run is the plain SQL for
the same window: every sample of one of those series, counted. Exit 1 where a refresh takes more than 500 ms.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitoring.blocks import Block, to_micros
from monitoring.metrics import SeriesKey, Window
from monitoring.operations import Listing, Operations
from monitoring.settings import parse_settings
from monitoring.store.store import Store
from platform_monitoring_agent import open_platform

METRIC = "consumer_group_lag"
BAR_MS = 500.0
ROUNDS = 7
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WINDOWS = {"1 h": timedelta(hours=1), "24 h": DAY, "7 d": 7 * DAY, "30 d": 30 * DAY}


def keys(series: int) -> tuple[SeriesKey, ...]:
    return tuple(SeriesKey("kafka", f"group-{n:04d}/orders", METRIC) for n in range(series))


def fill(store: Store, series: int, days: int, end: datetime) -> None:
    """A sample a minute of every series, a day at a time, rolled up."""
    noise = np.random.default_rng(7)
    minutes = np.arange(0, 1440, dtype=np.int64) * 60_000_000
    for day in range(days, 0, -1):
        times = np.tile(to_micros(end - day * DAY) + minutes, series)
        places = np.repeat(np.arange(series), len(minutes))
        store.samples.write(Block(keys(series), places, times, noise.gamma(4, 60, len(times))))
        store.rollups.refresh(end - (day - 1) * DAY)


def refresh(operations: Operations, window: Window, back: timedelta) -> None:
    """What the live part of the explorer asks for."""
    found = operations.instances("kafka", METRIC, window, "", 100)
    operations.courses("kafka", METRIC, [row.instance for row in found.rows[:5]], window, back)
    operations.anomalies(Listing(500, component="kafka", metric=METRIC, start=window.start, end=window.end))


def lists(operations: Operations) -> None:
    """What the list of incidents asks for."""
    operations.incidents(Listing(50, status="open"))
    operations.incidents(Listing(20, status="resolved"))


def timed(what: Callable[[], object]) -> float:
    """The median of a few rounds in milliseconds, warm."""
    what()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        what()
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


def plain(store: Store, window: Window) -> Callable[[], object]:
    """Every sample of one series in a window, from the view that anyone reads."""
    statement = "SELECT count(*), avg(value) FROM platform_metrics WHERE metric = %s AND instance = %s AND time >= %s"

    def ask() -> object:
        with store._owner.transaction("counting") as cursor:
            cursor.execute(statement, (METRIC, keys(1)[0].instance, window.start))
            return cursor.fetchall()

    return ask


def main() -> int:
    options = argparse.ArgumentParser(description="A refresh of the page's explorer.")
    options.add_argument("--days", type=int, default=30)
    options.add_argument("--series", type=int, default=200)
    chosen = options.parse_args()
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with tempfile.TemporaryDirectory(prefix="explorer-") as folder:
        Path(folder).chmod(0o755)
        settings = parse_settings({"DATA_DIR": folder, "DEMO": "off"})
        with closing(open_platform(settings, clock=lambda: end)) as platform:
            fill(platform._store, chosen.series, chosen.days, end)
            return report(platform.operations, platform._store, end)


def report(operations: Operations, store: Store, end: datetime) -> int:
    worst = 0.0
    for name, span in WINDOWS.items():
        window = Window(end - span, end)
        took, bare = timed(partial(refresh, operations, window, DAY)), timed(plain(store, window))
        worst = max(worst, took)
        print(f"explorer {name:>5}: {took:6.0f} ms, {took / bare:5.1f} times the plain count of one series")
    listed = timed(lambda: lists(operations))
    print(f"incidents     : {listed:6.0f} ms")
    return 0 if max(worst, listed) <= BAR_MS else 1


if __name__ == "__main__":
    sys.exit(main())
