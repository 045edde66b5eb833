"""Replaying recordings: as the live monitor would have judged them, whatever is wrong with the file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monitoring.blocks import Block, from_micros, to_micros
from monitoring.errors import InvalidInput
from monitoring.ingest import csv_lines
from monitoring.judgement import JUDGED_UNTIL
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.monitor import Monitor
from monitoring.replay import Recording, Replayed, Timeline, read_recording, replay, timeline, watched
from monitoring.simulation import Fault, Simulation
from monitoring.store.embedded import EmbeddedServer
from monitoring.store.store import Store
from tests.integration.test_commands import run

DOOR = "test_anomaly_detection.py"
START = datetime(2026, 3, 4, 9, tzinfo=UTC)
STEP = timedelta(seconds=30)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BEGIN = START + HOUR
HEADER = "time,component,instance,metric,value\n"


def recording(kind: str = "broker_loss", minutes: float = 100, fault_minutes: float = 20) -> Block:
    """An hour of health, a fault, and what follows."""
    fault = Fault(kind, BEGIN, BEGIN + timedelta(minutes=fault_minutes))
    return Simulation([fault], 3, START).run(round(minutes * 2))


def lines_of(block: Block) -> list[str]:
    return list(csv_lines(block))


def at(moment: datetime, value: object, metric: str = "under_replicated_partitions", instance: str = "broker-1") -> str:
    return f"{moment.isoformat()},kafka,{instance},{metric},{value}\n"


def watched_lines(lines: Sequence[str], catalogue: Catalogue, interval: timedelta = STEP) -> tuple[Timeline, Replayed]:
    line = timeline(read_recording(lines, catalogue).samples, interval)
    return line, watched(line, catalogue)


def told(found: Replayed) -> list[str]:
    """Events and incidents without their numbers, in an order of their own."""
    events = [{name: value for name, value in row.items() if name != "incident"} for row in found.events]
    incidents = [{name: value for name, value in row.items() if name != "id"} for row in found.incidents]
    return sorted(json.dumps(row, sort_keys=True) for row in (*events, *incidents))


def shuffled(block: Block, seed: int, share: float = 0.02, most: float = 300) -> Block:
    """The same samples; some arrive up to so many seconds late."""
    chance = np.random.Generator(np.random.PCG64(seed))
    late = np.where(chance.random(len(block)) < share, chance.uniform(0, most * 1e6, len(block)), 0.0)
    return block.take(np.argsort(block.times + late, kind="stable"))


# As if live


@pytest.mark.store
@pytest.mark.parametrize("seed", [2])
def test_a_replay_finds_what_a_live_monitor_finds_tick_by_tick(store: Store, catalogue: Catalogue, seed: int) -> None:
    """The live one stores what came and ticks, every 30 seconds; the replay does many ticks in one go."""
    block = shuffled(recording(), seed)
    line = timeline(block, STEP)
    live = Monitor(store, catalogue, interval=STEP, clock=lambda: now)
    store.set(JUDGED_UNTIL, line.begin)
    for tick in range(line.count):
        now = line.moment(tick)
        store.samples.write(line.arrived(tick, tick + 1))
        live.tick()
    live.stop()
    incidents = store.query("touched_incidents", {"moment": START})
    events = store.query("events_of_incidents", {"ids": [row["id"] for row in incidents]})
    store.clear()
    found = replay(Recording(block, len(block), {}), line, store, catalogue)
    assert len(found.events) > 5
    names = ("component", "instance", "metric", "severity", "started_at", "detected_at", "critical_at", "resolved_at")
    assert sorted(str([row[name] for name in names]) for row in _with_times(found.events)) == sorted(
        str([row[name] for name in names]) for row in _with_times(events)
    )
    parts = ("pattern", "root_instance", "root_metric", "started_at", "detected_at", "resolved_at")
    assert sorted(str([row[name] for name in parts]) for row in _with_times(found.incidents)) == sorted(
        str([row[name] for name in parts]) for row in _with_times(incidents)
    )


def _with_times(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows with every time as a time to the millisecond, whether it came as one or as text."""
    for row in rows:
        yield {
            name: _rounded(datetime.fromisoformat(value) if isinstance(value, str) else value)
            if name.endswith("_at") and value is not None
            else value
            for name, value in row.items()
        }


def _rounded(moment: datetime) -> datetime:
    return from_micros(to_micros(moment) // 1000 * 1000)


@pytest.mark.store
def test_detection_without_a_store_finds_the_same(store: Store, catalogue: Catalogue) -> None:
    block = shuffled(recording("insert_bottleneck"), 3)
    line = timeline(block, STEP)
    stored = replay(Recording(block, len(block), {}), line, store, catalogue)
    assert told(watched(line, catalogue)) == told(stored)
    assert stored.ticks == line.count
    assert stored.samples + stored.rejected == len(block)


def test_ticks_come_every_interval_and_see_the_samples_of_their_instant(catalogue: Catalogue) -> None:
    del catalogue
    block = recording(minutes=10)
    for seconds, count in ((30, 20), (60, 11), (15, 39)):
        line = timeline(block, timedelta(seconds=seconds))
        assert line.count == count
    line = timeline(block, STEP)
    assert line.moment(0) == START + timedelta(seconds=1)
    assert {from_micros(time) for time in line.arrived(3, 4).times.tolist()} == {START + 3 * STEP}


def test_a_late_sample_is_seen_by_the_tick_after_its_arrival_not_by_that_of_its_time() -> None:
    key = SeriesKey("kafka", "broker-1", "under_replicated_partitions")
    seconds = [0, 30, 90, 60, 120, 150]
    times = np.array([to_micros(START) + second * 1_000_000 for second in seconds])
    line = timeline(Block((key,), np.zeros(6, np.int64), times, np.zeros(6)), STEP)
    assert line.ticks.tolist() == [0, 1, 3, 3, 4, 5]
    assert (3, 6) in list(line.stretches())


def test_events_begin_by_the_clock_of_the_recording(catalogue: Catalogue) -> None:
    _, found = watched_lines(lines_of(recording()), catalogue)
    first = min(datetime.fromisoformat(event["detected_at"]) for event in found.events)
    assert BEGIN < first <= BEGIN + 3 * MINUTE


# Bad input


def mangled(lines: Sequence[str], where: int, wrong: Sequence[str]) -> list[str]:
    return [*lines[:where], *wrong, *lines[where:]]


BAD_LINES = (
    at(datetime(2040, 1, 1, tzinfo=UTC), 5),
    at(datetime(1970, 1, 1, tzinfo=UTC), 5),
    at(START + 30 * MINUTE, "NaN"),
    at(START + 30 * MINUTE, "inf"),
    at(START + 30 * MINUTE, "many"),
    at(START + 30 * MINUTE, 1, metric="under_replicated_partitons"),
    at(START + 30 * MINUTE, 1, instance=""),
    "yesterday,kafka,broker-1,under_replicated_partitions,1\n",
    "0001-01-01T00:00:00Z,kafka,broker-1,under_replicated_partitions,1\n",
    "9999-12-31T23:59:59Z,kafka,broker-1,under_replicated_partitions,1\n",
    "a line of prose\n",
    '2026-03-04T09:30:00Z,kafka,"broker-1,under_replicated_partitions,1\n',
    "\x00\x01\x02\n",
)


@pytest.mark.parametrize("where", [1, 5_000, 20_000])
def test_lines_that_cannot_be_used_change_nothing_and_are_counted(catalogue: Catalogue, where: int) -> None:
    lines = lines_of(recording())
    read = read_recording(mangled(lines, where, BAD_LINES), catalogue)
    line = timeline(read.samples, STEP)
    assert told(watched(line, catalogue)) == told(watched_lines(lines, catalogue)[1])
    assert sum(read.reasons.values()) + line.late + line.ahead == len(BAD_LINES)
    assert line.ahead == 2


def test_a_last_line_from_the_future_moves_nothing(catalogue: Catalogue) -> None:
    lines = lines_of(recording(minutes=20))
    line, found = watched_lines([*lines, at(datetime(2040, 1, 1, tzinfo=UTC), 5)], catalogue)
    assert (line.count, line.ahead, found.events) == (40, 1, [])


def test_a_source_whose_clock_is_ahead_is_left_out_and_the_others_are_judged(catalogue: Catalogue) -> None:
    block = recording()
    ahead = np.array([key.instance.startswith("ch-1") for key in block.keys])[block.series]
    shifted = Block(block.keys, block.series, block.times + np.where(ahead, 3_600_000_000, 0), block.values)
    line = timeline(shifted, STEP)
    assert line.ahead == np.count_nonzero(ahead)
    assert line.count == 200
    found = watched(line, catalogue)
    assert any(event["metric"] == "under_min_isr_partitions" for event in found.events)


@pytest.mark.parametrize("hours", [1, -1, 24, -24])
def test_a_clock_that_jumps_and_comes_back_raises_no_storm(catalogue: Catalogue, hours: int) -> None:
    block = Simulation([], 3, START).run(360)
    minute = (block.times - to_micros(START)) // 60_000_000
    jumped = (minute >= 60) & (minute < 65)
    times = block.times + np.where(jumped, hours * 3_600_000_000, 0)
    line = timeline(Block(block.keys, block.series, times, block.values), STEP)
    found = watched(line, catalogue)
    assert line.ahead + line.late == np.count_nonzero(jumped)
    assert line.count == 360
    # For five minutes nothing came that could be used: no more than that is said.
    assert len(found.incidents) <= 3
    assert {event["anomaly_type"] for event in found.events} <= {"no_data"}


def test_after_a_gap_of_hours_the_clock_goes_on(catalogue: Catalogue) -> None:
    block = Simulation([], 3, START).run(600)
    minute = (block.times - to_micros(START)) // 60_000_000
    line = timeline(block.take((minute < 60) | (minute >= 240)), STEP)
    assert (line.late, line.ahead, line.count) == (0, 0, 600)
    found = watched(line, catalogue)
    assert {event["no_data_cause"] for event in found.events} == {"collector_down"}
    assert len(found.events) == 3
    assert all(event["resolved_at"] is not None for event in found.events)


def test_a_recording_of_one_series_every_ten_minutes_is_replayed() -> None:
    key = SeriesKey("kafka", "broker-1", "under_replicated_partitions")
    times = to_micros(START) + np.arange(50, dtype=np.int64) * 600_000_000
    line = timeline(Block((key,), np.zeros(50, np.int64), times, np.zeros(50)), STEP)
    assert (len(line.samples), line.late, line.ahead) == (50, 0, 0)


def test_ten_thousand_new_series_at_once_raise_no_storm(catalogue: Catalogue) -> None:
    block = Simulation([], 3, START).run(120)
    key = [SeriesKey("kafka", f"topic-{n}", "messages_in_rate") for n in range(10_000)]
    late = np.repeat(to_micros(START) + np.arange(60, 120, dtype=np.int64) * 30_000_000, len(key))
    series = np.tile(np.arange(len(key)) + len(block.keys), 60)
    both = Block(
        (*block.keys, *key),
        np.concatenate([block.series, series]),
        np.concatenate([block.times, late]),
        np.concatenate([block.values, np.full(len(late), 100.0)]),
    ).by_time()
    found = watched(timeline(both, STEP), catalogue)
    assert (found.events, found.incidents) == ([], [])


def test_a_file_without_one_usable_line_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(InvalidInput, match=r"no sample to replay; 1 lines were rejected \(line 2: time 'x'"):
        read_recording([HEADER, "x,kafka,broker-1,under_replicated_partitions,1\n"], catalogue)


# The command


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary files that the server's user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="replay-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def left_behind(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.startswith("monitoring-replay-")]


def test_the_command_gives_the_documented_json(tmp_path: Path, scratch: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("".join(mangled(lines_of(recording()), 9_000, BAD_LINES)))
    unreachable = "postgresql://nobody@127.0.0.1:1/x"
    done = run(tmp_path, DOOR, "replay", str(file), "--json", TMPDIR=str(scratch), DATABASE_URL=unreachable)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert {"ticks", "samples", "events", "incidents"} <= set(found)
    assert found["ticks"] == 200
    assert found["rejected"] == sum(found["reasons"].values()) == len(BAD_LINES)
    event_names = "component instance metric anomaly_type severity no_data_cause started_at detected_at critical_at"
    for event in found["events"]:
        assert {*event_names.split(), "resolved_at", "flapping", "incident"} <= set(event)
        assert event["incident"] in {incident["id"] for incident in found["incidents"]}
        assert event["detected_at"] is not None
    incident = next(i for i in found["incidents"] if i["pattern"] == "cascade_forward")
    assert incident["root_component"] == "kafka"
    assert {"root_instance", "root_metric", "started_at", "detected_at", "resolved_at"} <= set(incident)
    assert all(set(link) >= {"component", "instance", "metric", "onset"} for link in incident["chain"])
    assert left_behind(scratch) == []
    assert not (tmp_path / "data").exists()


def test_the_command_reads_standard_input_and_speaks_to_people(tmp_path: Path) -> None:
    done = run(tmp_path, DOOR, "replay", "-", stdin="".join(mangled(lines_of(recording()), 9_000, BAD_LINES[:1])))
    assert done.returncode == 0, done.stderr
    assert "200 ticks over" in done.stdout
    assert "from the future" in done.stdout
    assert "cascade forward" in done.stdout
    assert "\x1b" not in done.stdout


def test_what_cannot_be_replayed_is_one_sentence_and_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "header.csv").write_text(HEADER)
    (tmp_path / "other.csv").write_bytes(bytes(range(256)))
    for name, said in (
        ("missing.csv", "cannot be read"),
        (".", "cannot be read"),
        ("empty.csv", "nothing to read"),
        ("header.csv", "no sample to replay"),
        ("other.csv", "header"),
    ):
        done = run(tmp_path, DOOR, "replay", name)
        assert done.returncode == 3
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_an_interval_that_makes_no_sense_is_a_usage_error(tmp_path: Path) -> None:
    for interval in ("0", "-5", "soon", "nan"):
        done = run(tmp_path, DOOR, "replay", "x.csv", "--interval", interval)
        assert done.returncode == 2
        assert "--interval" in done.stderr


def begun(folder: Path, scratch: Path) -> subprocess.Popen[str]:
    """A replay of a long recording, under way: its server runs."""
    block = Simulation([], 3, START).run(600)
    (folder / "long.csv").write_text("".join(csv_lines(block)))
    root = str(Path(__file__).resolve().parents[2])
    process = subprocess.Popen(
        [sys.executable, f"{root}/{DOOR}", "replay", "long.csv", "--json", "--interval", "1"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": root},
        # What is started in the background may have inherited that interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    deadline = time.monotonic() + 60
    while not server_in(scratch) and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def server_in(scratch: Path) -> int | None:
    return next(
        (pid for name in left_behind(scratch) if (pid := EmbeddedServer(scratch / name / "postgres").pid)), None
    )


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_replay_that_is_stopped_leaves_nothing_behind(
    tmp_path: Path, scratch: Path, sent: signal.Signals, code: int
) -> None:
    process = begun(tmp_path, scratch)
    process.send_signal(sent)
    out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert left_behind(scratch) == []


def test_what_a_killed_replay_left_is_removed_by_the_next(tmp_path: Path, scratch: Path) -> None:
    process = begun(tmp_path, scratch)
    server = server_in(scratch)
    assert server is not None
    process.kill()
    process.communicate(timeout=240)
    assert left_behind(scratch) != []
    (tmp_path / "x.csv").write_text("".join(lines_of(recording(minutes=5))))
    done = run(tmp_path, DOOR, "replay", "x.csv", "--json", TMPDIR=str(scratch))
    assert done.returncode == 0, done.stderr
    assert left_behind(scratch) == []
    deadline = time.monotonic() + 30
    while Path(f"/proc/{server}/cmdline").exists() and Path(f"/proc/{server}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.1)
