"""Which channel is told of what, and when; pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo

from monitoring.metrics import COMPONENTS, Severity

ALERTING = frozenset({"pagerduty"})
"""Services that keep an alert open by a key of its own until it is resolved by the same key."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A stretch of every day, [begins, ends) by the clock on the wall; it may go on past midnight."""

    begins: time
    ends: time

    def hold(self, moment: datetime, zone: tzinfo) -> bool:
        clock = moment.astimezone(zone).time()
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"


_HOSTS = {
    "hooks.slack.com": "slack",
    "logic.azure.com": "teams",
    "api.powerplatform.com": "teams",
    "discord.com": "discord",
}
"""Whose addresses a service gives out itself, to be used as they are."""


def service_of(url: str) -> str:
    """Which service an address of Apprise is one of; nothing secret."""
    scheme, _, rest = url.partition("://")
    host = re.split(r"[/:?]", rest, maxsplit=1)[0].lower()
    known = (name for end, name in _HOSTS.items() if scheme == "https" and (host == end or host.endswith(f".{end}")))
    return next(known, {"workflows": "teams", "workflow": "teams"}.get(scheme.lower(), scheme.lower()))


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages go, and which: those of the components and severities named.

    `url` is an address of Apprise and a secret. In `quiet` hours warnings wait; what is critical does so only where
    `quiet_critical` is set. What stays open is told again after `repeat`; `None`: never.
    """

    name: str
    url: str = field(repr=False)
    components: tuple[str, ...] = COMPONENTS
    severities: tuple[Severity, ...] = ("warning", "critical")
    quiet: QuietHours | None = None
    quiet_critical: bool = False
    repeat: timedelta | None = None

    @property
    def service(self) -> str:
        """Which service it is: the scheme of its address, or what is known by its host."""
        return service_of(self.url)

    @property
    def alerting(self) -> bool:
        """Whether the service keeps alerts open until they are resolved."""
        return self.service in ALERTING

    def takes(self, components: Collection[str], severity: Severity) -> bool:
        """Whether it is told of an incident that touches these components."""
        return severity in self.severities and not set(components).isdisjoint(self.components)

    def is_quiet(self, moment: datetime, severity: Severity, zone: tzinfo) -> bool:
        """Whether something of that severity has to wait for the end of quiet hours."""
        if self.quiet is None or (severity == "critical" and not self.quiet_critical):
            return False
        return self.quiet.hold(moment, zone)
