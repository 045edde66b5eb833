#!/usr/bin/env python3
"""Samples per second through the public ingest path, against COPY of the same rows into the same table.

    python benchmarks/ingest.py [--hours 24]

The reference is PostgreSQL's own binary COPY of rows that are encoded beforehand, into the same table with the
same indexes, in the same run; the ingest path reads CSV text, checks every line, stores, and marks rollups.
Detection over the imported history is timed on its own.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitoring.blocks import joined
from monitoring.ingest import csv_lines
from monitoring.moments import utc_now
from monitoring.platform import MonitoringPlatform
from monitoring.settings import parse_settings
from monitoring.store.samples import _encoded
from platform_metrics_generator import generated
from platform_monitoring_agent import open_platform


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    now = utc_now()
    start = now - timedelta(hours=options.hours)
    block = joined(list(generated([], 7, start, now, lambda _: None)))
    text = "".join(csv_lines(block))
    with tempfile.TemporaryDirectory() as folder:
        platform = open_platform(parse_settings({"DATA_DIR": folder, "DEMO": "off"}))
        try:
            _compare(platform, block, text, options.rounds)
        finally:
            platform.close()
    return 0


def _compare(platform: MonitoringPlatform, block, text: str, rounds: int) -> None:  # type: ignore[no-untyped-def]
    store = platform._store
    platform.ingest(io.StringIO(text), detect=False)
    ids = np.array([store.samples._ids[key] for key in block.keys])[block.series]

    def copy() -> None:
        with store._owner.transaction("copying") as cursor:
            encoded.seek(0)
            cursor.copy_expert("COPY samples (time, value, series_id) FROM STDIN (FORMAT binary)", encoded)

    encoded = _encoded(ids, block.times, block.values)
    copied, took = [], []
    for _ in range(rounds):
        _emptied(platform)
        copied.append(_timed(copy))
        size = _size(platform)
        _emptied(platform)
        took.append(_timed(lambda: platform.ingest(io.StringIO(text), detect=False)))
    count = len(block)
    reference, path = min(copied), min(took)
    store.judge_again_from(store.query("oldest_sample_time")[0]["oldest"])
    judged = _timed(platform.catch_up)
    print(f"{count:,} samples of {len(block.keys)} series, best of {rounds} rounds, {store.describe()['server']}")
    print(f"COPY of the same rows      {reference:7.2f} s  {count / reference:10,.0f} samples/s   1.00")
    print(f"ingest of a CSV            {path:7.2f} s  {count / path:10,.0f} samples/s   {reference / path:.2f}")
    both = path + judged
    print(f"ingest and detection       {both:7.2f} s  {count / both:10,.0f} samples/s   {reference / both:.2f}")
    print(f"bytes per stored sample, with indexes: {size / count:.0f}")


def _emptied(platform: MonitoringPlatform) -> None:
    store = platform._store
    with store._owner.transaction("emptying") as cursor:
        cursor.execute("TRUNCATE samples, rollup_dirty")


def _size(platform: MonitoringPlatform) -> int:
    with platform._store._owner.transaction("measuring") as cursor:
        cursor.execute("SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('samples')")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
