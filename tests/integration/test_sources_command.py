"""`sources` and `sources test URL`, as people run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.blocks import Block
from monitoring.contract import iso
from monitoring.metrics import Sample
from monitoring.moments import utc_now
from monitoring.settings import Settings
from monitoring.store.store import Store
from tests.integration.exposition_server import Answer, ExpositionServer, dump
from tests.integration.real_servers import free_port

DOOR = Path(__file__).parents[2] / "platform_monitoring_agent.py"
PASSWORD = "w0rd-nobody-sees"

Run = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def broker() -> Iterator[ExpositionServer]:
    with ExpositionServer(dump("kafka_exporter_1.3.1_sample.prom")) as server:
        yield server


def run(folder: Path, *arguments: str, **environment: str) -> Run:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE", "OPENAI", "SCRAPE", "SOURCES"))}
    return subprocess.run(
        [sys.executable, str(DOOR), "sources", *arguments],
        check=False,
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def origins(done: Run) -> dict[str, Any]:
    return {origin["metric"]: origin for origin in json.loads(done.stdout)["metrics"]}


def test_every_metric_is_told_of_and_what_to_switch_on_for_those_that_are_missing(
    tmp_path: Path, broker: ExpositionServer
) -> None:
    (tmp_path / "sources.toml").write_text(f'[[source]]\nkind = "exporter"\nurl = "{broker.url}"\n')
    done = run(tmp_path, "--json")
    found = origins(done)

    assert done.returncode == 0
    assert len(found) == 43
    lag = found["consumer_group_lag"]
    assert lag["sources"] == [broker.url]
    assert lag["instances"] == 1
    assert lag["value"] is not None
    assert lag["age_seconds"] < 30
    assert found["produce_latency_p99"]["reason"] == "no source has it"
    assert "jmx_exporter" in found["produce_latency_p99"]["switch_on"]
    assert found["offline_partitions"]["switch_on"].startswith("Kafka itself (kind kafka); or jmx_exporter")
    assert "Flink's REST interface" in found["checkpoint_age"]["switch_on"]
    assert all(origin["reason"] for origin in found.values() if origin["value"] is None)


def test_what_is_down_is_shown_beside_what_is_not(tmp_path: Path, broker: ExpositionServer) -> None:
    with ExpositionServer() as gone:
        url = gone.url.removesuffix("/metrics")
    (tmp_path / "sources.toml").write_text(
        f'[[source]]\nkind = "clickhouse"\nurl = "{url}"\nusername = "monitor"\npassword_env = "CH_PASSWORD"\n'
        f'[[source]]\nkind = "exporter"\nurl = "{broker.url}"\n'
    )
    done = run(tmp_path, CH_PASSWORD=PASSWORD)

    assert done.returncode == 1
    assert f"DOWN clickhouse {url}: Reading {url} failed: nothing listens there" in done.stdout
    assert f"ok   exporter   {broker.url}" in done.stdout
    assert " of 43 metrics are there:" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


def test_a_file_that_cannot_be_used_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text('[[source]]\nkind = "flink"\nurll = "http://flink:8081"\n')
    done = run(tmp_path)

    assert done.returncode == 3
    assert done.stderr == "Error: sources.toml, line 3: urll cannot be used: there is no such key; is url meant?\n"


def test_without_sources_it_says_how_to_name_one(tmp_path: Path) -> None:
    done = run(tmp_path)

    assert done.returncode == 3
    assert "sources.example.toml" in done.stderr


def test_a_url_is_told_for_what_it_is_and_how_it_is_written_down(tmp_path: Path, broker: ExpositionServer) -> None:
    done = run(tmp_path, "test", broker.url)

    assert done.returncode == 0
    assert f"{broker.url} is of kind exporter (kafka_exporter)." in done.stdout
    assert "✓ consumer_group_lag " in done.stdout
    assert f'kind = "exporter"\nurl = "{broker.url}"\n' in done.stdout


def test_a_url_that_is_nothing_of_the_kind_is_told_why_for_every_kind(tmp_path: Path) -> None:
    page = Answer("<html>Welcome</html>", content_type="text/html")
    with ExpositionServer({"/": page, "/metrics": page}) as server:
        done = run(tmp_path, "test", server.url.removesuffix("/metrics"), "--json")
    refusals = {refusal["kind"]: refusal["reason"] for refusal in json.loads(done.stdout)["refusals"]}

    assert done.returncode == 3
    assert set(refusals) == {"exporter", "flink", "clickhouse", "prometheus"}
    assert "a web page" in refusals["exporter"]


def test_a_login_for_a_test_stands_in_the_environment(tmp_path: Path, broker: ExpositionServer) -> None:
    login = ("--username", "scraper", "--password-env", "SCRAPE_WORD")
    kept = {"SCRAPE_WORD": PASSWORD}
    before = len(broker.requests)
    done = run(tmp_path, "test", broker.url, *login, **kept)
    sent = {headers.get("authorization") for _, headers in broker.requests[before:]}
    missing = run(tmp_path, "test", broker.url, "--token-env", "NOT_THERE")

    assert sent == {"Basic c2NyYXBlcjp3MHJkLW5vYm9keS1zZWVz"}
    assert 'username = "scraper"\npassword_env = "SCRAPE_WORD"\n' in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    assert missing.returncode == 3
    assert "the environment has no variable NOT_THERE" in missing.stderr


def test_a_missing_metric_is_told_when_it_was_last_stored(
    tmp_path: Path, broker: ExpositionServer, store: Store, settings: Settings
) -> None:
    (tmp_path / "sources.toml").write_text(f'[[source]]\nkind = "exporter"\nurl = "{broker.url}"\n')
    url = str(settings.database_url)
    now = utc_now()
    store.samples.write(
        Block.of([Sample(now - timedelta(hours=hours), "flink", "orders", "checkpoint_age", 5.0) for hours in (2, 3)])
    )
    simulated = origins(run(tmp_path, "--json", DATABASE_URL=url))["checkpoint_age"]
    store.set("origin", {"kind": "real"})
    done = run(tmp_path, "--json", DATABASE_URL=url)
    shown = run(tmp_path, DATABASE_URL=url)
    found = origins(done)

    assert simulated["was_stored"] is False
    assert found["checkpoint_age"]["was_stored"] is True
    assert found["checkpoint_age"]["last_stored"] == iso(now - timedelta(hours=2))
    assert found["produce_latency_p99"]["was_stored"] is False
    assert found["consumer_group_lag"]["was_stored"] is None
    assert re.search(r"checkpoint_age .*\n.*switch on: .*\n +last stored 2\S+ \S+ UTC, missing for 2 h", shown.stdout)


def test_no_database_is_started_to_ask_it(tmp_path: Path, broker: ExpositionServer) -> None:
    (tmp_path / "sources.toml").write_text(f'[[source]]\nkind = "exporter"\nurl = "{broker.url}"\n')
    found = origins(run(tmp_path, "--json", DATA_DIR=str(tmp_path / "data")))

    assert found["checkpoint_age"]["was_stored"] is None
    assert not (tmp_path / "data").exists()


def test_a_database_that_is_away_takes_nothing_from_the_survey(tmp_path: Path, broker: ExpositionServer) -> None:
    (tmp_path / "sources.toml").write_text(f'[[source]]\nkind = "exporter"\nurl = "{broker.url}"\n')
    done = run(tmp_path, DATABASE_URL=f"postgresql://monitor:{PASSWORD}@127.0.0.1:{free_port()}/monitoring")

    assert done.returncode == 0
    assert "✓ consumer_group_lag " in done.stdout
    assert "note: when missing metrics were last stored is not known: The database cannot be reached" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
