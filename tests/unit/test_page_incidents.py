"""Incidents as values: what a list is asked for, a chain over time, who acknowledged, what a silence matches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring.metrics import Catalogue
from monitoring.ui.page import incidents_case, incidents_list
from monitoring.ui.page.incidents_scopes import Scope, effect, scopes

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZONE = ZoneInfo("UTC")
ODD = "<b>$x$</b> :smile:"


def row(
    number: int, metric: str, instance: str, begins: float, ends: float | None = None, **more: Any
) -> dict[str, Any]:
    """An anomaly that begins and ends so many minutes after noon."""
    component = "kafka" if metric == "consumer_group_lag" else "clickhouse"
    started = (NOON + begins * MINUTE).isoformat()
    return {
        "id": number,
        "component": component,
        "instance": instance,
        "metric": metric,
        "severity": "warning",
        "status": "firing" if ends is None else "resolved",
        "started_at": started,
        "detected_at": started,
        "resolved_at": None if ends is None else (NOON + ends * MINUTE).isoformat(),
        "acknowledged_at": None,
        "acknowledged_by": None,
        "value": 10.0,
        "expected": 5.0,
        "peak_value": 12.0,
        "unit": "rows",
        "why": "it is beyond",
        **more,
    }


def case(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": 3,
        "pattern": "isolated",
        "rule": "",
        "certain": True,
        "status": "firing",
        "severity": "warning",
        "root_component": "clickhouse",
        "root_instance": "ch-1",
        "root_metric": "rows_per_insert",
        "started_at": NOON.isoformat(),
        "resolved_at": None,
        "chain": [{**one, "onset": one["started_at"]} for one in rows],
        "summary": "It began.",
        "anomalies": list(rows),
        "notes": [],
        "announcements": [],
        **more,
    }


FIRST = row(1, "rows_per_insert", "ch-1", 0)
SECOND = row(2, "consumer_group_lag", ODD, 5, 10)


class TestTheList:
    def test_shows_what_is_open_and_what_was_lately_unless_told_otherwise(self) -> None:
        wanted = incidents_list.asked({})
        assert wanted.listing("open", NOON).start is None
        assert wanted.listing("resolved", NOON).start == NOON - timedelta(days=7)

    @pytest.mark.parametrize("below", ["abc", "-1", "1" * 30, "²", "１"])
    def test_takes_what_it_cannot_use_as_not_said(self, below: str) -> None:
        wrong = {"state": "x", "component": "redis", "severity": "bad", "last": "1y", "below": below}
        assert incidents_list.asked(wrong) == incidents_list.Asked()

    def test_says_the_way_an_incident_went_once_for_each_component(self) -> None:
        assert incidents_list.travelled(case(SECOND, FIRST)) == "ClickHouse → Kafka · 2 anomalies"

    def test_holds_no_markup_of_names(self, catalogue: Catalogue) -> None:
        odd = case(SECOND, root_component="kafka", root_metric="consumer_group_lag", root_instance=ODD)
        told = incidents_list.line_html(incidents_list.line(odd, catalogue, ZONE, NOON))
        assert "&lt;b&gt;" in told
        assert "<b>$x$" not in told


class TestTheChain:
    def test_is_in_order_of_onset_with_delays_and_bars_in_proportion(self, catalogue: Catalogue) -> None:
        chain = incidents_case.steps(case(SECOND, FIRST), catalogue, ZONE, NOON + 20 * MINUTE)
        assert [(step.number, step.delay, step.left, step.width) for step in chain] == [
            (1, "first", 0.0, 100.0),
            (2, "+5 min", 25.0, 25.0),
        ]
        assert [step.state for step in chain] == ["firing", "over"]

    def test_leaves_out_what_never_fired(self, catalogue: Catalogue) -> None:
        pending = row(9, "rows_per_insert", "ch-2", 1, detected_at=None)
        assert len(incidents_case.steps(case(FIRST, pending), catalogue, ZONE, NOON)) == 1

    def test_stands_as_it_was_noted_where_its_anomalies_are_gone(self, catalogue: Catalogue) -> None:
        gone = case(FIRST, SECOND, anomalies=[])
        assert [step.place for step in incidents_case.steps(gone, catalogue, ZONE, NOON + MINUTE)] == ["ch-1", ODD]

    def test_shows_a_moment_as_a_bar_that_can_be_seen(self, catalogue: Catalogue) -> None:
        last = row(2, "rows_per_insert", "ch-2", 60, 60)
        step = incidents_case.steps(case(FIRST, last), catalogue, ZONE, NOON + 60 * MINUTE)[1]
        assert step.width >= incidents_case.SHORTEST
        assert step.left + step.width <= 100

    def test_leads_to_each_series_at_the_time_it_was_anomalous(self, catalogue: Catalogue) -> None:
        step = incidents_case.steps(case(FIRST, SECOND), catalogue, ZONE, NOON + 20 * MINUTE)[1]
        assert step.query["instance"] == ODD
        assert (step.query["from"], step.query["to"]) == ("2026-03-04T11:35:00Z", "2026-03-04T12:40:00Z")

    def test_holds_no_markup_of_names_or_reasons(self, catalogue: Catalogue) -> None:
        odd = {**SECOND, "why": "<script>"}
        chain = incidents_case.steps(case(FIRST, odd), catalogue, ZONE, NOON)
        told = incidents_case.steps_html(chain, incidents_case.scale_of(case(FIRST, odd), NOON), ZONE, NOON)
        assert "<script>" not in told
        assert "<b>$x$" not in told


class TestItsFigures:
    def test_say_the_root_against_what_is_usual(self, catalogue: Catalogue) -> None:
        healths = {"clickhouse": "critical"}
        told = dict(incidents_case.figures_of(case(FIRST, SECOND), catalogue, healths, ZONE, NOON + MINUTE))
        assert told["Root"] == "Rows per insert on ch-1"
        assert told["Now"] == "10 rows, usually 5 rows"
        assert told["Anomalies"] == "1 of 2 go on"
        assert told["Health now"] == "ClickHouse critical, Kafka no data"

    def test_say_where_the_root_cannot_be_told_for_sure(self, catalogue: Catalogue) -> None:
        told = dict(incidents_case.figures_of(case(FIRST, certain=False), catalogue, {}, ZONE, NOON))
        assert "Root, most likely" in told

    def test_name_who_acknowledged_first(self) -> None:
        late = {**FIRST, "acknowledged_at": (NOON + 2 * MINUTE).isoformat(), "acknowledged_by": "Ben"}
        early = {**SECOND, "acknowledged_at": (NOON + MINUTE).isoformat(), "acknowledged_by": "Ana"}
        assert incidents_case.first_acknowledged_by(case(late, early)) == "Ana"
        assert incidents_case.first_acknowledged_by(case(FIRST)) is None


class TestASilence:
    def test_is_offered_for_the_narrowest_first_and_each_once(self) -> None:
        found = scopes([FIRST, SECOND, FIRST])
        assert found[0] == Scope("clickhouse", "ch-1", "rows_per_insert")
        assert found[-1] in (Scope("clickhouse"), Scope("kafka"))
        assert len(found) == len(set(found)) == 8

    def test_takes_an_odd_name_literally(self) -> None:
        scope = Scope("kafka", ODD, "*")
        assert scope.matches(SECOND)
        assert not scope.matches({**SECOND, "instance": "b"})
        made = scope.silence(NOON, MINUTE, "Ana", "")
        assert (made.instance, made.ends_at) == (ODD, NOON + MINUTE)

    def test_says_how_many_open_anomalies_it_keeps_quiet(self) -> None:
        assert effect(Scope("clickhouse"), [FIRST, SECOND]).startswith("Keeps 1 of its 1 open")
        assert effect(Scope(), [SECOND]).startswith("This incident is over")
