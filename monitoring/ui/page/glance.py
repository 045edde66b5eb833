"""The state of the platform as the page last knew it, for all tabs together.

However many tabs are open it is read once in `FRESH_SECONDS` at most, and where the database does not answer
the last known state stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from monitoring.contract import Check, Platform
from monitoring.errors import MonitoringError
from monitoring.operations import Operations, Supervision

FRESH_SECONDS = 1.0
WAIT_SECONDS = 2.0
"""So long a tab waits for what another one is reading; then it shows what was known before."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known: the state and when it was read; `problem` is why it could not be read again."""

    check: Check | None = None
    supervision: Supervision | None = None
    read_at: datetime | None = None
    problem: MonitoringError | None = None

    @property
    def starting(self) -> bool:
        """Whether there is nothing to judge by yet because the monitor is still at its first tick."""
        ticked = self.supervision is None or self.supervision.monitor.last_tick_at is not None
        return not ticked and (self.check is None or self.check.health == "no_data")


class Glance:
    """Reads the state of a platform; safe to use from any thread."""

    def __init__(self, platform: Platform, operations: Operations, clock: Callable[[], datetime]) -> None:
        self._platform = platform
        self._operations = operations
        self._clock = clock
        self._lock = threading.Lock()
        self._known = Known()
        self._tried: float | None = None

    def now(self) -> Known:
        """What is known, read anew unless that was just done."""
        if self._is_fresh() or not self._lock.acquire(timeout=WAIT_SECONDS):
            return self._known
        try:
            if not self._is_fresh():
                self._known = self._read()
                self._tried = time.monotonic()
            return self._known
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Read anew at the next look: something was changed."""
        self._tried = None

    def _is_fresh(self) -> bool:
        tried = self._tried
        return tried is not None and time.monotonic() - tried < FRESH_SECONDS

    def _read(self) -> Known:
        try:
            supervision = self._operations.supervision()
            check = self._platform.check()
        except MonitoringError as problem:
            return replace(self._known, problem=problem)
        return Known(check, supervision, read_at=self._clock())
