"""What a question names: metrics and components; and what it misspells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA
from spellchecker import SpellChecker
from spellchecker.spellchecker import WordFrequency

from monitoring.agent import lexicon
from monitoring.agent.groups import Group, at_home, combined
from monitoring.metrics import COMPONENTS, Catalogue, Metric

_RARE = 100
"""Occurrences in the dictionary's corpus up to which a word is taken for a misspelling."""
_STEMS = {
    "failure": "fail",
    "failures": "fail",
    "usage": "use",
    "used": "use",
    "leaking": "leak",
    "leaked": "leak",
    "free": "free",
    "status": "status",
    "class": "class",
    "gc": "gc",
    "seconds": "second",
    "replicas": "replica",
    "parts": "parts",
    "replicating": "replication",
    "replicate": "replication",
    "replicated": "replicated",
    "memory": "memory",
    "restarting": "restart",
    "lagging": "lag",
    "lags": "lag",
    "delay": "delay",
    "production": "produce",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A way to name metrics: the stems of its words, whether they are a metric's own name or only its topic."""

    stems: tuple[str, ...]
    metrics: frozenset[str]
    topic: bool


def stem(word: str) -> str:
    """The word without the endings that matter little here: "partitions" → "partition", "failing" → "fail"."""
    if word in _STEMS:
        return _STEMS[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        return _undouble(word[:-3])
    if len(word) > 5 and word.endswith("ed") and not word.endswith("eed"):
        return _undouble(word[:-2])
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _undouble(word: str) -> str:
    return word[:-1] if len(word) > 2 and word[-1] == word[-2] and word[-1] not in "lse" else word


def canonical(text: str) -> str:
    """Lower case, one spelling for what is spelt in several ways."""
    text = text.lower()
    for pattern, replacement in lexicon.CANONICAL:
        text = re.sub(pattern, replacement, text)
    return text


def stems_of(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in re.findall(r"[a-z0-9]+", canonical(text)))


@lru_cache(maxsize=8)
def phrases_of(catalogue: Catalogue) -> tuple[Phrase, ...]:
    """All phrases that name metrics of the catalogue, the longest first."""
    named: dict[tuple[tuple[str, ...], bool], set[str]] = {}
    for metric in catalogue:
        own = (metric.name, metric.short, re.sub(r"\s*\(.*\)", "", metric.short), *metric.aliases)
        for text, topic in [(t, False) for t in own] + [(t, True) for t in metric.topics]:
            key = stems_of(text.replace("_", " "))
            if key and " ".join(key) not in lexicon.GENERIC_ALIASES:
                named.setdefault((key, topic), set()).add(metric.name)
    for text, names in lexicon.WIDER_SUBJECTS.items():
        known = {name for name in names if name in catalogue}
        if known:
            named.setdefault((tuple(text.split()), False), set()).update(known)
    phrases = (Phrase(stems, frozenset(names), topic) for (stems, topic), names in named.items())
    return tuple(sorted(phrases, key=lambda p: (-len(p.stems), p.topic, p.stems)))


@lru_cache(maxsize=8)
def vocabulary(catalogue: Catalogue) -> frozenset[str]:
    """Every word worth recognising in spite of a misspelling."""
    words: set[str] = set(COMPONENTS)
    for metric in catalogue:
        for text in (metric.name, metric.short, *metric.aliases, *metric.topics):
            words.update(re.findall(r"[a-z]{4,}", canonical(text.replace("_", " "))))
    return frozenset(words | lexicon.WORTH_CORRECTING)


def corrected(text: str, catalogue: Catalogue) -> str:
    """The text with abbreviations written out and misspelt words put right; ordinary words stay."""
    known = vocabulary(catalogue)
    text = re.sub(r"(?<=\d )([a-z]{3,7})(?![\w/-])", _unit_word, text)
    text = re.sub(r"(?<![\w./-])([a-z]{2,9})[ -]([a-z]{4,9})(?![\w/-])", _compound, text)
    return re.sub(r"(?<![\w./-])[a-z][a-z'.]*(?![\w/-])", lambda match: _corrected_word(match[0], known), text)


def _unit_word(match: re.Match[str]) -> str:
    """A misspelt unit of time after a number: "3 horus"."""
    if match[1] in lexicon.COMMON_WORDS:
        return match[0]
    units = ("minutes", "hours", "days", "weeks") if len(match[1]) > 3 else ("min", "hrs", "day")
    best = min(units, key=lambda unit: OSA.distance(match[1], unit))
    close = OSA.distance(match[1], best) <= (1 if len(match[1]) < 5 else 2) and match[1][0] == best[0]
    if len(match[1]) == 3 and sorted(match[1]) != sorted(best):
        return match[0]
    return best if close else match[0]


_COMPOUNDS = {
    "taskmanager": "task manager",
    "taskmanagers": "task managers",
    "jobmanager": "job manager",
    "clickhouse": "click house",
    "backpressure": "back pressure",
}


def _compound(match: re.Match[str]) -> str:
    """Two words that are together a misspelling of one that is often written apart: "tsk manager"."""
    joined = match[1] + match[2]
    for word, parts in _COMPOUNDS.items():
        first, second = parts.split()
        near = OSA.distance(match[1], first) <= 1 and OSA.distance(match[2], second) <= 2
        if near and OSA.distance(joined, word) <= 2:
            return word
    return match[0]


@lru_cache(maxsize=4096)
def _corrected_word(word: str, known: frozenset[str]) -> str:
    if word.rstrip(".") in lexicon.ABBREVIATIONS:
        return lexicon.ABBREVIATIONS[word.rstrip(".")]
    if word.endswith("'s") and len(word) > 6:
        return f"{_corrected_word(word[:-2], known)}'s"
    bare = word.strip("'.")
    if len(bare) < 4 or bare in known or bare in lexicon.COMMON_WORDS or bare in lexicon.FOREIGN_SYSTEMS:
        return word
    if f"{bare}s" in known or bare.rstrip("s") in known or stem(bare) in known or stem(bare) in lexicon.COMMON_WORDS:
        return word
    if _is_english(bare):
        return word
    allowed = 1 if len(bare) < 7 else 2
    best = min(known, key=lambda candidate: (_distance(bare, candidate, allowed), candidate))
    close = _distance(bare, best, allowed)
    if close > allowed or (len(bare) < 5 and best[0] != bare[0]):
        return word
    return best


def _is_english(word: str) -> bool:
    """Whether a word is one that people use; what was written only a few times is a misspelling."""
    return int(_dictionary()[word]) > _RARE


@lru_cache(maxsize=1)
def _dictionary() -> WordFrequency:
    return SpellChecker(language="en").word_frequency


def _distance(word: str, candidate: str, allowed: int) -> float:
    if abs(len(word) - len(candidate)) > allowed or len(candidate) < 4:
        return 99.0
    distance = OSA.distance(word, candidate, score_cutoff=allowed)
    return distance + (0.5 if word[0] != candidate[0] else 0.0)


def components_in(text: str) -> tuple[str, ...]:
    """The components named outright, in the order of the data flow."""
    words = set(re.findall(r"[a-z']+", text))
    return tuple(c for c in COMPONENTS if words & set(lexicon.COMPONENT_WORDS[c]))


def implied_components(text: str) -> tuple[str, ...]:
    """Components meant by words such as "brokers" or "jobs"."""
    implied = {component for pattern, component in lexicon.IMPLIED_COMPONENTS.items() if re.search(pattern, text)}
    return tuple(c for c in COMPONENTS if c in implied)


def metrics_in(
    text: str,
    catalogue: Catalogue,
    components: Sequence[str] = (),
    wide: bool = False,
    implied: Sequence[str] = (),
    within: AbstractSet[str] = frozenset(),
) -> tuple[str, ...]:
    """Names of the metrics a text speaks of, in the catalogue's order; only those of `components`, if given.

    Where any are given, only metrics `within` these are looked for, unless one's full name is written.

    What could be of several components is of those `implied`. `wide` takes in all metrics of a topic, even where
    one of them bears its very name: for questions that are narrowed down in another way, as by an instance.

    Words that follow one another without "and" narrow each other down ("query latency"); joined by "and"
    they add up ("heap and disk").
    """
    allowed = {m.name for m in catalogue.of(components or COMPONENTS) if not within or m.name in within}
    exact = [m.name for m in catalogue if re.search(rf"(?<![\w-]){re.escape(m.name)}(?![\w-])", text)]
    if exact:
        return tuple(exact)
    words = re.findall(r"[a-z0-9]+|[,;&+]", canonical(text))
    stems = [stem(word) for word in words]
    groups = _phrase_groups(stems, catalogue, allowed, text, wide) or _word_groups(stems, catalogue, allowed)
    groups = at_home(
        groups, frozenset(metric.name for metric in catalogue.of(tuple(implied))) if implied else frozenset()
    )
    chosen = combined(groups, words)
    return tuple(metric.name for metric in catalogue if metric.name in chosen)


def _phrase_groups(stems: list[str], catalogue: Catalogue, allowed: set[str], text: str, wide: bool) -> list[Group]:
    """Non-overlapping phrases of the catalogue, the longest first; same words of several metrics are one."""
    taken = [False] * len(stems)
    groups: list[Group] = []
    phrases = phrases_of(catalogue)
    counting = re.search(lexicon.NUMBER_CUES, text) is not None
    for length in range(min(6, len(stems)), 0, -1):
        for start in range(len(stems) - length + 1):
            if any(taken[start : start + length]):
                continue
            window = tuple(stems[start : start + length])
            if length == 1 and window[0] in lexicon.COUNTED_THINGS and not counting:
                continue
            names = _named_by(window, phrases, allowed, wide)
            if names:
                groups.append((start, start + length, names))
                taken[start : start + length] = [True] * length
    return sorted(groups)


def _named_by(stems: tuple[str, ...], phrases: tuple[Phrase, ...], allowed: set[str], wide: bool) -> frozenset[str]:
    """Metrics called so. Those that have it as their topic join where none, or their own names hold it too."""
    own: set[str] = set()
    topical: set[str] = set()
    for phrase in phrases:
        if phrase.stems == stems:
            (topical if phrase.topic else own).update(phrase.metrics & allowed)
    if not own or wide:
        return frozenset(own | topical)
    holding = {
        name for phrase in phrases if not phrase.topic and _holds(phrase.stems, stems) for name in phrase.metrics
    }
    return frozenset(own | (topical & holding))


def _holds(longer: tuple[str, ...], shorter: tuple[str, ...]) -> bool:
    size = len(shorter)
    return any(longer[start : start + size] == shorter for start in range(len(longer) - size + 1))


def _word_groups(stems: list[str], catalogue: Catalogue, allowed: set[str]) -> list[Group]:
    groups: list[Group] = []
    for position, word in enumerate(stems):
        if word in lexicon.FILLER or word in COMPONENTS or len(word) < 2:
            continue
        names = frozenset(metric.name for metric in catalogue if metric.name in allowed and word in _words_of(metric))
        if names:
            groups.append((position, position + 1, names))
    return groups


@lru_cache(maxsize=256)
def _words_of(metric: Metric) -> frozenset[str]:
    texts = (metric.name.replace("_", " "), metric.short, *metric.topics)
    return frozenset(word for text in texts for word in stems_of(text))
