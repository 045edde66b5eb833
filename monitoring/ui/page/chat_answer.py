"""An answer while it is made: look-ups as they run, text as it comes, a button that stops it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from monitoring.ui.page import chat_turns
from monitoring.ui.page.desk import Desk
from monitoring.ui.page.guard import tell
from monitoring.ui.page.lookups import Scene, done, outcome, running
from monitoring.ui.page.progress import Step, Unfolding
from monitoring.ui.page.prose import count_lines, prose, tail
from monitoring.ui.page.talk import Live, Talk
from monitoring.ui.page.text import markdown

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

LOOKS_EVERY = 0.1
"""Seconds; so long at most until a press of Stop is noticed."""
DRAWS_EVERY = 0.15
LINES_FOLLOWED = 60
"""So many lines of a long text are drawn while it grows."""
TELLS_TIME_AFTER = 3.0


def answer(desk: Desk, talk: Talk, scene: Scene, question: str, stop_place: DeltaGenerator) -> None:
    """Ask and draw what comes, then the page anew with the answer as it was kept.

    Whatever ends the run of the script before (Stop, another press, the tab closed) ends the answer as well.
    """
    chat_turns.question(question, scene.now, scene)
    with stop_place:
        st.button("Stop", key="stop", icon=":material/stop_circle:", shortcut="Esc", help="Stop this answer")
    session_id = talk.session_id
    live = talk.begin(
        question,
        lambda cancellation: desk.platform.stream(question, session_id, None, desk.owner, cancellation),
    )
    with st.chat_message("assistant", avatar=":material/monitor_heart:"):
        view = _View(scene)
        try:
            while not live.unfolding.over:
                if live.take(LOOKS_EVERY):
                    view.draw(live.unfolding)
                view.tick(live.unfolding)
                st.session_state.get("talk")  # where Streamlit ends a script that is to be run anew
        finally:
            live.answering.stop()
    talk.finish()
    st.rerun()


def broken(live: Live, scene: Scene) -> None:
    """Draw an answer that did not come to its end: the part there is, and why it ends there."""
    chat_turns.question(live.unfolding.question, scene.now, scene)
    with st.chat_message("assistant", avatar=":material/monitor_heart:"):
        for step in live.unfolding.steps:
            st.caption(step_line(step, scene, over=True))
        if live.unfolding.text:
            chat_turns.body(live.unfolding.text, f"rest-broken-{id(live)}")
        if live.unfolding.problem is not None:
            tell(live.unfolding.problem)
        else:
            st.caption(":material/stop_circle: Stopped before it was complete. Its numbers were not traced.")


def step_line(step: Step, scene: Scene, over: bool = False) -> str:
    """One look-up as Markdown: what is being looked at, or what came of it; `over`: nothing runs any more."""
    if step.reply is None:
        icon, told = ("block", " · not finished") if over else ("hourglass_top", "")
        return f":material/{icon}: {markdown(running(step.started, scene))}{told}"
    icon = {"ok": "check", "no_data": "remove"}.get(step.reply.status, "close")
    return f":material/{icon}: {markdown(done(step.reply, scene))} · {markdown(outcome(step.reply))}"


class _View:
    """The places of an answer in the making."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._status = st.status("Thinking …", type="compact", expanded=True)
        self._steps: list[DeltaGenerator] = []
        self._text = st.empty()
        self._began = time.monotonic()
        self._label = ""
        self._drawn_at = 0.0
        self._drawn = ""

    def draw(self, unfolding: Unfolding) -> None:
        """Draw the look-ups."""
        for place, step in enumerate(unfolding.steps):
            if place == len(self._steps):
                self._steps.append(self._status.empty())
            self._steps[place].markdown(step_line(step, self._scene))
        for left in self._steps[len(unfolding.steps) :]:
            left.empty()

    def tick(self, unfolding: Unfolding) -> None:
        """Draw the text, not too often, and how far it is."""
        now = time.monotonic()
        if unfolding.text != self._drawn and (now - self._drawn_at >= DRAWS_EVERY or unfolding.over):
            self._drawn, self._drawn_at = unfolding.text, now
            self._text.markdown(self._growing(unfolding.text))
        label = doing(unfolding, self._scene, now - self._began)
        if label != self._label:
            self._label = label
            self._status.update(label=label, expanded=True)

    def _growing(self, text: str) -> str:
        shown, above = tail(text, LINES_FOLLOWED), count_lines(text) - LINES_FOLLOWED
        told = f":gray[… {above:,} lines above]\n\n" if above > 0 else ""
        return f"{told}{prose(shown)} ▍" if text else ""


def doing(unfolding: Unfolding, scene: Scene, seconds: float) -> str:
    """What is being done, as Markdown."""
    taken = f" · {seconds:.0f} s" if seconds >= TELLS_TIME_AFTER else ""
    if unfolding.looking:
        what = markdown(running(unfolding.looking[-1].started, scene))
    elif unfolding.text:
        what = "Writing the answer"
    elif unfolding.restarts:
        what = f"Starting over: {markdown(unfolding.restarts[-1], 160)}"
    else:
        what = "Thinking"
    return f"{what} …{taken}"
