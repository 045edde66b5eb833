"""Completion at the prompt: commands, and names of metrics, components and instances."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from monitoring.contract import Answer, Check
from monitoring.metrics import COMPONENTS, Catalogue
from monitoring.ui.terminal.text import one_line

_WORD = re.compile(r"[^\s,;?!\"'()]+$")
_MOST_CHOICES = 30


class Vocabulary:
    """Names worth completing: those of the catalogue, and instances as they are seen in checks and answers."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._kinds: dict[str, str] = dict.fromkeys(COMPONENTS, "component")
        self._kinds |= {metric.name: metric.short for metric in catalogue}

    def saw_check(self, check: Check) -> None:
        self.saw_rows(check.anomalies)
        self.saw_rows(check.incidents)

    def saw_answer(self, answer: Answer) -> None:
        for call in answer.tool_calls:
            self.saw_rows(call.rows)

    def saw_rows(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            for name in _instances(row):
                # A name with control characters could do harm once it is typed into the prompt.
                if name and name != "*" and name == one_line(name):
                    self._kinds.setdefault(name, f"{one_line(row.get('component') or '')} instance".strip())

    def matching(self, word: str) -> Iterator[tuple[str, str]]:
        """Names that begin with the word, then those that hold it, each with what it is."""
        sought = word.lower()
        names = [name for name in self._kinds if sought in name.lower()]
        for name in sorted(names, key=lambda name: (not name.lower().startswith(sought), name)):
            yield name, self._kinds[name]


def _instances(row: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(row[key]) for key in ("instance", "root_instance") if row.get(key))
    for link in row.get("chain") or ():
        if isinstance(link, Mapping) and link.get("instance"):
            yield str(link["instance"])


class TerminalCompleter(Completer):
    """Completes a command as it is typed, and names when Tab is pressed.

    `commands` gives each command's help, `sessions` the session ids there are.
    """

    def __init__(
        self, vocabulary: Vocabulary, commands: Mapping[str, str], sessions: Callable[[], Sequence[str]]
    ) -> None:
        self._vocabulary = vocabulary
        self._commands = commands
        self._sessions = sessions

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        text = document.text_before_cursor
        if text.startswith("/") and " " not in text:
            yield from self._of_commands(text)
        elif text.startswith(("/session ", "/delete ")):
            yield from self._of_sessions(text.partition(" ")[2].lstrip())
        elif complete_event.completion_requested or text.startswith("/metrics "):
            yield from self._of_names(text)

    def _of_commands(self, typed: str) -> Iterator[Completion]:
        for name, explanation in self._commands.items():
            if name.startswith(typed.lower()):
                yield Completion(name, -len(typed), display_meta=explanation)

    def _of_sessions(self, typed: str) -> Iterator[Completion]:
        for session in self._sessions():
            if session.startswith(typed) and session == one_line(session):
                yield Completion(session, -len(typed))

    def _of_names(self, text: str) -> Iterator[Completion]:
        found = _WORD.search(text)
        if found is None:
            return
        word = found.group()
        for position, (name, kind) in enumerate(self._vocabulary.matching(word)):
            if position == _MOST_CHOICES:
                return
            yield Completion(name, -len(word), display_meta=kind)
