"""What PDFs of this product share: the typeface, widths of columns, page numbers, and text that it has letters for.

ReportLab is imported with this module: import it where a PDF is made, not where the program starts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import font_source_sans_pro
from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table, TableStyle

INK, MUTED, ACCENT = HexColor("#1c2733"), HexColor("#5c6b7a"), HexColor("#0b7285")
RULE, SHADE, HEAD = HexColor("#d5dce3"), HexColor("#f5f7f9"), HexColor("#e3ecef")
CELL_PADDING = 4.5
NARROWEST = 22.0
MISSING = "\u2610"
"""An empty box, in place of a character that the typeface lacks."""
_FACES = {"": "Regular", "-Bold": "Semibold", "-Italic": "It", "-BoldItalic": "SemiboldIt"}


@cache
def register_fonts() -> None:
    """Tell ReportLab the faces, once a process; they are embedded in each PDF, as far as they are used."""
    folder = Path(font_source_sans_pro.__file__).parent / "files"
    for suffix, face in _FACES.items():
        pdfmetrics.registerFont(TTFont(f"Sans{suffix}", str(folder / f"SourceSansPro-{face}.ttf")))
    pdfmetrics.registerFontFamily(
        "Sans", normal="Sans", bold="Sans-Bold", italic="Sans-Italic", boldItalic="Sans-BoldItalic"
    )


def printable(text: str) -> str:
    """Text in letters that the typeface has, `MISSING` for each that it lacks; what does not show is left out."""
    register_fonts()
    known = pdfmetrics.getFont("Sans").face.charToGlyph
    return "".join(_letter(c, known) for c in unicodedata.normalize("NFC", text))


def _letter(character: str, known: Any) -> str:
    if character.isspace():
        return " "
    kind = unicodedata.category(character)
    if kind in ("Cc", "Cf", "Co", "Cs", "Cn"):
        return ""
    if ord(character) in known:
        return character
    # An accent or a vowel sign that stands alone belongs to the letter before, which has its box.
    return "" if kind.startswith("M") else MISSING


def column_widths(cells: Sequence[Sequence[Paragraph]], width: float) -> list[float]:
    """Widths in which no word is broken, if there is room: columns with much text share what the others leave."""
    columns = list(zip(*cells, strict=True))
    longest = [max(_natural(cell) for cell in column) for column in columns]
    least = [max(NARROWEST, *(cell.minWidth() + 2 * CELL_PADDING + 1 for cell in column)) for column in columns]
    spare = width - sum(least)
    if spare < 0:
        return _squeezed(least, width)
    wanted = [max(0.0, long - small) for long, small in zip(longest, least, strict=True)]
    whole = sum(wanted)
    if whole == 0:
        return [small + spare / len(least) for small in least]
    # Short columns get all they want, so that dates and names stay on one line.
    given = _shared(wanted, spare)
    return [small + extra for small, extra in zip(least, given, strict=True)]


def _squeezed(least: Sequence[float], width: float) -> list[float]:
    """Widths where words must be broken: the narrow columns keep theirs, the widest give way."""
    return _shared(least, width, to_last=False)


def _shared(wanted: Sequence[float], spare: float, to_last: bool = True) -> list[float]:
    """So much for each, the smallest wishes met first; what is left over goes to the last."""
    given = [0.0] * len(wanted)
    left = spare
    for place, index in enumerate(sorted(range(len(wanted)), key=lambda n: wanted[n])):
        given[index] = min(wanted[index], left / (len(wanted) - place))
        left -= given[index]
    given[-1] += left if to_last else 0.0
    return given


def _natural(cell: Paragraph) -> float:
    """The width of a cell's text on one line."""
    style = cell.style
    width = sum(pdfmetrics.stringWidth(part.text, style.fontName, style.fontSize) for part in cell.frags)
    return float(width) + 2 * CELL_PADDING + 2


def ruled_table(cells: Sequence[Sequence[Paragraph]], width: float, above: float, **more: Any) -> Table:
    """A table whose first row is its head, on each page again; `above` is the room over the text of a cell."""
    table = Table(cells, colWidths=column_widths(cells, width), repeatRows=1, spaceBefore=3, spaceAfter=6, **more)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), HEAD),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [HexColor("#ffffff"), SHADE]),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), CELL_PADDING),
                ("RIGHTPADDING", (0, 0), (-1, -1), CELL_PADDING),
                ("TOPPADDING", (0, 0), (-1, -1), above),
                ("BOTTOMPADDING", (0, 0), (-1, -1), above + 0.5),
            ]
        )
    )
    return table


class NumberedCanvas(Canvas):  # type: ignore[misc]
    """A canvas that draws what surrounds each page when it knows how many there are.

    `frame` is handed the canvas, the number of the page and how many there are.
    """

    def __init__(self, frame: Callable[[Canvas, int, int], None], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._draw_frame = frame
        self._states: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._states.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._states, 1):
            self.__dict__.update(state)
            self._draw_frame(self, number, len(self._states))
            super().showPage()
        super().save()
