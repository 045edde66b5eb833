"""Every query of the dashboards, run as Grafana runs it: as the reader, its macros and variables expanded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana.build import FOLDER
from monitoring.metrics import Window
from monitoring.platform import MonitoringPlatform
from tests.browser.stage import database, platform_with, settings_for

pytestmark = pytest.mark.store

Json = dict[str, Any]

SCENARIO = "insert_bottleneck"
BOARDS: dict[str, Json] = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
WIDTHS = (timedelta(seconds=30), timedelta(minutes=2), timedelta(hours=1))
"""Of bins: from the samples, from the rollup by minute, from the one by hour."""
MOMENTS = {"time", "timeend", "Since", "Detected", "Resolved", "Onset"}
MAY_BE_EMPTY = {"Open anomalies"}
"""Where the scenario leaves a component alone."""


@dataclass(frozen=True)
class Reply:
    columns: list[str]
    rows: list[tuple[Any, ...]]

    def column(self, name: str) -> list[Any]:
        return [row[self.columns.index(name)] for row in self.rows]


@dataclass(frozen=True)
class Grafana:
    """What Grafana does with a query before and after the database."""

    platform: MonitoringPlatform
    window: Window

    def expanded(self, query: str, width: timedelta, variables: Mapping[str, list[str]]) -> str:
        start, end = (f"'{moment.isoformat().replace('+00:00', 'Z')}'" for moment in self.window)
        text = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {start} AND {end}", query)
        text = text.replace("$__timeFrom()", start).replace("$__timeTo()", end)
        text = text.replace("$__interval_ms", str(int(width.total_seconds() * 1000)))
        for name, values in variables.items():
            quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values)
            text = text.replace(f"${{{name}:sqlstring}}", quoted if values != ["$__all"] else "instance")
            text = re.sub(rf"\${name}\b", ",".join(values), text)
        assert "$" not in text, text
        return text

    def run(self, query: str, width: timedelta, variables: Mapping[str, list[str]]) -> Reply:
        with self.platform._store._reader_pool.transaction("reading as Grafana does") as cursor:
            cursor.execute(self.expanded(query, width, variables))
            return Reply([column.name for column in cursor.description or ()], cursor.fetchall())

    def variables(self, board: Json) -> dict[str, list[str]]:
        """The values at first: all of those that are several, the first of a choice."""
        given: dict[str, list[str]] = {}
        for variable in board["templating"]["list"]:
            if variable["type"] == "query" and not variable["multi"]:
                found = self.run(variable["query"], WIDTHS[0], given)
                given[variable["name"]] = [str(found.column("__value")[0])]
            elif variable["type"] == "custom" and variable["multi"]:
                given[variable["name"]] = variable["query"].split(",")
            elif variable.get("multi"):
                given[variable["name"]] = ["$__all"]
            else:
                given[variable["name"]] = [variable["current"]["value"]]
        return given


@pytest.fixture(scope="module")
def grafana(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grafana]:
    folder: Path = tmp_path_factory.mktemp("grafana")
    with database(server_url) as url, platform_with(settings_for(url, folder), SCENARIO, hours=0.7) as platform:
        now: datetime = platform.operations.now()
        yield Grafana(platform, Window(now - timedelta(hours=6), now))


def panels(board: Json, *kinds: str) -> list[Json]:
    return [panel for panel in board["panels"] if panel.get("targets") and (not kinds or panel["type"] in kinds)]


def sql(panel: Json) -> str:
    return str(panel["targets"][0]["rawSql"])


def metric(panel: Json) -> str | None:
    """The metric a chart or a tile is about, by the last words of its description."""
    found = re.search(r"`(\w+)`$", panel.get("description", ""))
    return found[1] if found else None


every_board = pytest.mark.parametrize("name", BOARDS)


@every_board
def test_the_charts_show_every_metric_that_is_there_at_every_width(grafana: Grafana, name: str) -> None:
    variables = grafana.variables(BOARDS[name])
    for panel in panels(BOARDS[name], "timeseries", "state-timeline"):
        assert panel["targets"][0]["format"] == "time_series"
        for width in WIDTHS:
            reply = grafana.run(sql(panel), width, variables)
            assert reply.columns == ["time", "metric", "value"]
            assert reply.rows, panel["title"]
            times, values = reply.column("time"), reply.column("value")
            assert times == sorted(times)
            assert all(isinstance(value, float) for value in values)
            assert len(set(zip(times, reply.column("metric"), strict=True))) == len(times)


@every_board
def test_the_tiles_show_a_number_each(grafana: Grafana, name: str) -> None:
    for panel in panels(BOARDS[name], "stat", "bargauge"):
        reply = grafana.run(sql(panel), WIDTHS[0], grafana.variables(BOARDS[name]))
        assert reply.rows, panel["title"]
        numbers = [value for row in reply.rows for value in row if not isinstance(value, str)]
        assert numbers, panel["title"]
        assert all(isinstance(value, int | float) for value in numbers if value is not None)
        if metric(panel):
            assert None not in numbers


@every_board
def test_the_tables_have_times_where_times_are_shown(grafana: Grafana, name: str) -> None:
    for panel in panels(BOARDS[name], "table"):
        reply = grafana.run(sql(panel), WIDTHS[0], grafana.variables(BOARDS[name]))
        assert reply.rows or panel["title"] in MAY_BE_EMPTY, panel["title"]
        for column in MOMENTS & set(reply.columns):
            assert all(value is None or value.tzinfo is not None for value in reply.column(column))


@every_board
def test_the_annotations_say_when_and_what(grafana: Grafana, name: str) -> None:
    found = []
    for mark in BOARDS[name]["annotations"]["list"]:
        reply = grafana.run(mark["target"]["rawSql"], WIDTHS[0], grafana.variables(BOARDS[name]))
        assert {"time", "text", "tags"} <= set(reply.columns)
        if "incidents" in mark["name"]:
            assert all(end >= start for start, end in zip(reply.column("time"), reply.column("timeend"), strict=True))
        found += reply.column("text")
    assert all(found)
    assert found, "the scenario goes through the whole platform"


@every_board
def test_a_variable_offers_the_instances_of_its_scope(grafana: Grafana, name: str) -> None:
    board = BOARDS[name]
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        reply = grafana.run(variable["query"], WIDTHS[0], {})
        assert reply.rows, variable["name"]
        assert reply.columns in (["instance"], ["__value", "__text"])


def test_a_choice_of_instances_narrows_the_charts_to_them(grafana: Grafana) -> None:
    board = BOARDS["clickhouse"]
    query = next(v["query"] for v in board["templating"]["list"] if v["name"] == "node")
    one = grafana.run(query, WIDTHS[0], {}).column("instance")[0]
    variables = {**grafana.variables(board), "node": [one, "o'brien"]}
    chart = next(panel for panel in panels(board, "timeseries") if metric(panel) == "memory_used_ratio")
    for width in WIDTHS:
        assert set(grafana.run(sql(chart), width, variables).column("metric")) == {one}


def test_no_more_series_are_drawn_than_were_asked_for_and_those_are_the_worst(grafana: Grafana) -> None:
    board = BOARDS["clickhouse"]
    chart = next(panel for panel in panels(board, "timeseries") if metric(panel) == "max_parts_per_partition")
    variables = grafana.variables(board)
    every = grafana.run(sql(chart), WIDTHS[1], variables)
    worst: dict[str, float] = {}
    for series, value in zip(every.column("metric"), every.column("value"), strict=True):
        worst[series] = max(value, worst.get(series, value))
    assert len(worst) > 1
    first = grafana.run(sql(chart), WIDTHS[1], {**variables, "top": ["1"]})
    assert set(first.column("metric")) == {max(sorted(worst), key=lambda series: worst[series])}


def test_a_bin_from_a_rollup_holds_the_worst_sample_of_its_time(grafana: Grafana) -> None:
    board = BOARDS["clickhouse"]
    chart = next(panel for panel in panels(board, "timeseries") if metric(panel) == "max_parts_per_partition")
    replies = [grafana.run(sql(chart), width, grafana.variables(board)) for width in WIDTHS]
    peaks = [max(reply.column("value")) for reply in replies]
    assert peaks[0] == peaks[1] == peaks[2]


def test_the_health_tiles_say_what_the_product_says(grafana: Grafana) -> None:
    states = ["healthy", "degraded", "critical", "no_data"]
    known = grafana.platform.check().to_json()["components"]
    for name in ("kafka", "flink", "clickhouse"):
        tile = next(p for p in panels(BOARDS["overview"], "stat") if f"component = '{name}'" in sql(p))
        ((value,),) = grafana.run(sql(tile), WIDTHS[0], {}).rows
        assert states[value] == known[name]["health"]


def test_without_samples_no_tile_calls_a_component_healthy(grafana: Grafana) -> None:
    before = Grafana(grafana.platform, Window(*(moment - timedelta(days=2) for moment in grafana.window)))
    for panel in panels(BOARDS["overview"], "stat"):
        reply = before.run(sql(panel), WIDTHS[0], before_variables())
        if "AS health" in sql(panel):
            assert reply.rows == [(3,)]
        elif metric(panel):
            assert reply.rows == [(None,)]


def before_variables() -> dict[str, list[str]]:
    return {"top": ["20"], "page": ["http://localhost:8501"]}
