"""What stands at the head of every panel: health in a word, demo data, storage, the last tick, and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitoring.operations import Supervision
from monitoring.ui.page import figures, theme
from monitoring.ui.page.glance import Known
from monitoring.ui.page.guard import words_for
from monitoring.ui.page.text import html
from monitoring.ui.page.theme import Look

EDITIONS = {
    "postgresql": "PostgreSQL",
    "timescaledb-apache": "TimescaleDB (Apache 2)",
    "timescaledb": "TimescaleDB",
}


@dataclass(frozen=True, slots=True)
class Banner:
    """Something everybody should know: how bad it is (`critical`, `warning`, `dull`), a heading, a sentence."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a panel; `facts` are pairs of a name and what it is."""

    look: Look
    tone: str
    demo: bool
    facts: Sequence[tuple[str, str]]
    banners: Sequence[Banner]


def heading(known: Known, now: datetime, zone: ZoneInfo) -> Heading:
    """The head by what is known at a moment."""
    look, tone = _health(known)
    facts: list[tuple[str, str]] = []
    if known.check is not None:
        edition = str(known.check.storage.get("edition", ""))
        facts.append(("Storage", EDITIONS.get(edition, edition)))
    if known.supervision is not None and known.supervision.monitor.last_tick_at and not known.problem:
        facts.append(("Last tick", figures.age(known.supervision.monitor.last_tick_at, now)))
    return Heading(look, tone, known.check is not None and known.check.demo, facts, _banners(known, now, zone))


def _health(known: Known) -> tuple[Look, str]:
    if known.problem is not None:
        return theme.UNREACHABLE, "dull"
    if known.starting:
        return theme.STARTING, "dull"
    name = "no_data" if known.check is None else known.check.health
    return theme.health(name), name


def _banners(known: Known, now: datetime, zone: ZoneInfo) -> list[Banner]:
    if known.problem is not None:
        return [_gone(known, now, zone)]
    if known.starting:
        text = "The monitor is reading what there is. The first figures appear in a moment."
        return [Banner("dull", "Getting up to date", text)]
    return [] if known.supervision is None else _of_monitor(known.supervision)


def _gone(known: Known, now: datetime, zone: ZoneInfo) -> Banner:
    assert known.problem is not None
    title, sentence = words_for(known.problem)
    if known.check is None or known.read_at is None:
        return Banner("critical", f"{title}.", f"{sentence} This page shows the state as soon as it answers.")
    word = theme.health(known.check.health).word.lower()
    at = f"{figures.clock(known.read_at, zone, now)} {figures.zone_name(zone, now)}"
    last = f"Last known state: {word}, as of {at} ({figures.age(known.read_at, now)})."
    return Banner("critical", f"{title}.", f"{last} Shown below; the page recovers by itself.")


def _of_monitor(supervision: Supervision) -> list[Banner]:
    age, due = supervision.tick_age_seconds, supervision.tick_due_seconds
    if age is not None and age > due:
        text = f"The last check was {figures.value(age, 's')} ago; what is shown may have changed since."
        return [Banner("warning", "The monitor is behind.", text)]
    down = [source.name for source in supervision.sources if not source.ok]
    if down:
        named = ", ".join(down[:3]) + (f" and {len(down) - 3} more" if len(down) > 3 else "")
        return [Banner("warning", "Not every source answers.", f"{named}: see Settings for the reason.")]
    return []


def header_html(title: str, head: Heading) -> str:
    """The head as HTML; nothing in it can be read as markup."""
    demo = '<span class="m-pill tone-demo">DEMO DATA</span>' if head.demo else ""
    facts = "".join(f'<span class="m-fact">{html(name)} <b>{html(what)}</b></span>' for name, what in head.facts)
    banners = "".join(
        f'<div class="m-banner tone-{html(b.tone)}" role="{"alert" if b.tone == "critical" else "status"}">'
        f"<span><b>{html(b.title)}</b> {html(b.text)}</span></div>"
        for b in head.banners
    )
    return (
        f'<div class="m-head"><h1>{html(title)}</h1>{pill(head.look, head.tone, large=True)}{demo}'
        f'<div class="m-facts">{facts}</div></div>{banners}'
    )


def pill(look: Look, tone: str, large: bool = False) -> str:
    """A state as HTML: shape, word and colour."""
    size = " m-large" if large else ""
    return (
        f'<span class="m-pill{size} tone-{html(tone)}"><span aria-hidden="true">{look.shape}</span>'
        f"{html(look.word)}</span>"
    )
