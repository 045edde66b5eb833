"""What stands on a PDF page becomes headings, paragraphs and tables by its place and its size."""

from __future__ import annotations

import pytest

from monitoring.documents.layout import Run, Sizes, blocks_of
from monitoring.documents.pages import Block


def run(text: str, left: float, bottom: float, height: float = 10, *, bold: bool = False) -> Run:
    return Run(text, left, left + 5 * len(text), bottom, bottom + height, bold)


def blocks(*runs: Run) -> list[Block]:
    return blocks_of(list(runs), Sizes())


BODY = [run("The sink wrote blocks of forty rows and merges fell behind.", 50, 600 - 12 * n) for n in range(4)]


def test_lines_close_together_are_one_paragraph() -> None:
    assert [block.kind for block in blocks(*BODY)] == ["text"]


def test_a_gap_between_lines_parts_paragraphs() -> None:
    assert len(blocks(*BODY, run("Another thought altogether.", 50, 520))) == 2


def test_larger_letters_make_a_heading_and_the_largest_the_first_level() -> None:
    found = blocks(run("Post-mortem", 50, 700, 20), run("Root cause", 50, 650, 14), *BODY)
    assert [(block.kind, block.text, block.level) for block in found[:2]] == [
        ("heading", "Post-mortem", 1),
        ("heading", "Root cause", 2),
    ]


def test_a_short_bold_line_alone_is_a_heading_and_bold_words_of_a_sentence_are_not() -> None:
    assert blocks(run("Resolution", 50, 620, bold=True), *BODY)[0].kind == "heading"
    assert blocks(run("Nothing was lost.", 50, 620, bold=True), *BODY)[0].kind == "text"


def test_a_heading_that_takes_two_lines_is_one() -> None:
    found = blocks(run("How the table orders", 50, 720, 18), run("came to have too many parts", 50, 699, 18), *BODY)
    assert found[0].text == "How the table orders came to have too many parts"


def test_cells_side_by_side_that_line_up_are_a_table() -> None:
    found = blocks(
        *BODY,
        *(run("Time", 50, 500), run("What", 150, 500)),
        *(run("02:14", 50, 480), run("parts passed 300", 150, 480)),
        *(run("02:31", 50, 460), run("inserts rejected", 150, 460)),
    )
    assert found[-1] == Block("table", "Time | What\n02:14 | parts passed 300\n02:31 | inserts rejected")


def test_a_cell_that_goes_on_below_stays_with_its_row() -> None:
    found = blocks(
        *(run("Time", 50, 500), run("What", 150, 500), run("Who", 400, 500)),
        *(run("02:14", 50, 480), run("inserts into orders", 150, 480), run("Ines", 400, 480)),
        run("were rejected", 150, 469),
        *(run("02:31", 50, 440), run("merges caught up", 150, 440), run("Omar", 400, 440)),
    )
    assert found[0].text.split("\n")[1] == "02:14 | inserts into orders were rejected | Ines"


def test_two_columns_in_one_line_alone_are_no_table() -> None:
    assert [block.kind for block in blocks(run("Severity", 50, 620), run("SEV-1", 200, 620), *BODY)] == ["text", "text"]


def test_points_of_a_list_are_paragraphs_of_their_own() -> None:
    found = blocks(run("• raise the batch size", 50, 600), run("• pause the inserts", 50, 588))
    assert [block.text for block in found] == ["• raise the batch size", "• pause the inserts"]


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("the net\xad", "work was split", "the network was split"),
        ("it went into back-", "pressure at once", "it went into back-pressure at once"),
        ("one line", "and another", "one line and another"),
    ],
)
def test_words_parted_at_the_end_of_a_line_are_put_together(first: str, second: str, whole: str) -> None:
    assert blocks(run(first, 50, 600), run(second, 50, 588))[0].text == whole


def test_a_page_without_letters_has_no_blocks() -> None:
    assert blocks() == []


def test_points_whose_marks_stand_in_a_column_of_their_own_are_no_table() -> None:
    found = blocks(
        *(run("•", 50, 600), run("raise the batch size", 80, 600)),
        *(run("•", 50, 580), run("pause the inserts", 80, 580)),
    )
    assert found == [Block("text", "• raise the batch size"), Block("text", "• pause the inserts")]
