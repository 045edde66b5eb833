"""Language models: any OpenAI-compatible service where a key is set, the built-in model everywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage

from monitoring.errors import ModelUnavailable
from monitoring.settings import Settings


def service_model(settings: Settings) -> BaseChatModel | None:
    """The language model of the service that the settings name; `None` without a key."""
    if settings.openai_api_key is None:
        return None
    from langchain_openai import ChatOpenAI  # a second of imports that only this needs
    from pydantic import SecretStr

    return ChatOpenAI(
        model=settings.openai_model,
        api_key=SecretStr(settings.openai_api_key),
        base_url=settings.openai_base_url,
        timeout=settings.openai_timeout_seconds,
        max_retries=1,
        stream_usage=True,
        temperature=0,
    )


@contextmanager
def translated() -> Iterator[None]:
    """Raise whatever a service or its client does wrong as `ModelUnavailable`, with a reason people can read."""
    import httpx
    import openai
    from langchain_core.exceptions import LangChainException

    try:
        yield
    except openai.APITimeoutError:
        raise ModelUnavailable("it did not reply in time") from None
    except openai.APIStatusError as problem:
        raise ModelUnavailable(_status(problem.status_code)) from None
    except (openai.OpenAIError, httpx.HTTPError) as problem:
        raise ModelUnavailable(f"it could not be reached ({type(problem).__name__})") from None
    except (LangChainException, ValueError, TypeError, KeyError, AttributeError) as problem:
        # What the client raises where a reply is not of the form it should have.
        raise ModelUnavailable(f"its reply was not of the expected form ({type(problem).__name__})") from None


def answered(
    model: BaseChatModel, messages: Sequence[BaseMessage], most_seconds: float, longest: int
) -> AIMessageChunk:
    """A model's whole reply, told to nobody on the way; raises `ModelUnavailable` for one that drips or goes on."""
    began = time.monotonic()
    reply = AIMessageChunk(content="")
    for chunk in model.stream(list(messages)):
        reply += chunk
        if time.monotonic() - began > most_seconds or len(reply.text) > longest:
            break
    else:
        return reply
    raise ModelUnavailable("its reply was too long" if len(reply.text) > longest else "it did not finish in time")


def _status(code: int) -> str:
    words = {
        401: "it refused the key: check OPENAI_API_KEY",
        403: "it refused the key: check OPENAI_API_KEY",
        404: "it does not know the model or the address: check OPENAI_MODEL and OPENAI_BASE_URL",
        429: "it refused for too many requests or a used-up quota",
    }
    return f"{words.get(code, 'it failed')} (status {code})"


def names(models: Sequence[BaseChatModel]) -> list[str]:
    return [str(getattr(model, "model_name", model._llm_type)) for model in models]
