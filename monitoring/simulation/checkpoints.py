"""Checkpoints of one Flink job: triggered by the clock, slowed by back-pressure, failed by time or storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from monitoring.simulation.topology import CHECKPOINT_INTERVAL

_MIN_PAUSE: Final = 5.0
_PRESSURE_COST: Final = (25.0, 220.0)


@dataclass(frozen=True)
class Stretch:
    """A stretch of running time [begin, end] in which a job reads evenly from one offset to another, under
    a back-pressure (0 to 1). `seconds` is what a checkpoint takes without pressure, `timeout` when one
    expires. `storage_fails` says whether checkpoints that get through are lost when they are stored."""

    begin: float
    end: float
    from_offset: float
    to_offset: float
    pressure: float
    stalled: bool
    seconds: float
    timeout: float
    storage_fails: bool

    def offset_at(self, moment: float) -> float:
        span = self.end - self.begin
        share = (moment - self.begin) / span if span > 0 else 1.0
        return self.from_offset + min(max(share, 0.0), 1.0) * (self.to_offset - self.from_offset)


@dataclass
class _Running:
    triggered: float
    offset: float
    done: float = 0.0


class Checkpoints:
    """What checkpoints there were: the committed `offset`, when the last one completed (`completed_at`) and
    how long it took (`duration`), and the moments at which one failed (`failures`)."""

    def __init__(self, now: float, offset_in_minute: float, seconds: float, rate: float) -> None:
        since = (now - offset_in_minute) % CHECKPOINT_INTERVAL
        self._next = now - since + CHECKPOINT_INTERVAL
        self._running: _Running | None = None
        self.completed_at = min(now, now - since + seconds)
        self.duration = seconds
        self.offset = -since * rate
        self.failures: list[float] = []
        self.completions = 0

    def go(self, stretch: Stretch) -> float | None:
        """Go through a stretch; gives the moment in which a checkpoint expired and the job failed, if so."""
        now = stretch.begin
        while now < stretch.end:
            if self._running is None:
                if self._next >= stretch.end:
                    return None
                now = max(now, self._next)
                self._running = _Running(now, stretch.offset_at(now))
            finish = self._finish(self._running, now, stretch)
            expiry = self._running.triggered + stretch.timeout
            if expiry <= min(finish, stretch.end):
                self.abort(max(expiry, now))
                return max(expiry, now)
            if finish > stretch.end:
                self._running.done += (stretch.end - now) * self._pace(stretch)
                return None
            self._settle(self._running, finish, stretch.storage_fails)
            now = finish
        return None

    def _pace(self, stretch: Stretch) -> float:
        # The barrier waits behind the records in the buffers, which move the slower the more pressure there is.
        linear, cubic = _PRESSURE_COST
        return 0.0 if stretch.stalled else 1 / (1 + linear * stretch.pressure + cubic * stretch.pressure**3)

    def _finish(self, running: _Running, now: float, stretch: Stretch) -> float:
        pace = self._pace(stretch)
        return now + max(stretch.seconds - running.done, 0.0) / pace if pace > 0 else float("inf")

    def _settle(self, running: _Running, finish: float, storage_fails: bool) -> None:
        if storage_fails:
            self.failures.append(finish)
        else:
            self.completed_at, self.duration, self.offset = finish, finish - running.triggered, running.offset
            self.completions += 1
        self._running = None
        self._next = max(running.triggered + CHECKPOINT_INTERVAL, finish + _MIN_PAUSE)

    def abort(self, moment: float) -> None:
        """The job failed: a checkpoint under way fails with it."""
        if self._running is not None:
            self.failures.append(moment)
            self._running = None

    def resume(self, moment: float) -> None:
        """The job runs again; its first checkpoint comes after a short while."""
        self._next = moment + CHECKPOINT_INTERVAL / 3
