"""A question being answered beside the script that draws the page, so that drawing can be interrupted at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue

from monitoring.cancellation import Cancellation
from monitoring.contract import Progress
from monitoring.errors import MonitoringError

Ask = Callable[[Cancellation], Iterator[Progress]]


class Answering:
    """Asks in a thread of its own; what is told waits in a queue until it is fetched.

    Whoever begins one stops it in the end: that ends its queries and gives its connections back, and does
    nothing once the answer is complete.
    """

    def __init__(self, ask: Ask) -> None:
        self._cancellation = Cancellation()
        self._pieces: SimpleQueue[Progress | None] = SimpleQueue()
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chat")
        self._working = pool.submit(self._work, ask)
        pool.shutdown(wait=False)
        self._all_told = False
        self.over = False

    def pieces(self, seconds: float) -> list[Progress]:
        """What was told since the last call; waits so long at most for the first piece. Once all was told it raises
        what the platform raised, if it did, and `over` is true."""
        found = [] if self._all_told else list(self._fetched(seconds))
        if self._all_told and not found:
            self.over = True
            self._working.result()
        return found

    def _fetched(self, seconds: float) -> Iterator[Progress]:
        with suppress(Empty):
            piece = self._pieces.get(timeout=seconds)
            while piece is not None:
                yield piece
                piece = self._pieces.get_nowait()
            self._all_told = True

    def stop(self) -> None:
        """Stop the answer and its queries; may be called at any time, any number of times."""
        self._cancellation.cancel()

    def ended(self, seconds: float) -> bool:
        """Wait so long at most until nothing of it runs any more; whether that is so."""
        try:
            self._working.result(timeout=seconds)
        except TimeoutError:
            return False
        except MonitoringError:
            return True
        return True

    def _work(self, ask: Ask) -> None:
        try:
            for piece in ask(self._cancellation):
                self._pieces.put(piece)
        finally:
            self._pieces.put(None)
