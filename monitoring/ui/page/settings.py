"""The settings in force and how the product itself stands; nothing can be changed here, no secret is shown."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from monitoring.contract import Json
from monitoring.ui.page import shell, standing
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.standing import Part, Source
from monitoring.ui.page.text import html, markdown


def show(desk: Desk) -> None:
    """Draw the panel."""
    shell.live(draw, desk)
    st.subheader("Settings", anchor=False)
    st.caption("Set in the environment or in `.env`; they are read when the server starts.")
    wanted = st.text_input("Find a setting", placeholder="retention, openai, timezone …", max_chars=80)
    found = standing.matching(desk.configured, wanted)
    if found:
        st.html(settings_html(found))
    else:
        st.info(f"No setting has “{markdown(wanted)}” in its name or its help.", icon=":material/search_off:")


def draw(desk: Desk) -> None:
    """Draw how the product stands now."""
    supervision = desk.glance.now().supervision
    if supervision is None:
        return
    now = desk.clock()
    st.html(parts_html(standing.parts(supervision, desk.configured, now)))
    st.subheader("Where samples come from", anchor=False)
    st.markdown(standing.FEEDS[supervision.fed])
    rows = standing.sources(supervision, now)
    if rows:
        st.html(sources_html(rows))


def parts_html(parts: Sequence[Part]) -> str:
    """A card for each part."""
    return f'<div class="m-cards">{"".join(map(_part_html, parts))}</div>'


def _part_html(part: Part) -> str:
    facts = "".join(f"<div><dt>{html(name)}</dt><dd>{html(what, 200)}</dd></div>" for name, what in part.facts)
    return (
        f'<section class="m-card" aria-label="{html(part.title)}"><div class="m-card-head"><h2>{html(part.title)}</h2>'
        f'<span class="m-pill tone-{html(part.tone)}">{html(part.word)}</span></div><dl class="m-list">{facts}</dl>'
        "</section>"
    )


def sources_html(rows: Sequence[Source]) -> str:
    """A line for each source."""
    lines = "".join(
        f'<li><span class="m-pill tone-{html(row.tone)}">{html(row.word)}</span>'
        f"<strong>{html(row.name, 120)}</strong><span class='m-fact'>{html(row.text, 300)}</span></li>"
        for row in rows
    )
    return f'<ul class="m-rows">{lines}</ul>'


def settings_html(rows: Sequence[Json]) -> str:
    """A table of settings."""
    lines = "".join(
        f"<tr><th scope='row'><code>{html(row['name'])}</code></th><td><b>{html(row['value'], 200)}</b></td>"
        f"<td>{html(row['source'])}</td><td>{html(row['help'])}</td></tr>"
        for row in rows
    )
    return (
        '<table class="m-table"><thead><tr><th scope="col">Name</th><th scope="col">Value</th>'
        f'<th scope="col">Set by</th><th scope="col">Meaning</th></tr></thead><tbody>{lines}</tbody></table>'
    )
