"""How traffic goes with the time of day and week."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitoring.blocks import Floats
from monitoring.simulation.topology import TOPICS

_DAY: Final = 86400.0
_PEAK_HOURS: Final = np.array([topic.peak_hour for topic in TOPICS])
_SPARSE: Final = np.array([topic.sparse for topic in TOPICS])
_EPOCH_WEEKDAY: Final = 3


def season(moments: Floats, peak_hours: Floats = _PEAK_HOURS) -> Floats:
    """The usual share of the peak at each moment (seconds since 1970) for each peak hour: 1 at the height of a
    working day, half of that at night, 15 % less at weekends. Shape: moments by peak hours."""
    moments = np.atleast_1d(moments)
    angle = 2 * np.pi * ((moments[:, None] / 3600 - peak_hours) % 24) / 24
    day = 0.68 + 0.26 * np.cos(angle) + 0.06 * np.cos(2 * angle)
    weekday = (moments / _DAY + _EPOCH_WEEKDAY) % 7
    # The weekend comes and goes over four hours, as time zones do.
    weekend = np.clip((weekday - 5) * 6, 0, 1) * np.clip((7 - weekday) * 6, 0, 1)
    share: Floats = day * (1 - 0.15 * weekend)[:, None]
    share[:, _SPARSE] = 1.0
    return share
