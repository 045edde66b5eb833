"""The last step of the graph: what a model says is checked against the rows before anybody is told it is the answer.

Figures and names that stand nowhere are corrected by the model once, else taken out; causes that detection did not
establish are called hypotheses; instructions, secrets and deeds that were never done do not get out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.graph import END

from monitoring.agent import hypotheses
from monitoring.agent.guarding import claims_a_deed, declines, without_instructions, without_secrets
from monitoring.agent.nodes import BUILT_IN, Node, TurnState, taken_over, text_of
from monitoring.agent.prompts import INSTRUCTIONS
from monitoring.agent.refusing import KEPT_BACK, NOTHING_DONE, asked_for, refusal
from monitoring.agent.sentences import has_words, says_something, without
from monitoring.agent.tracing import Tracer
from monitoring.agent.tracing_names import unknown_names
from monitoring.agent.tracing_places import only_of, sentences_of_one
from monitoring.contract import Restarted
from monitoring.metrics import Catalogue

REMOVED = "What the language model said beyond that stands in none of the rows and was removed."
REMOVED_BUILT_IN = "A statement that stands in none of the rows was removed."
_MOST_TOLD = 12


@dataclass(frozen=True, slots=True)
class _Checked:
    """A text with what stands nowhere in it."""

    text: str
    tracer: Tracer
    wrong: tuple[str, ...]
    names: tuple[str, ...]
    moved: Mapping[str, tuple[str, ...]]


def review(catalogue: Catalogue, secrets: tuple[str, ...]) -> Node:
    """Check the answer; it is done when the state has its `answer`, else the model is asked again."""

    def node(state: TurnState, config: RunnableConfig) -> dict[str, Any]:
        del config
        by_service = state.get("model") != BUILT_IN
        said = without_secrets(text_of(state["messages"][-1]), secrets)
        if by_service and not has_words(said):
            return _given_up(state, (), "it said nothing that answers")
        text, remarks = _guarded(said) if by_service else (said, [])
        checked = _check(text, state, catalogue)
        if checked.wrong and by_service and not state.get("corrections"):
            return _correction(checked.wrong)
        text = _cut(checked, state, catalogue)
        if by_service and checked.wrong and not remarks and not says_something(text):
            return _given_up(state, checked.wrong, "what it said stands in none of the rows")
        if checked.wrong:
            remarks.append(REMOVED if by_service else REMOVED_BUILT_IN)
        text = hypotheses.marked(text, state.get("replies", []), catalogue, state.get("instances", ()))
        untraced = tuple(dict.fromkeys([*state.get("untraced", ()), *checked.wrong]))
        return {"answer": _with_refusal(text, state["question"], remarks), "untraced": untraced}

    return node


def is_done(state: TurnState) -> str:
    """Where to go after the review: to the end, or back to thinking."""
    return END if "answer" in state else "think"


def _guarded(text: str) -> tuple[str, list[str]]:
    """The text without instructions that got out and deeds that were not done, and what is said instead."""
    remarks = []
    kept = without_instructions(text, INSTRUCTIONS)
    if kept != text:
        remarks.append(KEPT_BACK)
    honest = without(kept, claims_a_deed)
    if any(claims_a_deed(line) for line in kept.split("\n")):
        remarks.append(NOTHING_DONE)
    return (honest if remarks else text), remarks


def _check(text: str, state: TurnState, catalogue: Catalogue) -> _Checked:
    replies = state.get("replies", [])
    tracer = Tracer(text, replies, catalogue, state["question"], state["now"], state["timezone"])
    names = unknown_names(text, replies, state["question"], state.get("instances", ()), catalogue)
    # The built-in model writes each number beside the name of its row; looking again would take longer than it does.
    moved = {} if state.get("model") == BUILT_IN else _moved(text, state, catalogue)
    wrong = tuple(
        dict.fromkeys([*tracer.untraced(text), *names, *(number for found in moved.values() for number in found)])
    )
    return _Checked(text, tracer, wrong, names, moved)


def _moved(text: str, state: TurnState, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Sentences that give one instance the numbers of another, with those numbers."""
    tracers: dict[str, Tracer] = {}
    found = {}
    for sentence, instance in sentences_of_one(text, state.get("replies", [])):
        if instance not in tracers:
            replies = only_of(instance, state.get("replies", []))
            tracers[instance] = Tracer(text, replies, catalogue, state["question"], state["now"], state["timezone"])
        if wrong := tracers[instance].untraced(sentence):
            found[sentence] = wrong
    return found


def _cut(checked: _Checked, state: TurnState, catalogue: Catalogue) -> str:
    """The text without the sentences that hold what stands nowhere."""
    if not checked.wrong:
        return checked.text
    replies, question, known = state.get("replies", []), state["question"], state.get("instances", ())

    def wrong(sentence: str) -> bool:
        if any(sentence.strip() and sentence.strip() in whole for whole in checked.moved):
            return True
        if checked.names and set(unknown_names(sentence, replies, question, known, catalogue)) & set(checked.names):
            return True
        return bool(set(checked.tracer.untraced(sentence)) & set(checked.wrong))

    return without(checked.text, wrong)


def _correction(wrong: tuple[str, ...]) -> dict[str, Any]:
    told = ", ".join(wrong[:_MOST_TOLD])
    get_stream_writer()(Restarted("some of its figures or names stand in no row, so it was asked to correct them"))
    text = (
        f"A program checked your answer. These stand in no row or summary of this turn's tools: {told}. Write the "
        "whole answer again with what the rows do say; leave out what they do not. Do not mention this check."
    )
    return {"messages": [HumanMessage(text)], "corrections": 1}


def _given_up(state: TurnState, wrong: tuple[str, ...], reason: str) -> dict[str, Any]:
    return {**taken_over(state, reason), "untraced": wrong}


def _with_refusal(text: str, question: str, remarks: list[str]) -> str:
    """What is never done is said plainly, also where the model did not say it."""
    kind = asked_for(question)
    told = declines(text) or KEPT_BACK in remarks or NOTHING_DONE in remarks
    lead = refusal(kind) if kind is not None and not told else ""
    return "\n\n".join(part for part in (lead, text, *remarks) if part)
