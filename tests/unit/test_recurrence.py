"""What comes back, through the whole watch: a new incident each time, one flapping incident at last."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.anomalies import Event, Incident
from monitoring.metrics import SeriesKey
from monitoring.watch import Watch
from platform_metrics_definition import CATALOGUE
from tests.unit.by_hand import at, samples, ticks

REPLICAS = SeriesKey("clickhouse", "node-1", "readonly_replicas")
MINUTE = 60


def lived(bad: Sequence[tuple[float, float]], until: float) -> tuple[list[Event], list[Incident]]:
    """The events that fired and the incidents there were, for spans of minutes in which a series is bad."""
    values = [float(any(a * MINUTE <= n * 30 < b * MINUTE for a, b in bad)) for n in range(int(until * 2))]
    watch = Watch(CATALOGUE)
    fired: dict[int, Event] = {}
    incidents: dict[int, Incident] = {}
    for moment, block in ticks(samples(REPLICAS, values), until * MINUTE):
        found = watch.tick(moment, block)
        fired |= {id(change.event): change.event for change in found.changes if change.kind == "fired"}
        incidents |= {incident.number: incident for incident in found.incidents}
    return list(fired.values()), list(incidents.values())


def test_an_incident_that_is_over_takes_in_nothing_new() -> None:
    events, incidents = lived([(10, 15), (20, 25)], 40)
    assert [event.incident for event in events] == [incident.number for incident in incidents] == [1, 2]
    assert [len(incident.chain) for incident in incidents] == [1, 1]
    assert [incident.status for incident in incidents] == ["resolved", "resolved"]
    assert incidents[0].resolved_at is not None
    assert events[1].detected_at is not None
    assert incidents[0].resolved_at < events[1].detected_at
    assert [event.occurrences for event in events] == [1, 2]


def test_what_flaps_is_one_incident_from_the_third_time_on() -> None:
    events, incidents = lived([(n, n + 4) for n in range(10, 70, 10)], 100)
    assert [event.flapping for event in events] == [False, False, True]
    assert [len(incident.chain) for incident in incidents] == [1, 1, 1]
    assert incidents[-1].resolved_at == events[-1].resolved_at
    assert events[-1].resolved_at is not None
    assert at(64 * MINUTE) <= events[-1].resolved_at <= at(65 * MINUTE)
    assert events[-1].occurrences == 6
