"""The meaning of passages and questions as vectors, where an embedding model is set and the server can keep them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from monitoring.document_search import Meaning
from monitoring.errors import ModelUnavailable
from monitoring.store.vectors import VectorStore

log = logging.getLogger(__name__)
Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
BATCH = 64
LONGEST = 2_000
"""Characters of a text that are looked at."""


class Meanings:
    """Makes vectors with `embed`; without it, or where it fails, documents are found by their words alone."""

    def __init__(self, vectors: VectorStore, embed: Embed | None, model: str) -> None:
        self._vectors = vectors
        self._embed = embed
        self._model = model

    def of(self, question: str) -> Meaning | None:
        """The meaning of a question; `None` where there is none to be had."""
        if self._embed is None or not question.strip() or not self._vectors.ready():
            return None
        try:
            (vector,) = self._embed([question[:LONGEST]])
        except ModelUnavailable as problem:
            log.warning("documents are looked for by their words alone: %s", problem)
            return None
        return Meaning(self._model, vector)

    def fill(self) -> None:
        """Make the vectors that are missing; what fails is made up for the next time."""
        if self._embed is None or not self._vectors.ready():
            return
        try:
            while wanted := self._vectors.missing(self._model, BATCH):
                texts = [f"{row['title']}\n{row['heading']}\n{row['text']}"[:LONGEST] for row in wanted]
                self._vectors.put(self._model, [row["id"] for row in wanted], self._embed(texts))
        except ModelUnavailable as problem:
            log.warning("passages go without vectors for now: %s", problem)
