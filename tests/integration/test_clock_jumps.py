"""A clock that is set back or forward under a running monitor: it goes on from where the clock stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring.feeds import CollectorFeed, Origin
from monitoring.metrics import Catalogue, SeriesKey, Window
from monitoring.settings import Settings, parse_settings
from monitoring.store.store import Store
from tests.integration.exposition_server import ExpositionServer
from tests.integration.samples_by_hand import NOON, block, line
from tests.integration.test_judgement import events
from tests.integration.test_monitor import Hands, monitor

pytestmark = pytest.mark.store

MINUTE = timedelta(minutes=1)
OFFLINE = SeriesKey("kafka", "cluster", "offline_partitions")


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(hours=24)])
def test_what_breaks_after_the_clock_was_set_back_is_found_at_once(
    store: Store, catalogue: Catalogue, back: timedelta
) -> None:
    clock = Hands(NOON)
    running = monitor(store, catalogue, clock)
    store.samples.write(block(line(OFFLINE, NOON - 2 * back, NOON - back, 0)))
    running.tick()
    begin = NOON - back + timedelta(seconds=7)
    for n in range(8):
        clock.now = begin + n * timedelta(seconds=30)
        store.samples.write(block(line(OFFLINE, clock.now, clock.now + timedelta(seconds=1), 3)))
        running.tick()
    assert running.status().judged_until == clock.now
    running.stop()
    assert [row["fingerprint"].split("/")[-1] for row in events(store)] == ["offline_partitions"]
    assert events(store)[0]["detected_at"] <= begin + 2 * MINUTE


def test_a_collector_goes_on_reading_after_the_clock_was_set_back(
    store: Store, settings: Settings, catalogue: Catalogue
) -> None:
    with ExpositionServer("kafka_controller_kafkacontroller_offlinepartitionscount 0\n") as broker:
        given = {"DATABASE_URL": str(settings.database_url), "SCRAPE_URLS": broker.url}
        feed = CollectorFeed(parse_settings(given), catalogue, store, Origin(store))
        for moment in (NOON, NOON - 60 * MINUTE, NOON - 59 * MINUTE):
            feed(moment)
        feed.close()
    taken = store.samples.between(Window(NOON - 2 * 60 * MINUTE, NOON + MINUTE))
    assert len(set(taken.times.tolist())) == 3
