"""A bounded pool of connections that waits for a free one, drops broken ones and recovers by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from monitoring.cancellation import Cancellation
from monitoring.errors import Cancelled, StoreBusy, StoreError, StoreUnavailable
from monitoring.store.failures import LOST, explained, first_line, translated

_STARTING_SECONDS = 15.0
_LOOKS_EVERY = 0.2
_CANCELS_EVERY = 0.2


class Pool:
    """Connections to one database as one role.

    `locate` gives the address and is asked again when a connection fails, so that a server which moved or
    was started anew is found. `size` bounds the connections, `wait_seconds` how long a caller waits for one.
    `why_lost` may know better than the driver why a connection was lost.
    """

    def __init__(
        self,
        locate: Callable[[], str],
        size: int,
        wait_seconds: float,
        *,
        read_only: bool = False,
        statement_seconds: float | None = None,
        why_lost: Callable[[], StoreError | None] = lambda: None,
    ) -> None:
        self._locate = locate
        self._wait = wait_seconds
        self._why_lost = why_lost
        self._room = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        self._read_only = read_only
        self._options = "-c timezone=UTC"
        if statement_seconds is not None:
            self._options += f" -c statement_timeout={int(statement_seconds * 1000)}"

    @contextmanager
    def transaction(self, doing: str, cancellation: Cancellation | None = None) -> Iterator[Cursor]:
        """A cursor in a transaction that commits at the end of the block and rolls back if it raises.

        `cancellation` stops the wait for a connection and what runs on the server; then `Cancelled` is raised.
        """
        stop = cancellation or Cancellation()
        try:
            with (
                self.connection(doing, stop) as connection,
                _stoppable(connection, stop),
                translated(doing),
                connection,
                connection.cursor() as cursor,
            ):
                yield cursor
        except StoreUnavailable as problem:
            raise self._why_lost() or problem from problem.__cause__

    @contextmanager
    def connection(self, doing: str, cancellation: Cancellation | None = None) -> Iterator[Connection]:
        """A working connection; one that breaks meanwhile is thrown away."""
        if self._closed:
            raise StoreUnavailable("The store is closed; open it before use.")
        self._await_room(doing, cancellation or Cancellation())
        try:
            connection = self._checked_out(doing)
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._room.release()

    def connect(self, doing: str) -> Connection:
        """A connection outside the pool, for the caller to close: for locks that live as long as it does."""
        first: BaseException | None = None
        deadline = time.monotonic() + _STARTING_SECONDS
        while True:
            try:
                return self._connected(self._locate())
            except psycopg2.ProgrammingError:
                # The driver's words would show parts of the address, the password perhaps.
                raise StoreUnavailable("The address in DATABASE_URL cannot be understood; check its form.") from None
            except LOST as problem:
                # A lost embedded server is started again by locating it; a remote one is tried once more.
                again = first is None and "timeout expired" not in str(problem)
                if not again and (not _passing(problem) or time.monotonic() > deadline):
                    raise _unreachable(problem, doing) from (first or problem)
                if not again:
                    threading.Event().wait(0.1)
                first = problem

    def close(self) -> None:
        """Close the idle connections; those in use are closed when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _await_room(self, doing: str, cancellation: Cancellation) -> None:
        deadline = time.monotonic() + self._wait
        while not self._room.acquire(timeout=max(0.0, min(_LOOKS_EVERY, deadline - time.monotonic()))):
            cancellation.check()
            if time.monotonic() >= deadline:
                raise StoreBusy(f"No database connection became free within {self._wait:g} s while {doing}.")

    def _connected(self, uri: str) -> Connection:
        connection = psycopg2.connect(
            uri,
            connect_timeout=5,
            application_name="platform-monitoring",
            options=self._options,
            keepalives_idle=30,
            tcp_user_timeout=30_000,
        )
        if self._read_only:
            connection.set_session(readonly=True)
        return connection

    def _checked_out(self, doing: str) -> Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self.connect(doing)
            if _alive(connection):
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            keep = not connection.closed and not self._closed
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()


@contextmanager
def _stoppable(connection: Connection, cancellation: Cancellation) -> Iterator[None]:
    """Cancel what runs on the server when asked to; the connection is not used again, a late cancel may follow it."""
    asked, left = threading.Event(), threading.Event()

    def again() -> None:
        while not left.wait(_CANCELS_EVERY):
            _cancel(connection)

    def stop() -> None:
        _cancel(connection)
        if not asked.is_set():
            asked.set()
            # What comes between two statements is lost, and the next one would run on.
            threading.Thread(target=again, name="cancel", daemon=True).start()

    try:
        with cancellation.stopping(stop):
            yield
    except StoreError:
        if not cancellation.cancelled:
            raise
        raise Cancelled from None
    finally:
        left.set()
        if asked.is_set():
            connection.close()


def _cancel(connection: Connection) -> None:
    with suppress(psycopg2.Error):
        connection.cancel()


def _alive(connection: Connection) -> bool:
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


def _passing(problem: psycopg2.Error) -> bool:
    """Whether the server is only starting or stopping; on a socket also where it has just died."""
    words = str(problem)
    if 'on socket "' in words and ("Connection refused" in words or "No such file" in words):
        return True
    return any(hint in words for hint in ("starting up", "shutting down", "recovery mode", "not yet accepting"))


def _unreachable(problem: psycopg2.Error, doing: str) -> Exception:
    words = first_line(problem)
    if "password" in words or "authentication" in words or ("role" in words and "does not exist" in words):
        return StoreUnavailable(f"The database refused the login: {words} Check user and password in DATABASE_URL.")
    if 'database "' in words and "does not exist" in words:
        return StoreUnavailable(f"{words} Create that database or name another one in DATABASE_URL.")
    if "remaining connection slots" in words or "too many clients" in words:
        return StoreBusy(f"The database has no connection left: {words} Lower DATABASE_POOL_SIZE or raise its limit.")
    return StoreUnavailable(f"The database cannot be reached while {doing}: {words} Check DATABASE_URL and the server.")


def rows(cursor: Cursor) -> list[dict[str, Any]]:
    """What a cursor has fetched, a mapping a row."""
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


__all__ = ["Connection", "Cursor", "Pool", "explained", "rows"]
