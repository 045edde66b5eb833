"""How many messages the producers send: by time of day and week, with noise that lingers."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from monitoring.blocks import Floats
from monitoring.simulation.effects import Effects
from monitoring.simulation.noise import Noise, Wander
from monitoring.simulation.season import season
from monitoring.simulation.topology import TOPICS

_PEAK_RATES: Final = np.array([topic.peak_rate for topic in TOPICS])
_SPARSE: Final = np.array([topic.sparse for topic in TOPICS])


class Traffic:
    """The offered rate of every topic, messages per second."""

    def __init__(self, seed: np.random.SeedSequence, step: float) -> None:
        self._step = step
        self._noise = Noise(seed, 2 * len(TOPICS), len(TOPICS))
        self._wander = Wander(len(TOPICS), 0.03, 900.0, step)
        self._season: Floats = np.empty((0, len(TOPICS)))

    def draw(self, moments: Floats) -> None:
        self._season = season(moments)
        self._noise.draw(len(moments))

    def season_now(self, step: int) -> Floats:
        """The usual share of the peak at this step, by topic."""
        row: Floats = self._season[step]
        return row

    def step(self, step: int, effects: Effects) -> Floats:
        normals = self._noise.normals(step)
        size = len(TOPICS)
        noisy = 1 + self._wander.step(normals[:size]) + 0.012 * normals[size:]
        shares = self._season[step] * np.maximum(noisy, 0.1) * effects.traffic_gain + effects.traffic_extra
        rates: Floats = shares * _PEAK_RATES
        uniforms = self._noise.uniforms(step)
        for topic in np.flatnonzero(_SPARSE):
            rates[topic] = _poisson(rates[topic] * self._step, float(uniforms[topic])) / self._step
        return rates


def _poisson(mean: float, uniform: float) -> int:
    """The Poisson count at this quantile; for small means."""
    count, chance = 0, math.exp(-mean)
    total = chance
    while uniform > total and count < 1000:
        count += 1
        chance *= mean / count
        total += chance
    return count
