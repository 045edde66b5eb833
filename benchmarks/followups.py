#!/usr/bin/env python3
"""How a question goes on from the one before: the learnt weights against the rules alone, on turns neither has seen.

    python benchmarks/followups.py            whether a turn leans on the one before, and what it then wants
    python benchmarks/followups.py --learn    and learns the weights from the whole bank (monitoring/agent/*.tsv)

The turns (`benchmarks/sayings/`) were written by people who did not know the rules. Turns that do not lean are those of
`changes.jsonl`, and questions that are complete by themselves after any other. In the cross-validation whole groups are
left out. The reference in the same run is the rules alone. Needs scikit-learn. Exit 1 where the weights are no better.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sklearn.model_selection import GroupKFold

from benchmarks.question_bank import AS_OF, TUNED
from benchmarks.question_bank import read_bank as questions
from benchmarks.saying_bank import Saying, groups, reporting, wishes
from benchmarks.wishes import PLAIN, WEIGHTS, Example, learnt
from monitoring.agent.leaning import ALONE, LEANS, Leaning, Situation, ruled, turn_features
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from monitoring.agent.wish_model import ModelName, written
from monitoring.agent.wishing import PROGRESS
from monitoring.metrics import Catalogue
from platform_metrics_definition import CATALOGUE

FOLDS = 3
SEED = 5
COMPLETE = 4000
"""Questions complete by themselves that are put after another one."""
APART = 0.5
"""Weight of a turn that does not lean: in a conversation most do."""
UNLEANING = frozenset({"foreign", "refuse", "help"})
"""Wishes that are what they are, whatever was asked before."""
FIGURES = frozenset({"value", "trend"})
"""Which of the two it is hangs on the window."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn after others, as the rules read it: whether it `leans`, and the `wish` it expresses."""

    group: str
    leans: bool
    wish: str
    by_rule: Leaning
    features: frozenset[str]
    weight: float = 1.0


class Heard:
    """Leans as the rules do, and remembers what it was asked."""

    def __init__(self) -> None:
        self.turns: list[tuple[Situation, Leaning]] = []

    def __call__(self, situation: Situation, catalogue: Catalogue) -> Leaning:
        by_rule = ruled(situation, catalogue)
        self.turns.append((situation, by_rule))
        return by_rule


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learn", action="store_true", help="learn from the whole bank")
    options = parser.parse_args()
    found = list(turns())
    better = print_validation(found)
    if options.learn:
        learn(found)
    return 0 if better else 1


def turns() -> Iterator[Turn]:
    """Every turn of the bank that is one clause."""
    for group in (*groups(), *groups(name="followups")):
        for saying in group.sayings:
            if len(saying.turns) > 1:
                yield from _turn(saying, group.wish not in UNLEANING, group.wish)
    for group in groups(name="changes"):
        for saying in group.sayings:
            yield from _turn(saying, False, group.wish)
    for saying, wish in _complete():
        yield from _turn(saying, False, wish)
    yield from _dialogues()


def _dialogues() -> Iterator[Turn]:
    """The later turns of the examiner's dialogues of the tuned half, which the rules read right."""
    names = tuple(reporting())
    for item in questions():
        previous: Request | None = None
        for place, turn in enumerate(item.turns if item.half == TUNED else ()):
            heard = Heard()
            request = understand(turn["question"], CATALOGUE, AS_OF, "UTC", names, previous, reporting(), leaning=heard)
            previous = request.parts[-1]
            if place and len(heard.turns) == 1:
                situation, by_rule = heard.turns[0]
                wish = PROGRESS if request.progress and request.intent == "trend" else request.intent
                seen = turn_features(situation, by_rule, CATALOGUE)
                yield Turn(item.id, by_rule.leans, wish, by_rule, seen, PLAIN)


def _complete() -> Iterator[tuple[Saying, str]]:
    """Questions complete by themselves, each after one that it has nothing to do with."""
    chance = random.Random(SEED)
    before = [group.canonical for group in groups()]
    alone = [(s, group.wish) for group in groups() for s in group.sayings if len(s.turns) == 1]
    alone += [(Saying(f"wish {place}", (text,), ""), wish) for place, (wish, text, _) in enumerate(wishes())]
    chance.shuffle(alone)
    for saying, wish in alone[:COMPLETE]:
        if wish not in UNLEANING:
            yield Saying(saying.group, (chance.choice(before), *saying.turns), saying.half), wish


def _turn(saying: Saying, leans: bool, wish: str) -> Iterator[Turn]:
    previous: Request | None = None
    names = tuple(reporting())
    for question in saying.turns:
        heard = Heard()
        request = understand(question, CATALOGUE, AS_OF, "UTC", names, previous, reporting(), leaning=heard)
        previous = request.parts[-1]
    if len(heard.turns) == 1:
        situation, by_rule = heard.turns[0]
        yield Turn(saying.group, leans, wish, by_rule, turn_features(situation, by_rule, CATALOGUE))


def _leaning(found: Sequence[Turn]) -> list[Example]:
    return [
        Example(t.group, LEANS if t.leans else ALONE, "status", t.features, t.weight * (1.0 if t.leans else APART))
        for t in found
    ]


def _wanting(found: Sequence[Turn]) -> list[Example]:
    return [Example(t.group, t.wish, t.by_rule.wish.intent, t.features, t.weight) for t in found if t.leans]


def learn(found: Sequence[Turn]) -> None:
    """Write the weights of both models."""
    models: tuple[tuple[ModelName, list[Example]], ...] = (
        ("leaning", _leaning(found)),
        ("followups", _wanting(found)),
    )
    for name, examples in models:
        model = learnt(examples)
        path = WEIGHTS.with_name(f"{name}.tsv")
        path.write_text(written(model), encoding="utf-8")
        print(f"{len(model.weights):,} features learnt from {len(examples):,} turns into {path}")


def print_validation(found: Sequence[Turn]) -> bool:
    """The table of the cross-validation; whether the weights beat the rules."""
    rules: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    for seen, unseen in GroupKFold(FOLDS, shuffle=True, random_state=1).split(found, groups=[t.group for t in found]):
        known = [found[place] for place in seen]
        leaning, wanting = learnt(_leaning(known)), learnt(_wanting(known))
        for turn in (found[place] for place in unseen):
            leans = leaning.probabilities(turn.features)[LEANS] > 0.5
            likely = wanting.probabilities(turn.features)
            _count(weights, turn, leans, max(likely, key=lambda wish: likely[wish]))
            wish = turn.by_rule.wish
            _count(rules, turn, turn.by_rule.leans, PROGRESS if wish.progress else wish.intent)
    asked = Counter(_row(turn) for turn in found)
    print(f"{'turns that':24}{'turns':>9}{'rules':>9}{'learnt':>9}")
    for row in sorted(asked):
        print(f"{row:24}{asked[row]:>9}{100 * rules[row] / asked[row]:>8.1f}%{100 * weights[row] / asked[row]:>8.1f}%")
    by_rule, by_weight = (100 * sum(counter.values()) / len(found) for counter in (rules, weights))
    print(f"{'all':24}{len(found):>9}{by_rule:>8.1f}%{by_weight:>8.1f}%   ratio {by_weight / by_rule:.2f}")
    return by_weight > by_rule


def _row(turn: Turn) -> str:
    return f"lean and want {turn.wish}" if turn.leans else "do not lean"


def _count(right: Counter[str], turn: Turn, leans: bool, wish: str) -> None:
    same = wish == turn.wish or {wish, turn.wish} <= FIGURES
    right[_row(turn)] += leans == turn.leans and (same or not leans)


if __name__ == "__main__":
    sys.exit(main())
