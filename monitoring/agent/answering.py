"""Answering within sessions: one question at a time, each turn kept with what its answer rests on."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Generator, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitoring.cancellation import Cancellation
from monitoring.contract import Answer, ExportForm, Progress, Session
from monitoring.errors import InvalidInput
from monitoring.metrics import SeriesKey
from monitoring.settings import Settings
from monitoring.store.store import Store
from monitoring.tools.asking import Lens

if TYPE_CHECKING:
    from monitoring.agent.turns import Asked

MODEL_USE_KEPT = timedelta(days=92)
LONGEST_NAME = 128
"""Characters of a session's id."""


class Answering:
    """Answers questions with the graph that `build` makes; it is made with the first one, which takes a second."""

    def __init__(
        self, settings: Settings, store: Store, clock: Callable[[], datetime], build: Callable[[], Any]
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._build = build
        self._graph: Any = None
        self._lock = threading.Lock()

    def stream(
        self,
        question: str,
        lens: Lens,
        session_id: str | None,
        owner: str | None,
        cancellation: Cancellation | None,
        demo: bool,
    ) -> Generator[Progress, None, None]:
        """Answer piece by piece, as `Platform.stream` says."""
        from monitoring.agent.turns import run_turn

        session = session_name(session_id) if session_id else uuid.uuid4().hex[:12]
        conversations = self._store.conversations
        with conversations.alone(session, owner, self._settings.session_wait_seconds, cancellation):
            asked_at = self._clock()
            asked = self._asked(question, lens, session, owner, session_id is None, demo)
            for piece in run_turn(self._compiled(), asked, self._settings.agent_max_tool_calls, cancellation):
                if isinstance(piece, Answer):
                    conversations.add(asked_at, piece, self._settings.session_max_turns, owner)
                yield piece

    def rename(self, session_id: str, title: str, owner: str | None) -> Session:
        """Give a session another title; raises `InvalidInput` for an empty one."""
        if not title.strip():
            raise InvalidInput("A conversation needs a title; none was given.")
        return self._store.conversations.rename(session_id, title, owner)

    def delete(self, session_id: str, owner: str | None) -> None:
        """Forget a session, once no question of it is being answered: that would bring it back."""
        with self._store.conversations.alone(session_id, owner, self._settings.session_wait_seconds):
            self._store.conversations.delete(session_id, owner)

    def forget(self, now: datetime) -> None:
        """Forget sessions that were not used for long, and what language models were used for long ago."""
        self._store.conversations.forget(now - timedelta(days=self._settings.session_retention_days))
        self._store.usage.forget(now - MODEL_USE_KEPT)

    def export(self, session_id: str, form: ExportForm, owner: str | None) -> str:
        """A session as one document; times in Markdown are in the time zone of the settings."""
        from monitoring.agent.transcript import transcript

        return transcript(self._store.conversations.session(session_id, owner), form, ZoneInfo(self._settings.timezone))

    def _asked(self, question: str, lens: Lens, session: str, owner: str | None, begins: bool, demo: bool) -> Asked:
        """A question with everything its answer may depend on."""
        from monitoring.agent.turns import Asked

        most = self._settings.session_remembered_turns
        earlier = self._store.conversations.turns(session, max(1, most), owner)
        unknown = not earlier and not begins
        reporting = _reporting(self._store.samples.all_series())
        return Asked(
            question=question,
            session_id=session,
            lens=lens,
            timezone=self._settings.timezone,
            demo=demo,
            instances=sorted(reporting),
            reporting=reporting,
            earlier=earlier if most else (),
            notes=(f"No conversation {session!r} was known: this answer begins it.",) if unknown else (),
        )

    def _compiled(self) -> Any:
        with self._lock:
            if self._graph is None:
                self._graph = self._build()
            return self._graph


def _reporting(series: Iterable[SeriesKey]) -> dict[str, frozenset[str]]:
    """The metrics that each instance in the data reports."""
    metrics: dict[str, set[str]] = {}
    for key in series:
        metrics.setdefault(key.instance, set()).add(key.metric)
    return {instance: frozenset(names) for instance, names in metrics.items()}


def session_name(given: str) -> str:
    """The id of a session as it was given; raises `InvalidInput` for what cannot be one."""
    if len(given) > LONGEST_NAME or not given.isprintable() or not given.strip():
        raise InvalidInput(f"A session id has 1 to {LONGEST_NAME} characters that can be printed.")
    return given.strip()
