"""Words of a question that name metrics, and what they mean together."""

from __future__ import annotations

from itertools import pairwise

from monitoring.agent import lexicon

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
