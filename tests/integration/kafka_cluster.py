"""A Kafka cluster on loopback, played by librdkafka: brokers that can be taken down, requests that can be refused.

confluent-kafka brings librdkafka as a shared library, and only its C interface has the mock cluster in full.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from types import TracebackType
from typing import Self

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition

LIST_OFFSETS, OFFSET_FETCH = 2, 9
"""Kinds of requests, by their numbers in Kafka's protocol."""
TOPIC_FORBIDDEN, GROUP_FORBIDDEN = 29, 30
_PRODUCER = 0
_SIGNATURES = {
    "rd_kafka_conf_new": (ctypes.c_void_p, []),
    "rd_kafka_conf_set": (ctypes.c_int, [ctypes.c_void_p, *[ctypes.c_char_p] * 3, ctypes.c_size_t]),
    "rd_kafka_new": (ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_destroy": (None, [ctypes.c_void_p]),
    "rd_kafka_mock_cluster_new": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
    "rd_kafka_mock_cluster_destroy": (None, [ctypes.c_void_p]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [ctypes.c_void_p]),
    "rd_kafka_mock_topic_create": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
    "rd_kafka_mock_topic_set_error": (None, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]),
    "rd_kafka_mock_partition_set_leader": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32],
    ),
    "rd_kafka_mock_coordinator_set": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int32],
    ),
    "rd_kafka_mock_broker_set_down": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int32]),
    "rd_kafka_mock_broker_set_up": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int32]),
    "rd_kafka_mock_broker_push_request_error_rtts": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int16, ctypes.c_size_t, ctypes.c_int, ctypes.c_int],
    ),
}


def _library() -> ctypes.CDLL:
    packages = Path(confluent_kafka.__file__).parent.parent
    [file] = (packages / "confluent_kafka.libs").glob("librdkafka*")
    library = ctypes.CDLL(str(file))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class KafkaCluster:
    """`brokers` are numbered from 1 on; partition N of a topic is led by broker N + 1."""

    def __init__(self, count: int = 3) -> None:
        self._library = _library()
        said = ctypes.create_string_buffer(512)
        conf = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(conf, b"log_level", b"2", said, len(said))
        self._client = self._library.rd_kafka_new(_PRODUCER, conf, said, len(said))
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, count)
        self._count = count
        self.brokers = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self._producer = Producer({"bootstrap.servers": self.brokers, "log_level": 2})

    def create(self, topic: str, partitions: int) -> None:
        self._done(self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, self._count))
        for number in range(partitions):
            leader = number % self._count + 1
            self._done(self._library.rd_kafka_mock_partition_set_leader(self._cluster, topic.encode(), number, leader))

    def coordinate(self, group: str, broker: int) -> None:
        """Make a broker the one that is asked about a group."""
        self._done(self._library.rd_kafka_mock_coordinator_set(self._cluster, b"group", group.encode(), broker))

    def take_down(self, broker: int) -> None:
        self._done(self._library.rd_kafka_mock_broker_set_down(self._cluster, broker))

    def bring_back(self, broker: int) -> None:
        self._done(self._library.rd_kafka_mock_broker_set_up(self._cluster, broker))

    def refuse_next(self, broker: int, request: int, error: int) -> None:
        """The next request of a kind to a broker is refused."""
        push = self._library.rd_kafka_mock_broker_push_request_error_rtts
        self._done(push(self._cluster, broker, request, 1, error, 0))

    def refuse_topic(self, topic: str, error: int) -> None:
        self._library.rd_kafka_mock_topic_set_error(self._cluster, topic.encode(), error)

    def produce(self, topic: str, count: int, partition: int = 0) -> None:
        for number in range(count):
            self._producer.produce(topic, str(number).encode(), partition=partition)
        assert self._producer.flush(30) == 0

    def commit(self, group: str, topic: str, offset: int, partition: int = 0) -> None:
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": group, "log_level": 2})
        consumer.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
        consumer.close()

    def stop(self) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @staticmethod
    def _done(error: int) -> None:
        assert error == 0, f"librdkafka refused with {error}"
