"""Which Alertmanagers are kept up to date, by the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from monitoring.alerting.client import Client
from monitoring.alerting.mirror import Mirror
from monitoring.alerting.replica import Replica, clusters_of
from monitoring.alerting.standing import Standing
from monitoring.feeds import Origin, source_entries
from monitoring.metrics import Catalogue
from monitoring.notifications.alertmanager import Writing, extra_labels
from monitoring.settings import Settings
from monitoring.store.store import Store

LIFETIME = timedelta(minutes=5)
"""An alert that is not sent again is over after this long (Alertmanager's own usage, too), or after `INTERVALS`."""
INTERVALS = 4


def replicas_for(
    settings: Settings,
    store: Store,
    catalogue: Catalogue,
    clock: Callable[[], datetime],
    lifetime: timedelta | None = None,
) -> list[Replica]:
    """One for each of `ALERTMANAGER_URLS`; none without. Raises `ConfigurationError`."""
    extra, origin = extra_labels(settings.alertmanager_labels), Origin(store)
    clients = [Client(url, settings.alertmanager_token) for url in settings.alertmanager_urls]
    if not clients:
        return []
    clusters = clusters_of(entry.cluster for entry in source_entries(settings))
    lasting = lifetime or max(LIFETIME, INTERVALS * timedelta(seconds=settings.monitor_interval_seconds))
    names = [client.name for client in clients]
    mirror, standing = Mirror(store, clock, len(set(names))), Standing(store, names)

    def writing() -> Writing:
        return Writing(store.alerts.installation(), extra, clusters, settings.public_url, origin.is_simulated())

    return [Replica(client, store, catalogue, clock, mirror, standing, writing, lasting) for client in clients]
