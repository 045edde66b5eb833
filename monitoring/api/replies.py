"""What is answered, documented with units and examples. Replies are written as they come; tests hold them to this."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-04T03:00:00Z"]})]
"""ISO 8601 UTC."""

HEALTH = "`healthy`, `degraded` (a warning fires), `critical`, or `no_data` (nothing to judge by)."
STATUS = "`pending`, `firing`, `acknowledged`, `silenced` or `resolved`."
EVENT: dict[str, Any] = {
    "id": 17,
    "component": "kafka",
    "instance": "orders-enrich/orders",
    "metric": "consumer_group_lag",
    "anomaly_type": "threshold",
    "severity": "critical",
    "status": "firing",
    "flapping": False,
    "started_at": "2026-03-04T02:41:00Z",
    "detected_at": "2026-03-04T02:46:00Z",
    "last_seen_at": "2026-03-04T03:00:00Z",
    "resolved_at": None,
    "acknowledged_at": None,
    "value": 182000.0,
    "peak_value": 190500.0,
    "expected": 1200.0,
    "unit": "messages",
    "threshold": "> 50000 for 5 min",
    "why": "Consumer lag is 182,000 messages, above 50,000 for 19 min.",
    "message": "orders-enrich/orders: consumer lag 182,000 messages",
    "analysis": None,
    "no_data_cause": None,
    "occurrences": 1,
    "incident_id": 3,
}


class Reply(BaseModel):
    """More fields may come with later versions."""

    model_config = ConfigDict(extra="allow")


class WindowReply(Reply):
    """A half-open stretch of time."""

    from_: Time = Field(alias="from", description="Its begin, included.")
    to: Time = Field(description="Its end, not included.")


class Anomaly(Reply):
    """A row of `anomaly_events`: something wrong with one series, over its life."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [EVENT]})

    id: int
    component: str = Field(description="`kafka`, `flink` or `clickhouse`.")
    instance: str = Field(description="Broker, `group/topic`, job, task manager, node or `node/table`; `*`: all.")
    metric: str = Field(description="A metric of the catalogue; `*`: all.")
    anomaly_type: str = Field(
        description="`threshold`, `baseline`, `trend`, `restart_loop`, `stalled`, `no_data` or `cross_component`."
    )
    severity: str = Field(description="`warning` or `critical`, the highest so far.")
    status: str = Field(description=STATUS)
    flapping: bool = Field(description="Whether it came and went several times of late.")
    started_at: Time = Field(description="Onset, as estimated.")
    detected_at: Time | None = Field(description="When it began to fire; null while pending.")
    last_seen_at: Time = Field(description="When the condition was last seen.")
    resolved_at: Time | None = Field(description="When it was over.")
    acknowledged_at: Time | None = Field(None, description="When somebody took care.")
    acknowledged_by: str | None = Field(None, description="Who did.")
    critical_at: Time | None = Field(None, description="When it became critical.")
    value: float | None = Field(description="The last value, in `unit`.")
    peak_value: float | None = Field(description="The worst value, in `unit`.")
    expected: float | None = Field(description="What is usual, in `unit`.")
    unit: str = Field(description="The metric's unit, such as `messages`, `ms` or `ratio`.")
    threshold: str = Field(description="The limit that was crossed, in words; empty where none was.")
    why: str = Field(description="The reason in one sentence.")
    message: str = Field(description="The anomaly in one line.")
    analysis: str | None = Field(description="What a language model made of it, where one was asked.")
    no_data_cause: str | None = Field(
        description="`series_stopped`, `instance_gone`, `collector_down` or `partitioned`, for `no_data`."
    )
    occurrences: int = Field(description="How often it began within a day.")
    incident_id: int | None = Field(description="The incident it belongs to.")


class Link(Reply):
    """One series' place in an incident."""

    component: str
    instance: str
    metric: str
    onset: Time = Field(description="When it began there.")
    severity: str = Field(description="`warning` or `critical`.")


class Incident(Reply):
    """Anomalies that belong together, and where they began."""

    id: int
    pattern: str = Field(description="How it spread, such as `cascade_backward`; `isolated` where it did not.")
    rule: str = Field(description="The pattern in finer words; empty where none fits.")
    certain: bool = Field(description="False where it cannot be told which of the first signs was the cause.")
    status: str = Field(description=STATUS)
    severity: str = Field(description="`warning` or `critical`.")
    root_component: str
    root_instance: str
    root_metric: str
    started_at: Time
    detected_at: Time
    resolved_at: Time | None
    chain: list[Link] = Field(description="Every series it touches, in order of onset.")
    summary: str = Field(description="The incident in one sentence.")


class NoteReply(Reply):
    """What somebody wrote down."""

    id: int
    event_id: int | None
    incident_id: int | None
    at: Time
    author: str
    text: str


class Told(Reply):
    """What people were to be told of an incident."""

    kind: str = Field(description="`opened`, `escalated`, `resolved` or `withdrawn`.")
    at: Time
    text: str
    due: bool = Field(description="False where it was only put on record, for the `reason` given.")
    reason: str


class WholeIncident(Incident):
    """An incident with all that hangs on it."""

    merged_into: int | None = Field(description="The incident this one turned out to be part of.")
    anomalies: list[Anomaly]
    notes: list[NoteReply]
    announcements: list[Told]


class Storage(Reply):
    """What the data are kept in."""

    edition: str = Field(description="`postgresql`, `timescaledb-apache` or `timescaledb`.")
    embedded: bool = Field(description="Whether it is the server that comes with the product.")


class ComponentState(Reply):
    """How one component is."""

    health: str = Field(description=HEALTH)
    anomalies: list[Anomaly]
    last_sample_at: Time | None = Field(description="When its newest sample was taken.")
    silent: list[str] = Field(description="What sends nothing any more.")


class State(Reply):
    """The state of the platform at the end of a window."""

    as_of: Time = Field(description="The moment this is true of.")
    window: WindowReply
    health: str = Field(description=HEALTH)
    demo: bool = Field(description="True: these figures are simulated.")
    storage: Storage
    components: dict[str, ComponentState] = Field(description="By `kafka`, `flink`, `clickhouse`.")
    anomalies: list[Anomaly] = Field(description="Active in the window, the worst first.")
    incidents: list[Incident] = Field(description="Those that are not over.")


class LookedAtReply(Reply):
    """What was looked at; null stands for all."""

    components: list[str]
    metrics: list[str] | None
    instances: list[str] | None
    window: WindowReply
    compare_window: WindowReply | None


class Tool(Reply):
    """What one of the agent's tools found."""

    name: str = Field(description="The tool.")
    args: dict[str, Any] = Field(description="What it was asked with.")
    looked_at: LookedAtReply | None
    status: str = Field(description="`ok`, or `no_data` where there was nothing to judge by.")
    summary: dict[str, Any] = Field(description="Figures computed from all rows; units as in the rows.")
    rows: list[dict[str, Any]] = Field(description="The rows, capped.")
    row_count: int = Field(description="How many there are, shown or not.")
    truncated: bool = Field(description="Whether rows are missing here.")
    took_ms: float = Field(description="How long it took, in milliseconds.")
    hint: str | None = Field(None, description="How to narrow down a truncated reply.")


class ChatReply(Reply):
    """An answer and everything it rests on."""

    question: str
    answer: str = Field(description="Markdown.")
    session_id: str = Field(description="Send it with the next question to go on.")
    model: str = Field(description="Who worded it; `built-in` without a language model.")
    as_of: Time
    grounded: bool = Field(description="Whether each number in the answer stands in rows, summaries or catalogue.")
    demo: bool
    notes: list[str] = Field(description="Honest remarks: demo data, a model that failed.")
    tool_calls: list[Tool]


class RejectionReply(Reply):
    """A sample that was not stored."""

    line: int = Field(description="Its place in `samples`, or its line of the text, counted from 1.")
    reason: str
    text: str = Field(description="The beginning of what was sent.")


class IngestReply(Reply):
    """What came of a batch."""

    read: int = Field(description="Samples that were sent.")
    stored: int = Field(description="Samples that are new.")
    duplicates: int = Field(description="Samples that were there already; they count among the rejected.")
    rejected: int = Field(description="Samples that were not stored.")
    rejections: list[RejectionReply] = Field(description="The first thousand of them, with reasons.")
    removed_demo: bool = Field(description="Whether demo data made way for these first real samples.")
    window: WindowReply | None = Field(description="From the first to the last sample accepted.")


class AnomalyPage(Reply):
    """Some anomalies, the newest first."""

    items: list[Anomaly]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class IncidentPage(Reply):
    """Some incidents, the newest first."""

    items: list[Incident]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class SilenceReply(Reply):
    """What is kept quiet, in [starts_at, ends_at)."""

    id: int
    component: str = Field(description="A name, or `*` for all; so are the next three.")
    instance: str
    metric: str
    anomaly_type: str
    starts_at: Time
    ends_at: Time
    created_by: str
    reason: str


class SilencePage(Reply):
    """Some silences, the newest first."""

    items: list[SilenceReply]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class SessionReply(Reply):
    """A conversation."""

    id: str
    title: str = Field(description="The first question, unless renamed.")
    updated_at: Time
    turns: int = Field(description="Questions asked.")


class SessionList(Reply):
    """Conversations of this key, the last used first."""

    items: list[SessionReply]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class WholeSession(SessionReply):
    """A conversation with its turns."""

    messages: list[dict[str, Any]] = Field(description="Question, answer and what it rests on, the oldest first.")


class Level(Reply):
    """When a value is bad."""

    level: float = Field(description="In the metric's unit, or relative to what is usual; see `basis`.")
    op: str = Field(description="How the value compares with the level when it is bad: `>`, `>=`, `<`, `<=`, `!=`.")
    basis: str = Field(description="How `level` is read: `absolute`, `times usual` or `usual plus`.")
    hold_seconds: float = Field(description="How long it must last before it fires.")
    clear: float = Field(description="Where it is over again.")
    source: str = Field(description="Where the number comes from.")


class Definition(Reply):
    """A metric of the catalogue."""

    name: str
    component: str
    short: str
    description: str
    scope: str = Field(description="What an instance of it is.")
    unit: str
    direction: str = Field(description="`higher_is_worse`, `lower_is_worse` or `both`.")
    normal: list[float | None] = Field(description="Lowest and highest usual value; null: no bound.")
    warning: Level | None
    critical: Level | None
    likely_causes: list[str]
    first_checks: list[str]
    pitfalls: list[str]


class PatternReply(Reply):
    """A kind of failure that the catalogue knows."""

    name: str
    family: str
    title: str
    explanation: str
    first_checks: list[str]


class Definitions(Reply):
    """The catalogue."""

    metrics: list[Definition]
    patterns: list[PatternReply]


class Live(Reply):
    """The process answers."""

    status: str = Field(examples=["alive"])


class Part(Reply):
    """How one part of the platform is doing."""

    ok: bool
    detail: str


class Ready(Reply):
    """Whether requests can be answered."""

    status: str = Field(
        description="`ready`, `degraded` (it works, but a source or an Alertmanager does not) or `not_ready`."
    )
    database: Part
    monitor: Part
    sources: Part
    alertmanagers: Part | None = Field(None, description="Where anomalies are posted to Alertmanager.")
