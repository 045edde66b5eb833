"""Sessions in the terminal: switched to with their evidence, renamed, deleted, exported."""

from __future__ import annotations

import io
import json
from datetime import UTC
from pathlib import Path

import pytest

from monitoring.contract import Session
from monitoring.ui.terminal import run_interactive
from tests.unit.terminal_platform import NOW, FakePlatform
from tests.unit.test_terminal_completion import TYPED, completed

SESSIONS = (Session("aa-1", "First", NOW, 2), Session("bb", "Second", NOW, 1))


def conversed(lines: str, platform: FakePlatform | None = None) -> tuple[int, str, FakePlatform]:
    known = platform or FakePlatform(conversations=SESSIONS)
    out = io.StringIO()
    code = run_interactive(known, history_file=Path("/nonexistent"), stdin=io.StringIO(lines), stdout=out, zone=UTC)
    return code, out.getvalue(), known


def test_the_rows_behind_the_last_answer_come_back_with_a_session() -> None:
    code, out, _ = conversed("/session aa\n/why\n")
    assert code == 0
    assert "Last asked: Is anything wrong?" in out
    assert "ch-2/orders" in out


def test_the_current_session_is_renamed() -> None:
    code, out, platform = conversed("/session bb\n/rename Lag on orders\n")
    assert code == 0
    assert "bb is now called Lag on orders" in out
    assert platform.conversations[1].title == "Lag on orders"


def test_a_session_is_deleted_and_another_begins() -> None:
    code, out, platform = conversed("/session bb\n/delete\nand now?\n")
    assert code == 0
    assert "Deleted bb: Second" in out
    assert [session.id for session in platform.conversations] == ["aa-1"]
    assert platform.asked == [("and now?", None)]


def test_a_session_is_deleted_by_the_beginning_of_its_id_and_the_current_one_goes_on() -> None:
    _, _, platform = conversed("/session bb\n/delete aa\nand now?\n")
    assert [session.id for session in platform.conversations] == ["bb"]
    assert platform.asked == [("and now?", "bb")]


def test_an_export_goes_to_the_screen_made_harmless() -> None:
    code, out, _ = conversed("/session bb\n/export\n")
    assert code == 0
    assert "# Second\n" in out
    assert "\x1b" not in out


def test_an_export_goes_to_a_file_and_never_over_one(tmp_path: Path) -> None:
    file = tmp_path / "talk.md"
    code, out, _ = conversed(f"/session bb\n/export {file}\n")
    assert code == 0
    assert file.read_text().startswith("# Second\n")
    code, out, _ = conversed(f"/session aa\n/export {file}\n")
    assert code == 3
    assert "exists already" in out
    assert file.read_text().startswith("# Second\n")


def test_the_name_of_a_file_chooses_the_form(tmp_path: Path) -> None:
    conversed(f"/session bb\n/export {tmp_path / 'talk.json'}\n")
    assert json.loads((tmp_path / "talk.json").read_text())["id"] == "bb"


@pytest.mark.parametrize("command", ["/rename A title", "/delete", "/export"])
def test_without_a_conversation_there_is_nothing_to_work_on(command: str) -> None:
    code, out, _ = conversed(f"{command}\n")
    assert code == 3
    assert "There is no conversation yet" in out


def test_a_file_that_cannot_be_written_is_said_in_a_sentence() -> None:
    code, out, _ = conversed("/session bb\n/export /nonexistent/talk.md\n")
    assert code == 3
    assert "cannot be written: No such file or directory" in out


def test_session_ids_follow_delete() -> None:
    assert completed("/delete s", TYPED) == ["/delete s-1", "/delete s-2"]
