"""Questions about the sample library: the pages that answer each, and what stands there.

A question without answers is one that the documents do not answer. Half of the bank is `TUNED`: its failures may be
read while the search is worked on. Of the other half, `REPORTED`, only totals are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

BANK = Path(__file__).resolve().parent / "documents" / "questions.jsonl"
TUNED, REPORTED = "a", "b"
HALVES: Mapping[str, str] = {TUNED: "tuned", REPORTED: "reported"}
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Question:
    """A question; `answers` maps file and page to the words there that answer it, and is empty where none does."""

    id: str
    text: str
    half: str
    answers: Mapping[Place, tuple[str, ...]]

    def is_answered_by(self, places: Iterable[Place]) -> bool:
        """Whether one of these pages answers it."""
        return any(place in self.answers for place in places)


def read_bank(path: Path = BANK) -> list[Question]:
    """Every question of the bank, in its order."""
    return [_question(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def _question(line: dict[str, object]) -> Question:
    answers = line["answers"]
    assert isinstance(answers, list)
    places = {(one["file"], one["page"]): tuple(one["says"]) for one in answers}
    return Question(str(line["id"]), str(line["question"]), str(line["split"]), places)


def first_places(places: Iterable[Place], count: int = 3) -> list[Place]:
    """The first so many different pages."""
    return list(dict.fromkeys(places))[:count]
