"""What is known of the channels that people are told by: for the commands that show it. No address, no key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitoring.contract import Json, iso


@dataclass(frozen=True, slots=True)
class ChannelNotice:
    """A channel: which service it is, what it is told and when, and how it did lately.

    `configured` is false for one that the delivery log knows and that is not configured any more.
    """

    name: str
    service: str = ""
    components: Sequence[str] = ()
    severities: Sequence[str] = ()
    quiet: str = ""
    repeat: str = ""
    configured: bool = True
    since: datetime | None = None
    delivered: int = 0
    waiting: int = 0
    failed: int = 0
    failures: int = 0
    next_try_at: datetime | None = None
    last_error: str = ""
    last_success_at: datetime | None = None

    @property
    def works(self) -> bool:
        return self.failures == 0

    def to_json(self) -> Json:
        return {
            "name": self.name,
            "service": self.service,
            "components": list(self.components),
            "severities": list(self.severities),
            "quiet": self.quiet or None,
            "repeat": self.repeat or None,
            "configured": self.configured,
            "since": iso(self.since),
            "delivered": self.delivered,
            "waiting": self.waiting,
            "failed": self.failed,
            "failures": self.failures,
            "next_try_at": iso(self.next_try_at),
            "last_error": self.last_error,
            "last_success_at": iso(self.last_success_at),
        }


@dataclass(frozen=True, slots=True)
class DeliveryNotice:
    """A line of the delivery log; `at` is when it was delivered, or else put there."""

    channel: str
    incident: int
    kind: str
    severity: str
    state: str
    at: datetime
    attempts: int
    reason: str = ""

    def to_json(self) -> Json:
        return {
            "channel": self.channel,
            "incident": self.incident,
            "kind": self.kind,
            "severity": self.severity,
            "state": self.state,
            "at": iso(self.at),
            "attempts": self.attempts,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class NotificationState:
    """All channels, and what they were told last, the newest first."""

    channels: Sequence[ChannelNotice]
    deliveries: Sequence[DeliveryNotice] = field(default=())

    def to_json(self) -> Json:
        return {
            "channels": [channel.to_json() for channel in self.channels],
            "deliveries": [delivery.to_json() for delivery in self.deliveries],
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """Whether a channel took a test message, or why not."""

    channel: str
    service: str
    took_ms: float
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem

    def to_json(self) -> Json:
        return {
            "channel": self.channel,
            "service": self.service,
            "ok": self.ok,
            "problem": self.problem,
            "took_ms": round(self.took_ms, 1),
        }
