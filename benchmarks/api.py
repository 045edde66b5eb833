#!/usr/bin/env python3
"""The REST API under load on loopback, against a bare FastAPI endpoint that does one indexed SELECT.

    python benchmarks/api.py [--days 30] [--seconds 8] [--connections 50] [--soak 60]

Both servers run in processes of their own on the same embedded database with 30 days of 200 series, asked in
turn; `wrk` (`apt-get install wrk`) asks. The reference uses the product's own connection pool and threads in the
same number. Batches of samples are sent over HTTP and, in the same run, stored through the platform's own method in
process. At last `/anomalies/current` is asked for a while, and the server's memory is read at its begin and end.
Exit 1 where a bar is missed: a ratio of 0.3, p99 under 500 ms, ingest at half the speed, memory flat.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitoring.blocks import Block, to_micros
from monitoring.metrics import SeriesKey
from monitoring.moments import utc_now
from monitoring.platform import MonitoringPlatform
from monitoring.settings import parse_settings
from monitoring.simulation.topology import KEYS
from platform_monitoring_agent import open_platform

ROOT = Path(__file__).resolve().parent.parent
SERIES = 200
BATCH = 10_000
BATCHES = 12
BAR_RATIO, BAR_P99_MS, BAR_INGEST, BAR_GROWTH = 0.3, 500.0, 0.5, 1.1

REFERENCE = """
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
import uvicorn
from fastapi import FastAPI, Response
from pydantic_core import to_json
sys.path.insert(0, {root!r})
from monitoring.settings import parse_settings
from monitoring.store.store import open_store

store = open_store(parse_settings({settings!r}))
threads = ThreadPoolExecutor(10)
app = FastAPI()

@app.post("/one")
async def one():
    rows = await asyncio.get_running_loop().run_in_executor(threads, store.query, "one_event", {{"id": 1}})
    return Response(to_json(rows), media_type="application/json")

uvicorn.run(app, port={port}, log_level="warning", access_log=False)
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests a second, latency in milliseconds, replies that were no 2xx."""

    rate: float
    p50: float
    p99: float
    bad: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--soak", type=int, default=60, help="seconds over which memory is watched")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DATA_DIR": folder, "DEMO": "off", "MONITOR_INTERVAL_SECONDS": "30"}
        with closing(open_platform(parse_settings(settings))) as platform:
            count = fill(platform, options.days)
            print(f"{count:,} samples of {SERIES} series over {options.days:g} days", flush=True)
            in_process = _stored_in_process(platform)
            # The platform stays open and gives the monitor's lock away: it keeps the embedded server up.
            platform.monitor.stop()
            missed = _compare(folder, settings, options, in_process)
    return 1 if missed else 0


def fill(platform: MonitoringPlatform, days: float) -> int:
    """History of every series at one sample in two minutes, and the last hour at two a minute, judged."""
    keys = _keys()
    end = to_micros(utc_now()) // 60_000_000 * 60_000_000
    begin = end - round(days * 86_400) * 1_000_000
    coarse = np.arange(begin + 3_600_000_000, end - 3_600_000_000, 120_000_000)
    fine = np.arange(end - 3_600_000_000, end, 30_000_000)
    chance = np.random.Generator(np.random.PCG64(1))
    count = 0
    for part in [*np.array_split(coarse, max(1, round(days))), fine]:
        times = np.repeat(part, len(keys))
        series = np.tile(np.arange(len(keys)), len(part))
        values = np.round(chance.uniform(0, 1, len(times)), 4)
        count += platform._store.samples.write(Block(keys, series, times, values)).stored
    platform._origin.make_real()
    platform._store.set("judged_until", utc_now() - timedelta(hours=2))
    platform.catch_up()
    platform._store.rollups.refresh(utc_now())
    return count


def _keys() -> tuple[SeriesKey, ...]:
    keys: list[SeriesKey] = []
    copy = 0
    while len(keys) < SERIES:
        keys += [SeriesKey(key.component, f"{key.instance}-{copy}", key.metric) for key in KEYS]
        copy += 1
    return tuple(keys[:SERIES])


def _batch(number: int) -> list[dict[str, Any]]:
    """A batch of new samples, in a stretch of time of its own."""
    keys = _keys()[:100]
    start = utc_now().replace(microsecond=1) - timedelta(hours=3) + timedelta(seconds=200 * number)
    moments = [(start + timedelta(seconds=n)).isoformat() for n in range(BATCH // len(keys))]
    return [
        {"time": at, "component": key.component, "instance": key.instance, "metric": key.metric, "value": 0.5}
        for at in moments
        for key in keys
    ]


def _stored_in_process(platform: MonitoringPlatform) -> float:
    """Samples a second through the platform's own method."""
    batches = [_batch(number) for number in range(BATCHES)]
    began = time.perf_counter()
    for batch in batches:
        assert platform.operations.take_rows(batch, detect=False).stored == BATCH
    return BATCHES * BATCH / (time.perf_counter() - began)


def _compare(folder: str, settings: dict[str, str], options: argparse.Namespace, in_process: float) -> bool:
    script = Path(folder) / "body.lua"
    reference, api = _free_port(), _free_port()
    code = REFERENCE.format(root=str(ROOT), settings=settings, port=reference)
    command = [sys.executable, str(ROOT / "api_server.py"), "--port", str(api), "--no-access-log"]
    base = f"http://127.0.0.1:{api}"
    with (
        _served([sys.executable, "-c", code], settings, f"http://127.0.0.1:{reference}/openapi.json"),
        _served(command, settings, base + "/health/ready") as process,
    ):
        asked = {
            "one indexed SELECT": (f"http://127.0.0.1:{reference}/one", {}),
            "/anomalies/current": (base + "/anomalies/current", {"last_minutes": 10}),
            "/anomalies/summary": (base + "/anomalies/summary", {"hours": 24}),
        }
        best = _best_of(asked, script, options)
        bare, *others = best.values()
        for name, load in best.items():
            print(_line(name, load, bare), flush=True)
        missed = any(o.rate / bare.rate < BAR_RATIO or o.p99 > BAR_P99_MS or o.bad for o in others)
        over_http = _sent(base)
        print(f"{'ingest, JSON over HTTP':24} {over_http:9,.0f} samples/s, in process {in_process:9,.0f}", end="")
        print(f"   ratio {over_http / in_process:.2f}", flush=True)
        missed |= over_http / in_process < BAR_INGEST
        script.write_text(_lua({"last_minutes": 10}))
        missed |= _soaked(process, base + "/anomalies/current", script, options) > BAR_GROWTH
    print("a bar was missed" if missed else "all bars are met")
    return missed


def _best_of(
    asked: dict[str, tuple[str, dict[str, Any]]], script: Path, options: argparse.Namespace
) -> dict[str, Load]:
    """The best round of each, asked in turn: what else the machine does then disturbs all of them alike."""
    best: dict[str, Load] = {}
    for _ in range(options.rounds):
        for name, (url, body) in asked.items():
            script.write_text(_lua(body))
            load = _wrk(url, script, options)
            if name not in best or load.rate > best[name].rate:
                best[name] = load
    return best


def _sent(base: str) -> float:
    bodies = [json.dumps({"samples": _batch(BATCHES + number)}).encode() for number in range(BATCHES)]
    began = time.perf_counter()
    for body in bodies:
        request = urllib.request.Request(
            base + "/metrics/ingest?detect=false", body, {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            assert json.load(reply)["stored"] == BATCH
    return BATCHES * BATCH / (time.perf_counter() - began)


def _soaked(process: psutil.Process, url: str, script: Path, options: argparse.Namespace) -> float:
    """How the server's memory grew while it was asked for a while: after a first part, and at the end."""
    part = max(1, options.soak // 6)
    load_of = argparse.Namespace(seconds=part, connections=options.connections)
    sizes = []
    for _ in range(6):
        _wrk(url, script, load_of)
        sizes.append(process.memory_info().rss)
    growth = sizes[-1] / sizes[0]
    shown = " ".join(f"{size / 2**20:.0f}" for size in sizes)
    print(f"memory over {6 * part} s of load, MiB: {shown}   ratio {growth:.2f}", flush=True)
    return growth


@contextmanager
def _served(command: Sequence[str], settings: dict[str, str], url: str) -> Iterator[psutil.Process]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "API_", "OPENAI"))}
    process = subprocess.Popen(command, env={**kept, **settings}, cwd=settings["DATA_DIR"])
    try:
        _until_answers(url)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _until_answers(url: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _lua(body: dict[str, Any]) -> str:
    text = json.dumps(body)
    return f"wrk.method = 'POST'\nwrk.body = '{text}'\nwrk.headers['Content-Type'] = 'application/json'\n"


def _wrk(url: str, script: Path, options: argparse.Namespace) -> Load:
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency", "-s", str(script), url]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=options.seconds + 60).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", shown)
    return Load(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", shown)[0]),
        p50=_milliseconds(*_found(r"50%\s+([\d.]+)(us|ms|s)", shown)),
        p99=_milliseconds(*_found(r"99%\s+([\d.]+)(us|ms|s)", shown)),
        bad=int(bad.group(1)) if bad else 0,
    )


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"wrk said something else:\n{text}")
    return match.groups()


def _milliseconds(number: str, unit: str) -> float:
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _line(name: str, load: Load, bare: Load) -> str:
    return (
        f"{name:24} {load.rate:9,.0f} requests/s   p50 {load.p50:6.1f} ms   p99 {load.p99:6.1f} ms"
        f"   not 2xx {load.bad}   ratio {load.rate / bare.rate:.2f}"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
