"""Files in folders: which there are to be read, and what comes of reading them, a few at a time."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from monitoring.document_types import FileProblem
from monitoring.documents.pages import SUFFIXES, Reading
from monitoring.documents.problems import Unreadable, unreadable
from monitoring.documents.reading import Readers, content_of, media_of
from monitoring.errors import InvalidInput

MOST_FILES = 20_000
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class File:
    """A file of a folder: `name` is how it is called, with the folders below the one that was named."""

    path: Path
    name: str
    modified_ns: int
    bytes: int

    @property
    def key(self) -> str:
        """The path as the database can hold it: bytes that are no text are spelled out."""
        return str(self.path).encode("utf-8", "backslashreplace").decode()


def safe_name(name: str) -> str:
    """The name of an upload; raises `InvalidInput` for one that is none or leads elsewhere."""
    given = name.strip()
    if not given or len(given) > LONGEST_NAME or not given.isprintable():
        raise InvalidInput(f"A document's name has 1 to {LONGEST_NAME} characters that can be printed.")
    if "/" in given or "\\" in given or given.startswith(".") or ":" in given:
        raise InvalidInput("A document's name is that of a file, without folders, and does not begin with a dot.")
    media_of(given)
    return given


def listed(paths: Sequence[Path], skipped: Path, named: bool) -> tuple[list[File], list[FileProblem]]:
    """The files to read, by name, and what was named and is not there."""
    files: dict[str, File] = {}
    problems = []
    for path in paths:
        place = path.resolve()
        if place.is_dir():
            found = list(_walked(place, skipped))
        elif place.is_file():
            found = [(place, place.name)]
        else:
            # A folder of the settings may be made later.
            problems += [FileProblem(str(path), "is not there")] if named else []
            continue
        for file, name in found:
            _note(files, file, name, problems, asked=place.is_file())
    return sorted(files.values(), key=lambda file: file.name), problems


def _walked(folder: Path, skipped: Path) -> Iterator[tuple[Path, str]]:
    """The files of a folder and those below it that are read; hidden ones and the database are left aside."""
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and here / f != skipped)
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield here / name, (here / name).relative_to(folder).as_posix()


def _note(files: dict[str, File], path: Path, name: str, problems: list[FileProblem], *, asked: bool) -> None:
    shown = name.encode("utf-8", "backslashreplace").decode()
    if asked and path.suffix.lower() not in SUFFIXES:
        problems.append(FileProblem(shown, str(unreadable("unknown_kind", kinds=", ".join(SUFFIXES)))))
        return
    if len(files) >= MOST_FILES:
        raise InvalidInput(f"There are more than {MOST_FILES:,} documents; name a smaller folder.")
    try:
        stat = path.stat()
    except OSError as problem:
        problems.append(FileProblem(shown, str(unreadable("no_access", reason=problem.strerror or "gone"))))
        return
    files[str(path)] = File(path, shown, stat.st_mtime_ns, stat.st_size)


Waiting = tuple[File, str, "Future[Reading] | Unreadable | int"]
Outcome = tuple[File, str, Reading | Unreadable | int]


def outcomes(
    files: Sequence[File], readers: Readers, pool: ThreadPoolExecutor, by_digest: Mapping[str, int]
) -> Iterator[Outcome]:
    """What comes of each file, in order: a reading, why there is none, or the document whose twin it is."""
    waiting: deque[Waiting] = deque()
    for file in files:
        waiting.append(_begun(file, readers, pool, by_digest))
        # So many at most are held in memory.
        while len(waiting) > 2 * readers.processes:
            yield _ended(waiting.popleft())
    while waiting:
        yield _ended(waiting.popleft())


def _begun(file: File, readers: Readers, pool: ThreadPoolExecutor, by_digest: Mapping[str, int]) -> Waiting:
    try:
        content = content_of(file.path, readers.limits)
    except Unreadable as problem:
        return file, "", problem
    digest = digest_of(content)
    twin = by_digest.get(digest)
    return file, digest, pool.submit(readers.read_bytes, file.name, content) if twin is None else twin


def _ended(waiting: Waiting) -> Outcome:
    file, digest, outcome = waiting
    if isinstance(outcome, Future):
        try:
            return file, digest, outcome.result()
        except Unreadable as problem:
            return file, digest, problem
    return file, digest, outcome


def digest_of(content: bytes) -> str:
    """The SHA-256 of a document, in hex: documents with the same one are the same."""
    return hashlib.sha256(content).hexdigest()
