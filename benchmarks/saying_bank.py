"""The bank of sayings: ways in which people say one wish, by people who did not know how they are read.

`groups.jsonl` holds groups: a `canonical` question, said in full, the questions before it (`context`), and the
`sayings` that mean the same. `followups.jsonl` holds more of them, all with a context that they lean on, and
`changes.jsonl` some that change the subject after one. `wishes.jsonl` holds single sayings with the wish they express.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from benchmarks.question_bank import AS_OF
from platform_metrics_generator import generated

SEED = 11
GroupsName = Literal["groups", "followups", "changes"]
FOLDER = Path(__file__).resolve().parent / "sayings"
LEARNT, HELD_OUT = "learnt", "held out"
"""The half that rules were written from, and the one that was only counted; wishes are learnt from both."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One saying; `group` is what it shares with others of one meaning."""

    group: str
    turns: tuple[str, ...]
    half: str


@dataclass(frozen=True, slots=True)
class Group:
    """Sayings that mean what `canonical` says, which expresses `wish`."""

    id: str
    wish: str
    canonical: str
    sayings: tuple[Saying, ...]


def groups(folder: Path = FOLDER, name: GroupsName = "groups") -> Iterator[Group]:
    """Every group of a file; of its sayings every second one is held out."""
    for line in _lines(folder / f"{name}.jsonl"):
        item = json.loads(line)
        turns = ((*item["context"], saying) for saying in item["sayings"])
        yield Group(
            item["id"],
            item["wish"],
            item["canonical"],
            tuple(Saying(item["id"], said, (LEARNT, HELD_OUT)[place % 2]) for place, said in enumerate(turns)),
        )


def wishes(folder: Path = FOLDER) -> Iterator[tuple[str, str, bool]]:
    """Wish, saying, and whether it is plain: an examiner's question, not one of many wordings of a wish."""
    for line in _lines(folder / "wishes.jsonl"):
        item = json.loads(line)
        yield item["intent"], item["text"], item.get("plain", False)


@lru_cache(maxsize=1)
def reporting() -> Mapping[str, frozenset[str]]:
    """The metrics that each instance of the simulated platform reports, which the sayings speak of."""
    found: dict[str, set[str]] = defaultdict(set)
    for block in generated((), SEED, AS_OF - timedelta(minutes=10), AS_OF, lambda _: None):
        for key in block.keys:
            found[key.instance].add(key.metric)
    return {name: frozenset(found[name]) for name in sorted(found)}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
