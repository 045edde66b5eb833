"""What is done about an incident: acknowledge it, keep it quiet, write something down, take its report, ask."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from monitoring.contract import Json
from monitoring.ui.page import incidents_case
from monitoring.ui.page.asking import HAPPENED_BEFORE, about_incident, ask_in_chat
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.guard import guarded
from monitoring.ui.page.incidents_scopes import DURATIONS, USUAL_DURATION, effect, scopes
from monitoring.ui.page.text import markdown, one_line

WHO = "operator"
"""Where the name of who uses this tab is kept."""
SAID = "incident-said"
"""Where what was just done waits to be told."""
LONGEST_NAME = 80
LONGEST_NOTE = 4_000
NAMELESS = "Say who you are, so that others know whom to ask."


def show(desk: Desk, case: Json) -> None:
    """Draw the actions, and what came of the last one."""
    said = st.session_state.pop(SAID, None)
    if said:
        st.success(markdown(said), icon=":material/check:")
    with st.container(horizontal=True, gap="small", key="incident-actions"):
        if not case["resolved_at"]:
            _acknowledge(desk, case)
        _silence(desk, case)
        _note(desk, case)
        _report(desk, case)
        if st.button("Ask about this incident", icon=":material/forum:"):
            ask_in_chat(about_incident(case))
        if not case["resolved_at"] and st.button(HAPPENED_BEFORE, icon=":material/history:"):
            ask_in_chat(HAPPENED_BEFORE)


def _acknowledge(desk: Desk, case: Json) -> None:
    kind: Literal["primary", "secondary"] = "primary" if case["status"] == "firing" else "secondary"
    with (
        st.popover("Acknowledge", icon=":material/how_to_reg:", type=kind),
        st.form("acknowledge", border=False, enter_to_submit=False),
    ):
        st.markdown("Its open anomalies stay open and are quiet from now on: somebody is on it.")
        who = who_field("acknowledge-who")
        note = st.text_area("Note (optional)", max_chars=LONGEST_NOTE, key="acknowledge-note")
        if st.form_submit_button("Acknowledge", type="primary"):
            with guarded():
                _acknowledged(desk, case["id"], who, note)


def _acknowledged(desk: Desk, number: int, who: str, note: str) -> None:
    name = one_line(who)
    if not name:
        st.info(NAMELESS)
        return
    before = incidents_case.first_acknowledged_by(desk.operations.incident(number))
    case = desk.operations.acknowledge_incident(number, name, note)
    first = before or incidents_case.first_acknowledged_by(case)
    kept = " Your note was kept." if note.strip() else ""
    if first is None:
        told = f"Nothing of it is open any more, so nothing was acknowledged.{kept}"
    elif first != name:
        told = f"{first} had acknowledged it first; that counts.{kept}"
    else:
        told = f"Acknowledged by {name}.{kept}"
    _done(desk, told, name)


def _silence(desk: Desk, case: Json) -> None:
    rows = incidents_case.fired(case)
    with st.popover("Silence", icon=":material/notifications_off:"):
        st.markdown("What matches is still found and shown, but nobody is told of it.")
        scope = st.selectbox(
            "What it matches", scopes(rows), format_func=lambda scope: one_line(scope.words(), 140), key="silence-scope"
        )
        lasts = st.segmented_control(
            "For how long", list(DURATIONS), default=USUAL_DURATION, required=True, key="silence-lasts"
        )
        st.caption(markdown(effect(scope, rows)))
        who = who_field("silence-who")
        reason = st.text_input("Why (optional)", max_chars=500, key="silence-reason")
        if not st.button("Keep quiet", type="primary", key="silence-do"):
            return
        if not one_line(who):
            st.info(NAMELESS)
            return
        with guarded():
            wanted = scope.silence(desk.clock(), DURATIONS[lasts or USUAL_DURATION], one_line(who), one_line(reason))
            desk.operations.silence(wanted)
            _done(desk, f"Quiet for {lasts}: {scope.words()}. It shows within half a minute.", one_line(who))


def _note(desk: Desk, case: Json) -> None:
    with (
        st.popover("Note", icon=":material/edit_note:"),
        st.form("note", border=False, enter_to_submit=False, clear_on_submit=False),
    ):
        who = who_field("note-who")
        text = st.text_area("Note", max_chars=LONGEST_NOTE, key="note-text")
        if st.form_submit_button("Write it down", type="primary"):
            if not one_line(who):
                st.info(NAMELESS)
                return
            with guarded():
                desk.operations.note(case["id"], text, one_line(who))
                _done(desk, "Written down.", one_line(who))


def _report(desk: Desk, case: Json) -> None:
    number = int(case["id"])
    st.download_button(
        "Report",
        lambda: desk.operations.incident_report(number),
        f"incident-{number}.md",
        "text/markdown",
        icon=":material/download:",
        on_click="ignore",
        help="A draft of the post-mortem as Markdown: timeline, chain, numbers, what was done, what is like it.",
        key="incident-report",
    )
    st.download_button(
        "Report as PDF",
        lambda: desk.operations.incident_report_pdf(number),
        f"incident-{number}.pdf",
        "application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
        help="The same as a PDF, with the series drawn.",
        key="incident-report-pdf",
    )


def who_field(key: str) -> str:
    """A field for one's name that remembers it."""
    known = st.session_state.get(WHO, "")
    return st.text_input("Your name", known, max_chars=LONGEST_NAME, key=key, autocomplete="name") or ""


def _done(desk: Desk, told: str, who: str) -> None:
    """Remember who it was, tell what was done, and show everything anew. The script ends here."""
    st.session_state[WHO] = who
    st.session_state[SAID] = told
    desk.glance.forget()
    st.rerun()
