"""A report as a PDF: headings, tables and paragraphs that can be read back, and the series drawn.

ReportLab is imported with this module: import it where a PDF is made, not where the program starts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache, partial, singledispatchmethod
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from monitoring.contract import iso
from monitoring.errors import TooMuchAtOnce
from monitoring.reports import parts
from monitoring.reports.drawing import COURSE, LIMITS, ChartDrawing
from monitoring.reports.markdown import edges, said_usual
from monitoring.reports.typesetting import (
    INK,
    MISSING,
    MUTED,
    RULE,
    NumberedCanvas,
    printable,
    register_fonts,
    ruled_table,
)
from monitoring.wording import quantity, ranged

PRODUCT = "Platform Monitoring Chatbot"
MARGIN = 20 * mm
WIDTH = A4[0] - 2 * MARGIN
ALERT = HexColor("#b42318")
ROOM_BELOW_HEADING = 80.0
LINE = 20.0
WAIT_SECONDS = 20.0
"""How long a PDF waits for others that are being made: one at a time leaves the other cores to questions."""


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, **{"fontName": "Sans", "fontSize": size, "leading": leading, "textColor": INK, **more})


# Cells are as large as text: readers tell headings by letters that are larger than the usual ones.
STYLES = {
    "title": _style("title", 20, 24, fontName="Sans-Bold", spaceAfter=6),
    "banner": _style("banner", 9.5, 13, fontName="Sans-Bold", textColor=ALERT, spaceAfter=6),
    "heading": _style("heading", 13.5, 17, fontName="Sans-Bold", spaceBefore=12, spaceAfter=5),
    "blank": _style("blank", 11.5, 14, fontName="Sans-Bold", spaceBefore=8, spaceAfter=2),
    "chart": _style("chart", 9.5, 12, fontName="Sans-Bold", spaceBefore=7),
    "text": _style("text", 9.5, 13, spaceAfter=5),
    "strong": _style("strong", 9.5, 13, fontName="Sans-Bold", spaceAfter=5),
    "bullet": _style("bullet", 9.5, 13, spaceAfter=3, leftIndent=16, bulletIndent=1, bulletFontName="Sans"),
    "cell": _style("cell", 9, 11.4),
    "head": _style("head", 9, 11.4, fontName="Sans-Bold"),
    "fact": _style("fact", 9, 11.4, textColor=MUTED),
}


def as_pdf(report: parts.Report) -> bytes:
    """The report as a PDF, the same bytes for the same report; raises `TooMuchAtOnce`."""
    if not _one_at_a_time().acquire(timeout=WAIT_SECONDS):
        raise TooMuchAtOnce("Other reports are being made; ask for this one again in a moment.")
    try:
        return _Sheet().of(report)
    finally:
        _one_at_a_time().release()


@cache
def _one_at_a_time() -> threading.Lock:
    return threading.Lock()


class _Sheet:
    """Turns parts into what is set on pages; `lacking` tells whether a character was missing in the typeface."""

    def __init__(self) -> None:
        register_fonts()
        self.lacking = False

    def of(self, report: parts.Report) -> bytes:
        story = [
            self._paragraph(report.title, "title"),
            *([self._paragraph(report.banner, "banner")] if report.banner else []),
            *(flowable for part in report.head for flowable in self.set(part)),
            HRFlowable(width="100%", thickness=0.8, color=RULE, spaceBefore=5, spaceAfter=2),
            *(flowable for section in report.sections for flowable in self._section(section)),
        ]
        if self.lacking:
            story.append(self._paragraph(f"{MISSING} stands for a letter that this typeface lacks.", "text"))
        buffer = BytesIO()
        # Without `invariant` the moment of writing would be in the file.
        document = BaseDocTemplate(
            buffer, pagesize=A4, title=printable(report.title), author=PRODUCT, creator=PRODUCT, lang="en", invariant=1
        )
        frame = Frame(
            MARGIN, 19 * mm, WIDTH, A4[1] - 41 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
        )
        document.addPageTemplates(PageTemplate("page", [frame]))
        document.build(story, canvasmaker=partial(NumberedCanvas, _frame(report)))
        return buffer.getvalue()

    def _section(self, section: parts.Section) -> list[Flowable]:
        flowables = [flowable for part in section.parts for flowable in self.set(part)]
        return [CondPageBreak(ROOM_BELOW_HEADING), self._paragraph(section.title, "heading"), *flowables]

    @singledispatchmethod
    def set(self, part: parts.Part) -> list[Flowable]:
        """A part as what is set below one another."""
        raise TypeError(f"A report has no part of the kind {type(part).__name__}.")

    @set.register
    def _(self, part: parts.Words) -> list[Flowable]:
        return [self._paragraph(part.text, "strong" if part.strong else "text")]

    @set.register
    def _(self, part: parts.Points) -> list[Flowable]:
        marks = (f"{place}." if part.numbered else "•" for place in range(1, len(part.items) + 1))
        return [
            Paragraph(self._markup(item), STYLES["bullet"], bulletText=mark)
            for mark, item in zip(marks, part.items, strict=True)
        ]

    @set.register
    def _(self, part: parts.Facts) -> list[Flowable]:
        cells = [[self._paragraph(name, "fact"), self._paragraph(value, "cell")] for name, value in part.pairs]
        table = Table(cells, colWidths=[72, WIDTH - 72], hAlign="LEFT", spaceAfter=7)
        padding = [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
        table.setStyle(TableStyle([*padding, ("LEFTPADDING", (0, 0), (0, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
        return [table]

    @set.register
    def _(self, part: parts.Moments) -> list[Flowable]:
        return self.set(
            parts.Table(("time (UTC)", "what happened"), [(str(iso(at)), words) for at, words in part.rows])
        )

    @set.register
    def _(self, part: parts.Table) -> list[Flowable]:
        cells = [[self._paragraph(name, "head") for name in part.head]]
        cells += [[self._paragraph(text, "cell") for text in row] for row in part.rows]
        # A note may be longer than a page.
        return [ruled_table(cells, WIDTH, 2.5, splitInRow=1)]

    @set.register
    def _(self, part: parts.Charts) -> list[Flowable]:
        if not part.rows:
            return []
        window = part.rows[0].window
        told = (
            f"From {iso(window.start)} to {iso(window.end)}, UTC. The line is the mean of a stretch, its shadow the "
            "lowest and highest; green is what is usual, dashed a threshold, red the time of the anomaly."
        )
        return [self._paragraph(told, "text"), *(self._chart(chart) for chart in part.rows)]

    def _chart(self, chart: parts.Chart) -> Flowable:
        title = f"{chart.title}{' (root)' if chart.root else ''}"
        usual = said_usual(chart)
        keys = [
            f'<font color="{_hex(COURSE)}">—</font> {self._markup(ranged(*_said(chart)))}',
            *([self._markup(f"usually {usual}")] if usual else []),
            *(
                f'<font color="{_hex(LIMITS[limit.severity])}">- -</font> {self._markup(limit.words)}'
                for limit in chart.limits
            ),
        ]
        caption = Paragraph("; ".join(keys), STYLES["fact"])
        return KeepTogether([self._paragraph(title, "chart"), caption, Spacer(1, 3), ChartDrawing(chart)])

    @set.register
    def _(self, part: parts.Blank) -> list[Flowable]:
        rules = [HRFlowable(width="100%", thickness=0.5, color=RULE, spaceBefore=LINE, spaceAfter=0)] * part.lines
        return [KeepTogether([self._paragraph(part.title, "blank"), *rules])]

    def _paragraph(self, text: str, style: str) -> Paragraph:
        return Paragraph(self._markup(text), STYLES[style])

    def _markup(self, text: str) -> str:
        """Text without meaning to ReportLab's markup."""
        shown = printable(text)
        self.lacking = self.lacking or MISSING in shown
        return escape(shown)


def _said(chart: parts.Chart) -> Sequence[str]:
    return [quantity(edge, chart.unit) for edge in edges(chart)]


def _hex(color: Any) -> str:
    return f"#{color.hexval()[2:]}"


def _frame(report: parts.Report) -> Callable[[Canvas, int, int], None]:
    """What surrounds the pages: what it is, when it was made, what must not be overlooked, the number of the page."""
    title = _shortened(printable(report.title), WIDTH - 130)
    made = f"as of {iso(report.made_at)}"
    banner = f" · {printable(report.banner.partition(':')[0])}" if report.banner else ""

    def draw(canvas: Canvas, number: int, count: int) -> None:
        width, height = A4
        canvas.setFont("Sans", 8)
        canvas.setFillColor(MUTED)
        canvas.drawString(MARGIN, height - 14 * mm, title)
        canvas.drawRightString(width - MARGIN, height - 14 * mm, made)
        canvas.setStrokeColor(RULE)
        canvas.line(MARGIN, height - 16.5 * mm, width - MARGIN, height - 16.5 * mm)
        canvas.drawString(MARGIN, 11 * mm, f"{PRODUCT}{banner}")
        canvas.drawRightString(width - MARGIN, 11 * mm, f"Page {number} of {count}")

    return draw


def _shortened(text: str, width: float) -> str:
    while stringWidth(text, "Sans", 8) > width:
        text = f"{text[:-2]}…"
    return text
