"""The page while the platform cannot be opened: why, and again every few seconds until it can."""

from __future__ import annotations

import time

import streamlit as st

from monitoring.errors import MonitoringError
from monitoring.ui.page import heading, theme
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.guard import words_for

AGAIN_SECONDS = 5.0
"""So often it is looked whether the database answers again."""


def show(problem: MonitoringError) -> None:
    """Say why, and try again by itself."""
    title, sentence = words_for(problem)
    banner = heading.Banner("critical", f"{title}.", f"{sentence} It is tried again every few seconds.")
    st.html(theme.style_sheet())
    st.html(
        heading.header_html("Platform monitoring", heading.Heading(theme.UNREACHABLE, "dull", False, (), (banner,)))
    )
    st.session_state.waited = False
    st.fragment(_again, run_every=AGAIN_SECONDS)()


def _again() -> None:
    if st.session_state.waited:
        st.rerun()
    st.session_state.waited = True


def draw_when_back(desk: Desk) -> None:
    """Draw the page anew once the database answers again."""
    drawn_at = time.monotonic()

    def look() -> None:
        if time.monotonic() - drawn_at > AGAIN_SECONDS / 2 and desk.glance.now().problem is None:
            st.rerun()

    st.fragment(look, run_every=AGAIN_SECONDS)()
