"""What the tests of the page stand on: a platform with a simulated past that ends now, and the page served from it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from zoneinfo import ZoneInfo

from psycopg2.extensions import make_dsn

from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings, configured, parse_settings
from monitoring.simulation.scenarios import faults_for
from monitoring.ui.page.desk import Desk
from platform_metrics_generator import generated
from platform_monitoring_agent import open_platform
from tests.conftest import _run, as_url

ROOT = Path(__file__).parents[2]
SEED = 7
STEP = timedelta(seconds=30)
START_SECONDS = 120.0


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The address of an empty database, dropped afterwards."""
    name = f"page_{uuid.uuid4().hex[:12]}"
    _run(server_url, f"CREATE DATABASE {name}")
    try:
        yield as_url(make_dsn(server_url, dbname=name))
    finally:
        _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def settings_for(database_url: str, folder: Path, **values: str) -> Settings:
    return parse_settings({"DATABASE_URL": database_url, "DATA_DIR": str(folder), "DEMO": "off", **values})


def last_step() -> datetime:
    """The newest time at which the simulator would have sent samples."""
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (now - midnight) // STEP * STEP


@contextmanager
def platform_with(settings: Settings, scenario: str, hours: float = 1.5) -> Iterator[MonitoringPlatform]:
    """A platform whose past is a scenario's, begun a quarter of an hour ago, judged up to now.

    It is as late there as when the simulation ended, however long the test takes. Without `hours` it is empty.
    """
    end = last_step()
    with closing(open_platform(settings, clock=lambda: end)) as platform:
        if hours:
            _simulate(platform, scenario, end, hours)
        platform.catch_up()
        yield platform


def _simulate(platform: MonitoringPlatform, scenario: str, end: datetime, hours: float) -> None:
    start = end - timedelta(hours=hours)
    about = {"scenario": scenario, "seed": SEED, "start": start.isoformat(), "end": end.isoformat()}
    platform._origin.make_simulated(**about)
    faults = faults_for(scenario, start, end, SEED, fault_at=end - timedelta(minutes=15))
    for block in generated(faults, SEED, start, end, lambda _: None):
        platform._store.samples.write(block)


def desk_for(platform: MonitoringPlatform, zone: str = "UTC") -> Desk:
    """What a panel is handed."""
    rows = [row.to_json() for row in configured(platform.settings, environ={})]
    return Desk(platform, platform.operations, ZoneInfo(zone), platform.operations.now, configured=rows)


@dataclass(frozen=True, slots=True)
class Site:
    """The page as it is served."""

    url: str
    settings: Settings
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """What the server wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def site_for(settings: Settings, folder: Path, **values: str) -> Iterator[Site]:
    """`streamlit run chatbot_interface.py` on a store, until the end of the block."""
    port = _free_port()
    ours = ("DATABASE", "OPENAI", "SCRAPE", "API_", "STREAMLIT", "DEMO", "TIMEZONE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    given = {"DATABASE_URL": settings.database_url or "", "DATA_DIR": str(folder / "data"), "DEMO": "off", **values}
    log = folder / "page.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(ROOT / "chatbot_interface.py"), "--server.port", str(port)],
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), **given},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield Site(f"http://127.0.0.1:{port}", settings, process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"The page was not served in time:\n{log.read_text(encoding='utf-8', errors='replace')}")
