"""The store: one handle on the database, its schema up to date, for one process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import parse_dsn

from monitoring.cancellation import Cancellation
from monitoring.errors import StoreError
from monitoring.metrics import Catalogue
from monitoring.settings import Settings
from monitoring.store.alerts import AlertStore
from monitoring.store.analyses import AnalysisStore
from monitoring.store.announcements import AnnouncementStore
from monitoring.store.conversations import ConversationStore
from monitoring.store.deliveries import DeliveryStore
from monitoring.store.documents import DocumentStore
from monitoring.store.embedded import EmbeddedServer
from monitoring.store.events import EventStore
from monitoring.store.failures import translated
from monitoring.store.listings import ListingStore
from monitoring.store.migrations import Prepared, prepare
from monitoring.store.operators import OperatorStore
from monitoring.store.pool import Connection, Pool, rows
from monitoring.store.queries import query
from monitoring.store.rollups import RollupStore
from monitoring.store.samples import SampleStore
from monitoring.store.usage import UsageStore
from monitoring.store.vectors import VectorStore

_LEADER_LOCK = 4_305_003
ANOTHER_MONITOR_SECONDS = 60.0
"""How long an ingest waits for the process that monitors to judge what was imported."""
_CLEAR_ATTEMPTS = 5
_CLOSING_LOOKS = 8


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a read, cut to the cap; `truncated` says that there were more."""

    rows: list[dict[str, Any]]
    truncated: bool


class Reader:
    """Reads as the role that may only SELECT, with a statement timeout and a row cap."""

    def __init__(self, pool: Pool, row_cap: int, cancellation: Cancellation | None = None) -> None:
        self._pool = pool
        self._cancellation = cancellation or Cancellation()
        self.row_cap = row_cap

    def until(self, cancellation: Cancellation) -> Reader:
        """The same, stopped by `cancellation`: its queries are cancelled on the server and raise `Cancelled`."""
        return Reader(self._pool, self.row_cap, cancellation)

    def read(self, name: str, parameters: Mapping[str, Any], cap: int | None = None) -> Rows:
        """The rows of a named query; raises `QueryTimeout` and the other store errors."""
        most = self.row_cap if cap is None else cap
        with self._pool.transaction(f"reading {name.replace('_', ' ')}", self._cancellation) as cursor:
            cursor.execute(query(name), parameters)
            names = [column.name for column in cursor.description or ()]
            found = cursor.fetchmany(most + 1)
        return Rows([dict(zip(names, row, strict=True)) for row in found[:most]], len(found) > most)


class Store:
    """The database; `open_store` makes one, `close` gives it back."""

    def __init__(self, owner: Pool, reader: Pool, prepared: Prepared, server: EmbeddedServer | None, row_cap: int):
        self._owner = owner
        self._reader_pool = reader
        self._prepared = prepared
        self._server = server
        self.edition = prepared.edition
        self.samples = SampleStore(owner, prepared.edition)
        self.rollups = RollupStore(owner, prepared.edition)
        self.reader = Reader(reader, row_cap)
        self.conversations = ConversationStore(owner)
        self.operators = OperatorStore(owner)
        self.listings = ListingStore(reader)
        self.announcements = AnnouncementStore(owner)
        self.alerts = AlertStore(owner)
        self.deliveries = DeliveryStore(owner)
        self.analyses = AnalysisStore(owner)
        self.usage = UsageStore(owner)
        self.documents = DocumentStore(owner)
        self.vectors = VectorStore(owner, str(parse_dsn(prepared.reader_dsn)["user"]))
        self._closed = threading.Event()

    def events(self, catalogue: Catalogue) -> EventStore:
        return EventStore(self._owner, catalogue)

    @property
    def embedded(self) -> bool:
        return self._server is not None

    @property
    def server_pid(self) -> int | None:
        """Process id of the embedded server."""
        return self._server.pid if self._server else None

    def describe(self) -> dict[str, Any]:
        """What the data are kept in; no secret and no address."""
        return {
            "edition": self.edition,
            "server": self._prepared.server,
            "timescaledb": self._prepared.timescaledb,
            "embedded": self.embedded,
        }

    def get(self, key: str) -> Any:
        """A noted fact; `None` where it was never noted."""
        with self._owner.transaction("reading a note") as cursor:
            cursor.execute(query("get_meta"), {"key": key})
            row = cursor.fetchone()
        return row[0] if row else None

    def get_time(self, key: str) -> datetime | None:
        text = self.get(key)
        return None if text is None else datetime.fromisoformat(text)

    def set(self, key: str, value: Any) -> None:
        """Note a fact that JSON can hold; a time is noted as text."""
        noted = value.isoformat() if isinstance(value, datetime) else value
        with self._owner.transaction("noting a fact") as cursor:
            cursor.execute(query("set_meta"), {"key": key, "value": json.dumps(noted)})

    def judge_again_from(self, moment: datetime) -> None:
        """Ask whoever monitors to judge the samples again from a time on."""
        with self._owner.transaction("asking for judgement") as cursor:
            cursor.execute(query("ask_judge_again"), {"moment": moment})

    def wait_until_judged(self, seconds: float = ANOTHER_MONITOR_SECONDS) -> None:
        """Wait until the process that monitors has taken the request to judge again."""
        waiting = threading.Event()
        for _ in range(int(seconds * 2)):
            if self.get("judge_again_from") is None:
                return
            waiting.wait(0.5)

    def clear(self) -> None:
        """Remove every sample and everything derived from samples."""
        for attempt in range(_CLEAR_ATTEMPTS):
            try:
                with self._owner.transaction("removing all samples") as cursor:
                    cursor.execute(query("clear_all"))
                    cursor.execute(query("forget_meta"))
                break
            except StoreError as problem:
                # Readers of the views take their locks in an order of their own.
                if not isinstance(problem.__cause__, errors.DeadlockDetected) or attempt == _CLEAR_ATTEMPTS - 1:
                    raise
        self.samples.forget_names()

    @contextmanager
    def leadership(self) -> Iterator[bool]:
        """Whether this process may monitor: true for one process at a time, until the block ends."""
        leader = Leadership(self._owner)
        try:
            yield leader.acquire()
        finally:
            leader.release()

    def leader(self) -> Leadership:
        """A hold on the monitor's lock that is acquired and released by hand."""
        return Leadership(self._owner)

    def query(self, name: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a named query, as the owner."""
        with self._owner.transaction(f"running {name.replace('_', ' ')}") as cursor:
            cursor.execute(query(name), parameters or {})
            return rows(cursor)

    def close(self) -> None:
        """Close the connections, and stop the embedded server if no other process uses it."""
        if self._closed.is_set():
            return
        self._closed.set()
        self.conversations.close()
        self._reader_pool.close()
        _stop_unless_used(self._owner, self._server)


def _stop_unless_used(owner: Pool, server: EmbeddedServer | None) -> None:
    """Close the pool, and stop the embedded server if nobody else is connected to it."""
    owner.close()
    if server is not None and server.pid is not None and _alone(owner):
        server.stop()


def _alone(owner: Pool) -> bool:
    """Whether nobody else is connected; connections closed just now are given a moment to end."""
    try:
        connection = owner.connect("looking for other users")
    except StoreError:
        return False
    connection.autocommit = True
    try:
        for _ in range(_CLOSING_LOOKS):
            with connection.cursor() as cursor:
                cursor.execute(query("other_connections"))
                row = cursor.fetchone()
            if row is not None and row[0] == 0:
                return True
            threading.Event().wait(0.05)
    except psycopg2.Error:
        return False
    finally:
        connection.close()
    return False


class Leadership:
    """The monitor's lock: an advisory lock on a connection of its own, gone with the process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None
        self.terms = 0
        """How often the lock was taken: between two terms another process may have had it."""

    def acquire(self) -> bool:
        """Take the lock, or see that it is still held; false where another process has it."""
        if self._connection is not None:
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                return True
            except psycopg2.Error:
                self.release()
        connection = self._pool.connect("asking to be the monitor")
        connection.autocommit = True
        with translated("asking to be the monitor"), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (_LEADER_LOCK,))
            row = cursor.fetchone()
        if row and row[0]:
            self._connection = connection
            self.terms += 1
            return True
        connection.close()
        return False

    def release(self) -> None:
        if self._connection is not None:
            with suppress(psycopg2.Error):
                # Closing alone gives the lock back only when the server notices.
                with self._connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", (_LEADER_LOCK,))
                self._connection.close()
            self._connection = None

    @property
    def held(self) -> bool:
        return self._connection is not None


def open_store(settings: Settings) -> Store:
    """Open the database the settings name, or the embedded one, and bring its schema up to date.

    Raises `StoreUnavailable`, `StoreIncompatible`, `StorePermissionDenied` or `StoreFull`.
    """
    server = None if settings.database_url else EmbeddedServer(settings.data_dir / "postgres")
    fixed = settings.database_url

    def locate() -> str:
        return server.uri() if server is not None else str(fixed)

    owner = Pool(
        locate,
        settings.database_pool_size,
        settings.database_wait_seconds,
        why_lost=server.full if server is not None else lambda: None,
    )
    try:
        with closing(owner.connect("opening the store")) as connection:
            prepared = prepare(connection, locate(), settings.database_reader_url)
    except BaseException:
        _stop_unless_used(owner, server)
        raise
    reader = Pool(
        lambda: (locate(), prepared.reader_dsn)[1],
        settings.database_pool_size,
        settings.database_wait_seconds,
        read_only=True,
        statement_seconds=settings.tool_timeout_seconds,
    )
    return Store(owner, reader, prepared, server, settings.tool_row_cap)
