"""Anomalies: how things are, how many there were, lists of them, and taking care of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from monitoring.anomalies import AnomalyType
from monitoring.api import replies
from monitoring.api.cursors import cursor_of, number_of
from monitoring.api.questions import (
    Acknowledgement,
    ComponentFilter,
    CrossComponent,
    Current,
    Cursor,
    From,
    Id,
    Limit,
    MetricName,
    Name,
    SeverityFilter,
    StatusFilter,
    Summary,
    Timed,
    To,
    checked,
    comparison,
    when_of,
)
from monitoring.api.served import Here, Managing, Reading, encoded, ready, reply
from monitoring.operations import Listing, Page, Which

router = APIRouter(tags=["anomalies"])


def lasts(asked: Timed) -> bool:
    """Whether a question is of now, so that many may ask the same at once."""
    return asked.as_of is None and asked.from_ is None and asked.to is None


@router.post("/anomalies/current", response_model=replies.State, summary="How things are")
async def current(asked: Annotated[Current, Body()], served: Here, caller: Reading) -> Response:
    """The state of the platform: the health of each component, the anomalies that were active in the window (by
    default the last 10 minutes), the worst first, and the incidents that are not over.

    Of now, the same question is worked out once a second at most: `as_of` says when that was.
    """
    del caller
    when = when_of(asked, timedelta(minutes=asked.last_minutes))

    async def look() -> bytes:
        return encoded((await served.workers.run(served.platform.operations.current, when)).to_json())

    kept = ("current", asked.last_minutes)
    return ready(await (served.cache.get(kept, look) if lasts(asked) else look()))


@router.post("/anomalies/summary", response_model=replies.Tool, summary="How many anomalies there were")
async def summary(asked: Annotated[Summary, Body()], served: Here, caller: Reading) -> Response:
    """The anomalies that began to fire in the window (by default the last 24 hours): counted by component,
    severity, type, metric and hour in `summary`, the newest of them in `rows`; with an earlier window compared,
    the same counts of that one in `summary.compare`.
    """
    del caller
    when = when_of(asked, timedelta(hours=asked.hours))
    compare = comparison(asked)
    which = Which(asked.component, asked.metric, asked.instance, asked.severity, asked.anomaly_type)

    async def look() -> bytes:
        return encoded((await served.workers.run(served.platform.operations.summary, which, when, compare)).to_json())

    kept = ("summary", asked.model_dump_json())
    return ready(await (served.cache.get(kept, look) if lasts(asked) else look()))


@router.post("/anomalies/cross-component", response_model=replies.Tool, summary="What travelled between components")
async def cross_component(asked: Annotated[CrossComponent, Body()], served: Here, caller: Reading) -> Response:
    """Incidents that were going on in the window and travelled from one component to another, the newest first:
    each with its pattern, its root and its chain in order of onset.
    """
    del caller
    when = when_of(asked, timedelta(hours=asked.hours))
    which = Which(asked.component)
    found = await served.workers.run(
        served.platform.operations.cross_component, which, when, asked.pattern, asked.include_isolated
    )
    return reply(found.to_json())


@router.get("/anomalies", response_model=replies.AnomalyPage, summary="List anomalies")
async def anomalies(
    served: Here,
    caller: Reading,
    limit: Limit = 50,
    cursor: Cursor = None,
    component: ComponentFilter = None,
    severity: SeverityFilter = None,
    status: StatusFilter = None,
    anomaly_type: Annotated[AnomalyType | None, Query(description="Only of this type.")] = None,
    metric: Annotated[MetricName | None, Query(description="Only of this metric.")] = None,
    instance: Annotated[Name | None, Query(description="Only of this instance.")] = None,
    from_: From = None,
    to: To = None,
) -> Response:
    """Anomalies, the newest first, pending ones too. Pages stay stable while new ones arrive."""
    del caller
    checked(**{"from": from_, "to": to})
    asked: dict[str, Any] = {
        "list": "anomalies",
        "component": component,
        "severity": severity,
        "status": status,
        "anomaly_type": anomaly_type,
        "metric": metric,
        "instance": instance,
        "start": from_,
        "end": to,
    }
    listing = listing_of(limit, cursor, asked)
    return paged(await served.workers.run(served.platform.operations.anomalies, listing), asked)


@router.post("/anomalies/{id}/acknowledge", response_model=replies.Anomaly, summary="Acknowledge an anomaly")
async def acknowledge(
    id: Id, served: Here, caller: Managing, asked: Annotated[Acknowledgement | None, Body()] = None
) -> Response:
    """It stays open and is quiet from now on; the first acknowledgement counts."""
    given = asked or Acknowledgement(by=None, note="", as_of=None)
    found = await served.workers.run(served.platform.operations.acknowledge, id, given.by or caller.author, given.note)
    served.cache.clear()
    return reply(found)


def listing_of(limit: int, cursor: str | None, asked: dict[str, Any]) -> Listing:
    """Which page of a list is asked for; raises `InvalidInput` for a cursor of another one."""
    filters = {name: value for name, value in asked.items() if name != "list"}
    return Listing(limit, number_of(cursor, asked), **filters)


def paged(page: Page, asked: dict[str, Any]) -> Response:
    """A page of a list, with the cursor of the next one."""
    following = cursor_of(page.rows[-1]["id"], asked) if page.more else None
    return reply({"items": list(page.rows), "next_cursor": following})
