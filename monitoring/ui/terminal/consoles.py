"""The consoles everything is drawn on: what a stream can show, the colours, the progress bar.

Strings are never read as markup or emoji codes: what is drawn is data.
"""

from __future__ import annotations

import shutil
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from rich.theme import Theme

from monitoring.ui.terminal.text import is_terminal, one_line, sentence

PIPED_WIDTH = 120
"""Columns where the output is no terminal and nothing says how wide it may be."""

_THEME = Theme(
    {
        "healthy": "green",
        "degraded": "yellow",
        "warning": "yellow",
        "critical": "bold red",
        "no_data": "magenta",
        "error": "bold red",
        "good": "green",
        "quiet": "dim",
        "name": "bold",
        "title": "bold",
        "spark": "cyan",
        "demo": "bold black on yellow",
        "markdown.h1": "bold underline",
        "markdown.h2": "bold underline",
        "markdown.h3": "bold",
        "markdown.h4": "bold",
        "markdown.code": "cyan",
        "markdown.code_block": "cyan",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
        "markdown.item.bullet": "dim",
        "markdown.item.number": "dim",
        "progress.description": "bold",
    }
)

_MARKS = {
    "healthy": "●",
    "degraded": "▲",
    "warning": "▲",
    "critical": "✖",
    "no_data": "○",
}


def console_for(stream: TextIO) -> Console:
    """A console on the stream: colours only on a terminal that has them, none with NO_COLOR."""
    terminal = is_terminal(stream)
    return Console(
        file=stream,
        force_terminal=terminal,
        force_jupyter=False,
        color_system="auto" if terminal else None,
        width=None if terminal else shutil.get_terminal_size((PIPED_WIDTH, 40)).columns,
        theme=_THEME,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=not terminal,
    )


def animated(console: Console) -> bool:
    """Whether lines already written can be replaced."""
    return console.is_terminal and not console.is_dumb_terminal


def health_mark(health: object) -> Text:
    """A word of health or severity with a sign of its own, readable without colour."""
    word = one_line(health or "–")
    mark = _MARKS.get(word, "·")
    return Text(f"{mark} {word.replace('_', ' ')}", style=word if word in _MARKS else "")


def demo_badge() -> Text:
    return Text(" DEMO DATA ", style="demo")


def error_line(message: str) -> Text:
    return Text.assemble(("Error: ", "error"), sentence(message))


class _Done(ProgressColumn):
    """How much is done, once anything is."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.completed:,.0f}" if task.completed else "")


def progress_bar(console: Console, unbounded: bool) -> Progress:
    """A bar with rate and time; with an unknown total, a count instead of a percentage."""
    measured: tuple[ProgressColumn, ...] = (
        (_Done(), TimeElapsedColumn())
        if unbounded
        else (TaskProgressColumn(show_speed=True), MofNCompleteColumn(), TimeRemainingColumn())
    )
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *measured,
        console=console,
        transient=unbounded,
        disable=not animated(console),
        redirect_stdout=False,
        redirect_stderr=False,
    )
