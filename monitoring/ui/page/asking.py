"""A question that another panel asks in the chat: "Ask about this incident"."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from monitoring.ui.page.shell import PAGES
from monitoring.ui.page.text import one_line

ASK = "ask"
"""Where in the session state a question waits for the chat to ask it."""
PATH = "chat"
"""The address of the chat's panel."""


def ask_in_chat(question: str) -> None:
    """Go to the chat and ask there. The script ends here; not to be called from a callback."""
    st.session_state[ASK] = question
    st.switch_page(st.session_state[PAGES][PATH])


def about_incident(incident: Mapping[str, object]) -> str:
    """A question about one incident, as it is asked from its row."""
    return f"Tell me about incident {one_line(incident.get('id', ''))}: where did it start, and what should I do?"
