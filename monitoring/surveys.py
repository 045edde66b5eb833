"""What is known of where metrics come from: for the commands that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitoring.contract import Json, iso
from monitoring.operations import SourceHealth


@dataclass(frozen=True, slots=True)
class MetricOrigin:
    """Where one metric comes from; the source that is believed stands first.

    `instance` and `value` are those of its worst instance. Where it is missing, `reason` says why and
    `switch_on` what to do at the platform; `last_stored` is when the database
    last got it. `was_stored` is `None` where no database was asked; a metric that was stored, but not lately
    enough to be kept, has no `last_stored`.
    """

    component: str
    metric: str
    unit: str
    sources: Sequence[str] = ()
    instances: int = 0
    instance: str = ""
    value: float | None = None
    time: datetime | None = None
    age_seconds: float | None = None
    reason: str = ""
    switch_on: str = ""
    was_stored: bool | None = None
    last_stored: datetime | None = None

    def to_json(self) -> Json:
        return {
            "component": self.component,
            "metric": self.metric,
            "unit": self.unit,
            "sources": list(self.sources),
            "instances": self.instances,
            "instance": self.instance,
            "value": self.value,
            "time": iso(self.time),
            "age_seconds": self.age_seconds,
            "reason": self.reason,
            "switch_on": self.switch_on,
            "was_stored": self.was_stored,
            "last_stored": iso(self.last_stored),
        }


@dataclass(frozen=True, slots=True)
class Survey:
    """All sources and, for every metric of the catalogue, where it comes from."""

    as_of: datetime
    sources: Sequence[SourceHealth]
    metrics: Sequence[MetricOrigin]
    notes: Sequence[str] = ()

    @property
    def present(self) -> int:
        return sum(metric.value is not None for metric in self.metrics)

    def to_json(self) -> Json:
        return {
            "as_of": iso(self.as_of),
            "sources": [source.to_json() for source in self.sources],
            "metrics": [metric.to_json() for metric in self.metrics],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Probe:
    """What is at an address: its `kind`, or empty and for every kind why it is not that."""

    url: str
    kind: str = ""
    exporters: Sequence[str] = ()
    metrics: Sequence[MetricOrigin] = ()
    notes: Sequence[str] = ()
    refusals: Sequence[tuple[str, str]] = field(default=())
    entry: str = ""
    """How it is written in `sources.toml`."""

    def to_json(self) -> Json:
        return {
            "url": self.url,
            "kind": self.kind,
            "exporters": list(self.exporters),
            "metrics": [metric.to_json() for metric in self.metrics],
            "notes": list(self.notes),
            "refusals": [{"kind": kind, "reason": reason} for kind, reason in self.refusals],
            "entry": self.entry,
        }
