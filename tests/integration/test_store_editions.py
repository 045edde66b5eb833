"""What each edition of TimescaleDB is used for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitoring.metrics import Sample
from monitoring.store.store import Store
from tests.integration.samples_by_hand import LAG, NOON, block, line
from tests.integration.test_store_rollups import HOUR, ask, assert_complete, rolled_up

pytestmark = pytest.mark.store


def policies(store: Store, name: str) -> list[tuple[Any, ...]]:
    return ask(
        store,
        "SELECT hypertable_name, schedule_interval, config FROM timescaledb_information.jobs WHERE proc_name = %s",
        name,
    )


@pytest.fixture
def community(store: Store) -> Store:
    if store.edition != "timescaledb":
        pytest.skip("needs TimescaleDB Community")
    return store


def test_samples_are_a_hypertable_in_chunks_of_a_day(store: Store) -> None:
    if store.edition == "postgresql":
        pytest.skip("needs TimescaleDB")
    found = ask(
        store,
        "SELECT time_interval FROM timescaledb_information.dimensions WHERE hypertable_name = 'samples'",
    )
    assert found == [(timedelta(days=1),)]


def test_samples_on_plain_postgresql_have_a_partition_for_each_day(store: Store) -> None:
    if store.edition != "postgresql":
        pytest.skip("needs a server without TimescaleDB")
    store.samples.write(block([Sample(NOON + timedelta(days=n), *LAG, 1.0) for n in range(3)]))
    assert sorted(row["name"] for row in store.query("day_partitions")) == [
        "samples_20260304",
        "samples_20260305",
        "samples_20260306",
    ]


def test_the_store_says_what_it_runs_on(store: Store) -> None:
    said = store.describe()
    assert said["edition"] == store.edition
    assert said["server"].startswith("PostgreSQL ")
    assert (said["timescaledb"] is None) == (store.edition == "postgresql")
    assert said["embedded"] is False


@pytest.mark.community
def test_rollups_are_continuous_aggregates_with_a_real_time_tail(community: Store) -> None:
    found = ask(
        community,
        "SELECT view_name, materialized_only FROM timescaledb_information.continuous_aggregates ORDER BY 1",
    )
    assert found == [("rollup_1h", False), ("rollup_1m", False)]


@pytest.mark.community
def test_each_rollup_has_a_refresh_policy_and_samples_a_compression_policy(community: Store) -> None:
    assert len(policies(community, "policy_refresh_continuous_aggregate")) == 2
    (compression,) = policies(community, "policy_compression")
    assert compression[0] == "samples"
    assert "1 day" in str(compression[2])


@pytest.mark.community
def test_retention_policies_follow_the_settings(community: Store) -> None:
    for days in (30, 12):
        community.rollups.forget(NOON, days, 730)
        found = policies(community, "policy_retention")
        assert len(found) == 3
        assert {config["drop_after"] for name, _, config in found if name == "samples"} == {f"{days} days"}
        assert {config["drop_after"] for name, _, config in found if name != "samples"} == {"730 days"}


@pytest.mark.community
def test_setting_the_same_retention_again_leaves_the_policies_alone(community: Store) -> None:
    jobs = "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = 'policy_retention' ORDER BY 1"
    community.rollups.forget(NOON, 30, 730)
    before = ask(community, jobs)
    community.rollups.forget(NOON, 30, 730)
    assert ask(community, jobs) == before


@pytest.mark.community
def test_a_compressed_day_still_takes_late_samples(community: Store) -> None:
    samples = line(LAG, NOON - 3 * HOUR, NOON, 5)
    community.samples.write(block(samples))
    community.rollups.refresh(NOON)
    assert len(ask(community, "SELECT compress_chunk(c) FROM show_chunks('samples') c")) == 1
    late = Sample(NOON - 2 * HOUR + timedelta(seconds=3), *LAG, 50.0)
    written = community.samples.write(block([late], samples))
    assert (written.stored, written.duplicates) == (1, len(samples))
    assert_complete(community)
    community.rollups.refresh(NOON)
    assert_complete(community)
    assert rolled_up(community, "platform_metrics_1h")[(NOON - 2 * HOUR, *LAG)][3] == 50.0


@pytest.mark.community
def test_rollups_outlive_samples_that_the_retention_policy_dropped(community: Store) -> None:
    old = NOON - timedelta(days=40)
    community.samples.write(block(line(LAG, old, old + HOUR, 5), line(LAG, NOON - HOUR, NOON, 6)))
    community.rollups.refresh(NOON)
    before = rolled_up(community, "platform_metrics_1h")
    ask(community, "SELECT drop_chunks('samples', older_than => %s)", NOON - timedelta(days=30))
    assert rolled_up(community, "platform_metrics_1h") == before
    community.rollups.refresh(NOON + HOUR)
    assert rolled_up(community, "platform_metrics_1h") == before
