"""How old the data is at the end of the pipeline: Kafka's lag in time, Flink's on top of it, ClickHouse's delay.

The stages are added up, each second counted once: Flink's event-time lag includes the time that records waited in
Kafka, so only what it adds counts as Flink's. Records that are processed but not yet committed wait for the next
checkpoint where no event-time lag is known; then the age of the last checkpoint stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitoring.anomalies import humanize
from monitoring.metrics import COMPONENTS, SeriesKey

_TITLES = {"kafka": "Kafka", "flink": "Flink", "clickhouse": "ClickHouse"}
READ_FROM = (
    "consumer_group_lag_seconds",
    "event_time_lag",
    "checkpoint_age",
    "delayed_inserts_rate",
    "replication_lag_seconds",
)
"""The metrics whose newest values are needed."""
INSERT_DELAY = 1.0
"""Seconds by which ClickHouse delays an insert at most (`max_delay_to_insert`, 1 s by default)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage's part in seconds, and the series it was read from; `None` where nothing is known."""

    component: str
    seconds: float | None
    read_from: SeriesKey | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """The age of data end to end, in seconds. Where a stage is not known the total is a lower bound."""

    stages: tuple[Stage, ...]

    @property
    def seconds(self) -> float | None:
        known = [stage.seconds for stage in self.stages if stage.seconds is not None]
        return sum(known) if known else None

    @property
    def slowest(self) -> Stage | None:
        known = [stage for stage in self.stages if stage.seconds is not None]
        return max(known, key=lambda stage: stage.seconds or 0.0, default=None)

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(stage.component for stage in self.stages if stage.seconds is None)

    def words(self) -> str:
        """The figure in a sentence, such as `Data is 2 min old end to end, most of it in Kafka (1 min).`"""
        total, slowest = self.seconds, self.slowest
        if total is None or slowest is None or slowest.seconds is None:
            return "How old the data is end to end is not known."
        least = "at least " if self.unknown else ""
        missing = (
            f"; of {' and '.join(_TITLES[name] for name in self.unknown)} nothing is known" if self.unknown else ""
        )
        return (
            f"Data is {least}{_span(total)} old end to end, most of it in {_TITLES[slowest.component]} "
            f"({_span(slowest.seconds)}){missing}."
        )

    def to_json(self) -> dict[str, Any]:
        slowest = self.slowest
        return {
            "seconds": None if self.seconds is None else round(self.seconds, 1),
            "at_least": bool(self.unknown),
            "slowest": None if slowest is None else slowest.component,
            "stages": {
                stage.component: {
                    "seconds": None if stage.seconds is None else round(stage.seconds, 1),
                    "instance": None if stage.read_from is None else stage.read_from.instance,
                    "metric": None if stage.read_from is None else stage.read_from.metric,
                }
                for stage in self.stages
            },
            "words": self.words(),
        }


def freshness(values: Mapping[SeriesKey, float]) -> Freshness:
    """The freshness by the newest values of series that are not silent, each in its metric's unit."""
    kafka = _worst(values, "consumer_group_lag_seconds")
    event, checkpoint = _worst(values, "event_time_lag"), _worst(values, "checkpoint_age")
    waited = max(0.0, kafka[1]) if kafka is not None else 0.0
    flink: tuple[SeriesKey, float] | None = None
    if event is not None:
        flink = event[0], max(0.0, event[1] / 1000 - waited)
    elif checkpoint is not None:
        flink = checkpoint[0], max(0.0, checkpoint[1] - waited)
    return Freshness(
        tuple(
            Stage(component, None if found is None else max(0.0, found[1]), None if found is None else found[0])
            for component, found in zip(COMPONENTS, (kafka, flink, _clickhouse(values)), strict=True)
        )
    )


def _clickhouse(values: Mapping[SeriesKey, float]) -> tuple[SeriesKey, float] | None:
    """The insert delay, or what readers of the slowest replica are behind, whichever is more."""
    delayed, behind = _worst(values, "delayed_inserts_rate"), _worst(values, "replication_lag_seconds")
    found: Iterable[tuple[SeriesKey, float]] = (
        *([(delayed[0], INSERT_DELAY if delayed[1] > 0 else 0.0)] if delayed else ()),
        *([behind] if behind else ()),
    )
    return max(found, key=lambda pair: pair[1], default=None)


def _worst(values: Mapping[SeriesKey, float], metric: str) -> tuple[SeriesKey, float] | None:
    found = [(key, value) for key, value in values.items() if key.metric == metric]
    return max(found, key=lambda pair: pair[1], default=None)


def _span(seconds: float) -> str:
    return humanize(timedelta(seconds=round(seconds))) if seconds >= 1 else "less than 1 s"
