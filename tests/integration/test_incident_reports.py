"""The report of an incident out of the store: its series, what is like it, over HTTP, and back among the documents."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from monitoring.errors import ConfigurationError, InvalidInput, QueryTimeout
from monitoring.operations import Listing
from monitoring.platform import MonitoringPlatform
from monitoring.reports.filing import shelved, written
from monitoring.settings import Settings
from tests.browser.stage import database, platform_with, settings_for
from tests.integration.api_client import assert_problem, serving

pytestmark = pytest.mark.store
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def platform(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringPlatform]:
    """ClickHouse has choked on small inserts for a quarter of an hour; a post-mortem tells of such a thing."""
    folder = tmp_path_factory.mktemp("reports")
    (documents := folder / "documents").mkdir()
    shutil.copy(ROOT / "data" / "pm-2025-03-clickhouse-too-many-parts.pdf", documents / "parts.pdf")
    with database(server_url) as url:
        settings = settings_for(url, folder, DOCUMENT_FOLDERS=str(documents), TIMEZONE="Europe/Berlin")
        with platform_with(settings, "insert_bottleneck", hours=0.6) as opened:
            opened.documents.library.index()
            yield opened


@pytest.fixture(scope="module")
def number(platform: MonitoringPlatform) -> int:
    return int(min(row["id"] for row in platform.operations.incidents(Listing(limit=10)).rows))


def test_it_has_the_root_and_a_series_of_each_metric_that_followed(platform: MonitoringPlatform, number: int) -> None:
    text = platform.operations.incident_report(number)
    course = text.partition("## Course of the series")[2].partition("\n## ")[0]
    rows = [line for line in course.splitlines() if re.search("[▁-█]", line)]
    assert "(root)" in rows[0]
    assert 3 <= len(rows) <= 8
    assert len({line.split(" | ")[0].rpartition(" ")[2] for line in rows[1:]}) == len(rows) - 1
    parts = next(line for line in rows if "max\\_parts\\_per\\_partition" in line)
    assert "warning above 300 parts" in parts
    assert " parts | " in parts
    assert "The platform is set to Europe/Berlin." in text
    assert "DEMO DATA" in text


def test_documents_of_such_incidents_are_quoted_with_their_pages(platform: MonitoringPlatform, number: int) -> None:
    similar = platform.operations.incident_report(number).partition("## Similar past incidents")[2]
    assert "**ClickHouse refuses orders: too many parts**" in similar
    assert "What helped then: What fixed it was fewer and larger inserts" in similar
    assert "\\[parts.pdf, p. 2\\]" in similar


def test_a_series_that_cannot_be_read_in_time_is_missing_and_said_to_be(
    platform: MonitoringPlatform, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*_: object) -> None:
        raise QueryTimeout

    monkeypatch.setattr("monitoring.reports.gathering.courses_of", too_slow)
    text = platform.operations.incident_report(number)
    assert "## Course of the series" not in text
    assert "The course of the series could not be read when this was made." in text
    assert "## Numbers" in text


def test_a_link_chooses_the_form_it_wants(platform: MonitoringPlatform, number: int) -> None:
    with serving(platform) as served, served.client() as client:
        found = client.get(f"/incidents/{number}/report", params={"format": "pdf"})
        assert found.headers["content-type"] == "application/pdf"
        assert f'filename="incident-{number}.pdf"' in found.headers["content-disposition"]
        assert "Course of the series" in all_text(found.content)
        plain = client.get(f"/incidents/{number}/report")
        assert plain.headers["content-type"] == "text/markdown; charset=utf-8"
        assert plain.text.startswith("# Incident ")
        assert_problem(client.get(f"/incidents/{number}/report", params={"format": "docx"}), 422, "invalid-request")
        assert_problem(client.get("/incidents/999999/report", params={"format": "pdf"}), 404, "not-found")


def all_text(content: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content))


def run(settings: Settings, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / script), *arguments],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(settings.data_dir),
            "DATABASE_URL": settings.database_url or "",
            "DATA_DIR": str(settings.data_dir),
            "DOCUMENT_FOLDERS": str(settings.document_folders[0]),
            "DEMO": "off",
        },
        cwd=settings.data_dir,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_put_among_the_documents_it_is_what_is_asked_about_it_from_then_on(
    platform: MonitoringPlatform, number: int
) -> None:
    settings = platform.settings
    began = platform.operations.incident(number)["started_at"]
    name = f"incident-{number}-{began[:10]}.pdf"
    done = run(settings, "platform_monitoring_agent.py", "report", str(number), "--to-data")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Written to {settings.document_folders[0] / name}\n"
    question = f"When did rows_per_insert on ch-1 begin to fall in incident {number}?"
    asked = run(settings, "incident_qna_chatbot.py", "ask", question, "--json")
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert f"[{name}, p. 1]" in answer["answer"]
    assert began in answer["answer"]
    # It is no past incident like itself.
    assert name not in platform.operations.incident_report(number)


def test_a_file_is_never_written_over_another_one(tmp_path: Path) -> None:
    path = written(tmp_path / "report.md", b"first")
    with pytest.raises(InvalidInput, match="exists already"):
        written(path, b"second")
    assert path.read_bytes() == b"first"
    with pytest.raises(InvalidInput, match="cannot be written"):
        written(tmp_path / "no" / "folder" / "report.md", b"x")
    with pytest.raises(InvalidInput, match="cannot be written"):
        written(Path("nul\0"), b"x")


def test_a_folder_for_documents_is_made_where_there_is_none_yet(tmp_path: Path) -> None:
    assert shelved([tmp_path / "new" / "docs"], "r.md", b"x").read_bytes() == b"x"
    with pytest.raises(ConfigurationError, match="DOCUMENT_FOLDERS"):
        shelved([], "r.md", b"x")
