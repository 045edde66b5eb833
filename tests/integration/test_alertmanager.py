"""A real Alertmanager: it knows what is open here and when it ended, and what it keeps quiet is quiet here."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from monitoring.alerting import client
from monitoring.alerting.choosing import replicas_for
from monitoring.alerting.replica import Replica
from monitoring.anomalies import Silence
from monitoring.api.health import parts_of
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.monitor import Monitor
from monitoring.settings import Settings
from monitoring.store.store import Store
from platform_monitoring_agent import companions, platform_on
from tests.integration.exposition_server import Answer, ExpositionServer, SocketServer
from tests.integration.real_servers import AlertmanagerServer, free_port, until
from tests.integration.samples_by_hand import STEP, block, line
from tests.integration.test_lifecycle_store import announcements
from tests.integration.test_monitor import Hands

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ELECTIONS = SeriesKey("kafka", "cluster", "unclean_leader_elections")
"""A warning as soon as a second sample confirms it, critical after a minute."""
REPLICAS = SeriesKey("clickhouse", "node-1", "readonly_replicas")
"""A warning after a minute, critical after five; pending before."""


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertmanagerServer]:
    with AlertmanagerServer(tmp_path_factory.mktemp("alertmanager")) as server:
        yield server


class Scene:
    """A monitor in the last half hour, tick by tick, and one series that is bad over a span of its minutes."""

    def __init__(self, settings: Settings, store: Store, catalogue: Catalogue, server: AlertmanagerServer) -> None:
        self.settings = replace(settings, alertmanager_urls=(server.url,), public_url="https://monitoring.example.org/")
        self.store, self.catalogue, self.server = store, catalogue, server
        self.start = datetime.now(UTC).replace(microsecond=0) - HOUR / 2
        self.clock = Hands(self.start)
        self.id = store.alerts.installation()
        self.monitor = Monitor(store, catalogue, interval=STEP, clock=self.clock)
        self.replicas = self.made()

    def made(self, *urls: str) -> list[Replica]:
        chosen = replace(self.settings, alertmanager_urls=urls or self.settings.alertmanager_urls)
        return replicas_for(chosen, self.store, self.catalogue, self.clock, HOUR)

    def bad(self, key: SeriesKey, begin: float, end: float) -> None:
        first, last = self.start + begin * MINUTE, self.start + end * MINUTE
        self.store.samples.write(
            block(line(key, self.start - HOUR, self.start + HOUR / 2, lambda at: float(first <= at < last)))
        )

    def at(self, *minutes: float) -> None:
        """Tick at some minutes, all before them judged, and bring Alertmanager up to date each time."""
        for minute in minutes:
            self.clock.now = self.start + minute * MINUTE
            self.monitor.tick()
            for replica in self.replicas:
                replica.update()

    def restart(self) -> None:
        self.monitor.stop()
        self.monitor = Monitor(self.store, self.catalogue, interval=STEP, clock=self.clock)
        self.replicas = self.made()

    def there(self) -> list[dict[str, Any]]:
        return self.server.alerts(self.id)

    def severities(self) -> list[str]:
        return [alert["labels"]["severity"] for alert in self.there()]

    def statuses(self) -> list[str]:
        found = self.store.query("alerts_open", {"now": self.clock.now, "prefix": "alertmanager:"})
        return [row["status"] for row in found]

    def told(self) -> list[str]:
        return [one.kind for one in announcements(self.store) if one.due]


@pytest.fixture
def scene(settings: Settings, store: Store, catalogue: Catalogue, alertmanager: AlertmanagerServer) -> Iterator[Scene]:
    made = Scene(settings, store, catalogue, alertmanager)
    yield made
    made.monitor.stop()


class TestAnAnomaly:
    def test_is_an_alert_while_it_is_open(self, scene: Scene) -> None:
        scene.bad(ELECTIONS, 5, 15)
        scene.at(4)
        assert scene.there() == []
        scene.at(8)
        (alert,) = scene.there()
        incident = scene.store.query("alerts_open", {"now": scene.clock.now, "prefix": "x"})[0]["incident_id"]
        assert alert["labels"] == {
            "alertname": "UncleanLeaderElections",
            "component": "kafka",
            "instance": "cluster",
            "metric": "unclean_leader_elections",
            "anomaly_type": "threshold",
            "severity": "critical",
            "incident": str(incident),
            "monitor": scene.id,
        }
        said = alert["annotations"]
        assert said["since"] == alert["startsAt"].replace(".000Z", "Z")
        assert said["value"] == "1 events/s"
        assert said["first_checks"].startswith("- ")
        assert said["link"] == f"https://monitoring.example.org/incidents?incident={incident}"
        assert alert["generatorURL"] == said["link"]
        assert {"summary", "description", "threshold", "pattern", "incident_summary"} <= set(said)
        scene.at(17)
        assert scene.there() == []
        assert scene.statuses() == []

    def test_that_becomes_critical_is_another_alert_and_the_warning_is_over(self, scene: Scene) -> None:
        scene.bad(REPLICAS, 5, 25)
        scene.at(7)
        assert scene.severities() == ["warning"]
        scene.at(12)
        assert scene.severities() == ["critical"]

    def test_that_is_acknowledged_stays_an_alert_and_says_so(self, scene: Scene) -> None:
        scene.bad(ELECTIONS, 5, 25)
        scene.at(8)
        event = scene.store.query("alerts_open", {"now": scene.clock.now, "prefix": "x"})[0]["id"]
        scene.store.operators.acknowledge(event, "ada", scene.clock.now)
        scene.at(9)
        (alert,) = scene.there()
        assert alert["annotations"]["acknowledged"].startswith("by ada, ")

    def test_that_is_silenced_here_is_no_alert_until_it_is_loud_again(self, scene: Scene) -> None:
        scene.bad(ELECTIONS, 5, 28)
        scene.at(8)
        assert len(scene.there()) == 1
        made = scene.store.operators.silence(Silence(scene.clock.now, scene.clock.now + HOUR, component="kafka"))
        scene.at(9)
        assert scene.statuses() == ["silenced"]
        assert scene.there() == []
        scene.store.operators.end_silence(made, scene.clock.now)
        scene.at(10)
        assert scene.severities() == ["critical"]

    def test_found_in_history_is_no_alert(self, scene: Scene) -> None:
        scene.clock.now = scene.start + 28 * MINUTE
        scene.bad(SeriesKey("kafka", "other", "offline_partitions"), 40, 41)
        scene.at(28.5)
        scene.bad(ELECTIONS, 5, 100)
        scene.store.judge_again_from(scene.start)
        scene.at(29)
        (event,) = scene.store.query("open_events")
        assert event["status"] == "firing"
        assert scene.there() == []

    def test_that_joins_an_incident_of_history_is_an_alert_all_the_same(self, scene: Scene) -> None:
        scene.bad(ELECTIONS, 5, 28)
        scene.at(15)
        assert scene.there() == []
        scene.bad(REPLICAS, 16, 28)
        scene.at(19)
        with scene.store._owner.transaction("joining") as cursor:
            cursor.execute("UPDATE anomaly_events SET incident_id = (SELECT id FROM incidents WHERE historic)")
            assert cursor.rowcount == 2
        scene.replicas[0].update()
        assert [alert["labels"]["metric"] for alert in scene.there()] == ["readonly_replicas"]


class TestARestart:
    def test_in_the_middle_loses_nothing_and_leaves_nothing_hanging(self, scene: Scene) -> None:
        scene.bad(ELECTIONS, 5, 15)
        scene.bad(REPLICAS, 5, 28)
        scene.at(4, 12)
        assert [alert["labels"]["alertname"] for alert in scene.there()] == [
            "ReadonlyReplicas",
            "UncleanLeaderElections",
        ]
        scene.restart()
        # The anomaly ends while nobody tells Alertmanager of it.
        scene.replicas, later = [], scene.replicas
        scene.at(20)
        assert len(scene.there()) == 2
        scene.replicas = later
        scene.at(20.5)
        (alert,) = scene.there()
        assert alert["labels"]["alertname"] == "ReadonlyReplicas"

    def test_an_alert_that_nobody_sends_again_ends_by_itself(self, scene: Scene) -> None:
        scene.bad(ELECTIONS, 5, 28)
        scene.at(8)
        (alert,) = scene.there()
        assert alert["endsAt"].startswith((scene.clock.now + HOUR).isoformat()[:19])

    def test_of_alertmanager_has_the_alerts_back_after_a_tick(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> None:
        scene.bad(ELECTIONS, 5, 28)
        scene.at(7.5)
        [replica] = scene.replicas
        scene.replicas = []
        assert scene.severities() == ["critical"]
        scene.server.stop()
        caplog.set_level(logging.INFO, "monitoring.alerting")
        replica.start()
        replica.wake()
        until(lambda: "connection refused" in caplog.text, 120)
        scene.server.start()

        def back() -> bool:
            replica.wake()
            return scene.severities() == ["critical"]

        until(back, 60)
        until(lambda: not any(scene.store.get("alertmanagers").values()), 120)
        replica.stop()
        assert "answers again" in caplog.text
        assert ready(scene)["alertmanagers"]["ok"]


class TestASilenceOfAlertmanagers:
    def test_keeps_an_anomaly_quiet_here_until_it_is_deleted_there(self, scene: Scene) -> None:
        scene.bad(REPLICAS, 5, 29)
        scene.at(4, 7)
        assert scene.statuses() == ["firing"]
        silence = scene.server.silence(monitor=scene.id, instance="node-1")
        scene.at(7.5, 13)
        assert scene.statuses() == ["silenced"]
        assert scene.told() == ["opened"], "that it is critical now is told to nobody"
        (alert,) = scene.there()
        assert alert["status"]["silencedBy"] == [silence]
        window = scene.store.query("mirrored_silences", {"now": scene.clock.now, "prefix": "alertmanager:"})
        assert {row["anomaly_type"] for row in window} == {"threshold", "baseline"}
        assert {row["created_by"] for row in window} == {f"alertmanager:{silence}"}
        assert {row["reason"] for row in window} == {"Silenced in Alertmanager by ada: planned work"}
        assert {(row["component"], row["instance"], row["metric"]) for row in window} == {REPLICAS}
        scene.server.expire(silence)
        scene.at(13.5, 14)
        assert scene.statuses() == ["firing"]
        assert scene.told() == ["opened", "escalated"]

    def test_made_before_it_fires_keeps_it_quiet_from_the_start(self, scene: Scene) -> None:
        silence = scene.server.silence(monitor=scene.id, metric="readonly_replicas")
        scene.bad(REPLICAS, 5, 15)
        scene.at(4, 5.5)
        assert scene.statuses() == ["pending"]
        scene.at(12)
        assert scene.statuses() == ["silenced"]
        scene.at(25)
        assert scene.statuses() == []
        assert scene.told() == []
        assert scene.there() == []
        scene.server.expire(silence)

    def test_of_the_warning_alone_ends_when_it_is_critical(self, scene: Scene) -> None:
        scene.bad(REPLICAS, 5, 29)
        scene.at(7)
        silence = scene.server.silence(monitor=scene.id, severity="warning")
        scene.at(7.5, 8)
        assert scene.statuses() == ["silenced"]
        scene.at(12, 12.5)
        assert scene.statuses() == ["firing"]
        scene.server.expire(silence)

    def test_stays_here_while_alertmanager_is_away(self, scene: Scene) -> None:
        scene.bad(REPLICAS, 5, 29)
        scene.server.silence(monitor=scene.id)
        scene.at(7, 8)
        assert scene.statuses() == ["silenced"]
        gone = scene.made(f"http://127.0.0.1:{free_port()}")[0]
        scene.replicas = []
        gone.start()
        gone.wake()
        scene.at(10)
        gone.stop()
        assert scene.statuses() == ["silenced"]


def ready(scene: Scene) -> dict[str, Any]:
    """What `GET /health/ready` says of the parts."""
    with closing(platform_on(scene.settings, scene.store, scene.catalogue, scene.clock)) as platform:
        return parts_of(platform.operations.supervision())


def hang(connection: socket.socket, over: Event) -> None:
    del connection
    over.wait(60)


FAILURES = (
    (Answer("oh dear", 500), "HTTP status 500 Internal Server Error (oh dear)"),
    (Answer("who are you, ada:s3cret-words?", 401), "HTTP status 401 Unauthorized; is there a login"),
    (Answer("<html>", content_type="text/html"), "not JSON"),
    (Answer('{"status": "success"}'), "not a list of alerts"),
    (Answer("", 307, headers={"Location": "http://elsewhere.example/"}), "redirects"),
    (Answer("[" * 100_000), "not JSON"),
)


class TestAReplicaThatFails:
    def test_does_not_delay_the_monitor_nor_the_other(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(client, "TIMEOUT_SECONDS", 300.0)
        scene.bad(ELECTIONS, 5, 28)
        with SocketServer(hang) as dead:
            both = scene.made(dead.url.removesuffix("/metrics"), scene.server.url)
            scene.replicas = []
            scene.monitor = Monitor(scene.store, scene.catalogue, interval=STEP, clock=scene.clock, companions=both)
            for replica in both:
                replica.start()
            scene.at(8)
            until(lambda: scene.severities() == ["critical"], 120)
            for replica in both:
                replica.stop()

    def test_is_told_of_without_its_login(self, scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "monitoring.alerting")
        with ExpositionServer() as server:
            for answer, words in FAILURES:
                server.pages = dict.fromkeys(("/am/api/v2/alerts", "/am/api/v2/silences"), answer)
                [replica] = scene.made(f"http://ada:s3cret-words@{server.endpoint}/am/")
                caplog.clear()
                replica.start()
                replica.wake()
                until(lambda: bool(caplog.records), 120)
                replica.stop()
                assert words in caplog.text
                assert f"{server.endpoint}/am" in caplog.text
                assert "s3cret" not in caplog.text
            noted = scene.store.get("alertmanagers")
            assert list(noted) == [f"{server.endpoint}/am"]
            assert "s3cret" not in noted[f"{server.endpoint}/am"]
            assert ready(scene)["alertmanagers"] == {"ok": False, "detail": "1 of 1 cannot be posted to."}
        assert {headers["authorization"] for _, headers in server.requests} == {"Basic YWRhOnMzY3JldC13b3Jkcw=="}


def test_the_companions_of_the_agent_are_one_for_each_replica(
    settings: Settings, store: Store, catalogue: Catalogue
) -> None:
    chosen = replace(settings, alertmanager_urls=("http://a:9093", "http://b:9093"))
    assert [type(one) for one in companions(chosen, store, catalogue, Hands(datetime.now(UTC)))] == [Replica, Replica]
    assert companions(settings, store, catalogue, Hands(datetime.now(UTC))) == []
    assert json.dumps(chosen.alertmanager_urls) not in repr(chosen)
