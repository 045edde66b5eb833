"""An answer in the making, as it can be shown at any moment: its look-ups, its text so far, how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import assert_never

from monitoring.contract import Answer, Progress, Restarted, Text, ToolFinished, ToolReply, ToolStarted
from monitoring.errors import MonitoringError


@dataclass(frozen=True, slots=True)
class Step:
    """One look-up; `reply` is `None` while it runs."""

    started: ToolStarted
    reply: ToolReply | None = None


@dataclass(frozen=True, slots=True)
class Unfolding:
    """What is known of an answer so far.

    `restarts` are the reasons why it began anew, each time without the text before. It ends with the whole
    `answer`, with a `problem`, or because it was `stopped`; what is shown until then stays.
    """

    question: str
    steps: tuple[Step, ...] = ()
    text: str = ""
    restarts: tuple[str, ...] = ()
    answer: Answer | None = None
    problem: MonitoringError | None = None
    stopped: bool = False

    @property
    def over(self) -> bool:
        return self.answer is not None or self.problem is not None or self.stopped

    @property
    def looking(self) -> tuple[Step, ...]:
        """The look-ups that run now."""
        return () if self.over else tuple(step for step in self.steps if step.reply is None)

    def after(self, piece: Progress) -> Unfolding:
        """The same with one more piece."""
        match piece:
            case ToolStarted():
                return replace(self, steps=(*self.steps, Step(piece)))
            case ToolFinished(reply):
                return replace(self, steps=_finished(self.steps, reply))
            case Text(text):
                return replace(self, text=self.text + text)
            case Restarted(reason):
                kept = tuple(step for step in self.steps if step.reply is not None)
                return replace(self, steps=kept, text="", restarts=(*self.restarts, reason))
            case Answer():
                return replace(self, answer=piece, text=piece.answer)
            case _:
                assert_never(piece)

    def stop(self) -> Unfolding:
        """The same as it is once somebody stopped it; an answer that is over stays as it is."""
        return self if self.over else replace(self, stopped=True)

    def fail(self, problem: MonitoringError) -> Unfolding:
        """The same as it is once it could not go on."""
        return self if self.over else replace(self, problem=problem)


def joined(pieces: Iterable[Progress]) -> Iterator[Progress]:
    """The same pieces with the text between two others in one: a long answer comes in thousands of words."""
    for is_text, group in groupby(pieces, key=lambda piece: isinstance(piece, Text)):
        if is_text:
            yield Text("".join(piece.text for piece in group if isinstance(piece, Text)))
        else:
            yield from group


def _finished(steps: tuple[Step, ...], reply: ToolReply) -> tuple[Step, ...]:
    """The look-up that the reply belongs to: of those that run and have its name the one asked the same, or the
    first; a reply to nothing is a look-up of its own."""
    open_ones = [place for place, step in enumerate(steps) if step.reply is None and step.started.name == reply.name]
    same = [place for place in open_ones if dict(steps[place].started.args) == dict(reply.args)]
    if not open_ones:
        return (*steps, Step(ToolStarted(reply.name, reply.args), reply))
    place = (same or open_ones)[0]
    return (*steps[:place], replace(steps[place], reply=reply), *steps[place + 1 :])
