"""A question that another panel asks in the chat: "Ask about this incident"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st

from monitoring.metrics import ANY, ISOLATED
from monitoring.ui.page import figures
from monitoring.ui.page.shell import PAGES
from monitoring.ui.page.text import one_line

ASK = "ask"
"""Where in the session state a question waits for the chat to ask it."""
HAPPENED_BEFORE = "Has this happened before?"
"""Asked of the incidents that are open, the worst first: of documents and of incidents on record."""
PATH = "chat"
"""The address of the chat's panel."""


def ask_in_chat(question: str) -> None:
    """Go to the chat and ask there. The script ends here; not to be called from a callback."""
    st.session_state[ASK] = question
    st.switch_page(st.session_state[PAGES][PATH])


def about_incident(incident: Mapping[str, object]) -> str:
    """A question about one incident as it stands in a row, in words that need no language model: of what it began
    with, over the time it lasted. Times are in UTC, to the minute."""
    metric, instance = (str(incident.get(f"root_{part}") or ANY) for part in ("metric", "instance"))
    of = "" if instance == ANY else f" of {instance}" if metric != ANY else f" {instance}"
    what = f"{incident.get('root_component', '')}{'' if metric == ANY else f' {metric}'}{of}"
    began, over = (figures.moment(_text(incident.get(name))) for name in ("started_at", "resolved_at"))
    when = "" if began is None else f" since {_minute(began)}"
    if began is not None and over is not None:
        when = f" from {_minute(began)} to {_minute(over + timedelta(minutes=1))}"
    spread = incident.get("pattern") not in (ISOLATED, None)
    rest = "where did it start" if spread else "what should I do"
    return one_line(f"Incident {incident.get('id', '')}: what happened with {what}{when}, and {rest}?")


def _text(given: object) -> str | None:
    return None if given is None else str(given)


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
