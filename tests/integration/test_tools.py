"""The tools as of a time in the past: what came later does not show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitoring.contract import Json, ToolReply, iso
from monitoring.judgement import Judge
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.store.store import Reader, Rows, Store
from monitoring.tools.asking import Lens
from monitoring.tools.current import check_real_time_anomalies
from monitoring.tools.summary import get_anomaly_summary
from monitoring.tools.trend import query_metrics_trend
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
    [(20, "warning", "firing", "150 ms"), (50, "critical", "firing", "2 s"), (80, "critical", "resolved", "2 s")],
)
def test_an_anomaly_is_told_as_it_stood_at_the_time_asked_for(
    judged: Store, catalogue: Catalogue, minutes: int, severity: str, status: str, value: str
) -> None:
    lens = Lens(judged.reader, catalogue, NOON + minutes * MINUTE, past=True)
    (row,) = check_real_time_anomalies(lens, last_minutes=60).rows
    assert (row["severity"], row["status"]) == (severity, status)
    assert f" {value}, usually 10 ms" in row["why"]


@pytest.mark.parametrize(("minutes", "critical", "still_open"), [(20, 0, 1), (50, 1, 1), (80, 1, 0)])
def test_a_summary_counts_and_filters_by_the_severity_of_that_time(
    judged: Store, catalogue: Catalogue, minutes: int, critical: int, still_open: int
) -> None:
    lens = Lens(judged.reader, catalogue, NOON + minutes * MINUTE, past=True)
    summary = get_anomaly_summary(lens, hours=24).summary
    assert (summary["total"], summary["critical"], summary["open"]) == (1, critical, still_open)
    assert get_anomaly_summary(lens, hours=24, severity="critical").row_count == critical


LAG_SECONDS = SeriesKey("kafka", "orders/clicks", "consumer_group_lag_seconds")
EVENT_TIME = SeriesKey("flink", "orders-enrich", "event_time_lag")
REPLICA = SeriesKey("clickhouse", "ch-1/orders", "replication_lag_seconds")


def test_what_is_wrong_now_comes_with_the_age_of_data_end_to_end(store: Store, catalogue: Catalogue) -> None:
    """Five minutes in Kafka, two more in Flink (its lag holds Kafka's), one on a replica."""
    start = NOON - 30 * MINUTE
    values = ((LAG_SECONDS, 300.0), (EVENT_TIME, 420_000.0), (REPLICA, 60.0))
    store.samples.write(block(*(line(key, start, NOON, value) for key, value in values)))
    summary = check_real_time_anomalies(Lens(store.reader, catalogue, NOON)).summary
    age = summary["freshness"]
    assert (age["seconds"], age["slowest"], age["at_least"]) == (480.0, "kafka", False)
    assert {name: stage["seconds"] for name, stage in age["stages"].items()} == {
        "kafka": 300.0,
        "flink": 120.0,
        "clickhouse": 60.0,
    }
    assert age["words"] == "Data is 8 min old end to end, most of it in Kafka (5 min)."


def test_how_old_data_was_is_not_told_by_samples_that_are_old_themselves(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(line(LAG_SECONDS, NOON - 30 * MINUTE, NOON, 60)))
    summary = check_real_time_anomalies(Lens(store.reader, catalogue, NOON + 10 * MINUTE)).summary
    assert (summary["freshness"]["seconds"], summary["freshness"]["slowest"]) == (None, None)


class Noting(Reader):
    """A reader that notes which statements were asked for."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader._pool, reader.row_cap)
        self.names: list[str] = []

    def read(self, name: str, parameters: Mapping[str, Any], cap: int | None = None) -> Rows:
        self.names.append(name)
        return super().read(name, parameters, cap)


@pytest.mark.parametrize(
    ("hours", "named"), [(1, "trend_raw"), (2, "trend_raw"), (3, "trend_1m"), (36, "trend_1m"), (37, "trend_1h")]
)
def test_a_trend_over_more_than_two_hours_reads_rollups(
    store: Store, catalogue: Catalogue, hours: float, named: str
) -> None:
    store.samples.write(block(line(LATENCY, NOON - 40 * 60 * MINUTE, NOON, 10, 10 * MINUTE)))
    reader = Noting(store.reader)
    reply = query_metrics_trend(Lens(reader, catalogue, NOON), metric=LATENCY.metric, hours=hours)
    assert reply.status == "ok"
    assert [name for name in reader.names if name.startswith("trend")] == [named]


def test_a_long_trend_survives_the_samples_it_was_made_of(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(line(LATENCY, NOON - 48 * 60 * MINUTE, NOON, 10)))
    store.rollups.refresh(NOON)
    lens = Lens(store.reader, catalogue, NOON)
    asked = [query_metrics_trend(lens, metric=LATENCY.metric, hours=hours).rows for hours in (24, 48)]
    with store._owner.transaction("dropping samples") as cursor:
        cursor.execute("DELETE FROM samples")
    assert [query_metrics_trend(lens, metric=LATENCY.metric, hours=hours).rows for hours in (24, 48)] == asked
    assert [row["samples"] for (row,) in asked] == [2 * 60 * 24, 2 * 60 * 48]


LAG = SeriesKey("kafka", "billing/orders", "consumer_group_lag_seconds")
BUSY = SeriesKey("flink", "orders-enrich/enrich", "task_busy_ratio")


@pytest.fixture
def growing(store: Store, catalogue: Catalogue) -> Store:
    """A task saturated from noon on and a lag that grows by a second a second, from 30 minutes on down again."""
    end = NOON + 60 * MINUTE

    def lag(at: datetime) -> float:
        seconds = (at - NOON).total_seconds()
        return 30.0 if seconds < 0 else 30.0 + seconds if seconds < 1800 else max(30.0, 1830.0 - 2 * (seconds - 1800))

    def busy(at: datetime) -> float:
        return 0.3 if at < NOON else 0.99

    store.samples.write(block(line(LAG, NOON - 180 * MINUTE, end, lag), line(BUSY, NOON - 180 * MINUTE, end, busy)))
    Judge(store, catalogue, timedelta(seconds=30)).catch_up(end)
    return store


def lag_row(store: Store, catalogue: Catalogue, minutes: int) -> Json:
    lens = Lens(store.reader, catalogue, NOON + minutes * MINUTE, past=True)
    return next(row for row in check_real_time_anomalies(lens, last_minutes=10).rows if row["metric"] == LAG.metric)


def test_every_row_has_the_value_the_worst_and_the_reason_of_that_time(growing: Store, catalogue: Catalogue) -> None:
    row = lag_row(growing, catalogue, 20)
    assert row["value"] == 1230.0
    assert row["peak_value"] == 1230.0
    assert row["peak_at"] == "2026-03-04T12:20:00Z"
    assert "at 20 min 30 s" in row["why"]
    assert row["course"] == "worsening"


def test_a_peak_that_is_over_is_one_only_from_then_on(growing: Store, catalogue: Catalogue) -> None:
    row = lag_row(growing, catalogue, 40)
    assert (row["value"], row["peak_value"], row["peak_at"]) == (630.0, 1830.0, "2026-03-04T12:30:00Z")
    assert row["course"] == "easing"


@pytest.mark.parametrize("tool", [check_real_time_anomalies, get_anomaly_summary])
def test_an_incident_holds_only_what_was_known_then(
    growing: Store, catalogue: Catalogue, tool: Callable[..., ToolReply]
) -> None:
    sizes = []
    for minutes in (4, 8, 40):
        lens = Lens(growing.reader, catalogue, NOON + minutes * MINUTE, past=True)
        summary = tool(lens).summary
        told = summary.get("open_incidents", summary.get("incident_list"))
        known = {
            (row["component"], row["instance"], row["metric"])
            for row in check_real_time_anomalies(lens, last_minutes=60).rows
            if row["status"] != "pending"
        }
        chained = {(link["component"], link["instance"], link["metric"]) for row in told for link in row["chain"]}
        assert chained == known
        assert all(row["root"]["started_at"] <= iso(lens.as_of) for row in told)
        sizes.append(len(chained))
    assert sizes[0] <= sizes[1] <= sizes[2]
    assert sizes[-1] == 2


def test_an_incident_tells_its_root_extent_and_course(growing: Store, catalogue: Catalogue) -> None:
    lens = Lens(growing.reader, catalogue, NOON + 20 * MINUTE, past=True)
    told = check_real_time_anomalies(lens).summary["open_incidents"]
    assert sum(row["series"] for row in told) == 2
    assert all(row["root"]["value"] is not None and row["courses"] for row in told)


def test_a_peak_is_given_with_its_own_time_not_with_that_of_its_stretch(growing: Store, catalogue: Catalogue) -> None:
    lens = Lens(growing.reader, catalogue, NOON + 60 * MINUTE, past=True)
    (row,) = query_metrics_trend(lens, metric=LAG.metric, hours=4).rows
    assert row["peak_at"] == "2026-03-04T12:30:00Z"
