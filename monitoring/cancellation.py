"""Stopping an answer from outside: what runs is ended, what would begin does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from monitoring.errors import Cancelled


class Cancellation:
    """A way to stop an answer from another thread: its queries, its model and the wait for its session.

    Cancelling is final, may be done from any thread and any number of times.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._event = threading.Event()
        self._stops: dict[object, Callable[[], None]] = {}

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """Stop what is running now and whatever is begun later."""
        with self._lock:
            self._event.set()
            for stop in list(self._stops.values()):
                stop()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether it was cancelled."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Raise `Cancelled` where it was cancelled."""
        if self.cancelled:
            raise Cancelled

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `stop` is what ends it; raises `Cancelled` where it was cancelled before.

        When the block is left, `stop` is not being called and will not be.
        """
        mark = object()
        with self._lock:
            self.check()
            self._stops[mark] = stop
        try:
            yield
        finally:
            with self._lock:
                del self._stops[mark]
