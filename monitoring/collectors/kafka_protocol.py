"""Kafka by its own protocol: brokers, controller, partitions, and how far consumer groups are behind.

It needs `confluent-kafka`, which is not installed with the product. What it learns is written down as the
series of kafka_exporter, and those of a controller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.exposition import Page, PageSeries, page_of
from monitoring.collectors.fetch import Bounds
from monitoring.collectors.mapping import KAFKA
from monitoring.collectors.paged import PagedSource
from monitoring.errors import CollectorError, ConfigurationError
from monitoring.metrics import Catalogue

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

MOST_PARTITIONS = 20_000
MOST_GROUPS = 500
"""What is beyond is left out and noted: let kafka_exporter gather it."""

_CONTROLLER = "kafka_controller_KafkaController_"


class KafkaSource(PagedSource):
    """One Kafka cluster, by some of its brokers as `host:port,host:port`.

    `groups` are the consumer groups to look at, by default all. Raises `ConfigurationError` without
    `confluent-kafka`.
    """

    def __init__(
        self,
        brokers: str,
        catalogue: Catalogue,
        *,
        groups: Sequence[str] = (),
        mechanism: str = "",
        tls: bool = False,
        timeout: float = 10.0,
        access: Access = PUBLIC,
    ) -> None:
        try:
            import confluent_kafka  # noqa: F401
        except ImportError:
            raise ConfigurationError(
                "A source of kind kafka needs confluent-kafka: pip install confluent-kafka."
            ) from None
        super().__init__(SplitResult("kafka", brokers, "", "", ""), catalogue, KAFKA, timeout=timeout, access=access)
        self._groups = tuple(groups)
        self._options = options_of(brokers, mechanism, tls, access)
        self._client: AdminClient | None = None

    def look(self, now: datetime, bounds: Bounds) -> Page:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        del now
        bounds.begin()
        try:
            # The client finds brokers that were replaced by itself, so it is kept.
            self._client = self._client or AdminClient(self._options)
            look = _Look(self._client, bounds, self._groups)
            series = list(look.series())
        except (KafkaException, TimeoutError) as error:
            raise CollectorError(_reason(error, bounds)) from None
        self.notes = tuple(look.notes)
        return page_of(series)

    def unknown(self, page: Page) -> str:
        del page
        return "it has told nothing of itself"


def options_of(brokers: str, mechanism: str, tls: bool, access: Access) -> dict[str, Any]:
    """What the client is told; librdkafka's own lines are left out of the log, as errors say the same."""
    login = bool(access.username)
    protocol = ("SASL_" if login else "") + ("SSL" if tls else "PLAINTEXT")
    options: dict[str, Any] = {"bootstrap.servers": brokers, "security.protocol": protocol, "log_level": 2}
    if login:
        options |= {"sasl.mechanism": mechanism or "PLAIN", "sasl.username": access.username}
        options["sasl.password"] = access.password or ""
    files = {"ssl.ca.location": access.ca_file, "ssl.certificate.location": access.cert_file}
    files["ssl.key.location"] = access.key_file
    return options | {name: str(file) for name, file in files.items() if file is not None}


def _reason(error: Exception, bounds: Bounds) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not answer in full within {bounds.timeout:g} s"
    about: Any = error.args[0] if error.args else error
    return f"it cannot be read ({about.str() if hasattr(about, 'str') else about})"


class _Look:
    """One read of a cluster."""

    def __init__(self, client: AdminClient, bounds: Bounds, groups: Sequence[str]) -> None:
        self._client = client
        self._bounds = bounds
        self._groups = groups
        self.notes: list[str] = []

    def series(self) -> Iterator[PageSeries]:
        found = self._client.list_topics(timeout=self._bounds.left)
        yield PageSeries("kafka_brokers", {}, float(len(found.brokers)))
        yield PageSeries(_CONTROLLER + "ActiveControllerCount", {}, float(found.controller_id >= 0))
        partitions = [
            (str(topic), partition)
            for topic, about in found.topics.items()
            for partition in about.partitions.values()
            if not str(topic).startswith("__")
        ]
        if len(partitions) > MOST_PARTITIONS:
            self.notes.append(f"only the first {MOST_PARTITIONS} of {len(partitions)} partitions are read")
            partitions = partitions[:MOST_PARTITIONS]
        offline = sum(partition.leader < 0 for _, partition in partitions)
        yield PageSeries(_CONTROLLER + "OfflinePartitionsCount", {}, float(offline))
        for topic, partition in partitions:
            labels = {"topic": topic, "partition": str(partition.id)}
            behind = float(len(partition.isrs) < len(partition.replicas))
            yield PageSeries("kafka_topic_partition_under_replicated_partition", labels, behind)
        led = [(topic, int(partition.id)) for topic, partition in partitions if partition.leader >= 0]
        ends = self._ends(led)
        for (topic, number), end in ends.items():
            labels = {"topic": topic, "partition": str(number)}
            yield PageSeries("kafka_topic_partition_current_offset", labels, float(end))
        for group in self._named():
            yield from self._group(group, ends)

    def _ends(self, partitions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """How far each partition is written."""
        from confluent_kafka import TopicPartition, admin

        if not partitions:
            return {}
        library: Any = admin  # whose types do not tell of this class
        newest = library.OffsetSpec.latest()
        asked = {TopicPartition(topic, number): newest for topic, number in partitions}
        futures = self._client.list_offsets(asked, request_timeout=self._bounds.left)
        return {(at.topic, at.partition): int(one.result(self._bounds.left).offset) for at, one in futures.items()}

    def _named(self) -> Sequence[str]:
        if self._groups:
            return self._groups
        listed = self._client.list_consumer_groups(request_timeout=self._bounds.left).result(self._bounds.left)
        names = sorted(str(group.group_id) for group in listed.valid)
        if len(names) > MOST_GROUPS:
            self.notes.append(f"only the first {MOST_GROUPS} of {len(names)} consumer groups are read")
        return names[:MOST_GROUPS]

    def _group(self, group: str, ends: dict[tuple[str, int], int]) -> Iterator[PageSeries]:
        """Where a group stands; -1 is kafka_exporter's word for a partition it has committed nothing of."""
        from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

        asked = ConsumerGroupTopicPartitions(group, [TopicPartition(*at) for at in ends])
        future = self._client.list_consumer_group_offsets([asked], request_timeout=self._bounds.left)[group]
        for at in future.result(self._bounds.left).topic_partitions or ():
            if at.offset < 0:
                continue
            labels = {"consumergroup": group, "topic": at.topic, "partition": str(at.partition)}
            yield PageSeries("kafka_consumergroup_current_offset", labels, float(at.offset))
            behind = max(0, ends[(at.topic, at.partition)] - at.offset)
            yield PageSeries("kafka_consumergroup_lag", labels, float(behind))
