"""All sources together: read side by side, joined into one value per series."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from monitoring.collectors.mapping import RULES
from monitoring.collectors.readings import POOLED
from monitoring.collectors.rules import Pool
from monitoring.errors import CollectorError, MonitoringError
from monitoring.metrics import Sample, SeriesKey

log = logging.getLogger(__name__)

ACROSS: Mapping[str, Pool] = {rule.metric: rule.across for rule in reversed(RULES) if not rule.standin}
"""How the values several sources have for one series become one."""

_MOST_THREADS = 32


class Source(Protocol):
    """Something that is read. `standins` are the metrics it only has a substitute for."""

    @property
    def name(self) -> str: ...
    @property
    def standins(self) -> frozenset[str]: ...
    def collect(self, now: datetime) -> list[Sample]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How the last read of a source went; `error` is empty when it went well."""

    name: str
    ok: bool
    samples: int
    last_success: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What one round brought: at most one sample per series, and one status per source, in their order."""

    samples: list[Sample]
    sources: tuple[SourceStatus, ...]


class Collector:
    """Reads several sources at once; one that fails or hangs is reported and holds up no other.

    A round takes at most `patience` seconds. A source still busy then is not started again until it is done.

    A cluster-wide sum (such as `active_controller_count`) with a term missing is too low, and would look like
    a fault. It is held back for `grace` after a source that gave a term stopped answering; from then on the
    sources that do answer are summed.
    """

    def __init__(
        self, sources: Sequence[Source], *, patience: float = 30.0, grace: timedelta = timedelta(seconds=60)
    ) -> None:
        self._sources = tuple(sources)
        self._patience = patience
        self._busy: dict[int, Future[list[Sample]]] = {}
        self._last_success: dict[int, datetime] = {}
        self._joiner = Joiner(grace)
        self._pool = ThreadPoolExecutor(min(_MOST_THREADS, max(1, len(self._sources))), "collector")

    def collect_all(self, now: datetime) -> CollectReport:
        """One round over all sources, with `now` as the time of its samples. Raises `CollectorError` once closed."""
        started = self._start(now)
        wait(started.values(), timeout=self._patience)
        results: dict[int, list[Sample]] = {}
        statuses: list[SourceStatus] = []
        for position, source in enumerate(self._sources):
            error = self._outcome(position, started.get(position), results)
            if not error:
                self._last_success[position] = now
            count = len(results.get(position, ()))
            statuses.append(SourceStatus(source.name, not error, count, self._last_success.get(position), error))
        given = {position: (self._sources[position].standins, samples) for position, samples in results.items()}
        return CollectReport(self._joiner.join(given, now), tuple(statuses))

    def _start(self, now: datetime) -> dict[int, Future[list[Sample]]]:
        """Starts every source that is not busy with an earlier round."""
        self._busy = {position: future for position, future in self._busy.items() if not future.done()}
        free = [position for position in range(len(self._sources)) if position not in self._busy]
        try:
            started = {p: self._pool.submit(self._sources[p].collect, now) for p in free}
        except RuntimeError:
            raise CollectorError("The collector was closed and reads nothing any more.") from None
        self._busy.update(started)
        return started

    def _outcome(self, position: int, future: Future[list[Sample]] | None, results: dict[int, list[Sample]]) -> str:
        """Puts a source's samples into `results`; gives what went wrong, or nothing."""
        name = self._sources[position].name
        if future is None or not future.done():
            return f"Reading {name} takes longer than {self._patience:g} s and goes on."
        if future.cancelled():
            return f"Reading {name} was stopped."
        error = future.exception()
        if error is None:
            results[position] = future.result()
            return ""
        if not isinstance(error, MonitoringError):
            log.error("reading %s failed unexpectedly", name, exc_info=error, extra={"action": "collect_failed"})
            return f"Reading {name} failed unexpectedly ({type(error).__name__}); the log has the details."
        return str(error)

    def close(self) -> None:
        """Ends reads that are under way and waits for the threads. May be called twice."""
        for source in self._sources:
            source.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Joiner:
    """Makes one sample of the several that sources have for a series. Remembers who takes part in a sum."""

    def __init__(self, grace: timedelta) -> None:
        self._grace = grace
        self._terms: dict[SeriesKey, dict[int, datetime]] = {}
        self._proper: set[str] = set()

    def join(self, given: Mapping[int, tuple[frozenset[str], list[Sample]]], now: datetime) -> list[Sample]:
        """`given` has, for each source that answered, the metrics it only stands in for, and its samples."""
        self._proper |= {s.metric for standins, samples in given.values() for s in samples if s.metric not in standins}
        terms: dict[SeriesKey, dict[int, Sample]] = {}
        standing_in: set[SeriesKey] = set()
        for position, (standins, samples) in given.items():
            for sample in samples:
                if sample.metric in standins and sample.metric in self._proper:
                    continue
                terms.setdefault(sample.key, {})[position] = sample
                if sample.metric in standins:
                    standing_in.add(sample.key)
        whole = self._whole(terms, given, now)
        return [
            _joined(list(samples.values()), key in standing_in)
            for key, samples in terms.items()
            if key in standing_in or key in whole
        ]

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
    return samples[0]._replace(value=POOLED[pool](sample.value for sample in samples))
