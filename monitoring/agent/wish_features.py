"""What of a question tells which wish it expresses: its words without the names in them, and what was found beside.

A name says what a question is about and not what it wants; so metrics, components and numbers become one mark each,
and the weights that were learnt for one metric hold for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from monitoring.agent import lexicon
from monitoring.agent.attributes import COUNTING
from monitoring.agent.cues import INTENT_CUES
from monitoring.agent.intents import Words
from monitoring.agent.paraphrases import reworded
from monitoring.agent.request import Intent
from monitoring.metrics import Catalogue

_METRIC, _COMPONENT, _NUMBER = "xmetric", "xcomponent", "xnumber"
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_LONGEST_PART = 5
"""Letters of the longest part of a word that is a feature: misspelt and inflected words share parts with known ones."""


def features(words: Words, ruled: Intent, catalogue: Catalogue) -> frozenset[str]:
    """The features of a clause; `ruled` is the intent that the rules read in it.

    `1:`, `2:`, `3:` are runs of words, `s:` pairs around one word, `g:` parts of words, `h:` what else was found,
    `r:` what the rules say, `cue:` and `k:` the rules' cues that occur.
    """
    tokens = _WORD.findall(_masked(words.rest, catalogue))
    return frozenset((*_runs(tokens), *_parts(tokens), *_found(words, ruled), *_cues(words)))


def _masked(text: str, catalogue: Catalogue) -> str:
    text = _metric_names(catalogue).sub(f" {_METRIC} ", reworded(text))
    text = re.sub(r"\b(?:kafka|flink|clickhouse)\b", f" {_COMPONENT} ", text)
    return re.sub(r"\b\w*\d[\w.,]*\b", f" {_NUMBER} ", text)


@lru_cache(maxsize=8)
def _metric_names(catalogue: Catalogue) -> re.Pattern[str]:
    names = {name.lower() for m in catalogue for name in (m.name, m.name.replace("_", " "), m.short, *m.aliases)}
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + r")\b")


def _runs(tokens: list[str]) -> Iterator[str]:
    framed = ["^", *tokens, "$"]
    yield from (f"1:{word}" for word in tokens)
    yield from (f"2:{a} {b}" for a, b in pairwise(framed))
    for a, b, c in zip(framed, framed[1:], framed[2:], strict=False):
        yield f"3:{a} {b} {c}"
        yield f"s:{a} _ {c}"


def _parts(tokens: Iterable[str]) -> Iterator[str]:
    for word in tokens:
        framed = f"<{word}>"
        for length in range(3, _LONGEST_PART + 1):
            yield from (f"g:{framed[at : at + length]}" for at in range(len(framed) - length + 1))


def _found(words: Words, ruled: Intent) -> Iterator[str]:
    metrics, window = f"metrics{min(2, len(words.metrics))}", f"window{words.windows.window is not None}"
    yield from (f"h:{metrics}", f"h:{window}", f"h:compare{words.windows.compare is not None}")
    yield from (f"h:components{min(2, len(words.components))}", f"h:instances{min(1, len(words.instances))}")
    yield from (f"r:{ruled}", f"r:{ruled} {metrics}", f"r:{ruled} {window}")


def _cues(words: Words) -> Iterator[str]:
    yield from (f"cue:{intent}" for intent, cue in INTENT_CUES if re.search(cue, words.text))
    if re.search(COUNTING, words.rest):
        yield "k:counting"
    if re.search(lexicon.EVENT_NOUN, words.rest):
        yield "k:event"
