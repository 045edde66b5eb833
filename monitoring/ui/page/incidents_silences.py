"""What is kept quiet, and until when; a silence can be ended, and made for what has not happened yet."""

from __future__ import annotations

import streamlit as st

from monitoring.contract import Json
from monitoring.metrics import ANY, COMPONENTS
from monitoring.operations import Listing
from monitoring.ui.page import figures
from monitoring.ui.page.board import TITLES
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.guard import guarded
from monitoring.ui.page.incidents_actions import NAMELESS, who_field
from monitoring.ui.page.incidents_scopes import DURATIONS, USUAL_DURATION, Scope
from monitoring.ui.page.text import html, markdown, one_line

MOST = 100


def show(desk: Desk) -> None:
    """Draw the silences and the form for a new one."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        past = st.toggle("Also those that are over", key="silences-past")
        page = desk.operations.silences(Listing(MOST), past)
        for row in page.rows:
            _row(row, desk)
        if not page.rows:
            st.html('<p class="m-text">Nothing is kept quiet.</p>')
        if page.more:
            st.caption(f"The newest {MOST} are shown.")
    with right:
        _new(desk)


def _row(row: Json, desk: Desk) -> None:
    number = int(row["id"])
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"silence-{number}"):
        st.html(row_html(row, desk))
        if figures.moment(row["ends_at"]) > desk.clock() and st.button("End", key=f"end-{number}"):  # type: ignore[operator]
            with guarded():
                desk.operations.end_silence(number)
                desk.glance.forget()
                st.rerun()


def row_html(row: Json, desk: Desk) -> str:
    """A silence as HTML: what, until when, by whom, why."""
    now = desk.clock()
    scope = Scope(row["component"], row["instance"], row["metric"])
    only = "" if row["anomaly_type"] == ANY else f" ({row['anomaly_type']} only)"
    until = figures.clock(row["ends_at"], desk.zone, now)
    by = f" · by {html(row['created_by'], 80)}" if row["created_by"] else ""
    why = f'<div class="m-text">{html(row["reason"], 300)}</div>' if row["reason"] else ""
    return (
        f'<div class="m-row-head"><strong>{html(scope.words() + only, 260)}</strong></div>{why}'
        f'<div class="m-fact">until {html(until)} {html(figures.zone_name(desk.zone, now))}{by}</div>'
    )


def _new(desk: Desk) -> None:
    st.subheader("Keep something quiet", anchor=False)
    catalogue = desk.platform.catalogue
    with st.form("new-silence"):
        component = st.selectbox(
            "Component", [ANY, *COMPONENTS], format_func=lambda name: TITLES.get(name, "All"), key="new-component"
        )
        metric = st.selectbox(
            "Metric",
            [ANY, *catalogue.by_name],
            format_func=lambda name: "All" if name == ANY else name,
            key="new-metric",
        )
        instance = st.text_input(
            "Instance, exactly as it is named", ANY, max_chars=200, help="`*` stands for all.", key="new-instance"
        )
        lasts = st.selectbox(
            "For how long", list(DURATIONS), index=list(DURATIONS).index(USUAL_DURATION), key="new-lasts"
        )
        who = who_field("new-who")
        reason = st.text_input("Why (optional)", max_chars=500, key="new-reason")
        if not st.form_submit_button("Keep quiet", type="primary"):
            return
    scope = Scope(component, instance or ANY, metric)
    if not one_line(who):
        st.info(NAMELESS)
        return
    if scope == Scope():
        st.info("That would keep everything quiet. Name a component, a metric or an instance.")
        return
    with guarded():
        desk.operations.silence(scope.silence(desk.clock(), DURATIONS[lasts], one_line(who), one_line(reason)))
        desk.glance.forget()
        st.toast(f"Quiet: {markdown(scope.words(), 120)}")
        st.rerun()
