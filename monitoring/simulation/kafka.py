"""The Kafka side: brokers that take messages in, replicate them, and come and go."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitoring.blocks import Bools, Floats
from monitoring.simulation.effects import NEVER, Effects
from monitoring.simulation.jvm import Heaps
from monitoring.simulation.log import TopicLog
from monitoring.simulation.noise import Noise, TrailingMean
from monitoring.simulation.replicas import Membership, ReplicaState, replica_state, shrinks
from monitoring.simulation.topology import BROKERS, GROUPS, PLACES, TOPICS

FENCED_AFTER: Final = 9.0
"""Seconds without a heartbeat until the controller gives a broker up."""
OUT_OF_SYNC_AFTER: Final = 30.0
"""Seconds a silent follower stays in the in-sync set (replica.lag.time.max.ms)."""
_CATCH_UP: Final = 15.0
_CRASH_SECONDS: Final = 150.0
_SIZE: Final = len(BROKERS)
_PARTITIONS: Final = np.array([topic.partitions for topic in TOPICS], float)
_PEAK: Final = np.array([topic.peak_rate for topic in TOPICS])
_REPLICAS: Final = np.array([topic.replicas for topic in TOPICS], float)
_COMMIT_SECONDS: Final = 5.0
_FULL_DISK: Final = 0.97
_INGEST_PER_SECOND: Final = 0.17 / 86400
"""Share of a broker's disk that usual traffic at its peak fills in a second; kept for three days."""
_RETENTION_CHECK: Final = 300.0


class Kafka:
    """Brokers, topics' logs and plain consumers. `available` is what of each topic a consumer can read."""

    def __init__(self, seed: np.random.SeedSequence, now: float, step: float, season: Floats) -> None:
        first, second = seed.spawn(2)
        random = np.random.Generator(np.random.PCG64(first))
        self._noise = Noise(second, 8 * _SIZE + len(GROUPS), 0)
        self._step = step
        self.logs = [TopicLog(now, rate) for rate in (season * _PEAK).tolist()]
        self.accepted: Floats = season * _PEAK
        self.readable: Floats = np.ones(len(TOPICS))
        self._plain: Floats = np.array([-_COMMIT_SECONDS / 2 * self.accepted[group.topic] for group in GROUPS])
        self._heaps = Heaps(np.array([0.33, 0.31, 0.34]), 0.26, 840.0, random.random(_SIZE))
        self._disk: Floats = 0.5 + 0.04 * random.random(_SIZE)
        self._filled: Floats = np.zeros(_SIZE)
        self._to_delete: Floats = np.zeros(_SIZE)
        self._away_until: Floats = np.full(_SIZE, -NEVER)
        self._crashed_since: Floats = np.full(_SIZE, NEVER)
        self._gone: Bools = np.zeros(_SIZE, bool)
        self._rejoin_at: Floats = np.full(_SIZE, -NEVER)
        self._members = Membership((True,) * _SIZE, (True,) * _SIZE, (False,) * _SIZE)
        self._state: ReplicaState = replica_state(self._members)
        self._shrink_mean = TrailingMean(60.0, step, np.zeros(_SIZE))
        self._shrinks: Floats = np.zeros(_SIZE)
        self._load: Floats = np.ones(_SIZE)
        self._split_since = NEVER
        self._row_normals: Floats = np.zeros(0)
        self._active = _SIZE
        self._waiting = 0.0
        self._extra_ms: Floats = np.zeros(_SIZE)

    def draw(self, steps: int) -> None:
        self._noise.draw(steps)

    def step(self, now: float, at: int, offered: Floats, season: Floats, effects: Effects) -> None:
        """Take in a step's messages, ending now."""
        self._row_normals = self._noise.normals(at)
        self._follow_membership(now, effects)
        self.readable = self._state.readable
        self.accepted = offered * self._state.writable
        for log, rate in zip(self.logs, self.accepted.tolist(), strict=True):
            log.append(now, rate * self._step)
        self._work(now, season, effects)
        self._consume(effects)

    def _follow_membership(self, now: float, effects: Effects) -> None:
        stopped = np.minimum(effects.broker_stopped_since, self._crashed_since)
        gone = stopped <= now
        cut = effects.broker_cut_since <= now
        silent = now - np.minimum(stopped, effects.broker_cut_since)
        # A planned stop hands the leaderships over first.
        fenced = silent >= (0.0 if effects.planned else FENCED_AFTER)
        pausing = self._heaps.gc > 0.2
        away = fenced | pausing
        back = np.where(self._rejoin_at == NEVER, now + _CATCH_UP, self._rejoin_at)
        self._rejoin_at = np.where(away, NEVER, back)
        insync = now >= self._rejoin_at
        slow = now - effects.follower_slow_since >= OUT_OF_SYNC_AFTER
        members = Membership(
            tuple((~gone & ~cut).tolist()), tuple(insync.tolist()), tuple(slow.tolist()), effects.planned
        )
        counts = np.zeros(_SIZE)
        if members != self._members:
            state = replica_state(members)
            counts = shrinks(self._state, state)
            self._members, self._state = members, state
        self._shrinks = self._shrink_mean.push(counts / self._step)
        self._gone = gone
        self._active = _SIZE - int(np.count_nonzero(fenced))
        self._split_since = float(effects.broker_cut_since.min())
        # Writes wait for a follower that is silent until it leaves the in-sync set.
        quiet = silent[(silent > 0) & (silent < NEVER)]
        self._waiting = 1.0 if not effects.planned and quiet.size and float(quiet.min()) < 60 else 0.0
        self._extra_ms = effects.produce_extra_ms

    def _work(self, now: float, season: Floats, effects: Effects) -> None:
        up = ~self._gone
        traffic = self.accepted / _PEAK
        weights = _PEAK * traffic
        led = self._state.leads @ weights / _PEAK.sum() * _SIZE
        followed = float((weights * (_REPLICAS - 1)).sum() / (_PEAK * (_REPLICAS - 1)).sum())
        self._load = up * (0.7 * led + 0.3 * followed)
        normals = self._row_normals
        self._heaps.step(self._load + 0.15, effects.broker_leak * up, self._step, normals[:_SIZE])
        self._fill_disks(now, float(weights.sum() / _PEAK.sum()), float(season @ _PEAK / _PEAK.sum()), effects)
        self._crash(now, effects)

    def _fill_disks(self, now: float, ingest: float, usual: float, effects: Effects) -> None:
        # Retention deletes what came in three days ago, in whole segments, whenever it looks.
        self._disk = self._disk + _INGEST_PER_SECOND * ingest * self._step * ~self._gone
        self._to_delete = self._to_delete + _INGEST_PER_SECOND * usual * self._step * ~self._gone
        if now % _RETENTION_CHECK < self._step:
            self._disk = self._disk - self._to_delete
            self._to_delete = np.zeros(_SIZE)
        filling = effects.broker_disk_fill > 0
        freed = np.where(filling, 0.0, self._filled * min(1.0, self._step / 600))
        self._filled = np.minimum(self._filled + effects.broker_disk_fill * self._step - freed, 0.6)

    def disk_used(self) -> Floats:
        used: Floats = np.clip(self._disk + self._filled, 0.0, 0.995)
        return used

    def _crash(self, now: float, effects: Effects) -> None:
        """Brokers die of a full heap and come back; those with a full disk come back once there is room."""
        for broker in np.flatnonzero(self._crashed_since < NEVER).tolist():
            if now >= self._away_until[broker] and self.disk_used()[broker] < _FULL_DISK - 0.02:
                self._crashed_since[broker] = NEVER
        dying = (self._heaps.exhausted() > 0) | (self.disk_used() >= _FULL_DISK)
        for broker in np.flatnonzero(dying & (self._crashed_since == NEVER)).tolist():
            self._crashed_since[broker] = now
            self._away_until[broker] = now + _CRASH_SECONDS
            self._heaps.restart(broker)
        for broker in np.flatnonzero(effects.broker_stopped_since <= now).tolist():
            self._heaps.restart(broker)

    def _consume(self, effects: Effects) -> None:
        since_commit = np.clip(_COMMIT_SECONDS * (0.5 + 0.25 * self._row_normals[-len(GROUPS) :]), 0.1, _COMMIT_SECONDS)
        for place, group in enumerate(GROUPS):
            if group.job is None:
                peak = max(TOPICS[group.topic].peak_rate, 1.0)
                most = peak * group.speed * float(effects.consumer_speed[place]) * self._step
                uncommitted = float(since_commit[place]) * float(self.accepted[group.topic])
                waiting = max(0.0, self.logs[group.topic].end - uncommitted - float(self._plain[place]))
                self._plain[place] += min(waiting, most)

    def observe(self, row: Floats, now: float, committed: dict[int, float]) -> None:
        """Write what the exporters show now; `committed` holds the committed offset of each job."""
        here = ~self._gone
        normals = self._row_normals
        unknown = np.where(here, 0.0, np.nan)
        row[PLACES["under_replicated_partitions"]] = np.round(self._state.under_replicated) + unknown
        row[PLACES["under_min_isr_partitions"]] = np.round(self._state.under_min_isr) + unknown
        row[PLACES["offline_partitions"]] = round(self._state.offline)
        row[PLACES["active_controller_count"]] = self._controllers(now)
        row[PLACES["active_brokers"]] = self._active
        row[PLACES["isr_shrink_rate"]] = self._shrinks + unknown
        row[PLACES["unclean_leader_elections"]] = 0.0
        row[PLACES["messages_in_rate"]] = self.accepted
        gc = self._heaps.gc
        latency = (3.0 + 4.0 * self._load) * np.exp(0.14 * normals[_SIZE : 2 * _SIZE]) * (1 + 40 * gc**1.5)
        row[PLACES["produce_latency_p99"]] = latency * (1 + 9 * self._waiting) + self._extra_ms + 800 * gc**2 + unknown
        idle = 0.97 - 0.13 * self._load - 0.9 * gc + 0.006 * normals[2 * _SIZE : 3 * _SIZE]
        row[PLACES["request_handler_idle_ratio"]] = np.clip(idle, 0.0, 1.0) + unknown
        row[PLACES["broker_heap_used_ratio"]] = self._heaps.used + unknown
        row[PLACES["broker_gc_time_ratio"]] = gc + unknown
        row[PLACES["broker_disk_used_ratio"]] = self.disk_used() + unknown
        self._observe_groups(row, now, committed)

    def _controllers(self, now: float) -> float:
        """One; none while a new one is voted for, two when the old one on the far side still believes in itself."""
        if now < self._split_since:
            return 1.0
        return 0.0 if now - self._split_since < FENCED_AFTER else 2.0

    def _observe_groups(self, row: Floats, now: float, committed: dict[int, float]) -> None:
        lags, ages = row[PLACES["consumer_group_lag"]], row[PLACES["consumer_group_lag_seconds"]]
        skews = self._row_normals[-len(GROUPS) :].tolist()
        for place, group in enumerate(GROUPS):
            log = self.logs[group.topic]
            offset = float(self._plain[place]) if group.job is None else committed[group.job]
            behind = max(0.0, log.end - offset)
            fullest = behind / _PARTITIONS[group.topic] * (1.22 + 0.015 * skews[place])
            lags[place] = round(fullest)
            ages[place] = now - log.time_of(offset) if behind >= 1 else 0.0
