"""Arithmetic shown in an answer: what is right stands, what is wrong is a number like any other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.agent.arithmetic import without_results
from tests.unit.agent_replies import event, summary_reply, untraced


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("1,840 − 62 = 1,778 parts", "1,840 − 62 =  parts"),
        ("1840 - 62 = 1778", "1840 - 62 = "),
        ("12 + 3 + 4 = 19 anomalies", "12 + 3 + 4 =  anomalies"),
        ("1,840 parts / 62 parts ≈ 29.7", "1,840 parts / 62 parts ≈ "),
        ("2 + 3 * 4 = 14", "2 + 3 * 4 = "),
        ("(1,840 − 62) / 62 = 2,868 %", "(1,840 − 62) / 62 = "),
        ("40 minus 12 is 28", "40 minus 12 is "),
        ("12 of 40 anomalies (30 %)", "12 of 40 anomalies ()"),
    ],
)
def test_a_result_that_is_right_needs_no_row(text: str, left: str) -> None:
    assert without_results(text).split() == left.split()


@pytest.mark.parametrize(
    "text",
    [
        "1,840 − 62 = 1,779 parts",
        "1840 - 62 = 177",
        "1840 - 62 = 17780",
        "2 + 3 * 4 = 20",
        "12 of 40 (31 %)",
        "5 / 0 = 0",
        "there are 5 = five",
        "09:33 - 10:15 is when 42 failed",
    ],
)
def test_a_result_that_is_wrong_stays_a_number_to_be_traced(text: str) -> None:
    assert without_results(text) == text


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from("+-*"))
def test_any_sum_of_two_numbers_is_right_exactly_where_it_is(a: int, b: int, sign: str) -> None:
    result = {"+": a + b, "-": a - b, "*": a * b}[sign]
    right = f"{a:,} {sign} {b:,} = {result:,}"
    assert without_results(right) != right
    wrong = f"{a:,} {sign} {b:,} = {abs(result) + 1:,}"
    assert without_results(wrong) == wrong


def test_what_goes_into_the_arithmetic_must_stand_somewhere() -> None:
    reply = summary_reply([event()], total=37)
    assert untraced("37 - 1 = 36 anomalies are others.", "how many?", reply) == ()
    assert untraced("39 - 3 = 36 anomalies are others.", "how many?", reply) == ("39", "3")
    assert "35" in untraced("37 - 1 = 35 anomalies are others.", "how many?", reply)
