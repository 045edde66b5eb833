"""The panel Incidents: those that are open and those that are over, one of them in full, what is kept quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from monitoring.contract import Json
from monitoring.metrics import COMPONENTS
from monitoring.ui.page import address, incidents_detail, incidents_list, incidents_silences, panel_style, shell
from monitoring.ui.page.address import Value, bound
from monitoring.ui.page.board import TITLES
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.incidents_list import SPAN_TITLES, STATES, USUAL_SPAN, Asked, asked

VIEWS = {"incidents": "Incidents", "silences": "Silences"}


def show(desk: Desk) -> None:
    """Draw the panel: what its address asks for."""
    st.html(panel_style.SHEET)
    number = address.read("incident")
    if number:
        incidents_detail.show(desk, number)
        return
    view = "silences" if address.read("view") == "silences" else "incidents"
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        required=True,
        label_visibility="collapsed",
        **bound("incidents-view", view, lambda name: {"view": None if name == "incidents" else name}),
    )
    if view == "silences":
        incidents_silences.show(desk)
    else:
        _choose(_asked())
        shell.live(draw, desk)


def _asked() -> Asked:
    return asked({name: address.read(name) for name in st.query_params})


def _choose(wanted: Asked) -> None:
    """Which incidents; a change of the filter begins at the newest again."""

    def changed(name: str, parameter: str) -> Mapping[str, Value | None]:
        return {"below": None, parameter: name or None}

    state, component, severity, span = st.columns([3, 2, 2, 3])
    state.segmented_control(
        "Which",
        list(STATES),
        format_func=STATES.__getitem__,
        required=True,
        **bound("incidents-state", wanted.state, lambda name: changed("" if name == "all" else name, "state")),
    )
    component.selectbox(
        "Component",
        ["", *COMPONENTS],
        format_func=lambda name: TITLES.get(name, "All"),
        **bound("incidents-component", wanted.component or "", lambda name: changed(name, "component")),
    )
    severity.selectbox(
        "Severity",
        ["", "critical", "warning"],
        format_func=lambda name: name.capitalize() or "All",
        **bound("incidents-severity", wanted.severity or "", lambda name: changed(name, "severity")),
    )
    span.segmented_control(
        "Over, within the last",
        list(SPAN_TITLES),
        format_func=SPAN_TITLES.__getitem__,
        required=True,
        **bound("incidents-span", wanted.span, lambda name: changed("" if name == USUAL_SPAN else name, "last")),
    )


def draw(desk: Desk) -> None:
    """Draw the incidents asked for, as they are now."""
    wanted = _asked()
    if wanted.state in ("all", "open"):
        _open(wanted, desk)
    if wanted.state in ("all", "resolved"):
        _over(wanted, desk)


def _open(wanted: Asked, desk: Desk) -> None:
    page = desk.operations.incidents(wanted.listing("open", desk.clock()))
    st.subheader("Open", anchor=False)
    _lines(page.rows, desk)
    if page.more:
        st.caption(f"The newest {len(page.rows)} are shown; narrow the list down to see others.")
    if not page.rows:
        st.html(f'<p class="m-text">{_calm(wanted, desk)}</p>')


def _calm(wanted: Asked, desk: Desk) -> str:
    """Why no incident is open: all is well, the filter, or that there is nothing to judge by."""
    check = desk.glance.now().check
    if check is not None and check.health == "no_data":
        return "No samples arrive, so nothing can be judged. That is no sign of health."
    return "No open incident fits the filter." if wanted.narrowed else "No incident is open."


def _over(wanted: Asked, desk: Desk) -> None:
    page = desk.operations.incidents(wanted.listing("resolved", desk.clock()))
    st.subheader("Over", anchor=False)
    _lines(page.rows, desk)
    if not page.rows:
        st.html('<p class="m-text">None that fits. A longer time, or fewer filters, may have some.</p>')
    with st.container(horizontal=True):
        if wanted.below is not None:
            st.button("Newest", icon=":material/first_page:", on_click=address.write, args=({"below": None},))
        if page.more:
            older = {"below": str(page.rows[-1]["id"])}
            st.button("Older", icon=":material/chevron_right:", on_click=address.write, args=(older,))


def _lines(rows: Sequence[Json], desk: Desk) -> None:
    catalogue, now = desk.platform.catalogue, desk.clock()
    for row in rows:
        line = incidents_list.line(row, catalogue, desk.zone, now)
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"incident-{line.id}"):
            st.html(incidents_list.line_html(line))
            # A link to the page that is shown already would leave the address as it is.
            if st.button(f"Open #{line.id}", icon=":material/arrow_forward:", key=f"open-{line.id}"):
                address.write({"incident": str(line.id)})
                st.rerun()
