"""Freshness: one figure from end to end, each second counted once, with the slowest stage named."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.detection.freshness import INSERT_DELAY, READ_FROM, Freshness, freshness
from monitoring.metrics import COMPONENTS, SeriesKey
from platform_metrics_definition import CATALOGUE

LAG = SeriesKey("kafka", "enrich/orders", "consumer_group_lag_seconds")
OTHER_LAG = SeriesKey("kafka", "audit/orders", "consumer_group_lag_seconds")
EVENT = SeriesKey("flink", "enrich", "event_time_lag")
CHECKPOINT = SeriesKey("flink", "enrich", "checkpoint_age")
DELAYED = SeriesKey("clickhouse", "ch-1", "delayed_inserts_rate")
BEHIND = SeriesKey("clickhouse", "ch-2/orders", "replication_lag_seconds")


def stages(of: Freshness) -> dict[str, float | None]:
    return {stage.component: stage.seconds for stage in of.stages}


class TestStages:
    def test_each_second_counts_once(self) -> None:
        """Flink's event-time lag holds the wait in Kafka already."""
        age = freshness({LAG: 40.0, EVENT: 100_000.0, DELAYED: 0.0, BEHIND: 5.0})
        assert stages(age) == {"kafka": 40.0, "flink": 60.0, "clickhouse": 5.0}
        assert age.seconds == 105.0

    def test_the_slowest_group_and_replica_count(self) -> None:
        age = freshness({LAG: 40.0, OTHER_LAG: 90.0, EVENT: 0.0, BEHIND: 5.0, BEHIND._replace(instance="x"): 8.0})
        assert stages(age) == {"kafka": 90.0, "flink": 0.0, "clickhouse": 8.0}
        assert age.slowest is not None
        assert age.slowest.read_from == OTHER_LAG

    def test_the_age_of_the_last_checkpoint_stands_for_an_unknown_event_time_lag(self) -> None:
        assert stages(freshness({LAG: 10.0, CHECKPOINT: 60.0}))["flink"] == 50.0
        assert stages(freshness({LAG: 10.0, CHECKPOINT: 600.0, EVENT: 15_000.0}))["flink"] == 5.0

    @pytest.mark.parametrize(("rate", "seconds"), [(0.0, 0.0), (0.2, INSERT_DELAY), (50.0, INSERT_DELAY)])
    def test_delayed_inserts_wait_a_second_however_many_there_are(self, rate: float, seconds: float) -> None:
        assert stages(freshness({DELAYED: rate}))["clickhouse"] == seconds

    def test_the_more_of_insert_delay_and_replica_lag_counts(self) -> None:
        assert stages(freshness({DELAYED: 1.0, BEHIND: 0.2}))["clickhouse"] == INSERT_DELAY
        assert stages(freshness({DELAYED: 1.0, BEHIND: 30.0}))["clickhouse"] == 30.0


class TestWhatIsNotKnown:
    def test_of_nothing_nothing_is_told(self) -> None:
        age = freshness({})
        assert (age.seconds, age.slowest, age.unknown) == (None, None, COMPONENTS)
        assert age.words() == "How old the data is end to end is not known."

    def test_a_stage_that_is_not_known_makes_it_a_lower_bound(self) -> None:
        age = freshness({LAG: 120.0, BEHIND: 0.0})
        assert age.unknown == ("flink",)
        assert age.to_json()["at_least"] is True
        assert age.words() == (
            "Data is at least 2 min old end to end, most of it in Kafka (2 min); of Flink nothing is known."
        )

    def test_zero_is_known_and_not_the_same_as_unknown(self) -> None:
        age = freshness({LAG: 0.0, EVENT: 0.0, DELAYED: 0.0})
        assert (age.seconds, age.unknown) == (0.0, ())
        assert age.words().startswith("Data is less than 1 s old end to end")

    def test_other_metrics_say_nothing(self) -> None:
        assert freshness({SeriesKey("kafka", "enrich/orders", "consumer_group_lag"): 1e6}).seconds is None

    def test_a_clock_that_is_ahead_makes_nothing_younger_than_new(self) -> None:
        assert stages(freshness({LAG: -5.0, EVENT: -30_000.0, BEHIND: -1.0})) == dict.fromkeys(COMPONENTS, 0.0)


def test_what_it_reads_is_in_the_catalogue() -> None:
    assert {CATALOGUE[name].component for name in READ_FROM} == set(COMPONENTS)


values = st.dictionaries(
    st.sampled_from([LAG, OTHER_LAG, EVENT, CHECKPOINT, DELAYED, BEHIND]), st.floats(-1e6, 1e9, allow_nan=False)
)


@given(values)
def test_the_whole_is_the_sum_of_its_stages_and_the_slowest_is_the_greatest(given: dict[SeriesKey, float]) -> None:
    age = freshness(given)
    known = [seconds for seconds in stages(age).values() if seconds is not None]
    assert all(seconds >= 0 for seconds in known)
    if not known:
        assert age.seconds is None
        return
    assert age.seconds is not None
    assert age.slowest is not None
    assert math.isclose(age.seconds, sum(known))
    assert age.slowest.seconds == max(known)
    assert age.seconds >= max((given[key] for key in (LAG, OTHER_LAG) if key in given), default=0)
    assert json.loads(json.dumps(age.to_json())) == age.to_json()
