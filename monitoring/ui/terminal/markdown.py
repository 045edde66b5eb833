"""Markdown of an answer on a terminal, and where a half-written one can be cut.

HTML, entities and images are not interpreted: a name such as `<b>` has to be seen, and an entity must not
become a control character.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text

from monitoring.ui.terminal.text import block


class _LeftHeading(Heading):
    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = {}


class _PlainCode(CodeBlock):
    """Code as it is, indented: no background, nothing guessed about its language."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Padding(Text(str(self.text).rstrip(), style="markdown.code_block"), (0, 0, 0, 2))


class _AnswerMarkdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "fence": _PlainCode,
        "code_block": _PlainCode,
    }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        drawn = (part for part in super().__rich_console__(console, options) if isinstance(part, Segment))
        for line in _without_blank_edges(list(Segment.split_lines(drawn))):
            yield from _without_padding(line)
            yield Segment.line()


def _without_padding(line: list[Segment]) -> list[Segment]:
    """Lines end where their text ends, so that they can be copied and survive a narrower window."""
    kept = list(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[-1] = Segment(kept[-1].text.rstrip(), kept[-1].style)
    return kept


def _without_blank_edges(lines: list[list[Segment]]) -> list[list[Segment]]:
    """Lists and tables bring blank lines of their own, which would double those between blocks."""
    filled = [at for at, line in enumerate(lines) if any(segment.text.strip() for segment in line)]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").enable("table")
    return parser.disable(["html_block", "html_inline", "entity", "image", "reference"])


def markdown(text: str) -> Markdown:
    """Markdown to be drawn, harmless whatever the text holds."""
    drawn = _AnswerMarkdown("", hyperlinks=False)
    drawn.markup = text
    drawn.parsed = _parser().parse(block(text))
    return drawn


def finished_blocks(text: str) -> tuple[list[str], str]:
    """The blocks of growing Markdown that will not change any more, and the rest.

    The last block with a complete line may still grow (a list, a table), so it always stays in the rest.
    """
    safe = block(text)
    complete = safe[: safe.rfind("\n") + 1]
    starts = [token.map[0] for token in _parser().parse(complete) if token.level == 0 and token.map]
    if len(starts) < 2:
        return [], text
    lines = safe.split("\n")
    return ["\n".join(lines[start:end]) for start, end in pairwise(starts)], "\n".join(lines[starts[-1] :])
