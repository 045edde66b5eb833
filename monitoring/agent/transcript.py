"""A conversation as a document: JSON for programs, Markdown for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from monitoring.contract import ExportForm, SessionTurn, SessionTurns, ToolReply

MOST_ROWS_SHOWN = 10
_COLUMNS = (
    *("component", "instance", "metric", "severity", "status", "started_at", "value", "unit", "why"),
    *("pattern", "root_component", "root_instance", "root_metric", "avg", "min", "max", "last", "direction"),
)


def transcript(session: SessionTurns, form: ExportForm, zone: tzinfo) -> str:
    """The conversation as one document; times are shown in `zone` in Markdown, in UTC in JSON."""
    if form == "json":
        return json.dumps(session.to_json(), ensure_ascii=False, indent=2) + "\n"
    return "\n".join(_document(session, zone)) + "\n"


def _document(session: SessionTurns, zone: tzinfo) -> Iterator[str]:
    yield f"# {_line(session.session.title)}"
    yield ""
    yield f"Session `{_line(session.session.id)}`, last used {_when(session.session.updated_at, zone)}."
    for turn in session.turns:
        yield from _turn(turn, zone)


def _turn(turn: SessionTurn, zone: tzinfo) -> Iterator[str]:
    answer = turn.answer
    yield ""
    yield f"## {turn.number}. {_line(answer.question) or '(empty question)'}"
    yield ""
    yield f"_{_when(turn.asked_at, zone)}, as of {_when(answer.as_of, zone)}, by {_line(answer.model)}_"
    yield ""
    yield answer.answer.strip()
    for note in answer.notes:
        yield ""
        yield f"> {_line(note)}"
    if not answer.grounded:
        yield ""
        yield f"> Not in the rows: {', '.join(map(_line, answer.untraced))}"
    for call in answer.tool_calls:
        yield from _evidence(call)


def _evidence(call: ToolReply) -> Iterator[str]:
    arguments = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in call.args.items())
    yield ""
    yield f"Looked up with `{call.name}({arguments.replace('`', '')})`: {call.status}, {call.row_count} rows."
    rows = call.rows[:MOST_ROWS_SHOWN]
    columns = [name for name in _COLUMNS if any(row.get(name) is not None for row in rows)]
    if not columns:
        return
    yield ""
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(_cell(row, name) for name in columns)} |"
    if call.row_count > len(rows):
        yield ""
        yield f"The first {len(rows)} of {call.row_count} rows."


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else _line(str(value)).replace("|", "\\|")


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _when(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
