"""What a language model says about new critical incidents: asked beside the monitor, stored with the root event.

Nothing depends on it. A slow model delays no tick, one that fails leaves the built-in words as they are, and no
more than so many incidents an hour are asked about, whichever process asks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from monitoring.errors import ModelUnavailable, MonitoringError
from monitoring.store.store import Store
from monitoring.waking import WokenThread

log = logging.getLogger(__name__)

NEW = timedelta(minutes=15)
"""Incidents that became critical longer ago are not asked about: imported history, or an hour's worth of others."""

Explain = Callable[[dict[str, Any], datetime], str]
"""Puts an incident (its row, with the rows of its `events`) into words; raises `ModelUnavailable`."""


class Analyst:
    """Asks about one incident after the other in a thread of its own, when woken."""

    def __init__(
        self, store: Store, explain: Explain, *, model: str, per_hour: int, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._explain = explain
        self._model = model
        self._per_hour = per_hour
        self._clock = clock
        self._thread = WokenThread("analyst", self._analyse)

    def start(self) -> None:
        if self._per_hour > 0:
            self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Ask about nothing more; an answer that is still to come is not waited for."""
        self._thread.stop(timeout)

    def wake(self) -> None:
        """Have a look, soon: there may be a new incident."""
        self._thread.wake()

    def analyse_one(self) -> bool:
        """Ask about one incident; false where there is none to ask about. Raises store errors."""
        now = self._clock()
        claimed = self._store.analyses.claim(now, now - NEW, self._per_hour, self._model)
        if claimed is None:
            return False
        text, problem = "", ""
        try:
            text = self._explain(claimed, now)
        except ModelUnavailable as failure:
            problem = str(failure)
            log.warning("incident %s has no analysis: %s", claimed["id"], problem)
        self._store.analyses.finish(claimed["id"], self._clock(), text, problem)
        return True

    def _analyse(self) -> None:
        try:
            while not self._thread.stopping and self.analyse_one():
                pass
        except MonitoringError as problem:
            log.info("analysing is tried again after the next tick: %s", problem)
        except Exception:
            log.exception("the analyst met an error it does not know")
