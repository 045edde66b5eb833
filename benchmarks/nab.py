#!/usr/bin/env python3
"""The Numenta Anomaly Benchmark, scored through the same code as the `score` command.

    python benchmarks/nab.py [--nab FOLDER] [--suppress-hours 12]

FOLDER (or NAB_ROOT) holds the benchmark's data and labels and a scorer, nab_score.py. The weights of the detector
were chosen on every other file of each category, by sorted name (`tuned`); the others are reported beside them.
The reference is a rolling z-score by pandas, read, judged and written in the same run.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitoring.blocks import Floats, Ints
from monitoring.detection.unusual import ALARM, scores
from monitoring.scoring import parse_timestamp, parse_value, score_file

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "benchmarks" / "nab"
PROFILES = {"standard": "standard", "reward_low_FP_rate": "low FP", "reward_low_FN_rate": "low FN"}
OTHERS = (
    ("ARTime", 74.9),
    ("Numenta HTM", 70.1),
    ("contextOSE", 69.9),
    ("  the same without the file's range", 58.9),
    ("earthgecko Skyline", 58.2),
    ("KNN-CAD", 58.0),
    ("relative entropy", 54.6),
    ("random cut forest", 51.7),
    ("statsmodels AutoReg", 48.0),
    ("rolling z-score", 47.2),
    ("Twitter ADVec", 47.1),
    ("river GaussianScorer", 47.0),
    ("adtk persist", 44.8),
    ("prophet", 42.0),
    ("windowed Gaussian", 39.7),
    ("Etsy Skyline", 35.7),
    ("random", 17.7),
)
"""Published results in the standard profile, as listed in the README of the benchmark's folder."""
REFERENCE_WINDOW = 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nab", type=Path, default=Path(os.environ.get("NAB_ROOT") or DEFAULT))
    parser.add_argument("--suppress-hours", type=float, default=12)
    options = parser.parse_args()
    root: Path = options.nab
    if not all((root / part).exists() for part in ("data", "labels", "nab_score.py")):
        print(f"No benchmark in {root}: data, labels and nab_score.py are needed; pass --nab FOLDER.", file=sys.stderr)
        return 3
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    files = sorted(path.relative_to(root / "data").as_posix() for path in (root / "data").glob("*/*.csv"))
    suppress = timedelta(hours=options.suppress_hours)
    with tempfile.TemporaryDirectory() as folder:
        _compare(root, files, Path(folder), suppress)
    return 0


def _compare(root: Path, files: Sequence[str], folder: Path, suppress: timedelta) -> None:
    plain, brief, rolling = folder / "plain", folder / "suppressed", folder / "rolling"
    took = min(_each(root, files, plain, score_file) for _ in range(2))
    _each(root, files, brief, lambda source, target: score_file(source, target, suppress=suppress))
    reference = min(_each(root, files, rolling, _rolling_file) for _ in range(2))
    tuned = [name for _, group in groupby(files, lambda name: name.split("/")[0]) for name in list(group)[::2]]
    subsets = {"tuned": tuned, "reported": [name for name in files if name not in tuned], "all": files}
    print(f"{'':34}{'':10}" + "".join(f"{title:>10}" for title in PROFILES.values()) + f"{'threshold':>11}")
    for title, results in (
        ("without suppression", plain),
        (f"suppressed for {suppress / timedelta(hours=1):g} h", brief),
        (f"rolling z-score of {REFERENCE_WINDOW}", rolling),
    ):
        for subset, names in subsets.items():
            _line(title, subset, _judged(root, results, names))
        if results != rolling:
            _line(title, f"at {ALARM}", _judged(root, results, files, "--fixed-threshold", str(ALARM)))
    _speeds(root, files, took, reference)
    print("\nOthers, all files, standard profile")
    for name, score in OTHERS:
        print(f"  {name:42}{score:10.1f}")


def _each(root: Path, files: Sequence[str], results: Path, work: Callable[[Path, Path], object]) -> float:
    """Processor seconds to score all files into a folder, from CSV to CSV."""
    for name in files:
        (results / name).parent.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    for name in files:
        work(root / "data" / name, results / name)
    return time.process_time() - began


def _rolling_file(source: Path, target: Path) -> None:
    table = pd.read_csv(source)
    table["anomaly_score"] = _rolling(table["value"].to_numpy(float))
    table.to_csv(target, index=False)


def _rolling(values: Floats) -> Floats:
    series = pd.Series(values)
    window = series.rolling(REFERENCE_WINDOW, min_periods=10)
    mean, spread = window.mean().shift(), window.std().shift()
    far = ((series - mean).abs() / (spread + 1e-9)).fillna(0.0).to_numpy()
    return np.asarray(far / (1 + far), float)


def _judged(root: Path, results: Path, names: Sequence[str], *options: str) -> dict[str, dict[str, float]]:
    command = [sys.executable, str(root / "nab_score.py"), str(results), "--nab", str(root), "--json", *options]
    run = subprocess.run(
        [*command, "--subset", ",".join(names)], capture_output=True, text=True, check=True, timeout=600
    )
    judged: dict[str, dict[str, float]] = json.loads(run.stdout)
    return judged


def _line(title: str, subset: str, judged: dict[str, dict[str, float]]) -> None:
    finals = "".join(f"{judged[profile]['final']:10.1f}" for profile in PROFILES)
    print(f"{title:34}{subset:10}{finals}{judged['standard']['threshold']:11.3f}")


def _speeds(root: Path, files: Sequence[str], took: float, reference: float) -> None:
    """Points per processor second on one core: from CSV to CSV, and the detection alone on arrays."""
    series = [_arrays(root / "data" / name) for name in files]
    points = sum(len(values) for _, values in series)
    ours = min(_timed(lambda: [scores(times, values) for times, values in series]) for _ in range(3))
    rolling = min(_timed(lambda: [_rolling(values) for _, values in series]) for _ in range(3))
    print(f"\n{points:,} points of {len(files)} series, one core      points/s   against the rolling z-score")
    for title, seconds, base in (
        ("CSV to CSV, rolling z-score", reference, reference),
        ("CSV to CSV", took, reference),
        ("detection alone, rolling z-score", rolling, rolling),
        ("detection alone", ours, rolling),
    ):
        print(f"  {title:40}{points / seconds:14,.0f}{base / seconds:10.2f}")


def _arrays(path: Path) -> tuple[Ints, Floats]:
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    times = np.array([parse_timestamp(row["timestamp"]) for row in rows], np.int64)
    return times, np.array([parse_value(row["value"]) for row in rows])


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
