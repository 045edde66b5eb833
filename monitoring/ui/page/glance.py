"""The state of the platform as the page last knew it, for all tabs together.

However many tabs are open it is read once in `FRESH_SECONDS` at most, and where the database does not answer
the last known state stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from monitoring.contract import Check, Platform
from monitoring.errors import MonitoringError, StoreUnavailable
from monitoring.operations import Figure, Operations, Supervision
from monitoring.ui.page.board import METRICS, SPAN, WIDTH

FRESH_SECONDS = 1.0
WAIT_SECONDS = 2.0
"""So long a tab waits for what is being read; then it shows what was known before, and says so."""
FIRST_SECONDS = 8.0
"""So long it waits where nothing is known yet."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What was read last and when; `problem` is why it could not be read again."""

    value: T | None = None
    at: datetime | None = None
    problem: MonitoringError | None = None


class Shared(Generic[T]):
    """Something that all tabs look at; safe to use from any thread. A read that hangs holds up nobody."""

    def __init__(self, read: Callable[[], T], clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._last: Read[T] = Read()
        self._tried: float | None = None
        self._reading: threading.Event | None = None
        self._begun = 0.0

    def latest(self) -> Read[T]:
        """What is known, read anew unless that was just done."""
        with self._lock:
            if self._is_fresh():
                return self._last
            reading = self._reading or self._begin()
            patience = FIRST_SECONDS if self._last.at is None else WAIT_SECONDS
            until = self._begun + patience
        if reading.wait(max(0.0, until - time.monotonic())):
            return self._last
        return replace(self._last, problem=StoreUnavailable())

    def forget(self) -> None:
        """Read anew at the next look: something was changed."""
        with self._lock:
            self._tried = self._reading = None

    def _is_fresh(self) -> bool:
        return self._tried is not None and time.monotonic() - self._tried < FRESH_SECONDS

    def _begin(self) -> threading.Event:
        done = self._reading = threading.Event()
        self._begun = time.monotonic()
        threading.Thread(target=self._again, args=(done,), name="glance", daemon=True).start()
        return done

    def _again(self, done: threading.Event) -> None:
        try:
            found = Read(self._read(), self._clock())
        except MonitoringError as problem:
            found = replace(self._last, problem=problem)
        with self._lock:
            # What was begun before something was changed does not count.
            if self._reading is done:
                self._last, self._tried, self._reading = found, time.monotonic(), None
        done.set()


@dataclass(frozen=True, slots=True)
class Known:
    """The state of the platform, when it was read, and why it could not be read again."""

    check: Check | None = None
    supervision: Supervision | None = None
    read_at: datetime | None = None
    problem: MonitoringError | None = None

    @property
    def starting(self) -> bool:
        """Whether nothing was judged yet because the monitor is still at its first tick: unknown, not healthy."""
        ticked = self.supervision is None or self.supervision.monitor.last_tick_at is not None
        return not ticked and (self.check is None or self.check.health in ("no_data", "healthy"))


class Glance:
    """The state of a platform and the figures of the overview."""

    def __init__(self, platform: Platform, operations: Operations, clock: Callable[[], datetime]) -> None:
        self._state = Shared(lambda: (operations.supervision(), platform.check()), clock)
        self._figures = Shared(lambda: operations.figures(METRICS, SPAN, WIDTH), clock)

    def now(self) -> Known:
        """The state."""
        last = self._state.latest()
        supervision, check = last.value or (None, None)
        return Known(check, supervision, last.at, last.problem)

    def figures(self) -> Mapping[str, Figure]:
        """The figures by metric, those last known where the database does not answer."""
        return {figure.metric: figure for figure in self._figures.latest().value or ()}

    def forget(self) -> None:
        """Read everything anew at the next look: something was changed."""
        self._state.forget()
        self._figures.forget()
