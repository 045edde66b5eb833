"""A real browser on the real page. A module may name the `SCENARIO` that its page shows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Download, Locator, Page, TimeoutError, expect, sync_playwright

from tests.browser.stage import Site, database, platform_with, settings_for, site_for

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PATIENCE_MS = 60_000
"""So long a test waits for what it expects: the cores are shared with other tests."""
READY = ".m-head h1"
"""The head of a panel is there."""

DRAWN = """() =>
    !document.querySelector('[data-testid="stStatusWidget"], .stale-element, [data-stale="true"]') &&
    document.getAnimations().every(a => a.playState !== 'running' || a.effect.getComputedTiming().endTime === Infinity)
"""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Where there is none the test is skipped, in CI it fails.

    It ends with the module: while Playwright is there, an event loop runs in this thread, and tests that come
    after could not run one of their own.
    """
    path = shutil.which("chromium")
    if path is None:
        assert not os.environ.get("CI"), "Chromium is missing: apt-get install chromium"
        pytest.skip("Chromium is missing: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The page on a platform in which the module's scenario began a quarter of an hour ago."""
    folder: Path = tmp_path_factory.mktemp("page")
    with database(server_url) as url:
        settings = settings_for(url, folder)
        with platform_with(settings, getattr(request.module, "SCENARIO", "insert_bottleneck")):
            pass
        with site_for(settings, folder) as served:
            yield served


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a page in a tab: of a browser of its own, or `beside` another one; comes back when its head is drawn.

    Afterwards no tab may show an exception, nor have written an error to the console.
    """
    tabs: list[Page] = []
    errors: list[str] = []

    def open_it(
        url: str, width: int = 1280, height: int = 900, theme: Any = "light", beside: Page | None = None
    ) -> Page:
        context = beside.context if beside else None
        size: Any = {"width": width, "height": height}
        tab = (context or browser.new_context(viewport=size, color_scheme=theme)).new_page()
        tabs.append(tab)
        tab.on("console", lambda message: errors.append(_told(message)) if is_error(message) else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(url, wait_until="commit")
        tab.wait_for_selector(READY, timeout=PATIENCE_MS)
        return tab

    yield open_it
    boxes = [tab.locator('[data-testid="stException"]').count() for tab in tabs]
    for context in {tab.context for tab in tabs}:
        context.close()
    assert not any(boxes), "a panel shows an exception"
    assert errors == []


def is_error(message: ConsoleMessage) -> bool:
    """Whether a line of the console tells of an error of ours.

    Opened at the address of a panel, Streamlit's own script first looks for its server below that address.
    """
    searching = "404" in message.text and "/_stcore/" in message.location.get("url", "")
    return message.type == "error" and not searching


def _told(message: ConsoleMessage) -> str:
    return f"{message.text} ({message.location.get('url', '')})"


def settle(tab: Page) -> None:
    """Wait until Streamlit has drawn everything, and nothing of it is pale any more because it is drawn anew."""
    tab.wait_for_function(DRAWN)
    tab.wait_for_load_state("networkidle")
    tab.wait_for_function(DRAWN)


def downloaded(tab: Page, button: Locator) -> Download:
    """What a button gives; a click that falls into a redraw is lost, and a person clicks again."""
    for _ in range(5):
        settle(tab)
        try:
            with tab.expect_download(timeout=20_000) as taken:
                button.click()
        except TimeoutError:
            continue
        return taken.value
    raise AssertionError("Five clicks gave no file.")


def go_to(tab: Page, title: str) -> None:
    """Choose a panel in the navigation."""
    unfold = tab.locator('[data-testid="stExpandSidebarButton"]')
    if unfold.is_visible():
        unfold.click()
    tab.locator('[data-testid="stSidebarNavLink"]', has_text=title).click()
    tab.wait_for_function("title => document.querySelector('.m-head h1')?.textContent === title", arg=title)
    settle(tab)
