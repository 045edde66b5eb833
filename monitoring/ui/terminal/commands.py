"""The slash commands of a conversation."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from monitoring.contract import Answer, ExportForm, Platform, Session
from monitoring.errors import InvalidInput, UnknownName
from monitoring.ui.terminal import render
from monitoring.ui.terminal.completion import Vocabulary
from monitoring.ui.terminal.consoles import console_for
from monitoring.ui.terminal.live import AnswerView, follow, print_footer
from monitoring.ui.terminal.text import Times, block, is_terminal, json_text, one_line, plain_answer

DEFAULT_MINUTES = 10.0


@dataclass
class Conversation:
    """What a conversation knows: the platform it asks, where it writes, its session and its last answer."""

    platform: Platform
    stdout: TextIO
    console: Console
    zone: tzinfo | None
    session_id: str | None
    vocabulary: Vocabulary
    last: Answer | None = None
    sessions: tuple[str, ...] = field(default=())

    @classmethod
    def on(cls, platform: Platform, stdout: TextIO, session_id: str | None, zone: tzinfo | None) -> Conversation:
        return cls(platform, stdout, console_for(stdout), zone, session_id, Vocabulary(platform.catalogue))

    def ask(self, question: str) -> None:
        """Answer a question: drawn while it is made on a terminal, else as plain text."""
        if is_terminal(self.stdout):
            self._ask_live(question)
            return
        answer = self.platform.ask(question, self.session_id)
        self.remember(answer)
        self.stdout.write(plain_answer(answer) + "\n\n")

    def _ask_live(self, question: str) -> None:
        started = time.perf_counter()
        answer = follow(self.platform.stream(question, self.session_id), AnswerView(self.console, self.zone))
        self.remember(answer)
        print_footer(self.console, answer, self.zone, time.perf_counter() - started)

    def remember(self, answer: Answer) -> None:
        self.last = answer
        self.session_id = answer.session_id
        self.vocabulary.saw_answer(answer)

    def known_sessions(self) -> tuple[Session, ...]:
        sessions = tuple(self.platform.sessions())
        self.sessions = tuple(session.id for session in sessions)
        return sessions


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: what may follow its name, what it does in words, and how."""

    argument: str
    explanation: str
    run: Callable[[Conversation, str], None]


def handle(conversation: Conversation, line: str) -> None:
    """Run a command or answer a question; raises `MonitoringError` where that fails."""
    if line.startswith("/"):
        run_command(conversation, line)
    else:
        conversation.ask(line)


def run_command(conversation: Conversation, line: str) -> None:
    """Run a line that begins with a slash; raises `UnknownName` where there is no such command."""
    name, _, argument = line.partition(" ")
    command = COMMANDS.get(name.lower())
    if command is None:
        nearest = tuple(difflib.get_close_matches(name.lower(), COMMANDS, n=1))
        hint = f"Did you mean {nearest[0]}?" if nearest else "/help lists them."
        raise UnknownName(f"There is no command {one_line(name)}. {hint}", nearest)
    command.run(conversation, argument.strip())


def _help(conversation: Conversation, _argument: str) -> None:
    lines = Table.grid(padding=(0, 2))
    for name, command in COMMANDS.items():
        lines.add_row(Text(f"{name} {command.argument}".strip(), style="name"), Text(command.explanation))
    lines.add_row("", "")
    for key, explanation in KEYS:
        lines.add_row(Text(key, style="name"), Text(explanation))
    conversation.console.print(Group(lines, "", render.invitation()))


def _status(conversation: Conversation, _argument: str) -> None:
    check = conversation.platform.check(DEFAULT_MINUTES)
    conversation.vocabulary.saw_check(check)
    render.print_check(conversation.console, check, conversation.zone)


def _anomalies(conversation: Conversation, argument: str) -> None:
    check = conversation.platform.check(_minutes(argument))
    conversation.vocabulary.saw_check(check)
    render.print_anomalies(conversation.console, check, Times(check.as_of, conversation.zone))


def _minutes(argument: str) -> float:
    """Minutes as typed; raises `InvalidInput`."""
    try:
        minutes = float(argument or DEFAULT_MINUTES)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < float("inf"):
        raise InvalidInput(f"{argument!r} is not a number of minutes; write for example /anomalies 60.")
    return minutes


def _why(conversation: Conversation, _argument: str) -> None:
    answer = _last(conversation)
    console = conversation.console
    for part in render.rows_behind(answer, Times(answer.as_of, conversation.zone), console.width):
        console.print(part)


def _json(conversation: Conversation, _argument: str) -> None:
    conversation.stdout.write(json_text(_last(conversation).to_json(), conversation.stdout) + "\n")


def _last(conversation: Conversation) -> Answer:
    if conversation.last is None:
        raise InvalidInput("There is no answer yet; ask a question first.")
    return conversation.last


def _metrics(conversation: Conversation, argument: str) -> None:
    chosen = render.metric_choice(conversation.platform.catalogue, argument)
    console = conversation.console
    if len(chosen) == 1:
        console.print(Group(*render.metric_definition(chosen[0])))
    else:
        console.print(render.metric_table(chosen, console.width))


def _sessions(conversation: Conversation, _argument: str) -> None:
    sessions = conversation.known_sessions()
    if not sessions:
        conversation.console.print(Text("There are no conversations yet.", style="quiet"))
        return
    newest: datetime = max(session.updated_at for session in sessions)
    times = Times(newest, conversation.zone)
    conversation.console.print(
        render.session_table(sessions, conversation.session_id, times, conversation.console.width)
    )


def _session(conversation: Conversation, argument: str) -> None:
    if not argument:
        current = one_line(conversation.session_id or "a new one; it gets its id with the first answer")
        conversation.console.print(Text(f"Session: {current}"))
        return
    found = _session_named(conversation.known_sessions(), argument)
    turns = conversation.platform.session(found.id).turns
    conversation.session_id, conversation.last = found.id, turns[-1].answer if turns else None
    conversation.console.print(Text(f"Switched to {one_line(found.id)}: {one_line(found.title)}"))
    if turns:
        conversation.console.print(Text(f"Last asked: {one_line(turns[-1].answer.question)}", style="quiet"))


def _rename(conversation: Conversation, argument: str) -> None:
    renamed = conversation.platform.rename_session(_current(conversation), argument)
    conversation.console.print(Text(f"{one_line(renamed.id)} is now called {one_line(renamed.title)}"))


def _delete(conversation: Conversation, argument: str) -> None:
    session = _session_named(conversation.known_sessions(), argument or _current(conversation))
    conversation.platform.delete_session(session.id)
    if session.id == conversation.session_id:
        conversation.session_id = conversation.last = None
    conversation.sessions = ()
    conversation.console.print(Text(f"Deleted {one_line(session.id)}: {one_line(session.title)}"))


def _export(conversation: Conversation, argument: str) -> None:
    form: ExportForm = "json" if argument.lower().endswith(".json") else "markdown"
    document = conversation.platform.export_session(_current(conversation), form)
    if not argument:
        conversation.stdout.write(block(document))
        return
    path = Path(argument).expanduser()
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(document)
    except FileExistsError:
        raise InvalidInput(f"The file {path} exists already; name another one.") from None
    except OSError as problem:
        raise InvalidInput(f"The file {path} cannot be written: {problem.strerror}.") from None
    conversation.console.print(Text(f"Written to {one_line(path)}"))


def _current(conversation: Conversation) -> str:
    if conversation.session_id is None:
        raise InvalidInput("There is no conversation yet; ask a question first, or switch to one with /session ID.")
    return conversation.session_id


def _session_named(sessions: tuple[Session, ...], typed: str) -> Session:
    """The session of that id, or the only one whose id begins so; raises `UnknownName`."""
    exact = [session for session in sessions if session.id == typed]
    found = exact or [session for session in sessions if session.id.startswith(typed)]
    if len(found) == 1:
        return found[0]
    problem = "Several sessions begin with" if found else "There is no session"
    raise UnknownName(f"{problem} {one_line(typed)}; /sessions lists them.", tuple(session.id for session in found))


def _new(conversation: Conversation, _argument: str) -> None:
    conversation.session_id = conversation.last = None
    conversation.console.print(Text("A new conversation begins with your next question.", style="quiet"))


def _clear(conversation: Conversation, _argument: str) -> None:
    conversation.console.clear()


def _quit(_conversation: Conversation, _argument: str) -> None:
    """Leaving is up to the loop; here so that /help and completion know it."""


KEYS = (
    ("Tab", "complete names of metrics, components and instances"),
    ("Alt+Enter", "a new line in the question"),
    ("Ctrl+C", "stop the answer and its queries, clear the line"),
    ("Ctrl+D", "leave"),
)

COMMANDS: dict[str, Command] = {
    "/help": Command("", "what can be typed here", _help),
    "/status": Command("", "health of the platform, open anomalies and incidents", _status),
    "/anomalies": Command("[minutes]", "anomalies of the last minutes, 10 unless told", _anomalies),
    "/why": Command("", "the rows behind the last answer", _why),
    "/metrics": Command("[component|name]", "what is measured, with its thresholds", _metrics),
    "/sessions": Command("", "the conversations there are", _sessions),
    "/session": Command("ID", "switch to another conversation", _session),
    "/rename": Command("TITLE", "give this conversation another title", _rename),
    "/delete": Command("[ID]", "forget a conversation, this one unless told", _delete),
    "/export": Command("[FILE]", "this conversation as Markdown, in a FILE.json as JSON", _export),
    "/new": Command("", "begin a new conversation", _new),
    "/json": Command("", "the last answer as JSON", _json),
    "/clear": Command("", "clear the screen", _clear),
    "/quit": Command("", "leave", _quit),
}
