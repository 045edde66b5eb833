"""The ClickHouse side: inserts make parts, merges take them away, replicas fetch, queries compete."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitoring.blocks import Bools, Floats
from monitoring.simulation.effects import NEVER, Effects
from monitoring.simulation.noise import Noise, TrailingMean, Wander
from monitoring.simulation.topology import DISKS, JOBS, NODES, PLACES, TABLES, TOPICS

DELAY_FROM, REJECT_FROM = 1000.0, 3000.0
"""Parts in a partition from which inserts are delayed and rejected (shipped defaults)."""
SESSION_EXPIRY: Final = 35.0
"""Seconds without Keeper (a session of 30 and its noticing) until a node's tables become read-only."""
SKIP_REPLICA_AFTER: Final = 300.0
"""Seconds of lag from which distributed reads leave a replica out (shipped default)."""
_FLUSH_SECONDS: Final = 20.0
_INSERT_SECONDS: Final = 0.05
_MERGES_PER_SECOND: Final = 230.0 / 60
_WRITERS: Final = 6
_FEWEST_PARTS, _PART_LIFE = 8.0, 600.0
_FETCHES_PER_SECOND: Final = 10.0
_LOW_DISK: Final = 0.10
_CRASH_SECONDS: Final = 90.0
_INGEST_PER_SECOND: Final = 0.06 / 86400
_SIZE, _TABLES, _CELLS = len(NODES), len(TABLES), len(NODES) * len(TABLES)
_TOPIC_OF: Final = [job.topic for job in JOBS]
_PEAK: Final = np.array([TOPICS[topic].peak_rate for topic in _TOPIC_OF])
_FAN_OUT: Final = np.array([job.fan_out for job in JOBS])
_SINK: Final = np.array([job.capacities[-1] for job in JOBS]) * _PEAK
_FREE_ARCHIVE: Final = np.array([0.62, 0.6, 0.61])


class ClickHouse:
    """Three replicas of every table. What a job can insert is asked with `sink_rates` and `sink_risks`."""

    def __init__(self, seed: np.random.SeedSequence, step: float, season: Floats) -> None:
        first, second = seed.spawn(2)
        random = np.random.Generator(np.random.PCG64(first))
        self._noise = Noise(second, 8 * _SIZE + 3 * _CELLS, 0)
        self._step = step
        rates = season[_TOPIC_OF] * _PEAK
        self._buffer: Floats = rates * _FLUSH_SECONDS
        self._batch: Floats = rates * _FLUSH_SECONDS
        self._parts: Floats = 30 + 16 * random.random((_SIZE, _TABLES))
        self._queue: Floats = np.zeros((_SIZE, _TABLES))
        self._lag: Floats = np.zeros((_SIZE, _TABLES))
        self._arrivals: Floats = np.full(_TABLES, 3 / 60)
        self._free: Floats = 0.44 + 0.03 * random.random(_SIZE)
        self._extra: Floats = np.zeros(_SIZE)
        self._leaked: Floats = np.zeros(_SIZE)
        self._down_until: Floats = np.full(_SIZE, -NEVER)
        self._memory_wander = Wander(_SIZE, 0.012, 1800.0, step)
        self._rows_mean = TrailingMean(60.0, step, np.full(_SIZE, float((rates * _FAN_OUT).sum()) / _SIZE))
        self._counts_mean = TrailingMean(60.0, step, np.zeros((3, _SIZE)))
        zero = np.zeros(_SIZE)
        self._rows, self._rows_per_insert = self._rows_mean.push(zero + (rates * _FAN_OUT).sum() / _SIZE), zero
        self._delayed, self._rejected, self._failed, self._running, self._slow = zero, zero, zero, zero + 8, zero
        self._memory: Floats = np.full(_SIZE, 0.42)
        self._cut: Bools = np.zeros(_SIZE, bool)
        self._readonly: Bools = np.zeros(_SIZE, bool)
        self._up: Bools = np.ones(_SIZE, bool)
        self._row_normals: Floats = np.zeros(0)

    def draw(self, steps: int) -> None:
        self._noise.draw(steps)

    def follow(self, now: float, effects: Effects) -> None:
        """Who is up, cut off from Keeper, and read-only at the start of a step."""
        self._up = now >= self._down_until
        self._cut = effects.keeper_cut_since <= now
        self._readonly = now - effects.keeper_cut_since >= SESSION_EXPIRY

    def _refusing(self) -> Bools:
        """Which tables take no inserts on which node."""
        refused: Bools = self._readonly[:, None] | (self._parts >= REJECT_FROM)
        return refused

    def _refused_share(self) -> Floats:
        up = max(1, int(np.count_nonzero(self._up)))
        share: Floats = (self._refusing() & self._up[:, None]).sum(axis=0) / up
        return share if self._up.any() else np.ones(_TABLES)

    def sink_rates(self, effects: Effects) -> Floats:
        """Records per second that each job's sink gets through: it inserts a batch and waits for it."""
        self._batch = np.minimum(np.maximum(self._batch, 1.0), effects.batch_rows)
        per_insert = self._batch * _WRITERS / _SINK + _INSERT_SECONDS + self._delays()
        rates: Floats = self._batch * _WRITERS / per_insert * (1 - self._refused_share())
        # A batch that is far from full says nothing about what the sink could do.
        roomy = effects.batch_rows == NEVER
        return np.where(roomy, np.maximum(rates, _SINK * (1 - self._refused_share()) * 0.98), rates)

    def _delays(self) -> Floats:
        over = np.clip((self._parts - DELAY_FROM + 1) / (REJECT_FROM - DELAY_FROM), 0.0, 1.0)
        mean: Floats = (over * self._up[:, None]).sum(axis=0) / max(1, int(np.count_nonzero(self._up)))
        return mean

    def sink_risks(self) -> Floats:
        """How likely it is in a step that a flush of each job meets a node that takes no inserts."""
        flushes = max(1.0, self._step / _FLUSH_SECONDS)
        risks: Floats = 1 - (1 - self._refused_share()) ** flushes
        return risks

    def step(self, now: float, at: int, rates: list[float], season: Floats, effects: Effects) -> None:
        """Take in what the jobs wrote in a step that ends now (records per second each)."""
        self._row_normals = self._noise.normals(at)
        cells = self._row_normals[: 3 * _CELLS].reshape(3, _SIZE, _TABLES)
        inserts = self._insert(np.array(rates), effects, cells[0])
        self._replicate(inserts, effects, cells[1])
        load = self._query(float(season.mean()), effects)
        self._merge(load, cells[2])
        self._fill_disks(now, float((season[_TOPIC_OF] * _PEAK).sum() / _PEAK.sum()), effects)
        self._use_memory(now, effects)

    def _insert(self, rates: Floats, effects: Effects, normals: Floats) -> Floats:
        """Flush the sinks; gives inserts by node and table, before they are replicated."""
        self._buffer = self._buffer + rates * self._step
        # The last rows before a silence go out with one flush.
        flushed = self._buffer * np.where(rates < 0.5, 1.0, 1 - np.exp(-self._step / _FLUSH_SECONDS))
        self._buffer = self._buffer - flushed
        per_second = flushed / self._step
        self._batch = np.maximum(np.minimum(per_second * _FLUSH_SECONDS, effects.batch_rows), 1e-6)
        flushing = per_second > 0.5
        counts = np.where(flushing, flushed / self._batch, 0.0)
        spread = self._up / max(1, int(np.count_nonzero(self._up)))
        tried = spread[:, None] * counts
        tried = np.maximum(tried + 0.12 * np.sqrt(tried) * normals, 0.0)
        refused = tried * self._refusing()
        done = tried - refused
        share = tried / np.maximum(tried.sum(axis=0), 1e-9)
        self._count(done, refused, share * (flushed * _FAN_OUT) * ~self._refusing())
        return done

    def _count(self, done: Floats, refused: Floats, rows: Floats) -> None:
        per_minute = 60 / self._step
        self._rows = self._rows_mean.push(rows.sum(axis=1) / self._step)
        # Refused inserts count as queries, too.
        total = (done + refused).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._rows_per_insert = np.where(total > 0.02, rows.sum(axis=1) / total, np.nan)
        full = self._parts >= REJECT_FROM
        delayed = (done * (self._parts >= DELAY_FROM)).sum(axis=1) * per_minute
        rejected = np.maximum((refused * full).sum(axis=1), full.any(axis=1) * 0.75) * per_minute
        failed = self._refusing().any(axis=1).astype(float)
        counts = self._counts_mean.push(np.stack([delayed, rejected, failed]))
        self._delayed, self._rejected, self._failed = counts[0], counts[1], counts[2]

    def _replicate(self, inserts: Floats, effects: Effects, normals: Floats) -> None:
        # What is inserted on one node is fetched by the others; on a full disk it is written in pieces.
        able = self._up & ~self._cut
        everyone = inserts.sum(axis=0)
        split = np.where(self._free_now() < _LOW_DISK, effects.part_split, 1.0)[:, None]
        self._arrivals = self._arrivals + min(1.0, self._step / 120) * (everyone / self._step - self._arrivals)
        incoming = everyone - inserts
        limit = _FETCHES_PER_SECOND * self._step * able[:, None]
        slow = effects.fetch_speed[:, None] < 1
        limit = np.where(slow, np.minimum(limit, self._arrivals * effects.fetch_speed[:, None] * self._step), limit)
        self._queue = self._queue + incoming
        fetched = np.minimum(self._queue, limit)
        self._queue = self._queue - fetched
        self._parts = self._parts + (inserts + fetched) * split
        behind = self._queue / np.maximum(self._arrivals, 1e-9)
        growing = np.where(able[:, None], np.minimum(behind, self._lag + self._step), self._lag + self._step)
        idle = able[:, None] & (self._queue < 0.5)
        self._lag = np.where(idle, np.abs(normals) * 1.2, growing)

    def _query(self, season: float, effects: Effects) -> Floats:
        """Serve the reads; gives how busy each node is, 0 to 1."""
        lag = self._lag.max(axis=1)
        fresh = self._up & (lag <= SKIP_REPLICA_AFTER)
        # Where no replica is fresh, stale ones are better than none.
        serving = fresh if fresh.any() else self._up
        share = serving / max(1, int(np.count_nonzero(serving)))
        # Peers read with cold caches what a missing replica used to read.
        cold = 1.3 if 0 < np.count_nonzero(serving) < _SIZE else 1.0
        normals = self._row_normals[3 * _CELLS :].reshape(8, _SIZE)
        reads = 0.6 * (0.8 + 0.2 * season) * share * _SIZE * cold * (1 + 0.02 * normals[0])
        pressure = 1 + 0.25 * np.clip((self._memory - 0.85) / 0.1, 0.0, 1.0)
        busy: Floats = np.minimum(reads * pressure, 0.955)
        waiting = 1 / (1 - busy)
        slowdown = effects.query_slowdown
        self._running = 8 * busy * waiting * (1 + 0.5 * (slowdown - 1)) * (1 + 0.07 * normals[1])
        self._slow = 0.2 * waiting * slowdown * np.exp(0.07 * normals[2]) * (1 + 2 * (pressure - 1))
        out_of_memory = 0.12 * np.clip((self._memory - 0.9) / 0.05, 0.0, 1.0)
        self._failed = 0.0012 * np.exp(0.3 * normals[3]) + 0.085 * self._failed + out_of_memory
        return busy

    def _merge(self, busy: Floats, normals: Floats) -> None:
        # Busy readers leave less for merges, a nearly full disk leaves no room, and no merge starts without Keeper.
        speed = np.clip((1 - busy) / 0.3, 0.15, 1.0) * np.where(self._free_now() < _LOW_DISK, 0.01, 1.0)
        able = _MERGES_PER_SECOND * self._step * speed * (self._up & ~self._cut)
        wanted = np.maximum(self._parts - _FEWEST_PARTS, 0.0) * self._step / _PART_LIFE * np.exp(0.55 * normals - 0.15)
        fair = np.minimum(wanted, able[:, None] / _TABLES)
        left = able - fair.sum(axis=1)
        more = wanted - fair
        share = np.minimum(1.0, left / np.maximum(more.sum(axis=1), 1e-9))
        self._parts = np.maximum(self._parts - fair - more * share[:, None], 1.0)

    def _free_now(self) -> Floats:
        free: Floats = np.maximum(self._free - self._extra, 0.015)
        return free

    def _fill_disks(self, now: float, season: float, effects: Effects) -> None:
        ingest = self._rows * _SIZE / float((_PEAK * _FAN_OUT).sum())
        usual = _INGEST_PER_SECOND * season
        self._free = self._free - _INGEST_PER_SECOND * (ingest - season) * self._step - usual * self._step
        if now % 3600 < self._step:
            # Once an hour old rows reach the end of their time to live and whole parts are dropped.
            self._free = self._free + usual * 3600
        slower = np.clip((self._free_now() - 0.03) / 0.04, 0.0, 1.0)
        filling = effects.node_disk_fill > 0
        freed = np.where(filling, 0.0, self._extra * min(1.0, self._step / 600))
        self._extra = self._extra + effects.node_disk_fill * slower * self._step - freed

    def _use_memory(self, now: float, effects: Effects) -> None:
        normals = self._row_normals[3 * _CELLS :].reshape(8, _SIZE)
        wander = self._memory_wander.step(normals[4])
        self._leaked = self._leaked + effects.node_leak * self._step * self._up
        base = 0.36 + 0.0018 * self._running + 0.03 * np.clip(self._parts.max(axis=1) / REJECT_FROM, 0.0, 1.0)
        self._memory = np.clip(base + wander + self._leaked + 0.004 * normals[5], 0.05, 0.99)
        for node in np.flatnonzero((self._memory > 0.97) & (self._leaked > 0.2) & self._up).tolist():
            self._down_until[node] = now + _CRASH_SECONDS
            self._leaked[node] = 0.0

    def observe(self, row: Floats) -> None:
        """Write what the nodes show now; one that is down shows nothing. Rows per insert is a ratio and is
        not there when nothing was inserted."""
        here = self._up
        unknown = np.where(here, 0.0, np.nan)
        by_table = np.repeat(unknown, _TABLES)
        normals = self._row_normals[3 * _CELLS :].reshape(8, _SIZE)
        row[PLACES["query_duration_p95"]] = self._slow + unknown
        row[PLACES["failed_query_ratio"]] = np.minimum(self._failed, 1.0) + unknown
        row[PLACES["running_queries"]] = np.round(self._running) + unknown
        row[PLACES["replication_lag_seconds"]] = np.round(self._lag).ravel() + by_table
        queue = self._queue + np.abs(self._row_normals[_CELLS : 2 * _CELLS].reshape(_SIZE, _TABLES)) * 1.1
        row[PLACES["replication_queue_size"]] = np.floor(queue).ravel() + by_table
        row[PLACES["readonly_replicas"]] = self._readonly * float(_TABLES) + unknown
        row[PLACES["max_parts_per_partition"]] = np.round(self._parts).ravel() + by_table
        row[PLACES["delayed_inserts_rate"]] = np.round(self._delayed, 1) + unknown
        row[PLACES["rejected_inserts_rate"]] = np.round(self._rejected, 1) + unknown
        row[PLACES["inserted_rows_rate"]] = self._rows + unknown
        row[PLACES["rows_per_insert"]] = np.round(self._rows_per_insert) + unknown
        row[PLACES["memory_used_ratio"]] = self._memory + unknown
        free = np.stack([self._free_now(), _FREE_ARCHIVE], axis=1)
        assert free.shape == (_SIZE, len(DISKS))
        row[PLACES["disk_free_ratio"]] = free.ravel() + np.repeat(unknown, len(DISKS))
        exceptions = np.maximum(np.round(24 + 6 * normals[6]), 3) * self._cut
        row[PLACES["keeper_exceptions_rate"]] = exceptions + unknown
