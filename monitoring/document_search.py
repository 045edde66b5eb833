"""Passages that answer a question, found in the database as a role that may only SELECT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from monitoring.document_types import Citation
from monitoring.documents.asking import Inquiry, inquiry
from monitoring.documents.ranking import Candidate, Near, Ranked, Term, ranked, with_meaning
from monitoring.store.store import Reader
from monitoring.store.vectors import written_vector

MOST_CANDIDATES = 600
"""Passages that are looked at more closely than by their sum of words."""
MOST_NEAR = 50
MOST_SPREAD = 5_000
"""Words that stand in more passages than this tell next to nothing, and are looked up where there are no others."""


class Meaning(NamedTuple):
    """A question as a vector of an embedding model."""

    model: str
    vector: Sequence[float]


def search(reader: Reader, question: str, limit: int = 8, meaning: Meaning | None = None) -> list[Citation]:
    """The passages that answer a question best, the best first; raises the store's errors.

    With its `meaning`, passages that are near to it count as much as those that share its words.
    """
    return found_for(reader, inquiry(question), limit, meaning)


def found_for(reader: Reader, asked: Inquiry, limit: int, meaning: Meaning | None = None) -> list[Citation]:
    """The same for a question whose words have been read, or were put together."""
    terms = _terms(reader, asked)
    best = ranked(_candidates(reader, terms), terms, asked.sections)
    return cited(reader, (with_meaning(best, _nearest(reader, meaning)) if meaning else best)[:limit])


def _nearest(reader: Reader, meaning: Meaning) -> list[Near]:
    parameters = {
        "vector": written_vector(meaning.vector),
        "dimensions": len(meaning.vector),
        "model": meaning.model,
        "most": MOST_NEAR,
    }
    return [Near(**row) for row in reader.read("nearest_passages", parameters, cap=MOST_NEAR).rows]


def cited(reader: Reader, best: Sequence[Ranked]) -> list[Citation]:
    """Passages with the documents they are of, in the order given."""
    if not best:
        return []
    found = reader.read("passages_by_id", {"passages": [one.id for one in best]}, cap=len(best)).rows
    by_id = {row["id"]: row for row in found}
    return [_citation(by_id[one.id], one) for one in best if one.id in by_id]


def passages_of_sections(reader: Reader, documents: Sequence[int], sections: Sequence[str]) -> list[Citation]:
    """The passages of these kinds of sections of some documents, in order."""
    if not documents:
        return []
    parameters = {"documents": list(documents), "sections": list(sections)}
    rows = reader.read("sections_of_documents", parameters, cap=200).rows
    return [_citation(row, Ranked(row["id"], 0.0, 0.0)) for row in rows]


def _terms(reader: Reader, asked: Inquiry) -> list[Term]:
    parameters = {"words": list(asked.words), "weights": list(asked.words.values()), "names": list(asked.names)}
    return [Term(**row) for row in reader.read("document_terms", parameters, cap=10_000).rows]


def _candidates(reader: Reader, terms: Sequence[Term]) -> list[Candidate]:
    known = [term for term in terms if 0 < term.passages <= MOST_SPREAD] or [term for term in terms if term.passages]
    if not known:
        return []
    parameters = {
        "lexemes": [term.lexeme for term in known],
        "exact": [term.exact for term in known],
        "telling": [term.telling for term in known],
        "most": MOST_CANDIDATES,
    }
    return [_candidate(row) for row in reader.read("document_hits", parameters, cap=MOST_CANDIDATES).rows]


def _candidate(row: Mapping[str, Any]) -> Candidate:
    scores = dict(zip(zip(row["lexemes"], row["exact"], strict=True), row["scores"], strict=True))
    return Candidate(row["id"], row["document_id"], row["place"], row["page"], row["section"], scores)


def _citation(row: Mapping[str, Any], one: Ranked) -> Citation:
    return Citation(
        file=row["file"],
        title=row["title"],
        page=row["page"],
        heading=row["heading"],
        section=row["section"],
        text=row["text"],
        document_id=row["document_id"],
        media=row["media"],
        score=one.score,
        covers=one.covers,
    )
