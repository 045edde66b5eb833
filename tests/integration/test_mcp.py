"""The tools for editors and assistants, asked by the protocol's own client: real processes, a real database."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio
import httpx
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

from monitoring.blocks import Block
from monitoring.metrics import Sample
from monitoring.settings import Settings
from platform_monitoring_agent import main, open_platform
from tests.integration.api_client import PARTS, database
from tests.integration.test_commands import AGENT, ROOT

T = TypeVar("T")
SQL = "node-1/x'; DROP TABLE samples; --"
KEYS = "editor:read:read-only-0123456789,sender:ingest:ingest-only-0123456789"
TOOLS = [
    "check_real_time_anomalies",
    "get_anomaly_summary",
    "query_metrics_trend",
    "get_cross_component_anomalies",
    "search_documents",
]
WAIT_SECONDS = 90.0


@pytest.fixture(scope="module")
def settings(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A database in which a table has had too many parts for twenty minutes, and a post-mortem of the like."""
    folder = tmp_path_factory.mktemp("mcp")
    (folder / "documents").mkdir()
    told = ROOT / "sample_library" / "sources" / "pm-2025-03-clickhouse-too-many-parts.md"
    (folder / "documents" / told.name).write_bytes(told.read_bytes())
    with database(server_url, folder) as chosen:
        platform = open_platform(chosen)
        now = datetime.now(UTC)
        moments = [now - timedelta(seconds=30 * n) for n in range(40, 0, -1)]
        samples = [Sample(at, "clickhouse", name, PARTS, 1840.0) for at in moments for name in ("node-1/events", SQL)]
        platform._origin.make_real()
        platform._store.samples.write(Block.of(samples))
        platform.documents.library.refresh()
        platform.catch_up()
        platform.close()
        yield chosen


def environment(settings: Settings, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "OPENAI", "API_"))}
    return {
        **kept,
        "DATABASE_URL": str(settings.database_url),
        "DATA_DIR": str(settings.data_dir),
        "DOCUMENT_FOLDERS": str(settings.document_folders[0]),
        "DEMO": "off",
        "PYTHONPATH": str(ROOT),
        "LOG_LEVEL": "INFO",
        **more,
    }


@contextmanager
def served(settings: Settings, **more: str) -> Iterator[str]:
    """The address of a server that was started as a command."""
    command = [sys.executable, str(ROOT / AGENT), "mcp", "--http", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=settings.data_dir, env=environment(settings, **more), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        address = next(
            found[1] for line in process.stderr if (found := re.search(r"Serving (http://\S+);", line)) is not None
        )
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_SECONDS)


@pytest.fixture(scope="module")
def address(settings: Settings) -> Iterator[str]:
    with served(settings) as url:
        yield url


def talk(server: Any, ask: Callable[[Client], Awaitable[T]]) -> T:
    async def talking() -> T:
        async with Client(server, read_timeout_seconds=WAIT_SECONDS) as client:
            return await ask(client)

    return anyio.run(talking)


def called(server: Any, name: str, **arguments: Any) -> Any:
    return talk(server, lambda client: client.call_tool(name, arguments))


class TestTools:
    def test_are_the_agents_named_described_and_said_to_change_nothing(self, address: str) -> None:
        tools = talk(address, lambda client: client.list_tools()).tools
        assert [tool.name for tool in tools] == TOOLS
        for tool in tools:
            assert tool.description
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert not tool.annotations.destructive_hint
            assert tool.input_schema["additionalProperties"] is False
            assert all("description" in part for part in tool.input_schema["properties"].values())

    @pytest.mark.parametrize(
        ("name", "arguments", "count"),
        [
            ("check_real_time_anomalies", {"component": "clickhouse"}, 2),
            ("get_anomaly_summary", {"hours": 1, "metric": [PARTS]}, 2),
            ("query_metrics_trend", {"hours": 1, "metric": PARTS, "instance": ["node-1/events"]}, 1),
            ("get_cross_component_anomalies", {"include_isolated": True}, 1),
            ("search_documents", {"question": "What helped against too many parts?"}, None),
        ],
    )
    def test_find_rows_figures_and_what_was_looked_at(
        self, address: str, name: str, arguments: Mapping[str, Any], count: int | None
    ) -> None:
        reply = called(address, name, **arguments)
        found = reply.structured_content
        assert not reply.is_error
        assert found["status"] == "ok"
        assert found["demo"] is False
        assert found["rows"]
        assert found["summary"]
        assert found["looked_at"]["window"]["to"]
        assert count is None or found["row_count"] == count
        (text,) = reply.content
        assert text.text.startswith(f'<data from="{name}">')

    def test_take_a_name_for_a_name_whatever_it_looks_like(self, address: str) -> None:
        found = called(address, "query_metrics_trend", hours=1, metric=[PARTS], instance=[SQL]).structured_content
        assert [row["instance"] for row in found["rows"]] == [SQL]
        after = called(address, "check_real_time_anomalies").structured_content
        assert after["summary"]["series"] == 2

    @pytest.mark.parametrize(
        ("name", "arguments", "words"),
        [
            ("check_real_time_anomalies", {"last_minutes": -1}, "last_minutes: Input should be greater than 0"),
            (
                "check_real_time_anomalies",
                {"component": ["mongodb"]},
                "Input should be 'kafka', 'flink' or 'clickhouse'",
            ),
            ("check_real_time_anomalies", {"query": "SELECT 1"}, "query: Extra inputs are not permitted"),
            ("query_metrics_trend", {"metric": ["consumer_lag"]}, "Did you mean consumer_group_lag"),
            ("get_anomaly_summary", {"start": "yesterday"}, "is not ISO 8601"),
            ("get_cross_component_anomalies", {"pattern": "nonsense"}, "nonsense"),
            ("search_documents", {}, "question: Field required"),
        ],
    )
    def test_say_what_is_wrong_with_a_question(
        self, address: str, name: str, arguments: Mapping[str, Any], words: str
    ) -> None:
        reply = called(address, name, **arguments)
        assert reply.is_error
        assert words in reply.content[0].text

    def test_that_there_are_not_are_told_of_as_such(self, address: str) -> None:
        async def asked(client: Client) -> str:
            with pytest.raises(MCPError) as refused:
                await client.call_tool("drop_table", {})
            return refused.value.message

        assert talk(address, asked).startswith("There is no tool named 'drop_table'; there are check_real_time")


class TestOverHttp:
    def test_another_host_name_or_page_is_not_served(self, address: str) -> None:
        body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        kind = {"Accept": "application/json, text/event-stream"}
        assert httpx.post(address, json=body, headers={**kind, "Host": "evil.example"}).status_code == 403
        assert httpx.post(address, json=body, headers={**kind, "Origin": "http://evil.example"}).status_code == 403

    def test_with_keys_only_those_who_may_read_are_let_in(self, settings: Settings) -> None:
        with served(settings, API_KEYS=KEYS) as url:
            assert httpx.post(url, json={}).status_code == 401
            wrong = httpx.post(url, json={}, headers={"Authorization": "Bearer ingest-only-0123456789"})
            assert wrong.status_code == 403
            assert "scope read" in wrong.json()["detail"]

            async def asked() -> Any:
                bearer = {"Authorization": "Bearer read-only-0123456789"}
                async with (
                    create_mcp_http_client(headers=bearer) as web,
                    Client(streamable_http_client(url, http_client=web)) as client,
                ):
                    return await client.call_tool("check_real_time_anomalies", {})

            assert not anyio.run(asked).is_error

    def test_off_loopback_it_is_not_opened_without_a_key(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for name, value in environment(settings, API_KEYS="").items():
            monkeypatch.setenv(name, value)
        assert main(["mcp", "--http", "--host", "0.0.0.0", "--port", "0"]) == 3
        told = capsys.readouterr()
        assert "not opened on 0.0.0.0 without a key: set API_KEYS" in told.err
        assert told.out == ""


class TestOverStdio:
    def test_the_tools_answer(self, settings: Settings) -> None:
        server = StdioServerParameters(
            command=sys.executable,
            args=[str(ROOT / AGENT), "mcp"],
            cwd=settings.data_dir,
            env=environment(settings),
        )

        async def asked(client: Client) -> tuple[list[str], Any]:
            tools = await client.list_tools()
            reply = await client.call_tool("check_real_time_anomalies", {})
            return [tool.name for tool in tools.tools], reply

        names, reply = talk(server, asked)
        assert names == TOOLS
        assert reply.structured_content["summary"]["health"] in ("degraded", "critical")

    def test_nothing_but_the_protocol_is_written_and_a_signal_ends_it(self, settings: Settings) -> None:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / AGENT), "mcp"],
            cwd=settings.data_dir,
            env=environment(settings, LOG_LEVEL="DEBUG"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        asked = {"name": "check_real_time_anomalies", "arguments": {}}
        for message in (
            {"id": 1, "method": "initialize", "params": about},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/call", "params": asked},
        ):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            process.stdin.flush()
        first, second = (json.loads(process.stdout.readline()) for _ in range(2))
        assert (first["id"], second["id"]) == (1, 2)
        assert second["result"]["structuredContent"]["status"] == "ok"
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 143
        assert process.stdout.read() == ""
        process.stdin.close()
        process.stdout.close()
