"""Stalled: an output at zero while its input flows; quiet is not stalled, and not knowing is not either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest

from monitoring.anomalies import Finding
from monitoring.blocks import to_micros
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import Memory
from monitoring.detection.stalled import Stalled
from monitoring.metrics import Sample, SeriesKey
from monitoring.watch import Watch
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import START, at, samples, ticks

TOPIC = SeriesKey("kafka", "orders", "messages_in_rate")
JOB = SeriesKey("flink", "enrich", "job_records_out_rate")
PENDING = SeriesKey("flink", "enrich", "source_pending_records")
ROWS = SeriesKey("clickhouse", "ch-1", "inserted_rows_rate")
HOUR = 120
FLOWS, STOPS = [500.0] * (HOUR + 40), [500.0] * HOUR + [0.0] * 40
STOPPED = 3600
"""When the output of `STOPS` is first zero, in seconds."""
END = 30.0 * (HOUR + 39)


def found(given: Iterable[Sample], until: float = END) -> Mapping[float, list[Finding]]:
    """What stands still at each tick, by seconds after the start."""
    memory = Memory()
    stalled = Stalled(CATALOGUE, Lookup(memory))
    told: dict[float, list[Finding]] = {}
    for moment, block in ticks(given, until):
        memory.absorb(block)
        told[(moment - START).total_seconds()] = stalled.judge(to_micros(moment))
    return told


def due(told: Mapping[float, list[Finding]]) -> dict[str, float]:
    """When each metric was first found to stand still for long enough."""
    first: dict[str, float] = {}
    for seconds, findings in told.items():
        for finding in findings:
            if finding.due:
                first.setdefault(finding.key.metric, seconds)
    return first


def series(**values: Sequence[float]) -> list[Sample]:
    keys = {"topic": TOPIC, "job": JOB, "pending": PENDING, "rows": ROWS}
    return [sample for name, of in values.items() for sample in samples(keys[name], of)]


class TestWhatStandsStill:
    def test_a_job_that_writes_nothing_while_its_topic_flows(self) -> None:
        told = found(series(topic=FLOWS, job=STOPS))
        assert due(told) == {"job_records_out_rate": STOPPED + 90}
        (finding,) = told[STOPPED + 90]
        assert (finding.since, finding.value, finding.expected) == (at(STOPPED), 0.0, 500.0)
        assert finding.why.endswith("for 1 min, usually 500 while Kafka takes in 500 messages/s, usually 500")

    def test_clickhouse_that_takes_in_nothing_while_its_job_writes(self) -> None:
        assert due(found(series(topic=FLOWS, job=FLOWS, rows=STOPS))) == {"inserted_rows_rate": STOPPED + 90}

    def test_it_becomes_critical_after_five_minutes(self) -> None:
        told = found(series(topic=FLOWS, job=STOPS))
        assert told[STOPPED + 270][0].severity == "warning"
        assert told[STOPPED + 300][0].severity == "critical"

    def test_a_job_whose_source_queues_more_and_more_though_no_topic_is_known(self) -> None:
        pending = [10.0] * HOUR + [10.0 + 500 * n for n in range(1, 41)]
        told = found(series(job=STOPS, pending=pending))
        assert "job_records_out_rate" in due(told)
        assert "records wait at its source and more come" in told[STOPPED + 120][0].why

    def test_it_is_over_with_the_first_sample_that_flows_again(self) -> None:
        told = found(series(topic=FLOWS, job=[500.0] * HOUR + [0.0] * 20 + [500.0] * 20))
        assert told[STOPPED + 570]
        assert not told[STOPPED + 600]

    @pytest.mark.parametrize("samples_at_zero", [1, 2, 3])
    def test_zero_for_less_than_ninety_seconds_is_not_told(self, samples_at_zero: int) -> None:
        job = [500.0] * HOUR + [0.0] * samples_at_zero + [500.0] * (40 - samples_at_zero)
        assert due(found(series(topic=FLOWS, job=job))) == {}


class TestWhatDoesNot:
    def test_a_job_whose_topic_is_quiet(self) -> None:
        assert due(found(series(topic=STOPS, job=STOPS))) == {}

    def test_nor_one_of_several_whose_own_topic_may_be_the_silent_one(self) -> None:
        other = SeriesKey("kafka", "clicks", "messages_in_rate")
        assert due(found([*series(topic=STOPS, job=STOPS), *samples(other, [5000.0] * (HOUR + 40))])) == {}

    def test_clickhouse_whose_job_writes_nothing_either(self) -> None:
        assert set(due(found(series(topic=FLOWS, job=STOPS, rows=STOPS)))) == {"job_records_out_rate"}

    def test_where_nothing_is_known_of_the_input_nothing_is_said(self) -> None:
        assert not any(found(series(job=STOPS)).values())

    def test_what_does_less_than_one_a_second_pauses_by_nature(self) -> None:
        assert due(found(series(topic=FLOWS, job=[value / 1000 for value in STOPS]))) == {}

    def test_zero_is_nothing_new_where_it_came_often_in_the_last_hour(self) -> None:
        job = [0.0 if n % 10 == 0 else 500.0 for n in range(HOUR)] + [0.0] * 40
        assert due(found(series(topic=FLOWS, job=job))) == {}

    def test_a_series_that_is_silent_is_not_at_zero(self) -> None:
        told = found([*series(topic=FLOWS), *samples(JOB, [500.0] * HOUR + [0.0])])
        assert due(told) == {}
        assert not told[STOPPED + 300]

    def test_a_new_job_is_not_judged_before_it_can_be(self) -> None:
        assert due(found([*series(topic=FLOWS), *samples(JOB, [500.0] * 5 + [0.0] * 35, first=STOPPED)])) == {}


def test_what_was_told_before_a_restart_of_the_monitor_goes_on_from_when_it_began() -> None:
    given = series(topic=FLOWS, job=STOPS)
    watch = Watch(CATALOGUE)
    for moment, block in ticks(given, STOPPED + 300):
        watch.tick(moment, block)
    (event,) = [event for event in watch.open_events.values() if event.kind == "stalled"]
    memory = Memory()
    resumed = Stalled(CATALOGUE, Lookup(memory))
    for _, block in ticks(given, STOPPED + 300):
        memory.absorb(block)
    resumed.resume(event)
    (finding,) = resumed.judge(to_micros(at(STOPPED + 300)))
    assert (finding.since, finding.due, finding.severity) == (event.started_at, True, "critical")
