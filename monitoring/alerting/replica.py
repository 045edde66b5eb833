"""Keeps one replica of Alertmanager up to date, in a thread of its own, whenever the monitor has ticked.

An alert is sent at every tick while its anomaly is open, each time to be over a while later: one that nobody sends
again ends by itself. What Alertmanager still lists and is over here is sent once more, with its true end; that is
found by comparing the two, so that nothing hangs after a restart.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitoring.alerting.client import Client
from monitoring.alerting.mirror import Mirror
from monitoring.alerting.standing import Standing
from monitoring.contract import Json
from monitoring.errors import AlertmanagerProblem, MonitoringError
from monitoring.metrics import Catalogue
from monitoring.notifications.alertmanager import (
    MONITOR,
    Labels,
    Writing,
    alert_of,
    ended_alert,
    fingerprint_of,
    labels_of,
)
from monitoring.notifications.muting import PREFIX, Listed, Report, muted_ahead, place_of
from monitoring.store.store import Store
from monitoring.waking import WokenThread

log = logging.getLogger(__name__)

FIRST_REST_SECONDS = 1.0
LONGEST_REST_SECONDS = 60.0

Identity = tuple[tuple[str, str], ...]


class Replica:
    """Works beside the monitor (`monitoring.monitor.Companion`)."""

    def __init__(
        self,
        client: Client,
        store: Store,
        catalogue: Catalogue,
        clock: Callable[[], datetime],
        mirror: Mirror,
        standing: Standing,
        writing: Callable[[], Writing],
        lifetime: timedelta,
    ) -> None:
        self._client = client
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._mirror = mirror
        self._standing = standing
        self._writing = writing
        self._lifetime = lifetime
        self._sent: dict[Identity, Listed] = {}
        self._failures = 0
        self._thread = WokenThread(f"alertmanager {client.name}", self._keep_up)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Send nothing more. What is open stays so there until another process sends it, or its time is over."""
        self._thread.stop(timeout, self._client.stop)

    def wake(self) -> None:
        """Send how things stand, soon."""
        self._thread.wake()

    def update(self) -> None:
        """Send what is open and what has ended, and hear what is silenced.

        Raises `AlertmanagerProblem` and store errors.
        """
        now, writing = self._clock(), self._writing()
        rows = self._store.alerts.open(now, PREFIX)
        loud = [row for row in rows if is_posted(row)]
        alerts = [alert_of(row, self._catalogue, writing, now + self._lifetime) for row in loud]
        wanted = {identity(alert["labels"]): alert for alert in alerts}
        try:
            listed = self._bring(wanted, writing.monitor, now)
            mutes = self._client.silences()
        except AlertmanagerProblem:
            self._mirror.told(self._client.name, None)
            raise
        muted = {place_of(one.labels): one.silenced_by for key, one in listed.items() if key in wanted}
        pending = [labels_of(row, writing) for row in rows if row["status"] == "pending"]
        ahead = {place_of(labels): ids for labels in pending if (ids := muted_ahead(labels, mutes)) is not None}
        self._mirror.told(self._client.name, Report(mutes, ahead | muted))

    def _bring(self, wanted: Mapping[Identity, Json], monitor: str, now: datetime) -> Mapping[Identity, Listed]:
        """Send what is wanted, let the rest end, and return what Alertmanager lists."""
        # What ends as another begins, such as a warning that is critical now, is told with it.
        self._client.post([*self._ended(self._sent, wanted, now), *wanted.values()])
        self._sent = {
            key: Listed(alert["labels"], datetime.fromisoformat(alert["startsAt"])) for key, alert in wanted.items()
        }
        listed = {identity(one.labels): one for one in self._client.alerts(MONITOR, monitor)}
        self._client.post(self._ended(listed, wanted, now))
        return listed

    def _ended(self, there: Mapping[Identity, Listed], wanted: Mapping[Identity, Json], now: datetime) -> list[Json]:
        """Of what Alertmanager has: that which is over here, with its end."""
        over = [one for key, one in there.items() if key not in wanted]
        if not over:
            return []
        since = min(one.starts_at for one in over)
        last = self._store.alerts.last([fingerprint_of(one.labels) for one in over], since)
        return [
            ended_alert(one.labels, one.starts_at, end_of(one.labels, last.get(fingerprint_of(one.labels)), now))
            for one in over
        ]

    def _keep_up(self) -> None:
        try:
            self.update()
            self._succeeded()
        except MonitoringError as problem:
            self._failed(str(problem))
        except Exception as problem:
            log.exception("alerting met an error it does not know")
            self._failed(type(problem).__name__)
        if self._failures:
            self._thread.rest(rest(self._failures))

    def _failed(self, words: str) -> None:
        if self._thread.stopping:
            return
        self._failures += 1
        self._standing.told(self._client.name, words)
        level = logging.WARNING if self._failures == 1 else logging.INFO
        log.log(level, "Alertmanager %s is tried again after a tick: %s", self._client.name, words)

    def _succeeded(self) -> None:
        if self._failures:
            log.warning("Alertmanager %s answers again after %d attempts", self._client.name, self._failures)
        self._failures = 0
        self._standing.told(self._client.name, "")


def is_posted(row: Mapping[str, Any]) -> bool:
    """Whether an open event is an alert.

    Acknowledged ones are: somebody knows, but it is not over. What only Alertmanager's silences keep quiet goes on
    being sent: it is quiet there, and only so can Alertmanager say when that ends.
    """
    return row["status"] != "pending" and not row["hushed"]


def end_of(labels: Labels, last: Mapping[str, Any] | None, now: datetime) -> datetime:
    """When an alert ended: as its anomaly did, or became critical; now where it is only not to be told any more."""
    ended: datetime | None = None if last is None else last["resolved_at"]
    if last is not None and ended is None and labels.get("severity") == "warning":
        ended = last["critical_at"]
    return now if ended is None else min(now, ended)


def rest(failures: int) -> float:
    """Seconds to leave a replica alone after so many failures in a row; not the same for all who try."""
    return random.uniform(0.5, 1.0) * min(LONGEST_REST_SECONDS, FIRST_REST_SECONDS * 2.0 ** min(failures - 1, 10))


def identity(labels: Labels) -> Identity:
    return tuple(sorted(labels.items()))


def clusters_of(names: Iterable[str]) -> Sequence[str]:
    """The clusters that instances are named after: only where there are several."""
    known = sorted(set(names))
    return [name for name in known if name] if len(known) > 1 else []
