"""What a question wants is weighed: a model read from its file, features without names, where rules keep the word."""

from __future__ import annotations

import math
from typing import get_args

import pytest

from benchmarks.question_bank import AS_OF
from benchmarks.saying_bank import HELD_OUT, LEARNT, groups, reporting, wishes
from monitoring.agent.intents import Words, intent_of
from monitoring.agent.request import Intent, Request
from monitoring.agent.understanding import understand
from monitoring.agent.wish_features import features
from monitoring.agent.wish_model import WishModel, read_model, shipped_model, written
from monitoring.agent.wishing import PROGRESS, Wish
from monitoring.errors import InvalidInput
from monitoring.metrics import Catalogue
from platform_metrics_definition import CATALOGUE

SMALL = WishModel(("count", "trend"), (0.0, 0.5), {"1:many": {0: 4.0}, "1:chart": {1: 4.0}})


def heard(question: str) -> frozenset[str]:
    """The features of the one clause of a question."""
    found: list[frozenset[str]] = []

    def listen(words: Words, catalogue: Catalogue, previous: Request | None) -> Wish:
        ruled = intent_of(words, catalogue, previous)
        found.append(features(words, ruled, catalogue))
        return Wish(ruled)

    understand(question, CATALOGUE, AS_OF, "UTC", reporting(), wishing=listen)
    assert len(found) == 1
    return found[0]


def intent(question: str, *before: str) -> Intent:
    previous: Request | None = None
    for turn in before:
        previous = understand(turn, CATALOGUE, AS_OF, "UTC", reporting(), previous)
    return understand(question, CATALOGUE, AS_OF, "UTC", reporting(), previous).intent


class TestModel:
    def test_a_model_written_is_read_as_it_was(self) -> None:
        assert read_model(written(SMALL)) == SMALL

    def test_the_likelihoods_are_those_of_a_logistic_regression(self) -> None:
        likely = SMALL.probabilities({"1:many", "1:unknown", "1:other", "1:words"})
        odds = math.exp(4.0 / math.sqrt(4) - 0.5)
        assert likely["count"] == pytest.approx(odds / (1 + odds))
        assert sum(likely.values()) == pytest.approx(1)

    def test_nothing_known_leaves_the_bias(self) -> None:
        assert SMALL.probabilities(()) == pytest.approx(
            {"count": 1 / (1 + math.exp(0.5)), "trend": 1 / (1 + math.exp(-0.5))}
        )

    @pytest.mark.parametrize(
        "text", ["", "wishes\ta\n", "wishes\ta\tb\nbias\t1\n", "wishes\ta\nbias\t1\nfeature\tx:1\n"]
    )
    def test_a_file_that_is_no_model_is_refused_in_one_sentence(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="Learn them anew"):
            read_model(text)

    def test_every_wish_of_the_shipped_weights_is_an_intent_or_the_wish_to_know_which_way_things_go(self) -> None:
        assert set(shipped_model("wishes").wishes) <= {*get_args(Intent), PROGRESS}

    def test_the_shipped_weights_are_of_features_that_questions_have(self) -> None:
        model = shipped_model("wishes")
        assert len(heard("How many critical anomalies did Kafka have yesterday?") & model.weights.keys()) > 20


class TestFeatures:
    def test_names_of_metrics_components_and_numbers_are_marks(self) -> None:
        found = heard("How did consumer lag of kafka develop above 5000?")
        assert {"1:xmetric", "1:xcomponent", "1:xnumber"} <= found
        assert not {"1:kafka", "1:lag", "1:consumer"} & found

    def test_one_wish_has_the_same_features_whatever_it_is_about(self) -> None:
        assert heard("show me checkpoint duration over time") == heard("show me checkpoint age over time")


class TestWish:
    @pytest.mark.parametrize(
        ("question", "wish"),
        [
            ("Is there a precedent for this trouble with ClickHouse?", "recall"),
            ("Which fault lies at the bottom of the Kafka trouble?", "diagnose"),
            ("What runway do the disks of broker-1 have?", "forecast"),
            ("Above which number of parts per partition do you sound the alarm?", "threshold"),
        ],
    )
    def test_a_wish_that_no_rule_knows_is_understood(self, question: str, wish: Intent) -> None:
        assert intent(question) == wish

    def test_a_short_follow_up_is_left_to_the_turn_before(self) -> None:
        assert intent("and topic payments?", "How many anomalies did Kafka have today?") == "count"

    def test_what_has_nothing_to_do_with_the_platform_is_not_answered_with_its_state(self) -> None:
        assert intent("Can you recommend a good restaurant near the office?") in ("unclear", "foreign", "help")


class TestBank:
    def test_every_wish_has_sayings_and_both_halves_are_of_one_size(self) -> None:
        known = set(shipped_model("wishes").wishes)
        assert {wish for wish, _, _ in wishes()} | {group.wish for group in groups()} <= known
        halves = [saying.half for group in groups() for saying in group.sayings]
        assert abs(halves.count(LEARNT) - halves.count(HELD_OUT)) <= len(list(groups()))

    def test_sayings_of_a_group_are_wanted_for_what_its_question_is(self) -> None:
        alone = [(group.wish, s) for group in groups() for s in group.sayings if len(s.turns) == 1]
        sample = alone[::19]
        same = {"better": "trend", "foreign": "unclear", "value": "trend", "diagnose": "status", "count": "list"}
        right = sum(same.get(wish, wish) == same.get(got, got) for wish, s in sample for got in [intent(s.turns[0])])
        assert right >= 0.9 * len(sample)
