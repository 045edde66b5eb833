"""Questions in plain words, and the conversations they belong to."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from monitoring.api import replies
from monitoring.api.cursors import opened, sealed
from monitoring.api.keys import Caller
from monitoring.api.questions import Chat, Cursor, Limit, Rename, SessionId, when_of
from monitoring.api.served import Here, Reading, reply
from monitoring.api.streaming import Question, answer, events, pieces

router = APIRouter(tags=["chat"])

Session = Annotated[SessionId, Path(description="Its id.")]
EVENTS = """event: tool_start
data: {"name":"check_real_time_anomalies","args":{"last_minutes":10}}

event: tool_result
data: {"name":"check_real_time_anomalies","status":"ok","rows":[],"summary":{"health":"healthy"}}

event: text
data: {"text":"All three components are healthy."}

event: done
data: {"answer":"All three components are healthy.","session_id":"user123","grounded":true}

"""
EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"type": "string", "enum": ["tool_start", "tool_result", "text", "restart", "done", "error"]},
        "data": {"type": "string", "description": "A JSON document.", "contentMediaType": "application/json"},
    },
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `tool_start`, `tool_result`, `text`, `restart` (what was streamed so far "
        "does not count), at last `done` with the whole answer or `error` with a problem document.",
        "content": {"text/event-stream": {"schema": EVENT, "example": EVENTS}},
    }
}


def _question(asked: Chat, caller: Caller) -> Question:
    when_of(asked, timedelta(hours=1))
    return Question(asked.question, asked.session_id, asked.as_of, caller.name)


@router.post("/chat", response_model=replies.ChatReply, summary="Ask in plain words")
async def chat(asked: Annotated[Chat, Body()], request: Request, served: Here, caller: Reading) -> Response:
    """The answer with every row it rests on. Conversations belong to the key that began them."""
    return reply((await answer(served, request, _question(asked, caller))).to_json())


@router.post(
    "/chat/stream", response_class=StreamingResponse, responses=STREAM, summary="Ask, and read while it answers"
)
async def chat_stream(asked: Annotated[Chat, Body()], request: Request, served: Here, caller: Reading) -> Response:
    """The same piece by piece. Closing the connection stops the answer and its queries."""
    found = pieces(served, request, _question(asked, caller))
    # What fails before anything was sent is told with a status of its own.
    first = await anext(found)
    return StreamingResponse(
        events(served, request, found, first), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


@router.get("/sessions", response_model=replies.SessionList, summary="List conversations")
async def sessions(served: Here, caller: Reading, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Those of this key, the last used first."""
    asked = {"list": "sessions", "owner": caller.name}
    place = opened(cursor, asked, str, str)
    before = (datetime.fromisoformat(place[0]), place[1]) if place else None
    found, more = await served.workers.run(served.platform.operations.session_page, caller.name, limit, before)
    last = found[-1] if more else None
    following = sealed([last.updated_at.isoformat(), last.id], asked) if last else None
    return reply({"items": [session.to_json() for session in found], "next_cursor": following})


@router.get("/sessions/{id}", response_model=replies.WholeSession, summary="One conversation")
async def session(id: Session, served: Here, caller: Reading) -> Response:
    """With every turn that is kept, and what each answer rests on."""
    return reply((await served.workers.run(served.platform.session, id, caller.name)).to_json())


@router.post("/sessions/{id}/rename", response_model=replies.SessionReply, summary="Rename a conversation")
async def rename(id: Session, asked: Annotated[Rename, Body()], served: Here, caller: Reading) -> Response:
    """Give it another title."""
    return reply((await served.workers.run(served.platform.rename_session, id, asked.title, caller.name)).to_json())


@router.get(
    "/sessions/{id}/export",
    summary="Export a conversation",
    response_class=Response,
    responses={
        200: {
            "description": "The document.",
            "content": {
                "text/markdown": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}},
            },
        }
    },
)
async def export(
    id: Session,
    served: Here,
    caller: Reading,
    form: Annotated[Literal["json", "markdown"], Query(description="Which kind of document.")] = "markdown",
) -> Response:
    """As one document, to keep or to send on."""
    text = await served.workers.run(served.platform.export_session, id, form, caller.name)
    if form == "json":
        return reply(json.loads(text))
    return Response(text, media_type="text/markdown")


@router.delete("/sessions/{id}", status_code=204, response_class=Response, summary="Forget a conversation")
async def forget(id: Session, served: Here, caller: Reading) -> Response:
    """It is gone for good, with every turn."""
    await served.workers.run(served.platform.delete_session, id, caller.name)
    return Response(status_code=204)
