"""PDF files made for the tests: post-mortems, and all that can be wrong with a file."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

Part = tuple[str, str | Sequence[Sequence[str]]]
"""A heading, and the text or the table under it; an empty heading begins a new page."""

POST_MORTEM: tuple[Part, ...] = (
    ("Summary", "Inserts into orders were rejected for 47 minutes with TOO_MANY_PARTS (Code: 252)."),
    (
        "Timeline",
        (
            ("Time (UTC)", "What happened", "Who"),
            ("02:14", "max_parts_per_partition on ch-2 passed 300", "monitor"),
            ("02:31", "Inserts into orders were rejected, the sink of the job went into back-pressure", "Ines"),
        ),
    ),
    ("", ""),
    ("Root cause", "Release 4.2 of orders-enrich wrote blocks of 40 rows, so merges could not keep up."),
    ("Resolution", "The buffer of the sink was put back to 50,000 rows and inserts paused until merges caught up."),
)


def pdf(
    title: str = "ClickHouse: too many parts", parts: Sequence[Part] = POST_MORTEM, password: str | None = None
) -> bytes:
    """A document of a title, headings, paragraphs and tables."""
    styles = getSampleStyleSheet()
    flow: list[object] = [Paragraph(title, styles["Title"])]
    for heading, body in parts:
        if not heading:
            flow.append(PageBreak())
            continue
        flow.append(Paragraph(heading, styles["Heading2"]))
        if isinstance(body, str):
            flow.append(Paragraph(body, styles["BodyText"]))
        else:
            cells = [[Paragraph(cell, styles["BodyText"]) for cell in row] for row in body]
            flow.append(Table(cells, colWidths=[70, 280, 80], style=[("VALIGN", (0, 0), (-1, -1), "TOP")]))
    made = io.BytesIO()
    encrypt = StandardEncryption(password) if password else None
    SimpleDocTemplate(made, pagesize=A4, encrypt=encrypt, title=title).build(flow)
    return made.getvalue()


def scanned(pages: int = 3) -> bytes:
    """Pages that show something and hold no text."""
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=A4)
    for _ in range(pages):
        canvas.rect(100, 100, 300, 400, fill=1)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


SMALL_BLOCKS = "Merges of the table orders were slow because inserts came in small blocks."


def long(pages: int, lines: int = 40, words: str = SMALL_BLOCKS) -> bytes:
    """Many pages of text."""
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=A4)
    for number in range(1, pages + 1):
        text = canvas.beginText(60, 780)
        for line in range(lines):
            text.textLine(f"{words} Page {number}, line {line}.")
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def endless(repeats: int = 60_000) -> bytes:
    """One small file whose one page takes very long: it draws the same form over and over."""
    form = b"BT /F1 1 Tf 1 0 0 1 10 10 Tm (" + b"a" * 400 + b") Tj ET " * 20
    stream = b"/X Do " * repeats
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        b"/Resources << /Font << /F1 6 0 R >> /XObject << /X 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /Font << /F1 6 0 R >> >> /Length %d >>"
        b"\nstream\n%s\nendstream" % (len(form), form),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    return _assembled(objects)


def _assembled(objects: Sequence[bytes]) -> bytes:
    body = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + table + tail


def damaged(seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """A hundred files named .pdf that are none, or were one: random, cut short, with bytes changed or moved."""
    chance = random.Random(seed)
    whole = pdf()
    for number in range(25):
        yield f"random-{number}.pdf", chance.randbytes(chance.randrange(1, 20_000))
        yield f"cut-{number}.pdf", whole[: chance.randrange(1, len(whole) - 60)]
        yield f"headed-{number}.pdf", b"%PDF-1.7\n" + chance.randbytes(chance.randrange(1, 5_000))
        torn = bytearray(whole)
        for _ in range(200):
            torn[chance.randrange(len(torn))] = chance.randrange(256)
        yield f"torn-{number}.pdf", bytes(torn)
