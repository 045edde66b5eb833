"""The Flink side: task managers and the jobs that run in their slots."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitoring.blocks import Bools, Floats
from monitoring.simulation.effects import NEVER, Effects
from monitoring.simulation.jobs import Job, Surroundings
from monitoring.simulation.jvm import Heaps
from monitoring.simulation.kafka import Kafka
from monitoring.simulation.noise import Noise
from monitoring.simulation.topology import JOBS, PLACES, TASK_MANAGERS, TOPICS

KILLED_SEEN_AFTER: Final = 12.0
"""Seconds until a killed task manager is missed (measured): its connections break."""
CUT_SEEN_AFTER: Final = 50.0
"""Seconds until one behind a silent network is missed (heartbeat.timeout)."""
_REGISTER_SECONDS: Final = 15.0
_RESTART_SECONDS: Final = 90.0
_SIZE: Final = len(TASK_MANAGERS)
_JOB_NORMALS: Final = 12


class Flink:
    """Task managers and jobs. `rates` is what each job wrote in the last step, records per second."""

    def __init__(self, seed: np.random.SeedSequence, now: float, step: float, kafka: Kafka) -> None:
        first, second = seed.spawn(2)
        random = np.random.Generator(np.random.PCG64(first))
        self._noise = Noise(second, _SIZE + _JOB_NORMALS * len(JOBS), 2 * len(JOBS))
        self._step = step
        self._kafka = kafka
        self._jobs = [Job(j, kafka.logs[j.topic], now, step, float(kafka.accepted[j.topic])) for j in JOBS]
        self._heaps = Heaps(np.array([0.36, 0.34, 0.35]), 0.25, 660.0, random.random(_SIZE))
        self._killed_at: Floats = np.full(_SIZE, NEVER)
        self._registered: Bools = np.ones(_SIZE, bool)
        self._back_at: Floats = np.full(_SIZE, -NEVER)
        self._gone: Bools = np.zeros(_SIZE, bool)

    def draw(self, steps: int) -> None:
        self._noise.draw(steps)

    @property
    def rates(self) -> list[float]:
        return [job.rate for job in self._jobs]

    @property
    def committed(self) -> dict[int, float]:
        return {place: job.checkpoints.offset for place, job in enumerate(self._jobs)}

    def step(self, now: float, at: int, effects: Effects, sink_rates: Floats, sink_risks: Floats) -> None:
        """Run all jobs for a step that ends now. `sink_rates` is what ClickHouse takes from each job in
        records per second, `sink_risks` how likely one of its inserts fails in this step."""
        normals, uniforms = self._noise.normals(at), self._noise.uniforms(at).tolist()
        lost_at = self._follow_managers(now, effects)
        load = np.zeros(_SIZE)
        for place, job in enumerate(self._jobs):
            around = self._around(place, effects, lost_at, sink_rates, sink_risks, uniforms)
            first = _SIZE + place * _JOB_NORMALS
            job.step(now, around, normals[first : first + _JOB_NORMALS].tolist())
            load[list(job.spec.managers)] += job.rate / TOPICS[job.spec.topic].peak_rate / len(job.spec.managers)
        self._heaps.step(load + 0.2, effects.manager_leak * ~self._gone, self._step, normals[:_SIZE])

    def _around(
        self,
        place: int,
        effects: Effects,
        lost_at: list[float],
        sink_rates: Floats,
        sink_risks: Floats,
        uniforms: list[float],
    ) -> Surroundings:
        spec = JOBS[place]
        managers = list(spec.managers)
        lost = max(lost_at[manager] for manager in managers)
        return Surroundings(
            slots=bool(self._registered[managers].all()),
            lost_at=lost if lost > -NEVER else None,
            gc=float(self._heaps.gc[managers].max()),
            operator_speed=float(effects.operator_speed[place]),
            checkpoint_timeout=float(effects.checkpoint_timeout[place]),
            storage_fails=uniforms[2 * place] < effects.storage_failing[place],
            sink_rate=float(sink_rates[place]),
            sink_fails=uniforms[2 * place + 1] < sink_risks[place],
            readable=float(self._kafka.readable[spec.topic]),
        )

    def _follow_managers(self, now: float, effects: Effects) -> list[float]:
        """Who is registered now; gives the moment at which each was lost in this step, or minus `NEVER`."""
        for manager in np.flatnonzero(self._heaps.exhausted() * (self._killed_at == NEVER)).tolist():
            self._killed_at[manager] = now
            self._heaps.restart(manager)
        self._killed_at[now >= self._killed_at + _RESTART_SECONDS] = NEVER
        stopped = np.minimum(effects.manager_stopped_since, self._killed_at)
        for manager in np.flatnonzero(effects.manager_stopped_since <= now).tolist():
            self._heaps.restart(manager)
        missed_at = np.minimum(stopped + KILLED_SEEN_AFTER, effects.manager_cut_since + CUT_SEEN_AFTER)
        away = (stopped <= now) | (effects.manager_cut_since <= now)
        missed = missed_at <= now
        lost = np.where(missed & self._registered, missed_at, -NEVER)
        self._back_at = np.where(
            missed, NEVER, np.where(self._back_at == NEVER, now + _REGISTER_SECONDS, self._back_at)
        )
        self._back_at = np.where(away & (self._back_at > now), NEVER, self._back_at)
        self._registered = ~missed & (now >= self._back_at)
        self._gone = stopped <= now
        moments: list[float] = lost.tolist()
        return moments

    def observe(self, row: Floats, now: float) -> None:
        """Write what the job manager and the task managers show now."""
        jobs = self._jobs
        row[PLACES["job_not_running_seconds"]] = [0.0 if j.down_since is None else now - j.down_since for j in jobs]
        row[PLACES["job_restart_rate"]] = [len(j.restarts) for j in jobs]
        row[PLACES["failed_checkpoint_rate"]] = [len(j.checkpoints.failures) for j in jobs]
        row[PLACES["checkpoint_age"]] = [now - j.checkpoints.completed_at for j in jobs]
        row[PLACES["checkpoint_duration"]] = [1000 * j.checkpoints.duration for j in jobs]
        row[PLACES["checkpoint_state_size"]] = [float(round(j.state_bytes)) for j in jobs]
        row[PLACES["backpressured_time_ratio"]] = np.concatenate([j.pressure for j in jobs])
        row[PLACES["task_busy_ratio"]] = np.concatenate([j.busy for j in jobs])
        row[PLACES["job_records_out_rate"]] = [j.shown_rate for j in jobs]
        row[PLACES["source_pending_records"]] = [float(round(j.pending)) for j in jobs]
        row[PLACES["event_time_lag"]] = [j.event_lag_ms for j in jobs]
        unknown = np.where(self._gone, np.nan, 0.0)
        row[PLACES["taskmanager_heap_used_ratio"]] = self._heaps.used + unknown
        row[PLACES["taskmanager_gc_time_ratio"]] = self._heaps.gc + unknown
        row[PLACES["registered_taskmanagers"]] = int(np.count_nonzero(self._registered))
