"""Why an anomaly is one, in readable units, as it stood at the moment asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.tools.reasons import level_then, reason
from platform_metrics_definition import CATALOGUE

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LAG = CATALOGUE["consumer_group_lag_seconds"]


def row(**more: Any) -> dict[str, Any]:
    given = {
        "anomaly_type": "threshold",
        "severity": "critical",
        "status": "firing",
        "started_at": NOON - timedelta(minutes=33),
        "resolved_at": None,
        "value": 1263.3,
        "peak_value": 1977.0,
        "expected": 37.4,
        "threshold": "> 180 for 5 min",
        "why": "as it was at its last tick, for 1 h 7 min",
    }
    return {**given, **more}


def test_a_threshold_is_told_with_its_level_and_what_is_usual() -> None:
    assert reason(LAG, row(), NOON, past=False) == (
        "consumer lag in time at 21 min 3 s, usually 37 s; beyond the critical level (above 3 min) for 33 min"
    )


def test_what_is_over_is_told_with_its_worst_value() -> None:
    over = row(status="resolved", resolved_at=NOON - timedelta(minutes=3))
    assert reason(LAG, over, NOON, past=False).startswith("consumer lag in time reached 32 min 57 s")
    assert reason(LAG, over, NOON, past=False).endswith("for 30 min")


def test_an_event_that_passed_its_level_only_later_was_merely_unusual() -> None:
    earlier = row(value=50.0, severity="warning")
    assert reason(LAG, earlier, NOON, past=True) == "consumer lag in time at 50 s, usually 37 s; unusual for 33 min"
    assert level_then(LAG, earlier) == ""


def test_the_level_is_that_of_the_severity_it_had() -> None:
    assert level_then(LAG, row(severity="warning", value=100.0)).startswith("> 60")
    assert level_then(LAG, row()).startswith("> 180")


def test_a_band_is_told_in_the_unit_of_the_metric() -> None:
    unusual = row(anomaly_type="baseline", severity="warning", threshold="outside 0 to 171")
    assert "unusual (expected 0 s to 2 min 51 s) for 33 min" in reason(LAG, unusual, NOON, past=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"anomaly_type": "baseline", "threshold": "outside 0 to 171"},
        {"anomaly_type": "no_data", "why": "it has sent no sample for 1 h 7 min; a sample came every 30 s before"},
        {"anomaly_type": "restart_loop", "why": "7 restarts in the last 1 h 7 min, the last 30 s ago"},
        {"anomaly_type": "stalled", "why": "it is 0 for 1 h 7 min, usually 5 while 9 messages/s come in"},
        {"anomaly_type": "trend", "why": "it rose from 1 to 2 in 1 h 7 min; at this pace it is used up in 1 h 7 min"},
        {},
    ],
)
def test_nothing_of_a_later_time_shows(fields: dict[str, Any]) -> None:
    told = reason(LAG, row(**fields), NOON, past=True)
    assert "1 h 7 min" not in told
    assert "33 min" in told


def test_a_silent_series_is_called_by_the_name_people_know() -> None:
    silent = row(anomaly_type="no_data", value=None, why=f"{LAG.name} of a/b has sent no sample for 33 min")
    assert reason(LAG, silent, NOON, past=False) == "consumer lag in time of a/b has sent no sample for 33 min"
