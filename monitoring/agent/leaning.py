"""Whether a question leans on the one before, and what it then wants: what the rules read, weighed by what was learnt.

Rules know the moves they were written for; the weights know how people go on who never saw the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monitoring.agent import lexicon
from monitoring.agent.carrying import of_things
from monitoring.agent.edits import is_edit
from monitoring.agent.followup_wishes import WEAK, asks_whether_over, wish
from monitoring.agent.followups import leans_on
from monitoring.agent.intents import Words
from monitoring.agent.request import Intent, Request
from monitoring.agent.wish_features import features
from monitoring.agent.wish_model import shipped_model
from monitoring.agent.wishing import PROGRESS, Wish
from monitoring.metrics import Catalogue

LEANS, ALONE = "leans", "alone"
LIKELY = 0.28
"""How likely it must be that a turn leans where the rules say so; else it must be likelier than not. In the
cross-validation of `benchmarks/followups.py` 96 % of the turns that lean are kept so, for 95 % at one half."""
AHEAD = 0.3
"""By how much the likeliest wish must be ahead of the one that the rules read to overrule it: where plain turns are
read best, and those of people who say things differently lose one to three in a hundred."""
MOST_WORDS = 8
"""Turns of more words are all taken for long."""
_APART: frozenset[str] = frozenset({"refuse", "foreign", "problem", "help"})
"""What rules read by itself, whatever was said before."""
_FIGURES: frozenset[Intent] = frozenset({"value", "trend"})
"""Which of the two is meant hangs on the window, which rules carry."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A clause in the light of the `previous` request: its `words`, and the `request` it would be by itself."""

    clause: str
    words: Words
    request: Request
    previous: Request


@dataclass(frozen=True, slots=True)
class Leaning:
    """Whether a clause leans on the question before, and what it then wants.

    `edit`: it only changes what the question before was asked of, and holds no word that asks anything.
    """

    leans: bool
    wish: Wish
    edit: bool = False


Leaner = Callable[[Situation, Catalogue], Leaning]


def ruled(situation: Situation, catalogue: Catalogue) -> Leaning:
    """What the rules alone make of it."""
    words, previous = situation.words, situation.previous
    leans = leans_on(situation.clause, words, situation.request, previous, catalogue)
    request = of_things(situation.request, words, previous, catalogue)
    edit = request.intent in WEAK and is_edit(words, catalogue)
    return Leaning(leans, Wish(wish(request, words, previous, edit)), edit)


def weighed(situation: Situation, catalogue: Catalogue) -> Leaning:
    """What the weights make of it, in the light of the rules."""
    by_rule = ruled(situation, catalogue)
    if situation.request.intent in _APART or (by_rule.leans and by_rule.edit):
        return by_rule
    seen = turn_features(situation, by_rule, catalogue)
    leans = shipped_model("leaning").probabilities(seen)[LEANS] > (LIKELY if by_rule.leans else 0.5)
    if not leans:
        return Leaning(False, by_rule.wish)
    likely = shipped_model("followups").probabilities(seen)
    over = not situation.previous.metrics and asks_whether_over(situation.words.text)
    return Leaning(True, _fitting(likely, by_rule.wish, over))


def _fitting(likely: dict[str, float], by_rule: Wish, over: bool) -> Wish:
    """The likeliest wish, where it is well ahead of what the rules read; `over`: it is asked whether something is."""
    likeliest = max(likely, key=lambda name: likely[name])
    read = max(likely.get(name, 0.0) for name in (_FIGURES if by_rule.intent in _FIGURES else (by_rule.intent,)))
    if likely[likeliest] - read < AHEAD or {likeliest, by_rule.intent} <= _FIGURES:
        return by_rule
    if likeliest != PROGRESS:
        return Wish(likeliest)  # type: ignore[arg-type]
    # Whether something is over is told by whether it is still open.
    return by_rule if over or by_rule.intent == "diagnose" else Wish("trend", progress=True)


def turn_features(situation: Situation, by_rule: Leaning, catalogue: Catalogue) -> frozenset[str]:
    """The features of a clause that follows another question.

    Beside those of the clause by itself: `p:` what was asked before, `w:` and `l:` what the rules make of the turn,
    `m:` what the clause by itself is taken for, `k:` words that lean and names that are shared.
    """
    own = features(situation.words, situation.request.intent, catalogue)
    likely = shipped_model("wishes").probabilities(own)
    return frozenset(
        (
            *own,
            *_before(situation, by_rule),
            *_alone(likely, situation.previous.intent),
            *_leaning_words(situation.clause),
            *_shared(situation.words, situation.request, situation.previous),
        )
    )


def _before(situation: Situation, by_rule: Leaning) -> Iterator[str]:
    words, previous = situation.words, situation.previous
    asked, own, turn, leans = previous.intent, situation.request.intent, by_rule.wish.intent, by_rule.leans
    yield from (f"p:{asked}", f"p:{asked} r:{own}", f"p:metrics{min(2, len(previous.metrics))}")
    yield from (f"p:instances{bool(previous.instances)}", f"p:window{previous.window is not None}")
    yield from (f"l:{leans}", f"l:{leans} r:{own}", f"w:{turn}", f"w:{turn} p:{asked}", f"w:{turn} l:{leans}")
    yield f"e:{by_rule.edit}"
    yield f"h:named{bool(words.metrics or words.components or words.instances)}"
    yield from (f"h:move{words.move is not None}", f"n:{min(MOST_WORDS, len(words.rest.split()))}")


def _alone(likely: dict[str, float], asked: Intent) -> Iterator[str]:
    likeliest = max(likely, key=lambda name: likely[name])
    yield from (f"m:{likeliest}", f"m:{likeliest} p:{asked}", f"m:{likeliest} {int(likely[likeliest] * 4)}")


_CUES = {
    "follow-up": lexicon.FOLLOW_UP,
    "pronoun": lexicon.ANAPHORA,
    "maybe": lexicon.MAYBE_FOLLOW_UP,
    "whole": lexicon.WHOLE_PLATFORM,
    "state": lexicon.STATUS_WORD,
}


def _leaning_words(clause: str) -> Iterator[str]:
    yield from (f"k:{name}" for name, cue in _CUES.items() if re.search(cue, clause))


def _shared(words: Words, request: Request, previous: Request) -> Iterator[str]:
    now = {*words.components, *request.metric_homes}
    yield f"k:components{bool(now & {*previous.components, *previous.metric_homes})} {bool(now)}"
    yield f"k:instances{bool({*words.instances} & {*previous.instances})} {bool(words.instances)}"
    yield f"k:metrics{bool({*words.metrics} & {*previous.metrics})} {bool(words.metrics)}"
