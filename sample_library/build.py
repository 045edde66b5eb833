#!/usr/bin/env python3
"""Build the PDFs of the sample library from `sample_library/sources/`.

    python -m sample_library.build              into data/
    python -m sample_library.build --to DIR     into another folder

The same sources give the same bytes. The PDFs are in the repository: build and commit them when a source changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from monitoring.errors import InvalidInput
from sample_library.markup import Source, parse
from sample_library.typesetting import typeset

ROOT = Path(__file__).resolve().parents[1]
SOURCES, LIBRARY = ROOT / "sample_library" / "sources", ROOT / "data"


def sources(folder: Path = SOURCES) -> dict[str, Source]:
    """The documents of a folder by the name of their PDF; raises `InvalidInput` naming a file that is not right."""
    found = {}
    for path in sorted(folder.glob("*.md")):
        try:
            found[f"{path.stem}.pdf"] = parse(path.read_text("utf-8"))
        except InvalidInput as problem:
            raise InvalidInput(f"{path.name}: {problem}") from None
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=LIBRARY, metavar="DIR")
    folder = parser.parse_args(argv).to
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in sources().items():
            (folder / name).write_bytes(typeset([source]))
            print(folder / name)
    except (InvalidInput, OSError) as problem:
        print(f"The sample library was not built: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
