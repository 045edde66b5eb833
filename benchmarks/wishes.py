#!/usr/bin/env python3
"""What people want when they ask: the learnt weights against the rules alone, on sayings neither has seen.

    python benchmarks/wishes.py            the share of sayings whose wish is read right, in a cross-validation
    python benchmarks/wishes.py --learn    and learns the weights from the whole bank into monitoring/agent/wishes.tsv

The sayings (`benchmarks/sayings/`) were written by people who did not know the rules. In the cross-validation whole
groups are left out, so that no other wording of a left-out question is learnt from. The reference in the same run is
the rules alone. Needs scikit-learn (requirements-dev.txt). Exit 1 where the weights are no better than the rules.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from benchmarks.question_bank import AS_OF, TUNED
from benchmarks.question_bank import read_bank as questions
from benchmarks.saying_bank import groups, reporting, wishes
from monitoring.agent.attributes import COUNTING, ranked_in
from monitoring.agent.intents import Words, intent_of
from monitoring.agent.request import Intent, Request
from monitoring.agent.understanding import understand
from monitoring.agent.wish_features import features
from monitoring.agent.wish_model import WishModel, written
from monitoring.agent.wishing import PROGRESS, Wish
from monitoring.metrics import Catalogue
from platform_metrics_definition import CATALOGUE

FOLDS = 5
SEEN_TWICE = 2
"""Features of a single saying tell nothing of others."""
STRENGTH = 20.0
"""Inverse of the regularisation: the best of 1, 3, 10, 20, 30 in the cross-validation."""
PLAIN = 3.0
"""Weight of the questions of an examiner: they are as plain as most are, the sayings as different as can be."""
LEAST = 0.25
"""Weights below are not kept."""
WEIGHTS = Path(__file__).resolve().parent.parent / "monitoring" / "agent" / "wishes.tsv"


@dataclass(frozen=True, slots=True)
class Example:
    """One clause with the wish it expresses; `source` is what must not be learnt from when it is asked.

    `weight` is how many sayings it counts for.
    """

    source: str
    wish: str
    ruled: Intent
    features: frozenset[str]
    weight: float = 1.0


class Heard:
    """A chooser of wishes that follows the rules and remembers what it was asked."""

    def __init__(self) -> None:
        self.clauses: list[tuple[Words, Intent]] = []

    def __call__(self, words: Words, catalogue: Catalogue, previous: Request | None) -> Wish:
        ruled = intent_of(words, catalogue, previous)
        self.clauses.append((words, ruled))
        return Wish(ruled)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learn", action="store_true", help=f"learn from the whole bank into {WEIGHTS.name}")
    options = parser.parse_args()
    found = list(examples())
    better = print_validation(found)
    if options.learn:
        model = learnt(found)
        WEIGHTS.write_text(written(model), encoding="utf-8")
        print(f"{len(model.weights):,} features learnt from {len(found):,} sayings into {WEIGHTS}")
    return 0 if better else 1


def examples() -> Iterator[Example]:
    """Every saying of the bank that is one clause and leans on nothing said before."""
    names = tuple(reporting())
    for group in groups():
        for saying in group.sayings:
            if len(saying.turns) == 1:
                yield from _example(group.id, group.wish, saying.turns[0], names)
    for place, (wish, text, plain) in enumerate(wishes()):
        yield from _example(f"wish {place}", wish, text, names, PLAIN if plain else 1.0)
    for item in questions():
        if item.half == TUNED and len(item.turns) == 1:
            text = item.turns[0]["question"]
            heard = Heard()
            # What the rules make of this half is right: they were written for it.
            request = understand(text, CATALOGUE, AS_OF, "UTC", names, wishing=heard)
            yield from _example(item.id, request.intent, text, names, PLAIN)


def _example(source: str, wish: str, text: str, names: Sequence[str], weight: float = 1.0) -> Iterator[Example]:
    heard = Heard()
    understand(text, CATALOGUE, AS_OF, "UTC", names, wishing=heard)
    if len(heard.clauses) == 1:
        words, ruled = heard.clauses[0]
        yield Example(source, _fit(wish, words), ruled, features(words, ruled, CATALOGUE), weight)


def _fit(wish: str, words: Words) -> str:
    """The wish as the product tells it apart: who has most is a list, a figure of a past window its course."""
    if wish == "count" and ranked_in(words.rest) and not re.search(COUNTING, words.rest):
        return "list"
    return "trend" if wish == "value" and words.windows.window else wish


def learnt(found: Sequence[Example]) -> WishModel:
    """The weights that tell the wishes of these examples apart."""
    counts = Counter(feature for example in found for feature in example.features)
    kept = [{f: 1.0 for f in example.features if counts[f] >= SEEN_TWICE} for example in found]
    names = DictVectorizer()
    table = names.fit_transform(kept)
    lengths = np.sqrt([len(example.features) for example in found])
    scaled = table.multiply(1 / lengths[:, None]).tocsr()
    fitted = LogisticRegression(C=STRENGTH, max_iter=300)
    fitted.fit(scaled, [example.wish for example in found], [example.weight for example in found])
    coefficients, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        # The library gives those of the second alone.
        coefficients, bias = np.vstack([0 * coefficients, coefficients]), np.array([0.0, *bias])
    weights = {
        str(name): {place: float(w) for place, w in enumerate(column) if abs(w) >= LEAST}
        for name, column in zip(names.get_feature_names_out(), coefficients.T, strict=True)
    }
    return WishModel(tuple(map(str, fitted.classes_)), tuple(map(float, bias)), weights)


def print_validation(found: Sequence[Example]) -> bool:
    """The table of the cross-validation; whether the weights beat the rules."""
    sources = [example.source for example in found]
    right: Counter[str] = Counter()
    ruled: Counter[str] = Counter()
    for seen, unseen in GroupKFold(FOLDS, shuffle=True, random_state=1).split(found, groups=sources):
        model = learnt([found[place] for place in seen])
        for example in (found[place] for place in unseen):
            likely = model.probabilities(example.features)
            right[example.wish] += max(likely, key=lambda wish: likely[wish]) == example.wish
            ruled[example.wish] += example.ruled == ("trend" if example.wish == PROGRESS else example.wish)
    asked = Counter(example.wish for example in found)
    print(f"{'wish':14}{'sayings':>9}{'rules':>9}{'learnt':>9}")
    for wish in sorted(asked):
        print(
            f"{wish:14}{asked[wish]:>9}{100 * ruled[wish] / asked[wish]:>8.1f}%{100 * right[wish] / asked[wish]:>8.1f}%"
        )
    rules, weights = (100 * sum(counter.values()) / len(found) for counter in (ruled, right))
    print(f"{'all':14}{len(found):>9}{rules:>8.1f}%{weights:>8.1f}%   ratio {weights / rules:.2f}")
    return weights > rules


if __name__ == "__main__":
    sys.exit(main())
