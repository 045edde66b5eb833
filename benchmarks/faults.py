#!/usr/bin/env python3
"""Labelled faults, replayed: recall, precision, delay, false alarms, and whether pattern and root are right.

    python benchmarks/faults.py                          the split that is only reported, against the bars
    python benchmarks/faults.py --split tune --verbose   the other one, with every miss and false alarm
    python benchmarks/faults.py --markdown               the table of the README

Every recording goes through the same detection as `replay`, tick by tick (`--through-store N`: N of them also
through the whole of `replay`, which must find the same). The reference in the same run is plain static thresholds:
the catalogue's, with their holding times, without anything that learns, forecasts, misses or groups. How things
are counted: `benchmarks/judging.py`. Exit 1 where the reported split does not meet the bars.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from os import cpu_count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.judging import Judged, Verdict, judge
from benchmarks.recordings import SLOW, SPLITS, TALES, Plan, made, plans
from monitoring.anomalies import Event
from monitoring.blocks import to_micros
from monitoring.contract import iso
from monitoring.detection.memory import Memory
from monitoring.detection.thresholds import Thresholds
from monitoring.incidents.lifecycle import advance
from monitoring.replay import Recording, Replayed, Timeline, own_store, replay, timeline, watched
from platform_metrics_definition import CATALOGUE

INTERVAL = timedelta(seconds=30)


def static_events(line: Timeline) -> list[dict[str, Any]]:
    """What plain static thresholds would have told: the reference."""
    memory, thresholds = Memory(), Thresholds(CATALOGUE)
    open_events: dict[str, Event] = {}
    fired: dict[int, Event] = {}
    edges = np.searchsorted(line.ticks, np.arange(line.count + 1)).tolist()
    for tick in range(line.count):
        now = line.moment(tick)
        memory.absorb(line.samples.slice(edges[tick], edges[tick + 1]))
        changes = advance(open_events, thresholds.judge(memory, to_micros(now)), CATALOGUE, now)
        fired |= {id(change.event): change.event for change in changes if change.kind == "fired"}
    return [{**event.key._asdict(), "detected_at": iso(event.detected_at)} for event in fired.values()]


def judged(plan: Plan) -> Judged:
    """Make a recording, replay it and hold what was found against the truth."""
    block, truth = made(plan)
    line = timeline(block, INTERVAL)
    found = watched(line, CATALOGUE)
    window = (plan.start, plan.start + timedelta(hours=plan.hours))
    return judge(plan.name, plan.tale, truth, (found.events, found.incidents), static_events(line), window)


def same_through_store(plan: Plan) -> bool:
    """Whether the whole of `replay` finds the same as detection alone."""
    block, _ = made(plan)
    line = timeline(block, INTERVAL)
    with own_store() as store:
        stored = replay(Recording(block, len(block), {}), line, store, CATALOGUE)
    return _told(stored) == _told(watched(line, CATALOGUE))


def _told(found: Replayed) -> list[str]:
    """Events and incidents, but for their numbers."""
    events = [{k: v for k, v in row.items() if k not in ("incident", "id")} for row in found.events]
    incidents = [{k: v for k, v in row.items() if k not in ("id", "rule")} for row in found.incidents]
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in (*events, *incidents))


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of some recordings; delays in minutes, `None` where there is nothing to count."""

    recordings: int
    faults: int
    recall: float | None
    precision: float | None
    delay: float | None
    delay_from_symptom: float | None
    slow_delay: float | None
    before_static: tuple[int, int]
    warnings_a_day: float
    criticals_a_day: float
    false: int
    pattern: float | None
    root: float | None
    series: float | None
    apart: tuple[int, int]
    incidents_a_fault: float | None
    static_recall: float | None
    static_delay: float | None
    static_alarms_a_fault: float | None
    static_false_a_day: float


def score(of: Sequence[Judged]) -> Score:
    """The figures over some recordings."""
    verdicts = [verdict for one in of for verdict in one.verdicts]
    found = [verdict for verdict in verdicts if verdict.found]
    slow = [verdict for verdict in found if verdict.kind in SLOW]
    abrupt = [verdict for verdict in found if verdict.kind not in SLOW]
    right, false = sum(one.right for one in of), [incident for one in of for incident in one.false]
    days = sum(one.quiet_days for one in of)
    critical = sum(incident["severity"] == "critical" for incident in false)
    apart = [one.apart for one in of if one.apart is not None]
    named = [verdict for verdict in verdicts if verdict.incident is not None]
    static = [v for v in verdicts if v.static_delay is not None]
    early = [verdict for verdict in slow if verdict.lead is None or verdict.lead > 0]
    return Score(
        recordings=len(of),
        faults=len(verdicts),
        recall=_share(len(found), len(verdicts)),
        precision=_share(right, right + len(false)),
        delay=_minutes(v.delay for v in abrupt),
        delay_from_symptom=_minutes(v.from_symptom for v in abrupt),
        slow_delay=_minutes(v.delay for v in slow),
        before_static=(len(early), sum(v.kind in SLOW for v in verdicts)),
        warnings_a_day=(len(false) - critical) / days if days else 0.0,
        criticals_a_day=critical / days if days else 0.0,
        false=len(false),
        pattern=_share(sum(v.pattern_right for v in named), len(named)),
        root=_share(sum(v.root_right for v in named), len(named)),
        series=_share(sum(v.series_right for v in named), len(named)),
        apart=(sum(apart), len(apart)),
        incidents_a_fault=_share(sum(v.incidents for v in verdicts), len(verdicts)),
        static_recall=_share(len(static), len(verdicts)),
        static_delay=_minutes(v.static_delay for v in static if v.kind not in SLOW),
        static_alarms_a_fault=_share(sum(v.static_alarms for v in verdicts), len(verdicts)),
        static_false_a_day=sum(one.static_false for one in of) / days if days else 0.0,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _minutes(seconds: Iterable[float | None]) -> float | None:
    known = [value for value in seconds if value is not None]
    return median(known) / 60 if known else None


def bars(total: Score) -> list[tuple[str, str, bool]]:
    """What is asked for, what was reached, and whether that is enough."""
    early, slow = total.before_static
    return [
        ("recall ≥ 0.95", _number(total.recall), (total.recall or 0) >= 0.95),
        ("precision ≥ 0.90", _number(total.precision), (total.precision or 0) >= 0.90),
        ("critical false alarms ≤ 0.1 a day", f"{total.criticals_a_day:.2f}", total.criticals_a_day <= 0.1),
        ("pattern right ≥ 0.90", _number(total.pattern), (total.pattern or 0) >= 0.90),
        ("root component right ≥ 0.90", _number(total.root), (total.root or 0) >= 0.90),
        ("median delay of abrupt faults ≤ 2 min", _number(total.delay, 1), (total.delay or 99) <= 2),
        ("slow faults before the static threshold", f"{early} of {slow}", early == slow),
    ]


Column = tuple[str, Callable[[Score], str]]
COLUMNS: tuple[Column, ...] = (
    ("recordings", lambda s: str(s.recordings)),
    ("faults", lambda s: str(s.faults) if s.faults else "–"),
    ("found", lambda s: _number(s.recall)),
    ("delay, min", lambda s: _number(s.delay if s.delay is not None else s.slow_delay, 1)),
    ("false incidents", lambda s: str(s.false)),
    ("pattern", lambda s: _number(s.pattern)),
    ("root", lambda s: _number(s.root)),
    ("incidents a fault", lambda s: _number(s.incidents_a_fault, 1)),
    ("static: found", lambda s: _number(s.static_recall)),
    ("delay, min ", lambda s: _number(s.static_delay, 1)),
    ("alarms a fault", lambda s: _number(s.static_alarms_a_fault, 1)),
)


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def table(of: Sequence[Judged], markdown: bool) -> str:
    """A row per kind of recording, and one for all of them."""
    tales = [tale.name for tale in TALES if any(one.tale == tale.name for one in of)]
    rows = [(tale.replace("_", " "), score([one for one in of if one.tale == tale])) for tale in tales]
    cells = [["", *(header for header, _ in COLUMNS)]]
    cells += [[name, *(show(total) for _, show in COLUMNS)] for name, total in [*rows, ("all", score(of))]]
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    padded = [
        [
            text.ljust(width) if not place else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in cells
    ]
    if not markdown:
        return "\n".join("  ".join(row).rstrip() for row in padded)
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in [padded[0], ruler, *padded[1:]])


def summary(of: Sequence[Judged], markdown: bool) -> str:
    """The totals in words, each with its bar."""
    total = score(of)
    mark = "- " if markdown else ""
    lines = [f"{mark}{asked}: {reached}{'' if enough else '  NOT MET'}" for asked, reached, enough in bars(total)]
    apart, pairs = total.apart
    days = sum(one.quiet_days for one in of)
    lines += [
        f"{mark}false alarms a day, over {days:.1f} quiet days: {total.warnings_a_day:.2f} warnings, "
        f"{total.criticals_a_day:.2f} critical; plain static thresholds: {total.static_false_a_day:.2f}",
        f"{mark}root series right: {_number(total.series)}; two faults at once kept apart: {apart} of {pairs}",
        f"{mark}median delay after the first visible symptom: {_number(total.delay_from_symptom, 1)} min",
        f"{mark}plain static thresholds: found {_number(total.static_recall)}, median delay "
        f"{_number(total.static_delay, 1)} min, {_number(total.static_alarms_a_fault, 1)} alarms a fault "
        f"(here {_number(total.incidents_a_fault, 1)} incidents a fault)",
    ]
    return "\n".join(lines)


def details(of: Sequence[Judged]) -> Iterator[str]:
    """Every fault that was missed, late or misnamed, and every false incident."""
    for one in of:
        for verdict in one.verdicts:
            if not (verdict.found and verdict.pattern_right and verdict.root_right and verdict.incidents == 1):
                yield f"{one.name}: {_about(verdict)}"
        for incident in one.false:
            where = "/".join(str(incident[f"root_{part}"]) for part in ("component", "instance", "metric"))
            yield (
                f"{one.name}: FALSE {incident['severity']} {incident['pattern']} {where} "
                f"{incident['started_at'][11:19]} detected {incident['detected_at'][11:19]}, {incident['links']} links"
            )


def _about(verdict: Verdict) -> str:
    if not verdict.found and verdict.incident is None:
        return f"MISSED {verdict.kind} (static: {_number(verdict.static_delay, 0)} s)"
    wrong = "" if verdict.pattern_right else f" pattern {verdict.pattern}"
    wrong += "" if verdict.root_right else f" root {verdict.root}"
    return f"{verdict.kind} after {_number(verdict.delay, 0)} s,{wrong} {verdict.incidents} incidents"


def main() -> int:
    options = _parser().parse_args()
    chosen = [p for split in _splits(options.split) for p in plans(split) if not options.only or p.tale in options.only]
    if not chosen:
        sys.exit(f"There is no recording of that kind; there are {', '.join(tale.name for tale in TALES)}.")
    began = time.perf_counter()
    of = dict(zip(chosen, _all(judged, chosen, options.jobs), strict=True))
    took = time.perf_counter() - began
    met = True
    for split in _splits(options.split):
        results = [one for plan, one in of.items() if plan.split == split]
        if options.json:
            rows = {"split": split, **asdict(score(results)), "recordings": [asdict(one) for one in results]}
            print(json.dumps(rows, default=str))
        else:
            print(f"\n{len(results)} recordings of the split “{split}”\n\n{table(results, options.markdown)}\n")
            print(summary(results, options.markdown))
            if options.verbose:
                print("\n" + "\n".join(details(results)))
        if split == "report" and not options.only:
            met = all(enough for _, _, enough in bars(score(results)))
    different = [plan.name for plan in chosen[:: max(1, len(chosen) // max(1, options.through_store))]][
        : options.through_store
    ]
    unequal = [plan.name for plan in chosen if plan.name in different and not same_through_store(plan)]
    if options.through_store:
        sys.stderr.write(f"through the store: {len(different)} replayed, {len(unequal)} different {unequal or ''}\n")
    hours = sum(plan.hours for plan in chosen)
    sys.stderr.write(f"{hours:,.0f} hours of recordings in {took:.0f} s\n")
    return 0 if met and not unequal else 1


def _splits(name: str) -> list[Any]:
    return list(SPLITS) if name == "both" else [name]


def _all(work: Callable[[Plan], Judged], of: Sequence[Plan], jobs: int) -> list[Judged]:
    from monitoring.ui import terminal

    with terminal.progress(len(of), "Replaying", sys.stderr) as advance:
        if jobs == 1:
            return [(work(plan), advance(1))[0] for plan in of]
        with ProcessPoolExecutor(jobs) as pool:
            return [(one, advance(1))[0] for one in pool.map(partial(work), of)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=[*SPLITS, "both"], default="report")
    parser.add_argument("--only", nargs="+", metavar="KIND", help="these kinds of recording; the bars are not judged")
    parser.add_argument("--verbose", action="store_true", help="every miss and every false incident")
    parser.add_argument("--markdown", action="store_true", help="as a table for a README")
    parser.add_argument("--json", action="store_true", help="everything, a line of JSON for each split")
    parser.add_argument("--through-store", type=int, default=0, metavar="N", help="replay N of them in a store too")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1, metavar="N", help="processes (all cores)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
