"""Silences: what is kept quiet, and until when."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from monitoring.anomalies import Silence
from monitoring.api import replies
from monitoring.api.anomalies import paged
from monitoring.api.cursors import number_of
from monitoring.api.keys import Caller
from monitoring.api.questions import Cursor, Id, Limit, NewSilence, checked
from monitoring.api.served import Here, Managing, Reading, reply
from monitoring.contract import Json, iso
from monitoring.operations import Listing

router = APIRouter(tags=["silences"])


@router.post("/silences", response_model=replies.SilenceReply, status_code=201, summary="Keep something quiet")
async def silence(asked: Annotated[NewSilence, Body()], served: Here, caller: Managing) -> Response:
    """Matching anomalies are still found and shown as `silenced`; nobody is told of them."""
    wanted = _silence(asked, caller, served.platform.operations.now())
    made = await served.workers.run(served.platform.operations.silence, wanted)
    served.cache.clear()
    return reply(_json(made), 201)


@router.get("/silences", response_model=replies.SilencePage, summary="List silences")
async def silences(
    served: Here,
    caller: Reading,
    limit: Limit = 50,
    cursor: Cursor = None,
    past: Annotated[bool, Query(description="Also those that are over.")] = False,
) -> Response:
    """Silences that are active or will be, the newest first."""
    del caller
    asked: dict[str, Any] = {"list": "silences", "past": past}
    listing = Listing(limit, number_of(cursor, asked))
    return paged(await served.workers.run(served.platform.operations.silences, listing, past), asked)


@router.delete("/silences/{id}", status_code=204, response_class=Response, summary="End a silence")
async def end(id: Id, served: Here, caller: Managing) -> Response:
    """It ends now, or never begins; it stays on record."""
    del caller
    await served.workers.run(served.platform.operations.end_silence, id)
    served.cache.clear()
    return Response(status_code=204)


def _silence(asked: NewSilence, caller: Caller, now: datetime) -> Silence:
    checked(as_of=asked.as_of, **{"from": asked.from_, "to": asked.to})
    start = asked.from_ or asked.as_of or now
    return Silence(
        starts_at=start,
        ends_at=asked.to or start + timedelta(minutes=asked.minutes),
        component=asked.component,
        instance=asked.instance,
        metric=asked.metric,
        kind=asked.anomaly_type,
        created_by=asked.created_by or caller.author,
        reason=asked.reason,
    )


def _json(silence: Silence) -> Json:
    row = asdict(silence)
    kind = row.pop("kind")
    return {**row, "anomaly_type": kind, "starts_at": iso(silence.starts_at), "ends_at": iso(silence.ends_at)}
