"""The loop of questions and answers: at a prompt on a terminal, line by line from a pipe."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import create_output
from prompt_toolkit.styles import Style
from rich.console import Console
from rich.text import Text

from monitoring.contract import Platform
from monitoring.errors import MonitoringError
from monitoring.ui.terminal import render
from monitoring.ui.terminal.commands import COMMANDS, Conversation, handle
from monitoring.ui.terminal.completion import TerminalCompleter
from monitoring.ui.terminal.consoles import error_line
from monitoring.ui.terminal.text import QUIT, Times, one_line, sentence

EXIT_FAILED = 3
EXIT_INTERRUPTED = 130

_STYLE = Style.from_dict({"prompt": "bold ansicyan", "bottom-toolbar": "noreverse ansibrightblack"})


def converse(
    platform: Platform,
    *,
    history_file: Path,
    session_id: str | None,
    stdin: TextIO,
    stdout: TextIO,
    greeting: Sequence[str],
    zone: tzinfo | None,
) -> int:
    """The interactive loop on a terminal; ends with /quit or Ctrl+D."""
    conversation = Conversation.on(platform, stdout, session_id, zone)
    greet(conversation, greeting)
    prompt = _prompt_session(conversation, history_file, stdin, stdout)

    def answer(line: str) -> None:
        with _keys_unseen(stdin):
            respond(conversation, line)

    return until_left(prompt, conversation.console, answer)


def until_left(prompt: PromptSession[str], console: Console, respond: Callable[[str], None]) -> int:
    """Respond to one line after the other until somebody leaves; Ctrl+C only stops what is under way."""
    while True:
        try:
            line = prompt.prompt().strip()
            if line.lower() in QUIT:
                return 0
            if line:
                respond(line)
        except KeyboardInterrupt:
            console.print(Text("Ctrl+D or /quit leaves.", style="quiet"))
        except EOFError:
            return 0


def respond(conversation: Conversation, line: str) -> bool:
    """Answer one line; whether that worked. Errors and Ctrl+C are told in a sentence, the session goes on."""
    console = conversation.console
    try:
        handle(conversation, line)
    except MonitoringError as error:
        console.print(error_line(str(error)))
        return False
    except KeyboardInterrupt:
        console.print(Text("Stopped.", style="warning"))
        return False
    finally:
        if console.is_terminal:
            console.print()
    return True


def answer_lines(
    platform: Platform, *, session_id: str | None, stdin: TextIO, stdout: TextIO, zone: tzinfo | None
) -> int:
    """Answer every line of `stdin`: 0, or 3 where one could not be answered, 130 on Ctrl+C."""
    conversation = Conversation.on(platform, stdout, session_id, zone)
    worked = True
    try:
        for line in _lines(stdin):
            if line.lower() in QUIT:
                break
            worked = respond_plainly(conversation, line) and worked
            stdout.flush()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0 if worked else EXIT_FAILED


def respond_plainly(conversation: Conversation, line: str) -> bool:
    """Answer one line from a pipe; whether that worked."""
    try:
        handle(conversation, line)
        if line.startswith("/"):
            conversation.stdout.write("\n")
    except MonitoringError as error:
        conversation.stdout.write(f"Error: {sentence(str(error))}\n\n")
        return False
    return True


def _lines(stdin: TextIO) -> Iterator[str]:
    return (line.strip() for line in stdin if line.strip())


def greet(conversation: Conversation, greeting: Sequence[str]) -> None:
    """The state of the platform and what can be asked; a platform that cannot be checked is told of."""
    console = conversation.console
    for line in greeting:
        console.print(Text(one_line(line)))
    try:
        check = conversation.platform.check()
    except MonitoringError as error:
        console.print(error_line(str(error)))
    else:
        conversation.vocabulary.saw_check(check)
        console.print(render.greeting_panel(check, Times(check.as_of, conversation.zone)))
    console.print(render.invitation())
    console.print()


def _prompt_session(
    conversation: Conversation, history_file: Path, stdin: TextIO, stdout: TextIO
) -> PromptSession[str]:
    explanations = {name: command.explanation for name, command in COMMANDS.items()}
    typing_command = Condition(lambda: session.default_buffer.text.startswith("/"))
    session: PromptSession[str] = PromptSession(
        FormattedText([("class:prompt", "› ")]),
        history=_history(history_file, conversation.console),
        completer=TerminalCompleter(conversation.vocabulary, explanations, _session_ids(conversation)),
        complete_while_typing=typing_command,
        auto_suggest=AutoSuggestFromHistory(),
        key_bindings=_keys(),
        prompt_continuation=lambda width, _number, _wrapped: " " * width,
        bottom_toolbar=lambda: _toolbar(conversation),
        reserve_space_for_menu=6,
        style=_STYLE,
        input=create_input(stdin),
        output=create_output(stdout),
    )
    return session


def prompt_session(console: Console, history_file: Path, stdin: TextIO, stdout: TextIO) -> PromptSession[str]:
    """A prompt with history and the usual keys, and nothing to complete."""
    return PromptSession(
        FormattedText([("class:prompt", "› ")]),
        history=_history(history_file, console),
        auto_suggest=AutoSuggestFromHistory(),
        key_bindings=_keys(),
        style=_STYLE,
        input=create_input(stdin),
        output=create_output(stdout),
    )


def _toolbar(conversation: Conversation) -> str:
    where = conversation.session_id or "new conversation"
    demo = " · DEMO DATA" if conversation.last is not None and conversation.last.demo else ""
    return f"{one_line(where)}{demo} · /help · Ctrl+D leaves"


def _session_ids(conversation: Conversation) -> Callable[[], Sequence[str]]:
    """Ids for completion, asked for once: a keystroke must not wait for the database."""

    def ids() -> Sequence[str]:
        if not conversation.sessions:
            with contextlib.suppress(MonitoringError):
                conversation.known_sessions()
        return conversation.sessions

    return ids


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("c-c")
    def _clear_or_interrupt(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _history(path: Path, console: Console) -> History:
    """Past questions in a file only its owner can read; in memory where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("ab"):
            return FileHistory(str(path))
    except OSError as error:
        reason = sentence(error.strerror or str(error))
        console.print(
            Text(f"Past questions are not kept: {one_line(path)} cannot be written ({reason}).", style="quiet")
        )
        return InMemoryHistory()


@contextlib.contextmanager
def _keys_unseen(stdin: TextIO) -> Iterator[None]:
    """Keep keys typed while an answer is drawn from showing up in it; Ctrl+C still interrupts."""
    try:
        import termios
    except ImportError:
        yield
        return
    before = _attributes(stdin)
    if before is None:
        yield
        return
    silent = [*before]
    silent[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(stdin, termios.TCSANOW, silent)
    try:
        yield
    finally:
        termios.tcsetattr(stdin, termios.TCSANOW, before)


def _attributes(stdin: TextIO) -> list[Any] | None:
    import termios

    try:
        return termios.tcgetattr(stdin)
    except termios.error:
        return None
