"""The rows behind an answer, as tables to read and as CSV."""

from __future__ import annotations

import csv
import io

from monitoring.ui.page.evidence import COURSE, as_csv, table
from tests.unit.page_scene import BERLIN, UTC_SCENE, course, trend
from tests.unit.terminal_platform import NASTY, ago, anomaly, incident, reply


def test_anomalies_have_words_units_and_local_times() -> None:
    rows = [anomaly(expected=62.0, status="resolved", resolved_at=ago(2)), anomaly("ch-3", component="kafka")]
    first, second = table(reply(rows=rows), BERLIN)
    assert first == {
        "Severity": "✖ Critical",
        "Component": "ClickHouse",
        "Instance": "ch-2/orders",
        "Metric": "parts per partition",
        "Value": "1,840 parts",
        "Usual": "62 parts",
        "Since": "10:33",
        "Lasted": "10 min",
        "Status": "Resolved",
        "Why": "1,840 parts, above 1,000 for 12 min; 62 is usual for this series",
    }
    assert second["Lasted"] == "12 min"


def test_what_is_the_same_or_empty_everywhere_has_no_column() -> None:
    records = table(reply(rows=[anomaly(), anomaly("ch-3")]), UTC_SCENE)
    assert not {"Component", "Usual", "Worst"} & records[0].keys()
    assert "Component" in table(reply(rows=[anomaly()]), UTC_SCENE)[0]


def test_a_course_is_drawn_in_its_row() -> None:
    row = table(trend([course(compare={"avg": 345.0}, avg_change_pct=100.0)], before=24), UTC_SCENE)[0]
    assert row["Metric"] == "consumer lag"
    assert row["Last"] == "1,280 messages"
    assert row["Direction"] == "↑ rising, +1,180 %"
    assert (row["Average before"], row["Against before"]) == ("345 messages", "+100 %")
    drawn = row[COURSE]
    assert isinstance(drawn, list)
    assert len(drawn) == 60
    gap = table(trend([course(points=[1.0, None, 3.0])]), UTC_SCENE)[0]
    assert gap[COURSE] == [1.0, 3.0]


def test_incidents_say_what_spread_where() -> None:
    row = table(reply("get_cross_component_anomalies", [incident(title="Insert bottleneck")]), UTC_SCENE)[0]
    assert row["What"] == "Insert bottleneck"
    assert row["Began with"] == "ClickHouse ch-2/orders: parts per partition"
    assert row["Spread"] == "ClickHouse → Kafka (2 series)"
    assert table(reply(rows=[incident()]), UTC_SCENE)[0]["What"] == "Cascade backward"


def test_rows_of_another_kind_are_shown_as_they_are() -> None:
    rows = [{"hour": "09:00", "events": 3, "odd\x1b": None}]
    assert table(reply(rows=rows), UTC_SCENE) == [{"hour": "09:00", "events": 3}]
    assert table(reply(rows=[]), UTC_SCENE) == []


def test_names_cannot_hide_or_steer() -> None:
    row = table(reply(rows=[anomaly(NASTY)]), UTC_SCENE)[0]
    assert "\x1b" not in str(row["Instance"])
    assert "\u202e" not in str(row["Instance"])


def test_events_of_a_whole_collector_are_told_as_such() -> None:
    row = table(reply(rows=[anomaly("*", metric="*")]), UTC_SCENE)[0]
    assert (row["Instance"], row["Metric"]) == ("all", "all")


def test_the_csv_holds_every_field_of_every_row() -> None:
    rows = [course(), {"instance": 'a,"b"', "extra": 1}]
    read = list(csv.DictReader(io.StringIO(as_csv(rows))))
    assert read[0]["points"].startswith("[100.0, 120.0")
    assert read[0]["peak_at"] == "2026-03-02T09:45:00Z"
    assert (read[1]["instance"], read[1]["extra"], read[1]["unit"]) == ('a,"b"', "1", "")


def test_a_spreadsheet_computes_nothing_from_it() -> None:
    read = list(csv.DictReader(io.StringIO(as_csv([{"instance": "=HYPERLINK(1)", "value": -5.0, "why": "+1"}]))))
    assert read == [{"instance": "'=HYPERLINK(1)", "value": "-5.0", "why": "'+1"}]
