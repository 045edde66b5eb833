"""The library keeps up with its folders, stores twins once, and finds passages by words, plurals and exact names."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from monitoring.agent.embedding import embedder_of
from monitoring.document_types import IndexReport
from monitoring.errors import InvalidInput, UnknownId
from monitoring.library import Library
from monitoring.moments import utc_now
from monitoring.settings import Settings
from monitoring.store.store import Store, open_store
from tests.integration.api_client import database
from tests.integration.openai_server import Fails, Says, Service, openai_service
from tests.integration.pdf_files import damaged, pdf

pytestmark = pytest.mark.store

KEEPER = """# Keeper lost its quorum

## Root cause
Two of three keeper nodes ran out of disk, error code KEEPER_EXCEPTION (999).

## Resolution
The snapshots were deleted and keeper-2 and keeper-3 restarted one after the other.
"""
PARTITION = """# Network partition between racks

## Root cause
The switch of rack B dropped packets after its firmware was updated.

## Resolution
The firmware was rolled back; the brokers rejoined within four minutes.
"""


def filled(settings: Settings) -> Path:
    """The folder of the settings with a PDF, a Markdown file and, in a folder of its own, a text."""
    (made := settings.document_folders[0]).mkdir()
    (made / "parts.pdf").write_bytes(pdf())
    (made / "keeper.md").write_text(KEEPER)
    (made / "2025").mkdir()
    (made / "2025" / "partition.txt").write_text(PARTITION.replace("# ", "").replace("#", ""))
    return made


@pytest.fixture
def folder(settings: Settings) -> Path:
    return filled(settings)


@pytest.fixture
def library(settings: Settings, folder: Path) -> Iterator[Library]:
    del folder
    with closing(open_store(settings)) as store:
        made = Library(settings, store, utc_now)
        made.index()
        yield made


@pytest.fixture(scope="module")
def asked(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library that is only asked, for all tests that do no more."""
    place = tmp_path_factory.mktemp("asked")
    with database(server_url, place) as settings, closing(open_store(settings)) as store:
        filled(settings)
        made = Library(settings, store, utc_now)
        made.index()
        yield made


def names(library: Library) -> list[str]:
    return [document.name for document in library.documents()]


class TestFolders:
    def test_new_files_are_read_and_unchanged_ones_are_not_read_again(self, library: Library) -> None:
        assert names(library) == ["2025/partition.txt", "keeper.md", "parts.pdf"]
        assert library.index() == IndexReport(unchanged=3)

    def test_what_changed_is_read_again_and_what_vanished_is_dropped(self, library: Library, folder: Path) -> None:
        (folder / "keeper.md").write_text(KEEPER.replace("restarted", "reinstalled"))
        (folder / "parts.pdf").unlink()
        report = library.index()
        assert (report.read, report.dropped, report.unchanged) == (1, 1, 1)
        assert "reinstalled" in library.ask("What fixed the keeper?").answer
        assert names(library) == ["2025/partition.txt", "keeper.md"]

    def test_a_file_written_again_with_the_same_bytes_is_unchanged(self, library: Library, folder: Path) -> None:
        os.utime(folder / "keeper.md", (1, 1))
        assert library.index().unchanged == 3

    def test_a_twin_is_stored_once_and_takes_the_place_of_the_one_that_vanishes(
        self, library: Library, folder: Path
    ) -> None:
        (folder / "z-copy.md").write_text(KEEPER)
        assert library.index().twins == 1
        twin = library.named("z-copy.md")
        assert (twin.status, twin.twin_of, twin.passages) == ("twin", "keeper.md", 0)
        assert {one.file for one in library.search("keeper quorum snapshots")} == {"keeper.md"}
        (folder / "keeper.md").unlink()
        library.index()
        assert library.named("z-copy.md").status == "read"
        assert {one.file for one in library.search("keeper quorum snapshots")} == {"z-copy.md"}

    def test_a_twin_of_a_file_that_changes_is_read_itself(self, library: Library, folder: Path) -> None:
        (folder / "z-copy.md").write_text(KEEPER)
        library.index()
        (folder / "keeper.md").write_text(PARTITION)
        library.index()
        assert library.named("z-copy.md").status == "read"

    def test_files_that_cannot_be_read_are_told_each_time_and_do_not_stop_the_others(
        self, library: Library, folder: Path
    ) -> None:
        (folder / "a-secret.pdf").write_bytes(pdf(password="secret"))
        (folder / "z-late.md").write_text("# Late\n\nIt came last.")
        for _ in range(2):
            (problem,) = library.index().problems
            assert problem.name == "a-secret.pdf"
            assert problem.reason.startswith("is encrypted")
        assert library.named("z-late.md").status == "read"
        assert library.named("a-secret.pdf").problem == problem.reason

    def test_a_hundred_damaged_files_are_indexed_and_told_of(self, settings: Settings, store: Store) -> None:
        (made := settings.document_folders[0]).mkdir()
        for name, content in damaged():
            (made / name).write_bytes(content)
        (made / "fine.md").write_text(KEEPER)
        report = Library(settings, store, utc_now).index()
        assert report.read + report.twins + len(report.problems) == 101
        assert len({problem.name for problem in report.problems}) >= 60

    def test_hidden_files_and_the_database_are_left_aside(self, settings: Settings, store: Store) -> None:
        for part in ("postgres", ".git", "seen"):
            (settings.data_dir / part).mkdir()
            (settings.data_dir / part / "x.md").write_text(f"# {part}")
        Library(replace(settings, document_folders=(settings.data_dir,)), store, utc_now).index()
        assert [row.name for row in store.documents.all()] == ["seen/x.md"]

    def test_a_folder_that_cannot_be_seen_keeps_its_documents(self, library: Library, folder: Path) -> None:
        folder.rename(folder.with_name("away"))
        assert library.index().dropped == 0
        assert len(names(library)) == 3

    def test_named_files_are_read_and_what_is_not_there_is_told(self, library: Library, tmp_path: Path) -> None:
        (tmp_path / "elsewhere.md").write_text("# Elsewhere\n\nOf another folder.")
        report = library.index([tmp_path / "elsewhere.md", tmp_path / "gone.pdf", Path("x.exe")])
        assert report.read == 1
        assert [problem.reason for problem in report.problems] == ["is not there", "is not there"]
        library.index()
        assert "elsewhere.md" in names(library), "it lies in none of the folders and stays"

    def test_names_that_are_no_text_are_read_and_shown(self, library: Library, folder: Path) -> None:
        (Path(os.fsdecode(os.fsencode(folder) + b"/odd-\xff.md"))).write_text("# Odd\n\nA strange name.")
        library.index()
        assert "odd-\\udcff.md" in names(library)


class TestRemoving:
    def test_a_removed_document_stays_out_until_it_is_named(self, library: Library, folder: Path) -> None:
        library.remove(library.named("keeper.md").id)
        assert library.index().read == 0
        assert "keeper.md" not in names(library)
        assert library.search("keeper quorum snapshots") == []
        assert (folder / "keeper.md").exists()
        assert library.index([folder / "keeper.md"]).read == 1
        assert library.search("keeper quorum snapshots")

    def test_a_name_that_is_not_known_is_told_with_the_nearest(self, library: Library) -> None:
        with pytest.raises(UnknownId, match=r"Did you mean keeper\.md"):
            library.named("keeper")
        with pytest.raises(UnknownId):
            library.remove(999)

    def test_an_upload_is_kept_in_the_database_and_goes_for_good(self, library: Library) -> None:
        sent = library.add("gateway.md", b"# Gateway\n\n## Resolution\nThe certificate was renewed.")
        library.index()
        assert library.file(sent.id).content.startswith(b"# Gateway")
        assert "renewed" in library.ask("What fixed the gateway?").answer
        library.remove(sent.id)
        assert not library.ask("What fixed the gateway?").found

    def test_an_upload_of_the_same_name_takes_the_place_of_the_one_before(self, library: Library) -> None:
        first = library.add("gateway.md", b"# Gateway\n\nThe certificate was renewed.")
        second = library.add("gateway.md", b"# Gateway\n\nThe certificate was replaced.")
        assert first.id == second.id
        assert "replaced" in library.search("gateway certificate")[0].text

    @pytest.mark.parametrize(
        "name", ["../x.md", "/etc/x.md", "a\\b.md", "", " ", ".x.md", "x.exe", "c:x.md", "a\x00.md"]
    )
    def test_names_that_lead_elsewhere_are_refused(self, library: Library, name: str) -> None:
        with pytest.raises(InvalidInput):
            library.add(name, b"# x")


class TestSearch:
    @pytest.mark.parametrize(
        ("question", "file"),
        [
            ("firmware of switches", "2025/partition.txt"),
            ("Which switch dropped a packet?", "2025/partition.txt"),
            ("error 999", "keeper.md"),
            ("KEEPER_EXCEPTION", "keeper.md"),
            ("keeper 3", "keeper.md"),
            ("keeper-3", "keeper.md"),
            ("zookeeper quorum", "keeper.md"),
            ("Code 252", "parts.pdf"),
            ("max_parts_per_partition", "parts.pdf"),
            ("back pressure of the sink", "parts.pdf"),
            ("TOO_MANY_PARTS on ch-2", "parts.pdf"),
        ],
    )
    def test_words_plurals_codes_metrics_and_names_are_found(self, asked: Library, question: str, file: str) -> None:
        assert asked.search(question)[0].file == file

    def test_a_question_finds_the_section_that_answers_it(self, asked: Library) -> None:
        assert asked.search("What fixed the too many parts incident?")[0].page == 2
        assert asked.search("When were inserts rejected because of too many parts?")[0].section == "timeline"

    @pytest.mark.parametrize(
        "question", ["'; DROP TABLE documents; --", "a & b | !c <-> d:*", "\\'\\\\", "%s %(x)s", "\x00", "🚒"]
    )
    def test_no_question_breaks_the_search(self, asked: Library, question: str) -> None:
        asked.search(question)
        assert len(names(asked)) == 3

    def test_what_no_document_speaks_of_is_not_answered(self, asked: Library) -> None:
        answer = asked.ask("What fixed the Cassandra compaction storm?")
        assert not answer.found
        assert answer.answer.startswith("The documents don't say.")
        assert answer.citations == ()

    def test_every_label_of_an_answer_is_among_its_citations(self, asked: Library) -> None:
        answer = asked.ask("What fixed the too many parts incident?")
        assert "[parts.pdf, p. 2]" in answer.answer
        assert all(one.label in answer.answer for one in answer.citations)


def test_two_processes_at_once_do_not_double_the_index(settings: Settings, folder: Path) -> None:
    del folder
    reports: list[IndexReport] = []

    def index() -> None:
        with closing(open_store(settings)) as store:
            reports.append(Library(settings, store, utc_now).index())

    threads = [threading.Thread(target=index) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(report.read for report in reports) == [0, 0, 3]
    with closing(open_store(settings)) as store:
        assert len(store.documents.all()) == 3


def test_the_role_of_the_tools_may_read_passages_and_not_the_files_that_were_sent(store: Store) -> None:
    store.reader.read("passages_by_id", {"passages": [1]})
    with pytest.raises(Exception, match="permission denied"):
        store.reader.read("document_file", {"document": 1})


class TestMeaning:
    """Vectors beside words, where the server has pgvector."""

    @pytest.fixture
    def by_meaning(self, settings: Settings, folder: Path) -> Iterator[tuple[Library, Service]]:
        del folder
        with openai_service([Says("")]) as service, closing(open_store(settings)) as store:
            if not store.vectors.ready():
                pytest.skip("this server has no pgvector")
            configured = replace(
                settings, openai_api_key="sk-test", openai_base_url=service.url, embedding_model="test-embedding"
            )
            library = Library(configured, store, utc_now, embedder_of(configured))
            library.index()
            yield library, service

    def test_what_means_the_same_in_other_words_is_found(self, by_meaning: tuple[Library, Service]) -> None:
        library, _ = by_meaning
        assert library.search("a storage drive")[0].file == "keeper.md", "disk means the same"
        assert library.search("cut wire")[0].file == "2025/partition.txt", "switch means the same"

    def test_exact_names_are_found_as_before(self, by_meaning: tuple[Library, Service]) -> None:
        library, _ = by_meaning
        assert library.search("KEEPER_EXCEPTION 999")[0].file == "keeper.md"

    def test_vectors_are_made_once(self, by_meaning: tuple[Library, Service]) -> None:
        library, service = by_meaning
        before = len(service.requests)
        library.index()
        assert len(service.requests) == before

    def test_a_service_that_fails_leaves_the_words(self, by_meaning: tuple[Library, Service]) -> None:
        library, service = by_meaning
        service.steps = [Fails(500)]
        assert library.search("KEEPER_EXCEPTION")[0].file == "keeper.md"


def test_without_the_extension_words_are_enough(settings: Settings, folder: Path) -> None:
    del folder
    with closing(open_store(settings)) as store:
        store.vectors._ready = False
        library = Library(settings, store, utc_now, embed=lambda texts: [[1.0]] * len(texts))
        library.index()
        assert library.search("KEEPER_EXCEPTION")[0].file == "keeper.md"
