"""Telling people: what was announced goes out on every channel, beside the monitor and without it waiting.

Each channel has a thread of its own, so a slow or dead one delays no other. Whoever sends on a channel holds a lease
on it: two processes never send the same at the same time, and what a process that died was about to note as sent is
sent again, with the same key, once its lease has run out.
"""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from monitoring.errors import DeliveryFailed, MonitoringError
from monitoring.feeds import Origin
from monitoring.metrics import Catalogue
from monitoring.notifications.channels_file import channels_of
from monitoring.notifications.message import Case, Message, Scene, about, about_many, taken_back
from monitoring.notifications.planning import (
    GIVE_UP,
    MOST_REFUSALS,
    Ending,
    Sending,
    Waiting,
    pause,
    plan,
)
from monitoring.notifications.routing import Channel
from monitoring.notifications.sending import Carrier
from monitoring.settings import Settings, environment
from monitoring.store.deliveries import Lease
from monitoring.store.store import Store
from monitoring.waking import WokenThread
from monitoring.wording import count

log = logging.getLogger(__name__)

LEASE_MARGIN = 30.0
"""Seconds for which a lease goes on after the longest that a message may take."""
LONGEST_WAIT = 30.0
SHORTEST_WAIT = 0.5


class Carries(Protocol):
    """Sends a message or raises `DeliveryFailed`."""

    def send(self, message: Message) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What every channel works with; `page` is where links lead, `seconds` how long one message may take."""

    store: Store
    catalogue: Catalogue
    clock: Callable[[], datetime]
    zone: ZoneInfo
    page: str = ""
    seconds: float = 15.0


class Notifier:
    """A companion of the monitor: one thread for each channel, which sends what is due when woken."""

    def __init__(
        self,
        desk: Desk,
        channels: Sequence[Channel],
        carriers: Callable[[Channel, float], Carries] = Carrier,
    ) -> None:
        self._workers = [ChannelWorker(desk, channel, carriers(channel, desk.seconds)) for channel in channels]

    def start(self) -> None:
        for worker in self._workers:
            worker.thread.start()

    def stop(self) -> None:
        """Send nothing more; a message under way is not waited for."""
        for worker in self._workers:
            worker.thread.stop()

    def wake(self) -> None:
        """Have a look, soon: there may be something to tell."""
        for worker in self._workers:
            worker.thread.wake()

    def deliver(self) -> None:
        """One round of every channel, one after the other, here and now."""
        for worker in self._workers:
            worker.deliver()


class ChannelWorker:
    """Sends on one channel."""

    def __init__(self, desk: Desk, channel: Channel, carrier: Carries) -> None:
        self._desk = desk
        self._log = desk.store.deliveries
        self._origin = Origin(desk.store)
        self._channel = channel
        self._carrier = carrier
        self._lease_seconds = desk.seconds + LEASE_MARGIN
        self._by = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._registered = False
        self._failing = False
        self.thread = WokenThread(f"channel {channel.name}", self._look, first=0.0)

    def deliver(self) -> float | None:
        """Send what is due; gives the seconds until it is worth looking again by itself, `None` if not before a wake.

        Raises store errors.
        """
        name, now = self._channel.name, self._desk.clock()
        if not self._registered:
            self._log.register(name, now)
            self._registered = True
        lease = self._log.lease(name, self._by, self._lease_seconds, now)
        if lease is None:
            return None
        try:
            return self._round(lease, now)
        finally:
            self._log.release(name, self._by)

    def _round(self, lease: Lease, now: datetime) -> float | None:
        channel = self._channel
        self._give_up(now)
        # What is older was put on the log before, or is not told any more.
        since = max(lease.since, now - 2 * GIVE_UP)
        self._log.enqueue(channel.name, self._takes, since, now, channel.repeat)
        if lease.next_try_at is not None and lease.next_try_at > now:
            return self._seconds_until(lease.next_try_at)
        waiting = [_waiting(row) for row in self._log.waiting(channel.name)]
        endings = [
            Ending(row["thread"], tuple(row["incidents"]), row["severity"], row["withdrawn"])
            for row in self._log.endings(channel.name)
        ]
        made = plan(channel, waiting, endings, now, self._desk.zone)
        self._log.drop(made.dropped)
        failures = lease.failures
        for sending in made.sendings:
            if self.thread.stopping or not self._log.lease(channel.name, self._by, self._lease_seconds, now):
                return None
            problem = self._send(sending)
            if problem is None:
                failures = 0
            elif problem.kind != "refused":
                return self._seconds_until(self._away(sending, problem, failures + 1))
            else:
                self._refused(sending, problem)
        return None

    def _takes(self, components: Sequence[str], severity: str) -> bool:
        return self._channel.takes(components, "critical" if severity == "critical" else "warning")

    def _send(self, sending: Sending) -> DeliveryFailed | None:
        """Send a message and note that it was; gives why it was not taken."""
        try:
            self._carrier.send(self._message(sending))
        except DeliveryFailed as problem:
            return problem
        ended = [sending.thread, *sending.also] if sending.ends_thread or sending.kind == "over" else []
        self._log.done(self._channel.name, sending.rows, sending.thread, ended, self._desk.clock())
        if self._failing:
            log.warning("channel %s works again", self._channel.name)
        self._failing = False
        return None

    def _away(self, sending: Sending, problem: DeliveryFailed, failures: int) -> datetime:
        """Leave a channel alone that cannot be reached; gives until when."""
        now = self._desk.clock()
        wait = pause(problem.kind, failures)
        level = logging.INFO if self._failing else logging.WARNING
        log.log(
            level,
            "channel %s took no message, tried again in %.0f s: %s",
            self._channel.name,
            wait.total_seconds(),
            problem,
        )
        self._failing = True
        self._log.failed(self._channel.name, sending.rows, str(problem), now + wait, refused=False)
        return now + wait

    def _refused(self, sending: Sending, problem: DeliveryFailed) -> None:
        """A message that is refused for what it says holds up no other."""
        now = self._desk.clock()
        log.warning("channel %s refused a message (%s): %s", self._channel.name, sending.kind, problem)
        self._log.failed(self._channel.name, sending.rows, str(problem), now + pause("refused", 1), refused=True)
        if sending.ends_thread and not sending.rows:
            self._log.end(self._channel.name, [sending.thread, *sending.also], now)

    def _give_up(self, now: datetime) -> None:
        given_up = self._log.give_up(self._channel.name, now - GIVE_UP, MOST_REFUSALS)
        if given_up:
            log.warning(
                "channel %s: %s given up, the first about incident %s: %s",
                self._channel.name,
                count(len(given_up), "messages"),
                given_up[0]["incident_id"],
                given_up[0]["last_error"] or "its turn never came",
            )

    def _message(self, sending: Sending) -> Message:
        scene = self._scene()
        found = self._log.incidents(sending.incidents)
        if sending.many:
            cases = [Case(row) for row in found]
            return about_many(cases, len(sending.incidents), sending.kind, sending.thread, scene)
        if found and sending.kind != "withdrawn":
            case = Case(found[0], self._log.events(found[0]["id"]))
            return about(case, sending.kind, sending.thread, scene)
        [number] = sending.incidents
        said = self._log.withdrawn([number]).get(number, {}).get("text", "Late samples explain it.")
        return taken_back(number, said, sending.severity, sending.thread, scene)

    def _scene(self) -> Scene:
        found = self._log.open_severities()
        told = ", ".join(f"{found[one]:,} {one}" for one in ("critical", "warning") if one in found)
        word = "critical" if "critical" in found else "degraded" if found else "healthy"
        health = f"{word} (open incidents: {told})" if told else f"{word} (no incident is open)"
        desk = self._desk
        return Scene(desk.catalogue, desk.zone, desk.clock(), desk.page, self._origin.is_simulated(), health)

    def _seconds_until(self, moment: datetime) -> float:
        return min(LONGEST_WAIT, max(SHORTEST_WAIT, (moment - self._desk.clock()).total_seconds()))

    def _look(self) -> float | None:
        try:
            return self.deliver()
        except MonitoringError as problem:
            log.info("notifying is tried again after the next tick: %s", problem)
        except Exception:
            log.exception("channel %s met an error it does not know", self._channel.name)
        return None


def _waiting(row: Mapping[str, Any]) -> Waiting:
    return Waiting(
        id=row["id"],
        incident=row["incident_id"],
        kind=row["kind"],
        severity=row["severity"],
        announced_at=row["announced_at"],
        next_try_at=row["next_try_at"],
        status=row["status"],
        incident_severity=row["incident_severity"],
        threads=tuple(row["threads"]),
        thread=row["thread"],
        members=tuple(row["members"]),
    )


def notifier_for(
    settings: Settings, store: Store, catalogue: Catalogue, clock: Callable[[], datetime]
) -> Notifier | None:
    """The notifier of a platform; `None` where no channel is configured. Raises `ConfigurationError`."""
    channels = channels_of(settings, environment())
    zone, seconds = ZoneInfo(settings.timezone), settings.notify_timeout_seconds
    return Notifier(Desk(store, catalogue, clock, zone, settings.public_url, seconds), channels) if channels else None
