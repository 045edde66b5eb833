"""Metrics as a whole: what the overview's cards and arrows show."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring.errors import UnknownName
from monitoring.metrics import Catalogue, SeriesKey
from monitoring.store.store import Store
from monitoring.tools.asking import Lens
from monitoring.tools.figures import figures
from tests.integration.samples_by_hand import LAG, NOON, block, line

pytestmark = pytest.mark.store

HOUR, WIDTH = timedelta(hours=1), timedelta(minutes=2)
OTHER = SeriesKey("kafka", "sessions/views", "consumer_group_lag")
SILENT = SeriesKey("kafka", "old/views", "consumer_group_lag")
RATE = SeriesKey("kafka", "orders", "messages_in_rate")


@pytest.fixture
def lens(store: Store, catalogue: Catalogue) -> Lens:
    """Two consumer groups, one of them growing, and one that fell silent half an hour ago."""
    start = NOON - HOUR
    store.samples.write(
        block(
            line(LAG, start, NOON, lambda at: (at - start) / HOUR * 1000),
            line(OTHER, start, NOON, 50.0),
            line(SILENT, start, NOON - HOUR / 2, 7.0),
        )
    )
    return Lens(store.reader, catalogue, NOON)


def test_they_are_told_by_the_newest_samples_of_the_series_that_still_send(lens: Lens) -> None:
    (lag,) = figures(lens, [LAG.metric], HOUR, WIDTH)
    assert lag.series == 2
    assert lag.total == pytest.approx(1000 * 119 / 120 + 50)
    assert (lag.highest_at, lag.lowest_at) == (LAG.instance, OTHER.instance)
    assert lag.newest_at == NOON - timedelta(seconds=30)


def test_their_course_is_made_of_whole_stretches_that_end_now(lens: Lens) -> None:
    (lag,) = figures(lens, [LAG.metric], HOUR, WIDTH)
    assert [stretch.start for stretch in lag.course] == [NOON - HOUR + WIDTH * n for n in range(30)]
    last = lag.course[-1]
    assert last.lowest == 50
    assert last.total == pytest.approx(last.highest + 50)
    assert lag.course[0].total == pytest.approx(lag.course[0].highest + lag.course[0].lowest + 12.5, abs=0.1)


def test_a_metric_that_nobody_sends_has_no_values_and_keeps_its_place(lens: Lens) -> None:
    rate, lag = figures(lens, [RATE.metric, LAG.metric], HOUR, WIDTH)
    assert (rate.metric, rate.series, rate.total, rate.course) == (RATE.metric, 0, None, ())
    assert lag.series == 2


def test_a_metric_that_is_not_known_is_refused(lens: Lens) -> None:
    with pytest.raises(UnknownName):
        figures(lens, ["no_such_metric"], HOUR, WIDTH)
