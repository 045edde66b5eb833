"""The bank of questions about the sample library: each answer stands on the pages it names, and on no others."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest

from benchmarks.document_bank import HALVES, Place, Question, first_places, read_bank
from benchmarks.documents import plain_pages
from benchmarks.made_documents import reports
from sample_library.build import LIBRARY


def letters(text: str) -> str:
    """A text without what breaking lines and setting tables changes."""
    return re.sub(r"\W+", "", text).lower()


@pytest.fixture(scope="module")
def bank() -> list[Question]:
    return read_bank()


@pytest.fixture(scope="module")
def library() -> dict[Place, str]:
    return {(name, page): letters(text) for name, pages in plain_pages(LIBRARY) for page, text in enumerate(pages, 1)}


def test_sixty_questions_are_answered_and_eight_are_not(bank: list[Question]) -> None:
    assert [sum(bool(one.answers) for one in bank), sum(not one.answers for one in bank)] == [60, 8]


def test_the_halves_are_equal(bank: list[Question]) -> None:
    counts = Counter((one.half, bool(one.answers)) for one in bank)
    assert counts == {(half, answered): 30 if answered else 4 for half in HALVES for answered in (True, False)}


def test_ids_and_questions_are_each_given_once(bank: list[Question]) -> None:
    assert len({one.id for one in bank}) == len({one.text for one in bank}) == len(bank)


def test_every_document_is_asked_about(bank: list[Question], library: dict[Place, str]) -> None:
    assert {file for one in bank for file, _ in one.answers} == {file for file, _ in library}


def test_what_answers_a_question_stands_on_its_pages(bank: list[Question], library: dict[Place, str]) -> None:
    for one in bank:
        for place, says in one.answers.items():
            assert says
            assert all(letters(words) in library[place] for words in says), (one.id, place)


def test_no_other_page_of_the_same_documents_says_it(bank: list[Question], library: dict[Place, str]) -> None:
    for one in bank:
        files = {file for file, _ in one.answers}
        says = {letters(words) for words_there in one.answers.values() for words in words_there}
        saying = {
            place for place, text in library.items() if place[0] in files and any(words in text for words in says)
        }
        assert saying == set(one.answers), one.id


def test_the_first_pages_are_different_ones() -> None:
    a, b = ("a.pdf", 1), ("b.pdf", 1)
    assert first_places([a, a, b, a, ("c.pdf", 1), ("d.pdf", 1)]) == [a, b, ("c.pdf", 1)]


def test_made_reports_are_the_same_for_a_seed_and_differ_from_one_another() -> None:
    first, again, other = list(islice(reports(1), 3)), list(islice(reports(1), 3)), list(islice(reports(2), 3))
    assert first == again != other
    assert len({str(one) for one in first}) == 3
