"""Samples in and out, by the hundred thousand: binary COPY both ways."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from psycopg2 import errors, sql

from monitoring.blocks import Block, Floats, Ints, from_micros, to_micros
from monitoring.errors import StoreError
from monitoring.metrics import SeriesKey, Window
from monitoring.store.migrations import Edition
from monitoring.store.pool import Cursor, Pool
from monitoring.store.queries import query

_PG_EPOCH = to_micros(datetime(2000, 1, 1, tzinfo=UTC))
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_PARTITION_LOCK = 4_305_002
_WRITE_LOCK = 4_305_004

_ROW = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("time", ">i8"), ("l2", ">i4"), ("value", ">f8"), ("l3", ">i4"), ("id", ">i4")]
)
_OUT = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("id", ">i4"), ("l2", ">i4"), ("time", ">i8"), ("l3", ">i4"), ("value", ">f8")]
)
_NAME = np.dtype([("fields", ">i2"), ("l1", ">i4"), ("id", ">i4"), ("l2", ">i4"), ("time", ">i8")])
_BIN = np.dtype(
    [
        *(("fields", ">i2"), ("l1", ">i4"), ("id", ">i4"), ("l2", ">i4"), ("time", ">i8")),
        *(("l3", ">i4"), ("mean", ">f8"), ("l4", ">i4"), ("low", ">f8"), ("l5", ">i4"), ("high", ">f8")),
    ]
)
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NO_TIME = np.iinfo(np.int64).min
_COPY_BYTES = 1 << 24
"""Handed over at a time: each piece waits for the interpreter while another thread reads."""


class Written(NamedTuple):
    """What came of writing a block; `places` are those of its samples that were there already."""

    stored: int
    duplicates: int
    places: Ints


class Bins(NamedTuple):
    """Means of stretches of time at their beginning, with the least and the greatest sample of each."""

    means: Block
    low: Floats
    high: Floats


_ATTEMPTS = 10
_COLLISIONS = (errors.UniqueViolation, errors.DeadlockDetected, errors.CheckViolation)
"""What a writer meets when another one stored the same samples, or dropped the day they belong to."""


class _Removed(StoreError):
    """The series were removed by another process meanwhile."""


class SampleStore:
    """The table of samples and the registry of series."""

    def __init__(self, pool: Pool, edition: Edition) -> None:
        self._pool = pool
        self._edition = edition
        self._ids: dict[SeriesKey, int] = {}
        self._keys: dict[int, SeriesKey] = {}
        self._days: set[int] = set()
        self._read: tuple[Ints, tuple[SeriesKey, ...]] = (np.empty(0, np.int64), ())
        self._lock = threading.Lock()

    def write(self, block: Block) -> Written:
        """Store samples; those that are there already (same time and series) are counted, not stored again.

        All or nothing: after an error nothing of the block is stored.
        """
        if not len(block):
            return Written(0, 0, np.empty(0, np.int64))
        for attempt in range(_ATTEMPTS - 1):
            try:
                return self._write(block, collided=attempt > 0)
            except _Removed:
                self.forget_names()
            except StoreError as problem:
                if not isinstance(problem.__cause__, _COLLISIONS):
                    raise
                self._days = set()
        return self._write(block, collided=True)

    def between(self, window: Window) -> Block:
        """The samples of a window, in order of time."""
        found = self._copied("samples_between", window, _OUT, "reading samples")
        return self._named(
            found["id"].astype(np.int64), found["time"].astype(np.int64) + _PG_EPOCH, found["value"].astype(np.float64)
        )

    def last(self, window: Window) -> Block:
        """The newest sample in the window of each series that has one."""
        with self._pool.transaction("reading the newest samples") as cursor:
            cursor.execute(query("last_samples"), {"start": window.start, "end": window.end})
            found = cursor.fetchall()
        return self._rows(found)

    def hourly(self, window: Window) -> Bins:
        """Each hour of each series."""
        return self._bins("hourly_bins", window)

    def by_five_minutes(self, window: Window) -> Bins:
        """Each five minutes of each series."""
        return self._bins("coarse_bins", window)

    def tails(self, oldest: datetime, window: Window, most: int) -> Block:
        """The last samples, from `oldest` on and at most so many, of each series with none in the window."""
        parameters = {"oldest": oldest, "start": window.start, "end": window.end, "most": most}
        with self._pool.transaction("reading the end of silent series") as cursor:
            cursor.execute(query("tails_of_silent"), parameters)
            found = cursor.fetchall()
        return self._rows(found)

    def newest_time(self) -> datetime | None:
        """When the newest sample of all was taken; `None` where there is none."""
        with self._pool.transaction("looking for the newest sample") as cursor:
            cursor.execute(query("newest_sample_time"))
            row = cursor.fetchone()
        return row[0] if row else None

    def all_series(self) -> list[SeriesKey]:
        """Every series there is."""
        self._reload()
        return list(self._ids)

    def forget_names(self) -> None:
        """Read the registry anew at next use, after it was emptied."""
        with self._lock:
            self._ids, self._keys, self._days = {}, {}, set()
            self._read = (np.empty(0, np.int64), ())

    def _bins(self, name: str, window: Window) -> Bins:
        found = self._copied(name, window, _BIN, "reading rollups")
        ids, times = found["id"].astype(np.int64), found["time"].astype(np.int64) + _PG_EPOCH
        low, high = found["low"].astype(np.float64), found["high"].astype(np.float64)
        named = self._named(ids, times, found["mean"].astype(np.float64))
        if len(named) < len(ids):
            # Some series were removed after these were read.
            there = np.isin(ids, list(self._keys))
            low, high = low[there], high[there]
        return Bins(named, low, high)

    def _copied(self, name: str, window: Window, row: np.dtype[np.void], doing: str) -> npt.NDArray[np.void]:
        """The rows of a named statement over a window, read in binary."""
        with self._pool.transaction(doing) as cursor:
            text = cursor.mogrify(query(name), {"start": window.start, "end": window.end})
            buffer = io.BytesIO()
            cursor.copy_expert(b"COPY (" + text + b") TO STDOUT (FORMAT binary)", buffer)
        return np.frombuffer(buffer.getbuffer()[len(_HEADER) : -len(_TRAILER)], row)

    def _write(self, block: Block, *, collided: bool) -> Written:
        ids = self._registered(block.keys)[block.series]
        first = _first_of_each(ids, block.times)
        if self._edition == "postgresql":
            self._ensure_days(block.times)
        known = self._insert(block, ids, first, collided=collided)
        repeated = np.setdiff1d(np.arange(len(block)), first, assume_unique=True)
        places = np.sort(np.concatenate([repeated, known]))
        return Written(len(block) - len(places), len(places), places)

    def _insert(self, block: Block, ids: Ints, wanted: Ints, *, collided: bool) -> Ints:
        """Store the samples at the places wanted; returns the places of those that were there already."""
        times = block.times
        with self._pool.transaction("storing samples") as cursor:
            if collided:
                # Writers that got in each other's way go on one after the other.
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITE_LOCK,))
            # The look at the registry also keeps it from being emptied before this transaction ends.
            distinct = np.unique(ids).tolist()
            cursor.execute(query("count_series"), {"series": distinct})
            if cursor.fetchone() != (len(distinct),):
                raise _Removed
            known = np.empty(0, np.int64)
            if collided or self._overlaps(cursor, ids[wanted], times[wanted]):
                known = self._known(cursor, ids, times, wanted)
                wanted = np.setdiff1d(wanted, known, assume_unique=True)
            if len(wanted):
                encoded = _encoded(ids[wanted], times[wanted], block.values[wanted])
                cursor.copy_expert(
                    "COPY samples (time, value, series_id) FROM STDIN (FORMAT binary)", encoded, _COPY_BYTES
                )
                hours, series = _hours_of(ids[wanted], times[wanted])
                cursor.execute(query("mark_dirty"), {"hours": hours, "series": series})
        return known

    def _known(self, cursor: Cursor, ids: Ints, times: Ints, wanted: Ints) -> Ints:
        """Which of the samples wanted are stored already."""
        buffer = io.BytesIO()
        inside = self._range(ids[wanted], times[wanted])
        cursor.copy_expert(
            b"COPY (" + cursor.mogrify(query("sample_names_in"), inside) + b") TO STDOUT (FORMAT binary)", buffer
        )
        found = np.frombuffer(buffer.getbuffer()[len(_HEADER) : -len(_TRAILER)], _NAME)
        there = set(zip(found["id"].tolist(), (found["time"].astype(np.int64) + _PG_EPOCH).tolist(), strict=True))
        pairs = zip(ids[wanted].tolist(), times[wanted].tolist(), strict=True)
        known: Ints = wanted[np.fromiter((pair in there for pair in pairs), bool, len(wanted))]
        return known

    def _overlaps(self, cursor: Cursor, ids: Ints, times: Ints) -> bool:
        cursor.execute(query("any_sample_in"), self._range(ids, times))
        row = cursor.fetchone()
        return bool(row and row[0])

    @staticmethod
    def _range(ids: Ints, times: Ints) -> dict[str, object]:
        """For each series the first and the last of its times, which ascend."""
        first, last = np.empty(int(ids.max()) + 1, np.int64), np.full(int(ids.max()) + 1, _NO_TIME, np.int64)
        # Of several assignments to one place the last one stays.
        first[ids[::-1]] = times[::-1]
        last[ids] = times
        distinct = np.flatnonzero(last != _NO_TIME)
        return {
            "series": distinct.tolist(),
            "starts": [from_micros(time) for time in first[distinct].tolist()],
            "lasts": [from_micros(time) for time in last[distinct].tolist()],
        }

    def _registered(self, keys: Sequence[SeriesKey]) -> Ints:
        """The ids of series names; names that are new are registered."""
        missing = [key for key in keys if key not in self._ids]
        if missing:
            self._register(missing)
        ids = [self._ids.get(key) for key in keys]
        if None in ids:
            raise _Removed
        return np.array(ids, np.int64)

    def _register(self, missing: Sequence[SeriesKey]) -> None:
        names = {
            "components": [key.component for key in missing],
            "instances": [key.instance for key in missing],
            "metrics": [key.metric for key in missing],
        }
        with self._pool.transaction("registering series") as cursor:
            cursor.execute(query("find_series"), names)
            found = cursor.fetchall()
            if len(found) < len(missing):
                cursor.execute(query("add_series"), names)
        if len(found) < len(missing):
            # A new transaction sees what another writer registered at the same moment.
            with self._pool.transaction("registering series") as cursor:
                cursor.execute(query("find_series"), names)
                found = cursor.fetchall()
        self._learn(found)

    def _reload(self) -> None:
        with self._pool.transaction("reading the series") as cursor:
            cursor.execute(query("all_series"))
            found = cursor.fetchall()
        self._learn(found)

    def _learn(self, found: Sequence[tuple[int, str, str, str]]) -> None:
        with self._lock:
            for series_id, *names in found:
                key = SeriesKey(*names)
                self._ids[key] = series_id
                self._keys[series_id] = key

    def _rows(self, found: Sequence[tuple[int, datetime, float]]) -> Block:
        if not found:
            return Block.empty()
        ids, times, values = zip(*found, strict=True)
        micros = np.array([to_micros(time) for time in times], np.int64)
        return self._named(np.array(ids, np.int64), micros, np.array(values, float))

    def _named(self, ids: Ints, times: Ints, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Block:
        distinct, places = _numbered(ids)
        known, keys = self._read
        if np.array_equal(distinct, known):
            # The same series as the last time, as at every tick: their names are the same tuple, too.
            return Block(keys, places, times, values)
        if any(series_id not in self._keys for series_id in distinct.tolist()):
            self._reload()
            # Names can be gone again: another process removed all samples after these were read.
            there = np.isin(ids, list(self._keys))
            times, values = times[there], values[there]
            distinct, places = _numbered(ids[there])
        keys = tuple(self._keys[series_id] for series_id in distinct.tolist())
        self._read = (distinct, keys)
        return Block(keys, places, times, values)

    def _ensure_days(self, times: Ints) -> None:
        """Make the daily partitions that the samples need."""
        missing = set(np.unique(times // _DAY).tolist()) - self._days
        if not missing:
            return
        with self._pool.transaction("making partitions") as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_PARTITION_LOCK,))
            cursor.execute(query("day_partitions"))
            there = {str(row[0]) for row in cursor.fetchall()}
            for day in sorted(missing):
                start = from_micros(day * _DAY)
                name = partition_name(start)
                if name not in there:
                    _make_partition(cursor, name, Window(start, start + timedelta(days=1)))
        self._days |= missing


def partition_name(day: datetime) -> str:
    return f"samples_{day:%Y%m%d}"


def _make_partition(cursor: Cursor, name: str, window: Window) -> None:
    """Attaching takes a weaker lock than creating in place: readers and writers of other days go on."""
    cursor.execute(sql.SQL("CREATE TABLE {} (LIKE samples INCLUDING ALL)").format(sql.Identifier(name)))
    cursor.execute(
        sql.SQL("ALTER TABLE samples ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            sql.Identifier(name), sql.Literal(window.start), sql.Literal(window.end)
        )
    )


def _numbered(ids: Ints) -> tuple[Ints, Ints]:
    """The distinct ids, ascending, and for each id its place among them."""
    there = np.zeros(int(ids.max(initial=-1)) + 1, np.bool_)
    there[ids] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[ids]


def _first_of_each(ids: Ints, times: Ints) -> Ints:
    """Places of the first sample of each (series, time), in order of time and series."""
    order = np.lexsort((ids, times))
    repeated = (np.diff(ids[order]) == 0) & (np.diff(times[order]) == 0)
    return order[np.concatenate(([True], ~repeated))]


def _hours_of(ids: Ints, times: Ints) -> tuple[list[datetime], list[int]]:
    """The distinct (hour, series) pairs."""
    hours = times // _HOUR
    low = int(hours.min())
    pairs = np.unique((hours - low) * (int(ids.max()) + 1) + ids)
    hour, series = np.divmod(pairs, int(ids.max()) + 1)
    starts = {h: from_micros((h + low) * _HOUR) for h in np.unique(hour).tolist()}
    return [starts[h] for h in hour.tolist()], series.tolist()


def _encoded(ids: Ints, times: Ints, values: Floats) -> io.BytesIO:
    """The rows in PostgreSQL's binary COPY format, in the order time, value, series_id."""
    rows = np.empty(len(ids), _ROW)
    rows["fields"], rows["l1"], rows["l2"], rows["l3"] = 3, 8, 8, 4
    rows["time"], rows["value"], rows["id"] = times - _PG_EPOCH, values, ids
    return io.BytesIO(_HEADER + rows.tobytes() + _TRAILER)
