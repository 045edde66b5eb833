"""Schemathesis asks everything the manual allows and much that it does not; every check holds."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from monitoring.api.options import Key
from monitoring.settings import Settings
from tests.integration.api_client import SECRETS, opened, serving

ROOT = Path(__file__).parents[2]
SECONDS = 400
EVERYTHING = (Key.of("all", frozenset(["read", "ingest", "manage"]), SECRETS["keeper"]),)


def test_every_check_holds_for_what_the_manual_allows_and_for_what_it_does_not(
    settings: Settings, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        platform = stack.enter_context(opened(settings, "node-1/orders", "node-2/orders"))
        served = stack.enter_context(serving(platform, keys=EVERYTHING))
        config = tmp_path / "schemathesis.toml"
        config.write_text((ROOT / "schemathesis.toml").read_text(encoding="utf-8"), encoding="utf-8")
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", served.url + "/openapi.json"),
                *("--header", f"Authorization: Bearer {SECRETS['keeper']}"),
                *("--checks", "all", "--max-examples", "5", "--seed", "1", "--no-shrink"),
                *("--suppress-health-check", "all", "--request-timeout", "20"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-1000:]
