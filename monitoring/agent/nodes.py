"""The steps of the agent's graph: think, look, trace. Each takes the state of a turn and returns what changed.

While they run they tell what happens (`ToolStarted`, `ToolFinished`, `Text`, `Restarted`) to whoever streams.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from typing import Annotated, Any, Protocol, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, RemoveMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import ToolCall
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.config import get_stream_writer
from langgraph.graph.message import add_messages
from pydantic import ValidationError

from monitoring.agent.models import translated
from monitoring.agent.tracing import untraced_numbers
from monitoring.contract import Restarted, Text, ToolFinished, ToolReply, ToolStarted
from monitoring.errors import ModelUnavailable
from monitoring.metrics import Catalogue

BUILT_IN = "built-in"


class TurnState(TypedDict, total=False):
    """One turn: the conversation with its system message, and what the answer rests on so far."""

    messages: Annotated[list[AnyMessage], add_messages]
    question: str
    now: datetime
    timezone: str
    replies: list[ToolReply]
    calls: int
    use_built_in: bool
    model: str
    failure: str
    untraced: tuple[str, ...]


class Node(Protocol):
    """A step of the graph."""

    def __call__(self, state: TurnState, config: RunnableConfig) -> dict[str, Any]: ...


def think(
    service: BaseChatModel | None,
    service_name: str,
    built_in: BaseChatModel,
    tools: Sequence[BaseTool],
    most_calls: int,
    most_seconds: float,
) -> Node:
    """Ask the model what to look up, or for the answer. Where the service fails the built-in model takes over."""

    def node(state: TurnState, config: RunnableConfig) -> dict[str, Any]:
        if service is None or state.get("use_built_in"):
            reply = _streamed(built_in.bind_tools(tools), state["messages"], config, float("inf"))
            return {"messages": [reply], "model": BUILT_IN}
        may_call = state.get("calls", 0) < most_calls
        model = service.bind_tools(tools) if may_call else service
        try:
            with translated():
                reply = _streamed(model, state["messages"], config, most_seconds)
            _refuse_malformed(reply, may_call)
        except ModelUnavailable as problem:
            return _taken_over(state, str(problem))
        return {"messages": [reply], "model": service_name}

    return node


def look(tools: Sequence[BaseTool], most_calls: int) -> Node:
    """Run the tool calls of the last message, side by side."""
    by_name = {tool.name: tool for tool in tools}

    def node(state: TurnState, config: RunnableConfig) -> dict[str, Any]:
        last = state["messages"][-1]
        assert isinstance(last, AIMessage)
        calls = last.tool_calls[: max(0, most_calls - state.get("calls", 0))]
        refused = last.tool_calls[len(calls) :]
        write = get_stream_writer()
        for call in calls:
            write(ToolStarted(call["name"], call["args"]))
        with ThreadPoolExecutor(max_workers=4, thread_name_prefix="tool") as pool:
            running = [pool.submit(copy_context().run, _called, by_name, call, config) for call in calls]
            done = [future.result() for future in running]
        replies = [message.artifact for message in done if isinstance(message.artifact, ToolReply)]
        for reply in replies:
            write(ToolFinished(reply))
        over = [_said(call, "No more tool calls in this answer: answer from what was found.") for call in refused]
        return {
            "messages": [*done, *over],
            "replies": [*state.get("replies", []), *replies],
            "calls": state.get("calls", 0) + len(last.tool_calls),
        }

    return node


def trace(catalogue: Catalogue) -> Node:
    """Check that every number of the answer stands in a tool's reply or in the catalogue."""

    def node(state: TurnState, config: RunnableConfig) -> dict[str, Any]:
        del config
        answer = text_of(state["messages"][-1])
        missing = untraced_numbers(
            answer, state.get("replies", []), catalogue, state["question"], state["now"], state["timezone"]
        )
        return {"untraced": missing}

    return node


def wants_tools(state: TurnState) -> str:
    """Where to go after thinking: to the tools, back to thinking with the built-in model, or on to the trace."""
    last = state["messages"][-1]
    if not isinstance(last, AIMessage):
        return "think"
    return "look" if last.tool_calls else "trace"


def text_of(message: AnyMessage) -> str:
    return str(message.text)


def _streamed(model: Any, messages: Sequence[AnyMessage], config: RunnableConfig, most_seconds: float) -> AIMessage:
    """The model's whole reply; its text is told piece by piece while it comes."""
    write = get_stream_writer()
    began = time.monotonic()
    whole: AIMessageChunk | None = None
    for chunk in model.stream(list(messages), config):
        if time.monotonic() - began > most_seconds:
            raise ModelUnavailable("it did not finish its reply in time")
        whole = chunk if whole is None else whole + chunk
        if chunk.text and not (whole.tool_calls or whole.tool_call_chunks):
            write(Text(str(chunk.text)))
    if whole is None:
        raise ModelUnavailable("its reply was empty")
    _refuse_malformed_calls(whole)
    return AIMessage(
        content=whole.content,
        tool_calls=whole.tool_calls,
        id=whole.id,
        additional_kwargs=whole.additional_kwargs,
        response_metadata=whole.response_metadata,
    )


def _refuse_malformed_calls(reply: AIMessageChunk) -> None:
    """A call whose arguments broke off is not made with what is left of them, as the client would do."""
    for call in reply.tool_call_chunks:
        try:
            json.loads(call["args"] or "{}")
        except ValueError:
            raise ModelUnavailable("it called a tool with arguments that are not JSON") from None


def _refuse_malformed(reply: AIMessage, may_call: bool) -> None:
    if reply.tool_calls and not may_call:
        raise ModelUnavailable("it went on calling tools beyond AGENT_MAX_TOOL_CALLS")
    if not reply.tool_calls and not text_of(reply).strip():
        raise ModelUnavailable("its reply was empty")


def _taken_over(state: TurnState, reason: str) -> dict[str, Any]:
    """Begin the turn again with the built-in model: what the service said so far is taken out."""
    get_stream_writer()(Restarted(reason))
    question_at = max(i for i, m in enumerate(state["messages"]) if m.type == "human")
    later = [RemoveMessage(id=str(m.id)) for m in state["messages"][question_at + 1 :]]
    return {"messages": later, "replies": [], "calls": 0, "use_built_in": True, "failure": reason}


def _called(by_name: Mapping[str, BaseTool], call: ToolCall, config: RunnableConfig) -> ToolMessage:
    tool = by_name.get(call["name"])
    if tool is None:
        return _said(call, f"There is no tool named {call['name']!r}; there are {', '.join(by_name)}.")
    try:
        message = tool.invoke({**call, "type": "tool_call"}, config)
    except ValidationError as problem:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors())
        return _said(call, f"The arguments do not fit: {wrong}.")
    assert isinstance(message, ToolMessage)
    return message


def _said(call: ToolCall, text: str) -> ToolMessage:
    return ToolMessage(content=text, tool_call_id=str(call["id"]), name=call["name"], status="error")


def system_message(text: str, facts: Mapping[str, Any]) -> SystemMessage:
    """The system message of a turn; `facts` are for the built-in model, which reads no prose."""
    return SystemMessage(content=text, additional_kwargs=dict(facts))
