"""One read of a Kafka cluster through confluent-kafka; what cannot be read is noted and costs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from monitoring.collectors.exposition import PageSeries
from monitoring.collectors.fetch import Bounds

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

MOST_PARTITIONS = 20_000
MOST_GROUPS = 500
"""What is beyond is left out and noted: let kafka_exporter gather it."""
MOST_NAMED = 5
"""So many are named in one note."""

_CONTROLLER = "kafka_controller_KafkaController_"


class Look:
    """One read. `unanswered` says whether requests got no answer, which may still come."""

    def __init__(self, client: AdminClient, bounds: Bounds, groups: Sequence[str]) -> None:
        self._client = client
        self._bounds = bounds
        self._groups = groups
        self.notes: list[str] = []
        self.unanswered = False

    def series(self) -> Iterator[PageSeries]:
        found = self._client.list_topics(timeout=self._bounds.left)
        yield PageSeries("kafka_brokers", {}, float(len(found.brokers)))
        yield PageSeries(_CONTROLLER + "ActiveControllerCount", {}, float(found.controller_id >= 0))
        partitions = self._partitions(found)
        # A leader or replica on a broker that is not there is none, whether or not that was decided already.
        led = [(topic, int(one.id)) for topic, one in partitions if one.leader in found.brokers]
        yield PageSeries(_CONTROLLER + "OfflinePartitionsCount", {}, float(len(partitions) - len(led)))
        for topic, one in partitions:
            labels = {"topic": topic, "partition": str(one.id)}
            behind = float(len(found.brokers.keys() & set(one.isrs)) < len(one.replicas))
            yield PageSeries("kafka_topic_partition_under_replicated_partition", labels, behind)
        ends = self._ends(led)
        for (topic, number), end in ends.items():
            labels = {"topic": topic, "partition": str(number)}
            yield PageSeries("kafka_topic_partition_current_offset", labels, float(end))
        yield from self._behind(self._named(), ends)

    def _note(self, failed: _Failures) -> None:
        self.notes += failed.notes()
        self.unanswered |= failed.silence

    def _partitions(self, found: Any) -> list[tuple[str, Any]]:
        """Those of all topics but Kafka's own, with the name of their topic."""
        topics = {str(name): about for name, about in found.topics.items() if not str(name).startswith("__")}
        failed = _Failures("topic")
        for name, about in topics.items():
            if about.error is not None:
                failed.add(name, about.error)
        self._note(failed)
        partitions = [
            (name, one) for name, about in topics.items() if about.error is None for one in about.partitions.values()
        ]
        if len(partitions) > MOST_PARTITIONS:
            self.notes.append(f"only the first {MOST_PARTITIONS} of {len(partitions)} partitions are read")
        return partitions[:MOST_PARTITIONS]

    def _ends(self, partitions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """How far each partition is written; a topic that may not be asked about is noted."""
        from confluent_kafka import KafkaException, TopicPartition, admin

        if not partitions:
            return {}
        library: Any = admin  # whose types do not tell of this class
        newest = library.OffsetSpec.latest()
        asked = {TopicPartition(topic, number): newest for topic, number in partitions}
        # A broker that does not answer must leave time for the groups.
        futures = self._client.list_offsets(asked, request_timeout=self._bounds.left / 2)
        ends: dict[tuple[str, int], int] = {}
        failed = _Failures("topic")
        for at, future in futures.items():
            try:
                offset = int(future.result(self._bounds.left).offset)
            except (KafkaException, TimeoutError) as error:
                failed.add(at.topic, error)
                continue
            if offset >= 0:
                ends[(at.topic, at.partition)] = offset
        self._note(failed)
        return ends

    def _named(self) -> Sequence[str]:
        from confluent_kafka import KafkaException

        if self._groups:
            return self._groups
        try:
            listed = self._client.list_consumer_groups(request_timeout=self._bounds.left / 2).result(self._bounds.left)
        except (KafkaException, TimeoutError) as error:
            listed, errors = None, [error]
        else:
            errors = list(listed.errors)
        self.unanswered |= any(map(_is_silence, errors))
        for reason in dict.fromkeys(map(words_of, errors)):
            self.notes.append(f"consumer groups cannot be listed in full ({reason}); name them in groups")
        names = sorted(str(group.group_id) for group in listed.valid) if listed else []
        if len(names) > MOST_GROUPS:
            self.notes.append(f"only the first {MOST_GROUPS} of {len(names)} consumer groups are read")
        return names[:MOST_GROUPS]

    def _behind(self, groups: Sequence[str], ends: dict[tuple[str, int], int]) -> Iterator[PageSeries]:
        """Where the groups stand. All are asked at once, so that one that gets no answer costs the others nothing."""
        from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition

        if not ends:
            return
        # The library's own time-out comes first: it says what was waited for.
        wait = 0.8 * self._bounds.left
        asked = [(group, ConsumerGroupTopicPartitions(group, [TopicPartition(*at) for at in ends])) for group in groups]
        futures = {
            group: self._client.list_consumer_group_offsets([one], request_timeout=wait)[group] for group, one in asked
        }
        failed = _Failures("consumer group")
        for group, future in futures.items():
            try:
                stands = future.result(self._bounds.left).topic_partitions or ()
            except (KafkaException, TimeoutError) as error:
                failed.add(group, error)
                continue
            yield from _lags(group, stands, ends)
        self._note(failed)


def _lags(group: str, stands: Sequence[Any], ends: dict[tuple[str, int], int]) -> Iterator[PageSeries]:
    """Partitions a group has committed nothing of have an offset below 0, and no lag."""
    for at in stands:
        if at.offset < 0 or at.error is not None:
            continue
        labels = {"consumergroup": group, "topic": at.topic, "partition": str(at.partition)}
        yield PageSeries("kafka_consumergroup_current_offset", labels, float(at.offset))
        behind = max(0, ends[(at.topic, at.partition)] - at.offset)
        yield PageSeries("kafka_consumergroup_lag", labels, float(behind))


def words_of(error: Any) -> str:
    """What Kafka says; of the library's own preface only what comes after it."""
    about = _about(error)
    text = str(about.str() if hasattr(about, "str") else about) or "no answer in time"
    return text.rpartition("response failure: ")[2]


def _about(error: Any) -> Any:
    return error.args[0] if isinstance(error, Exception) and error.args else error


def _is_silence(error: Any) -> bool:
    """Whether nothing was said at all, rather than something that was refused."""
    from confluent_kafka import KafkaError

    about = _about(error)
    local = (KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._WAIT_COORD)
    return isinstance(error, TimeoutError) or (isinstance(about, KafkaError) and about.code() in local)


class _Failures:
    """What of one sort could not be read, by reason: a note for each, however many there are."""

    def __init__(self, sort: str) -> None:
        self._sort = sort
        self._by_reason: dict[str, list[str]] = {}
        self.silence = False

    def add(self, name: str, error: Any) -> None:
        self.silence |= _is_silence(error)
        names = self._by_reason.setdefault(words_of(error), [])
        if name not in names:
            names.append(name)

    def notes(self) -> list[str]:
        return [self._note(reason, names) for reason, names in self._by_reason.items()]

    def _note(self, reason: str, names: Sequence[str]) -> str:
        shown = ", ".join(name[:100] for name in names[:MOST_NAMED])
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return f"{self._sort} {shown}{more} {'is' if len(names) == 1 else 'are'} not read ({reason})"
