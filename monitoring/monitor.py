"""The background monitor: a thread that judges new samples every interval while it holds the monitor's lock.

Any number of processes may run one; whoever holds the lock works, the others watch and take over within one
interval. A slow tick delays the next one and never overlaps it; an error is kept, shown and tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from monitoring.contract import MonitorStatus
from monitoring.errors import MonitoringError
from monitoring.judgement import Judge, Outcome
from monitoring.metrics import Catalogue
from monitoring.moments import utc_now
from monitoring.store.store import Store

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Feed = Callable[[datetime], None]
"""Brings samples up to a time into the store: the simulator, a collector."""

HOUSEKEEPING = timedelta(minutes=10)


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
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._judge = Judge(store, catalogue, interval)
        self._interval = interval
        self._feeds = feeds
        self._housekeeping = housekeeping
        self._clock = clock
        self._leader = store.leader()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._turn = threading.Lock()
        self._last_tick: datetime | None = None
        self._last_ms: float | None = None
        self._last_error = ""
        self._kept_house: datetime | None = None

    def start(self) -> None:
        """Begin to tick in the background; at once, then every interval."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
            self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Stop ticking, give the lock back; waits for a tick under way, up to the timeout in seconds."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        self._leader.release()

    def tick(self, progress: Callable[[int], None] = lambda _: None) -> Outcome | None:
        """One round, if this process holds or gets the lock; `None` where another one monitors."""
        with self._turn:
            term = self._leader.terms
            if not self._leader.acquire():
                return None
            if self._leader.terms != term:
                self._judge.forget()
            began = time.perf_counter()
            now = self._clock()
            for feed in self._feeds:
                feed(now)
            outcome = self._judge.catch_up(self._clock(), progress)
            self._last_tick, self._last_ms = now, (time.perf_counter() - began) * 1000
            self._store.set("last_tick", {"at": now.isoformat(), "ms": round(self._last_ms, 1)})
            return outcome

    def status(self) -> MonitorStatus:
        return MonitorStatus(
            running=self._thread is not None and self._thread.is_alive(),
            leading=self._leader.held,
            last_tick_at=self._last_tick,
            last_tick_ms=self._last_ms,
            series=self._judge.series,
            last_error=self._last_error,
        )

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                if self.tick() is not None:
                    self._keep_house()
                self._last_error = ""
            except MonitoringError as problem:
                self._last_error = str(problem)
                log.warning("monitor tick failed, tried again in %s: %s", self._interval, problem)
            rest = self._interval.total_seconds() - (time.monotonic() - began)
            self._stopping.wait(max(0.0, rest))

    def _keep_house(self) -> None:
        now = self._clock()
        if self._kept_house is None or now - self._kept_house >= HOUSEKEEPING:
            self._store.rollups.refresh(now)
            self._housekeeping(now)
            self._kept_house = now
