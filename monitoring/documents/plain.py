"""Markdown and plain text as pages: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitoring.documents.pages import CELL, Block, Page
from monitoring.documents.problems import unreadable

MOST_CHARACTERS = 20_000_000
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_RULE = re.compile(r"^\|?\s*:?-{3,}:?\s*(?:\|\s*:?-{3,}:?\s*)*\|?$")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_UNDERLINE = re.compile(r"^(=+|-+)$")
_BULLET = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def decoded(content: bytes) -> str:
    """The text of a file; raises `Unreadable` for what is none."""
    if not content.strip():
        raise unreadable("empty")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = _western(content)
    if "\x00" in text:
        raise unreadable("not_text")
    if len(text) > MOST_CHARACTERS:
        raise unreadable("too_much_text", characters=MOST_CHARACTERS)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _western(content: bytes) -> str:
    """What was saved in the encoding that Windows used; binary files are not taken for it."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise unreadable("not_text") from None
    odd = sum(not (c.isprintable() or c.isspace()) for c in text)
    if odd or sum(c.isascii() for c in text) < 0.8 * len(text):
        raise unreadable("not_text")
    return text


def read_text(content: bytes, markdown: bool) -> Iterator[Page]:
    """The one page of a text; raises `Unreadable`."""
    text = decoded(content)
    blocks = _markdown(_FRONT_MATTER.sub("", text)) if markdown else _paragraphs(text)
    found = tuple(block for block in blocks if block.text.strip())
    if not found:
        raise unreadable("empty")
    yield Page(1, found)


def _paragraphs(text: str) -> Iterator[Block]:
    for part in re.split(r"\n\s*\n", text):
        lines = part.strip().split("\n")
        if len(lines) > 1 and re.fullmatch(r"[=~-]{3,}", lines[1].strip()):
            yield Block("heading", lines[0].strip(), 1 if lines[1].strip().startswith("=") else 2)
            lines = lines[2:]
        yield Block("text", "\n".join(line.strip() for line in lines))


def _markdown(text: str) -> Iterator[Block]:
    paragraph: list[str] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        heading = _HEADING.match(line)
        under = _UNDERLINE.match(lines[at + 1].strip()) if at + 1 < len(lines) and line.strip() else None
        if _FENCE.match(line):
            yield from _ended(paragraph)
            end = next((n for n in range(at + 1, len(lines)) if _FENCE.match(lines[n])), len(lines))
            yield Block("text", "\n".join(lines[at + 1 : end]))
            at = end + 1
        elif heading or (under and not paragraph and not line.lstrip().startswith("|") and not _BULLET.match(line)):
            yield from _ended(paragraph)
            yield _heading(line, heading)
            at += 1 if heading else 2
        elif "|" in line and at + 1 < len(lines) and _RULE.match(lines[at + 1].strip()) and "|" in lines[at + 1]:
            yield from _ended(paragraph)
            end = next((n for n in range(at + 2, len(lines)) if "|" not in lines[n]), len(lines))
            yield Block("table", "\n".join(map(_row, [line, *lines[at + 2 : end]])))
            at = end
        else:
            if not line.strip() or _BULLET.match(line):
                yield from _ended(paragraph)
            paragraph += [_plain(line)] if line.strip() else []
            at += 1
    yield from _ended(paragraph)


def _ended(paragraph: list[str]) -> Iterator[Block]:
    if paragraph:
        yield Block("text", " ".join(paragraph))
    paragraph.clear()


def _heading(line: str, marked: re.Match[str] | None) -> Block:
    if marked:
        return Block("heading", _plain(marked[2]), len(marked[1]))
    return Block("heading", _plain(line), 1)


def _row(line: str) -> str:
    inside = line.strip().removeprefix("|").removesuffix("|")
    return CELL.join(_plain(cell.replace(r"\|", "|")) for cell in re.split(r"(?<!\\)\|", inside))


def _plain(text: str) -> str:
    """A line without what only says how it looks."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text.strip())
    text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    return re.sub(r"\\([!-/:-@\[-`{-~])|`", r"\1", text)
