"""An incident as a report: what happened when, how it spread, the numbers, what was done, what is like it. Pure.

Everything is bounded: of very long lists the beginning and the end are told, and how much lies between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitoring.anomalies import humanize
from monitoring.contract import iso
from monitoring.document_types import report_title
from monitoring.metrics import ANY, Catalogue, Pattern
from monitoring.reports.parts import Blank, Chart, Charts, Facts, Moments, Part, Points, Report, Section, Table, Words
from monitoring.tools.incidents import UNNAMED

Row = Mapping[str, Any]
MOST_EVENTS = 200
"""Rows of a table; more make no report."""
MOST_MOMENTS = 300
MOST_LINKS = 100
MOST_ACTIONS = 100
MOST_ANALYSES = 20
LONGEST_NAME = 120
LONGEST_LINE = 500
LONGEST_TEXT = 4_000
SHARE_BEFORE = 2 / 3
"""Of the moments that are told, so many are the first ones."""
ROOT = ("root_component", "root_instance", "root_metric")
DEMO = "DEMO DATA: these figures come from the built-in simulator, not from a real platform."
BLANKS = (
    Blank("Impact: who was affected, for how long, what was lost or late"),
    Blank("Root cause as confirmed"),
    Blank("Resolution: what ended it"),
    Blank("Lessons: what went well, what went badly, where we were lucky"),
    Blank("Action items: what, who, by when", 5),
)


@dataclass(frozen=True, slots=True)
class Kin:
    """A document that speaks of such an incident: what it says and what helped then, each with file and page."""

    title: str
    says: str
    helped: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of an incident. `kin` and `before` are documents and incidents that are like it, `gaps` what
    could not be read while this was gathered, as sentences; `timezone` is the one the platform is set to."""

    incident: Row
    events: Sequence[Row]
    notes: Sequence[Row] = ()
    announcements: Sequence[Row] = ()
    silences: Sequence[Row] = ()
    charts: Sequence[Chart] = ()
    kin: Sequence[Kin] = ()
    before: Sequence[Row] = ()
    gaps: Sequence[str] = ()
    demo: bool = False
    timezone: str = "UTC"


def composed(catalogue: Catalogue, now: datetime, record: Record) -> Report:
    """The report as of now."""
    incident, events = record.incident, record.events
    sections = [
        Section("Timeline", _timeline(record)),
        Section("Chain", _chain(incident)),
        Section("Course of the series", [Charts(record.charts)] if record.charts else []),
        Section("Numbers", _numbers(events)),
        Section("What was done", _actions(record)),
        Section("Analysis", _analysis(events)),
        Section("What to check first", _checks(catalogue, incident)),
        Section("Similar past incidents", _similar(record)),
        Section("To be filled in", BLANKS),
        Section("About this report", _about(record, now)),
    ]
    return Report(
        title=report_title(incident["id"], title_of(catalogue, incident), incident["started_at"]),
        made_at=now,
        head=_head(catalogue, now, record),
        sections=[section for section in sections if section.parts],
        banner=DEMO if record.demo else "",
    )


def title_of(catalogue: Catalogue, incident: Row) -> str:
    """What kind of failure it is."""
    known = _pattern(catalogue, incident)
    return known.title if known else UNNAMED if len(incident["chain"]) > 1 else "Isolated anomaly"


def _head(catalogue: Catalogue, now: datetime, record: Record) -> list[Part]:
    incident, ended = record.incident, record.incident["resolved_at"]
    known = _pattern(catalogue, incident)
    lasting = humanize((ended or now) - incident["started_at"])
    certain = "" if incident["certain"] else " (which of the first signs was the cause cannot be told)"
    facts = [
        ("Status", f"{incident['status']}, {incident['severity']}"),
        ("Began", str(iso(incident["started_at"]))),
        ("Detected", str(iso(incident["detected_at"]))),
        ("Ended", f"{iso(ended) or 'not yet'}, {'after' if ended else 'going on for'} {lasting}"),
        ("Root", f"{_named(incident, ROOT)}{certain}"),
        ("Pattern", str(incident["rule"] or incident["pattern"])),
    ]
    texts = [cut(incident["summary"], LONGEST_TEXT), known.explanation if known else ""]
    return [Facts(facts), *(Words(text) for text in texts if text)]


def _timeline(record: Record) -> list[Part]:
    moments: list[tuple[datetime | None, str]] = []
    for event in record.events:
        moments += _life(event)
    moments += [(note["at"], f"note of {_who(note['author'])}: {_line(note['text'])}") for note in record.notes]
    moments += [
        (told["at"], f"told ({told['kind']}): {_line(told['text'])}") for told in record.announcements if told["due"]
    ]
    moments.append((record.incident["resolved_at"], "the incident is over"))
    known = sorted(((at, words) for at, words in moments if at is not None), key=lambda moment: moment[0])
    return _bounded(known)


def _life(event: Row) -> list[tuple[datetime | None, str]]:
    """What happened to one anomaly."""
    name = _named(event)
    return [
        (event["started_at"], f"{name} begins: {_line(event['why'] or event['message'])}"),
        (event["detected_at"], f"{name} fires"),
        (event["critical_at"], f"{name} is critical"),
        (event["acknowledged_at"], f"{name} acknowledged by {_who(event['acknowledged_by'])}"),
        (event["resolved_at"], f"{name} is over"),
    ]


def _bounded(moments: Sequence[tuple[datetime, str]]) -> list[Part]:
    """The moments, of too many the first and the last."""
    if not moments:
        return []
    left = len(moments) - MOST_MOMENTS
    if left <= 0:
        return [Moments(moments)]
    first = round(MOST_MOMENTS * SHARE_BEFORE)
    rest = moments[first - MOST_MOMENTS :]
    return [Moments(moments[:first]), Words(f"{left:,} more are left out here."), Moments(rest)]


def _chain(incident: Row) -> list[Part]:
    links = [f"{link['onset']} {_named(link)} ({link['severity']})" for link in incident["chain"][:MOST_LINKS]]
    return [Points(links, numbered=True), *_left(len(incident["chain"]) - MOST_LINKS)] if links else []


def _numbers(events: Sequence[Row]) -> list[Part]:
    if not events:
        return []
    head = ("series", "type", "value", "worst", "usual or limit", "lasted")
    rows = [_figures(event) for event in events[:MOST_EVENTS]]
    return [Table(head, rows, frozenset({2, 3})), *_left(len(events) - MOST_EVENTS)]


def _figures(event: Row) -> tuple[str, ...]:
    unit = f" {event['unit']}" if event["unit"] else ""
    usual = "" if event["expected"] is None else f"usually {_number(event['expected'])}{unit}"
    return (
        _named(event),
        str(event["anomaly_type"]),
        f"{_number(event['value'])}{unit}",
        f"{_number(event['peak_value'])}{unit}",
        _line(event["threshold"]) or usual,
        humanize((event["resolved_at"] or event["last_seen_at"]) - event["started_at"]),
    )


def _actions(record: Record) -> list[Part]:
    done = [
        (event["acknowledged_at"], f"{_named(event)} acknowledged by {_who(event['acknowledged_by'])}")
        for event in record.events
        if event["acknowledged_at"] is not None
    ]
    done += [(note["at"], f"{_who(note['author'])} noted: {cut(note['text'], LONGEST_TEXT)}") for note in record.notes]
    done += [(silence["starts_at"], _silenced(silence)) for silence in record.silences]
    if not done:
        return [Words("Nothing was put on record.")]
    return [Moments(sorted(done)[:MOST_ACTIONS]), *_left(len(done) - MOST_ACTIONS)]


def _silenced(silence: Row) -> str:
    what = _named(silence, ("component", "instance", "metric", "anomaly_type"))
    reason = f": {_line(silence['reason'])}" if silence["reason"] else ""
    return f"{_who(silence['created_by'])} silenced {what} until {iso(silence['ends_at'])}{reason}"


def _analysis(events: Iterable[Row]) -> list[Part]:
    told = [cut(event["analysis"], LONGEST_TEXT) for event in events if event["analysis"]]
    return [Words(text) for text in told[:MOST_ANALYSES]]


def _checks(catalogue: Catalogue, incident: Row) -> list[Part]:
    checks = catalogue.checks_for(incident["rule"] or incident["pattern"], incident["root_metric"])
    return [Points(checks)] if checks else []


def _similar(record: Record) -> list[Part]:
    """Documents and incidents on record that are like it."""
    if not record.kin and not record.before:
        return [Words("No document speaks of an incident like it, and none on record before it began in the same way.")]
    parts: list[Part] = []
    for kin in record.kin:
        parts += [Words(cut(kin.title, LONGEST_NAME), strong=True), Words(kin.says)]
        parts += [Points(kin.helped)] if kin.helped else []
    if record.before:
        head = ("on record", "began", "lasted", "severity", "where", "noted then")
        parts.append(Table(head, [_past(row) for row in record.before]))
    return parts


def _past(row: Row) -> tuple[str, ...]:
    lasted = humanize(row["resolved_at"] - row["started_at"])
    where, noted = _named(row, ROOT), _line(row["notes"])
    return f"incident {row['id']}", str(iso(row["started_at"])), lasted, str(row["severity"]), where, noted or "–"


def _about(record: Record, now: datetime) -> list[Part]:
    zone = "" if record.timezone == "UTC" else f" The platform is set to {record.timezone}."
    made = (
        f"Made at {iso(now)} by the Platform Monitoring Chatbot from what it recorded. Times are UTC.{zone}"
        f"{'' if record.incident['resolved_at'] else ' The incident was not over then.'}"
    )
    return [*(Words(gap) for gap in record.gaps), Words(made)]


def _left(more: int) -> list[Part]:
    return [Words(f"{more:,} more are left out.")] if more > 0 else []


def _pattern(catalogue: Catalogue, incident: Row) -> Pattern | None:
    """The kind of failure it is, where it is one."""
    return catalogue.pattern(incident["rule"] or incident["pattern"])


def _named(row: Row, parts: Sequence[str] = ("component", "instance", "metric")) -> str:
    return " ".join(cut(row[part], LONGEST_NAME) or ANY for part in parts)


def _who(name: object) -> str:
    return cut(name, LONGEST_NAME) or "somebody"


def _line(text: object) -> str:
    return cut(text, LONGEST_LINE)


def cut(text: object, longest: int) -> str:
    """On one line, and not endless; the empty text for none."""
    words = " ".join(str(text or "").split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"
