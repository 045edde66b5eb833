"""The pieces of an answer on their way to a client: none is lost, however slowly they are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event
from typing import Any, cast

import pytest
from starlette.requests import Request

from monitoring.api import streaming
from monitoring.api.options import Options, ServedPlatform
from monitoring.api.served import Explained, Served
from monitoring.api.streaming import Question, pieces
from monitoring.contract import Text
from monitoring.errors import MonitoringError

WORDS = [Text(str(number)) for number in range(20)]


class Slow:
    """A platform that says a word now and then."""

    def stream(self, *_: Any) -> Iterator[Text]:
        for word in WORDS:
            Event().wait(0.02)
            yield word


def explain(problem: MonitoringError) -> Explained:
    raise problem


async def never() -> Any:
    await asyncio.Event().wait()


async def taken_slowly() -> list[Any]:
    served = Served.of(cast(ServedPlatform, Slow()), Options(), explain)
    request = Request({"type": "http", "method": "POST", "headers": []}, receive=never)
    taken = []
    try:
        async for piece in pieces(served, request, Question("ok?", None, None, None)):
            taken.append(piece)
            await asyncio.sleep(0.03)
    finally:
        served.close()
    return taken


def test_what_arrives_while_a_slow_client_takes_in_a_heartbeat_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.005)
    taken = asyncio.run(asyncio.wait_for(taken_slowly(), 60))
    assert None in taken
    assert [piece for piece in taken if piece is not None] == WORDS
