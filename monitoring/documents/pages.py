"""What is read out of a document: pages of blocks, and passages to be found and cited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["heading", "text", "table"]
Media = Literal["pdf", "markdown", "text"]

SUFFIXES: dict[str, Media] = {
    ".pdf": "pdf",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
}
"""How files are read, by the end of their names."""
CELL = " | "
"""What stands between the cells of a table's row."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph or a table; `level` of a heading counts from 1, a table has a line a row."""

    kind: BlockKind
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A page; `number` counts from 1. Documents without pages are one page."""

    number: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one page, small enough to be quoted; `place` is its position in the document, from 0.

    `heading` is the path of headings it stands under, the outermost first; `section` what kind of part of a
    post-mortem that is (see `sections`), empty where unknown.
    """

    page: int
    place: int
    heading: str
    section: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that was read."""

    title: str
    pages: int
    passages: tuple[Passage, ...]
