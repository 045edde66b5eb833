"""The conversation in a real pseudo-terminal: typing, completion, history, Ctrl+C, Ctrl+D."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[=>()][0-9A-B]?)")
WHERE_IS_THE_CURSOR = b"\x1b[6n"
PATIENCE = 60.0


PROMPT = "s-1 ·"
"""Shown below the prompt once the terminal takes keys again after an answer."""


def _take_terminal() -> None:
    """Ctrl+C only becomes a signal on a controlling terminal, and only where the caller (a job in the background)
    has not had it ignored."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A program in a pseudo-terminal of 100 columns; `seen` is all it wrote, without escape codes."""

    def __init__(self, history: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        environment = {
            name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.terminal_platform", str(history)],
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, "TERM": "xterm-256color"},
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509
        )
        os.close(slave)
        self.raw = b""
        self._from = 0

    @property
    def seen(self) -> str:
        return ESCAPES.sub("", self.raw[self._from :].decode(errors="replace"))

    def type(self, keys: str) -> None:
        self._from = len(self.raw)
        os.write(self._master, keys.encode())

    def wait_for(self, text: str) -> str:
        """What was written since the last keys, once it holds the text."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            ready, _, _ = select.select([self._master], [], [], max(end - time.monotonic(), 0))
            assert ready, f"{text!r} was not shown; seen: {self.seen!r}"
            self._read()
        return self.seen

    def _read(self) -> None:
        came = os.read(self._master, 65536)
        self.raw += came
        for _ in range(came.count(WHERE_IS_THE_CURSOR)):
            os.write(self._master, b"\x1b[20;1R")

    def ended(self) -> int:
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history"


@pytest.fixture
def terminal(history: Path) -> Iterator[Terminal]:
    terminal = Terminal(history)
    try:
        terminal.wait_for("Ctrl+D leaves")
        yield terminal
    finally:
        terminal.close()


def test_the_greeting_shows_health_and_examples(terminal: Terminal) -> None:
    for said in ("Platform", "critical", "timescaledb-apache", "Is anything wrong right now?", "/help"):
        assert said in terminal.seen


def test_a_typed_question_is_answered_with_its_tools_and_footer(terminal: Terminal) -> None:
    terminal.type("is anything wrong?\r")
    seen = terminal.wait_for("every number traced")
    assert seen.index("✓ check_real_time_anomalies") < seen.index("Kafka has a lag of 1,840.")


def test_help_and_an_unknown_command(terminal: Terminal) -> None:
    terminal.type("/help\r")
    terminal.wait_for("the rows behind the last answer")
    terminal.type("/statsu\r")
    terminal.wait_for("Did you mean /status?")


def test_an_error_is_told_and_the_conversation_goes_on(terminal: Terminal) -> None:
    terminal.type("fail\r")
    seen = terminal.wait_for("The database cannot be reached; set DATABASE_URL.")
    assert "Traceback" not in seen
    terminal.wait_for("Ctrl+D leaves")
    terminal.type("and now?\r")
    terminal.wait_for("every number traced")
    terminal.wait_for(PROMPT)


def test_tab_completes_a_name_in_a_question(terminal: Terminal) -> None:
    terminal.type("fail on under_rep\t")
    terminal.wait_for("fail on under_replicated_partitions")


def test_tab_takes_the_name_offered_after_a_command(terminal: Terminal) -> None:
    terminal.type("/metrics under_rep")
    terminal.wait_for("under_replicated_partitions")
    terminal.type("\t")
    terminal.type("\r")
    terminal.wait_for("What under-replicated partitions is.")


def test_commands_are_offered_while_they_are_typed(terminal: Terminal) -> None:
    terminal.type("/stat")
    terminal.wait_for("health of the platform, open anomalies and incidents")


def test_ctrl_c_stops_a_slow_answer_and_keeps_the_session(terminal: Terminal) -> None:
    terminal.type("first\r")
    terminal.wait_for("every number traced")
    terminal.wait_for(PROMPT)
    terminal.type("a slow one\r")
    terminal.wait_for("✓ check_real_time_anomalies")
    terminal.wait_for("Kafka")
    began = time.monotonic()
    terminal.type("\x03")
    seen = terminal.wait_for("Stopped.")
    assert time.monotonic() - began < PATIENCE
    assert "Traceback" not in seen
    terminal.wait_for(PROMPT)


def test_ctrl_c_clears_the_line(terminal: Terminal) -> None:
    terminal.type("fail this")
    terminal.wait_for("fail this")
    terminal.type("\x03")
    terminal.type("is it?\r")
    assert "cannot be reached" not in terminal.wait_for("every number traced")


def test_ctrl_c_on_an_empty_line_says_how_to_leave(terminal: Terminal) -> None:
    terminal.type("\x03")
    terminal.wait_for("Ctrl+D or /quit leaves.")
    assert terminal.process.poll() is None


@pytest.mark.parametrize("keys", ["\x04", "/quit\r", "exit\r"])
def test_leaving_ends_the_program_well(terminal: Terminal, keys: str) -> None:
    terminal.type(keys)
    assert terminal.ended() == 0


def test_pasted_lines_are_one_question(terminal: Terminal, history: Path) -> None:
    terminal.type("\x1b[200~fail\nsecond line\x1b[201~")
    terminal.wait_for("second line")
    assert "cannot be reached" not in terminal.seen
    terminal.type("\r")
    terminal.wait_for("cannot be reached")
    assert "+fail\n+second line\n" in history.read_text()


def test_questions_are_kept_for_the_next_time_and_for_their_owner_only(terminal: Terminal, history: Path) -> None:
    terminal.type("remember me\r")
    terminal.wait_for("every number traced")
    terminal.wait_for(PROMPT)
    terminal.type("\x04")
    terminal.ended()
    assert history.stat().st_mode & 0o077 == 0
    again = Terminal(history)
    try:
        again.wait_for("Ctrl+D leaves")
        again.type("\x1b[A")
        again.wait_for("remember me")
    finally:
        again.close()


def test_a_history_that_cannot_be_written_is_said_and_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    terminal = Terminal(tmp_path / "file" / "history")
    try:
        terminal.wait_for("Past questions are not kept")
        terminal.wait_for("Ctrl+D leaves")
        terminal.type("is it?\r")
        terminal.wait_for("every number traced")
        terminal.wait_for(PROMPT)
    finally:
        terminal.close()


def test_keys_typed_during_an_answer_wait_for_the_prompt(terminal: Terminal) -> None:
    terminal.type("a slow one\r")
    terminal.wait_for("✓ check_real_time_anomalies")
    terminal.wait_for("Kafka")
    terminal.type("typed early")
    time.sleep(0.3)
    terminal.type("\x03")
    assert "typed early" not in terminal.wait_for("Stopped.").partition("Stopped.")[0]
