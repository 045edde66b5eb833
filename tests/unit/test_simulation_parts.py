"""The parts of the simulated platform, each by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from monitoring.simulation.checkpoints import Checkpoints, Stretch
from monitoring.simulation.jvm import FULL, Heaps
from monitoring.simulation.log import TopicLog
from monitoring.simulation.noise import Noise, TrailingMean, Wander
from monitoring.simulation.replicas import Membership, replica_state, shrinks
from monitoring.simulation.season import season
from monitoring.simulation.topology import KEYS, PLACES, TOPICS

ALL_UP = Membership((True,) * 3, (True,) * 3, (False,) * 3)
WITHOUT_2 = Membership((True, False, True), (True, False, True), (False,) * 3)
ONLY_1 = Membership((True, False, False), (True, False, False), (False,) * 3)


def stretch(
    begin: float = 0.0,
    end: float = 300.0,
    rate: float = 10.0,
    pressure: float = 0.0,
    stalled: bool = False,
    storage_fails: bool = False,
) -> Stretch:
    """Running time in which offsets are `rate` times the second."""
    return Stretch(begin, end, begin * rate, end * rate, pressure, stalled, 3.0, 600.0, storage_fails)


def checkpoints() -> Checkpoints:
    """A job at second 0 whose checkpoints start at second 10 of each minute."""
    return Checkpoints(0.0, 10.0, 3.0, 10.0)


class TestCheckpoints:
    def test_they_complete_every_minute_and_commit_the_offset_of_their_start(self) -> None:
        job = checkpoints()
        assert job.go(stretch()) is None
        assert (job.completed_at, job.offset, job.duration) == (253.0, 2500.0, 3.0)
        assert job.completions == 5

    def test_pieces_of_time_make_no_difference(self) -> None:
        whole, pieces = checkpoints(), checkpoints()
        whole.go(stretch(pressure=0.3))
        for begin in range(0, 300, 30):
            pieces.go(stretch(begin, begin + 30, pressure=0.3))
        assert pieces.completed_at == pytest.approx(whole.completed_at)
        assert pieces.offset == pytest.approx(whole.offset)

    def test_the_more_pressure_the_longer_they_take(self) -> None:
        durations = []
        for pressure in (0.0, 0.2, 0.5, 0.7):
            job = checkpoints()
            job.go(stretch(end=900, pressure=pressure))
            durations.append(job.duration)
        assert durations[0] == pytest.approx(3)
        assert durations[0] < durations[1] < durations[2] < durations[3]
        assert durations[1] > 20
        assert durations[3] > 240

    def test_the_next_one_waits_for_a_slow_one(self) -> None:
        job = checkpoints()
        job.go(stretch(end=200, pressure=0.5))
        assert job.completed_at == pytest.approx(10 + job.duration)
        assert job.duration > 60

    def test_one_that_gets_nowhere_expires_and_takes_the_job_with_it(self) -> None:
        job = checkpoints()
        assert job.go(stretch(end=2000, stalled=True)) == 610
        assert job.failures == [610]
        assert job.completions == 0

    def test_a_failing_storage_loses_each_one_and_commits_nothing(self) -> None:
        job = checkpoints()
        before = job.offset
        assert job.go(stretch(storage_fails=True)) is None
        assert job.failures == [13, 73, 133, 193, 253]
        assert job.offset == before

    def test_an_aborted_one_counts_as_failed_and_only_if_there_was_one(self) -> None:
        job = checkpoints()
        job.abort(5)
        assert job.failures == []
        job.go(stretch(end=30, stalled=True))
        job.abort(40)
        assert job.failures == [40]

    def test_after_a_restart_the_first_one_comes_soon(self) -> None:
        job = checkpoints()
        job.resume(100)
        job.go(stretch(100, 130))
        assert job.completed_at == 123


class TestTopicLog:
    def test_offsets_tell_when_they_were_written(self) -> None:
        log = TopicLog(1000.0, 2.0)
        log.append(1030.0, 60)
        log.append(1060.0, 120)
        assert log.end == 180
        assert log.rate == 4
        assert [log.time_of(offset) for offset in (0, 30, 60, 120, 180)] == [1000, 1015, 1030, 1045, 1060]
        assert log.time_of(-200) == 900

    def test_a_silence_does_not_make_the_last_message_younger(self) -> None:
        log = TopicLog(0.0, 1.0)
        for now in (30.0, 60.0, 90.0):
            log.append(now, 0)
        assert log.time_of(log.end) == 0

    def test_beyond_both_ends_the_nearest_time_is_given(self) -> None:
        log = TopicLog(0.0, 1.0)
        assert log.time_of(-1e9) == -3600
        assert log.time_of(1e9) == 0

    def test_it_forgets_what_is_long_past(self) -> None:
        log = TopicLog(0.0, 1.0)
        for step in range(1, 60000):
            log.append(step * 30.0, 30)
        assert len(log._times) < 30000
        assert log.time_of(log.end - 3000) == pytest.approx(59999 * 30 - 3000)


class TestReplicas:
    def test_with_all_brokers_everything_is_in_order_and_evenly_led(self) -> None:
        state = replica_state(ALL_UP)
        assert state.under_replicated.tolist() == state.under_min_isr.tolist() == [0, 0, 0]
        assert state.offline == 0
        assert state.writable.tolist() == state.readable.tolist() == [1] * len(TOPICS)
        assert state.leads == pytest.approx(np.full((3, len(TOPICS)), 1 / 3))

    def test_without_a_broker_two_thirds_of_the_thinly_replicated_partitions_refuse_writes(self) -> None:
        state = replica_state(WITHOUT_2)
        writable = dict(zip((topic.name for topic in TOPICS), state.writable.tolist(), strict=True))
        assert writable["payments"] == 1
        assert writable["clicks"] == pytest.approx(1 / 3)
        assert state.readable.tolist() == [1] * len(TOPICS)
        assert state.offline == 0
        thin, full = 192 + 384, 96 + 6
        assert state.under_replicated.sum() == pytest.approx(thin * 2 / 3 + full)
        assert state.under_min_isr.sum() == pytest.approx(thin * 2 / 3)
        assert state.under_replicated[1] == state.leads[1].sum() == 0

    def test_with_one_broker_left_partitions_without_replicas_are_offline(self) -> None:
        state = replica_state(ONLY_1)
        assert state.offline == pytest.approx((192 + 384) / 3)
        assert state.writable.tolist() == [0] * len(TOPICS)
        assert state.readable.tolist() == pytest.approx([2 / 3, 1, 2 / 3, 1])

    def test_planned_work_lets_a_single_replica_take_writes(self) -> None:
        relaxed = Membership(WITHOUT_2.serving, WITHOUT_2.insync, WITHOUT_2.slow, relaxed=True)
        assert replica_state(relaxed).writable.tolist() == [1] * len(TOPICS)

    def test_a_dead_leader_not_yet_given_up_can_be_neither_read_nor_written(self) -> None:
        state = replica_state(Membership((True, False, True), (True, True, True), (False,) * 3))
        assert state.writable.tolist() == state.readable.tolist() == pytest.approx([2 / 3] * len(TOPICS))
        assert state.under_replicated.sum() == 0

    def test_a_slow_follower_is_missed_only_where_there_are_three_replicas(self) -> None:
        state = replica_state(Membership((True,) * 3, (True,) * 3, (False, False, True)))
        assert state.under_replicated.sum() == 96 + 6
        assert state.under_min_isr.sum() == 0

    def test_shrinks_are_counted_once_by_the_leaders_left(self) -> None:
        before, after = replica_state(ALL_UP), replica_state(WITHOUT_2)
        counts = shrinks(before, after)
        assert counts.sum() == pytest.approx((192 + 384) * 2 / 3 + 96 + 6)
        assert counts[1] == 0
        assert shrinks(after, after).sum() == shrinks(after, before).sum() == 0


class TestHeaps:
    def run(self, leak: float, steps: int = 600) -> tuple[Heaps, list[float], list[float]]:
        heaps = Heaps(np.array([0.35]), 0.25, 600.0, np.array([0.5]))
        used, gc = [], []
        for _ in range(steps):
            heaps.step(np.array([1.0]), np.array([leak]), 30.0, np.zeros(1))
            used.append(float(heaps.used[0]))
            gc.append(float(heaps.gc[0]))
        return heaps, used, gc

    def test_without_a_leak_it_saw_tooths_between_floor_and_swing(self) -> None:
        _, used, gc = self.run(0.0)
        assert min(used) == pytest.approx(0.35, abs=0.03)
        assert 0.55 < max(used) <= 0.61
        assert max(gc) < 0.01
        assert min(used[:100]) == pytest.approx(min(used[-100:]), abs=0.02)

    def test_a_leak_raises_the_floor_first_and_collections_late(self) -> None:
        heaps, used, gc = self.run(0.1 / 3600, 720)
        assert min(used[-60:]) > min(used[:60]) + 0.3
        assert gc[240] < 0.02 < 0.2 < gc[-1]
        assert heaps.exhausted().tolist() == [1]
        assert max(used) <= 0.995
        assert heaps.floors[0] == FULL

    def test_a_restart_sets_it_back(self) -> None:
        heaps, _, _ = self.run(0.1 / 3600, 720)
        heaps.restart(0)
        assert heaps.floors[0] == 0.35
        assert heaps.exhausted().tolist() == [0]


class TestSeason:
    def share(self, *moment: int) -> float:
        seconds = datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]
        return float(season(np.array([seconds]))[0, 0])

    def test_it_is_one_at_the_peak_of_a_working_day_and_half_of_that_at_night(self) -> None:
        assert self.share(2026, 3, 3, 14) == pytest.approx(1)
        assert self.share(2026, 3, 4, 2) == pytest.approx(0.48)
        assert self.share(2026, 3, 3, 14) == self.share(2026, 3, 5, 14)

    def test_weekends_are_quieter_and_come_and_go_smoothly(self) -> None:
        assert self.share(2026, 3, 7, 14) == self.share(2026, 3, 8, 14) == pytest.approx(0.85)
        week = season(datetime(2026, 3, 2, tzinfo=UTC).timestamp() + np.arange(0, 7 * 86400, 300.0))[:, 0]
        assert np.abs(np.diff(week)).max() < 0.01

    def test_sparse_topics_know_no_season(self) -> None:
        sparse = [place for place, topic in enumerate(TOPICS) if topic.sparse]
        assert (season(np.arange(0, 86400.0, 600))[:, sparse] == 1).all()


class TestNoise:
    def test_it_does_not_depend_on_how_a_run_is_cut(self) -> None:
        whole, pieces = (Noise(np.random.SeedSequence(3), 5, 2) for _ in range(2))
        whole.draw(10)
        pieces.draw(4)
        first = [pieces.normals(3).copy(), pieces.uniforms(3).copy()]
        pieces.draw(6)
        assert np.array_equal(whole.normals(3), first[0])
        assert np.array_equal(whole.uniforms(3), first[1])
        assert np.array_equal(whole.normals(9), pieces.normals(5))
        assert np.array_equal(whole.uniforms(9), pieces.uniforms(5))

    def test_a_trailing_mean_takes_its_span_to_follow(self) -> None:
        mean = TrailingMean(60.0, 15.0, np.array([0.0]))
        assert [float(mean.push(np.array([1.0]))[0]) for _ in range(5)] == [0.25, 0.5, 0.75, 1, 1]

    def test_what_wanders_stays_around_zero_and_remembers(self) -> None:
        wander, random = Wander(1, 0.03, 900.0, 30.0), np.random.default_rng(1)
        values = np.array([wander.step(random.standard_normal(1))[0] for _ in range(20000)])
        assert values.std() == pytest.approx(0.03, rel=0.1)
        assert np.corrcoef(values[:-1], values[1:])[0, 1] == pytest.approx(np.exp(-30 / 900), abs=0.01)


def test_places_and_keys_tell_the_same_order() -> None:
    for metric, place in PLACES.items():
        assert {key.metric for key in KEYS[place]} == {metric}
    assert sum(place.stop - place.start for place in PLACES.values()) == len(KEYS)
