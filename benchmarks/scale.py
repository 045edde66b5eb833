#!/usr/bin/env python3
"""What the product takes when it runs as several processes on one database: disk, connections, memory, take-over.

    python benchmarks/scale.py [--days 2] [--series 200 1000] [--rounds 5] [--interval 10] [--database URL]

Nothing here is a speed, so that a busy machine gives the same figures (but for the take-over, which it delays):

- disk: samples of one every 30 s are stored and rolled up, and the database is asked how much larger it is;
- processes: a monitor, two REST APIs on other ports and nothing else share it; connections are counted on the
  server, before and after each API is asked 40 different questions at once, memory by the system;
- replicas: what one API is told, the other one knows;
- take-over: of two monitors the one that works is killed, until the other one has ticked.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.api import _free_port
from monitoring.blocks import Block, to_micros
from monitoring.metrics import Metric, SeriesKey
from monitoring.moments import utc_now
from monitoring.platform import MonitoringPlatform
from monitoring.settings import parse_settings
from monitoring.simulation.topology import KEYS
from monitoring.store.store import _LEADER_LOCK
from platform_metrics_definition import CATALOGUE
from platform_monitoring_agent import open_platform

ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 1_000_000
AT_ONCE = 40
PATIENCE = 300.0

Json = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=2)
    parser.add_argument("--series", type=int, nargs="*", default=[200, 1000], help="sizes for which memory is read")
    parser.add_argument("--rounds", type=int, default=5, help="how often the monitor is killed")
    parser.add_argument("--interval", type=float, default=10, help="seconds between two checks of the monitor")
    parser.add_argument("--database", help="an empty database; without one an embedded server is used")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        values = {"DATA_DIR": folder, "DEMO": "off", "MONITOR_INTERVAL_SECONDS": f"{options.interval:g}"}
        if options.database:
            values["DATABASE_URL"] = options.database
        with closing(open_platform(parse_settings(values))) as platform:
            print(json.dumps(platform._store.describe()))
            disk(platform, options.days)
            for size in options.series:
                send(platform, size, hours=1.0)
                processes(platform, values, size)
            if options.rounds:
                take_over(platform, values, options.rounds, options.interval)
    return 0


def send(platform: MonitoringPlatform, series: int, hours: float) -> int:
    """Samples of so many series every 30 s until now; returns how many were new."""
    keys = named(series)
    end = to_micros(utc_now()) // 30_000_000 * 30_000_000
    moments = np.arange(end - round(hours * 3600) * 1_000_000, end, 30_000_000)
    chance = np.random.Generator(np.random.PCG64(1))
    levels = np.array([usual(CATALOGUE[key.metric]) for key in keys])
    stored = 0
    for part in np.array_split(moments, max(1, len(moments) * series // 500_000)):
        times, places = np.repeat(part, series), np.tile(np.arange(series), len(part))
        values = np.round(levels[places] * chance.normal(1, 0.01, len(times)), 4)
        stored += platform._store.samples.write(Block(keys, places, times, values)).stored
    platform._origin.make_real()
    return stored


def usual(metric: Metric) -> float:
    """A value that nothing is wrong with."""
    bounds = [bound for bound in metric.normal if bound is not None]
    return sum(bounds) / len(bounds) if bounds else 100.0


def named(count: int) -> tuple[SeriesKey, ...]:
    keys = [SeriesKey(k.component, f"{k.instance}-{n}", k.metric) for n in range(count // len(KEYS) + 1) for k in KEYS]
    return tuple(keys[:count])


def disk(platform: MonitoringPlatform, days: float) -> None:
    """How much larger the database is for samples, and for their rollups."""
    before = size_of(platform)
    stored = send(platform, 200, days * 24)
    samples = size_of(platform)
    platform._store.rollups.refresh(utc_now())
    rolled = size_of(platform)
    for what, grown in (("samples", samples - before), ("rollups", rolled - samples)):
        print(
            f"{what}: {grown / MEGABYTE:,.0f} MB for {stored:,} samples, {grown / stored:.0f} bytes a sample",
            flush=True,
        )
    platform._store.set("judged_until", utc_now() - timedelta(minutes=30))
    platform.catch_up()
    # The platform stays open and gives the monitor's lock away: it keeps the embedded server up.
    platform.monitor.stop()


def size_of(platform: MonitoringPlatform) -> int:
    return counted(platform, "SELECT pg_database_size(current_database())") or 0


def connections(platform: MonitoringPlatform) -> int:
    """How many connections others than this process have."""
    found = counted(
        platform,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
        "AND application_name = 'platform-monitoring'",
    )
    return found or 0


def counted(platform: MonitoringPlatform, query: str) -> int | None:
    with platform._store._owner.transaction("measuring") as cursor:
        cursor.execute(query)
        (value,) = cursor.fetchone() or (0,)
    return int(value or 0) or None


def processes(platform: MonitoringPlatform, values: dict[str, str], series: int) -> None:
    """Connections and memory of a monitor and two APIs, and whether the APIs know the same."""
    with ExitStack() as running:
        mine = connections(platform)
        monitor = running.enter_context(started(["platform_monitoring_agent.py", "monitor"], values))
        until(lambda: leader(platform) == monitor.pid)
        time.sleep(2)
        told("monitor", series, monitor, connections(platform) - mine)
        apis = []
        for number in (1, 2):
            port, before = _free_port(), connections(platform)
            api = running.enter_context(started(["api_server.py", "--port", str(port), "--no-access-log"], values))
            until(lambda port=port: asked(port, "/health/ready", attempt=True) is not None)
            idle = connections(platform) - before
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(partial(question, port), range(1, AT_ONCE + 1)))
            told(f"API {number}", series, api, connections(platform) - before, idle)
            apis.append(port)
        replicas(*apis)


def question(port: int, number: int) -> None:
    """One that no other call asked, so that it is not answered from what is kept."""
    asked(port, "/anomalies/current", {"last_minutes": number, "as_of": utc_now().isoformat()})


def replicas(first: int, second: int) -> None:
    """What one was told, the other one answers with."""
    when = {"last_minutes": 10, "as_of": utc_now().isoformat()}
    same = asked(first, "/anomalies/current", when) == asked(second, "/anomalies/current", when)
    asked(first, "/chat", {"message": "Check system status", "session_id": "scale"})
    turns = asked(second, "/sessions/scale") or {}
    print(f"two APIs, one question: {'the same' if same else 'NOT the same'}; a conversation begun at one is ", end="")
    print(f"{'known' if turns.get('turns') else 'NOT known'} to the other", flush=True)


def take_over(platform: MonitoringPlatform, values: dict[str, str], rounds: int, interval: float) -> None:
    """How long nobody monitors after the process that does is killed."""
    command = ["platform_monitoring_agent.py", "monitor"]
    locked, ticked = [], []
    with ExitStack() as running:
        two = [running.enter_context(started(command, values)) for _ in range(2)]
        for _ in range(rounds):
            until(lambda: leader(platform) in [one.pid for one in two])
            time.sleep(interval / 3)
            works = next(one for one in two if one.pid == leader(platform))
            before = holder(platform)
            works.send_signal(signal.SIGKILL)
            works.wait()
            began = time.monotonic()
            until(partial(another, platform, holder, before))
            locked.append(time.monotonic() - began)
            until(partial(another, platform, leader, works.pid))
            ticked.append(time.monotonic() - began)
            two.remove(works)
            two.append(running.enter_context(started(command, values)))
    for what, took in (("it has the lock", locked), ("its first tick is done", ticked)):
        shown = ", ".join(f"{seconds:.1f}" for seconds in sorted(took))
        print(f"take-over at an interval of {interval:g} s, from the kill until {what}, s: {shown}", flush=True)


def another(platform: MonitoringPlatform, who: Callable[[MonitoringPlatform], int | None], before: int | None) -> bool:
    return who(platform) not in (None, before)


def holder(platform: MonitoringPlatform) -> int | None:
    """The server's process that holds the monitor's lock."""
    return counted(
        platform, f"SELECT max(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = {_LEADER_LOCK}"
    )


def leader(platform: MonitoringPlatform) -> int | None:
    noted = platform._store.get("last_tick")
    return None if noted is None else int(noted["by"].rsplit(":", 1)[1])


def told(name: str, series: int, process: subprocess.Popen[bytes], open_now: int, idle: int | None = None) -> None:
    memory = psutil.Process(process.pid).memory_full_info()
    before = "" if idle is None else f" ({idle} before it was asked anything)"
    print(
        f"{name}, {series:,} series: {open_now} connections{before}, "
        f"{memory.rss / MEGABYTE:.0f} MB resident, {memory.uss / MEGABYTE:.0f} MB its own",
        flush=True,
    )


@contextmanager
def started(command: Sequence[str], values: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the product; stopped at the end of the block."""
    ours = ("DATABASE", "API_", "OPENAI", "SCRAPE", "SOURCES", "DEMO", "MONITOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / command[0]), *command[1:]],
        env={**kept, **values, "PYTHONPATH": str(ROOT)},
        cwd=values["DATA_DIR"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def asked(port: int, path: str, body: Json | None = None, attempt: bool = False) -> Json | None:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            found: Json = json.load(reply)
            return found
    except OSError:
        if attempt:
            return None
        raise


def until(true: Any) -> None:
    """Wait for something; raises `TimeoutError` where it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("It did not come about in time.")
        time.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
