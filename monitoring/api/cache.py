"""Answers that many ask for at the same moment are worked out once.

What is kept is never older than `seconds`, far less than a monitor's tick, and says its `as_of`; whatever is
changed through this process is seen at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable

MOST = 200
"""Different questions that answers are kept of."""


class Cache:
    """Answers by question. Whoever asks while an answer is worked out waits for that one."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._answers: dict[Hashable, tuple[float, asyncio.Task[bytes]]] = {}

    async def get(self, question: Hashable, answer: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer to a question, from `answer` where none is kept that is young enough."""
        now = self._clock()
        kept = self._answers.get(question)
        if kept is None or now - kept[0] >= self._seconds:
            self._forget_old(now)
            kept = now, asyncio.ensure_future(_run(answer))
            self._answers[question] = kept
        task = kept[1]
        try:
            # One that is given up by its client goes on for the others.
            return await asyncio.shield(task)
        except BaseException:
            if task.done() and self._answers.get(question) is kept:
                # A failure is not kept.
                del self._answers[question]
            raise

    def clear(self) -> None:
        """Forget all answers: something was changed."""
        self._answers.clear()

    def _forget_old(self, now: float) -> None:
        if len(self._answers) >= MOST:
            self._answers = {q: kept for q, kept in self._answers.items() if now - kept[0] < self._seconds}
        if len(self._answers) >= MOST:
            self._answers.clear()


async def _run(answer: Callable[[], Awaitable[bytes]]) -> bytes:
    return await answer()
