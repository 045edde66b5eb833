"""The library: documents out of folders and uploads, read, kept up to date, and searched."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from monitoring.document_search import search
from monitoring.document_types import (
    MEDIA_TYPES,
    Citation,
    Document,
    DocumentAnswer,
    DocumentFile,
    FileProblem,
    IndexReport,
    PagePicture,
)
from monitoring.documents.answering import composed
from monitoring.documents.folders import File, digest_of, listed, outcomes, safe_name
from monitoring.documents.pages import SUFFIXES, Reading
from monitoring.documents.problems import Unreadable, unreadable
from monitoring.documents.reading import Limits, Readers, content_of
from monitoring.documents.wording import indexed, names_in
from monitoring.errors import InvalidInput, StoreError, TooMuchAtOnce, UnknownId
from monitoring.meanings import Embed, Meanings
from monitoring.settings import Settings
from monitoring.store.documents import DocumentRow, PassageRow
from monitoring.store.store import Store

log = logging.getLogger(__name__)

UPLOADED = "upload:"
INDEXING_SECONDS = 120.0
"""How long an index that another process makes is waited for."""
MOST_READ = 24
"""Passages that an answer is made of at most."""
DRAWING_SECONDS = 10.0
"""How long drawing one page may take, and how long others that are drawn are waited for."""
Progress = Callable[[int], None]


@dataclass
class _Tally:
    """What came of an index so far."""

    read: int = 0
    unchanged: int = 0
    twins: int = 0
    pages: int = 0
    passages: int = 0
    problems: list[FileProblem] = field(default_factory=list)


class Library:
    """The documents of one store; safe to use from any thread and by several processes at once."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Callable[[], datetime],
        embed: Embed | None = None,
        processes: int = 2,
    ) -> None:
        self._meanings = Meanings(store.vectors, embed, settings.embedding_model or "")
        self._folders = settings.document_folders
        self._limits = Limits(settings.document_bytes, settings.document_seconds, settings.document_memory_mb)
        self._skipped = (settings.data_dir / "postgres").resolve()
        self._store = store
        self._clock = clock
        self._processes = processes
        self._drawing = threading.BoundedSemaphore(processes)

    def index(self, paths: Sequence[Path] | None = None, progress: Progress = lambda _: None) -> IndexReport:
        """Read what is new or has changed in the folders of the settings, and drop what is gone.

        With `paths`, these files and folders instead; what was removed by hand is then read again. `progress` is told
        how many files are done, each time some are. Files that cannot be read are named in the report and do not stop
        the others; raises the store's errors, `StoreBusy` where another process goes on indexing.
        """
        named = paths is not None
        with self._store.documents.indexing(INDEXING_SECONDS):
            files, problems = listed(self._folders if paths is None else paths, self._skipped, named)
            tally = _Tally(problems=problems)
            dropped = self._drop(files, [] if named else self._folders)
            self._take(files, tally, named, progress)
            self._meanings.fill()
        return IndexReport(
            tally.read, tally.unchanged, dropped, tally.twins, tally.pages, tally.passages, tuple(tally.problems)
        )

    def refresh(self) -> None:
        """The same for those who came for something else: what cannot be read, or not now, is only put into the log."""
        try:
            report = self.index()
        except (StoreError, InvalidInput) as problem:
            log.warning("documents were not indexed: %s", problem)
            return
        for problem_of_file in report.problems:
            log.info("%s %s", problem_of_file.name, problem_of_file.reason)

    def count(self, paths: Sequence[Path] | None = None) -> int:
        """How many files an index would look at."""
        return len(listed(self._folders if paths is None else paths, self._skipped, False)[0])

    def documents(self) -> list[Document]:
        """Every document, by name; those removed by hand are left out."""
        known = self._store.documents.all()
        names = {row.id: row.name for row in known}
        return [_document(row, names) for row in known if row.status != "removed"]

    def add(self, name: str, content: bytes) -> Document:
        """Keep an uploaded document; one with the bytes of a known one is that one.

        Raises `InvalidInput` for a name that cannot be one, and `Unreadable` for what cannot be read.
        """
        name = safe_name(name)
        digest = digest_of(content)
        with self._store.documents.indexing(INDEXING_SECONDS):
            known = self._store.documents.all()
            twin = next((row for row in known if row.digest == digest and row.status == "read"), None)
            if twin is not None:
                return _document(twin, {})
            if any(row.name == name and not row.path.startswith(UPLOADED) for row in known):
                raise InvalidInput(f"There is a document named {name} in a folder already; choose another name.")
            with Readers(self._limits, 1) as readers:
                reading = readers.read_bytes(name, content)
            row = self._row(File(Path(UPLOADED + name), name, 0, len(content)), digest, reading)
            number = self._put(replace(row, path=UPLOADED + name), reading, content)
            self._meanings.fill()
        return _document(self._store.documents.one(number), {})

    def search(self, question: str, limit: int = 8) -> list[Citation]:
        """The passages that answer a question best, the best first."""
        return search(self._store.reader, question, limit, self._meanings.of(question))

    def ask(self, question: str) -> DocumentAnswer:
        """An answer with citations, in the words of the documents; raises `InvalidInput` for an empty question."""
        if not question.strip():
            raise InvalidInput("A question is expected; none was given.")
        began = time.perf_counter()
        answer = composed(question, self.search(question, MOST_READ))
        took = (time.perf_counter() - began) * 1000
        return DocumentAnswer(question, answer.text, answer.found, answer.citations, answer.nearest, took_ms=took)

    def remove(self, document: int) -> Document:
        """Take a document out; the file of one that lies in a folder stays, and is left aside from now on.

        Raises `UnknownId`.
        """
        row = self._store.documents.one(document)
        if row.path.startswith(UPLOADED):
            self._store.documents.drop([row.id])
        else:
            self._store.documents.hide(row.id)
        return _document(row, {})

    def named(self, name: str) -> Document:
        """The document of that name, or of that id; raises `UnknownId` with the names that come closest."""
        documents = self.documents()
        found = [one for one in documents if one.name == name] or [one for one in documents if str(one.id) == name]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(str(one.id) for one in found)
            raise InvalidInput(f"Several documents are named {name}: say which by its id ({ids}).")
        nearest = tuple(one.name for one in documents if name.lower() in one.name.lower())[:3]
        hint = f" Did you mean {', '.join(nearest)}?" if nearest else ""
        raise UnknownId(f"There is no document named {name}.{hint}", nearest)

    def file(self, document: int) -> DocumentFile:
        """A document byte by byte; raises `UnknownId`, also where its file is gone."""
        row = self._store.documents.one(document)
        content = self._store.documents.content(row.id) if row.path.startswith(UPLOADED) else self._from_folder(row)
        if content is None:
            raise UnknownId(f"The file of document {document} is gone; index the documents again.")
        return DocumentFile(Path(row.name).name, MEDIA_TYPES[row.media], content)

    def page(self, document: int, page: int, marked: Sequence[str] = ()) -> PagePicture:
        """A page of a PDF with passages marked; raises `UnknownId`, `Unreadable`, and `TooMuchAtOnce`."""
        file = self.file(document)
        if file.media_type != MEDIA_TYPES["pdf"]:
            raise unreadable("no_picture")
        if not self._drawing.acquire(timeout=DRAWING_SECONDS):
            raise TooMuchAtOnce("Too many pages are being drawn; open it again in a moment.")
        try:
            limits = replace(self._limits, seconds=min(self._limits.seconds, DRAWING_SECONDS))
            with Readers(limits, 1) as readers:
                return PagePicture(*readers.picture(file.content, page, marked))
        finally:
            self._drawing.release()

    def _from_folder(self, row: DocumentRow) -> bytes | None:
        try:
            return content_of(Path(row.path), self._limits)
        except Unreadable:
            return None

    def _drop(self, files: Sequence[File], folders: Sequence[Path]) -> int:
        """Drop what lies no more where it lay; a folder that cannot be seen keeps its documents."""
        present = {file.key for file in files}
        seen = [folder.resolve() for folder in folders if folder.is_dir()]
        gone = [
            row.id
            for row in self._store.documents.all()
            if not row.path.startswith(UPLOADED)
            and row.path not in present
            and any(Path(row.path).is_relative_to(folder) for folder in seen)
        ]
        if gone:
            self._store.documents.drop(gone)
        return len(gone)

    def _take(self, files: Sequence[File], tally: _Tally, named: bool, progress: Progress) -> None:
        """Read what changed, twins of what changed after it."""
        known = {row.path: row for row in self._store.documents.all()}
        changed = []
        for file in files:
            row = known.get(file.key)
            if row is None or not _same(row, file) or (named and row.status == "removed"):
                changed.append(file)
            else:
                _count_unchanged(row, file, tally)
        progress(len(files) - len(changed))
        self._read(changed, tally, named, progress)
        orphans = self._orphans()
        if orphans:
            again = [file for file in files if file.key in orphans]
            tally.unchanged -= len(again)
            self._store.documents.drop(list(orphans.values()))
            self._read(again, tally, named, lambda _: None)

    def _orphans(self) -> dict[str, int]:
        """Twins of documents that have other bytes by now, or are gone."""
        known = self._store.documents.all()
        originals = {row.id: row.digest for row in known if row.status == "read"}
        return {
            row.path: row.id for row in known if row.status == "twin" and originals.get(row.twin_of or 0) != row.digest
        }

    def _read(self, files: Sequence[File], tally: _Tally, named: bool, progress: Progress) -> None:
        if not files:
            return
        known = self._store.documents.all()
        by_path = {row.path: row for row in known}
        by_digest = {row.digest: row.id for row in known if row.status == "read"}
        with Readers(self._limits, self._processes) as readers, ThreadPoolExecutor(self._processes) as pool:
            for file, digest, outcome in outcomes(files, readers, pool, by_digest):
                before = by_path.get(file.key)
                if before is not None and before.digest == digest and (before.status == "read" or not named):
                    self._store.documents.touch(before.id, file.modified_ns, file.bytes)
                    _count_unchanged(before, file, tally)
                else:
                    self._keep(file, digest, outcome, by_digest, tally)
                progress(1)

    def _keep(
        self, file: File, digest: str, outcome: Reading | Unreadable | int, by_digest: dict[str, int], tally: _Tally
    ) -> None:
        """Store what came of one file."""
        if isinstance(outcome, Unreadable):
            tally.problems.append(FileProblem(file.name, str(outcome)))
            self._put(replace(self._row(file, digest), status="failed", problem=str(outcome)), None)
            return
        twin = by_digest.get(digest) if isinstance(outcome, Reading) else outcome
        if twin is not None:
            tally.twins += 1
            self._put(replace(self._row(file, digest), status="twin", twin_of=twin), None)
        elif isinstance(outcome, Reading):
            by_digest[digest] = self._put(self._row(file, digest, outcome), outcome)
            tally.read += 1
            tally.pages += outcome.pages
            tally.passages += len(outcome.passages)

    def _row(self, file: File, digest: str, reading: Reading | None = None) -> DocumentRow:
        return DocumentRow(
            path=file.key,
            name=file.name,
            title=reading.title if reading else file.name,
            media=SUFFIXES[Path(file.name).suffix.lower()],
            digest=digest,
            bytes=file.bytes,
            modified_ns=file.modified_ns,
            indexed_at=self._clock(),
            pages=reading.pages if reading else 0,
        )

    def _put(self, row: DocumentRow, reading: Reading | None, content: bytes | None = None) -> int:
        about = f"{row.title} {Path(row.name).stem}"
        passages = [
            PassageRow(
                page=passage.page,
                place=passage.place,
                heading=passage.heading,
                section=passage.section,
                text=passage.text,
                plain=indexed(passage.text),
                plain_heading=indexed(passage.heading),
                names=names_in(f"{about}\n{passage.heading}\n{passage.text}"),
            )
            for passage in (reading.passages if reading else ())
        ]
        return self._store.documents.put(row, passages, indexed(about), content)


def _same(row: DocumentRow, file: File) -> bool:
    return (row.modified_ns, row.bytes, row.name) == (file.modified_ns, file.bytes, file.name)


def _count_unchanged(row: DocumentRow, file: File, tally: _Tally) -> None:
    tally.unchanged += 1
    if row.status == "failed":
        tally.problems.append(FileProblem(file.name, row.problem))


def _document(row: DocumentRow, names: Mapping[int, str]) -> Document:
    assert row.status != "removed"
    return Document(
        id=row.id,
        name=row.name,
        title=row.title,
        media=row.media,
        pages=row.pages,
        passages=row.passages,
        bytes=row.bytes,
        status=row.status,
        problem=row.problem,
        twin_of=names.get(row.twin_of or 0),
        uploaded=row.path.startswith(UPLOADED),
        indexed_at=row.indexed_at,
    )
