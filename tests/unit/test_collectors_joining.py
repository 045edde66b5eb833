"""Several sources for one series: who is believed, who takes over, what is added up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitoring.collectors.joining import Joiner, Part
from monitoring.metrics import Component, Sample

T0 = datetime(2026, 11, 25, 12, tzinfo=UTC)
GRACE = timedelta(seconds=60)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def part(
    seconds: float,
    value: float,
    *,
    rank: int = 0,
    cluster: str = "",
    standin: bool = False,
    metric: str = "consumer_group_lag",
    instance: str = "flink/orders",
    component: Component = "kafka",
    interval: float = 30,
) -> Part:
    sample = Sample(at(seconds), component, instance, metric, value)
    return Part(frozenset([metric] if standin else []), [sample], rank, cluster, timedelta(seconds=interval))


def taken(joiner: Joiner, seconds: float, *parts: Part, resting: tuple[int, ...] = ()) -> list[float]:
    return [sample.value for sample in joiner.join(dict(enumerate(parts)), at(seconds), resting)]


def test_of_two_sources_the_one_that_stands_first_is_believed() -> None:
    assert taken(Joiner(GRACE), 0, part(0, 7, rank=1), part(0, 5, rank=0)) == [5]


def test_the_next_one_takes_over_when_the_first_falls_silent_and_gives_way_when_it_is_back() -> None:
    joiner = Joiner(GRACE)
    both = taken(joiner, 0, part(0, 5, rank=0), part(0, 7, rank=1))
    soon = [taken(joiner, seconds, part(seconds, 7, rank=1)) for seconds in (30, 60)]
    late = taken(joiner, 90, part(90, 7, rank=1))
    back = taken(joiner, 120, part(120, 5, rank=0), part(120, 7, rank=1))

    assert both == [5]
    assert soon == [[], []]
    assert late == [7]
    assert back == [5]


def test_a_first_source_that_is_read_rarely_stays_believed_between_its_readings() -> None:
    joiner = Joiner(GRACE)
    taken(joiner, 0, part(0, 5, rank=0, interval=300))

    assert [taken(joiner, s, part(s, 7, rank=1)) for s in (30, 300, 870)] == [[], [], []]
    assert taken(joiner, 900, part(900, 7, rank=1)) == [7]


def test_what_only_the_second_source_knows_comes_from_it() -> None:
    joiner = Joiner(GRACE)
    values = taken(joiner, 0, part(0, 5, rank=0), part(0, 7, rank=1, instance="flink/payments"))

    assert sorted(values) == [5, 7]


def test_a_task_manager_that_two_sources_call_by_different_names_is_there_once() -> None:
    joiner = Joiner(GRACE)
    rest = part(0, 0.5, rank=0, metric="taskmanager_heap_used_ratio", instance="tm-1", component="flink")
    reporter = part(0, 0.5, rank=1, metric="taskmanager_heap_used_ratio", instance="10.0.0.7:9250", component="flink")

    assert [s.instance for s in joiner.join({0: rest, 1: reporter}, T0)] == ["tm-1"]


def test_flink_clusters_do_not_own_one_another() -> None:
    joiner = Joiner(GRACE)
    eu = part(0, 1, rank=0, cluster="eu", metric="registered_taskmanagers", instance="eu/cluster", component="flink")
    us = part(0, 2, rank=1, cluster="us", metric="registered_taskmanagers", instance="us/cluster", component="flink")

    assert sorted(taken(joiner, 0, eu, us)) == [1, 2]


def test_a_substitute_gives_way_in_its_own_cluster_only() -> None:
    joiner = Joiner(GRACE)
    mean = part(0, 1.0, metric="query_duration_p95", instance="ch-1", standin=True, component="clickhouse")
    quantile = part(0, 2.0, rank=1, metric="query_duration_p95", instance="ch-1", component="clickhouse")
    other = part(
        0, 3.0, rank=2, cluster="us", metric="query_duration_p95", instance="us/ch-1", standin=True,
        component="clickhouse",
    )  # fmt: skip

    assert sorted(taken(joiner, 0, mean, quantile, other)) == [2.0, 3.0]


def test_endpoints_of_one_cluster_are_added_up_even_if_one_is_read_less_often() -> None:
    joiner = Joiner(GRACE)
    count = {"metric": "active_controller_count", "instance": "cluster"}
    first = taken(joiner, 0, part(0, 1, **count), part(0, 1, **count))  # type: ignore[arg-type]
    second = taken(joiner, 30, part(30, 1, **count), resting=(1,))  # type: ignore[arg-type]

    assert first == [2]
    assert second == [2]


def test_two_servers_that_have_scraped_the_same_are_not_added_up() -> None:
    joiner = Joiner(GRACE)
    count = {"metric": "active_controller_count", "instance": "cluster"}

    assert taken(joiner, 0, part(0, 1, rank=0, **count), part(0, 1, rank=1, **count)) == [1]  # type: ignore[arg-type]
