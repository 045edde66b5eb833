"""Threads for what waits for the database: bounded in number, in what waits for them, and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from monitoring.errors import MonitoringError, TooMuchAtOnce

P = ParamSpec("P")
T = TypeVar("T")


class Overdue(MonitoringError):
    """An answer took longer than a request may."""


class Workers:
    """A pool of threads. What comes while `threads + waiting` calls are under way is refused at once."""

    def __init__(self, name: str, threads: int, waiting: int, seconds: float) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self._seconds = seconds
        self._calls = 0

    @property
    def calls(self) -> int:
        """How many calls are under way or wait."""
        return self._calls

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result. Raises `TooMuchAtOnce`, `Overdue` (the call itself goes on), and what it raises."""
        future = self.start(partial(call, *args, **kwargs))
        try:
            return await asyncio.wait_for(future, self._seconds)
        except TimeoutError:
            raise Overdue(f"The answer took longer than {self._seconds:g} s; ask for less.") from None

    def start(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Begin a call; the future is of the running event loop."""
        if self._calls >= self._most:
            raise TooMuchAtOnce
        loop = asyncio.get_running_loop()
        self._calls += 1
        try:
            inner = self._executor.submit(call)
        except RuntimeError:
            self._calls -= 1
            raise TooMuchAtOnce("The server is stopping.") from None
        # Counted until the thread is free again, also where nobody waits for the result any more.
        inner.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done) if not loop.is_closed() else None)
        return asyncio.wrap_future(inner, loop=loop)

    def _done(self) -> None:
        self._calls -= 1

    def close(self) -> None:
        """Take no more calls; those that wait are given up, those that run come to their end by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)
