"""A turn of a conversation: the question, the answer, and what it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import streamlit as st

from monitoring.contract import Answer, SessionTurn, ToolReply
from monitoring.ui.page import courses, documents_cited, drawing, evidence, figures
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.lookups import Scene, done, outcome
from monitoring.ui.page.prose import count_lines, folded, prose
from monitoring.ui.page.text import html, markdown
from monitoring.wording import count

LINES_SHOWN = 60
"""Longer answers are folded after about so many lines."""
LONGEST_QUESTION = 2_000


def turn(desk: Desk, given: SessionTurn, scene: Scene, newest: bool) -> None:
    """Draw a turn. The rows behind older ones are drawn when they are asked for."""
    question(given.answer.question, given.asked_at, scene)
    with st.chat_message("assistant", avatar=":material/monitor_heart:"):
        body(given.answer.answer, f"rest-{given.number}")
        _charts(given.answer, scene, given.number)
        documents_cited.show(given.answer, given.number)
        st.html(marks(given.answer))
        _evidence(desk, given, newest)


def question(text: str, asked_at: datetime, scene: Scene) -> None:
    """Draw a question as it was asked."""
    with st.chat_message("user", avatar=":material/person:"):
        lines = text[:LONGEST_QUESTION].split("\n")
        when = f":gray[:small[{scene.clock(asked_at)} {figures.zone_name(scene.zone, asked_at)}]]"
        st.markdown("  \n".join([*map(markdown, lines), when]))


def body(text: str, key: str) -> None:
    """Draw the text of an answer, a long one folded."""
    head, rest = folded(text, LINES_SHOWN)
    st.markdown(prose(head))
    if rest:
        with (
            st.expander(f"The rest of the answer ({count(count_lines(rest), 'lines')})"),
            st.container(height=480, border=False, key=key, autoscroll=False),
        ):
            st.markdown(prose(rest))


def marks(answer: Answer) -> str:
    """Whether its numbers were traced, its model and honest remarks, as HTML."""
    parts = []
    if answer.grounded:
        parts.append('<span class="m-pill tone-healthy">✓ every number traced</span>')
    else:
        named = ", ".join(html(number, 40) for number in answer.untraced[:8])
        more = f" and {len(answer.untraced) - 8} more" if len(answer.untraced) > 8 else ""
        told = f"not traced: {named}{more}" if named else "not every number could be traced"
        parts.append(f'<span class="m-pill tone-warning">⚠ {told}</span>')
    if answer.demo:
        parts.append('<span class="m-pill tone-demo">DEMO DATA</span>')
    parts.append(f"<span>by the {html(answer.model, 60)} model</span>")
    notes = (html(note) for note in answer.notes if not note.startswith("DEMO DATA"))
    listed = "".join(f'<div class="m-note">{note}</div>' for note in notes)
    return f'<div class="m-marks">{"".join(parts)}</div>{listed}'


def _charts(answer: Answer, scene: Scene, number: int) -> None:
    moved = replace(scene, now=answer.as_of)
    ink = drawing.Ink(dark=st.context.theme.type == "dark")
    for place, picture in enumerate(courses.pictures(answer.tool_calls, moved)):
        unit, _ = drawing.axis_unit(picture)
        named = f" :gray[({markdown(unit)})]" if unit else ""
        more = f" :gray[· {picture.more} more series in the rows below]" if picture.more else ""
        st.markdown(f"**{markdown(picture.title)}**{named}{more}")
        st.vega_lite_chart(drawing.chart(picture, moved, ink), key=f"course-{number}-{place}", width="stretch")


def _evidence(desk: Desk, given: SessionTurn, newest: bool) -> None:
    calls = given.answer.tool_calls
    if not calls:
        return
    rows = sum(call.row_count for call in calls)
    label = f"What it rests on: {count(len(calls), 'look-ups')}, {count(rows, 'rows')}"
    if newest:
        with st.expander(label, icon=":material/table_view:"):
            _calls(desk, given)
        return

    def later() -> None:
        place = st.expander(label, icon=":material/table_view:", key=f"rows-{given.number}", on_change="rerun")
        if place.open:
            with place:
                _calls(desk, given)

    st.fragment(later)()


def _calls(desk: Desk, given: SessionTurn) -> None:
    scene = Scene(desk.platform.catalogue, desk.zone, given.answer.as_of)
    for place, call in enumerate(given.answer.tool_calls):
        look_up(call, scene, f"{given.number}-{place}")


def look_up(call: ToolReply, scene: Scene, key: str) -> None:
    """Draw one look-up: what was looked at, what came of it, and its rows."""
    st.markdown(f"{markdown(done(call, scene))} · {markdown(outcome(call))}")
    if call.failure is not None or call.status == "error":
        st.caption(markdown(call.summary.get("error", "It failed."), 300))
    records = evidence.table(call, scene)
    if not records:
        return
    st.dataframe(
        records,
        hide_index=True,
        column_config={evidence.COURSE: st.column_config.LineChartColumn(width="medium")},
        key=f"table-{key}",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "CSV",
            evidence.as_csv(call.rows),
            f"{call.name}-{key}.csv",
            "text/csv",
            key=f"csv-{key}",
            icon=":material/download:",
            on_click="ignore",
        )
        if call.row_count > len(records):
            st.caption(f"The first {len(records):,} of {call.row_count:,} rows. {markdown(call.hint)}")
