"""Incidents: lists, single ones, and reports to read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from monitoring.api import replies
from monitoring.api.anomalies import listing_of, paged
from monitoring.api.questions import (
    ComponentFilter,
    Cursor,
    From,
    Id,
    Limit,
    PatternName,
    SeverityFilter,
    StatusFilter,
    To,
    checked,
)
from monitoring.api.served import Here, Reading, reply

router = APIRouter(tags=["incidents"])


@router.get("/incidents", response_model=replies.IncidentPage, summary="List incidents")
async def incidents(
    served: Here,
    caller: Reading,
    limit: Limit = 50,
    cursor: Cursor = None,
    component: ComponentFilter = None,
    severity: SeverityFilter = None,
    status: StatusFilter = None,
    pattern: Annotated[PatternName | None, Query(description="Only of this pattern.")] = None,
    from_: From = None,
    to: To = None,
) -> Response:
    """Incidents, the newest first; those that turned out to be part of another one are left out."""
    del caller
    checked(**{"from": from_, "to": to})
    asked: dict[str, Any] = {
        "list": "incidents",
        "component": component,
        "severity": severity,
        "status": status,
        "pattern": pattern,
        "start": from_,
        "end": to,
    }
    listing = listing_of(limit, cursor, asked)
    return paged(await served.workers.run(served.platform.operations.incidents, listing), asked)


@router.get("/incidents/{id}", response_model=replies.WholeIncident, summary="One incident")
async def incident(id: Id, served: Here, caller: Reading) -> Response:
    """With its anomalies in order of onset, its notes, and what people were told of it."""
    del caller
    return reply(await served.workers.run(served.platform.operations.incident, id))


class Markdown(PlainTextResponse):
    """A text to be read."""

    media_type = "text/markdown"


@router.get("/incidents/{id}/report", response_class=Markdown, summary="An incident's report")
async def report(id: Id, served: Here, caller: Reading) -> Response:
    """For the post-mortem, as Markdown: timeline, chain, numbers, what was done, analysis, what to check first."""
    del caller
    return Markdown(await served.workers.run(served.platform.operations.incident_report, id))
