"""The built-in model: a LangChain chat model that needs no language model.

It understands a question by rules (`understanding`), asks for the tools (`planning`) and writes the answer
from their replies (`composing`). The same graph runs with it as with a model of a service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from monitoring.agent.composing import compose
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from monitoring.contract import ToolReply
from monitoring.errors import ConfigurationError
from monitoring.metrics import Catalogue

MOST_TURNS_BACK = 8
"""Earlier questions that are read again to understand a follow-up."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the system message says beside its prose."""

    now: datetime
    timezone: str
    instances: tuple[str, ...]
    reporting: Mapping[str, frozenset[str]]


class BuiltinChatModel(BaseChatModel):
    """Answers without a language model.

    The moment it answers as of comes with the system message: `additional_kwargs` holds `now` (an aware
    datetime), `timezone` (an IANA name, else the field's), `instances` (the instance names the data knows),
    `reporting` (the metrics of each of them) and `demo`. Without `now` it raises `ConfigurationError`.
    """

    catalogue: Any
    timezone: str = "UTC"

    @property
    def _llm_type(self) -> str:
        return "built-in"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model itself: it knows its four tools."""
        del tools, tool_choice, kwargs
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del stop, run_manager, kwargs
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        """The reply in words; tool calls come in one piece."""
        del stop, kwargs
        reply = self._reply(messages)
        for chunk in _chunks(reply):
            if run_manager is not None:
                run_manager.on_llm_new_token(str(chunk.message.text), chunk=chunk)
            yield chunk

    def _reply(self, messages: Sequence[BaseMessage]) -> AIMessage:
        facts = self._facts(messages)
        catalogue: Catalogue = self.catalogue
        request = _understood(messages, catalogue, facts)
        found = _since_question(messages)
        calls = plan(request, catalogue)
        if calls and not found:
            named = [
                {
                    "name": call.name,
                    "args": dict(call.args),
                    "id": f"call_{len(messages)}_{number}",
                    "type": "tool_call",
                }
                for number, call in enumerate(calls, 1)
            ]
            return AIMessage(content="", tool_calls=named)
        replies = [message.artifact for message in found if isinstance(message.artifact, ToolReply)]
        failures = [str(message.text) for message in found if not isinstance(message.artifact, ToolReply)]
        return AIMessage(
            content=compose(request, replies, catalogue, facts.timezone, facts.instances, failures, facts.reporting)
        )

    def _facts(self, messages: Sequence[BaseMessage]) -> _Facts:
        for message in messages:
            given: Mapping[str, Any] = message.additional_kwargs
            now = given.get("now")
            if isinstance(message, SystemMessage) and isinstance(now, datetime):
                timezone = str(given.get("timezone") or self.timezone)
                return _Facts(now, timezone, tuple(given.get("instances") or ()), given.get("reporting") or {})
        raise ConfigurationError("The built-in model was not told what time it is: the system message must carry it.")


def _understood(messages: Sequence[BaseMessage], catalogue: Catalogue, facts: _Facts) -> Request:
    """The last question, read in the light of those before it."""
    request: Request | None = None
    for question, said in _turns(messages)[-MOST_TURNS_BACK:]:
        before = request.parts[-1] if request is not None else None
        request = understand(
            question, catalogue, facts.now, facts.timezone, facts.instances, before, facts.reporting, said
        )
    return request or understand("", catalogue, facts.now, facts.timezone)


def _turns(messages: Sequence[BaseMessage]) -> list[tuple[str, str]]:
    """Each question with the answer that stood before it."""
    turns: list[tuple[str, str]] = []
    said = ""
    for message in messages:
        if isinstance(message, HumanMessage):
            turns.append((str(message.text), said))
            said = ""
        elif isinstance(message, AIMessage) and message.text:
            said = str(message.text)
    return turns


def _since_question(messages: Sequence[BaseMessage]) -> list[ToolMessage]:
    """What tools have said since the last question, in order."""
    asked = max((n for n, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    return [message for message in messages[asked + 1 :] if isinstance(message, ToolMessage)]


def _chunks(reply: AIMessage) -> Iterator[ChatGenerationChunk]:
    if reply.tool_calls:
        calls = [
            tool_call_chunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=number)
            for number, call in enumerate(reply.tool_calls)
        ]
        message = AIMessageChunk(content="", tool_call_chunks=calls, chunk_position="last")
        yield ChatGenerationChunk(message=message)
        return
    words = re.findall(r"\S+\s*|\s+", str(reply.text))
    for number, word in enumerate(words, 1):
        last: Literal["last"] | None = "last" if number == len(words) else None
        yield ChatGenerationChunk(message=AIMessageChunk(content=word, chunk_position=last))
