"""The overview: what is broken, how old the data is, the pipeline, and a card for each component."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from monitoring.contract import Check, Json
from monitoring.metrics import Catalogue
from monitoring.ui.page import board, pipeline, shell, theme
from monitoring.ui.page.board import Card, Story, Tile, capital
from monitoring.ui.page.charts import sparkline
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.heading import pill
from monitoring.ui.page.text import html, markdown

MOST_STORIES = 5


def show(desk: Desk) -> None:
    """Draw the panel."""
    shell.live(draw, desk)


def draw(desk: Desk) -> None:
    """Draw what is known now."""
    known = desk.glance.now()
    check = known.check
    if check is None or known.starting:
        return
    left, right = st.columns([2, 1], gap="medium", vertical_alignment="top")
    with left:
        _stories(check, desk)
    with right, st.container(border=True):
        _age(check)
    _pipeline(check, desk)
    st.html(cards_html(board.cards(check, desk.glance.figures(), desk.platform.catalogue, desk.clock())))


def _stories(check: Check, desk: Desk) -> None:
    st.html(
        f'<h2 class="m-headline">{html(board.headline(check))}</h2>'
        f'<div class="m-fact">{html(board.watched(check, desk.clock()))}</div>'
    )
    told = board.stories(check, desk.platform.catalogue, desk.zone)
    for story in told[:MOST_STORIES]:
        _story(story)
    if len(told) > MOST_STORIES:
        st.caption(f"and {len(told) - MOST_STORIES} more")


def _story(story: Story) -> None:
    with st.container(border=True, gap="xxsmall"):
        state = f" · {html(story.state)}" if story.state else ""
        st.html(
            f'<div class="m-story">{pill(story.look, story.tone)} <strong>{html(story.title, 120)}</strong></div>'
            f'<div class="m-text">{html(story.text, 400)}</div>'
            f'<div class="m-fact">{html(capital(story.since))}{state}</div>'
        )
        shell.link("incidents", "Open the incident", ":material/arrow_forward:", incident=str(story.id))


def _age(check: Check) -> None:
    found = board.age(check)
    bars = "".join(
        f'<span class="m-bar m-bar-{place}" style="flex-grow:{max(share, 0.004):.4f}"></span>'
        for place, (_, _, share) in enumerate(found.stages)
    )
    legend = "".join(
        f'<li><span class="m-dot m-bar-{place}"></span>{html(title)} <b>{html(words)}</b></li>'
        for place, (title, words, _) in enumerate(found.stages)
    )
    slowest = f"slowest stage: {html(found.slowest)}" if found.slowest else "not known"
    st.html(
        f'<div class="m-age"><div class="m-label">Age of data, end to end</div><div class="m-big">{html(found.value)}'
        f'<span class="m-fact">{slowest}</span></div><div class="m-bars" aria-hidden="true">{bars}</div>'
        f"<ul>{legend}</ul></div>"
    )


def _pipeline(check: Check, desk: Desk) -> None:
    incident = _chosen(check.incidents, desk.platform.catalogue)
    drawn = pipeline.picture(check, desk.glance.figures(), incident, desk.platform.catalogue, desk.zone)
    st.html(pipeline.picture_html(drawn))
    if len(drawn.chain) > 1:
        with st.expander(f"The chain in order of onset ({len(drawn.chain)} signs)"):
            st.html(pipeline.chain_html(drawn.chain))


def _chosen(incidents: Sequence[Json], catalogue: Catalogue) -> Json | None:
    """The incident that is drawn: the one that touches the most components, or the one that was chosen."""
    if len(incidents) < 2:
        return incidents[0] if incidents else None
    by_id = {int(row["id"]): row for row in incidents}
    widest = max(by_id.values(), key=lambda row: (len(row["components"]), row["severity"] == "critical"))
    titles = {number: f"{number} · {board.title_of(row, catalogue)}" for number, row in by_id.items()}
    picked = st.segmented_control(
        "Incident drawn on the pipeline",
        list(by_id),
        default=widest["id"],
        format_func=lambda number: markdown(titles[number], 60),
        required=True,
    )
    return by_id.get(picked or 0, widest)


def cards_html(cards: Sequence[Card]) -> str:
    """A card for each component beside one another, or below one another where it is narrow."""
    return f'<div class="m-cards">{"".join(map(_card_html, cards))}</div>'


def _card_html(card: Card) -> str:
    tiles = "".join(map(_tile_html, card.tiles))
    return (
        f'<section class="m-card" aria-label="{html(card.title)}"><div class="m-card-head">'
        f'<h2>{html(card.title)}</h2>{pill(card.look, card.tone)}<span class="m-fact">{html(card.note)}</span></div>'
        f"{tiles}</section>"
    )


def _tile_html(tile: Tile) -> str:
    tone = f" tone-{html(tile.tone)} m-toned" if tile.tone else ""
    mark = f'<span aria-hidden="true">{theme.severity(tile.tone).shape} </span>' if tile.tone else ""
    said = f'<span class="m-hidden">, {html(tile.tone)}</span>' if tile.tone else ""
    return (
        f'<div class="m-tile{tone}"><div><div class="m-label" title="{html(tile.help)}">{html(tile.label)}</div>'
        f'<div class="m-value">{mark}{html(tile.value)}{said}</div>'
        f'<div class="m-fact">{html(tile.where, 60)}</div></div>'
        f"{sparkline(tile.points, tile.trend)}</div>"
    )
