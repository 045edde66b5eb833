"""Metrics: what they mean, how they developed, and samples in."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response

from monitoring.api import replies
from monitoring.api.questions import Trend, comparison, when_of
from monitoring.api.served import Here, Ingesting, Reading, reply
from monitoring.contract import IngestReport, Json
from monitoring.errors import MonitoringError
from monitoring.metrics import Catalogue, Metric, Pattern, Threshold
from monitoring.operations import Which

router = APIRouter(tags=["metrics"])

JSON_TYPES = ("application/json",)
TEXT_TYPES = ("text/plain", "application/openmetrics-text")
_SAMPLE = {
    "type": "object",
    "required": ["time", "component", "instance", "metric", "value"],
    "properties": {
        "time": {"type": "string", "format": "date-time", "description": "ISO 8601; UTC without an offset."},
        "component": {"type": "string", "enum": ["kafka", "flink", "clickhouse"]},
        "instance": {"type": "string", "description": "Broker, `group/topic`, job, task manager, node, `node/table`."},
        "metric": {"type": "string", "description": "A metric of the catalogue."},
        "value": {"type": "number", "description": "In the metric's unit."},
    },
}
_JSON_EXAMPLE = {
    "samples": [
        {
            "time": "2026-03-04T03:00:00Z",
            "component": "kafka",
            "instance": "orders-enrich/orders",
            "metric": "consumer_group_lag",
            "value": 1250,
        }
    ]
}
_TEXT_EXAMPLE = 'consumer_group_lag{instance="orders-enrich/orders"} 1250 1772593200000\n'
BODY: Json = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["samples"],
                    "additionalProperties": False,
                    "properties": {
                        "samples": {
                            "type": "array",
                            "description": "Each is stored, or rejected with its reason while the others are stored.",
                            "items": {"anyOf": [_SAMPLE, {"description": "Anything else is rejected."}]},
                        }
                    },
                },
                "example": _JSON_EXAMPLE,
            },
            "text/plain": {
                "schema": {"type": "string", "description": "Prometheus text; times in milliseconds since 1970."},
                "example": _TEXT_EXAMPLE,
            },
        },
    }
}


class UnsupportedMedia(MonitoringError):
    """The body is neither JSON nor Prometheus text; say which with Content-Type."""


class Malformed(MonitoringError):
    """The body cannot be read."""


class WrongForm(MonitoringError):
    """The body has not the documented form."""


@router.get("/metrics/definitions", response_model=replies.Definitions, summary="The catalogue")
async def definitions(served: Here, caller: Reading) -> Response:
    """Every metric with its unit, thresholds, likely causes and first checks, and every pattern of failure."""
    del caller
    return reply(_definitions(served.platform.catalogue))


@router.post("/metrics/trend", response_model=replies.Tool, summary="How metrics developed")
async def trend(asked: Annotated[Trend, Body()], served: Here, caller: Reading) -> Response:
    """One row a series: `avg`, `min`, `max`, `first` and `last` in its unit, `direction`, slopes in units an hour,
    the floor of its values (leaks), when it would be exhausted, and up to 60 `points` `bucket_seconds` apart.
    """
    del caller
    which = Which(asked.component, asked.metric, asked.instance)
    when = when_of(asked, timedelta(hours=asked.hours))
    found = await served.workers.run(served.platform.operations.trend, which, when, comparison(asked))
    return reply(found.to_json())


@router.post("/metrics/ingest", response_model=replies.IngestReply, summary="Send samples", openapi_extra=BODY)
async def ingest(
    request: Request,
    served: Here,
    caller: Ingesting,
    detect: Annotated[bool, Query(description="Whether late samples are judged, too, where they fall.")] = True,
) -> Response:
    """Batches as JSON (`application/json`) or Prometheus text (`text/plain`) whose series are named as in the
    catalogue, with the label `instance`. What is valid is stored when this answers; what is not is named with its
    reason. A batch may be sent again: nothing is stored twice (lines of text need a time for that).

    A batch that is too large is refused with 413, one too many at a time with 429 and `Retry-After`.
    """
    del caller
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in JSON_TYPES:
        take = partial(_rows, served.platform.operations.take_rows, body, detect)
    elif kind in TEXT_TYPES:
        take = partial(_text, served.platform.operations.take_exposition, body, detect)
    else:
        raise UnsupportedMedia
    report: IngestReport = await served.workers.run(take)
    served.meters.took(report)
    served.cache.clear()
    return reply(report.to_json())


def _rows(take: Any, body: bytes, detect: bool) -> IngestReport:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON.") from None
    if not isinstance(given, dict) or set(given) != {"samples"} or not isinstance(given["samples"], list):
        raise WrongForm('An object with one field, a list named "samples", is expected.')
    report: IngestReport = take(given["samples"], detect)
    return report


def _text(take: Any, body: bytes, detect: bool) -> IngestReport:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None
    report: IngestReport = take(text, detect)
    return report


def _definitions(catalogue: Catalogue) -> Json:
    return {
        "metrics": [_metric(metric) for metric in catalogue],
        "patterns": [_pattern(pattern) for pattern in catalogue.patterns],
    }


def _metric(metric: Metric) -> Json:
    return {
        "name": metric.name,
        "component": metric.component,
        "short": metric.short,
        "description": metric.description,
        "scope": metric.scope,
        "unit": metric.unit,
        "direction": metric.direction,
        "normal": list(metric.normal),
        "warning": _level(metric.warning),
        "critical": _level(metric.critical),
        "likely_causes": list(metric.likely_causes),
        "first_checks": list(metric.first_checks),
        "pitfalls": list(metric.pitfalls),
    }


def _level(threshold: Threshold | None) -> Json | None:
    if threshold is None:
        return None
    return {
        "op": threshold.op,
        "level": threshold.level,
        "basis": threshold.basis,
        "hold_seconds": threshold.hold.total_seconds(),
        "clear": threshold.clear,
        "source": threshold.source,
    }


def _pattern(pattern: Pattern) -> Json:
    return {
        "name": pattern.name,
        "family": pattern.family,
        "title": pattern.title,
        "explanation": pattern.explanation,
        "first_checks": list(pattern.first_checks),
    }
