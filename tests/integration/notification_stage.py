"""What the tests of notifications stand on: incidents made by hand, and notifiers on a clock that is set by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.errors import DeliveryFailed
from monitoring.metrics import Catalogue
from monitoring.notifications.message import Message
from monitoring.notifications.routing import Channel
from monitoring.notifying import Desk, Notifier
from monitoring.store.store import Store
from tests.integration.samples_by_hand import NOON
from tests.integration.test_monitor import Hands

PAGE = "https://monitoring.example.org"
MINUTE = timedelta(minutes=1)


def incident(
    store: Store,
    at: datetime,
    severity: str = "critical",
    component: str = "kafka",
    instance: str = "broker-1",
    metric: str = "offline_partitions",
) -> int:
    """An open incident of one anomaly, announced as opened."""
    values = {"at": at, "severity": severity, "component": component, "instance": instance, "metric": metric}
    with store._owner.transaction("making an incident") as cursor:
        cursor.execute(
            "INSERT INTO incidents (pattern, status, severity, root_component, root_instance, root_metric, started_at,"
            " detected_at, chain) SELECT 'isolated', 'firing', %(severity)s, %(component)s, %(instance)s, %(metric)s,"
            " %(at)s::timestamptz, %(at)s, jsonb_build_array(jsonb_build_object('component', %(component)s::text,"
            " 'instance', %(instance)s::text, 'metric', %(metric)s::text, 'onset', %(at)s::timestamptz,"
            " 'severity', %(severity)s::text)) RETURNING id",
            values,
        )
        row = cursor.fetchone()
        assert row is not None
    announce(store, row[0], "opened", severity, at)
    return int(row[0])


def announce(store: Store, number: int, kind: str, severity: str, at: datetime) -> None:
    with store._owner.transaction("announcing") as cursor:
        cursor.execute(
            "INSERT INTO announcements (incident_id, kind, severity, at, text, due, reason)"
            " VALUES (%s, %s, %s, %s, 'words', true, 'new')",
            (number, kind, severity, at),
        )


def resolve(store: Store, number: int, at: datetime) -> None:
    """The incident is over, and announced to be."""
    with store._owner.transaction("resolving") as cursor:
        cursor.execute(
            "UPDATE incidents SET status = 'resolved', resolved_at = %s WHERE id = %s RETURNING severity", (at, number)
        )
        row = cursor.fetchone()
        assert row is not None
    announce(store, number, "resolved", row[0], at)


def escalate(store: Store, number: int, at: datetime) -> None:
    with store._owner.transaction("escalating") as cursor:
        cursor.execute("UPDATE incidents SET severity = 'critical' WHERE id = %s", (number,))
    announce(store, number, "escalated", "critical", at)


def set_status(store: Store, number: int, status: str) -> None:
    with store._owner.transaction("changing") as cursor:
        cursor.execute("UPDATE incidents SET status = %s WHERE id = %s", (status, number))


def deliveries(store: Store, channel: str) -> list[dict[str, Any]]:
    """The delivery log of a channel, oldest first."""
    found = store.reader.read("last_deliveries", {"most": 5000}, cap=5000).rows
    return sorted((row for row in found if row["channel"] == channel), key=lambda row: row["id"])


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that another thread brings about."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


class Postman:
    """A carrier that takes every message unless it is told to fail, and keeps what it took."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.failures: list[DeliveryFailed] = []

    def send(self, message: Message) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(message)

    @property
    def titles(self) -> list[str]:
        return [message.title for message in self.taken]


class Post:
    """Channels of a store on a clock set by hand; a notifier that may be started anew at any time."""

    def __init__(
        self, store: Store, catalogue: Catalogue, *channels: Channel, seconds: float = 20, zone: str = "UTC"
    ) -> None:
        self.store = store
        self.clock = Hands(NOON)
        self.channels = channels
        self.postman = Postman()
        self._desk = Desk(store, catalogue, self.clock, ZoneInfo(zone), PAGE, seconds)
        self.notifier = self.notifier_by_hand()
        self.notifier.deliver()

    def notifier_by_hand(self) -> Notifier:
        """Another process's notifier, whose messages go to the postman."""
        return Notifier(self._desk, self.channels, lambda *_: self.postman)

    def real(self) -> Notifier:
        """A notifier that sends through Apprise."""
        return Notifier(self._desk, self.channels)

    def after(self, span: timedelta, notifier: Notifier | None = None) -> list[str]:
        """What is told so much later, by the titles of the messages."""
        self.clock.now += span
        seen = len(self.postman.taken)
        (notifier or self.notifier).deliver()
        return self.postman.titles[seen:]
