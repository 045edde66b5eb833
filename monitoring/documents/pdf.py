"""PDF files by way of PDFium: glyphs with their boxes, put together into runs. Runs in a process of its own only."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from monitoring.documents.layout import CELL_GAP, WORD_GAP, Run, Sizes, blocks_of
from monitoring.documents.pages import Page
from monitoring.documents.problems import unreadable

MOST_PAGES = 10_000
MOST_CHARACTERS = 20_000_000
LEAST_TEXT = 3
"""A document with fewer letters a page, on average, holds pictures of pages."""
_SPACES = frozenset(" \t\r\n\x0b\x0c\xa0\u2002\u2003\u2009\u200a\u202f")


def read_pdf(content: bytes) -> Iterator[Page]:
    """The pages, one at a time; raises `Unreadable`."""
    with opened(content) as document:
        count = len(document)
        if not count:
            raise unreadable("empty")
        if count > MOST_PAGES:
            raise unreadable("too_many_pages", pages=MOST_PAGES)
        sizes, letters = Sizes(), 0
        for number in range(count):
            runs = _page_runs(document, number)
            letters += sum(len(run.text) for run in runs)
            if letters > MOST_CHARACTERS:
                raise unreadable("too_much_text", characters=MOST_CHARACTERS)
            yield Page(number + 1, tuple(blocks_of(runs, sizes)))
        if letters < LEAST_TEXT * count:
            raise unreadable("scanned")


def opened(content: bytes) -> Any:
    """The document; raises `Unreadable`."""
    try:
        return pdfium.PdfDocument(content)
    except pdfium.PdfiumError as problem:
        locked = problem.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise unreadable("encrypted" if locked else "broken") from None


def _page_runs(document: Any, number: int) -> list[Run]:
    """The runs of a page; a page that cannot be read makes the whole document a broken one."""
    try:
        page = document[number]
        text = page.get_textpage()
    except pdfium.PdfiumError:
        raise unreadable("broken") from None
    try:
        return list(_runs(text.raw))
    finally:
        text.close()
        page.close()


def _runs(text: Any) -> Iterator[Run]:
    box = raw.FS_RECTF()
    where = ctypes.byref(box)
    letter, bounds = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox
    run: Run | None = None
    spaced = False
    for index in range(raw.FPDFText_CountChars(text)):
        code = letter(text, index)
        character = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        if not character or character in _SPACES:
            spaced = True
            continue
        if not bounds(text, index, where):
            continue
        left, right, bottom, top = box.left, box.right, box.bottom, box.top
        if run is not None and _goes_on(run, left, bottom, top):
            gap = left - run.right
            run.text += f" {character}" if spaced or gap > WORD_GAP * (top - bottom) else character
            run.right = max(run.right, right)
        else:
            if run is not None:
                yield run
            run = Run(character, left, right, bottom, top, _bold(text, index))
        spaced = False
    if run is not None:
        yield run


def _goes_on(run: Run, left: float, bottom: float, top: float) -> bool:
    """Whether a letter stands on the line of a run, close behind it."""
    height = max(run.top - run.bottom, 0.1)
    if not run.bottom - 0.3 * height < (bottom + top) / 2 < run.top + 0.3 * height:
        return False
    return -0.5 * height < left - run.right < CELL_GAP * height


def _bold(text: Any, index: int) -> bool:
    if raw.FPDFText_GetFontWeight(text, index) >= 600:
        return True
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    raw.FPDFText_GetFontInfo(text, index, name, len(name), ctypes.byref(flags))
    return b"bold" in name.value.lower() or bool(flags.value & 1 << 18)


def metadata_title(content: bytes) -> str:
    """The title that the file gives itself; empty where it gives none."""
    with opened(content) as document:
        return str(document.get_metadata_value("Title") or "").strip()
