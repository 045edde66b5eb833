"""Which series of a memory are of a metric, without looking through all of them at every tick."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from monitoring.blocks import Ints
from monitoring.detection.memory import Memory


class Lookup:
    """The places of a memory's series by metric; follows the memory as it grows."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._known = 0
        self._places: dict[str, list[int]] = defaultdict(list)
        self._found: dict[str, Ints] = {}

    def of(self, metric: str) -> Ints:
        """The places of all series of a metric, in the order in which they became known."""
        if self._known < len(self.memory):
            for place in range(self._known, len(self.memory)):
                self._places[self.memory.keys[place].metric].append(place)
            self._known = len(self.memory)
            self._found.clear()
        if metric not in self._found:
            self._found[metric] = np.array(self._places.get(metric, ()), np.int64)
        return self._found[metric]
