"""What the agent's graph costs by itself: no model, no SQL.

    python benchmarks/agent.py [--turns 200]

One turn is think, look (two tools side by side), think, trace, with a model and tools that answer at once. Three
figures of the same run: the same steps called as plain functions (the reference), a bare LangGraph of the same shape
whose steps do nothing, and a whole turn of the product: its thread, its streamed words, its prompt, its review. The
overhead is the turn less the reference; the bar is 20 ms. Exit code 1 where it is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langgraph.graph import END, START, StateGraph

from monitoring.agent.nodes import TurnState, look, think
from monitoring.agent.review import review
from monitoring.agent.toolkit import CurrentQuestion, SummaryQuestion, as_tool
from monitoring.agent.tracing import untraced_numbers
from monitoring.agent.turns import Asked, run_turn
from monitoring.contract import Answer, LookedAt, ToolReply
from monitoring.metrics import Window
from monitoring.store.store import Reader
from monitoring.tools.asking import Lens
from platform_metrics_definition import CATALOGUE
from platform_monitoring_agent import wired

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
QUESTION = "What is wrong with ClickHouse?"
TEXT = "ch-1/orders has 1,840 parts in one partition. What to check next: whether inserts come in small batches."
BAR_MS = 20.0
CALLS = ("check_real_time_anomalies", "get_anomaly_summary")
INSTANCES = tuple(f"ch-{n}/orders" for n in range(200))


class Instant(BaseChatModel):
    """A model that asks for two tools and then says its sentence, without thinking."""

    @property
    def _llm_type(self) -> str:
        return "instant"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        del tools, kwargs
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        del messages, args, kwargs
        return ChatResult(generations=[ChatGeneration(message=AIMessage(TEXT))])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        del args, kwargs
        if isinstance(messages[-1], ToolMessage):
            for word in TEXT.split(" "):
                yield ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))
            return
        calls = [tool_call_chunk(name=name, args="{}", id=name, index=n) for n, name in enumerate(CALLS)]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=calls, chunk_position="last"))


def replied(name: str) -> Callable[..., ToolReply]:
    """A tool that replies with twenty rows at once."""
    rows = [
        {
            "id": n,
            "component": "clickhouse",
            "instance": INSTANCES[n],
            "metric": "max_parts_per_partition",
            "value": 1840.0,
        }
        for n in range(20)
    ]
    looked = LookedAt(("clickhouse",), Window(NOW - timedelta(hours=1), NOW))

    def ask(lens: Lens, **given: Any) -> ToolReply:
        del lens
        return ToolReply(name, given, looked, "ok", {"total": len(rows)}, rows, len(rows), False, 0.1)

    ask.__name__ = name
    return ask


TOOLS = (
    as_tool(replied(CALLS[0]), CurrentQuestion, "What is wrong now."),
    as_tool(replied(CALLS[1]), SummaryQuestion, "What was wrong."),
)


def lens() -> Lens:
    """A lens that nothing looks through."""
    return Lens(Reader(cast(Any, None), 200), CATALOGUE, NOW)


def asked() -> Asked:
    return Asked(QUESTION, "s", lens(), "UTC", False, INSTANCES)


def plain(through: Lens) -> tuple[str, ...]:
    """The same work without a graph: two tools, the words, their numbers traced."""
    replies = [replied(name)(through) for name in CALLS]
    json.dumps([reply.to_json() for reply in replies])
    return untraced_numbers("".join(f"{word} " for word in TEXT.split(" ")), replies, CATALOGUE, QUESTION, NOW, "UTC")


def bare() -> Any:
    """A LangGraph of the same shape whose steps do nothing."""
    graph = StateGraph(TurnState)
    graph.add_node("think", lambda state: {"calls": state.get("calls", 0) + 1})
    graph.add_node("look", lambda state: {"model": state.get("model", "")})
    graph.add_node("trace", lambda _: {"answer": ""})
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", lambda state: "look" if state["calls"] == 1 else "trace", ["look", "trace"])
    graph.add_edge("look", "think")
    graph.add_edge("trace", END)
    return graph.compile()


def whole(graph: Any) -> Answer:
    """One turn as the product runs it."""
    *_, answer = run_turn(graph, asked(), 8)
    assert isinstance(answer, Answer)
    assert answer.grounded, answer.untraced
    assert len(answer.tool_calls) == len(CALLS)
    return answer


def median_ms(run: Callable[[], object], turns: int) -> tuple[float, float]:
    """Median and 95th percentile of so many runs, in milliseconds, after ten to warm up."""
    took = []
    for n in range(turns + 10):
        began = time.perf_counter()
        run()
        if n >= 10:
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=200, help="turns to measure (200)")
    turns = parser.parse_args().turns
    graph = wired(think(None, Instant(), TOOLS, 8), look(TOOLS, 8), review(CATALOGUE, ()))
    shape, through = bare(), lens()
    reference, _ = median_ms(lambda: plain(through), turns)
    shaped, _ = median_ms(lambda: list(shape.stream({"question": QUESTION})), turns)
    turn, slow = median_ms(lambda: whole(graph), turns)
    overhead = turn - reference
    print(f"the steps as plain functions {reference:8.2f} ms  (reference)")
    print(f"a bare LangGraph             {shaped:8.2f} ms")
    print(f"a whole turn                 {turn:8.2f} ms  (95th percentile {slow:.2f} ms)")
    met = overhead < BAR_MS
    said = "met" if met else "MISSED"
    print(f"overhead of the graph        {overhead:8.2f} ms, {turn / reference:.1f} × the reference")
    print(f"the bar of {BAR_MS:g} ms is {said}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
