"""What can be asked: bodies and parameters, checked strictly and documented with units and examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from monitoring.anomalies import AnomalyType, EventStatus
from monitoring.errors import InvalidInput
from monitoring.metrics import Component, Severity, Window
from monitoring.operations import When

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MOST_HOURS = 24 * 3660
MOST_ID = 2**63 - 1
LONGEST_NAME = 300
LONGEST_QUESTION = 10_000


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.upper().replace(":60", ":59"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise PydanticCustomError("moment", "a time as in 2026-03-04T03:00:00Z is expected")


_MOMENT_SCHEMA = {"type": "string", "format": "date-time", "examples": ["2026-03-04T03:00:00Z"]}
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(_MOMENT_SCHEMA)]
"""A time, ISO 8601; UTC where it names no offset."""

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00]*$")]
MetricName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, json_schema_extra={"x-names": "metrics"})]
PatternName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, json_schema_extra={"x-names": "patterns"})]
SessionId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f/]+$", examples=["user123"])]


class Strict(BaseModel):
    """Unknown fields and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Timed(Strict):
    """Of what time is asked. `from` and `to` are a half-open window; without them the last so long counts."""

    as_of: Moment | None = Field(None, description="Answer as if it were this time; now where left out.")
    from_: Moment | None = Field(None, alias="from", description="Begin of the window, included.")
    to: Moment | None = Field(None, description="End of the window, not included; `as_of` where left out.")


class Compared(Timed):
    """May be compared with an earlier window."""

    compare_from: Moment | None = Field(None, description="Begin of a window to compare with, included.")
    compare_to: Moment | None = Field(None, description="End of that window, not included.")


def _of(what: str) -> Any:
    return Field(None, description=f"Only these {what}; all where left out.", min_length=1, max_length=50)


class Current(Timed):
    """How things are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"last_minutes": 10}]})

    last_minutes: float = Field(
        10,
        gt=0,
        le=MOST_HOURS * 60,
        allow_inf_nan=False,
        description="Length of the window up to `to`, in minutes; does not count where `from` is given.",
    )


class Summary(Compared):
    """How many anomalies there were."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"hours": 24}, {"hours": 168, "component": ["kafka"]}]})

    hours: float = Field(
        24,
        gt=0,
        le=MOST_HOURS,
        allow_inf_nan=False,
        description="Length of the window up to `to`, in hours; does not count where `from` is given.",
    )
    component: list[Component] | None = _of("components")
    metric: list[MetricName] | None = _of("metrics")
    instance: list[Name] | None = _of("instances, named exactly as in rows")
    severity: Severity | None = Field(None, description="`critical`: only critical ones; `warning`: all.")
    anomaly_type: AnomalyType | None = Field(None, description="Only this type.")


class Trend(Compared):
    """How metrics developed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"metric": ["consumer_group_lag"], "hours": 6}]})

    metric: list[MetricName] = Field(description="These metrics.", min_length=1, max_length=50)
    hours: float = Field(
        6,
        gt=0,
        le=MOST_HOURS,
        allow_inf_nan=False,
        description="Length of the window up to `to`, in hours; does not count where `from` is given.",
    )
    component: list[Component] | None = _of("components")
    instance: list[Name] | None = _of("instances, named exactly as in rows")


class CrossComponent(Timed):
    """What travelled from one component to another."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"hours": 24}]})

    hours: float = Field(
        24,
        gt=0,
        le=MOST_HOURS,
        allow_inf_nan=False,
        description="Length of the window up to `to`, in hours; does not count where `from` is given.",
    )
    component: list[Component] | None = _of("components")
    pattern: PatternName | None = Field(None, description="Only this pattern.")
    include_isolated: bool = Field(False, description="Also incidents that stayed in one place.")


class Chat(Timed):
    """A question in plain words."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"message": "Check system status", "session_id": "user123"}]}
    )

    message: str = Field(
        min_length=1,
        max_length=LONGEST_QUESTION,
        description="The question. `from` and `to`, where given, are told to the model with it.",
    )
    session_id: SessionId | None = Field(
        None, description="Goes on with this conversation, or begins it under this id; a new one where left out."
    )

    @property
    def question(self) -> str:
        """The message, with the window in words where one is given."""
        start, end = (None if at is None else f"{at:%Y-%m-%d %H:%M:%S}+00:00" for at in (self.from_, self.to))
        if start is None and end is None:
            return self.message
        window = f"between {start} and {end}" if start and end else f"since {start}" if start else f"until {end}"
        return f"{window[0].upper()}{window[1:]}, {self.message}"


class AskDocuments(Strict):
    """A question over documents, in plain words."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "What fixed the ClickHouse too many parts incident?"}]}
    )

    question: str = Field(min_length=1, max_length=2_000, pattern=r"\S", description="The question.")
    as_of: Moment | None = Field(None, description="Accepted as everywhere and without effect: documents have no time.")


class Acknowledgement(Strict):
    """Somebody takes care."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "On it, a consumer is stuck."}]})

    by: Name | None = Field(None, description="Who; the key's name where left out.", examples=["anna"])
    note: str = Field("", max_length=4000, description="Kept with the anomaly and shown in the incident's report.")
    as_of: Moment | None = Field(None, description="Accepted as everywhere and without effect: it happens now.")


class NewSilence(Strict):
    """What is to be kept quiet. Each part is a name, or `*` for all."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"component": "kafka", "minutes": 60, "reason": "Broker upgrade", "created_by": "anna"}]
        }
    )

    component: Component | Literal["*"] = Field("*", description="Of this component.")
    instance: Name = Field("*", description="Of this instance.")
    metric: MetricName = Field("*", description="Of this metric.")
    anomaly_type: AnomalyType | Literal["*"] = Field("*", description="Of this type.")
    from_: Moment | None = Field(None, alias="from", description="When it begins; now where left out.")
    to: Moment | None = Field(None, description="When it ends; `minutes` after its begin where left out.")
    minutes: float = Field(
        60, gt=0, le=60 * 24 * 366, allow_inf_nan=False, description="How long it lasts, in minutes."
    )
    reason: str = Field("", max_length=4000, description="Why.")
    created_by: Name | None = Field(None, description="Who; the key's name where left out.")
    as_of: Moment | None = Field(None, description="Stands for now where `from` is left out.")


class Rename(Strict):
    """Another title for a conversation."""

    title: str = Field(min_length=1, max_length=120, description="The new title.", examples=["Lag on Monday"])


Id = Annotated[int, Path(ge=1, le=MOST_ID, description="Its id.", examples=[17])]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows a page at most.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next_cursor` of the page before; the first page where left out.")
]
From = Annotated[Moment | None, Query(alias="from", description="Only what was going on at or after this time.")]
To = Annotated[Moment | None, Query(alias="to", description="Only what began before this time.")]
ComponentFilter = Annotated[Component | None, Query(description="Only of this component.")]
SeverityFilter = Annotated[Severity | None, Query(description="Only of this severity.")]
StatusFilter = Annotated[
    EventStatus | Literal["open"] | None, Query(description="Only of this status; `open`: any but resolved.")
]


def when_of(asked: Timed, last: timedelta) -> When:
    """Of what time something is asked; raises `InvalidInput` for times that cannot be meant."""
    start, end = asked.from_, asked.to
    checked(as_of=asked.as_of, **{"from": start, "to": end})
    if start is not None and end is not None and start >= end:
        raise InvalidInput("`from` must lie before `to`.")
    return When(last, asked.as_of, start, end)


def comparison(asked: Compared) -> Window | None:
    """The window to compare with; raises `InvalidInput` where only one end is given."""
    start, end = asked.compare_from, asked.compare_to
    checked(compare_from=start, compare_to=end)
    if start is None and end is None:
        return None
    if start is None or end is None or start >= end:
        raise InvalidInput("A comparison needs both `compare_from` and `compare_to`, the first before the second.")
    return Window(start, end)


def checked(**moments: datetime | None) -> None:
    """Raise `InvalidInput` for times that lie out of all bounds."""
    for name, moment in moments.items():
        if moment is not None and not EARLIEST <= moment < LATEST:
            raise InvalidInput(f"`{name}` must lie between the years {EARLIEST.year} and {LATEST.year}.")
