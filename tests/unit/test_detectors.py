"""All ways to see a fault come to one finding for each thing that is wrong."""

from __future__ import annotations

from dataclasses import replace

from monitoring.anomalies import Finding
from monitoring.detection.detectors import one_of_each
from tests.unit.by_hand import at, key

UNUSUAL = Finding(key(), "baseline", "warning", at(0), True, 9.0, 1.0, "outside 0 to 2", "unusual")
BEYOND = Finding(key(), "threshold", "warning", at(30), True, 9.0, 1.0, "> 5", "beyond")


def test_an_unusual_level_beyond_its_threshold_is_told_once_by_the_threshold_since_it_was_unusual() -> None:
    assert one_of_each([BEYOND, UNUSUAL]) == one_of_each([UNUSUAL, BEYOND]) == [replace(BEYOND, since=at(0))]


def test_what_is_due_tells_before_a_threshold_that_is_not_due_yet() -> None:
    assert one_of_each([replace(BEYOND, due=False), UNUSUAL]) == [UNUSUAL]


def test_while_neither_is_due_the_threshold_is_pending() -> None:
    (told,) = one_of_each([replace(UNUSUAL, due=False), replace(BEYOND, due=False)])
    assert (told.kind, told.due) == ("threshold", False)


def test_other_kinds_and_other_series_stay_findings_of_their_own() -> None:
    loop = replace(BEYOND, kind="restart_loop")
    other = replace(BEYOND, key=key("elsewhere"))
    assert set(one_of_each([BEYOND, loop, other])) == {BEYOND, loop, other}
