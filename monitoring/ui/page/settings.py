"""The panel Settings."""

from __future__ import annotations

import streamlit as st

from monitoring.ui.page.desk import Desk


def show(desk: Desk) -> None:
    """Draw the panel."""
    del desk
    st.caption("Nothing here yet.")
