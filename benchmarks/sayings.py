#!/usr/bin/env python3
"""Whether different ways of saying the same are understood alike: every saying against its group's plain question.

    python benchmarks/sayings.py                       the share that agrees, by what is understood
    python benchmarks/sayings.py --differing window    and which sayings of the learnt half differ in it

A group of `benchmarks/sayings/groups.jsonl` is a question said in full and a dozen other ways to say it, some of them
follow-ups. No database is asked: what counts is which metrics, instances, components, windows and severity would be
looked at. Rules were written with the learnt half in view, the other was only counted; the wish was learnt from both,
so `benchmarks/wishes.py` measures it. The reference in the same run is the plain question itself.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.question_bank import AS_OF, planned_look
from benchmarks.saying_bank import HELD_OUT, LEARNT, Saying, groups, reporting
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.timespans import TimeSpan
from monitoring.agent.understanding import understand
from platform_metrics_definition import CATALOGUE

Part = Literal["metrics", "instances", "components", "window", "severity"]
PARTS: tuple[Part, ...] = get_args(Part)
SLACK = 120
"""Seconds within which the ends of windows are the same."""
Understood = dict[str, frozenset[object]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--differing", choices=PARTS, help="show sayings of the learnt half that differ in this")
    options = parser.parse_args()
    agreed: Counter[tuple[str, str, str]] = Counter()
    asked: Counter[tuple[str, str]] = Counter()
    for group in groups():
        meant = _understood((group.canonical,))
        for saying in group.sayings:
            said = _understood(saying.turns)
            differing = [part for part in PARTS if not _agrees(part, said, meant)]
            kind = "follow-ups" if len(saying.turns) > 1 else "alone"
            asked[kind, saying.half] += 1
            for part in (*PARTS, "all of these"):
                agreed[part, kind, saying.half] += part not in differing and not (part == "all of these" and differing)
            if options.differing in differing and saying.half == LEARNT:
                print(f"{group.id} {_shown(saying)}\n    means: {group.canonical}")
    _print(agreed, asked)
    return 0


def _understood(turns: Sequence[str]) -> Understood:
    previous: Request | None = None
    for turn in turns:
        request = understand(turn, CATALOGUE, AS_OF, "UTC", reporting(), previous, reporting())
        previous = request.parts[-1]
    parts = request.parts
    looks = [planned_look(call, CATALOGUE) for call in plan(request, CATALOGUE)]
    return {
        "metrics": frozenset(name for part in parts for name in part.metrics),
        "instances": frozenset(name for part in parts for name in part.instances),
        "components": frozenset(name for look in looks for name in look.components),
        "window": frozenset(_ends(span) for part in parts for span in (part.window, part.compare) if span),
        "severity": frozenset(part.severity for part in parts if part.severity),
    }


def _ends(span: TimeSpan) -> tuple[int, int]:
    window = span.window
    return round(window.start.timestamp() / SLACK), round(min(window.end, AS_OF).timestamp() / SLACK)


def _agrees(part: Part, said: Understood, meant: Understood) -> bool:
    """Equal; where nothing is looked at, no components are."""
    return said[part] == meant[part] or (part == "components" and not said[part])


def _shown(saying: Saying) -> str:
    return " / ".join(saying.turns)


def _print(agreed: Counter[tuple[str, str, str]], asked: Counter[tuple[str, str]]) -> None:
    columns = [(kind, half) for kind in ("alone", "follow-ups") for half in (LEARNT, HELD_OUT)]
    print(f"{'':14}" + "".join(f"{f'{kind}, {half}':>22}" for kind, half in columns))
    print(f"{'sayings':14}" + "".join(f"{asked[column]:>22}" for column in columns))
    for part in (*PARTS, "all of these"):
        shares = (100 * agreed[part, *column] / asked[column] for column in columns)
        print(f"{part:14}" + "".join(f"{share:>20.1f} %" for share in shares))


if __name__ == "__main__":
    sys.exit(main())
