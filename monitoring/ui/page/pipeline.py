"""The picture of the pipeline: what flows from stage to stage, and how an incident went the same way or back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitoring.contract import Check, Json
from monitoring.metrics import COMPONENTS, Catalogue
from monitoring.operations import Figure
from monitoring.ui.page import figures, heading, theme
from monitoring.ui.page.board import FLOWS, TITLES, place_of, sign
from monitoring.ui.page.text import html
from monitoring.ui.page.theme import Look
from monitoring.wording import number

MOST_SIGNS = 3
"""Signs drawn at a stage; the list below the picture has all of them."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A link of the chain: its place in the order of onset (from 1), what it is, where, when, how bad."""

    number: int
    component: str
    words: str
    place: str
    at: str
    tone: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A component: its health and the first signs of the incident there; `more` others are not drawn."""

    title: str
    look: Look
    tone: str
    signs: Sequence[Sign]
    more: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The incident went from one stage to its neighbour: `forward` with the data or back against it."""

    forward: bool
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Flow:
    """What flows into a stage, and the ways in which the incident passed there."""

    rate: str
    unit: str
    spreads: Sequence[Spread]


@dataclass(frozen=True, slots=True)
class Picture:
    """The stages in order, before each its inflow; all signs of the incident in order of onset."""

    stages: Sequence[Stage]
    flows: Sequence[Flow]
    chain: Sequence[Sign]
    words: str


def picture(
    check: Check, known: Mapping[str, Figure], incident: Json | None, catalogue: Catalogue, zone: ZoneInfo
) -> Picture:
    """The pipeline by the state, with an incident drawn on it where one is given."""
    chain = signs(incident, catalogue, zone, check.as_of)
    hops = _hops(incident) if incident else []
    return Picture(
        [_stage(name, check, chain) for name in COMPONENTS],
        [_flow(place, known, catalogue, hops) for place in range(len(COMPONENTS))],
        chain,
        _words(check, hops),
    )


def signs(incident: Json | None, catalogue: Catalogue, zone: ZoneInfo, now: datetime) -> list[Sign]:
    """The chain of an incident in order of onset; of each metric of a component its first instance."""
    firsts: dict[tuple[str, str], Json] = {}
    for link in sorted(incident["chain"] if incident else (), key=lambda link: str(link["onset"])):
        firsts.setdefault((link["component"], link["metric"]), link)
    return [
        Sign(
            place,
            link["component"],
            sign(link["metric"], catalogue),
            place_of(link["instance"]),
            figures.clock(link["onset"], zone, now),
            link["severity"],
        )
        for place, link in enumerate(firsts.values(), 1)
    ]


def _stage(name: str, check: Check, chain: Sequence[Sign]) -> Stage:
    health = check.components.get(name, {}).get("health", "no_data")
    mine = [sign for sign in chain if sign.component == name]
    return Stage(TITLES[name], theme.health(health), health, mine[:MOST_SIGNS], len(mine[MOST_SIGNS:]))


@dataclass(frozen=True, slots=True)
class _Hop:
    start: int
    end: int
    words: str
    tone: str


def _hops(incident: Json) -> list[_Hop]:
    """From where to where the incident went, by when it was first seen in each component."""
    firsts: dict[str, Json] = {}
    for link in sorted(incident["chain"], key=lambda link: str(link["onset"])):
        firsts.setdefault(link["component"], link)
    order = list(firsts.values())
    hops = []
    for before, after in pairwise(order):
        places = COMPONENTS.index(before["component"]), COMPONENTS.index(after["component"])
        hops.append(_Hop(*places, _later(before["onset"], after["onset"]), after["severity"]))
    return hops


def _later(before: str, after: str) -> str:
    return "at once" if before == after else f"after {figures.lasting(before, datetime.fromisoformat(after))}"


def _flow(place: int, known: Mapping[str, Figure], catalogue: Catalogue, hops: Sequence[_Hop]) -> Flow:
    metric = FLOWS[place]
    unit = catalogue[metric].unit if metric in catalogue else ""
    total = known.get(metric, Figure(metric)).total
    rate = figures.MISSING if total is None else number(total)
    passed = [hop for hop in hops if min(hop.start, hop.end) < place <= max(hop.start, hop.end)]
    return Flow(rate, unit, [Spread(hop.end > hop.start, hop.words, hop.tone) for hop in passed])


def _words(check: Check, hops: Sequence[_Hop]) -> str:
    states = ", ".join(
        f"{TITLES[name]} {theme.health(check.components.get(name, {}).get('health', 'no_data')).word.lower()}"
        for name in COMPONENTS
    )
    went = "".join(f", then {TITLES[COMPONENTS[hop.end]]} {hop.words}" for hop in hops)
    began = f" The incident began in {TITLES[COMPONENTS[hops[0].start]]}{went}." if hops else ""
    return f"Kafka to Flink to ClickHouse: {states}.{began}"


def picture_html(drawn: Picture) -> str:
    """The picture as HTML that stands upright where it is narrow; nothing in it can be read as markup."""
    parts = []
    for flow, stage in zip(drawn.flows, drawn.stages, strict=True):
        parts += [_flow_html(flow), _stage_html(stage)]
    return f'<div class="m-pipe" role="group" aria-label="{html(drawn.words)}">{"".join(parts)}</div>'


def _flow_html(flow: Flow) -> str:
    spreads = "".join(
        f'<div class="m-spread tone-{html(s.tone)} {"m-with" if s.forward else "m-against"}">'
        f'<span class="m-line"></span><span class="m-label">{html(s.words)}</span></div>'
        for s in flow.spreads
    )
    return (
        f'<div class="m-flow"><div class="m-data"><span class="m-label"><b>{html(flow.rate)}</b> {html(flow.unit)}'
        f'</span><span class="m-line"></span></div>{spreads}</div>'
    )


def _stage_html(stage: Stage) -> str:
    listed = "".join(_sign_html(sign) for sign in stage.signs)
    more = f'<li class="m-more">and {stage.more} more</li>' if stage.more else ""
    chain = f"<ol>{listed}{more}</ol>" if listed else ""
    return (
        f'<div class="m-stage tone-{html(stage.tone)}"><div class="m-stage-head"><strong>{html(stage.title)}</strong>'
        f"{heading.pill(stage.look, stage.tone)}</div>{chain}</div>"
    )


def _sign_html(sign: Sign) -> str:
    return (
        f'<li class="tone-{html(sign.tone)}"><span class="m-num">{sign.number}</span><span class="m-sign">'
        f'{html(sign.words)}<span class="m-fact"><time>{html(sign.at)}</time> '
        f"<span>{html(sign.place, 60)}</span></span></span></li>"
    )


def chain_html(chain: Sequence[Sign]) -> str:
    """The whole chain as a list."""
    rows = "".join(
        f'<li class="tone-{html(s.tone)}"><span class="m-num">{s.number}</span>'
        f'<span class="m-sign"><b>{html(TITLES.get(s.component, s.component))}</b> {html(s.words)} '
        f'<span class="m-fact">{html(s.place)}</span></span>'
        f'<span class="m-word">{html(theme.severity(s.tone).word)}</span><time>{html(s.at)}</time></li>'
        for s in chain
    )
    return f'<ol class="m-chain">{rows}</ol>'
