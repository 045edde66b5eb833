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
OVERLAYS = '.stDialog,[data-testid="stPopoverBody"]'
"""What is drawn over the page, outside of it."""

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
    return f"<style>.stApp,{OVERLAYS}{{{variables}--m-accent:{ACCENT.css()}}}{tones()}{_SHEET}</style>"


def overlay_sheet(dark: bool) -> str:
    """The style sheet that tells what lies over the page which theme it is in: Streamlit tells only the page."""
    return f"<style>{OVERLAYS}{{color-scheme:{'dark' if dark else 'light'}}}</style>"


_SHEET = """
.stMainBlockContainer{padding:3.6rem 2rem 4rem;max-width:1840px}
.stAppHeader{background:transparent}
[data-testid="stCaptionContainer"],[data-testid="stCaptionContainer"] p{
 color:var(--m-muted)!important;opacity:1!important}
.m-head{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .9rem}
.m-head h1{font-size:1.55rem;font-weight:650;letter-spacing:-.015em;margin:0;padding:0;line-height:1.25}
.m-facts{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .9rem;margin-left:auto}
.m-pill{display:inline-flex;align-items:center;gap:.4em;padding:.1rem .55rem;border-radius:999px;font-weight:600;
 font-size:.82rem;line-height:1.45;color:var(--tone);background:var(--tone-ground);white-space:nowrap}
.m-pill.m-large{font-size:.95rem;padding:.2rem .8rem}
.m-fact{font-size:.84rem;color:var(--m-muted)}
.m-fact b{color:var(--m-ink);font-weight:600}
.m-banner{margin-top:.75rem;padding:.7rem .95rem;border-radius:8px;color:var(--tone);background:var(--tone-ground);
 font-size:.92rem;line-height:1.45}
.m-headline{font-size:1.2rem!important;font-weight:600!important;margin:0!important;padding:.2rem 0 0!important}
.m-story{font-size:1rem;line-height:1.6}
.m-story .m-pill{margin-right:.35rem;vertical-align:.06em}
[data-testid="stPageLink"]{margin-left:-.5rem}
.m-text{margin:.2rem 0 .25rem;font-size:.92rem;overflow-wrap:anywhere}
.m-label{font-size:.86rem;color:var(--m-muted)}
.m-age .m-big{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem .8rem;font-size:1.7rem;font-weight:600;
 letter-spacing:-.01em;line-height:1.3}
.m-big .m-fact{font-weight:400;letter-spacing:0}
.m-bars{display:flex;gap:2px;height:8px;border-radius:4px;overflow:hidden;margin:.5rem 0 .55rem;
 background:var(--m-panel)}
.m-bar{min-width:2px;flex-basis:0}
.m-bar-0{background:light-dark(#2952cc,#86a8ff)}
.m-bar-1{background:light-dark(#a8510b,#f0b45b)}
.m-bar-2{background:light-dark(#0f766e,#4fd1c0)}
.m-age ul{display:flex;flex-wrap:wrap;gap:.15rem 1rem;list-style:none;margin:0!important;padding:0!important;
 font-size:.84rem;color:var(--m-muted)}
.m-age li{margin:0!important;font-size:inherit!important}
.m-age li b{color:var(--m-ink);font-weight:600}
.m-dot{display:inline-block;width:.6em;height:.6em;border-radius:50%;margin-right:.4em}
.m-cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(320px,100%),1fr));gap:1rem}
.m-card{border:1px solid var(--m-line);border-radius:8px;padding:.85rem 1rem .4rem;min-width:0}
.m-card-head{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .7rem;margin-bottom:.35rem}
.m-card h2{font-size:1.05rem!important;font-weight:650!important;margin:0!important;padding:0!important}
.m-card-head .m-fact{width:100%}
.m-tile{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,46%);gap:.8rem;align-items:center;
 padding:.55rem 0;border-top:1px solid var(--m-line);min-height:4.9rem;--spark:light-dark(#5b7bd6,#86a8ff)}
.m-toned{--spark:var(--tone)}
.m-value{font-size:1.35rem;font-weight:600;letter-spacing:-.01em;line-height:1.3;
 font-variant-numeric:tabular-nums}
.m-toned .m-value{color:var(--tone)}
.m-tile .m-fact{overflow-wrap:anywhere;line-height:1.3}
.m-spark{width:100%;height:42px;background:var(--spark);-webkit-mask-size:100% 100%;mask-size:100% 100%}
.m-list{margin:0 0 .45rem!important;padding:0!important}
.m-list div{display:flex;justify-content:space-between;gap:1rem;padding:.4rem 0;border-top:1px solid var(--m-line)}
.m-list dt{font-weight:400;margin:0!important;padding:0!important;font-size:.88rem;color:var(--m-muted)}
.m-list dd{margin:0!important;font-size:.88rem;font-weight:550;text-align:right;overflow-wrap:anywhere}
.m-rows{list-style:none;margin:0!important;padding:0!important;border:1px solid var(--m-line);border-radius:8px}
.m-rows li{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem .7rem;margin:0!important;padding:.55rem .9rem;
 overflow-wrap:anywhere;min-width:0}
.m-rows li+li{border-top:1px solid var(--m-line)}
.m-table{width:100%;border-collapse:collapse;font-size:.88rem}
.m-table th,.m-table td{padding:.5rem .75rem .5rem 0!important;border:0!important;
 border-bottom:1px solid var(--m-line)!important;text-align:left;vertical-align:top;overflow-wrap:anywhere}
.m-table tbody th{white-space:nowrap}
.m-table thead th{color:var(--m-muted);font-weight:500}
.m-table td:nth-child(3){color:var(--m-muted);white-space:nowrap}
.m-table code{background:none;padding:0;color:var(--m-ink);font-size:.84rem}
.m-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.m-pipe{display:flex;align-items:stretch;margin:.4rem 0}
.m-stage{flex:1 1 0;min-width:0;border:1px solid var(--m-line);border-top:3px solid var(--tone);border-radius:8px;
 padding:.65rem .8rem;background:var(--m-panel)}
.m-stage-head{display:flex;align-items:center;justify-content:space-between;gap:.5rem;flex-wrap:wrap}
.m-stage ol,.m-chain{list-style:none;margin:.55rem 0 0!important;padding:0!important;display:grid;gap:.3rem}
.m-stage li,.m-chain li{display:flex;align-items:baseline;gap:.5rem;font-size:.86rem!important;margin:0!important;
 line-height:1.4}
.m-sign{min-width:0;overflow-wrap:anywhere}
.m-stage .m-fact{display:flex;flex-wrap:wrap;gap:0 .45rem;font-size:.82rem}
.m-pipe time,.m-chain time{color:var(--m-muted);font-variant-numeric:tabular-nums;font-size:.82rem;white-space:nowrap}
.m-chain time{margin-left:auto}
.m-num{flex:none;display:inline-grid;place-items:center;min-width:1.45em;height:1.45em;border-radius:999px;
 font-size:.78rem;font-weight:650;color:var(--tone);background:var(--tone-ground);border:1px solid currentColor}
.m-more{color:var(--m-muted);padding-left:1.9rem!important}
.m-word{color:var(--tone);font-size:.82rem;font-weight:600;margin-left:auto}
.m-word+time{margin-left:.5rem!important}
.m-flow{flex:0 0 clamp(96px,10vw,150px);display:flex;flex-direction:column;justify-content:flex-start;gap:.5rem;
 padding:.35rem .35rem 0;text-align:center}
.m-flow .m-label{font-size:.82rem;line-height:1.3;display:block}
.m-flow .m-label b{color:var(--m-ink);font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}
.m-line{display:block;position:relative;height:0;border-top:2px solid var(--m-muted);margin:.3rem 3px}
.m-line::after{content:"";position:absolute;right:-2px;top:-6px;border:5px solid transparent;border-right:0;
 border-left:8px solid var(--m-muted)}
.m-spread .m-label{color:var(--tone);font-weight:600}
.m-spread .m-line{border-top:3px dashed var(--tone)}
.m-spread .m-line::after{top:-7px;border-left-color:var(--tone)}
.m-against .m-line::after{right:auto;left:-2px;border:5px solid transparent;border-left:0;
 border-right:8px solid var(--tone)}
@media (max-width:820px){
 .m-pipe{flex-direction:column}
 .m-flow{flex-basis:auto;flex-direction:row;justify-content:center;gap:1.6rem;padding:.35rem 0}
 .m-data,.m-spread{display:flex;align-items:center;gap:.5rem}
 .m-line,.m-spread .m-line{height:30px;width:0;border-top:0;border-left:2px solid var(--m-muted);margin:0 3px}
 .m-spread .m-line{border-left:3px dashed var(--tone)}
 .m-line::after,.m-spread .m-line::after{right:auto;left:-6px;top:auto;bottom:-2px;border:5px solid transparent;
  border-bottom:0;border-top:8px solid var(--m-muted)}
 .m-spread .m-line::after{left:-7px;border-top-color:var(--tone)}
 .m-against .m-line::after{bottom:auto;top:-2px;border:5px solid transparent;border-top:0;
  border-bottom:8px solid var(--tone)}
}
@media (max-width:640px){
 .m-table thead{display:none}
 .m-table tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--m-line)}
 .m-table th,.m-table td{display:block;border:0!important;padding:.05rem 0!important}
 .stMainBlockContainer{padding:4.2rem .9rem 3rem}
 .m-facts{margin-left:0;width:100%}
}
"""
