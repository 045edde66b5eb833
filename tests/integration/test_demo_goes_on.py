"""A simulation that another process began goes on where that one stopped, with the very fault it was given."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from monitoring.feeds import Origin
from monitoring.store.store import Store
from platform_metrics_generator import DemoFeed, main

END = datetime(2026, 3, 4, 12, tzinfo=UTC)
LAG = (
    "SELECT time, value FROM platform_metrics WHERE metric = 'consumer_group_lag_seconds' "
    "AND instance = 'flink-orders/orders' ORDER BY time DESC LIMIT 40"
)


def lag(database_url: str) -> dict[datetime, float]:
    """How far the group was behind, in seconds, at the last samples."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(LAG)
        return dict(cursor.fetchall())


@pytest.mark.parametrize("minutes_ago", [20, 100])
def test_a_backlog_is_as_large_after_a_restart_as_before(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch, minutes_ago: int
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    began = (END - timedelta(minutes=minutes_ago)).isoformat()
    given = ["--hours", "3", "--end", END.isoformat(), "--scenario", "insert_bottleneck", "--fault-at", began]
    assert main(given) == 0
    before = lag(database_url)

    DemoFeed(store, Origin(store))(max(before) + timedelta(minutes=5))

    last, newest = max(before), lag(database_url)
    added = [newest[last + timedelta(seconds=30) * step] for step in range(1, 11)]
    assert before[last] > 60
    # Nothing falls further behind than time goes by, but for one checkpoint, which may take five minutes; and
    # a fault that goes on lets nothing catch up at once.
    assert max(added) <= before[last] + 300 + 300
    assert min(added) >= 0.7 * before[last]
