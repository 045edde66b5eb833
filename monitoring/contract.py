"""What the front-ends see: the `Platform` protocol and the values it replies with.

Every reply knows its JSON form (`to_json`), which is the public contract of commands and API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from monitoring.cancellation import Cancellation
from monitoring.errors import MonitoringError
from monitoring.metrics import Catalogue, Window

Health = Literal["healthy", "degraded", "critical", "no_data"]
ToolStatus = Literal["ok", "no_data", "error"]
Json = dict[str, Any]
ExportForm = Literal["json", "markdown"]


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 UTC with a trailing Z; `None` stays `None`."""
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def window_json(window: Window | None) -> Json | None:
    return None if window is None else {"from": iso(window.start), "to": iso(window.end)}


def _window(given: Mapping[str, str] | None) -> Window | None:
    return None if given is None else Window(_moment(given["from"]), _moment(given["to"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _names(given: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What a tool looked at; `None` for metrics or instances means all of them."""

    components: tuple[str, ...]
    window: Window
    metrics: tuple[str, ...] | None = None
    instances: tuple[str, ...] | None = None
    compare_window: Window | None = None

    def to_json(self) -> Json:
        return {
            "components": list(self.components),
            "metrics": None if self.metrics is None else list(self.metrics),
            "instances": None if self.instances is None else list(self.instances),
            "window": window_json(self.window),
            "compare_window": window_json(self.compare_window),
        }

    @classmethod
    def from_json(cls, given: Json) -> LookedAt:
        window = _window(given["window"])
        assert window is not None
        return cls(
            tuple(given["components"]),
            window,
            _names(given["metrics"]),
            _names(given["instances"]),
            _window(given["compare_window"]),
        )


@dataclass(frozen=True, slots=True)
class ToolReply:
    """What a tool found. `rows` are JSON-ready and capped; `summary` holds the figures computed from all of
    them. `status` is `no_data` where there was nothing to judge by; an empty `ok` means nothing was found.
    `hint` tells how to narrow a truncated reply; `failure` is why the status is `error`, left out of the JSON."""

    name: str
    args: Mapping[str, Any]
    looked_at: LookedAt | None
    status: ToolStatus
    summary: Mapping[str, Any]
    rows: Sequence[Json]
    row_count: int
    truncated: bool
    took_ms: float
    hint: str = ""
    failure: MonitoringError | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> Json:
        return {
            "name": self.name,
            "args": dict(self.args),
            "looked_at": None if self.looked_at is None else self.looked_at.to_json(),
            "status": self.status,
            "summary": dict(self.summary),
            "rows": list(self.rows),
            "row_count": self.row_count,
            "truncated": self.truncated,
            "took_ms": round(self.took_ms, 1),
            **({"hint": self.hint} if self.hint else {}),
        }

    @classmethod
    def from_json(cls, given: Json) -> ToolReply:
        looked_at = given["looked_at"] and LookedAt.from_json(given["looked_at"])
        return cls(**{**given, "looked_at": looked_at})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and everything it rests on. `notes` are honest remarks: demo data, a model that failed."""

    question: str
    answer: str
    session_id: str
    model: str
    as_of: datetime
    grounded: bool
    tool_calls: tuple[ToolReply, ...]
    demo: bool = False
    notes: tuple[str, ...] = ()
    untraced: tuple[str, ...] = ()
    """Numbers of the answer that stand in no row, summary or definition; empty when grounded."""

    def to_json(self) -> Json:
        return {
            "question": self.question,
            "answer": self.answer,
            "session_id": self.session_id,
            "model": self.model,
            "as_of": iso(self.as_of),
            "grounded": self.grounded,
            "untraced": list(self.untraced),
            "demo": self.demo,
            "notes": list(self.notes),
            "tool_calls": [call.to_json() for call in self.tool_calls],
        }

    @classmethod
    def from_json(cls, given: Json) -> Answer:
        """The answer of such a JSON document, as it is kept with a session."""
        read = {
            "as_of": _moment(given["as_of"]),
            "notes": tuple(given["notes"]),
            "untraced": tuple(given["untraced"]),
            "tool_calls": tuple(ToolReply.from_json(call) for call in given["tool_calls"]),
        }
        return cls(**{**given, **read})


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool was called; sent while an answer is made."""

    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool has replied; sent while an answer is made."""

    reply: ToolReply


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer's text, in order."""

    text: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """What was streamed so far does not count: the answer starts over, for the reason given."""

    reason: str


Progress = ToolStarted | ToolFinished | Text | Restarted | Answer
"""What a streamed answer is made of; the last one is always the whole `Answer`."""


@dataclass(frozen=True, slots=True)
class Check:
    """The state of the platform at one moment; `to_json` is the reply of `check` and `/anomalies/current`."""

    as_of: datetime
    window: Window
    health: Health
    storage: Json
    components: Mapping[str, Json]
    anomalies: Sequence[Json]
    incidents: Sequence[Json]
    demo: bool = False
    freshness: Json = field(default_factory=dict)
    """How old the data is end to end and which stage is the slowest; see `monitoring.detection.freshness`."""

    def to_json(self) -> Json:
        return {
            "as_of": iso(self.as_of),
            "window": window_json(self.window),
            "health": self.health,
            "demo": self.demo,
            "freshness": dict(self.freshness),
            "storage": self.storage,
            "components": dict(self.components),
            "anomalies": list(self.anomalies),
            "incidents": list(self.incidents),
        }


@dataclass(frozen=True, slots=True)
class Rejection:
    """One input line that was not stored: its number (from 1, the header is line 1) and why."""

    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What came of an ingest; `rejections` holds at most the first thousand, `rejected` counts all."""

    read: int
    stored: int
    duplicates: int
    rejected: int
    rejections: tuple[Rejection, ...] = ()
    events: int = 0
    incidents: int = 0
    removed_demo: bool = False
    window: Window | None = None

    def to_json(self) -> Json:
        return {
            "read": self.read,
            "stored": self.stored,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "rejections": [{"line": r.line, "reason": r.reason, "text": r.text} for r in self.rejections],
            "events": self.events,
            "incidents": self.incidents,
            "removed_demo": self.removed_demo,
            "window": window_json(self.window),
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation: its title is the first question unless renamed; when it was last used; how many turns."""

    id: str
    title: str
    updated_at: datetime
    turns: int

    def to_json(self) -> Json:
        return {"id": self.id, "title": self.title, "updated_at": iso(self.updated_at), "turns": self.turns}


@dataclass(frozen=True, slots=True)
class SessionTurn:
    """One question of a session with its whole answer; rows beyond a cap are left out of its tool calls.
    `number` counts from 1 and stays as it is when older turns are forgotten."""

    number: int
    asked_at: datetime
    answer: Answer

    def to_json(self) -> Json:
        return {"number": self.number, "asked_at": iso(self.asked_at), **self.answer.to_json()}


@dataclass(frozen=True, slots=True)
class SessionTurns:
    """A session with the turns that are kept of it, the oldest first."""

    session: Session
    turns: tuple[SessionTurn, ...]

    def to_json(self) -> Json:
        return {**self.session.to_json(), "messages": [turn.to_json() for turn in self.turns]}


@dataclass(frozen=True, slots=True)
class MonitorStatus:
    """How the monitoring is doing, whichever process does it.

    `running` says whether this process watches in the background, `leading` whether it is the one that works;
    `leader` names the process that last did. `lag_seconds` is how far judgement is behind the clock. `ticks`,
    `samples` (judged), `errors_in_row` and `last_error` are this process's own.
    """

    running: bool
    leading: bool
    last_tick_at: datetime | None
    last_tick_ms: float | None
    series: int
    last_error: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    leader: str = ""
    judged_until: datetime | None = None
    lag_seconds: float | None = None
    ticks: int = 0
    samples: int = 0
    errors_in_row: int = 0

    def to_json(self) -> Json:
        return {
            "running": self.running,
            "leading": self.leading,
            "leader": self.leader,
            "last_tick_at": iso(self.last_tick_at),
            "last_tick_ms": self.last_tick_ms,
            "judged_until": iso(self.judged_until),
            "lag_seconds": self.lag_seconds,
            "series": self.series,
            "ticks": self.ticks,
            "samples": self.samples,
            "errors_in_row": self.errors_in_row,
            "last_error": self.last_error,
            **self.extra,
        }


class Platform(Protocol):
    """What a front-end can ask for; each call may raise a `MonitoringError`."""

    @property
    def catalogue(self) -> Catalogue: ...

    def ask(
        self,
        question: str,
        session_id: str | None = None,
        as_of: datetime | None = None,
        owner: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Answer:
        """Answer a question asked in plain words; see `stream`."""
        ...

    def stream(
        self,
        question: str,
        session_id: str | None = None,
        as_of: datetime | None = None,
        owner: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Progress]:
        """Answer a question piece by piece; the last piece is the whole `Answer`.

        A session belongs to its `owner`, who alone sees it; `None` stands for everybody who has not been told
        apart. An id that is not known begins a session. Closing the iterator, Ctrl+C and `cancellation` stop the
        answer and its queries; with the last of them, `Cancelled` is raised.

        Raises `InvalidInput` for what cannot be a question or a session id, `SessionBusy` where the session's
        question before is not answered in time.
        """
        ...

    def check(self, last_minutes: float = 10, as_of: datetime | None = None, window: Window | None = None) -> Check:
        """The state of the platform."""
        ...

    def sessions(self, owner: str | None = None) -> Sequence[Session]:
        """The conversations of an owner, the last used first."""
        ...

    def session(self, session_id: str, owner: str | None = None) -> SessionTurns:
        """A conversation with its turns and what they rest on; raises `UnknownSession`."""
        ...

    def rename_session(self, session_id: str, title: str, owner: str | None = None) -> Session:
        """Give a conversation another title; raises `UnknownSession`, or `InvalidInput` for an empty title."""
        ...

    def delete_session(self, session_id: str, owner: str | None = None) -> None:
        """Forget a conversation; raises `UnknownSession`."""
        ...

    def export_session(self, session_id: str, form: ExportForm = "json", owner: str | None = None) -> str:
        """A conversation as one JSON document or as Markdown to read; raises `UnknownSession`."""
        ...

    def monitor_status(self) -> MonitorStatus: ...

    def close(self) -> None:
        """Stop what runs in the background and give back what is held."""
        ...
