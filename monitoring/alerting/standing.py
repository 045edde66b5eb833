"""Which replicas fail now: noted in the database when that changes, for every process to show."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

from monitoring.errors import StoreError
from monitoring.store.store import Store

NOTE = "alertmanagers"


class Standing:
    """Told by each replica's thread how its last update went."""

    def __init__(self, store: Store, replicas: Sequence[str]) -> None:
        self._store = store
        self._known = dict.fromkeys(replicas, "")
        self._noted: dict[str, str] | None = None
        self._lock = threading.Lock()

    def told(self, replica: str, problem: str) -> None:
        """How a replica is doing: the empty text where it works."""
        with self._lock, suppress(StoreError):
            self._known[replica] = problem
            if self._noted != self._known:
                self._store.set(NOTE, self._known)
                self._noted = dict(self._known)
