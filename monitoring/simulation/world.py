"""The whole simulated platform, step by step: Kafka, Flink and ClickHouse acting on one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from monitoring.blocks import Block, Floats, from_micros, to_micros
from monitoring.errors import InvalidInput
from monitoring.metrics import SeriesKey
from monitoring.simulation.clickhouse import ClickHouse
from monitoring.simulation.delivery import deliver
from monitoring.simulation.effects import Effects, effects_of, seconds
from monitoring.simulation.faults import Fault
from monitoring.simulation.flink import Flink
from monitoring.simulation.kafka import Kafka
from monitoring.simulation.season import season
from monitoring.simulation.topology import JOBS, KEYS
from monitoring.simulation.traffic import Traffic

_LONGEST_STEP = 30.0
_TOPIC_OF = [job.topic for job in JOBS]


class Simulation:
    """A platform from `start` on, with the faults given, sampled every `step_seconds`.

    The first sample is at `start`. The same arguments give the same samples, however a run is cut into
    pieces. Raises `InvalidInput` if `start` has no time zone or the step is not between 1 s and an hour.
    """

    def __init__(self, faults: Sequence[Fault], seed: int, start: datetime, step_seconds: float = 30.0) -> None:
        if start.tzinfo is None:
            raise InvalidInput("The start of a simulation needs a time zone.")
        if not 1.0 <= step_seconds <= 3600.0:
            raise InvalidInput(f"A simulation samples every 1 to 3600 seconds, not every {step_seconds:g}.")
        self._faults = list(faults)
        self._windows = [(fault, *seconds(fault)) for fault in self._faults]
        self._start = to_micros(start.astimezone(UTC))
        self._step_micros = round(step_seconds * 1e6)
        # The platform lives in steps short enough for its feedback; of several only the last is sampled.
        self._inner = math.ceil(step_seconds / _LONGEST_STEP)
        self._step = self._step_micros / 1e6 / self._inner
        self._sampled = 0
        seeds = np.random.SeedSequence(seed).spawn(4)
        begin = self._start / 1e6 - self._step * self._inner
        usual: Floats = season(np.array([begin]))[0]
        self._traffic = Traffic(seeds[0], self._step)
        self._kafka = Kafka(seeds[1], begin, self._step, usual)
        self._flink = Flink(seeds[2], begin, self._step, self._kafka)
        self._clickhouse = ClickHouse(seeds[3], self._step, usual)
        self._healthy = Effects()

    @property
    def keys(self) -> tuple[SeriesKey, ...]:
        """The series of the platform, in the order in which a block's `series` counts them."""
        return KEYS

    @property
    def next_time(self) -> datetime:
        """The time of the next sample."""
        return from_micros(self._start + self._sampled * self._step_micros)

    def run(self, steps: int) -> Block:
        """Go on for so many samples of every series and give those that arrived, in order of time."""
        micros = self._start + np.arange(self._sampled, self._sampled + steps, dtype=np.int64) * self._step_micros
        rows = np.empty((steps, len(KEYS)))
        inner = steps * self._inner
        first = self._sampled * self._inner
        places = np.arange(first, first + inner, dtype=np.float64)
        moments: Floats = self._start / 1e6 + (places - (self._inner - 1)) * self._step
        for part in (self._kafka, self._flink, self._clickhouse):
            part.draw(inner)
        self._traffic.draw(moments)
        for at, now in enumerate(moments.tolist()):
            self._advance(at, now)
            if at % self._inner == self._inner - 1:
                self._observe(rows[at // self._inner], now)
        self._sampled += steps
        deliver(self._faults, micros / 1e6, rows, self._step_micros / 1e6)
        return _as_block(micros, rows)

    def run_until(self, end: datetime) -> Block:
        """Go on until all samples before `end` are made."""
        left = to_micros(end) - (self._start + self._sampled * self._step_micros)
        return self.run(max(0, math.ceil(left / self._step_micros)))

    def without(self, fault: Fault) -> None:
        """Take a fault away, as if it had never been planned; only before it starts."""
        if self._sampled and to_micros(fault.start) <= to_micros(self.next_time) - self._step_micros:
            raise InvalidInput(f"The fault {fault.kind} has started already and can no longer be taken away.")
        self._faults.remove(fault)
        self._windows = [(fault, *seconds(fault)) for fault in self._faults]

    def _advance(self, at: int, now: float) -> None:
        # What begins or ends at a sample's time shows in the samples after it.
        active = [(fault, start) for fault, start, end in self._windows if start < now <= end]
        effects = effects_of(active, now) if active else self._healthy
        usual = self._traffic.season_now(at)
        offered = self._traffic.step(at, effects)
        self._kafka.step(now, at, offered, usual, effects)
        self._clickhouse.follow(now, effects)
        self._flink.step(now, at, effects, self._clickhouse.sink_rates(effects), self._clickhouse.sink_risks())
        self._clickhouse.step(now, at, self._flink.rates, usual, effects)

    def _observe(self, row: Floats, now: float) -> None:
        self._kafka.observe(row, now, self._flink.committed)
        self._flink.observe(row, now)
        self._clickhouse.observe(row)


def _as_block(micros: np.typing.NDArray[np.int64], rows: Floats) -> Block:
    times, series = np.nonzero(~np.isnan(rows))
    return Block(KEYS, series.astype(np.int64), micros[times], rows[times, series])
