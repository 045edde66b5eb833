"""One value per series of the several that sources have for it: who is believed, and what is added up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.collectors.mapping import RULES
from monitoring.collectors.readings import POOLED
from monitoring.collectors.rules import Pool
from monitoring.metrics import Sample, SeriesKey

ACROSS: Mapping[str, Pool] = {rule.metric: rule.across for rule in reversed(RULES) if not rule.standin}
"""How the values that several endpoints have for one series become one."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one source brought in a round.

    Sources of the same `rank` are endpoints of one thing, whose values are pooled; of different ranks the
    lower one is believed. `standins` are the metrics the source only has a substitute for.
    """

    standins: frozenset[str]
    samples: Sequence[Sample]
    rank: int = 0
    cluster: str = ""
    interval: timedelta = timedelta(seconds=30)


@dataclass(slots=True)
class _Owner:
    rank: int
    until: datetime


class Owners:
    """Which rank a series is taken from: the lowest that gives it, until it has not given it for a while."""

    def __init__(self, grace: timedelta) -> None:
        self._grace = grace
        self._owners: dict[tuple[str, ...], _Owner] = {}

    def mine(self, part: Part, now: datetime) -> list[Sample]:
        """The samples of a part that no other rank owns; what nobody owns becomes its own."""
        kept = []
        until = now + max(self._grace, 3 * part.interval)
        for sample in part.samples:
            key = _owned(sample, part.cluster)
            owner = self._owners.get(key)
            if owner is not None and owner.rank < part.rank and now < owner.until:
                continue
            self._owners[key] = _Owner(part.rank, until)
            kept.append(sample)
        return kept


def _owned(sample: Sample, cluster: str) -> tuple[str, ...]:
    """What is owned. Flink's REST interface and its reporters call the same task manager by different names."""
    if sample.component == "flink":
        return (sample.component, sample.metric, cluster)
    return tuple(sample.key)


class Joiner:
    """Makes one sample of the several that sources have for a series. Remembers who takes part in a sum."""

    def __init__(self, grace: timedelta) -> None:
        self._grace = grace
        self._terms: dict[SeriesKey, dict[int, datetime]] = {}
        self._proper: set[tuple[str, str]] = set()
        self._owners = Owners(grace)
        self._latest: dict[int, Part] = {}

    def join(self, given: Mapping[int, Part], now: datetime, resting: Iterable[int] = ()) -> list[Sample]:
        """`given` has what each source brought that answered, by its position.

        Those `resting` were well when they were last read and have not been asked again: what they said holds.
        """
        resting = frozenset(resting)
        self._proper |= {
            (part.cluster, s.metric) for part in given.values() for s in part.samples if s.metric not in part.standins
        }
        terms: dict[SeriesKey, dict[int, Sample]] = {}
        standing_in: set[SeriesKey] = set()
        for position, part in sorted(given.items(), key=lambda item: item[1].rank):
            for sample in self.believed(part, now):
                terms.setdefault(sample.key, {})[position] = sample
                if sample.metric in part.standins:
                    standing_in.add(sample.key)
        self._add_resting(terms, given, resting)
        whole = self._whole(terms, given.keys() | resting, now)
        joined = (
            _joined(list(samples.values()), key in standing_in)
            for key, samples in terms.items()
            if key in standing_in or key in whole
        )
        return [sample for sample in joined if math.isfinite(sample.value)]

    def believed(self, part: Part, now: datetime) -> list[Sample]:
        """The samples of a part that have nothing better beside them."""
        better = {metric for metric in part.standins if (part.cluster, metric) in self._proper}
        kept = [sample for sample in part.samples if sample.metric not in better] if better else part.samples
        return self._owners.mine(Part(part.standins, kept, part.rank, part.cluster, part.interval), now)

    def _add_resting(
        self, terms: Mapping[SeriesKey, dict[int, Sample]], given: Mapping[int, Part], resting: frozenset[int]
    ) -> None:
        """Completes what is pooled by what those said that are read less often."""
        self._latest |= given
        ranks = {part.rank for part in given.values()}
        for position in resting & self._latest.keys():
            part = self._latest[position]
            if part.rank in ranks:
                for sample in part.samples:
                    if sample.key in terms:
                        terms[sample.key].setdefault(position, sample)

    def _whole(
        self, terms: Mapping[SeriesKey, Mapping[int, Sample]], answered: Iterable[int], now: datetime
    ) -> set[SeriesKey]:
        """The series of which no source is missing that has only just stopped answering."""
        for key, samples in terms.items():
            if ACROSS.get(key.metric) == "sum":
                self._terms.setdefault(key, {}).update(dict.fromkeys(samples, now))
        there = set(answered)
        missing: set[SeriesKey] = set()
        for key in list(self._terms):
            last = {p: t for p, t in self._terms[key].items() if p in there or now - t < self._grace}
            self._terms[key] = {p: t for p, t in last.items() if now - t < self._grace}
            if last.keys() - there:
                missing.add(key)
            if not self._terms[key]:
                del self._terms[key]
        return terms.keys() - missing


def _joined(samples: Sequence[Sample], standin: bool) -> Sample:
    pool: Pool = "max" if standin else ACROSS.get(samples[0].metric, "max")
    # The first is of this round; those of resting sources are older.
    return samples[0]._replace(value=POOLED[pool](sample.value for sample in samples))
