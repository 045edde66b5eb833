"""When metrics were last stored, asked of a database that is there already: none is started for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime

from monitoring.settings import Settings
from monitoring.store.embedded import EmbeddedServer
from monitoring.store.pool import Pool
from monitoring.store.queries import query

SECONDS = 5.0


def last_stored(settings: Settings, metrics: Sequence[str]) -> Mapping[str, datetime | None] | None:
    """When each metric was last stored; `None` where that is longer ago than samples are kept.

    Metrics that were never stored are missing, simulated samples do not count. `None` where no database runs or
    it was never used; raises `StoreError` where it cannot be asked.
    """
    uri = settings.database_url or EmbeddedServer(settings.data_dir / "postgres").running_uri()
    if not uri:
        return None
    doing = "asking when metrics were last stored"
    with (
        closing(Pool(lambda: uri, 1, SECONDS, read_only=True, statement_seconds=SECONDS)) as pool,
        pool.transaction(doing) as cursor,
    ):
        cursor.execute(query("any_tables"))
        if cursor.fetchone() == (None,):
            return None
        cursor.execute(query("last_stored"), {"metrics": list(metrics)})
        return dict(cursor.fetchall())
