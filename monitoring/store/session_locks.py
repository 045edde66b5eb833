"""One question at a time in a session, whichever process answers it.

All sessions of a process share one connection: its advisory locks keep other processes out and are gone with
the process; what the process itself holds is noted beside it, as the server lets a connection lock twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b

import psycopg2

from monitoring.cancellation import Cancellation
from monitoring.errors import SessionBusy
from monitoring.store.failures import translated
from monitoring.store.pool import Connection, Pool

_LOOKS_EVERY = 0.05
_DOING = "waiting for a conversation"


class SessionLocks:
    """The locks of this process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._mutex = threading.Lock()
        self._held: set[int] = set()
        self._connection: Connection | None = None

    @contextmanager
    def held(self, name: tuple[str, str], seconds: float, cancellation: Cancellation) -> Iterator[None]:
        """Hold the lock of that name while the block runs; raises `SessionBusy` or `Cancelled` while waiting."""
        key = _key(name)
        deadline = time.monotonic() + seconds
        while not self._taken(key):
            if time.monotonic() > deadline:
                raise SessionBusy(
                    f"The question before is still being answered in this conversation after {seconds:g} s; "
                    "wait for it, or begin another conversation."
                )
            cancellation.wait(_LOOKS_EVERY)
            cancellation.check()
        try:
            yield
        finally:
            self._give_back(key)

    def close(self) -> None:
        """Give back the connection, and with it whatever is still locked."""
        with self._mutex:
            self._drop()

    def _taken(self, key: int) -> bool:
        with self._mutex:
            if key in self._held:
                return False
            if not self._locked(key):
                return False
            self._held.add(key)
            return True

    def _locked(self, key: int) -> bool:
        if self._connection is not None:
            with suppress(psycopg2.Error):
                return _try(self._connection, key)
            self._drop()
        self._connection = self._connected()
        with translated(_DOING):
            return _try(self._connection, key)

    def _connected(self) -> Connection:
        connection = self._pool.connect(_DOING)
        connection.autocommit = True
        with translated(_DOING):
            # What was held on a connection that broke is taken again, unless somebody else was quicker.
            for key in self._held:
                _try(connection, key)
        return connection

    def _give_back(self, key: int) -> None:
        with self._mutex:
            self._held.discard(key)
            if self._connection is None:
                return
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", (key,))
            except psycopg2.Error:
                self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg2.Error):
                connection.close()


def _try(connection: Connection, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (key,))
        row = cursor.fetchone()
    return bool(row and row[0])


def _key(name: tuple[str, str]) -> int:
    digest = blake2b(repr(name).encode("utf-8", "backslashreplace"), digest_size=8, person=b"session")
    return int.from_bytes(digest.digest(), "big", signed=True)
