"""Stopping an answer: within a second its query ends on the server, its connection is free, its session goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import psycopg2
import pytest

from monitoring.cancellation import Cancellation
from monitoring.contract import Answer, ToolStarted
from monitoring.errors import Cancelled
from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings
from platform_monitoring_agent import open_platform
from tests.integration.language_model import NOW, STATUS, fill, platform_with
from tests.integration.openai_server import Calls, Drips, Hangs, Says

pytestmark = pytest.mark.store

QUESTION = "What's wrong with ClickHouse?"
AT_ONCE = 10.0
"""Seconds; nothing else would end these queries for a minute. A busy machine may take its time."""
"""Seconds within which a stopped answer must have let go of everything."""
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    " AND datname = current_database() AND backend_type = 'client backend'"
)


@contextmanager
def locked(database_url: str, table: str = "anomaly_events") -> Iterator[None]:
    """Whoever reads the table waits, until the block ends."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def waiting(database_url: str) -> int:
    """How many queries wait for a lock on the server."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(WAITING)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def until(some: bool, database_url: str, seconds: float = 120.0) -> float:
    """How long it took until some queries waited, or none did any more."""
    began = time.monotonic()
    while (waiting(database_url) > 0) != some:
        assert time.monotonic() - began < seconds, f"{waiting(database_url)} queries wait"
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
def platform(settings: Settings) -> Iterator[MonitoringPlatform]:
    patient = replace(settings, tool_timeout_seconds=60.0, database_pool_size=2, database_wait_seconds=2.0)
    with closing(open_platform(patient, clock=lambda: NOW)) as opened:
        fill(opened)
        opened.ask("help")
        yield opened


def test_another_thread_stops_an_answer_and_its_query(platform: MonitoringPlatform, database_url: str) -> None:
    stop = Cancellation()
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            platform.ask(QUESTION, "s1", cancellation=stop)
        except Cancelled as problem:
            ended.append(problem)

    with locked(database_url):
        thread = threading.Thread(target=ask)
        thread.start()
        until(True, database_url)
        stop.cancel()
        thread.join(AT_ONCE)
        assert not thread.is_alive()
        assert until(False, database_url) < AT_ONCE
    assert [str(problem) for problem in ended] == ["The answer was stopped before it was complete."]
    assert isinstance(platform.ask(QUESTION, "s1"), Answer)
    assert platform.session("s1").session.turns == 1, "what was stopped is no turn"


def test_closing_the_pieces_frees_every_connection(platform: MonitoringPlatform, database_url: str) -> None:
    with locked(database_url):
        for n in range(4):
            pieces = platform.stream(QUESTION, f"s{n}")
            assert isinstance(next(pieces), ToolStarted)
            until(True, database_url)
            began = time.monotonic()
            pieces.close()
            assert time.monotonic() - began + until(False, database_url) < AT_ONCE
    assert isinstance(platform.ask(QUESTION), Answer), "a pool of two served four stopped answers and this one"


def test_what_is_stopped_before_it_began_asks_nothing(platform: MonitoringPlatform) -> None:
    stop = Cancellation()
    stop.cancel()
    with pytest.raises(Cancelled):
        platform.ask(QUESTION, "s1", cancellation=stop)
    assert platform.sessions() == [] or platform.sessions()[0].id != "s1"


def test_a_wait_for_a_connection_can_be_stopped(platform: MonitoringPlatform, database_url: str) -> None:
    with locked(database_url):
        holders = [platform.stream(QUESTION, f"s{n}") for n in range(2)]
        for pieces in holders:
            next(pieces)
        while waiting(database_url) < 2:
            time.sleep(0.02)
        stop = Cancellation()
        threading.Timer(0.3, stop.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            platform.ask(QUESTION, "s3", cancellation=stop)
        assert time.monotonic() - began < 0.3 + AT_ONCE
        for pieces in holders:
            pieces.close()


@pytest.mark.parametrize("step", [Hangs(), Drips("and so on ")], ids=["silent", "never ends"])
def test_an_answer_is_stopped_while_the_language_model_has_it(settings: Settings, step: Hangs | Drips) -> None:
    with platform_with(settings, [step], openai_timeout_seconds=30.0) as (platform, service):
        stop = Cancellation()
        stopped: list[float] = []

        def stop_when_asked() -> None:
            assert service.asked.wait(20)
            stopped.append(time.monotonic())
            stop.cancel()

        threading.Thread(target=stop_when_asked).start()
        with pytest.raises(Cancelled):
            platform.ask(QUESTION, "s1", cancellation=stop)
        assert time.monotonic() - stopped[0] < AT_ONCE
        service.steps = [Calls([STATUS]), Says("ch-1/orders has 1,840 parts.")]
        assert platform.ask(QUESTION, "s1").model == "test-model"


PROGRAM = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from monitoring.settings import parse_settings
from monitoring.ui import terminal
from pathlib import Path
from platform_monitoring_agent import open_platform
settings = parse_settings({"DATABASE_URL": sys.argv[1], "DEMO": "off", "TOOL_TIMEOUT_SECONDS": "60"})
platform = open_platform(settings, clock=lambda: datetime(2026, 3, 4, 10, 0, tzinfo=UTC))
code = terminal.ask_once(platform, sys.argv[2], session_id="s1", as_of=None, json_output=False,
                         stdout=sys.stdout, stderr=sys.stderr)
print("code", code, flush=True)
platform.close()
"""


def test_ctrl_c_stops_the_answer_and_its_query(platform: MonitoringPlatform, database_url: str) -> None:
    with locked(database_url):
        asking = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, database_url, QUESTION],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        try:
            until(True, database_url, 120)
            os.kill(asking.pid, signal.SIGINT)
            assert until(False, database_url) < AT_ONCE
            out, err = asking.communicate(timeout=240)
        finally:
            asking.kill()
    assert (out, err) == ("code 130\n", "Stopped.\n")
    assert isinstance(platform.ask(QUESTION, "s1"), Answer), "nobody holds the session any more"
