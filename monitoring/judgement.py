"""Judging stored samples, tick by tick, from where judgement last ended up to now.

The same for a live monitor, for history that was imported and for time that was missed: state is rebuilt
from the database, so any process can go on where another stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from monitoring.blocks import Block, to_micros
from monitoring.detection.absence import RETIRED_AFTER
from monitoring.detection.memory import SILENT_PACES
from monitoring.metrics import Catalogue, Window
from monitoring.store.events import EventStore, JudgedElsewhere, Step
from monitoring.store.store import Store
from monitoring.watch import Tick, Watch

log = logging.getLogger(__name__)

LATE = timedelta(minutes=2)
"""Samples may arrive this late and are still judged in passing; older ones need judgement again."""
WARM_UP = timedelta(minutes=70)
"""How much of the past is read again to know what had begun: all that the fine bins of detection hold."""
HISTORY = timedelta(hours=24)
"""The ends of series that fell silent are looked for so far back."""
SEASON = timedelta(days=8)
"""Hours of this long a time say what is usual, and what this time of day is like."""
COARSE_HISTORY = timedelta(hours=7)
"""Bins of five minutes are read again from so far back, for slow trends."""
CHUNK = timedelta(hours=1)
TAIL = 12
"""So many samples show the pace of a series that fell silent before."""
QUIET_STEP = timedelta(minutes=10)
"""Ticks are this far apart where nothing arrives and everything that can fall silent has."""

JUDGED_UNTIL = "judged_until"


@dataclass(slots=True)
class Outcome:
    """What a stretch of judging came to."""

    ticks: int = 0
    samples: int = 0
    fired: int = 0
    incidents: int = 0


class Judge:
    """Judges what is in the store. Only one process may at a time: hold the store's leadership."""

    def __init__(self, store: Store, catalogue: Catalogue, interval: timedelta) -> None:
        self._store = store
        self._catalogue = catalogue
        self._interval = interval
        self._events: EventStore = store.events(catalogue)
        self._watch: Watch | None = None
        self._until: datetime | None = None
        self._noted: datetime | None = None
        """How far the store says that samples were judged when this judge last read or wrote it."""

    @property
    def series(self) -> int:
        """How many series are watched."""
        return len(self._watch.memory) if self._watch else 0

    @property
    def until(self) -> datetime | None:
        """How far the samples have been judged."""
        return self._until

    def forget(self) -> None:
        """Read all state anew from the store at the next call: after an error, or when another process led."""
        self._watch = self._until = None

    def catch_up(self, now: datetime, progress: Callable[[int], None] = lambda _: None) -> Outcome:
        """Judge everything up to `now`; `progress` is told the seconds of samples judged since its last call."""
        if self._events.rewind_if_asked(LATE) is not None:
            self.forget()
        self._follow_back(now)
        if self._watch is None:
            self._take_up(now)
        outcome = Outcome()
        while self._until is not None and self._until < now:
            before = self._until
            try:
                self._judge_chunk(min(now, before + CHUNK), now, outcome)
            except JudgedElsewhere as told:
                # What it found counts, and the next call takes up from there.
                log.info("%s", told)
                return outcome
            progress(int((self._until - before).total_seconds()))
        return outcome

    def _follow_back(self, now: datetime) -> None:
        """Go back with a clock that was set back: waiting until it has caught up would be silence for as long."""
        until = self._until if self._watch is not None else self._store.get_time(JUDGED_UNTIL)
        if until is not None and until - now >= LATE:
            log.warning("the clock went back from %s to %s; samples are judged again from there", until, now)
            self._events.rewind(now)
            self.forget()

    def _take_up(self, now: datetime) -> None:
        """Rebuild the state as it was where judgement ended."""
        self._until = self._noted = self._store.get_time(JUDGED_UNTIL)
        if self._until is None:
            oldest = self._store.query("oldest_sample_time")[0]["oldest"]
            if oldest is None:
                return
            self._until = oldest
        self._watch = watch = Watch(self._catalogue)
        if self._until > now:
            self._until = now
        # From full hours on, so that means by hour come out as if no restart had been.
        start = _hour(self._until - WARM_UP)
        watch.memory.recall_hours(*self._store.samples.hourly(Window(_hour(self._until) - SEASON, start)))
        slow = self._store.samples.by_five_minutes(Window(_hour(self._until) - COARSE_HISTORY, start))
        watch.memory.recall_coarse(slow.means, slow.low)
        recent = Window(start, self._until)
        watch.memory.absorb(self._store.samples.tails(self._until - HISTORY, recent, TAIL))
        watch.past = self._events.past(self._until)
        past = self._store.samples.between(recent)
        for moment, samples in _ticks(past, start, self._until, self._interval):
            # Before the first sample there ever was nothing can be remembered.
            if len(watch.memory) or len(samples):
                watch.warm_up(moment, samples)
        watch.resume(*self._events.open())

    def _judge_chunk(self, end: datetime, now: datetime, outcome: Outcome) -> None:
        assert self._watch is not None
        assert self._until is not None
        handling = self._store.operators.handling(Window(self._until, end + self._interval))
        samples = self._store.samples.between(Window(self._until - LATE, end))
        steps: list[Tick] = []
        try:
            for moment, part in self._moments(samples, end):
                steps.append(self._watch.tick(moment, part, handling))
                outcome.samples += int(np.count_nonzero(part.times >= to_micros(self._until)))
            written = [Step(step.changes, step.incidents) for step in steps]
            self._events.write(written, end, judged_before=self._noted, now=now)
        except BaseException:
            # What was judged but not written must be judged again.
            self.forget()
            raise
        self._until = self._noted = end
        outcome.ticks += len(steps)
        outcome.fired += sum(change.kind == "fired" for step in steps for change in step.changes)
        outcome.incidents += len({i.number for step in steps for i in step.incidents if i.detected_at == step.at})

    def _moments(self, samples: Block, end: datetime) -> Iterator[tuple[datetime, Block]]:
        assert self._watch is not None
        assert self._until is not None
        quiet = not len(samples) and self._settled(end)
        yield from _ticks(samples, self._until, end, QUIET_STEP if quiet else self._interval)

    def _settled(self, end: datetime) -> bool:
        """Whether every series has been silent for so long that no tick up to `end` can bring anything new."""
        assert self._watch is not None
        assert self._until is not None
        memory, until = self._watch.memory, to_micros(self._until)
        living = memory.last[(memory.count > 0) & (until - memory.last <= RETIRED_AFTER + _micros(QUIET_STEP))]
        pace = memory.pace[memory.count > 0].max(initial=0.0)
        patience = max(_micros(QUIET_STEP), (SILENT_PACES + 1) * pace)
        if not len(living):
            return True
        retiring = to_micros(end) - int(living.min()) >= RETIRED_AFTER
        return until - int(living.max()) > patience and not retiring


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _ticks(samples: Block, start: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, Block]]:
    """Moments from `start` (left out) to `end`, each with the samples that came since the one before.

    Samples older than `start` come with the first moment.
    """
    count = -(-(end - start) // step)
    moments = [min(start + step * n, end) for n in range(1, count + 1)]
    edges = np.searchsorted(samples.times, [to_micros(moment) for moment in moments], side="left")
    previous = 0
    for moment, edge in zip(moments, edges.tolist(), strict=True):
        yield moment, samples.slice(previous, edge)
        previous = edge
