"""The database goes away while the page is open, and comes back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from monitoring.store.embedded import EmbeddedServer
from tests.browser.conftest import OpenPage
from tests.browser.stage import Site, database, platform_with, settings_for, site_for
from tests.conftest import embedded_server

pytestmark = pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="stops a server of its own")


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A server that is stopped and started by hand."""
    with embedded_server() as server:
        yield server


@pytest.fixture
def own_site(server: EmbeddedServer, tmp_path: Path) -> Iterator[Site]:
    with database(server.uri()) as url:
        settings = settings_for(url, tmp_path)
        with platform_with(settings, "insert_bottleneck", hours=1):
            pass
        with site_for(settings, tmp_path) as served:
            yield served


def test_the_page_says_so_keeps_the_last_known_state_and_recovers_by_itself(
    own_site: Site, server: EmbeddedServer, open_page: OpenPage
) -> None:
    tab = open_page(f"{own_site.url}?refresh=5+s")
    expect(tab.locator(".m-card")).to_have_count(3)
    server.stop()
    banner = tab.get_by_role("alert")
    expect(banner).to_contain_text("Last known state: critical")
    expect(banner).to_contain_text("ago")
    expect(tab.locator(".m-head")).to_contain_text("Not known")
    expect(tab.locator(".m-card")).to_have_count(3)
    server.uri()
    expect(banner).to_have_count(0)
    expect(tab.locator(".m-head")).to_contain_text("Critical")
