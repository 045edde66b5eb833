"""Restart loops: counted restarts, not a rate that a growing backoff makes small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.anomalies import Event, Finding
from monitoring.blocks import to_micros
from monitoring.detection.lookup import Lookup
from monitoring.detection.memory import Memory
from monitoring.detection.restarts import Restarts
from monitoring.metrics import Sample, SeriesKey
from monitoring.watch import Watch
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import START, at, samples, ticks

RATE = SeriesKey("flink", "orders", "job_restart_rate")
DOWN = SeriesKey("flink", "orders", "job_not_running_seconds")
OTHER = SeriesKey("flink", "payments", "job_restart_rate")


def found(given: Iterable[Sample], until: float) -> Mapping[float, list[Finding]]:
    """The loops at each tick, by seconds after the start."""
    memory = Memory()
    restarts = Restarts(Lookup(memory))
    told: dict[float, list[Finding]] = {}
    for moment, block in ticks(given, until):
        memory.absorb(block)
        told[(moment - START).total_seconds()] = restarts.judge(to_micros(moment))
    return told


def counted(moments: Iterable[int], until: int, window: int = 600) -> list[float]:
    """What a counter of restarts in ten minutes reads every 30 s, with restarts at the seconds given."""
    return [float(sum(t - window < m <= t for m in moments)) for t in range(0, until + 1, 30)]


def begins(told: Mapping[float, list[Finding]]) -> float | None:
    return next((seconds for seconds, findings in told.items() if findings), None)


class TestWhatIsALoop:
    def test_a_job_that_runs_is_in_none(self) -> None:
        assert begins(found(samples(RATE, [0.0] * 100), 2970)) is None

    @pytest.mark.parametrize("count", [1, 2])
    def test_a_restart_or_two_are_none(self, count: int) -> None:
        moments = [300 + 120 * n for n in range(count)]
        assert begins(found(samples(RATE, counted(moments, 2970)), 2970)) is None

    def test_three_restarts_are_one_from_the_first_on(self) -> None:
        told = found(samples(RATE, counted([300, 420, 540], 1200)), 1200)
        assert begins(told) == 540
        (finding,) = told[540]
        assert (finding.kind, finding.severity, finding.due) == ("restart_loop", "critical", True)
        assert finding.since == at(300)
        assert (finding.value, finding.expected) == (3.0, 0.0)

    def test_it_says_how_many_and_how_long_ago_the_last_was(self) -> None:
        (finding,) = found(samples(RATE, counted([300, 420, 540], 1200)), 1200)[600]
        assert finding.threshold == ">= 3 restarts in 15 min"
        assert finding.why == "3 restarts in the last 5 min, the last 60 s ago"

    @pytest.mark.parametrize("backoff", [60, 120, 240, 420])
    def test_a_backoff_that_thins_the_restarts_out_does_not_hide_it(self, backoff: int) -> None:
        moments = [300 + backoff * n for n in range(6)]
        assert begins(found(samples(RATE, counted(moments, 4000)), 4000)) == moments[2] // 30 * 30

    def test_restarts_further_apart_than_a_loop_are_none(self) -> None:
        moments = [300 + 480 * n for n in range(6)]
        assert begins(found(samples(RATE, counted(moments, 4000)), 4000)) is None

    def test_several_attempts_within_a_minute_are_one_failure(self) -> None:
        assert begins(found(samples(RATE, [0.0] * 10 + [5.0] * 20 + [0.0] * 20), 1470)) is None

    def test_it_is_over_when_the_job_has_run_for_ten_minutes(self) -> None:
        told = found(samples(RATE, counted([300, 420, 540], 2400)), 2400)
        assert told[540 + 600]
        assert not told[540 + 630]
        assert not any(findings for seconds, findings in told.items() if seconds > 1170)

    def test_a_second_loop_counts_from_its_own_first_restart(self) -> None:
        moments = [300, 420, 540, 2100, 2220, 2340]
        told = found(samples(RATE, counted(moments, 3000)), 3000)
        assert told[2340][0].since == at(2100)
        assert not told[2220]

    def test_each_job_counts_for_itself(self) -> None:
        both = samples(RATE, counted([300, 600], 1500)) + samples(OTHER, counted([400, 700], 1500))
        assert begins(found(both, 1500)) is None


class TestHowItShows:
    DOWNTIME = ([0.0] * 10 + [5.0, 35.0]) * 4

    def test_where_nothing_counts_restarts_they_show_as_downtime_that_ends(self) -> None:
        assert begins(found(samples(DOWN, self.DOWNTIME + [0.0] * 10), 1740)) is not None

    def test_a_job_that_stays_down_does_not_restart(self) -> None:
        assert begins(found(samples(DOWN, [0.0] * 10 + [30.0 * n for n in range(60)]), 2070)) is None

    def test_a_job_seen_both_ways_is_counted_once(self) -> None:
        both = samples(DOWN, self.DOWNTIME) + samples(RATE, [0.0] * 48)
        assert begins(found(both, 1410)) is None

    def test_a_counter_that_is_reset_is_no_restart(self) -> None:
        told = found(samples(RATE, [2.0] * 20 + [0.0] * 20 + [2.0] * 20 + [0.0] * 20), 2370)
        assert begins(told) is None

    @given(st.lists(st.integers(0, 3000), max_size=12, unique=True))
    def test_there_is_none_without_three_restarts_within_a_quarter_of_an_hour(self, moments: list[int]) -> None:
        moments.sort()
        told = found(samples(RATE, counted(moments, 3600)), 3600)
        # A restart shows with the next sample, up to 30 s later.
        may = any(third - first <= 930 for first, third in zip(moments, moments[2:], strict=False))
        assert may or begins(told) is None
        for findings in told.values():
            assert all((finding.value or 0) >= 1 for finding in findings)


class TestRestartOfTheMonitor:
    def watch(self, values: list[float], until: float) -> tuple[Watch, Event]:
        watch = Watch(CATALOGUE)
        for moment, block in ticks(samples(RATE, values), until):
            watch.tick(moment, block)
        (event,) = [event for event in watch.open_events.values() if event.kind == "restart_loop"]
        return watch, event

    def test_a_loop_that_was_told_goes_on(self) -> None:
        values = counted([300, 420, 540], 2400)
        _, event = self.watch(values, 600)
        memory = Memory()
        resumed = Restarts(Lookup(memory))
        resumed.resume(event)
        memory.absorb(next(block for moment, block in ticks(samples(RATE, values[21:], 630), 630, start=630)))
        (finding,) = resumed.judge(to_micros(at(630)))
        assert finding.since == event.started_at == at(300)
        assert resumed.judge(to_micros(event.last_seen_at + timedelta(minutes=20))) == []
