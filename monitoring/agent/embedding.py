"""Texts as vectors, by the embedding model of the OpenAI-compatible service."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitoring.settings import Settings

Embedder = Callable[[Sequence[str]], Sequence[Sequence[float]]]


def embedder_of(settings: Settings) -> Embedder | None:
    """What makes vectors of texts; `None` without a key or a model. It raises `ModelUnavailable`."""
    if settings.openai_api_key is None or settings.embedding_model is None:
        return None
    key, model = settings.openai_api_key, settings.embedding_model

    def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        from langchain_openai import OpenAIEmbeddings  # a second of imports that only this needs
        from pydantic import SecretStr

        from monitoring.agent.models import translated
        from monitoring.errors import ModelUnavailable

        with translated():
            client = OpenAIEmbeddings(
                model=model,
                api_key=SecretStr(key),
                base_url=settings.openai_base_url,
                timeout=settings.openai_timeout_seconds,
                max_retries=1,
                # Texts are short, and other services do not take lists of tokens.
                check_embedding_ctx_length=False,
            )
            vectors = client.embed_documents(list(texts))
        if len(vectors) != len(texts) or not all(vectors):
            raise ModelUnavailable("it gave other vectors than it was asked for")
        return vectors

    return embed
