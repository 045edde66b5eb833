#!/usr/bin/env python3
"""What collecting costs a series, against prometheus_client's parser alone over the same text in the same run.

    python benchmarks/collect.py [--series 1000 10000] [--endpoints 10] [--rounds 10]

Each endpoint is a kafka_exporter in a process of its own whose consumer groups make the series that count (lag in
messages and in time). A round asks all endpoints over HTTP, reads their text, makes the metrics and joins them.
Only this process's own CPU time counts. *of a core* is for a round every 30 s.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from prometheus_client.parser import text_string_to_metric_families

from monitoring.collectors import Collector, PrometheusTextSource
from platform_metrics_definition import CATALOGUE

INTERVAL = 30.0
PARTITIONS = 2
START = datetime(2026, 3, 4, 12, tzinfo=UTC)
WARM_UP = 12
"""Rounds until the time that a lag takes is known, which takes five minutes of readings."""


def page(endpoint: int, series: int) -> str:
    """The text of one endpoint that makes so many series: every group makes two."""
    lines = []
    for group in range(series // 2):
        for partition in range(PARTITIONS):
            labels = f'consumergroup="group-{endpoint}-{group}",topic="orders",partition="{partition}"'
            lines.append(f"kafka_consumergroup_current_offset{{{labels}}} {{offset}}")
            lines.append(f"kafka_consumergroup_lag{{{labels}}} {group % 7}")
    return "\n".join(lines) + "\n"


def serve(pages: list[str], ready: Connection) -> None:
    """Serves the pages, with offsets that grow at every request."""
    counts = [0] * len(pages)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            endpoint = int(self.path.split("/")[1])
            counts[endpoint] += 1
            body = pages[endpoint].replace("{offset}", str(counts[endpoint] * 3000)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ready.send(server.server_port)
    server.serve_forever()


@contextmanager
def exporters(pages: list[str]) -> Iterator[list[str]]:
    """The URLs of the pages, served by another process."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(pages, theirs), daemon=True)
    process.start()
    port = ours.recv()
    try:
        yield [f"http://127.0.0.1:{port}/{endpoint}/metrics" for endpoint in range(len(pages))]
    finally:
        process.terminate()
        process.join()


def cpu(work: Callable[[int], object], rounds: int) -> float:
    """Seconds of CPU time that a round takes."""
    gc.collect()
    began = time.process_time()
    for number in range(rounds):
        work(number)
    return (time.process_time() - began) / rounds


def measured(series: int, endpoints: int, rounds: int) -> str:
    pages = [page(endpoint, series // endpoints) for endpoint in range(endpoints)]
    texts = [text.replace("{offset}", "3000") for text in pages]

    def parse(_: int) -> None:
        for text in texts:
            for family in text_string_to_metric_families(text):
                list(family.samples)

    with (
        exporters(pages) as urls,
        Collector([PrometheusTextSource(url, CATALOGUE) for url in urls]) as collector,
    ):

        def collect(number: int) -> int:
            report = collector.collect_all(START + number * timedelta(seconds=INTERVAL))
            assert all(source.ok for source in report.sources)
            return len(report.samples)

        for number in range(WARM_UP):
            found = collect(number)
        took = cpu(lambda number: collect(WARM_UP + number), rounds)
    alone = cpu(parse, rounds)
    lines = sum(text.count("\n") for text in texts)
    per_series = took / found * 1e6
    return (
        f"| {found:7,} | {endpoints:9} | {lines:7,} | {took * 1000:9.1f} | {per_series:14.1f} | "
        f"{took / INTERVAL:9.2%} | {alone * 1000:10.1f} | {took / alone:5.2f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--endpoints", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    print("|  series | endpoints |   lines | round, ms | per series, µs | of a core | parser, ms | ratio |")
    print("|--------:|----------:|--------:|----------:|---------------:|----------:|-----------:|------:|")
    for series in options.series:
        print(measured(series, options.endpoints, options.rounds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
