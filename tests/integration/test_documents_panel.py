"""The panel Documents as Streamlit runs it: asked, a citation opened, files added and taken out, nothing there yet."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from monitoring.document_types import Document
from monitoring.errors import StoreUnavailable
from monitoring.platform import MonitoringPlatform
from monitoring.ui.page.desk import Desk
from tests.browser.stage import ROOT, database, desk_for, platform_with, settings_for
from tests.integration.panel_stage import panel, said, without_database
from tests.integration.pdf_files import pdf

SAMPLES = ("pm-2025-03-clickhouse-too-many-parts.pdf", "pm-2026-01-keeper-quorum-lost.pdf", "runbooks/consumer-lag.md")
QUESTION = "What fixed the ClickHouse too many parts incident?"
ODD = "<img src=x onerror=alert(1)> $x$ :smile: **b**"
PDF = "application/pdf"


@pytest.fixture(scope="module")
def platform(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringPlatform]:
    folder: Path = tmp_path_factory.mktemp("documents")
    shelf = folder / "shelf"
    for name in SAMPLES:
        (shelf / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "data" / name, shelf / name)
    (shelf / "cut.pdf").write_bytes(b"%PDF-1.4 and no more")
    with database(server_url) as url:
        settings = settings_for(url, folder, DOCUMENT_FOLDERS=str(shelf), DOCUMENT_BYTES=str(2 << 20))
        with platform_with(settings, "healthy", hours=0) as opened:
            opened.documents.library.index()
            yield opened


@pytest.fixture
def desk(platform: MonitoringPlatform) -> Iterator[Desk]:
    """The desk; what a test uploads is gone after it."""
    yield desk_for(platform)
    for one in platform.operations.documents():
        if one.uploaded:
            platform.operations.remove_document(one.id)


def named(desk: Desk, name: str) -> Document:
    return next(one for one in desk.operations.documents() if one.name == name)


def press(app: AppTest, label: str, key: str = "") -> AppTest:
    next(one for one in app.button if one.label == label and str(one.key or "").startswith(key)).click().run()
    assert not app.exception
    return app


def asked(desk: Desk, question: str) -> AppTest:
    app = panel(desk, "documents")
    app.text_input(key="documents-question").set_value(question)
    return press(app, "Ask")


def upload(desk: Desk, *files: tuple[str, bytes]) -> AppTest:
    app = panel(desk, "documents")
    app.file_uploader[0].set_value([(name, content, PDF) for name, content in files]).run()
    assert not app.exception
    return app


class TestAsking:
    def test_an_answer_stands_with_its_citations_and_who_worded_it(self, desk: Desk) -> None:
        told = said(asked(desk, QUESTION))
        assert "fewer and larger inserts" in told
        assert "pm-2025-03-clickhouse-too-many-parts.pdf, page 2" in told
        assert "In the documents' own words" in told.replace("\\", "")

    def test_a_citation_opens_its_page_and_one_turns_on_from_there(self, desk: Desk) -> None:
        app = press(asked(desk, QUESTION), "Open page 2")
        document = named(desk, SAMPLES[0])
        assert app.query_params["document"] == str(document.id)
        assert app.query_params["page"] == "2"
        assert f"page 2 of {document.pages}" in said(app)
        assert "What the answer rests on" in said(app)
        (picture,) = app.get("image")
        assert picture.proto.imgs[0].alt == f"{SAMPLES[0]}, page 2 as it is printed"
        assert f"page 3 of {document.pages}" in said(press(app, "Next"))
        assert "Next" not in [button.label for button in app.button]

    def test_what_the_documents_do_not_say_is_said_to_be_so(self, desk: Desk) -> None:
        app = asked(desk, "What caused the Cassandra compaction storm in the Kafka cluster?")
        assert "The documents don't say." in said(app)
        assert "Where it says so" not in said(app)
        near = [button for button in app.button if str(button.key).startswith("documents-near")]
        near[0].click().run()
        assert "page 1 of" in said(app)

    def test_nothing_asked_is_told_in_place_and_an_example_asks_at_once(self, desk: Desk) -> None:
        app = asked(desk, "  ")
        assert "A question is expected" in said(app)
        app.button(key="documents-example-0").click().run()
        assert "Where it says so" in said(app)
        assert str(app.text_input(key="documents-question").value).startswith("What fixed “")


class TestOpening:
    def test_a_link_opens_a_page_and_one_beyond_the_last_the_last(self, desk: Desk) -> None:
        document = named(desk, SAMPLES[0])
        app = panel(desk, "documents", document=str(document.id), page="999999")
        assert f"page {document.pages} of {document.pages}" in said(app)
        assert "What the answer rests on" not in said(app)

    def test_a_text_is_shown_as_it_is_written(self, desk: Desk) -> None:
        app = panel(desk, "documents", document=str(named(desk, SAMPLES[2]).id))
        assert app.code[0].value.startswith("# ")

    @pytest.mark.parametrize("wrong", ["0", "-1", "x", "9" * 30, "<b>"])
    def test_a_document_that_is_none_is_told_and_leaves_the_address(self, desk: Desk, wrong: str) -> None:
        app = panel(desk, "documents", document=wrong)
        assert "not there any more" in app.toast[0].value
        assert "document" not in app.query_params


class TestLibrary:
    def test_each_document_says_how_it_stands_and_one_that_is_broken_what_to_do(self, desk: Desk) -> None:
        told = said(panel(desk, "documents"))
        assert "Library · 3" in told
        assert told.index("It is broken or cut short: fetch it again or save it anew.") < told.index("3 pages · ")

    def test_files_are_read_at_once_and_each_that_cannot_be_says_why(self, desk: Desk) -> None:
        app = upload(
            desk,
            (f"{ODD.replace('/', '')}.pdf".replace(":", ""), pdf(title=escape(ODD))),
            ("torn.pdf", pdf()[:700]),
            ("locked.pdf", pdf(password="x")),
            ("..hidden.pdf", pdf(title="Hidden")),
        )
        told = said(app).replace("\\", "")
        assert "was read: 2 pages" in told
        assert "torn.pdf is broken or cut short" in told
        assert "locked.pdf is encrypted: save it without its password." in told
        assert "..hidden.pdf: A document's name is that of a file" in told
        assert "<img" not in "".join(element.proto.body for element in app.get("html"))
        assert "&lt;img src=x" in said(app)
        assert len([one for one in desk.operations.documents() if one.uploaded]) == 1

    def test_what_is_known_already_is_said_to_be(self, desk: Desk) -> None:
        content = (ROOT / "data" / SAMPLES[0]).read_bytes()
        told = said(upload(desk, ("again.pdf", content))).replace("\\", "")
        assert f"again.pdf has the same bytes as {SAMPLES[0]}, which is here already." in told

    def test_one_is_removed_after_a_second_press_and_answers_no_more(self, desk: Desk) -> None:
        app = upload(desk, ("zebra.pdf", pdf("Zebra striping outage", [("Resolution", "The zebra was fed hay.")])))
        key = f"document-gone-{named(desk, 'zebra.pdf').id}"
        assert "It was uploaded and is deleted for good." in said(app)
        app.button(key=key).click().run()
        assert "zebra.pdf was removed." in said(app).replace("\\", "")
        assert all(one.name != "zebra.pdf" for one in desk.operations.documents())

    def test_without_documents_it_says_what_to_put_where(self, server_url: str, tmp_path: Path) -> None:
        with database(server_url) as url:
            settings = settings_for(url, tmp_path, DOCUMENT_FOLDERS=str(tmp_path / "none"))
            with platform_with(settings, "healthy", hours=0) as empty:
                app = panel(desk_for(empty), "documents")
        assert "No documents yet" in said(app)
        assert str(tmp_path / "none") in said(app)
        assert not app.text_input

    def test_without_the_database_it_says_so(self, desk: Desk) -> None:
        gone = without_database(desk, StoreUnavailable("connection refused at 10.0.0.1"))
        told = said(panel(gone, "documents"))
        assert "The database does not answer" in told
        assert "10.0.0.1" not in told
