#!/usr/bin/env python3
"""The overview on 30 days of 200 series: what a refresh costs the server, beside the bare SQL of its own queries.

    python benchmarks/page.py [--days 30] [--rounds 40] [--soak 60]

A refresh is the head of the page and the whole overview, read anew and drawn by Streamlit's own test runner. The
reference executes the same statements with the same parameters through the driver alone, in turn with it. Then the
page is served and opened in Debian's Chromium: how long a warm first paint of the overview takes, and how the memory
of the server develops while ten tabs refresh every 5 s. Exit 1 where a bar is missed: a refresh of 500 ms (95th
percentile), a first paint of 2 s (median), memory flat.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
from playwright.sync_api import BrowserContext, sync_playwright
from streamlit.testing.v1 import AppTest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.api import SERIES, fill
from docs.screenshots import FLAGS, await_server, free_port
from monitoring.platform import MonitoringPlatform
from monitoring.settings import parse_settings
from monitoring.store.queries import query
from monitoring.store.store import Reader, Rows
from monitoring.ui.page.desk import Desk
from platform_monitoring_agent import open_platform

ROOT = Path(__file__).resolve().parent.parent
BAR_REFRESH_MS, BAR_PAINT_MS, BAR_GROWTH = 500.0, 2000.0, 1.1
TABS = 10
WARM_UP_SECONDS = 30
SHOWN: list[Desk] = []
"""The desk that is drawn: the runner copies a function's source, not what it closes over."""


def page() -> None:
    from benchmarks.page import SHOWN
    from monitoring.ui.page import overview, shell

    shell.header(SHOWN[-1], "Overview")
    overview.draw(SHOWN[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--soak", type=int, default=60, help="seconds over which memory is watched")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        values = {"DATA_DIR": folder, "DEMO": "off", "MONITOR_INTERVAL_SECONDS": "30"}
        with closing(open_platform(parse_settings(values))) as platform:
            print(f"{fill(platform, options.days):,} samples of {SERIES} series over {options.days:g} days", flush=True)
            missed = refreshes(platform, options.rounds)
            # The platform stays open and gives the monitor's lock away: it keeps the embedded server up.
            platform.monitor.stop()
            missed |= in_a_browser(values, options.soak)
    print("a bar was missed" if missed else "all bars are met")
    return 1 if missed else 0


def refreshes(platform: MonitoringPlatform, rounds: int) -> bool:
    """Refresh and reference in turn; whether the bar was missed."""
    desk = Desk(platform, platform.operations, ZoneInfo("UTC"), platform.operations.now)
    SHOWN.append(desk)
    panel = AppTest.from_function(page)
    asked: list[tuple[str, dict[str, Any]]] = []
    with recorded(asked):
        panel.run(timeout=60)
    assert not panel.exception
    drawn, bare = [], []
    for _ in range(rounds):
        desk.glance.forget()
        drawn.append(timed(lambda: panel.run(timeout=60)))
        bare.append(timed(lambda: run_bare(platform, asked)))
    refresh, sql = statistics.median(drawn), statistics.median(bare)
    late = statistics.quantiles(drawn, n=20)[-1]
    print(f"refresh of the overview   p50 {refresh:6.1f} ms   p95 {late:6.1f} ms")
    print(f"its {len(asked)} statements alone  p50 {sql:6.1f} ms   ratio {refresh / sql:.1f}", flush=True)
    return late > BAR_REFRESH_MS


@contextmanager
def recorded(into: list[tuple[str, dict[str, Any]]]) -> Iterator[None]:
    """Note what is read meanwhile."""
    read = Reader.read

    def noting(self: Reader, name: str, parameters: Any, cap: int | None = None) -> Rows:
        into.append((name, dict(parameters)))
        return read(self, name, parameters, cap)

    Reader.read = noting  # type: ignore[method-assign]
    try:
        yield
    finally:
        Reader.read = read  # type: ignore[method-assign]


def run_bare(platform: MonitoringPlatform, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """The statements one after the other on one connection."""
    with platform._store.reader._pool.transaction("measuring") as cursor:
        for name, parameters in asked:
            cursor.execute(query(name), parameters)
            cursor.fetchall()


def timed(work: Any) -> float:
    """Milliseconds that something takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def in_a_browser(values: dict[str, str], soak: int) -> bool:
    """First paint and memory of the served page; whether a bar was missed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is not installed: apt-get install chromium")
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "chatbot_interface.py"), "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **values}, stdout=subprocess.DEVNULL)
    try:
        await_server(url + "_stcore/health")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            warm_up(context, url)
            paints = [paint(context, url) for _ in range(5)]
            print(f"first paint, warm         p50 {statistics.median(paints):6.0f} ms", flush=True)
            growth = grown(context, url, psutil.Process(server.pid), soak)
            browser.close()
    finally:
        server.terminate()
        server.wait(30)
    return statistics.median(paints) > BAR_PAINT_MS or growth > BAR_GROWTH


def warm_up(context: BrowserContext, url: str) -> None:
    """Open the page once, and wait until the monitor has made its first tick and has nothing to catch up on."""
    tab = context.new_page()
    tab.goto(url, wait_until="commit")
    tab.locator(".m-facts", has_text="Last tick").wait_for(timeout=120_000)
    tab.close()


def paint(context: BrowserContext, url: str) -> float:
    """Milliseconds until a new tab shows the overview with its figures."""
    tab = context.new_page()

    def opened() -> None:
        tab.goto(url, wait_until="commit")
        tab.locator(".m-card").nth(2).wait_for(timeout=60_000)

    took = timed(opened)
    tab.close()
    return took


def grown(context: BrowserContext, url: str, server: psutil.Process, seconds: int) -> float:
    """How many times as much memory the server takes after a while of ten tabs that refresh."""
    for _ in range(TABS):
        tab = context.new_page()
        tab.goto(f"{url}?refresh=5+s", wait_until="commit")
        tab.locator(".m-card").nth(2).wait_for(timeout=60_000)
    time.sleep(WARM_UP_SECONDS)
    before = server.memory_info().rss
    time.sleep(seconds)
    after = server.memory_info().rss
    print(f"memory, {TABS} tabs, {seconds} s    {before / 1e6:.0f} MB, then {after / 1e6:.0f} MB", flush=True)
    return after / before


if __name__ == "__main__":
    sys.modules["benchmarks.page"] = sys.modules["__main__"]
    sys.exit(main())
