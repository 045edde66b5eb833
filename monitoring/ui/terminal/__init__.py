"""The terminal front-end: the interactive loop, and what `ask`, `check` and long jobs show.

`rich` and `prompt_toolkit` are imported when something is drawn, not with this package, so that `--help`
and JSON output start fast. Everything that comes from data or a model is made harmless before it is shown:
control characters appear spelled out (`\\x1b`), and names are never read as markup.

`zone` is the time zone times are shown in; `None` is the machine's own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TextIO

from monitoring.contract import Answer, Check, Health, Platform
from monitoring.errors import MonitoringError
from monitoring.ui.terminal.text import forgiving, is_terminal, json_text, one_line, plain_answer, sentence

EXIT_BY_HEALTH: dict[Health, int] = {"healthy": 0, "degraded": 1, "critical": 2, "no_data": 3}
EXIT_FAILED = 3
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

__all__ = ["ask_once", "progress", "reader_gone", "run_interactive", "say_error", "show_check"]


def run_interactive(
    platform: Platform,
    *,
    history_file: Path,
    session_id: str | None = None,
    stdin: TextIO = sys.stdin,
    stdout: TextIO = sys.stdout,
    greeting: Sequence[str] = (),
    zone: tzinfo | None = None,
) -> int:
    """Answer questions until the user leaves; returns the exit code.

    On a terminal: a prompt with history and completion. With `stdin` or `stdout` piped: one question per
    line, answers as plain text, no prompt; 3 if any of them failed.
    """
    from monitoring.ui.terminal import session

    forgiving(stdin)
    forgiving(stdout)
    if is_terminal(stdin) and is_terminal(stdout):
        return session.converse(
            platform,
            history_file=history_file,
            session_id=session_id,
            stdin=stdin,
            stdout=stdout,
            greeting=greeting,
            zone=zone,
        )
    return session.answer_lines(platform, session_id=session_id, stdin=stdin, stdout=stdout, zone=zone)


def ask_once(
    platform: Platform,
    question: str,
    *,
    session_id: str | None,
    as_of: datetime | None,
    json_output: bool,
    stdout: TextIO,
    stderr: TextIO,
    stream: bool = True,
    zone: tzinfo | None = None,
) -> int:
    """Answer one question: 0, 3 where it could not be answered (with one sentence on `stderr`), 130 on Ctrl+C.

    With `json_output` nothing but the JSON of the answer goes to `stdout`. `stream` shows tool calls and
    text as they come, where there is a terminal to show them on.
    """
    forgiving(stdout)
    forgiving(stderr)
    try:
        if is_terminal(stderr) or (is_terminal(stdout) and not json_output):
            from monitoring.ui.terminal import live

            shown = live.Shown(stdout=stdout, stderr=stderr, json_output=json_output, stream=stream, zone=zone)
            live.ask_on_terminal(platform, question, session_id, as_of, shown)
        else:
            _print_answer(platform.ask(question, session_id, as_of), json_output, stdout)
    except MonitoringError as error:
        say_error(str(error), stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        stderr.write("Stopped.\n")
        return EXIT_INTERRUPTED
    return 0


def _print_answer(answer: Answer, json_output: bool, stdout: TextIO) -> None:
    stdout.write((json_text(answer.to_json(), stdout) if json_output else plain_answer(answer)) + "\n")
    stdout.flush()


def show_check(check: Check, *, json_output: bool, stdout: TextIO, zone: tzinfo | None = None) -> int:
    """Show the state of the platform; returns 0 healthy, 1 degraded, 2 critical, 3 no data."""
    forgiving(stdout)
    if json_output:
        stdout.write(json_text(check.to_json(), stdout) + "\n")
    else:
        from monitoring.ui.terminal import render
        from monitoring.ui.terminal.consoles import console_for

        render.print_check(console_for(stdout), check, zone)
    stdout.flush()
    return EXIT_BY_HEALTH.get(check.health, EXIT_FAILED)


@contextlib.contextmanager
def progress(total: int | None, description: str, stream: TextIO) -> Iterator[Callable[[int], None]]:
    """Gives `advance(n)` for a long job; a bar where `stream` is a terminal, silent anywhere else.

    `total` is in whatever `advance` counts; `None` where it is not known beforehand.
    """
    if not is_terminal(stream):
        yield lambda _done: None
        return
    from monitoring.ui.terminal.consoles import console_for, progress_bar

    forgiving(stream)
    with progress_bar(console_for(stream), unbounded=total is None) as bar:
        task = bar.add_task(one_line(description), total=total)
        yield lambda done: bar.advance(task, done)


def say_error(message: str, stderr: TextIO) -> None:
    """One sentence on `stderr`, in red where that is a terminal."""
    forgiving(stderr)
    if is_terminal(stderr):
        from monitoring.ui.terminal.consoles import console_for, error_line

        console_for(stderr).print(error_line(message))
    else:
        stderr.write(f"Error: {sentence(message)}\n")
    stderr.flush()


def reader_gone() -> int:
    """After `BrokenPipeError`: whoever read the output has closed it (`| head`); nothing is left to be said to."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE
