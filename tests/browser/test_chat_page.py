"""The chat in a real browser: text as it comes, stopping it, keyboard, reload, two tabs, export, a phone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, downloaded, settle
from tests.browser.stage import Site, database, platform_with, settings_for, site_for
from tests.integration.openai_server import Calls, Drips, Says, Service, openai_service

SECONDS = 60_000
STATUS = "What's the current system status?"
LOOK = Calls([("check_real_time_anomalies", json.dumps({"last_minutes": 10, "component": ["kafka"]}))])


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A language model that does what the test wants it to."""
    with openai_service([Says("ok")]) as running:
        yield running


@pytest.fixture(scope="module")
def site(service: Service, server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("chat")
    with ExitStack() as stack:
        settings = settings_for(stack.enter_context(database(server_url)), folder, SESSION_WAIT_SECONDS="1")
        with platform_with(settings, "insert_bottleneck"):
            pass
        spoken = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": service.url, "SESSION_WAIT_SECONDS": "1"}
        yield stack.enter_context(site_for(settings, folder, **spoken))


@pytest.fixture
def chat(site: Site, open_page: OpenPage) -> Callable[..., Page]:
    """Opens the chat, at an address if one is given."""

    def open_chat(query: str = "", **look: int | str) -> Page:
        tab = open_page(f"{site.url}/chat{query}", **look)
        expect(question(tab)).to_be_visible(timeout=SECONDS)
        settle(tab)
        return tab

    return open_chat


def question(tab: Page) -> Locator:
    return tab.get_by_placeholder("Ask about Kafka, Flink or ClickHouse")


def stop(tab: Page) -> Locator:
    return tab.locator(".st-key-stop button").first


def ask(tab: Page, text: str) -> None:
    question(tab).fill(text)
    question(tab).press("Enter")


def asked(tab: Page, text: str) -> None:
    """Ask and wait for the whole answer."""
    before = tab.get_by_text("What it rests on").count()
    ask(tab, text)
    expect(tab.get_by_text("What it rests on")).to_have_count(before + 1, timeout=SECONDS)
    settle(tab)


def built_in(service: Service) -> None:
    """Let the service be told what the platform found, so that its answer stands."""
    service.steps[:] = [LOOK, Says("Nothing more to say.")]


def endless(service: Service) -> None:
    service.steps[:] = [LOOK, Drips("lag ")]


def conversations_held(site: Site) -> int:
    """How many conversations are being answered in: their locks have long keys, all others have short ones."""
    with psycopg2.connect(site.settings.database_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.classid <> 0"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def held(site: Site, many: int) -> None:
    """Wait until so many conversations are being answered in."""
    deadline = time.monotonic() + SECONDS / 1000
    while (found := conversations_held(site)) != many:
        assert time.monotonic() < deadline, f"{found} are being answered in"
        time.sleep(0.1)


def test_look_ups_and_text_are_shown_as_they_come_until_it_is_stopped(
    chat: Callable[..., Page], site: Site, service: Service
) -> None:
    endless(service)
    tab = chat()
    ask(tab, STATUS)
    expect(tab.get_by_text("Looked at the state of Kafka")).to_be_visible(timeout=SECONDS)
    expect(tab.get_by_text(re.compile("lag lag lag"))).to_be_visible(timeout=SECONDS)
    held(site, 1)
    expect(question(tab)).to_be_focused()
    question(tab).press_sequentially("typed meanwhile")
    stop(tab).click()
    expect(tab.get_by_text("Stopped before it was complete")).to_be_visible(timeout=SECONDS)
    expect(tab.get_by_text(re.compile("lag lag lag"))).to_be_visible()
    expect(stop(tab)).to_have_count(0)
    expect(question(tab)).to_have_value("typed meanwhile")
    held(site, 0)
    built_in(service)
    tab.get_by_role("button", name="Ask again").click()
    expect(tab.get_by_text("What it rests on")).to_have_count(1, timeout=SECONDS)
    expect(tab.get_by_text("Stopped before it was complete")).to_have_count(0)


def test_a_refresh_does_not_interrupt_an_answer_and_closing_the_tab_does(
    chat: Callable[..., Page], site: Site, service: Service
) -> None:
    endless(service)
    tab = chat("?refresh=5+s")
    ask(tab, STATUS)
    expect(tab.get_by_text(re.compile("lag lag lag"))).to_be_visible(timeout=SECONDS)
    tab.wait_for_timeout(5500)
    expect(stop(tab)).to_be_visible()
    held(site, 1)
    tab.goto("about:blank")
    held(site, 0)


def test_a_conversation_survives_a_reload_and_is_open_in_two_tabs(chat: Callable[..., Page], service: Service) -> None:
    built_in(service)
    tab = chat()
    asked(tab, STATUS)
    expect(question(tab)).to_be_focused()
    expect(tab).to_have_url(re.compile("session="))
    tab.reload()
    expect(tab.get_by_text("What it rests on")).to_have_count(1, timeout=SECONDS)
    endless(service)
    ask(tab, "And Flink?")
    expect(tab.get_by_text(re.compile("lag lag lag"))).to_be_visible(timeout=SECONDS)
    other = chat("?" + tab.url.partition("?")[2])
    expect(other.get_by_text("What it rests on")).to_have_count(1, timeout=SECONDS)
    ask(other, "And Kafka?")
    expect(other.get_by_text("One question at a time")).to_be_visible(timeout=SECONDS)
    tab.keyboard.press("Escape")
    expect(tab.get_by_text("Stopped before it was complete")).to_be_visible(timeout=SECONDS)
    built_in(service)
    other.get_by_role("button", name="Ask again").click()
    expect(other.get_by_text("What it rests on")).to_have_count(2, timeout=SECONDS)


def test_it_can_be_taken_along_renamed_and_deleted(chat: Callable[..., Page], service: Service) -> None:
    built_in(service)
    tab = chat()
    asked(tab, STATUS)
    for form, begins in (("JSON", "{"), ("Markdown", f"# {STATUS}")):
        tab.get_by_role("button", name="Manage").click()
        taken = downloaded(tab, tab.get_by_role("button", name=f"Export as {form}"))
        assert Path(taken.path()).read_text(encoding="utf-8").startswith(begins)
        tab.keyboard.press("Escape")
    tab.get_by_text("What it rests on").click()
    taken = downloaded(tab, tab.get_by_test_id("stDownloadButton").filter(has_text="CSV").get_by_role("button"))
    assert "component" in Path(taken.path()).read_text(encoding="utf-8")
    tab.get_by_role("button", name="Manage").click()
    tab.get_by_role("button", name="Delete …").click()
    expect(tab.get_by_text("It cannot be brought back.")).to_be_visible(timeout=SECONDS)
    tab.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(tab.get_by_text("What would you like to know?")).to_be_visible(timeout=SECONDS)
    expect(tab).not_to_have_url(re.compile("session="))


def test_it_works_on_a_phone_in_the_dark(chat: Callable[..., Page], service: Service) -> None:
    service.steps[:] = [
        Calls([("query_metrics_trend", json.dumps({"metric": ["consumer_group_lag"], "hours": 1}))]),
        Says("Nothing more to say."),
    ]
    tab = chat(width=400, height=820, theme="dark")
    asked(tab, "How did consumer lag develop over the last hour?")
    expect(tab.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first).to_be_visible()
    inner, outer = tab.evaluate("[document.querySelector('.stMain').scrollWidth, window.innerWidth]")
    assert inner <= outer


def test_nothing_in_an_answer_is_acted_on(chat: Callable[..., Page], service: Service) -> None:
    nasty = "`:smile:` <b>bold</b> $x^2$ :smile: :red[hot] :material/home: [go](http://evil.example) ![](x)"
    service.steps[:] = [LOOK, Says(nasty)]
    tab = chat()
    asked(tab, STATUS)
    answer = tab.locator("[data-testid=stChatMessage]").last
    expect(answer).to_contain_text("<b>bold</b> $x^2$ :\u2060smile: :red[hot]")
    for acted_on in ("a", "img", ".katex", "[role=img][aria-label*=icon]"):
        expect(answer.locator(f"[data-testid=stMarkdownContainer] p:has-text('bold') {acted_on}")).to_have_count(0)
