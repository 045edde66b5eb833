"""The tables of documents and their passages: what is there, written by one process at a time, found by words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg2

from monitoring.errors import StoreBusy, UnknownId
from monitoring.store.failures import translated
from monitoring.store.pool import Cursor, Pool, rows
from monitoring.store.queries import query

Status = Literal["read", "twin", "failed", "removed"]
_LOCK = 4_305_011
_LOOKS_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as it is stored; `path` is where it comes from, `digest` the SHA-256 of its bytes in hex."""

    path: str
    name: str
    title: str
    media: str
    digest: str
    bytes: int
    modified_ns: int
    indexed_at: datetime
    pages: int = 0
    status: Status = "read"
    problem: str = ""
    twin_of: int | None = None
    id: int = 0
    passages: int = 0


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A passage as it is stored; `plain` are its words and those of its headings, `names` what is found exactly."""

    page: int
    place: int
    heading: str
    section: str
    text: str
    plain: str
    plain_heading: str
    names: Sequence[str]


class DocumentStore:
    """Writes and lists documents; questions are asked through the reader role."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @contextmanager
    def indexing(self, seconds: float) -> Iterator[None]:
        """Held by one process at a time; raises `StoreBusy` where another one holds it for so long."""
        connection = self._pool.connect("waiting to index documents")
        connection.autocommit = True
        deadline = time.monotonic() + seconds
        try:
            with translated("waiting to index documents"), connection.cursor() as cursor:
                while not _locked(cursor):
                    if time.monotonic() > deadline:
                        raise StoreBusy(f"Another process is still reading documents after {seconds:g} s; try again.")
                    time.sleep(_LOOKS_EVERY)
            yield
        finally:
            with suppress(psycopg2.Error):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
                connection.close()

    def all(self) -> list[DocumentRow]:
        """Every document, by name."""
        with self._pool.transaction("listing documents") as cursor:
            cursor.execute(query("all_documents"))
            return [DocumentRow(**row) for row in rows(cursor)]

    def put(
        self, document: DocumentRow, passages: Sequence[PassageRow], plain_title: str, content: bytes | None = None
    ) -> int:
        """A document with its passages, in place of what was known of its path; returns its id.

        `content` is kept where it is given: the bytes of a document that lies in no folder.
        """
        with self._pool.transaction("storing a document") as cursor:
            cursor.execute(query("put_document"), _columns(document))
            number = int((cursor.fetchone() or (0,))[0])
            cursor.execute(query("forget_passages"), {"document": number})
            if passages:
                cursor.execute(query("add_passages"), _arrays(number, passages, plain_title))
            if content is not None:
                cursor.execute(query("put_document_file"), {"document": number, "content": psycopg2.Binary(content)})
        return number

    def touch(self, document: int, modified_ns: int, size: int) -> None:
        """A file was written again with the same bytes."""
        with self._pool.transaction("storing a document") as cursor:
            parameters = {"document": document, "modified_ns": modified_ns, "bytes": size}
            cursor.execute(query("touch_document"), parameters)

    def drop(self, documents: Sequence[int]) -> None:
        """Documents that are gone, with their passages; twins of them are twins of nobody then."""
        with self._pool.transaction("dropping documents") as cursor:
            cursor.execute(query("drop_documents"), {"documents": list(documents)})

    def hide(self, document: int) -> None:
        """Keep a document out though its file is there."""
        with self._pool.transaction("removing a document") as cursor:
            cursor.execute(query("forget_passages"), {"document": document})
            cursor.execute(query("hide_document"), {"document": document})

    def content(self, document: int) -> bytes | None:
        """The bytes of a document that was uploaded; `None` for one that lies in a folder."""
        with self._pool.transaction("fetching a document") as cursor:
            cursor.execute(query("document_file"), {"document": document})
            row = cursor.fetchone()
        return None if row is None else bytes(row[0])

    def one(self, document: int) -> DocumentRow:
        """A document; raises `UnknownId`."""
        found = next((row for row in self.all() if row.id == document and row.status != "removed"), None)
        if found is None:
            raise UnknownId(f"There is no document {document}.")
        return found


def _locked(cursor: Cursor) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
    row = cursor.fetchone()
    return bool(row and row[0])


def _columns(document: DocumentRow) -> Mapping[str, Any]:
    columns = {name: getattr(document, name) for name in DocumentRow.__slots__ if name not in ("id", "passages")}
    return {**columns, "state": document.status}


def _arrays(document: int, passages: Sequence[PassageRow], plain_title: str) -> Mapping[str, Any]:
    return {
        "document": document,
        "title": plain_title,
        "places": [passage.place for passage in passages],
        "on_pages": [passage.page for passage in passages],
        "headings": [passage.heading for passage in passages],
        "sections": [passage.section for passage in passages],
        "texts": [passage.text for passage in passages],
        "plain_headings": [passage.plain_heading for passage in passages],
        "plains": [passage.plain for passage in passages],
        "names": ["\n".join(passage.names) for passage in passages],
    }
