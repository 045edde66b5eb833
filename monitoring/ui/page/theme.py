"""Colours, words and icons of health and severity, and the style sheet of what is drawn as HTML.

Every state has a word and a shape beside its colour. A colour is a pair, for the light and the dark theme; the
browser picks by the `color-scheme` that Streamlit sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from monitoring.contract import Health
from monitoring.metrics import Severity


class Colour(NamedTuple):
    light: str
    dark: str

    def css(self) -> str:
        return f"light-dark({self.light}, {self.dark})"


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: a word, a shape, a text colour on a ground, and Streamlit's name of the colour."""

    word: str
    shape: str
    icon: str
    text: Colour
    ground: Colour
    badge: str


PAGE = Colour("#ffffff", "#0f1217")
PANEL = Colour("#f4f6f9", "#181d25")
INK = Colour("#1a2230", "#e7eaf0")
MUTED = Colour("#56617a", "#a5afbf")
LINE = Colour("#dfe3ea", "#2b323d")
ACCENT = Colour("#2952cc", "#86a8ff")

_GOOD = (Colour("#14663a", "#7ee2a8"), Colour("#e6f5ec", "#12291d"))
_WARN = (Colour("#8a4206", "#fbc870"), Colour("#fdf1d9", "#302612"))
_BAD = (Colour("#b01e16", "#ff9d95"), Colour("#fdeceb", "#381b1a"))
_DULL = (Colour("#475467", "#b9c2cf"), Colour("#eceff4", "#252c36"))
DEMO = (Colour("#5b21b6", "#c4b0ff"), Colour("#f1ebfe", "#271f40"))

HEALTH: dict[Health, Look] = {
    "healthy": Look("Healthy", "●", ":material/check_circle:", *_GOOD, "green"),
    "degraded": Look("Degraded", "▲", ":material/warning:", *_WARN, "orange"),
    "critical": Look("Critical", "✖", ":material/error:", *_BAD, "red"),
    "no_data": Look("No data", "○", ":material/help:", *_DULL, "gray"),
}
SEVERITY: dict[Severity, Look] = {
    "warning": Look("Warning", "▲", ":material/warning:", *_WARN, "orange"),
    "critical": Look("Critical", "✖", ":material/error:", *_BAD, "red"),
}
STARTING = Look("Starting", "◌", ":material/hourglass_top:", *_DULL, "gray")
UNREACHABLE = Look("Not known", "○", ":material/cloud_off:", *_DULL, "gray")


def health(name: str) -> Look:
    """The look of a health by its name; of any other name that of no data."""
    return next((look for known, look in HEALTH.items() if known == name), HEALTH["no_data"])


def severity(name: str) -> Look:
    """The look of a severity by its name; of any other name that of a warning."""
    return SEVERITY["critical" if name == "critical" else "warning"]


def tones() -> str:
    """A style sheet with a class per state: `.tone-critical` and so on set text colour and ground."""
    named: dict[str, tuple[Colour, Colour]] = {name: (look.text, look.ground) for name, look in HEALTH.items()}
    named |= {"warning": _WARN, "demo": DEMO, "dull": _DULL}
    return "".join(
        f".tone-{name}{{--tone:{text.css()};--tone-ground:{ground.css()}}}" for name, (text, ground) in named.items()
    )


def style_sheet() -> str:
    """The style sheet of everything that the page draws as HTML."""
    variables = "".join(
        f"--m-{name}:{colour.css()};"
        for name, colour in (("page", PAGE), ("panel", PANEL), ("ink", INK), ("muted", MUTED), ("line", LINE))
    )
    return f"<style>.stApp{{{variables}--m-accent:{ACCENT.css()}}}{tones()}{_SHEET}</style>"


_SHEET = """
.stMainBlockContainer{padding:2.6rem 2rem 4rem;max-width:1680px}
.stHtml p{margin:0}
.m-head{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .9rem}
.m-head h1{font-size:1.55rem;font-weight:650;letter-spacing:-.015em;margin:0;padding:0;line-height:1.25}
.m-head .m-facts{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .8rem;margin-left:auto}
.m-pill{display:inline-flex;align-items:center;gap:.4em;padding:.16rem .6rem;border-radius:999px;font-weight:600;
 font-size:.86rem;line-height:1.4;color:var(--tone);background:var(--tone-ground);white-space:nowrap}
.m-pill.m-large{font-size:1rem;padding:.24rem .85rem}
.m-fact{font-size:.84rem;color:var(--m-muted);white-space:nowrap}
.m-fact b{color:var(--m-ink);font-weight:600}
.m-banner{display:flex;gap:.7rem;align-items:flex-start;margin-top:.75rem;padding:.7rem .95rem;border-radius:8px;
 color:var(--tone);background:var(--tone-ground);font-size:.92rem;line-height:1.45}
.m-banner b{font-weight:650}
@media (max-width:640px){
 .stMainBlockContainer{padding:4.2rem .9rem 3rem}
 .m-head .m-facts{margin-left:0;width:100%}
}
"""
