"""Looking at the channels themselves: whether they take a test message, how they did, what they were told last."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.anomalies import humanize
from monitoring.errors import ConfigurationError, DeliveryFailed
from monitoring.metrics import Catalogue
from monitoring.notices import ChannelNotice, DeliveryNotice, NotificationState, Trial
from monitoring.notifications.channels_file import channels_of
from monitoring.notifications.message import Scene, trial
from monitoring.notifications.routing import Channel
from monitoring.notifications.sending import Carrier
from monitoring.settings import Settings, environment
from monitoring.store.store import Reader

MOST_DELIVERIES = 20


def try_channels(
    settings: Settings, catalogue: Catalogue, clock: Callable[[], datetime], name: str | None = None
) -> list[Trial]:
    """Send a test message through every channel, or the one of that name, all at once.

    Raises `ConfigurationError` where there is none.
    """
    channels = channels_of(settings, environment())
    if not channels:
        raise ConfigurationError(
            "No channel is configured; set NOTIFY_URLS or write notify.toml (see notify.example.toml)."
        )
    chosen = [channel for channel in channels if name in (None, channel.name)]
    if not chosen:
        known = ", ".join(channel.name for channel in channels)
        raise ConfigurationError(f"There is no channel named {name!r}; there are {known}.")
    scene = Scene(catalogue, ZoneInfo(settings.timezone), clock(), settings.public_url)

    def attempt(channel: Channel) -> Trial:
        began, problem = time.perf_counter(), ""
        try:
            Carrier(channel, settings.notify_timeout_seconds).send(trial(channel.name, scene))
        except DeliveryFailed as failure:
            problem = str(failure)
        return Trial(channel.name, channel.service, (time.perf_counter() - began) * 1000, problem)

    with ThreadPoolExecutor(len(chosen)) as pool:
        return list(pool.map(attempt, chosen))


def notification_state(settings: Settings, reader: Reader) -> NotificationState:
    """The channels, those that are not configured any more last, and the end of the delivery log."""
    noted = {row["channel"]: row for row in reader.read("channel_states", {}).rows}
    configured = channels_of(settings, environment())
    names = {channel.name for channel in configured}
    channels = [_notice(channel, noted.get(channel.name, {})) for channel in configured]
    channels += [
        ChannelNotice(name, configured=False, **_noted(row)) for name, row in noted.items() if name not in names
    ]
    found = reader.read("last_deliveries", {"most": MOST_DELIVERIES}).rows
    return NotificationState(channels, [_delivery(row) for row in found])


def _notice(channel: Channel, noted: Mapping[str, Any]) -> ChannelNotice:
    quiet = f"{channel.quiet}{' critical too' if channel.quiet_critical else ''}" if channel.quiet else ""
    return ChannelNotice(
        channel.name,
        channel.service,
        channel.components,
        channel.severities,
        quiet,
        humanize(channel.repeat) if channel.repeat else "",
        **_noted(noted),
    )


_PARTS: Sequence[str] = (
    "since",
    "delivered",
    "waiting",
    "failed",
    "failures",
    "next_try_at",
    "last_error",
    "last_success_at",
)


def _noted(row: Mapping[str, Any]) -> dict[str, Any]:
    return {part: row[part] for part in _PARTS if part in row}


def _delivery(row: Mapping[str, Any]) -> DeliveryNotice:
    return DeliveryNotice(
        row["channel"],
        row["incident_id"],
        row["kind"],
        row["severity"],
        row["state"],
        row["delivered_at"] or row["created_at"],
        row["attempts"],
        row["reason"] or row["last_error"],
    )
