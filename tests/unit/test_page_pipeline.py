"""The picture of the pipeline: rates on the arrows, the incident in order of onset, the way it travelled."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from monitoring.contract import Json
from monitoring.operations import Figure
from monitoring.ui.page.pipeline import Picture, chain_html, picture, picture_html
from platform_metrics_definition import CATALOGUE
from tests.unit.page_state import BACKWARD, NASTY, check, component, incident, link

UTC = ZoneInfo("UTC")
RATES = {
    name: Figure(name, total=total)
    for name, total in (("messages_in_rate", 1240.4), ("job_records_out_rate", 1200.0), ("inserted_rows_rate", 990.0))
}
FORWARD = [
    link("kafka", "broker-1", "offline_partitions", 20, "critical"),
    link("flink", "enrich", "job_records_out_rate", 16),
    link("clickhouse", "ch-1", "inserted_rows_rate", 14),
]


def drawn(found: Json | None = None) -> Picture:
    return picture(check("critical"), RATES, found, CATALOGUE, UTC)


def test_what_flows_into_each_stage_stands_on_the_arrow_before_it() -> None:
    flows = drawn().flows
    assert [(flow.rate, flow.unit) for flow in flows] == [
        ("1,240", "messages/s"),
        ("1,200", "records/s"),
        ("990", "rows/s"),
    ]


def test_a_rate_that_is_not_known_is_a_dash() -> None:
    assert picture(check(), {}, None, CATALOGUE, UTC).flows[0].rate == "–"


def test_without_an_incident_only_the_flow_is_drawn() -> None:
    calm = drawn()
    assert calm.chain == []
    assert all(not flow.spreads for flow in calm.flows)


def test_signs_are_numbered_in_order_of_onset_each_metric_of_a_component_once() -> None:
    chain = drawn(incident(chain=list(reversed(BACKWARD)), root_metric="x")).chain
    assert [(sign.number, sign.component, sign.place) for sign in chain] == [
        (1, "clickhouse", "ch-1/orders"),
        (2, "flink", "enrich/sink"),
        (3, "kafka", "enrich/orders"),
    ]
    assert [sign.at for sign in chain] == ["09:40:00", "09:42:00", "09:48:00"]


def test_a_backward_cascade_is_drawn_against_the_flow() -> None:
    into_kafka, into_flink, into_clickhouse = drawn(incident()).flows
    assert into_kafka.spreads == []
    assert [(s.forward, s.words) for s in into_clickhouse.spreads] == [(False, "after 2 min")]
    assert [(s.forward, s.words) for s in into_flink.spreads] == [(False, "after 6 min")]


def test_a_forward_cascade_is_drawn_with_the_flow() -> None:
    flows = drawn(incident(chain=FORWARD)).flows
    assert [s.forward for flow in flows for s in flow.spreads] == [True, True]


def test_what_began_at_the_same_time_came_at_once() -> None:
    together = [FORWARD[0], {**FORWARD[1], "onset": FORWARD[0]["onset"]}]
    assert drawn(incident(chain=together)).flows[1].spreads[0].words == "at once"


def test_an_incident_that_passes_a_stage_by_is_drawn_over_both_arrows() -> None:
    flows = drawn(incident(chain=[FORWARD[0], FORWARD[2]])).flows
    assert [len(flow.spreads) for flow in flows] == [0, 1, 1]


def test_a_stage_draws_three_signs_and_counts_the_others() -> None:
    names = ("checkpoint_duration", "checkpoint_age", "task_busy_ratio", "event_time_lag", "job_restart_rate")
    many = [link("flink", "enrich", metric, 20 - n) for n, metric in enumerate(names)]
    flink = drawn(incident(chain=many)).stages[1]
    assert (len(flink.signs), flink.more) == (3, 2)
    assert "and 2 more" in picture_html(drawn(incident(chain=many)))


def test_it_says_the_same_in_words() -> None:
    words = picture(check("critical", clickhouse=component("critical")), RATES, incident(), CATALOGUE, UTC).words
    assert words == (
        "Kafka to Flink to ClickHouse: Kafka healthy, Flink healthy, ClickHouse critical. "
        "The incident began in ClickHouse, then Flink after 2 min, then Kafka after 6 min."
    )


def test_names_cannot_be_markup() -> None:
    found = drawn(incident(chain=[link("kafka", NASTY, "consumer_group_lag", 5)]))
    for text in (picture_html(found), chain_html(found.chain)):
        assert "<img" not in text
        assert not re.search("[\x1b\u202e]", text)
