"""Keeps the documents up to date in the background, for processes that run for long."""

from __future__ import annotations

import threading

from monitoring.library import Library

EVERY_SECONDS = 60.0
STOP_SECONDS = 10.0


class Librarian:
    """A thread that indexes now and then; `stop` waits for it, as far as that is reasonable."""

    def __init__(self, library: Library, every_seconds: float = EVERY_SECONDS) -> None:
        self._library = library
        self._every = every_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; what runs already goes on."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="documents", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._library.refresh()
            self._stopping.wait(self._every)
