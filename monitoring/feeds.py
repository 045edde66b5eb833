"""What brings samples in by itself: the collector; and the note on whether a store's samples are simulated."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime, timedelta
from typing import Any

from monitoring.blocks import Block, from_micros
from monitoring.collectors import Collector, PrometheusTextSource
from monitoring.collectors.collector import SourceStatus
from monitoring.errors import StoreError
from monitoring.metrics import Catalogue
from monitoring.settings import Settings
from monitoring.store.store import Store

log = logging.getLogger(__name__)

ORIGIN = "origin"

KEPT_SAMPLES = 1_000_000
"""So many samples wait for the database at most, the newest ones: about 24 MB, an hour of 8,000 series."""


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


class CollectorFeed:
    """Reads the configured endpoints and stores what they say, no more often than their interval.

    What cannot be stored, because the database is away, is kept and stored as soon as it can be.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, store: Store, origin: Origin) -> None:
        self._sources = [
            PrometheusTextSource(url, catalogue, timeout=settings.scrape_timeout_seconds)
            for url in settings.scrape_urls
        ]
        self._collector = Collector(self._sources, patience=3 * settings.scrape_timeout_seconds)
        self._store = store
        self._origin = origin
        self._interval = timedelta(seconds=settings.scrape_interval_seconds)
        self._last: datetime | None = None
        self._kept: deque[Block] = deque()
        self._waited = False
        self.status: tuple[SourceStatus, ...] = ()

    def __call__(self, now: datetime) -> None:
        # Half an interval of slack: ticks and collections of the same period must not drift past each other.
        # A clock that was set back is no reason to wait until it has caught up.
        if self._last is None or abs(now - self._last) >= self._interval / 2:
            self._last = now
            self._collect(now)
        self._deliver()

    def _collect(self, now: datetime) -> None:
        report = self._collector.collect_all(now)
        failing = {source.name: source.error for source in self.status}
        for source in report.sources:
            # A source that stays down is told once, not at every collection.
            if source.error and source.error != failing.get(source.name):
                log.warning("source %s: %s", source.name, source.error)
        self.status = report.sources
        if report.samples:
            self._kept.append(Block.of(report.samples))

    def _deliver(self) -> None:
        try:
            while self._kept:
                self._origin.make_real()
                if self._waited:
                    # Another process may have judged that time meanwhile.
                    self._store.judge_again_from(from_micros(int(self._kept[0].times.min())))
                    self._waited = False
                self._store.samples.write(self._kept[0])
                self._kept.popleft()
        except StoreError:
            self._waited = True
            self._forget_beyond(KEPT_SAMPLES)
            raise

    def _forget_beyond(self, most: int) -> None:
        while sum(map(len, self._kept)) > most:
            log.warning("%d samples are lost: too many wait for the database", len(self._kept.popleft()))

    def close(self) -> None:
        self._collector.close()
