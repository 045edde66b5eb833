"""Replaying a recording: the live monitor, with the recording's own clock, in a store that is removed afterwards.

The order of the lines is the order in which the samples arrive, and the clock is the newest time seen so far.
Ticks come every interval of that clock, `LAG` after the instant whose samples they judge. Ticks between which
nothing arrives out of order are judged in one go, with the same result as one by one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from monitoring.anomalies import Event, Incident
from monitoring.blocks import Block, Ints, from_micros, joined, to_micros
from monitoring.contract import iso
from monitoring.errors import InvalidInput
from monitoring.ingest import Limits, Reading, read_batches
from monitoring.judgement import JUDGED_UNTIL, LATE
from monitoring.metrics import Catalogue
from monitoring.monitor import Monitor
from monitoring.settings import parse_settings
from monitoring.store.embedded import EmbeddedServer
from monitoring.store.store import Store, open_store
from monitoring.watch import Watch

LAG = timedelta(seconds=1)
"""A tick comes so long after the instant whose samples it is to judge: they need a moment to arrive."""
AT_ONCE = timedelta(hours=1)
"""So long a stretch of ticks is written and judged in one go."""
PATIENCE_PACES = 3
"""A sample is ahead of the clock when it is so many rounds of the recording (and no less than `LATE`) ahead."""
EXCURSION = 240
"""Half rounds of samples by which a clock that was wrong for a while is told from one that jumped for good."""

_EVER = Limits(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_FOLDER = "monitoring-replay-"


class _Rejections(Reading):
    """Counts the reasons too, with what differs from line to line left out."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: Counter[str] = Counter()

    def reject(self, line: int, reason: str, text: str = "") -> None:
        super().reject(line, reason, text)
        self.reasons[re.sub(r"""'[^']*'|"[^"]*\"""", "…", reason).split(";")[0]] += 1


@dataclass(frozen=True, slots=True)
class Recording:
    """The samples of a file in the order of its lines, and what could not be used, by reason."""

    samples: Block
    read: int
    reasons: Mapping[str, int]
    first_reason: str = ""


def read_recording(
    lines: Iterable[str], catalogue: Catalogue, progress: Callable[[int], None] = lambda _: None
) -> Recording:
    """All samples of a CSV; raises `InvalidInput` where it has no header or no line that can be used."""
    reading = _Rejections()
    blocks = []
    for batch in read_batches(lines, catalogue, _EVER, reading):
        blocks.append(batch.block)
        progress(len(batch.lines))
    samples = joined(blocks)
    if not len(samples):
        first = f" (line {reading.rejections[0].line}: {reading.rejections[0].reason})" if reading.rejections else ""
        raise InvalidInput(f"There is no sample to replay; {reading.rejected:,} lines were rejected{first}.")
    return Recording(samples, reading.read, dict(reading.reasons))


@dataclass(frozen=True, slots=True)
class Timeline:
    """Samples in order of arrival, each with the number of the tick that is the first to see it.

    Tick k is at `begin` + (k + 1) `interval`; `late` and `ahead` were left out: too old for the clock, or so
    far ahead of it that the clock did not follow.
    """

    begin: datetime
    interval: timedelta
    samples: Block
    ticks: Ints
    late: int
    ahead: int

    @property
    def count(self) -> int:
        return int(self.ticks[-1]) + 1

    def moment(self, tick: int) -> datetime:
        return self.begin + self.interval * (tick + 1)

    def stretches(self) -> Iterator[tuple[int, int]]:
        """Ticks [from, to) that can be judged in one go: only the first of them may see samples out of order."""
        stragglers = self.ticks[self._numbers(self.samples.times) < self.ticks]
        most = max(1, AT_ONCE // self.interval)
        edges = np.union1d(np.arange(0, self.count, most), stragglers)
        yield from zip(edges.tolist(), [*edges[1:].tolist(), self.count], strict=True)

    def arrived(self, start: int, stop: int) -> Block:
        """The samples that the ticks [start, stop) are the first to see."""
        first, last = np.searchsorted(self.ticks, [start, stop])
        return self.samples.slice(int(first), int(last))

    def _numbers(self, times: Ints) -> Ints:
        return tick_numbers(times, self.begin, self.interval)


def tick_numbers(times: Ints, begin: datetime, interval: timedelta) -> Ints:
    """The number of the first tick after each time."""
    return (times - to_micros(begin)) // _micros(interval)


def timeline(samples: Block, interval: timedelta) -> Timeline:
    """When each sample of a recording arrives, by a clock that single wrong times do not move."""
    times = samples.times
    sane, earliest = _plausible(times, len(samples.keys))
    clock = np.maximum.accumulate(np.where(sane, times, np.int64(earliest)))
    on_time = times >= clock - _micros(LATE)
    taken = sane & on_time & (times >= earliest)
    begin = from_micros(int(times[taken].min())) + LAG - interval
    return Timeline(
        begin,
        interval,
        samples.take(taken),
        tick_numbers(clock[taken], begin, interval),
        late=int(np.count_nonzero(sane & ~taken)),
        ahead=int(np.count_nonzero(~sane)),
    )


def _plausible(times: Ints, series: int) -> tuple[Any, int]:
    """Which samples are not ahead of the rest of the recording, and how old the first ones may be.

    A sample is ahead where those around it, and most of those after it, are much older: a clock of one source
    that is wrong, or all of them for a while. After a gap all samples are newer, and none of them is ahead.
    """
    size = max(3, series // 2)
    count = max(1, len(times) // size)
    places = np.minimum(np.arange(len(times)) // size, count - 1)
    starts = np.arange(count) * size
    middles = np.array([np.median(part) for part in np.split(times, starts[1:])])
    round_of = np.median(middles[2:] - middles[:-2]) if count > 2 else 0.0
    allowance = max(_micros(LATE), PATIENCE_PACES * float(round_of))
    near = np.maximum(middles, np.append(middles[1:], middles[-1]))
    padded = np.append(middles, np.full(EXCURSION, np.nan))
    with np.errstate(invalid="ignore"):
        far = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, EXCURSION)[:count], axis=1)
    return times <= np.minimum(near, far)[places] + allowance, int(middles[0] - allowance)


@dataclass(slots=True)
class Replayed:
    """What a replay came to; events and incidents are ready for JSON."""

    ticks: int
    samples: int
    events: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    read: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "ticks": self.ticks,
            "samples": self.samples,
            "events": self.events,
            "incidents": self.incidents,
            "read": self.read,
            "rejected": self.rejected,
            "reasons": self.reasons,
            "from": iso(self.start),
            "to": iso(self.end),
        }


def replay(
    recording: Recording,
    line: Timeline,
    store: Store,
    catalogue: Catalogue,
    progress: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """Run the monitor over a recording in an empty store, as if live; `progress` is told of ticks done."""
    stop = 0
    stored = duplicates = 0

    def feed(_now: datetime) -> None:
        nonlocal stored, duplicates
        written = store.samples.write(line.arrived(start, stop))
        stored, duplicates = stored + written.stored, duplicates + written.duplicates

    store.set(JUDGED_UNTIL, line.begin)
    monitor = Monitor(store, catalogue, interval=line.interval, feeds=[feed], clock=lambda: line.moment(stop - 1))
    try:
        for start, stop in line.stretches():
            monitor.tick()
            progress(stop - start)
    finally:
        monitor.stop()
    events, incidents = _kept(store)
    left_out = {
        **recording.reasons,
        "duplicate: there is a sample of this series at this time already": duplicates,
        "late: much older than the newest sample that came before it": line.late,
        "from the future: far ahead of all that came around it": line.ahead,
    }
    reasons = {reason: count for reason, count in left_out.items() if count}
    return Replayed(
        line.count,
        stored,
        events,
        incidents,
        read=recording.read,
        rejected=sum(reasons.values()),
        reasons=reasons,
        start=from_micros(int(line.samples.times.min())),
        end=from_micros(int(line.samples.times.max())),
    )


def watched(line: Timeline, catalogue: Catalogue, progress: Callable[[int], None] = lambda _: None) -> Replayed:
    """The same without a store: the events and incidents that `replay` finds, as fast as detection goes."""
    watch = Watch(catalogue)
    fired: dict[int, Event] = {}
    incidents: dict[int, Incident] = {}
    edges = np.searchsorted(line.ticks, np.arange(line.count + 1)).tolist()
    for tick in range(line.count):
        found = watch.tick(line.moment(tick), line.samples.slice(edges[tick], edges[tick + 1]))
        fired |= {id(change.event): change.event for change in found.changes if change.kind == "fired"}
        incidents |= {incident.number: incident for incident in found.incidents}
        progress(1)
    return Replayed(
        line.count,
        len(line.samples),
        [_event_row(event) for event in fired.values()],
        [_incident_row(incident) for incident in incidents.values()],
    )


@contextmanager
def own_store() -> Iterator[Store]:
    """An empty store on an embedded server of its own, whatever is configured; both are gone afterwards."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))
    try:
        # The server runs as another user where this one is root.
        folder.chmod(0o755)
        store = open_store(parse_settings({"DATA_DIR": str(folder), "DEMO": "off"}))
        try:
            yield store
        finally:
            store.close()
    finally:
        _remove(folder)


def _sweep() -> None:
    """Remove what replays that were killed left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        owner = folder.name.removeprefix(_FOLDER).split("-")[0]
        with suppress(OSError, ValueError):
            if folder.stat().st_uid == os.getuid() and not _alive(int(owner)):
                _remove(folder)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(folder: Path) -> None:
    server = EmbeddedServer(folder / "postgres").pid
    if server is not None:
        with suppress(OSError):
            os.kill(server, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def _kept(store: Store) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All incidents and all events that fired, as the store has them."""
    ever = {"moment": datetime(1, 1, 2, tzinfo=UTC)}
    incidents = store.query("touched_incidents", ever)
    events = store.query("events_of_incidents", {"ids": [row["id"] for row in incidents]})
    fired = [_event_json(row) for row in events if row["detected_at"] is not None]
    return fired, [_incident_json(row) for row in incidents]


_EVENT = (
    "severity", "no_data_cause", "started_at", "detected_at", "critical_at", "resolved_at", "flapping",
    "status", "occurrences", "value", "peak_value", "expected", "threshold", "message", "why",
)  # fmt: skip
_INCIDENT = ("pattern", "severity", "status", "rule", "root_component", "root_instance", "root_metric", "started_at",
             "detected_at", "resolved_at", "summary")  # fmt: skip


def _event_json(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {"component": row["component"], "instance": row["instance"], "metric": row["metric"]}
    rest = {name: _plain(row[name]) for name in _EVENT if name in row}
    return {**named, "anomaly_type": row["anomaly_type"], **rest, "incident": row["incident_id"]}


def _incident_json(row: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: _plain(row[name]) for name in _INCIDENT if name in row}
    return {"id": row["id"], **rest, "chain": [_link_json(link) for link in row["chain"]]}


def _link_json(link: Mapping[str, Any]) -> dict[str, Any]:
    # The store keeps microseconds; what is told has milliseconds everywhere.
    return {**link, "onset": iso(datetime.fromisoformat(link["onset"]))}


def _event_row(event: Event) -> dict[str, Any]:
    row = {name: getattr(event, name, None) for name in _EVENT}
    return _event_json({**event.key._asdict(), **row, "anomaly_type": event.kind, "incident_id": event.incident})


def _incident_row(incident: Incident) -> dict[str, Any]:
    row = {name: getattr(incident, name) for name in _INCIDENT if hasattr(incident, name)}
    root = {f"root_{name}": value for name, value in incident.root._asdict().items()}
    chain = [
        {"component": link.component, "instance": link.instance, "metric": link.metric, "onset": link.onset.isoformat(),
         "severity": link.severity}
        for link in incident.chain
    ]  # fmt: skip
    return _incident_json({**row, **root, "id": incident.number, "chain": chain})


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
