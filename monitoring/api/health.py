"""How the product itself is doing: for probes and for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from monitoring.api import replies
from monitoring.api.exposition import CONTENT_TYPE, Look
from monitoring.api.problems import NOT_READY, problem
from monitoring.api.served import Here, Reading, Served, reply
from monitoring.api.workers import Overdue
from monitoring.contract import Json
from monitoring.errors import StoreError, TooMuchAtOnce
from monitoring.operations import Supervision

router = APIRouter(tags=["health"])

PATIENCE_SECONDS = 5.0
"""A database that takes longer does not answer, as far as probes are concerned."""


@router.get("/health/live", response_model=replies.Live, summary="Is the process alive")
async def live() -> Response:
    """Always 200 while the process answers; looks at nothing else."""
    return reply({"status": "alive"})


@router.get("/health/ready", response_model=replies.Ready, summary="Can it answer")
async def ready(request: Request, served: Here) -> Response:
    """200 where the database answers and the monitor (of whichever process) has ticked lately; 503 otherwise.

    A source that cannot be read makes it `degraded`, as an Alertmanager does that cannot be posted to, still with 200.
    """
    if served.stopping.is_set():
        return problem(NOT_READY, "The server is stopping.", request.scope)
    found = await _supervised(served)
    if found is None:
        return problem(NOT_READY, "The database does not answer.", request.scope, {"database": _part(False, "down")})
    parts = parts_of(found)
    if not parts["monitor"]["ok"]:
        return problem(NOT_READY, parts["monitor"]["detail"], request.scope, parts)
    status = "ready" if all(part["ok"] for part in parts.values()) else "degraded"
    return reply({"status": status, **parts})


@router.get("/metrics", response_class=PlainTextResponse, summary="Figures for Prometheus")
async def metrics(served: Here, caller: Reading) -> Response:
    """This product's own figures in Prometheus' text format: latency of requests by route, ticks of the monitor,
    samples, and open anomalies by component and severity.
    """
    del caller
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            gauges = await served.workers.run(served.platform.operations.gauges)
            found = await served.workers.run(served.platform.operations.supervision)
            look = Look(found.monitor, gauges, tuple(found.sources))
    except (StoreError, Overdue, TooMuchAtOnce, TimeoutError):
        look = Look(None, None)
    return Response(served.meters.page(look), media_type=CONTENT_TYPE)


async def _supervised(served: Served) -> Supervision | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await served.workers.run(served.platform.operations.supervision)
    except (StoreError, Overdue, TooMuchAtOnce, TimeoutError):
        return None


def parts_of(found: Supervision) -> Json:
    """What is told of the parts; nothing that callers should not see."""
    return {
        "database": {**_part(True, "answers"), "storage": found.storage},
        "monitor": _monitor(found),
        "sources": _sources(found),
        **({"alertmanagers": _alertmanagers(found.alertmanagers)} if found.alertmanagers else {}),
    }


def _monitor(found: Supervision) -> Json:
    age = found.tick_age_seconds
    if age is None:
        return _part(False, "The monitor has not ticked yet.")
    due = found.tick_due_seconds
    return {
        **_part(age <= due, f"Last tick {age:.0f} s ago; one is due every {due:.0f} s at least."),
        "last_tick_age_seconds": round(age, 1),
    }


def _sources(found: Supervision) -> Json:
    failing = [source.name for source in found.sources if not source.ok]
    words = {"collecting": "reads sources", "simulating": "simulates", "waiting": "takes what is sent"}[found.fed]
    if failing:
        return _part(False, f"{len(failing)} of {len(found.sources)} sources cannot be read.")
    return _part(True, words)


def _alertmanagers(known: Mapping[str, str]) -> Json:
    failing = sum(bool(problem) for problem in known.values())
    words = f"{failing} of {len(known)} cannot be posted to." if failing else "are posted to"
    return _part(not failing, words)


def _part(ok: bool, detail: str) -> Json:
    return {"ok": ok, "detail": detail}
