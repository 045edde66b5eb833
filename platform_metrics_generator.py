#!/usr/bin/env python3
"""A simulated platform: its history, its live feed and its failures.

    python platform_metrics_generator.py --list
    python platform_metrics_generator.py --hours 24 --scenario insert_bottleneck --seed 7 --csv x.csv
    python platform_metrics_generator.py --scenario broker_loss --live

Without `--csv` the samples go into the store; a store that holds real samples is left alone.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitoring.blocks import Block
from monitoring.errors import InvalidInput, MonitoringError, StoreError, StoreHoldsRealData
from monitoring.feeds import Origin
from monitoring.ingest import csv_lines
from monitoring.moments import parse_moment, utc_now
from monitoring.settings import load_settings
from monitoring.simulation import SCENARIOS, Simulation, faults_for, ground_truth
from monitoring.simulation.faults import Fault
from monitoring.store.store import Store, open_store
from monitoring.ui import terminal

STEP_SECONDS = 30
DEMO_SCENARIO = "demo"
DEMO_HOURS = 24
DEMO_SEED = 7
LONGEST_GAP = timedelta(hours=24)
"""A demo that was left alone for longer begins anew."""
STEPS_AT_ONCE = 240
"""Two hours of samples in one write."""


class DemoFeed:
    """Keeps simulated samples in a store that has nothing else: a day of history, then on as time goes on.

    Called with a time, it brings the samples up to that time. It does nothing where the store holds real
    samples, and takes up a simulation that another process began.
    """

    def __init__(self, store: Store, origin: Origin) -> None:
        self._store = store
        self._origin = origin
        self._simulation: Simulation | None = None
        self._next: datetime | None = None

    def __call__(self, now: datetime) -> None:
        if self._origin.is_real():
            self._simulation = None
            return
        if self._simulation is None:
            self._begin(now)
        assert self._simulation is not None
        assert self._next is not None
        due = (now - self._next) // timedelta(seconds=STEP_SECONDS) + 1
        while due > 0:
            steps = min(due, STEPS_AT_ONCE)
            block = self._simulation.run(steps)
            if self._origin.is_real():
                return
            self._store.samples.write(block)
            self._next += timedelta(seconds=STEP_SECONDS) * steps
            due -= steps

    def _begin(self, now: datetime) -> None:
        newest = self._store.samples.newest_time()
        note = self._origin.note()
        if newest is None or note is None or now - newest > LONGEST_GAP or newest > now:
            end = _whole_step(now)
            start = end - timedelta(hours=DEMO_HOURS)
            about = {"scenario": DEMO_SCENARIO, "seed": DEMO_SEED, "start": start.isoformat(), "end": end.isoformat()}
            self._origin.make_simulated(**about)
            self._simulation = _simulation(about)
            self._next = start
        else:
            self._next = newest + timedelta(seconds=STEP_SECONDS)
            self._simulation = _taken_up(note, self._next)


def _simulation(about: dict[str, Any], start: datetime | None = None) -> Simulation:
    begun = start or datetime.fromisoformat(about["start"])
    return Simulation(_faults(about), seed=about["seed"], start=begun, step_seconds=STEP_SECONDS)


def _faults(about: dict[str, Any]) -> list[Fault]:
    begun, ended = datetime.fromisoformat(about["start"]), datetime.fromisoformat(about["end"])
    return faults_for(about["scenario"], begun, ended, about["seed"], **_placing(about))


def _placing(about: dict[str, Any]) -> dict[str, Any]:
    at, minutes = about.get("fault_at"), about.get("fault_minutes")
    return {
        "fault_at": parse_moment(at) if at else None,
        "fault_for": timedelta(minutes=minutes) if minutes else None,
        "magnitude": about.get("magnitude", 1.0),
    }


def _taken_up(about: dict[str, Any], moment: datetime) -> Simulation:
    """The same simulation, gone on to a moment. It is run again from before whatever is still broken, so that
    backlogs and heaps are as large as they were."""
    before, begun = timedelta(hours=1), datetime.fromisoformat(about["start"])
    broken = [fault.start for fault in _faults(about) if fault.end is None or fault.end > moment - before]
    start = max(_whole_step(min([moment, *broken]) - before), begun)
    simulation = _simulation(about, start)
    simulation.run((moment - start) // timedelta(seconds=STEP_SECONDS))
    return simulation


def _whole_step(moment: datetime) -> datetime:
    """The time rounded down to a whole step, so that restarts meet the same grid."""
    step = timedelta(seconds=STEP_SECONDS)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // step * step


def generated(
    faults: Sequence[Fault], seed: int, start: datetime, end: datetime, progress: Callable[[int], None]
) -> Iterator[Block]:
    """The samples of [start, end), two hours at a time; `progress` is told the steps made."""
    simulation = Simulation(faults, seed=seed, start=start, step_seconds=STEP_SECONDS)
    left = int((end - start).total_seconds()) // STEP_SECONDS
    while left > 0:
        steps = min(left, STEPS_AT_ONCE)
        yield simulation.run(steps)
        progress(steps)
        left -= steps


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.list:
            return _list()
        return _to_csv(options) if options.csv else _to_store(options)
    except MonitoringError as problem:
        terminal.say_error(str(problem), sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return terminal.reader_gone()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="platform_metrics_generator.py",
        description="Simulates Kafka, Flink and ClickHouse, healthy or failing, into a CSV or the store.",
    )
    parser.add_argument("--hours", type=_hours, default=DEMO_HOURS, help="how much history (24)")
    parser.add_argument("--scenario", default=DEMO_SCENARIO, metavar="NAME", help="what happens (demo); see --list")
    parser.add_argument("--seed", type=int, default=DEMO_SEED, help="the same seed gives the same samples (7)")
    parser.add_argument("--end", metavar="TIME", help="when the history ends (now)")
    parser.add_argument("--fault-at", metavar="TIME", help="when the fault begins, instead of the scenario's choice")
    parser.add_argument("--fault-minutes", type=float, metavar="N", help="how long it lasts, instead of to the end")
    parser.add_argument("--magnitude", type=float, default=1.0, metavar="X", help="how strong it is (1)")
    parser.add_argument("--csv", metavar="FILE", help="write a CSV, and what was injected beside it as FILE.truth.json")
    parser.add_argument("--live", action="store_true", help="go on in real time until stopped (into the store)")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    return parser


def _hours(text: str) -> float:
    value = float(text)
    if not 0 < value <= 24 * 366:
        raise argparse.ArgumentTypeError("a number of hours greater than 0 and up to a year is expected")
    return value


def _list() -> int:
    width = max(map(len, SCENARIOS))
    for name, scenario in SCENARIOS.items():
        print(f"{name:<{width}}  {scenario.title}: {scenario.description}")
    return 0


def _plan(options: argparse.Namespace) -> tuple[datetime, datetime, list[Fault]]:
    end = _whole_step(parse_moment(options.end) if options.end else utc_now())
    start = end - timedelta(hours=options.hours)
    faults = faults_for(options.scenario, start, end, options.seed, **_placing(vars(options)))
    return start, end, list(faults)


def _to_csv(options: argparse.Namespace) -> int:
    if options.live:
        raise InvalidInput("--live writes into the store; leave out --csv.")
    start, end, faults = _plan(options)
    path = Path(options.csv)
    truth = path.with_name(path.name + ".truth.json")
    steps = int((end - start).total_seconds()) // STEP_SECONDS
    count = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as out, _progress(steps, "Simulating", sys.stderr) as advance:
            for number, block in enumerate(generated(faults, options.seed, start, end, advance)):
                lines = csv_lines(block)
                if number:
                    next(lines)
                out.writelines(lines)
                count += len(block)
        found = ground_truth(faults, options.seed, start, steps, STEP_SECONDS)
        truth.write_text(json.dumps(_truth(options, start, end, found), indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        raise StoreError(f"{path} cannot be written: {problem.strerror}.") from None
    sys.stderr.write(f"{count:,} samples in {path}, what was injected in {truth}\n")
    return 0


def _truth(options: argparse.Namespace, start: datetime, end: datetime, found: Sequence[Any]) -> dict[str, Any]:
    return {
        "scenario": options.scenario,
        "seed": options.seed,
        "start": start.isoformat().replace("+00:00", "Z"),
        "end": end.isoformat().replace("+00:00", "Z"),
        "step_seconds": STEP_SECONDS,
        "faults": list(found),
    }


def _to_store(options: argparse.Namespace) -> int:
    settings = load_settings()
    with closing(open_store(settings)) as store:
        origin = Origin(store)
        if origin.is_real():
            raise StoreHoldsRealData(
                "The store holds real samples; simulated ones are not mixed in. "
                "Write a CSV with --csv, or set DATABASE_URL or DATA_DIR to another store."
            )
        start, end, faults = _plan(options)
        noted = ("scenario", "seed", "fault_at", "fault_minutes", "magnitude")
        about = {name: getattr(options, name) for name in noted}
        origin.make_simulated(**about, start=start.isoformat(), end=end.isoformat())
        steps = int((end - start).total_seconds()) // STEP_SECONDS
        count = 0
        with _progress(steps, "Simulating", sys.stderr) as advance:
            for block in generated(faults, options.seed, start, end, advance):
                count += store.samples.write(block).stored
        sys.stderr.write(f"{count:,} simulated samples stored\n")
        if options.live:
            _go_on(store, origin)
    return 0


def _go_on(store: Store, origin: Origin) -> None:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    feed = DemoFeed(store, origin)
    sys.stderr.write("Going on in real time; stop with Ctrl+C.\n")
    while not stop.is_set():
        feed(utc_now())
        stop.wait(STEP_SECONDS)


_progress = terminal.progress


if __name__ == "__main__":
    sys.exit(main())
