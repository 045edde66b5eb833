"""Samples made by hand for the store's tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from monitoring.blocks import Block
from monitoring.metrics import Sample, SeriesKey

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LAG = SeriesKey("kafka", "orders/clicks", "consumer_group_lag")
PARTS = SeriesKey("clickhouse", "node-1/events", "max_parts_per_partition")
STEP = timedelta(seconds=30)


def line(
    key: SeriesKey,
    start: datetime,
    end: datetime,
    value: float | Callable[[datetime], float],
    step: timedelta = STEP,
) -> list[Sample]:
    """One series at an even pace over [start, end)."""
    count = -(-(end - start) // step)
    moments = [start + n * step for n in range(count)]
    return [Sample(m, *key, value(m) if callable(value) else value) for m in moments]


def scattered(
    chance: random.Random, keys: Iterable[SeriesKey], start: datetime, span: timedelta, count: int
) -> list[Sample]:
    """Samples at random whole seconds of a stretch of time; some may have the same name and time."""
    seconds = int(span.total_seconds())
    names = list(keys)
    return [
        Sample(start + timedelta(seconds=chance.randrange(seconds)), *chance.choice(names), chance.uniform(-5, 5))
        for _ in range(count)
    ]


def block(*parts: Iterable[Sample]) -> Block:
    """The samples of all parts, in the order given."""
    return Block.of(sample for part in parts for sample in part)
