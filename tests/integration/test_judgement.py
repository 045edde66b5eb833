"""Judging what is stored: in one go, in steps, after a restart and again after late imports, with the same result."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from monitoring.judgement import Judge
from monitoring.metrics import Catalogue, Sample, SeriesKey
from monitoring.store.store import Store
from tests.integration.samples_by_hand import LAG, NOON, PARTS, STEP, block, line

pytestmark = pytest.mark.store

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
START = NOON - 3 * HOUR
OFFSETS = SeriesKey("kafka", "orders/refunds", "consumer_group_lag")
BUSY = SeriesKey("flink", "job/map", "task_busy_ratio")


def judge(store: Store, catalogue: Catalogue) -> Judge:
    return Judge(store, catalogue, STEP)


def events(store: Store) -> list[dict[str, Any]]:
    with store._owner.transaction("reading events") as cursor:
        cursor.execute(
            "SELECT e.fingerprint, e.severity, e.status, e.started_at, e.detected_at, e.critical_at, e.resolved_at,"
            " e.acknowledged_at, e.no_data_cause, e.peak_value, e.id, e.incident_id"
            " FROM anomaly_events e WHERE e.detected_at IS NOT NULL ORDER BY e.started_at, e.fingerprint, e.detected_at"
        )
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def incidents(store: Store) -> list[tuple[Any, ...]]:
    with store._owner.transaction("reading incidents") as cursor:
        cursor.execute(
            "SELECT pattern, status, severity, root_metric, started_at, detected_at, resolved_at,"
            " jsonb_array_length(chain) FROM incidents ORDER BY started_at, detected_at, root_metric, root_instance"
        )
        return [tuple(row) for row in cursor.fetchall()]


def story(store: Store) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    """Everything judged, but for the ids."""
    told = [{name: value for name, value in row.items() if name not in ("id", "incident_id")} for row in events(store)]
    return told, incidents(store)


def assert_consistent(store: Store) -> None:
    """Every event in one incident, every incident as wide as its events, at most one open event of a kind."""
    found = events(store)
    assert all(row["incident_id"] is not None for row in found)
    with store._owner.transaction("reading") as cursor:
        cursor.execute(
            "SELECT i.id, i.started_at, i.resolved_at, i.status, jsonb_array_length(i.chain), min(e.started_at),"
            " CASE WHEN bool_and(e.resolved_at IS NOT NULL) THEN max(e.resolved_at) END, "
            " count(DISTINCT (e.component, e.instance, e.metric))"
            " FROM incidents i LEFT JOIN anomaly_events e ON e.incident_id = i.id GROUP BY i.id"
        )
        for _, started, resolved, status, links, first, last, count in cursor.fetchall():
            assert (started, resolved, links) == (first, last, count)
            assert (status == "resolved") == (resolved is not None)
    spans: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for row in sorted(found, key=lambda row: row["detected_at"]):
        # One silence can be told twice, as one series and as its instance: onsets may overlap, firing may not.
        spans.setdefault(row["fingerprint"], []).append((row["detected_at"], row["resolved_at"]))
    for of_one in spans.values():
        for (_, end), (begin, _) in pairwise(of_one):
            assert end is not None
            assert end <= begin


def lagging(begin: datetime, end: datetime, level: float = 5_000) -> list[Sample]:
    """Six hours of consumer lag that is high over [begin, end)."""
    return line(LAG, START, START + 6 * HOUR, lambda moment: level if begin <= moment < end else 10.0)


def test_history_is_judged_with_the_times_at_which_it_happened(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(lagging(NOON, NOON + 20 * MINUTE)))
    outcome = judge(store, catalogue).catch_up(NOON + HOUR)
    (event,) = events(store)
    assert event["fingerprint"] == "threshold/kafka/orders/clicks/consumer_group_lag"
    assert (event["severity"], event["status"]) == ("warning", "resolved")
    assert event["started_at"] == NOON
    # Far outside its band it is told long before the threshold's five minutes are over.
    assert NOON + STEP <= event["detected_at"] <= NOON + 3 * STEP
    assert NOON + 20 * MINUTE <= event["resolved_at"] <= NOON + 20 * MINUTE + 2 * STEP
    assert (outcome.fired, outcome.incidents) == (1, 1)
    assert outcome.samples == 4 * 120
    assert_consistent(store)


def test_a_warning_that_becomes_critical_says_when(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(lagging(NOON, NOON + 40 * MINUTE, 50_000)))
    judge(store, catalogue).catch_up(NOON + 2 * HOUR)
    (event,) = events(store)
    assert event["severity"] == "critical"
    assert event["started_at"] == NOON
    assert event["detected_at"] <= NOON + 6 * MINUTE
    assert NOON + 15 * MINUTE <= event["critical_at"] <= NOON + 16 * MINUTE
    assert event["peak_value"] == 50_000


def test_an_empty_store_has_nothing_to_judge(store: Store, catalogue: Catalogue) -> None:
    assert judge(store, catalogue).catch_up(NOON).ticks == 0
    assert events(store) == []


def eventful(seed: int) -> list[Sample]:
    """Six hours of four series with faults and gaps at random places, seeded."""
    chance = random.Random(seed)
    samples: list[Sample] = []
    for key, high in ((LAG, 20_000.0), (OFFSETS, 3_000.0), (PARTS, 900.0), (BUSY, 0.2)):
        spans = [(chance.randrange(0, 21_600), chance.randrange(30, 3_000)) for _ in range(4)]
        gap = chance.randrange(0, 21_600), chance.randrange(100, 9_000)
        for sample in line(key, START, START + 6 * HOUR, 10.0 if key != BUSY else 0.1):
            at = (sample.time - START).total_seconds()
            if gap[0] <= at < sum(gap):
                continue
            bad = any(begin <= at < begin + length for begin, length in spans)
            samples.append(sample._replace(value=high) if bad else sample)
    return samples


STEPWISE: dict[str, Sequence[int]] = {
    "in steps of the interval": range(1, 7 * 120 + 1),
    "in steps of seventeen minutes": [*range(34, 7 * 120, 34), 7 * 120],
    "in two goes": [377, 7 * 120],
}


@pytest.mark.parametrize(
    ("seed", "steps", "restart"),
    [
        (1, "in steps of seventeen minutes", True),
        (2, "in steps of seventeen minutes", False),
        (3, "in two goes", True),
    ],
    ids=["a new judge each time", "one judge", "a new judge for the rest"],
)
def test_judging_in_steps_or_after_restarts_finds_the_same_as_in_one_go(
    store: Store, catalogue: Catalogue, seed: int, steps: str, restart: bool
) -> None:
    store.samples.write(block(eventful(seed)))
    judge(store, catalogue).catch_up(START + 7 * HOUR)
    in_one_go = story(store)
    assert len(in_one_go[0]) >= 4
    assert_consistent(store)
    store.events(catalogue).rewind(START)
    assert events(store) == []
    going_on = judge(store, catalogue)
    for step in STEPWISE[steps]:
        going_on = judge(store, catalogue) if restart else going_on
        going_on.catch_up(START + step * STEP)
    assert story(store) == in_one_go
    assert_consistent(store)


def test_judging_live_finds_the_same_as_in_one_go(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(eventful(4)))
    judge(store, catalogue).catch_up(START + 7 * HOUR)
    in_one_go = story(store)
    store.events(catalogue).rewind(START)
    going_on = judge(store, catalogue)
    for step in STEPWISE["in steps of the interval"]:
        going_on.catch_up(START + step * STEP)
    assert story(store) == in_one_go


def test_a_silence_of_hours_is_still_known_after_a_restart(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(line(LAG, START, NOON, 5), line(OFFSETS, START, NOON + 6 * HOUR, 5)))
    judge(store, catalogue).catch_up(NOON + 4 * HOUR)
    (before,) = events(store)
    assert (before["no_data_cause"], before["status"]) == ("series_stopped", "firing")
    judge(store, catalogue).catch_up(NOON + 5 * HOUR)
    assert events(store) == [before]


def test_a_slow_series_is_missed_at_the_same_time_whether_live_or_in_one_go(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(line(LAG, START, NOON, 5, 10 * MINUTE)))
    judge(store, catalogue).catch_up(NOON + 3 * HOUR)
    in_one_go = story(store)
    assert len(in_one_go[0]) == 1
    store.events(catalogue).rewind(START)
    going_on = judge(store, catalogue)
    for step in range(1, 6 * 60 + 1):
        going_on.catch_up(START + step * MINUTE)
    assert abs(events(store)[0]["detected_at"] - in_one_go[0][0]["detected_at"]) <= MINUTE


def test_samples_that_always_arrive_a_minute_late_are_judged(store: Store, catalogue: Catalogue) -> None:
    going_on = judge(store, catalogue)
    store.samples.write(block(line(LAG, NOON - HOUR, NOON, 10)))
    samples = line(LAG, NOON, NOON + 20 * MINUTE, 5_000)
    for step in range(1, 60):
        now = NOON + step * STEP
        store.samples.write(block([s for s in samples if s.time <= now - MINUTE]))
        going_on.catch_up(now)
    (event,) = [row for row in events(store) if row["no_data_cause"] is None]
    assert event["started_at"] == NOON
    assert event["detected_at"] <= NOON + 8 * MINUTE


def test_history_that_is_imported_late_is_judged_when_asked_for(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(line(PARTS, START, NOON + 2 * HOUR, 10)))
    going_on = judge(store, catalogue)
    going_on.catch_up(NOON + 2 * HOUR)
    assert events(store) == []
    store.samples.write(block(line(LAG, START, NOON + 2 * HOUR, lambda m: 5_000.0 if m >= NOON else 1.0)))
    store.judge_again_from(START)
    going_on.catch_up(NOON + 2 * HOUR)
    (event,) = events(store)
    assert (event["started_at"], event["status"]) == (NOON, "firing")
    assert_consistent(store)


@pytest.mark.parametrize("seed", [5, 6])
def test_judging_again_from_any_time_doubles_nothing_and_changes_nothing(
    store: Store, catalogue: Catalogue, seed: int
) -> None:
    chance = random.Random(seed)
    store.samples.write(block(eventful(seed)))
    going_on = judge(store, catalogue)
    going_on.catch_up(START + 7 * HOUR)
    before = story(store)
    for _ in range(3):
        store.judge_again_from(START + chance.randrange(10, 800) * STEP)
        going_on.catch_up(START + 7 * HOUR)
        assert_consistent(store)
        assert [(r["fingerprint"], r["started_at"]) for r in story(store)[0]] == [
            (r["fingerprint"], r["started_at"]) for r in before[0]
        ]


def test_the_earliest_of_several_requests_counts(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(lagging(NOON, NOON + 20 * MINUTE)))
    judge(store, catalogue).catch_up(NOON + HOUR)
    for moment in (NOON + 10 * MINUTE, START, NOON):
        store.judge_again_from(moment)
    assert store.get_time("judge_again_from") == START
    outcome = judge(store, catalogue).catch_up(NOON + HOUR)
    assert outcome.samples == 4 * 120
    assert store.get("judge_again_from") is None


def acknowledge(store: Store) -> int:
    (event,) = events(store)
    with store._owner.transaction("acknowledging") as cursor:
        cursor.execute(
            "UPDATE anomaly_events SET acknowledged_at = %s,"
            " status = CASE WHEN resolved_at IS NULL THEN 'acknowledged' ELSE status END",
            (NOON + 12 * MINUTE,),
        )
    return int(event["id"])


@pytest.mark.parametrize("again", [START, NOON + 10 * MINUTE], ids=["from before it", "from its middle"])
@pytest.mark.parametrize("until", [NOON + 15 * MINUTE, NOON + HOUR], ids=["while it lasts", "after its end"])
def test_an_acknowledged_event_stays_itself_when_judged_again(
    store: Store, catalogue: Catalogue, until: datetime, again: datetime
) -> None:
    store.samples.write(block(lagging(NOON, NOON + 20 * MINUTE)))
    judge(store, catalogue).catch_up(until)
    number = acknowledge(store)
    (before,) = events(store)
    store.judge_again_from(again)
    judge(store, catalogue).catch_up(until)
    (after,) = events(store)
    assert (after["id"], after["acknowledged_at"]) == (number, NOON + 12 * MINUTE)
    for name in ("status", "started_at", "resolved_at"):
        assert after[name] == before[name]
    assert_consistent(store)


def test_an_acknowledgement_given_meanwhile_is_not_overwritten(store: Store, catalogue: Catalogue) -> None:
    store.samples.write(block(lagging(NOON, NOON + 20 * MINUTE)))
    going_on = judge(store, catalogue)
    going_on.catch_up(NOON + 11 * MINUTE)
    acknowledge(store)
    going_on.catch_up(NOON + 15 * MINUTE)
    assert [(row["status"], row["acknowledged_at"]) for row in events(store)] == [("acknowledged", NOON + 12 * MINUTE)]
    going_on.catch_up(NOON + HOUR)
    assert [(row["status"], row["acknowledged_at"]) for row in events(store)] == [("resolved", NOON + 12 * MINUTE)]


def test_an_event_that_late_samples_explain_away_leaves_its_incident(store: Store, catalogue: Catalogue) -> None:
    gap = NOON, NOON + 30 * MINUTE
    store.samples.write(
        block(
            line(OFFSETS, START, NOON + HOUR, 5),
            [s for s in line(LAG, START, NOON + HOUR, 5) if not gap[0] <= s.time < gap[1]],
        )
    )
    going_on = judge(store, catalogue)
    going_on.catch_up(NOON + HOUR)
    assert [row["no_data_cause"] for row in events(store)] == ["series_stopped"]
    store.samples.write(block(line(LAG, *gap, 5)))
    store.judge_again_from(NOON)
    going_on.catch_up(NOON + HOUR)
    assert events(store) == []
    assert incidents(store) == []
