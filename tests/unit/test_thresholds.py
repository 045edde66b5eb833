"""Thresholds: a condition begins, lasts, is confirmed, fires, and ends past its clear level."""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from monitoring.anomalies import Finding
from monitoring.blocks import Block, to_micros
from monitoring.detection.memory import Memory
from monitoring.detection.thresholds import Thresholds, describe, number
from monitoring.metrics import Metric, SeriesKey, Threshold
from tests.unit.by_hand import START, at, catalogue, judged, key, metric, samples, ticks

HOLD = timedelta(seconds=120)
ABOVE = Threshold(">", 100.0, HOLD, 80.0, "test")
FAR_ABOVE = Threshold(">", 200.0, HOLD, 150.0, "test")


def life(rule: Metric, values: Sequence[float], until: float | None = None) -> list[str]:
    """One letter a tick: `-` nothing, `p` begun, `w` or `c` due as warning or critical."""
    found = judged(catalogue(rule), samples(key(), values), 30.0 * (len(values) - 1) if until is None else until)
    return [_letter(of.get(key())) for of in found.values()]


def _letter(finding: Finding | None) -> str:
    if finding is None:
        return "-"
    return finding.severity[0] if finding.due else "p"


class TestLife:
    def test_begins_with_the_first_sample_beyond_and_is_due_once_it_lasted_its_hold(self) -> None:
        assert "".join(life(metric(ABOVE), [50, 150, 150, 150, 150, 150, 150])) == "-ppppww"

    def test_a_value_at_the_level_is_not_beyond_it(self) -> None:
        assert "".join(life(metric(ABOVE), [100.0] * 8)) == "-" * 8

    def test_its_onset_is_the_first_breaching_sample_not_the_tick_that_saw_it(self) -> None:
        given = samples(key(), [50, 150, 150, 150, 150, 150, 150], first=-7)
        found = judged(catalogue(metric(ABOVE)), given, 180)
        assert found[150][key()].since == at(23)
        assert found[180][key()].due

    def test_a_single_odd_sample_never_fires_however_long_ago_it_came(self) -> None:
        rule = metric(Threshold(">", 100.0, timedelta(0), 80.0, "test"))
        found = judged(catalogue(rule), samples(key(), [50, 50, 50, 150]), 600)
        assert not any(of[key()].due for of in found.values() if key() in of)

    def test_without_a_hold_the_second_sample_fires(self) -> None:
        rule = metric(Threshold(">", 100.0, timedelta(0), 80.0, "test"))
        assert "".join(life(rule, [50, 150, 150])) == "-pw"

    def test_a_single_odd_sample_is_not_kept_by_the_clear_level(self) -> None:
        rule = metric(Threshold(">", 100.0, timedelta(0), 80.0, "test"))
        assert "".join(life(rule, [50, 150, 90, 90])) == "-p--"

    def test_one_good_sample_before_it_is_due_begins_it_anew(self) -> None:
        assert "".join(life(metric(ABOVE), [150, 150, 150, 90, 150, 150, 150, 150, 150])) == "ppp-ppppw"

    def test_once_due_it_stays_until_a_value_is_past_the_clear_level(self) -> None:
        assert "".join(life(metric(ABOVE), [150] * 5 + [90, 81, 80, 90])) == "ppppwww--"

    def test_it_is_over_when_it_is_as_usual_again_even_where_that_lies_above_the_clear_level(self) -> None:
        after = [85.0] * 118 + [150] * 6 + [99, 99, 86, 99]
        assert "".join(life(metric(ABOVE), after)) == "-" * 118 + "ppppww" + "ww--"

    def test_what_dips_below_the_clear_level_must_last_anew(self) -> None:
        assert "".join(life(metric(ABOVE), [150] * 5 + [70, 150, 150, 150, 150, 150])) == "ppppw-ppppw"

    def test_a_constant_series_beyond_its_level_is_due_all_along(self) -> None:
        assert "".join(life(metric(ABOVE), [150] * 60)) == "pppp" + "w" * 56

    def test_a_constant_series_within_its_level_never_begins(self) -> None:
        assert set(life(metric(ABOVE), [0.0] * 60)) == {"-"}


class TestSeverities:
    def test_critical_comes_before_warning_where_both_are_due(self) -> None:
        assert "".join(life(metric(ABOVE, FAR_ABOVE), [250] * 6)) == "ppppcc"

    def test_a_warning_becomes_critical_after_the_critical_hold(self) -> None:
        assert "".join(life(metric(ABOVE, FAR_ABOVE), [150] * 5 + [250] * 6)) == "ppppwwwwwcc"

    def test_critical_falls_back_to_warning_below_its_own_clear_level(self) -> None:
        assert "".join(life(metric(ABOVE, FAR_ABOVE), [250] * 5 + [160, 140, 90, 70])) == "ppppccww-"

    def test_the_onset_of_a_critical_one_is_that_of_the_warning_before_it(self) -> None:
        found = judged(catalogue(metric(ABOVE, FAR_ABOVE)), samples(key(), [150] * 5 + [250] * 6), 300)
        assert found[300][key()].severity == "critical"
        assert found[300][key()].since == START

    def test_a_metric_may_have_a_critical_level_only(self) -> None:
        assert "".join(life(metric(None, FAR_ABOVE), [150, 250, 250, 250, 250, 250])) == "-ppppc"

    def test_a_metric_without_thresholds_is_never_found(self) -> None:
        assert set(life(metric(), [1e12] * 9)) == {"-"}

    def test_a_series_of_a_metric_the_catalogue_does_not_know_is_never_found(self) -> None:
        given = samples(key(metric="unknown_metric"), [1e12] * 9)
        assert not any(judged(catalogue(metric(ABOVE)), given, 240).values())


class TestOperators:
    @pytest.mark.parametrize(
        ("rule", "values", "expected"),
        [
            (Threshold("<", 10.0, HOLD, 12.0, "t"), [11, 9, 9, 9, 9, 9, 11, 12], "-ppppww-"),
            (Threshold("<=", 10.0, HOLD, 12.0, "t"), [11, 10, 10, 10, 10, 10, 12, 13], "-ppppww-"),
            (Threshold(">=", 10.0, HOLD, 8.0, "t"), [9, 10, 10, 10, 10, 10, 8, 7], "-ppppww-"),
            (Threshold("!=", 1.0, HOLD, 1.0, "t"), [1, 0, 0, 2, 2, 0, 1, 1], "-ppppw--"),
        ],
    )
    def test_each_operator_has_its_worse_side(self, rule: Threshold, values: list[float], expected: str) -> None:
        assert "".join(life(metric(rule), values)) == expected

    def test_a_further_condition_must_hold_too(self) -> None:
        rule = metric(Threshold("<", 10.0, HOLD, 12.0, "t", also=(">", 5.0)))
        assert "".join(life(rule, [4] * 6)) == "------"
        assert "".join(life(rule, [6] * 6 + [5, 6])) == "ppppww-p"


class TestUsual:
    TWICE = Threshold(">", 2.0, HOLD, 1.5, "t", basis="times usual")
    BELOW = Threshold("<", -0.5, HOLD, -0.5, "t", basis="usual plus")

    def test_it_is_not_judged_before_ten_minutes_of_samples_tell_what_is_usual(self) -> None:
        letters = life(metric(self.TWICE), [10] * 4 + [1000] * 15)
        assert set(letters) == {"-"}

    def test_twenty_minutes_of_samples_do(self) -> None:
        assert "".join(life(metric(self.TWICE), [10] * 40 + [50] * 6))[40:] == "ppppww"

    def test_the_multiple_is_taken_of_what_is_usual_for_each_series(self) -> None:
        small, large = key("small"), key("large")
        given = samples(small, [10] * 40 + [50] * 6) + samples(large, [40] * 40 + [50] * 6)
        last = judged(catalogue(metric(self.TWICE)), given, 30 * 45)[30 * 45]
        assert set(last) == {small}
        assert last[small].expected == pytest.approx((40 * 10 + 6 * 50) / 46)

    def test_the_clear_level_is_relative_too(self) -> None:
        letters = "".join(life(metric(self.TWICE), [10.0] * 100 + [50.0] * 5 + [20.0, 20.0, 12.0]))
        assert letters[100:] == "ppppwww-"

    def test_one_member_fewer_than_usual_is_found(self) -> None:
        rule = metric(self.BELOW, direction="lower_is_worse")
        assert "".join(life(rule, [3] * 40 + [2] * 5 + [3]))[40:] == "ppppw-"

    def test_minutes_at_the_end_of_an_hour_do_not_yet_say_what_is_usual_in_the_next(self) -> None:
        # From 03:58 on, two minutes of start-up, then the real load.
        rule, first = metric(self.TWICE), 58 * 60
        given = samples(key(), [1.0] * 4 + [100.0] * 16, first=first)
        assert not any(judged(catalogue(rule), given, first + 600).values())


class TestSilence:
    def test_a_silent_series_keeps_a_condition_that_was_due(self) -> None:
        letters = life(metric(ABOVE), [150] * 6, until=1800)
        assert letters[4:] == ["w"] * len(letters[4:])

    def test_a_silent_series_loses_one_that_was_not(self) -> None:
        slow = Threshold(">", 100.0, timedelta(minutes=5), 80.0, "t")
        assert life(metric(slow), [50] * 5 + [150] * 3, until=1800)[5:] == ["p"] * 6 + ["-"] * 50

    def test_it_is_over_with_the_first_good_sample_after_the_silence(self) -> None:
        given = samples(key(), [150] * 6) + samples(key(), [50], first=1200)
        found = judged(catalogue(metric(ABOVE)), given, 1200)
        assert key() in found[1170]
        assert key() not in found[1200]


class TestOddInput:
    @pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
    def test_what_is_no_number_is_no_sample(self, odd: float) -> None:
        with_odd = life(metric(ABOVE), [150, 150, odd, 150, 150, 150, 50, odd, odd])
        assert "".join(with_odd) == "ppppww---"

    def test_a_missing_value_is_no_sample(self) -> None:
        memory, thresholds = Memory(), Thresholds(catalogue(metric(ABOVE)))
        values = np.array([150, None], float)
        memory.absorb(Block((key(),), np.zeros(2, np.int64), np.array([to_micros(at(0)), to_micros(at(30))]), values))
        assert thresholds.judge(memory, to_micros(at(30)))[0].value == 150

    def test_a_series_of_no_numbers_at_all_is_never_found(self) -> None:
        assert set(life(metric(ABOVE, FAR_ABOVE), [math.nan] * 20)) == {"-"}

    def test_what_is_usual_survives_a_sample_that_is_no_number(self) -> None:
        assert (
            "".join(life(metric(TestUsual.TWICE), [10.0] * 30 + [math.nan] + [10.0] * 9 + [50.0] * 6))[40:] == "ppppww"
        )

    def test_late_samples_change_nothing(self) -> None:
        memory, thresholds = Memory(), Thresholds(catalogue(metric(ABOVE)))
        memory.absorb(Block.of(samples(key(), [50.0], first=600)))
        memory.absorb(Block.of(samples(key(), [150.0] * 10)))
        assert thresholds.judge(memory, to_micros(at(600))) == []
        assert memory.value[0] == 50.0

    def test_a_clock_that_jumps_back_fires_nothing_and_forgets_nothing(self) -> None:
        memory, thresholds = Memory(), Thresholds(catalogue(metric(ABOVE)))
        for moment, block in ticks(samples(key(), [150] * 6), 150):
            memory.absorb(block)
            before = thresholds.judge(memory, to_micros(moment))
        assert before[0].due
        back = thresholds.judge(memory, to_micros(at(30)))
        assert [finding.since for finding in back] == [START]
        assert thresholds.judge(memory, to_micros(at(180)))[0].due

    def test_a_clock_that_jumps_forward_confirms_nothing(self) -> None:
        memory, thresholds = Memory(), Thresholds(catalogue(metric(ABOVE)))
        memory.absorb(Block.of(samples(key(), [150])))
        thresholds.judge(memory, to_micros(at(0)))
        assert not any(finding.due for finding in thresholds.judge(memory, to_micros(at(86_400))))

    def test_no_series_at_all_is_nothing_to_find(self) -> None:
        assert Thresholds(catalogue(metric(ABOVE))).judge(Memory(), to_micros(START)) == []


class TestMany:
    def test_ten_thousand_new_series_at_once_are_all_judged_at_once(self) -> None:
        keys = tuple(key(f"broker-{n}") for n in range(10_000))
        memory, thresholds = Memory(), Thresholds(catalogue(metric(ABOVE)))
        series = np.arange(10_000, dtype=np.int64)
        values = np.where(series % 2 == 0, 150.0, 50.0)
        began = time.perf_counter()
        for tick in range(6):
            now = to_micros(at(30 * tick))
            memory.absorb(Block(keys, series, np.full(10_000, now), values))
            found = thresholds.judge(memory, now)
        assert time.perf_counter() - began < 5
        assert {finding.key for finding in found} == set(keys[::2])
        assert all(finding.due for finding in found)

    def test_the_order_of_samples_within_a_tick_does_not_matter(self) -> None:
        given = [s for n in range(20) for s in samples(key(f"b{n}"), [50 + 10 * n + 7 * (m % 3) for m in range(40)])]
        mixed = given[:]
        random.Random(1).shuffle(mixed)
        of = catalogue(metric(ABOVE, FAR_ABOVE))
        assert judged(of, given, 1170) == judged(of, mixed, 1170)

    @pytest.mark.parametrize("parts", [1, 2, 7, 1000])
    def test_the_same_samples_in_any_number_of_blocks_give_the_same_findings(self, parts: int) -> None:
        given = [s for n in range(9) for s in samples(key(f"b{n}"), [90 + 30 * ((n + m) % 5) for m in range(200)])]
        whole = Block.of(given).by_time()
        expected = _judged_once([whole])
        edges = np.linspace(0, len(whole), parts + 1).astype(int).tolist()
        assert _judged_once([whole.slice(a, b) for a, b in itertools.pairwise(edges)]) == expected
        assert expected


def _judged_once(blocks: Sequence[Block]) -> dict[SeriesKey, Finding]:
    """Everything taken in, block by block, then judged twice, so that what stayed is due."""
    memory, thresholds = Memory(), Thresholds(catalogue(metric(ABOVE, TestUsual.TWICE)))
    for block in blocks:
        memory.absorb(block)
    thresholds.judge(memory, to_micros(at(200 * 30)))
    return {finding.key: finding for finding in thresholds.judge(memory, to_micros(at(200 * 30 + 60)))}


class TestWords:
    @pytest.mark.parametrize(
        ("threshold", "usual", "text"),
        [
            (Threshold(">", 300.0, timedelta(minutes=5), 250.0, "t"), None, "> 300 for 5 min"),
            (Threshold(">", 0.0, timedelta(0), 0.0, "t"), None, "> 0"),
            (TestUsual.TWICE, 1200.0, "> 2 × the usual 1,200 for 2 min"),
            (TestUsual.TWICE, None, "> 2 × usual for 2 min"),
            (TestUsual.BELOW, 3.0, "< 2.5 for 2 min"),
            (TestUsual.BELOW, None, "< usual -0.5 for 2 min"),
        ],
    )
    def test_a_threshold_reads_as_a_person_would_say_it(
        self, threshold: Threshold, usual: float | None, text: str
    ) -> None:
        assert describe(threshold, usual) == text

    @pytest.mark.parametrize(
        ("value", "text"), [(0.0, "0"), (0.8731, "0.873"), (12.5, "12.5"), (1840.4, "1,840"), (math.nan, "unknown")]
    )
    def test_numbers_are_short(self, value: float, text: str) -> None:
        assert number(value) == text

    def test_a_finding_says_value_threshold_and_how_long(self) -> None:
        found = judged(catalogue(metric(ABOVE)), samples(key(), [150] * 6), 150)[150][key()]
        assert found.why == "load is 150 (threshold > 100 for 2 min), beyond it for 2 min"
        assert (found.value, found.threshold, found.kind) == (150, "> 100 for 2 min", "threshold")
