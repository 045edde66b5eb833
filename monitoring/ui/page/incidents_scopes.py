"""What a silence may match, told in words, and which anomalies of an incident it would keep quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.anomalies import Silence
from monitoring.contract import Json
from monitoring.metrics import ANY
from monitoring.ui.page.board import TITLES

DURATIONS: Mapping[str, timedelta] = {
    "30 min": timedelta(minutes=30),
    "1 h": timedelta(hours=1),
    "4 h": timedelta(hours=4),
    "1 d": timedelta(days=1),
    "7 d": timedelta(days=7),
}
USUAL_DURATION = "1 h"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a silence matches; each part is a name or `*` for all."""

    component: str = ANY
    instance: str = ANY
    metric: str = ANY

    def matches(self, row: Json) -> bool:
        """Whether it speaks of an anomaly."""
        parts = ((self.component, row["component"]), (self.instance, row["instance"]), (self.metric, row["metric"]))
        return all(want in (ANY, name) for want, name in parts)

    def words(self) -> str:
        """In words: "consumer_group_lag on every instance of Kafka"."""
        what = "everything" if self.metric == ANY else self.metric
        where = "every instance" if self.instance == ANY else self.instance
        of = "every component" if self.component == ANY else TITLES.get(self.component, self.component)
        return f"{what} on {where} of {of}"

    def silence(self, now: datetime, lasts: timedelta, by: str, reason: str) -> Silence:
        return Silence(now, now + lasts, self.component, self.instance, self.metric, created_by=by, reason=reason)


def scopes(rows: Sequence[Json]) -> list[Scope]:
    """What the anomalies of an incident suggest to match: each series, each instance, each metric, each component."""
    found: list[Scope] = []
    for row in rows:
        component, instance, metric = row["component"], row["instance"], row["metric"]
        found += [
            Scope(component, instance, metric),
            Scope(component, instance),
            Scope(component, metric=metric),
            Scope(component),
        ]
    # The narrow ones first: what is kept quiet by mistake is missed.
    return sorted(dict.fromkeys(found), key=lambda scope: (scope.metric, scope.instance).count(ANY))


def effect(scope: Scope, rows: Sequence[Json]) -> str:
    """How many of the open anomalies of an incident a silence would keep quiet, in words."""
    going = [row for row in rows if not row["resolved_at"]]
    quiet = sum(1 for row in going if scope.matches(row))
    if not going:
        return "This incident is over; later anomalies that match are kept quiet."
    return f"Keeps {quiet} of its {len(going)} open anomalies quiet, and whatever else matches."
