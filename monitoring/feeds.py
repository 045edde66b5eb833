"""What brings samples in by itself: the collector; and the note on whether a store's samples are simulated."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from monitoring.blocks import Block, from_micros
from monitoring.collectors.collector import Collector, CollectReport, SourceStatus
from monitoring.collectors.making import plans_of
from monitoring.collectors.sources_file import SourceEntry, read_sources
from monitoring.errors import MonitoringError, StoreError
from monitoring.metrics import Catalogue
from monitoring.settings import DEFAULT_SOURCES, Settings, environment
from monitoring.store.store import Store

log = logging.getLogger(__name__)

ORIGIN = "origin"

POLL_SECONDS = 0.2
"""How often it is looked whose turn it is."""
PATIENCE = 1.0
"""Seconds a round waits for the sources it reads; those that are slower come with the next one."""

KEPT_SAMPLES = 1_000_000
"""So many samples wait for the database at most, the newest ones: about 24 MB, an hour of 8,000 series."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Samples that wait for the database; `late` ones belong to a time that may have been judged."""

    block: Block
    late: bool = False


def source_entries(settings: Settings) -> list[SourceEntry]:
    """Every source there is: the endpoints of `SCRAPE_URLS`, then those of the file, in its order.

    Raises `ConfigurationError` for a file that cannot be used, or is missing although it was named.
    """
    entries = [
        SourceEntry(
            "exporter",
            url,
            interval=timedelta(seconds=settings.scrape_interval_seconds),
            timeout=settings.scrape_timeout_seconds,
        )
        for url in settings.scrape_urls
    ]
    file = Path(settings.sources_file)
    if settings.sources_file == DEFAULT_SOURCES and not file.exists():
        return entries
    return entries + read_sources(file, environment())


class Origin:
    """Where the store's samples come from: simulated ones and real ones are never mixed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self) -> dict[str, Any] | None:
        """What is noted: `{"kind": "simulated" | "real", …}`; `None` for an empty store."""
        found: dict[str, Any] | None = self._store.get(ORIGIN)
        return found

    def is_simulated(self) -> bool:
        note = self.note()
        return note is not None and note["kind"] == "simulated"

    def is_real(self) -> bool:
        note = self.note()
        return note is not None and note["kind"] == "real"

    def make_real(self) -> bool:
        """Get ready for real samples: simulated ones are removed. Returns whether there were any."""
        note = self.note()
        if note is not None and note["kind"] == "real":
            return False
        if note is not None:
            self._store.clear()
        self._store.set(ORIGIN, {"kind": "real"})
        return note is not None

    def make_simulated(self, **about: Any) -> None:
        """Empty the store and note that what follows is simulated."""
        self._store.clear()
        self._store.set(ORIGIN, {"kind": "simulated", **about})


class Background:
    """A thread that does something over and over while it is asked for: `wanted` was called not long ago."""

    def __init__(self, work: Callable[[datetime], None], idle_after: float) -> None:
        self._work = work
        self._idle_after = idle_after
        self._asked = float("-inf")
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, clock: Callable[[], datetime]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(clock,), name="sources", daemon=True)
            self._thread.start()

    def wanted(self) -> bool:
        """Whether the thread runs; it goes on for a while after this was asked."""
        self._asked = time.monotonic()
        return self._thread is not None

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self, clock: Callable[[], datetime]) -> None:
        while not self._over.wait(POLL_SECONDS):
            if time.monotonic() - self._asked > self._idle_after:
                continue
            try:
                self._work(clock())
            except MonitoringError as problem:
                log.warning("reading the sources failed: %s", problem)


class CollectorFeed:
    """Reads the configured sources, each at its own pace, and stores what they say.

    Called at every tick. Until `start` the sources whose turn it is are read then and there; afterwards they
    are read by a thread of their own for as long as the feed goes on being called, and a call only stores what
    has come in. What cannot be stored, because the database is away, is kept and stored as soon as it can be.

    Raises `ConfigurationError` for sources that cannot be read.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, store: Store, origin: Origin) -> None:
        entries = source_entries(settings)
        plans = plans_of(entries, catalogue)
        slowest = max((entry.timeout for entry in entries), default=settings.scrape_timeout_seconds)
        self._collector = Collector(plans, patience=3 * slowest)
        # Ticks and readings of the same period must not drift past each other.
        self._slack = min((plan.interval for plan in plans), default=timedelta(0)) / 2
        self._store = store
        self._origin = origin
        self._kept: deque[Fresh] = deque()
        self._waited = False
        self._background = Background(self._collect_due, 4 * settings.monitor_interval_seconds + 10)
        self._failing: dict[str, str] = {}

    @property
    def status(self) -> tuple[SourceStatus, ...]:
        return self._collector.statuses()

    def __call__(self, now: datetime) -> None:
        if not self._background.wanted():
            self._take(self._collector.collect_due(now, self._slack))
        self._deliver()

    def start(self, clock: Callable[[], datetime]) -> None:
        """Read in the background from now on."""
        self._background.start(clock)

    def _collect_due(self, now: datetime) -> None:
        self._take(self._collector.collect_due(now, patience=PATIENCE))

    def _take(self, report: CollectReport) -> None:
        for source in report.sources:
            # A source that stays down is told once, not at every collection.
            if source.error and source.last_failure and source.error != self._failing.get(source.name):
                log.warning("source %s: %s", source.name, source.error)
            self._failing[source.name] = source.error
        if report.older:
            self._kept.append(Fresh(Block.of(report.older).by_time(), late=True))
        if report.samples:
            self._kept.append(Fresh(Block.of(report.samples)))

    def _deliver(self) -> None:
        try:
            while self._kept:
                self._origin.make_real()
                block, late = self._kept[0].block, self._kept[0].late
                if self._waited:
                    # Another process may have judged that time meanwhile.
                    self._store.judge_again_from(from_micros(int(block.times.min())))
                    self._waited = False
                written = self._store.samples.write(block)
                if late and written.stored:
                    self._store.judge_again_from(from_micros(int(np.delete(block.times, written.places).min())))
                self._kept.popleft()
        except StoreError:
            self._waited = True
            self._forget_beyond(KEPT_SAMPLES)
            raise

    def _forget_beyond(self, most: int) -> None:
        while sum(len(fresh.block) for fresh in tuple(self._kept)) > most:
            log.warning("%d samples are lost: too many wait for the database", len(self._kept.popleft().block))

    def close(self) -> None:
        self._background.stop()
        self._collector.close()
