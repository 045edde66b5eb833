"""Colours that can be read, states that are told by more than a colour, texts that stay texts."""

from __future__ import annotations

import html as standard_html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.ui.page import theme
from monitoring.ui.page.text import html, markdown, one_line
from monitoring.ui.page.theme import Colour, Look
from tests.unit.page_state import NASTY

READABLE = 4.5
LOOKS = [*theme.HEALTH.values(), *theme.SEVERITY.values(), theme.STARTING, theme.UNREACHABLE]


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[n : n + 2], 16) / 255) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.word)
@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
def test_the_word_of_a_state_can_be_read_on_its_ground_on_the_page_and_on_a_panel(look: Look, side: int) -> None:
    for ground in (look.ground, theme.PAGE, theme.PANEL):
        assert contrast(look.text[side], ground[side]) >= READABLE


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED, theme.ACCENT])
@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_the_page_and_on_a_panel(colour: Colour, side: int) -> None:
    assert contrast(colour[side], theme.PAGE[side]) >= READABLE
    assert contrast(colour[side], theme.PANEL[side]) >= READABLE


def test_no_two_healths_share_a_word_a_shape_or_a_colour() -> None:
    for part in ("word", "shape", "icon", "text"):
        assert len({getattr(look, part) for look in theme.HEALTH.values()}) == len(theme.HEALTH)


def test_what_is_not_known_never_looks_healthy() -> None:
    healthy = theme.HEALTH["healthy"]
    for look in (theme.health("no_data"), theme.health("nonsense"), theme.STARTING, theme.UNREACHABLE):
        assert look.word != healthy.word
        assert look.text != healthy.text
        assert look.shape != healthy.shape


def test_what_lies_over_the_page_has_its_colours_and_its_theme() -> None:
    assert theme.style_sheet().startswith(f"<style>.stApp,{theme.OVERLAYS}{{--m-")
    assert f"{theme.OVERLAYS}{{color-scheme:dark}}" in theme.overlay_sheet(dark=True)
    assert f"{theme.OVERLAYS}{{color-scheme:light}}" in theme.overlay_sheet(dark=False)


def test_the_style_sheet_has_a_tone_for_every_state() -> None:
    sheet = theme.style_sheet()
    for tone in (*theme.HEALTH, *theme.SEVERITY, "demo", "dull"):
        assert f".tone-{tone}{{" in sheet


def test_a_nasty_name_is_shown_as_it_stands() -> None:
    assert "<" not in html(NASTY)
    assert standard_html.unescape(html(NASTY)).startswith("<img src=x onerror=alert(1)>:smile: $x^2$")
    assert "\\u202e" in html(NASTY)
    assert "\\x1b" in html(NASTY)


@given(st.text())
def test_no_text_becomes_markup_or_leaves_its_line(text: str) -> None:
    assert not re.search("[<>\"'\n\r\x00-\x1f\u202e]", html(text))
    assert standard_html.unescape(html(text)) == one_line(text)


@given(st.text())
def test_in_markdown_every_sign_that_means_something_is_escaped(text: str) -> None:
    bare = re.sub(r"\\[\\`*_{}\[\]()<>#+\-.!|~$:&=^@/]", "", markdown(text))
    assert not re.search(r"[\\`*_{}\[\]()<>#!|~$:&^@]", bare)


def test_a_long_text_ends_in_an_ellipsis() -> None:
    assert one_line("a" * 50, 10) == "a" * 9 + "…"
    assert one_line("a" * 10, 10) == "a" * 10
