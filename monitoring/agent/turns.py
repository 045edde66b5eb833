"""One turn of a conversation: the graph run from question to answer, told piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.errors import GraphRecursionError

from monitoring.agent.nodes import BUILT_IN, TurnState, system_message, text_of
from monitoring.agent.prompts import system_prompt
from monitoring.agent.toolkit import LENS
from monitoring.contract import Answer, Progress
from monitoring.errors import InvalidInput, ModelUnavailable
from monitoring.store.conversations import Turn
from monitoring.tools.asking import Lens

LONGEST_QUESTION = 10_000
"""Characters; longer texts are no questions."""
STEPS_A_CALL = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with everything an answer may depend on."""

    question: str
    session_id: str
    lens: Lens
    timezone: str
    demo: bool
    instances: Sequence[str]
    earlier: Sequence[Turn] = ()


def run_turn(graph: Any, asked: Asked, most_calls: int) -> Iterator[Progress]:
    """Run the graph for one question; the last thing told is the whole `Answer`.

    Raises `InvalidInput` for a question that cannot be one.
    """
    question = _cleaned(asked.question)
    state: TurnState = {
        "messages": _messages(asked, question),
        "question": question,
        "now": asked.lens.as_of,
        "timezone": asked.timezone,
    }
    config = {"configurable": {LENS: asked.lens}, "recursion_limit": 2 * STEPS_A_CALL * most_calls + 10}
    final: TurnState = state
    try:
        for mode, piece in graph.stream(state, config, stream_mode=["custom", "values"]):
            if mode == "custom":
                yield piece
            else:
                final = piece
    except GraphRecursionError:
        raise ModelUnavailable("The answer took too many steps and was given up; ask something narrower.") from None
    yield _answer(asked, question, final)


def _cleaned(question: str) -> str:
    text = "".join(c if c.isprintable() or c in "\n\t" else " " for c in question).strip()
    if len(text) > LONGEST_QUESTION:
        raise InvalidInput(f"The question has {len(text):,} characters; at most {LONGEST_QUESTION:,} are read.")
    return text


def _messages(asked: Asked, question: str) -> list[AnyMessage]:
    lens = asked.lens
    prompt = system_prompt(lens.catalogue, lens.as_of, asked.timezone, asked.demo, asked.instances)
    facts = {"now": lens.as_of, "timezone": asked.timezone, "instances": list(asked.instances), "demo": asked.demo}
    messages: list[AnyMessage] = [system_message(prompt, facts)]
    for turn in asked.earlier:
        messages += [HumanMessage(turn.question), AIMessage(turn.answer)]
    return [*messages, HumanMessage(question)]


def _answer(asked: Asked, question: str, final: TurnState) -> Answer:
    notes = []
    if asked.demo:
        notes.append("DEMO DATA: these figures come from the built-in simulator, not from a real platform.")
    if failure := final.get("failure"):
        notes.append(f"The language model gave no answer ({failure}); the built-in model answered instead.")
    untraced = tuple(final.get("untraced", ()))
    return Answer(
        question=question,
        answer=text_of(final["messages"][-1]),
        session_id=asked.session_id,
        model=final.get("model", BUILT_IN),
        as_of=asked.lens.as_of,
        grounded=not untraced,
        tool_calls=tuple(final.get("replies", [])),
        demo=asked.demo,
        notes=tuple(notes),
        untraced=untraced,
    )
