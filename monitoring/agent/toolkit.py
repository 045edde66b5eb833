"""The tools as LangChain tools: argument schemas with descriptions, and replies cut to what a model can read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from monitoring.agent.fencing import fenced
from monitoring.contract import Json, ToolReply
from monitoring.errors import InvalidInput
from monitoring.tools.asking import Lens

ComponentName = Literal["kafka", "flink", "clickhouse"]
MOST_CHARACTERS = 12_000
"""What one reply may take of a model's context: about three thousand tokens."""
LENS = "lens"
"""The key under which a run's configuration holds the `Lens` its tools look through."""


class Filtered(BaseModel):
    """What every tool can be asked with."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _left_out(cls, given: object) -> object:
        """A strict schema makes models send null for what they leave out."""
        return {k: v for k, v in given.items() if v is not None} if isinstance(given, dict) else given

    component: list[ComponentName] | None = Field(None, description="Only these components; all where left out.")

    @field_validator("component", "metric", "instance", mode="before", check_fields=False)
    @classmethod
    def _listed(cls, value: object) -> object:
        """Models often give one name where a list is asked for."""
        return [value] if isinstance(value, str) else value


class Question(Filtered):
    """What the tools for figures and anomalies can be asked with: also a window."""

    start: str | None = Field(None, description="Begin of the window, ISO 8601 with offset or Z, included.")
    end: str | None = Field(None, description="End of the window, ISO 8601, not included; now where left out.")


class _OfSeries(Question):
    metric: list[str] | None = Field(None, description="Only these metrics, by their names in the catalogue.")
    instance: list[str] | None = Field(None, description="Only these instances, exactly as they are named in rows.")


class _OfAnomalies(_OfSeries):
    severity: Literal["warning", "critical"] | None = Field(None, description="critical: only critical ones.")


class CurrentQuestion(_OfAnomalies):
    last_minutes: float = Field(10, gt=0, description="Length of the window up to now, in minutes.")


class SummaryQuestion(_OfAnomalies):
    hours: float = Field(24, gt=0, description="Length of the window up to now, in hours.")
    anomaly_type: str | None = Field(None, description="Only this type, such as threshold or no_data.")
    compare_start: str | None = Field(None, description="Begin of a window to compare with, ISO 8601.")
    compare_end: str | None = Field(None, description="End of the window to compare with.")


class TrendQuestion(_OfSeries):
    hours: float = Field(6, gt=0, description="Length of the window up to now, in hours.")
    compare_start: str | None = Field(None, description="Begin of a window to compare with, ISO 8601.")
    compare_end: str | None = Field(None, description="End of the window to compare with.")


class CrossQuestion(Question):
    hours: float = Field(24, gt=0, description="Length of the window up to now, in hours.")
    pattern: str | None = Field(None, description="Only this pattern, such as cascade_backward.")
    include_isolated: bool = Field(False, description="Also incidents that stayed in one place.")


class DocumentQuestion(Filtered):
    question: str = Field(min_length=1, description="What is looked for, in plain words.")
    like_open_incidents: bool = Field(
        False, description="Look for past incidents like those that are open now, and what helped then."
    )
    metric: list[str] | None = Field(None, description="Metrics it is about, by their names in the catalogue.")


def as_tool(ask: Callable[..., ToolReply], schema: type[Filtered], description: str) -> BaseTool:
    """A LangChain tool that asks through the lens of the running turn; its artifact is the whole `ToolReply`."""

    def run(config: RunnableConfig, **given: Any) -> tuple[str, ToolReply]:
        lens: Lens = config["configurable"][LENS]
        reply = ask(lens, **given)
        return readable(reply), reply

    return StructuredTool.from_function(
        func=run,
        name=ask.__name__,
        description=description,
        args_schema=schema,
        response_format="content_and_artifact",
    )


def strict_schema(tool: BaseTool) -> dict[str, Any]:
    """The tool as a service is offered it: every argument named, of a fixed type, null where it is left out."""
    schema = tool.args_schema
    assert isinstance(schema, type)
    assert issubclass(schema, BaseModel)
    given = schema.model_json_schema()["properties"]
    properties = {name: _strict(part) for name, part in given.items()}
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    function = {"name": tool.name, "description": tool.description, "strict": True, "parameters": parameters}
    return {"type": "function", "function": function}


def _strict(part: Mapping[str, Any]) -> dict[str, Any]:
    default = part.get("default")
    plain = {key: value for key, value in part.items() if key not in ("default", "title", "description")}
    options = [option for option in plain.pop("anyOf", [plain]) if option.get("type") != "null"]
    described = part.get("description", "") + (f" null: {default}." if default not in (None, False) else "")
    return {"description": described, "anyOf": [*options, {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as it is offered to programs outside: its arguments as a JSON schema, and how it is asked."""

    name: str
    description: str
    arguments: Json
    ask: Callable[[Lens, Mapping[str, Any]], ToolReply]


def offer_of(tool: BaseTool) -> Offer:
    """The tool as an offer; asking it raises `InvalidInput` for arguments that do not fit the schema."""

    def ask(lens: Lens, given: Mapping[str, Any]) -> ToolReply:
        call = {"name": tool.name, "args": dict(given), "id": tool.name, "type": "tool_call"}
        try:
            reply: ToolReply = tool.invoke(call, {"configurable": {LENS: lens}}).artifact
        except ValidationError as problem:
            raise InvalidInput(misfit(problem)) from None
        return reply

    schema = tool.args_schema
    assert isinstance(schema, type)
    assert issubclass(schema, BaseModel)
    return Offer(tool.name, tool.description, schema.model_json_schema(), ask)


def misfit(problem: ValidationError) -> str:
    """In one sentence why arguments do not fit a tool's schema."""
    wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors())
    return f"The arguments do not fit: {wrong}."


def readable(reply: ToolReply) -> str:
    """The reply as JSON for a model, marked as data; rows are left out from the end until it fits, and it says so."""
    return fenced(reply.name, _json(capped(reply)))


def capped(reply: ToolReply) -> Json:
    """The reply, cut to what a model can read: without its last rows, or without any, and it says so."""
    whole = reply.to_json()
    rows: Sequence[Mapping[str, Any]] = whole["rows"]
    shown = whole
    while len(_json(shown)) > MOST_CHARACTERS and rows:
        rows = rows[: len(rows) // 2]
        note = f"Only {len(rows)} of {reply.row_count} rows are shown; narrow by component, metric, instance or window."
        shown = {**whole, "rows": rows, "truncated": True, "hint": note}
    if len(_json(shown)) > MOST_CHARACTERS:
        note = "The reply is too long to be shown; narrow by component, metric, instance or window."
        shown = {"name": reply.name, "status": reply.status, "row_count": reply.row_count, "hint": note}
    return shown


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
