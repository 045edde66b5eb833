"""Files are read in processes of their own: whatever is wrong with one is told, and the next one is read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from monitoring.documents.problems import Unreadable
from monitoring.documents.reading import Limits, Readers, media_of
from tests.integration.pdf_files import damaged, endless, long, pdf, scanned


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(Limits(most_bytes=5_000_000, seconds=30)) as opened:
        yield opened


def test_pages_headings_and_tables_are_kept(readers: Readers) -> None:
    found = readers.read_bytes("x.pdf", pdf())
    assert (found.title, found.pages) == ("ClickHouse: too many parts", 2)
    by_section = {one.section: one for one in found.passages}
    assert [by_section[name].page for name in ("summary", "timeline", "cause", "resolution")] == [1, 1, 2, 2]
    assert by_section["timeline"].text.split("\n") == [
        "Time (UTC) | What happened | Who",
        "02:14 | max_parts_per_partition on ch-2 passed 300 | monitor",
        "02:31 | Inserts into orders were rejected, the sink of the job went into back-pressure | Ines",
    ]
    assert by_section["resolution"].heading == "ClickHouse: too many parts > Resolution"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.pdf", b"", "is empty"),
        ("x.pdf", b"\x00" * 100, "is empty"),
        ("x.pdf", pdf(password="secret"), "is encrypted"),
        ("x.pdf", scanned(), "text recognition"),
        ("x.pdf", b"%PDF-1.7 and no more", "is broken"),
        ("x.pdf", b"GIF89a and more", "is broken"),
        ("x.pdf", b"x" * 5_000_001, "more than 5,000,000 bytes"),
        ("x.md", b"\x00\x01\x02\xff", "is not text"),
        ("x.exe", b"MZ", "of no kind that is read"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_reason_and_the_next_file_is_read(
    readers: Readers, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        readers.read_bytes(name, content)
    assert readers.read_bytes("next.md", b"# Fine").title == "Fine"


def test_a_hundred_damaged_files_are_each_told_of_and_none_hangs_or_crashes_what_reads(readers: Readers) -> None:
    told = []
    for name, content in damaged():
        try:
            assert readers.read_bytes(name, content).passages
        except Unreadable as problem:
            told.append(str(problem))
    assert len(told) >= 60, "what a repaired file still says may be read"
    assert all(told)


def test_a_file_that_takes_too_long_is_given_up_and_its_process_is_gone() -> None:
    others = children()
    with Readers(Limits(seconds=1.5), processes=1) as readers:
        with pytest.raises(Unreadable, match=r"longer than 1\.5 s"):
            readers.read_bytes("endless.pdf", endless())
        assert children() == others
        assert readers.read_bytes("next.pdf", pdf()).pages == 2
    assert children() == others


def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    with (
        Readers(Limits(megabytes=96, seconds=30), processes=1) as readers,
        pytest.raises(Unreadable, match=r"more than 96 MB of memory"),
    ):
        readers.read_bytes("large.txt", b"word\n\n" * 3_000_000)


def test_a_process_that_dies_is_told_of_and_replaced() -> None:
    others = children()
    with Readers(Limits(seconds=20), processes=1) as readers:
        readers.read_bytes("x.md", b"# x")
        (child,) = (one for one in children() if one not in others)
        killer = threading.Timer(0.3, child.kill)
        killer.start()
        with pytest.raises(Unreadable, match="made its reader crash"):
            readers.read_bytes("endless.pdf", endless())
        assert readers.read_bytes("x.md", b"# x").title == "x"


def test_a_thousand_pages_are_read_in_bounded_memory() -> None:
    content = long(1000, lines=5)
    with Readers(Limits(megabytes=400), processes=1) as readers:
        found = readers.read_bytes("long.pdf", content)
    assert found.pages == 1000
    assert "Page 1000, line 4." in found.passages[-1].text


def test_the_process_has_no_keys_and_may_write_no_file() -> None:
    others = children()
    with Readers(processes=1) as readers:
        readers.read_bytes("x.md", b"# x")
        (child,) = (one for one in children() if one not in others)
        assert set(child.environ()) <= {"PYTHONPATH", "LC_CTYPE"}
        assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)


def test_a_file_that_is_gone_or_is_none_is_told_of(readers: Readers, tmp_path: Path) -> None:
    (tmp_path / "folder.pdf").mkdir()
    for name in ("gone.pdf", "folder.pdf"):
        with pytest.raises(Unreadable, match="cannot be opened"):
            readers.read(tmp_path / name)


def test_the_end_of_a_name_says_how_it_is_read_in_either_case() -> None:
    assert media_of("A.PDF") == "pdf"
    assert media_of("notes.Markdown") == "markdown"


def children() -> list[psutil.Process]:
    """Processes that read documents for this one."""
    alive = (p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE)
    return [p for p in alive if "monitoring.documents.child" in p.cmdline()]
