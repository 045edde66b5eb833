#!/usr/bin/env python3
"""Questions to the documents: how often the right page is among the first three, how fast, and what indexing takes.

    python benchmarks/documents.py                     everything
    python benchmarks/documents.py --verbose           with every failure of the half that the search was tuned on
    python benchmarks/documents.py --pages 0           the accuracy on the sample library alone

The bank (`benchmarks/documents/questions.jsonl`) asks about the sample library in `data/`, with full text alone. The
references in the same run: for the right page, PostgreSQL's own ranking of whole pages (`to_tsvector('english')`,
`ts_rank_cd`, the words joined by "or"); for a search, `ILIKE` of the question's words over the same pages; for
indexing, the bare extraction of the text in one process. The many pages are made up (`benchmarks/made_documents.py`)
and lie beside the sample library. Exit 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median, quantiles

import psutil
import psycopg2
import pypdfium2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.document_bank import HALVES, TUNED, Place, Question, first_places, read_bank
from benchmarks.made_documents import reports
from monitoring.library import Library
from monitoring.moments import utc_now
from monitoring.settings import parse_settings
from monitoring.store.embedded import EmbeddedServer
from monitoring.store.store import open_store
from sample_library.build import LIBRARY
from sample_library.typesetting import typeset

FIRST = 3
MOST = 24
RIGHT, CITED = "right page in the first three", "right page cited in the answer"
JUDGED, REFERENCE = "said or not said, told rightly", "reference: PostgreSQL's ranking of pages"
BARS = {RIGHT: 95.0, JUDGED: 95.0}
BAR_ANSWER_MS, BAR_PAGES, BAR_MEGABYTES = 300.0, 50.0, 400.0
REPEATS = 3
SEED = 7
SUFFIXES = (".pdf", ".md", ".txt")
Ask = Callable[[str], Sequence[Place]]

_BY_RANK = """
WITH asked AS (SELECT replace(plainto_tsquery('english', %(question)s)::text, '&', '|')::tsquery AS query)
SELECT file, page FROM reference_pages, asked WHERE words @@ query ORDER BY ts_rank_cd(words, query) DESC LIMIT 3
"""
_BY_PATTERN = "SELECT file, page FROM reference_pages WHERE text ILIKE ANY(%(patterns)s)"
_SETUP = """
CREATE TABLE reference_pages (file text, page int, text text,
    words tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED);
CREATE INDEX ON reference_pages USING gin (words)
"""


@dataclass(slots=True)
class Score:
    """How many questions of each half were asked, and how many found their page or were judged rightly."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, what: str, half: str, right: bool) -> None:
        self.counts[what, half] = self.counts.get((what, half), 0) + right
        self.counts[f"{what} asked", half] = self.counts.get((f"{what} asked", half), 0) + 1

    def share(self, what: str, half: str) -> float:
        return 100 * self.counts.get((what, half), 0) / max(1, self.counts.get((f"{what} asked", half), 0))

    def line(self, what: str) -> str:
        cells = [
            f"{HALVES[half]} {self.counts.get((what, half), 0)} of {self.counts.get((f'{what} asked', half), 0)}"
            f" ({self.share(what, half):.1f} %)"
            for half in HALVES
        ]
        return f"{what:44}{'   '.join(cells)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verbose", action="store_true", help="every failure of the tuned half")
    parser.add_argument("--pages", type=int, default=1000, help="pages of the large library; 0: without it")
    options = parser.parse_args()
    bank = read_bank()
    with _workplace() as folder:
        shutil.copytree(LIBRARY, folder / "library", ignore=shutil.ignore_patterns("postgres", ".*", "*.log", "*.lock"))
        with _library(folder) as (library, url):
            met = _accuracy(library, url, folder, bank, options.verbose)
            if options.pages:
                met = _at_scale(library, url, folder, bank, options.pages) and met
    return 0 if met else 1


@contextmanager
def _workplace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="monitoring-documents-") as name:
        Path(name).chmod(0o755)  # The server runs as another user where this one is root.
        yield Path(name)


@contextmanager
def _library(folder: Path) -> Iterator[tuple[Library, str]]:
    """The library of a folder in an embedded store of its own, and where that is reached."""
    server = EmbeddedServer(folder / "postgres")
    given = {"DATABASE_URL": server.uri(), "DATA_DIR": str(folder), "DOCUMENT_FOLDERS": str(folder / "library")}
    settings = parse_settings({**given, "DEMO": "off", "DOCUMENT_BYTES": str(1 << 28), "DOCUMENT_SECONDS": "600"})
    try:
        with closing(open_store(settings)) as store:
            yield Library(settings, store, utc_now), server.uri()
    finally:
        server.stop()


def _accuracy(library: Library, url: str, folder: Path, bank: Sequence[Question], verbose: bool) -> bool:
    report = library.index()
    print(f"{report.read} documents, {report.pages} pages, {report.passages} passages")
    score = _scored(bank, library, verbose)
    with _reference(url, folder / "library") as by_rank:
        plain = _found(bank, by_rank)
    for what in (RIGHT, CITED, JUDGED):
        print(score.line(what))
    print(plain.line(REFERENCE))
    return all(score.share(what, half) >= bar for what, bar in BARS.items() for half in HALVES)


def _scored(bank: Sequence[Question], library: Library, verbose: bool) -> Score:
    score = Score()
    for question in bank:
        answer = library.ask(question.text)
        score.add(JUDGED, question.half, answer.found == bool(question.answers))
        wrong = [] if answer.found == bool(question.answers) else [f"found={answer.found}"]
        if question.answers:
            places = first_places(((hit.file, hit.page) for hit in library.search(question.text, MOST)), FIRST)
            score.add(RIGHT, question.half, question.is_answered_by(places))
            cited = [(one.file, one.page) for one in answer.citations]
            score.add(CITED, question.half, question.is_answered_by(cited))
            wrong += [] if question.is_answered_by(places) else [f"{places} instead of {list(question.answers)}"]
        if wrong and verbose and question.half == TUNED:
            print(f"  {question.id} {question.text}\n      {'; '.join(wrong)}")
    return score


def _found(bank: Sequence[Question], ask: Ask) -> Score:
    score = Score()
    for question in bank:
        if question.answers:
            score.add(REFERENCE, question.half, question.is_answered_by(ask(question.text)))
    return score


@contextmanager
def _reference(url: str, folder: Path, patterns: bool = False) -> Iterator[Ask]:
    """Pages in a plain table of the same server, asked by rank, or with `patterns` by `ILIKE`."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(_SETUP)
        rows = [(name, page, text) for name, pages in plain_pages(folder) for page, text in enumerate(pages, 1)]
        cursor.executemany("INSERT INTO reference_pages (file, page, text) VALUES (%s, %s, %s)", rows)
        cursor.execute("ANALYZE reference_pages")

        def asked(question: str) -> Sequence[Place]:
            words = [f"%{word}%" for word in re.findall(r"\w{3,}", question)]
            statement = _BY_PATTERN if patterns else _BY_RANK
            cursor.execute(statement, {"question": question, "patterns": words})
            return [(str(file), int(page)) for file, page in cursor.fetchall()]

        yield asked
        connection.rollback()


def plain_pages(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The bare text of each page of each document, by its name in the folder."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES):
        name = str(path.relative_to(folder))
        if path.suffix != ".pdf":
            yield name, [path.read_text("utf-8")]
            continue
        with closing(pypdfium2.PdfDocument(path)) as document:
            yield name, [page.get_textpage().get_text_bounded().replace("\x00", "") for page in document]


def _at_scale(library: Library, url: str, folder: Path, bank: Sequence[Question], pages: int) -> bool:
    """Indexing and latency with so many pages beside the sample library, and one file of as many."""
    _made(folder / "library", folder / "huge", pages)
    rate = _indexing(library, folder / "library")
    latency = _latency(library, bank, url, folder / "library")
    print(_scored(bank, library, False).line(RIGHT), "  (of all these pages)")
    memory = _memory(library, folder / "huge")
    return rate >= BAR_PAGES and latency < BAR_ANSWER_MS and memory < BAR_MEGABYTES


def _made(library: Path, huge: Path, pages: int) -> None:
    """Reports as files of their own beside the sample library, and all in one file."""
    huge.mkdir()
    whole = pypdfium2.PdfDocument.new()
    for number, source in enumerate(islice(reports(SEED), pages), 1):
        path = library / f"inc-{number:04d}.pdf"
        path.write_bytes(typeset([source]))
        with closing(pypdfium2.PdfDocument(path)) as document:
            whole.import_pages(document)
        if len(whole) >= pages:
            break
    whole.save(huge / "all.pdf")
    whole.close()


def _indexing(library: Library, folder: Path) -> float:
    """Pages a second, all told: reading, storing, making the index."""
    began, spent = time.perf_counter(), _processor_seconds()
    report = library.index()
    rate = report.pages / (time.perf_counter() - began)
    spent = 1000 * (_processor_seconds() - spent) / report.pages
    began = time.perf_counter()
    bare = sum(len(pages) for _, pages in plain_pages(folder)) / (time.perf_counter() - began)
    print(f"indexing {report.pages:,} pages: {rate:,.0f} a second (bar {BAR_PAGES:g}),", end=" ")
    print(f"bare extraction of their text {bare:,.0f}: ratio {bare / rate:.1f};", end=" ")
    print(f"{spent:.1f} ms of processor time a page without the database's, {_load()}")
    return rate


def _processor_seconds() -> float:
    """What this process and those of its readers that have ended took so far."""
    times = psutil.Process().cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _load() -> str:
    """How busy the machine is, without which seconds say little."""
    return f"{os.getloadavg()[0]:.1f} processes on {os.cpu_count()} cores"


def _latency(library: Library, bank: Sequence[Question], url: str, folder: Path) -> float:
    """Milliseconds of the slowest answer; each is asked several times and the middle one counts."""
    asked = [question.text for question in bank]
    searches, answers = _timed(asked, library.search), _timed(asked, library.ask)
    with _reference(url, folder, patterns=True) as by_pattern:
        plain = _timed(asked, by_pattern)
    for name, times in (("a search", searches), ("an answer without a model", answers), ("reference: ILIKE", plain)):
        print(
            f"{name:44}p50 {median(times):.0f} ms, p95 {quantiles(times, n=20)[-1]:.0f} ms, worst {max(times):.0f} ms"
        )
    ratio = median(answers) / median(plain)
    print(f"an answer takes {ratio:.2f} of the reference (bar: worst {BAR_ANSWER_MS:g} ms), {_load()}")
    return max(answers)


def _timed(questions: Sequence[str], ask: Callable[[str], object]) -> list[float]:
    return [median(_milliseconds(ask, question) for _ in range(REPEATS)) for question in questions]


def _milliseconds(ask: Callable[[str], object], question: str) -> float:
    began = time.perf_counter()
    ask(question)
    return (time.perf_counter() - began) * 1000


def _memory(library: Library, folder: Path) -> float:
    """Megabytes that this process and its readers had more than before at most, while one large file was indexed."""
    with _watched() as peak:
        began = time.perf_counter()
        report = library.index([folder])
        took = time.perf_counter() - began
    if report.problems:
        print(*(f"{one.name}: {one.reason}" for one in report.problems))
        return float("inf")
    print(f"one file of {report.pages:,} pages: {took:.1f} s, peak memory {peak['mb']:.0f} MB", end=" ")
    print(f"(bar {BAR_MEGABYTES:g} MB, {1024 * peak['mb'] / max(1, report.pages):.0f} kB a page)")
    return peak["mb"]


@contextmanager
def _watched() -> Iterator[Mapping[str, float]]:
    """The most resident memory meanwhile, of this process beyond what it had, and of processes it started then."""
    own = psutil.Process()
    before, known = own.memory_info().rss, {child.pid for child in own.children(recursive=True)}
    peak, done = {"mb": 0.0}, threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            total = own.memory_info().rss - before
            for child in own.children(recursive=True):
                if child.pid not in known:
                    with suppress(psutil.NoSuchProcess):
                        total += child.memory_info().rss
            peak["mb"] = max(peak["mb"], total / 2**20)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


if __name__ == "__main__":
    raise SystemExit(main())
