"""Every panel: in both themes, on a phone and on a wall, without a mouse, while it is refreshed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from chatbot_interface import PANELS
from tests.browser.conftest import OpenPage, go_to, settle
from tests.browser.stage import Site

TITLES = [panel.title for panel in PANELS]
GRAVE = ("serious", "critical")


def grave_violations(tab: Page) -> list[str]:
    """What axe finds serious or worse: rule, and where."""
    found: list[dict[str, Any]] = Axe().run(tab).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]}" for rule in found if rule["impact"] in GRAVE for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_panel(site: Site, open_page: OpenPage, theme: str) -> None:
    # What is being refreshed is pale for a moment.
    tab = open_page(f"{site.url}?refresh=Off", theme=theme)
    found = {}
    for title in TITLES:
        go_to(tab, title)
        found[title] = grave_violations(tab)
    assert found == {title: [] for title in TITLES}


@pytest.mark.parametrize("width", [400, 2560])
def test_no_panel_has_to_be_scrolled_sideways(site: Site, open_page: OpenPage, width: int) -> None:
    tab = open_page(site.url, width=width)
    for title in TITLES:
        go_to(tab, title)
        inner, outer = tab.evaluate("[document.querySelector('.stMain').scrollWidth, window.innerWidth]")
        assert inner <= outer, title


def test_the_head_of_each_panel_says_how_the_platform_is(site: Site, open_page: OpenPage) -> None:
    tab = open_page(site.url)
    for title in TITLES:
        go_to(tab, title)
        head = tab.locator(".m-head")
        expect(head).to_contain_text("Critical")
        expect(head).to_contain_text("DEMO DATA")
        expect(head).to_contain_text(re.compile("Storage (PostgreSQL|TimescaleDB)"))


def test_a_refresh_leaves_what_is_typed_and_where_one_has_scrolled_to(site: Site, open_page: OpenPage) -> None:
    tab = open_page(f"{site.url}?refresh=5+s", height=600)
    go_to(tab, "Settings")
    field = tab.get_by_label("Find a setting")
    field.press_sequentially("reten")
    tab.locator(".stMain").evaluate("main => main.scrollTo(0, 240)")
    before = tab.locator(".m-facts").inner_text()
    tab.wait_for_function("before => document.querySelector('.m-facts').innerText !== before", arg=before)
    settle(tab)
    expect(field).to_have_value("reten")
    expect(field).to_be_focused()
    assert tab.locator(".stMain").evaluate("main => main.scrollTop") == 240


def test_the_panels_can_be_reached_with_the_keyboard(site: Site, open_page: OpenPage) -> None:
    tab = open_page(site.url)
    settle(tab)
    seen = []
    for _ in range(12):
        tab.keyboard.press("Tab")
        seen.append(tab.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''"))
    assert "Settings" in " ".join(seen)
    tab.locator('[data-testid="stSidebarNavLink"]', has_text="Settings").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".m-head h1")).to_have_text("Settings")


def test_ten_tabs_at_once_are_all_drawn_and_go_on(site: Site, open_page: OpenPage) -> None:
    first = open_page(f"{site.url}?refresh=5+s", width=900)
    tabs = [first, *(open_page(f"{site.url}?refresh=5+s", beside=first) for _ in range(9))]
    for tab in tabs:
        expect(tab.locator(".m-card")).to_have_count(3)
    before = [tab.locator(".m-facts").inner_text() for tab in tabs]
    for tab, fact in zip(tabs, before, strict=True):
        tab.wait_for_function("fact => document.querySelector('.m-facts').innerText !== fact", arg=fact)


def test_settings_show_what_is_configured_and_no_secret(site: Site, open_page: OpenPage) -> None:
    tab = open_page(site.url)
    go_to(tab, "Settings")
    expect(tab.locator(".m-table tr", has_text="DATABASE_URL").first).to_contain_text("set")
    assert site.settings.database_url is not None
    assert site.settings.database_url not in tab.content()
    tab.get_by_label("Find a setting").fill("gpt")
    tab.keyboard.press("Enter")
    expect(tab.locator(".m-table tbody tr")).to_have_count(1)
