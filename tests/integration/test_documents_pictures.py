"""Pages of PDFs as pictures: drawn in a process of their own, with passages marked, whatever the file is."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from monitoring.documents.picturing import HEIGHT, MARK, WIDTH
from monitoring.documents.problems import Unreadable
from monitoring.documents.reading import Limits, Readers
from tests.integration.pdf_files import pdf

CAUSE = "Release 4.2 of orders-enrich wrote blocks of 40 rows, so merges could not keep up."
ROW = "02:14 | max_parts_per_partition on ch-2 passed 300 | monitor"


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(Limits(), 1) as opened:
        yield opened


def drawn(readers: Readers, content: bytes, page: int, *marked: str) -> Image.Image:
    return Image.open(io.BytesIO(readers.picture(content, page, marked)[0])).convert("RGB")


def marks(picture: Image.Image) -> int:
    """How many pixels have the colour of the pen."""
    return next((count for count, colour in picture.getcolors(1 << 24) or () if colour == MARK), 0)


def sized(width: float, height: float) -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(width, height))
    canvas.drawString(1, 1, "x")
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def test_a_passage_is_marked_on_its_page_and_on_no_other(readers: Readers) -> None:
    content = pdf()
    assert marks(drawn(readers, content, 2, CAUSE)) > 1_000
    assert marks(drawn(readers, content, 1, CAUSE)) == 0
    assert not readers.picture(content, 1, [CAUSE])[1]


def test_the_cells_of_a_row_are_marked_wherever_they_stand(readers: Readers) -> None:
    content = pdf()
    row, cell = (
        drawn(readers, content, 1, ROW),
        drawn(readers, content, 1, "max_parts_per_partition on ch-2 passed 300"),
    )
    assert marks(row) > marks(cell) > 0


def test_without_a_passage_the_page_is_as_it_is_printed(readers: Readers) -> None:
    picture = drawn(readers, pdf(), 1)
    assert marks(picture) == 0
    assert picture.width == pytest.approx(WIDTH, abs=2)
    assert picture.getextrema() == ((0, 255), (0, 255), (0, 255))


@pytest.mark.parametrize("shape", [(14_400, 14_400), (14_400, 1), (1, 14_400), (3, 3)])
def test_a_page_of_any_shape_stays_within_bounds(readers: Readers, shape: tuple[float, float]) -> None:
    picture = drawn(readers, sized(*shape), 1)
    assert 1 <= picture.width <= WIDTH + 1
    assert 1 <= picture.height <= HEIGHT + 1


@pytest.mark.parametrize(
    ("content", "page", "reason"),
    [
        (pdf(), 3, "has no page 3: it has 2"),
        (pdf(), 0, "has no page 0"),
        (pdf(password="x"), 1, "is encrypted"),
        (b"%PDF-1.4 and no more", 1, "is broken"),
        (b"", 1, "is broken"),
    ],
)
def test_what_cannot_be_drawn_says_why_and_the_next_page_is_drawn(
    readers: Readers, content: bytes, page: int, reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        readers.picture(content, page)
    assert drawn(readers, pdf(), 1).width > 100


def test_a_page_that_takes_too_long_is_given_up() -> None:
    with Readers(Limits(seconds=0.001), 1) as hasty, pytest.raises(Unreadable, match="took longer"):
        hasty.picture(pdf(), 1)
