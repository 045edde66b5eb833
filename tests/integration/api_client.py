"""A real server for the tests of the REST API: the platform on a database of its own, at a fixed time."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from psycopg2.extensions import make_dsn

from api_server import create_app
from monitoring.api.options import Key, Options
from monitoring.api.serving import Server, server_of
from monitoring.blocks import Block
from monitoring.metrics import Sample
from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings, parse_settings
from platform_monitoring_agent import open_platform
from tests.conftest import _run, as_url

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
PARTS = "max_parts_per_partition"
SECRETS = {name: f"{name}-secret-0123456789" for name in ("reader", "sender", "keeper", "other")}
KEYS = (
    Key.of("reader", frozenset(["read"]), SECRETS["reader"]),
    Key.of("sender", frozenset(["ingest"]), SECRETS["sender"]),
    Key.of("keeper", frozenset(["read", "manage"]), SECRETS["keeper"]),
    Key.of("other", frozenset(["read"]), SECRETS["other"]),
)


@contextmanager
def database(server_url: str, folder: Path, **values: str) -> Iterator[Settings]:
    """Settings for a database that is dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    _run(server_url, f"CREATE DATABASE {name}")
    try:
        url = as_url(make_dsn(server_url, dbname=name))
        documents = str(folder / "documents")
        given = {"DATABASE_URL": url, "DATA_DIR": str(folder), "DEMO": "off", "DOCUMENT_FOLDERS": documents}
        yield parse_settings({**given, **values})
    finally:
        _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def too_many_parts(instance: str, minutes: float = 20) -> list[Sample]:
    """A ClickHouse table with too many parts, up to now."""
    return [
        Sample(NOW - timedelta(seconds=30 * n), "clickhouse", instance, PARTS, 1840.0)
        for n in range(int(minutes * 2), 0, -1)
    ]


@contextmanager
def opened(settings: Settings, *instances: str) -> Iterator[MonitoringPlatform]:
    """A platform at `NOW`, with an anomaly on each of the instances."""
    with closing(open_platform(replace(settings, session_wait_seconds=0.4), clock=lambda: NOW)) as platform:
        samples = [sample for instance in instances for sample in too_many_parts(instance)]
        if samples:
            platform._origin.make_real()
            platform._store.samples.write(Block.of(samples))
        platform.catch_up()
        yield platform


class Served:
    """A server that runs in a thread, and clients for it."""

    def __init__(self, platform: MonitoringPlatform, server: Server) -> None:
        self.platform = platform
        self.server = server
        self.url = f"http://127.0.0.1:{server.bound_port}"

    @contextmanager
    def client(self, key: str | None = None, **headers: str) -> Iterator[httpx.Client]:
        if key is not None:
            headers["Authorization"] = f"Bearer {SECRETS[key]}"
        with httpx.Client(base_url=self.url, headers=headers, timeout=20) as client:
            yield client


@contextmanager
def serving(platform: MonitoringPlatform, **changes: Any) -> Iterator[Served]:
    """Serve a platform until the block ends, on a free port."""
    options = replace(Options(port=0, access_log=False, stop_seconds=3), **changes)
    app = create_app(platform, options)
    server = server_of(app, options, app.state.served.stopping.set)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield Served(platform, server)
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def until(true: Callable[[], object], seconds: float = 240) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_problem(reply: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The reply is a problem document of that kind; returns it."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = reply.json()
    assert told["type"] == f"urn:platform-monitoring:problem:{kind}"
    assert told["status"] == status
    assert told["request_id"] == reply.headers["x-request-id"]
    assert told["detail"]
    return told
