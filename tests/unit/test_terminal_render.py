"""What is drawn of the platform: complete at every width, harmless whatever the names are."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType

from monitoring.contract import Session
from monitoring.errors import UnknownName
from monitoring.metrics import Threshold
from monitoring.ui.terminal import render, tables
from monitoring.ui.terminal.consoles import animated, console_for
from monitoring.ui.terminal.text import Times
from tests.unit.terminal_platform import (
    CATALOGUE,
    NASTY,
    NOW,
    Screen,
    ago,
    anomaly,
    answer,
    check,
    component,
    incident,
    looked_at,
    reply,
    trend_row,
)

TIMES = Times(NOW, UTC)
WIDTHS = (60, 80, 200)
HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def drawn(parts: RenderableType | Iterator[RenderableType], width: int = 80) -> str:
    stream = io.StringIO()
    console = folding(stream, width)
    console.print(Group(*parts) if isinstance(parts, Iterator) else parts)
    return stream.getvalue()


def folding(stream: io.StringIO, width: int) -> Console:
    """A console that folds lines as a terminal of that width does."""
    console = console_for(stream)
    console.width, console.soft_wrap = width, False
    return console


def shown(state: Any, width: int = 80) -> str:
    stream = io.StringIO()
    render.print_check(folding(stream, width), state, UTC)
    return stream.getvalue()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_check_fits_and_loses_nothing(width: int) -> None:
    text = shown(check(), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    for said in ("critical", "broker-3", "timescaledb-apache", "> 1000 for 5 min", "09:33 (12 min)", "1,840 parts"):
        assert squeezed(said) in squeezed(text)
    for said in ("62 is usual for this series", "ClickHouse slowed down first.", "cascade backward #12"):
        assert all(word in text for word in said.split())


def test_anomalies_that_are_over_are_told_from_those_that_are_open() -> None:
    text = shown(check(anomalies=[anomaly(), anomaly("x", status="resolved", resolved_at=ago(2), flapping=True)]))
    assert "2 other anomalies, 1 of them over" in text
    assert "resolved (flapping) 09:43" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_the_anomalies_of_an_incident_stand_below_it(width: int) -> None:
    mine = [anomaly(incident_id=12), anomaly("ch-1/orders", incident_id=12, started_at=ago(14))]
    root = {"value": 1840.0, "expected": 62.0, "unit": "parts"}
    state = check(anomalies=[anomaly("ch-9/own"), *mine], incidents=[incident(root=root, title="Parts pile up")])
    text = squeezed(shown(state, width))
    said = ("Parts pile up", "1,840 parts, usually 62 parts", "ch-1/orders", "1 other anomaly", "ch-9/own")
    places = [text.index(squeezed(words)) for words in said]
    assert places == sorted(places)


def test_a_value_is_read_in_its_unit() -> None:
    row = anomaly(metric="consumer_group_lag_seconds", value=3577.0, expected=22.0, unit="s")
    text = drawn(tables.table(tables.ANOMALIES, [row], TIMES, 200), 200)
    assert "59 min 37 s" in text
    assert "3,577" not in text


def test_a_trend_is_read_in_the_unit_of_its_metric() -> None:
    row = trend_row(metric="checkpoint_duration", unit="ms", avg=13516.0, min=2036.0, max=513027.0, last=3234.0)
    text = drawn(tables.trend_table([row], TIMES, 200), 200)
    for said in ("14 s", "2 s", "8 min 33 s", "3.2 s"):
        assert said in text


def test_narrow_trends_of_several_metrics_stand_below_the_name_of_each() -> None:
    rows = [trend_row("a/b", metric="consumer_group_lag"), trend_row("tm-1"), trend_row("tm-2")]
    text = drawn(iter(list(tables.trend_tables(rows, TIMES, 80))), 80)
    said = ("consumer_group_lag", "a/b", str(trend_row()["metric"]), "tm-1", "tm-2")
    places = [text.index(words) for words in said]
    assert places == sorted(places)


def test_bytes_are_shown_in_readable_multiples() -> None:
    row = trend_row(unit="bytes", avg=3.3e9, min=1.1e9, max=6.3e9, last=2e6)
    text = drawn(tables.trend_table([row], TIMES, 200), 200)
    for said in ("3.3 GB", "1.1 GB", "6.3 GB", "2 MB"):
        assert said in text


def test_a_wide_check_shows_an_anomaly_in_one_row() -> None:
    row = next(
        line
        for line in shown(check(), 200).splitlines()
        if "ch-2/orders" in line and "parts" in line and "firing" in line
    )
    for said in ("critical", "clickhouse", "max_parts_per_partition", "1,840 parts", "> 1000 for 5 min", "09:33"):
        assert said in row


@pytest.mark.parametrize("width", WIDTHS)
def test_names_are_shown_literally_and_cannot_drive_the_terminal(width: int) -> None:
    nasty: dict[str, Any] = {
        "components": {NASTY: component(silent=[NASTY, {"instance": NASTY, "metric": NASTY}])},
        "anomalies": [anomaly(NASTY, metric=NASTY, why=NASTY, threshold=NASTY, unit=NASTY, status=NASTY)],
        "incidents": [incident(pattern=NASTY, root_instance=NASTY, summary=NASTY, chain=[{"instance": NASTY}])],
        "storage": {"edition": NASTY},
    }
    text = shown(check(**nasty), width)
    assert not HARMFUL.search(text)
    assert "[red]orders\\x1b" in squeezed(text)


def test_a_healthy_platform_says_over_what_it_was_judged() -> None:
    text = shown(check("healthy", anomalies=[], incidents=[]))
    assert "No anomalies in the last 10 min." in text
    assert "incident" not in text


def test_no_samples_is_never_shown_as_no_anomalies() -> None:
    text = shown(check("no_data", anomalies=[], incidents=[], components={"kafka": component("no_data")}))
    assert "no samples to judge by" in text
    assert "No anomalies" not in text


def test_a_component_without_a_sample_says_never() -> None:
    assert "never" in shown(check(components={"kafka": component("no_data", last_sample_at=None)}))


@pytest.mark.parametrize(
    ("described", "found"), [({"open": 3}, 3), ({"anomalies": 2}, 2), ({"anomalies": [{}, {}]}, 2), ({}, 0)]
)
def test_open_anomalies_are_counted_or_listed(described: dict[str, object], found: int) -> None:
    assert render.open_anomalies(described) == found


def test_demo_data_is_marked() -> None:
    assert "DEMO DATA" in shown(check(demo=True))
    assert "DEMO DATA" in drawn(render.greeting_panel(check(demo=True), TIMES))
    assert "DEMO DATA" not in shown(check())


def test_the_greeting_has_a_line_per_component() -> None:
    text = drawn(render.greeting_panel(check(), TIMES))
    kafka = next(line for line in text.splitlines() if "kafka" in line)
    assert "degraded" in kafka
    assert "1 open anomaly" in kafka
    assert "last sample 12 s ago" in kafka
    flink = next(line for line in text.splitlines() if "flink" in line)
    assert "no anomalies" in flink
    assert "timescaledb-apache" in text


def test_a_chain_is_shown_in_order_with_onsets() -> None:
    lines = drawn(tables.incident_lines(incident(), TIMES)).splitlines()
    assert "root  clickhouse · ch-2/orders · max_parts_per_partition" in lines[1]
    assert "1. 09:33  clickhouse" in lines[2]
    assert "2. 09:37  kafka · billing/orders" in lines[3]


def test_a_long_chain_is_cut_with_a_count() -> None:
    long = incident(chain=[{"component": "kafka", "onset": ago(1)}] * 14)
    assert "… and 4 more" in drawn(tables.incident_lines(long, TIMES))


def test_a_resolved_incident_says_when_it_was_over() -> None:
    assert "resolved · 09:33 to 09:43" in drawn(
        tables.incident_lines(incident(status="resolved", resolved_at=ago(2)), TIMES)
    )


def test_the_rows_behind_an_answer_are_shown_per_call() -> None:
    calls = (
        reply(rows=[anomaly()]),
        reply("get_cross_component_anomalies", [incident()], looked_at=looked_at(hours=24)),
        reply("query_metrics_trend", [trend_row()]),
        reply("something_new", [{"name": "x[red]", "figure": 3}]),
        reply("get_anomaly_summary", status="no_data", hint="Ask for a longer window."),
    )
    text = drawn(render.rows_behind(answer(tool_calls=calls), TIMES, 100), 100)
    for said in (
        "Is anything wrong?",
        "✓ check_real_time_anomalies · kafka · last 10 min · 1 row · 12 ms",
        "ch-2/orders",
        "✓ get_cross_component_anomalies · all components · last 24 h",
        "cascade backward #12",
        "▁▁▂▂",
        "x[red]",
        "○ get_anomaly_summary · kafka · last 10 min · no data",
        "Ask for a longer window.",
    ):
        assert said in text


def test_an_answer_without_tool_calls_says_so() -> None:
    assert "rests on no tool call" in drawn(render.rows_behind(answer(tool_calls=()), TIMES, 80))


def test_many_rows_are_cut_with_a_count() -> None:
    call = reply(rows=[anomaly(f"node-{i}") for i in range(30)], row_count=500, truncated=True)
    text = drawn(tables.call_rows(call, TIMES, 100), 100)
    assert "node-19" in text
    assert "node-20" not in text
    assert "… and 480 more rows" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_tables_of_rows_fit_and_keep_what_matters(width: int) -> None:
    call = reply(rows=[anomaly("a-rather-long-node-name.of.some.company.example/orders_of_2026")])
    text = drawn(tables.call_rows(call, TIMES, width), width)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    # The name is folded over several lines, never cut.
    assert "…" not in text
    assert "1,840" in text


def test_narrow_tables_drop_the_least_important_columns_first() -> None:
    rows = [anomaly()]
    headers = [[c.header for c in tables.fitting(tables.ANOMALIES, rows, TIMES, width)] for width in (200, 105, 60)]
    assert headers[0] == [column.header for column in tables.ANOMALIES]
    assert headers[1] == ["Severity", "Component", "Instance", "Metric", "Value", "Usual", "Since", "Status"]
    assert headers[2] == ["Severity", "Component", "Instance", "Metric", "Value"]


def test_a_trend_shows_the_course_of_at_most_eight_series() -> None:
    calls = (reply("query_metrics_trend", [trend_row(f"tm-{i}") for i in range(11)]),)
    text = drawn(render.trend_charts(answer(tool_calls=calls), TIMES, 100), 100)
    assert "tm-7" in text
    assert "tm-8" not in text
    assert "… and 3 more series; /why shows them" in text
    assert "71 %" in text
    assert "↑ +40 %" in text


def test_an_answer_about_something_else_has_no_charts() -> None:
    assert list(render.trend_charts(answer(), TIMES, 100)) == []


def test_a_comparison_gets_a_column() -> None:
    assert "-12 %" in drawn(tables.trend_table([trend_row(avg_change_pct=-12.0)], TIMES, 200), 200)
    assert "before" not in drawn(tables.trend_table([trend_row()], TIMES, 200), 200)


def test_the_footer_tells_what_an_answer_rests_on() -> None:
    text = drawn(render.footer(answer(demo=True, notes=("The model did not answer.",)), 1.24))
    assert "✓ every number traced · built-in · 1.2 s" in text
    assert "DEMO DATA" in text
    assert "The model did not answer." in text
    explained = drawn(render.footer(answer(demo=True, notes=("DEMO DATA: from the simulator.",)), None))
    assert explained.count("DEMO DATA") == 1
    assert "from the simulator." in explained


def test_the_footer_warns_of_numbers_that_were_not_traced() -> None:
    text = drawn(render.footer(answer(grounded=False, untraced=("17", "4.2")), None))
    assert "▲ 2 numbers could not be traced: 17, 4.2" in text


def test_metrics_are_chosen_by_component_or_name() -> None:
    assert len(render.metric_choice(CATALOGUE, "")) == 4
    assert [m.name for m in render.metric_choice(CATALOGUE, "Flink")] == ["memory_used_ratio"]
    assert [m.name for m in render.metric_choice(CATALOGUE, "consumer_group_lag")] == ["consumer_group_lag"]
    with pytest.raises(UnknownName, match="consumer_group_lag"):
        render.metric_choice(CATALOGUE, "consumer_grup_lag")


def test_a_definition_has_thresholds_causes_and_checks() -> None:
    text = drawn(render.metric_definition(CATALOGUE["consumer_group_lag"]))
    for said in ("> 1,000 for 5 min", "Confluent", "Usual: 0 to 500", "a slow consumer", "look at the consumer"):
        assert said in text


@pytest.mark.parametrize("width", WIDTHS)
def test_the_table_of_metrics_fits(width: int) -> None:
    text = drawn(render.metric_table(CATALOGUE.metrics, width), width)
    assert "under_replicated_partitions" in text
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width


def test_a_relative_threshold_is_put_in_words() -> None:
    relative = Threshold(">", 3, timedelta(minutes=10), 2, "s", basis="times usual", also=(">", 1.0))
    assert render.threshold_words(relative) == "> 3 times usual and > 1 for 10 min"


def test_the_current_session_is_marked() -> None:
    sessions = [Session("s-1", "First [red]", NOW, 2), Session("s-2", "Second", NOW, 1)]
    lines = drawn(render.session_table(sessions, "s-2", TIMES, 80)).splitlines()
    assert next(line for line in lines if "s-2" in line).startswith("›")
    assert not next(line for line in lines if "s-1" in line).startswith("›")
    assert "First [red]" in "".join(lines)


def colours(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **environment: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    render.print_check(console_for(stream), check(), UTC)
    return stream.getvalue()


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[1;31m" in colours(monkeypatch, Screen())


def test_no_color_takes_the_colours_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not re.search(r"\x1b\[[\d;]*[34]\dm", colours(monkeypatch, Screen(), NO_COLOR="1"))


def test_a_dumb_terminal_gets_no_escape_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in colours(monkeypatch, Screen(), TERM="dumb")


@pytest.mark.parametrize("forced", [{}, {"FORCE_COLOR": "1"}])
def test_what_is_no_terminal_gets_no_escape_codes(monkeypatch: pytest.MonkeyPatch, forced: dict[str, str]) -> None:
    assert "\x1b" not in colours(monkeypatch, io.StringIO(), **forced)


def test_what_is_no_terminal_is_not_animated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not animated(console_for(io.StringIO()))
    monkeypatch.setenv("TERM", "xterm")
    assert animated(console_for(Screen()))


def test_a_pipe_is_as_wide_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "173")
    assert console_for(io.StringIO()).width == 173
    assert isinstance(console_for(io.StringIO()), Console)
