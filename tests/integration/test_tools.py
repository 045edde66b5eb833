"""The tools as of a time in the past: what came later does not show."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring.judgement import Judge
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.store.store import Store
from monitoring.tools.asking import Lens
from monitoring.tools.current import check_real_time_anomalies
from monitoring.tools.summary import get_anomaly_summary
from tests.integration.samples_by_hand import NOON, block, line

pytestmark = pytest.mark.store

MINUTE = timedelta(minutes=1)
LATENCY = SeriesKey("kafka", "broker-1", "produce_latency_p99")
"""Judged by its thresholds alone."""


@pytest.fixture
def judged(store: Store, catalogue: Catalogue) -> Store:
    """A slow broker from noon on: 150 ms for half an hour, then 2,000 ms for half an hour, then well again."""
    before = line(LATENCY, NOON - 60 * MINUTE, NOON, 10)
    many = line(LATENCY, NOON, NOON + 30 * MINUTE, 150)
    too_many = line(LATENCY, NOON + 30 * MINUTE, NOON + 60 * MINUTE, 2000)
    store.samples.write(block(before, many, too_many, line(LATENCY, NOON + 60 * MINUTE, NOON + 90 * MINUTE, 10)))
    Judge(store, catalogue, timedelta(seconds=30)).catch_up(NOON + 90 * MINUTE)
    return store


@pytest.mark.parametrize(
    ("minutes", "severity", "status", "value"),
    [(20, "warning", "firing", 150.0), (50, "critical", "firing", 2000.0), (80, "critical", "resolved", 2000.0)],
)
def test_an_anomaly_is_told_as_it_stood_at_the_time_asked_for(
    judged: Store, catalogue: Catalogue, minutes: int, severity: str, status: str, value: float
) -> None:
    lens = Lens(judged.reader, catalogue, NOON + minutes * MINUTE, past=True)
    (row,) = check_real_time_anomalies(lens, last_minutes=60).rows
    assert (row["severity"], row["status"]) == (severity, status)
    assert f"{value:,.0f}" in row["why"]


@pytest.mark.parametrize(("minutes", "critical", "still_open"), [(20, 0, 1), (50, 1, 1), (80, 1, 0)])
def test_a_summary_counts_and_filters_by_the_severity_of_that_time(
    judged: Store, catalogue: Catalogue, minutes: int, critical: int, still_open: int
) -> None:
    lens = Lens(judged.reader, catalogue, NOON + minutes * MINUTE, past=True)
    summary = get_anomaly_summary(lens, hours=24).summary
    assert (summary["total"], summary["critical"], summary["open"]) == (1, critical, still_open)
    assert get_anomaly_summary(lens, hours=24, severity="critical").row_count == critical
