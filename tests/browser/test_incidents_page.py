"""Incidents, metrics and documents in a browser: an incident in full, what is done about it, its series on a chart and
as a file; documents added, asked, and opened from a citation and from the answer to "has this happened before?"."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import FilePayload, Page, expect

from platform_metrics_definition import CATALOGUE
from tests.browser.conftest import OpenPage, downloaded, go_to, settle
from tests.browser.stage import ROOT, Site
from tests.browser.test_shell import grave_violations
from tests.integration.pdf_files import pdf

CHART = '[data-testid="stVegaLiteChart"]'


def opened(tab: Page) -> Page:
    """The incident of the list, in full."""
    settle(tab)
    # The first one there was: while the tests run the samples grow old, which becomes an incident too.
    tab.get_by_role("button", name=re.compile(r"Open #1$")).click()
    expect(tab.locator(".m-title")).to_contain_text("Insert bottleneck")
    settle(tab)
    return tab


def fits(tab: Page) -> bool:
    inner, outer = tab.evaluate("[document.querySelector('.stMain').scrollWidth, window.innerWidth]")
    return bool(inner <= outer)


def drawn(tab: Page) -> None:
    """Wait until a chart has its canvas or its drawing."""
    expect(tab.locator(f"{CHART} canvas, {CHART} svg.marks").first).to_be_visible(timeout=60_000)


def test_on_a_phone_a_file_is_added_asked_and_its_citation_opens_the_page(site: Site, open_page: OpenPage) -> None:
    tab = open_page(f"{site.url}/documents", width=400)
    settle(tab)
    expect(tab.get_by_text("No documents yet")).to_be_visible()
    add(tab, "parts.pdf", pdf())
    tab.get_by_label("What would you like").fill("What was the root cause of the too many parts incident?")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Open page 2").first.click()
    picture = tab.get_by_role("img", name="parts.pdf, page 2")
    expect(picture).to_be_visible(timeout=60_000)
    settle(tab)
    assert grave_violations(tab) == []
    inner, outer = tab.evaluate("[document.querySelector('.stMain').scrollWidth, window.innerWidth]")
    assert inner <= outer
    tab.get_by_role("button", name="Previous").click()
    expect(tab.get_by_role("img", name="parts.pdf, page 1")).to_be_visible(timeout=60_000)
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    tab.wait_for_url(re.compile(r"/documents(?!.*document=)"))


def test_whether_it_happened_before_is_answered_with_links_to_the_pages_that_say_so(
    site: Site, open_page: OpenPage
) -> None:
    tab = open_page(f"{site.url}/documents")
    settle(tab)
    content = (ROOT / "data" / "pm-2025-03-clickhouse-too-many-parts.pdf").read_bytes()
    add(tab, "past.pdf", content)
    go_to(tab, "Incidents")
    opened(tab).get_by_role("button", name="Has this happened before?").click()
    link = tab.get_by_role("link", name="past.pdf, p. 2")
    expect(link).to_be_visible(timeout=60_000)
    settle(tab)
    link.click()
    expect(tab.get_by_role("img", name="past.pdf, page 2")).to_be_visible(timeout=60_000)


def test_an_incident_has_an_address_of_its_own_and_its_chain_is_drawn_over_time(
    site: Site, open_page: OpenPage
) -> None:
    tab = opened(open_page(f"{site.url}/incidents"))
    tab.wait_for_url("**incident=**")
    again = open_page(tab.url)
    steps = again.locator(".m-fall li")
    expect(steps.first).to_contain_text("ClickHouse")
    numbers = again.locator(".m-fall .m-num").all_inner_texts()
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    starts = [bar.evaluate("bar => parseFloat(bar.style.left)") for bar in again.locator(".m-track span").all()]
    assert starts == sorted(starts)
    assert starts[-1] > starts[0]


def test_it_is_acknowledged_kept_quiet_and_its_report_is_taken(site: Site, open_page: OpenPage) -> None:
    tab = opened(open_page(f"{site.url}/incidents"))
    tab.get_by_role("button", name="Acknowledge").click()
    tab.get_by_label("Your name").fill("Ana <b>$x$</b>")
    tab.get_by_label("Note (optional)").fill("looking :fire: **now**")
    tab.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(tab.get_by_text("Acknowledged by Ana <b>$x$</b>")).to_be_visible()
    expect(tab.locator(".m-log")).to_contain_text("looking :fire: **now**")
    settle(tab)
    tab.get_by_role("button", name="Silence").click()
    expect(tab.get_by_label("Your name")).to_have_value("Ana <b>$x$</b>")
    expect(tab.get_by_text(re.compile("Keeps 1 of its"))).to_be_visible()
    tab.get_by_role("button", name="Keep quiet").click()
    expect(tab.get_by_text(re.compile("Quiet for 1 h"))).to_be_visible()
    taken = downloaded(tab, tab.get_by_role("button", name="Report", exact=False).first)
    assert taken.path().read_text(encoding="utf-8").startswith("# Incident")
    taken = downloaded(tab, tab.get_by_role("button", name="Report as PDF"))
    assert taken.path().read_bytes().startswith(b"%PDF")
    assert taken.suggested_filename == "incident-1.pdf"


def test_a_series_of_the_chain_leads_to_its_chart_at_that_time_and_to_a_file(site: Site, open_page: OpenPage) -> None:
    tab = opened(open_page(f"{site.url}/incidents"))
    link = tab.locator(".st-key-incident-series a").first
    named = link.inner_text()
    link.click()
    expect(tab.locator(".m-head h1")).to_have_text("Metrics")
    settle(tab)
    query = parse_qs(urlsplit(tab.url).query)
    assert CATALOGUE[query["metric"][0]].short in named
    assert query["instance"][0] in named
    assert {"instance", "from", "to"} <= query.keys()
    again = open_page(tab.url)
    drawn(again)
    expect(again.locator(".m-metric").first).to_contain_text(query["instance"][0])
    taken = downloaded(again, again.get_by_role("button", name="Download as CSV"))
    rows = list(csv.DictReader(io.StringIO(taken.path().read_text(encoding="utf-8"))))
    assert {row["instance"] for row in rows} == set(query["instance"])
    assert taken.suggested_filename.endswith(".csv")


def test_on_a_phone_in_the_dark_both_panels_can_be_read(site: Site, open_page: OpenPage) -> None:
    tab = opened(open_page(f"{site.url}/incidents", width=400, theme="dark"))
    assert fits(tab)
    assert grave_violations(tab) == []
    chart = open_page(f"{site.url}/metrics?metric=max_parts_per_partition&last=1h", width=400, theme="dark")
    drawn(chart)
    assert fits(chart)
    assert grave_violations(chart) == []


def test_what_is_chosen_stands_in_the_address(site: Site, open_page: OpenPage) -> None:
    tab = open_page(f"{site.url}/metrics")
    drawn(tab)
    tab.get_by_role("radio", name="1 h", exact=True).or_(tab.get_by_role("button", name="1 h", exact=True)).click()
    tab.wait_for_url("**last=1h**")
    settle(tab)
    expect(tab.get_by_text(re.compile("One point for each 15 s"))).to_be_visible()


def add(tab: Page, name: str, content: bytes) -> None:
    """Choose a file on the panel Documents, and wait until it was read."""
    file: FilePayload = {"name": name, "mimeType": "application/pdf", "buffer": content}
    tab.locator('[data-testid="stFileUploader"] input').set_input_files(file)
    expect(tab.get_by_text(re.compile(f"{name} was read"))).to_be_visible(timeout=60_000)
    settle(tab)
