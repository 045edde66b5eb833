"""Silences of Alertmanager's as silences here, by what all of its replicas say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from monitoring.notifications.muting import PREFIX, Report, mirrored
from monitoring.store.store import Store


class Mirror:
    """Told by each replica's thread what it says; brings the silences here in line. Raises store errors.

    A replica that does not answer has no say. While none of them answers all stays as it is: a silence here has
    the end that it has there.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], replicas: int) -> None:
        self._store = store
        self._clock = clock
        self._replicas = replicas
        self._reports: dict[str, Report | None] = {}
        self._lock = threading.Lock()

    def told(self, replica: str, report: Report | None) -> None:
        """What a replica says, `None` where it does not answer. Nothing is decided before all were heard once."""
        with self._lock:
            self._reports[replica] = report
            reports = [report for report in self._reports.values() if report is not None]
            if report is None or len(self._reports) < self._replicas:
                return
            now = self._clock()
            made, ended = mirrored(reports, self._store.alerts.mirrors(now, PREFIX), now)
            if made or ended:
                self._store.alerts.mirror(made, ended, now)
