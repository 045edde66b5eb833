#!/usr/bin/env python3
"""Detection as a specification, and two commands that try it on recordings.

    python -m pytest test_anomaly_detection.py                     inject → detect → explain → resolve
    python test_anomaly_detection.py replay FILE.csv [--json]      the live monitor over a recording
    python test_anomaly_detection.py score IN.csv OUT.csv          one series: an anomaly score for every value
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from monitoring.errors import InvalidInput, MonitoringError
from monitoring.replay import Recording, own_store, read_recording, replay, timeline
from monitoring.ui import terminal
from platform_metrics_definition import CATALOGUE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return int(options.run(options))
    except MonitoringError as problem:
        terminal.say_error(str(problem), sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return terminal.reader_gone()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="test_anomaly_detection.py",
        description="Tries the detection on recordings; with pytest, it is also the detection's specification.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    again = commands.add_parser("replay", help="run the monitor over a recording, tick by tick, as if live")
    again.add_argument("file", help="a CSV of time,component,instance,metric,value in order of arrival; - for stdin")
    again.add_argument("--interval", type=_seconds, default=30.0, metavar="N", help="seconds between ticks (30)")
    again.add_argument("--json", action="store_true", help="everything found, as JSON")
    again.set_defaults(run=_replay)
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 3600:
        raise argparse.ArgumentTypeError("a number of seconds from 1 to 3600 is expected")
    return value


def _replay(options: argparse.Namespace) -> int:
    from monitoring.ui.terminal.replays import show_replay

    name = "standard input" if options.file == "-" else Path(options.file).name
    recording = _read(options.file, name)
    ticks = timeline(recording.samples, timedelta(seconds=options.interval))
    with own_store() as store, terminal.progress(ticks.count, f"Replaying {name}", sys.stderr) as advance:
        found = replay(recording, ticks, store, CATALOGUE, advance)
    show_replay(found.to_json(), json_output=options.json, stdout=sys.stdout)
    return 0


def _read(file: str, name: str) -> Recording:
    with terminal.progress(None, f"Reading {name}", sys.stderr) as advance:
        if file == "-":
            return read_recording(sys.stdin, CATALOGUE, advance)
        try:
            with Path(file).open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
                return read_recording(lines, CATALOGUE, advance)
        except OSError as problem:
            raise InvalidInput(f"The file {file} cannot be read: {problem.strerror}.") from None


if __name__ == "__main__":
    sys.exit(main())
