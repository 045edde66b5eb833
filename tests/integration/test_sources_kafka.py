"""Kafka by its protocol, against the cluster that librdkafka plays: three brokers, a topic, a consumer group."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from monitoring.collectors.access import Access
from monitoring.collectors.kafka_protocol import KafkaSource, options_of
from monitoring.errors import CollectorError, ConfigurationError
from platform_metrics_definition import CATALOGUE
from tests.integration.real_servers import free_port

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
GROUP, TOPIC = "orders-enrich", "orders"
Values = dict[tuple[str, str], float]


@dataclass
class Cluster:
    """The producer that carries the cluster within itself."""

    producer: Producer
    brokers: str

    def produce(self, count: int) -> None:
        for number in range(count):
            self.producer.produce(TOPIC, str(number).encode(), partition=0)
        assert self.producer.flush(10) == 0

    def commit(self, offset: int) -> None:
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": GROUP, "log_level": 2})
        consumer.commit(offsets=[TopicPartition(TOPIC, 0, offset)], asynchronous=False)
        consumer.close()


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    producer = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "mock", "log_level": 2})
    found = producer.list_topics(timeout=60).brokers.values()
    cluster = Cluster(producer, ",".join(f"{broker.host}:{broker.port}" for broker in found))
    cluster.produce(100)
    cluster.commit(90)
    return cluster


@pytest.fixture
def source(cluster: Cluster) -> KafkaSource:
    return KafkaSource(cluster.brokers, CATALOGUE, groups=[GROUP])


def values(source: KafkaSource, seconds: float = 0) -> Values:
    return {(s.metric, s.instance): s.value for s in source.collect(T0 + timedelta(seconds=seconds))}


def test_brokers_controller_and_partitions_are_seen(source: KafkaSource) -> None:
    found = values(source)

    assert found["active_brokers", "cluster"] == 3
    assert found["active_controller_count", "cluster"] == 1
    assert found["offline_partitions", "cluster"] == 0
    assert found["under_replicated_partitions", "cluster"] == 0


def test_a_group_that_falls_behind_is_seen_in_messages_and_in_time(cluster: Cluster, source: KafkaSource) -> None:
    behind = values(source)[("consumer_group_lag", f"{GROUP}/{TOPIC}")]
    for minute in range(1, 7):
        cluster.produce(20)
        cluster.commit(90 + 10 * minute)
        found = values(source, 60 * minute)

    assert behind == 10
    assert found["consumer_group_lag", f"{GROUP}/{TOPIC}"] == 70
    # It commits ten messages a minute.
    assert found["consumer_group_lag_seconds", f"{GROUP}/{TOPIC}"] == pytest.approx(70 / (10 / 60))
    assert found["messages_in_rate", TOPIC] == pytest.approx(20 / 60)


def test_a_group_that_has_committed_nothing_has_no_lag(cluster: Cluster) -> None:
    found = values(KafkaSource(cluster.brokers, CATALOGUE, groups=["nobody"]))

    assert not [metric for metric, _ in found if metric == "consumer_group_lag"]


def test_without_names_all_groups_are_looked_at(cluster: Cluster) -> None:
    assert ("active_brokers", "cluster") in values(KafkaSource(cluster.brokers, CATALOGUE))


def test_brokers_that_are_gone_are_told_of_in_time() -> None:
    source = KafkaSource(f"127.0.0.1:{free_port()}", CATALOGUE, timeout=1.0)
    with pytest.raises(CollectorError, match=r"Reading kafka://127\.0\.0\.1:\d+ failed: it cannot be read"):
        source.collect(T0)


def test_a_login_and_certificates_are_handed_on_and_not_shown() -> None:
    access = Access("monitor", "w0rd-nobody-sees", ca_file=Path("ca.pem"))
    told = options_of("b:9093", "SCRAM-SHA-512", True, access)
    source = KafkaSource(f"127.0.0.1:{free_port()}", CATALOGUE, timeout=0.5, access=Access("monitor", "w0rd"))
    with pytest.raises(CollectorError) as caught:
        source.collect(T0)

    assert told["security.protocol"] == "SASL_SSL"
    assert (told["sasl.username"], told["sasl.password"]) == ("monitor", "w0rd-nobody-sees")
    assert (told["sasl.mechanism"], told["ssl.ca.location"]) == ("SCRAM-SHA-512", "ca.pem")
    assert "w0rd" not in str(caught.value)
    assert options_of("b:9092", "", False, Access())["security.protocol"] == "PLAINTEXT"


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(ConfigurationError, match="pip install confluent-kafka"):
        KafkaSource("b:9092", CATALOGUE)
