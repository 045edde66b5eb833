"""What programs and operators do (`monitoring.operations.Operations`), on a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from monitoring.anomalies import Note, Silence
from monitoring.batches import Write, take_exposition, take_rows
from monitoring.blocks import Block, Ints
from monitoring.collectors.mapping import RULES
from monitoring.collectors.mapping_sql import CLICKHOUSE_SQL
from monitoring.collectors.providers import HINTS, PROVIDERS
from monitoring.contract import Check, IngestReport, Json, MonitorStatus, Session, ToolReply
from monitoring.document_types import Document, DocumentAnswer, DocumentFile, PagePicture
from monitoring.errors import UnknownId
from monitoring.feeds import CollectorFeed, Origin
from monitoring.ingest import Limits, ingest
from monitoring.library import Library
from monitoring.metrics import ANY, COMPONENTS, Catalogue, Component, Window, component_named
from monitoring.operations import (
    Courses,
    Fed,
    Figure,
    Gauges,
    Instances,
    Listing,
    Page,
    Sender,
    SourceHealth,
    Supervision,
    When,
    Which,
)
from monitoring.reports.gathering import report_of
from monitoring.reports.markdown import as_markdown
from monitoring.reports.parts import Report
from monitoring.settings import Settings
from monitoring.store.listings import Rows
from monitoring.store.store import Store
from monitoring.tools.asking import Lens, jsonable, window_of
from monitoring.tools.check import check
from monitoring.tools.cross import get_cross_component_anomalies, known_pattern
from monitoring.tools.current import KNOWN
from monitoring.tools.exploring import courses_of, instances_of
from monitoring.tools.figures import figures
from monitoring.tools.summary import get_anomaly_summary
from monitoring.tools.trend import query_metrics_trend

TICKS_DUE = 3
"""A monitor that has not ticked for so many intervals is not doing well."""
LEAST_DUE_SECONDS = 30.0


class Documents(Protocol):
    """Who answers questions over documents, and where these are."""

    library: Library

    def ask(self, question: str) -> DocumentAnswer: ...


class StoreOperations:
    """Operations on one store; `origin` knows whether its samples are simulated."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        catalogue: Catalogue,
        clock: Callable[[], datetime],
        origin: Origin,
        status: Callable[[], MonitorStatus],
        collector: CollectorFeed | None,
        documents: Documents,
    ) -> None:
        self._settings = settings
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._origin = origin
        self._status = status
        self._collector = collector
        self._documents = documents

    def now(self) -> datetime:
        return self._clock()

    def current(self, when: When) -> Check:
        lens = self._lens(when)
        window = window_of(lens.as_of, when.last, when.start, when.end)
        return check(lens, self._store.describe(), 0, window, self._origin.is_simulated())

    def summary(self, which: Which, when: When, compare: Window | None = None) -> ToolReply:
        names = {**_names(which), "severity": which.severity, "anomaly_type": which.anomaly_type}
        return _good(get_anomaly_summary(self._lens(when), _hours(when), **names, **_times(when, compare)))

    def trend(self, which: Which, when: When, compare: Window | None = None) -> ToolReply:
        return _good(
            query_metrics_trend(self._lens(when), hours=_hours(when), **_names(which), **_times(when, compare))
        )

    def cross_component(
        self, which: Which, when: When, pattern: str | None = None, include_isolated: bool = False
    ) -> ToolReply:
        return _good(
            get_cross_component_anomalies(
                self._lens(when),
                _hours(when),
                component=which.component,
                pattern=pattern,
                include_isolated=include_isolated,
                start=when.start,
                end=when.end,
            )
        )

    def anomalies(self, listing: Listing) -> Page:
        if listing.metric is not None:
            self._catalogue[listing.metric]
        return _page(self._store.listings.events(_wanted(listing), listing.limit))

    def incidents(self, listing: Listing) -> Page:
        if listing.pattern is not None:
            known_pattern(self._catalogue, listing.pattern)
        return _page(self._store.listings.incidents(_wanted(listing), listing.limit))

    def incident(self, incident: int) -> Json:
        case = self._store.listings.case(incident)
        return {
            **jsonable(case.incident),
            "anomalies": _all(case.events),
            "notes": _all(case.notes),
            "announcements": _all(case.announcements),
        }

    def incident_report(self, incident: int) -> str:
        return as_markdown(self._report(incident))

    def incident_report_pdf(self, incident: int) -> bytes:
        from monitoring.reports.pdf import as_pdf  # its libraries take a while, and few ask for it

        return as_pdf(self._report(incident))

    def _report(self, incident: int) -> Report:
        case = self._store.listings.case(incident)
        lens = Lens(self._store.reader, self._catalogue, self._clock())
        return report_of(lens, case, self._origin.is_simulated(), self._settings.timezone)

    def acknowledge(self, event: int, by: str, note: str = "") -> Json:
        self._store.operators.acknowledge(event, by, self._clock(), note)
        return jsonable(self._store.listings.event(event))

    def acknowledge_incident(self, incident: int, by: str, note: str = "") -> Json:
        self._store.operators.acknowledge_incident(incident, by, self._clock(), note)
        return self.incident(incident)

    def note(self, incident: int, text: str, by: str) -> Json:
        self._store.operators.note(Note(text, by, self._clock(), incident=incident))
        return self.incident(incident)

    def silence(self, silence: Silence) -> Silence:
        if silence.component != ANY:
            component_named(silence.component)
        if silence.metric != ANY:
            self._catalogue[silence.metric]
        return replace(silence, id=self._store.operators.silence(silence))

    def silences(self, listing: Listing, past: bool = False) -> Page:
        since = None if past else self._clock()
        return _page(self._store.listings.silences({"below": listing.below, "since": since}, listing.limit))

    def end_silence(self, silence: int) -> None:
        if not self._store.operators.end_silence(silence, self._clock()):
            raise UnknownId(f"There is no silence {silence} that is not over.")

    def take_rows(self, rows: Sequence[Any], detect: bool = True) -> IngestReport:
        return self._take(lambda limits, write: take_rows(rows, self._catalogue, limits, write), detect)

    def take_exposition(self, text: str, detect: bool = True) -> IngestReport:
        now = self._clock()
        return self._take(lambda limits, write: take_exposition(text, self._catalogue, limits, now, write), detect)

    def take_lines(
        self, lines: Iterable[str], detect: bool = True, progress: Callable[[int], None] = lambda _: None
    ) -> IngestReport:
        """The same for the lines of a CSV; `progress` is told how many samples were read."""
        return self._take(lambda limits, write: ingest(lines, self._catalogue, limits, write, progress), detect)

    def ask_documents(self, question: str) -> DocumentAnswer:
        return self._documents.ask(question)

    def documents(self) -> Sequence[Document]:
        return self._documents.library.documents()

    def add_document(self, name: str, content: bytes) -> Document:
        return self._documents.library.add(name, content)

    def remove_document(self, document: int) -> Document:
        return self._documents.library.remove(document)

    def document_file(self, document: int) -> DocumentFile:
        return self._documents.library.file(document)

    def document_page(self, document: int, page: int, marked: Sequence[str] = ()) -> PagePicture:
        return self._documents.library.page(document, page, marked)

    def session_page(
        self, owner: str | None, limit: int, before: tuple[datetime, str] | None = None
    ) -> tuple[Sequence[Session], bool]:
        found = self._store.conversations.page(owner, limit + 1, before)
        return found[:limit], len(found) > limit

    def supervision(self) -> Supervision:
        # A status alone would say what was known before the database went away.
        self._origin.note()
        status = self._status()
        last = status.last_tick_at
        return Supervision(
            storage=self._store.describe(),
            monitor=status,
            tick_age_seconds=None if last is None else max(0.0, (self._clock() - last).total_seconds()),
            tick_due_seconds=max(TICKS_DUE * self._settings.monitor_interval_seconds, LEAST_DUE_SECONDS),
            fed=self._fed(),
            sources=[
                SourceHealth(
                    source.name,
                    source.ok,
                    source.samples,
                    source.last_success,
                    source.error,
                    source.kind,
                    source.cluster,
                    source.notes,
                )
                for source in (self._collector.status if self._collector else ())
            ],
            alertmanagers=(self._store.get("alertmanagers") or {}) if self._settings.alertmanager_urls else {},
        )

    def gauges(self) -> Gauges:
        now = self._clock()
        found = self._store.reader.read("open_by_component", {"moment": now, "components": list(COMPONENTS)}, 100_000)
        firing = [row for row in found.rows if row["status"] not in ("pending", "silenced")]
        fresh = self._store.reader.read("freshness", {"moment": now, "since": now - KNOWN}).rows
        channels = self._store.reader.read("channels_behind", {"since": now - KNOWN}).rows
        counts = {(component, severity): 0 for component in COMPONENTS for severity in ("warning", "critical")}
        for row in firing:
            counts[(row["component"], row["severity"])] += 1
        return Gauges(
            open_anomalies={(str(component), severity): n for (component, severity), n in counts.items()},
            open_incidents=self._store.reader.read("count_open_incidents", {}).rows[0]["incidents"],
            last_samples={row["component"]: row["last_sample_at"] for row in fresh},
            series={row["component"]: row["series"] for row in fresh},
            waiting={row["channel"]: row["waiting"] for row in channels},
            failing={row["channel"]: row["failures"] for row in channels},
        )

    def _lens(self, when: When) -> Lens:
        return Lens(self._store.reader, self._catalogue, when.as_of or self._clock(), past=when.as_of is not None)

    def figures(self, metrics: Sequence[str], span: timedelta, width: timedelta) -> Sequence[Figure]:
        return figures(self._lens(When(span)), metrics, span, width)

    def instances(self, component: Component, metric: str, window: Window, search: str, limit: int) -> Instances:
        return instances_of(self._lens(When(window.span)), component, metric, window, search, limit)

    def courses(
        self, component: Component, metric: str, instances: Sequence[str], window: Window, back: timedelta | None = None
    ) -> Courses:
        return courses_of(self._lens(When(window.span)), component, metric, instances, window, back)

    def senders(self, metric: str) -> Sequence[Sender]:
        self._catalogue[metric]
        possible = dict.fromkeys(rule.exporter for rule in (*CLICKHOUSE_SQL, *RULES) if rule.metric == metric)
        hint = f"; where it is read already: {HINTS[metric]}" if metric in HINTS else ""
        return [Sender(exporter, f"{PROVIDERS[exporter]}{hint}") for exporter in possible]

    def _take(self, take: Callable[[Limits, Write], IngestReport], detect: bool) -> IngestReport:
        limits = Limits.at(self._clock(), self._settings.retention_days, self._settings.future_tolerance_seconds)
        removed = False

        def write(block: Block) -> Ints:
            nonlocal removed
            removed = self._origin.make_real() or removed
            return self._store.samples.write(block).places

        report = take(limits, write)
        if detect and report.stored and report.window is not None:
            self._store.judge_again_from(report.window.start)
        return replace(report, removed_demo=removed)

    def _fed(self) -> Fed:
        if self._collector is not None:
            return "collecting"
        simulates = self._settings.demo and self._settings.database_url is None
        return "simulating" if simulates and not self._origin.is_real() else "waiting"


def _good(reply: ToolReply) -> ToolReply:
    """A tool's reply, or its failure raised."""
    if reply.failure is not None:
        raise reply.failure
    return reply


def _hours(when: When) -> float:
    return when.last / timedelta(hours=1)


def _names(which: Which) -> dict[str, Any]:
    return {"component": which.component, "metric": which.metric, "instance": which.instance}


def _times(when: When, compare: Window | None) -> dict[str, Any]:
    other = {"compare_start": compare.start, "compare_end": compare.end} if compare else {}
    return {"start": when.start, "end": when.end, **other}


def _wanted(listing: Listing) -> dict[str, Any]:
    return asdict(listing)


def _page(found: Rows) -> Page:
    return Page(_all(found.rows), found.more)


def _all(rows: Iterable[Mapping[str, Any]]) -> list[Json]:
    return [jsonable(row) for row in rows]
