"""Documents as front-ends see them: which there are, what came of reading them, and answers with citations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitoring.contract import Json, iso

DocumentStatus = Literal["read", "twin", "failed"]
MEDIA_TYPES = {"pdf": "application/pdf", "markdown": "text/markdown", "text": "text/plain"}


def report_title(incident: int, kind: str, began: datetime) -> str:
    """What the report of an incident is called."""
    return f"Incident {incident}: {kind} ({began:%Y-%m-%d})"


def is_report_of(title: str, incident: int, began: str) -> bool:
    """Whether a document of that title is the report of that incident, which began at that ISO 8601 time."""
    return title.startswith(f"Incident {incident}: ") and title.endswith(f"({began[:10]})")


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file that could not be read, and why, as a sentence without its subject: "is encrypted: …"."""

    name: str
    reason: str

    def to_json(self) -> Json:
        return {"name": self.name, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What came of going through the folders: files read, unchanged, gone, with the bytes of another one (twins)."""

    read: int = 0
    unchanged: int = 0
    dropped: int = 0
    twins: int = 0
    pages: int = 0
    passages: int = 0
    problems: tuple[FileProblem, ...] = ()

    def to_json(self) -> Json:
        return {
            "read": self.read,
            "unchanged": self.unchanged,
            "dropped": self.dropped,
            "twins": self.twins,
            "pages": self.pages,
            "passages": self.passages,
            "problems": [problem.to_json() for problem in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is known; `passages` counts those it can be found by, `problem` is why it could not be read."""

    id: int
    name: str
    title: str
    media: str
    pages: int
    passages: int
    bytes: int
    status: DocumentStatus
    problem: str
    twin_of: str | None
    uploaded: bool
    indexed_at: datetime

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "media_type": MEDIA_TYPES[self.media],
            "pages": self.pages,
            "passages": self.passages,
            "bytes": self.bytes,
            "status": self.status,
            "problem": self.problem,
            "twin_of": self.twin_of,
            "uploaded": self.uploaded,
            "indexed_at": iso(self.indexed_at),
        }


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document byte by byte."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page of a PDF as a PNG; `marked` is whether a passage that was to be marked was found on it."""

    content: bytes
    marked: bool


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage of a document. `score` orders the passages found for one question, `covers` is the share of what was
    asked about that is spoken of there, from 0 to 1."""

    file: str
    title: str
    page: int
    heading: str
    section: str
    text: str
    document_id: int
    media: str
    score: float = 0.0
    covers: float = 0.0

    @property
    def label(self) -> str:
        """ "[outage.pdf, p. 2]"; documents without pages are cited by their names alone."""
        return f"[{self.file}, p. {self.page}]" if self.media == "pdf" else f"[{self.file}]"

    def to_json(self) -> Json:
        return {
            "label": self.label,
            "file": self.file,
            "title": self.title,
            "page": self.page,
            "heading": self.heading,
            "section": self.section,
            "text": self.text,
            "document_id": self.document_id,
            "media_type": MEDIA_TYPES[self.media],
            "score": round(self.score, 4),
            "covers": round(self.covers, 3),
        }

    @classmethod
    def from_json(cls, given: Json) -> Citation:
        """The citation of such a JSON object."""
        media = next(media for media, media_type in MEDIA_TYPES.items() if media_type == given["media_type"])
        fields = ("file", "title", "page", "heading", "section", "text", "document_id", "score", "covers")
        return cls(**{name: given[name] for name in fields}, media=media)


@dataclass(frozen=True, slots=True)
class DocumentAnswer:
    """An answer out of documents. `found` is false where they do not say; `nearest` are the titles that come closest
    then. Each citation whose label stands in the answer is among `citations`, in order."""

    question: str
    answer: str
    found: bool
    citations: Sequence[Citation]
    nearest: Sequence[str] = ()
    model: str = "built-in"
    took_ms: float = 0.0
    notes: Sequence[str] = ()

    def to_json(self) -> Json:
        return {
            "question": self.question,
            "answer": self.answer,
            "found": self.found,
            "citations": [citation.to_json() for citation in self.citations],
            "nearest": list(self.nearest),
            "model": self.model,
            "took_ms": round(self.took_ms, 1),
            "notes": list(self.notes),
        }
