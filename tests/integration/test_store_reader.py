"""The role that the agent's tools read with may read what is public, for a limited time, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitoring.errors import QueryTimeout, StoreError
from monitoring.settings import Settings, parse_settings
from monitoring.store.migrations import READABLE
from monitoring.store.pool import Pool
from monitoring.store.store import Store, open_store
from tests.integration.samples_by_hand import LAG, NOON, block, line

pytestmark = pytest.mark.store

TREND = {
    "metrics": [LAG.metric],
    "components": ["kafka"],
    "instances": None,
    "start": NOON,
    "end": NOON + timedelta(hours=1),
    "width": timedelta(minutes=1),
}


@pytest.fixture
def filled(store: Store) -> Store:
    store.samples.write(block(line(LAG, NOON, NOON + timedelta(minutes=30), 3)))
    return store


@pytest.fixture
def reader(filled: Store) -> Pool:
    return filled._reader_pool


@pytest.mark.parametrize("name", READABLE)
def test_the_reader_may_read_what_is_public(reader: Pool, name: str) -> None:
    with reader.transaction("reading") as cursor:
        cursor.execute(f"SELECT * FROM {name}")


FORBIDDEN = (
    "INSERT INTO series (component, instance, metric) VALUES ('kafka', 'x', 'y')",
    "INSERT INTO platform_metrics VALUES (now(), 'kafka', 'x', 'y', 1)",
    "UPDATE anomaly_events SET status = 'resolved'",
    "DELETE FROM samples",
    "TRUNCATE samples",
    "CREATE TABLE mine (id integer)",
    "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "DROP TABLE samples",
    "DROP VIEW platform_metrics CASCADE",
    "ALTER TABLE series ADD COLUMN mine integer",
    "CREATE ROLE another",
    "GRANT SELECT ON meta TO PUBLIC",
    "COPY series TO PROGRAM 'cat'",
    "COPY series TO '/tmp/series.csv'",
    "COPY series FROM PROGRAM 'echo'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT * FROM meta",
    "SELECT * FROM reader_login",
    "SELECT * FROM conversation_turns",
    "SELECT * FROM schema_version",
    "SELECT * FROM pg_authid",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "SELECT pg_reload_conf()",
)


PREFIXES = ("", "COMMIT; BEGIN READ WRITE; ", "SET default_transaction_read_only = off; COMMIT; ")
REFUSALS = ("InsufficientPrivilege", "ActiveSqlTransaction", "ObjectNotInPrerequisiteState")


def test_everything_else_is_refused(reader: Pool) -> None:
    for before in PREFIXES:
        for statement in FORBIDDEN:
            with pytest.raises(StoreError) as caught, reader.transaction("overstepping") as cursor:
                cursor.execute(before + statement)
            # Once a statement has left the read-only session, only the missing right counts.
            allowed = REFUSALS if before else (*REFUSALS, "ReadOnlySqlTransaction")
            assert type(caught.value.__cause__).__name__ in allowed, before + statement


def test_becoming_the_owner_is_refused(reader: Pool) -> None:
    for statement in ("SET ROLE postgres", "SET SESSION AUTHORIZATION postgres"):
        with pytest.raises(StoreError, match="permission denied"), reader.transaction("overstepping") as cursor:
            cursor.execute(statement)


def test_a_refusal_leaves_the_connection_usable(filled: Store, reader: Pool) -> None:
    with pytest.raises(StoreError), reader.transaction("overstepping") as cursor:
        cursor.execute("DELETE FROM samples")
    assert len(filled.reader.read("trend_raw", TREND).rows) == 30


@pytest.fixture
def hasty(settings: Settings) -> Iterator[Store]:
    """A store whose tools may take a tenth of a second."""
    store = open_store(
        parse_settings({"DATABASE_URL": str(settings.database_url), "TOOL_TIMEOUT_SECONDS": "0.1", "TOOL_ROW_CAP": "7"})
    )
    yield store
    store.close()


def test_a_query_that_takes_too_long_is_stopped(hasty: Store) -> None:
    with pytest.raises(QueryTimeout, match="narrower"), hasty._reader_pool.transaction("waiting") as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    assert hasty.reader.read("oldest_data", {}).rows == [{"oldest": None}]


def test_the_owner_is_not_bound_by_the_tools_time_limit(hasty: Store) -> None:
    with hasty._owner.transaction("waiting") as cursor:
        cursor.execute("SELECT pg_sleep(0.2)")


@pytest.mark.parametrize(("cap", "seen", "truncated"), [(29, 29, True), (30, 30, False), (31, 30, False), (0, 0, True)])
def test_rows_are_cut_to_the_cap_and_say_so(filled: Store, cap: int, seen: int, truncated: bool) -> None:
    found = filled.reader.read("trend_raw", TREND, cap)
    assert (len(found.rows), found.truncated) == (seen, truncated)


@pytest.mark.usefixtures("filled")
def test_the_cap_is_a_setting(hasty: Store) -> None:
    found = hasty.reader.read("trend_raw", TREND)
    assert (len(found.rows), found.truncated) == (7, True)


def test_times_are_utc(filled: Store) -> None:
    assert [row["bucket"].isoformat() for row in filled.reader.read("trend_raw", TREND, 1).rows] == [
        "2026-03-04T12:00:00+00:00"
    ]
