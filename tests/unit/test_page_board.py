"""The overview in words and figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitoring.contract import Json
from monitoring.metrics import COMPONENTS
from monitoring.operations import Figure, Stretch
from monitoring.ui.page import board
from monitoring.ui.page.charts import sparkline
from monitoring.ui.page.overview import cards_html
from platform_metrics_definition import CATALOGUE
from tests.unit.page_state import BACKWARD, NASTY, NOW, ago, check, component, incident, link

UTC = ZoneInfo("UTC")
LAG = Figure(
    "consumer_group_lag",
    series=2,
    newest_at=NOW,
    total=1900.0,
    highest=1840.0,
    highest_at="enrich/orders",
    lowest=60.0,
    lowest_at="sessions/clicks",
    course=[Stretch(NOW - timedelta(minutes=2 * n), 0.0, 100.0 * n, 0.0) for n in range(30, 0, -1)],
)


def anomaly(metric: str, severity: str = "warning", status: str = "firing") -> Json:
    return {"metric": metric, "severity": severity, "status": status}


def kafka_card(state: Json, *known: Figure) -> board.Card:
    figures = {figure.metric: figure for figure in known}
    return board.cards(check(kafka=state), figures, CATALOGUE, NOW)[0]


def test_every_figure_of_the_cards_is_of_the_catalogue_and_of_its_component() -> None:
    for name in COMPONENTS:
        assert 2 <= len(board.GAUGES[name]) <= 3
        assert {CATALOGUE[gauge.metric].component for gauge in board.GAUGES[name]} == {name}


def test_a_figure_has_its_unit_and_the_instance_that_stands_out() -> None:
    tile = kafka_card(component(), LAG).tiles[1]
    assert (tile.value, tile.where, tile.tone) == ("1,840", "enrich/orders", "")
    assert tile.trend == "100 to 3,000 in the last hour"


def test_the_course_ends_now_and_covers_the_last_hour() -> None:
    points = kafka_card(component(), LAG).tiles[1].points
    assert points[-1][0] == pytest.approx(1.0)
    assert points[0][0] == pytest.approx(1 / 30)


def test_where_all_instances_are_alike_none_is_named() -> None:
    same = replace(LAG, highest=60.0)
    assert kafka_card(component(), same).tiles[1].where == ""


def test_a_figure_without_samples_says_so() -> None:
    tile = kafka_card(component()).tiles[1]
    assert (tile.value, tile.where) == ("–", "no samples")
    assert "nothing in the last hour" in cards_html([kafka_card(component())])


def test_a_figure_with_an_anomaly_has_the_worst_severity_that_fires() -> None:
    state = component(
        "critical",
        open=2,
        anomalies=[anomaly("consumer_group_lag", "critical"), anomaly("consumer_group_lag")],
    )
    assert kafka_card(state, LAG).tiles[1].tone == "critical"
    pending = component(anomalies=[anomaly("consumer_group_lag", "critical", "pending")])
    assert kafka_card(pending, LAG).tiles[1].tone == ""


def test_a_component_that_sends_nothing_says_since_when() -> None:
    card = kafka_card(component("no_data", last_sample_at=ago(12), series=0))
    assert card.look.word == "No data"
    assert card.note == "No samples; the last came 12 min ago"
    assert kafka_card(component("no_data", last_sample_at=None, series=0)).note == "No samples so far"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1240.4, "messages/s", "1,240 /s"),
        (0.873, "ratio", "87 %"),
        (2.5, "s", "2.5 s"),
        (302_000.0, "ms", "5 min 2 s"),
        (312.0, "parts", "312"),
        (3.0, "restarts/10 min", "3 /10 min"),
        (5.4e9, "bytes", "5.4 GB"),
        (None, "s", "–"),
    ],
)
def test_a_value_is_written_briefly_with_its_unit(value: float | None, unit: str, shown: str) -> None:
    assert board.brief(value, unit) == shown


def test_an_incident_is_told_by_what_where_and_how_far() -> None:
    story = board.stories(check("critical", [incident()]), CATALOGUE, UTC)[0]
    assert story.title == "Insert bottleneck"
    assert story.text == (
        "Started in ClickHouse with parts per partition on ch-1/orders and went on to Flink and Kafka. 4 series hit."
    )
    assert story.since == "since 09:40:00 UTC, 20 min"


def test_where_the_first_cause_cannot_be_told_it_is_called_likely() -> None:
    story = board.stories(check("critical", [incident(certain=False)]), CATALOGUE, UTC)[0]
    assert story.text.startswith("Most likely started in ClickHouse")


def test_a_single_sign_is_told_by_itself() -> None:
    alone = incident(chain=BACKWARD[:1])
    story = board.stories(check("critical", [alone]), CATALOGUE, UTC)[0]
    assert story.title == "Parts per partition on ch-1/orders"
    assert story.text == "ClickHouse: parts at 1,840, usually 40."


@pytest.mark.parametrize(
    ("instance", "title"), [("*", "Nothing arrives from Kafka"), ("broker-2", "Nothing arrives from broker-2")]
)
def test_silence_is_told_by_whom_nothing_arrives_from(instance: str, title: str) -> None:
    silent = incident(chain=[link("kafka", instance, "*", 5)])
    assert board.stories(check("critical", [silent]), CATALOGUE, UTC)[0].title == title


def test_times_are_those_of_the_readers_zone() -> None:
    story = board.stories(check("critical", [incident()]), CATALOGUE, ZoneInfo("Europe/Berlin"))[0]
    assert story.since.startswith("since 10:40:00 CET")


def test_an_acknowledged_incident_says_so() -> None:
    story = board.stories(check("critical", [incident(status="acknowledged")]), CATALOGUE, UTC)[0]
    assert story.state == "acknowledged"


@pytest.mark.parametrize(
    ("metric", "instance", "words"),
    [
        ("*", "*", "silence of everything"),
        ("*", "broker-2", "silence of broker-2"),
        ("offline_partitions", "cluster", "offline partitions"),
        ("of_another_version", "x", "of_another_version on x"),
    ],
)
def test_signs_are_named_in_words(metric: str, instance: str, words: str) -> None:
    assert board.sign_at(metric, instance, CATALOGUE) == words


def test_the_headline_never_calls_what_is_not_known_well() -> None:
    assert board.headline(check()) == "Nothing is broken."
    assert board.headline(check("no_data")) == "There is nothing to judge by: no samples arrive."
    dark = board.headline(check("degraded", flink=component("no_data")))
    assert dark == "No fault is open, but nothing is known of Flink."
    both = board.headline(check("critical", [incident(), incident(8)], flink=component("no_data")))
    assert both == "2 open incidents. Nothing is known of Flink."


def test_it_says_how_many_series_it_rests_on_and_how_new_they_are() -> None:
    assert board.watched(check(), NOW) == "120 series watched, the last sample came 30 s ago."
    silent: dict[str, Json] = {name: component("no_data", last_sample_at=None, series=0) for name in COMPONENTS}
    assert board.watched(check("no_data", None, **silent), NOW) == "Nothing has been sent so far."


def test_what_the_label_does_not_say_is_counted_in_words() -> None:
    under = Figure("under_replicated_partitions", series=3, total=1.0, highest=1.0, lowest=0.0)
    assert kafka_card(component(), under).tiles[2].value == "1 partition"


def test_the_age_of_data_names_its_slowest_stage() -> None:
    age = board.age(check())
    assert (age.value, age.slowest) == ("75 s", "Kafka")
    assert [round(share, 2) for _, _, share in age.stages] == [0.8, 0.2, 0.0]


def test_an_age_that_is_not_known_in_full_is_a_lower_bound() -> None:
    partly = replace(check(), freshness={**check().freshness, "at_least": True, "stages": {"kafka": {"seconds": 75.0}}})
    age = board.age(partly)
    assert age.value == "≥ 75 s"
    assert age.stages[1][1] == "not known"
    nothing = board.age(replace(check(), freshness={"seconds": None, "slowest": None, "words": "Not known."}))
    assert nothing.value == "–"


def test_names_cannot_be_markup() -> None:
    card = kafka_card(component(), replace(LAG, highest_at=NASTY))
    assert "<img" not in cards_html([card])
    nasty = incident(chain=[link("kafka", NASTY, "consumer_group_lag", 5)])
    assert "\x1b" in board.stories(check("critical", [nasty]), CATALOGUE, UTC)[0].title


def test_a_curve_is_broken_where_samples_are_missing() -> None:
    steady = [(n / 10, 1.0 + n % 2) for n in range(10)]
    assert sparkline(steady, "w").count("polyline%20points") == 2  # the mask is named twice
    gap = [point for point in steady if not 0.35 < point[0] < 0.75]
    assert sparkline(gap, "w").count("polyline%20points") == 4


@pytest.mark.parametrize("points", [[], [(1.0, 5.0)], [(0.0, 0.0), (1.0, 0.0)], [(0.0, -3.0), (1.0, -3.0)]])
def test_a_curve_of_few_or_equal_values_can_be_drawn(points: list[tuple[float, float]]) -> None:
    drawn = sparkline(points, 'from "a" to <b>')
    assert "nan" not in drawn
    assert 'aria-label="from &quot;a&quot; to &lt;b&gt;"' in drawn
