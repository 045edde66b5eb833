"""Look-ups in plain words, before and after they ran."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitoring.contract import LookedAt, ToolStarted
from monitoring.metrics import Window
from monitoring.ui.page.lookups import done, listed, outcome, running
from tests.unit.page_scene import BERLIN, UTC_SCENE, course, everywhere, trend
from tests.unit.terminal_platform import NASTY, NOW, anomaly, reply


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        (
            "query_metrics_trend",
            {"component": ["flink"], "metric": ["backpressured_time_ratio"], "hours": 1},
            "Looking at Flink's back-pressure, last 1 h",
        ),
        ("check_real_time_anomalies", {"last_minutes": 10}, "Looking at the state of the platform, last 10 min"),
        (
            "check_real_time_anomalies",
            {"component": "kafka", "metric": "consumer_group_lag", "last_minutes": 10},
            "Looking at anomalies of Kafka's consumer lag, last 10 min",
        ),
        (
            "get_anomaly_summary",
            {"component": ["kafka", "flink"], "start": "2026-03-02T08:00:00Z", "end": "2026-03-02T09:00:00Z"},
            "Looking at past anomalies of Kafka and Flink, 08:00–09:00 UTC",
        ),
        (
            "get_cross_component_anomalies",
            {"hours": 24.0},
            "Looking at incidents that travelled between components, last 24 h",
        ),
        (
            "query_metrics_trend",
            {"metric": "consumer_group_lag", "instance": ["audit/orders"], "start": "2026-03-01T08:00:00Z",
             "end": "2026-03-01T09:00:00Z", "compare_start": "2026-02-22T08:00:00Z",
             "compare_end": "2026-02-22T09:00:00Z"},
            "Looking at consumer lag on audit/orders, 1 Mar 08:00–09:00 UTC, against 22 Feb 08:00–09:00 UTC",
        ),
        ("get_secrets", {}, "Looking at get_secrets of the platform"),
    ],
)  # fmt: skip
def test_a_look_up_says_what_it_looks_at(name: str, args: dict[str, Any], words: str) -> None:
    assert running(ToolStarted(name, args), UTC_SCENE) == words


def test_arguments_that_a_model_made_up_do_not_stop_the_page() -> None:
    odd = {"metric": 7, "start": "soon", "hours": "many", "instance": NASTY, "component": {"a": 1}}
    assert running(ToolStarted("query_metrics_trend", odd), UTC_SCENE).startswith("Looking at ")
    for hours in (float("nan"), float("inf"), 1e300, -1):
        assert running(ToolStarted("query_metrics_trend", {"hours": hours}), UTC_SCENE) == (
            "Looking at the course of the platform"
        )
    assert "\x1b" not in running(ToolStarted("query_metrics_trend", odd), UTC_SCENE)


def test_afterwards_the_window_stands_in_the_zone_of_the_page() -> None:
    assert done(trend([course()]), BERLIN) == "Looked at Kafka's consumer lag, 09:45–10:45 CET"
    assert done(trend([course()], before=24), BERLIN).endswith("against 1 Mar 09:45–10:45 CET")
    night = LookedAt(("kafka",), Window(NOW - timedelta(hours=12), NOW))
    assert done(reply(looked_at=night), BERLIN) == "Looked at the state of Kafka, 1 Mar 22:45 – 10:45 CET"
    assert done(reply(looked_at=everywhere()), BERLIN).startswith("Looked at the state of the platform")


def test_what_came_of_it_is_counted_in_its_own_words() -> None:
    assert outcome(reply(rows=[anomaly()])) == "1 anomaly · 12 ms"
    assert outcome(trend([course(), course("b")])) == "2 series · 12 ms"
    assert outcome(replace(reply(), took_ms=0.2)) == "no anomalies · 1 ms"
    assert outcome(reply(status="no_data")) == "no data · 12 ms"
    cut = reply("get_anomaly_summary", [anomaly()], row_count=900, truncated=True)
    assert outcome(cut) == "the first 1 of 900 anomalies · 12 ms"


def test_a_failure_is_told_as_one() -> None:
    failed = reply("query_metrics_trend", looked_at=None, status="error", args={"metric": "nonsense", "hours": 6})
    assert done(failed, UTC_SCENE) == "Could not look at nonsense, last 6 h"
    assert outcome(failed) == "failed · 12 ms"


def test_of_many_names_the_first_few_are_told() -> None:
    assert [listed(list("abcde"[:n])) for n in range(6)] == [
        "",
        "a",
        "a and b",
        "a, b and c",
        "a, b, c and 1 more",
        "a, b, c and 2 more",
    ]
