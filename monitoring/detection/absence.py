"""Silence as a finding: a broker that is gone sends no metric.

A quiet series (samples arrive, the value is zero) is none of this. Told apart are one series that stopped,
an instance all of whose series stopped, and a whole component of which nothing arrives any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np

from monitoring.anomalies import Finding, NoDataCause, humanize
from monitoring.blocks import Bools, from_micros
from monitoring.detection.memory import MIN_SAMPLES_TO_BE_MISSED, SECOND, Memory
from monitoring.metrics import ANY, Catalogue, SeriesKey, Severity

CRITICAL_AFTER = 300 * SECOND
"""An instance or collector silent for longer is more than a restart."""
RETIRED_AFTER = 24 * 3_600 * SECOND
"""A series silent for longer has ended: a finished job, a deleted topic."""


def find_silence(memory: Memory, catalogue: Catalogue, now: int) -> list[Finding]:
    """What has fallen silent at `now` (microseconds), one finding for each thing that did."""
    alive = (memory.count >= MIN_SAMPLES_TO_BE_MISSED) & (now - memory.last <= RETIRED_AFTER)
    silent = alive & memory.silent(now)
    if not silent.any():
        return []
    findings: list[Finding] = []
    for component, places in _by_component(memory, alive).items():
        if _nothing_arrives(places, silent, memory):
            findings.append(_finding(SeriesKey(component, ANY, ANY), "collector_down", places, memory, now))
        elif silent[places].any():
            # Measured by what else arrived: of a collector that stops, one series is always the first to be late.
            missed = silent & memory.silent(int(memory.last[places].max()))
            findings.extend(_within(component, places, missed, memory, catalogue, now))
    return findings


def members(key: SeriesKey, memory: Memory, catalogue: Catalogue) -> list[int]:
    """The places of all series a `no_data` finding's key speaks of."""
    if key.metric != ANY:
        return [memory.places[key]] if key in memory.places else []
    return [
        place
        for place, one in enumerate(memory.keys)
        if one.component == key.component and key.instance in (ANY, owner(one, catalogue))
    ]


def owner(key: SeriesKey, catalogue: Catalogue) -> str:
    """The instance a series belongs to: the node of `node/table`, the job of `job/task`, else the instance."""
    metric = catalogue.by_name.get(key.metric)
    nested = metric is not None and metric.scope in ("node/table", "node/disk", "job/task")
    return key.instance.split("/", 1)[0] if nested else key.instance


def _by_component(memory: Memory, alive: Bools) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for place in np.flatnonzero(alive).tolist():
        groups[memory.keys[place].component].append(place)
    return groups


def _nothing_arrives(places: Sequence[int], silent: Bools, memory: Memory) -> bool:
    """Whether a component is silent: all of it, or most of it and the rest was not expected yet."""
    gone = silent[places]
    if gone.all():
        return True
    last = memory.last[places]
    return bool(2 * gone.sum() > len(places) and last[~gone].max() <= last[gone].max())


def _within(
    component: str, places: Sequence[int], silent: Bools, memory: Memory, catalogue: Catalogue, now: int
) -> Iterator[Finding]:
    owners: dict[str, list[int]] = defaultdict(list)
    for place in places:
        owners[owner(memory.keys[place], catalogue)].append(place)
    for name, of_owner in owners.items():
        gone = [place for place in of_owner if silent[place]]
        if len(gone) == len(of_owner) and len(gone) > 1:
            yield _finding(SeriesKey(component, name, ANY), "instance_gone", gone, memory, now)
        else:
            for place in gone:
                yield _finding(memory.keys[place], "series_stopped", [place], memory, now)


def _finding(key: SeriesKey, cause: NoDataCause, places: Sequence[int], memory: Memory, now: int) -> Finding:
    last = int(memory.last[list(places)].max())
    pace = float(np.median(memory.pace[list(places)]))
    since = int(last + pace)
    lasting = timedelta(microseconds=now - last)
    severity: Severity = "critical" if cause != "series_stopped" and now - since >= CRITICAL_AFTER else "warning"
    return Finding(
        key=key,
        kind="no_data",
        severity=severity,
        since=from_micros(since),
        due=True,
        value=None,
        expected=None,
        threshold="3 samples missing in a row",
        why=f"{_words(key, cause, len(places))} for {humanize(lasting)}; a sample came every "
        f"{humanize(timedelta(microseconds=pace))} before",
        no_data_cause=cause,
    )


def _words(key: SeriesKey, cause: NoDataCause, count: int) -> str:
    if cause == "collector_down":
        return f"no sample of any of the {count} {key.component} series has arrived"
    if cause == "instance_gone":
        return f"none of the {count} series of {key.instance} has sent a sample"
    return f"{key.metric} of {key.instance} has sent no sample"
