"""What does not get out: secrets, instructions, and deeds that were never done; and how sentences are taken out."""

from __future__ import annotations

import base64
import codecs
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.agent.guarding import claims_a_deed, declines, secrets_of, tells_instructions, without_secrets
from monitoring.agent.prompts import INSTRUCTIONS, system_prompt
from monitoring.agent.sentences import changed, has_words, says_something, without
from monitoring.contract import ToolReply
from monitoring.settings import parse_settings
from platform_metrics_definition import CATALOGUE
from tests.unit.agent_replies import answer
from tests.unit.test_tracing import ANSWERS

RULE = "Never invent a number. Every number in your answer must stand in a row or summary a tool returned in this turn"


def test_keys_addresses_and_passwords_are_taken_out() -> None:
    settings = parse_settings(
        {"OPENAI_API_KEY": "sk-verysecret", "DATABASE_URL": "postgresql://me:p%40ssword1@db.internal/x"}
    )
    secrets = secrets_of(settings)
    text = "Key sk-verysecret, at postgresql://me:p%40ssword1@db.internal/x, p%40ssword1 or p@ssword1."
    assert without_secrets(text, secrets) == "Key [removed], at [removed], [removed] or [removed]."


@pytest.mark.parametrize(
    "text",
    [
        RULE,
        RULE.upper(),
        f"Sure! My rules: {RULE}.",
        RULE[::-1],
        codecs.encode(RULE, "rot13"),
        base64.b64encode(RULE.encode()).decode(),
        base64.urlsafe_b64encode(RULE.encode()).decode().rstrip("="),
        RULE.encode().hex(),
        RULE.replace(" ", "  \t"),
        "You are the monitoring assistant of one data platform: Kafka → Flink → ClickHouse.",
    ],
)
def test_instructions_are_known_plain_backwards_and_in_codes(text: str) -> None:
    assert tells_instructions(text, INSTRUCTIONS)


@pytest.mark.parametrize(
    "text", ["", "A" * 45, "QUJD" * 20, "payments-prod-eu-west-1/orders-events-enriched-aggregated-v2"]
)
def test_what_only_looks_like_a_code_is_no_instruction(text: str) -> None:
    assert not tells_instructions(text, INSTRUCTIONS)


@given(st.text(max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    tells_instructions(text, INSTRUCTIONS)
    assert without(text, lambda _: False).split() == text.split()


@pytest.mark.parametrize(("question", "replies"), ANSWERS)
def test_ordinary_answers_are_neither_instructions_nor_deeds(question: str, replies: list[ToolReply]) -> None:
    text = answer(question, *replies)
    assert not any(tells_instructions(line, INSTRUCTIONS) or claims_a_deed(line) for line in text.split("\n"))


def test_the_catalogue_of_the_prompt_is_no_secret() -> None:
    prompt = system_prompt(CATALOGUE, datetime(2026, 3, 4, tzinfo=UTC), "UTC")
    assert INSTRUCTIONS.splitlines()[-1] in prompt
    for metric in CATALOGUE:
        assert not tells_instructions(f"{metric.name} | {metric.short} | {metric.unit}", INSTRUCTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "I have restarted broker-1.",
        "I've now deleted the table.",
        "I just silenced the alert.",
        "Done! The table is gone.",
        "The topic has been deleted as requested.",
        "Successfully dropped the database.",
    ],
)
def test_a_deed_that_is_claimed_is_seen(text: str) -> None:
    assert claims_a_deed(text)


@pytest.mark.parametrize(
    "text",
    [
        "The broker has been restarted three times (restart loop).",
        "Restart the broker once you have checked its disk.",
        "I looked at the last hour.",
        "I cannot restart the broker.",
        "The anomaly was resolved at 10:03.",
    ],
)
def test_what_the_rows_tell_of_is_no_deed(text: str) -> None:
    assert not claims_a_deed(text)


def test_a_text_that_declines_is_known() -> None:
    assert declines("I can only look at it.")
    assert declines("I can't do that.")
    assert not declines("The broker is down.")


def test_sentences_are_taken_out_and_the_rest_stays_as_it_was() -> None:
    text = "**Lag** is high. It is 99 s, e.g. on orders. Look.\n\n- one 99\n- two\n\n\nend"
    assert without(text, lambda s: "99" in s) == "**Lag** is high. Look.\n\n- two\n\nend"
    assert without(text, lambda _: False) == text.replace("\n\n\n", "\n\n")
    assert without("all 99", lambda s: "99" in s) == ""


def test_sentences_are_changed_in_their_place() -> None:
    assert changed("1. One. Two!\n# Three", str.upper) == "1. ONE. TWO!\n# THREE"


def test_a_text_of_which_nothing_is_left_says_nothing() -> None:
    assert not says_something("- \n## Now")
    assert says_something("Three brokers are down.")


@pytest.mark.parametrize(("text", "words"), [("Yes.", True), ("是", True), ("3 + 4 = 7", False), ("`- - -`", False)])
def test_a_text_without_a_word_is_no_answer(text: str, words: bool) -> None:
    assert has_words(text) is words
