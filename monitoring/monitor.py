"""The background monitor: a thread that judges new samples every interval while it holds the monitor's lock.

Any number of processes may run one; whoever holds the lock works, the others watch and take over within one
interval. A slow tick delays the next one and never overlaps it; an error is kept, shown and tried again.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from monitoring.contract import MonitorStatus
from monitoring.errors import MonitoringError, StoreError
from monitoring.judgement import Judge, Outcome
from monitoring.metrics import Catalogue
from monitoring.moments import utc_now
from monitoring.store.store import Store

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Feed = Callable[[datetime], None]
"""Brings samples up to a time into the store: the simulator, a collector. What cannot be stored it keeps."""


@runtime_checkable
class RunsBeside(Protocol):
    """A feed that, once started, goes on between ticks by the monitor's clock, as a collector does."""

    def __call__(self, now: datetime, /) -> None: ...

    def start(self, clock: Clock) -> None: ...


class Companion(Protocol):
    """Works in a thread of its own beside the monitor and looks for work when woken, after each of its ticks."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def wake(self) -> None: ...


HOUSEKEEPING = timedelta(minutes=10)
HEARTBEAT = "last_tick"


class Monitor:
    """Feeds, judges and keeps house. `start` and `stop` run it in the background; `tick` does one round."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        *,
        interval: timedelta,
        feeds: Sequence[Feed] = (),
        housekeeping: Callable[[datetime], None] = lambda _: None,
        companions: Sequence[Companion] = (),
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._judge = Judge(store, catalogue, interval)
        self._interval = interval
        self._feeds = feeds
        self._housekeeping = housekeeping
        self._companions = companions
        self._clock = clock
        self._leader = store.leader()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()
        self._led = False
        self._heartbeat: dict[str, Any] = {}
        self._ticks = self._samples = 0
        self._errors = 0
        self._last_error = ""
        self._kept_house: datetime | None = None

    def start(self) -> None:
        """Begin to tick in the background; at once, then every interval."""
        if self._thread is None:
            for feed in self._feeds:
                if isinstance(feed, RunsBeside):
                    feed.start(self._clock)
            self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
            self._thread.start()
            for companion in self._companions:
                companion.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Stop ticking, give the lock back; waits for a tick under way, up to the timeout in seconds."""
        self._stopping.set()
        for companion in self._companions:
            companion.stop()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        self._leader.release()

    def tick(self, progress: Callable[[int], None] = lambda _: None) -> Outcome | None:
        """One round, if this process holds or gets the lock; `None` where another one monitors."""
        with self._turn:
            if not self._leads():
                return None
            began = time.perf_counter()
            now = self._clock()
            for feed in self._feeds:
                feed(now)
            try:
                outcome = self._judge.catch_up(self._clock(), progress)
            except BaseException:
                # What is in memory may be half a tick ahead of what is stored.
                self._judge.forget()
                raise
            self._ticks += 1
            self._samples += outcome.samples
            self._note(now, (time.perf_counter() - began) * 1000)
        for companion in self._companions:
            companion.wake()
        return outcome

    def status(self) -> MonitorStatus:
        """How the monitoring is doing; where another process leads, by what that one noted last."""
        noted = self._heartbeat if self._leader.held else self._noted() or self._heartbeat
        judged = _moment(noted.get("judged_until"))
        return MonitorStatus(
            running=self._thread is not None and self._thread.is_alive(),
            leading=self._leader.held,
            last_tick_at=_moment(noted.get("at")),
            last_tick_ms=noted.get("ms"),
            series=noted.get("series", 0),
            last_error=self._last_error,
            leader=noted.get("by", ""),
            judged_until=judged,
            lag_seconds=None if judged is None else max(0.0, (self._clock() - judged).total_seconds()),
            ticks=self._ticks,
            samples=self._samples,
            errors_in_row=self._errors,
        )

    def _leads(self) -> bool:
        """Whether this process is the one that works. While nobody can tell, it goes on collecting if it was."""
        term, led = self._leader.terms, self._led
        try:
            self._led = self._leader.acquire()
        except StoreError:
            if led:
                self._collect()
            raise
        if led and not self._led:
            # What was collected while nobody could tell is brought in all the same.
            self._collect()
        if self._leader.terms != term:
            self._judge.forget()
        return self._led

    def _collect(self) -> None:
        for feed in self._feeds:
            with suppress(MonitoringError):
                feed(self._clock())

    def _note(self, now: datetime, took_ms: float) -> None:
        """Let every process see how the monitoring is doing."""
        until = self._judge.until
        self._heartbeat = {
            "at": now.isoformat(),
            "ms": round(took_ms, 1),
            "series": self._judge.series,
            "judged_until": None if until is None else until.isoformat(),
            "by": f"{socket.gethostname()}:{os.getpid()}",
        }
        self._store.set(HEARTBEAT, self._heartbeat)

    def _noted(self) -> dict[str, Any] | None:
        with suppress(StoreError):
            found: dict[str, Any] | None = self._store.get(HEARTBEAT)
            return found
        return None

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                if self.tick() is not None:
                    self._keep_house()
                self._succeeded()
            except MonitoringError as problem:
                self._failed(str(problem))
            except Exception as problem:
                words = f"{type(problem).__name__}: {problem}"
                if words != self._last_error:
                    log.exception("the monitor met an error it does not know")
                self._failed(words)
            rest = self._interval.total_seconds() - (time.monotonic() - began)
            self._stopping.wait(max(0.0, rest))

    def _failed(self, words: str) -> None:
        """Keep an error; it is told once, not at every tick that meets it again."""
        self._errors += 1
        level = logging.WARNING if self._errors == 1 else logging.INFO
        log.log(level, "monitor tick failed, tried again in %s: %s", self._interval, words)
        self._last_error = words

    def _succeeded(self) -> None:
        if self._errors:
            log.warning("the monitor works again after %d ticks that failed", self._errors)
        self._errors, self._last_error = 0, ""

    def _keep_house(self) -> None:
        now = self._clock()
        if self._kept_house is None or abs(now - self._kept_house) >= HOUSEKEEPING:
            self._store.rollups.refresh(now)
            self._housekeeping(now)
            self._kept_house = now


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
