"""Pieces of documents as they may stand in an answer: sentences and rows, made harmless. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from monitoring.documents.pages import CELL

_END = re.compile(r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bno\.)\s+(?=[A-Z0-9“\"(`])|\n+")
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules|prompt|guidelines)\b|\bsystem prompt\b"
    r"|\b(?:system|assistant|user)\s*:|\byou are (?:now )?(?:an? |the )?(?:ai|assistant|language model|chatbot)\b"
    r"|\b(?:dear|hey|attention,?) (?:ai|assistant|model|chatbot)\b|<\s*/?\s*(?:system|data|instructions?)\b"
    r"|\b(?:reply|respond|answer) (?:only )?(?:with|that)\b.{0,60}\b(?:healthy|fine|ok)\b"
    r"|\b(?:reveal|print|show) (?:your|the) (?:api |secret )?(?:keys?|password|instructions|prompt)\b",
    re.IGNORECASE,
)
"""Text that addresses the program that reads it, not the people it was written for."""


def pieces(text: str) -> list[str]:
    """The sentences and rows of a passage, in order, each harmless on one line; what gives orders is left out."""
    return [shown for part in _END.split(text) if (shown := harmless(part)) and not gives_orders(shown)]


def gives_orders(text: str) -> bool:
    """Whether a text tries to tell the program that reads it what to do."""
    return bool(_ORDERS.search(text))


def harmless(text: str) -> str:
    """A piece on one line, without characters that do not show and without links and pictures of its own."""
    shown = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") else " " for c in text)
    shown = shown.replace("](", "] (").replace("![", "! [").replace("<", "‹")
    return " ".join(shown.split())


def row_words(piece: str) -> str:
    """A row of a table as one reads it: "02:14: inserts were delayed (monitor)"."""
    cells = [cell for cell in (part.strip() for part in piece.split(CELL.strip())) if cell]
    if len(cells) < 2:
        return piece
    return f"{cells[0]}: {' – '.join(cells[1:])}"


def is_row(piece: str) -> bool:
    return CELL in piece


def stems(text: str) -> frozenset[str]:
    """Words cut to what their forms have in common, roughly: enough to see which sentence speaks of what."""
    return frozenset(_stem(word) for word in re.findall(r"[a-z0-9]+", text.lower()))


def _stem(word: str) -> str:
    if len(word) <= 4:
        return word.removesuffix("s") if len(word) > 3 else word
    for end in ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "er", "ly", "s", "e"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word.removesuffix(end)
    return word


def best_stretch(scores: Sequence[float], lengths: Sequence[int], most: int) -> range:
    """The stretch of neighbouring pieces whose scores sum up highest within so many characters; the first of equals."""
    best, chosen = -1.0, range(0)
    for start in range(len(scores)):
        length, total = 0, 0.0
        for end in range(start, len(scores)):
            length += lengths[end]
            if length > most and end > start:
                break
            total += scores[end]
            # A longer stretch must say more, not only be longer.
            value = total - 0.05 * (end - start)
            if value > best + 1e-9:
                best, chosen = value, range(start, end + 1)
    return chosen
