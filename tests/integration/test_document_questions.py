"""The sample library, asked the bank of questions: the bars that the documents promise, with full text alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.document_bank import HALVES, Question, first_places, read_bank
from monitoring.library import Library
from monitoring.moments import utc_now
from monitoring.settings import Settings
from monitoring.store.store import Store
from sample_library.build import LIBRARY

BAR = 0.95


def share_right(asked: list[Question], right: Iterator[bool]) -> float:
    return sum(right) / len(asked)


def test_the_right_page_is_among_the_first_three_and_what_is_not_said_is_told_so(
    settings: Settings, store: Store
) -> None:
    library = Library(settings, store, utc_now)
    assert library.index([LIBRARY]).problems == ()
    for half in HALVES:
        asked = [one for one in read_bank() if one.half == half]
        answered = [one for one in asked if one.answers]
        hits = {one.id: [(hit.file, hit.page) for hit in library.search(one.text, 24)] for one in answered}
        assert share_right(answered, (one.is_answered_by(first_places(hits[one.id])) for one in answered)) >= BAR
        assert share_right(asked, (library.ask(one.text).found == bool(one.answers) for one in asked)) >= BAR
    answer = library.ask("What fixed the ClickHouse too many parts incident?")
    assert ("pm-2025-03-clickhouse-too-many-parts.pdf", 2) in {(one.file, one.page) for one in answer.citations}
    assert "fewer and larger inserts" in answer.answer
