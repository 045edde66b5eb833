"""Vectors of passages, where the server has pgvector: made on first use, as no other part of the schema needs it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from psycopg2 import errors, sql

from monitoring.errors import StoreError
from monitoring.store.pool import Pool, rows
from monitoring.store.queries import query

log = logging.getLogger(__name__)
_LOCK = 4_305_012


class VectorStore:
    """The table `document_vectors`; `reader` is the role that questions are asked as."""

    def __init__(self, pool: Pool, reader: str) -> None:
        self._pool = pool
        self._reader = reader
        self._ready: bool | None = None

    def ready(self) -> bool:
        """Whether vectors can be kept here: the extension is there, or this user could enable it."""
        if self._ready is None:
            self._ready = self._prepared()
        return self._ready

    def _prepared(self) -> bool:
        try:
            with self._pool.transaction("preparing vectors") as cursor:
                cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
                row = cursor.fetchone()
                if not row or not row[0]:
                    return False
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
                cursor.execute(query("make_vectors"))
                reader = sql.Identifier(self._reader)
                cursor.execute(sql.SQL("GRANT SELECT ON document_vectors TO {}").format(reader))
        except StoreError as problem:
            if not isinstance(problem.__cause__, errors.InsufficientPrivilege):
                raise
            log.warning("pgvector is there, but this user may not enable it; documents are found by words alone")
            return False
        return True

    def missing(self, model: str, most: int) -> list[dict[str, Any]]:
        """Passages without a vector of a model: id, title, heading and text."""
        with self._pool.transaction("looking for passages without vectors") as cursor:
            cursor.execute(query("passages_without_vectors"), {"model": model, "most": most})
            return rows(cursor)

    def put(self, model: str, passages: Sequence[int], vectors: Sequence[Sequence[float]]) -> None:
        """The vectors of some passages; those of passages that are gone by now are left out."""
        written = [written_vector(vector) for vector in vectors]
        with self._pool.transaction("storing vectors") as cursor:
            parameters = {"model": model, "passages": list(passages), "vectors": written}
            cursor.execute(query("put_vectors"), parameters)


def written_vector(vector: Sequence[float]) -> str:
    """A vector as pgvector reads it."""
    return f"[{','.join(f'{value:.7g}' for value in vector)}]"
