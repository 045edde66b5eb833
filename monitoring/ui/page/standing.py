"""How the product itself stands: its monitor, storage, language model, sources, settings. No secret is part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring.contract import Json
from monitoring.operations import Fed, Supervision
from monitoring.ui.page import figures
from monitoring.ui.page.heading import EDITIONS

Fact = tuple[str, str]
"""What is told and what it is."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the product: whether it is well, a word for that, and facts."""

    title: str
    tone: str
    word: str
    facts: Sequence[Fact]


FEEDS: Mapping[Fed, str] = {
    "collecting": "Samples are collected from the endpoints below.",
    "simulating": "A simulated platform sends samples: everything is DEMO DATA. It is removed when the first real "
    "sample arrives; SCRAPE_URLS, `ingest` and the REST API bring them.",
    "waiting": "Nothing is collected: samples are sent with `ingest` or over the REST API.",
}


def parts(supervision: Supervision, configured: Sequence[Json], now: datetime) -> list[Part]:
    """Monitor, storage and language model."""
    values = {str(row["name"]): str(row["value"]) for row in configured}
    return [_monitor(supervision, now), _storage(supervision.storage, values), _model(values)]


def _monitor(supervision: Supervision, now: datetime) -> Part:
    status, age = supervision.monitor, supervision.tick_age_seconds
    tone, word = "healthy", "Watching"
    if status.errors_in_row:
        tone, word = "critical", "Failing"
    elif age is None:
        tone, word = "dull", "Starting"
    elif age > supervision.tick_due_seconds:
        tone, word = "warning", "Behind"
    who = "this process" if status.leading else status.leader or "no process yet"
    facts = [
        ("Last tick", figures.age(status.last_tick_at, now)),
        ("A tick takes", figures.value(status.last_tick_ms, "ms")),
        ("Done by", who),
        ("Series", f"{status.series:,}"),
        ("Judged until", figures.age(status.judged_until, now)),
    ]
    return Part("Monitor", tone, word, facts + ([("Last error", status.last_error)] if status.last_error else []))


def _storage(storage: Json, values: Mapping[str, str]) -> Part:
    edition = str(storage.get("edition", ""))
    place = f"embedded, in {values.get('DATA_DIR', 'the data folder')}" if storage.get("embedded") else "DATABASE_URL"
    facts = [
        ("Edition", EDITIONS.get(edition, edition)),
        ("Server", str(storage.get("server", figures.MISSING))),
        ("Where", place),
        ("Samples are kept", f"{values.get('RETENTION_DAYS', figures.MISSING)} days"),
        ("Rollups are kept", f"{values.get('ROLLUP_RETENTION_DAYS', figures.MISSING)} days"),
    ]
    if storage.get("timescaledb"):
        facts.insert(2, ("TimescaleDB", str(storage["timescaledb"])))
    return Part("Storage", "healthy", "Connected", facts)


def _model(values: Mapping[str, str]) -> Part:
    if values.get("OPENAI_API_KEY") != "set":
        facts = [("Model", "built in"), ("Costs", "nothing"), ("For a language model", "set OPENAI_API_KEY")]
        return Part("Answers", "healthy", "Built-in model", facts)
    facts = [
        ("Model", values.get("OPENAI_MODEL", "")),
        ("Service", values.get("OPENAI_BASE_URL", "").replace("not set", "OpenAI")),
        ("Tokens an answer", _limit(values.get("OPENAI_TOKENS_PER_ANSWER"))),
        ("Tokens an hour", _limit(values.get("OPENAI_TOKENS_PER_HOUR"))),
        ("When it fails", "the built-in model answers"),
    ]
    return Part("Answers", "healthy", "Language model", facts)


def _limit(text: str | None) -> str:
    return f"at most {int(text):,}" if text and text.isdigit() and int(text) else "no limit"


@dataclass(frozen=True, slots=True)
class Source:
    """Something samples are collected from."""

    name: str
    tone: str
    word: str
    text: str


def sources(supervision: Supervision, now: datetime) -> list[Source]:
    """The sources, those that fail first."""
    rows = [
        Source(
            source.name,
            "healthy" if source.ok else "critical",
            "Answers" if source.ok else "Fails",
            f"{source.samples:,} samples, {figures.age(source.last_success, now)}"
            if source.ok
            else f"{source.error or 'no answer'}; last answered {figures.age(source.last_success, now)}",
        )
        for source in supervision.sources
    ]
    return sorted(rows, key=lambda row: row.tone == "healthy")


def matching(configured: Sequence[Json], wanted: str) -> list[Json]:
    """The settings whose name, value or help holds each of the words."""
    return [row for row in configured if all(word in _searched(row) for word in wanted.lower().split())]


def _searched(row: Json) -> str:
    return " ".join([*map(str, row.values()), str(row["name"]).replace("_", " ")]).lower()
