"""Documents in words: what stands in a row, what came of an upload, which pages an answer of the chat cites."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from monitoring.document_types import Citation, Document, DocumentAnswer
from monitoring.documents.picturing import letters_of, stretches
from monitoring.ui.page import documents_drawn as drawn
from monitoring.ui.page.documents_cited import cited
from monitoring.ui.page.documents_library import matching
from monitoring.ui.page.documents_page import marked_on, page_asked
from tests.unit.terminal_platform import NASTY, NOW, answer, reply

UTC = ZoneInfo("UTC")
READ = Document(1, "a.pdf", "Broker 2 lost", "pdf", 3, 14, 35_900, "read", "", None, False, NOW)
FAILED = replace(READ, id=2, name="b.pdf", title="b.pdf", status="failed", problem="is encrypted: save it anew")
TWIN = replace(READ, id=3, name="c.pdf", title="c.pdf", status="twin", twin_of="a.pdf")
NOTE = replace(READ, id=4, name="d.md", title="Consumer lag", media="markdown", pages=1, passages=1, uploaded=True)
CITED = Citation("a.pdf", "Broker 2 lost", 2, "Broker 2 lost > Resolution", "resolution", "One\nTwo | Three", 1, "pdf")


def row(document: Document) -> str:
    return drawn.row_html(document, UTC, NOW)


def test_a_row_says_size_source_and_time() -> None:
    assert "3 pages · 14 passages · 35.9 kB · in a folder · read" in row(READ)
    assert "Markdown · 1 passage · 35.9 kB · uploaded" in row(NOTE)


def test_a_row_of_a_file_that_was_not_read_says_what_to_do() -> None:
    assert "▲ Not read" in row(FAILED)
    assert "It is encrypted: save it anew." in row(FAILED)
    assert "passages" not in row(FAILED)
    assert "The same bytes as a.pdf; kept once." in row(TWIN)


def test_no_name_title_or_passage_becomes_html() -> None:
    odd = replace(FAILED, name=NASTY + "<b>", title=NASTY + "<i>", problem="is <u>broken</u>")
    passage = replace(CITED, title="<b>", file="<b>.pdf", heading="<b> > <i>", text="<script>\n<b>")
    for told in (row(odd), drawn.citation_html(passage), drawn.empty_html("<b>", unreadable=True)):
        for mark in ("<script", "<u>", "<i>", "<b><b>", "<strong><b>"):
            assert mark not in told


def test_a_passage_keeps_its_lines_and_is_cut_between_words() -> None:
    assert drawn.passage_html("One\n\nTwo | Three") == '<div class="m-passage"><p>One</p><p>Two | Three</p></div>'
    assert drawn.passage_html("word " * 40, 23) == '<div class="m-passage"><p>word word word word …</p></div>'
    assert drawn.passage_html(" \n ") == ""


def test_a_citation_names_the_section_without_the_title_before_it() -> None:
    told = drawn.citation_html(CITED)
    assert ">Resolution<" in told
    assert "a.pdf, page 2" in told


def test_what_came_of_an_upload_is_a_sentence_of_its_own() -> None:
    known = frozenset({1})
    assert drawn.added(READ, "a.pdf", known) == "a.pdf was read: 3 pages, 14 passages. It can be asked now."
    assert drawn.added(READ, "x.pdf", known) == "x.pdf has the same bytes as a.pdf, which is here already."
    assert drawn.added(NOTE, "d.md", known) == "d.md was read: 1 passage. It can be asked now."
    assert drawn.refused("b.pdf", "is empty") == "b.pdf is empty."
    assert drawn.refused("b.pdf", "Choose another name.") == "b.pdf: Choose another name."


def test_examples_are_about_documents_that_are_there() -> None:
    assert drawn.examples([READ, NOTE]) == ["What fixed “Broker 2 lost”?", "What does “Consumer lag” say to do?"]
    assert len(drawn.examples([replace(READ, id=n) for n in range(50)])) == drawn.MOST_EXAMPLES


def test_what_words_an_answer_and_how_long_it_took() -> None:
    told = DocumentAnswer("q", "a", True, [CITED], model="gpt-x", took_ms=1234)
    assert drawn.meta_line(told, 3) == "Worded by gpt-x · rests on 1 passage · 1.2 s"
    own = replace(told, model="built-in", took_ms=35)
    assert drawn.meta_line(own, 3) == "In the documents' own words · rests on 1 passage · 35 ms"
    assert drawn.meta_line(replace(own, found=False, citations=[]), 3) == "Searched 3 documents · 35 ms"


def test_the_documents_that_come_closest_are_found_by_what_the_answer_calls_them() -> None:
    told = DocumentAnswer("q", "The documents don't say.", False, [], nearest=["Consumer lag", "Broker 2 lost (a.pdf)"])
    assert drawn.nearest(told, [READ, FAILED, NOTE]) == [NOTE, READ]


def test_limits_are_those_of_the_settings() -> None:
    rows = [{"name": "DOCUMENT_BYTES", "value": str(3 << 20)}, {"name": "DOCUMENT_FOLDERS", "value": "x, y"}]
    assert (drawn.most_megabytes(rows), drawn.folders_of(rows)) == (3, "x, y")
    assert drawn.most_megabytes([{"name": "DOCUMENT_BYTES", "value": "1024"}]) == 1


def test_those_that_need_somebody_come_first_and_all_words_are_looked_for() -> None:
    assert [one.id for one in matching([READ, FAILED, NOTE], "")] == [2, 1, 4]
    assert [one.id for one in matching([READ, FAILED, NOTE], "LOST broker")] == [1]


@pytest.mark.parametrize(
    ("given", "page"), [("2", 2), ("", 1), ("0", 1), ("-3", 1), ("99", 3), ("9" * 40, 1), ("２", 1)]
)
def test_the_page_of_an_address_is_one_that_there_is(given: str, page: int) -> None:
    assert page_asked(given, 3) == page


def test_only_passages_of_the_page_are_marked_on_it() -> None:
    told = DocumentAnswer("q", "a", True, [CITED, replace(CITED, page=1, text="Else")])
    assert marked_on(told, 1, 2) == (CITED.text,)
    assert marked_on(told, 7, 2) == ()
    assert marked_on(None, 1, 2) == ()


def test_an_answer_links_the_pages_that_it_names_in_their_order_and_once() -> None:
    rows = [replace(CITED, page=page, text=str(page)).to_json() for page in (1, 2, 3, 2)]
    found = cited(answer("so [a.pdf, p. 3], and [a.pdf, p. 2]", tool_calls=(reply("search_documents", rows),)))
    assert [row["page"] for row in found] == [3, 2]
    assert cited(answer("nothing [a.pdf, p. 9]", tool_calls=(reply(rows=[{"value": 1}]),))) == []


def test_short_pieces_are_marked_only_behind_the_piece_before() -> None:
    letters, places = letters_of("At 13:21 it began. Time (UTC) 13:02 Rolled out 13:21 Alarm")
    found = list(stretches(letters, ["Time (UTC)\n13:02 | Rolled out\n13:21 | Alarm"]))
    starts = [places[start] for start, _ in found]
    assert starts == sorted(starts)
    assert starts[-2] > 40
    assert list(stretches(letters, ["13:59"])) == []
