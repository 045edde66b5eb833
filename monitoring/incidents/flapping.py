"""Recurrence and flapping: what came and went before decides how an event that fires is seen; pure.

An anomaly that returns after its end is a new event that counts the ones before it. From the third time within
an hour on it is one flapping event, which stays open through the gaps: it is told once, not at every turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitoring.anomalies import Ended, Event, Past

RECURRENCE = timedelta(hours=24)
"""An anomaly that comes back within this time has recurred; the same time of the next day is another matter."""
FLAPPING_STARTS = 3
FLAPPING_WINDOW = timedelta(hours=1)
"""So many starts within this time are flapping: five changes of state. Nagios Core calls a service flapping at
20 % changes among its last 21 checks (`high_service_flap_threshold` of its sample configuration): four changes
in 105 minutes at its default of a check every 5 minutes."""
SHORTEST_QUIET = timedelta(minutes=15)
LONGEST_QUIET = FLAPPING_WINDOW
"""Bounds of how long a flapping anomaly must be gone to be over: twice its longest gap so far, within these."""


def remember(past: Past, event: Event) -> None:
    """Note an event that is over."""
    assert event.detected_at is not None
    assert event.resolved_at is not None
    ended = Ended(event.detected_at, event.resolved_at, event.occurrences, event.flapping)
    earlier = past.get(event.fingerprint, ())
    past[event.fingerprint] = (*earlier, ended)[1 - FLAPPING_STARTS :]


def forget(past: Past, now: datetime) -> None:
    """Drop what is too old to matter."""
    for name in [name for name, known in past.items() if now - known[-1].resolved_at > RECURRENCE]:
        del past[name]


def recur(event: Event, earlier: Iterable[Ended]) -> None:
    """Let an event that fires now count those before it, and be flapping where they were too many too soon."""
    known = list(earlier)
    now = event.detected_at
    assert now is not None
    if not known or now - known[-1].resolved_at > RECURRENCE:
        return
    event.occurrences = known[-1].occurrences + 1
    starts = [ended.detected_at for ended in known] + [now]
    often = len(starts) >= FLAPPING_STARTS and now - starts[-FLAPPING_STARTS] <= FLAPPING_WINDOW
    still = known[-1].flapping and now - known[-1].resolved_at <= FLAPPING_WINDOW
    if often or still:
        begins = [*(ended.detected_at for ended in known[1:]), event.started_at]
        gaps = [begin - ended.resolved_at for begin, ended in zip(begins, known, strict=True)]
        event.flapping = True
        event.quiet_for = quiet_after(gap for gap in gaps if gap <= FLAPPING_WINDOW)


def came_back(event: Event, gap: timedelta) -> None:
    """Count that a flapping event's condition is there again after a gap."""
    event.occurrences += 1
    event.quiet_for = max(event.quiet_for or SHORTEST_QUIET, quiet_after([gap]))


def quiet_after(gaps: Iterable[timedelta]) -> timedelta:
    """How long a flapping anomaly with such gaps must be gone to be over."""
    return min(max(SHORTEST_QUIET, 2 * max(gaps, default=timedelta(0))), LONGEST_QUIET)
