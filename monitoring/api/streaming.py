"""Answers piece by piece, and as server-sent events; a client that goes away stops the work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import aclosing, asynccontextmanager, closing, suppress
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, cast

from starlette.requests import Request

from monitoring.api.problems import INTERNAL, problem_of
from monitoring.api.served import Served, encoded
from monitoring.api.workers import Overdue
from monitoring.cancellation import Cancellation
from monitoring.contract import Answer, Progress, Restarted, Text, ToolFinished, ToolStarted
from monitoring.errors import MonitoringError

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10.0
FAREWELL_SECONDS = 2.0
"""So long before the server is cut off, answers that are not finished are told so."""
_END = Restarted("the end of an answer")


class Gone(MonitoringError):
    """The client went away."""


class Stopping(MonitoringError):
    """The server is stopping before the answer is complete; ask again in a moment."""


class Question(NamedTuple):
    """A question and whose it is."""

    text: str
    session_id: str | None
    as_of: datetime | None
    owner: str | None


async def answer(served: Served, request: Request, question: Question) -> Answer:
    """The whole answer; raises `Gone`, `Overdue`, `Stopping` and what the platform raises."""
    async with aclosing(pieces(served, request, question)) as found:
        async for piece in found:
            if isinstance(piece, Answer):
                return piece
    raise AssertionError("a turn ends with its answer")


async def pieces(served: Served, request: Request, question: Question) -> AsyncGenerator[Progress | None, None]:
    """The pieces of an answer as they are made in a thread; `None` where there was none for a while."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Any] = asyncio.Queue()
    cancellation = Cancellation()

    def work() -> None:
        try:
            text, session, as_of, owner = question
            found = served.platform.stream(text, session, as_of, owner, cancellation)
            with closing(cast(Generator[Progress, None, None], found)):
                for piece in found:
                    loop.call_soon_threadsafe(arrived.put_nowait, piece)
        finally:
            with suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(arrived.put_nowait, _END)

    async with _stopping(served, request, cancellation) as stopped:
        working = served.chats.start(work)
        # What comes of work that is given up is nobody's business.
        working.add_done_callback(lambda done: done.cancelled() or done.exception())
        async for piece in _until(arrived, stopped):
            yield piece
        if stopped.done():
            raise stopped.result()
        await working


async def _until(arrived: asyncio.Queue[Any], stopped: asyncio.Future[MonitoringError]) -> AsyncIterator[Any]:
    getting = asyncio.ensure_future(arrived.get())
    try:
        while True:
            await asyncio.wait({getting, stopped}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                return
            if not getting.done():
                # It goes on waiting: what arrives while a slow client takes this in would be lost with it.
                yield None
                continue
            piece = getting.result()
            if piece is _END:
                return
            getting = asyncio.ensure_future(arrived.get())
            yield piece
    finally:
        getting.cancel()


@asynccontextmanager
async def _stopping(
    served: Served, request: Request, cancellation: Cancellation
) -> AsyncIterator[asyncio.Future[MonitoringError]]:
    """Cancels the work when the client goes, the time is over or the server stops; the future says which."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[MonitoringError] = loop.create_future()

    async def watch(waiting: Callable[[], Awaitable[None]], why: MonitoringError) -> None:
        await waiting()
        if not stopped.done():
            stopped.set_result(why)
        _cancel(cancellation)

    options = served.options
    late = Overdue(f"The answer took longer than {options.chat_seconds:g} s; ask something narrower.")
    watchers = [
        asyncio.ensure_future(watch(partial(_gone, request), Gone())),
        asyncio.ensure_future(watch(partial(asyncio.sleep, options.chat_seconds), late)),
        asyncio.ensure_future(watch(partial(_last_moment, served), Stopping())),
    ]
    try:
        yield stopped
    finally:
        for watcher in watchers:
            watcher.cancel()
        _cancel(cancellation)


def _cancel(cancellation: Cancellation) -> None:
    """In a thread: stopping a query asks the database to."""
    if not cancellation.cancelled:
        asyncio.get_running_loop().run_in_executor(None, cancellation.cancel)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _last_moment(served: Served) -> None:
    await served.stopping.wait()
    await asyncio.sleep(max(0.0, served.options.stop_seconds - FAREWELL_SECONDS))


async def events(
    served: Served, request: Request, found: AsyncGenerator[Progress | None, None], first: Progress | None
) -> AsyncGenerator[bytes, None]:
    """The pieces as server-sent events; the last one is `done` or `error`."""
    async with aclosing(found):
        try:
            yield _event(first)
            async for piece in found:
                yield _event(piece)
        except Gone:
            return
        except MonitoringError as problem:
            kind, detail, extra = served.explain(problem)
            yield _named("error", problem_of(kind, detail, request.scope, extra))
        except Exception:
            log.exception("an answer failed", extra={"action": "stream_failed"})
            yield _named("error", problem_of(INTERNAL, INTERNAL.title, request.scope))


def _event(piece: Progress | None) -> bytes:
    match piece:
        case None:
            return b": still at it\n\n"
        case ToolStarted():
            return _named("tool_start", {"name": piece.name, "args": dict(piece.args)})
        case ToolFinished():
            return _named("tool_result", piece.reply.to_json())
        case Text():
            return _named("text", {"text": piece.text})
        case Restarted():
            return _named("restart", {"reason": piece.reason})
        case Answer():
            return _named("done", piece.to_json())


def _named(name: str, data: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + encoded(data) + b"\n\n"
