"""A model's reply, told piece by piece while it comes and given whole in the end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer

from monitoring.agent.models import translated
from monitoring.cancellation import Cancellation
from monitoring.contract import Text
from monitoring.errors import ModelUnavailable, MonitoringError

CANCELLATION = "cancellation"
"""The key under which a run's configuration holds the `Cancellation` of its answer."""
LONGEST_REPLY = 20_000
"""Characters; a model that goes on beyond them does not answer a question."""


def reply_at_once(model: Any, messages: Sequence[AnyMessage], config: RunnableConfig) -> AIMessage:
    """The reply of a model that does not wait for anybody."""
    return _gathered(model.stream(list(messages), config), config["configurable"][CANCELLATION])


def reply_of_service(
    model: Any, messages: Sequence[AnyMessage], config: RunnableConfig, most_seconds: float
) -> AIMessage:
    """The reply of a service; raises `ModelUnavailable` where none came that can be used, in time."""
    cancellation: Cancellation = config["configurable"][CANCELLATION]
    return _gathered(_from_afar(model, messages, config, most_seconds, cancellation), cancellation)


def _gathered(chunks: Iterator[AIMessageChunk], cancellation: Cancellation) -> AIMessage:
    write = get_stream_writer()
    whole: AIMessageChunk | None = None
    length = 0
    for chunk in chunks:
        cancellation.check()
        whole = chunk if whole is None else whole + chunk
        length += len(chunk.text) + sum(len(call["args"] or "") for call in chunk.tool_call_chunks)
        if length > LONGEST_REPLY:
            raise ModelUnavailable("its reply did not come to an end")
        if chunk.text and not whole.tool_call_chunks:
            write(Text(str(chunk.text)))
    if whole is None:
        raise ModelUnavailable("its reply was empty")
    _refuse_malformed_calls(whole)
    return AIMessage(
        content=whole.content,
        tool_calls=_named_apart(whole),
        id=whole.id,
        additional_kwargs=whole.additional_kwargs,
        response_metadata=whole.response_metadata,
        usage_metadata=whole.usage_metadata,
    )


def _from_afar(
    model: Any, messages: Sequence[AnyMessage], config: RunnableConfig, most_seconds: float, cancellation: Cancellation
) -> Iterator[AIMessageChunk]:
    """The chunks of a service, read in a thread of their own: whoever waits can be stopped, the network cannot."""
    came: SimpleQueue[AIMessageChunk | MonitoringError | None] = SimpleQueue()
    given_up = threading.Event()

    def read() -> None:
        try:
            with translated():
                for chunk in model.stream(list(messages), config):
                    came.put(chunk)
                    if given_up.is_set():
                        return
        except ModelUnavailable as problem:
            came.put(problem)
        finally:
            came.put(None)

    deadline = time.monotonic() + most_seconds
    context = copy_context()
    # A daemon: the process may end while a service is silent.
    threading.Thread(target=context.run, args=(read,), name="model", daemon=True).start()
    try:
        with cancellation.stopping(lambda: came.put(None)):
            while (piece := _next(came, deadline)) is not None:
                if isinstance(piece, MonitoringError):
                    raise piece
                yield piece
        cancellation.check()
    finally:
        given_up.set()


def _next(
    came: SimpleQueue[AIMessageChunk | MonitoringError | None], deadline: float
) -> AIMessageChunk | MonitoringError | None:
    try:
        return came.get(timeout=max(0.0, deadline - time.monotonic()))
    except Empty:
        raise ModelUnavailable("it did not finish its reply in time") from None


def _named_apart(whole: AIMessageChunk) -> list[Any]:
    """The calls with ids that differ, also where a service gives none or the same twice."""
    ids: set[str] = set()
    named = []
    for number, call in enumerate(whole.tool_calls):
        known = str(call["id"] or "")
        if not known or known in ids:
            known = f"{known or 'call'}_{number}"
        ids.add(known)
        named.append({**call, "id": known})
    return named


def _refuse_malformed_calls(reply: AIMessageChunk) -> None:
    """A call whose arguments broke off is not made with what is left of them, as the client would do."""
    for call in reply.tool_call_chunks:
        try:
            arguments = json.loads(call["args"] or "{}")
        except ValueError:
            arguments = None
        if not isinstance(arguments, dict):
            raise ModelUnavailable("it called a tool with arguments that are not JSON")
