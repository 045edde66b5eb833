"""Whether a turn leans on the one before is weighed: learnt where rules are silent, ruled where it only edits."""

from __future__ import annotations

from typing import get_args

import pytest

from benchmarks.question_bank import AS_OF
from benchmarks.saying_bank import groups, reporting
from monitoring.agent.leaning import ALONE, LEANS, Leaning, Situation, ruled, turn_features, weighed
from monitoring.agent.request import Intent, Request
from monitoring.agent.understanding import understand
from monitoring.agent.wish_model import shipped_model
from monitoring.agent.wishing import PROGRESS, Wish
from monitoring.metrics import Catalogue
from platform_metrics_definition import CATALOGUE


def after(*turns: str) -> Request:
    previous: Request | None = None
    for turn in turns:
        previous = understand(turn, CATALOGUE, AS_OF, "UTC", reporting(), previous, reporting())
    assert previous is not None
    return previous


def met(*turns: str) -> Situation:
    """The situation of the last turn."""
    found: list[Situation] = []

    def listen(situation: Situation, catalogue: Catalogue) -> Leaning:
        found.append(situation)
        return ruled(situation, catalogue)

    previous: Request | None = None
    for turn in turns:
        previous = understand(turn, CATALOGUE, AS_OF, "UTC", reporting(), previous, leaning=listen)
    return found[-1]


def test_the_shipped_weights_tell_leaning_from_standing_alone_and_wishes_there_are() -> None:
    assert set(shipped_model("leaning").wishes) == {LEANS, ALONE}
    assert set(shipped_model("followups").wishes) <= {*get_args(Intent), PROGRESS}


@pytest.mark.parametrize(
    ("turns", "intent"),
    [
        (("How is Flink?", "which jobs are affected?"), "list"),
        (("How many anomalies did Kafka have today?", "and what were they?"), "list"),
        (("Since when is the consumer lag too high?", "do we know the culprit?"), "diagnose"),
    ],
)
def test_a_turn_that_leans_asks_its_own_question_of_the_subject_before(turns: tuple[str, ...], intent: Intent) -> None:
    assert after(*turns).intent == intent


def test_a_question_complete_by_itself_does_not_lean() -> None:
    request = after("How full is the disk of ch-1?", "how many incidents were there on the whole platform today?")
    assert (request.components, request.metrics, request.instances) == ((), (), ())


def test_a_turn_that_only_names_something_else_is_left_to_the_rules() -> None:
    situation = met("How many anomalies did Kafka have today?", "and Flink?")
    by_rule = ruled(situation, CATALOGUE)
    assert by_rule.edit
    assert weighed(situation, CATALOGUE) == by_rule == Leaning(True, Wish("count"), edit=True)


def test_the_features_tell_what_was_asked_before_and_not_of_what() -> None:
    for metric in ("consumer lag", "produce latency"):
        situation = met(f"What is the {metric} right now?", "since when?")
        seen = turn_features(situation, ruled(situation, CATALOGUE), CATALOGUE)
        assert "p:value" in seen
        assert not any("lag" in feature or "latency" in feature for feature in seen)


@pytest.mark.parametrize(
    ("turns", "window"),
    [
        (("incidents in the last 2 hours", "and over the past twelve?"), "04 00:00-04 12:00"),
        (("running queries on ch-3 in the last 6 hours", "the same six hours yesterday"), "03 06:00-03 12:00"),
        (("running queries on ch-3 on Monday from 6 to 12", "the same six hours yesterday"), "03 06:00-03 12:00"),
        (("anomalies of Flink yesterday", "and the current day?"), "04 00:00-04 12:00"),
        (("Was ClickHouse all right yesterday?", "now for Flink"), "03 00:00-04 00:00"),
    ],
)
def test_a_window_is_named_by_the_one_before(turns: tuple[str, ...], window: str) -> None:
    span = after(*turns).window
    assert span is not None
    assert f"{span.window.start:%d %H:%M}-{min(span.window.end, AS_OF):%d %H:%M}" == window


@pytest.mark.parametrize("question", ["and at this moment?", "is it ok this very minute?", "what is it presently?"])
def test_a_question_for_the_present_leaves_the_window_behind(question: str) -> None:
    assert after("What was the consumer lag of flink-orders yesterday?", question).window is None


def test_a_comparison_sets_the_stretch_that_is_named_beside_the_one_before() -> None:
    request = after("How many incidents were there today?", "did we have fewer of them yesterday?")
    assert request.intent == "compare"
    assert request.window is not None
    assert request.compare is not None
    assert (f"{request.window.window.start:%d}", f"{request.compare.window.start:%d}") == ("04", "03")


@pytest.mark.parametrize(
    ("turns", "instances"),
    [
        (("disk usage of ch-1/default", "and archive?"), ("ch-1/archive",)),
        (("replication lag of ch-2/orders", "and on ch-3?"), ("ch-3/orders",)),
        (("task busy ratio of payments-agg/aggregate", "and the sink?"), ("payments-agg/sink",)),
        (("compare the heap of broker-1 and broker-2", "swap broker-2 for broker-3"), ("broker-1", "broker-3")),
    ],
)
def test_a_part_is_named_by_what_differs_from_before(turns: tuple[str, ...], instances: tuple[str, ...]) -> None:
    assert after(*turns).instances == instances


def test_the_bank_holds_follow_ups_that_lean_and_changes_that_do_not() -> None:
    followups = list(groups(name="followups"))
    changes = list(groups(name="changes"))
    assert len(followups) > 700
    assert all(len(saying.turns) > 1 for group in (*followups, *changes) for saying in group.sayings)
