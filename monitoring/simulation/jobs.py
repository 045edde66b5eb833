"""One Flink job: reads a topic as fast as its narrowest task allows, checkpoints, fails and restarts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from monitoring.blocks import Floats
from monitoring.simulation.checkpoints import Checkpoints, Stretch
from monitoring.simulation.log import TopicLog
from monitoring.simulation.noise import TrailingMean
from monitoring.simulation.topology import TOPICS, JobSpec

_WINDOW: Final = 600.0
_FIRST_BACKOFF, _LAST_BACKOFF, _BACKOFF_GROWTH = 1.0, 60.0, 1.5
_BACKOFF_RESET: Final = 3600.0
_DEPLOY_SECONDS: Final = 7.0
_METER_SECONDS: Final = 60.0
_SINK_RETRY_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Surroundings:
    """What a job meets during a step. `slots` says whether all its task managers are registered and
    `lost_at` when one was last lost, if in this step; `gc` is the worst collection share among them.
    `sink_rate` is what ClickHouse takes in records per second, `sink_fails` whether an insert ended in an
    exception. `readable` is the share of the topic's partitions that can be read."""

    slots: bool
    lost_at: float | None
    gc: float
    operator_speed: float
    checkpoint_timeout: float
    storage_fails: bool
    sink_rate: float
    sink_fails: bool
    readable: float


class Job:
    """A job's state and what its metrics show. `rate` is what it wrote to the sink in the last step."""

    def __init__(self, spec: JobSpec, log: TopicLog, now: float, step: float, rate: float) -> None:
        self.spec = spec
        self._log = log
        self._step = step
        self._capacities: Floats = np.array(spec.capacities) * TOPICS[spec.topic].peak_rate
        self.checkpoints = Checkpoints(now, spec.checkpoint_offset, spec.checkpoint_seconds, rate)
        self.position = -0.4 * rate
        self.down_since: float | None = None
        self._sink_failed_at: float | None = None
        self._ready_at = now
        self._backoff = _FIRST_BACKOFF
        self._failed_at = now - 2 * _BACKOFF_RESET
        self.restarts: list[float] = []
        self.rate = rate
        size = len(spec.tasks)
        usual = rate / self._capacities
        self._rate_mean = TrailingMean(_METER_SECONDS, step, np.array([rate]))
        self._busy_mean = TrailingMean(_METER_SECONDS, step, usual)
        self._pressure_mean = TrailingMean(_METER_SECONDS, step, np.zeros(size))
        self.shown_rate = rate
        self.busy: Floats = usual
        self.pressure: Floats = np.zeros(size)
        self.event_lag_ms = 800.0
        self.state_bytes = spec.state_bytes
        self._completions = 0

    def step(self, now: float, around: Surroundings, normals: list[float]) -> None:
        """Run for one step that ends now."""
        begin = now - self._step
        if self.down_since is not None:
            begin = self._recover(begin, now, around)
        elif around.lost_at is not None or not around.slots:
            self._fail(around.lost_at if around.lost_at is not None else begin)
            begin = now
        self._run(begin, now, around, normals)
        self._forget(now)

    @property
    def pending(self) -> float:
        return max(0.0, self._log.end - self.position)

    def _recover(self, begin: float, now: float, around: Surroundings) -> float:
        """Restart attempts until now; gives the moment from which the job runs, `now` if it does not."""
        while self._ready_at <= now:
            if around.slots:
                self.down_since = None
                self.checkpoints.resume(self._ready_at)
                return max(begin, self._ready_at)
            self.restarts.append(self._ready_at)
            self.checkpoints.failures.append(self._ready_at)
            self._wait(self._ready_at)
        return now

    def _wait(self, moment: float) -> None:
        self._ready_at = moment + self._backoff + _DEPLOY_SECONDS
        self._backoff = min(self._backoff * _BACKOFF_GROWTH, _LAST_BACKOFF)

    def _fail(self, moment: float) -> None:
        """Stop, go back to the last checkpoint and wait for a restart."""
        if moment - self._failed_at > _BACKOFF_RESET:
            self._backoff = _FIRST_BACKOFF
        self._failed_at = moment
        self.checkpoints.abort(moment)
        self.checkpoints.failures.append(moment)
        self.position = self.checkpoints.offset
        self.down_since = moment
        self._sink_failed_at = None
        self.restarts.append(moment)
        self._wait(moment)

    def _run(self, begin: float, now: float, around: Surroundings, normals: list[float]) -> None:
        capacities = self._capacities_now(around)
        seconds = now - begin
        before = self.position
        most = float(capacities.min()) * seconds
        # What is in flight between broker and source was not read yet.
        in_flight = self._log.rate * 0.4 * float(np.exp(0.35 * normals[0]))
        processed = min(max(self.pending * around.readable - in_flight, 0.0), most) if self.down_since is None else 0.0
        self.position += processed
        self.rate = processed / self._step
        busy, pressure = self._pressures(processed, seconds, most, capacities)
        self._show(now, busy, pressure, processed, normals)
        if self.down_since is not None:
            return
        if self._sink_gave_up(now, around.sink_fails):
            self._fail(now)
            return
        stretch = self._stretch(begin, now, before, float(pressure.max()), around, normals[1])
        failed = self.checkpoints.go(stretch)
        if failed is not None:
            self._fail(failed)

    def _sink_gave_up(self, now: float, failed: bool) -> bool:
        """A sink tries a failed insert again for a while; its exception comes when that fails, too."""
        first, self._sink_failed_at = self._sink_failed_at, now if failed else None
        if not failed or first is None:
            return False
        self._sink_failed_at = first
        return now - first >= _SINK_RETRY_SECONDS

    def _capacities_now(self, around: Surroundings) -> Floats:
        capacities = self._capacities * max(0.05, 1 - 1.4 * around.gc)
        capacities[1:-1] *= around.operator_speed
        capacities[-1] = min(float(capacities[-1]), around.sink_rate)
        return capacities

    def _pressures(self, processed: float, seconds: float, most: float, capacities: Floats) -> tuple[Floats, Floats]:
        """Busy share and back-pressured share of each task: tasks before the narrowest one wait for it once
        it has all it can do."""
        size = len(capacities)
        if seconds <= 0:
            return np.zeros(size), np.zeros(size)
        used = processed / most if most > 0 else 1.0
        squeeze = min(max((used - 0.55) / 0.45, 0.0), 1.0)
        busy = np.minimum(processed / seconds / np.maximum(capacities, 1e-9), 1.0)
        narrowest = int(np.argmin(capacities))
        if most <= 0:
            busy[narrowest] = 1.0
        before = np.arange(size) < narrowest
        return busy, before * (1 - busy) * squeeze

    def _stretch(
        self, begin: float, now: float, before: float, pressure: float, around: Surroundings, normal: float
    ) -> Stretch:
        return Stretch(
            begin=begin,
            end=now,
            from_offset=before,
            to_offset=self.position,
            pressure=pressure,
            stalled=around.sink_rate <= 0,
            seconds=self.spec.checkpoint_seconds * float(np.exp(0.13 * normal)),
            timeout=around.checkpoint_timeout,
            storage_fails=around.storage_fails,
        )

    def _show(self, now: float, busy: Floats, pressure: Floats, processed: float, normals: list[float]) -> None:
        self.shown_rate = float(self._rate_mean.push(np.array([self.rate]))[0])
        tasks = len(self.spec.tasks)
        self.busy = np.clip(self._busy_mean.push(busy) + 0.012 * np.array(normals[3 : 3 + tasks]), 0.0, 1.0)
        small = 0.008 * np.abs(np.array(normals[3 + tasks : 3 + 2 * tasks])) * (busy > 0)
        self.pressure = np.clip(self._pressure_mean.push(pressure) + small, 0.0, 1.0)
        if processed >= 1:
            # The last records before a silence were read when they came, not at the end of this step.
            read_at = now if self._log.rate > 0 or self.pending >= 1 else now - self._step
            age = max(0.0, read_at - self._log.time_of(self.position))
            self.event_lag_ms = 1000 * age + 350 * float(np.exp(0.25 * normals[2]))
        if self.checkpoints.completions != self._completions:
            self._completions = self.checkpoints.completions
            usual = self.spec.state_bytes * (0.93 + 0.1 * self.shown_rate / TOPICS[self.spec.topic].peak_rate)
            # State follows traffic over hours, as windows and time-to-live let go of it.
            self.state_bytes += 0.01 * (usual - self.state_bytes) + 0.0008 * self.spec.state_bytes * normals[1]

    def _forget(self, now: float) -> None:
        for moments in (self.restarts, self.checkpoints.failures):
            while moments and moments[0] <= now - _WINDOW:
                moments.pop(0)
