"""Load is no failure: what is only a burst, a draining backlog or a large platform raises no alarm."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from monitoring.metrics import Sample, SeriesKey
from monitoring.watch import Watch
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import STEP, samples, ticks

HOUR = 120
"""Samples in an hour."""
LAG = SeriesKey("kafka", "orders-job/orders", "consumer_group_lag")
SECONDS = SeriesKey("kafka", "orders-job/orders", "consumer_group_lag_seconds")
IN = SeriesKey("kafka", "orders", "messages_in_rate")
OUT = SeriesKey("flink", "orders-job", "job_records_out_rate")
ROWS = SeriesKey("clickhouse", "ch-1", "inserted_rows_rate")
PENDING = SeriesKey("flink", "orders-job", "source_pending_records")
BUSY = SeriesKey("flink", "orders-job/map", "task_busy_ratio")


def fired(*series: tuple[SeriesKey, Sequence[float]]) -> list[str]:
    """The metrics of which an event fires, in order, over series that are sampled together."""
    given: list[Sample] = [sample for key, values in series for sample in samples(key, values)]
    watch = Watch(CATALOGUE)
    found = []
    for moment, block in ticks(given, STEP * (max(len(values) for _, values in series) - 1)):
        found += [c.event.key.metric for c in watch.tick(moment, block).changes if c.kind == "fired"]
    return found


def flat(level: float, count: int) -> list[float]:
    """A level that is never quite the same twice."""
    return [level * (1 + 0.01 * (n % 5)) for n in range(count)]


class TestLagInTime:
    MANY = flat(5_000, HOUR)

    def test_many_messages_that_are_read_within_seconds_are_no_backlog(self) -> None:
        assert fired((LAG, self.MANY), (SECONDS, flat(2, HOUR))) == []

    def test_a_large_backlog_is_one_where_nobody_knows_how_old_it_is(self) -> None:
        assert fired((LAG, flat(20_000, HOUR))) == ["consumer_group_lag"]

    def test_they_are_one_where_they_become_many_while_their_age_is_not_known(self) -> None:
        assert "consumer_group_lag" in fired((LAG, [*flat(100, 60), *flat(5_000, 60)]), (SECONDS, flat(2, 50)))

    def test_they_are_one_where_they_have_become_old(self) -> None:
        old = [*flat(2, HOUR), *(2.0 + 30 * n for n in range(20))]
        lag = [*flat(100, HOUR), *(100.0 + 1_000 * n for n in range(20))]
        assert sorted(fired((LAG, lag), (SECONDS, old))) == ["consumer_group_lag", "consumer_group_lag_seconds"]

    def test_a_lag_that_was_there_at_first_sight_and_stays_is_how_this_platform_is(self) -> None:
        assert fired((LAG, self.MANY), (SECONDS, flat(90, HOUR))) == []

    def test_one_that_was_there_and_grows_is_told(self) -> None:
        assert "consumer_group_lag_seconds" in fired((SECONDS, [60.0 + 3 * n for n in range(HOUR)]))

    def test_where_it_is_very_old_both_are_told(self) -> None:
        both = ["consumer_group_lag", "consumer_group_lag_seconds"]
        assert sorted(fired((LAG, self.MANY), (SECONDS, flat(400, HOUR)))) == both

    def test_one_late_reading_does_not_make_them_old(self) -> None:
        odd = flat(2, HOUR)
        odd[60] = 500.0
        assert fired((LAG, self.MANY), (SECONDS, odd)) == []


class TestBacklog:
    def test_a_backlog_that_drains_at_first_sight_is_only_watched(self) -> None:
        draining = [max(10.0, 20_000.0 - 250 * n) for n in range(HOUR)]
        assert fired((LAG, draining)) == []

    @pytest.mark.parametrize("slope", [0.0, 20.0])
    def test_one_that_stays_or_grows_is_told(self, slope: float) -> None:
        assert fired((LAG, [20_000.0 + slope * n for n in range(HOUR)])) == ["consumer_group_lag"]

    def test_one_that_would_take_hours_to_drain_is_told(self) -> None:
        assert fired((LAG, [200_000.0 - 50 * n for n in range(HOUR)])) == ["consumer_group_lag"]

    def test_a_job_that_works_off_what_piled_up_is_busy_for_a_good_reason(self) -> None:
        pending = [max(100.0, 900_000.0 - 12_000 * n) for n in range(HOUR)]
        assert fired((BUSY, flat(0.97, 70)), (PENDING, pending[:70])) == []
        assert "task_busy_ratio" in fired((BUSY, flat(0.97, 70)), (PENDING, flat(100, 70)))

    def test_what_one_job_works_off_excuses_no_other_one(self) -> None:
        pending = [max(100.0, 900_000.0 - 12_000 * n) for n in range(70)]
        other = (SeriesKey("flink", "payments-job", "source_pending_records"), flat(100, 70))
        busy = (SeriesKey("flink", "payments-job/map", "task_busy_ratio"), flat(0.97, 70))
        assert fired((PENDING, pending), other, (BUSY, flat(0.97, 70))) == []
        assert "task_busy_ratio" in fired((PENDING, pending), other, busy)

    def test_where_no_job_tells_what_waits_the_lag_of_a_group_explains_every_busy_job(self) -> None:
        draining = [max(10.0, 900_000.0 - 12_000 * n) for n in range(70)]
        busy = [(SeriesKey("flink", f"job-{n}/map", "task_busy_ratio"), flat(0.97, 70)) for n in range(3)]
        assert fired((LAG, draining), *busy) == []
        assert fired((LAG, flat(100, 70)), *busy).count("task_busy_ratio") == 3


class TestAsEver:
    """A level that others would call high, on a platform that has shown it all along."""

    def test_what_a_series_has_shown_for_half_an_hour_is_no_news_once_more(self) -> None:
        assert fired((SECONDS, [*flat(57, 90), *flat(66, 30)])) == []

    def test_more_than_ever_is(self) -> None:
        assert fired((SECONDS, [*flat(45, 90), *flat(110, 30)])) == ["consumer_group_lag_seconds"]

    def test_what_creeps_up_for_hours_is_told_when_it_is_beyond_its_level(self) -> None:
        creeping = [20.0 + 50 * n / (5 * HOUR) for n in range(5 * HOUR)]
        assert fired((SECONDS, creeping)) == ["consumer_group_lag_seconds"]

    def test_what_was_an_anomaly_before_is_not_what_was_there_all_along(self) -> None:
        twice = [*flat(5, 60), *flat(300, 30), *flat(5, 10), *flat(300, 30)]
        assert fired((SECONDS, twice)) == ["consumer_group_lag_seconds"] * 2

    def test_an_anomaly_is_over_when_the_series_is_as_ever_again(self) -> None:
        given = samples(LAG, [*flat(1_500, 60), *flat(9_000, 30), *flat(1_500, 30)])
        watch = Watch(CATALOGUE)
        kinds = [c.kind for moment, block in ticks(given, STEP * 119) for c in watch.tick(moment, block).changes]
        assert "resolved" in kinds

    def test_the_tail_of_a_moving_average_is_no_event(self) -> None:
        shrinks = SeriesKey("kafka", "broker-1", "isr_shrink_rate")
        tail = [0.5 * 0.85**n for n in range(60)]
        assert fired((shrinks, [*[0.0] * 60, *tail])) == []
        assert fired((shrinks, [*[0.0] * 60, *flat(0.5, 60)])) == ["isr_shrink_rate"]

    def test_what_is_the_fault_itself_is_told_however_near_to_it_has_always_been(self) -> None:
        idle = SeriesKey("kafka", "broker-1", "request_handler_idle_ratio")
        assert "request_handler_idle_ratio" in fired((idle, [*flat(0.31, 90), *flat(0.2, 30)]))


class TestStoppedJob:
    """A new version of a job is put in place: it stands still for two minutes and then works off what piled up."""

    DOWN = SeriesKey("flink", "orders-job", "job_not_running_seconds")
    STOP = (*[0.0] * HOUR, 30.0, 60.0, 90.0, 120.0, *[0.0] * 40)
    PILE = (
        *flat(100, HOUR),
        *(60_000.0 * n for n in range(1, 6)),
        *(max(100.0, 300_000 - 30_000 * n) for n in range(39)),
    )

    def test_what_piled_up_while_it_stood_still_is_no_news_of_its_own(self) -> None:
        assert "source_pending_records" not in fired((self.DOWN, self.STOP), (PENDING, self.PILE))

    def test_what_goes_on_piling_up_is(self) -> None:
        pile = (*flat(100, HOUR), *(60_000.0 * n for n in range(1, 45)))
        assert "source_pending_records" in fired((self.DOWN, self.STOP), (PENDING, pile))

    def test_without_a_stop_the_same_pile_is(self) -> None:
        assert "source_pending_records" in fired((self.DOWN, [0.0] * len(self.STOP)), (PENDING, self.PILE))

    def test_a_job_that_stops_again_and_again_is_not_being_renewed(self) -> None:
        again = (*[0.0] * HOUR, *([30.0, 60.0, 0.0] * 14))
        pile = (*flat(100, HOUR), *(20_000.0 * n for n in range(1, 43)))
        assert "source_pending_records" in fired((self.DOWN, again), (PENDING, pile))


class TestBurst:
    BEFORE, DURING = flat(1_000, HOUR), flat(3_000, 40)
    LAGS = (*flat(100, HOUR), *(100.0 + 400 * n for n in range(40)))

    def test_a_burst_that_every_stage_works_at_explains_its_backlog(self) -> None:
        worked = [*self.BEFORE, *flat(1_600, 40)]
        told = fired((IN, [*self.BEFORE, *self.DURING]), (OUT, worked), (ROWS, worked), (LAG, self.LAGS))
        assert told == []

    def test_a_stage_that_does_no_more_than_before_is_not_explained_by_a_burst(self) -> None:
        worked = [*self.BEFORE, *flat(1_600, 40)]
        stuck = [*self.BEFORE, *flat(1_000, 40)]
        told = fired((IN, [*self.BEFORE, *self.DURING]), (OUT, worked), (ROWS, stuck), (LAG, self.LAGS))
        assert told == ["consumer_group_lag"]

    def test_one_weak_minute_of_a_stage_does_not_mean_that_it_gave_up(self) -> None:
        weak = [*self.BEFORE, *flat(1_600, 15), *flat(1_000, 3), *flat(1_600, 22)]
        told = fired((IN, [*self.BEFORE, *self.DURING]), (OUT, weak), (ROWS, weak), (LAG, self.LAGS))
        assert told == []

    def test_without_a_burst_the_same_backlog_is_told(self) -> None:
        steady = [*self.BEFORE, *flat(1_000, 40)]
        assert fired((IN, steady), (OUT, steady), (ROWS, steady), (LAG, self.LAGS)) == ["consumer_group_lag"]

    def test_a_burst_of_one_topic_explains_no_other_topics_backlog(self) -> None:
        worked = [*self.BEFORE, *flat(1_600, 40)]
        other = SeriesKey("kafka", "audit/payments", "consumer_group_lag")
        told = fired((IN, [*self.BEFORE, *self.DURING]), (OUT, worked), (ROWS, worked), (other, self.LAGS))
        assert told == ["consumer_group_lag"]
