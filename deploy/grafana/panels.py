"""Panels, variables and annotations as Grafana's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.grafana import sql
from monitoring.metrics import Metric, Threshold
from monitoring.wording import quantity, ranged, threshold_text

Json = dict[str, Any]

SOURCE: Json = {"type": "grafana-postgresql-datasource", "uid": "platform-monitoring"}
GOOD, WARN, BAD, DULL = "green", "orange", "red", "#8e8e8e"
TINY = 1e-6
"""Grafana colours from a level on, the catalogue's "> 0" begins just above it."""
TIMES = ("Since", "Detected", "Resolved", "Onset")
SERIES_SHOWN = ("10", "20", "50", "100")

UNITS: Mapping[str, str] = {
    "ratio": "percentunit",
    "s": "s",
    "ms": "ms",
    "bytes": "bytes",
    "events/s": "eps",
    "messages/s": "mps",
    "records/s": "recps",
    "rows/s": "rowsps",
}
"""The catalogue's units as Grafana's; all others are counts, whose unit stands beside the axis."""

HEALTH = ((0, "Healthy", GOOD), (1, "Degraded", WARN), (2, "Critical", BAD), (3, "No data", DULL))
SEVERITIES = (("critical", "Critical", BAD), ("warning", "Warning", WARN))
STATUSES = (
    ("firing", "Firing", BAD),
    ("acknowledged", "Acknowledged", WARN),
    ("silenced", "Silenced", DULL),
    ("resolved", "Resolved", GOOD),
    ("pending", "Pending", DULL),
)


def unit(metric: Metric) -> str:
    return UNITS.get(metric.unit, "short")


def steps(metric: Metric) -> list[Json]:
    """The colours of a metric's values by its absolute thresholds; one colour where levels are relative."""
    warning, critical = (
        t if t is not None and t.basis == "absolute" and t.also is None else None
        for t in (metric.warning, metric.critical)
    )
    if warning is None and critical is None:
        return [_step(None, GOOD)]
    if warning is not None and critical is not None and _edge(warning) == _edge(critical):
        critical = None  # they only differ in how long it must last: the milder one is shown
    first = warning or critical
    assert first is not None
    if first.op == "!=":
        return [_step(None, WARN if warning else BAD), _step(first.level, GOOD), _step(_above(first.level), WARN)]
    levels = [(t, colour) for t, colour in ((warning, WARN), (critical, BAD)) if t is not None]
    if first.op in (">", ">="):
        return [_step(None, GOOD), *(_step(_edge(t), colour) for t, colour in levels)]
    milder = [GOOD, *(colour for _, colour in levels)]
    falling = [_step(_edge(t), better) for (t, _), better in zip(levels, milder, strict=False)]
    return [_step(None, levels[-1][1]), *reversed(falling)]


def _step(value: float | None, colour: str) -> Json:
    return {"color": colour, "value": value}


def _edge(threshold: Threshold) -> float:
    """Where the next colour begins: Grafana's steps hold from their value on."""
    return _above(threshold.level) if threshold.op in (">", "<=") else threshold.level


def _above(level: float) -> float:
    return round(level + TINY, 9)


def about(metric: Metric) -> str:
    """What a panel says of its metric: meaning, normal range, thresholds, where to look first."""
    low, high = metric.normal
    lines = [metric.description, ""]
    if low is not None and high is not None:
        lines.append(f"- normal: {ranged(quantity(low, metric.unit), quantity(high, metric.unit))}")
    lines += [f"- {name}: {threshold_text(threshold, metric.unit)}" for name, threshold in metric.thresholds]
    lines += ["", "First checks:", *(f"- {check}" for check in metric.first_checks), "", f"`{metric.name}`"]
    return "\n".join(lines)


def title(metric: Metric) -> str:
    return metric.short[0].upper() + metric.short[1:]


def target(query: str, shape: str) -> Json:
    return {
        "datasource": SOURCE,
        "refId": "A",
        "editorMode": "code",
        "rawQuery": True,
        "rawSql": query,
        "format": shape,
    }


def panel(kind: str, name: str, size: tuple[int, int], query: str, shape: str = "table", **rest: Any) -> Json:
    """A panel of a size in Grafana's grid, 24 columns wide; where it stands is seen to by whoever lays it out."""
    return {
        "type": kind,
        "title": name,
        "gridPos": {"w": size[0], "h": size[1]},
        "datasource": SOURCE,
        "targets": [target(query, shape)],
        **rest,
    }


def field(thresholds: Sequence[Json] = (), **rest: Any) -> Json:
    """How values look, with no colour of its own where there are no steps."""
    given = list(thresholds) or [_step(None, GOOD)]
    return {"defaults": {"thresholds": {"mode": "absolute", "steps": given}, **rest}, "overrides": []}


def mapped(states: Sequence[tuple[Any, str, str]]) -> list[Json]:
    """Values shown as words in colours."""
    options = {
        str(value): {"text": word, "color": colour, "index": n} for n, (value, word, colour) in enumerate(states)
    }
    return [{"type": "value", "options": options}]


NOTHING = [{"type": "special", "options": {"match": "null+nan", "result": {"text": "no data", "color": DULL}}}]


def stat(name: str, query: str, config: Json, size: tuple[int, int] = (4, 3), **options: Any) -> Json:
    chosen = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
        "textMode": "auto",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        **options,
    }
    return panel("stat", name, size, query, options=chosen, fieldConfig=config)


def tile(metric: Metric, variable: str | None = None) -> Json:
    """The worst value of now, coloured by the thresholds."""
    config = field(steps(metric), unit=unit(metric), mappings=NOTHING, noValue="no data")
    return {**stat(title(metric), sql.newest(metric, variable), config), "description": about(metric)}


def chart(metric: Metric, variable: str | None = None, size: tuple[int, int] = (8, 8)) -> Json:
    """The course of a metric, one line for each instance, with its thresholds."""
    coloured = steps(metric)
    custom = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 6,
        "showPoints": "auto",
        "pointSize": 4,
        "spanNulls": 300_000,
        "axisLabel": "" if metric.unit in UNITS else metric.unit,
        "axisSoftMin": 0,
        "thresholdsStyle": {"mode": "dashed" if len(coloured) > 1 else "off"},
    }
    if unit(metric) == "percentunit":
        custom["axisSoftMax"] = 1
    worst = "min" if metric.direction == "lower_is_worse" else "max"
    legend = {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", worst]}
    return panel(
        "timeseries",
        title(metric),
        size,
        sql.course(metric, variable),
        "time_series",
        description=about(metric),
        maxDataPoints=500,
        fieldConfig=field(coloured, unit=unit(metric), color={"mode": "palette-classic"}, custom=custom),
        options={
            "legend": legend,
            "tooltip": {"mode": "multi", "sort": "asc" if worst == "min" else "desc"},
        },
    )


def timeline(name: str, query: str, size: tuple[int, int]) -> Json:
    """States over time as coloured bands."""
    custom = {"lineWidth": 0, "fillOpacity": 80}
    return panel(
        "state-timeline",
        name,
        size,
        query,
        "time_series",
        maxDataPoints=300,
        fieldConfig=field(mappings=mapped(HEALTH), custom=custom, color={"mode": "thresholds"}),
        options={
            "mergeValues": True,
            "showValue": "never",
            "alignValue": "left",
            "rowHeight": 0.8,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )


def bars(name: str, query: str, size: tuple[int, int]) -> Json:
    """Counts of things by name, the most first."""
    return panel(
        "bargauge",
        name,
        size,
        query,
        fieldConfig=field(unit="short", min=0, decimals=0, color={"mode": "fixed", "fixedColor": "blue"}),
        options={
            "displayMode": "basic",
            "orientation": "horizontal",
            "valueMode": "color",
            "namePlacement": "auto",
            "showUnfilled": True,
            "sizing": "auto",
            "minVizWidth": 8,
            "minVizHeight": 16,
            "maxVizHeight": 300,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "/^value$/", "values": True, "limit": 20},
        },
    )


def columns(name: str, query: str, size: tuple[int, int]) -> Json:
    """Counts over time as stacked columns."""
    custom = {
        "drawStyle": "bars",
        "lineWidth": 1,
        "fillOpacity": 70,
        "stacking": {"mode": "normal", "group": "A"},
        "axisLabel": "",
        "thresholdsStyle": {"mode": "off"},
    }
    return panel(
        "timeseries",
        name,
        size,
        query,
        "time_series",
        fieldConfig=field(unit="short", min=0, decimals=0, color={"mode": "palette-classic"}, custom=custom),
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": ["sum"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    )


def table(name: str, query: str, size: tuple[int, int], links: Mapping[str, str] | None = None) -> Json:
    """Rows as they are, states in colours; `links` are addresses behind the values of a column."""
    coloured = {"type": "color-text"}
    overrides = [
        _override("Severity", mappings=mapped(SEVERITIES), custom_cellOptions=coloured, custom_width=90),
        _override("Status", mappings=mapped(STATUSES), custom_cellOptions=coloured, custom_width=115),
        _override("Incident", custom_width=80, links=[]),
        _override("Lasted", unit="s"),
        _override("After", unit="s"),
        *(
            _override(name, unit="dateTimeAsIso", custom_width=160)
            for name in ("Since", "Detected", "Resolved", "Onset")
        ),
        *(
            _override(column, links=[{"title": "Open it on the page", "url": url, "targetBlank": True}])
            for column, url in (links or {}).items()
        ),
    ]
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True, "inspect": False}
    config = field(custom=custom)
    config["overrides"] = overrides
    return panel(
        "table",
        name,
        size,
        query,
        fieldConfig=config,
        options={"frameIndex": 0, "showHeader": True, "cellHeight": "sm", "sortBy": []},
    )


def _override(column: str, **properties: Any) -> Json:
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": name.replace("_", "."), "value": value} for name, value in properties.items()],
    }


def row(name: str, collapsed: bool = False) -> Json:
    return {"type": "row", "title": name, "collapsed": collapsed, "gridPos": {"w": 24, "h": 1}, "panels": []}


def from_query(name: str, label: str, query: str, *, several: bool = True) -> Json:
    """A variable whose values the database tells; of several all are chosen at first."""
    every = {"text": ["All"], "value": ["$__all"]} if several else {"text": "", "value": ""}
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": query,
        # When the time range changes, and so at the start.
        "refresh": 2,
        "sort": 0,
        "regex": "",
        "multi": several,
        "includeAll": several,
        # Not every name one by one, of which there may be thousands: a column is always among itself.
        **({"allValue": "instance"} if several else {}),
        "current": every,
        "options": [],
        "hide": 0,
        "skipUrlSync": False,
    }


def from_list(name: str, label: str, values: Sequence[str], chosen: str | None = None) -> Json:
    """A variable with fixed values; of several all are chosen at first, unless one is named."""
    several = chosen is None
    picked = {"text": ["All"], "value": ["$__all"]} if several else {"text": chosen, "value": chosen}
    options = [{"text": value, "value": value, "selected": value == chosen} for value in values]
    return {
        "type": "custom",
        "name": name,
        "label": label,
        "query": ",".join(values),
        "multi": several,
        "includeAll": several,
        "current": picked,
        "options": options,
        "hide": 0,
        "skipUrlSync": False,
    }


def from_text(name: str, label: str, usual: str) -> Json:
    """A variable that is typed."""
    picked = {"text": usual, "value": usual}
    return {
        "type": "textbox",
        "name": name,
        "label": label,
        "query": usual,
        "current": picked,
        "options": [{**picked, "selected": True}],
        "hide": 0,
        "skipUrlSync": False,
    }


def annotation(name: str, colour: str, query: str) -> Json:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "target": {**target(query, "table"), "refId": "Anno"},
    }
