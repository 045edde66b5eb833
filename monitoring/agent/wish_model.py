"""Learnt weights: how likely each wish is, from the features of a question.

A multinomial logistic regression over features that are there or not, scaled to a length of one. The weights stand in
files beside this one, learnt by `benchmarks/wishes.py` and `benchmarks/followups.py` from sayings that people wrote who
did not know the rules.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from monitoring.errors import InvalidInput

ModelName = Literal["wishes", "leaning", "followups"]
"""What a question wants; whether a later one leans on the one before; what such a one wants."""
SCALE = 100
"""Weights are kept as hundredths."""


@dataclass(frozen=True, slots=True)
class WishModel:
    """`weights` holds, by feature, the weight of each wish by its place in `wishes`; what is not there is zero."""

    wishes: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Mapping[str, Mapping[int, float]]

    def probabilities(self, features: Collection[str]) -> dict[str, float]:
        """How likely each wish is; the sum is one."""
        length = math.sqrt(len(features)) or 1.0
        scores = list(self.bias)
        for feature in features:
            for place, weight in self.weights.get(feature, {}).items():
                scores[place] += weight / length
        highest = max(scores)
        shares = [math.exp(score - highest) for score in scores]
        total = sum(shares)
        return {wish: share / total for wish, share in zip(self.wishes, shares, strict=True)}


def read_model(text: str) -> WishModel:
    """The model written in a text: wishes, bias, then a feature a line.

    Raises `InvalidInput` for a text that is none.
    """
    try:
        wishes, bias, *lines = text.splitlines()
        names = tuple(wishes.split("\t")[1:])
        first = tuple(int(value) / SCALE for value in bias.split("\t")[1:])
        weights = {feature: _weights(pairs) for feature, pairs in (line.split("\t") for line in lines)}
    except ValueError as problem:
        raise InvalidInput(f"The weights of wishes could not be read: {problem}. Learn them anew.") from problem
    if not names or len(names) != len(first):
        raise InvalidInput("The weights of wishes name another number of wishes than of biases. Learn them anew.")
    return WishModel(names, first, weights)


def _weights(pairs: str) -> dict[int, float]:
    return {int(place): int(weight) / SCALE for place, weight in (pair.split(":") for pair in pairs.split(" "))}


def written(model: WishModel) -> str:
    """The text that `read_model` reads."""
    lines = ["\t".join(("wishes", *model.wishes)), "\t".join(("bias", *(f"{round(b * SCALE)}" for b in model.bias)))]
    for feature in sorted(model.weights):
        kept = {place: round(weight * SCALE) for place, weight in sorted(model.weights[feature].items())}
        pairs = " ".join(f"{place}:{weight}" for place, weight in kept.items() if weight)
        lines += [f"{feature}\t{pairs}"] if pairs else []
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=3)
def shipped_model(name: ModelName) -> WishModel:
    """A model that comes with the product; read when it is first needed."""
    return read_model(resources.files("monitoring.agent").joinpath(f"{name}.tsv").read_text(encoding="utf-8"))
