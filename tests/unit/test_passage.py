"""What passes through the stages since a moment, against before it; summed up once for all who ask."""

from __future__ import annotations

import pytest

from monitoring.blocks import to_micros
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import Memory
from monitoring.detection.passage import Passage
from monitoring.metrics import Sample, SeriesKey
from tests.unit.by_hand import STEP, at, samples, ticks

IN = [SeriesKey("kafka", name, "messages_in_rate") for name in ("orders", "payments")]
OUT = SeriesKey("flink", "orders-job", "job_records_out_rate")
HALF_FROM = 80
"""The sample with which Flink's output falls to half; Kafka's input does not."""
COUNT = 110


def platform() -> list[Sample]:
    falls = [100.0] * HALF_FROM + [50.0] * (COUNT - HALF_FROM)
    return [*samples(IN[0], [60.0] * COUNT), *samples(IN[1], [40.0] * COUNT), *samples(OUT, falls)]


def fed(given: list[Sample]) -> Memory:
    memory = Memory()
    for _, block in ticks(given, STEP * COUNT):
        memory.absorb(block)
    return memory


def test_each_moment_is_compared_with_what_was_before_it() -> None:
    passage = Passage(Lookup(fed(platform())))
    fell = passage.since(to_micros(at(STEP * HALF_FROM)))
    assert fell.shares["flink"] == pytest.approx(0.5)
    assert fell.shares["kafka"] == pytest.approx(1.0)
    assert fell.shares["clickhouse"] is None
    assert fell.fell == ("job_records_out_rate",)
    assert fell.owner == "flink"


def test_asking_for_one_moment_does_not_change_the_answer_for_another() -> None:
    lookup = Lookup(fed(platform()))
    moments = [to_micros(at(STEP * n)) for n in (70, HALF_FROM, 90, HALF_FROM, 70)]
    passage = Passage(lookup)
    assert [passage.since(moment) for moment in moments] == [Passage(lookup).since(moment) for moment in moments]


def test_where_nothing_is_known_no_stage_fell() -> None:
    flow = Passage(Lookup(Memory())).since(to_micros(at(0)))
    assert set(flow.shares.values()) == {None}
    assert (flow.owner, flow.fell) == (None, ())


def test_series_that_came_later_are_looked_up_too() -> None:
    memory = Memory()
    lookup = Lookup(memory)
    assert lookup.of("messages_in_rate").tolist() == []
    memory.enrol(IN[:1])
    assert lookup.of("messages_in_rate").tolist() == [0]
    memory.enrol([OUT, IN[1]])
    assert lookup.of("messages_in_rate").tolist() == [0, 2]
    assert lookup.of("job_records_out_rate").tolist() == [1]
