#!/usr/bin/env python3
"""How long one tick takes over 1,000, 10,000 and 100,000 series, beside Prometheus' evaluation of the same thresholds.

    python benchmarks/tick.py [--sizes 1000 10000] [--failing 50] [--prometheus /usr/bin/prometheus] [--markdown]

A tick is what the live monitor does every interval on the embedded PostgreSQL: read what came, judge every series
in every way there is, group, write. It is measured after half an hour of samples, so that all detectors work, with
one platform in fifty failing; storing the samples is shown beside it. The figure is the median of some ticks; its
share of an interval of 30 s is the share of one core that monitoring takes at most. Memory is the peak of the
monitoring process, catching up half an hour in one tick included, without the database's own.

The reference is Debian's `prometheus` (`apt-get install prometheus`) in the same run: it scrapes the same series
from a local endpoint into its own store and evaluates the catalogue's thresholds as alerting rules, one group;
the figure is its `prometheus_rule_group_last_duration_seconds`. What is usual for a series is `avg_over_time` of a
day there, of which it has seen less than a minute, in its favour. Baselines, trends, silences and grouping have
no rule. Exit 1 where growth is worse than linear or 10,000 series take a second.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitoring.blocks import Block, Floats, to_micros
from monitoring.metrics import Metric, SeriesKey, Threshold
from monitoring.monitor import Monitor
from monitoring.replay import own_store
from monitoring.simulation import Fault, Simulation
from monitoring.simulation.topology import KEYS
from monitoring.simulation.truth import dense
from platform_metrics_definition import CATALOGUE

START = datetime(2026, 3, 4, 9, tzinfo=UTC)
STEP = timedelta(seconds=30)
WARM_UP = 60
"""Samples of each series before the first tick that is measured."""
SCRAPE_SECONDS = 5
EVALUATIONS = 5
WAIT_SECONDS = 180.0
LINEAR = 1.1
"""A growth exponent up to this is called linear: medians of a few ticks differ by some percent."""


class Fleet:
    """Many platforms at once: the simulated one, copied under other names until there are enough series."""

    def __init__(self, size: int, steps: int, failing_each: int) -> None:
        copies = math.ceil(size / len(KEYS))
        self.keys = tuple(
            SeriesKey(key.component, _renamed(key.instance, copy), key.metric) for copy in range(copies) for key in KEYS
        )[:size]
        begin = START + STEP * (steps - 20)
        healthy = _table([], steps)
        failing = _table([Fault("insert_bottleneck", begin, None)], steps)
        chance = np.random.Generator(np.random.PCG64(1))
        self._scale = np.exp(0.01 * chance.standard_normal(size))
        self._rows = (healthy, failing)
        self._fails = (np.arange(size) // len(KEYS)) % failing_each == 0
        self._source = np.arange(size) % len(KEYS)

    def values(self, step: int) -> Floats:
        healthy, failing = (table[step][self._source] for table in self._rows)
        values = np.where(self._fails, failing, healthy)
        # Counters and states stay the whole numbers they are.
        scaled: Floats = np.where(values == np.round(values), values, values * self._scale)
        return scaled

    def block(self, step: int) -> Block:
        times = np.full(len(self.keys), to_micros(START + STEP * step), np.int64)
        values = self.values(step)
        return Block(self.keys, np.arange(len(self.keys)), times, values).take(np.isfinite(values))


def _renamed(instance: str, copy: int) -> str:
    return "/".join(f"{part}.{copy}" for part in instance.split("/"))


def _table(faults: Sequence[Fault], steps: int) -> Floats:
    return dense(Simulation(faults, 7, START).run(steps))[1]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds for one size: medians of the ticks, of storing their samples, and the first tick of all; peak memory
    in bytes."""

    size: int
    tick: float
    store: float
    first: float
    events: int
    memory: int
    reference: float | None = None


def measure(fleet: Fleet, rounds: int) -> Measured:
    """Ticks over so many series in an embedded store of their own."""
    now = START
    stored: list[float] = []
    ticked: list[float] = []
    with own_store() as store:
        monitor = Monitor(store, CATALOGUE, interval=STEP, clock=lambda: now)
        for step in range(WARM_UP + rounds):
            block = fleet.block(step)
            stored.append(_timed(partial(store.samples.write, block)))
            now = START + STEP * step + timedelta(seconds=1)
            if step == 0 or step >= WARM_UP - 1:
                ticked.append(_timed(monitor.tick))
        monitor.stop()
        events = store.query("events_of_incidents", {"ids": [row["id"] for row in store.query("open_incidents")]})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Measured(len(fleet.keys), median(ticked[2:]), median(stored[WARM_UP:]), ticked[0], len(events), peak)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def rules() -> list[dict[str, Any]]:
    """The catalogue's thresholds as Prometheus' alerting rules."""
    return [
        {
            "alert": f"{metric.name}_{severity}",
            "expr": _expression(metric, threshold),
            "for": f"{int(threshold.hold.total_seconds())}s",
            "labels": {"severity": severity},
        }
        for metric in CATALOGUE
        for severity, threshold in metric.thresholds
    ]


def _expression(metric: Metric, threshold: Threshold) -> str:
    usual = f"avg_over_time({metric.name}[1d])"
    level = {
        "absolute": f"{threshold.level:g}",
        "times usual": f"{threshold.level:g} * {usual}",
        "usual plus": f"{usual} + {threshold.level:g}",
    }[threshold.basis]
    parts = [f"{metric.name} {threshold.op} {level}"]
    if threshold.also is not None:
        parts.append(f"{metric.name} {threshold.also[0]} {threshold.also[1]:g}")
    if threshold.usual_at_least:
        parts.append(f"{usual} >= {threshold.usual_at_least:g}")
    return " and ".join(parts)


def evaluated(program: str, fleet: Fleet) -> float:
    """Seconds Prometheus takes to evaluate the rules over the same series, the median of some evaluations."""
    lines = [f'{key.metric}{{component="{key.component}",instance="{key.instance}"}} ' for key in fleet.keys]
    moments = iter(range(WARM_UP, 10**9))

    def page() -> bytes:
        values = fleet.values(min(next(moments), len(fleet._rows[0]) - 1))
        return "".join(f"{line}{value!r}\n" for line, value in zip(lines, values.tolist(), strict=True)).encode()

    with _exposed(page) as target, _prometheus(program, target) as address:
        _wait_for(lambda: _scraped(address) >= 0.9 * len(lines), "Prometheus did not scrape the series")
        took: dict[str, float] = {}
        _wait_for(lambda: len(_noted(took, address)) > EVALUATIONS, "Prometheus did not evaluate its rules")
    return median(list(took.values())[1:])


def _noted(took: dict[str, float], address: str) -> dict[str, float]:
    """Adds the newest evaluation, known by its time."""
    text = _got(f"{address}/metrics")
    at = _sample(text, "prometheus_rule_group_last_evaluation_timestamp_seconds")
    took[str(at)] = _sample(text, "prometheus_rule_group_last_duration_seconds")
    return took


def _sample(text: str, name: str) -> float:
    found = re.search(rf"^{name}{{[^}}]*}} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _scraped(address: str) -> float:
    asked = urllib.parse.quote('count({job="platform",component!=""})')
    result = json.loads(_got(f"{address}/api/v1/query?query={asked}"))["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0


def _got(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def _wait_for(done: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            if done():
                return
        except urllib.error.URLError:
            pass  # it is still starting
        time.sleep(0.5)
    raise SystemExit(f"{problem} within {WAIT_SECONDS:.0f} s.")


@contextmanager
def _exposed(page: Callable[[], bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _prometheus(program: str, target: str) -> Iterator[str]:
    every = f"{SCRAPE_SECONDS}s"
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        folder = Path(name)
        (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "thresholds", "rules": rules()}]}))
        config = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {"job_name": "platform", "honor_labels": True, "static_configs": [{"targets": [target]}]},
            ],
        }
        (folder / "prometheus.yml").write_text(json.dumps(config))
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        arguments = [program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*arguments, f"--web.listen-address={address}"], stdout=log, stderr=log)
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(30)


def exponent(of: Sequence[Measured]) -> float:
    """How a tick's time grows with the number of series, from the second largest size to the largest: 1 is linear."""
    small, large = sorted(of, key=lambda one: one.size)[-2:]
    return math.log(large.tick / small.tick) / math.log(large.size / small.size)


def shown(of: Sequence[Measured], markdown: bool) -> Iterator[str]:
    header = [
        *("series", "tick, ms", "of a core", "storing, ms", "first tick, ms", "open events", "memory, MB"),
        *("Prometheus rules, ms", "ratio"),
    ]
    rows = [header]
    for one in of:
        reference = (
            ["–", "–"] if one.reference is None else [f"{one.reference * 1e3:,.0f}", f"{one.tick / one.reference:.2f}"]
        )
        tick, store, first = (f"{seconds * 1e3:,.0f}" for seconds in (one.tick, one.store, one.first))
        share = f"{one.tick / STEP.total_seconds():.2%}"
        memory = f"{one.memory / 1e6:,.0f}"
        rows.append([f"{one.size:,}", tick, share, store, first, f"{one.events:,}", memory, *reference])
    widths = [max(len(row[place]) for row in rows) for place in range(len(header))]
    for number, row in enumerate(rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        yield "| " + " | ".join(cells) + " |" if markdown else "  ".join(cells)
        if markdown and not number:
            yield "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 1_000, 10_000, 100_000], metavar="N")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="ticks measured for each size (7)")
    parser.add_argument("--failing", type=int, default=50, metavar="N", help="one platform in N fails (50)")
    parser.add_argument("--prometheus", default=shutil.which("prometheus"), metavar="PROGRAM", help="the reference")
    parser.add_argument("--markdown", action="store_true", help="as a table for a README")
    options = parser.parse_args()
    of = []
    # From the smallest on: a process's peak of memory never falls.
    for size in sorted(options.sizes):
        fleet = Fleet(size, WARM_UP + options.rounds + 1, options.failing)
        one = measure(fleet, options.rounds)
        if options.prometheus:
            one = replace(one, reference=evaluated(options.prometheus, fleet))
        of.append(one)
    print("\n".join(shown(of, options.markdown)))
    if not options.prometheus:
        print("prometheus is not installed (apt-get install prometheus), so there is nothing to compare with.")
    slow = [one for one in of if one.size == 10_000 and one.tick >= 1]
    if len(of) < 2:
        return 1 if slow else 0
    grows = exponent(of)
    print(f"growth exponent {grows:.2f} ({'linear or better' if grows <= LINEAR else 'WORSE THAN LINEAR'})")
    return 1 if slow or grows > LINEAR else 0


if __name__ == "__main__":
    sys.exit(main())
