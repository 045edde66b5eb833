"""What of the platform's samples arrives: series and whole collectors that stop, samples that are off."""

from __future__ import annotations

from typing import Final

import numpy as np

from monitoring.blocks import Floats
from monitoring.simulation.effects import seconds, zone_of
from monitoring.simulation.faults import Fault
from monitoring.simulation.topology import BROKERS, KEYS, NODES, TASK_MANAGERS, is_instance_of

_OWNERS: Final = (BROKERS, TASK_MANAGERS, NODES)


def unseen(fault: Fault) -> list[int]:
    """The places of the series that do not arrive while a fault is active."""
    if fault.kind == "missing_metric":
        return [place for place, key in enumerate(KEYS) if f"{key.metric}@{key.instance}" == fault.hit]
    if fault.kind == "dead_collector":
        return [place for place, key in enumerate(KEYS) if key.component == fault.hit]
    if fault.kind == "network_partition" and fault.magnitude >= 2:
        owners = [names[zone_of(fault)] for names in _OWNERS]
        return [place for place, key in enumerate(KEYS) if any(is_instance_of(key.instance, o) for o in owners)]
    return []


def deliver(faults: list[Fault], moments: Floats, rows: Floats, step: float) -> None:
    """Take out of `rows` (moments by series) what does not arrive, as NaN, and put odd samples in.

    `step` is the time between samples: an odd one is the first at or after the start of its fault.
    """
    for fault in faults:
        start, end = seconds(fault)
        places = unseen(fault)
        if places:
            hidden = (moments >= start) & (moments < end)
            rows[hidden[:, None] & np.isin(np.arange(len(KEYS)), places)] = np.nan
        elif fault.kind == "single_odd_sample":
            place = next(p for p, key in enumerate(KEYS) if f"{key.metric}@{key.instance}" == fault.hit)
            here = np.flatnonzero((moments >= start) & (moments < start + step))
            rows[here, place] = _odd(rows[here, place], KEYS[place].metric, fault.magnitude)


def _odd(usual: Floats, metric: str, magnitude: float) -> Floats:
    if metric.endswith("_ratio"):
        return np.where(usual > 0.5, 0.03, 0.97)
    return (usual * 50 + 20000) * magnitude
