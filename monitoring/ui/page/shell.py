"""What surrounds every panel: navigation, the header with the state of the platform, how often it is refreshed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from monitoring.ui.page import heading, theme
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.guard import guarded

REFRESH: Mapping[str, float | None] = {"Off": None, "5 s": 5.0, "10 s": 10.0, "30 s": 30.0, "1 min": 60.0}
USUAL = "10 s"
PAGES = "pages"


@dataclass(frozen=True, slots=True)
class Panel:
    """A page: its title, its icon (of Material Symbols), its address, and what draws it."""

    title: str
    icon: str
    path: str
    show: Callable[[Desk], None]


def run(desk: Desk, panels: Sequence[Panel]) -> None:
    """Draw the panel that the address names (the first one by default) with what surrounds it."""
    st.html(theme.style_sheet())
    st.html(theme.overlay_sheet(dark=st.context.theme.type == "dark"))
    pages = {panel.title: _page(desk, panel, first=place == 0) for place, panel in enumerate(panels)}
    st.session_state[PAGES] = {panel.path: pages[panel.title] for panel in panels}
    chosen = st.navigation(list(pages.values()))
    with st.sidebar:
        st.selectbox(
            "Refresh every",
            list(REFRESH),
            index=list(REFRESH).index(USUAL),
            key="refresh",
            bind="query-params",
            help="How often figures and incidents are read again. Typing and answers are not interrupted by it.",
        )
    header(desk, chosen.title)
    chosen.run()


def _page(desk: Desk, panel: Panel, first: bool) -> st.Page:
    def draw() -> None:
        with guarded():
            panel.show(desk)

    return st.Page(draw, title=panel.title, icon=panel.icon, url_path=panel.path, default=first)


def link(path: str, label: str, icon: str, **query: str) -> None:
    """A link to another panel by its address, with parameters for it; nothing where there is no such panel."""
    page = st.session_state.get(PAGES, {}).get(path)
    if page is not None:
        st.page_link(page, label=label, icon=icon, query_params=query)


def refresh_seconds() -> float | None:
    """How often the parts of a panel that show figures are to be drawn again; `None`: not by themselves."""
    return REFRESH.get(st.session_state.get("refresh", USUAL), REFRESH[USUAL])


def live(draw: Callable[[Desk], None], desk: Desk) -> None:
    """Draw a part of a panel now and again at the chosen interval, the rest of the page untouched."""
    st.fragment(_guarded(draw), run_every=refresh_seconds())(desk)


def _guarded(draw: Callable[[Desk], None]) -> Callable[[Desk], None]:
    def drawn(desk: Desk) -> None:
        with guarded():
            draw(desk)

    drawn.__module__, drawn.__qualname__ = draw.__module__, draw.__qualname__
    return drawn


def header(desk: Desk, title: str) -> None:
    """The title of the panel, beside it the state of the platform; below it what everybody should know."""

    def draw(desk: Desk) -> None:
        st.html(heading.header_html(title, heading.heading(desk.glance.now(), desk.clock(), desk.zone)))

    live(draw, desk)
