"""The panel Chat: the conversation from its first turn to the answer that is being made, and what to ask next."""

from __future__ import annotations

import streamlit as st

from monitoring.contract import SessionTurn
from monitoring.errors import InvalidInput, MonitoringError, UnknownSession
from monitoring.ui.page import asking, chat_answer, chat_sessions, chat_style, chat_turns, figures, waiting
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.followups import follow_ups
from monitoring.ui.page.greeting import EXAMPLES, QUICK, health_line
from monitoring.ui.page.guard import guarded, tell, words_for
from monitoring.ui.page.lookups import Scene
from monitoring.ui.page.talk import EARLIER, Live, Talk
from monitoring.ui.page.text import markdown

ADDRESS = "session"
"""The name in the page's address under which the conversation stands."""
LONGEST_QUESTION = 10_000


def show(desk: Desk) -> None:
    """Draw the panel."""
    st.html(chat_style.SHEET)
    talk = _talk()
    talk.interrupt()
    scene = Scene(desk.platform.catalogue, desk.zone, desk.clock())
    missing = _read(desk, talk)
    with st.sidebar, guarded():
        chat_sessions.sidebar(desk, talk)
    with st.bottom:
        stop_place = st.empty()
        _quick()
    typed = st.chat_input("Ask about Kafka, Flink or ClickHouse", key="question", max_chars=LONGEST_QUESTION)
    question = typed or st.session_state.pop(asking.ASK, None)
    with st.container(key="conversation"):
        if missing is not None:
            _tell_missing(desk, talk, scene, missing)
        if talk.known is not None:
            chat_sessions.title_row(desk, talk, talk.known.session)
        _draw(desk, talk, scene, bool(question))
        if question:
            chat_answer.answer(desk, talk, scene, question, stop_place)


def _talk() -> Talk:
    if "talk" not in st.session_state:
        st.session_state.talk = Talk()
    talk: Talk = st.session_state.talk
    return talk


def _read(desk: Desk, talk: Talk) -> MonitoringError | None:
    """Read the conversation that the address names; what stood in the way of it, if something did.

    Whoever comes back from another panel finds the conversation that was open there.
    """
    named = st.query_params.get(ADDRESS)
    if named:
        talk.open(named)
    if talk.session_id is None:
        return None
    problem: MonitoringError | None = None
    try:
        talk.read(desk.platform.session(talk.session_id, desk.owner), desk.clock())
    except UnknownSession:
        problem = UnknownSession("It was deleted, or it is somebody else's. The next question begins a new one.")
        talk.open(None)
    except MonitoringError as gone:
        problem = gone
    _write_address(talk)
    return problem


def _tell_missing(desk: Desk, talk: Talk, scene: Scene, problem: MonitoringError) -> None:
    """Why the conversation could not be read; what was known of it stays and is read again by itself."""
    if isinstance(problem, InvalidInput):
        tell(problem)
        return
    if talk.known is None or talk.read_at is None:
        tell(problem)
    else:
        zone = figures.zone_name(scene.zone, talk.read_at)
        st.caption(f":material/cloud_off: This conversation as it was at {scene.clock(talk.read_at)} {zone}.")
    waiting.draw_when_back(desk)


def _write_address(talk: Talk) -> None:
    if talk.session_id is None:
        st.query_params.pop(ADDRESS, None)
    elif st.query_params.get(ADDRESS) != talk.session_id:
        st.query_params[ADDRESS] = talk.session_id


def _quick() -> None:
    st.pills(
        "Quick questions",
        list(QUICK),
        key="quick",
        on_change=_ask_chosen,
        args=("quick",),
        label_visibility="collapsed",
        wrap=False,
    )


def _ask_chosen(key: str) -> None:
    chosen = st.session_state[key]
    st.session_state[key] = None
    if chosen is not None:
        st.session_state[asking.ASK] = QUICK.get(chosen, chosen)


def _ask(question: str) -> None:
    st.session_state[asking.ASK] = question


def _draw(desk: Desk, talk: Talk, scene: Scene, asking_now: bool) -> None:
    """What was said so far, or a greeting; below the last answer what one may want to ask next."""
    turns = talk.turns()
    first = turns[0].number - 1 if turns else 0
    if not turns and not any(talk.broken_after(0)) and not asking_now:
        _greet(desk, scene)
        return
    if talk.hidden():
        label = f"Show earlier ({talk.hidden()} more)"
        st.button(label, key="earlier", icon=":material/expand_less:", on_click=_show_earlier, args=(talk,))
    _draw_broken(talk, scene, 0 if not talk.hidden() else first)
    for turn in turns:
        chat_turns.turn(desk, turn, scene, newest=turn is turns[-1])
        _draw_broken(talk, scene, turn.number)
    if turns and not asking_now:
        _suggest(desk, turns[-1])


def _show_earlier(talk: Talk) -> None:
    talk.shown += EARLIER


def _draw_broken(talk: Talk, scene: Scene, after: int) -> None:
    for place, live in enumerate(talk.broken_after(after)):
        chat_answer.broken(live, scene)
        if live is talk.broken[-1]:
            key = f"again-{after}-{place}"
            st.button("Ask again", key=key, icon=":material/replay:", on_click=_again, args=(talk, live))


def _again(talk: Talk, live: Live) -> None:
    talk.forget(live)
    _ask(live.unfolding.question)


def _suggest(desk: Desk, last: SessionTurn) -> None:
    questions = follow_ups(last.answer, desk.platform.catalogue)
    with st.container(horizontal=True, key="suggestions"):
        for place, question in enumerate(questions):
            st.button(question, key=f"next-{last.number}-{place}", on_click=_ask, args=(question,), type="secondary")


def _greet(desk: Desk, scene: Scene) -> None:
    known = desk.glance.now()
    with st.container(key="greeting"):
        st.markdown("### What would you like to know?")
        line = health_line(known, scene) if known.problem is None else words_for(known.problem)[0] + "."
        st.markdown(markdown(line))
        st.markdown(
            "Ask in plain words: what is broken, since when, where it started, how bad it is, what to do. "
            "Every answer shows the rows it rests on."
        )
        for place, question in enumerate(EXAMPLES):
            st.button(question, key=f"example-{place}", on_click=_ask, args=(question,), icon=":material/chat:")
