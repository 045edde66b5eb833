"""The rows behind an answer as tables to read, with units and times of the page's zone, and as CSV to work with."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from monitoring.contract import Json, ToolReply
from monitoring.metrics import ANY
from monitoring.ui.page import figures, theme
from monitoring.ui.page.lookups import Scene, component_name, metric_name
from monitoring.ui.page.text import one_line

COURSE = "Course"
"""The column that holds figures to draw as a line."""

Record = dict[str, object]
Cell = Callable[[Json, Scene], object]

_STATUSES = {
    "pending": "Not yet firing",
    "firing": "Firing",
    "acknowledged": "Acknowledged",
    "silenced": "Silenced",
    "resolved": "Resolved",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(reply: ToolReply, scene: Scene) -> list[Record]:
    """The rows to be read, in columns that fit what they are; columns in which nothing stands are left out, and the
    component where it is the same in all of several rows."""
    columns = _columns(reply.rows)
    records = [{name: cell(row, scene) for name, cell in columns.items()} for row in reply.rows]
    idle = {name for name in columns if all(record[name] in (None, "", [], figures.MISSING) for record in records)}
    if len(records) > 1 and len({record.get("Component") for record in records}) == 1:
        idle.add("Component")
    return [{name: value for name, value in record.items() if name not in idle} for record in records]


def as_csv(rows: Sequence[Json]) -> str:
    """All of the rows as CSV: times in UTC, lists as JSON, and no text that a spreadsheet would compute."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_csv_cell(name) for name in names])
    writer.writerows([_csv_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value


def _columns(rows: Sequence[Json]) -> Mapping[str, Cell]:
    if any("points" in row for row in rows):
        return _TREND
    if any("chain" in row for row in rows):
        return _INCIDENTS
    if any("severity" in row and "metric" in row for row in rows):
        return _ANOMALIES
    return {one_line(name): _plain(name) for name in dict.fromkeys(name for row in rows for name in row)}


def _plain(name: str) -> Cell:
    def cell(row: Json, _scene: Scene) -> object:
        value = row.get(name)
        return value if isinstance(value, int | float) else "" if value is None else one_line(value, 200)

    return cell


def _quantity(name: str) -> Cell:
    def cell(row: Json, _scene: Scene) -> object:
        value = row.get(name)
        return figures.value(value if isinstance(value, int | float) else None, str(row.get("unit") or ""))

    return cell


def _time(name: str) -> Cell:
    def cell(row: Json, scene: Scene) -> object:
        moment = figures.moment(row.get(name))
        return "" if moment is None else scene.clock(moment)

    return cell


def _component(row: Json, _scene: Scene) -> object:
    return component_name(row.get("component"))


def _instance(row: Json, _scene: Scene) -> object:
    return "all" if row.get("instance") == ANY else one_line(row.get("instance", ""), 80)


def _metric(row: Json, scene: Scene) -> object:
    return "all" if row.get("metric") == ANY else metric_name(row.get("metric", ""), scene.catalogue)


def _severity(row: Json, _scene: Scene) -> object:
    look = theme.severity(str(row.get("severity")))
    return f"{look.shape} {look.word}"


def _status(row: Json, _scene: Scene) -> object:
    status = str(row.get("status") or "")
    flapping = ", flapping" if row.get("flapping") else ""
    return _STATUSES.get(status, one_line(status)) + flapping


def _lasted(row: Json, scene: Scene) -> object:
    until = figures.moment(row.get("resolved_at")) or scene.now
    return figures.lasting(row.get("started_at"), until)


def _course(row: Json, _scene: Scene) -> object:
    return [float(point) for point in row.get("points") or () if isinstance(point, int | float)]


def _change(row: Json, _scene: Scene) -> object:
    arrow = {"rising": "↑ rising", "falling": "↓ falling", "steady": "→ steady"}.get(str(row.get("direction")), "")
    percent = row.get("change_pct")
    return f"{arrow}, {percent:+,.0f} %" if isinstance(percent, int | float) and abs(percent) >= 1 else arrow


def _before(row: Json, scene: Scene) -> object:
    earlier = row.get("compare")
    return _quantity("avg")({**earlier, "unit": row.get("unit")}, scene) if isinstance(earlier, Mapping) else ""


def _against(row: Json, _scene: Scene) -> object:
    percent = row.get("avg_change_pct")
    return f"{percent:+,.0f} %" if isinstance(percent, int | float) else ""


def _what(row: Json, _scene: Scene) -> object:
    title = row.get("title") or str(row.get("rule") or row.get("pattern") or "incident").replace("_", " ").capitalize()
    return one_line(title, 120)


def _root(row: Json, scene: Scene) -> object:
    parts = {name: row.get(f"root_{name}", "") for name in ("component", "instance", "metric")}
    return f"{_component(parts, scene)} {_instance(parts, scene)}: {_metric(parts, scene)}"


def _spread(row: Json, _scene: Scene) -> object:
    links = [link for link in row.get("chain") or () if isinstance(link, Mapping)]
    order = dict.fromkeys(component_name(link.get("component")) for link in links)
    return f"{' → '.join(order)} ({len(links)} series)" if links else ""


_SERIES: Mapping[str, Cell] = {"Component": _component, "Instance": _instance, "Metric": _metric}
_ANOMALIES: Mapping[str, Cell] = {
    "Severity": _severity,
    **_SERIES,
    "Value": _quantity("value"),
    "Usual": _quantity("expected"),
    "Worst": _quantity("peak_value"),
    "Since": _time("started_at"),
    "Lasted": _lasted,
    "Status": _status,
    "Why": _plain("why"),
}
_TREND: Mapping[str, Cell] = {
    **_SERIES,
    COURSE: _course,
    "Last": _quantity("last"),
    "Average": _quantity("avg"),
    "Lowest": _quantity("min"),
    "Highest": _quantity("max"),
    "Highest or lowest at": _time("peak_at"),
    "Direction": _change,
    "Average before": _before,
    "Against before": _against,
}
_INCIDENTS: Mapping[str, Cell] = {
    "Severity": _severity,
    "What": _what,
    "Status": _status,
    "Began": _time("started_at"),
    "Lasted": _lasted,
    "Began with": _root,
    "Spread": _spread,
    "Summary": _plain("summary"),
}
