"""A CSV of one series scored row by row: reading its timestamps and values, writing it back with `anomaly_score`."""

from __future__ import annotations

import contextlib
import csv
import math
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import numpy as np

from monitoring.blocks import Floats, Ints, to_micros
from monitoring.detection.unusual import ALARM, scores, suppressed
from monitoring.errors import InvalidInput

SCORE = "anomaly_score"

_TIME_NAMES = ("timestamp", "time", "datetime", "date", "ds", "_time")
_VALUE_NAMES = ("value", "y", "v", "_value")
_NO_VALUE = frozenset(["", "nan", "na", "n/a", "null", "none", "-"])
_FORMATS = (
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y",
    "%a, %d %b %Y %H:%M:%S %Z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y",
    "%d %b %Y %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y",
    "%b %d, %Y %H:%M",
    "%b %d, %Y %H:%M:%S",
    "%b %d, %Y",
    "%b %d %Y %H:%M:%S",
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
_COMPACT_DATE = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\Z")
_PLAIN_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?\Z")
_MICROS_PER = ((1e17, 1e-3), (1e14, 1.0), (1e11, 1e3), (0.0, 1e6))
"""From which size on a number counts as nanoseconds, microseconds, milliseconds or seconds: sizes that leave
each unit the years 1973 to 5138."""
_LAST = to_micros(datetime(9999, 12, 31, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What a file held: its rows, how many of them had no number as value, how many came with an earlier timestamp
    than the row before, how many reach `ALARM`, and the highest score with the line (as an editor counts) it is on."""

    rows: int
    without_value: int
    out_of_order: int
    alarms: int
    highest: float
    highest_line: int | None


@dataclass(frozen=True, slots=True)
class _File:
    """A CSV as it was read: its header, its rows with the line each ends on, and the two columns of them."""

    header: list[str]
    delimiter: str
    rows: list[list[str]]
    lines: list[int]
    times: Ints
    values: Floats


def score_file(source: Path, target: Path, *, suppress: timedelta | None = None) -> ScoreReport:
    """Write the rows of `source` to `target` with a column `anomaly_score` in 0..1 added.

    The columns are called timestamp and value (or stand in this order where there is no header); others are kept.
    Timestamps may be ISO 8601 (UTC unless they say otherwise), numbers since 1970, or one of the usual written
    forms. Rows whose value is empty or no finite number score 0. With `suppress`, an episode scores where it begins
    and where it gets worse, and not again within that time.

    Raises `InvalidInput`, naming the line, for a row that is no timestamp and value; `target` is then left alone.
    """
    if suppress is not None and suppress < timedelta(0):
        raise InvalidInput("The time to suppress repeated alarms for cannot be negative.")
    file = _read(source)
    found = scores(file.times, file.values)
    if suppress:
        found = suppressed(file.times, found, suppress)
    _write(target, file, found)
    peak = int(found.argmax()) if len(found) else -1
    return ScoreReport(
        rows=len(found),
        without_value=int(np.count_nonzero(~np.isfinite(file.values))),
        out_of_order=int(np.count_nonzero(np.diff(file.times) < 0)),
        alarms=int(np.count_nonzero(found >= ALARM)),
        highest=float(found[peak]) if len(found) else 0.0,
        highest_line=file.lines[peak] if len(found) else None,
    )


def parse_timestamp(text: str, forms: list[str] | None = None) -> int:
    """A written time as microseconds since 1970, UTC unless it says otherwise; raises `ValueError`.

    `forms` are the written forms to try after ISO 8601; the one that fits moves to the front, so that a file which
    showed how it writes days and months is read on in that way.
    """
    text = text.strip()
    if _NUMBER.match(text) and not _COMPACT_DATE.match(text):
        return _from_number(text)
    moment = _from_text(text, list(_FORMATS) if forms is None else forms)
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def parse_value(text: str) -> float:
    """A written value; NaN for what says that there is none; raises `ValueError` for other words."""
    text = text.strip()
    return math.nan if text.lower() in _NO_VALUE else float(text)


def _from_number(text: str) -> int:
    number = float(text)
    micros = number * next(unit for size, unit in _MICROS_PER if abs(number) >= size)
    if not abs(micros) <= _LAST:
        raise ValueError(f"{text} lies too far from 1970.")
    return round(micros)


def _from_text(text: str, forms: list[str]) -> datetime:
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text)
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text.removesuffix(" UTC").replace(" +", "+"))
    for place, form in enumerate(forms):
        with contextlib.suppress(ValueError):
            moment = datetime.strptime(text, form)  # noqa: DTZ007
            forms.insert(0, forms.pop(place))
            return moment
    raise ValueError(f"{text!r} is no timestamp.")


def _read(source: Path) -> _File:
    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            return _parsed(stream, source)
    except UnicodeDecodeError:
        raise InvalidInput(f"{source} is not UTF-8 text.") from None
    except OSError as problem:
        raise InvalidInput(f"Cannot read {source}: {problem.strerror or problem}.") from None


def _parsed(stream: TextIO, source: Path) -> _File:
    first = stream.readline()
    delimiter = next((mark for mark in ",;\t" if mark in first), ",")
    reader = csv.reader(_chained(first, stream), delimiter=delimiter)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as problem:
        raise InvalidInput(f"{source}, line {reader.line_num}: {problem}.") from None
    header = _header(rows[0], source, lines[0]) if rows else ["timestamp", "value"]
    if rows and rows[0] is header:
        del rows[0], lines[0]
    times, values = _columns(header, rows, lines, source)
    return _File(header, delimiter, rows, lines, times, values)


def _chained(first: str, stream: TextIO) -> Iterator[str]:
    yield first
    yield from stream


def _header(first: list[str], source: Path, line: int) -> list[str]:
    """The names of the columns: the first row, or the usual ones where that is a timestamp and a value itself."""
    if _place(first, _TIME_NAMES) is not None and _place(first, _VALUE_NAMES) is not None:
        return first
    with contextlib.suppress(ValueError):
        parse_timestamp(first[0])
        parse_value(first[1] if len(first) == 2 else "no value")
        return ["timestamp", "value"]
    raise InvalidInput(f"{source}, line {line}: the columns timestamp and value are missing from the header.")


def _place(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    plain = [name.strip().lower() for name in names]
    return next((plain.index(name) for name in wanted if name in plain), None)


def _columns(header: list[str], rows: list[list[str]], lines: list[int], source: Path) -> tuple[Ints, Floats]:
    width = len(header)
    for place, row in enumerate(rows):
        if len(row) != width:
            raise InvalidInput(f"{source}, line {lines[place]}: {len(row)} columns where the header has {width}.")
    time_at, value_at = _place(header, _TIME_NAMES) or 0, _place(header, _VALUE_NAMES) or 0
    times, values = [row[time_at] for row in rows], [row[value_at] for row in rows]
    try:
        return _times(times), _values(values)
    except _Unreadable as problem:
        raise InvalidInput(f"{source}, line {lines[problem.place]}: {problem.what}.") from None


class _Unreadable(Exception):
    """What is wrong with the text at a place of a column."""

    def __init__(self, place: int, what: str) -> None:
        super().__init__(what)
        self.place, self.what = place, what


def _times(texts: list[str]) -> Ints:
    """The timestamps, all at once where they are ISO 8601 of one length without an offset."""
    plain = [text[:-1] for text in texts] if all(text.endswith("Z") for text in texts) else texts
    if plain and len({len(text) for text in plain}) == 1 and _PLAIN_TIME.match(plain[0]):
        with contextlib.suppress(ValueError, Warning), warnings.catch_warnings():
            # An offset is a warning only: numpy would leave it out.
            warnings.simplefilter("error")
            found: Ints = np.array(plain, "datetime64[us]").astype(np.int64)
            return found
    return _times_one_by_one(texts)


def _times_one_by_one(texts: list[str]) -> Ints:
    times, forms = np.zeros(len(texts), np.int64), list(_FORMATS)
    for place, text in enumerate(texts):
        try:
            times[place] = parse_timestamp(text, forms)
        except ValueError:
            raise _Unreadable(place, f"{text!r} is no timestamp") from None
    return times


def _values(texts: list[str]) -> Floats:
    with contextlib.suppress(ValueError):
        return np.fromiter(map(float, texts), float, len(texts))
    values = np.zeros(len(texts))
    for place, text in enumerate(texts):
        try:
            values[place] = parse_value(text)
        except ValueError:
            raise _Unreadable(place, f"the value {text!r} is no number") from None
    return values


def _write(target: Path, file: _File, found: Floats) -> None:
    """The rows as they were, each with its score; a column of scores from before is replaced."""
    old = _place(file.header, (SCORE,))
    texts = map("{:.6g}".format, found.tolist())
    try:
        with _replacing(target) as stream:
            writer = csv.writer(stream, delimiter=file.delimiter, lineterminator="\n")
            writer.writerow([*_without(file.header, old), SCORE])
            writer.writerows([*_without(row, old), text] for row, text in zip(file.rows, texts, strict=True))
    except OSError as problem:
        raise InvalidInput(f"Cannot write {target}: {problem.strerror or problem}.") from None


def _without(row: list[str], place: int | None) -> list[str]:
    return row if place is None else row[:place] + row[place + 1 :]


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[TextIO]:
    """A text file that takes the target's place when it is complete; pipes and devices are written to directly."""
    if target.exists() and not target.is_file():
        with target.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
