"""The steps of the agent's graph: think and look. Each takes the state of a turn and returns what changed.

While they run they tell what happens (`ToolStarted`, `ToolFinished`, `Text`, `Restarted`) to whoever streams.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, RemoveMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import ToolCall
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.config import get_stream_writer
from langgraph.graph.message import add_messages
from pydantic import ValidationError

from monitoring.agent.budget import Budget, tokens_of
from monitoring.agent.replying import CANCELLATION, reply_at_once, reply_of_service
from monitoring.agent.toolkit import misfit, strict_schema
from monitoring.contract import Restarted, ToolFinished, ToolReply, ToolStarted
from monitoring.errors import ModelUnavailable

BUILT_IN = "built-in"


class TurnState(TypedDict, total=False):
    """One turn: the conversation with its system message, and what the answer rests on so far.

    `question_at` is the id of the message that holds the question; what follows it is the answer in the making.
    `answer` is the text as it stands after the review, `untraced` what was taken out of it or stands nowhere.
    """

    messages: Annotated[list[AnyMessage], add_messages]
    question: str
    question_at: str
    now: datetime
    timezone: str
    instances: Sequence[str]
    replies: list[ToolReply]
    asked: dict[str, str]
    calls: int
    tokens: int
    corrections: int
    use_built_in: bool
    model: str
    failure: str
    answer: str
    untraced: tuple[str, ...]
    remarks: tuple[str, ...]


class Node(Protocol):
    """A step of the graph."""

    def __call__(self, state: TurnState, config: RunnableConfig) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Service:
    """A language model of a service, how long one reply may take, and how much of it may be used."""

    model: BaseChatModel
    name: str
    most_seconds: float
    budget: Budget


def think(service: Service | None, built_in: BaseChatModel, tools: Sequence[BaseTool], most_calls: int) -> Node:
    """Ask the model what to look up, or for the answer. Where the service fails the built-in model takes over."""
    offered = [strict_schema(tool) for tool in tools]

    def node(state: TurnState, config: RunnableConfig) -> dict[str, Any]:
        if service is None or state.get("use_built_in"):
            reply = reply_at_once(built_in.bind_tools(tools), state["messages"], config)
            return {"messages": [reply], "model": BUILT_IN}
        may_call = state.get("calls", 0) < most_calls
        try:
            reply, tokens = _asked(service, state, offered if may_call else [], config)
            _refuse_malformed(reply, may_call)
        except ModelUnavailable as problem:
            return taken_over(state, str(problem))
        return {"messages": [reply], "model": service.name, "tokens": state.get("tokens", 0) + tokens}

    return node


def look(tools: Sequence[BaseTool], most_calls: int) -> Node:
    """Run the tool calls of the last message side by side; one that was made before is not made again."""
    by_name = {tool.name: tool for tool in tools}

    def node(state: TurnState, config: RunnableConfig) -> dict[str, Any]:
        last = state["messages"][-1]
        assert isinstance(last, AIMessage)
        asked = dict(state.get("asked", {}))
        room = max(0, most_calls - state.get("calls", 0))
        wanted, said = _sorted_out(last.tool_calls, asked, room)
        config["configurable"][CANCELLATION].check()
        done = _run(by_name, wanted, config)
        said.update({str(message.tool_call_id): message for message in done})
        return {
            "messages": [said[str(call["id"])] for call in last.tool_calls],
            "replies": [*state.get("replies", []), *_replies(done)],
            "asked": asked,
            "calls": state.get("calls", 0) + len(last.tool_calls),
        }

    return node


def wants_tools(state: TurnState) -> str:
    """Where to go after thinking: to the tools, back to thinking with the built-in model, or on to the review."""
    last = state["messages"][-1]
    if not isinstance(last, AIMessage):
        return "think"
    return "look" if last.tool_calls else "trace"


def taken_over(state: TurnState, reason: str) -> dict[str, Any]:
    """Begin the turn again with the built-in model: what the service said so far is taken out."""
    get_stream_writer()(Restarted(reason))
    ids = [str(message.id) for message in state["messages"]]
    later = [RemoveMessage(id=given) for given in ids[ids.index(state["question_at"]) + 1 :]]
    return {"messages": later, "replies": [], "asked": {}, "calls": 0, "use_built_in": True, "failure": reason}


def text_of(message: AnyMessage) -> str:
    return str(message.text)


def _asked(
    service: Service, state: TurnState, offered: Sequence[dict[str, Any]], config: RunnableConfig
) -> tuple[AIMessage, int]:
    """The service's reply and what it took; raises `ModelUnavailable`."""
    if reason := service.budget.used_up(state.get("tokens", 0)):
        raise ModelUnavailable(reason)
    model = service.model.bind_tools(offered) if offered else service.model
    reply = reply_of_service(model, state["messages"], config, service.most_seconds)
    took = tokens_of(reply, state["messages"], offered)
    service.budget.spend(took)
    return reply, took.total


def _refuse_malformed(reply: AIMessage, may_call: bool) -> None:
    if reply.tool_calls and not may_call:
        raise ModelUnavailable("it went on calling tools beyond AGENT_MAX_TOOL_CALLS")
    if not reply.tool_calls and not text_of(reply).strip():
        raise ModelUnavailable("its reply was empty")


def _sorted_out(
    calls: Sequence[ToolCall], asked: dict[str, str], room: int
) -> tuple[list[ToolCall], dict[str, ToolMessage]]:
    """The calls to make, and what is said to the others: those made before, and those beyond the room left."""
    wanted: list[ToolCall] = []
    said: dict[str, ToolMessage] = {}
    for call in calls:
        key = json.dumps([call["name"], call["args"]], sort_keys=True, default=str)
        if key in asked:
            text = (
                f"This call was made before: its reply is that to {asked[key]}. Answer from it, or ask something else."
            )
            said[str(call["id"])] = _said(call, text)
        elif len(wanted) >= room:
            said[str(call["id"])] = _said(call, "No more tool calls in this answer: answer from what was found.")
        else:
            asked[key] = str(call["id"])
            wanted.append(call)
    return wanted, said


def _run(by_name: Mapping[str, BaseTool], calls: Sequence[ToolCall], config: RunnableConfig) -> list[ToolMessage]:
    """What the tools say, in the order of the calls; each is told of as it finishes."""
    write = get_stream_writer()
    for call in calls:
        write(ToolStarted(call["name"], call["args"]))
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="tool") as pool:
        running: list[Future[ToolMessage]] = [
            pool.submit(copy_context().run, _called, by_name, call, config) for call in calls
        ]
        for future in as_completed(running):
            for reply in _replies([future.result()]):
                write(ToolFinished(reply))
    return [future.result() for future in running]


def _replies(messages: Sequence[ToolMessage]) -> list[ToolReply]:
    return [message.artifact for message in messages if isinstance(message.artifact, ToolReply)]


def _called(by_name: Mapping[str, BaseTool], call: ToolCall, config: RunnableConfig) -> ToolMessage:
    tool = by_name.get(call["name"])
    if tool is None:
        return _said(call, f"There is no tool named {call['name']!r}; there are {', '.join(by_name)}.")
    try:
        message = tool.invoke({**call, "type": "tool_call"}, config)
    except ValidationError as problem:
        return _said(call, misfit(problem))
    assert isinstance(message, ToolMessage)
    return message


def _said(call: ToolCall, text: str) -> ToolMessage:
    return ToolMessage(content=text, tool_call_id=str(call["id"]), name=call["name"], status="error")


def system_message(text: str, facts: Mapping[str, Any]) -> SystemMessage:
    """The system message of a turn; `facts` are for the built-in model, which reads no prose."""
    return SystemMessage(content=text, additional_kwargs=dict(facts))
