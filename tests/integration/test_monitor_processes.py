"""Two monitors as processes: the one that works is killed, the other takes over, nobody is told twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from monitoring.metrics import Sample, SeriesKey
from monitoring.settings import Settings
from monitoring.store.store import Store
from tests.integration.samples_by_hand import block, line
from tests.integration.test_judgement import assert_consistent, events

pytestmark = pytest.mark.store

ROOT = Path(__file__).parents[2]
INTERVAL = 1.0
MINUTE = timedelta(minutes=1)
REPLICAS = SeriesKey("clickhouse", "node-1", "readonly_replicas")
ELECTIONS = [SeriesKey("kafka", f"cluster-{n}", "unclean_leader_elections") for n in range(3)]


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def monitor(settings: Settings, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A monitor of its own, ready to work; killed at the end of the block if it still runs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE", "OPENAI", "SCRAPE", "COV"))}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "platform_monitoring_agent.py"), "monitor"],
        cwd=folder,
        env={
            **kept,
            "DATABASE_URL": str(settings.database_url),
            "DATA_DIR": str(folder),
            "DEMO": "off",
            "MONITOR_INTERVAL_SECONDS": str(INTERVAL),
            "PYTHONPATH": str(ROOT),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert "Monitoring" in process.stderr.readline()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=240)


def until(true: Callable[[], Any], seconds: float = 60) -> float:
    """Wait for something; returns how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def leader(store: Store) -> int | None:
    noted = store.get("last_tick")
    return None if noted is None else int(noted["by"].rsplit(":", 1)[1])


def told(store: Store) -> Counter[tuple[str, str]]:
    """What was told of which metric, and how often."""
    found = store.announcements.since(now() - timedelta(days=1))
    # Read after what was told of them: another process may write the next one meanwhile.
    keys = {row["id"]: row["root_metric"] + "/" + row["root_instance"] for row in all_incidents(store)}
    return Counter((keys[one.incident], one.kind) for one in found if one.due)


def fired(store: Store, key: SeriesKey) -> bool:
    return any(row["fingerprint"] == "/".join(("threshold", *key)) for row in events(store))


def opened(key: SeriesKey) -> tuple[str, str]:
    return f"{key.metric}/{key.instance}", "opened"


def all_incidents(store: Store) -> list[dict[str, Any]]:
    return store.query("touched_incidents", {"moment": now() - timedelta(days=1)})


class Flow:
    """Samples of some series, written twice a second while the block lasts; `bad` ones are 1."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.bad: set[SeriesKey] = set()
        self.written = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Flow:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            samples = [Sample(now(), *key, float(key in self.bad)) for key in (REPLICAS, *ELECTIONS)]
            self.written += self.store.samples.write(block(samples)).stored


def test_a_monitor_that_is_killed_is_followed_by_another_and_nobody_is_told_twice(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    start = now() - timedelta(minutes=30)
    history = [line(key, start, now(), 0) for key in ELECTIONS]
    store.samples.write(block(line(REPLICAS, start, now(), lambda m: float(m > now() - 4 * MINUTE)), *history))
    with Flow(store) as flow, monitor(settings, tmp_path) as first, monitor(settings, tmp_path) as second:
        flow.bad.add(REPLICAS)
        until(lambda: told(store)[opened(REPLICAS)])
        running = {process.pid: process for process in (first, second)}
        with monitor(settings, tmp_path) as third:
            running[third.pid] = third
            for broken in ELECTIONS[:2]:
                before = leader(store)
                assert before is not None
                flow.bad.add(broken)
                os.kill(before, signal.SIGKILL)
                running.pop(before).wait(30)
                until(lambda: leader(store) in running)
                until(partial(fired, store, broken))
            flow.bad.clear()
            (last,) = running.values()
            assert leader(store) == last.pid
            last.send_signal(signal.SIGTERM)
            assert last.wait(60) == 0
    counts = told(store)
    assert set(counts.values()) == {1}
    assert {key for key in counts if key[1] == "opened"} == {opened(key) for key in (REPLICAS, ELECTIONS[0])}
    # The second broker's elections joined the first one's incident.
    assert Counter(row["fingerprint"] for row in events(store)).most_common(1)[0][1] == 1
    assert_consistent(store)
