"""Whether an anomaly eases or grows is judged by its distance from what is usual, not by a mean over the day."""

from __future__ import annotations

import pytest

from monitoring.tools.courses import Course, course


@pytest.mark.parametrize(
    ("usual", "worst", "lately", "before", "expected"),
    [
        (37.0, 1980.0, 1020.0, 1975.0, "easing"),
        (37.0, 1274.0, 1194.0, 110.0, "worsening"),
        (37.0, 1274.0, 1194.0, 1200.0, "steady"),
        (37.0, 1274.0, 60.0, 60.0, "easing"),
        (37.0, 1274.0, 1270.0, None, "worsening"),
        (37.0, 1274.0, 400.0, None, "easing"),
        (37.0, 1274.0, 900.0, 500.0, "worsening"),
    ],
)
def test_a_value_that_is_too_high(
    usual: float, worst: float, lately: float, before: float | None, expected: Course
) -> None:
    assert course(usual, worst, lately, before) == expected


@pytest.mark.parametrize(
    ("worst", "lately", "before", "expected"),
    [(0.0, 0.0, 0.0, "steady"), (0.0, 700.0, 0.0, "easing"), (300.0, 310.0, 900.0, "worsening")],
)
def test_a_rate_that_is_too_low(worst: float, lately: float, before: float, expected: Course) -> None:
    assert course(1000.0, worst, lately, before) == expected


def test_without_knowing_what_is_usual_it_is_judged_from_zero() -> None:
    assert course(None, 100.0, 20.0, 90.0) == "easing"
    assert course(None, 0.0, 0.0, 0.0) == "steady"
