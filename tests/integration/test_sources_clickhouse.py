"""A real ClickHouse, read by SQL over HTTP as a user that may do nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.collectors.access import Access
from monitoring.collectors.clickhouse_http import ClickHouseSource
from monitoring.errors import CollectorError
from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings, parse_settings
from monitoring.sourcing import probe
from platform_metrics_definition import CATALOGUE
from platform_monitoring_agent import open_platform
from tests.integration.real_servers import ClickHouseServer, Faster, until

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
Values = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path_factory.mktemp("clickhouse")) as server:
        server.run("CREATE TABLE orders (day Date, id UInt64) ENGINE = MergeTree(day, id, 8192)")
        yield server


@pytest.fixture
def source(server: ClickHouseServer) -> ClickHouseSource:
    access = Access("monitor", server.password)
    return ClickHouseSource(server.url, CATALOGUE, instance="ch-1", access=access)


def values(source: ClickHouseSource, seconds: float = 0) -> Values:
    return {(s.metric, s.instance): s.value for s in source.collect(T0 + timedelta(seconds=seconds))}


def test_a_server_that_was_just_started_has_nothing_wrong(source: ClickHouseSource) -> None:
    values(source)
    second = values(source, 30)

    assert source.version.startswith("18.16")
    assert "ClickHouse" in source.exporters
    assert second["running_queries", "ch-1"] == 0
    assert second["readonly_replicas", "ch-1"] == 0
    assert second["rejected_inserts_rate", "ch-1"] == 0
    assert second["delayed_inserts_rate", "ch-1"] == 0


def test_a_slow_query_and_one_that_fails_are_seen(server: ClickHouseServer, source: ClickHouseSource) -> None:
    for _ in range(4):
        server.run("SELECT sleep(0.3)")
        server.fails("SELECT price FROM orders")
    until(lambda: values(source).get(("query_duration_p95", "ch-1"), 0) > 0.2, 60)
    seen = values(source, 30)

    assert 0.02 < seen["failed_query_ratio", "ch-1"] <= 1


def test_many_small_inserts_show_as_parts_and_as_rows_per_insert(
    server: ClickHouseServer, source: ClickHouseSource
) -> None:
    server.run("SYSTEM STOP MERGES orders")
    values(source)
    for order in range(30):
        server.run(f"INSERT INTO orders VALUES ('2026-11-25', {order})")
    many = values(source, 30)
    server.run("SYSTEM START MERGES orders")
    server.run("OPTIMIZE TABLE orders FINAL")
    mended = values(source, 60)

    assert many["max_parts_per_partition", "ch-1/default.orders"] >= 30
    assert many["rows_per_insert", "ch-1"] < 100
    assert many["inserted_rows_rate", "ch-1"] > 0.9
    assert mended["max_parts_per_partition", "ch-1/default.orders"] < 5


def test_the_parts_of_its_own_logs_count_only_if_that_is_wanted(
    server: ClickHouseServer, source: ClickHouseSource
) -> None:
    server.run("INSERT INTO orders VALUES ('2026-11-25', 1)")
    until(lambda: int(server.run("SELECT count() FROM system.parts WHERE database = 'system' AND active")) > 0, 120)
    access = Access("monitor", server.password)
    everything = ClickHouseSource(server.url, CATALOGUE, instance="ch-1", access=access, system_tables=True)

    def tables(of: ClickHouseSource) -> set[str]:
        return {instance for metric, instance in values(of) if metric == "max_parts_per_partition"}

    assert tables(source) == {"ch-1/default.orders"}
    assert tables(everything) >= {"ch-1/default.orders", "ch-1/system.query_log"}


def test_inserts_into_too_many_parts_are_seen_to_be_delayed(server: ClickHouseServer, source: ClickHouseSource) -> None:
    server.run("SYSTEM STOP MERGES orders")
    for order in range(45):
        server.run(f"INSERT INTO orders VALUES ('2026-11-26', {order})")
    before = values(source)
    server.run("INSERT INTO orders VALUES ('2026-11-26', 46)")
    after = values(source, 30)
    server.run("SYSTEM START MERGES orders")

    assert before["max_parts_per_partition", "ch-1/default.orders"] >= 40
    assert after["delayed_inserts_rate", "ch-1"] > 0


@pytest.fixture
def platform(server: ClickHouseServer, settings: Settings, tmp_path: Path) -> Iterator[MonitoringPlatform]:
    """The product as people run it, with this server as its only source."""
    file = tmp_path / "sources.toml"
    file.write_text(f'[[source]]\nkind = "clickhouse"\nurl = "{server.url}"\ninstance = "ch-1"\ninterval = "20s"\n')
    given = {"DATABASE_URL": str(settings.database_url), "DATA_DIR": str(tmp_path), "SOURCES_FILE": str(file)}
    opened = open_platform(parse_settings(given), clock=Faster())
    yield opened
    opened.close()


def test_inserts_that_are_held_up_are_found_explained_and_resolved(
    server: ClickHouseServer, platform: MonitoringPlatform
) -> None:
    def is_open() -> bool:
        platform.catch_up()
        found = platform.check(60).to_json()["anomalies"]
        return any(row["metric"] == "delayed_inserts_rate" and row["resolved_at"] is None for row in found)

    for _ in range(3):
        assert not is_open()
    server.run("SYSTEM STOP MERGES orders")
    for order in range(45):
        server.run(f"INSERT INTO orders VALUES ('2026-11-27', {order})")

    def held_up() -> bool:
        server.run("INSERT INTO orders VALUES ('2026-11-27', 99)")
        return is_open()

    until(held_up, 30, 0.3)
    answer = platform.ask("What is wrong with ClickHouse?")
    server.run("SYSTEM START MERGES orders")
    until(lambda: not is_open(), 30, 0.3)

    assert "ch-1" in answer.answer
    assert "inserts" in answer.answer
    assert answer.grounded


def test_what_an_old_version_does_not_tell_is_noted(source: ClickHouseSource) -> None:
    found = values(source)

    assert [note for note in source.notes if "disk_free_ratio" in note]
    assert not [metric for metric, _ in found if metric == "disk_free_ratio"]


def test_reading_changes_nothing_and_leaves_no_trace_in_what_is_read(
    server: ClickHouseServer, source: ClickHouseSource
) -> None:
    before = int(server.run("SELECT count() FROM system.tables WHERE database != 'system'"))
    for second in range(5):
        values(source, second)
    time.sleep(0.5)
    seen = server.run("SELECT count() FROM system.query_log WHERE http_user_agent = 'platform-monitoring' AND type = 2")

    assert int(seen) > 0
    assert int(server.run("SELECT count() FROM system.tables WHERE database != 'system'")) == before
    with pytest.raises(CollectorError, match="readonly mode"):
        source.ask("CREATE TABLE mine (id UInt8) ENGINE = Memory")


def test_its_address_is_told_for_what_it_is(server: ClickHouseServer) -> None:
    found = probe({"kind": "exporter", "url": server.url}, CATALOGUE, lambda: T0, pause=0)

    assert found.kind == "clickhouse"
    assert found.entry == f'[[source]]\nkind = "clickhouse"\nurl = "{server.url}"\n'


def test_a_wrong_password_is_said_without_it(server: ClickHouseServer) -> None:
    source = ClickHouseSource(server.url, CATALOGUE, access=Access("monitor", "not-the-right-word"))
    with pytest.raises(CollectorError) as caught:
        source.collect(T0)

    assert "Wrong password for user monitor" in str(caught.value)
    assert "not-the-right-word" not in str(caught.value) + repr(source.__dict__)


def test_a_server_that_is_killed_and_returns_is_read_again(server: ClickHouseServer, source: ClickHouseSource) -> None:
    server.stop()
    with pytest.raises(CollectorError, match="nothing listens there"):
        source.collect(T0)
    server.start()

    assert values(source, 60)["running_queries", "ch-1"] == 0
