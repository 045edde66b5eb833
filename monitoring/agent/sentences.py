"""An answer taken apart into sentences and put together again without some of them."""

from __future__ import annotations

import re
from collections.abc import Callable

_END = re.compile(r"(?<=[.!?;])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bapprox\.)(?<!\bp\.)(\s+)(?=\S)")
_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.)]|#+|>)?\s*")


def changed(text: str, change: Callable[[str], str]) -> str:
    """The text with each of its sentences as `change` leaves it; lines of which nothing is left go altogether."""
    lines = []
    for line in text.split("\n"):
        mark = _MARK.match(line)
        lead = mark[0] if mark else ""
        body = line[len(lead) :]
        if not body.strip():
            lines.append(line)
            continue
        parts = [change(part) if part.strip() else part for part in _END.split(body)]
        kept = re.sub(r"\s{2,}", " ", "".join(parts)).strip() if parts != _END.split(body) else body
        if kept.strip():
            lines.append(lead + kept)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without(text: str, unwanted: Callable[[str], bool]) -> str:
    """The text without the sentences that are not wanted."""
    return changed(text, lambda sentence: "" if unwanted(sentence) else sentence)


def has_words(text: str) -> bool:
    """Whether there is a word in it at all, in whatever script."""
    return bool(re.search(r"[^\W\d_]{2,}|[^\W\d_a-zA-Z]", text))


def says_something(text: str) -> bool:
    """Whether words are left that answer anything."""
    return len(re.findall(r"[^\W\d_]{2,}", text)) >= 3
