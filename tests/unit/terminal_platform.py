"""A platform of a few fixed findings to draw on a terminal. Run as a program, it opens a conversation."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitoring.cancellation import Cancellation
from monitoring.contract import (
    Answer,
    Check,
    ExportForm,
    Health,
    Json,
    LookedAt,
    MonitorStatus,
    Progress,
    Session,
    SessionTurn,
    SessionTurns,
    Text,
    ToolFinished,
    ToolReply,
    ToolStarted,
    iso,
)
from monitoring.errors import MonitoringError, StoreUnavailable, UnknownSession
from monitoring.metrics import COMPONENTS, Catalogue, Metric, Threshold, Window
from monitoring.ui import terminal

NOW = datetime(2026, 3, 2, 9, 45, tzinfo=UTC)
NASTY = "billing/[red]orders\x1b]0;owned\x07\x1b[31m\x9b31m\u202e"
"""An instance name that would change the title and the colours of a careless terminal."""


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def ago(minutes: float) -> str | None:
    return iso(NOW - timedelta(minutes=minutes))


def metric(name: str, component: Any, short: str) -> Metric:
    warning = Threshold(">", 1000, timedelta(minutes=5), 800, "Confluent monitoring guide")
    return Metric(
        name=name,
        component=component,
        short=short,
        description=f"What {short} is.",
        scope="cluster",
        unit="messages",
        direction="higher_is_worse",
        normal=(0, 500),
        warning=warning,
        critical=None,
        likely_causes=("a slow consumer",),
        first_checks=("look at the consumer",),
    )


CATALOGUE = Catalogue(
    (
        metric("consumer_group_lag", "kafka", "consumer lag"),
        metric("under_replicated_partitions", "kafka", "under-replicated partitions"),
        metric("memory_used_ratio", "flink", "memory use"),
        metric("max_parts_per_partition", "clickhouse", "parts"),
    )
)


def anomaly(instance: str = "ch-2/orders", **changes: Any) -> Json:
    row = {
        "component": "clickhouse",
        "instance": instance,
        "metric": "max_parts_per_partition",
        "severity": "critical",
        "status": "firing",
        "flapping": False,
        "started_at": ago(12),
        "value": 1840.0,
        "unit": "parts",
        "threshold": "> 1000 for 5 min",
        "why": "1,840 parts, above 1,000 for 12 min; 62 is usual for this series",
    }
    return row | changes


def incident(**changes: Any) -> Json:
    chain = [
        {"component": "clickhouse", "instance": "ch-2/orders", "metric": "max_parts_per_partition", "onset": ago(12)},
        {"component": "kafka", "instance": "billing/orders", "metric": "consumer_group_lag", "onset": ago(8)},
    ]
    row = {
        "id": 12,
        "pattern": "cascade_backward",
        "status": "firing",
        "severity": "critical",
        "root_component": "clickhouse",
        "root_instance": "ch-2/orders",
        "root_metric": "max_parts_per_partition",
        "started_at": ago(12),
        "resolved_at": None,
        "chain": chain,
        "summary": "ClickHouse slowed down first.",
    }
    return row | changes


def component(health: Health = "healthy", **changes: Any) -> Json:
    return {"health": health, "open": 0, "last_sample_at": ago(0.2), "silent": [], **changes}


def check(health: Health = "critical", **changes: Any) -> Check:
    fields: dict[str, Any] = {
        "as_of": NOW,
        "window": Window.last(timedelta(minutes=10), NOW),
        "health": health,
        "storage": {"edition": "timescaledb-apache"},
        "components": {
            "kafka": component("degraded", open=1, silent=["broker-3"]),
            "flink": component(),
            "clickhouse": component("critical", open=2),
        },
        "anomalies": [anomaly(), anomaly(NASTY, severity="warning")],
        "incidents": [incident()],
    }
    return Check(**(fields | changes))


def trend_row(instance: str = "tm-1", **changes: Any) -> Json:
    row = {
        "component": "flink",
        "instance": instance,
        "metric": "memory_used_ratio",
        "unit": "ratio 0-1",
        "avg": 0.71,
        "min": 0.5,
        "max": 0.95,
        "last": 0.9,
        "change_pct": 40.2,
        "direction": "rising",
        "breached": True,
        "points": [0.5 + i / 100 for i in range(40)],
        "avg_change_pct": None,
    }
    return row | changes


def reply(name: str = "check_real_time_anomalies", rows: Sequence[Json] = (), **changes: Any) -> ToolReply:
    fields: dict[str, Any] = {
        "args": {"last_minutes": 10},
        "looked_at": LookedAt(("kafka",), Window.last(timedelta(minutes=10), NOW)),
        "status": "ok",
        "summary": {},
        "row_count": len(rows),
        "truncated": False,
        "took_ms": 12.4,
    }
    return ToolReply(name=name, rows=list(rows), **(fields | changes))


def answer(text: str = "**Kafka** has a lag of `1,840`.", **changes: Any) -> Answer:
    fields: dict[str, Any] = {
        "question": "Is anything wrong?",
        "session_id": "s-1",
        "model": "built-in",
        "as_of": NOW,
        "grounded": True,
        "tool_calls": (reply(rows=[anomaly()]),),
    }
    return Answer(answer=text, **(fields | changes))


@dataclass
class FakePlatform:
    """Answers every question with `reply`; a question with "fail" raises, one with "slow" takes half a minute."""

    reply: Answer = field(default_factory=answer)
    state: Check = field(default_factory=check)
    conversations: Sequence[Session] = ()
    catalogue: Catalogue = CATALOGUE
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    minutes: list[float] = field(default_factory=list)
    closed: int = 0

    def ask(
        self,
        question: str,
        session_id: str | None = None,
        as_of: datetime | None = None,
        owner: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Answer:
        del as_of, owner, cancellation
        self.asked.append((question, session_id))
        if "fail" in question:
            raise StoreUnavailable("The database cannot be reached;\nset DATABASE_URL.")
        return self.reply

    def stream(
        self,
        question: str,
        session_id: str | None = None,
        as_of: datetime | None = None,
        owner: str | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Progress]:
        try:
            whole = self.ask(question, session_id, as_of, owner, cancellation)
            for call in whole.tool_calls:
                yield ToolStarted(call.name, call.args)
                yield ToolFinished(call)
            for piece in whole.answer.split(" "):
                yield Text(piece + " ")
                if "slow" in question:
                    time.sleep(15)
            yield whole
        finally:
            self.closed += 1

    def check(self, last_minutes: float = 10, as_of: datetime | None = None, window: Window | None = None) -> Check:
        del as_of, window
        self.minutes.append(last_minutes)
        return self.state

    def sessions(self, owner: str | None = None) -> Sequence[Session]:
        del owner
        return self.conversations

    def session(self, session_id: str, owner: str | None = None) -> SessionTurns:
        del owner
        for session in self.conversations:
            if session.id == session_id:
                return SessionTurns(session, (SessionTurn(1, NOW, replace(self.reply, session_id=session_id)),))
        raise UnknownSession

    def rename_session(self, session_id: str, title: str, owner: str | None = None) -> Session:
        renamed = replace(self.session(session_id, owner).session, title=title)
        self.conversations = [renamed if s.id == session_id else s for s in self.conversations]
        return renamed

    def delete_session(self, session_id: str, owner: str | None = None) -> None:
        self.session(session_id, owner)
        self.conversations = [s for s in self.conversations if s.id != session_id]

    def export_session(self, session_id: str, form: ExportForm = "json", owner: str | None = None) -> str:
        turns = self.session(session_id, owner)
        return json.dumps(turns.to_json()) if form == "json" else f"# {turns.session.title}\n{NASTY}\n"

    def monitor_status(self) -> MonitorStatus:
        raise MonitoringError("No monitor runs here.")

    def close(self) -> None: ...


def looked_at(components: Sequence[str] = COMPONENTS, hours: float = 1, **changes: Any) -> LookedAt:
    fields: Mapping[str, Any] = {"window": Window.last(timedelta(hours=hours), NOW), **changes}
    return LookedAt(tuple(components), **fields)


if __name__ == "__main__":
    past = [Session("s-1", "Is anything wrong?", NOW, 2)]
    sys.exit(terminal.run_interactive(FakePlatform(conversations=past), history_file=Path(sys.argv[1]), zone=UTC))
