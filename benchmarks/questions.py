#!/usr/bin/env python3
"""Questions in plain words to the built-in model: how many are answered from the right place, and how fast.

    python benchmarks/questions.py                        both halves, then the latency on 30 days of 200 series
    python benchmarks/questions.py --verbose              with every failure of the half the rules were tuned on
    python benchmarks/questions.py --latency-days 0       the accuracy alone

The bank (`benchmarks/questions/`) was written by someone who did not know how the agent is built. Half of it is
`tuned`: its failures were read. The other half is `reported`: only its totals were. What counts as right is told in
`benchmarks/question_bank.py`. Its data come from the simulator, into a store of their own that is gone afterwards:
48 hours with a fault at their end, judged as they would be by `ingest`.

The latency is that of a whole answer, warm, over the same questions. The reference in the same run is the bare SQL:
the very queries that the answer's tools asked, once more and alone. Exit 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.question_bank import AS_OF, REPORTED, TUNED, Item, faults, looked, read_bank
from monitoring.blocks import Block, joined
from monitoring.cancellation import Cancellation
from monitoring.errors import MonitoringError, QueryTimeout
from monitoring.metrics import SeriesKey
from monitoring.platform import MonitoringPlatform
from monitoring.settings import parse_settings
from monitoring.simulation import faults_for
from monitoring.store.store import Reader, Rows
from platform_metrics_generator import generated
from platform_monitoring_agent import open_platform

HISTORY = timedelta(hours=48)
SCENARIO, SEED = "insert_bottleneck", 11
BAR = 95.0
BAR_P50, BAR_P95 = 0.3, 1.0
HALVES = {TUNED: "tuned", REPORTED: "reported"}


@dataclass(slots=True)
class Score:
    """Right answers and answers, by category and half; whole dialogues are a category of their own."""

    right: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    asked: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    ungrounded: int = 0

    def add(self, category: str, half: str, right: bool) -> None:
        self.right[category, half] += right
        self.asked[category, half] += 1

    def share(self, half: str) -> float:
        """Percent right of all questions and turns of a half."""
        keys = [key for key in self.asked if key[1] == half and key[0] != WHOLE]
        return 100 * sum(self.right[key] for key in keys) / max(1, sum(self.asked[key] for key in keys))


WHOLE = "dialogues, every turn"


class WatchedReader:
    """A reader that remembers what it was asked since the last `begin`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.row_cap = reader.row_cap
        self.asked: list[tuple[str, Mapping[str, Any], int | None]] = []

    def until(self, cancellation: Cancellation) -> WatchedReader:
        """The same for one answer, which may be stopped."""
        watched = WatchedReader(self._reader.until(cancellation))
        watched.asked = self.asked
        return watched

    def read(self, name: str, parameters: Mapping[str, Any], cap: int | None = None) -> Rows:
        self.asked.append((name, dict(parameters), cap))
        return self._reader.read(name, parameters, cap)

    def again(self) -> float:
        """Seconds that the remembered queries take alone; forgets them."""
        asked, self.asked = self.asked, []
        began = time.perf_counter()
        for name, parameters, cap in asked:
            with suppress(QueryTimeout):  # What timed out when it was asked does so again, and took as long.
                self._reader.read(name, parameters, cap)
        return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=[*HALVES.values(), "both"], default="both")
    parser.add_argument("--verbose", action="store_true", help="every failure of the tuned half")
    parser.add_argument("--latency-days", type=int, default=30, help="days of history for the latency; 0: no latency")
    parser.add_argument("--series", type=int, default=200)
    options = parser.parse_args()
    items = [item for item in read_bank() if options.half in (HALVES[item.half], "both")]
    with _platform(HISTORY) as platform:
        score = measured(platform, items, options.verbose)
    print_score(score)
    met = all(score.share(half) >= BAR for half in HALVES if any(key[1] == half for key in score.asked))
    if options.latency_days:
        with _platform(timedelta(days=options.latency_days), options.series) as platform:
            met = _latency(platform, items) and met
    return 0 if met else 1


@contextmanager
def _platform(span: timedelta, series: int = 0) -> Iterator[MonitoringPlatform]:
    """A platform over simulated history up to `AS_OF` in a store of its own, its last two days judged.

    With `series`, copies of series under other names make up the number.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="monitoring-questions-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # The server runs as another user where this one is root.
        settings = parse_settings({"DATA_DIR": name, "DEMO": "off", "RETENTION_DAYS": "3650", "TIMEZONE": "UTC"})
        platform = open_platform(settings, clock=lambda: AS_OF)
        try:
            count = _filled(platform, span, series)
            print(f"{count:,} samples stored and judged in {time.perf_counter() - began:,.0f} s", file=sys.stderr)
            yield platform
        finally:
            platform.close()


def _filled(platform: MonitoringPlatform, span: timedelta, series: int) -> int:
    start, eve = AS_OF - span, AS_OF - HISTORY
    store, count = platform._store, 0
    platform._origin.make_real()
    happens = faults_for(SCENARIO, eve, AS_OF, SEED)
    for block in generated(happens, SEED, start, AS_OF, lambda _: None):
        count += store.samples.write(_widened(block, series)).stored
    # What a running monitor does every ten minutes.
    store.rollups.refresh(AS_OF)
    store.judge_again_from(eve)
    platform.catch_up()
    return count


def _widened(block: Block, series: int) -> Block:
    """The block with further series, which say the same of other instances."""
    missing = series - len(block.keys)
    if missing <= 0:
        return block
    copies: list[Block] = []
    while missing > 0:
        most = min(missing, len(block.keys))
        chosen = block.series < most
        keys = tuple(SeriesKey(k.component, f"{k.instance}-copy{len(copies)}", k.metric) for k in block.keys[:most])
        copies.append(Block(keys, block.series[chosen], block.times[chosen], block.values[chosen]))
        missing -= most
    return joined([block, *copies])


def measured(platform: MonitoringPlatform, items: Iterable[Item], verbose: bool = False) -> Score:
    """Every item asked in a session of its own, and scored."""
    score = Score()
    for item in items:
        rights = []
        for number, turn in enumerate(item.turns, 1):
            wrong, answer = _asked(platform, item, turn)
            score.add("dialogue turns" if len(item.turns) > 1 else item.category, item.half, not wrong)
            score.ungrounded += "not grounded" in answer
            rights.append(not wrong)
            if wrong and verbose and item.half == TUNED:
                print(f"{item.id}.{number} {', '.join(wrong)}: {turn['question']}\n    {answer[:200]}")
        if len(item.turns) > 1:
            score.add(WHOLE, item.half, all(rights))
    return score


def _asked(platform: MonitoringPlatform, item: Item, turn: Mapping[str, Any]) -> tuple[list[str], str]:
    try:
        answer = platform.ask(turn["question"], f"bank-{item.id}", AS_OF)
    except MonitoringError as problem:
        return ["error"], str(problem)
    calls = [look for look in map(looked, answer.to_json()["tool_calls"]) if look is not None]
    first = (answer.answer.strip().splitlines() or [""])[0]
    return faults(turn["expect"], calls, answer.answer), first if answer.grounded else f"not grounded: {first}"


def print_score(score: Score) -> None:
    """The table: a line a category, a column a half."""
    halves = [half for half in HALVES if any(key[1] == half for key in score.asked)]
    print(f"{'category':24}" + "".join(f"{HALVES[half]:>20}" for half in halves))
    for category in dict.fromkeys(key[0] for key in score.asked):
        cells = [(score.right[category, half], score.asked[category, half]) for half in halves]
        print(f"{category:24}" + "".join(f"{r:>9}/{n:<4}{100 * r / max(n, 1):>4.0f} %" for r, n in cells))
    print(f"{'all questions and turns':24}" + "".join(f"{score.share(half):>18.1f} %" for half in halves))
    print(f"bar: {BAR:.0f} % on the reported half; {score.ungrounded} answers with a number that was not traced")


def _latency(platform: MonitoringPlatform, items: Sequence[Item]) -> bool:
    """Whole answers against the bare SQL of their tool calls; whether the bars are met."""
    watched = WatchedReader(platform._store.reader)
    platform._store.reader = watched  # type: ignore[assignment]
    took: list[float] = []
    bare: list[float] = []
    for rounds in range(2):
        took.clear()
        bare.clear()
        for item in items:
            for turn in item.turns:
                watched.asked.clear()
                took.append(_timed(platform, turn["question"], f"latency-{rounds}-{item.id}"))
                bare.append(watched.again())
    (p50, p95), (sql50, sql95) = _percentiles(took), _percentiles(bare)
    print(f"\n{len(took)} answers, warm, on {len(platform._store.samples.all_series())} series")
    print(f"{'':24}{'p50':>10}{'p95':>10}{'worst':>10}")
    print(
        f"{'bare SQL of the calls':24}{1000 * sql50:>7.0f} ms{1000 * sql95:>7.0f} ms{1000 * max(bare):>7.0f} ms   1.00"
    )
    ratio = sum(took) / max(sum(bare), 1e-9)
    print(f"{'the whole answer':24}{1000 * p50:>7.0f} ms{1000 * p95:>7.0f} ms{1000 * max(took):>7.0f} ms   {ratio:.2f}")
    print(f"bars: p50 under {1000 * BAR_P50:.0f} ms, p95 under {1000 * BAR_P95:.0f} ms")
    return p50 < BAR_P50 and p95 < BAR_P95


def _timed(platform: MonitoringPlatform, question: str, session: str) -> float:
    began = time.perf_counter()
    platform.ask(question, session, AS_OF)
    return time.perf_counter() - began


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    cuts = quantiles(seconds, n=100)
    return cuts[49], cuts[94]


if __name__ == "__main__":
    sys.exit(main())
