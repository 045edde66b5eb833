"""Heaps of Java processes: a saw-tooth over a floor, and garbage collection that has less and less room."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitoring.blocks import Floats

FULL: Final = 0.94
"""The share of the heap beyond which collections free nothing any more."""


class Heaps:
    """The heaps of some processes, as shares of their maximum.

    Allocation fills the room above the floor (what is alive) up to `swing`, then a collection empties it; a
    leak raises the floor. What collections cost grows as the room left for the swing shrinks.
    """

    def __init__(self, floors: Floats, swing: float, period: float, phase: Floats) -> None:
        self._usual = floors.copy()
        self.floors = floors.copy()
        self._swing = swing
        self._period = period
        self._filled = swing * phase
        self.used: Floats = self.floors + self._filled
        self.gc: Floats = np.full(len(floors), 0.004)

    def step(self, load: Floats, leak: Floats, seconds: float, normals: Floats) -> None:
        """Go on for so many seconds at a load (1 is usual) while the floor rises by `leak` per second."""
        self.floors = np.minimum(self.floors + leak * seconds, FULL)
        room = np.maximum(FULL - self.floors, 0.004)
        swing = np.minimum(self._swing, room)
        self._filled = self._filled + self._swing / self._period * seconds * np.maximum(load, 0.1)
        emptied = self._filled >= swing
        self._filled = np.where(emptied, self._filled % swing * 0.3, self._filled)
        self.used = np.clip(self.floors + self._filled + 0.006 * normals, 0.02, 0.995)
        # Collections run as often as the room fills up, and each walks through all that is alive.
        cost = 0.0045 * load * (0.6 / np.minimum(room, 0.6)) * (0.6 + self.floors)
        self.gc = np.clip(cost * (1 + 0.12 * normals), 0.0, 0.9)

    def exhausted(self) -> Floats:
        """One for each process with no room left, else zero."""
        return (self.floors >= FULL - 0.008).astype(float)

    def restart(self, process: int) -> None:
        self.floors[process] = self._usual[process]
        self._filled[process] = 0.0
