"""Which passages answer a question best: by what they hold, what stands around them, and their section. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAME_COUNTS = 1.6
"""How much a name found exactly counts, compared with a word."""
NEIGHBOURS = 6
"""Passages on either side that tell what a passage speaks of."""
AROUND = 0.4
"""What a word counts that stands close by and not in the passage itself."""
MOST_PAGES, REPEATED = 2, 0.7
"""Pages of one document that are wanted at the top, and what a passage of another one counts."""
LEAST_RARE = 0.1
"""What a word tells at least, though it stands almost everywhere."""
SECTION_COUNTS = 0.9
"""How much a passage gains by being of the very section that was asked for."""
LEAST_ASKED = 0.5
"""A word that counts less than this only helps to find what is asked about: it is not asked about itself."""
ALIKE = 0.55
"""A passage whose meaning is this near to a question's speaks of what is asked about, whatever its words."""
MOST_ALIKE, MEANT = 3, 0.6
"""How many such passages there may be, and the share of what was asked about that they count as covering."""
FUSION = 60
"""The constant of reciprocal rank fusion, as in its paper."""


@dataclass(frozen=True, slots=True)
class Term:
    """A stem, or an exact name, of a question: how much it counts, and in how many of all passages it stands."""

    lexeme: str
    weight: float
    exact: bool
    passages: int
    total: int

    @property
    def key(self) -> tuple[str, bool]:
        return self.lexeme, self.exact

    @property
    def rarity(self) -> float:
        """The idf of BM25: near zero for what stands everywhere."""
        return math.log(1 + (self.total - self.passages + 0.5) / (self.passages + 0.5))

    @property
    def telling(self) -> float:
        """How much it tells of a passage that it stands there: rare words tell more."""
        return self.weight * max(self.rarity, LEAST_RARE) * (NAME_COUNTS if self.exact else 1.0)

    @property
    def asked(self) -> float:
        """How much of what was asked about it is: words that stand everywhere are asked about, too."""
        return self.weight * (1 + self.rarity / max(1.0, math.log(1 + 2 * self.total)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that holds some of the terms, with what each counts there."""

    id: int
    document: int
    place: int
    page: int
    section: str
    scores: Mapping[tuple[str, bool], float]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its score, and the share of what was asked about that it or its surroundings speak of."""

    id: int
    score: float
    covers: float


def ranked(candidates: Sequence[Candidate], terms: Sequence[Term], sections: Mapping[str, float]) -> list[Ranked]:
    """The candidates, the best first."""
    places = _by_place(candidates)
    about = {term.key: term.asked for term in terms if term.weight >= LEAST_ASKED}
    found = []
    for candidate in candidates:
        around = _around(candidate, places)
        own = sum(candidate.scores.values())
        near = sum(score for key, score in around.items() if key not in candidate.scores)
        score = (own + AROUND * near) * (1 + SECTION_COUNTS * sections.get(candidate.section, 0.0))
        found.append(Ranked(candidate.id, score, _covered({*candidate.scores, *around}, about)))
    found.sort(key=lambda one: (-one.score * (0.4 + one.covers), one.id))
    return _varied(found, {one.id: (one.document, one.page) for one in candidates})


def _varied(found: Sequence[Ranked], places: Mapping[int, tuple[int, int]]) -> list[Ranked]:
    """The same, passages of a third page of one document and later ones a little further down."""
    pages: dict[int, list[int]] = defaultdict(list)
    weights = {}
    for one in found:
        document, page = places[one.id]
        if page not in pages[document]:
            pages[document].append(page)
        weights[one.id] = 1.0 if pages[document].index(page) < MOST_PAGES else REPEATED
    return sorted(found, key=lambda one: (-one.score * (0.4 + one.covers) * weights[one.id], one.id))


def _by_place(candidates: Sequence[Candidate]) -> Mapping[int, Mapping[int, Candidate]]:
    places: dict[int, dict[int, Candidate]] = defaultdict(dict)
    for candidate in candidates:
        places[candidate.document][candidate.place] = candidate
    return places


def _around(candidate: Candidate, places: Mapping[int, Mapping[int, Candidate]]) -> dict[tuple[str, bool], float]:
    """The best score of each term among the passages close by."""
    best: dict[tuple[str, bool], float] = {}
    own = places[candidate.document]
    for place in range(candidate.place - NEIGHBOURS, candidate.place + NEIGHBOURS + 1):
        other = own.get(place)
        if other is not None and other is not candidate:
            for key, score in other.scores.items():
                best[key] = max(best.get(key, 0.0), score)
    return best


def _covered(keys: set[tuple[str, bool]], about: Mapping[tuple[str, bool], float]) -> float:
    whole = sum(about.values())
    return sum(value for key, value in about.items() if key in keys) / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Near:
    """A passage whose meaning is near to that of a question; `likeness` is the cosine of their vectors."""

    id: int
    likeness: float


def with_meaning(best: Sequence[Ranked], near: Sequence[Near]) -> list[Ranked]:
    """Passages found by their words and by their meaning as one list, by reciprocal rank fusion."""
    if not near:
        return list(best)
    by_id = {one.id: one for one in best}
    scores = fused([[one.id for one in best], [one.id for one in near]])
    top_fused, top = max(scores.values()), max((one.score for one in best), default=1.0)
    alike = {one.id for one in near[:MOST_ALIKE] if one.likeness >= ALIKE}
    found = []
    for number, score in scores.items():
        covers = by_id[number].covers if number in by_id else 0.0
        found.append(Ranked(number, top * score / top_fused, max(covers, MEANT) if number in alike else covers))
    return sorted(found, key=lambda one: (-one.score, one.id))


def fused(lists: Sequence[Sequence[int]]) -> dict[int, float]:
    """Reciprocal rank fusion of lists of ids, each the best first: the score of each id."""
    scores: dict[int, float] = defaultdict(float)
    for ids in lists:
        for rank, number in enumerate(ids, 1):
            scores[number] += 1 / (FUSION + rank)
    return dict(scores)
