"""What programs and operators do beside asking: look up, list, acknowledge, silence, send samples, supervise.

`Operations` is the protocol, of which the platform hands one to the front-ends that need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

from monitoring.anomalies import AnomalyType, EventStatus, Silence
from monitoring.contract import Check, IngestReport, Json, MonitorStatus, Session, ToolReply, iso
from monitoring.document_types import Document, DocumentAnswer, DocumentFile, PagePicture
from monitoring.metrics import Component, Severity, Window

Names = Sequence[str] | None
Fed = Literal["collecting", "simulating", "waiting"]


@dataclass(frozen=True, slots=True)
class When:
    """Of what time something is asked: as of a moment (now where `None`), over a window or the last so long."""

    last: timedelta
    as_of: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Which:
    """Of what something is asked; `None` stands for all."""

    component: Names = None
    metric: Names = None
    instance: Names = None
    severity: Severity | None = None
    anomaly_type: AnomalyType | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Which rows of a list, in descending order of ids: those `below` the id that the page before ended with."""

    limit: int
    below: int | None = None
    component: Component | None = None
    severity: Severity | None = None
    status: EventStatus | Literal["open"] | None = None
    start: datetime | None = None
    end: datetime | None = None
    metric: str | None = None
    instance: str | None = None
    anomaly_type: AnomalyType | None = None
    incident: int | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, the newest first; `more` says that others follow."""

    rows: Sequence[Json]
    more: bool


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How the last read of something that is collected from went; `notes` are remarks that are no failure."""

    name: str
    ok: bool
    samples: int
    last_success: datetime | None
    error: str
    kind: str = "exporter"
    cluster: str = ""
    notes: tuple[str, ...] = ()

    def to_json(self) -> Json:
        return {
            "name": self.name,
            "ok": self.ok,
            "samples": self.samples,
            "last_success": iso(self.last_success),
            "error": self.error,
            "kind": self.kind,
            "cluster": self.cluster,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Supervision:
    """How the platform itself is doing: its database, its monitor, its sources.

    `tick_age_seconds` is how long ago the last tick of any process was, `tick_due_seconds` how long it may be.
    `fed` says where samples come from: this process collects, it simulates, or it waits for what is sent to it.
    """

    storage: Json
    monitor: MonitorStatus
    tick_age_seconds: float | None
    tick_due_seconds: float
    fed: Fed
    sources: Sequence[SourceHealth] = ()
    alertmanagers: Mapping[str, str] = field(default_factory=dict)
    """Each one that anomalies are posted to, with what is wrong with it; the empty text where nothing is."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """Figures for a metrics page. `open_anomalies` has every component and severity, those at zero too.

    By notification channel, `waiting` is how much it is still to be told, `failing` how often it failed in a row.
    """

    open_anomalies: dict[tuple[str, str], int]
    open_incidents: int
    last_samples: dict[str, datetime] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)


class Stretch(NamedTuple):
    """A metric as a whole over a short stretch of time: sum, highest and lowest of its series' means."""

    start: datetime
    total: float
    highest: float
    lowest: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric as a whole, by the newest samples of the `series` that sent one lately, and how it went.

    Values are in the metric's unit and `None` where nothing was sent lately; `highest_at` and `lowest_at` name the
    instances. The `course` has its stretches in order; one in which nothing was sent is left out.
    """

    metric: str
    series: int = 0
    newest_at: datetime | None = None
    total: float | None = None
    highest: float | None = None
    highest_at: str | None = None
    lowest: float | None = None
    lowest_at: str | None = None
    course: Sequence[Stretch] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """A series of one metric as it is listed: its newest value in a window and its anomalies there."""

    instance: str
    value: float | None = None
    newest_at: datetime | None = None
    anomalies: int = 0
    severity: Severity | None = None
    """Of its worst anomaly; `None` where it has none."""


@dataclass(frozen=True, slots=True)
class Instances:
    """Series of one metric, those with anomalies first, then those with the worst values; `matching` is how many
    there are of which these are the first."""

    rows: Sequence[Instance]
    matching: int


class Spot(NamedTuple):
    """A stretch of a course: when it begins, how many samples it has, their mean, the lowest and the highest."""

    start: datetime
    samples: int
    mean: float
    low: float
    high: float


class Usual(NamedTuple):
    """What a series usually does in an hour: the middle, and the edges that it seldom leaves."""

    hour: datetime
    low: float
    middle: float
    high: float


UsualBy = Literal["hour of day", "day before"]
"""What is called usual: the same hour on the days before, or the hours of the day before a window."""


@dataclass(frozen=True, slots=True)
class Course:
    """How one series went. `before` is how it went an earlier time, moved to where it is compared; `usual` is empty
    where too little is known, `level` the median of its hourly means of the last day (what thresholds call usual)."""

    instance: str
    spots: Sequence[Spot] = ()
    before: Sequence[Spot] = ()
    usual: Sequence[Usual] = ()
    usual_by: UsualBy | None = None
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Courses:
    """Courses of some series of one metric over a window, in stretches of `width`, in the order asked for."""

    window: Window
    width: timedelta
    rows: Sequence[Course]


@dataclass(frozen=True, slots=True)
class Sender:
    """Something that a metric can be read from, and what to switch on there."""

    exporter: str
    note: str = ""


class Operations(Protocol):
    """Each call may raise a `MonitoringError`; every one is safe to make from any thread."""

    def now(self) -> datetime:
        """The time, by the platform's clock."""
        ...

    def current(self, when: When) -> Check:
        """The state of the platform at the end of a window."""
        ...

    def summary(self, which: Which, when: When, compare: Window | None = None) -> ToolReply:
        """The anomalies that began to fire in a window, counted in every way."""
        ...

    def trend(self, which: Which, when: When, compare: Window | None = None) -> ToolReply:
        """How metrics developed over a window."""
        ...

    def cross_component(
        self, which: Which, when: When, pattern: str | None = None, include_isolated: bool = False
    ) -> ToolReply:
        """Incidents that travelled from one component to another."""
        ...

    def anomalies(self, listing: Listing) -> Page:
        """Anomalies that have fired or may yet, the newest first."""
        ...

    def incidents(self, listing: Listing) -> Page:
        """Incidents, the newest first."""
        ...

    def incident(self, incident: int) -> Json:
        """An incident with its anomalies, notes and what was told of it; raises `UnknownId`."""
        ...

    def incident_report(self, incident: int) -> str:
        """The same to be read, as Markdown; raises `UnknownId`."""
        ...

    def incident_report_pdf(self, incident: int) -> bytes:
        """The same as a PDF, with the series drawn; raises `UnknownId`."""
        ...

    def acknowledge(self, event: int, by: str, note: str = "") -> Json:
        """Acknowledge an anomaly and return it; raises `UnknownId`, or `TooEarly` for one that has not fired."""
        ...

    def acknowledge_incident(self, incident: int, by: str, note: str = "") -> Json:
        """Acknowledge the open anomalies of an incident and return it; the first acknowledgement of each counts.
        Raises `UnknownId`."""
        ...

    def note(self, incident: int, text: str, by: str) -> Json:
        """Write something down about an incident and return it; raises `UnknownId`, or `InvalidInput` without text."""
        ...

    def silence(self, silence: Silence) -> Silence:
        """Keep matching anomalies quiet for a stretch of time; raises `InvalidInput`, `UnknownName`."""
        ...

    def silences(self, listing: Listing, past: bool = False) -> Page:
        """Silences that are active or will be, with `past` also those that are over, the newest first."""
        ...

    def end_silence(self, silence: int) -> None:
        """Let a silence end now; raises `UnknownId` where there is none that is not over."""
        ...

    def take_rows(self, rows: Sequence[Any], detect: bool = True) -> IngestReport:
        """Store samples given as mappings with time, component, instance, metric and value.

        What cannot be stored is named with its place, counted from 1. What lies in time that was judged already
        is judged again by whichever process monitors, unless `detect` is false.
        """
        ...

    def take_exposition(self, text: str, detect: bool = True) -> IngestReport:
        """The same for Prometheus text whose series are named as in the catalogue; numbers are those of lines."""
        ...

    def ask_documents(self, question: str) -> DocumentAnswer:
        """An answer from documents, each claim with its file and page; raises `InvalidInput` for an empty question."""
        ...

    def documents(self) -> Sequence[Document]:
        """Every document, by name, also those that could not be read."""
        ...

    def add_document(self, name: str, content: bytes) -> Document:
        """Keep a document that was sent; one of that name that was sent before is replaced.

        Raises `InvalidInput` for a name that is none of a file, and for what cannot be read, with the reason.
        """
        ...

    def remove_document(self, document: int) -> Document:
        """Take a document out, and return it; the file of one that lies in a folder stays. Raises `UnknownId`."""
        ...

    def document_file(self, document: int) -> DocumentFile:
        """A document byte by byte; raises `UnknownId`, also where its file is gone."""
        ...

    def document_page(self, document: int, page: int, marked: Sequence[str] = ()) -> PagePicture:
        """A page of a PDF, from 1, with passages marked on it.

        Raises `UnknownId`, `InvalidInput` where there is no such page or it cannot be drawn, and `TooMuchAtOnce`.
        """
        ...

    def session_page(
        self, owner: str | None, limit: int, before: tuple[datetime, str] | None = None
    ) -> tuple[Sequence[Session], bool]:
        """Conversations of an owner, the last used first, and whether others follow.

        `before` is when the last one of the page before was used, and its id.
        """
        ...

    def supervision(self) -> Supervision:
        """How the platform itself is doing; raises a `StoreError` where the database does not answer."""
        ...

    def gauges(self) -> Gauges:
        """Figures for a metrics page."""
        ...

    def figures(self, metrics: Sequence[str], span: timedelta, width: timedelta) -> Sequence[Figure]:
        """Metrics as a whole now and over the `span` before, in stretches of `width`; one figure for each, in
        their order. Raises `UnknownName`."""
        ...

    def instances(self, component: Component, metric: str, window: Window, search: str, limit: int) -> Instances:
        """The series of a metric whose instance has `search` in its name; raises `UnknownName`."""
        ...

    def courses(
        self, component: Component, metric: str, instances: Sequence[str], window: Window, back: timedelta | None = None
    ) -> Courses:
        """How some series of a metric went, with what is usual for each, and with how they went `back` before.
        Raises `UnknownName`, or `InvalidInput` for a window that is empty or too long."""
        ...

    def senders(self, metric: str) -> Sequence[Sender]:
        """Where a metric can come from; raises `UnknownName`."""
        ...
