"""What a channel is to be sent now, in which messages, and what need not be sent any more; pure.

All that is said of one incident on a channel is one *thread*. Many incidents that begin at once share a thread: one
message names the worst of them, and one says that all are over. The plan is made anew before every round, from what
the channel was told and from how the incidents stand, by any process, and comes to the same.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from monitoring.anomalies import EventStatus
from monitoring.metrics import Severity
from monitoring.notifications.message import ENDS, Kind
from monitoring.notifications.routing import Channel

MOST_SINGLE = 10
"""More incidents than these to be told at once become one message."""
GIVE_UP = timedelta(hours=24)
"""What could not be delivered for so long is not tried any more."""
MOST_REFUSALS = 5
"""A message that the service refuses for what it says is tried so often."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
_BUSY_PAUSE = timedelta(minutes=1)

Failure = Literal["away", "busy", "denied", "refused"]
"""Why a message was not taken: the service does not answer as it should, asks for patience, does not know the key,
or does not like this message."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that a channel is to be told of an incident, and how that one stands.

    `threads` are those in which the channel was told of it. `status` is `None` where the incident is no more.
    """

    id: int
    incident: int
    kind: Kind
    severity: Severity
    announced_at: datetime
    next_try_at: datetime
    status: EventStatus | None
    incident_severity: Severity
    threads: tuple[str, ...] = ()
    thread: str = ""
    members: tuple[int, ...] = ()
    """Where it is about a thread and not about one incident: that, and which of its incidents go on."""

    @property
    def worst(self) -> Severity:
        return "critical" if "critical" in (self.severity, self.incident_severity) else "warning"


@dataclass(frozen=True, slots=True)
class Ending:
    """A thread all incidents of which are over; `withdrawn`: there never were any."""

    thread: str
    incidents: tuple[int, ...]
    severity: Severity
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """A message to send: about one incident, or about many. Once it is sent, `rows` are done.

    `also` are further threads that it ends.
    """

    kind: Kind
    thread: str
    severity: Severity
    incidents: tuple[int, ...]
    rows: tuple[int, ...]
    many: bool = False
    also: tuple[str, ...] = ()

    @property
    def ends_thread(self) -> bool:
        return self.kind in ("resolved", "withdrawn")


@dataclass(slots=True)
class Plan:
    """What to send, in this order, and rows that are done without: id and reason."""

    sendings: list[Sending] = field(default_factory=list)
    dropped: list[tuple[int, str]] = field(default_factory=list)

    def drop(self, rows: Iterable[Waiting], reason: str) -> None:
        self.dropped += [(row.id, reason) for row in rows]


def plan(channel: Channel, waiting: Sequence[Waiting], endings: Sequence[Ending], now: datetime, zone: tzinfo) -> Plan:
    """What a channel is to be sent now."""
    made = Plan()
    news: list[Sending] = []
    over: list[Waiting] = []
    by_incident: dict[int, list[Waiting]] = defaultdict(list)
    for row in waiting:
        by_incident[row.incident].append(row)
    for rows in by_incident.values():
        _sort_out(channel, rows, now, zone, made, news, over)
    made.sendings += _grouped(news)
    made.sendings += _over(channel, over, now, zone, made)
    made.sendings += _ended(channel, by_incident, endings, now, zone, made)
    return made


def _sort_out(
    channel: Channel,
    rows: list[Waiting],
    now: datetime,
    zone: tzinfo,
    made: Plan,
    news: list[Sending],
    over: list[Waiting],
) -> None:
    """Where the rows of one incident belong: among the news, what is over and was never told, or nowhere."""
    first = rows[0]
    ends = [row for row in rows if row.kind in ENDS]
    begins = [row for row in rows if row.kind not in ENDS]
    if any(row.kind == "withdrawn" for row in ends) and not first.threads:
        made.drop(rows, "it was withdrawn first")
        return
    if ends and not first.threads:
        over += rows
        return
    if ends:
        made.drop(begins, "it was over first")
        return
    if first.status is None:
        made.drop(begins, "the incident is no more")
    elif first.status in ("acknowledged", "silenced"):
        made.drop(begins, f"it was {first.status} first")
    elif first.status == "resolved" or any(row.next_try_at > now for row in begins):
        return
    elif not channel.is_quiet(now, max((row.worst for row in begins), key=_rank), zone):
        news.append(_news(begins))


_ORDER: tuple[Kind, ...] = ("repeated", "updated", "escalated", "opened")


def _news(rows: Sequence[Waiting]) -> Sending:
    """The one message that says all that is new about an incident: what counts most names it."""
    chief = max(rows, key=lambda row: _ORDER.index(row.kind))
    kind: Kind = chief.kind if chief.threads or chief.kind == "opened" else "opened"
    thread = chief.thread or own_thread(chief)
    worst = max((row.worst for row in rows), key=_rank)
    many = thread.startswith(GROUP)
    incidents = chief.members if many else (chief.incident,)
    return Sending(kind, thread, worst, incidents, tuple(row.id for row in rows), many=many)


GROUP = "many-"


def own_thread(row: Waiting) -> str:
    """The thread of one incident: the first it was told in, or a new one that no other database names so."""
    own = next((thread for thread in row.threads if not thread.startswith(GROUP)), None)
    return own or f"incident-{row.incident}-{row.announced_at:%Y%m%dT%H%M%SZ}"


def _grouped(news: list[Sending]) -> list[Sending]:
    """The worst first; too many of them in one message."""
    news.sort(key=lambda one: (-_rank(one.severity), one.incidents))
    alone = [one for one in news if one.many]
    single = [one for one in news if not one.many]
    if len(single) <= MOST_SINGLE:
        return single + alone
    rows = tuple(sorted(row for one in single for row in one.rows))
    kinds = {one.kind for one in single}
    kind: Kind = kinds.pop() if len(kinds) == 1 else "opened"
    incidents = tuple(one.incidents[0] for one in single)
    return [Sending(kind, f"{GROUP}{rows[0]}", single[0].severity, incidents, rows, True), *alone]


def _over(channel: Channel, rows: list[Waiting], now: datetime, zone: tzinfo, made: Plan) -> list[Sending]:
    """What began and ended while it could not be told: in one message, and not to who keeps alerts."""
    if channel.alerting:
        made.drop(rows, "it was over before it could be told")
        return []
    ready = [row for row in rows if row.next_try_at <= now and not channel.is_quiet(now, row.worst, zone)]
    incidents = tuple(dict.fromkeys(row.incident for row in ready))
    if not incidents:
        return []
    worst = max((row.worst for row in ready), key=_rank)
    ids = tuple(sorted(row.id for row in ready if row.incident in incidents))
    return [Sending("over", f"over-{ids[0]}", worst, incidents, ids, len(incidents) > 1)]


def _ended(
    channel: Channel,
    by_incident: dict[int, list[Waiting]],
    endings: Sequence[Ending],
    now: datetime,
    zone: tzinfo,
    made: Plan,
) -> list[Sending]:
    """Threads to end. The end of an incident among others is told with that of all."""
    ends = {number: [row for row in rows if row.kind in ENDS and row.threads] for number, rows in by_incident.items()}
    ending = {one.thread for one in endings}
    sendings = []
    for one in endings:
        rows = [row for found in ends.values() for row in found if one.thread in row.threads]
        if any(row.next_try_at > now for row in rows):
            continue
        if not channel.alerting and channel.is_quiet(now, one.severity, zone):
            continue
        kind: Kind = "withdrawn" if one.withdrawn else "resolved"
        many = one.thread.startswith(GROUP)
        ids = tuple(row.id for row in rows)
        sendings.append(Sending(kind, one.thread, one.severity, one.incidents, ids, many))
    for rows in ends.values():
        made.drop((row for row in rows if ending.isdisjoint(row.threads)), "it is told with the end of the others")
    if len(sendings) > MOST_SINGLE and not channel.alerting:
        return _one_end(sendings)
    return sendings


def _one_end(sendings: Sequence[Sending]) -> list[Sending]:
    """Many ends at once in one message, which ends all their threads."""
    incidents = tuple(dict.fromkeys(number for one in sendings for number in one.incidents))
    rows = tuple(dict.fromkeys(row for one in sendings for row in one.rows))
    worst = max((one.severity for one in sendings), key=_rank)
    threads = tuple(one.thread for one in sendings)
    return [Sending("resolved", threads[0], worst, incidents, rows, True, threads[1:])]


def _rank(severity: Severity) -> int:
    return ("warning", "critical").index(severity)


def pause(failure: Failure, failures: int, chance: Callable[[], float] = random.random) -> timedelta:
    """How long to wait after so many failures in a row, the last one included; up to a quarter more by chance."""
    if failure == "denied":
        wait = _LONGEST_PAUSE
    else:
        first = _BUSY_PAUSE if failure == "busy" else _FIRST_PAUSE
        wait = min(_LONGEST_PAUSE, first * 2 ** min(failures - 1, 20))
    return wait * (1 + chance() / 4)
