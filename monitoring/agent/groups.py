"""Words of a question that name metrics, and what they mean together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from monitoring.agent import lexicon
from monitoring.metrics import COMPONENTS

Group = tuple[int, int, frozenset[str]]
"""Where the words stand, first and last, and the metrics they may mean."""


def combined(groups: list[Group], words: list[str]) -> frozenset[str]:
    """The metrics meant by groups of words in their order: one that follows without "and" narrows the one before."""
    chosen: frozenset[str] = frozenset()
    if groups:
        chosen = groups[0][2]
    for before, group in pairwise(groups):
        between = words[before[1] : group[0]]
        if not between and _only_says_how_much(words, before, group):
            continue
        joined = any(word in ("and", "or", "plus", ",", ";", "&", "+") for word in between)
        narrowed = chosen & group[2]
        chosen = narrowed if narrowed and not joined else chosen | group[2]
    return chosen


def _only_says_how_much(words: list[str], before: Group, group: Group) -> bool:
    """ "Replication queue backlog": after the name of one figure such a word does not call for another."""
    long = before[1] - before[0] > 1
    return long and group[1] - group[0] == 1 and words[group[0]] in lexicon.HOW_MUCH and not before[2] & group[2]


def at_home(groups: list[Group], preferred: frozenset[str]) -> list[Group]:
    """Each group narrowed to the preferred metrics where it names any; what names none of them stays as it is."""
    return [(start, end, names & preferred or names) for start, end, names in groups]


_AND = r"\s*(?:,|&|\+|\b(?:and|or|plus|vs|versus|as well as)\b)\s*(?:(?:on|of|in|for|the|our|all|also)\s+)*"


def _stands_beside(implied: str, told: str, text: str) -> bool:
    ahead = rf"{implied}(?:\s+[a-z]+){{0,2}}?{_AND}(?:[a-z]+\s+){{0,3}}?(?:{told})"
    behind = rf"(?:{told})(?:\s+[a-z]+){{0,2}}?{_AND}(?:[a-z]+\s+)?{implied}"
    return re.search(f"{ahead}|{behind}", text) is not None


def joined_components(text: str, named: Sequence[str]) -> tuple[str, ...]:
    """The components named, with those that a word beside them stands for: "disk on brokers and ClickHouse nodes"."""
    if not named:
        return ()
    joined = set(named)
    told = [rf"\b{word}\b" for component in named for word in lexicon.COMPONENT_WORDS[component]]
    waiting = dict(lexicon.IMPLIED_COMPONENTS)
    while beside := [implied for implied in waiting if _stands_beside(implied, "|".join(told), text)]:
        joined |= {waiting.pop(implied) for implied in beside}
        # "Brokers, task managers and ClickHouse": what was joined joins others.
        told += beside
    return tuple(component for component in COMPONENTS if component in joined)
