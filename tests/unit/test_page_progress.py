"""An answer in the making: what is shown of it after each piece, and how it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from monitoring.cancellation import Cancellation
from monitoring.contract import Progress, Restarted, Session, SessionTurn, SessionTurns, Text, ToolFinished, ToolStarted
from monitoring.errors import MonitoringError, StoreUnavailable
from monitoring.ui.page.answering import Answering
from monitoring.ui.page.progress import Unfolding, joined
from monitoring.ui.page.talk import Live, Talk
from tests.unit.terminal_platform import NOW, answer, reply

SLOW = 5.0


def unfolded(pieces: Sequence[Progress]) -> Unfolding:
    state = Unfolding("Is anything wrong?")
    for piece in pieces:
        state = state.after(piece)
    return state


def told(talk: Talk, pieces: Sequence[Progress], problem: MonitoringError | None = None) -> Live:
    """A question whose answer comes in these pieces, followed to its end."""

    def ask(_: Cancellation) -> Iterator[Progress]:
        yield from pieces
        if problem is not None:
            raise problem

    live = talk.begin("Is anything wrong?", ask)
    while not live.unfolding.over:
        live.take(SLOW)
    talk.finish()
    return live


def endless(cancellation: Cancellation) -> Iterator[Progress]:
    """Says one thing and then waits to be stopped."""
    yield Text("so far")
    if cancellation.wait(SLOW * 4):
        cancellation.check()


class TestUnfolding:
    def test_text_grows_and_the_answer_replaces_it(self) -> None:
        assert unfolded([Text("a "), Text("b")]).text == "a b"
        whole = unfolded([Text("a "), answer("reviewed")])
        assert (whole.text, whole.over) == ("reviewed", True)

    def test_a_restart_takes_the_text_back_and_keeps_what_was_looked_up(self) -> None:
        found = reply()
        started = [ToolStarted(found.name, found.args), ToolStarted("other", {})]
        state = unfolded([*started, ToolFinished(found), Text("wrong"), Restarted("the model failed"), Text("right")])
        assert state.text == "right"
        assert state.restarts == ("the model failed",)
        assert [step.reply for step in state.steps] == [found]

    def test_a_reply_belongs_to_the_look_up_that_asked_the_same(self) -> None:
        first, second = reply(args={"hours": 1}), reply(args={"hours": 2})
        state = unfolded([ToolStarted(first.name, {"hours": 1}), ToolStarted(first.name, {"hours": 2})])
        state = state.after(ToolFinished(second))
        assert [step.reply for step in state.steps] == [None, second]
        assert [step.started.args for step in state.looking] == [{"hours": 1}]
        assert [step.reply for step in state.after(ToolFinished(first)).steps] == [first, second]

    def test_a_reply_to_nothing_is_shown_too(self) -> None:
        assert unfolded([ToolFinished(reply())]).steps[0].reply == reply()

    def test_what_is_over_stays_as_it_is(self) -> None:
        whole = unfolded([answer()])
        assert whole.stop() is whole
        assert whole.fail(MonitoringError("late")) is whole
        stopped = unfolded([ToolStarted("a", {}), Text("b")]).stop()
        assert stopped.over
        assert stopped.looking == ()
        assert stopped.text == "b"

    def test_words_that_came_together_are_one_piece(self) -> None:
        pieces: list[Progress] = [Text("a "), Text("b"), Restarted("again"), Text("c"), Text("d")]
        assert list(joined(pieces)) == [Text("a b"), Restarted("again"), Text("cd")]


class TestAnswering:
    def test_what_fails_is_raised_after_all_that_was_told_before(self) -> None:
        def ask(_: Cancellation) -> Iterator[Progress]:
            yield Text("a")
            raise StoreUnavailable

        work = Answering(ask)
        assert work.pieces(SLOW) == [Text("a")]
        with pytest.raises(StoreUnavailable):
            work.pieces(SLOW)
        assert work.over

    def test_waiting_for_a_piece_comes_to_an_end(self) -> None:
        work = Answering(endless)
        assert work.pieces(SLOW) == [Text("so far")]
        assert work.pieces(0.01) == []
        assert not work.over
        work.stop()
        assert work.ended(SLOW)

    def test_stopping_ends_what_was_asked_and_may_be_done_twice(self) -> None:
        closed = threading.Event()

        def ask(cancellation: Cancellation) -> Iterator[Progress]:
            try:
                yield from endless(cancellation)
            finally:
                closed.set()

        work = Answering(ask)
        work.pieces(SLOW)
        work.stop()
        work.stop()
        assert work.ended(SLOW)
        assert closed.is_set()


class TestTalk:
    def test_the_first_answer_gives_the_conversation_its_name(self) -> None:
        talk = Talk()
        told(talk, [Text("x")], StoreUnavailable())
        told(talk, [answer(session_id="s-1")])
        assert talk.session_id == "s-1"
        assert [live.session_id for live in talk.broken] == ["s-1"]

    def test_a_question_while_another_is_answered_stops_that_one(self) -> None:
        talk = Talk()
        first = talk.begin("first", endless)
        first.take(SLOW)
        talk.begin("second", endless)
        assert first.answering.ended(SLOW)
        assert first.unfolding.stopped
        assert first.unfolding.text == "so far"
        assert talk.broken == [first]
        talk.interrupt()

    def test_what_arrived_just_before_a_stop_is_kept(self) -> None:
        talk = Talk()
        arrived = threading.Event()

        def ask(_: Cancellation) -> Iterator[Progress]:
            yield Text("all of it")
            yield answer(session_id="s-1")
            arrived.set()

        live = talk.begin("q", ask)
        assert arrived.wait(SLOW)
        talk.interrupt()
        assert live.unfolding.answer is not None
        assert talk.broken == []
        assert talk.session_id == "s-1"

    def test_a_stream_without_an_answer_is_told_to_have_broken_off(self) -> None:
        live = told(Talk(), [Text("half")])
        assert str(live.unfolding.problem) == "The answer broke off; ask again."

    def test_what_broke_off_stands_after_the_turn_it_followed(self) -> None:
        talk = Talk("s-1")
        talk.read(session(7), NOW)
        live = told(talk, [], StoreUnavailable())
        talk.read(session(9), NOW)
        assert list(talk.broken_after(7)) == [live]
        assert list(talk.broken_after(9)) == []
        talk.open("s-2")
        assert list(talk.broken_after(7)) == []
        talk.open("s-1")
        talk.forget(live)
        assert list(talk.broken_after(7)) == []

    def test_of_a_long_conversation_the_end_is_drawn(self) -> None:
        talk = Talk("s-1")
        talk.read(session(30), NOW)
        assert [turn.number for turn in talk.turns()] == list(range(23, 31))
        assert talk.hidden() == 22
        talk.shown += 20
        assert talk.hidden() == 2

    def test_another_conversation_begins_with_nothing_known(self) -> None:
        talk = Talk("s-1")
        talk.read(session(3), NOW)
        talk.open("s-1")
        assert talk.known is not None
        talk.open(None)
        assert talk.session_id is None
        assert talk.turns() == []


def session(turns: int) -> SessionTurns:
    kept = tuple(SessionTurn(number, NOW, answer(session_id="s-1")) for number in range(1, turns + 1))
    return SessionTurns(Session("s-1", "t", NOW, turns), kept)
