"""The platform as front-ends see it: store, monitor, agent, documents and operations, put together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import IO, Any

from monitoring.agent.answering import Answering
from monitoring.agent.document_answers import DocumentAnswers
from monitoring.cancellation import Cancellation
from monitoring.contract import Answer, Check, ExportForm, IngestReport, MonitorStatus, Progress, Session, SessionTurns
from monitoring.feeds import CollectorFeed, Origin, source_entries
from monitoring.metrics import Catalogue, Window
from monitoring.monitor import Clock, Companion, Feed, Monitor
from monitoring.operating import StoreOperations
from monitoring.settings import Settings
from monitoring.store.store import Store
from monitoring.tools.asking import Lens
from monitoring.tools.check import check


class MonitoringPlatform:
    """The platform that front-ends talk to (`monitoring.contract.Platform`).

    `build_graph` makes the agent's graph when it is first needed; `demo_feed` the simulator, for where nothing else
    is configured; `companions` is what works beside the monitor.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        catalogue: Catalogue,
        clock: Clock,
        *,
        build_graph: Callable[[], Any],
        demo_feed: Callable[[Store, Origin], Feed],
        companions: Sequence[Companion] = (),
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self._store = store
        self._clock = clock
        self._origin = Origin(store)
        self._answering = Answering(settings, store, clock, build_graph)
        self.documents = DocumentAnswers(settings, store, clock)
        self.collector = CollectorFeed(settings, catalogue, store, self._origin) if source_entries(settings) else None
        self.monitor = Monitor(
            store,
            catalogue,
            interval=timedelta(seconds=settings.monitor_interval_seconds),
            feeds=self._feeds(demo_feed),
            housekeeping=self._keep_house,
            clock=clock,
            companions=companions,
        )
        self.operations = StoreOperations(
            settings, store, catalogue, clock, self._origin, self.monitor.status, self.collector, self.documents
        )

    @property
    def demo(self) -> bool:
        """Whether the figures are simulated."""
        return self._origin.is_simulated()

    def ask(
        self,
        question: str,
        session_id: str | None = None,
        as_of: datetime | None = None,
        owner: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Answer:
        with closing(self.stream(question, session_id, as_of, owner, cancellation)) as pieces:
            return next(piece for piece in pieces if isinstance(piece, Answer))

    def stream(
        self,
        question: str,
        session_id: str | None = None,
        as_of: datetime | None = None,
        owner: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Generator[Progress, None, None]:
        return self._answering.stream(question, self.lens(as_of), session_id, owner, cancellation, self.demo)

    def check(self, last_minutes: float = 10, as_of: datetime | None = None, window: Window | None = None) -> Check:
        return check(self.lens(as_of), self._store.describe(), last_minutes, window, self.demo)

    def ingest(
        self, lines: Sequence[str] | IO[str], *, detect: bool = True, progress: Callable[[int], None] = lambda _: None
    ) -> IngestReport:
        """Store CSV lines and judge them in time order; `progress` is told how many samples were read."""
        report = self.operations.take_lines(lines, detect, progress)
        if not detect or not report.stored:
            return report
        outcome = self.monitor.tick()
        if outcome is None:
            self._store.wait_until_judged()
            return report
        return replace(report, events=outcome.fired, incidents=outcome.incidents)

    def catch_up(self) -> None:
        """Bring samples and judgement up to now, unless another process does."""
        self.monitor.tick()

    def sessions(self, owner: str | None = None) -> Sequence[Session]:
        return self._store.conversations.sessions(owner)

    def session(self, session_id: str, owner: str | None = None) -> SessionTurns:
        return self._store.conversations.session(session_id, owner)

    def rename_session(self, session_id: str, title: str, owner: str | None = None) -> Session:
        return self._answering.rename(session_id, title, owner)

    def delete_session(self, session_id: str, owner: str | None = None) -> None:
        self._answering.delete(session_id, owner)

    def export_session(self, session_id: str, form: ExportForm = "json", owner: str | None = None) -> str:
        return self._answering.export(session_id, form, owner)

    def monitor_status(self) -> MonitorStatus:
        return self.monitor.status()

    def close(self) -> None:
        self.documents.stop()
        self.monitor.stop()
        if self.collector is not None:
            self.collector.close()
        self._store.close()

    def lens(self, as_of: datetime | None = None) -> Lens:
        """What tools look through: as of a moment, or now."""
        return Lens(self._store.reader, self.catalogue, as_of or self._clock(), past=as_of is not None)

    def _feeds(self, demo_feed: Callable[[Store, Origin], Feed]) -> list[Feed]:
        if self.collector is not None:
            return [self.collector]
        if self.settings.demo and self.settings.database_url is None:
            return [demo_feed(self._store, self._origin)]
        return []

    def _keep_house(self, now: datetime) -> None:
        self._store.rollups.forget(now, self.settings.retention_days, self.settings.rollup_retention_days)
        self._answering.forget(now)
