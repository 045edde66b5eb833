"""CSV in: lines of time,component,instance,metric,value, each stored or rejected with its number and reason."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

import numpy as np

from monitoring.blocks import Block, Ints, from_micros, to_micros
from monitoring.contract import IngestReport, Rejection, iso
from monitoring.csv_columns import read_table
from monitoring.errors import InvalidInput
from monitoring.metrics import LONGEST_NAME, Catalogue, SeriesKey, Window, is_instance

COLUMNS = ("time", "component", "instance", "metric", "value")
LINES_A_BLOCK = 100_000
REJECTIONS_KEPT = 1_000


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
    lines: Sequence[int]


class Header(NamedTuple):
    """Where the columns stand, in the order of `COLUMNS`, and how many columns there are."""

    places: tuple[int, ...]
    width: int


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
    remaining = iter(lines)
    first = next(remaining, None)
    header = _header(None if first is None else next(csv.reader([first.removeprefix("\ufeff")]), None))
    parser = RowParser(catalogue, limits, header)
    number = 2
    while chunk := list(islice(remaining, LINES_A_BLOCK)):
        batch = _by_column(chunk, number, parser) or _by_line(chunk, number, parser, reading)
        number += len(chunk)
        reading.read += len(batch.lines)
        yield batch


def _by_column(chunk: Sequence[str], number: int, parser: RowParser) -> Batch | None:
    """All lines at once, where every one of them is good; `None` where they need a closer look."""
    table = read_table("".join(chunk), parser.width, parser.places)
    if table is None or len(table.values) != len(chunk) or not np.isfinite(table.values).all():
        return None
    times = [parser.time(text) for text in table.times.texts]
    names = [parser.number(*texts) for texts in table.names.texts]
    if not all(isinstance(found, int) for found in (*times, *names)):
        return None
    return Batch(
        Block(
            tuple(parser.keys),
            np.array(names, np.int64)[table.names.places],
            np.array(times, np.int64)[table.times.places],
            table.values,
        ),
        range(number, number + len(chunk)),
    )


def _by_line(chunk: Sequence[str], number: int, parser: RowParser, reading: Reading) -> Batch:
    columns = Columns()
    for at, line in enumerate(chunk, start=number):
        _take_with_care(line, at, parser, columns, reading)
    return columns.finish(parser.keys)


def _take_with_care(line: str, number: int, parser: RowParser, batch: Columns, reading: Reading) -> None:
    """Take a line that is new or wrong in some way; what is wrong with it is noted."""
    wrong: str | None
    try:
        row = next(csv.reader([line]), [])
    except csv.Error as problem:
        wrong = f"not CSV: {problem}"
    else:
        if not row:
            return
        # A quotation mark that is never closed would swallow the lines after it.
        unclosed = line.count('"') % 2 == 1
        wrong = "not CSV: a quotation mark is not closed" if unclosed else parser.take(row, number, batch)
    if wrong:
        reading.read += 1
        reading.reject(number, wrong, line.rstrip())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _header(row: list[str] | None) -> Header:
    wanted = ",".join(COLUMNS)
    if row is None:
        raise InvalidInput(f"There is nothing to read; a CSV with the header {wanted} is expected.")
    names = [name.strip().lower() for name in row]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InvalidInput(
            f"The first line is not a header with {wanted}: {', '.join(missing)} is missing. Nothing was stored."
        )
    return Header(tuple(names.index(name) for name in COLUMNS), len(names))


class Columns:
    """Samples being collected, in columns."""

    def __init__(self) -> None:
        self.series: list[int] = []
        self.times: list[int] = []
        self.values: list[float] = []
        self.lines: list[int] = []

    def add(self, series: int, time: int, value: float, line: int) -> None:
        self.series.append(series)
        self.times.append(time)
        self.values.append(value)
        self.lines.append(line)

    def finish(self, keys: Iterable[SeriesKey]) -> Batch:
        block = Block(
            tuple(keys), np.array(self.series, np.int64), np.array(self.times, np.int64), np.array(self.values)
        )
        return Batch(block, self.lines)


class Acceptance:
    """Says which series and times are accepted, and numbers the series."""

    def __init__(self, catalogue: Catalogue, limits: Limits) -> None:
        self._catalogue = catalogue
        self._limits = limits
        self._index: dict[SeriesKey, int] = {}

    @property
    def keys(self) -> Iterable[SeriesKey]:
        """Every series so far, in the order of their numbers."""
        return self._index

    def number(self, component: str, instance: str, metric: str) -> int | str:
        """The number of a series, or why there cannot be one of that name."""
        key = self._name(component, instance, metric)
        return key if isinstance(key, str) else self._index.setdefault(key, len(self._index))

    def time(self, text: str) -> int | str:
        """A time as microseconds, or why it is not accepted."""
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return f"time {text[:60]!r} is not ISO 8601, such as 2026-03-04T03:00:00Z"
        return self.moment(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment, text)

    def moment(self, moment: datetime, text: str) -> int | str:
        """The same for a time that was read already; `text` is how it was written."""
        if moment > self._limits.newest:
            return f"time {text!r} lies in the future (now is about {iso(self._limits.newest)})"
        if moment < self._limits.oldest:
            return f"time {text!r} is older than the retention, which begins at {iso(self._limits.oldest)}"
        return to_micros(moment)

    def component_of(self, metric: str) -> str:
        """The component of a metric; empty for one that is not known."""
        known = self._catalogue.by_name.get(metric)
        return known.component if known else ""

    def _name(self, component: str, instance: str, metric: str) -> SeriesKey | str:
        component, instance, metric = component.strip(), instance.strip(), metric.strip()
        known = self._catalogue.by_name.get(metric)
        if known is None:
            nearest = self._catalogue.nearest(metric[:LONGEST_NAME])
            hint = f"; did you mean {' or '.join(nearest)}?" if nearest else ""
            return f"unknown metric {metric[:60]!r}{hint}"
        if known.component != component:
            return f"{metric} is a metric of {known.component}, not of {component[:60]!r}"
        if not is_instance(instance):
            return f"instance {instance[:40]!r} is empty, too long or not printable"
        return SeriesKey(component, instance, metric)


class RowParser(Acceptance):
    """Turns rows of a CSV into samples."""

    def __init__(self, catalogue: Catalogue, limits: Limits, header: Header) -> None:
        super().__init__(catalogue, limits)
        self.places, self.width = header

    def take(self, row: list[str], line: int, into: Columns) -> str | None:
        """Add the row's sample, or say why not."""
        if len(row) <= max(self.places):
            return f"{len(row)} columns instead of {len(COLUMNS)}"
        time_text, component, instance, metric, value_text = (row[place] for place in self.places)
        time = self.time(time_text)
        if isinstance(time, str):
            return time
        series = self.number(component, instance, metric)
        if isinstance(series, str):
            return series
        value = _finite(value_text)
        if value is None:
            return f"value {value_text!r} is not {'a finite number' if _is_number(value_text) else 'a number'}"
        into.add(series, time, value, line)
        return None


def csv_lines(block: Block) -> Iterator[str]:
    """Samples as CSV lines, header first; `ingest` reads exactly the same samples from them."""
    yield ",".join(COLUMNS) + "\n"
    quoted = [",".join(_quoted(part) for part in key) for key in block.keys]
    times: Mapping[int, str] = {t: _written(from_micros(t)) for t in np.unique(block.times).tolist()}
    for series, time, value in zip(block.series.tolist(), block.times.tolist(), block.values.tolist(), strict=True):
        yield f"{times[time]},{quoted[series]},{value!r}\n"


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text
