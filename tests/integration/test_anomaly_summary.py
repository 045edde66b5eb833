"""Summaries read the anomalies kept by hour, and are exact whatever became of the events since."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg2.extras import execute_values

from monitoring.contract import iso
from monitoring.judgement import Judge
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.store.store import Store
from monitoring.tools.asking import Lens
from monitoring.tools.summary import get_anomaly_summary
from tests.integration.samples_by_hand import NOON, block, line

pytestmark = pytest.mark.store

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SERIES = (
    SeriesKey("kafka", "broker-1", "produce_latency_p99"),
    SeriesKey("kafka", "broker-2", "produce_latency_p99"),
    SeriesKey("kafka", "broker-1", "offline_partitions"),
    SeriesKey("clickhouse", "ch-1", "query_duration_p95"),
)


@dataclass(frozen=True)
class Known:
    """An event as the table has it."""

    number: int
    key: SeriesKey
    kind: str
    started: datetime
    detected: datetime | None
    critical: datetime | None
    resolved: datetime | None

    def row(self) -> tuple[Any, ...]:
        severity = "warning" if self.critical is None else "critical"
        status = "pending" if self.detected is None else "firing" if self.resolved is None else "resolved"
        return (self.number, f"f{self.number}", *self.key, self.kind, severity, status, self.started, self.detected,
                self.critical, self.resolved or self.started, self.resolved)  # fmt: skip


COLUMNS = (
    "id, fingerprint, component, instance, metric, anomaly_type, severity, status, started_at, detected_at,"
    " critical_at, last_seen_at, resolved_at"
)


def one(chance: random.Random, number: int) -> Known:
    started = NOON + timedelta(seconds=chance.randrange(6 * 3600))
    detected = started + timedelta(seconds=chance.randrange(600)) if chance.random() < 0.9 else None
    resolved = started + timedelta(seconds=chance.randrange(700, 12_000)) if chance.random() < 0.8 else None
    critical = None
    if detected is not None and chance.random() < 0.5:
        critical = detected + timedelta(seconds=chance.randrange(100))
    kind = chance.choice(("threshold", "baseline"))
    return Known(number, chance.choice(SERIES), kind, started, detected, critical, resolved)


def insert(store: Store, events: Sequence[Known]) -> None:
    with store._owner.transaction("inserting") as cursor:
        execute_values(cursor, f"INSERT INTO anomaly_events ({COLUMNS}) VALUES %s", [event.row() for event in events])


def update(store: Store, events: Sequence[Known]) -> None:
    with store._owner.transaction("updating") as cursor:
        for event in events:
            cursor.execute(
                f"UPDATE anomaly_events SET ({COLUMNS}) = ROW ({', '.join(['%s'] * 13)}) WHERE id = %s",
                (*event.row(), event.number),
            )


def delete(store: Store, events: Sequence[Known]) -> None:
    with store._owner.transaction("deleting") as cursor:
        cursor.execute("DELETE FROM anomaly_events WHERE id = ANY(%s)", ([event.number for event in events],))


def counted(events: Sequence[Known], start: datetime, end: datetime, moment: datetime, **only: str) -> dict[str, Any]:
    """What a summary must say, counted one by one."""
    found = []
    for event in events:
        if event.detected is None or not start <= event.detected < end or event.detected > moment:
            continue
        severity = "critical" if event.critical is not None and event.critical <= moment else "warning"
        has = {"component": event.key.component, "metric": event.key.metric, "instance": event.key.instance,
               "severity": severity, "anomaly_type": event.kind}  # fmt: skip
        if all(has[name] == value for name, value in only.items()):
            found.append((event, severity))
    open_ = sum(event.resolved is None or event.resolved > moment for event, _ in found)
    hours = Counter(e.detected.replace(minute=0, second=0, microsecond=0) for e, _ in found if e.detected)
    lasted = [min(event.resolved or moment, moment) - event.started for event, _ in found]
    moments = [event.detected for event, _ in found if event.detected is not None]
    return {
        "total": len(found),
        "critical": sum(severity == "critical" for _, severity in found),
        "open": open_,
        "resolved": len(found) - open_,
        "by_component": dict(Counter(event.key.component for event, _ in found)),
        "by_type": dict(Counter(event.kind for event, _ in found)),
        "by_metric": dict(Counter(event.key.metric for event, _ in found)),
        "by_hour": [{"bucket": iso(hour), "events": count} for hour, count in sorted(hours.items())],
        "longest_seconds": round(max(lasted).total_seconds()) if found else None,
        "first_at": iso(min(moments, default=None)),
        "last_at": iso(max(moments, default=None)),
    }


FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"component": "kafka"},
    {"severity": "critical"},
    {"metric": "produce_latency_p99", "anomaly_type": "baseline"},
    {"component": "kafka", "instance": "broker-1"},
)


def assert_right(store: Store, catalogue: Catalogue, events: Sequence[Known], chance: random.Random) -> None:
    for only in FILTERS:
        start = NOON + chance.choice((0, 1, 2)) * HOUR + chance.choice((0, 0, 17)) * MINUTE
        end = start + chance.choice((1, 3, 6)) * HOUR + chance.choice((0, 0, 5)) * MINUTE
        moment = max(start + MINUTE, end + chance.choice((-40, 0, 60, 600)) * MINUTE)
        lens = Lens(store.reader, catalogue, moment, past=True)
        filters: dict[str, Any] = dict(only)
        summary = get_anomaly_summary(lens, start=start.isoformat(), end=end.isoformat(), **filters).summary
        expected = counted(events, start, end, moment, **only)
        assert {name: summary[name] for name in expected} == expected, (start, end, moment, only)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_summary_is_what_counting_one_by_one_gives_whatever_changes_late(
    store: Store, catalogue: Catalogue, seed: int
) -> None:
    """Events come, escalate, end, move to another time, are withdrawn; windows and moments lie anywhere."""
    chance = random.Random(seed)
    events = {number: one(chance, number) for number in range(1, 301)}
    insert(store, list(events.values()))
    assert_right(store, catalogue, list(events.values()), chance)
    for _ in range(6):
        changed = [one(chance, number) for number in chance.sample(sorted(events), 20)]
        update(store, changed)
        events |= {event.number: event for event in changed}
        gone = [events.pop(number) for number in chance.sample(sorted(events), 10)]
        delete(store, gone)
        assert_right(store, catalogue, list(events.values()), chance)
    with store._owner.transaction("reading") as cursor:
        cursor.execute("SELECT bucket, component, severity, anomaly_type, events FROM anomaly_summary_1h")
        public = {row[:4]: row[4] for row in cursor.fetchall()}
    expected = Counter(
        (e.detected.replace(minute=0, second=0), e.key.component, "critical" if e.critical else "warning", e.kind)
        for e in events.values()
        if e.detected is not None
    )
    assert public == dict(expected)


def test_settled_hours_are_not_read_from_the_events(store: Store, catalogue: Catalogue) -> None:
    """The events of hours that are over may be changed unseen; those of the hour the window cuts may not."""
    over = Known(1, SERIES[0], "threshold", NOON, NOON + MINUTE, None, NOON + 5 * MINUTE)
    cut = replace(over, number=2, detected=NOON + 2 * HOUR, started=NOON + 2 * HOUR, resolved=NOON + 2 * HOUR + MINUTE)
    insert(store, [over, cut])
    with store._owner.transaction("changing unseen") as cursor:
        cursor.execute("ALTER TABLE anomaly_events DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM anomaly_events")
        cursor.execute("ALTER TABLE anomaly_events ENABLE TRIGGER USER")
    lens = Lens(store.reader, catalogue, NOON + 2 * HOUR + 30 * MINUTE)
    found = get_anomaly_summary(lens, start=NOON.isoformat()).summary
    assert (found["total"], found["by_hour"]) == (1, [{"bucket": iso(NOON), "events": 1}])


def test_what_judging_again_withdraws_is_counted_no_more(store: Store, catalogue: Catalogue) -> None:
    """A slow broker is seen; samples that come late show that it was not."""
    key = SERIES[0]
    before, after = line(key, NOON - HOUR, NOON, 10), line(key, NOON + 30 * MINUTE, NOON + HOUR, 10)
    store.samples.write(block(before, line(key, NOON, NOON + 30 * MINUTE, 150, 2 * MINUTE), after))
    judge = Judge(store, catalogue, timedelta(seconds=30))
    judge.catch_up(NOON + HOUR)
    lens = Lens(store.reader, catalogue, NOON + HOUR)
    assert get_anomaly_summary(lens, start=NOON.isoformat(), anomaly_type="threshold").summary["total"] == 1
    well = [s for s in line(key, NOON, NOON + 30 * MINUTE, 10) if (s.time - NOON) % (2 * MINUTE)]
    store.samples.write(block(well))
    store.events(catalogue).rewind(NOON)
    judge.forget()
    assert get_anomaly_summary(lens, start=NOON.isoformat()).summary["total"] == 0
    judge.catch_up(NOON + HOUR)
    assert get_anomaly_summary(lens, start=NOON.isoformat()).summary["total"] == 0
    store.clear()
    with store._owner.transaction("counting") as cursor:
        cursor.execute("SELECT count(*) FROM anomaly_rollup_1h")
        assert cursor.fetchone() == (0,)
