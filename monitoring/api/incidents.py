"""Incidents: lists, single ones, and reports to read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

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


FORMS: dict[str, str] = {"markdown": "text/markdown", "pdf": "application/pdf"}
_REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report, in the form that was asked for.",
        "content": {
            FORMS["markdown"]: {"schema": {"type": "string"}},
            FORMS["pdf"]: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get("/incidents/{id}/report", response_class=Response, responses=_REPORT, summary="An incident's report")
async def report(
    id: Id,
    served: Here,
    caller: Reading,
    form: Annotated[
        Literal["markdown", "pdf"], Query(alias="format", description="As text to be filled in, or to be printed.")
    ] = "markdown",
) -> Response:
    """A draft of the post-mortem: timeline, chain, how the series went, numbers, what was done, analysis, what to
    check first, similar past incidents with file and page, and what only people can fill in. Times are UTC.

    A link says with `format` which form it wants; headers say nothing about it.
    """
    del caller
    operations = served.platform.operations
    content: str | bytes = (
        # A PDF takes a while: it must not hold up questions.
        await served.readings.run(operations.incident_report_pdf, id)
        if form == "pdf"
        else await served.workers.run(operations.incident_report, id)
    )
    headers = {"Content-Disposition": f'inline; filename="incident-{id}.{"pdf" if form == "pdf" else "md"}"'}
    return Response(content, media_type=FORMS[form], headers=headers)
