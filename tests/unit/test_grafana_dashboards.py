"""The dashboards: what is committed is what the catalogue gives, and it holds together as Grafana reads it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana import boards, panels
from deploy.grafana.boards import dashboards
from deploy.grafana.build import FOLDER, main, text
from monitoring.metrics import COMPONENTS, Metric, Threshold
from platform_metrics_definition import CATALOGUE

Json = dict[str, Any]

PROVISIONING = FOLDER.with_name("provisioning")
PUBLIC = {
    "platform_metrics",
    "platform_metrics_1m",
    "platform_metrics_1h",
    "anomaly_events",
    "anomaly_summary_1h",
    "incidents",
}
BOARDS = dashboards(CATALOGUE)
every_board = pytest.mark.parametrize("name", BOARDS)
every_metric = pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)


def queries(board: Json) -> list[str]:
    """All SQL of a dashboard: panels, variables, annotations."""
    return [
        *(target["rawSql"] for panel in board["panels"] for target in panel.get("targets", ())),
        *(variable["query"] for variable in board["templating"]["list"] if variable["type"] == "query"),
        *(mark["target"]["rawSql"] for mark in board["annotations"]["list"]),
    ]


def charts(board: Json) -> list[Json]:
    return [panel for panel in board["panels"] if panel["type"] == "timeseries"]


def test_the_committed_dashboards_are_what_the_catalogue_gives() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(BOARDS)
    for name, board in BOARDS.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text(board), "run `python -m deploy.grafana.build`"


def test_they_are_built_by_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--to", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == set(BOARDS)
    (tmp_path / "file").touch()
    assert main(["--to", str(tmp_path / "file" / "below")]) == 1
    assert "not built" in capsys.readouterr().err


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_metric_has_one_chart_on_the_dashboard_of_its_component(component: str) -> None:
    shown = Counter(re.findall(r"`(\w+)`$", panel["description"])[0] for panel in charts(BOARDS[f"{component}.json"]))
    assert shown == Counter(metric.name for metric in CATALOGUE if metric.component == component)


@every_board
def test_the_queries_read_public_views_with_what_every_server_has(name: str) -> None:
    for query in queries(BOARDS[name]):
        own = set(re.findall(r"(?:WITH|,)\s+(\w+) AS \(", query)) | {"generate_series", "jsonb_array_elements"}
        named = set(re.findall(r"(?<!epoch )\b(?:FROM|JOIN)\s+([a-z_]\w*)", query))
        assert named - own <= PUBLIC, query
        assert not re.search(r"time_bucket|__timeGroup|__unixEpoch|\$__interval\b(?!_ms)", query)


@every_board
def test_every_variable_in_use_is_defined_and_every_defined_one_in_use(name: str) -> None:
    board = BOARDS[name]
    used = set(re.findall(r"\$\{?(?!__)([a-z]\w*)", json.dumps([board["panels"], board["annotations"]])))
    assert used == {variable["name"] for variable in board["templating"]["list"]}


@every_board
def test_panels_have_numbers_and_places_of_their_own(name: str) -> None:
    placed = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in placed}) == len(placed)
    taken: set[tuple[int, int]] = set()
    for panel in placed:
        x, y, w, h = (panel["gridPos"][side] for side in "xywh")
        mine = {(column, line) for column in range(x, x + w) for line in range(y, y + h)}
        assert x + w <= boards.WIDE
        assert not mine & taken, panel["title"]
        taken |= mine


@every_board
def test_incidents_and_anomalies_are_drawn_over_every_dashboard(name: str) -> None:
    marks = BOARDS[name]["annotations"]["list"]
    assert [mark["name"] for mark in marks] == ["Critical incidents", "Warning incidents", "Anomalies"]
    assert all(mark["enable"] for mark in marks)
    component = name.removesuffix(".json")
    if component in COMPONENTS:
        assert all(f"'{component}'" in mark["target"]["rawSql"] for mark in marks[2:])


def colour(metric: Metric, value: float) -> str:
    """The colour Grafana gives a value: that of the last step it has reached."""
    reached = [s for s in panels.steps(metric) if s["value"] is None or value >= s["value"]]
    return str(reached[-1]["color"])


def beyond(value: float, threshold: Threshold | None) -> bool:
    if threshold is None or threshold.basis != "absolute" or threshold.also is not None:
        return False
    level = threshold.level
    tests = {">": value > level, ">=": value >= level, "<": value < level, "<=": value <= level, "!=": value != level}
    return tests[threshold.op]


@every_metric
def test_a_value_has_the_colour_of_the_threshold_it_is_beyond(metric: Metric) -> None:
    fixed = [t for _, t in metric.thresholds if t.basis == "absolute" and t.also is None]
    twice = len(fixed) == 2 and fixed[0].level == fixed[1].level
    for level in {t.level for t in fixed} or {1.0}:
        for value in (level, level * 0.9, level * 1.1, level - 0.01, level + 0.01):
            bad, odd = beyond(value, metric.critical), beyond(value, metric.warning)
            expected = panels.BAD if bad and not twice else panels.WARN if odd else panels.GOOD
            assert colour(metric, value) == expected, (value, panels.steps(metric))


@every_metric
def test_a_chart_says_what_the_catalogue_says(metric: Metric) -> None:
    made = panels.chart(metric)
    assert metric.description in made["description"]
    assert all(check in made["description"] for check in metric.first_checks)
    count = made["fieldConfig"]["defaults"]["unit"] == "short"
    assert made["fieldConfig"]["defaults"]["custom"]["axisLabel"] == (metric.unit if count else "")


def test_the_provisioning_names_the_source_and_the_folder_that_the_dashboards_rely_on() -> None:
    source = yaml.safe_load((PROVISIONING / "datasources" / "platform-monitoring.yaml").read_text("utf-8"))
    (only,) = source["datasources"]
    assert {"type": only["type"], "uid": only["uid"]} == panels.SOURCE
    assert all(re.fullmatch(r"\$\{\w+\}", secret) for secret in only["secureJsonData"].values())
    assert only["jsonData"]["timescaledb"] is False
    for board in BOARDS.values():
        named = re.findall(r'"uid": "(platform-monitoring[^"]*)"', json.dumps(board))
        assert set(named) == {only["uid"]}
    folder = yaml.safe_load((PROVISIONING / "dashboards" / "platform-monitoring.yaml").read_text("utf-8"))
    assert folder["providers"][0]["options"]["path"] == "/etc/grafana/dashboards"
