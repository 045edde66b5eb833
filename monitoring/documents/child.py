"""The process that parses documents: it may hang, crash or run out of memory, and takes nothing with it.

It reads, on standard input, a line of JSON with `media` and `size`, and then so many bytes; it answers with a line for
every page and one at the end. Where the line also has `picture`, the number of a page, and `marked`, passages of it,
it answers with a picture of that page. Run as `python -m monitoring.documents.child MEGABYTES`.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Any

from monitoring.documents.pages import Page
from monitoring.documents.plain import read_text
from monitoring.documents.problems import Unreadable


def main() -> int:
    """Parse what comes in until standard input ends."""
    megabytes = int(sys.argv[1])
    _confine(megabytes)
    given, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    # What a library prints must not mix with the answers.
    os.dup2(2, 1)
    while line := given.readline():
        asked = json.loads(line)
        _answer(asked, given.read(asked["size"]), answers, megabytes)
    return 0


def _confine(megabytes: int) -> None:
    """Bound the memory, and write no files: not even the image of a crash."""
    most = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(asked: Mapping[str, Any], content: bytes, answers: IO[str], megabytes: int) -> None:
    title = ""
    try:
        if "picture" in asked:
            _draw(asked, content, answers)
        else:
            title = _read(asked["media"], content, answers)
    except Unreadable as problem:
        _say(answers, problem=str(problem))
    except MemoryError:
        _say(answers, memory=megabytes)
    else:
        _say(answers, done=title)
    answers.flush()


def _read(media: str, content: bytes, answers: IO[str]) -> str:
    """Tell the pages; the title is returned."""
    for page in _pages(media, content):
        _say(answers, page=page.number, blocks=[(b.kind, b.text, b.level) for b in page.blocks])
    return _title(media, content)


def _draw(asked: Mapping[str, Any], content: bytes, answers: IO[str]) -> None:
    from monitoring.documents.picturing import page_picture

    picture, marks = page_picture(content, asked["picture"], asked["marked"])
    _say(answers, png=base64.b64encode(picture).decode(), marks=marks)


def _pages(media: str, content: bytes) -> Iterator[Page]:
    if media != "pdf":
        return read_text(content, markdown=media == "markdown")
    from monitoring.documents.pdf import read_pdf

    return read_pdf(content)


def _title(media: str, content: bytes) -> str:
    if media != "pdf":
        return ""
    from monitoring.documents.pdf import metadata_title

    return metadata_title(content)


def _say(answers: IO[str], **what: Any) -> None:
    answers.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    sys.exit(main())
