"""The current ClickHouse (26.9), by answers recorded of its engine: twelve small inserts into one table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from monitoring.collectors.clickhouse_http import ClickHouseSource
from platform_metrics_definition import CATALOGUE
from tests.integration.exposition_server import Answer, ExpositionServer

RECORDED = Path(__file__).parent.parent / "fixtures" / "clickhouse_26.9_http.json"
T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[ExpositionServer]:
    answers = json.loads(RECORDED.read_text())
    pages: dict[str, Answer | str] = {
        "/?" + urlencode({"query": query}): Answer(json.dumps({"data": answer["data"]}))
        for query, answer in answers.items()
    }
    with ExpositionServer(pages) as server:
        yield server


def test_its_system_tables_are_understood(server: ExpositionServer) -> None:
    source = ClickHouseSource(server.url.removesuffix("/metrics"), CATALOGUE, instance="ch-1")
    source.collect(T0)
    found = {(s.metric, s.instance): s.value for s in source.collect(T0 + timedelta(seconds=30))}

    assert source.version.startswith("26.9")
    assert found["max_parts_per_partition", "ch-1/shop.orders"] == 2
    assert 0 < found["disk_free_ratio", "ch-1/default"] < 1
    assert found["running_queries", "ch-1"] == 0
    assert found["readonly_replicas", "ch-1"] == 0
    assert found["keeper_exceptions_rate", "ch-1"] == 0
    assert found["rejected_inserts_rate", "ch-1"] == 0


def test_what_is_not_switched_on_is_noted(server: ExpositionServer) -> None:
    source = ClickHouseSource(server.url.removesuffix("/metrics"), CATALOGUE)
    source.collect(T0)

    assert source.notes == ("system.query_log is not there: set log_queries=1 and <query_log>, for query_duration_p95",)


def test_where_users_have_no_parts_those_of_its_logs_do_not_stand_in(server: ExpositionServer) -> None:
    [parts] = [path for path in server.pages if "system.parts" in path]
    pages = dict(server.pages)
    # The recorded engine has no asynchronous metrics; they are read in the same way.
    query = "SELECT metric, toFloat64(value) FROM system.asynchronous_metrics FORMAT JSONCompact"
    more = "/?" + urlencode({"query": query})
    [tables] = [path for path in pages if "system.tables" in path]
    server.pages[tables] = json.dumps({"data": [["asynchronous_metrics"], ["metrics"], ["parts"]]})
    server.pages[more] = json.dumps({"data": [["MaxPartCountForPartition", 77.0]]})
    server.pages[parts] = json.dumps({"data": []})
    source = ClickHouseSource(server.url.removesuffix("/metrics"), CATALOGUE, instance="ch-1")
    found = {sample.metric for sample in source.collect(T0)}
    server.pages[parts] = Answer("Code: 497. DB::Exception: monitor: Not enough privileges.", 403)
    instead = {(sample.metric, sample.instance): sample.value for sample in source.collect(T0)}
    server.pages = pages

    assert "max_parts_per_partition" not in found
    assert instead["max_parts_per_partition", "ch-1"] == 77


def test_a_table_the_user_may_not_read_is_noted_and_the_rest_is_read(server: ExpositionServer) -> None:
    [parts] = [path for path in server.pages if "system.parts" in path]
    allowed = server.pages[parts]
    server.pages[parts] = Answer("Code: 497. DB::Exception: monitor: Not enough privileges.", 403)
    source = ClickHouseSource(server.url.removesuffix("/metrics"), CATALOGUE, instance="ch-1")
    found = {sample.metric for sample in source.collect(T0)}
    server.pages[parts] = allowed

    assert "disk_free_ratio" in found
    assert [note for note in source.notes if "system.parts cannot be read (Code: 497" in note]
