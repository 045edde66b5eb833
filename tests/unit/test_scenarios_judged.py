"""Every scenario of the simulator, judged tick by tick: the truth is found, and told in the documented shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import pytest

from benchmarks.judging import Judged, is_symptom, judge
from monitoring.blocks import Block
from monitoring.metrics import COMPONENTS
from monitoring.replay import Replayed, timeline, watched
from monitoring.simulation import Simulation, faults_for, ground_truth
from monitoring.simulation.scenarios import SCENARIOS
from platform_metrics_definition import CATALOGUE

END = datetime(2026, 3, 4, 10, tzinfo=UTC)
SEED = 7
STEP = timedelta(seconds=30)
HOURS = {"demo": 12.0, "disk_exhaustion": 4.0, "memory_leak": 4.0}
"""What unfolds over hours needs them; everything else shows within two."""
HARMLESS = ("healthy", "traffic_burst", "single_odd_sample", "rolling_restart", "quiet_topic")


class Told(NamedTuple):
    """A scenario's truth, what a replay of it found, and the verdict."""

    truth: list[dict[str, Any]]
    found: Replayed
    judged: Judged


def recorded(name: str) -> tuple[Block, list[dict[str, Any]], tuple[datetime, datetime]]:
    """The samples of a scenario and the truth about them."""
    hours = HOURS.get(name, 2.0)
    start = END - timedelta(hours=hours)
    faults = list(faults_for(name, start, END, SEED))
    steps = round(hours * 120)
    return Simulation(faults, SEED, start).run(steps), ground_truth(faults, SEED, start, steps), (start, END)


@cache
def told(name: str) -> Told:
    block, truth, window = recorded(name)
    found = watched(timeline(block, STEP), CATALOGUE)
    return Told(truth, found, judge(name, name, truth, (found.events, found.incidents), [], window))


everything = pytest.mark.parametrize("name", SCENARIOS)


@everything
def test_every_failure_is_found_with_its_pattern_and_root_and_nothing_else_is(name: str) -> None:
    truth, _, judged = told(name)
    assert bool(judged.verdicts) == (name not in HARMLESS)
    assert len(judged.verdicts) == sum(bool(entry["is_failure"] and entry["symptoms"]) for entry in truth)
    for verdict in judged.verdicts:
        assert verdict.found, verdict
        assert verdict.pattern_right, verdict
        assert verdict.root_right, verdict
    # A fault too short to cross a level that is visibly wrong may be seen by what is unusual all the same.
    faint = [entry for entry in truth if entry["is_failure"] and not entry["symptoms"]]
    assert [i for i in judged.false if not any(is_symptom(root_series(i), entry) for entry in faint)] == []
    assert judged.apart in (None, True)


def root_series(incident: dict[str, Any]) -> dict[str, Any]:
    return {name: incident[f"root_{name}"] for name in ("component", "instance", "metric")}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_failure_raises_nothing(name: str) -> None:
    assert (told(name).found.events, told(name).found.incidents) == ([], [])


EVENT = {"component", "instance", "metric", "anomaly_type", "severity", "no_data_cause", "started_at", "detected_at",
         "critical_at", "resolved_at", "flapping", "incident"}  # fmt: skip
INCIDENT = {"id", "pattern", "root_component", "root_instance", "root_metric", "started_at", "detected_at",
            "resolved_at", "chain"}  # fmt: skip
TYPES = {"threshold", "baseline", "trend", "restart_loop", "stalled", "no_data", "cross_component"}
PATTERNS = {"cascade_forward", "cascade_backward", "resource_exhaustion", "network_partition", "isolated"}
CAUSES = {"series_stopped", "instance_gone", "collector_down", "partitioned"}


def moment(text: str | None) -> datetime | None:
    """A time as the documents promise it: ISO 8601 in UTC."""
    if text is None:
        return None
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


@everything
def test_what_is_told_has_the_documented_shape(name: str) -> None:
    found = told(name).found
    whole = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {"ticks", "samples", "events", "incidents"} <= set(whole)
    assert whole["ticks"] == round(HOURS.get(name, 2.0) * 120)
    assert len({incident["id"] for incident in whole["incidents"]}) == len(whole["incidents"])
    for event in whole["events"]:
        check_event(event, {incident["id"] for incident in whole["incidents"]})
    for incident in whole["incidents"]:
        check_incident(incident, [event for event in whole["events"] if event["incident"] == incident["id"]])


def check_event(event: dict[str, Any], incidents: set[int]) -> None:
    assert set(event) >= EVENT
    assert event["component"] in COMPONENTS
    assert event["metric"] == "*" or event["metric"] in CATALOGUE
    assert (event["anomaly_type"] in TYPES, event["severity"] in ("warning", "critical")) == (True, True)
    assert (event["no_data_cause"] in CAUSES) == (event["anomaly_type"] == "no_data")
    if event["no_data_cause"] == "collector_down":
        assert (event["instance"], event["metric"]) == ("*", "*")
    assert event["incident"] in incidents
    assert isinstance(event["flapping"], bool)
    began, fired = moment(event["started_at"]), moment(event["detected_at"])
    assert began is not None
    assert fired is not None
    assert began <= fired
    critical, over = moment(event["critical_at"]), moment(event["resolved_at"])
    assert (critical is not None) == (event["severity"] == "critical")
    assert critical is None or critical >= fired
    assert over is None or over >= began


def check_incident(incident: dict[str, Any], events: list[dict[str, Any]]) -> None:
    assert set(incident) >= INCIDENT
    assert incident["pattern"] in PATTERNS
    links = {(link["component"], link["instance"], link["metric"]) for link in incident["chain"]}
    assert (incident["root_component"], incident["root_instance"], incident["root_metric"]) in links
    onsets = [moment(link["onset"]) for link in incident["chain"]]
    assert None not in onsets
    assert links == {(event["component"], event["instance"], event["metric"]) for event in events}
    assert moment(incident["started_at"]) == min(onset for onset in onsets if onset is not None)
    over = [event["resolved_at"] for event in events]
    assert (incident["resolved_at"] is None) == (None in over)
