"""A post-mortem in Markdown as a sequence of blocks, its front matter apart. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from monitoring.errors import InvalidInput

CODE = '<font color="#0b5563">{}</font>'
REQUIRED = ("id", "title", "date")
_TAGS = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>", "softbreak": " "}


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document. `text` is ReportLab's inline markup, that of a code block plain text; a table has
    `rows` of such texts instead, the first of them its head. `label` is what stands before an item of a list."""

    kind: Literal["heading", "text", "bullet", "code", "table"]
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A document as it was written: what its front matter says, in order, and its blocks."""

    meta: Mapping[str, str]
    blocks: tuple[Block, ...]


def parse(text: str) -> Source:
    """A document from its Markdown; raises `InvalidInput` where its front matter is missing or lacks a field."""
    _, front, body = text.split("---\n", 2) if text.startswith("---\n") and text.count("---\n") > 1 else ("", "", "")
    fields = dict(line.split(": ", 1) for line in front.splitlines() if ": " in line)
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise InvalidInput(f"The front matter lacks {', '.join(missing)}; write it between lines of --- at the top.")
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    return Source(fields, tuple(_blocks(tokens)))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    at, label = 0, ""
    while at < len(tokens):
        token = tokens[at]
        if token.type == "heading_open":
            yield Block("heading", _inline(tokens[at + 1]))
        elif token.type == "paragraph_open":
            yield Block("bullet" if label else "text", _inline(tokens[at + 1]), label=label)
        elif token.type.startswith("list_item"):
            label = "" if token.nesting < 0 else f"{token.info}." if token.info else "•"
        elif token.type == "fence":
            yield Block("code", token.content.rstrip("\n"))
        elif token.type == "table_open":
            end = next(n for n in range(at, len(tokens)) if tokens[n].type == "table_close")
            yield Block("table", rows=tuple(_rows(tokens[at:end])))
            at = end
        at += 1


def _rows(tokens: Sequence[Token]) -> Iterator[tuple[str, ...]]:
    row: list[str] = []
    for token in tokens:
        if token.type == "inline":
            row.append(_inline(token))
        elif token.type == "tr_close":
            yield tuple(row)
            row = []


def _inline(token: Token) -> str:
    return "".join(_piece(child) for child in token.children or ())


def _piece(token: Token) -> str:
    if token.type == "code_inline":
        return CODE.format(escape(token.content))
    return _TAGS.get(token.type, escape(token.content))
