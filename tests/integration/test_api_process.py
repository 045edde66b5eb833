"""`python api_server.py` as people run it: demo data, two processes on one database, a graceful stop, scraped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from monitoring.settings import Settings, parse_settings
from platform_monitoring_agent import open_platform
from tests.integration.api_client import KEYS, SECRETS, assert_problem, database, opened, serving, until

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], url: str, folder: Path) -> None:
        self.process = process
        self.url = url
        self._folder = folder

    def stop(self, seconds: float = 120) -> tuple[int, str, str]:
        """Ask it to stop; returns its exit code and what it wrote."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        return code, (self._folder / "stdout").read_text(), self.said()

    def said(self) -> str:
        """What it wrote to stderr so far."""
        return (self._folder / "stderr").read_text()


@contextmanager
def running(folder: Path, **values: str) -> Iterator[Process]:
    """`python api_server.py` in a folder of its own, ready to answer."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE", "OPENAI", "SCRAPE", "API_"))}
    port = free_port()
    # Not into pipes: nobody reads them meanwhile, and a server whose log has no room stands still.
    with open(folder / "stdout", "w") as out, open(folder / "stderr", "w") as err:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "api_server.py"), "--port", str(port)],
            cwd=folder,
            env={
                **kept,
                "PYTHONPATH": str(ROOT),
                "DATA_DIR": str(folder / "data"),
                "PYTHONFAULTHANDLER": "1",
                **values,
            },
            stdout=out,
            stderr=err,
            text=True,
        )
    server = Process(process, f"http://127.0.0.1:{port}", folder)
    try:
        until(lambda: process.poll() is not None or _answers(server.url), 240)
        assert process.poll() is None, server.said()
        yield server
    except httpx.TimeoutException as problem:
        # The fault handler then writes what every thread is at.
        process.send_signal(signal.SIGABRT)
        process.wait(60)
        raise AssertionError(server.said()) from problem
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url + "/health/live", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not under pytest's own folder: another session of the same user would close that to the server's user.
    made = Path(tempfile.mkdtemp(prefix="monitoring-api-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_on_demo_data_the_examples_answer_and_a_stop_is_graceful(folder: Path) -> None:
    with running(folder) as server:
        until(lambda: httpx.get(server.url + "/health/ready", timeout=120).status_code == 200, 240)
        state = httpx.post(server.url + "/anomalies/current", json={"last_minutes": 10}, timeout=120).json()
        assert state["demo"]
        assert {part["health"] for part in state["components"].values()} <= {"healthy", "degraded", "critical"}
        found = httpx.post(server.url + "/anomalies/summary", json={"hours": 24}, timeout=120).json()
        assert found["status"] == "ok"
        asked = {"message": "Check system status", "session_id": "user123"}
        answer = httpx.post(server.url + "/chat", json=asked, timeout=120).json()
        assert answer["grounded"]
        assert any("DEMO DATA" in note for note in answer["notes"])
        until(lambda: httpx.get(server.url + "/health/ready", timeout=120).json()["status"] == "ready", 240)

        # A page or terminal may use the same embedded database at the same time.
        with closing(open_platform(parse_settings({"DATA_DIR": str(folder / "data")}))) as beside:
            assert beside.session("user123").session.turns == 1
            assert beside.check().demo
            assert beside.ask("ok?", "from-the-page").grounded
            listed = httpx.get(server.url + "/sessions", timeout=120).json()["items"]
            assert {session["id"] for session in listed} == {"user123", "from-the-page"}
            code, out, _ = server.stop()
            assert code == 0
            # The last process that uses the embedded server stops it, not the first.
            assert beside.check().demo
            pid = beside._store.server_pid
            assert pid is not None
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    lines = [json.loads(line) for line in out.splitlines()]
    asked_for = {(line["method"], line["route"], line["status"]) for line in lines}
    assert ("POST", "/anomalies/current", 200) in asked_for
    assert all(line["action"] == "request" and line["request_id"] and line["ms"] >= 0 for line in lines)


def test_after_the_stop_another_process_monitors_at_once(server_url: str, tmp_path: Path) -> None:
    with database(server_url, tmp_path) as settings:
        values = {"DATABASE_URL": str(settings.database_url), "DEMO": "off", "MONITOR_INTERVAL_SECONDS": "1"}
        with running(tmp_path, **values) as server, closing(open_platform(settings)) as other:
            until(lambda: httpx.get(server.url + "/health/ready", timeout=5).status_code == 200)
            assert not other.monitor.tick()
            assert server.stop()[0] == 0
            assert other.monitor.tick() is not None


def test_help_names_its_options_and_settings() -> None:
    shown = subprocess.run(
        [sys.executable, str(ROOT / "api_server.py"), "--help"], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    for word in ("--host", "--port", "API_KEYS", "API_CORS_ORIGINS", "/docs"):
        assert word in shown


def test_a_port_that_is_taken_is_said_in_a_sentence(server_url: str, tmp_path: Path) -> None:
    with database(server_url, tmp_path) as settings, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE", "API_"))}
        run = subprocess.run(
            [sys.executable, str(ROOT / "api_server.py"), "--port", str(taken.getsockname()[1])],
            cwd=tmp_path,
            env={**kept, "DATABASE_URL": str(settings.database_url), "DEMO": "off", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert run.returncode == 3
    assert "Traceback" not in run.stderr
    assert "in use" in run.stderr


class TestDatabaseGone:
    def test_it_is_a_503_problem_and_no_hang_and_it_recovers(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with opened(settings, "node-1/orders") as platform, serving(platform) as served, served.client() as client:
            assert client.get("/anomalies").status_code == 200
            with monkeypatch.context() as cut:
                for pool in (platform._store._owner, platform._store._reader_pool):
                    for connection in pool._idle:
                        connection.close()
                    cut.setattr(pool, "_idle", [])
                    cut.setattr(pool, "_locate", lambda: "postgresql://nobody@127.0.0.1:1/none")
                for method, path, body in (
                    ("POST", "/anomalies/current", {}),
                    ("POST", "/anomalies/summary", {}),
                    ("POST", "/metrics/trend", {"metric": ["consumer_group_lag"]}),
                    ("GET", "/anomalies", None),
                    ("GET", "/sessions", None),
                    ("GET", "/incidents/1/report", None),
                    ("POST", "/silences", {}),
                    ("POST", "/metrics/ingest", {"samples": [_sample()]}),
                    ("POST", "/chat", {"message": "ok?"}),
                    ("POST", "/chat/stream", {"message": "ok?"}),
                ):
                    began = time.monotonic()
                    reply = client.request(method, path, json=body)
                    told = assert_problem(reply, 503, "database-unavailable")
                    assert "127.0.0.1" not in reply.text
                    assert "psycopg" not in told["detail"]
                    assert reply.headers["retry-after"]
                    assert time.monotonic() - began < 25
                assert_problem(client.get("/health/ready"), 503, "not-ready")
                assert client.get("/health/live").status_code == 200
                figures = client.get("/metrics")
                assert "platform_monitoring_database_up 0.0" in figures.text
            until(lambda: client.get("/anomalies").status_code == 200, 60)
            assert client.post("/anomalies/current", json={}).json()["health"] == "critical"


def _sample() -> dict[str, Any]:
    return {
        "time": "2026-03-04T09:59:00Z",
        "component": "kafka",
        "instance": "g/t",
        "metric": "consumer_group_lag",
        "value": 1,
    }


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
def test_prometheus_scrapes_its_figures(settings: Settings, tmp_path: Path) -> None:
    with ExitStack() as stack:
        platform = stack.enter_context(opened(settings, "node-1/orders"))
        served = stack.enter_context(serving(platform, keys=KEYS))
        file = tmp_path / "prometheus.yml"
        target = served.url.removeprefix("http://")
        file.write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: platform-monitoring\n"
            f"  authorization: {{credentials: {SECRETS['reader']}}}\n  static_configs: [{{targets: ['{target}']}}]\n"
        )
        url = stack.enter_context(prometheus(file, tmp_path / "tsdb"))
        query = 'platform_monitoring_open_anomalies{component="clickhouse",severity="critical"}'

        def found() -> list[Any]:
            reply = httpx.get(url + "/api/v1/query", params={"query": query}, timeout=5)
            return list(reply.json()["data"]["result"])

        until(found)
        assert found()[0]["value"][1] == "1"
        assert found()[0]["metric"]["job"] == "platform-monitoring"
        targets = httpx.get(url + "/api/v1/targets", timeout=5).json()["data"]["activeTargets"]
        assert [(target["health"], target["lastError"]) for target in targets] == [("up", "")]


@contextmanager
def prometheus(config: Path, data: Path) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _ready(url))
        yield url
    finally:
        process.terminate()
        process.wait(15)


def _ready(url: str) -> bool:
    try:
        return httpx.get(url + "/-/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
