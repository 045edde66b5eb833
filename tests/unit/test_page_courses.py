"""Courses of series as pictures: which lines and levels there are, and where they stand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from monitoring.ui.page.courses import MOST_LINES, MOST_PICTURES, pictures
from monitoring.ui.page.drawing import HEIGHT, Ink, axis_unit, chart
from tests.unit.page_scene import BERLIN, UTC_SCENE, course, trend
from tests.unit.terminal_platform import NASTY, NOW, reply

LIGHT, DARK = Ink(dark=False), Ink(dark=True)


def test_a_line_ends_where_the_window_does() -> None:
    line = pictures([trend([course()])], UTC_SCENE)[0].lines[0]
    assert [moment for moment, _ in (line.points[0], line.points[-1])] == [
        NOW - timedelta(minutes=59.5),
        NOW - timedelta(minutes=0.5),
    ]
    assert [value for _, value in line.points[:2]] == [100.0, 120.0]


def test_a_window_that_reaches_into_the_future_ends_now() -> None:
    ahead = trend([course()])
    assert ahead.looked_at is not None
    window = ahead.looked_at.window._replace(end=NOW + timedelta(hours=5))
    ahead = replace(ahead, looked_at=replace(ahead.looked_at, window=window))
    assert pictures([ahead], UTC_SCENE)[0].lines[0].points[-1][0] < NOW


def test_each_metric_has_a_picture_and_a_name_one_colour_in_all() -> None:
    rows = [course("b"), course("a"), course("a", metric="consumer_group_lag_seconds", unit="s")]
    lag, seconds = pictures([trend(rows)], UTC_SCENE)
    assert [lag.title, seconds.title] == ["Kafka · consumer lag", "Kafka · consumer lag in time"]
    assert lag.names == seconds.names == ("b", "a")
    domain = chart(seconds, UTC_SCENE, LIGHT)["layer"][0]["encoding"]["color"]["scale"]["domain"]
    assert domain == ["b", "a"]


def test_more_lines_than_can_be_told_apart_are_counted() -> None:
    picture = pictures([trend([course(f"group-{n}") for n in range(200)])], UTC_SCENE)[0]
    assert (len(picture.lines), picture.more) == (MOST_LINES, 200 - MOST_LINES)
    many = [course(metric=f"metric_{n}") for n in range(20)]
    assert len(pictures([trend(many)], UTC_SCENE)) == MOST_PICTURES


def test_levels_are_drawn_where_the_lines_come_near_them() -> None:
    levels = pictures([trend([course()])], UTC_SCENE)[0].levels
    assert [(level.severity, level.value) for level in levels] == [("warning", 1000.0)]
    assert levels[0].words == "warning above 1,000 messages"
    assert pictures([trend([course(points=[1.0, 2.0, 1.0])])], UTC_SCENE)[0].levels == ()


def test_what_has_no_course_has_no_picture() -> None:
    assert pictures([trend([course(points=[None, 5.0, None])])], UTC_SCENE) == []
    assert pictures([reply(), trend([]), reply(looked_at=None, rows=[course()])], UTC_SCENE) == []


def test_a_metric_that_is_not_known_is_drawn_without_levels() -> None:
    picture = pictures([trend([course(NASTY, metric="odd\x1b")])], UTC_SCENE)[0]
    assert picture.title == r"Kafka · odd\x1b"
    assert picture.levels == ()
    assert "\x1b" not in picture.lines[0].name


def test_times_are_those_of_the_page_and_values_those_of_the_axis() -> None:
    picture = pictures([trend([course(unit="bytes", points=[2e9, 4e9])])], BERLIN)[0]
    assert axis_unit(picture) == ("GB", 1e9)
    first, last = chart(picture, BERLIN, LIGHT)["layer"][0]["data"]["values"]
    assert last["time"] == "2026-03-02T10:44:30Z"
    assert last["clock"] == "10:44"
    assert (first["value"], first["words"]) == (2.0, "2 GB")


def test_units_of_the_axis() -> None:
    def unit(unit: str, top: float) -> tuple[str, float]:
        return axis_unit(pictures([trend([course(unit=unit, points=[0.0, top])])], UTC_SCENE)[0])

    assert unit("ratio 0-1", 0.9) == ("%", 0.01)
    assert unit("s", 59) == ("s", 1.0)
    assert unit("s", 3600) == ("min", 60.0)
    assert unit("ms", 475_000) == ("s", 1000.0)
    assert unit("bytes", 12) == ("bytes", 1.0)
    assert unit("messages", 12) == ("messages", 1.0)


def test_a_single_line_has_its_average_before_and_no_legend() -> None:
    single = chart(pictures([trend([course(compare={"avg": 345.0})])], UTC_SCENE)[0], UTC_SCENE, LIGHT)
    assert single["height"] == HEIGHT
    assert single["layer"][0]["encoding"]["color"]["legend"] is None
    assert '"average before"' in json.dumps(single)
    several = chart(pictures([trend([course(), course("b")])], UTC_SCENE)[0], UTC_SCENE, LIGHT)
    assert several["height"] > HEIGHT
    assert several["layer"][0]["encoding"]["color"]["legend"]["values"] == ["flink-orders/orders", "b"]


def test_levels_have_the_colours_of_the_theme() -> None:
    picture = pictures([trend([course()])], UTC_SCENE)[0]
    light, dark = (json.dumps(chart(picture, UTC_SCENE, ink)) for ink in (LIGHT, DARK))
    assert light != dark
