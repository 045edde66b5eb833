"""Who is told of incidents when: each thing once, in few messages, whatever happens to processes and channels."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest

from monitoring.errors import DeliveryFailed, StoreUnavailable
from monitoring.metrics import Catalogue
from monitoring.notifications.message import Message
from monitoring.notifications.routing import Channel, QuietHours
from monitoring.store.store import Store, open_store
from tests.browser.stage import database, settings_for
from tests.integration.notification_stage import (
    MINUTE,
    Post,
    announce,
    deliveries,
    escalate,
    incident,
    resolve,
    set_status,
)
from tests.integration.samples_by_hand import NOON

pytestmark = pytest.mark.store

HOUR = timedelta(hours=1)
PLAIN = Channel("slack", "slack://a/b/c")
PAGER = Channel("pager", "pagerduty://key@key")
NIGHT = Channel("night", "slack://a/b/c", quiet=QuietHours(time(11), time(14)))


@pytest.fixture(scope="module")
def opened(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with database(server_url) as url:
        store = open_store(settings_for(url, tmp_path_factory.mktemp("notifying")))
        yield store
        store.close()


@pytest.fixture
def store(opened: Store) -> Store:
    opened.clear()
    with opened._owner.transaction("starting over") as cursor:
        cursor.execute("TRUNCATE notification_channels CASCADE")
    return opened


def states(store: Store, channel: str = "slack") -> list[tuple[str, str]]:
    return [(row["kind"], row["state"]) for row in deliveries(store, channel)]


class TestWhatIsTold:
    def test_an_incident_is_told_when_it_opens_escalates_and_ends_once_each(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        post = Post(store, catalogue, PLAIN)
        number = incident(store, NOON, "warning")
        name = f"Kafka offline partitions (incident {number})"
        assert post.after(MINUTE) == [f"Warning: {name}"]
        assert post.after(MINUTE) == []
        escalate(store, number, NOON + 2 * MINUTE)
        assert post.after(MINUTE) == [f"Now critical: {name}"]
        resolve(store, number, NOON + 3 * MINUTE)
        assert post.after(MINUTE) == [f"Resolved: {name}"]
        assert post.after(MINUTE) == []
        assert {message.key for message in post.postman.taken} == {f"incident-{number}-20260304T120000Z"}
        with store._owner.transaction("looking") as cursor:
            cursor.execute("SELECT delivered FROM announcements ORDER BY id")
            assert [list(delivered) for (delivered,) in cursor.fetchall()] == [["slack"]] * 3

    def test_what_was_announced_before_the_channel_was_there_is_not_told(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        old = incident(store, NOON - MINUTE)
        post = Post(store, catalogue, PLAIN)
        resolve(store, old, NOON + MINUTE)
        assert post.after(2 * MINUTE) == []

    def test_a_channel_that_comes_back_after_days_does_not_tell_of_them(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        post = Post(store, catalogue, PLAIN)
        incident(store, NOON + HOUR)
        assert post.after(50 * HOUR, post.notifier_by_hand()) == []

    def test_each_channel_is_told_what_its_routes_let_through(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(
            store,
            catalogue,
            Channel("flink", "slack://x", components=("flink",)),
            Channel("worst", "slack://x", severities=("critical",)),
        )
        kafka, flink = incident(store, NOON, "warning"), incident(store, NOON, "critical", "flink", "job-1")
        assert len(post.after(MINUTE)) == 2
        for channel in ("flink", "worst"):
            assert [row["incident_id"] for row in deliveries(store, channel)] == [flink]
        escalate(store, kafka, NOON + MINUTE)
        assert [title[:9] for title in post.after(MINUTE)] == ["Critical:"]
        resolve(store, kafka, NOON + 2 * MINUTE)
        resolve(store, flink, NOON + 2 * MINUTE)
        assert len(post.after(MINUTE)) == 3

    def test_an_incident_that_reaches_the_component_of_a_channel_is_told_it_then(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        post = Post(store, catalogue, Channel("flink", "slack://x", components=("flink",)))
        number = incident(store, NOON)
        assert post.after(MINUTE) == []
        spread(store, number, "flink")
        assert [title[:9] for title in post.after(MINUTE)] == ["Critical:"]

    def test_spreading_is_told_once_for_each_component(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PLAIN)
        number = incident(store, NOON)
        post.after(MINUTE)
        spread(store, number, "flink")
        assert [title.partition(":")[0] for title in post.after(MINUTE)] == ["Critical, now in Flink too"]
        spread(store, number, "flink")
        assert post.after(MINUTE) == []

    def test_what_goes_on_is_told_again_unless_somebody_is_on_it(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, Channel("slack", "slack://x", repeat=4 * HOUR))
        number = incident(store, NOON)
        post.after(MINUTE)
        assert post.after(3 * HOUR) == []
        assert [title.partition(":")[0] for title in post.after(HOUR)] == ["Still critical"]
        assert post.after(HOUR) == []
        set_status(store, number, "acknowledged")
        assert post.after(5 * HOUR) == []

    @pytest.mark.parametrize("status", ["acknowledged", "silenced"])
    def test_what_is_kept_quiet_before_it_could_be_told_is_not_told(
        self, store: Store, catalogue: Catalogue, status: str
    ) -> None:
        post = Post(store, catalogue, PLAIN)
        set_status(store, incident(store, NOON), status)
        assert post.after(MINUTE) == []
        assert deliveries(store, "slack")[0]["reason"] == f"it was {status} first"

    def test_an_incident_that_was_none_is_taken_back(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PAGER)
        number = incident(store, NOON)
        post.after(MINUTE)
        announce(store, number, "withdrawn", "critical", NOON + MINUTE)
        with store._owner.transaction("removing") as cursor:
            cursor.execute("DELETE FROM incidents")
        assert post.after(MINUTE) == [f"Withdrawn: incident {number}"]
        assert post.postman.taken[-1].facts[-1].text == "words"
        assert len({message.key for message in post.postman.taken}) == 1

    def test_one_that_was_none_before_it_could_be_told_is_not_told(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PLAIN)
        announce(store, incident(store, NOON), "withdrawn", "critical", NOON)
        assert post.after(MINUTE) == []
        assert states(store) == [("opened", "dropped"), ("withdrawn", "dropped")]

    def test_simulated_figures_are_said_to_be(self, store: Store, catalogue: Catalogue) -> None:
        store.set("origin", {"kind": "simulated"})
        post = Post(store, catalogue, PLAIN)
        incident(store, NOON)
        (title,) = post.after(MINUTE)
        assert title.startswith("[DEMO DATA] ")
        assert "DEMO DATA" in post.postman.taken[0].facts[0].text


def spread(store: Store, number: int, component: str) -> None:
    with store._owner.transaction("spreading") as cursor:
        cursor.execute(
            "UPDATE incidents SET chain = chain || jsonb_build_array(chain -> 0 || jsonb_build_object('component',"
            " %s::text)) WHERE id = %s",
            (component, number),
        )


class TestQuietHours:
    def test_a_warning_waits_for_their_end_and_what_is_critical_does_not(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        post = Post(store, catalogue, NIGHT)
        incident(store, NOON, "warning")
        incident(store, NOON)
        assert [title.partition(":")[0] for title in post.after(MINUTE)] == ["Critical"]
        assert post.after(HOUR) == []
        assert [title.partition(":")[0] for title in post.after(HOUR)] == ["Warning"]

    def test_what_began_and_ended_in_them_is_told_in_one_message(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, NIGHT)
        for number in [incident(store, NOON, "warning") for _ in range(3)]:
            resolve(store, number, NOON + MINUTE)
        assert post.after(HOUR) == []
        assert post.after(HOUR) == ["3 incidents began and ended before they could be told"]
        assert post.after(HOUR) == []

    def test_a_pager_is_not_told_of_what_is_over(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PAGER)
        resolve(store, incident(store, NOON), NOON + MINUTE)
        assert post.after(MINUTE) == []
        assert states(store, "pager") == [("opened", "dropped"), ("resolved", "dropped")]


class TestManyAtOnce:
    def test_a_thousand_incidents_in_one_tick_are_one_message_that_names_the_worst(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        post = Post(store, catalogue, PLAIN, PAGER)
        numbers = [incident(store, NOON, "warning", instance=f"broker-{n}") for n in range(20)]
        with store._owner.transaction("making many") as cursor:
            cursor.execute(
                "INSERT INTO incidents (pattern, status, severity, root_component, root_instance, root_metric,"
                " started_at, detected_at, chain) SELECT pattern, status, CASE WHEN n %% 100 = 0 THEN 'critical' ELSE"
                " severity END, root_component, 'b-' || n, root_metric, started_at, detected_at, chain"
                " FROM incidents, generate_series(1, 980) n WHERE id = %s",
                (numbers[0],),
            )
            cursor.execute(
                "INSERT INTO announcements (incident_id, kind, severity, at, text, due, reason) SELECT id, 'opened',"
                " severity, started_at, 'words', true, 'new' FROM incidents ON CONFLICT DO NOTHING"
            )
        assert post.after(MINUTE) == ["1,000 incidents at once"] * 2
        message = post.postman.taken[0]
        facts = {fact.label: fact for fact in message.facts}
        assert message.severity == "critical"
        assert all(item.startswith("critical:") for item in facts["The worst"].items[:5])
        assert facts["The worst"].items[5] == "and 995 more"
        assert facts["How bad"].text == "9 critical, 991 warning"

        with store._owner.transaction("ending all but one") as cursor:
            cursor.execute(
                "UPDATE incidents SET status = 'resolved', resolved_at = %s WHERE id <> %s", (NOON, numbers[0])
            )
            cursor.execute(
                "INSERT INTO announcements (incident_id, kind, severity, at, text, due, reason) SELECT id, 'resolved',"
                " severity, %s, 'words', true, 'new' FROM incidents WHERE resolved_at IS NOT NULL",
                (NOON + MINUTE,),
            )
        assert post.after(MINUTE) == []
        resolve(store, numbers[0], NOON + 2 * MINUTE)
        assert post.after(MINUTE) == ["Resolved: 1,000 incidents are over"] * 2
        assert post.after(MINUTE) == []
        keys = {message.key for message in post.postman.taken}
        assert len(keys) == 2

    def test_many_that_were_told_together_and_go_on_are_told_together_again(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        post = Post(store, catalogue, Channel("slack", "slack://x", repeat=4 * HOUR))
        numbers = [incident(store, NOON) for _ in range(12)]
        assert post.after(MINUTE) == ["12 incidents at once"]
        resolve(store, numbers[0], NOON + HOUR)
        set_status(store, numbers[1], "acknowledged")
        assert post.after(4 * HOUR) == ["10 incidents are still open"]
        assert post.after(HOUR) == []

    def test_one_of_many_that_becomes_critical_is_told_by_itself(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PAGER)
        numbers = [incident(store, NOON, "warning") for _ in range(11)]
        assert post.after(MINUTE) == ["11 incidents at once"]
        escalate(store, numbers[3], NOON + MINUTE)
        assert [title.partition(":")[0] for title in post.after(MINUTE)] == ["Now critical"]
        for number in numbers:
            resolve(store, number, NOON + 2 * MINUTE)
        ends = post.after(MINUTE)
        assert sorted(title.partition(":")[0] for title in ends) == ["Resolved", "Resolved"]
        assert {message.key for message in post.postman.taken if not message.ends} == {
            message.key for message in post.postman.taken if message.ends
        }

    def test_many_ends_at_once_are_one_message_but_every_alert_is_resolved(
        self, store: Store, catalogue: Catalogue
    ) -> None:
        post = Post(store, catalogue, PLAIN, PAGER)
        numbers = []
        for n in range(12):
            numbers.append(incident(store, NOON + n * MINUTE))
            assert len(post.after(MINUTE)) == 2
        for number in numbers:
            resolve(store, number, NOON + 13 * MINUTE)
        assert post.after(MINUTE).count("Resolved: 12 incidents are over") == 1
        pager = [message for message in post.postman.taken if message.ends]
        assert len(pager) == 13


class TestFailures:
    def test_a_channel_that_fails_is_tried_again_ever_more_patiently(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PLAIN)
        incident(store, NOON)
        post.postman.failures = [DeliveryFailed("error=500") for _ in range(3)]
        post.after(MINUTE)
        assert post.after(timedelta(seconds=9)) == []
        assert len(post.postman.failures) == 2
        assert store.reader.read("channels_behind", {"since": NOON}).rows == [
            {"channel": "slack", "failures": 1, "waiting": 1}
        ]
        post.after(timedelta(seconds=4))
        assert len(post.postman.failures) == 1
        post.after(timedelta(seconds=19))
        assert len(post.postman.failures) == 1
        post.after(timedelta(seconds=7))
        assert len(post.after(MINUTE)) == 1
        (row,) = deliveries(store, "slack")
        assert (row["state"], row["attempts"], row["last_error"]) == ("delivered", 4, "")

    @pytest.mark.parametrize(("kind", "least"), [("busy", 60), ("denied", 600)])
    def test_one_that_asks_for_patience_or_knows_no_key_is_left_alone_for_longer(
        self, store: Store, catalogue: Catalogue, kind: str, least: int
    ) -> None:
        post = Post(store, catalogue, PLAIN)
        incident(store, NOON)
        post.postman.failures = [DeliveryFailed("no", kind)]  # type: ignore[arg-type]
        post.after(MINUTE)
        assert post.after(timedelta(seconds=least - 1)) == []
        assert len(post.after(timedelta(seconds=least / 4 + 2))) == 1

    def test_a_message_that_is_refused_holds_up_no_other_and_is_given_up(
        self, store: Store, catalogue: Catalogue, caplog: pytest.LogCaptureFixture
    ) -> None:
        post = Post(store, catalogue, PLAIN)
        incident(store, NOON)
        incident(store, NOON, "warning")
        post.postman.failures = [DeliveryFailed("error=400", "refused")]
        assert [title.partition(":")[0] for title in post.after(MINUTE)] == ["Warning"]
        with caplog.at_level(logging.WARNING):
            for _ in range(5):
                post.postman.failures = [DeliveryFailed("error=400", "refused")]
                assert post.after(MINUTE) == []
        assert ("opened", "failed") in states(store)
        assert "1 message given up" in caplog.text

    def test_what_could_not_be_told_for_a_day_is_given_up_and_said_to_be(
        self, store: Store, catalogue: Catalogue, caplog: pytest.LogCaptureFixture
    ) -> None:
        post = Post(store, catalogue, PLAIN)
        incident(store, NOON)
        post.postman.failures = [DeliveryFailed("error=503")] * 2
        post.after(MINUTE)
        with caplog.at_level(logging.WARNING):
            assert post.after(25 * HOUR) == []
        assert states(store) == [("opened", "failed")]
        assert "given up" in caplog.text

    def test_what_ended_while_a_channel_was_away_is_told_all_the_same(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PLAIN)
        number = incident(store, NOON)
        post.postman.failures = [DeliveryFailed("error=503")]
        post.after(MINUTE)
        resolve(store, number, NOON + MINUTE)
        assert [title.partition(":")[0] for title in post.after(HOUR)] == ["Over before it could be told"]


class TestProcesses:
    def test_two_never_send_the_same_at_once(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PLAIN)
        holding, go_on = threading.Event(), threading.Event()

        class Slow:
            def send(self, message: Message) -> None:
                holding.set()
                assert go_on.wait(60)
                post.postman.send(message)

        slow = post.notifier_by_hand()
        slow._workers[0]._carrier = Slow()
        incident(store, NOON)
        sending = threading.Thread(target=slow.deliver)
        sending.start()
        assert holding.wait(60)
        assert post.after(MINUTE) == []
        go_on.set()
        sending.join(60)
        assert post.after(MINUTE) == []
        assert len(post.postman.taken) == 1

    def test_one_that_dies_before_it_noted_what_it_sent_has_it_sent_again_by_the_same_key(
        self, store: Store, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post = Post(store, catalogue, PAGER)
        incident(store, NOON)

        def dies(*_: object) -> None:
            raise StoreUnavailable

        with monkeypatch.context() as patch:
            patch.setattr(store.deliveries, "done", dies)
            patch.setattr(store.deliveries, "release", dies)
            with pytest.raises(StoreUnavailable):
                post.after(MINUTE)
        other = post.notifier_by_hand()
        assert post.after(MINUTE, other) == []
        with store._owner.transaction("letting the lease run out") as cursor:
            cursor.execute("UPDATE notification_channels SET leased_until = clock_timestamp() - interval '1 second'")
        assert len(post.after(MINUTE, other)) == 1
        assert len(post.postman.taken) == 2
        assert len({message.key for message in post.postman.taken}) == 1

    def test_a_restart_between_two_messages_neither_loses_nor_doubles(self, store: Store, catalogue: Catalogue) -> None:
        post = Post(store, catalogue, PLAIN)
        number = incident(store, NOON)
        assert len(post.after(MINUTE)) == 1
        resolve(store, number, NOON + MINUTE)
        assert len(post.after(MINUTE, post.notifier_by_hand())) == 1
        assert post.after(MINUTE, post.notifier_by_hand()) == []

    def test_without_a_database_nothing_is_sent_and_nothing_lost(
        self, store: Store, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post = Post(store, catalogue, PLAIN)
        incident(store, NOON)
        with monkeypatch.context() as patch:
            patch.setattr(store.deliveries, "lease", lambda *_: (_ for _ in ()).throw(StoreUnavailable()))
            with pytest.raises(StoreUnavailable):
                post.after(MINUTE)
        assert len(post.after(MINUTE)) == 1


def test_times_are_told_in_utc_and_in_the_time_zone(store: Store, catalogue: Catalogue) -> None:
    post = Post(store, catalogue, PLAIN, zone="Europe/Berlin")
    incident(store, datetime(2026, 3, 4, 23, 30, tzinfo=NOON.tzinfo))
    post.after(12 * HOUR)
    facts = {fact.label: fact.text for fact in post.postman.taken[0].facts}
    assert facts["Since"].startswith("2026-03-04 23:30 UTC (2026-03-05 00:30 Europe/Berlin)")
