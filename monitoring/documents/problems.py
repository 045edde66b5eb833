"""Why a document could not be read; each message stands alone after the name of the file."""

from __future__ import annotations

from monitoring.errors import InvalidInput


class Unreadable(InvalidInput):
    """The document could not be read."""


REASONS: dict[str, str] = {
    "encrypted": "is encrypted: save it without its password",
    "scanned": "holds pictures of pages and no text: run text recognition (OCR) over it first",
    "broken": "is broken or cut short: fetch it again or save it anew",
    "empty": "is empty",
    "not_text": "is not text in a known encoding: save it as UTF-8",
    "too_many_pages": "has more pages than are read ({pages:,}): split it",
    "too_much_text": "holds more text than is read ({characters:,} characters): split it",
    "too_large": "has more than {bytes:,} bytes, the most that is read: split it or raise DOCUMENT_BYTES",
    "too_slow": "took longer than {seconds:g} s to read and was given up: split it or raise DOCUMENT_SECONDS",
    "memory": "needed more than {megabytes:,} MB of memory to read and was given up: split it or raise "
    "DOCUMENT_MEMORY_MB",
    "crashed": "made its reader crash: it is broken or made to do harm",
    "unknown_kind": "is of no kind that is read: {kinds}",
    "no_page": "has no page {page:,}: it has {pages:,}",
    "no_picture": "has no pages to show: only PDF files do",
    "no_access": "cannot be opened ({reason})",
}
"""What is said of each kind of failure."""


def unreadable(kind: str, **facts: object) -> Unreadable:
    """The error for a kind of failure, with its figures filled in."""
    return Unreadable(REASONS[kind].format(**facts))
