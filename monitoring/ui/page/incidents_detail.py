"""One incident in full: what it is, its chain over time, what to do about it, what was done."""

from __future__ import annotations

import streamlit as st

from monitoring.contract import Json
from monitoring.errors import UnknownId
from monitoring.ui.page import address, incidents_actions, incidents_case, incidents_list, shell
from monitoring.ui.page.board import capital, title_of
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.text import markdown

MOST_LINKS = 8
LONGEST_ID = 18


def show(desk: Desk, number: str) -> None:
    """Draw the incident of that number, or say that there is none."""
    _go("All incidents", ":material/arrow_back:", None)
    case = _case(desk, number)
    if case is None:
        st.info(
            f"There is no incident {markdown(number, 40)}. It may have turned out to be part of another one, or "
            "be older than what is kept.",
            icon=":material/search_off:",
        )
        return
    if case["merged_into"]:
        _merged(case)
    shell.live(_head, desk)
    incidents_actions.show(desk, case)
    shell.live(_course, desk)
    _links(desk, case)
    _to_do(desk, case)
    shell.live(_log, desk)


def _case(desk: Desk, number: str) -> Json | None:
    if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_ID):
        return None
    try:
        return desk.operations.incident(int(number))
    except UnknownId:
        return None


def _now(desk: Desk) -> Json | None:
    """The incident of the address as it is now."""
    return _case(desk, address.read("incident"))


def _merged(case: Json) -> None:
    into = str(case["merged_into"])
    st.info(f"This turned out to be part of incident {into}.", icon=":material/merge:")
    _go(f"Open #{into}", ":material/arrow_forward:", into)


def _go(label: str, icon: str, incident: str | None) -> None:
    st.button(label, icon=icon, type="tertiary", on_click=address.write, args=({"incident": incident},))


def _head(desk: Desk) -> None:
    case = _now(desk)
    if case is None:
        return
    catalogue = desk.platform.catalogue
    title = capital(title_of(incidents_list.titled(case, catalogue), catalogue))
    check = desk.glance.now().check
    healths = {name: str(state["health"]) for name, state in check.components.items()} if check else {}
    pairs = incidents_case.figures_of(case, catalogue, healths, desk.zone, desk.clock())
    st.html(incidents_case.head_html(case, title) + incidents_case.figures_html(pairs))


def _course(desk: Desk) -> None:
    case = _now(desk)
    if case is None:
        return
    now = desk.clock()
    chain = incidents_case.steps(case, desk.platform.catalogue, desk.zone, now)
    st.subheader("How it went", anchor=False)
    st.html(incidents_case.steps_html(chain, incidents_case.scale_of(case, now), desk.zone, now))


def _links(desk: Desk, case: Json) -> None:
    """The series of the chain, each at the time of the incident."""
    chain = incidents_case.steps(case, desk.platform.catalogue, desk.zone, desk.clock())
    linked = [step for step in chain if step.query][:MOST_LINKS]
    if not linked:
        return
    st.html('<h3 class="m-sub">Look at a series at that time</h3>')
    with st.container(horizontal=True, gap="small", key="incident-series"):
        for step in linked:
            name = f"{step.number} · {step.words} {step.place}"
            shell.link("metrics", markdown(name, 70), ":material/show_chart:", **step.query)


def _to_do(desk: Desk, case: Json) -> None:
    told = incidents_case.checks_html(case, desk.platform.catalogue)
    if told:
        st.subheader("What it means, what to check first", anchor=False)
        st.html(told)


def _log(desk: Desk) -> None:
    case = _now(desk)
    if case is None:
        return
    st.subheader("Notes and what was told", anchor=False)
    st.html(incidents_case.log_html(case, desk.zone, desk.clock()))
