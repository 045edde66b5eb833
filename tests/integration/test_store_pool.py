"""Connections: bounded, waited for, replaced when they break, and refused in one sentence without a secret."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from monitoring.cancellation import Cancellation
from monitoring.errors import Cancelled, StoreBusy, StoreError, StoreUnavailable
from monitoring.settings import Settings, parse_settings
from monitoring.store.pool import Pool
from monitoring.store.store import Store, open_store
from tests.conftest import as_url
from tests.integration.samples_by_hand import LAG, NOON, block, line

pytestmark = pytest.mark.store


@pytest.fixture
def narrow(database_url: str) -> Iterator[Pool]:
    """Two connections, for which a caller waits a fifth of a second."""
    pool = Pool(lambda: database_url, 2, 0.2)
    yield pool
    pool.close()


def test_a_caller_that_finds_no_free_connection_in_time_is_told_so(narrow: Pool) -> None:
    with narrow.transaction("a"), narrow.transaction("b"):
        began = time.monotonic()
        with pytest.raises(StoreBusy, match="counting"), narrow.transaction("counting"):
            pass
        assert 0.15 <= time.monotonic() - began < 20
    with narrow.transaction("again") as cursor:
        cursor.execute("SELECT 1")


def test_a_caller_waits_for_a_connection_that_becomes_free(database_url: str) -> None:
    pool = Pool(lambda: database_url, 1, 10)
    held = threading.Event()

    def hold() -> None:
        with pool.transaction("holding") as cursor:
            held.set()
            cursor.execute("SELECT pg_sleep(0.2)")

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    with pool.transaction("waiting") as cursor:
        cursor.execute("SELECT 1")
    holder.join()
    pool.close()


def test_no_more_connections_are_opened_than_allowed(narrow: Pool) -> None:
    def use() -> None:
        for _ in range(5):
            with narrow.transaction("using") as cursor:
                cursor.execute("SELECT 1")

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with narrow.transaction("counting") as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        row = cursor.fetchone()
    assert row is not None
    assert row[0] <= 2


def test_a_transaction_that_raises_leaves_nothing_behind(narrow: Pool) -> None:
    with narrow.transaction("making") as cursor:
        cursor.execute("CREATE TABLE kept (id integer)")
    with pytest.raises(StoreError), narrow.transaction("failing") as cursor:
        cursor.execute("INSERT INTO kept VALUES (1); SELECT 1 / 0")
    with narrow.transaction("looking") as cursor:
        cursor.execute("SELECT count(*) FROM kept")
        assert cursor.fetchone() == (0,)


def kill_others(store: Store) -> int:
    with store._owner.transaction("killing") as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return cursor.rowcount


def test_what_is_cancelled_between_two_statements_ends_with_the_next_one(narrow: Pool) -> None:
    stop = Cancellation()

    def work() -> None:
        with narrow.transaction("waiting", stop) as cursor:
            cursor.execute("SELECT 1")
            stop.cancel()
            # By now the server has had the request to cancel, and nothing to cancel.
            time.sleep(0.1)
            cursor.execute("SELECT pg_sleep(300)")

    began = time.monotonic()
    with pytest.raises(Cancelled):
        work()
    assert time.monotonic() - began < 60
    with narrow.transaction("again") as cursor:
        cursor.execute("SELECT 1")


def test_killed_connections_are_replaced_without_the_next_caller_noticing(store: Store, settings: Settings) -> None:
    other = open_store(settings)
    try:
        for _ in range(3):
            store.samples.newest_time()
            store.reader.read("oldest_data", {})
            assert kill_others(other) >= 2
            store.samples.write(block(line(LAG, NOON, NOON.replace(minute=1), 1)))
            assert store.reader.read("oldest_data", {}).rows
        assert store.samples.newest_time() is not None
    finally:
        other.close()


def test_a_connection_killed_in_use_is_an_error_once(store: Store, settings: Settings) -> None:
    other = open_store(settings)
    try:
        with store._owner.connection("counting"):
            kill_others(other)
        with store._owner.connection("counting") as connection:
            kill_others(other)
            with pytest.raises(psycopg2.Error), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        assert store.samples.newest_time() is None
    finally:
        other.close()


def test_a_closed_store_says_so(settings: Settings) -> None:
    store = open_store(settings)
    store.close()
    store.close()
    for use in (store.samples.newest_time, lambda: store.reader.read("oldest_data", {}), store.samples.all_series):
        with pytest.raises(StoreUnavailable, match="closed"):
            use()


def refused(url: str) -> str:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        open_store(parse_settings({"DATABASE_URL": url}))
    assert time.monotonic() - began < 40
    message = str(caught.value)
    assert "\n" not in message
    assert "secret" not in message
    assert "DATABASE_URL" in message
    return message


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_port_where_nothing_listens_is_named() -> None:
    port = free_port()
    assert str(port) in refused(f"postgresql://me:secret@127.0.0.1:{port}/db")


def test_a_host_that_does_not_exist_is_named() -> None:
    assert "no-such-host.invalid" in refused("postgresql://me:secret@no-such-host.invalid:5432/db")


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        refused(f"postgresql://me:secret@127.0.0.1:{silent.getsockname()[1]}/db")


def test_a_database_that_does_not_exist_is_named(database_url: str) -> None:
    url = as_url(make_dsn(database_url, dbname="no_such_database", password="secret"))
    assert "no_such_database" in refused(url)


def test_a_user_that_does_not_exist_is_named(database_url: str) -> None:
    url = as_url(make_dsn(database_url, user="no_such_user", password="secret"))
    assert "no_such_user" in refused(url)


@pytest.mark.parametrize(
    "url", ["postgresql://me:secret%zz@127.0.0.1:5432/db", "postgresql://me:secret@127.0.0.1/db?no_such_option=secret"]
)
def test_an_address_that_cannot_be_understood_is_not_repeated(url: str) -> None:
    refused(url)


def test_leadership_is_held_by_one_at_a_time_and_given_back(store: Store, settings: Settings) -> None:
    other = open_store(settings)
    try:
        with store.leadership() as leading, other.leadership() as also:
            assert (leading, also) == (True, False)
        with other.leadership() as leading:
            assert leading
    finally:
        other.close()


def test_addresses_survive_the_way_through_a_url(database_url: str) -> None:
    assert parse_dsn(as_url(database_url))["dbname"] == parse_dsn(database_url)["dbname"]
