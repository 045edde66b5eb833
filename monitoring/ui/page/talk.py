"""What one tab of the chat remembers between two runs of its script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitoring.contract import SessionTurn, SessionTurns
from monitoring.errors import MonitoringError
from monitoring.ui.page.answering import Answering, Ask
from monitoring.ui.page.progress import Unfolding, joined

SHOWN = 8
"""So many turns are drawn, until earlier ones are asked for."""
EARLIER = 20


@dataclass(slots=True)
class Live:
    """A question and the work on its answer. `after` is the number of the turn before it."""

    session_id: str | None
    after: int
    unfolding: Unfolding
    answering: Answering

    def take(self, seconds: float) -> bool:
        """Take what was told; waits so long at most. Whether it made a difference."""
        before = self.unfolding
        try:
            for piece in joined(self.answering.pieces(seconds)):
                self.unfolding = self.unfolding.after(piece)
            if self.answering.over:
                self.unfolding = self.unfolding.fail(MonitoringError("The answer broke off; ask again."))
        except MonitoringError as problem:
            self.unfolding = self.unfolding.fail(problem)
        return self.unfolding != before


@dataclass(slots=True)
class Talk:
    """The conversation that is open (`None`: one that has not begun), as it was last read, and what did not come
    to an end in it."""

    session_id: str | None = None
    shown: int = SHOWN
    known: SessionTurns | None = None
    read_at: datetime | None = None
    live: Live | None = None
    broken: list[Live] = field(default_factory=list)

    def open(self, session_id: str | None) -> None:
        """Turn to another conversation; an answer that is being made here is stopped."""
        self.interrupt()
        if session_id == self.session_id:
            return
        self.session_id, self.known, self.read_at, self.shown = session_id, None, None, SHOWN
        self.broken = [live for live in self.broken if live.session_id is not None]

    def begin(self, question: str, ask: Ask) -> Live:
        """Ask; whatever was still running here is stopped before."""
        self.interrupt()
        self.live = Live(self.session_id, self._last_number(), Unfolding(question), Answering(ask))
        return self.live

    def interrupt(self) -> None:
        """Stop what is running, if anything is, and keep the part that is there."""
        live, self.live = self.live, None
        if live is None:
            return
        live.answering.stop()
        live.take(0)
        live.unfolding = live.unfolding.stop()
        self._keep(live)

    def finish(self) -> None:
        """Put away an answer that has come to its end, one way or the other."""
        live, self.live = self.live, None
        if live is not None:
            self._keep(live)

    def read(self, turns: SessionTurns, at: datetime) -> None:
        """The conversation as it stands in the database."""
        self.known, self.read_at = turns, at

    def turns(self) -> list[SessionTurn]:
        """The turns to draw."""
        return list(self.known.turns[-self.shown :]) if self.known is not None else []

    def hidden(self) -> int:
        """How many earlier turns are not drawn."""
        return max(0, len(self.known.turns) - self.shown) if self.known is not None else 0

    def broken_after(self, number: int) -> Iterator[Live]:
        """What did not come to an end after the turn of that number and before the next one."""
        return (live for live in self.broken if live.session_id == self.session_id and live.after == number)

    def forget(self, live: Live) -> None:
        """Leave out something that did not come to an end."""
        self.broken = [other for other in self.broken if other is not live]

    def _keep(self, live: Live) -> None:
        answer = live.unfolding.answer
        if answer is None:
            self.broken.append(live)
            return
        # With the first answer a conversation gets its name; what broke before belongs to it.
        self.broken = [
            replace(other, session_id=answer.session_id) if other.session_id is None else other for other in self.broken
        ]
        if self.session_id is None:
            self.session_id = answer.session_id

    def _last_number(self) -> int:
        return self.known.turns[-1].number if self.known is not None and self.known.turns else 0
