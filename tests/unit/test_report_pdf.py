"""The PDF of a report: text, headings and tables that our own reader understands, series as vectors, any name."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from monitoring.documents.passages import passages_of
from monitoring.documents.pdf import read_pdf
from monitoring.metrics import Window
from monitoring.reports.composing import Kin, Record, composed
from monitoring.reports.drawing import label, levels, moments
from monitoring.reports.pdf import as_pdf
from monitoring.reports.typesetting import MISSING, printable
from platform_metrics_definition import CATALOGUE
from tests.unit.test_incident_report import MINUTE, START, chart, event, incident


def made(*events: dict[str, Any], **given: Any) -> bytes:
    changes = given.pop("incident", {})
    record = Record(incident(**changes), list(events) or [event()], **given)
    return as_pdf(composed(CATALOGUE, START + 20 * MINUTE, record))


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


def kinds_of(content: bytes) -> list[int]:
    """What the pages are made of."""
    return [thing.type for page in pypdfium2.PdfDocument(content) for thing in page.get_objects()]


def test_our_own_reader_finds_its_sections_and_the_rows_of_its_tables() -> None:
    kin = Kin("Too many parts", "Inserts were too small. [parts.pdf, p. 1]")
    passages = passages_of(list(read_pdf(made(charts=[chart()], kin=[kin]))))
    by_heading = {passage.heading.rpartition(" > ")[2]: passage for passage in passages}
    title = by_heading["Timeline"].heading.partition(" > ")[0]
    assert title.startswith("Incident 7: ")
    assert title.endswith("(2026-03-04)")
    assert by_heading["Timeline"].section == "timeline"
    assert "2026-03-04T09:01:00Z | clickhouse ch-1/orders max_parts_per_partition fires" in by_heading["Timeline"].text
    head, row = by_heading["Numbers"].text.split("\n")[:2]
    assert head == "series | type | value | worst | usual or limit | lasted"
    assert row.endswith("| threshold | 1840 parts | 1900.5 parts | > 300 for 5 min | 10 min")
    assert "[parts.pdf, p. 1]" in by_heading["Too many parts"].text
    assert not [heading for heading in by_heading if heading.startswith(("Impact", "Root cause", "Lessons", "Action"))]


def test_series_are_drawn_as_vectors() -> None:
    without, drawn = kinds_of(made()), kinds_of(made(charts=[chart(), chart(root=False)]))
    assert drawn.count(pdfium.FPDF_PAGEOBJ_PATH) > without.count(pdfium.FPDF_PAGEOBJ_PATH) + 20
    assert pdfium.FPDF_PAGEOBJ_IMAGE not in drawn
    text = text_of(made(charts=[chart()]))
    assert "warning above 300 parts" in text
    assert "usually 5 to 15 parts" in text


def test_the_same_report_has_the_same_bytes_and_carries_its_typeface() -> None:
    content = made(charts=[chart()])
    assert content == made(charts=[chart()])
    assert b"SourceSansPro" in content
    assert b"/FontFile2" in content


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("订单", MISSING * 2),
        ("الطلبات", MISSING),
        ("🔥orders🔥", f"{MISSING}orders{MISSING}"),
        ("заказы-Ωμέγα", "заказы-Ωμέγα"),
        ("Zürich·Łódź", "Zürich·Łódź"),
        ("<b>&amp;<para>", "<b>&amp;<para>"),
        ('<img src="x"/><font color="red">', '<img src="x"/><font color="red">'),
        ("a\u202eb\x00c\x1b[31m", "abc[31m"),
        ("e\u0301te\u0301", "été"),
        ("x" * 5_000, "x" * 20),
        ("\ud800", "clickhouse"),
    ],
)
def test_a_name_of_any_letters_is_shown_or_has_its_boxes(name: str, shown: str) -> None:
    drawn = [chart(limits=[])]
    content = made(event(instance=name, why=name), charts=drawn, incident={"root_instance": name})
    assert shown in text_of(content)
    assert (f"{MISSING} stands for a letter" in text_of(content)) is (MISSING in printable(name))


def test_a_note_is_told_whole_and_goes_on_over_the_page_where_it_must() -> None:
    words = " ".join(f"W{n}W" for n in range(600))
    text = text_of(made(notes=[{"at": START, "author": "anna", "text": words}]))
    assert words.split()[-1] in text
    wide = [{"at": START, "author": "anna", "text": "W" * 4_000}, {"at": START, "author": "bob", "text": "W " * 2_000}]
    assert "bob noted" in text_of(made(notes=wide))


def test_long_notes_are_cut_rather_than_filling_pages() -> None:
    notes = [{"at": START + n * MINUTE, "author": "anna", "text": "x " * 50_000} for n in range(12)]
    content = made(notes=notes)
    assert len(pypdfium2.PdfDocument(content)) < 20
    assert "x…" in text_of(content)


def test_simulated_figures_are_called_so_on_every_page() -> None:
    document = pypdfium2.PdfDocument(made(demo=True))
    assert len(document) > 1
    assert all("DEMO DATA" in page.get_textpage().get_text_bounded() for page in document)


@pytest.mark.parametrize("value", [0.0, -5.0, 1e-9, 1e15])
def test_a_series_that_never_moves_is_drawn_all_the_same(value: float) -> None:
    flat = chart(usual=[], limits=[])
    spots = [spot._replace(mean=value, low=value, high=value) for spot in flat.spots]
    one = type(flat)(flat.title, flat.unit, flat.window, spots[:1], began=START, ended=START)
    assert made(charts=[type(flat)(flat.title, flat.unit, flat.window, spots), one]).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("high", "unit", "labels"),
    [
        (330.0, "s", ["0 s", "2 min", "4 min"]),
        (318_000.0, "ms", ["0 ms", "2 min", "4 min"]),
        (3_180.0, "parts", ["0", "1,000", "2,000", "3,000"]),
        (1.06, "ratio 0-1", ["0 %", "50 %", "100 %"]),
        (0.4, "s", ["0 s", "200 ms", "400 ms"]),
    ],
)
def test_an_axis_has_a_few_round_values(high: float, unit: str, labels: list[str]) -> None:
    assert [label(value, unit) for value in levels(0.0, high, unit)] == labels


def test_a_window_has_a_few_round_times() -> None:
    hours = type(chart())("", "", Window(START, START + 5 * 60 * MINUTE), ())
    assert [words for _, words in moments(hours)] == ["09:00", "10:00", "11:00", "12:00", "13:00"]
    days = type(chart())("", "", Window(START, START + 40 * 24 * 60 * MINUTE), ())
    assert 2 <= len(list(moments(days))) <= 7
