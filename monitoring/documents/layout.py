"""From the glyphs of a PDF page to headings, paragraphs and tables, by where they stand and how large they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from monitoring.documents.pages import CELL, Block

WORD_GAP = 0.22
"""A gap wider than this share of the height of the letters stands for a space that the file does not hold."""
CELL_GAP = 0.9
"""A gap wider than this is one between the cells of a table."""
ALIGNED = 3.0
"""Points by which cells of one column may begin apart."""
LARGER = 1.12
"""Letters larger than the usual ones by this factor make a heading."""
PARAGRAPH_GAP = 0.55
"""Lines further apart than this share of their height belong to different paragraphs."""
LONGEST_HEADING = 120
_MARK = re.compile(r"^(?:[•◦▪‣*–-]|\(?\d{1,2}[.)]|[a-z][.)]) \| ")
_BULLET = re.compile(r"^(?:[•◦▪‣*–-]|\(?\d{1,2}[.)]|[a-z][.)])\s+")


@dataclass(slots=True)
class Run:
    """Letters that follow each other on one line, without a gap that could part cells."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    bold: bool = False

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(slots=True)
class Line:
    """Runs side by side, from left to right: the cells of a row, or the one run of a line of text."""

    runs: list[Run]

    @property
    def text(self) -> str:
        return " ".join(run.text for run in self.runs)

    @property
    def top(self) -> float:
        return max(run.top for run in self.runs)

    @property
    def bottom(self) -> float:
        return min(run.bottom for run in self.runs)

    @property
    def height(self) -> float:
        return max(run.height for run in self.runs)

    @property
    def bold(self) -> bool:
        return all(run.bold for run in self.runs)


@dataclass
class Sizes:
    """How many letters there are of each height, over the pages read so far: the most frequent is the usual one."""

    heights: Counter[float] = field(default_factory=Counter)

    def see(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.heights[_rounded(line.height)] += len(line.text)

    @property
    def usual(self) -> float:
        return self.heights.most_common(1)[0][0] if self.heights else 0.0

    def level(self, height: float) -> int:
        """The level of a heading of that height: the larger heights there are, the deeper it stands."""
        larger = {seen for seen in self.heights if seen > self.usual * LARGER and seen > _rounded(height)}
        return min(6, len(larger) + 1)


def blocks_of(runs: Sequence[Run], sizes: Sizes) -> list[Block]:
    """The blocks of a page from top to bottom; `sizes` learns of the page."""
    lines = lines_of(runs)
    sizes.see(lines)
    blocks: list[Block] = []
    for group in _grouped(lines):
        if len(group.columns) > 1:
            blocks += _tabular(_rows(group.lines, group.columns))
        else:
            blocks += _prose(group.lines, sizes)
    return [block for block in blocks if block.text.strip()]


def lines_of(runs: Iterable[Run]) -> list[Line]:
    """Runs put together into lines, from top to bottom."""
    lines: list[Line] = []
    for run in sorted(runs, key=lambda run: -run.middle):
        if lines and lines[-1].bottom < run.middle and run.bottom < _middle(lines[-1]):
            lines[-1].runs.append(run)
        else:
            lines.append(Line([run]))
    for line in lines:
        line.runs.sort(key=lambda run: run.left)
    return lines


def _middle(line: Line) -> float:
    return line.runs[0].middle


def _rounded(height: float) -> float:
    return round(height * 2) / 2


@dataclass(slots=True)
class _Group:
    """Lines that belong to one table, or lines of text; `columns` are where the table's columns begin."""

    lines: list[Line]
    columns: list[float]


def _grouped(lines: Sequence[Line]) -> list[_Group]:
    groups: list[_Group] = []
    at = 0
    while at < len(lines):
        end, columns = _table_from(lines, at)
        if end - at > 1:
            groups.append(_Group(list(lines[at:end]), columns))
            at = end
        else:
            if not groups or groups[-1].columns:
                groups.append(_Group([], []))
            groups[-1].lines.append(lines[at])
            at += 1
    return groups


def _table_from(lines: Sequence[Line], at: int) -> tuple[int, list[float]]:
    """Where a table that begins with this line ends, and its columns; the line itself where it begins none."""
    columns = [run.left for run in lines[at].runs]
    if len(columns) < 2:
        return at, []
    end, rows = at + 1, 1
    while end < len(lines) and _fits(lines[end], lines[end - 1], columns):
        rows += len(lines[end].runs) > 1
        end += 1
    return (end, columns) if rows > 1 else (at, [])


def _fits(line: Line, above: Line, columns: Sequence[float]) -> bool:
    """Whether a line goes on with a table: its cells begin where the columns do, and it follows closely."""
    if above.bottom - line.top > 2.5 * line.height:
        return False
    places = [_column(run, columns) for run in line.runs]
    if len(line.runs) == 1 and places[0] == 0:
        # Below the first column alone there may be the next paragraph as well as a cell that goes on.
        near = above.bottom - line.top < PARAGRAPH_GAP * line.height
        return near and line.runs[0].right < columns[1]
    return None not in places


def _column(run: Run, columns: Sequence[float]) -> int | None:
    return next((n for n, left in enumerate(columns) if abs(run.left - left) <= ALIGNED), None)


def _rows(lines: Sequence[Line], columns: Sequence[float]) -> list[str]:
    """The rows of a table; a line that begins no row goes on with the cells of the one above."""
    rows: list[list[list[str]]] = []
    above: Line | None = None
    for line in lines:
        if above is None or _begins_row(line, above, columns):
            rows.append([[] for _ in columns])
        for run in line.runs:
            rows[-1][_column(run, columns) or 0].append(run.text)
        above = line
    return [CELL.join(_joined(cell) for cell in row) for row in rows]


def _tabular(rows: Sequence[str]) -> list[Block]:
    """Rows as a table; points of a list, whose marks stand in a column of their own, as paragraphs."""
    if all(_MARK.match(row) for row in rows):
        return [Block("text", row.replace(CELL, " ", 1)) for row in rows]
    return [Block("table", "\n".join(rows))]


def _begins_row(line: Line, above: Line, columns: Sequence[float]) -> bool:
    if above.bottom - line.top > PARAGRAPH_GAP * line.height:
        return True
    return _column(line.runs[0], columns) == 0 and len(line.runs) > 1


def _prose(lines: Sequence[Line], sizes: Sizes) -> list[Block]:
    blocks: list[Block] = []
    paragraph: list[Line] = []
    for line in lines:
        level = _heading_level(line, sizes)
        if paragraph and (level or _parted(paragraph[-1], line)):
            blocks.append(Block("text", _joined(part.text for part in paragraph)))
            paragraph = []
        if level and blocks and _goes_on(blocks[-1], level, line, lines):
            blocks[-1] = Block("heading", f"{blocks[-1].text} {line.text}", level)
        elif level:
            blocks.append(Block("heading", line.text, level))
        else:
            paragraph.append(line)
    return [*blocks, *([Block("text", _joined(part.text for part in paragraph))] if paragraph else [])]


def _heading_level(line: Line, sizes: Sizes) -> int:
    """The level of a heading; 0 where the line is none."""
    text = line.text.strip()
    if len(text) > LONGEST_HEADING or not re.search(r"[^\W\d_]", text):
        return 0
    if _rounded(line.height) > sizes.usual * LARGER:
        return sizes.level(line.height)
    alone = len(text) <= 70 and not text.endswith((".", ",", ";", ":")) and not _BULLET.match(text)
    return 6 if line.bold and alone else 0


def _goes_on(before: Block, level: int, line: Line, lines: Sequence[Line]) -> bool:
    """Whether a heading is the second line of the one before."""
    at = next(n for n, other in enumerate(lines) if other is line)
    near = at > 0 and lines[at - 1].bottom - line.top < PARAGRAPH_GAP * line.height
    return before.kind == "heading" and before.level == level and level < 6 and near


def _parted(above: Line, line: Line) -> bool:
    return above.bottom - line.top > PARAGRAPH_GAP * line.height or bool(_BULLET.match(line.text))


def _joined(parts: Iterable[str]) -> str:
    """Lines as running text: words parted by a soft hyphen are put together, a real hyphen stays."""
    text = ""
    for part in parts:
        part = part.strip()
        if text.endswith(("\x02", "\xad")):
            text = text[:-1] + part
        elif re.search(r"\w-$", text) and re.match(r"\w", part):
            text += part
        else:
            text = f"{text} {part}" if text else part
    return text
