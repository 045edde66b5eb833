"""Errors as RFC 9457 problem documents, with types that stay the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.types import Scope

TYPE = "urn:platform-monitoring:problem:"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: the end of its `type`, its status, its title, and when to try again, in seconds."""

    name: str
    status: int
    title: str
    retry_after: int | None = None

    @property
    def type(self) -> str:
        return TYPE + self.name


INVALID_REQUEST = Kind("invalid-request", 422, "The request does not have the documented form")
UNKNOWN_NAME = Kind("unknown-name", 422, "A name is not known")
MALFORMED = Kind("malformed-body", 400, "The body cannot be read")
CONTRADICTION = Kind("contradiction", 400, "What is asked for makes no sense")
UNREADABLE = Kind("unreadable-document", 400, "The document cannot be read")
UNAUTHORIZED = Kind("unauthorized", 401, "A valid key is needed")
FORBIDDEN = Kind("forbidden", 403, "This key may not do that")
WRONG_HOST = Kind("wrong-host", 403, "This host name is not served")
NOT_FOUND = Kind("not-found", 404, "There is no such thing")
NO_METHOD = Kind("method-not-allowed", 405, "This method is not possible here")
TOO_SLOW = Kind("body-too-slow", 408, "The body did not arrive in time")
CONFLICT = Kind("conflict", 409, "Not in this state")
TOO_LARGE = Kind("body-too-large", 413, "The body is too large")
MEDIA = Kind("unsupported-media-type", 415, "The body is of a kind that is not read here")
RATE = Kind("rate-limited", 429, "Too many requests with this key", 1)
INGEST_BUSY = Kind("ingest-busy", 429, "More is being stored than there is room for", 1)
BUSY = Kind("busy", 503, "Too much is going on", 1)
OVERDUE = Kind("overdue", 503, "The answer took too long", 5)
UNAVAILABLE = Kind("database-unavailable", 503, "The database does not answer", 5)
STOPPING = Kind("stopping", 503, "The server is stopping", 5)
NOT_READY = Kind("not-ready", 503, "Not ready", 5)
STORE_FULL = Kind("database-full", 503, "The database has no disk space left", 60)
MODEL = Kind("model-unavailable", 503, "The language model gave no usable answer", 5)
INTERNAL = Kind("internal-error", 500, "Something went wrong here")


def all_kinds() -> tuple[Kind, ...]:
    """Every kind there is, in the order above."""
    return tuple(kind for kind in globals().values() if isinstance(kind, Kind))


class Problem(BaseModel):
    """What went wrong (RFC 9457, `application/problem+json`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": UNKNOWN_NAME.type,
                    "title": UNKNOWN_NAME.title,
                    "status": 422,
                    "detail": "There is no metric named 'consumer_lag'. Did you mean consumer_group_lag?",
                    "instance": "/metrics/trend",
                    "request_id": "3f9c2a7be01d4c55",
                    "nearest": ["consumer_group_lag"],
                }
            ]
        }
    )

    type: str = Field(description="What kind of problem it is; stays the same between versions.")
    title: str = Field(description="The kind in words.")
    status: int = Field(description="The HTTP status once more.")
    detail: str = Field(description="What was tried and what to do about it.")
    instance: str = Field(description="The path that was asked for.")
    request_id: str = Field(description="Stands in the log and in the header X-Request-ID too.")
    nearest: list[str] | None = Field(None, description="Names that come closest to one that is not known.")
    errors: list[dict[str, Any]] | None = Field(
        None, description="Each thing that is wrong with the request: `where` (such as `body.hours`) and `what`."
    )


def problem_of(kind: Kind, detail: str, scope: Scope, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A problem document, ready for JSON."""
    return {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": scope.get("path", ""),
        "request_id": request_id_of(scope),
        **(extra or {}),
    }


def problem(
    kind: Kind,
    detail: str,
    scope: Scope,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as a response."""
    body = json.dumps(problem_of(kind, detail, scope, extra), ensure_ascii=True, allow_nan=False, default=str)
    after = {} if kind.retry_after is None else {"Retry-After": str(kind.retry_after)}
    return Response(body, kind.status, {**after, **(headers or {})}, MEDIA_TYPE)


def request_id_of(scope: Scope) -> str:
    """The id of a request, in responses and in the log."""
    return str(scope.get("state", {}).get("request_id", ""))
