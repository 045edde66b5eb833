#!/usr/bin/env python3
"""Makes the pictures under docs/images from the real page, on simulated platforms of its own.

python docs/screenshots.py                     all of them
python docs/screenshots.py phone-width dark    some; it needs Debian's chromium and Playwright
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
START_SECONDS = 60.0
DRAWN_SECONDS = 60.0
SETTLED_MS = 1500.0
"""So long Streamlit takes to move everything to its place."""
COLOURS = 256
FAULT_BEFORE = timedelta(minutes=14)
QUESTION = "Show me consumer lag over the last 2 hours"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: of which scenario and panel, how large, in which theme; `act` does what is to be done before."""

    name: str
    scenario: str
    panel: str = ""
    width: int = 1440
    height: int = 900
    theme: Any = "light"
    whole: bool = False
    act: Callable[[Page], None] | None = None


def ask(tab: Page) -> None:
    """Ask for a trend and wait for its chart."""
    field = tab.get_by_test_id("stChatInputTextArea")
    field.fill(QUESTION)
    field.press("Enter")
    tab.get_by_text("What it rests on").first.wait_for(timeout=DRAWN_SECONDS * 1000)
    tab.wait_for_timeout(SETTLED_MS)
    tab.locator(".stMain").evaluate("main => main.scrollTo(0, 0)")


def charted(tab: Page) -> None:
    """Wait for the explorer's chart."""
    tab.get_by_test_id("stVegaLiteChart").first.wait_for(timeout=DRAWN_SECONDS * 1000)


SHOTS = (
    Shot("overview-healthy", "healthy"),
    Shot("overview-backward-cascade", "insert_bottleneck", whole=True),
    Shot("dark", "insert_bottleneck", theme="dark", whole=True),
    Shot("phone-width", "insert_bottleneck", width=400, height=860),
    Shot("chat-with-chart", "insert_bottleneck", "chat", height=1150, act=ask),
    Shot("explorer", "insert_bottleneck", "metrics?metric=max_parts_per_partition", height=1000, act=charted),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the pictures; returns the exit code."""
    parser = argparse.ArgumentParser(description="Makes the pictures of the page under docs/images.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(shot.name for shot in SHOTS)}")
    wanted = parser.parse_args(arguments).names
    unknown = set(wanted) - {shot.name for shot in SHOTS}
    if unknown:
        parser.error(f"there is no picture {', '.join(sorted(unknown))}")
    chromium = shutil.which("chromium")
    if chromium is None:
        parser.error("chromium is missing; on Debian: apt-get install chromium")
    shots = [shot for shot in SHOTS if not wanted or shot.name in wanted]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for scenario in dict.fromkeys(shot.scenario for shot in shots):
            with served(scenario) as url:
                for shot in shots:
                    if shot.scenario == scenario:
                        take(browser, url, shot)
        browser.close()
    return 0


@contextmanager
def served(scenario: str) -> Iterator[str]:
    """The page on a simulated platform in which the scenario began a while ago; gives its address."""
    folder = Path(tempfile.mkdtemp(prefix="screenshots-"))
    folder.chmod(0o755)
    port = free_port()
    env = {**os.environ, "DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)}
    began = (datetime.now(UTC) - FAULT_BEFORE).isoformat(timespec="seconds")
    made = [sys.executable, str(ROOT / "platform_metrics_generator.py"), "--hours", "8", "--scenario", scenario]
    subprocess.run([*made, "--fault-at", began], cwd=folder, env=env, check=True, capture_output=True)
    page = [sys.executable, "-m", "streamlit", "run", str(ROOT / "chatbot_interface.py"), "--server.port", str(port)]
    process = subprocess.Popen(page, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_server(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def take(browser: Browser, url: str, shot: Shot) -> None:
    """Take one picture, at the size of what is shown where the `whole` panel is wanted."""
    tab = browser.new_page(
        viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.theme, device_scale_factor=2
    )
    tab.goto(url + shot.panel)
    # The first tick has been made, so that the head is complete.
    tab.locator(".m-facts", has_text="Last tick").wait_for(timeout=DRAWN_SECONDS * 1000)
    if shot.act:
        shot.act(tab)
    tab.wait_for_timeout(SETTLED_MS)
    if shot.whole:
        content = tab.locator('[data-testid="stMainBlockContainer"]').bounding_box()
        tab.set_viewport_size({"width": shot.width, "height": round(content["height"]) if content else shot.height})
        tab.wait_for_timeout(SETTLED_MS)
    path = IMAGES / f"{shot.name}.png"
    tab.screenshot(path=path)
    tab.close()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    sys.stderr.write(f"{path.relative_to(ROOT)}\n")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_server(url: str) -> None:
    """Wait until the page is served."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise SystemExit("The page was not served in time.")


if __name__ == "__main__":
    sys.exit(main())
