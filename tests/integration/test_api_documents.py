"""Documents over HTTP: asked, listed, sent, opened and removed, with the scopes of keys and with limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.api_client import KEYS, Served, assert_problem, database, opened, serving
from tests.integration.pdf_files import pdf

pytestmark = pytest.mark.store
MOST = 200_000
PDF = {"Content-Type": "application/pdf"}


@pytest.fixture(scope="module")
def served(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("documents")
    documents = folder / "documents"
    documents.mkdir()
    (documents / "parts.pdf").write_bytes(pdf())
    (documents / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    with ExitStack() as stack:
        settings = stack.enter_context(database(server_url, folder, DOCUMENT_BYTES=str(MOST)))
        platform = stack.enter_context(opened(settings))
        platform.documents.library.index()
        yield stack.enter_context(serving(platform, keys=KEYS, document_bytes=MOST))


def send(served: Served, name: str, content: bytes, kind: str = "application/pdf") -> int:
    with served.client("keeper") as client:
        reply = client.post("/documents", params={"name": name}, content=content, headers={"Content-Type": kind})
    assert reply.status_code == 201, reply.text
    return int(reply.json()["id"])


def test_an_answer_names_file_and_page_of_each_claim_and_holds_the_passages(served: Served) -> None:
    with served.client("reader") as client:
        found = client.post("/documents/ask", json={"question": "What fixed the too many parts incident?"}).json()
    assert found["found"]
    assert "put back to 50,000 rows" in found["answer"]
    assert "[parts.pdf, p. 2]" in found["answer"]
    assert found["citations"][0]["label"] == "[parts.pdf, p. 2]"
    assert "50,000 rows" in found["citations"][0]["text"]


def test_what_the_documents_do_not_say_is_said_to_be_so(served: Served) -> None:
    with served.client("reader") as client:
        found = client.post("/documents/ask", json={"question": "What caused the Cassandra compaction storm?"}).json()
    assert not found["found"]
    assert found["answer"].startswith("The documents don't say.")
    assert found["citations"] == []


def test_documents_are_listed_a_page_at_a_time_with_the_reasons_of_those_that_could_not_be_read(served: Served) -> None:
    with served.client("reader") as client:
        first = client.get("/documents", params={"limit": 1}).json()
        second = client.get("/documents", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    rows = {row["name"]: row for row in first["items"] + second["items"]}
    assert len(rows) == 2
    assert all(row["status"] in ("read", "failed") for row in rows.values())


def test_a_document_is_sent_found_opened_and_removed(served: Served) -> None:
    content = pdf("Broker lost its disk", [("Resolution", "The NVMe drive of broker-7 was replaced.")])
    number = send(served, "broker seven.pdf", content)
    with served.client("keeper") as client:
        asked = {"question": "What fixed broker-7?"}
        assert "NVMe drive" in client.post("/documents/ask", json=asked).json()["answer"]
        opened_file = client.get(f"/documents/{number}/file")
        assert opened_file.content == content
        assert opened_file.headers["content-type"] == "application/pdf"
        assert opened_file.headers["content-disposition"] == "inline; filename*=UTF-8''broker%20seven.pdf"
        assert opened_file.headers["x-content-type-options"] == "nosniff"
        assert client.delete(f"/documents/{number}").status_code == 204
        assert not client.post("/documents/ask", json=asked).json()["found"]
        assert_problem(client.get(f"/documents/{number}/file"), 404, "not-found")
        assert_problem(client.delete(f"/documents/{number}"), 404, "not-found")


def test_the_file_of_a_folder_opens_too_and_stays_when_it_is_removed(served: Served) -> None:
    with served.client("keeper") as client:
        rows = client.get("/documents").json()["items"]
        number = next(row["id"] for row in rows if row["name"] == "parts.pdf")
        content = client.get(f"/documents/{number}/file").content
    folder: Path = served.platform.settings.document_folders[0]
    assert (folder / "parts.pdf").read_bytes() == content


def test_markdown_and_text_are_sent_as_they_are(served: Served) -> None:
    number = send(
        served,
        "keeper.md",
        b"# Keeper lost its quorum\n\n## Root cause\nTwo of three nodes ran out of disk.\n",
        "text/markdown",
    )
    with served.client("keeper") as client:
        reply = client.get(f"/documents/{number}/file")
        assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
        client.delete(f"/documents/{number}")


@pytest.mark.parametrize(
    "name",
    [
        "../x.pdf",
        "a/b.pdf",
        "..\\x.pdf",
        ".hidden.pdf",
        "x.exe",
        "x",
        "C:x.pdf",
        "x\x00.pdf",
        "x\n.pdf",
        "a" * 300 + ".pdf",
    ],
)
def test_names_that_lead_elsewhere_or_are_of_no_kind_that_is_read_are_refused(served: Served, name: str) -> None:
    with served.client("keeper") as client:
        reply = client.post("/documents", params={"name": name}, content=pdf(), headers=PDF)
    assert_problem(reply, 422, "invalid-request")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.4 and no more", "is broken"),
        (b"", "is empty"),
        (pdf(password="secret"), "is encrypted"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(served: Served, content: bytes, words: str) -> None:
    with served.client("keeper") as client:
        reply = client.post("/documents", params={"name": "x.pdf"}, content=content, headers=PDF)
        assert words in assert_problem(reply, 400, "unreadable-document")["detail"]
        assert "x.pdf" not in [row["name"] for row in client.get("/documents").json()["items"]]


def test_a_document_that_is_too_large_or_of_another_kind_is_refused(served: Served) -> None:
    with served.client("keeper") as client:
        large = client.post("/documents", params={"name": "x.pdf"}, content=b"x" * (MOST + 1), headers=PDF)
        assert_problem(large, 413, "body-too-large")
        kind = {"Content-Type": "application/zip"}
        other = client.post("/documents", params={"name": "x.pdf"}, content=b"x", headers=kind)
        assert_problem(other, 415, "unsupported-media-type")


def test_reading_needs_read_and_sending_and_removing_need_manage(served: Served) -> None:
    with served.client("reader") as client:
        assert client.get("/documents").status_code == 200
        assert_problem(
            client.post("/documents", params={"name": "x.pdf"}, content=pdf(), headers=PDF), 403, "forbidden"
        )
        assert_problem(client.delete("/documents/1"), 403, "forbidden")
    with served.client("sender") as client:
        assert_problem(client.get("/documents"), 403, "forbidden")
        assert_problem(client.post("/documents/ask", json={"question": "x"}), 403, "forbidden")
        assert_problem(client.get("/documents/1/file"), 403, "forbidden")
    with served.client() as client:
        assert_problem(client.get("/documents/1/file"), 401, "unauthorized")


def test_the_bytes_of_a_known_document_are_that_document(served: Served) -> None:
    content = pdf("Once", [("Summary", "A lonely incident of the gateway.")])
    assert send(served, "once.pdf", content) == send(served, "again.pdf", content)


def test_a_name_that_a_folder_has_already_is_not_given_twice(served: Served) -> None:
    with served.client("keeper") as client:
        content = pdf("Another", [("Summary", "Another text.")])
        reply = client.post("/documents", params={"name": "parts.pdf"}, content=content, headers=PDF)
    assert "choose another name" in assert_problem(reply, 400, "contradiction")["detail"]
