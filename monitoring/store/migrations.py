"""The schema: numbered files applied once, in order, under a lock, for the edition of the server at hand."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import make_dsn, parse_dsn

from monitoring.errors import StoreIncompatible, StorePermissionDenied, StoreUnavailable
from monitoring.store.failures import first_line, translated
from monitoring.store.pool import Connection, Cursor

log = logging.getLogger(__name__)

Edition = Literal["postgresql", "timescaledb-apache", "timescaledb"]
EDITIONS: tuple[Edition, ...] = ("postgresql", "timescaledb-apache", "timescaledb")

OLDEST_SERVER = 140_000
"""PostgreSQL 14: the first with date_bin."""

MIGRATION_LOCK = 4_305_001
READABLE = (
    "platform_metrics",
    "platform_metrics_1m",
    "platform_metrics_1h",
    "anomaly_events",
    "anomaly_summary_1h",
    "incidents",
    "notes",
    "silences",
    "announcements",
    "series",
    "samples",
    "rollup_1m",
    "rollup_1h",
    "rollup_dirty",
    "anomaly_rollup_1h",
    "documents",
    "document_passages",
    "notification_channels",
    "notification_threads",
    "notification_deliveries",
)
"""What the reader role may SELECT from."""

_FILE = re.compile(r"(?P<version>\d+)_\w+(?:\.(?P<editions>[a-z+-]+))?\.sql")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A schema that is up to date: the edition it was made for, and how the reader logs in."""

    edition: Edition
    server: str
    timescaledb: str | None
    reader_dsn: str


def prepare(connection: Connection, owner_dsn: str, reader_url: str | None) -> Prepared:
    """Bring the schema up to date and see that the reader role exists.

    Raises `StoreIncompatible` for a server that is too old or a schema that is newer than this program, and
    `StorePermissionDenied` where a right is missing, naming it.
    """
    with translated("preparing the schema"), connection.cursor() as cursor:
        _refuse_old_server(connection)
        # Advisory locks honour lock_timeout: a start never waits forever for another one.
        cursor.execute("SET lock_timeout = '60s'")
        cursor.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        connection.commit()
        try:
            edition = _edition(cursor)
            connection.commit()
            _migrate(connection, cursor, edition)
            role, password = _reader(cursor, reader_url)
            connection.commit()
        finally:
            connection.rollback()
            cursor.execute("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))
            connection.commit()
        cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
        found = cursor.fetchone()
        server = str(connection.info.server_version // 10_000)
    reader = reader_url or make_dsn(owner_dsn, user=role, password=password)
    return Prepared(edition, f"PostgreSQL {server}", found[0] if found else None, reader)


def versions(edition: Edition) -> list[tuple[int, str]]:
    """The migrations that apply to an edition, in order: number and SQL."""
    chosen = []
    for file in resources.files("monitoring.store").joinpath("schema").iterdir():
        match = _FILE.fullmatch(file.name)
        if match and (match["editions"] is None or edition in match["editions"].split("+")):
            chosen.append((int(match["version"]), file.read_text(encoding="utf-8")))
    return sorted(chosen)


def _refuse_old_server(connection: Connection) -> None:
    if connection.info.server_version < OLDEST_SERVER:
        major = connection.info.server_version // 10_000
        raise StoreIncompatible(f"The database server is PostgreSQL {major}; version 14 or later is needed.")


def _edition(cursor: Cursor) -> Edition:
    """The edition the schema was made for, or, for a new schema, the best the server offers."""
    cursor.execute("SELECT to_regclass('meta') IS NOT NULL")
    if _value(cursor):
        recorded = None
        with suppress(psycopg2.ProgrammingError):  # raised where it has other columns
            cursor.execute("SELECT value #>> '{}' FROM meta WHERE key = 'edition'")
            recorded = _value(cursor)
        for edition in EDITIONS:
            if edition == recorded:
                return edition
        raise StoreIncompatible(
            "The database has a table named meta that is not this program's; use a database of its own."
        )
    # The loader's setting exists exactly where the library is in shared_preload_libraries.
    cursor.execute("SELECT current_setting('timescaledb.disable_load', true) IS NOT NULL")
    if not _value(cursor):
        return "postgresql"
    try:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except errors.InsufficientPrivilege:
        raise StorePermissionDenied(
            "The server has TimescaleDB, but this user may not enable it; "
            "let an administrator run CREATE EXTENSION timescaledb in this database."
        ) from None
    cursor.execute("SELECT current_setting('timescaledb.license')")
    return "timescaledb-apache" if _value(cursor) == "apache" else "timescaledb"


def _migrate(connection: Connection, cursor: Cursor, edition: Edition) -> None:
    try:
        _apply(cursor, edition, versions(edition))
    except (errors.InsufficientPrivilege, errors.InvalidSchemaName) as problem:
        raise StorePermissionDenied(
            f"The database user may not create tables here ({first_line(problem)}); "
            "grant it CREATE on the schema or use a database it owns."
        ) from None
    except (errors.DuplicateTable, errors.UndefinedColumn) as problem:
        raise StoreIncompatible(
            f"The database has tables that are not this program's ({first_line(problem)}); use a database of its own."
        ) from None
    connection.commit()


def _apply(cursor: Cursor, edition: Edition, known: Sequence[tuple[int, str]]) -> None:
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, applied_at timestamptz DEFAULT now())"
    )
    cursor.execute("SELECT coalesce(max(version), 0) FROM schema_version")
    current = int(str(_value(cursor)))
    if current > known[-1][0]:
        raise StoreIncompatible(
            f"The database schema has version {current}, this program knows {known[-1][0]}; use a newer program."
        )
    for version, text in known:
        if version > current:
            cursor.execute(text)
            cursor.execute("INSERT INTO schema_version (version) VALUES (%s)", (version,))
            if version == 1:
                cursor.execute("INSERT INTO meta VALUES ('edition', to_jsonb(%s::text))", (edition,))


def _reader(cursor: Cursor, reader_url: str | None) -> tuple[str, str]:
    """Name and password of the role that may only SELECT; made on first use."""
    if reader_url is not None:
        role, password = str(parse_dsn(reader_url).get("user", "")), ""
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", (role,))
        if not _value(cursor):
            raise StoreUnavailable(
                f"The role {role!r} that DATABASE_READER_URL names does not exist; create it or unset that."
            )
    else:
        role, password = _own_reader(cursor)
    _grant(cursor, role)
    return role, password


def _grant(cursor: Cursor, role: str) -> None:
    """Let the role read what is public. What it has is not granted again: that would collide with other DDL."""
    cursor.execute("SELECT current_schema(), has_schema_privilege(%s, current_schema(), 'USAGE')", (role,))
    schema, usable = cursor.fetchone() or ("", False)
    reader = sql.Identifier(role)
    if not usable:
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), reader))
    cursor.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE NOT has_table_privilege(%s, name, 'SELECT')",
        (list(READABLE), role),
    )
    missing = [sql.Identifier(name) for (name,) in cursor.fetchall()]
    if missing:
        cursor.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.SQL(", ").join(missing), reader))


def _own_reader(cursor: Cursor) -> tuple[str, str]:
    # Roles belong to the whole server, so two databases on one server need two names.
    cursor.execute("SELECT 'platform_reader_' || oid FROM pg_database WHERE datname = current_database()")
    role = str(_value(cursor))
    cursor.execute("CREATE TABLE IF NOT EXISTS reader_login (role text PRIMARY KEY, password text NOT NULL)")
    cursor.execute(
        "SELECT l.password FROM reader_login l JOIN pg_roles r ON r.rolname = l.role WHERE l.role = %s", (role,)
    )
    found = cursor.fetchone()
    if found:
        return role, found[0]
    password = secrets.token_urlsafe(24)
    cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", (role,))
    action = sql.SQL("ALTER") if _value(cursor) else sql.SQL("CREATE")
    try:
        cursor.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                action, sql.Identifier(role), sql.Literal(password)
            )
        )
    except errors.InsufficientPrivilege:
        raise StorePermissionDenied(
            "The database user may not create the role that the agent's tools read with; grant it CREATEROLE, "
            "or create a login role yourself and set DATABASE_READER_URL."
        ) from None
    cursor.execute(
        "INSERT INTO reader_login VALUES (%s, %s) ON CONFLICT (role) DO UPDATE SET password = excluded.password",
        (role, password),
    )
    return role, password


def _value(cursor: Cursor) -> object:
    row = cursor.fetchone()
    return row[0] if row else None
