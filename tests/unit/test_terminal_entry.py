"""The entry points of the terminal: what goes where, and the exit codes."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from monitoring.contract import Health, Session
from monitoring.ui.terminal import ask_once, progress, run_interactive, say_error, show_check
from monitoring.ui.terminal.commands import COMMANDS
from tests.unit.terminal_platform import NASTY, NOW, FakePlatform, Screen, answer, check, reply, trend_row

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(autouse=True)
def _colourful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def asked(
    question: str = "Is anything wrong?",
    *,
    platform: FakePlatform | None = None,
    stdout: io.StringIO | None = None,
    stderr: io.StringIO | None = None,
    json_output: bool = False,
    stream: bool = True,
) -> tuple[int, str, str]:
    out, err = stdout or io.StringIO(), stderr or io.StringIO()
    code = ask_once(
        platform or FakePlatform(),
        question,
        session_id="s-9",
        as_of=None,
        json_output=json_output,
        stdout=out,
        stderr=err,
        stream=stream,
        zone=UTC,
    )
    return code, out.getvalue(), err.getvalue()


def conversed(lines: str, platform: FakePlatform | None = None) -> tuple[int, str]:
    out = io.StringIO()
    code = run_interactive(
        platform or FakePlatform(),
        history_file=Path("/nonexistent/history"),
        stdin=io.StringIO(lines),
        stdout=out,
        zone=UTC,
    )
    return code, out.getvalue()


@pytest.mark.parametrize(("health", "code"), [("healthy", 0), ("degraded", 1), ("critical", 2), ("no_data", 3)])
@pytest.mark.parametrize("json_output", [True, False])
def test_the_exit_code_of_check_is_the_health(health: Health, code: int, json_output: bool) -> None:
    assert show_check(check(health), json_output=json_output, stdout=io.StringIO()) == code


def test_check_as_json_is_the_contract_and_nothing_else() -> None:
    out = Screen()
    show_check(check(), json_output=True, stdout=out)
    assert json.loads(out.getvalue()) == check().to_json()
    assert not re.search("[\x1b\x9b\u202e]", out.getvalue())


def test_an_answer_as_json_is_the_contract_and_nothing_else() -> None:
    code, out, err = asked(json_output=True)
    assert (code, json.loads(out), err) == (0, answer().to_json(), "")


def test_json_goes_to_a_terminal_without_escape_codes() -> None:
    _, out, _ = asked(json_output=True, stdout=Screen(), stderr=Screen())
    assert json.loads(out) == answer().to_json()


@pytest.mark.parametrize("stream", [True, False])
def test_a_piped_answer_is_plain_text(stream: bool) -> None:
    code, out, err = asked(stream=stream)
    assert code == 0
    assert out == "Kafka has a lag of 1,840.\n\nbuilt-in · every number traced\n"
    assert err == ""


@pytest.mark.parametrize("stream", [True, False])
def test_progress_goes_to_a_terminal_stderr_and_the_answer_plainly_to_the_pipe(stream: bool) -> None:
    _, out, err = asked(stdout=io.StringIO(), stderr=Screen(), stream=stream)
    assert out == "Kafka has a lag of 1,840.\n\nbuilt-in · every number traced\n"
    assert ("check_real_time_anomalies" in err) is stream
    assert "1,840" not in err


@pytest.mark.parametrize("stream", [True, False])
def test_a_terminal_gets_markdown_drawn_and_a_footer(stream: bool) -> None:
    _, out, _ = asked(stdout=Screen(), stderr=Screen(), stream=stream)
    seen = ESCAPES.sub("", out)
    assert "Kafka has a lag of 1,840." in seen
    assert "**" not in seen
    assert re.search(r"✓ every number traced · built-in · \d+\.\d s", seen)


def test_without_a_terminal_stderr_no_progress_is_shown_on_stdout() -> None:
    _, out, _ = asked(stdout=Screen(), stderr=io.StringIO())
    assert "check_real_time_anomalies" not in out


def test_a_trend_answer_has_charts_below_it() -> None:
    call = reply("query_metrics_trend", [trend_row()])
    _, out, _ = asked(platform=FakePlatform(answer(tool_calls=(call,))), stdout=Screen(), stderr=Screen())
    assert "▁" in out
    assert "█" in out


@pytest.mark.parametrize("json_output", [True, False])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_failure_is_one_sentence_on_stderr(json_output: bool, terminal: bool) -> None:
    stderr = Screen() if terminal else io.StringIO()
    code, out, err = asked("fail", stderr=stderr, json_output=json_output)
    last = ESCAPES.sub("", err).strip().splitlines()[-1].strip()
    assert (code, out, last) == (3, "", "Error: The database cannot be reached; set DATABASE_URL.")


def test_the_session_is_handed_on() -> None:
    platform = FakePlatform()
    asked(platform=platform)
    assert platform.asked == [("Is anything wrong?", "s-9")]


def test_piped_questions_are_answered_line_by_line_in_one_session() -> None:
    platform = FakePlatform()
    code, out = conversed("one?\n\n  two?  \n", platform)
    assert platform.asked == [("one?", None), ("two?", "s-1")]
    assert code == 0
    assert out.count("Kafka has a lag of 1,840.") == 2
    assert "\x1b" not in out
    assert "›" not in out


def test_a_piped_question_that_fails_does_not_stop_the_others_but_counts() -> None:
    code, out = conversed("fail\nis it fine?\n")
    assert code == 3
    assert out.startswith("Error: The database cannot be reached; set DATABASE_URL.\n")
    assert "Kafka has a lag" in out


@pytest.mark.parametrize("leave", ["/quit", "quit", "exit", "/exit", "QUIT"])
def test_leaving_ends_a_pipe(leave: str) -> None:
    platform = FakePlatform()
    assert conversed(f"{leave}\nnever asked\n", platform)[0] == 0
    assert platform.asked == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("/statsu", "/status"), ("/anomlies", "/anomalies"), ("/WHY?", "/why"), ("/sesions", "/sessions")],
)
def test_an_unknown_command_suggests_the_nearest(typed: str, meant: str) -> None:
    code, out = conversed(typed + "\n")
    assert code == 3
    assert f"Did you mean {meant}?" in out


def test_a_command_like_no_other_points_to_help() -> None:
    assert "/help lists them" in conversed("/xyzzy\x1b[2J\n")[1]
    assert "\x1b" not in conversed("/xyzzy\x1b[2J\n")[1]


def test_help_names_every_command() -> None:
    out = conversed("/help\n")[1]
    assert all(name in out for name in COMMANDS)
    assert all(command.explanation in out for command in COMMANDS.values())


def test_status_shows_the_check() -> None:
    out = conversed("/status\n")[1]
    assert "timescaledb-apache" in out
    assert "cascade backward" in out


@pytest.mark.parametrize(("typed", "minutes"), [("/anomalies", 10.0), ("/anomalies 60", 60.0), ("/anomalies 0.5", 0.5)])
def test_anomalies_look_back_as_long_as_told(typed: str, minutes: float) -> None:
    platform = FakePlatform()
    out = conversed(typed + "\n", platform)[1]
    assert platform.minutes == [minutes]
    assert "max_parts_per_partition" in out


@pytest.mark.parametrize("wrong", ["0", "-5", "ten", "nan", "inf", "1e999"])
def test_minutes_that_are_none_are_refused(wrong: str) -> None:
    platform = FakePlatform()
    code, out = conversed(f"/anomalies {wrong}\n", platform)
    assert code == 3
    assert "is not a number of minutes" in out
    assert platform.minutes == []


@pytest.mark.parametrize("command", ["/why", "/json"])
def test_there_is_nothing_behind_no_answer(command: str) -> None:
    assert "There is no answer yet" in conversed(command + "\n")[1]


def test_why_shows_the_rows_and_json_the_whole_answer() -> None:
    out = conversed("is it?\n/why\n/json\n")[1]
    assert "check_real_time_anomalies · kafka · last 10 min · 1 row" in out
    assert json.loads(out[out.index("\n{") :]) == answer().to_json()


def test_metrics_are_listed_or_defined() -> None:
    out = conversed("/metrics flink\n/metrics max_parts_per_partition\n")[1]
    assert "memory_used_ratio" in out
    assert "under_replicated_partitions" not in out
    assert "Likely causes" in out


SESSIONS = (Session("aa-1", "First", NOW, 2), Session("aa-2", "Second [red]", NOW, 1), Session("bb", "Third", NOW, 1))


@pytest.mark.parametrize(("typed", "session"), [("aa-2", "aa-2"), ("b", "bb")])
def test_a_session_is_switched_to_by_id_or_its_beginning(typed: str, session: str) -> None:
    platform = FakePlatform(conversations=SESSIONS)
    conversed(f"/session {typed}\nand now?\n", platform)
    assert platform.asked == [("and now?", session)]


@pytest.mark.parametrize(
    ("typed", "said"), [("aa", "Several sessions begin with aa"), ("zz", "There is no session zz")]
)
def test_a_session_that_is_not_meant_clearly_is_refused(typed: str, said: str) -> None:
    code, out = conversed(f"/session {typed}\n", FakePlatform(conversations=SESSIONS))
    assert code == 3
    assert said in out


def test_new_begins_another_session() -> None:
    platform = FakePlatform()
    conversed("one\n/new\ntwo\n", platform)
    assert platform.asked == [("one", None), ("two", None)]


def test_sessions_are_listed() -> None:
    out = conversed("/sessions\n", FakePlatform(conversations=SESSIONS))[1]
    assert "Second [red]" in out
    assert "no conversations yet" in conversed("/sessions\n")[1]


def test_names_in_errors_and_answers_cannot_drive_the_terminal() -> None:
    out = conversed(
        f"is it?\n/why\n/status\n/metrics {NASTY}\n", FakePlatform(answer(NASTY, question=NASTY, model=NASTY))
    )[1]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)


def test_progress_is_silent_without_a_terminal() -> None:
    out = io.StringIO()
    with progress(10, "Reading", out) as advance:
        advance(10)
    assert out.getvalue() == ""


@pytest.mark.parametrize(("total", "said"), [(1000, "1000/1000"), (None, "1,000")])
def test_progress_counts_on_a_terminal(total: int | None, said: str) -> None:
    out = Screen()
    with progress(total, "Reading [red]x\x1b[2J", out) as advance:
        for _ in range(10):
            advance(100)
    seen = ESCAPES.sub("", out.getvalue())
    assert "Reading [red]x\\x1b" in seen
    assert said in seen


def test_an_error_is_one_plain_line() -> None:
    plain, screen = io.StringIO(), Screen()
    say_error("It [red]failed;\ntry\x1b[2J again.", plain)
    say_error("It failed.", screen)
    assert plain.getvalue() == "Error: It [red]failed; try\\x1b[2J again.\n"
    assert "\x1b[1;31mError: " in screen.getvalue()


def test_json_and_help_do_not_pay_for_drawing() -> None:
    program = (
        "import io, sys\n"
        "from monitoring.ui import terminal\n"
        "from tests.unit.terminal_platform import FakePlatform, check\n"
        "terminal.show_check(check(), json_output=True, stdout=io.StringIO())\n"
        "terminal.ask_once(FakePlatform(), 'x', session_id=None, as_of=None, json_output=True,\n"
        "                  stdout=io.StringIO(), stderr=io.StringIO())\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'rich', 'prompt_toolkit', 'markdown_it'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "\n"


def test_who_is_told_nothing_yet_does_not_pay_for_the_library_that_tells() -> None:
    program = (
        "import sys\n"
        "import platform_monitoring_agent\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'apprise', 'requests'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "\n"
