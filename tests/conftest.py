"""Real servers for the tests: an embedded PostgreSQL, or whatever TEST_DATABASE_URL names.

Each test that asks for a database gets one of its own, a copy of one that was made before, dropped afterwards.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg2
import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from monitoring.metrics import Catalogue
from monitoring.settings import Settings, parse_settings
from monitoring.store.embedded import EmbeddedServer
from monitoring.store.store import Store, open_store
from platform_metrics_definition import CATALOGUE

# The same inputs at every run: a new one that fails is found by whoever looks for it, not by whoever lands next.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The server that tests make their databases on."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with embedded_server() as server:
        yield server.uri()


@contextmanager
def embedded_server() -> Iterator[EmbeddedServer]:
    """A server in a folder of its own, stopped and removed at the end of the block."""
    # Not under pytest's own folder: another session of the same user would close that to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="monitoring-tests-"))
    folder.chmod(0o755)
    server = EmbeddedServer(folder / "postgres")
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a database with the schema and nothing in it: to copy it takes less than to make another one."""
    with _database(server_url, "template") as name:
        open_store(parse_settings({"DATABASE_URL": as_url(make_dsn(server_url, dbname=name))})).close()
        # TimescaleDB's scheduler stays connected otherwise, and nothing that is in use can be copied.
        _run(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        _run(server_url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        yield name


@pytest.fixture
def database_url(request: pytest.FixtureRequest, server_url: str) -> Iterator[str]:
    """A database of the test's own: with the schema in place, or empty for a test marked `empty_database`."""
    empty = request.node.get_closest_marker("empty_database")
    source = "" if empty else f" TEMPLATE {request.getfixturevalue('template')}"
    with _database(server_url, "test", source) as name:
        yield as_url(make_dsn(server_url, dbname=name))


@contextmanager
def _database(server_url: str, prefix: str, source: str = "") -> Iterator[str]:
    """The name of a new database, dropped at the end of the block."""
    name = f"{prefix}_{uuid.uuid4().hex[:12]}"
    _run(server_url, f"CREATE DATABASE {name}{source}")
    try:
        yield name
    finally:
        _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings for that database, nothing else configured."""
    return parse_settings(
        {
            "DATABASE_URL": database_url,
            "DATA_DIR": str(tmp_path),
            "DEMO": "off",
            "DOCUMENT_FOLDERS": str(tmp_path / "documents"),
        }
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """An open store on that database."""
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return CATALOGUE


def as_url(dsn: str) -> str:
    """The same address as a URL, the form the setting takes."""
    parts = parse_dsn(dsn)
    host, port = parts.pop("host", ""), parts.pop("port", "5432")
    user, password, name = parts.pop("user", ""), parts.pop("password", ""), parts.pop("dbname", "")
    login = f"{user}:{password}@" if password else f"{user}@"
    if host.startswith("/"):
        return f"postgresql://{login}/{name}?host={host}&port={port}"
    return f"postgresql://{login}{host}:{port}/{name}"


def _run(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
