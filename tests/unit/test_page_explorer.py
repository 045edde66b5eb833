"""The explorer's pure part: what an address asks for, what a chart is drawn from, what an export holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring.metrics import Catalogue, Metric, Window
from monitoring.operations import Course, Courses, Instance, Sender, Spot, Usual
from monitoring.ui.page import explorer_about, explorer_chart, explorer_drawn, explorer_export, figures
from monitoring.ui.page.explorer_asked import Asked, asked, query_around, query_for

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ODD = "=cmd|'/c calc'!A0 <b>$x$</b>"


def spots(values: Sequence[float | None], start: datetime = NOON, step: timedelta = MINUTE) -> list[Spot]:
    """A spot for each value; none where it is `None`."""
    placed = [(start + place * step, value) for place, value in enumerate(values)]
    return [Spot(moment, 2, value, value - 1, value + 1) for moment, value in placed if value is not None]


def courses(*rows: Course) -> Courses:
    return Courses(Window(NOON, NOON + HOUR), MINUTE, rows)


def anomaly(instance: str, start: datetime, end: datetime | None, severity: str = "warning") -> dict[str, Any]:
    return {
        "instance": instance,
        "started_at": start.isoformat(),
        "detected_at": start.isoformat(),
        "resolved_at": end and end.isoformat(),
        "severity": severity,
        "why": "it is beyond",
        "message": "",
    }


def layers(drawn: explorer_drawn.Drawn, kind: str) -> list[Any]:
    return [layer for layer in explorer_chart.chart(drawn)["layer"] if layer["mark"]["type"] == kind]


@pytest.fixture
def lag(catalogue: Catalogue) -> Metric:
    return catalogue["consumer_group_lag"]


@pytest.fixture
def drawn(lag: Metric) -> explorer_drawn.Drawn:
    """One series, half an hour above its warning level, then a gap."""
    course = Course("a/b", spots([900.0] * 10 + [1500.0] * 10 + [None] * 10 + [700.0] * 10), level=800)
    marked = [anomaly("a/b", NOON + 10 * MINUTE, NOON + 20 * MINUTE), anomaly("other", NOON, None)]
    return explorer_drawn.drawn(lag, courses(course), marked, ZoneInfo("UTC"), NOON + HOUR)


class TestTheAddress:
    def test_says_component_metric_instances_window_and_what_to_compare_with(self, catalogue: Catalogue) -> None:
        query = {"metric": ["task_busy_ratio"], "instance": ["j/a", "j/b"], "last": ["7d"], "compare": ["week"]}
        assert asked(query, catalogue) == Asked("flink", "task_busy_ratio", ("j/a", "j/b"), "7d", None, None, "week")

    def test_that_says_nothing_shows_a_telling_metric_of_the_last_hours(self, catalogue: Catalogue) -> None:
        found = asked({}, catalogue)
        assert (found.component, found.metric, found.span) == ("kafka", "consumer_group_lag", "6h")
        assert found.window(NOON) == Window(NOON - 6 * HOUR, NOON)

    def test_leads_back_to_the_same(self, catalogue: Catalogue) -> None:
        wanted = Asked("clickhouse", "rows_per_insert", (ODD,), "own", NOON, NOON + HOUR)
        assert asked({name: [value] for name, value in query_for(wanted).items()}, catalogue) == wanted

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ({"metric": "nope"}, "no metric “nope”"),
            ({"component": "redis"}, "no component “redis”"),
            ({"last": "5y"}, "no window “5y”"),
            ({"compare": "<b>"}, "compared with “<b>”"),
            ({"from": "2026-03-04T12:00:00Z"}, "needs a from and a later to"),
            ({"from": "2026-03-04T12:00:00", "to": "2026-03-04T13:00:00"}, "needs a from and a later to"),
            ({"from": "2026-03-04T12:00:00Z", "to": "2026-03-04T11:00:00Z"}, "needs a from and a later to"),
            ({"from": "0001-01-01T00:00:00Z", "to": "9999-01-01T00:00:00Z"}, "at most a year apart"),
        ],
    )
    def test_that_cannot_be_used_is_said_and_something_is_shown_all_the_same(
        self, query: dict[str, str], said: str, catalogue: Catalogue
    ) -> None:
        found = asked({name: [value] for name, value in query.items()}, catalogue)
        assert said in found.unknown
        assert found.metric == "consumer_group_lag"
        assert found.window(NOON).span == 6 * HOUR

    def test_of_an_anomaly_shows_half_an_hour_on_either_side(self, catalogue: Catalogue) -> None:
        query = query_around("rows_per_insert", "ch-1", NOON, NOON + HOUR, catalogue)
        assert query["from"] == "2026-03-04T11:30:00Z"
        assert query["to"] == "2026-03-04T13:30:00Z"
        assert query["component"] == "clickhouse"

    def test_of_a_silence_of_everything_is_none(self, catalogue: Catalogue) -> None:
        assert query_around("*", "broker-1", NOON, NOON, catalogue) == {}


class TestTheChart:
    def test_has_no_line_where_samples_are_missing(self, drawn: explorer_drawn.Drawn) -> None:
        rows = layers(drawn, "line")[0]["data"]["values"]
        empty = [row["time"] for row in rows if row["value"] is None]
        assert empty == ["2026-03-04T12:20:00Z"]

    def test_goes_on_over_a_single_lost_sample(self) -> None:
        found = explorer_drawn.pieces(spots([1.0, 2.0, None, 4.0]), MINUTE)
        assert [piece for _, _, piece in found] == [0, 0, 0]

    def test_shows_a_sample_between_two_gaps_as_a_point(self, lag: Metric) -> None:
        alone = Course("a", spots([1.0, 1.0, 1.0, *[None] * 9, 5.0, *[None] * 9, 1.0, 1.0]))
        drawn = explorer_drawn.drawn(lag, courses(alone), [], ZoneInfo("UTC"), NOON)
        lone = [row["value"] for row in layers(drawn, "point")[-1]["data"]["values"] if row["lone"]]
        assert lone == [5.0]

    def test_names_the_levels_it_comes_near_to_and_leaves_out_those_far_above(
        self, drawn: explorer_drawn.Drawn
    ) -> None:
        assert [(level.severity, level.value) for level in drawn.levels] == [("warning", 1000.0)]
        assert layers(drawn, "text")[0]["data"]["values"][0]["words"] == "warning > 1,000 messages"

    def test_has_levels_below_which_it_is_bad(self, catalogue: Catalogue) -> None:
        course = Course("ch-1", spots([900.0] * 5))
        found = explorer_drawn.levels_of(catalogue["rows_per_insert"], courses(course))
        assert [level.words for level in found] == ["warning ≤ 1,000 rows", "critical ≤ 100 rows"]

    def test_places_levels_in_terms_of_what_is_usual_for_a_single_series_only(self, catalogue: Catalogue) -> None:
        relative = [
            (metric, threshold)
            for metric in catalogue.metrics
            for _, threshold in metric.thresholds
            if threshold.basis == "times usual"
        ]
        metric, threshold = relative[0]
        usual = max(10.0, threshold.usual_at_least)
        assert threshold.at(usual) == usual * threshold.level
        one = Course("a", spots([usual] * 3), level=usual)
        two = courses(one, replace(one, instance="b"))
        assert [
            level for level in explorer_drawn.levels_of(metric, two) if level.value == usual * threshold.level
        ] == []

    def test_marks_the_anomalies_of_its_series_from_onset_to_end_by_colour_and_shape(
        self, drawn: explorer_drawn.Drawn
    ) -> None:
        rule = next(layer for layer in layers(drawn, "rule") if layer["mark"]["strokeWidth"] == 5)
        assert [(row["time"], row["until"]) for row in rule["data"]["values"]] == [
            ("2026-03-04T12:10:00Z", "2026-03-04T12:20:00Z")
        ]
        shape = layers(drawn, "point")[0]["encoding"]["shape"]
        assert len(set(shape["scale"]["range"])) == 2
        assert layers(drawn, "rect")

    def test_marks_no_anomaly_that_never_fired(self) -> None:
        pending = {**anomaly("a", NOON, None), "detected_at": None}
        assert explorer_drawn.marks_of([pending], courses(Course("a"))) == []

    def test_has_the_band_of_what_is_usual_for_a_single_series_only(self, lag: Metric) -> None:
        one = Course("a", spots([5.0] * 3), usual=[Usual(NOON, 1, 2, 3)], usual_by="hour of day")
        zone = ZoneInfo("UTC")
        alone = explorer_drawn.drawn(lag, courses(one), [], zone, NOON)
        both = explorer_drawn.drawn(lag, courses(one, replace(one, instance="b")), [], zone, NOON)
        assert [row["top"] for row in layers(alone, "area")[0]["data"]["values"]] == [3, 3]
        assert layers(both, "area") == []
        assert "the same hour on up to 7 days before" in explorer_about.legend_words(courses(one), lag, "")

    def test_dashes_what_it_is_compared_with_and_says_where_nothing_is_known_of_it(self, lag: Metric) -> None:
        one = Course("a", spots([5.0] * 3), before=spots([4.0] * 3))
        zone = ZoneInfo("UTC")
        dashed = layers(explorer_drawn.drawn(lag, courses(one), [], zone, NOON, compared="day before"), "line")[0]
        assert dashed["mark"]["strokeDash"]
        assert "dashed: the day before" in explorer_about.legend_words(courses(one), lag, "day before")
        bare = courses(replace(one, before=()))
        assert "nothing is known of the week before" in explorer_about.legend_words(bare, lag, "week before")

    def test_writes_times_of_the_zone_and_values_in_a_fitting_unit(self, catalogue: Catalogue) -> None:
        ratio = catalogue["task_busy_ratio"]
        zone = ZoneInfo("Asia/Kolkata")
        drawn = explorer_drawn.drawn(ratio, courses(Course("j/a", spots([0.25]))), [], zone, NOON)
        row = layers(drawn, "line")[0]["data"]["values"][0]
        assert (row["time"], row["value"], row["words"]) == ("2026-03-04T17:30:00Z", 25.0, "25 %")
        assert drawn.unit == "%"

    @pytest.mark.parametrize(
        ("unit", "top", "axis"),
        [("bytes", 5e9, ("GB", 1e9)), ("bytes", 10, ("bytes", 1.0)), ("ms", 20_000, ("s", 1000.0)), ("", 3, ("", 1.0))],
    )
    def test_has_one_unit_on_its_axis(self, unit: str, top: float, axis: tuple[str, float]) -> None:
        assert figures.axis(unit, top) == axis

    def test_of_nothing_is_empty_and_no_error(self, lag: Metric) -> None:
        drawn = explorer_drawn.drawn(lag, courses(Course("a")), [], ZoneInfo("UTC"), NOON)
        assert layers(drawn, "line")[0]["data"]["values"] == []
        assert drawn.levels == []


class TestTheExport:
    def test_has_every_stretch_in_utc_with_its_unit(self, lag: Metric) -> None:
        course = Course("a/b", spots([1.5, 2.0]), before=spots([9.0]))
        rows = list(csv.DictReader(io.StringIO(explorer_export.as_csv(lag, courses(course)))))
        assert [(row["average"], row["course"]) for row in rows] == [
            ("1.5", "shown"),
            ("2.0", "shown"),
            ("9.0", "compared"),
        ]
        assert rows[0]["time"] == "2026-03-04T12:00:00Z"
        assert rows[0]["unit"] == "messages"

    def test_holds_no_name_that_a_spreadsheet_would_run(self, lag: Metric) -> None:
        text = explorer_export.as_csv(lag, courses(Course(ODD, spots([1.0]))))
        assert next(csv.DictReader(io.StringIO(text)))["instance"] == f"'{ODD}"

    def test_has_a_name_that_is_good_on_every_system(self, lag: Metric) -> None:
        name = explorer_export.file_name(lag, courses(Course("../ä b/<c>", spots([1.0]))))
        assert name == "kafka-consumer_group_lag-.._b_c-20260304T1200-20260304T1300Z.csv"


class TestTheDefinition:
    def test_of_every_metric_has_its_levels_with_their_source(self, catalogue: Catalogue) -> None:
        for metric in catalogue.metrics:
            told = explorer_about.meaning_html(metric)
            assert "derived" in told or not any(t.derived for _, t in metric.thresholds)
            assert explorer_about.checks_html(metric)

    def test_shows_code_as_code_and_markup_as_text(self) -> None:
        assert explorer_about.prose("run `a <b>` & <i>") == "run <code>a &lt;b&gt;</code> &amp; &lt;i&gt;"

    def test_of_a_metric_that_nobody_sends_says_what_to_switch_on(self, lag: Metric) -> None:
        told = explorer_about.missing_html(lag, [Sender("kafka_exporter", "no <time> lag")])
        assert "Not sent by this platform" in told
        assert "kafka_exporter" in told
        assert "&lt;time&gt;" in told

    def test_of_an_instance_says_its_value_and_its_anomalies_in_words(self, lag: Metric) -> None:
        row = Instance("a/b", 1200.0, NOON, 2, "critical")
        assert explorer_about.label_of(row, lag) == "a/b · 1,200 messages ✖ 2 anomalies"
        assert explorer_about.label_of(Instance("a/b"), lag) == "a/b · nothing sent"
