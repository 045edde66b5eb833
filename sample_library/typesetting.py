"""A post-mortem set as a PDF: the same source gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import font_source_sans_pro
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    PageBreak,
    PageTemplate,
    Paragraph,
    Preformatted,
    Table,
    TableStyle,
)

from sample_library.markup import Block, Source

COMPANY = "Northwharf Grocery · Site Reliability"
MARGIN = 21 * mm
WIDTH = A4[0] - 2 * MARGIN
INK, MUTED, ACCENT = HexColor("#1c2733"), HexColor("#5c6b7a"), HexColor("#0b7285")
RULE, SHADE, HEAD = HexColor("#d5dce3"), HexColor("#f5f7f9"), HexColor("#e3ecef")
CELL_PADDING = 4.5
NARROWEST = 22.0
ROOM_BELOW_HEADING = 80.0
_FACES = {"": "Regular", "-Bold": "Semibold", "-Italic": "It", "-BoldItalic": "SemiboldIt"}


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, **{"fontName": "Sans", "fontSize": size, "leading": leading, "textColor": INK, **more})


STYLES = {
    "label": _style("label", 9.5, 12, fontName="Sans-Bold", textColor=ACCENT),
    "title": _style("title", 21, 25, fontName="Sans-Bold", spaceAfter=7),
    "heading": _style("heading", 13.5, 17, fontName="Sans-Bold", spaceBefore=11, spaceAfter=4),
    "text": _style("text", 10, 13.8, spaceAfter=6),
    "bullet": _style(
        "bullet", 10, 13.8, spaceAfter=3.5, leftIndent=14, bulletIndent=1, bulletFontName="Sans", bulletFontSize=10
    ),
    "cell": _style("cell", 9, 11.6),
    "head": _style("head", 9, 11.6, fontName="Sans-Bold"),
    "meta": _style("meta", 9, 11.6, textColor=MUTED),
    "code": _style("code", 8.2, 10.6, fontName="Courier"),
}


@cache
def _fonts() -> None:
    """Tell ReportLab the faces, once a process."""
    folder = Path(font_source_sans_pro.__file__).parent / "files"
    for suffix, face in _FACES.items():
        pdfmetrics.registerFont(TTFont(f"Sans{suffix}", str(folder / f"SourceSansPro-{face}.ttf")))
    pdfmetrics.registerFontFamily(
        "Sans", normal="Sans", bold="Sans-Bold", italic="Sans-Italic", boldItalic="Sans-BoldItalic"
    )


def typeset(sources: Sequence[Source]) -> bytes:
    """One PDF of these documents, each beginning on a page of its own; headers are those of the first."""
    _fonts()
    meta = sources[0].meta
    buffer = BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=f"{meta['id']}: {meta['title']}",
        author=COMPANY,
        # Without this the moment of building would be in the file.
        invariant=1,
    )
    frame = Frame(MARGIN, 20 * mm, WIDTH, A4[1] - 43 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    document.addPageTemplates(PageTemplate("page", [frame]))
    story: list[Flowable] = []
    for source in sources:
        story += [*_opening(source), *_flowables(source.blocks), PageBreak()]
    document.build(story, canvasmaker=lambda *args, **more: _NumberedCanvas(meta, *args, **more))
    return buffer.getvalue()


def _opening(source: Source) -> list[Flowable]:
    """The title with the table of what the front matter says."""
    shown = [(name, value) for name, value in source.meta.items() if name not in ("id", "title")]
    cells = [
        [Paragraph(name.capitalize(), STYLES["meta"]), Paragraph(escape(value), STYLES["cell"])]
        for name, value in shown
    ]
    table = Table(cells, colWidths=[92, WIDTH - 92], hAlign="LEFT")
    padding = [("TOPPADDING", (0, 0), (-1, -1), 1.2), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2)]
    table.setStyle(TableStyle([*padding, ("LEFTPADDING", (0, 0), (0, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    label = f"{source.meta['id']} · {source.meta.get('kind', 'Post-mortem')}"
    return [
        Paragraph(escape(label), STYLES["label"]),
        Paragraph(escape(source.meta["title"]), STYLES["title"]),
        table,
        HRFlowable(width="100%", thickness=0.8, color=RULE, spaceBefore=7, spaceAfter=3),
    ]


def _flowables(blocks: Iterable[Block]) -> list[Flowable]:
    story: list[Flowable] = []
    for block in blocks:
        if block.kind == "table":
            story.append(_table(block.rows))
        elif block.kind == "code":
            story.append(_code(block.text))
        else:
            if block.kind == "heading":
                story.append(CondPageBreak(ROOM_BELOW_HEADING))
            story.append(Paragraph(block.text, STYLES[block.kind], bulletText=block.label or None))
    return story


def _code(text: str) -> Flowable:
    box = Table([[Preformatted(text, STYLES["code"], maxLineLength=98)]], colWidths=[WIDTH], spaceAfter=6)
    box.setStyle(TableStyle([("BACKGROUND", (0, 0), (-1, -1), SHADE), ("LINEBEFORE", (0, 0), (0, -1), 2, ACCENT)]))
    return box


def _table(rows: Sequence[Sequence[str]]) -> Flowable:
    head, *body = rows
    cells = [[Paragraph(text, STYLES["head"]) for text in head]]
    cells += [[Paragraph(text, STYLES["cell"]) for text in row] for row in body]
    table = Table(cells, colWidths=_widths(cells), repeatRows=1, spaceBefore=3, spaceAfter=6)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), HEAD),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [HexColor("#ffffff"), SHADE]),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), CELL_PADDING),
                ("RIGHTPADDING", (0, 0), (-1, -1), CELL_PADDING),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ]
        )
    )
    return table


def _widths(cells: Sequence[Sequence[Paragraph]]) -> list[float]:
    """Widths in which no word is broken: the columns with much text share what the others leave."""
    columns = list(zip(*cells, strict=True))
    longest = [max(_natural(cell) for cell in column) for column in columns]
    least = [max(NARROWEST, *(cell.minWidth() + 2 * CELL_PADDING + 1 for cell in column)) for column in columns]
    spare = WIDTH - sum(least)
    wanted = [max(0.0, width - small) for width, small in zip(longest, least, strict=True)]
    whole = sum(wanted)
    if whole == 0:
        return [small + spare / len(least) for small in least]
    # Short columns get all they want, so that dates and names stay on one line.
    given = _shared(wanted, spare)
    return [small + extra for small, extra in zip(least, given, strict=True)]


def _shared(wanted: Sequence[float], spare: float) -> list[float]:
    """So much for each, the smallest wishes met first, what is left over going to the last."""
    given = [0.0] * len(wanted)
    left = spare
    for place, index in enumerate(sorted(range(len(wanted)), key=lambda n: wanted[n])):
        given[index] = min(wanted[index], left / (len(wanted) - place))
        left -= given[index]
    given[-1] += left
    return given


def _natural(cell: Paragraph) -> float:
    """The width of a cell's text on one line."""
    style = cell.style
    width = sum(pdfmetrics.stringWidth(part.text, style.fontName, style.fontSize) for part in cell.frags)
    return float(width) + 2 * CELL_PADDING + 2


class _NumberedCanvas(Canvas):  # type: ignore[misc]
    """A canvas that writes header and footer when it knows how many pages there are."""

    def __init__(self, meta: Any, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._meta = meta
        self._states: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._states.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._states, 1):
            self.__dict__.update(state)
            self._frame(number, len(self._states))
            super().showPage()
        super().save()

    def _frame(self, number: int, count: int) -> None:
        width, height = A4
        self.setFont("Sans", 8.5)
        self.setFillColor(MUTED)
        self.drawString(MARGIN, height - 15 * mm, f"{self._meta['id']} · {self._meta['title']}")
        self.drawRightString(width - MARGIN, height - 15 * mm, self._meta["date"])
        self.setStrokeColor(RULE)
        self.line(MARGIN, height - 17.5 * mm, width - MARGIN, height - 17.5 * mm)
        self.drawString(MARGIN, 12 * mm, f"{COMPANY} · internal")
        self.drawRightString(width - MARGIN, 12 * mm, f"Page {number} of {count}")
