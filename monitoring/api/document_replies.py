"""What is answered about documents, documented with units and examples."""

from __future__ import annotations

from pydantic import Field

from monitoring.api.replies import Reply, Time


class CitationReply(Reply):
    """A passage that an answer rests on."""

    label: str = Field(description="How the answer cites it.", examples=["[2025-03-14-too-many-parts.pdf, p. 2]"])
    file: str
    title: str
    page: int = Field(description="From 1; documents without pages have one.")
    heading: str = Field(description="The headings it stands under, the outermost first.")
    section: str = Field(description="What kind of section that is, such as `resolution`; empty where unknown.")
    text: str = Field(description="The passage; the cells of a table's row are parted by ` | `.")
    document_id: int = Field(description="Opens as `/documents/{id}/file#page=N`.")
    media_type: str
    score: float = Field(description="Orders the passages of one answer.")
    covers: float = Field(description="The share of what was asked about that is spoken of there, from 0 to 1.")


class DocumentReply(Reply):
    """An answer out of documents."""

    question: str
    answer: str = Field(description="Markdown; each claim names its file and page.")
    found: bool = Field(description="False where the documents do not say.")
    citations: list[CitationReply] = Field(description="In the order in which the answer cites them.")
    nearest: list[str] = Field(description="Where they do not say: the documents that come closest.")
    model: str
    took_ms: float
    notes: list[str]


class Document(Reply):
    """A document that is known."""

    id: int
    name: str
    title: str
    media_type: str
    pages: int
    passages: int
    bytes: int
    status: str = Field(description="`read`, `twin` (the same bytes as another one) or `failed`.")
    problem: str = Field(description="Why it could not be read; else empty.")
    twin_of: str | None = Field(description="The document whose bytes it has.")
    uploaded: bool = Field(description="Whether it was sent here rather than found in a folder.")
    indexed_at: Time


class DocumentPage(Reply):
    """Some documents, the newest first."""

    items: list[Document]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")
