#!/usr/bin/env python3
"""The page: which panels there are, in which order, and what they are handed.

streamlit run chatbot_interface.py        at http://localhost:8501
"""

from __future__ import annotations

import atexit
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring.errors import MonitoringError
from monitoring.settings import configured, load_settings
from monitoring.ui.page import chat, documents, explorer, incidents, overview, settings, shell, waiting
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.shell import Panel
from platform_monitoring_agent import open_platform

ICON = Path(shell.__file__).with_name("icon.svg")
ABOUT = "Finds and explains what is wrong with Kafka, Flink and ClickHouse."
PANELS = (
    Panel("Overview", ":material/monitor_heart:", "overview", overview.show),
    Panel("Incidents", ":material/notifications_active:", "incidents", incidents.show),
    Panel("Metrics", ":material/show_chart:", "metrics", explorer.show),
    Panel("Chat", ":material/forum:", "chat", chat.show),
    Panel("Documents", ":material/library_books:", "documents", documents.show),
    Panel("Settings", ":material/tune:", "settings", settings.show),
)


@st.cache_resource(show_spinner="Opening the platform…")
def open_desk() -> Desk:
    """The platform with its monitor running, one for all tabs, closed when the server ends."""
    chosen = load_settings()
    platform = open_platform(chosen)
    atexit.register(platform.close)
    platform.monitor.start()
    platform.documents.watch()
    return Desk(
        platform,
        platform.operations,
        ZoneInfo(chosen.timezone),
        platform.operations.now,
        configured=[row.to_json() for row in configured(chosen)],
    )


def main() -> None:
    """Draw the page, or why it cannot be drawn yet."""
    st.set_page_config("Platform monitoring", ICON, layout="wide", menu_items={"About": ABOUT})
    st.logo(ICON, size="large")
    try:
        desk = open_desk()
    except MonitoringError as problem:
        waiting.show(problem)
        return
    shell.run(desk, PANELS)


if __name__ == "__main__":
    main()
