"""A post-mortem set as a PDF: the same source gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
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

from monitoring.reports.typesetting import (
    ACCENT,
    INK,
    MUTED,
    RULE,
    SHADE,
    NumberedCanvas,
    register_fonts,
    ruled_table,
)
from sample_library.markup import Block, Source

COMPANY = "Northwharf Grocery · Site Reliability"
MARGIN = 21 * mm
WIDTH = A4[0] - 2 * MARGIN
ROOM_BELOW_HEADING = 80.0


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


def typeset(sources: Sequence[Source]) -> bytes:
    """One PDF of these documents, each beginning on a page of its own; headers are those of the first."""
    register_fonts()
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
    document.build(story, canvasmaker=partial(NumberedCanvas, _frame(meta)))
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
    return ruled_table(cells, WIDTH, 3)


def _frame(meta: Mapping[str, str]) -> Callable[[Canvas, int, int], None]:
    """What surrounds the pages of a document."""

    def draw(canvas: Canvas, number: int, count: int) -> None:
        width, height = A4
        canvas.setFont("Sans", 8.5)
        canvas.setFillColor(MUTED)
        canvas.drawString(MARGIN, height - 15 * mm, f"{meta['id']} · {meta['title']}")
        canvas.drawRightString(width - MARGIN, height - 15 * mm, meta["date"])
        canvas.setStrokeColor(RULE)
        canvas.line(MARGIN, height - 17.5 * mm, width - MARGIN, height - 17.5 * mm)
        canvas.drawString(MARGIN, 12 * mm, f"{COMPANY} · internal")
        canvas.drawRightString(width - MARGIN, 12 * mm, f"Page {number} of {count}")

    return draw
