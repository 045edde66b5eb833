"""The OpenAPI document: problems, names and keys written out, so that it reads as a manual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from monitoring.api import problems
from monitoring.api.gate import DOCUMENT_PATH, INGEST_PATH, OPEN_PATHS
from monitoring.api.options import Options
from monitoring.api.problems import MEDIA_TYPE, Kind, Problem
from monitoring.metrics import ISOLATED, Catalogue

Document = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
DESCRIPTION = """Finds what is wrong with Kafka, Flink and ClickHouse, and answers questions about it.

**Times** are ISO 8601 UTC, windows half-open. `as_of` answers as if it were that time. **Lists** come in pages:
send `next_cursor` as `cursor` until it is null. **Errors** are RFC 9457 problem documents whose `type` stays the
same; every response has an `X-Request-ID`, your own if you send one.

{keys}

| problem `type` | status | title |
| --- | ---: | --- |
{problems}
"""
WITH_KEYS = "**Keys**: send yours as `Authorization: Bearer KEY` or `X-API-Key: KEY`; its scopes say what it may do."
WITHOUT_KEYS = "**Keys** are not set, so only this machine is served."
TAGS = (
    ("anomalies", "What is wrong, and how much was."),
    ("incidents", "Anomalies that belong together, and where they began."),
    ("silences", "What is to be kept quiet."),
    ("metrics", "What is measured, how it developed, and samples in."),
    ("chat", "Questions in plain words, and their conversations."),
    ("documents", "Post-mortems and runbooks: questions, files in and out."),
    ("health", "How this product itself is doing."),
)
ALWAYS = (problems.OVERDUE, problems.INTERNAL)


def manual(app: FastAPI, catalogue: Catalogue, options: Options, version: str) -> Callable[[], Document]:
    """The function that FastAPI asks for the document; it is made once."""
    made: Document = {}

    def openapi() -> Document:
        if not made:
            made.update(_document(app, catalogue, options, version))
        return made

    return openapi


def _document(app: FastAPI, catalogue: Catalogue, options: Options, version: str) -> Document:
    document = get_openapi(
        title="Platform Monitoring Chatbot",
        version=version,
        description=DESCRIPTION.format(
            keys=WITH_KEYS if options.keys else WITHOUT_KEYS,
            problems="\n".join(f"| `{kind.type}` | {kind.status} | {kind.title} |" for kind in problems.all_kinds()),
        ),
        routes=app.routes,
        tags=[{"name": name, "description": words} for name, words in TAGS],
        separate_input_output_schemas=False,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    names = {"metrics": [metric.name for metric in catalogue], "patterns": _patterns(catalogue)}
    _name_all(document, names)
    for path, method, operation in _operations(document):
        _problems(path, method, operation)
        if options.keys and path not in OPEN_PATHS:
            operation["security"] = [{"bearer": []}, {"header": []}]
    if options.keys:
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
    return document


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _patterns(catalogue: Catalogue) -> list[str]:
    return [*dict.fromkeys([*catalogue.families, *(pattern.name for pattern in catalogue.patterns), ISOLATED])]


def _name_all(node: Any, names: dict[str, list[str]]) -> None:
    """Write out the names that the catalogue knows where a schema asks for one."""
    if isinstance(node, dict):
        which = node.pop("x-names", None)
        if which is not None:
            target = next((part for part in node.get("anyOf", ()) if part.get("type") == "string"), node)
            wild = ["*"] if node.get("default") == "*" else []
            target["enum"] = [*wild, *names[which]]
        for part in node.values():
            _name_all(part, names)
    elif isinstance(node, list):
        for part in node:
            _name_all(part, names)


def _problems(path: str, method: str, operation: Document) -> None:
    """Document the problems an operation can meet."""
    responses: Document = operation["responses"]
    responses.pop("422", None)
    by_status: dict[int, list[Kind]] = {}
    for kind in _kinds(path, method, operation):
        by_status.setdefault(kind.status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        schema = {"$ref": "#/components/schemas/Problem"}
        content = {MEDIA_TYPE: {"schema": schema}}
        described = {"description": "; ".join(kind.title for kind in kinds), "content": content}
        if any(kind.retry_after for kind in kinds):
            words = "Seconds after which to try again."
            described["headers"] = {"Retry-After": {"description": words, "schema": {"type": "string"}}}
        responses[str(status)] = described
    for response in responses.values():
        headers = response.setdefault("headers", {})
        headers["X-Request-ID"] = {"description": "The request's id, as in the log.", "schema": {"type": "string"}}


def _kinds(path: str, method: str, operation: Document) -> list[Kind]:
    if path == "/health/live":
        return [problems.WRONG_HOST, problems.RATE]
    found = [*ALWAYS, problems.WRONG_HOST, problems.RATE, problems.BUSY]
    if path == "/health/ready":
        return [*found, problems.NOT_READY]
    found += [problems.UNAUTHORIZED, problems.FORBIDDEN, problems.UNAVAILABLE]
    if "{id}" in path:
        found += [problems.NOT_FOUND, problems.INVALID_REQUEST, problems.CONTRADICTION]
    if operation.get("parameters"):
        found += [problems.INVALID_REQUEST, problems.CONTRADICTION]
    if "requestBody" in operation:
        found += [problems.MALFORMED, problems.CONTRADICTION, problems.INVALID_REQUEST, problems.UNKNOWN_NAME]
        found += [problems.TOO_LARGE]
    if method in ("post", "delete"):
        found += [problems.TOO_SLOW, problems.TOO_LARGE]
    if path.startswith(("/chat", "/sessions", "/anomalies/{id}")):
        found += [problems.CONFLICT]
    if path.startswith("/chat"):
        found += [problems.STOPPING, problems.MODEL]
    if path == INGEST_PATH:
        found += [problems.INGEST_BUSY, problems.MEDIA, problems.STORE_FULL]
    if path == DOCUMENT_PATH and method == "post":
        found += [problems.INGEST_BUSY, problems.MEDIA, problems.STORE_FULL, problems.UNREADABLE]
    return list(dict.fromkeys(found))
