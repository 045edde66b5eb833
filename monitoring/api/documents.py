"""Documents: questions over post-mortems and runbooks, which there are, and documents in and out."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Query, Request, Response

from monitoring.api import document_replies as replies
from monitoring.api.anomalies import paged
from monitoring.api.cursors import number_of
from monitoring.api.questions import AskDocuments, Cursor, Id, Limit
from monitoring.api.samples import UnsupportedMedia
from monitoring.api.served import Here, Managing, Reading, reply
from monitoring.contract import Json
from monitoring.operations import Page

router = APIRouter(tags=["documents"])

TYPES = ("application/pdf", "text/markdown", "text/plain", "application/octet-stream")
NAME = (
    r"^[^\x00-\x1f\x7f/\\:.][^\x00-\x1f\x7f/\\:]*"
    r"\.([Pp][Dd][Ff]|[Mm][Dd]|[Mm][Aa][Rr][Kk][Dd][Oo][Ww][Nn]|[Tt][Xx][Tt])$"
)
"""The name of a file that is read, without folders."""
_BINARY = {"type": "string", "format": "binary", "description": "The file, byte by byte."}
BODY: Json = {"requestBody": {"required": True, "content": {kind: {"schema": _BINARY} for kind in TYPES}}}
# The ids are digits in the paths, so that /documents/ask is no document.
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, byte by byte.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES[:3]},
    }
}


@router.post("/documents/ask", response_model=replies.DocumentReply, summary="Ask the documents")
async def ask(asked: Annotated[AskDocuments, Body()], served: Here, caller: Reading) -> Response:
    """An answer from post-mortems and runbooks in which each claim names its file and page; `citations` hold the
    passages. `found` is false where the documents do not say; `nearest` then names those that come closest.
    """
    del caller
    found = await served.chats.run(served.platform.operations.ask_documents, asked.question)
    return reply(found.to_json())


@router.get("/documents", response_model=replies.DocumentPage, summary="List documents")
async def documents(served: Here, caller: Reading, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Those of the folders and those that were uploaded, the newest first; also those that could not be read, with
    the reason in `problem`."""
    del caller
    asked: dict[str, Any] = {"list": "documents"}
    below = number_of(cursor, asked)
    every = await served.workers.run(served.platform.operations.documents)
    rows = sorted((one.to_json() for one in every if below is None or one.id < below), key=lambda row: -row["id"])
    return paged(Page(rows[:limit], len(rows) > limit), asked)


@router.post(
    "/documents", status_code=201, response_model=replies.Document, summary="Send a document", openapi_extra=BODY
)
async def add(
    request: Request,
    served: Here,
    caller: Managing,
    name: Annotated[
        str,
        Query(
            min_length=4,
            max_length=200,
            pattern=NAME,
            description="What it is called: a file name whose end says how it is read (.pdf, .md, .markdown, .txt).",
            examples=["2026-03-04-too-many-parts.pdf"],
        ),
    ],
) -> Response:
    """The body is the file. It is read at once and can be found when this answers; one of the same name is replaced,
    one with the bytes of a known document is that document. What cannot be read is refused with the reason.
    """
    del caller
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TYPES:
        raise UnsupportedMedia(f"Documents are sent as one of {', '.join(TYPES)}; say which with Content-Type.")
    content = await request.body()
    found = await served.readings.run(served.platform.operations.add_document, name, content)
    return reply(found.to_json(), 201)


@router.delete("/documents/{id:int}", status_code=204, response_class=Response, summary="Remove a document")
async def remove(id: Id, served: Here, caller: Managing) -> Response:
    """It is found no more. The file of one that lies in a folder stays, and is left aside from now on."""
    del caller
    await served.workers.run(served.platform.operations.remove_document, id)
    return Response(status_code=204)


@router.get("/documents/{id:int}/file", response_class=Response, responses=FILE, summary="Open a document")
async def file(id: Id, served: Here, caller: Reading) -> Response:
    """The file itself; a browser opens a PDF at a page with `#page=N` behind this address."""
    del caller
    found = await served.workers.run(served.platform.operations.document_file, id)
    media = found.media_type if found.media_type == "application/pdf" else f"{found.media_type}; charset=utf-8"
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{quote(found.name, safe='')}"}
    return Response(found.content, media_type=media, headers=headers)
