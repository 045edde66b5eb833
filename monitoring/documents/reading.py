"""Documents read in processes of their own, each file with a limit in time and memory."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from monitoring.documents.pages import SUFFIXES, Block, Media, Page, Reading
from monitoring.documents.passages import passages_of, title_of
from monitoring.documents.problems import Unreadable, unreadable

ROOT = Path(__file__).parents[2]
MOST_ANSWERED = 256 << 20
"""Bytes that a reader may answer with for one file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take: bytes of the file, seconds, and megabytes of memory of its process."""

    most_bytes: int = 64 << 20
    seconds: float = 60.0
    megabytes: int = 1024


def media_of(name: str) -> Media:
    """How a file is read, by its name; raises `Unreadable` for a kind that is not."""
    media = SUFFIXES.get(Path(name).suffix.lower())
    if media is None:
        raise unreadable("unknown_kind", kinds=", ".join(SUFFIXES))
    return media


def content_of(path: Path, limits: Limits) -> bytes:
    """The bytes of a file; raises `Unreadable` where it cannot be opened or is too large."""
    try:
        if not path.is_file():
            raise unreadable("no_access", reason="it is no file")
        with path.open("rb") as file:
            content = file.read(limits.most_bytes + 1)
    except OSError as problem:
        raise unreadable("no_access", reason=problem.strerror or "no reason was given") from None
    if len(content) > limits.most_bytes:
        raise unreadable("too_large", bytes=limits.most_bytes)
    return content


class Readers:
    """Reads documents in up to `processes` processes at a time; safe to use from any thread."""

    def __init__(self, limits: Limits | None = None, processes: int = 2) -> None:
        self.limits = limits or Limits()
        self.processes = processes
        self._idle: SimpleQueue[_Reader | None] = SimpleQueue()
        for _ in range(processes):
            self._idle.put(None)

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, path: Path) -> Reading:
        """A file that was read; raises `Unreadable`."""
        return self.read_bytes(path.name, content_of(path, self.limits))

    def read_bytes(self, name: str, content: bytes) -> Reading:
        """A document given as bytes, read as its name says; raises `Unreadable`."""
        media = media_of(name)
        if len(content) > self.limits.most_bytes:
            raise unreadable("too_large", bytes=self.limits.most_bytes)
        if not content.strip(b"\x00 \t\r\n"):
            raise unreadable("empty")
        pages: list[Page] = []
        given = ""
        with self._reader() as reader:
            for answer in reader.ask({"media": media}, content):
                if "page" in answer:
                    pages.append(_page(answer))
                given = answer.get("done", given)
        passages = tuple(passages_of(pages))
        if not any(passage.text or passage.heading for passage in passages):
            raise unreadable("scanned" if media == "pdf" else "empty")
        return Reading(title_of(pages, given, name), len(pages), passages)

    def picture(self, content: bytes, page: int, marked: Sequence[str] = ()) -> tuple[bytes, bool]:
        """A page of a PDF as a PNG with passages marked, and whether any was found on it; raises `Unreadable`."""
        asked = {"media": "pdf", "picture": page, "marked": list(marked)}
        drawn: dict[str, Any] = {}
        with self._reader() as reader:
            for answer in reader.ask(asked, content):
                drawn |= answer
        return base64.b64decode(drawn["png"]), bool(drawn["marks"])

    def close(self) -> None:
        """End the processes."""
        for _ in range(self.processes):
            reader = self._idle.get()
            if reader is not None:
                reader.end()
            self._idle.put(None)

    @contextmanager
    def _reader(self) -> Iterator[_Reader]:
        """A process that is free; one that broke down is not used again."""
        reader = self._idle.get()
        try:
            if reader is None or not reader.alive:
                reader = _Reader(self.limits)
            yield reader
        finally:
            self._idle.put(reader if reader is not None and reader.alive else None)


def _page(answer: dict[str, Any]) -> Page:
    return Page(answer["page"], tuple(Block(kind, text, level) for kind, text, level in answer["blocks"]))


@dataclass
class _Reader:
    """One process."""

    limits: Limits
    process: subprocess.Popen[bytes] = field(init=False)
    late: bool = False

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "monitoring.documents.child", str(self.limits.megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            # It parses what strangers wrote: no keys and passwords from here.
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask(self, asked: Mapping[str, Any], content: bytes) -> Iterator[dict[str, Any]]:
        """The answers for one document; raises `Unreadable` where the process hangs, dies or tells of a problem."""
        watch = threading.Timer(self.limits.seconds, self._too_late)
        watch.daemon = True
        watch.start()
        whole = False
        try:
            for answer in self._answers(asked, content):
                if "problem" in answer or "memory" in answer:
                    whole = True
                    raise _problem(answer)
                yield answer
                whole = "done" in answer
        finally:
            watch.cancel()
            if not whole:
                self.end()

    def _answers(self, asked: Mapping[str, Any], content: bytes) -> Iterator[dict[str, Any]]:
        given, said = self.process.stdin, self.process.stdout
        assert given is not None
        assert said is not None
        # A process that died is told of below, by the end of its answers.
        with suppress(OSError):
            given.write(json.dumps({**asked, "size": len(content)}).encode() + b"\n" + content)
            given.flush()
        size = 0
        while line := said.readline():
            size += len(line)
            if size > MOST_ANSWERED:
                raise unreadable("too_much_text", characters=MOST_ANSWERED)
            answer = json.loads(line) if line.endswith(b"\n") else {}
            if answer:
                yield answer
            if answer.keys() & {"done", "problem", "memory"}:
                return
        raise unreadable("too_slow", seconds=self.limits.seconds) if self.late else unreadable("crashed")

    def _too_late(self) -> None:
        self.late = True
        self.process.kill()

    def end(self) -> None:
        """Kill the process and give back its pipes."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process.wait()


def _problem(answer: dict[str, Any]) -> Unreadable:
    if "memory" in answer:
        return unreadable("memory", megabytes=answer["memory"])
    return Unreadable(str(answer["problem"]))
