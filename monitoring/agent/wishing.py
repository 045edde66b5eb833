"""Which intent a clause has: what the rules read, weighed by what was learnt."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.agent.intents import Words, intent_of
from monitoring.agent.request import Intent, Request
from monitoring.agent.wish_features import features
from monitoring.agent.wish_model import shipped_model
from monitoring.metrics import Catalogue

PROGRESS = "better"
"""The wish to know which way things go: a trend of what is wrong now."""
SURE_OF_A_TURN, WORDS_OF_ITS_OWN = 0.9, 4
"""How likely a wish must be to overrule the rules in a follow-up, and how many words say it: fewer lean on the turn
before."""
SURE_OF_NOTHING = 0.7
"""How likely it must be that a question has nothing to do with the platform, before it is not answered."""
_RULED: frozenset[Intent] = frozenset({"leak", "contrast", "problem", "refuse"})
"""Intents that rules read from what is named or set side by side, which weights cannot see."""
_OUT_OF_PLACE = frozenset({"foreign", "help", "refuse"})
"""Wishes that the words of a follow-up sound like by themselves: "three are not enough, give five"."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a clause wants; `progress` where it asks whether things get better."""

    intent: Intent
    progress: bool = False


def wished(words: Words, catalogue: Catalogue, previous: Request | None) -> Wish:
    """What is wanted by a clause, in the light of the request before."""
    ruled = intent_of(words, catalogue, previous)
    if ruled in _RULED:
        return Wish(ruled)
    likely = shipped_model("wishes").probabilities(features(words, ruled, catalogue))
    wish = max(likely, key=lambda name: likely[name])
    if previous is not None and (
        wish in _OUT_OF_PLACE or likely[wish] < SURE_OF_A_TURN or len(words.rest.split()) < WORDS_OF_ITS_OWN
    ):
        return Wish(ruled)
    return _fitting(wish, likely[wish], words, ruled, catalogue)


def _fitting(wish: str, likely: float, words: Words, ruled: Intent, catalogue: Catalogue) -> Wish:
    """The wish as an intent that what is named allows."""
    if wish == PROGRESS:
        return Wish("trend", progress=True)
    if wish == "foreign":
        return Wish("unclear" if likely >= SURE_OF_NOTHING and not _names_something(words) else ruled)
    if wish == "refuse":
        return Wish("refuse" if likely >= SURE_OF_NOTHING else ruled)
    if wish == "inventory" and words.metrics and all(catalogue[name].scope == "cluster" for name in words.metrics):
        # How many brokers there are is a figure of its own.
        return Wish("value" if words.windows.window is None else "trend")
    if wish == "contrast" and max(len(words.metrics), len(words.components), len(words.instances)) < 2:
        return Wish("compare" if words.windows.compare else "trend" if words.metrics else ruled)
    if wish in ("value", "trend") and words.metrics:
        return Wish("value" if words.windows.window is None and wish == "value" else "trend")
    return Wish(wish)  # type: ignore[arg-type]


def _names_something(words: Words) -> bool:
    return bool(words.metrics or words.components or words.instances)
