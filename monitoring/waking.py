"""Work beside the monitor: in a thread of its own, whenever it is woken."""

from __future__ import annotations

import threading
from collections.abc import Callable


class WokenThread:
    """Does its work soon after each wake, until stopped; wakes while it works count as one.

    `work` says after how many seconds it is to be done without a wake, `None` for not before one, and lets no error
    out. `first` is the same for the beginning.
    """

    def __init__(self, name: str, work: Callable[[], float | None], first: float | None = None) -> None:
        self._name = name
        self._work = work
        self._first = first
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self, timeout: float = 1.0, interrupt: Callable[[], None] = lambda: None) -> None:
        """Begin no more work, `interrupt` what is under way, and wait for its end up to the timeout in seconds."""
        self._stopping.set()
        self._woken.set()
        interrupt()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    def wake(self) -> None:
        self._woken.set()

    def rest(self, seconds: float) -> None:
        """Within the work: do nothing for so long, whoever wakes, unless stopped."""
        self._stopping.wait(seconds)

    def _run(self) -> None:
        wait = self._first
        while True:
            self._woken.wait(wait)
            self._woken.clear()
            if self.stopping:
                return
            wait = self._work()
