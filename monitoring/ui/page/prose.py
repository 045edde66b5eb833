"""Answers as Markdown that can do nothing but emphasise: no HTML, maths, emoji codes, colours, images or links.

What stands between back-ticks is shown as it is by Streamlit and stays as it is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitoring.ui.page.text import CONTROL, spelled

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)(?!`)(?:.+?)(?<!`)\1(?!`)", re.DOTALL)
_INERT = re.compile(
    r"(?P<kept>\\.)"
    r"|(?P<code>(?:https?|ftp)://[^\s<>`]*[^\s<>`.,;:!?)\]]|www\.[^\s<>`]+)"
    r"|(?P<icon>:(?=material/|[a-z_][\w-]*:|[+-]1:)|(?<!\d):(?=(?:100|1234|8ball):))"
    r"|(?P<mark>[$\[:]|<(?=[A-Za-z/!?]))",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^( {0,3})#{1,6}(?= )", re.MULTILINE)


def prose(text: str) -> str:
    """The text of an answer for Streamlit's Markdown; headings are those of a paragraph, not of a page."""
    return "".join(part if is_code else _without_code(part) for part, is_code in _parts(_clean(text)))


def folded(text: str, lines: int) -> tuple[str, str]:
    """The first so many lines of Markdown and the rest, cut between paragraphs if one ends there or shortly
    before; a fenced block that is cut goes on in both. The rest is empty where the text is hardly longer."""
    whole = text.split("\n")
    if len(whole) <= lines + lines // 4:
        return text, ""
    cut, fence = _cut(whole, lines)
    marks = [fence] if fence else []
    return "\n".join([*whole[:cut], *marks]).rstrip("\n"), "\n".join([*marks, *whole[cut:]]).lstrip("\n")


def count_lines(text: str) -> int:
    """How many lines a text has."""
    return text.count("\n") + 1 if text else 0


def _clean(text: str) -> str:
    whole = text.replace("\r\n", "\n").expandtabs(4)
    return "\n".join(CONTROL.sub(spelled, line) for line in whole.split("\n"))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, fenced blocks apart from the rest; one that is not closed goes to the end."""
    fence, piece = "", ""
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if not fence and found:
            yield piece, False
            fence, piece = found[1], line
        elif fence and found and found[1].startswith(fence) and not line.strip().strip(fence[0]):
            yield piece + line, True
            fence, piece = "", ""
        else:
            piece += line
    yield piece, bool(fence)


def _without_code(text: str) -> str:
    pieces: list[str] = []
    end = 0
    for found in _CODE.finditer(text):
        pieces += [_inert(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*pieces, _inert(text[end:])])


def _inert(text: str) -> str:
    return _INERT.sub(_escaped, _HEADING.sub(r"\1####", text))


def _escaped(found: re.Match[str]) -> str:
    if found["code"]:
        # Streamlit reads bare addresses after all escapes, so that only code keeps them as text.
        return f"`{found['code']}`"
    if found["icon"]:
        # And names of icons and emojis: the joiner, which is not seen, keeps the word from being one.
        return "\\:\u2060"
    return found[0] if found["kept"] else f"\\{found[0]}"


def _cut(lines: list[str], most: int) -> tuple[int, str]:
    """Where to cut, and the mark of the fenced block that is open there."""
    fence, paragraph = "", 0
    for place, line in enumerate(lines[:most]):
        found = _FENCE.match(line)
        if found:
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        elif not fence and not line.strip():
            paragraph = place
    return (paragraph, "") if paragraph > most // 2 else (most, fence)


def tail(text: str, lines: int) -> str:
    """The last so many lines of Markdown; a fenced block that began before goes on."""
    whole = text.split("\n")
    if len(whole) <= lines:
        return text
    _, fence = _cut([*whole[:-lines]], len(whole))
    return "\n".join([*([fence] if fence else []), *whole[-lines:]])
