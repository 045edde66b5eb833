"""The report of an incident: what happened when, the chain, the numbers, what was done, and nothing that runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.documents.passages import passages_of
from monitoring.documents.plain import read_text
from monitoring.metrics import Window
from monitoring.operations import Spot, Usual
from monitoring.reports.composing import MOST_MOMENTS, Kin, Record, composed
from monitoring.reports.markdown import as_markdown
from monitoring.reports.parts import Chart, Limit
from platform_metrics_definition import CATALOGUE

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def incident(**changes: Any) -> dict[str, Any]:
    row = {
        "id": 7,
        "pattern": "cascade_backward",
        "rule": "",
        "certain": True,
        "status": "firing",
        "severity": "critical",
        "root_component": "clickhouse",
        "root_instance": "ch-1/orders",
        "root_metric": "max_parts_per_partition",
        "started_at": START,
        "detected_at": START + MINUTE,
        "resolved_at": None,
        "chain": [
            {
                "component": "clickhouse",
                "instance": "ch-1/orders",
                "metric": "max_parts_per_partition",
                "onset": "2026-03-04T09:00:00Z",
                "severity": "critical",
            },
            {
                "component": "kafka",
                "instance": "g/orders",
                "metric": "consumer_group_lag",
                "onset": "2026-03-04T09:05:00Z",
                "severity": "warning",
            },
        ],
        "summary": "Inserts are slow.",
    }
    return {**row, **changes}


def event(**changes: Any) -> dict[str, Any]:
    row = {
        "component": "clickhouse",
        "instance": "ch-1/orders",
        "metric": "max_parts_per_partition",
        "anomaly_type": "threshold",
        "started_at": START,
        "detected_at": START + MINUTE,
        "critical_at": None,
        "last_seen_at": START + 10 * MINUTE,
        "resolved_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "value": 1840.0,
        "peak_value": 1900.5,
        "expected": None,
        "unit": "parts",
        "threshold": "> 300 for 5 min",
        "why": "too many parts",
        "message": "",
        "analysis": None,
    }
    return {**row, **changes}


def report(events: list[dict[str, Any]], demo: bool = False, **changes: Any) -> str:
    given = {name: changes.pop(name) for name in list(changes) if name in PARTS}
    record = Record(incident(**changes), events, demo=demo, **given)
    return as_markdown(composed(CATALOGUE, START + 20 * MINUTE, record))


PARTS = ("notes", "announcements", "silences", "charts", "kin", "before", "gaps", "timezone")


def chart(**changes: Any) -> Chart:
    window = Window(START - 20 * MINUTE, START + 20 * MINUTE)
    spots = [Spot(window.start + n * MINUTE, 2, v, v, v) for n, v in enumerate([10.0] * 20 + [500.0] * 20)]
    usual = [Usual(START, 5.0, 10.0, 15.0)]
    limits = [Limit("warning", 300.0, "warning above 300 parts")]
    given = {"usual": usual, "limits": limits, "began": START, "root": True, **changes}
    return Chart("clickhouse ch-1/orders max_parts_per_partition", "parts", window, spots, **given)


def test_it_has_its_parts_in_order() -> None:
    text = report([event(analysis="Merges are behind.")], charts=[chart()])
    titles = [
        "# Incident 7",
        "## Timeline",
        "## Chain",
        "## Course of the series",
        "## Numbers",
        "## What was done",
        "## Analysis",
        "## What to check first",
        "## Similar past incidents",
        "## To be filled in",
        "## About this report",
    ]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    assert "going on for 20 min" in text
    assert "Merges are behind." in text


def test_the_timeline_is_in_order_of_time() -> None:
    note = {"at": START + 4 * MINUTE, "author": "anna", "text": "on it"}
    told = {"at": START + 2 * MINUTE, "kind": "opened", "text": "Critical", "due": True}
    kept = {"at": START + 3 * MINUTE, "kind": "escalated", "text": "not told", "due": False}
    over = START + 9 * MINUTE
    text = report(
        [
            event(
                critical_at=START + 3 * MINUTE,
                acknowledged_at=START + 5 * MINUTE,
                acknowledged_by="bob",
                resolved_at=over,
            )
        ],
        notes=[note],
        announcements=[told, kept],
        resolved_at=over,
        status="resolved",
    )
    timeline = text.partition("## Timeline")[2].partition("##")[0]
    times = [line.split()[1] for line in timeline.splitlines() if line.startswith("- ")]
    assert times == sorted(times)
    assert len(times) == 8
    assert "not told" not in text
    assert "after 9 min" in text


def test_numbers_have_their_units() -> None:
    text = report([event(), event(threshold="", expected=12.0, value=None)])
    assert "| 1840 parts | 1900.5 parts | \\> 300 for 5 min | 10 min |" in text
    assert "| – parts | 1900.5 parts | usually 12 parts |" in text


def test_silences_and_acknowledgements_are_what_was_done() -> None:
    silence = {
        "starts_at": START,
        "ends_at": START + 60 * MINUTE,
        "created_by": "anna",
        "reason": "upgrade",
        "component": "clickhouse",
        "instance": "*",
        "metric": "*",
        "anomaly_type": "*",
    }
    text = report([event(acknowledged_at=START + MINUTE)], silences=[silence])
    assert "anna silenced clickhouse \\* \\* \\* until 2026-03-04T10:00:00Z: upgrade" in text
    assert "acknowledged by somebody" in text
    assert "Nothing was put on record." in report([event()])


def test_an_isolated_anomaly_is_called_so() -> None:
    alone = incident()["chain"][:1]
    assert "# Incident 7: Isolated anomaly (2026-03-04)" in report([event()], pattern="isolated", chain=alone)
    assert "# Incident 7: Anomalies that belong together, of no known pattern" in report([event()], pattern="isolated")


def test_demo_data_is_called_so() -> None:
    assert "DEMO DATA" in report([event()], demo=True)
    assert "DEMO DATA" not in report([event()])


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "[x](http://evil)", "a|b", "`rm`\n# Heading"])
def test_names_from_outside_have_no_meaning_in_markdown(name: str) -> None:
    text = report([event(instance=name)])
    for bare in ("<script>", "](http", "`rm`", "\n# Heading", "a|b"):
        assert bare not in re.sub(r"\\.", "", text)


def test_more_rows_than_can_be_read_are_left_out() -> None:
    text = report([event() for _ in range(250)])
    assert "50 more are left out." in text


def test_series_are_drawn_in_a_line_with_what_is_usual_and_their_thresholds() -> None:
    text = report([event()], charts=[chart()])
    assert "| clickhouse ch-1/orders max\\_parts\\_per\\_partition (root) |" in text
    assert "▁" * 20 + "█" * 20 in text
    assert "10 to 500 parts | 5 to 15 parts | warning above 300 parts |" in text


def test_samples_that_are_missing_leave_a_gap_in_the_line() -> None:
    whole = chart()
    torn = Chart(whole.title, whole.unit, whole.window, [*whole.spots[:10], *whole.spots[30:]])
    assert "▁" * 10 + "·" * 20 + "█" * 10 in report([event()], charts=[torn])


def test_what_is_like_it_is_told_with_file_and_page() -> None:
    kin = Kin(
        "Too many parts",
        "Inserts were too small. [parts.pdf, p. 1]",
        ["What helped then: larger ones [parts.pdf, p. 2]"],
    )
    before = {
        "id": 3,
        "severity": "critical",
        "root_component": "clickhouse",
        "root_instance": "ch-2/orders",
        "root_metric": "max_parts_per_partition",
        "started_at": START - 60 * 24 * MINUTE,
        "resolved_at": START - 59 * 24 * MINUTE,
        "notes": "batches | again",
    }
    text = report([event()], kin=[kin], before=[before])
    assert "**Too many parts**" in text
    assert "\\[parts.pdf, p. 2\\]" in text
    assert "| incident 3 | 2026-03-03T09:00:00Z | 24 min | critical |" in text
    assert "batches \\| again |" in text
    assert "No document speaks of an incident like it" in report([event()])


def test_what_could_not_be_read_is_said_and_times_are_called_what_they_are() -> None:
    text = report(
        [event()], gaps=["The course of the series could not be read when this was made."], timezone="Asia/Tokyo"
    )
    assert "could not be read when this was made" in text
    assert "Times are UTC. The platform is set to Asia/Tokyo." in text
    assert "The platform is set to" not in report([event()])


def test_ten_thousand_moments_are_told_by_the_first_and_the_last() -> None:
    notes = [{"at": START + n * MINUTE, "author": "anna", "text": f"note {n}."} for n in range(10_000)]
    timeline = report([], notes=notes).partition("## Timeline")[2].partition("##")[0]
    lines = [line for line in timeline.splitlines() if line.startswith("- ")]
    assert len(lines) == MOST_MOMENTS
    assert "note 0." in lines[0]
    assert "note 9999." in lines[-1]
    assert "9,700 more are left out here." in timeline


def test_read_back_it_has_its_sections_and_what_was_not_filled_in_answers_nothing() -> None:
    passages = passages_of(list(read_text(report([event()], charts=[chart()]).encode(), markdown=True)))
    headings = {passage.heading.rpartition(" > ")[2] for passage in passages}
    assert {"Timeline", "Numbers", "What was done", "About this report"} <= headings
    assert not [heading for heading in headings if heading.startswith(("Impact", "Root cause", "Lessons", "Action"))]
    assert "max_parts_per_partition" in next(p.text for p in passages if p.heading.endswith("Numbers"))
