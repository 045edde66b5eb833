"""An answer shown while it is made: tool calls as they run, text as it arrives, then what it rests on.

Blocks of Markdown that are complete are written for good; only the last, growing one is redrawn, and never
more of it than fits on the screen. So nothing flickers and everything stays in the scroll-back.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from types import TracebackType
from typing import Self, TextIO, assert_never

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.segment import Segment, Segments
from rich.spinner import Spinner
from rich.text import Text as Line

from monitoring.contract import (
    Answer,
    Platform,
    Progress,
    Restarted,
    Text,
    ToolFinished,
    ToolReply,
    ToolStarted,
)
from monitoring.errors import MonitoringError
from monitoring.ui.terminal.consoles import animated, console_for
from monitoring.ui.terminal.markdown import finished_blocks, markdown
from monitoring.ui.terminal.render import footer, trend_charts
from monitoring.ui.terminal.tables import call_heading
from monitoring.ui.terminal.text import Times, args_words, is_terminal, json_text, one_line, plain_answer, sentence

_REDRAWS_PER_SECOND = 12
_ROWS_KEPT_FREE = 4
"""Rows of the screen the growing block leaves for the spinner and what stands above."""


class AnswerView:
    """Draws an answer on a console, piece by piece. Use it as a context manager.

    `tools` and `text` tell which of the two is drawn; what is not drawn is only counted.
    """

    def __init__(self, console: Console, zone: tzinfo | None, *, tools: bool = True, text: bool = True) -> None:
        self.streamed = ""
        self._console = console
        self._zone = zone
        self._tools = tools
        self._text = text
        self._pending = ""
        self._written = 0
        self._running: list[ToolStarted] = []
        self._spinner = Spinner("dots", style="spark")
        self._live = Live(
            console=console,
            get_renderable=self._frame,
            refresh_per_second=_REDRAWS_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        if self._tools and animated(self._console):
            self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        rest, self._pending = self._pending, ""
        self._write(rest)

    def show(self, piece: Progress) -> None:
        """Draw one piece; the whole answer only completes what was streamed."""
        match piece:
            case ToolStarted():
                self._running.append(piece)
            case ToolFinished(reply):
                self._finished(reply)
            case Text(text):
                self._arrived(text)
            case Restarted(reason):
                self._restarted(reason)
            case Answer():
                self._complete(piece)
            case _:
                assert_never(piece)

    def _finished(self, reply: ToolReply) -> None:
        done = next((call for call in self._running if call.name == reply.name), None)
        if done is not None:
            self._running.remove(done)
        if self._tools:
            self._console.print(call_heading(reply, self._zone))

    def _arrived(self, text: str) -> None:
        self.streamed += text
        if not self._text:
            return
        grown = self._pending + text.replace("\r", "")
        # Only a line end can complete a block.
        blocks, self._pending = finished_blocks(grown) if "\n" in text else ([], grown)
        for block in blocks:
            self._write(block)

    def _write(self, block: str) -> None:
        if not block.strip():
            return
        if self._written or self._tools:
            self._console.print()
        self._written += 1
        self._console.print(markdown(block))

    def _restarted(self, reason: str) -> None:
        rest, self._pending, self._running = self._pending, "", []
        began, self.streamed = bool(self.streamed), ""
        if self._text and began:
            self._write(rest)
            self._console.print(Line(f"\n↻ What stands above does not count: {sentence(reason)}", style="warning"))
        elif self._tools:
            self._console.print(Line(f"↻ Starting over: {sentence(reason)}", style="warning"))

    def _complete(self, answer: Answer) -> None:
        if answer.answer.strip() == self.streamed.strip():
            return
        if answer.answer.startswith(self.streamed):
            self._arrived(answer.answer[len(self.streamed) :])
            return
        self._restarted("the answer was revised")
        self._arrived(answer.answer)

    def _frame(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._pending.strip():
            parts += ["", self._tail(self._pending)]
        if self._running or not (self.streamed and self._text):
            doing = [f"{one_line(call.name)} {args_words(call.args)}".rstrip() for call in self._running]
            self._spinner.update(text=Line(" · ".join(doing) or "thinking …", style="quiet"))
            parts.append(self._spinner)
        return Group(*parts)

    def _tail(self, block: str) -> Segments:
        lines = self._console.render_lines(markdown(block), pad=False)
        room = max(self._console.height - _ROWS_KEPT_FREE, 1)
        return Segments([segment for line in lines[-room:] for segment in (*line, Segment.line())])


def follow(pieces: Iterator[Progress], view: AnswerView) -> Answer:
    """Show all pieces of an answer and return it whole; however it ends, the pieces are closed."""
    try:
        with view:
            for piece in pieces:
                view.show(piece)
                if isinstance(piece, Answer):
                    return piece
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    raise MonitoringError("The answer broke off before it was complete; ask again.")


def print_footer(console: Console, answer: Answer, zone: tzinfo | None, seconds: float | None) -> None:
    """Charts of the series the answer speaks of, then what it rests on."""
    charts = trend_charts(answer, Times(answer.as_of, zone), console.width)
    console.print(Group(*charts, "", *footer(answer, seconds)))


@contextlib.contextmanager
def waiting(console: Console) -> Iterator[None]:
    """A spinner while an answer is made in one piece."""
    if not animated(console):
        yield
        return
    with console.status(Line("thinking …", style="quiet"), spinner="dots"):
        yield


@dataclass(frozen=True, slots=True)
class Shown:
    """Where and how an answer to a single question is shown."""

    stdout: TextIO
    stderr: TextIO
    json_output: bool
    stream: bool
    zone: tzinfo | None


def ask_on_terminal(
    platform: Platform, question: str, session_id: str | None, as_of: datetime | None, shown: Shown
) -> None:
    """Answer one question where `stdout`, `stderr` or both are a terminal.

    Progress is shown on a terminal `stderr` only; a terminal `stdout` gets rendered Markdown, anything else
    plain text or JSON.
    """
    started = time.perf_counter()
    drawn = is_terminal(shown.stdout) and not shown.json_output
    watched = is_terminal(shown.stderr)
    console = console_for(shown.stdout if drawn else shown.stderr)
    view = AnswerView(console, shown.zone, tools=watched, text=drawn)
    if shown.stream:
        answer = follow(platform.stream(question, session_id, as_of), view)
    else:
        with waiting(console) if watched else contextlib.nullcontext():
            answer = platform.ask(question, session_id, as_of)
        if drawn:
            console.print(markdown(answer.answer))
    if drawn:
        print_footer(console, answer, shown.zone, time.perf_counter() - started)
        return
    body = json_text(answer.to_json(), shown.stdout) if shown.json_output else plain_answer(answer)
    shown.stdout.write(body + "\n")
    shown.stdout.flush()
