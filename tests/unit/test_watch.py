"""Watching, tick by tick, through the real catalogue; and going on after a restart as if there had been none."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import timedelta
from itertools import chain

import pytest

from monitoring.anomalies import Event, Incident
from monitoring.blocks import Block, to_micros
from monitoring.metrics import ANY, Sample, SeriesKey, Threshold
from monitoring.watch import Tick, Watch
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import START, at, catalogue, key, metric, samples, ticks

LAG = SeriesKey("kafka", "orders/orders-topic", "consumer_group_lag")
ISR = [SeriesKey("kafka", f"broker-{n}", "under_min_isr_partitions") for n in range(3)]
OUT = SeriesKey("flink", "job", "job_records_out_rate")
HOUR = 120
"""Samples in an hour, one every 30 s."""


def watched(given: Iterable[Sample], until: float, step: float = 30) -> tuple[Watch, list[Tick]]:
    watch = Watch(CATALOGUE)
    return watch, [watch.tick(moment, block) for moment, block in ticks(given, until, step)]


def story(done: Iterable[Tick], kinds: tuple[str, ...] = ("fired", "escalated", "resolved")) -> list[str]:
    """What happened, as `seconds kind severity metric`, but for what merely goes on."""
    return [
        f"{(tick.at - START).total_seconds():g} {c.kind} {c.event.key.metric}"
        for tick in done
        for c in tick.changes
        if c.kind in kinds
    ]


def incidents(done: Iterable[Tick]) -> dict[int, Incident]:
    return {incident.number: incident for tick in done for incident in tick.incidents}


class TestLives:
    def test_a_healthy_platform_has_no_events(self) -> None:
        given = samples(LAG, [10.0] * HOUR) + samples(OUT, [500.0] * HOUR) + samples(ISR[0], [0.0] * HOUR)
        watch, done = watched(given, 3540)
        assert story(done, ("began", "fired", "dropped")) == []
        assert watch.open_events == {}

    def test_lag_becomes_a_warning_then_critical_then_is_over(self) -> None:
        values = [10.0] * 10 + [20_000.0] * 40 + [10.0] * 10
        _, done = watched(samples(LAG, values), 30 * 59)
        assert story(done) == [
            "600 fired consumer_group_lag",
            "1200 escalated consumer_group_lag",
            "1560 resolved consumer_group_lag",
        ]
        (incident,) = incidents(done).values()
        assert (incident.status, incident.severity, incident.root) == ("resolved", "critical", LAG)
        assert (incident.started_at, incident.resolved_at) == (at(300), at(1500))

    def test_a_peak_shorter_than_its_hold_leaves_no_trace(self) -> None:
        watch, done = watched(samples(LAG, [10.0] * 10 + [20_000.0] * 9 + [10.0] * 10), 840)
        assert story(done, ("began", "fired", "dropped")) == [
            "300 began consumer_group_lag",
            "570 dropped consumer_group_lag",
        ]
        assert incidents(done) == {}
        assert watch.open_events == {}

    def test_a_short_way_back_is_the_same_event(self) -> None:
        _, done = watched(samples(LAG, [20_000.0] * 12 + [10.0] + [20_000.0] * 12), 720)
        assert story(done) == ["300 fired consumer_group_lag"]

    def test_a_fault_that_comes_again_later_is_another_event_and_incident(self) -> None:
        values = ([20_000.0] * 12 + [10.0] * 30) * 2
        _, done = watched(samples(LAG, values), 30 * (len(values) - 1))
        assert [line.split()[1] for line in story(done)] == ["fired", "resolved", "fired", "resolved"]
        assert sorted(incidents(done)) == [1, 2]

    def test_partitions_on_all_brokers_and_a_starving_job_are_one_forward_cascade(self) -> None:
        well = [samples(key, [0.0] * HOUR + [1.0] * 40) for key in ISR]
        given = [*chain.from_iterable(well), *samples(OUT, [500.0] * (HOUR + 2) + [1.0] * 38)]
        _, done = watched(given, 30 * (HOUR + 39))
        (incident,) = incidents(done).values()
        assert incident.pattern == "cascade_forward"
        assert incident.root.metric == "under_min_isr_partitions"
        assert {link.metric for link in incident.chain} == {"under_min_isr_partitions", "job_records_out_rate"}

    def test_a_stopped_collector_is_one_event_with_its_cause(self) -> None:
        given = list(chain.from_iterable(samples(key, [0.0] * 20) for key in ISR)) + samples(OUT, [500.0] * 60)
        watch, done = watched(given, 1770)
        assert story(done) == ["690 fired *", "900 escalated *"]
        (event,) = watch.open_events.values()
        assert (event.key, event.no_data_cause) == (SeriesKey("kafka", ANY, ANY), "collector_down")

    def test_an_event_that_fired_before_the_silence_stays_open_through_it(self) -> None:
        given = samples(LAG, [20_000.0] * 20) + samples(ISR[0], [0.0] * 100)
        watch, done = watched(given, 2970)
        assert "resolved consumer_group_lag" not in " ".join(story(done))
        assert {event.kind for event in watch.open_events.values()} == {"threshold", "no_data"}

    def test_the_order_in_which_series_became_known_does_not_matter(self) -> None:
        parts = [samples(key, [0.0] * 10 + [1.0] * 30) for key in ISR] + [samples(LAG, [20_000.0] * 40)]
        first = watched(chain.from_iterable(parts), 1200)[1]
        second = watched(chain.from_iterable(reversed(parts)), 1200)[1]
        assert [sorted(story([t])) for t in first] == [sorted(story([t])) for t in second]
        assert {n: i.started_at for n, i in incidents(first).items()} == {
            n: i.started_at for n, i in incidents(second).items()
        }

    def test_of_what_fires_at_one_moment_the_earlier_onset_comes_first(self) -> None:
        memory = SeriesKey("clickhouse", "node-1", "memory_used_ratio")
        given = samples(ISR[0], [0.0] * 19 + [1.0] * 6) + samples(memory, [0.3] * 10 + [0.85] * 15)
        _, done = watched(given, 720)
        assert {line.split()[0] for line in story(done, ("fired",))} == {"600"}
        assert {number: i.root for number, i in incidents(done).items()} == {1: memory, 2: ISR[0]}

    def test_ticks_without_samples_are_harmless(self) -> None:
        watch = Watch(CATALOGUE)
        assert watch.tick(START, Block.empty()).changes == []
        assert watch.tick(START - timedelta(days=1), Block.empty()).incidents == []


def restarted(watch: Watch, done: list[Tick], given: list[Sample], now: float, reach: float = 3600) -> Watch:
    """Another process: it has the stored events and incidents, hourly means, and the samples of the last hour."""
    stored = {id(c.event): c.event for tick in done for c in tick.changes if c.kind != "dropped"}
    open_incidents = {n: i for n, i in incidents(done).items() if i.resolved_at is None}
    ids = {number: 100 + 7 * number for number in incidents(done)}
    events: list[Event] = []
    for event in copy.deepcopy(list(stored.values())):
        if event.resolved_at is None or event.incident in open_incidents:
            event.incident = None if event.incident is None else ids[event.incident]
            event.clear_since = None
            events.append(event)
    kept = copy.deepcopy(list(open_incidents.values()))
    for incident in kept:
        incident.id = incident.number = ids[incident.number]
    fresh = Watch(CATALOGUE)
    fresh.memory.enrol(list(watch.memory.keys))
    past = [sample for sample in given if at(now - reach) <= sample.time <= at(now)]
    for moment, block in ticks(past, now, start=max(0.0, now - reach)):
        fresh.warm_up(moment, block)
    fresh.resume(events, kept)
    return fresh


class TestRestart:
    VALUES = (10.0,) * 10 + (20_000.0,) * 60 + (10.0,) * 20

    @pytest.mark.parametrize("now", [300, 330, 600, 630, 1170, 1200, 1230, 1800, 2070, 2100, 2130, 2160, 2400])
    def test_what_comes_after_is_as_if_there_had_been_none(self, now: int) -> None:
        given = samples(LAG, self.VALUES) + samples(ISR[0], [0.0] * 90)
        end = 30 * (len(self.VALUES) - 1)
        unbroken = watched(given, end)[1]
        watch, done = watched(given, now)
        other = restarted(watch, done, given, now)
        later = [other.tick(moment, block) for moment, block in ticks(given, end) if moment > at(now)]
        expected = story([tick for tick in unbroken if tick.at > at(now)])
        # How long a condition has been gone is not stored: what was just going resolves up to a minute later.
        if 2100 <= now < 2160:
            assert [line.split()[1:] for line in story(later)] == [line.split()[1:] for line in expected]
        else:
            assert story(later) == expected

    def test_it_fires_nothing_a_second_time(self) -> None:
        given = samples(LAG, [20_000.0] * 200)
        watch, done = watched(given, 3000)
        other = restarted(watch, done, given, 3000)
        tick = other.tick(at(3030), Block.of([s for s in given if s.time == at(3030)]))
        assert [change.kind for change in tick.changes] == ["went_on"]
        assert tick.incidents == []
        assert tick.changes[0].event.incident == 107

    def test_what_has_been_gone_for_longer_than_samples_are_read_again_is_gone_still(self) -> None:
        gone = [SeriesKey("kafka", "broker-1", name) for name in ("isr_shrink_rate", "broker_heap_used_ratio")]
        given = list(chain.from_iterable(samples(key, [0.0] * 20) for key in gone)) + samples(ISR[0], [0.0] * 600)
        now = 3 * 3600
        watch, done = watched(given, now)
        other = restarted(watch, done, given, now)
        later = [
            other.tick(at(now + n), Block.of([s for s in given if s.time == at(now + n)])) for n in (30, 60, 90, 120)
        ]
        assert story(later) == []
        assert [event.no_data_cause for event in other.open_events.values()] == ["instance_gone"]

    def test_so_is_a_threshold_of_a_series_that_fell_silent_long_ago(self) -> None:
        given = samples(LAG, [20_000.0] * 20) + samples(ISR[0], [0.0] * 600)
        now = 3 * 3600
        watch, done = watched(given, now)
        other = restarted(watch, done, given, now)
        later = [
            other.tick(at(now + n), Block.of([s for s in given if s.time == at(now + n)])) for n in (30, 60, 90, 120)
        ]
        assert story(later) == []
        values = {event.kind: event.value for event in other.open_events.values()}
        assert values == {"threshold": 20_000.0, "no_data": None}

    def test_a_new_incident_gets_a_number_no_open_one_has(self) -> None:
        given = samples(LAG, [20_000.0] * 200) + samples(ISR[0], [0.0] * 100 + [1.0] * 100)
        watch, done = watched(given, 2000)
        other = restarted(watch, done, given, 2000)
        later = [other.tick(moment, block) for moment, block in ticks(given, 5000) if moment > at(2000)]
        assert [number for number in incidents(later) if number != 107] == [108]

    def test_the_end_of_a_resumed_event_ends_its_incident(self) -> None:
        given = samples(LAG, self.VALUES)
        watch, done = watched(given, 1800)
        other = restarted(watch, done, given, 1800)
        later = [other.tick(moment, block) for moment, block in ticks(given, 2640) if moment > at(1800)]
        (incident,) = incidents(later).values()
        assert (incident.id, incident.status, incident.resolved_at) == (107, "resolved", at(2100))

    def test_only_thresholds_the_catalogue_still_has_are_taken_up(self) -> None:
        watch, done = watched(samples(LAG, [20_000.0] * 20), 570)
        event = next(iter(watch.open_events.values()))
        event.key = SeriesKey("kafka", "broker-1", "a_metric_of_an_older_version")
        event.incident = None
        other = Watch(CATALOGUE)
        other.resume([event], [])
        other.tick(at(600), Block.empty())
        assert [c.kind for c in other.tick(at(660), Block.empty()).changes] == ["resolved"]
        assert done

    def test_a_critical_condition_keeps_to_its_clear_level(self) -> None:
        rule = Threshold(">", 200.0, timedelta(seconds=120), 150.0, "test")
        of = catalogue(metric(None, rule))
        watch = Watch(of)
        for moment, block in ticks(samples(key(), [250.0] * 6), 150):
            watch.tick(moment, block)
        other = Watch(of)
        other.resume(copy.deepcopy(list(watch.open_events.values())), [])
        later = [other.tick(moment, block) for moment, block in ticks(samples(key(), [160.0] * 9, 180), 420, start=180)]
        assert story(later) == []
        assert [event.critical_at for event in other.open_events.values()] == [at(120)]

    def test_warming_up_changes_nothing(self) -> None:
        watch = Watch(CATALOGUE)
        for moment, block in ticks(samples(LAG, [20_000.0] * 20), 570):
            watch.warm_up(moment, block)
        assert watch.open_events == {}
        assert watch.memory.last[0] == to_micros(at(570))
