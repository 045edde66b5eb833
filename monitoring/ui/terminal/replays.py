"""What a replay shows: what was replayed, what was left out of it, each incident with its chain, each event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from rich.console import RenderableType
from rich.text import Text

from monitoring.ui.terminal.consoles import console_for
from monitoring.ui.terminal.tables import SERIES, Column, incident_lines, table
from monitoring.ui.terminal.text import Times, count, forgiving, json_text, moment, one_line, sentence

MOST_LINKS = 12


def show_replay(found: Mapping[str, Any], *, json_output: bool, stdout: TextIO) -> None:
    """The result of `replay` on `stdout`, times in UTC."""
    forgiving(stdout)
    if json_output:
        stdout.write(json_text(dict(found), stdout) + "\n")
    else:
        console = console_for(stdout)
        for part in _parts(found, console.width):
            console.print(part)
    stdout.flush()


def _parts(found: Mapping[str, Any], width: int) -> Iterator[RenderableType]:
    end = moment(found["to"])
    assert end is not None
    times = Times(end, end.tzinfo)
    yield Text(f"{count(found['ticks'], 'tick')} over {count(found['samples'], 'sample')}, {_span(found)}", "title")
    for reason, number in found["reasons"].items():
        yield Text(f"left out: {number:,} · {sentence(reason)}", "warning")
    if not found["incidents"]:
        yield Text("\nNothing was wrong.", "healthy")
        return
    yield Text(f"\n{count(len(found['incidents']), 'incident')}", "title")
    for incident in found["incidents"]:
        yield from incident_lines(incident, times, MOST_LINKS)
    yield Text(f"\n{count(len(found['events']), 'anomaly', 'anomalies')}", "title")
    yield table(_COLUMNS, found["events"], times, width)


def _span(found: Mapping[str, Any]) -> str:
    first, last = moment(found["from"]), moment(found["to"])
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"


def _time(name: str) -> Column:
    return Column(name.removesuffix("_at").capitalize(), lambda row, times: times.at(row.get(name)))


_COLUMNS = (
    _time("started_at"),
    _time("detected_at"),
    _time("resolved_at"),
    Column("Severity", lambda row, _times: one_line(row["severity"])),
    Column("Type", lambda row, _times: one_line(row["anomaly_type"]).replace("_", " "), drop=1),
    *SERIES,
    Column("Incident", lambda row, _times: str(row["incident"] or "–"), drop=2, right=True),
    Column("Why", lambda row, _times: sentence(str(row.get("why") or "–")), drop=3, wrap=True),
)
