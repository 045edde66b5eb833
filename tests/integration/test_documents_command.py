"""The command of the documents: answers, exit codes, JSON, and text from a pipe or at a prompt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from monitoring.settings import Settings
from tests.integration.pdf_files import pdf

ROOT = Path(__file__).parents[2]
FIXED = "What fixed the too many parts incident?"


def environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "DOCUMENT_FOLDERS": str(settings.document_folders[0]),
    }


@pytest.fixture
def folder(settings: Settings) -> Path:
    (made := settings.document_folders[0]).mkdir()
    (made / "parts.pdf").write_bytes(pdf())
    return made


def run(settings: Settings, *arguments: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "incident_qna_chatbot.py"), *arguments],
        env=environment(settings),
        cwd=settings.data_dir,
        input=said,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_asking_indexes_answers_and_says_so_by_its_exit_code(settings: Settings, folder: Path) -> None:
    (folder / "torn.pdf").write_bytes(b"%PDF-1.4 and no more")
    found = run(settings, "ask", FIXED)
    assert found.returncode == 0, found.stderr
    assert "put back to 50,000 rows" in found.stdout
    assert "[parts.pdf, p. 2]" in found.stdout
    assert found.stderr.startswith("torn.pdf is broken or cut short")
    unsaid = run(settings, "ask", "What fixed the Cassandra compaction storm?", "--json")
    assert unsaid.returncode == 1
    assert json.loads(unsaid.stdout)["found"] is False


def test_indexing_listing_and_removing(settings: Settings, folder: Path, tmp_path: Path) -> None:
    (folder / "torn.pdf").write_bytes(b"%PDF-1.4 and no more")
    report = run(settings, "index", "--json")
    assert report.returncode == 1, "a file could not be read"
    assert json.loads(report.stdout)["read"] == 1
    assert "torn.pdf" in run(settings, "list").stdout
    (tmp_path / "more.md").write_text("# More\n\nIt helped.")
    assert run(settings, "index", str(tmp_path / "more.md")).returncode == 0
    assert run(settings, "remove", "parts.pdf").returncode == 0
    names = [row["name"] for row in json.loads(run(settings, "list", "--json").stdout)["documents"]]
    assert names == ["more.md", "torn.pdf"]
    unknown = run(settings, "remove", "parts.pdf")
    assert (unknown.returncode, unknown.stderr) == (3, "Error: There is no document named parts.pdf.\n")


def test_lines_from_a_pipe_are_answered_one_by_one(settings: Settings, folder: Path) -> None:
    del folder
    found = run(settings, said=f"{FIXED}\n/why\n/quit\n")
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("[parts.pdf, p. 2]") >= 2
    assert "ClickHouse: too many parts > Resolution" in found.stdout


def test_a_question_at_the_prompt_is_answered_and_ctrl_d_leaves(settings: Settings, folder: Path) -> None:
    del folder
    child = pexpect.spawn(
        sys.executable,
        [str(ROOT / "incident_qna_chatbot.py")],
        env={**environment(settings), "TERM": "xterm"},
        cwd=str(settings.data_dir),
        encoding="utf-8",
        timeout=120,
        dimensions=(40, 120),
    )
    child.expect("1 document")
    child.expect("›")
    child.send(f"{FIXED}\r")
    child.expect("50,000 rows")
    child.expect("passage")
    child.send("\x04")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
