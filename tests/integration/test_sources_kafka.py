"""Kafka by its protocol, against the cluster that librdkafka plays: three brokers, a topic, a consumer group."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from monitoring.collectors.access import Access
from monitoring.collectors.kafka_protocol import KafkaSource, options_of
from monitoring.collectors.providers import BY_PROTOCOL
from monitoring.errors import CollectorError, ConfigurationError
from monitoring.settings import Settings, parse_settings
from platform_metrics_definition import CATALOGUE
from platform_monitoring_agent import open_platform
from tests.integration.kafka_cluster import (
    GROUP_FORBIDDEN,
    LIST_OFFSETS,
    OFFSET_FETCH,
    TOPIC_FORBIDDEN,
    KafkaCluster,
)
from tests.integration.real_servers import Faster, free_port, until

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
GROUP, TOPIC = "orders-enrich", "orders"
Values = dict[tuple[str, str], float]
Make = Callable[..., KafkaSource]


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    with KafkaCluster() as cluster:
        cluster.create(TOPIC, 3)
        cluster.produce(TOPIC, 100)
        cluster.commit(GROUP, TOPIC, 90)
        yield cluster


@pytest.fixture
def make(cluster: KafkaCluster) -> Iterator[Make]:
    """Makes sources that are closed in the end; without brokers they are those of the cluster."""
    with ExitStack() as made:

        def source(brokers: str = cluster.brokers, **more: Any) -> KafkaSource:
            found = KafkaSource(brokers, CATALOGUE, **more)
            made.callback(found.close)
            return found

        yield source


@pytest.fixture
def source(make: Make) -> KafkaSource:
    return make(groups=[GROUP])


def values(source: KafkaSource, seconds: float = 0) -> Values:
    return {(s.metric, s.instance): s.value for s in source.collect(T0 + timedelta(seconds=seconds))}


def test_brokers_controller_and_partitions_are_seen(source: KafkaSource) -> None:
    found = values(source)

    assert found["active_brokers", "cluster"] == 3
    assert found["active_controller_count", "cluster"] == 1
    assert found["offline_partitions", "cluster"] == 0
    assert found["under_replicated_partitions", "cluster"] == 0


def test_a_group_that_falls_behind_is_seen_in_messages_and_in_time(cluster: KafkaCluster, source: KafkaSource) -> None:
    behind = values(source)[("consumer_group_lag", f"{GROUP}/{TOPIC}")]
    for minute in range(1, 7):
        cluster.produce(TOPIC, 20)
        cluster.commit(GROUP, TOPIC, 90 + 10 * minute)
        found = values(source, 60 * minute)

    assert behind == 10
    assert found["consumer_group_lag", f"{GROUP}/{TOPIC}"] == 70
    assert {metric for metric, _ in found} == BY_PROTOCOL
    # It commits ten messages a minute.
    assert found["consumer_group_lag_seconds", f"{GROUP}/{TOPIC}"] == pytest.approx(70 / (10 / 60))
    assert found["messages_in_rate", TOPIC] == pytest.approx(20 / 60)


def test_a_group_that_has_committed_nothing_has_no_lag(cluster: KafkaCluster, make: Make) -> None:
    found = values(make(cluster.brokers, groups=["nobody"]))

    assert not [metric for metric, _ in found if metric == "consumer_group_lag"]


def test_where_groups_cannot_be_listed_the_rest_is_read_and_a_note_says_what_to_do(
    cluster: KafkaCluster, make: Make
) -> None:
    """As this cluster does: it knows no request for the names of groups."""
    source = make(cluster.brokers)
    found = values(source)

    assert found["active_brokers", "cluster"] == 3
    assert source.notes == (
        "consumer groups cannot be listed in full (Local: Required feature not supported by broker); "
        "name them in groups",
    )


def test_a_group_that_may_not_be_read_costs_only_itself(cluster: KafkaCluster, make: Make) -> None:
    source = make(cluster.brokers, groups=["payments", GROUP])
    cluster.coordinate("payments", 1)
    cluster.coordinate(GROUP, 2)
    cluster.refuse_next(1, OFFSET_FETCH, GROUP_FORBIDDEN)
    found = values(source)

    assert found["consumer_group_lag", f"{GROUP}/{TOPIC}"] > 0
    [note] = source.notes
    assert note == "consumer group payments is not read (Broker: Group authorization failed)"
    values(source)
    assert not source.notes


def test_a_topic_that_may_not_be_read_costs_only_itself(make: Make) -> None:
    with KafkaCluster(1) as cluster:
        cluster.create(TOPIC, 1)
        cluster.create("salaries", 1)
        cluster.produce(TOPIC, 10)
        cluster.commit(GROUP, TOPIC, 4)
        cluster.refuse_topic("salaries", TOPIC_FORBIDDEN)
        source = make(cluster.brokers, groups=[GROUP])
        found = values(source)

    assert found["consumer_group_lag", f"{GROUP}/{TOPIC}"] == 6
    assert found["offline_partitions", "cluster"] == 0
    assert source.notes == ("topic salaries is not read (Broker: Topic authorization failed)",)


def test_offsets_that_are_refused_leave_brokers_and_partitions(cluster: KafkaCluster, make: Make) -> None:
    source = make(cluster.brokers, groups=[GROUP])
    for broker in (1, 2, 3):
        cluster.refuse_next(broker, LIST_OFFSETS, TOPIC_FORBIDDEN)
    found = values(source)

    assert found["active_brokers", "cluster"] == 3
    assert source.notes == (f"topic {TOPIC} is not read (Broker: Topic authorization failed)",)


def test_a_broker_that_goes_down_and_comes_back_is_seen(make: Make) -> None:
    with KafkaCluster() as cluster:
        cluster.create(TOPIC, 3)
        cluster.produce(TOPIC, 10)
        for group, broker in (("near", 1), ("far", 2)):
            cluster.coordinate(group, broker)
            cluster.commit(group, TOPIC, 4)
        source = make(cluster.brokers, groups=["near", "far"], timeout=5.0)
        before = values(source)
        cluster.take_down(2)
        without = values(source, 30)
        notes = source.notes
        cluster.bring_back(2)
        after = values(source, 60)

    state = [
        ("active_brokers", "cluster"),
        ("offline_partitions", "cluster"),
        ("under_replicated_partitions", "cluster"),
    ]
    assert [before[key] for key in state] == [3, 0, 0]
    assert [without[key] for key in state] == [2, 1, 3]
    assert [after[key] for key in state] == [3, 0, 0]
    # The group that the lost broker looks after cannot be asked about, the other one can.
    assert without["consumer_group_lag", f"near/{TOPIC}"] == 6
    assert ("consumer_group_lag", f"far/{TOPIC}") not in without
    assert [note for note in notes if note.startswith("consumer group far is not read")]
    assert after["consumer_group_lag", f"far/{TOPIC}"] == 6


def test_a_client_that_broke_down_is_begun_anew(source: KafkaSource) -> None:
    """As librdkafka does now and then, by a call of abort."""
    values(source)
    broken = source._client
    assert broken is not None
    broken.kill()

    assert values(source, 30)["active_brokers", "cluster"] == 3
    assert source._client is not broken


def test_a_read_can_be_ended_at_any_time(make: Make) -> None:
    source = make(f"127.0.0.1:{free_port()}", timeout=60.0)
    Timer(2.0, source.close).start()
    with pytest.raises(CollectorError, match="reading it was stopped"):
        source.collect(T0)


def test_brokers_that_are_gone_are_told_of_in_time(make: Make) -> None:
    source = make(f"127.0.0.1:{free_port()}", timeout=5.0)
    with pytest.raises(CollectorError, match=r"Reading kafka://127\.0\.0\.1:\d+ failed: it cannot be read"):
        source.collect(T0)


def test_a_login_and_certificates_are_handed_on_and_not_shown(make: Make) -> None:
    access = Access("monitor", "w0rd-nobody-sees", ca_file=Path("ca.pem"))
    told = options_of("b:9093", "SCRAM-SHA-512", True, access)
    source = make(f"127.0.0.1:{free_port()}", timeout=4.0, access=Access("monitor", "w0rd"))
    with pytest.raises(CollectorError) as caught:
        source.collect(T0)

    assert told["security.protocol"] == "SASL_SSL"
    assert (told["sasl.username"], told["sasl.password"]) == ("monitor", "w0rd-nobody-sees")
    assert (told["sasl.mechanism"], told["ssl.ca.location"]) == ("SCRAM-SHA-512", str(Path("ca.pem").absolute()))
    assert "w0rd" not in str(caught.value)
    assert options_of("b:9092", "", False, Access())["security.protocol"] == "PLAINTEXT"


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(ConfigurationError, match="pip install confluent-kafka"):
        KafkaSource("b:9092", CATALOGUE)


def test_a_broker_that_is_lost_is_found_explained_and_resolved(settings: Settings, tmp_path: Path) -> None:
    """By the product as people run it, with the cluster as its only source."""
    file = tmp_path / "sources.toml"
    with KafkaCluster() as cluster:
        cluster.create(TOPIC, 3)
        file.write_text(
            f'[[source]]\nkind = "kafka"\nbrokers = "{cluster.brokers}"\ngroups = ["{GROUP}"]\ninterval = 20\n'
        )
        given = {"DATABASE_URL": str(settings.database_url), "DATA_DIR": str(tmp_path), "SOURCES_FILE": str(file)}
        platform = open_platform(parse_settings(given), clock=Faster())

        def is_open() -> bool:
            platform.catch_up()
            rows = platform.check(60).to_json()["anomalies"]
            return any(row["metric"] == "offline_partitions" and row["resolved_at"] is None for row in rows)

        try:
            for _ in range(3):
                assert not is_open()
            cluster.take_down(2)
            until(is_open, 60, 0.3)
            answer = platform.ask("What is wrong with Kafka?")
            cluster.bring_back(2)
            until(lambda: not is_open(), 60, 0.3)
        finally:
            platform.close()

    assert "offline" in answer.answer
    assert answer.grounded
