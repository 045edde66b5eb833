"""Conversations: the list beside the page, and what can be done with the one that is open."""

from __future__ import annotations

import streamlit as st

from monitoring.contract import ExportForm, Session
from monitoring.errors import MonitoringError
from monitoring.ui.page import figures
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.greeting import title_of
from monitoring.ui.page.guard import guarded, tell
from monitoring.ui.page.talk import Talk
from monitoring.ui.page.text import markdown
from monitoring.wording import count

LISTED = 15
MORE = 30
LONGEST_LISTED = 42
"""Characters of a title in the list: two lines with its age."""


def sidebar(desk: Desk, talk: Talk) -> None:
    """The conversations, the last used first: those of the terminal and the API as well."""
    st.subheader("Conversations")
    st.button("New conversation", key="new", icon=":material/add:", on_click=_open, args=(talk, None), width="stretch")
    listed = st.session_state.get("talks_listed", LISTED)
    sessions, more = desk.operations.session_page(desk.owner, listed)
    now = desk.clock()
    with st.container(key="talks", gap=None):
        for session in sessions:
            here = session.id == talk.session_id
            st.button(
                f"{markdown(title_of(session, LONGEST_LISTED))} :gray[· {figures.age(session.updated_at, now)}]",
                key=f"talk-{session.id}",
                type="secondary" if here else "tertiary",
                icon=":material/chat_bubble:" if here else None,
                on_click=_open,
                args=(talk, session.id),
                width="stretch",
            )
        if not sessions:
            st.caption("None yet. The first question begins one.")
        if more:
            st.button("Show more", key="talks-more", type="tertiary", on_click=_list_more)


def _open(talk: Talk, session_id: str | None) -> None:
    talk.open(session_id)
    if session_id is None:
        st.query_params.pop("session", None)
    else:
        st.query_params["session"] = session_id


def _list_more() -> None:
    st.session_state.talks_listed = st.session_state.get("talks_listed", LISTED) + MORE


def title_row(desk: Desk, talk: Talk, session: Session) -> None:
    """The title of the conversation, and what can be done with it."""
    with st.container(
        horizontal=True, wrap=False, horizontal_alignment="distribute", vertical_alignment="center", key="title-row"
    ):
        st.markdown(f"**{markdown(title_of(session))}**", width="stretch", wrap=False)
        with st.popover("Manage", icon=":material/more_horiz:"):
            _rename(desk, session)
            _export(desk, session, "markdown", "md", "text/markdown")
            _export(desk, session, "json", "json", "application/json")
            if st.button("Delete …", key="delete", icon=":material/delete:", width="stretch"):
                _confirm_delete(desk, talk, session)


def _rename(desk: Desk, session: Session) -> None:
    with st.form("rename", border=False):
        title = st.text_input("Title", session.title, max_chars=200, key=f"title-{session.id}")
        if not st.form_submit_button("Rename", icon=":material/edit:", width="stretch"):
            return
    with guarded():
        desk.platform.rename_session(session.id, title, desk.owner)
        st.rerun()


def _export(desk: Desk, session: Session, form: ExportForm, ending: str, mime: str) -> None:
    st.download_button(
        f"Export as {'Markdown' if form == 'markdown' else 'JSON'}",
        lambda: desk.platform.export_session(session.id, form, desk.owner).encode("utf-8", "backslashreplace"),
        f"conversation-{session.id[:40]}.{ending}",
        mime,
        key=f"export-{form}",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )


@st.dialog("Delete this conversation?")
def _confirm_delete(desk: Desk, talk: Talk, session: Session) -> None:
    st.markdown(f"{markdown(title_of(session))}, {count(session.turns, 'questions')}. It cannot be brought back.")
    with st.container(horizontal=True):
        if st.button("Delete", key="delete-yes", type="primary", icon=":material/delete:"):
            try:
                desk.platform.delete_session(session.id, desk.owner)
            except MonitoringError as problem:
                tell(problem)
                return
            _open(talk, None)
            st.rerun()
        if st.button("Keep it", key="delete-no"):
            st.rerun()
