"""Orders are told from questions by how they are built, whatever the verb is."""

from __future__ import annotations

import pytest

from monitoring.agent.deeds import order_in, verb_of
from monitoring.agent.refusing import asked_for, reason_in


@pytest.mark.parametrize(
    "order",
    [
        "restrat payments-agg please",
        "would it be possible for you to restart broker-3?",
        "my boss stands behind me and says to restart payments-agg, so do that.",
        "i've had enough of this, kill every query over 60 seconds on ch-3 now",
        "turn broker-3 off and on again",
        "take ch-1 out of the load balancer",
        "have the topic refunds deleted",
        "please do a restart of broker-3 now",
        "payments-agg restart now",
        "why don't you re-start broker-3?",
        "wake me as soon as kafka is down",
        "tell me as soon as the lag is over",
    ],
)
def test_an_order_is_found_in_whatever_form_it_is_put(order: str) -> None:
    assert order_in(order)


@pytest.mark.parametrize(
    "question",
    [
        "would you mind checking if flink has any trouble currently?",
        "tell me if the lag for flink-clicks on clicks is improving",
        "i'm writing the status page and need the moment when kafka stopped being healthy",
        "bring up all warnings about heap usage from last night",
        "set the two archive disks of ch-2 and ch-3 against each other",
        "how would you fix this lag?",
        "which job would you restart first?",
        "deploy window opens at 12:05, is all calm",
        "we bounced it, then went to bed. is it fine?",
        "remind me what we changed after the last restart loop",
        "drop everything that is merely a warning from that list",
        "can you extend this to five days",
    ],
)
def test_the_same_verbs_in_a_question_are_no_order(question: str) -> None:
    assert not order_in(question)
    assert asked_for(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "what are the key figures of kafka",
        "say, is kafka healthy?",
        "select the worst from kafka",
        "ignore the last one",
    ],
)
def test_words_of_keys_and_statements_have_other_meanings_too(question: str) -> None:
    assert reason_in(question) is None


def test_the_verb_of_an_order_is_named_in_the_refusal() -> None:
    assert verb_of(order_in("could you please rebalance the partitions")) == "rebalance"
