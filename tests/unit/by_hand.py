"""Small platforms written by hand: metrics with given thresholds, series as lists of values, ticks over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from monitoring.anomalies import Finding
from monitoring.blocks import Block, to_micros
from monitoring.detection.memory import Memory
from monitoring.detection.thresholds import Thresholds
from monitoring.metrics import Catalogue, Component, Direction, Metric, Sample, Scope, SeriesKey, Threshold

START = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
STEP = 30


def at(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def key(instance: str = "broker-1", metric: str = "load", component: str = "kafka") -> SeriesKey:
    return SeriesKey(component, instance, metric)


def metric(
    warning: Threshold | None = None,
    critical: Threshold | None = None,
    *,
    name: str = "load",
    component: Component = "kafka",
    scope: Scope = "broker",
    direction: Direction = "higher_is_worse",
) -> Metric:
    return Metric(
        name, component, name, "Made for a test.", scope, "", direction, (None, None), warning, critical, (), ()
    )


def catalogue(*metrics: Metric) -> Catalogue:
    return Catalogue(metrics)


def samples(of: SeriesKey, values: Sequence[float], first: float = 0, step: float = STEP) -> list[Sample]:
    """A series that begins `first` seconds after the start, one value every `step` seconds."""
    return [Sample(at(first + step * n), *of, value) for n, value in enumerate(values)]


def ticks(
    given: Iterable[Sample], until: float, step: float = STEP, start: float = 0
) -> Iterable[tuple[datetime, Block]]:
    """Moments from the start to `until`, each with the samples that came up to and with it."""
    block = Block.of(given).by_time()
    moments = [at(start + step * n) for n in range(int((until - start) // step) + 1)]
    edges = np.searchsorted(block.times, [to_micros(moment) for moment in moments], side="right").tolist()
    before = 0
    for moment, edge in zip(moments, edges, strict=True):
        yield moment, block.slice(before, edge)
        before = edge


def judged(
    of: Catalogue, given: Iterable[Sample], until: float, step: float = STEP
) -> Mapping[float, dict[SeriesKey, Finding]]:
    """What the thresholds find at each tick, by seconds after the start and by series."""
    memory, thresholds = Memory(), Thresholds(of)
    found: dict[float, dict[SeriesKey, Finding]] = {}
    for moment, block in ticks(given, until, step):
        memory.absorb(block)
        findings = thresholds.judge(memory, to_micros(moment))
        found[(moment - START).total_seconds()] = {finding.key: finding for finding in findings}
    return found
