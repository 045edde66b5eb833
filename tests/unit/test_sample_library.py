"""The sample library: sources become PDFs, always the same ones, and those in `data/` are what the sources build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2
import pytest

from monitoring.errors import InvalidInput
from platform_metrics_definition import CATALOGUE
from sample_library.build import LIBRARY, SOURCES, main, sources
from sample_library.markup import Block, Source, parse
from sample_library.typesetting import MARGIN, WIDTH, typeset

FRONT = "---\nid: PM-1\ntitle: A title\ndate: 2026-01-02\n---\n"
NAMES = sorted(f"{path.stem}.pdf" for path in SOURCES.glob("*.md"))
SECTIONS = ("Summary", "Impact", "Detection", "Timeline", "Root cause", "Resolution", "What did not help")
SECTIONS_AFTER = ("Action items", "Lessons", "Metrics seen")


@pytest.fixture(scope="module")
def written() -> dict[str, Source]:
    return sources()


@pytest.fixture(scope="module")
def built(written: dict[str, Source]) -> dict[str, bytes]:
    return {name: typeset([source]) for name, source in written.items()}


def page_texts(content: bytes) -> list[str]:
    with closing(pypdfium2.PdfDocument(content)) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def blocks(markdown: str) -> tuple[Block, ...]:
    return parse(FRONT + markdown).blocks


def metrics_seen(source: Source) -> Iterator[str]:
    """What the last table of a document names in its first column."""
    for first, *_ in source.blocks[-1].rows[1:]:
        yield from re.findall(r"<font[^>]*>(\w+)</font>", first)


def test_there_are_eight_post_mortems() -> None:
    assert len(NAMES) == 8


def test_every_source_is_built_and_nothing_else_is_a_pdf_there() -> None:
    assert sorted(path.name for path in LIBRARY.glob("*.pdf")) == NAMES


@pytest.mark.parametrize("name", NAMES)
class TestDocument:
    def test_says_what_its_source_builds(self, name: str, built: dict[str, bytes]) -> None:
        assert page_texts((LIBRARY / name).read_bytes()) == page_texts(built[name]), (
            "a source has changed: run python -m sample_library.build and commit the PDFs"
        )

    def test_is_built_the_same_again(self, name: str, written: dict[str, Source], built: dict[str, bytes]) -> None:
        assert typeset([written[name]]) == built[name]

    def test_has_two_to_four_pages_each_with_its_id_and_number(self, name: str, built: dict[str, bytes]) -> None:
        pages = page_texts(built[name])
        number = "-".join(name.split("-")[:3]).upper()
        assert 2 <= len(pages) <= 4
        for place, text in enumerate(pages, 1):
            assert number in text
            assert f"Page {place} of {len(pages)}" in text

    def test_keeps_within_its_margins(self, name: str, built: dict[str, bytes]) -> None:
        with closing(pypdfium2.PdfDocument(built[name])) as document:
            for page in document:
                text = page.get_textpage()
                boxes = [text.get_rect(n) for n in range(text.count_rects())]
                assert min(left for left, _, _, _ in boxes) >= MARGIN - 1
                assert max(right for _, _, right, _ in boxes) <= MARGIN + WIDTH + 1

    def test_has_the_sections_of_a_post_mortem_and_a_timeline(self, name: str, written: dict[str, Source]) -> None:
        found = written[name].blocks
        headings = [block.text for block in found if block.kind == "heading"]
        assert [heading for heading in headings if heading in SECTIONS] == list(SECTIONS)
        assert set(SECTIONS_AFTER) <= set(headings)
        timeline = found[next(n for n, block in enumerate(found) if block.text == "Timeline") + 1]
        assert timeline.rows[0] == ("Time (UTC)", "What happened")
        assert len(timeline.rows) > 8

    def test_names_metrics_that_there_are(self, name: str, written: dict[str, Source]) -> None:
        named = {metric for metric in metrics_seen(written[name]) if "_" in metric}
        assert len(named) >= 5
        assert named <= {metric.name for metric in CATALOGUE}


def test_the_command_writes_the_library(tmp_path: Path, built: dict[str, bytes]) -> None:
    assert main(["--to", str(tmp_path / "made")]) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()} == built


def test_the_command_tells_why_it_could_not_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["--to", str(tmp_path / "file")]) == 1
    assert "was not built" in capsys.readouterr().err


def test_several_sources_in_one_file_begin_on_pages_of_their_own() -> None:
    first, second = parse(FRONT + "First."), parse(FRONT + "Second.")
    pages = page_texts(typeset([first, second]))
    assert ["First." in pages[0], "Second." in pages[1], len(pages)] == [True, True, 2]


@pytest.mark.parametrize("text", ["No front matter.", "---\nid: PM-1\n", "---\nid: PM-1\ntitle: A title\n---\nText."])
def test_front_matter_that_lacks_a_field_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="date"):
        parse(text)


def test_a_source_that_is_not_right_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.md").write_text("nothing")
    with pytest.raises(InvalidInput, match=r"odd\.md"):
        sources(tmp_path)


def test_items_of_lists_keep_their_bullets_and_numbers() -> None:
    found = blocks("- one\n- two\n\ntext\n\n3. three\n4. four\n")
    assert [(block.kind, block.label) for block in found] == [
        ("bullet", "•"),
        ("bullet", "•"),
        ("text", ""),
        ("bullet", "3."),
        ("bullet", "4."),
    ]


def test_what_looks_like_markup_is_shown_as_it_is() -> None:
    assert blocks("a < b & `Map<K, V>`")[0].text.startswith("a &lt; b &amp; <font")
    assert "Map&lt;K, V&gt;" in blocks("a < b & `Map<K, V>`")[0].text


def test_code_keeps_its_lines_and_tables_their_cells() -> None:
    code, table = blocks("```sql\nSELECT 1\n  FROM x;\n```\n\n| A | B |\n| --- | --- |\n| 1 | `x \\| y` |\n")
    assert code == Block("code", "SELECT 1\n  FROM x;")
    assert table.rows[0] == ("A", "B")
    assert "x | y" in table.rows[1][1]
