"""Pieces of documents as they may stand in an answer: sentences and rows, made harmless. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from monitoring.documents.pages import CELL

_END = re.compile(
    r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bno\.)(?<!^\d\.)(?<!^\d\d\.)\s+(?=[A-Z0-9“\"(`])"
)
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
    parts = [part for line in text.split("\n") for part in ([line] if CELL in line else _END.split(line.strip()))]
    return [shown for part in parts if (shown := harmless(part)) and not gives_orders(shown)]


def gives_orders(text: str) -> bool:
    """Whether a text tries to tell the program that reads it what to do."""
    return bool(_ORDERS.search(text))


def harmless(text: str) -> str:
    """A piece on one line, without characters that do not show and without links and pictures of its own."""
    shown = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") else " " for c in text)
    shown = shown.replace("](", "] (").replace("![", "! [").replace("<", "‹")
    return " ".join(shown.split())


def head_of(parts: Sequence[str]) -> str:
    """The head of a table among the pieces of a passage: its first row, where it names columns; empty where not."""
    first = next((part for part in parts if is_row(part)), "")
    rows = [part for part in parts if is_row(part)]
    names = cells_of(first)
    fits = len(rows) > 1 and len(names) + (names[:1] == ["#"]) > 2 and len(cells_of(rows[1])) == len(names)
    return first if fits and all(len(name) <= 24 and not re.search(r"\d", name) for name in names) else ""


def cells_of(row: str) -> list[str]:
    return [cell.strip() for cell in row.split(CELL.strip())]


def row_words(piece: str, head: str = "") -> str:
    """A row of a table as one reads it: "02:14: inserts were delayed", with what its columns are called if there is
    a head: "TTL on all logs (Owner: Ines; Due: 2026-07-10)"."""
    cells, names = cells_of(piece), cells_of(head)
    if len(names) == len(cells) and len(cells) > 2:
        numbered = names[0] == "#" or re.fullmatch(r"\d{0,3}[.)]?", cells[0]) is not None
        lead, rest = cells[int(numbered)], range(int(numbered) + 1, len(cells))
        told = "; ".join(f"{names[n]}: {cells[n]}" for n in rest if cells[n])
        return f"{lead} ({told})" if told else lead
    shown = [cell for cell in cells if cell]
    return f"{shown[0]}: {' – '.join(shown[1:])}" if len(shown) > 1 else piece


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
