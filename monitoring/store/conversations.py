"""Conversations in the database, so that a session goes on after a restart and in another front-end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from monitoring.contract import Session
from monitoring.store.pool import Pool
from monitoring.store.queries import query


class Turn(NamedTuple):
    """One question and its answer."""

    question: str
    answer: str


class ConversationStore:
    """The turns of every session."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def turns(self, session_id: str, most: int) -> list[Turn]:
        """The last turns of a session, the oldest of them first; none for a session that is new."""
        with self._pool.transaction("reading a conversation") as cursor:
            cursor.execute(query("conversation"), {"session": session_id, "most": most})
            return [Turn(*row) for row in cursor.fetchall()]

    def add(self, session_id: str, asked_at: datetime, turn: Turn, model: str) -> None:
        """Add a turn at the end of a session."""
        parameters = {
            "session": session_id,
            "asked_at": asked_at,
            "question": turn.question.replace("\0", ""),
            "answer": turn.answer.replace("\0", ""),
            "model": model,
        }
        with self._pool.transaction("keeping a conversation") as cursor:
            cursor.execute(query("add_turn"), parameters)

    def sessions(self, most: int = 200) -> Sequence[Session]:
        """The sessions there are, the last used first."""
        with self._pool.transaction("listing conversations") as cursor:
            cursor.execute(query("conversations"), {"most": most})
            return [Session(*row) for row in cursor.fetchall()]
