"""Randomness that does not depend on how a run is cut into pieces, and means over the last minute."""

from __future__ import annotations

import numpy as np

from monitoring.blocks import Floats


class Noise:
    """Standard normal and uniform numbers, a fixed count of each per step.

    Every step uses up the same count whatever happens on the platform, so that a run with a fault and one
    without it see the same chance events and differ by the fault alone.
    """

    def __init__(self, seed: np.random.SeedSequence, normals: int, uniforms: int = 0) -> None:
        first, second = seed.spawn(2)
        self._normal_source = np.random.Generator(np.random.PCG64(first))
        self._uniform_source = np.random.Generator(np.random.PCG64(second))
        self._widths = (normals, uniforms)
        self._normals: Floats = np.empty((0, normals))
        self._uniforms: Floats = np.empty((0, uniforms))

    def draw(self, steps: int) -> None:
        """Make the numbers of the next so many steps."""
        normals, uniforms = self._widths
        self._normals = self._normal_source.standard_normal((steps, normals))
        self._uniforms = self._uniform_source.random((steps, uniforms))

    def normals(self, step: int) -> Floats:
        row: Floats = self._normals[step]
        return row

    def uniforms(self, step: int) -> Floats:
        row: Floats = self._uniforms[step]
        return row


class TrailingMean:
    """The mean of the last values over a span of time, as a meter with a window shows it."""

    def __init__(self, span: float, step: float, start: Floats) -> None:
        count = max(1, round(span / step))
        self._values: Floats = np.repeat(np.asarray(start, float)[None, :], count, axis=0)
        self._at = 0

    def push(self, value: Floats) -> Floats:
        """Take in the value of this step and give the mean over the span."""
        self._values[self._at] = value
        self._at = (self._at + 1) % len(self._values)
        mean: Floats = np.add.reduce(self._values) / len(self._values)
        return mean


class Wander:
    """Values that stray slowly around zero (AR(1)): deviation `sd`, memory `seconds`."""

    def __init__(self, size: int, sd: float, seconds: float, step: float) -> None:
        self._keep = float(np.exp(-step / seconds))
        self._kick = sd * float(np.sqrt(1 - self._keep**2))
        self.values: Floats = np.zeros(size)

    def step(self, normals: Floats) -> Floats:
        self.values = self._keep * self.values + self._kick * normals
        return self.values
