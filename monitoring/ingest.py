"""CSV in: lines of time,component,instance,metric,value, each stored or rejected with its number and reason."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from monitoring.blocks import Block, Ints, from_micros, to_micros
from monitoring.contract import IngestReport, Rejection, iso
from monitoring.errors import InvalidInput
from monitoring.metrics import Catalogue, SeriesKey, Window

COLUMNS = ("time", "component", "instance", "metric", "value")
LINES_A_BLOCK = 50_000
REJECTIONS_KEPT = 1_000
LONGEST_NAME = 300


@dataclass(slots=True)
class Limits:
    """Which times are accepted: not before `oldest` (retention), not after `newest` (the clock, and a tolerance)."""

    oldest: datetime
    newest: datetime

    @classmethod
    def at(cls, now: datetime, retention_days: int, tolerance_seconds: float) -> Limits:
        return cls(now - timedelta(days=retention_days), now + timedelta(seconds=tolerance_seconds))


@dataclass(slots=True)
class Reading:
    """What has come of the lines read so far."""

    read: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def reject(self, line: int, reason: str, text: str = "") -> None:
        self.rejected += 1
        if len(self.rejections) < REJECTIONS_KEPT:
            # What was no UTF-8 in the file cannot be printed as it is.
            shown = text[:200].encode("utf-8", "backslashreplace").decode("utf-8")
            self.rejections.append(Rejection(line, reason, shown))


@dataclass(slots=True)
class Batch:
    """Samples with the numbers of the lines they stood on."""

    block: Block
    lines: list[int]


def ingest(
    lines: Iterable[str],
    catalogue: Catalogue,
    limits: Limits,
    write: Callable[[Block], Ints],
    progress: Callable[[int], None] = lambda _: None,
) -> IngestReport:
    """Store every valid line through `write` (which returns the places of duplicates); report the others.

    Reading goes on while the database writes. Raises `InvalidInput` for a header that lacks a column.
    """
    reading = Reading()
    stored = duplicates = 0
    first = last = 0
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="write") as writer:
        pending: tuple[Batch, Future[Ints]] | None = None
        for batch in _ahead(read_batches(lines, catalogue, limits, reading), progress):
            if pending is not None:
                duplicates += _note_duplicates(*pending, reading)
            pending = (batch, writer.submit(write, batch.block)) if len(batch.lines) else None
            if len(batch.lines):
                stored += len(batch.lines)
                first = min(first or int(batch.block.times.min()), int(batch.block.times.min()))
                last = max(last, int(batch.block.times.max()))
        if pending is not None:
            duplicates += _note_duplicates(*pending, reading)
    window = Window(from_micros(first), from_micros(last + 1)) if stored else None
    return IngestReport(
        read=reading.read,
        stored=stored - duplicates,
        duplicates=duplicates,
        rejected=reading.rejected,
        rejections=tuple(sorted(reading.rejections, key=lambda r: r.line)),
        window=window,
    )


def _ahead(batches: Iterator[Batch], progress: Callable[[int], None]) -> Iterator[Batch]:
    for batch in batches:
        progress(len(batch.lines))
        yield batch


def _note_duplicates(batch: Batch, written: Future[Ints], reading: Reading) -> int:
    places = written.result().tolist()
    for place in places:
        reading.reject(batch.lines[place], "duplicate: there is a sample of this series at this time already")
    return len(places)


def read_batches(lines: Iterable[str], catalogue: Catalogue, limits: Limits, reading: Reading) -> Iterator[Batch]:
    """The valid lines in batches; those that are not are noted in `reading`."""
    numbered = _Lines(lines, reading)
    rows = csv.reader(numbered)
    places = _header(next(_tolerant(rows, numbered, reading), None))
    parser = _Parser(catalogue, limits)
    batch = _Columns()
    for row in _tolerant(rows, numbered, reading):
        if not row:
            continue
        reading.read += 1
        problem = parser.take(row, places, numbered.number, batch)
        if problem:
            reading.reject(numbered.number, problem, ",".join(row))
        elif len(batch.lines) >= LINES_A_BLOCK:
            yield batch.finish()
            batch = _Columns()
    yield batch.finish()


class _Lines:
    """The lines, counted, but for those that would swallow the ones after them: a quote is never closed."""

    def __init__(self, lines: Iterable[str], reading: Reading) -> None:
        self._lines = iter(lines)
        self._reading = reading
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.number += 1
            if self.number == 1:
                line = line.removeprefix("\ufeff")
            if line.count('"') % 2 == 0:
                return line
            self._reading.read += 1
            self._reading.reject(self.number, "not CSV: a quotation mark is not closed", line.rstrip())
        raise StopIteration


def _tolerant(rows: Iterator[list[str]], numbered: _Lines, reading: Reading) -> Iterator[list[str]]:
    """The rows, going on after one that is no CSV at all."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            reading.read += 1
            reading.reject(numbered.number, f"not CSV: {problem}")


def _header(row: list[str] | None) -> tuple[int, ...]:
    wanted = ",".join(COLUMNS)
    if row is None:
        raise InvalidInput(f"There is nothing to read; a CSV with the header {wanted} is expected.")
    names = [name.strip().lower() for name in row]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InvalidInput(
            f"The first line is not a header with {wanted}: {', '.join(missing)} is missing. Nothing was stored."
        )
    return tuple(names.index(name) for name in COLUMNS)


class _Columns:
    """Samples being collected, in columns."""

    def __init__(self) -> None:
        self.index: dict[SeriesKey, int] = {}
        self.series: list[int] = []
        self.times: list[int] = []
        self.values: list[float] = []
        self.lines: list[int] = []

    def finish(self) -> Batch:
        block = Block(
            tuple(self.index), np.array(self.series, np.int64), np.array(self.times, np.int64), np.array(self.values)
        )
        return Batch(block, self.lines)


class _Parser:
    """Turns rows into samples; remembers the texts it has seen, as times and names come by the hundred."""

    def __init__(self, catalogue: Catalogue, limits: Limits) -> None:
        self._catalogue = catalogue
        self._limits = limits
        self._times: dict[str, int | str] = {}
        self._names: dict[tuple[str, str, str], SeriesKey | str] = {}

    def take(self, row: list[str], places: tuple[int, ...], line: int, into: _Columns) -> str | None:
        """Add the row's sample, or say why not."""
        if len(row) <= max(places):
            return f"{len(row)} columns instead of {len(COLUMNS)}"
        time_text, component, instance, metric, value_text = (row[place] for place in places)
        time = self._times.get(time_text)
        if time is None:
            time = self._remember_time(time_text)
        if isinstance(time, str):
            return time
        name = (component, instance, metric)
        key = self._names.get(name)
        if key is None:
            key = self._remember_name(name)
        if isinstance(key, str):
            return key
        try:
            value = float(value_text)
        except ValueError:
            return f"value {value_text!r} is not a number"
        if not math.isfinite(value):
            return f"value {value_text!r} is not a finite number"
        into.series.append(into.index.setdefault(key, len(into.index)))
        into.times.append(time)
        into.values.append(value)
        into.lines.append(line)
        return None

    def _remember_time(self, text: str) -> int | str:
        if len(self._times) > 100_000:
            self._times.clear()
        found = self._times[text] = self._time(text)
        return found

    def _remember_name(self, name: tuple[str, str, str]) -> SeriesKey | str:
        if len(self._names) > 1_000_000:
            self._names.clear()
        found = self._names[name] = self._name(*name)
        return found

    def _time(self, text: str) -> int | str:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return f"time {text!r} is not ISO 8601, such as 2026-03-04T03:00:00Z"
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        if moment > self._limits.newest:
            return f"time {text!r} lies in the future (now is about {iso(self._limits.newest)})"
        if moment < self._limits.oldest:
            return f"time {text!r} is older than the retention, which begins at {iso(self._limits.oldest)}"
        return to_micros(moment)

    def _name(self, component: str, instance: str, metric: str) -> SeriesKey | str:
        component, instance, metric = component.strip(), instance.strip(), metric.strip()
        known = self._catalogue.by_name.get(metric)
        if known is None:
            nearest = self._catalogue.nearest(metric)
            hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
            return f"unknown metric {metric!r}{hint}"
        if known.component != component:
            return f"{metric} is a metric of {known.component}, not of {component!r}"
        if not instance or len(instance) > LONGEST_NAME or not instance.isprintable():
            return f"instance {instance[:40]!r} is empty, too long or not printable"
        return SeriesKey(component, instance, metric)


def csv_lines(block: Block) -> Iterator[str]:
    """Samples as CSV lines, header first, as `ingest` reads them."""
    yield ",".join(COLUMNS) + "\n"
    quoted = [",".join(_quoted(part) for part in key) for key in block.keys]
    times: Mapping[int, str] = {int(t): iso(from_micros(t)) or "" for t in np.unique(block.times)}
    for series, time, value in zip(block.series.tolist(), block.times.tolist(), block.values.tolist(), strict=True):
        yield f"{times[time]},{quoted[series]},{value:.6g}\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text
