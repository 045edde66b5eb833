"""From pages to passages: pieces of one page under one heading, small enough to be quoted. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from monitoring.documents.pages import Block, Page, Passage
from monitoring.documents.sections import section_of

LONGEST = 900
"""Characters of a passage, unless one sentence or row is longer."""
LONGEST_PIECE = 2_000
"""A sentence or row longer than this is cut."""
LONGEST_TITLE = 200
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“\"(])")
_NOT_A_TITLE = re.compile(
    r"^(?:untitled|microsoft word|anonymous|unspecified|\(?anonymous\)?|document\d*)\b", re.IGNORECASE
)


def title_of(pages: Sequence[Page], given: str, name: str) -> str:
    """What a document is called: its first heading, what the file says of itself, or the name of the file."""
    headings = [block for page in pages[:2] for block in page.blocks if block.kind == "heading"]
    first = min(headings, key=lambda block: block.level).text if headings else ""
    stated = "" if _NOT_A_TITLE.match(given) else given
    return _shown(first or stated or re.sub(r"\.\w{1,8}$", "", name))[:LONGEST_TITLE]


def passages_of(pages: Sequence[Page]) -> list[Passage]:
    """The passages of a document in order; lines that only repeat on every page are left out."""
    repeated = _repeated(pages)
    headings: list[tuple[int, str]] = []
    found: list[Passage] = []
    for page in pages:
        blocks = [block for block in page.blocks if _normal(block.text) not in repeated]
        for heading, group in _by_heading(blocks, headings):
            # What stands right under the title tells what the document is about.
            section = section_of(heading) or ("summary" if " > " not in heading and page is pages[0] else "")
            for text in _pieces(group):
                found.append(Passage(page.number, len(found), heading, section, text))
    return found


def _repeated(pages: Sequence[Page]) -> frozenset[str]:
    """What stands first or last on most pages: running heads and page numbers."""
    counts: Counter[str] = Counter()
    for page in pages:
        edges = {_normal(block.text) for block in (*page.blocks[:1], *page.blocks[-2:]) if block.kind == "text"}
        counts.update(edge for edge in edges if len(edge) <= 120)
    return frozenset(text for text, times in counts.items() if times > 1 and times >= len(pages) / 2)


def _normal(text: str) -> str:
    return re.sub(r"\d+", "0", _shown(text)).lower()


def _by_heading(blocks: Sequence[Block], headings: list[tuple[int, str]]) -> Iterator[tuple[str, list[Block]]]:
    """Blocks of a page by the heading they stand under; `headings` is the path, carried on from page to page."""
    group: list[Block] = []
    for block in blocks:
        if block.kind != "heading":
            group.append(block)
            continue
        if group:
            yield _path(headings), group
            group = []
        while headings and headings[-1][0] >= block.level:
            headings.pop()
        headings.append((block.level, _shown(block.text)))
    if group or (blocks and blocks[-1].kind == "heading"):
        yield _path(headings), group


def _path(headings: Sequence[tuple[int, str]]) -> str:
    return " > ".join(text for _, text in headings)


def _pieces(blocks: Sequence[Block]) -> Iterator[str]:
    """Texts of at most `LONGEST` characters, broken between paragraphs, rows or sentences."""
    text = ""
    for block in blocks:
        for part, glue in _parts(block):
            joined = f"{text}{glue}{part}" if text else part
            if text and len(joined) > LONGEST:
                yield text
                head = block.text.split("\n", 1)[0] if block.kind == "table" and glue == "\n" else ""
                joined = f"{head}\n{part}" if head and head != part else part
            text = joined
    if text or not blocks:
        # A heading alone is found by its words, too.
        yield text


def _parts(block: Block) -> Iterator[tuple[str, str]]:
    """Parts of a block that stay whole, each with what joins it to the one before."""
    if block.kind == "table":
        for number, row in enumerate(block.text.split("\n")):
            yield row[:LONGEST_PIECE], "\n" if number else "\n\n"
        return
    if len(block.text) <= LONGEST:
        yield block.text, "\n\n"
        return
    for number, sentence in enumerate(_END.split(block.text)):
        for at in range(0, max(1, len(sentence)), LONGEST_PIECE):
            yield sentence[at : at + LONGEST_PIECE], " " if number or at else "\n\n"


def _shown(text: str) -> str:
    return " ".join(text.split())
