"""A page of a PDF as a picture, with passages marked on it. Runs in a process of its own only."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image, ImageChops, ImageDraw

from monitoring.documents.pages import CELL
from monitoring.documents.pdf import opened
from monitoring.documents.problems import unreadable

WIDTH, HEIGHT = 1_240, 2_400
"""Pixels of a picture at most."""
LARGEST_SCALE = 3.0
MOST_CHARACTERS = 100_000
"""Of a page with more, what stands beyond them is not marked."""
MARK = (255, 236, 130)
LEAST_MARKED = 3
LEAST_CERTAIN = 12
"""A piece of so many letters is marked wherever it stands."""

Box = tuple[float, float, float, float]


def page_picture(content: bytes, number: int, marked: Sequence[str]) -> tuple[bytes, int]:
    """Page `number` (from 1) as a PNG, and how many pieces of the `marked` passages were found on it.

    Raises `Unreadable`, also where there is no such page.
    """
    with opened(content) as document:
        if not 1 <= number <= len(document):
            raise unreadable("no_page", page=number, pages=len(document))
        try:
            page = document[number - 1]
            scale = min(WIDTH / page.get_width(), HEIGHT / page.get_height(), LARGEST_SCALE)
            picture = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
            boxes = list(_boxes(page, picture.height, scale, marked))
        except (pdfium.PdfiumError, ValueError, ZeroDivisionError):
            raise unreadable("broken") from None
    return _png(_with_marks(picture, boxes)), len(boxes)


def _boxes(page: Any, height: int, scale: float, marked: Sequence[str]) -> Iterator[Box]:
    """Where the passages stand, in pixels; what cannot be found as it is written is left out."""
    text = page.get_textpage()
    # Not its text as a whole: that leaves out characters, and the places would be others.
    codes = (raw.FPDFText_GetUnicode(text.raw, place) for place in range(min(text.count_chars(), MOST_CHARACTERS)))
    letters, places = letters_of("".join(chr(code) if 0 < code < 0xD800 else " " for code in codes))
    for start, end in stretches(letters, marked):
        first, last = places[start], places[end - 1]
        for index in range(text.count_rects(first, last - first + 1)):
            left, bottom, right, top = text.get_rect(index)
            yield left * scale, height - top * scale, right * scale, height - bottom * scale


def stretches(letters: str, marked: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From where to where the pieces of passages stand among the letters of a page, each behind the one before where
    it can; a short one, such as a time of day, only there: it may stand in many places."""
    for passage in marked:
        after = 0
        for piece in _pieces(passage):
            start = letters.find(piece, after)
            if start < 0 and len(piece) >= LEAST_CERTAIN:
                start = letters.find(piece)
            if start >= 0:
                after = start + len(piece)
                yield start, after


def _pieces(passage: str) -> Iterator[str]:
    """The paragraphs and cells of a passage as they are looked for: letters and digits only."""
    for line in passage.split("\n"):
        for cell in line.split(CELL):
            piece = letters_of(cell)[0]
            if len(piece) >= LEAST_MARKED:
                yield piece


def letters_of(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text in lower case, and at which place of it each stands."""
    found = [(low, place) for place, one in enumerate(text) if one.isalnum() for low in one.lower() if low.isalnum()]
    return "".join(low for low, _ in found), [place for _, place in found]


def _with_marks(picture: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """Marked as with a pen: the ground coloured, the letters as they were."""
    marks = Image.new("RGB", picture.size, "white")
    pen = ImageDraw.Draw(marks)
    for left, top, right, bottom in boxes:
        if right > left and bottom > top:
            pen.rectangle((left - 2, top - 2, right + 2, bottom + 2), fill=MARK)
    return ImageChops.multiply(picture, marks)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
