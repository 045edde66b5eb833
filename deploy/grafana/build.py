#!/usr/bin/env python3
"""Build Grafana's dashboards from the metric catalogue.

    python -m deploy.grafana.build              into deploy/grafana/dashboards/
    python -m deploy.grafana.build --to DIR     into another folder

The same catalogue gives the same files. They are in the repository: build and commit them when it changes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.grafana.boards import dashboards
from deploy.grafana.panels import Json
from platform_metrics_definition import CATALOGUE

FOLDER = Path(__file__).with_name("dashboards")


def text(board: Json) -> str:
    """A dashboard as its file holds it."""
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="DIR")
    folder = parser.parse_args(argv).to
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, board in dashboards(CATALOGUE).items():
            (folder / name).write_text(text(board), encoding="utf-8")
            print(folder / name)
    except OSError as problem:
        print(f"The dashboards were not built: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
