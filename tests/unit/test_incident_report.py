"""The report of an incident: what happened when, the chain, the numbers, what was done, and nothing that runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.incident_report import incident_report
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
    given = {
        "notes": [],
        "announcements": [],
        "silences": [],
        **{k: changes.pop(k) for k in list(changes) if k in PARTS},
    }
    now = START + 20 * MINUTE
    return incident_report(CATALOGUE, now, incident(**changes), events, demo=demo, **given)


PARTS = ("notes", "announcements", "silences")


def test_it_has_its_parts_in_order() -> None:
    text = report([event(analysis="Merges are behind.")])
    titles = ["# Incident 7", "## Timeline", "## Chain", "## Numbers", "## What was done", "## Analysis", "## What to"]
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
    assert "# Incident 7: Isolated anomaly" in report([event()], pattern="isolated")


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
