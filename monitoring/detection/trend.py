"""Leaks and disks that fill up: resources whose use rises towards their limit, and when they will be used up.

The use of a resource is the share of it that is gone, so that it always rises towards 1. Garbage collection
makes a saw-tooth of a heap: there only the troughs, right after a collection, say how much is really in use.
A rise is told when it is real (beyond scatter, history and load), goes on, has lasted long enough for what is
left, and would use the resource up within the horizon even at the slowest pace the samples allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from monitoring.anomalies import Finding, humanize
from monitoring.blocks import Bools, Floats, Ints, from_micros
from monitoring.detection.memory import COARSE, COARSE_KEPT, HOUR, SECOND, Memory
from monitoring.detection.thresholds import number
from monitoring.metrics import Catalogue, Metric, SeriesKey, Severity

JUDGED_EVERY = 60 * SECOND
"""Bins of five minutes change slowly: so often they are looked at."""
HORIZON = {True: 12.0, False: 24.0}
"""Hours within which memory (a floor) and disks must be used up to be told. Disks: Altinity forecasts a day
ahead (`predict_linear` over a day); memory: own level, half of it, as load moves it within a day."""
NEAR = 0.15
"""Critical is what has no more than this share left, and less than `SOON` hours."""
SOON = 1.0
LEAST_RISE = 0.08
"""A resource that lost less than this share of itself has not moved."""
CLEAR_OF_SCATTER = 4.0
"""A rise must be so many times the robust scatter around it."""
STEADY = 0.7
"""The least share of steps in the bad direction."""
GOES_ON = 0.6
"""The last part of a rise must be at least so steep, as a share of the whole: what flattens is no leak."""
KNOWN_FOR = HOUR
"""Memory fills after a start: nothing is told before a series has been known for so long."""
PATIENCE = 0.5
"""A rise must have lasted so many times what is left until the limit, within `SHORTEST` and `LONGEST`."""
SHORTEST, LONGEST = 0.25, 2.0
USED_UP = 0.95
"""A process seldom lives to its very limit (collections free nothing, writes fail): the early end of a forecast."""
