"""What is stored of an event's life is enough for any process to go on with; people are told everything once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest

from monitoring.anomalies import Announcement, Event, Incident, Note, Silence
from monitoring.errors import InvalidInput, StoreError, UnknownName
from monitoring.incidents.lifecycle import Change
from monitoring.judgement import Judge
from monitoring.metrics import Catalogue, SeriesKey, Window
from monitoring.store.events import JudgedElsewhere, Step
from monitoring.store.store import Store
from tests.integration.samples_by_hand import NOON, STEP, block, line
from tests.integration.test_judgement import assert_consistent, events, incidents, story

pytestmark = pytest.mark.store

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
START = NOON - HOUR
ELECTIONS = SeriesKey("kafka", "cluster", "unclean_leader_elections")
"""A warning as soon as a second sample confirms it, critical after a minute."""
REPLICAS = SeriesKey("clickhouse", "node-1", "readonly_replicas")
"""A warning after a minute, critical after five."""


def stored(store: Store, key: SeriesKey, bad: Iterable[tuple[float, float]], until: float = 180) -> None:
    """Three hours of a series that is bad in spans of minutes from noon on."""
    spans = [(NOON + begin * MINUTE, NOON + end * MINUTE) for begin, end in bad]

    def value(moment: datetime) -> float:
        return float(any(begin <= moment < end for begin, end in spans))

    store.samples.write(block(line(key, START, NOON + until * MINUTE, value)))


def judge(store: Store, catalogue: Catalogue) -> Judge:
    return Judge(store, catalogue, STEP)


class Live:
    """Judging at every interval, as a running monitor does."""

    def __init__(self, store: Store, catalogue: Catalogue, restart_every: int | None = None) -> None:
        self.store = store
        self.catalogue = catalogue
        self.restart_every = restart_every
        self.judge = judge(store, catalogue)
        self.judge.catch_up(NOON - STEP)
        self.now = NOON - STEP
        self.ticks = 0

    def until(self, minutes: float) -> Live:
        while self.now < NOON + minutes * MINUTE:
            self.now += STEP
            self.ticks += 1
            if self.restart_every and self.ticks % self.restart_every == 0:
                self.judge = judge(self.store, self.catalogue)
            self.judge.catch_up(self.now)
        return self


def told(store: Store, due: bool = True) -> list[str]:
    return [one.kind for one in announcements(store) if one.due == due]


def announcements(store: Store) -> list[Announcement]:
    return store.announcements.since(datetime(2000, 1, 1, tzinfo=NOON.tzinfo))


def whole(store: Store) -> list[dict[str, Any]]:
    """Everything that is kept of events, but for the ids."""
    with store._owner.transaction("reading events") as cursor:
        cursor.execute(
            "SELECT to_jsonb(e) - 'id' - 'incident_id' FROM anomaly_events e ORDER BY started_at, detected_at"
        )
        return [row for (row,) in cursor.fetchall()]


def only(store: Store) -> dict[str, Any]:
    (event,) = events(store)
    return event


class TestRestart:
    FLAPS = ((5, 8), (15, 18), (25, 28), (35, 38), (45, 48), (80, 83))

    @pytest.mark.parametrize("every", [7])
    def test_a_restarted_monitor_goes_on_as_if_there_had_been_no_restart(
        self, store: Store, catalogue: Catalogue, every: int
    ) -> None:
        stored(store, ELECTIONS, self.FLAPS)
        Live(store, catalogue).until(130)
        unbroken, said = whole(store), [(one.kind, one.at, one.due) for one in announcements(store)]
        with store._owner.transaction("starting over") as cursor:
            cursor.execute("TRUNCATE anomaly_events, incidents, announcements, notes")
            cursor.execute("DELETE FROM meta WHERE key IN ('judged_until', 'live_until')")
        Live(store, catalogue, restart_every=every).until(130)
        assert whole(store) == unbroken
        assert [(one.kind, one.at, one.due) for one in announcements(store)] == said

    def test_what_flaps_is_told_three_times_and_not_at_every_turn(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, ELECTIONS, self.FLAPS[:5])
        Live(store, catalogue, restart_every=9).until(90)
        found = whole(store)
        assert [row["flapping"] for row in found] == [False, False, True]
        assert [row["occurrences"] for row in found] == [1, 2, 5]
        assert told(store).count("opened") == 3
        assert told(store).count("resolved") == 3

    def test_what_is_pending_fires_when_it_would_have(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 30)])
        Live(store, catalogue).until(10)
        before = whole(store)
        with store._owner.transaction("starting over") as cursor:
            cursor.execute("TRUNCATE anomaly_events, incidents, announcements, notes")
            cursor.execute("DELETE FROM meta WHERE key IN ('judged_until', 'live_until')")
        Live(store, catalogue, restart_every=1).until(10)
        assert whole(store) == before


class TestPeople:
    def test_an_acknowledged_event_is_quiet_and_resolves_by_itself(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 20)])
        live = Live(store, catalogue).until(3)
        event = only(store)
        store.operators.acknowledge(event["id"], "ada", live.now, "on it")
        assert (only(store)["status"], incidents(store)[0][1]) == ("acknowledged", "acknowledged")
        live.until(10)
        assert (only(store)["status"], only(store)["severity"]) == ("acknowledged", "critical")
        assert incidents(store)[0][1] == "acknowledged"
        assert told(store) == ["opened"]
        live.until(25)
        assert (only(store)["status"], incidents(store)[0][1]) == ("resolved", "resolved")
        assert told(store) == ["opened", "resolved"]
        assert [(note.text, note.by) for note in store.operators.notes(event=event["id"])] == [("on it", "ada")]

    def test_the_first_acknowledgement_counts(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 20)])
        live = Live(store, catalogue).until(3)
        number = only(store)["id"]
        store.operators.acknowledge(number, "ada", live.now)
        store.operators.acknowledge(number, "bob", live.now + MINUTE)
        with store._owner.transaction("reading") as cursor:
            cursor.execute("SELECT acknowledged_by, acknowledged_at FROM anomaly_events")
            assert cursor.fetchall() == [("ada", live.now)]

    def test_a_new_event_of_an_acknowledged_incident_is_loud(self, store: Store, catalogue: Catalogue) -> None:
        other = REPLICAS._replace(instance="node-2")
        stored(store, REPLICAS, [(0, 30)])
        stored(store, other, [(3, 30)])
        live = Live(store, catalogue).until(2)
        (incident,) = store.query("open_incidents")
        assert store.operators.acknowledge_incident(incident["id"], "ada", live.now) == 1
        live.until(5)
        assert [row["status"] for row in events(store)] == ["acknowledged", "firing"]
        assert [row[1] for row in incidents(store)] == ["firing"]

    def test_what_is_silenced_is_told_when_the_silence_ends_and_is_the_same_event(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        stored(store, REPLICAS, [(0, 60)])
        store.operators.silence(Silence(NOON, NOON + 30 * MINUTE, metric="readonly_replicas", created_by="ada"))
        live = Live(store, catalogue, restart_every=5).until(29)
        before = only(store)
        assert (before["status"], incidents(store)[0][1]) == ("silenced", "silenced")
        assert announcements(store) == []
        live.until(31)
        assert (only(store)["status"], only(store)["detected_at"]) == ("firing", before["detected_at"])
        assert [(one.kind, one.severity) for one in announcements(store)] == [("opened", "critical")]

    def test_a_silence_can_be_ended(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 60)])
        number = store.operators.silence(Silence(NOON, NOON + HOUR, instance="node-1"))
        live = Live(store, catalogue).until(5)
        assert store.operators.end_silence(number, live.now)
        assert not store.operators.end_silence(number, live.now + MINUTE)
        live.until(6)
        assert only(store)["status"] == "firing"
        (kept,) = store.operators.silences(Window(NOON, NOON + HOUR))
        assert (kept.ends_at, kept.instance, kept.metric) == (NOON + 5 * MINUTE, "node-1", "*")

    @pytest.mark.parametrize(
        ("act", "kind"),
        [
            (lambda people: people.acknowledge(99, "ada", NOON), UnknownName),
            (lambda people: people.acknowledge_incident(99, "ada", NOON), UnknownName),
            (lambda people: people.note(Note("hm", "ada", NOON, event=99)), UnknownName),
            (lambda people: people.note(Note("hm", "ada", NOON)), InvalidInput),
            (lambda people: people.note(Note(" \0", "ada", NOON, incident=99)), InvalidInput),
            (lambda people: people.silence(Silence(NOON, NOON)), InvalidInput),
            (lambda people: people.silence(Silence(NOON, NOON + HOUR, metric="")), InvalidInput),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, store: Store, act: Callable[[Any], object], kind: type[Exception]
    ) -> None:
        with pytest.raises(kind):
            act(store.operators)

    def test_what_has_not_fired_cannot_be_acknowledged(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 20)])
        Live(store, catalogue).until(0.5)
        (pending,) = store.query("open_events")
        assert pending["status"] == "pending"
        with pytest.raises(InvalidInput, match="not fired"):
            store.operators.acknowledge(pending["id"], "ada", NOON)


class TestJudgingAgain:
    def test_nothing_is_lost_and_nobody_is_told_twice(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, ELECTIONS, [(10, 20)])
        stored(store, REPLICAS, [(30, 60)])
        live = Live(store, catalogue).until(40)
        number = store.query("open_incidents")[0]["id"]
        store.operators.note(Note("a note on the incident", "ada", NOON + 39 * MINUTE, incident=number))
        store.operators.silence(Silence(NOON, NOON + MINUTE))
        before, said = story(store), announcements(store)
        assert (told(store).count("opened"), told(store).count("resolved")) == (2, 1)
        store.judge_again_from(START)
        live.judge.catch_up(live.now)
        assert story(store) == before
        assert announcements(store) == said
        assert [row["id"] for row in store.query("open_incidents")] == [number]
        assert [note.text for note in store.operators.notes(incident=number)] == ["a note on the incident"]
        assert len(store.operators.silences(Window(NOON, NOON + HOUR))) == 1
        assert_consistent(store)
        live.until(65)
        assert [one.kind for one in announcements(store)[len(said) :]] == ["resolved"]

    @pytest.mark.parametrize("restart", [False, True])
    def test_so_it_is_from_the_middle_and_with_a_restart_on_the_way(
        self, store: Store, catalogue: Catalogue, restart: bool
    ) -> None:
        stored(store, REPLICAS, [(10, 60)])
        live = Live(store, catalogue).until(40)
        before, said, number = story(store), announcements(store), only(store)["id"]
        for moment in (NOON + 20 * MINUTE, NOON + 9 * MINUTE, START):
            store.judge_again_from(moment)
            if restart:
                judge(store, catalogue).catch_up(NOON + 10 * MINUTE + STEP)
                live.judge = judge(store, catalogue)
            live.judge.catch_up(live.now)
            assert story(store) == before
            assert (announcements(store), only(store)["id"]) == (said, number)

    def test_an_incident_that_late_samples_explain_away_is_withdrawn(self, store: Store, catalogue: Catalogue) -> None:
        gap = NOON, NOON + 30 * MINUTE
        other = REPLICAS._replace(instance="node-2")
        kept = line(REPLICAS, START, NOON + 3 * HOUR, 0)
        store.samples.write(
            block(line(other, START, NOON + 3 * HOUR, 0), [s for s in kept if not gap[0] <= s.time < gap[1]])
        )
        live = Live(store, catalogue).until(20)
        assert [row["no_data_cause"] for row in events(store)] != []
        assert "opened" in told(store)
        store.samples.write(block(line(REPLICAS, *gap, 0)))
        store.judge_again_from(NOON)
        live.until(60)
        assert (events(store), incidents(store)) == ([], [])
        assert told(store)[-1] == "withdrawn"
        live.until(70)
        assert told(store).count("withdrawn") == told(store).count("opened")

    def test_what_people_spoke_about_stays_even_if_it_is_not_found_again(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        stored(store, REPLICAS, [(0, 10)])
        live = Live(store, catalogue).until(20)
        number = only(store)["id"]
        store.operators.note(Note("remember this", "ada", live.now, event=number))
        with store._owner.transaction("explaining away") as cursor:
            cursor.execute("UPDATE samples SET value = 0")
        store.judge_again_from(START)
        live.until(60)
        assert (only(store)["id"], only(store)["status"]) == (number, "resolved")
        assert len(store.operators.notes(event=number)) == 1
        assert store.query("any_waiting") == [{"waiting": False}]


class TestAnnouncements:
    def test_imported_history_is_put_on_record_and_nobody_is_told(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, ELECTIONS, [(10, 20)], until=120)
        stored(store, REPLICAS, [(30, 120)], until=120)
        judge(store, catalogue).catch_up(NOON + 2 * HOUR)
        assert told(store) == []
        assert sorted(one.reason for one in announcements(store)) == ["historic", "over"]

    def test_history_imported_into_a_running_monitor_is_history_too(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, ELECTIONS, [])
        live = Live(store, catalogue).until(60)
        stored(store, REPLICAS, [(5, 180)])
        store.judge_again_from(START)
        live.until(62)
        assert (only(store)["status"], told(store)) == ("firing", [])
        live.until(181)
        assert told(store) == []

    def test_what_began_while_nobody_watched_and_lasts_is_told_once_that_is_sure(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        stored(store, ELECTIONS, [(10, 15)])
        stored(store, REPLICAS, [(20, 180)])
        Live(store, catalogue).until(5)
        judge(store, catalogue).catch_up(NOON + 2.5 * HOUR)
        assert [(one.kind, one.severity, one.due) for one in announcements(store)] == [
            ("opened", "critical", False),
            ("opened", "critical", True),
        ]
        assert [one.reason for one in announcements(store)] == ["over", "new"]

    def test_it_names_what_is_wrong(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 20)])
        Live(store, catalogue).until(3)
        (one,) = announcements(store)
        assert one.due
        assert "read-only" in one.text.lower() or "readonly" in one.text.lower()

    def test_the_database_refuses_to_announce_a_thing_twice(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 20)])
        Live(store, catalogue).until(3)
        with pytest.raises(StoreError), store._owner.transaction("announcing twice") as cursor:
            cursor.execute(
                "INSERT INTO announcements (incident_id, kind, severity, at, text, due, reason)"
                " SELECT incident_id, kind, severity, at, text, due, reason FROM announcements"
            )

    def test_a_write_that_fails_announces_nothing(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 20)])
        live = Live(store, catalogue).until(0.5)
        with store._owner.transaction("breaking") as cursor:
            cursor.execute("ALTER TABLE meta ADD CONSTRAINT stuck CHECK (key <> 'judged_until') NOT VALID")
        with pytest.raises(StoreError):
            live.until(3)
        assert announcements(store) == []
        with store._owner.transaction("mending") as cursor:
            cursor.execute("ALTER TABLE meta DROP CONSTRAINT stuck")
        live.until(3)
        assert told(store) == ["opened"]


class TestOneOfEach:
    def test_the_database_refuses_a_second_open_event(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, REPLICAS, [(0, 20)])
        Live(store, catalogue).until(3)
        copied = (
            "INSERT INTO anomaly_events (fingerprint, component, instance, metric, anomaly_type, severity, status,"
            " started_at, last_seen_at, resolved_at) SELECT fingerprint, component, instance, metric, anomaly_type,"
            " severity, %s, started_at, last_seen_at, %s FROM anomaly_events LIMIT 1"
        )
        for status in ("pending", "firing", "acknowledged", "silenced"):
            with pytest.raises(StoreError) as refused, store._owner.transaction("doubling") as cursor:
                cursor.execute(copied, (status, None))
            assert isinstance(refused.value.__cause__, psycopg2.errors.UniqueViolation)
        with store._owner.transaction("adding one that is over") as cursor:
            cursor.execute(copied, ("resolved", NOON))

    def test_of_two_that_judge_at_once_only_one_counts(self, store: Store, catalogue: Catalogue) -> None:
        stored(store, ELECTIONS, [(2, 6)])
        first, second = judge(store, catalogue), judge(store, catalogue)
        for one in (first, second):
            one._take_up(NOON)
        second.catch_up(NOON + 10 * MINUTE)
        before, said = story(store), announcements(store)
        assert first.catch_up(NOON + 10 * MINUTE).ticks == 0
        assert (story(store), announcements(store)) == (before, said)
        assert first.catch_up(NOON + 20 * MINUTE).ticks == 20
        assert_consistent(store)

    def test_what_was_judged_before_the_store_was_emptied_is_not_written(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        stored(store, REPLICAS, [(0, 20)])
        live = Live(store, catalogue).until(0.5)
        store.clear()
        live.until(3)
        assert (events(store), incidents(store), announcements(store)) == ([], [], [])


class TestMerging:
    def test_an_incident_that_became_part_of_another_gives_up_what_it_has(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        kept = store.events(catalogue)
        first, second = (event_of(REPLICAS, 1), event_of(ELECTIONS, 2))
        opened = [incident_of(first, 1), incident_of(second, 2)]
        kept.write([Step([Change("fired", first), Change("fired", second)], opened)], NOON, judged_before=None)
        one, two = opened[0].id, opened[1].id
        store.operators.note(Note("odd", "ada", NOON, incident=two))
        opened[1].merged_into, opened[1].resolved_at, opened[1].status = 1, NOON + STEP, "resolved"
        second.incident = 1
        kept.write([Step([Change("moved", second)], opened)], NOON + STEP, judged_before=NOON)
        assert {row["incident_id"] for row in events(store)} == {one}
        assert [note.incident for note in store.operators.notes(incident=one)] == [one]
        last = announcements(store)[-1]
        assert (last.incident, last.kind, last.text) == (
            two,
            "withdrawn",
            f"Incident {two} turned out to be part of incident {one}.",
        )
        assert told(store) == ["opened", "opened", "withdrawn"]

    def test_an_outdated_write_is_refused(self, store: Store, catalogue: Catalogue) -> None:
        kept = store.events(catalogue)
        kept.write([], NOON, judged_before=None)
        with pytest.raises(JudgedElsewhere):
            kept.write([], NOON + STEP, judged_before=NOON - STEP)
        assert store.get_time("judged_until") == NOON


def event_of(key: SeriesKey, incident: int) -> Event:
    return Event(
        key=key,
        kind="threshold",
        severity="warning",
        status="firing",
        started_at=NOON,
        last_seen_at=NOON,
        value=1.0,
        peak_value=1.0,
        expected=None,
        threshold="> 0",
        message="",
        why="",
        detected_at=NOON,
        incident=incident,
    )


def incident_of(event: Event, number: int) -> Incident:
    return Incident(number, "isolated", "warning", "firing", event.key, NOON, NOON, summary="Something.")
