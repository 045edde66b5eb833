"""Rows of the tools as tables: which columns matter, and which go when the terminal is narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from monitoring.contract import Json, ToolReply
from monitoring.sparkline import sparkline
from monitoring.ui.terminal.consoles import health_mark
from monitoring.ui.terminal.text import (
    Times,
    aligned,
    count,
    looked_at_words,
    number,
    one_line,
    outcome_words,
    percent,
    read_quantity,
    sentence,
    series_name,
)

MOST_ROWS = 20
NARROW = 120
"""Below this width there is no room for a metric's name beside its course."""
MOST_SERIES = 8
_GAP = 2
_WRAPPED_MINIMUM = 24
_DIRECTION = {"rising": "↑", "falling": "↓", "steady": "→"}

TIMELESS = Times(datetime.min.replace(tzinfo=UTC))
"""For rows that hold no times."""

Cell = str | Text


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how a row's cell is made. `drop` tells how soon it goes when there is no room, 0 never."""

    header: str
    cell: Callable[[Json, Times], Cell]
    drop: int = 0
    right: bool = False
    wrap: bool = False


def _field(name: str) -> Callable[[Json, Times], Cell]:
    def cell(row: Json, _times: Times) -> Cell:
        value = row.get(name)
        return "–" if value is None or value == "" else sentence(str(value))

    return cell


def _figure(name: str) -> Callable[[Json, Times], Cell]:
    return lambda row, _times: _amount(row.get(name), row)


_READ_IN_UNIT = frozenset({"bytes", "s", "ms"})


def _has_own_words(row: Json) -> bool:
    """Whether figures of a series read by themselves, as 4.2 GB, 12 min or 87 % do."""
    return row.get("unit") in _READ_IN_UNIT or str(row.get("unit")).startswith("ratio")


def _amount(value: object, row: Json) -> str:
    """A figure of a series; where its unit has to be named, the last column does."""
    return read_quantity(value, row.get("unit")) if _has_own_words(row) else aligned(value)


def _value(row: Json, _times: Times) -> Cell:
    return read_quantity(row.get("value"), row.get("unit"))


def _usual(row: Json, _times: Times) -> Cell:
    return read_quantity(row.get("expected"), row.get("unit"))


def _last(row: Json, _times: Times) -> Cell:
    return read_quantity(row.get("last"), row.get("unit"))


def _severity(row: Json, _times: Times) -> Cell:
    return health_mark(row.get("severity"))


def _since(row: Json, times: Times) -> Cell:
    return times.since(row.get("started_at"))


def status_words(row: Json, times: Times) -> str:
    """`firing`, `resolved 09:43`; and whether it flaps."""
    status = one_line(row.get("status") or "–") + (" (flapping)" if row.get("flapping") else "")
    return f"{status} {times.at(row['resolved_at'])}" if row.get("resolved_at") else status


def _spark(row: Json, _times: Times) -> Cell:
    return Text(sparkline(row.get("points")), style="critical" if row.get("breached") else "spark")


def _change(row: Json, _times: Times) -> Cell:
    arrow = _DIRECTION.get(str(row.get("direction")), "")
    return f"{arrow} {percent(row.get('change_pct'))}".strip()


def _compared(row: Json, _times: Times) -> Cell:
    return percent(row.get("avg_change_pct"))


SERIES = (
    Column("Component", _field("component")),
    Column("Instance", _field("instance"), wrap=True),
    Column("Metric", _field("metric"), wrap=True),
)
ANOMALIES = (
    Column("Severity", _severity),
    *SERIES,
    Column("Value", _value, right=True),
    Column("Usual", _usual, drop=4, right=True),
    Column("Threshold", _field("threshold"), drop=5),
    Column("Since", _since, drop=2),
    Column("Status", status_words, drop=3),
    Column("Why", _field("why"), drop=6, wrap=True),
)
TREND = (
    Column("Component", _field("component"), drop=8),
    Column("Instance", _field("instance"), wrap=True),
    Column("Metric", _field("metric"), drop=3, wrap=True),
    Column("Course", _spark, drop=1),
    Column("Avg", _figure("avg"), drop=4, right=True),
    Column("Min", _figure("min"), drop=5, right=True),
    Column("Max", _figure("max"), drop=2, right=True),
    Column("Last", _last, right=True),
    Column("Change", _change, right=True),
)
COMPARED = Column("Avg against before", _compared, right=True)


def fitting(columns: Sequence[Column], rows: Sequence[Json], times: Times, width: int) -> list[Column]:
    """The columns there is room for: those with the highest `drop` go first, those with 0 never."""
    kept = list(columns)
    widths = {id(column): _wanted(column, rows, times) for column in columns}
    while sum(widths[id(column)] + _GAP for column in kept) - _GAP > width:
        droppable = [column for column in kept if column.drop]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda column: column.drop))
    return kept


def _wanted(column: Column, rows: Sequence[Json], times: Times) -> int:
    widest = max((cell_len(_plain(column.cell(row, times))) for row in rows), default=0)
    if column.wrap:
        widest = min(widest, _WRAPPED_MINIMUM)
    return max(widest, cell_len(column.header))


def _plain(cell: Cell) -> str:
    return cell.plain if isinstance(cell, Text) else cell


def table(columns: Sequence[Column], rows: Sequence[Json], times: Times, width: int) -> Table:
    """The rows under the columns that fit; what is still too wide is wrapped, never cut."""
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    kept = fitting(columns, rows, times, width)
    for column in kept:
        drawn.add_column(
            column.header,
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=not column.wrap and not column.drop and width >= 60,
        )
    for row in rows:
        cells = (column.cell(row, times) for column in kept)
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
    return drawn


def trend_rows(calls: Sequence[ToolReply]) -> list[Json]:
    """The rows of all calls that describe the course of a series."""
    return [row for call in calls for row in call.rows if row.get("points")]


def trend_columns(rows: Sequence[Json]) -> list[Column]:
    compared = any(row.get("avg_change_pct") is not None for row in rows)
    return [*TREND, COMPARED] if compared else list(TREND)


def trend_table(rows: Sequence[Json], times: Times, width: int) -> Table:
    columns = trend_columns(rows)
    if len({row.get("metric") for row in rows}) == 1 and len(rows) > 1:
        columns = [column for column in columns if column.header != "Metric"]
    return table(columns, rows, times, width)


def trend_tables(rows: Sequence[Json], times: Times, width: int) -> Iterator[RenderableType]:
    """One table where it is wide enough to name the metric in each row, else one below each metric's name."""
    by_metric: dict[str, list[Json]] = {}
    for row in rows:
        by_metric.setdefault(str(row.get("metric")), []).append(row)
    if len(by_metric) == 1 or width >= NARROW:
        yield trend_table(rows, times, width)
        return
    for name, of_metric in by_metric.items():
        yield Text(one_line(name), style="title")
        yield table([column for column in trend_columns(rows) if column.header != "Metric"], of_metric, times, width)


def call_heading(call: ToolReply, zone: tzinfo | None) -> Text:
    """`✓ check_real_time_anomalies · kafka · last 10 min · 3 rows · 12 ms`."""
    mark, style = {"ok": ("✓", "good"), "no_data": ("○", "no_data")}.get(call.status, ("✗", "error"))
    rest = " · ".join(part for part in (looked_at_words(call, zone), outcome_words(call)) if part)
    return Text.assemble((mark, style), " ", (one_line(call.name), "name"), (f" · {rest}", "quiet"))


def call_rows(call: ToolReply, times: Times, width: int) -> Iterator[RenderableType]:
    """A tool call and its rows, with what was left off."""
    yield call_heading(call, times.zone)
    rows = list(call.rows[:MOST_ROWS])
    if rows:
        yield Text("")
        yield from _rows(rows, times, width)
    yield from _left_off(call, len(rows))
    if call.hint:
        yield Text(sentence(call.hint), style="quiet")


def _left_off(call: ToolReply, shown: int) -> Iterator[Text]:
    if call.row_count > shown:
        more = count(call.row_count - shown, "more row")
        yield Text(f"… and {more}; /json shows all that were kept", style="quiet")


def _rows(rows: Sequence[Json], times: Times, width: int) -> Iterator[RenderableType]:
    if any("chain" in row for row in rows):
        for row in rows:
            yield from incident_lines(row, times)
    elif any("points" in row for row in rows):
        yield from trend_tables(rows, times, width)
    elif any("severity" in row and "metric" in row for row in rows):
        yield table(ANOMALIES, rows, times, width)
    else:
        yield table(_any_columns(rows), rows, times, width)


def _any_columns(rows: Sequence[Json]) -> list[Column]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [
        Column(one_line(name), _field(name), drop=position, right=_numeric(rows, name))
        for position, name in enumerate(names)
    ]


def _numeric(rows: Sequence[Json], name: str) -> bool:
    return all(isinstance(row.get(name), int | float) for row in rows)


def incident_head(row: Mapping[str, Any], times: Times) -> Iterator[Text]:
    """What an incident is, since when, and where it began with which value."""
    name = sentence(str(row.get("title") or ""))
    name = name or one_line(row.get("rule") or row.get("pattern") or "incident").replace("_", " ")
    number_of = f" #{number(row['id'])}" if row.get("id") is not None else ""
    when = f"since {times.since(row.get('started_at'))}"
    if row.get("resolved_at"):
        when = f"{times.at(row.get('started_at'))} to {times.at(row['resolved_at'])}"
    status = f" · {one_line(row.get('status') or 'open')} · {when}"
    yield Text.assemble(health_mark(row.get("severity")), "  ", (name + number_of, "name"), status)
    label = "root" if row.get("certain", True) else "earliest sign"
    root = row.get("root") or {}
    value = root.get("peak_value" if row.get("resolved_at") else "value")
    figure = "" if value is None else f"  {read_quantity(value, root.get('unit'))}"
    known = figure and root.get("expected") is not None
    usual = f", usually {read_quantity(root['expected'], root.get('unit'))}" if known else ""
    yield Text.assemble("  ", (label, "quiet"), f"  {series_name(row, 'root_')}{figure}{usual}")


def incident_lines(row: Mapping[str, Any], times: Times, most: int = 10) -> Iterator[Text]:
    """An incident: what it is, where it began, and its chain in order of onset."""
    yield from incident_head(row, times)
    chain = [link for link in row.get("chain") or () if isinstance(link, Mapping)]
    for place, link in enumerate(chain[:most], 1):
        yield Text.assemble(f"  {place:>3}. {times.at(link.get('onset'))}  {series_name(link)}")
    if len(chain) > most:
        yield Text(f"       … and {len(chain) - most} more", style="quiet")
    if row.get("summary"):
        yield Text(f"  {sentence(str(row['summary']))}", style="quiet")
