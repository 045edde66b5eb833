"""The schema is made once, for the server at hand, and what does not fit is refused in plain words.

A server older than PostgreSQL 14 is refused as well; none can be had here to show it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from monitoring.errors import MonitoringError, StoreIncompatible, StorePermissionDenied, StoreUnavailable
from monitoring.settings import Settings, parse_settings
from monitoring.store.migrations import versions
from monitoring.store.store import Store, open_store
from tests.conftest import as_url
from tests.integration.samples_by_hand import LAG, NOON, block, line

pytestmark = [pytest.mark.store, pytest.mark.empty_database]


def run(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Statements as an administrator; the rows of the last one."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return [] if cursor.description is None else list(cursor.fetchall())
    finally:
        connection.close()


def as_role(settings: Settings, role: str, **more: str) -> Settings:
    url = as_url(make_dsn(str(settings.database_url), user=role, password="secret-word"))
    return parse_settings({"DATABASE_URL": url, **more})


@pytest.fixture
def role(database_url: str) -> Iterator[str]:
    """A login role without any right of its own."""
    name = f"limited_{uuid.uuid4().hex[:10]}"
    run(database_url, f"CREATE ROLE {name} LOGIN PASSWORD 'secret-word'")
    yield name
    database = run(database_url, "SELECT current_database()")[0][0]
    run(database_url, f"REASSIGN OWNED BY {name} TO postgres", f"DROP OWNED BY {name}")
    run(database_url, f"ALTER DATABASE {database} OWNER TO postgres", f"DROP ROLE {name}")


def refused(settings: Settings, kind: type[MonitoringError]) -> str:
    with pytest.raises(kind) as caught:
        open_store(settings).close()
    assert type(caught.value) is kind
    assert "secret-word" not in str(caught.value)
    return str(caught.value)


def test_each_migration_is_applied_once(settings: Settings, store: Store) -> None:
    url = str(settings.database_url)
    applied = run(url, "SELECT version, applied_at FROM schema_version ORDER BY version")
    assert [version for version, _ in applied] == [number for number, _ in versions(store.edition)]
    open_store(settings).close()
    assert run(url, "SELECT version, applied_at FROM schema_version ORDER BY version") == applied


def test_opening_again_keeps_what_was_stored(settings: Settings, store: Store) -> None:
    store.samples.write(block(line(LAG, NOON, NOON.replace(minute=5), 1)))
    again = open_store(settings)
    assert again.samples.newest_time() == NOON.replace(minute=4, second=30)
    again.close()


def test_ten_starts_at_once_on_an_empty_database_work(settings: Settings) -> None:
    with ThreadPoolExecutor(10) as threads:
        stores = list(threads.map(lambda _: open_store(settings), range(10)))
    try:
        for number, store in enumerate(stores):
            store.set(f"fact-{number}", number)
            assert store.reader.read("oldest_data", {}).rows == [{"oldest": None}]
        assert [stores[0].get(f"fact-{number}") for number in range(10)] == list(range(10))
    finally:
        for store in stores:
            store.close()


def test_a_newer_schema_is_refused(settings: Settings, store: Store) -> None:
    store.close()
    run(str(settings.database_url), "INSERT INTO schema_version (version) VALUES (999)")
    assert "999" in refused(settings, StoreIncompatible)


@pytest.mark.parametrize(
    "foreign",
    [
        "CREATE TABLE meta (id integer, name text)",
        "CREATE TABLE meta (key text, value text)",
        "CREATE TABLE meta (key text, value jsonb)",
        "CREATE VIEW meta AS SELECT 1 AS one",
    ],
)
def test_a_database_whose_table_meta_is_another_programs_is_refused(settings: Settings, foreign: str) -> None:
    run(str(settings.database_url), foreign)
    assert "database of its own" in refused(settings, StoreIncompatible)
    assert run(str(settings.database_url), "SELECT to_regclass('series')") == [(None,)]


def test_a_database_with_another_programs_table_of_the_same_name_is_refused_and_left_as_it_is(
    settings: Settings,
) -> None:
    run(str(settings.database_url), "CREATE TABLE samples (id integer)", "INSERT INTO samples VALUES (1)")
    assert "samples" in refused(settings, StoreIncompatible)
    assert run(str(settings.database_url), "SELECT to_regclass('meta')") == [(None,)]
    assert run(str(settings.database_url), "SELECT id FROM samples") == [(1,)]


def test_a_user_who_may_not_create_tables_is_told_what_to_grant(settings: Settings, role: str) -> None:
    run(str(settings.database_url), "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with_extension(settings)
    assert "grant it CREATE" in refused(as_role(settings, role), StorePermissionDenied)


def test_a_user_without_a_schema_is_told_what_to_grant(settings: Settings, role: str) -> None:
    with_extension(settings)
    run(str(settings.database_url), "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    assert "grant it" in refused(as_role(settings, role), StorePermissionDenied)


def test_a_user_who_may_not_create_roles_is_told_both_ways_out(settings: Settings, role: str) -> None:
    with_extension(settings)
    owned_by(settings, role)
    message = refused(as_role(settings, role), StorePermissionDenied)
    assert "CREATEROLE" in message
    assert "DATABASE_READER_URL" in message


def test_a_user_who_may_create_roles_needs_no_more_than_its_own_database(settings: Settings, role: str) -> None:
    with_extension(settings)
    owned_by(settings, role)
    run(str(settings.database_url), f"ALTER ROLE {role} CREATEROLE")
    made: list[tuple[Any, ...]] = []
    for _ in range(2):
        store = open_store(as_role(settings, role))
        assert store.reader.read("oldest_data", {}).rows == [{"oldest": None}]
        made = run(str(settings.database_url), "SELECT role FROM reader_login")
        store.close()
    run(str(settings.database_url), f"DROP OWNED BY {made[0][0]}", f"DROP ROLE {made[0][0]}")


def test_the_reader_that_was_configured_is_used(settings: Settings, role: str) -> None:
    url = as_url(make_dsn(str(settings.database_url), user=role, password="secret-word"))
    chosen = parse_settings({"DATABASE_URL": str(settings.database_url), "DATABASE_READER_URL": url})
    store = open_store(chosen)
    try:
        with store._reader_pool.transaction("asking") as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (role,)
        assert store.reader.read("oldest_data", {}).rows == [{"oldest": None}]
        assert run(str(settings.database_url), "SELECT to_regclass('reader_login')") == [(None,)]
    finally:
        store.close()


@pytest.mark.parametrize("user", ["nobody_of_that_name", ""])
def test_a_configured_reader_that_does_not_exist_is_named(settings: Settings, user: str) -> None:
    url = as_url(make_dsn(str(settings.database_url), user=user or "x", password="secret-word"))
    url = url if user else url.replace("x:secret-word@", "", 1)
    chosen = parse_settings({"DATABASE_URL": str(settings.database_url), "DATABASE_READER_URL": url})
    assert "DATABASE_READER_URL" in refused(chosen, StoreUnavailable)


def test_a_reader_whose_role_was_dropped_is_made_again(settings: Settings, store: Store) -> None:
    store.close()
    url = str(settings.database_url)
    ((name,),) = run(url, "SELECT role FROM reader_login")
    run(url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    again = open_store(settings)
    assert again.reader.read("oldest_data", {}).rows == [{"oldest": None}]
    again.close()


def with_extension(settings: Settings) -> None:
    """Let an administrator enable TimescaleDB where the server has it."""
    url = str(settings.database_url)
    if run(url, "SELECT current_setting('timescaledb.disable_load', true) IS NOT NULL")[0][0]:
        run(url, "CREATE EXTENSION IF NOT EXISTS timescaledb")


def owned_by(settings: Settings, role: str) -> None:
    url = str(settings.database_url)
    database = run(url, "SELECT current_database()")[0][0]
    run(url, f"ALTER DATABASE {database} OWNER TO {role}", f"GRANT ALL ON SCHEMA public TO {role}")


def test_what_was_two_events_of_one_level_becomes_one(settings: Settings, store: Store) -> None:
    url = str(settings.database_url)
    insert = (
        "INSERT INTO anomaly_events (fingerprint, component, instance, metric, anomaly_type, severity, status,"
        " started_at, detected_at, last_seen_at) VALUES ('{0}/kafka/{1}/consumer_group_lag', 'kafka', '{1}',"
        " 'consumer_group_lag', '{0}', 'warning', 'firing', now(), now(), now())"
    )
    older = [insert.format(kind, place) for kind, place in (("baseline", "a"), ("threshold", "a"), ("baseline", "b"))]
    run(url, *older, dict(versions(store.edition))[8])
    found = run(url, "SELECT instance, anomaly_type, status, fingerprint FROM anomaly_events ORDER BY id")
    assert found == [
        ("a", "baseline", "resolved", "threshold/kafka/a/consumer_group_lag"),
        ("a", "threshold", "firing", "threshold/kafka/a/consumer_group_lag"),
        ("b", "baseline", "firing", "threshold/kafka/b/consumer_group_lag"),
    ]
