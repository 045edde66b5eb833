"""Conversations in the database, so that a session goes on after a restart and in another front-end."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from monitoring.cancellation import Cancellation
from monitoring.contract import Answer, Json, Session, SessionTurn, SessionTurns
from monitoring.errors import UnknownSession
from monitoring.store.pool import Cursor, Pool
from monitoring.store.queries import query
from monitoring.store.session_locks import SessionLocks

MOST_ROWS_KEPT = 50
"""Rows of one tool call that are kept with a turn."""
MOST_CHARACTERS_KEPT = 200_000
"""What one turn may take; rows are left out until it fits."""
LONGEST_TITLE = 120


class Turn(NamedTuple):
    """One question and its answer."""

    question: str
    answer: str


class ConversationStore:
    """The sessions of every owner, with their turns; an owner of `None` is whoever is not told apart."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._locks = SessionLocks(pool)

    @contextmanager
    def alone(
        self, session_id: str, owner: str | None, seconds: float, cancellation: Cancellation | None = None
    ) -> Iterator[None]:
        """Have a session to oneself among all processes; raises `SessionBusy` where that takes too long."""
        with self._locks.held((owner or "", session_id), seconds, cancellation or Cancellation()):
            yield

    def turns(self, session_id: str, most: int, owner: str | None = None) -> list[Turn]:
        """The last turns of a session, the oldest of them first; none for a session that is new."""
        with self._pool.transaction("reading a conversation") as cursor:
            cursor.execute(query("conversation"), {**_named(session_id, owner), "most": most})
            return [Turn(*row) for row in cursor.fetchall()]

    def add(self, asked_at: datetime, answer: Answer, most: int, owner: str | None = None) -> None:
        """Add a turn at the end of its session, of which the last `most` turns are kept."""
        reply = kept(answer)
        parameters = {
            **_named(answer.session_id, owner),
            "at": asked_at,
            "title": _title(reply["question"]) or "(empty)",
            "question": reply["question"],
            "answer": reply["answer"],
            "reply": json.dumps(reply, ensure_ascii=False, allow_nan=False),
            "most": most,
        }
        with self._pool.transaction("keeping a conversation") as cursor:
            for name in ("use_session", "add_turn", "forget_turns"):
                cursor.execute(query(name), parameters)

    def sessions(self, owner: str | None = None, most: int = 200) -> Sequence[Session]:
        """The sessions of an owner, the last used first."""
        with self._pool.transaction("listing conversations") as cursor:
            return _sessions(cursor, None, owner, most)

    def page(self, owner: str | None, most: int, before: tuple[datetime, str] | None = None) -> Sequence[Session]:
        """Sessions of an owner from after one that was last used at a time, the last used first."""
        moment, session = before or (None, None)
        wanted = {"owner": owner or "", "most": most, "moment": moment, "session": session}
        with self._pool.transaction("listing conversations") as cursor:
            cursor.execute(query("session_page"), wanted)
            return [Session(*row) for row in cursor.fetchall()]

    def session(self, session_id: str, owner: str | None = None) -> SessionTurns:
        """A session with its turns; raises `UnknownSession`."""
        with self._pool.transaction("reading a conversation") as cursor:
            session = _known(cursor, session_id, owner)
            cursor.execute(query("session_turns"), _named(session_id, owner))
            turns = [SessionTurn(turn, at, Answer.from_json(reply)) for turn, at, reply in cursor.fetchall()]
            return SessionTurns(session, tuple(turns))

    def rename(self, session_id: str, title: str, owner: str | None = None) -> Session:
        """Give a session another title; raises `UnknownSession`."""
        with self._pool.transaction("renaming a conversation") as cursor:
            cursor.execute(query("rename_session"), {**_named(session_id, owner), "title": _title(title)})
            return _known(cursor, session_id, owner)

    def delete(self, session_id: str, owner: str | None = None) -> None:
        """Forget a session; raises `UnknownSession`."""
        with self._pool.transaction("deleting a conversation") as cursor:
            _known(cursor, session_id, owner)
            cursor.execute(query("delete_session"), _named(session_id, owner))

    def forget(self, before: datetime) -> None:
        """Forget every session that was not used since a time."""
        with self._pool.transaction("forgetting old conversations") as cursor:
            cursor.execute(query("forget_sessions"), {"before": before})

    def close(self) -> None:
        self._locks.close()


def kept(answer: Answer) -> Json:
    """What is kept of an answer: rows within a cap, and nothing that JSON in a database cannot hold."""
    whole = _storable(answer.to_json())
    most = MOST_ROWS_KEPT
    document = {**whole, "tool_calls": [_cut(call, most) for call in whole["tool_calls"]]}
    while most and len(json.dumps(document, ensure_ascii=False)) > MOST_CHARACTERS_KEPT:
        most //= 2
        document["tool_calls"] = [_cut(call, most) for call in whole["tool_calls"]]
    return document


def _cut(call: Json, most: int) -> Json:
    if len(call["rows"]) <= most:
        return call
    hint = f"Only the first {most} of {call['row_count']} rows are kept with the conversation."
    return {**call, "rows": call["rows"][:most], "truncated": True, "hint": hint}


def _storable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Sequence):
        return [_storable(item) for item in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


def _title(text: str) -> str:
    return str(_storable(" ".join(text.split())))[:LONGEST_TITLE].strip()


def _named(session_id: str, owner: str | None) -> dict[str, Any]:
    return {"session": session_id, "owner": owner or ""}


def _sessions(cursor: Cursor, session_id: str | None, owner: str | None, most: int) -> list[Session]:
    cursor.execute(query("sessions"), {"session": session_id, "owner": owner or "", "most": most})
    return [Session(*row) for row in cursor.fetchall()]


def _known(cursor: Cursor, session_id: str, owner: str | None) -> Session:
    found = _sessions(cursor, session_id, owner, 1)
    if not found:
        raise UnknownSession(f"There is no conversation {session_id[:80]!r}; list the sessions to see which there are.")
    return found[0]
