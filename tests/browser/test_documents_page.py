"""Documents in a browser: a question, its citation opened over the page, and left again with the keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, settle
from tests.browser.stage import Site
from tests.browser.test_shell import grave_violations
from tests.integration.pdf_files import pdf


def test_on_a_phone_a_file_is_added_asked_and_its_citation_opens_the_page(site: Site, open_page: OpenPage) -> None:
    tab = open_page(f"{site.url}/documents", width=400)
    settle(tab)
    expect(tab.get_by_text("No documents yet")).to_be_visible()
    file = {"name": "parts.pdf", "mimeType": "application/pdf", "buffer": pdf()}
    tab.locator('[data-testid="stFileUploader"] input').set_input_files(file)  # type: ignore[arg-type]
    expect(tab.get_by_text(re.compile("parts.pdf was read: 2 pages"))).to_be_visible(timeout=20_000)
    tab.get_by_label("What would you like").fill("What was the root cause of the too many parts incident?")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Open page 2").first.click()
    picture = tab.get_by_role("img", name="parts.pdf, page 2")
    expect(picture).to_be_visible(timeout=15_000)
    settle(tab)
    assert grave_violations(tab) == []
    inner, outer = tab.evaluate("[document.querySelector('.stMain').scrollWidth, window.innerWidth]")
    assert inner <= outer
    tab.get_by_role("button", name="Previous").click()
    expect(tab.get_by_role("img", name="parts.pdf, page 1")).to_be_visible(timeout=15_000)
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    tab.wait_for_url(re.compile(r"/documents(?!.*document=)"))
