"""Silence: what has stopped is told from what is merely quiet, and told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

import pytest

from monitoring.anomalies import Finding
from monitoring.blocks import Block, to_micros
from monitoring.detection.absence import find_silence, owner
from monitoring.detection.memory import Memory
from monitoring.metrics import ANY, Sample, SeriesKey
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import START, at, samples, ticks

DAY = 86_400


def kafka(instance: str = "broker-1", metric: str = "under_replicated_partitions") -> SeriesKey:
    return SeriesKey("kafka", instance, metric)


def running(
    keys: Iterable[SeriesKey], count: int, first: float = 0, step: float = 30, value: float = 0.0
) -> list[Sample]:
    return list(chain.from_iterable(samples(key, [value] * count, first, step) for key in keys))


def silences(given: Iterable[Sample], until: float, step: float = 30) -> Mapping[float, list[Finding]]:
    """What is found silent at each tick, by seconds after the start."""
    memory = Memory()
    found: dict[float, list[Finding]] = {}
    for moment, block in ticks(given, until, step):
        memory.absorb(block)
        found[(moment - START).total_seconds()] = find_silence(memory, CATALOGUE, to_micros(moment))
    return found


def told(findings: Iterable[Finding]) -> list[tuple[str | None, str, str]]:
    return sorted((f.no_data_cause, f.key.instance, f.key.metric) for f in findings)


class TestWhatIsSilent:
    def test_a_quiet_series_is_not_silent(self) -> None:
        assert not any(silences(running([kafka()], 100), 99 * 30).values())

    def test_a_series_is_silent_when_three_samples_are_missing(self) -> None:
        given = running([kafka(), kafka(metric="isr_shrink_rate"), kafka("broker-2")], 10)
        given += running([kafka("broker-2"), kafka(metric="isr_shrink_rate")], 30, first=300)
        found = silences(given, 900)
        assert not found[360]
        assert told(found[390]) == [("series_stopped", "broker-1", "under_replicated_partitions")]
        assert found[390][0].since == at(300)

    def test_an_instance_all_of_whose_series_stopped_is_one_finding(self) -> None:
        gone = [
            kafka(metric=name) for name in ("under_replicated_partitions", "isr_shrink_rate", "broker_heap_used_ratio")
        ]
        given = running(gone, 10) + running([kafka("broker-2")], 40)
        assert told(silences(given, 900)[600]) == [("instance_gone", "broker-1", ANY)]

    def test_a_node_and_its_tables_and_disks_are_one_instance(self) -> None:
        gone = [
            SeriesKey("clickhouse", "node-1", "running_queries"),
            SeriesKey("clickhouse", "node-1/db.events", "max_parts_per_partition"),
            SeriesKey("clickhouse", "node-1/default", "disk_free_ratio"),
        ]
        given = running(gone, 10) + running([SeriesKey("clickhouse", "node-2", "running_queries")], 40)
        assert told(silences(given, 900)[600]) == [("instance_gone", "node-1", ANY)]

    def test_a_consumer_group_and_topic_is_an_instance_of_its_own(self) -> None:
        assert owner(SeriesKey("kafka", "group/topic", "consumer_group_lag"), CATALOGUE) == "group/topic"
        assert owner(SeriesKey("flink", "job/task", "task_busy_ratio"), CATALOGUE) == "job"

    def test_a_stopped_collector_is_exactly_one_finding_at_every_tick(self) -> None:
        keys = [kafka(f"broker-{n}", name) for n in range(3) for name in ("isr_shrink_rate", "broker_heap_used_ratio")]
        found = silences(running(keys, 10), 1800)
        assert all(told(of) == [("collector_down", ANY, ANY)] for seconds, of in found.items() if seconds > 360)
        assert not any(of for seconds, of in found.items() if seconds <= 360)

    @pytest.mark.parametrize("stagger", [1, 7, 14, 29])
    def test_nor_is_it_more_where_instances_are_read_one_after_the_other(self, stagger: int) -> None:
        given = running([kafka("broker-1")], 20) + running([kafka("broker-2")], 20, first=stagger)
        given += running([kafka("broker-3", "isr_shrink_rate"), kafka("broker-3")], 20, first=stagger / 2)
        found = [told(of) for of in silences(given, 1800, step=1).values() if of]
        assert all(of == [("collector_down", ANY, ANY)] for of in found)
        assert found

    def test_nor_where_a_few_series_come_seldom(self) -> None:
        fast = [kafka(f"broker-{n}") for n in range(4)]
        given = running(fast, 61) + running([kafka("broker-1", "isr_shrink_rate")], 7, step=300)
        found = [told(of) for of in silences(given, 5400).values() if of]
        assert all(of == [("collector_down", ANY, ANY)] for of in found)
        assert found

    def test_other_components_go_on(self) -> None:
        given = running([kafka(), kafka("broker-2")], 10) + running([SeriesKey("flink", "job", "checkpoint_age")], 60)
        found = silences(given, 1700)[1500]
        assert [f.key.component for f in found] == ["kafka"]

    def test_what_returns_is_silent_no_more(self) -> None:
        given = running([kafka(), kafka("broker-2")], 10) + running([kafka(), kafka("broker-2")], 20, first=900)
        found = silences(given, 1400)
        assert found[870]
        assert not found[900]

    def test_two_samples_do_not_make_a_series_that_could_be_missed(self) -> None:
        assert not any(silences(running([kafka()], 2), 1800).values())


class TestPace:
    @pytest.mark.parametrize(("pace", "limit"), [(1, 90), (30, 90), (60, 180), (300, 900)])
    def test_how_long_is_too_long_follows_from_how_often_a_series_came(self, pace: int, limit: int) -> None:
        last = 20 * pace
        found = silences(running([kafka(), kafka("broker-2")], 21, step=pace), last + limit + pace, step=pace)
        assert not any(of for seconds, of in found.items() if seconds <= last + limit)
        assert any(of for seconds, of in found.items() if seconds > last + limit)

    def test_the_pace_is_known_from_a_block_of_several_samples(self) -> None:
        memory = Memory()
        memory.absorb(Block.of(samples(kafka(), [0.0] * 4, step=300)))
        assert memory.pace[0] == 300 * 1_000_000
        assert find_silence(memory, CATALOGUE, to_micros(at(900 + 600))) == []

    def test_a_single_gap_does_not_become_the_pace(self) -> None:
        given = running([kafka(), kafka("broker-2")], 20) + running([kafka(), kafka("broker-2")], 1, first=80 + 570)
        assert silences(given, 1000)[900]


class TestSeverity:
    def test_a_stopped_collector_is_critical_after_five_minutes(self) -> None:
        found = silences(running([kafka(), kafka("broker-2")], 11), 900)
        assert found[600][0].severity == "warning"
        assert found[630][0].severity == "critical"

    def test_a_single_stopped_series_stays_a_warning(self) -> None:
        keys = [kafka(), kafka(metric="isr_shrink_rate")]
        found = silences(running(keys, 10) + running(keys[1:], 100, first=300), 3000)
        assert {f.severity for of in found.values() for f in of} == {"warning"}

    def test_after_a_day_what_is_silent_has_ended(self) -> None:
        given = running([kafka()], 10) + running([kafka("broker-2")], (DAY + 3600) // 600, step=600)
        found = silences(given, DAY + 900, step=300)
        assert told(found[DAY]) == [("series_stopped", "broker-1", "under_replicated_partitions")]
        assert not found[DAY + 600]

    def test_it_says_in_words_what_is_silent_and_since_when(self) -> None:
        found = silences(running([kafka(), kafka("broker-2")], 11), 600)[600][0]
        assert (
            found.why == "no sample of any of the 2 kafka series has arrived for 5 min; a sample came every 30 s before"
        )
        assert found.due
