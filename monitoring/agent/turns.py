"""One turn of a conversation: the graph run from question to answer, told piece by piece, stopped when asked to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.errors import GraphRecursionError

from monitoring.agent.nodes import BUILT_IN, TurnState, system_message
from monitoring.agent.prompts import system_prompt
from monitoring.agent.replying import CANCELLATION
from monitoring.agent.toolkit import LENS
from monitoring.cancellation import Cancellation
from monitoring.contract import Answer, Progress
from monitoring.errors import InvalidInput, ModelUnavailable
from monitoring.store.conversations import Turn
from monitoring.tools.asking import Lens

LONGEST_QUESTION = 10_000
"""Characters; longer texts are no questions."""
STEPS_A_CALL = 6
"""A call takes a step of thinking and one of looking; a correction and the built-in model may begin anew."""
LONGEST_REMEMBERED = 2_000
"""Characters of an earlier answer that a new one may lean on."""
_QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with everything an answer may depend on."""

    question: str
    session_id: str
    lens: Lens
    timezone: str
    demo: bool
    instances: Sequence[str]
    reporting: Mapping[str, frozenset[str]] = field(default_factory=dict)
    earlier: Sequence[Turn] = ()
    notes: Sequence[str] = ()


def run_turn(graph: Any, asked: Asked, most_calls: int, cancellation: Cancellation | None = None) -> Iterator[Progress]:
    """Run the graph for one question; the last thing told is the whole `Answer`.

    The work is done in a thread of its own, so that whoever waits for a piece can be interrupted: closing the
    iterator, an interrupt and `cancellation` all stop the queries on the server. Raises `InvalidInput` for a
    question that cannot be one, `Cancelled` where it was cancelled.
    """
    stop = cancellation or Cancellation()
    pieces: SimpleQueue[Progress | None] = SimpleQueue()

    def work() -> None:
        try:
            for piece in _turn(graph, asked, most_calls, stop):
                pieces.put(piece)
        finally:
            pieces.put(None)

    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answer")
    try:
        with stop.stopping(lambda: pieces.put(None)):
            done = pool.submit(work)
            while (piece := pieces.get()) is not None:
                yield piece
        stop.check()
        done.result()
    except BaseException:
        stop.cancel()
        raise
    finally:
        pool.shutdown(wait=False)


def _turn(graph: Any, asked: Asked, most_calls: int, stop: Cancellation) -> Iterator[Progress]:
    question = _cleaned(asked.question)
    state: TurnState = {
        "messages": _messages(asked, question),
        "question": question,
        "question_at": _QUESTION,
        "now": asked.lens.as_of,
        "timezone": asked.timezone,
        "instances": asked.instances,
        "use_built_in": not question,
    }
    lens = replace(asked.lens, reader=asked.lens.reader.until(stop))
    config = {"configurable": {LENS: lens, CANCELLATION: stop}, "recursion_limit": STEPS_A_CALL * most_calls + 20}
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
    if len(question) > LONGEST_QUESTION:
        raise InvalidInput(f"The question has {len(question):,} characters; at most {LONGEST_QUESTION:,} are read.")
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in question).strip()


def _messages(asked: Asked, question: str) -> list[AnyMessage]:
    lens = asked.lens
    prompt = system_prompt(lens.catalogue, lens.as_of, asked.timezone, asked.demo, asked.instances)
    facts = {
        "now": lens.as_of,
        "timezone": asked.timezone,
        "instances": list(asked.instances),
        "reporting": asked.reporting,
        "demo": asked.demo,
    }
    messages: list[AnyMessage] = [system_message(prompt, facts)]
    for turn in asked.earlier:
        messages += [HumanMessage(turn.question), AIMessage(turn.answer[:LONGEST_REMEMBERED])]
    return [*messages, HumanMessage(question, id=_QUESTION)]


def _answer(asked: Asked, question: str, final: TurnState) -> Answer:
    notes = list(asked.notes)
    if asked.demo:
        notes.append("DEMO DATA: these figures come from the built-in simulator, not from a real platform.")
    untraced = tuple(final.get("untraced", ()))
    if failure := final.get("failure"):
        notes.append(f"The language model gave no answer ({failure}); the built-in model answered instead.")
    elif final.get("corrections") and not untraced:
        notes.append("The language model's first wording held what stands in no row; it was corrected.")
    return Answer(
        question=question,
        answer=final["answer"],
        session_id=asked.session_id,
        model=final.get("model", BUILT_IN),
        as_of=asked.lens.as_of,
        grounded=not untraced,
        tool_calls=tuple(final.get("replies", [])),
        demo=asked.demo,
        notes=tuple(notes),
        untraced=untraced,
    )
