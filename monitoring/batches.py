"""Batches of samples as programs send them, as mappings or as Prometheus text: each stored, or rejected with a reason.

Sending a batch again stores nothing twice: what is there already is counted among the duplicates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as Line

from monitoring.blocks import Block, Ints, from_micros
from monitoring.contract import IngestReport
from monitoring.ingest import COLUMNS, Acceptance, Batch, Columns, Limits, Reading
from monitoring.metrics import Catalogue, Window

Write = Callable[[Block], Ints]
"""Stores samples and returns the places of those that were there already."""

NAMES = COLUMNS[1:4]


def take_rows(rows: Sequence[Any], catalogue: Catalogue, limits: Limits, write: Write) -> IngestReport:
    """Store rows with the fields time, component, instance, metric and value; the first one is number 1."""
    reading, columns, acceptance = Reading(), Columns(), Acceptance(catalogue, limits)
    times: dict[str, int | str] = {}
    names: dict[tuple[str, ...], int | str] = {}
    for number, row in enumerate(rows, start=1):
        wrong = _take(row, number, acceptance, times, names, columns)
        if wrong:
            reading.reject(number, wrong, str(row)[:200])
    reading.read = len(rows)
    return _stored(columns.finish(acceptance.keys), reading, write)


def _take(
    row: Any,
    number: int,
    acceptance: Acceptance,
    times: dict[str, int | str],
    names: dict[tuple[str, ...], int | str],
    into: Columns,
) -> str | None:
    """Add a row's sample, or say why not; what was found out about times and names is kept for the next rows."""
    if not isinstance(row, Mapping) or len(row) != len(COLUMNS) or any(name not in row for name in COLUMNS):
        return _form(row)
    time_text, *texts, value = (row[name] for name in COLUMNS)
    name = tuple(texts)
    if not all(isinstance(text, str) for text in (time_text, *name)):
        return "time, component, instance and metric must be texts"
    time = times.get(time_text)
    if time is None:
        time = times[time_text] = acceptance.time(time_text)
    series = names.get(name)
    if series is None:
        series = names[name] = acceptance.number(*name)
    if isinstance(time, str) or isinstance(series, str):
        return time if isinstance(time, str) else str(series)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"value {str(value)[:60]!r} is not a number"
    if not _is_finite(value):
        return f"value {str(value)[:60]!r} is not a finite number"
    into.add(series, time, float(value), number)
    return None


def _form(row: Any) -> str:
    if not isinstance(row, Mapping):
        return f"an object with {', '.join(COLUMNS)} is expected"
    missing = [name for name in COLUMNS if name not in row]
    if missing:
        return f"{', '.join(missing)} is missing"
    return f"unknown field {', '.join(sorted(str(name)[:60] for name in row if name not in COLUMNS))}"


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def take_exposition(text: str, catalogue: Catalogue, limits: Limits, now: datetime, write: Write) -> IngestReport:
    """Store the lines of a Prometheus text; those without a time of their own are of now.

    A series is named by its metric of the catalogue and the label `instance`; the label `component` may be left
    out, further labels do not count.
    """
    reading, columns, acceptance = Reading(), Columns(), Acceptance(catalogue, limits)
    for number, written in _lines(text):
        reading.read += 1
        wrong = _take_line(written, number, now, acceptance, columns)
        if wrong:
            reading.reject(number, wrong, written)
    return _stored(columns.finish(acceptance.keys), reading, write)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that hold a sample, with their numbers."""
    for number, line in enumerate(text.split("\n"), start=1):
        written = line.strip()
        if written and not written.startswith("#"):
            yield number, written


def _take_line(written: str, number: int, now: datetime, acceptance: Acceptance, into: Columns) -> str | None:
    line = _parsed(written)
    if line is None:
        return "this line is not Prometheus text"
    time = _time_of(line, now, acceptance)
    if isinstance(time, str):
        return time
    component = line.labels.get("component") or acceptance.component_of(line.name)
    series = acceptance.number(component, line.labels.get("instance", ""), line.name)
    if isinstance(series, str):
        return series
    if not math.isfinite(line.value):
        return f"value {line.value} is not a finite number"
    into.add(series, time, float(line.value), number)
    return None


def _parsed(written: str) -> Line | None:
    try:
        samples = [sample for family in text_string_to_metric_families(written + "\n") for sample in family.samples]
    except (ValueError, IndexError, KeyError, TypeError):
        # The parser has no error of its own.
        return None
    return samples[0] if len(samples) == 1 else None


def _time_of(line: Line, now: datetime, acceptance: Acceptance) -> int | str:
    if line.timestamp is None:
        return acceptance.moment(now, str(now))
    try:
        moment = datetime.fromtimestamp(float(line.timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return f"time {line.timestamp} is not one in milliseconds since 1970"
    return acceptance.moment(moment, moment.isoformat())


def _stored(batch: Batch, reading: Reading, write: Write) -> IngestReport:
    """Write what is valid, and report."""
    places = write(batch.block).tolist() if len(batch.block) else []
    for place in places:
        reading.reject(batch.lines[place], "duplicate: there is a sample of this series at this time already")
    times = batch.block.times
    return IngestReport(
        read=reading.read,
        stored=len(batch.block) - len(places),
        duplicates=len(places),
        rejected=reading.rejected,
        rejections=tuple(sorted(reading.rejections, key=lambda r: r.line)),
        window=Window(from_micros(int(times.min())), from_micros(int(times.max()) + 1)) if len(times) else None,
    )
