"""The overview in a browser: an incident in plain words, drawn on the pipeline, with figures that move."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, settle
from tests.browser.stage import Site


def test_a_backward_cascade_is_told_in_plain_words_and_drawn_from_where_it_began(
    site: Site, open_page: OpenPage
) -> None:
    tab = open_page(site.url)
    settle(tab)
    expect(tab.locator(".m-headline")).to_have_text("1 open incident.")
    expect(tab.locator(".stMain")).to_contain_text(re.compile("Started in ClickHouse with .* and went on to Flink"))
    expect(tab.locator(".m-stage", has_text="ClickHouse").locator(".m-num").first).to_have_text("1")
    expect(tab.locator(".m-against").first).to_contain_text("after")
    assert tab.locator(".m-with").count() == 0


def test_each_component_has_figures_with_their_course(site: Site, open_page: OpenPage) -> None:
    tab = open_page(site.url)
    cards = tab.locator(".m-card")
    expect(cards).to_have_count(3)
    expect(cards.locator(".m-spark")).to_have_count(9)
    assert "–" not in cards.locator(".m-value").all_inner_texts()


def test_the_age_of_the_data_names_the_slowest_stage(site: Site, open_page: OpenPage) -> None:
    tab = open_page(site.url)
    expect(tab.locator(".m-age")).to_contain_text("slowest stage: Kafka")


def test_on_a_phone_the_pipeline_stands_upright(site: Site, open_page: OpenPage) -> None:
    tab = open_page(site.url, width=400, theme="dark")
    settle(tab)
    tops = [box["y"] for stage in tab.locator(".m-stage").all() if (box := stage.bounding_box())]
    assert tops == sorted(tops)
    assert len(set(tops)) == 3


def test_the_chain_unfolds_to_a_list_of_every_sign(site: Site, open_page: OpenPage) -> None:
    tab = open_page(site.url)
    tab.get_by_text("The chain in order of onset").click()
    numbers = tab.locator(".m-chain .m-num").all_inner_texts()
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert len(numbers) > 4
