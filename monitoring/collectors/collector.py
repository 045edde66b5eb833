"""All sources together: each read at its own pace, side by side, joined into one value per series."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from monitoring.collectors.joining import Joiner, Part
from monitoring.collectors.schedule import Schedule
from monitoring.errors import CollectorError, MonitoringError
from monitoring.metrics import LONGEST_NAME, Sample, Window, is_instance

log = logging.getLogger(__name__)

_MOST_THREADS = 256
_GAP = 2.5
"""So many intervals without a reading are a gap worth filling."""


class Source(Protocol):
    """Something that is read. `standins` are the metrics it only has a substitute for."""

    @property
    def name(self) -> str: ...
    @property
    def standins(self) -> frozenset[str]: ...
    def collect(self, now: datetime) -> list[Sample]: ...
    def close(self) -> None: ...


@runtime_checkable
class Remembering(Protocol):
    """A source that also knows the past."""

    def backfill(self, window: Window) -> list[Sample]: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How a source is read. Sources of one `rank` are endpoints of one thing; of others the lowest is believed.

    `prefix` is set before its instances. `backfill` is how far back a source that knows the past is asked at
    the start; later on it is asked for whatever was missed meanwhile, as far as that.
    """

    source: Source
    kind: str = "exporter"
    rank: int = 0
    cluster: str = ""
    prefix: str = ""
    interval: timedelta = timedelta(seconds=30)
    backfill: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How the last read of a source went; `error` is empty when it went well."""

    name: str
    ok: bool
    samples: int
    last_success: datetime | None
    error: str
    kind: str = "exporter"
    cluster: str = ""
    notes: tuple[str, ...] = ()
    last_failure: datetime | None = None
    metrics: frozenset[str] = frozenset()
    exporters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What one round brought: at most one sample per series and time, and one status per source, in their order.

    `older` are samples of times before that, which sources remembered.
    """

    samples: list[Sample]
    sources: tuple[SourceStatus, ...]
    older: list[Sample] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Brought:
    samples: list[Sample]
    older: list[Sample]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Desk:
    """What is known of one source between rounds."""

    plan: Plan
    schedule: Schedule
    status: SourceStatus
    reading: Future[_Brought] | None = None
    began: datetime | None = None


class Collector:
    """Reads several sources at once; one that fails or hangs is reported and holds up no other.

    A round takes at most `patience` seconds. A source still busy then is not started again until it is done;
    what it brings late belongs to the time it was started at.

    A cluster-wide sum (such as `active_controller_count`) with a term missing is too low, and would look like
    a fault. It is held back for `grace` after a source that gave a term stopped answering; from then on the
    sources that do answer are summed.
    """

    def __init__(
        self,
        sources: Sequence[Source | Plan],
        *,
        patience: float = 30.0,
        grace: timedelta = timedelta(seconds=60),
        chance: Callable[[], float] = random.random,
    ) -> None:
        plans = [source if isinstance(source, Plan) else Plan(source) for source in sources]
        self._desks = [_Desk(plan, Schedule(plan.interval, chance), _unread(plan)) for plan in plans]
        self._patience = patience
        self._joiner = Joiner(grace)
        self._pool = ThreadPoolExecutor(min(_MOST_THREADS, max(1, len(plans))), "collector")

    def collect_all(self, now: datetime) -> CollectReport:
        """One round over all sources, with `now` as the time of its samples. Raises `CollectorError` once closed."""
        asked = [desk for desk in self._desks if desk.reading is None or desk.reading.done()]
        return self._round(now, asked, self._desks, self._patience)

    def collect_due(
        self, now: datetime, slack: timedelta = timedelta(0), patience: float | None = None
    ) -> CollectReport:
        """A round over the sources whose turn it is; those that failed last time are not waited for.

        What takes longer than `patience` seconds comes with a later round.
        """
        asked = [desk for desk in self._desks if desk.reading is None and desk.schedule.due(now, slack)]
        awaited = [desk for desk in asked if not desk.schedule.failures]
        return self._round(now, asked, awaited, self._patience if patience is None else patience)

    def statuses(self) -> tuple[SourceStatus, ...]:
        return tuple(desk.status for desk in self._desks)

    def _round(self, now: datetime, asked: Sequence[_Desk], awaited: Sequence[_Desk], patience: float) -> CollectReport:
        for desk in asked:
            self._start(desk, now)
        wait([desk.reading for desk in asked if desk.reading and desk in awaited], timeout=patience)
        given: dict[datetime, dict[int, Part]] = {}
        older: list[Sample] = []
        answered: set[int] = set()
        for position, desk in enumerate(self._desks):
            if desk.reading is None or desk.began is None:
                continue
            if not desk.reading.done():
                self._overdue(desk, now, desk in awaited and patience >= self._patience)
                continue
            began = desk.began
            brought = self._finish(desk)
            if brought is not None:
                part = _part(desk, brought.samples)
                given.setdefault(began, {})[position] = part
                answered.add(position)
                older += self._joiner.believed(replace(part, samples=brought.older), began)
        resting = [p for p, d in enumerate(self._desks) if d.reading is None and d.status.ok and p not in answered]
        samples = [s for time in sorted(given) for s in self._joiner.join(given[time], time, resting)]
        return CollectReport(samples, self.statuses(), older)

    def _start(self, desk: _Desk, now: datetime) -> None:
        desk.schedule.begin(now)
        desk.began = now
        try:
            desk.reading = self._pool.submit(_read, desk.plan, now, desk.status.last_success)
        except RuntimeError:
            raise CollectorError("The collector was closed and reads nothing any more.") from None

    def _overdue(self, desk: _Desk, now: datetime, waited: bool) -> None:
        """A source that is still busy is only told of once it has been so for long."""
        if waited or (desk.began and now - desk.began >= timedelta(seconds=self._patience)):
            name = desk.plan.source.name
            self._failed(desk, f"Reading {name} takes longer than {self._patience:g} s and goes on.")

    def _finish(self, desk: _Desk) -> _Brought | None:
        """What a source brought that is done; `None` where it failed. Its status says how it went."""
        reading, name = desk.reading, desk.plan.source.name
        desk.reading = None
        assert reading is not None
        error = CollectorError(f"Reading {name} was stopped.") if reading.cancelled() else reading.exception()
        if error is None:
            brought = reading.result()
            desk.schedule.succeeded()
            desk.status = replace(
                desk.status,
                ok=True,
                samples=len(brought.samples),
                last_success=desk.began,
                error="",
                notes=(*getattr(desk.plan.source, "notes", ()), *brought.notes),
                metrics=frozenset(sample.metric for sample in brought.samples),
                exporters=tuple(getattr(desk.plan.source, "exporters", ())),
            )
            return brought
        desk.schedule.failed()
        if isinstance(error, MonitoringError):
            self._failed(desk, str(error))
        else:
            log.error("reading %s failed unexpectedly", name, exc_info=error, extra={"action": "collect_failed"})
            self._failed(desk, f"Reading {name} failed unexpectedly ({type(error).__name__}); the log has the details.")
        return None

    def _failed(self, desk: _Desk, error: str) -> None:
        desk.status = replace(desk.status, ok=False, samples=0, error=error, last_failure=desk.began)

    def close(self) -> None:
        """Ends reads that are under way and waits for the threads. May be called twice."""
        for desk in self._desks:
            desk.plan.source.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _unread(plan: Plan) -> SourceStatus:
    return SourceStatus(plan.source.name, False, 0, None, "It was not read yet.", plan.kind, plan.cluster)


def _read(plan: Plan, now: datetime, last: datetime | None) -> _Brought:
    samples, notes = _named(plan, plan.source.collect(now))
    window = _missed(plan, now, last)
    if window is None or not isinstance(plan.source, Remembering):
        return _Brought(samples, [], notes)
    try:
        return _Brought(samples, _named(plan, plan.source.backfill(window))[0], notes)
    except MonitoringError as problem:
        log.warning("the past is not filled in: %s", problem)
        return _Brought(samples, [], notes)


def _named(plan: Plan, given: list[Sample]) -> tuple[list[Sample], tuple[str, ...]]:
    """The samples under the names they are kept by, and a note on those that cannot have one."""
    prefixed = [s._replace(instance=plan.prefix + s.instance) for s in given] if plan.prefix else given
    samples = [sample for sample in prefixed if is_instance(sample.instance)]
    if len(samples) == len(prefixed):
        return samples, ()
    odd = next(sample.instance for sample in prefixed if not is_instance(sample.instance))
    why = f"their names have more than {LONGEST_NAME} characters or cannot be printed, such as {odd[:60]!a}"
    return samples, (f"{len(prefixed) - len(samples)} series are left out: {why}",)


def _missed(plan: Plan, now: datetime, last: datetime | None) -> Window | None:
    """The time before `now` in which the source was not read, as far back as the plan goes."""
    furthest = now - plan.backfill
    start = furthest if last is None else max(last, furthest)
    if last is not None and now - last < _GAP * plan.interval:
        return None
    return Window(start, now) if start < now else None


def _part(desk: _Desk, samples: list[Sample]) -> Part:
    plan = desk.plan
    return Part(plan.source.standins, samples, plan.rank, plan.cluster, plan.interval)
