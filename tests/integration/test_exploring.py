"""What the explorer reads: series of a metric, how they went, what is usual, each from the source that has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from monitoring.errors import InvalidInput, UnknownName
from monitoring.metrics import SeriesKey, Window
from monitoring.operations import Listing
from monitoring.platform import MonitoringPlatform
from platform_monitoring_agent import open_platform
from tests.browser.stage import database, settings_for
from tests.integration.samples_by_hand import NOON, block, line

pytestmark = pytest.mark.store

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
METRIC = "consumer_group_lag"
ODD = "grp%_'\"; <b>$x$/tö:pic"


def key(instance: str, metric: str = METRIC) -> SeriesKey:
    return SeriesKey("clickhouse" if metric == "rows_per_insert" else "kafka", instance, metric)


def by_hour(moment: datetime) -> float:
    """A level that follows the time of day."""
    return float(moment.hour * 10)


@pytest.fixture(scope="module")
def platform(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitoringPlatform]:
    """Five days of a few series, a sample every ten minutes, rolled up until an hour ago."""
    folder = tmp_path_factory.mktemp("exploring")
    with database(server_url) as url, closing(open_platform(settings_for(url, folder), clock=lambda: NOON)) as opened:
        opened._store.samples.write(
            block(
                line(key("a/orders"), NOON - 5 * DAY, NOON, by_hour, 10 * MINUTE),
                line(key("b/orders"), NOON - 5 * DAY, NOON, 500.0, 10 * MINUTE),
                line(key(ODD), NOON - 3 * HOUR, NOON - HOUR, 1.0, MINUTE),
                line(key("ch-1", "rows_per_insert"), NOON - HOUR, NOON, 50.0, MINUTE),
                line(key("ch-2", "rows_per_insert"), NOON - HOUR, NOON, 90_000.0, MINUTE),
            )
        )
        opened._store.rollups.refresh(NOON - HOUR)
        yield opened


LAST_HOURS = Window(NOON - 6 * HOUR, NOON)


def test_series_with_anomalies_come_first_then_the_worst_values(platform: MonitoringPlatform) -> None:
    found = platform.operations.instances("kafka", METRIC, LAST_HOURS, "", 10)
    assert [(row.instance, row.value) for row in found.rows] == [("b/orders", 500), ("a/orders", 110), (ODD, 1)]
    with platform._store._owner.transaction("adding an anomaly") as cursor:
        cursor.execute(
            "INSERT INTO anomaly_events (fingerprint, component, instance, metric, anomaly_type, severity, status,"
            " started_at, detected_at, last_seen_at, unit, message) VALUES"
            " ('x', 'kafka', %s, %s, 'threshold', 'critical', 'firing', %s, %s, %s, '', '')",
            ("a/orders", METRIC, NOON - HOUR, NOON - HOUR, NOON),
        )
    worst = platform.operations.instances("kafka", METRIC, LAST_HOURS, "", 10).rows[0]
    assert (worst.instance, worst.anomalies, worst.severity) == ("a/orders", 1, "critical")
    before = platform.operations.instances("kafka", METRIC, Window(NOON - 3 * DAY, NOON - 2 * DAY), "", 10)
    assert {row.anomalies for row in before.rows} == {0}


def test_where_low_is_bad_the_lowest_come_first(platform: MonitoringPlatform) -> None:
    found = platform.operations.instances("clickhouse", "rows_per_insert", LAST_HOURS, "", 10)
    assert [row.instance for row in found.rows] == ["ch-1", "ch-2"]


def test_a_search_takes_names_literally_and_counts_what_is_not_listed(platform: MonitoringPlatform) -> None:
    ask = platform.operations.instances
    assert [row.instance for row in ask("kafka", METRIC, LAST_HOURS, "%_'", 10).rows] == [ODD]
    assert [row.instance for row in ask("kafka", METRIC, LAST_HOURS, "TÖ:PIC", 10).rows] == [ODD]
    assert ask("kafka", METRIC, LAST_HOURS, "nowhere", 10).rows == []
    first = ask("kafka", METRIC, LAST_HOURS, "orders", 1)
    assert (len(first.rows), first.matching) == (1, 2)


def test_a_series_that_sent_nothing_in_the_window_is_last_and_has_no_value(platform: MonitoringPlatform) -> None:
    last = platform.operations.instances("kafka", METRIC, Window(NOON - 30 * MINUTE, NOON), "", 10).rows[-1]
    assert (last.instance, last.value, last.newest_at) == (ODD, None, None)


@pytest.mark.parametrize("span", [HOUR, 6 * HOUR, DAY, 5 * DAY])
def test_a_course_has_every_sample_whichever_source_it_comes_from(
    platform: MonitoringPlatform, span: timedelta
) -> None:
    window = Window(NOON - span, NOON)
    found = platform.operations.courses("kafka", METRIC, ["a/orders", "b/orders"], window)
    assert [course.instance for course in found.rows] == ["a/orders", "b/orders"]
    for course in found.rows:
        assert sum(spot.samples for spot in course.spots) == span / (10 * MINUTE)
        assert len(course.spots) <= 400
    assert {spot.mean for spot in found.rows[1].spots} == {500.0}


def test_where_fine_samples_are_gone_a_coarser_source_tells_of_the_window(platform: MonitoringPlatform) -> None:
    with platform._store._owner.transaction("forgetting samples") as cursor:
        cursor.execute("DELETE FROM samples WHERE time < %s", (NOON - 4 * DAY,))
        if platform._store.edition == "timescaledb":
            pytest.skip("rollups are kept by the server")
    course = platform.operations.courses(
        "kafka", METRIC, ["b/orders"], Window(NOON - 100 * HOUR, NOON - 99 * HOUR)
    ).rows[0]
    assert [spot.mean for spot in course.spots] == [500.0] * 6


def test_a_course_is_laid_over_how_it_went_the_day_before(platform: MonitoringPlatform) -> None:
    course = platform.operations.courses("kafka", METRIC, ["a/orders"], LAST_HOURS, DAY).rows[0]
    assert [(spot.start, spot.mean) for spot in course.before] == [(spot.start, spot.mean) for spot in course.spots]


def test_what_is_usual_follows_the_hours_of_the_days_before(platform: MonitoringPlatform) -> None:
    course = platform.operations.courses("kafka", METRIC, ["a/orders"], LAST_HOURS).rows[0]
    assert course.usual_by == "hour of day"
    assert [one.middle for one in course.usual][:6] == [60, 70, 80, 90, 100, 110]
    young = platform.operations.courses("kafka", METRIC, [ODD], Window(NOON - 2 * HOUR, NOON)).rows[0]
    assert young.usual == ()


def test_names_that_do_not_exist_have_an_empty_course(platform: MonitoringPlatform) -> None:
    found = platform.operations.courses("kafka", METRIC, ["nobody\0", ODD], LAST_HOURS)
    assert [(row.instance, bool(row.spots)) for row in found.rows] == [("nobody", False), (ODD, True)]


def test_what_cannot_be_looked_at_is_refused(platform: MonitoringPlatform) -> None:
    with pytest.raises(UnknownName):
        platform.operations.instances("kafka", "nope", LAST_HOURS, "", 10)
    with pytest.raises(UnknownName):
        platform.operations.senders("nope")
    for window in (Window(NOON, NOON), Window(NOON, NOON - HOUR), Window(NOON - 5000 * DAY, NOON)):
        with pytest.raises(InvalidInput):
            platform.operations.courses("kafka", METRIC, ["a"], window)


def test_five_thousand_series_are_listed_a_hundred_at_a_time(platform: MonitoringPlatform) -> None:
    metric = "messages_in_rate"
    many = [line(key(f"g{n:04d}/t", metric), NOON - MINUTE, NOON, float(n), MINUTE) for n in range(5_000)]
    platform._store.samples.write(block(*many))
    found = platform.operations.instances("kafka", metric, LAST_HOURS, "", 100)
    assert (len(found.rows), found.matching, found.rows[0].instance) == (100, 5_000, "g4999/t")


def test_every_metric_knows_what_it_can_be_read_from_and_what_to_switch_on(platform: MonitoringPlatform) -> None:
    for metric in platform.catalogue.by_name:
        assert platform.operations.senders(metric), metric
    told = {sender.exporter: sender.note for sender in platform.operations.senders(METRIC)}
    assert told["kafka_exporter"] == "kafka_exporter beside the cluster"


def test_an_incident_that_there_is_not_can_neither_be_acknowledged_nor_noted(platform: MonitoringPlatform) -> None:
    assert platform.operations.incidents(Listing(10)).rows == []
    with pytest.raises(UnknownName):
        platform.operations.acknowledge_incident(7, "ana")
    with pytest.raises(UnknownName):
        platform.operations.note(7, "look at it", "ana")
