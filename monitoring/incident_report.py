"""An incident as a report to be read: what happened when, how it spread, the numbers, what was done, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from monitoring.anomalies import humanize
from monitoring.contract import iso
from monitoring.metrics import Catalogue, Pattern

Row = Mapping[str, Any]
MOST_EVENTS = 200
"""Rows of a table; more make no report."""


def incident_report(
    catalogue: Catalogue,
    now: datetime,
    incident: Row,
    events: Sequence[Row],
    notes: Sequence[Row],
    announcements: Sequence[Row],
    silences: Sequence[Row],
    demo: bool,
) -> str:
    """The report as Markdown; names and texts from outside are escaped."""
    parts = [
        _head(catalogue, now, incident, demo),
        _section("Timeline", _timeline(incident, events, notes, announcements)),
        _section("Chain", _chain(incident)),
        _section("Numbers", _numbers(events)),
        _section("What was done", _actions(events, notes, silences)),
        _section("Analysis", _analysis(events)),
        _section("What to check first", _checks(catalogue, incident)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(catalogue: Catalogue, now: datetime, incident: Row, demo: bool) -> str:
    known = _pattern(catalogue, incident)
    title = known.title if known else "Isolated anomaly"
    ended = incident["resolved_at"]
    lasting = humanize((ended or now) - incident["started_at"])
    root = " ".join(_text(incident[part]) for part in ("root_component", "root_instance", "root_metric"))
    certain = "" if incident["certain"] else " (which of the first signs was the cause cannot be told)"
    lines = [
        f"# Incident {incident['id']}: {title}",
        *(["**DEMO DATA: these figures come from the built-in simulator, not from a real platform.**"] if demo else []),
        "\n".join(
            [
                f"- Status: {incident['status']}, {incident['severity']}",
                f"- Began: {iso(incident['started_at'])}",
                f"- Detected: {iso(incident['detected_at'])}",
                f"- Ended: {iso(ended) or 'not yet'}, {'after' if ended else 'going on for'} {lasting}",
                f"- Root: {root}{certain}",
                f"- Pattern: {incident['rule'] or incident['pattern']}",
            ]
        ),
        _text(incident["summary"]),
        known.explanation if known else "",
    ]
    return "\n\n".join(line for line in lines if line)


def _timeline(incident: Row, events: Iterable[Row], notes: Iterable[Row], announcements: Iterable[Row]) -> list[str]:
    moments: list[tuple[datetime, str]] = []
    for event in events:
        name = _series(event)
        moments += [
            (event["started_at"], f"{name} begins: {_text(event['why'] or event['message'])}"),
            (event["detected_at"], f"{name} fires"),
            (event["critical_at"], f"{name} is critical"),
            (event["acknowledged_at"], f"{name} acknowledged by {_text(event['acknowledged_by'] or 'somebody')}"),
            (event["resolved_at"], f"{name} is over"),
        ]
    moments += [(note["at"], f"note of {_text(note['author'])}: {_text(note['text'])}") for note in notes]
    moments += [(told["at"], f"told ({told['kind']}): {_text(told['text'])}") for told in announcements if told["due"]]
    if incident["resolved_at"]:
        moments.append((incident["resolved_at"], "the incident is over"))
    known = sorted((moment for moment in moments if moment[0] is not None), key=lambda moment: moment[0])
    return [f"- {iso(at)} {words}" for at, words in known]


def _chain(incident: Row) -> list[str]:
    return [
        f"{place}. {link['onset']} {_text(link['component'])} {_text(link['instance'])} {_text(link['metric'])}"
        f" ({link['severity']})"
        for place, link in enumerate(incident["chain"], start=1)
    ]


def _numbers(events: Sequence[Row]) -> list[str]:
    if not events:
        return []
    table = ["| series | type | value | worst | usual or limit | lasted |", "| --- | --- | ---: | ---: | --- | --- |"]
    for event in events[:MOST_EVENTS]:
        unit = f" {_text(event['unit'])}" if event["unit"] else ""
        lasted = humanize((event["resolved_at"] or event["last_seen_at"]) - event["started_at"])
        against = _text(event["threshold"]) or (
            "" if event["expected"] is None else f"usually {_number(event['expected'])}{unit}"
        )
        table.append(
            f"| {_series(event)} | {event['anomaly_type']} | {_number(event['value'])}{unit} |"
            f" {_number(event['peak_value'])}{unit} | {against} | {lasted} |"
        )
    left = len(events) - MOST_EVENTS
    return [*table, *(["", f"{left} more are left out."] if left > 0 else [])]


def _actions(events: Iterable[Row], notes: Iterable[Row], silences: Iterable[Row]) -> list[str]:
    done = [
        (event["acknowledged_at"], f"{_series(event)} acknowledged by {_text(event['acknowledged_by'] or 'somebody')}")
        for event in events
        if event["acknowledged_at"] is not None
    ]
    done += [(note["at"], f"{_text(note['author'])} noted: {_text(note['text'])}") for note in notes]
    done += [
        (
            silence["starts_at"],
            f"{_text(silence['created_by'] or 'somebody')} silenced "
            f"{' '.join(_text(silence[part]) for part in ('component', 'instance', 'metric', 'anomaly_type'))}"
            f" until {iso(silence['ends_at'])}{': ' + _text(silence['reason']) if silence['reason'] else ''}",
        )
        for silence in silences
    ]
    return [f"- {iso(at)} {words}" for at, words in sorted(done)] or ["Nothing was put on record."]


def _analysis(events: Iterable[Row]) -> list[str]:
    return [_text(event["analysis"]) for event in events if event["analysis"]]


def _checks(catalogue: Catalogue, incident: Row) -> list[str]:
    kind = incident["rule"] or incident["pattern"]
    return [f"- {check}" for check in catalogue.checks_for(kind, incident["root_metric"])]


def _pattern(catalogue: Catalogue, incident: Row) -> Pattern | None:
    """The kind of failure it is, where it is one."""
    return catalogue.pattern(incident["rule"] or incident["pattern"])


def _section(title: str, lines: Sequence[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines) if lines else ""


def _series(event: Row) -> str:
    return " ".join(_text(event[part]) for part in ("component", "instance", "metric"))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6g}"


def _text(words: object) -> str:
    """On one line, and without meaning to Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(str(words or "").split()))
