#!/usr/bin/env python3
"""Detection as a specification, and two commands that try it on recordings.

    python -m pytest test_anomaly_detection.py                     inject → detect → explain → resolve
    python test_anomaly_detection.py replay FILE.csv [--json]      the live monitor over a recording
    python test_anomaly_detection.py score IN.csv OUT.csv          one series: an anomaly score for every value

The specification is the table `FAULTS`: what is injected into a healthy platform, what must fire and how soon,
what the incident must be called and where it must begin, and when all of it must be over again. `HARMLESS` is
what must not be taken for a fault.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitoring.errors import InvalidInput, MonitoringError
from monitoring.ingest import csv_lines
from monitoring.replay import Recording, Replayed, own_store, read_recording, replay, timeline, watched
from monitoring.settings import parse_settings
from monitoring.simulation import Fault, Simulation
from monitoring.ui import terminal
from platform_metrics_definition import CATALOGUE

if TYPE_CHECKING:
    import pytest

START = datetime(2026, 3, 4, 9, tzinfo=UTC)
BEGIN = START + timedelta(minutes=90)
"""A working morning; what is injected begins after an hour and a half in which all was well."""
SEED = 3
TICK = timedelta(seconds=30)


@dataclass(frozen=True)
class Sign:
    """An anomaly that must fire `within` minutes of the fault, as at least `severity` in the end.

    `instance` is empty where any will do; `kinds` are the types it may have, none meaning any.
    """

    component: str
    metric: str
    within: float
    severity: str = "warning"
    instance: str = ""
    kinds: tuple[str, ...] = ()

    def among(self, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            event
            for event in events
            if (event["component"], event["metric"]) == (self.component, self.metric)
            and self.instance in ("", event["instance"])
            and event["anomaly_type"] in (self.kinds or (event["anomaly_type"],))
            and self.severity in ("warning", event["severity"])
        ]


@dataclass(frozen=True)
class Case:
    """One row of the specification.

    `minutes` is how long the fault lasts, `over` within how many minutes of its end everything is resolved; memory
    that leaked is freed by a restart only, so there it is `None`.
    `root` is where the incident must begin: a component and metrics of which it may be any. `patterns` are
    the names the incident may have, `says` words its explanation must hold.
    """

    title: str
    kind: str
    target: str | None
    signs: tuple[Sign, ...]
    root: tuple[str, tuple[str, ...]]
    patterns: tuple[str, ...]
    says: tuple[str, ...]
    minutes: float = 30
    over: float | None = 20
    magnitude: float = 1.0

    def __str__(self) -> str:
        return self.title.replace(" ", "-")

    @property
    def end(self) -> datetime:
        return BEGIN + timedelta(minutes=self.minutes)


ISOLATED = ("isolated",)

FAULTS = (
    # Kafka
    Case(
        "under-replicated partitions",
        "under_replicated",
        "broker-3",
        (Sign("kafka", "under_replicated_partitions", 6, "critical"),),
        ("kafka", ("under_replicated_partitions", "isr_shrink_rate")),
        ISOLATED,
        ("under-replicated partitions",),
    ),
    Case(
        "consumer lag spike",
        "slow_consumer",
        "audit/orders",
        (Sign("kafka", "consumer_group_lag_seconds", 8, "critical"), Sign("kafka", "consumer_group_lag", 10)),
        ("kafka", ("consumer_group_lag", "consumer_group_lag_seconds")),
        ISOLATED,
        ("consumer lag", "audit/orders"),
    ),
    Case(
        "broker memory",
        "memory_leak",
        "broker-1",
        (Sign("kafka", "broker_heap_used_ratio", 45, instance="broker-1"),),
        ("kafka", ("broker_heap_used_ratio", "broker_gc_time_ratio")),
        ("resource_exhaustion",),
        ("heap", "broker-1"),
        minutes=45,
        over=None,
        magnitude=5,
    ),
    Case(
        "broker failure",
        "broker_loss",
        "broker-2",
        (
            Sign("kafka", "under_min_isr_partitions", 1.5, "critical"),
            Sign("kafka", "*", 2.5, "critical", "broker-2", ("no_data",)),
            Sign("kafka", "active_brokers", 4),
            Sign("kafka", "under_replicated_partitions", 6, "critical"),
        ),
        ("kafka", ("*", "active_brokers", "under_min_isr_partitions")),
        ("cascade_forward",),
        ("broker-2", "active brokers", "ClickHouse"),
    ),
    # Flink
    Case(
        "task manager memory",
        "memory_leak",
        "tm-2",
        (Sign("flink", "taskmanager_heap_used_ratio", 60, instance="tm-2"),),
        ("flink", ("taskmanager_heap_used_ratio", "taskmanager_gc_time_ratio")),
        ("resource_exhaustion",),
        ("heap", "tm-2"),
        minutes=65,
        over=None,
        magnitude=5,
    ),
    Case(
        "restart loop",
        "checkpoint_restart_loop",
        "orders-enrich",
        (
            Sign("flink", "job_restart_rate", 3, "critical", "orders-enrich"),
            Sign("flink", "failed_checkpoint_rate", 3, "critical", "orders-enrich"),
            Sign("flink", "backpressured_time_ratio", 7, "critical"),
            Sign("kafka", "consumer_group_lag_seconds", 6, "critical"),
        ),
        ("flink", ("backpressured_time_ratio", "task_busy_ratio", "job_restart_rate", "job_records_out_rate")),
        ("cascade_backward", "isolated"),
        ("restart", "orders-enrich"),
        over=80,
    ),
    Case(
        "checkpoint failures",
        "phantom_lag",
        "payments-agg",
        (
            Sign("flink", "failed_checkpoint_rate", 2.5, "critical", "payments-agg"),
            Sign("flink", "checkpoint_age", 6, "critical", "payments-agg"),
            Sign("kafka", "consumer_group_lag_seconds", 6, "critical"),
        ),
        ("flink", ("failed_checkpoint_rate", "checkpoint_age")),
        ("isolated", "cascade_backward"),
        ("checkpoint", "payments-agg"),
    ),
    Case(
        "low throughput",
        "taskmanager_loss",
        "tm-2",
        (
            Sign("flink", "job_not_running_seconds", 2, "critical"),
            Sign("flink", "registered_taskmanagers", 2),
            Sign("flink", "*", 2.5, "critical", "tm-2", ("no_data",)),
            Sign("flink", "job_records_out_rate", 7, "critical"),
        ),
        ("flink", ("*", "registered_taskmanagers", "job_not_running_seconds", "job_restart_rate")),
        ("cascade_backward", "isolated"),
        ("tm-2", "no data"),
        minutes=12,
        over=70,
    ),
    Case(
        "silence upstream",
        "upstream_silence",
        None,
        (
            Sign("kafka", "messages_in_rate", 11),
            Sign("flink", "job_records_out_rate", 7, "critical"),
            Sign("clickhouse", "inserted_rows_rate", 8, "critical"),
        ),
        ("kafka", ("messages_in_rate",)),
        ("cascade_forward", "isolated"),
        ("incoming message rate", "silen"),
    ),
    # ClickHouse
    Case(
        "query degradation",
        "query_degradation",
        "ch-2",
        (Sign("clickhouse", "query_duration_p95", 11, instance="ch-2"),),
        ("clickhouse", ("query_duration_p95", "running_queries")),
        ISOLATED,
        ("query duration", "ch-2"),
    ),
    Case(
        "replication lag",
        "slow_replica",
        "ch-3",
        (
            Sign("clickhouse", "replication_lag_seconds", 8, "critical", "ch-3/orders"),
            Sign("clickhouse", "running_queries", 11, "critical"),
        ),
        ("clickhouse", ("replication_lag_seconds", "replication_queue_size")),
        ("isolated", "cascade_backward", "resource_exhaustion"),
        ("replication lag", "ch-3"),
    ),
    Case(
        "disk space",
        "disk_exhaustion",
        "ch-1",
        (
            Sign("clickhouse", "disk_free_ratio", 37, "critical", "ch-1/default"),
            Sign("clickhouse", "max_parts_per_partition", 56, "critical"),
        ),
        ("clickhouse", ("disk_free_ratio",)),
        ("resource_exhaustion",),
        ("free disk", "ch-1/default"),
        minutes=70,
        over=80,
        magnitude=8,
    ),
    Case(
        "insert bottleneck and back-pressure",
        "insert_bottleneck",
        "orders-enrich",
        (
            Sign("clickhouse", "rows_per_insert", 2.5),
            Sign("clickhouse", "max_parts_per_partition", 7, "critical"),
            Sign("clickhouse", "delayed_inserts_rate", 6, "critical"),
            Sign("flink", "backpressured_time_ratio", 16, "critical"),
            Sign("kafka", "consumer_group_lag", 15),
        ),
        ("clickhouse", ("rows_per_insert", "max_parts_per_partition")),
        ("cascade_backward",),
        ("rows per insert", "Kafka"),
        over=40,
    ),
    Case(
        "Keeper quorum lost",
        "keeper_split",
        None,
        (
            Sign("clickhouse", "keeper_exceptions_rate", 2, "critical"),
            Sign("clickhouse", "readonly_replicas", 3, "critical"),
            Sign("flink", "job_restart_rate", 3, "critical"),
        ),
        ("clickhouse", ("keeper_exceptions_rate", "readonly_replicas")),
        ("cascade_backward", "isolated", "network_partition"),
        ("Keeper",),
        minutes=12,
        over=70,
    ),
    # All of them
    Case(
        "network partition",
        "network_partition",
        "zone-3",
        (
            Sign("kafka", "active_controller_count", 1.5, "critical"),
            Sign("clickhouse", "keeper_exceptions_rate", 2, "critical", "ch-3"),
            Sign("flink", "registered_taskmanagers", 3),
        ),
        ("kafka", ("active_controller_count", "active_brokers", "*")),
        ("network_partition",),
        ("partition", "active controllers"),
        minutes=12,
        over=70,
    ),
    Case(
        "network partition that the monitor does not see across",
        "network_partition",
        "zone-3",
        (
            Sign("kafka", "*", 3, "critical", "broker-3", ("no_data",)),
            Sign("flink", "*", 3, "critical", "tm-3", ("no_data",)),
            Sign("clickhouse", "*", 3, "critical", "ch-3", ("no_data",)),
        ),
        ("kafka", ("active_controller_count", "active_brokers", "*")),
        ("network_partition",),
        ("partition",),
        minutes=12,
        over=70,
        magnitude=2,
    ),
    Case(
        "a series that stops",
        "missing_metric",
        "checkpoint_age@payments-agg",
        (Sign("flink", "checkpoint_age", 2.5, instance="payments-agg", kinds=("no_data",)),),
        ("flink", ("checkpoint_age",)),
        ISOLATED,
        ("payments-agg", "no sample"),
        over=2,
    ),
    Case(
        "a collector that stops",
        "dead_collector",
        "flink",
        (Sign("flink", "*", 2, "critical", "*", ("no_data",)),),
        ("flink", ("*",)),
        ISOLATED,
        ("no sample", "flink"),
        over=2,
    ),
)

HARMLESS = {
    "nothing at all": [],
    "a single odd sample": [Fault("single_odd_sample", BEGIN, BEGIN + timedelta(minutes=2))],
    "a rolling restart": [Fault("rolling_restart", BEGIN, BEGIN + timedelta(minutes=19))],
    "a quiet topic": [Fault("quiet_topic", BEGIN, None)],
}


@cache
def injected(case: Case) -> Replayed:
    """What the monitor finds from a healthy start over the fault to the end of what follows from it."""
    fault = Fault(case.kind, BEGIN, case.end, case.magnitude, case.target)
    return found_in([fault], case.end + timedelta(minutes=(case.over or 0) + 5))


def found_in(faults: Sequence[Fault], end: datetime) -> Replayed:
    steps = int((end - START) / TICK)
    return watched(timeline(Simulation(faults, SEED, START).run(steps), TICK), CATALOGUE)


def minutes_after(begin: datetime, moment: str) -> float:
    return (datetime.fromisoformat(moment) - begin).total_seconds() / 60


def main_incident(case: Case) -> dict[str, Any]:
    """The incident that the first sign of a case belongs to."""
    found = injected(case)
    number = case.signs[0].among(found.events)[0]["incident"]
    return next(incident for incident in found.incidents if incident["id"] == number)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", FAULTS, ids=str)
    if "harmless" in metafunc.fixturenames:
        metafunc.parametrize("harmless", HARMLESS, ids=lambda title: title.replace(" ", "-"))
    if "asked" in metafunc.fixturenames:
        metafunc.parametrize("asked", ASKED, ids=lambda asked: asked[0].replace(" ", "-"))


def test_a_fault_is_detected_in_time(case: Case) -> None:
    for sign in case.signs:
        events = sign.among(injected(case).events)
        assert events, f"{sign} did not fire"
        first = min(minutes_after(BEGIN, event["detected_at"]) for event in events)
        assert 0 < first <= sign.within, f"{sign} fired after {first:g} minutes"


def test_nothing_is_wrong_before_the_fault(case: Case) -> None:
    assert all(minutes_after(BEGIN, event["detected_at"]) > 0 for event in injected(case).events)


def test_the_incident_names_root_and_pattern(case: Case) -> None:
    incident = main_incident(case)
    component, metrics = case.root
    assert incident["root_component"] == component
    assert incident["root_metric"] in metrics
    assert incident["pattern"] in case.patterns


def test_the_signs_of_one_fault_are_one_incident(case: Case) -> None:
    events = injected(case).events
    numbers = {event["incident"] for sign in case.signs for event in sign.among(events)[:1]}
    assert numbers == {main_incident(case)["id"]}


def test_the_chain_runs_in_order_of_onset_from_the_root(case: Case) -> None:
    incident = main_incident(case)
    onsets = [link["onset"] for link in incident["chain"]]
    assert onsets == sorted(onsets)
    assert abs(minutes_after(BEGIN, incident["started_at"])) <= case.signs[0].within


def test_the_explanation_says_what_and_where(case: Case) -> None:
    said = main_incident(case)["summary"]
    for words in case.says:
        assert words.lower() in said.lower(), f"{words!r} is not in: {said}"


def test_every_anomaly_says_why_in_numbers(case: Case) -> None:
    for event in injected(case).events:
        assert any(letter.isdigit() for letter in event["why"]), event


def test_everything_is_resolved_when_the_fault_is_over(case: Case) -> None:
    if case.over is None:
        return
    found = injected(case)
    for row in (*found.events, *found.incidents):
        assert row["resolved_at"] is not None, row
        assert minutes_after(case.end, row["resolved_at"]) <= case.over, row


def test_what_is_harmless_raises_no_alarm(harmless: str) -> None:
    found = found_in(HARMLESS[harmless], BEGIN + timedelta(minutes=60))
    assert (found.events, found.incidents) == ([], [])


def test_a_burst_of_traffic_that_is_worked_off_is_no_critical_incident() -> None:
    burst = Fault("traffic_burst", BEGIN, BEGIN + timedelta(minutes=25), 0.5)
    found = found_in([burst], BEGIN + timedelta(minutes=70))
    assert [incident for incident in found.incidents if incident["severity"] == "critical"] == []


def test_silence_says_whether_a_series_an_instance_or_a_collector_is_gone_or_a_side_is_cut_off() -> None:
    causes = {
        "a series that stops": {"series_stopped"},
        "a collector that stops": {"collector_down"},
        "broker failure": {"instance_gone"},
        "network partition that the monitor does not see across": {"partitioned"},
    }
    for case in FAULTS:
        if case.title in causes:
            silent = [event for event in injected(case).events if event["anomaly_type"] == "no_data"]
            whole = [event for event in silent if event["metric"] == "*" or len(silent) == 1]
            assert {event["no_data_cause"] for event in whole} == causes[case.title], case.title


def test_two_faults_at_once_are_two_incidents() -> None:
    faults = [
        Fault("query_degradation", BEGIN, None, target="ch-2"),
        Fault("phantom_lag", BEGIN + timedelta(minutes=5), None, target="payments-agg"),
    ]
    found = found_in(faults, BEGIN + timedelta(minutes=40))
    assert {incident["root_component"] for incident in found.incidents} == {"clickhouse", "flink"}
    assert len(found.incidents) == 2


def test_a_blip_before_a_fault_is_not_its_root() -> None:
    faults = [
        Fault("latency_blip", BEGIN, BEGIN + timedelta(minutes=3), target="broker-1"),
        Fault("insert_bottleneck", BEGIN + timedelta(minutes=8), None, target="orders-enrich"),
    ]
    found = found_in(faults, BEGIN + timedelta(minutes=40))
    worst = [incident for incident in found.incidents if incident["severity"] == "critical"]
    assert [(incident["root_component"], incident["pattern"]) for incident in worst] == [
        ("clickhouse", "cascade_backward")
    ]


def test_a_fault_that_comes_and_goes_is_said_to_flap() -> None:
    found = found_in([Fault("flapping", BEGIN, None, target="audit/orders")], BEGIN + timedelta(minutes=90))
    assert any(event["flapping"] for event in found.events)
    assert len(found.incidents) <= 3


ASKED = (
    ("broker failure", "Are there any cascade failures?", ("broker-2", "active brokers")),
    (
        "insert bottleneck and back-pressure",
        "What's wrong with ClickHouse?",
        ("parts per partition", "rows per insert"),
    ),
    ("checkpoint failures", "What is wrong with Flink?", ("checkpoint", "payments-agg")),
)
"""Cases, what is asked while they last, and what the answer must speak of."""


def test_whoever_asks_is_told_while_it_lasts_and_that_it_is_over_afterwards(
    asked: tuple[str, str, tuple[str, ...]],
) -> None:
    from platform_monitoring_agent import platform_on

    title, question, words = asked
    case = next(case for case in FAULTS if case.title == title)
    fault = Fault(case.kind, BEGIN, case.end, case.magnitude, case.target)
    end = case.end + timedelta(minutes=(case.over or 0) + 5)
    lines = list(csv_lines(Simulation([fault], SEED, START).run(int((end - START) / TICK))))
    with tempfile.TemporaryDirectory() as folder, own_store() as store:
        settings = parse_settings({"DATA_DIR": folder, "DEMO": "off"})
        platform = platform_on(settings, store, CATALOGUE, lambda: end)
        platform.ingest(lines)
        during = platform.ask(question, as_of=case.end - timedelta(minutes=1))
        assert during.grounded, during.untraced
        for word in words:
            assert word in during.answer, during.answer
        assert platform.check(as_of=case.end - timedelta(minutes=1)).health == "critical"
        assert platform.check(as_of=end).health == "healthy"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return int(options.run(options))
    except MonitoringError as problem:
        terminal.say_error(str(problem), sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return terminal.reader_gone()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="test_anomaly_detection.py",
        description="Tries the detection on recordings; with pytest, it is also the detection's specification.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    again = commands.add_parser("replay", help="run the monitor over a recording, tick by tick, as if live")
    again.add_argument("file", help="a CSV of time,component,instance,metric,value in order of arrival; - for stdin")
    again.add_argument("--interval", type=_seconds, default=30.0, metavar="N", help="seconds between ticks (30)")
    again.add_argument("--json", action="store_true", help="everything found, as JSON")
    again.set_defaults(run=_replay)

    rate = commands.add_parser("score", help="how unusual every value of one series is, using nothing after it")
    rate.add_argument("source", metavar="IN.csv", help="a CSV of timestamp,value")
    rate.add_argument("target", metavar="OUT.csv", help="the same rows with a column anomaly_score from 0 to 1")
    rate.add_argument("--suppress", type=_span, metavar="SPAN", help="do not tell of one thing twice within, e.g. 12h")
    rate.set_defaults(run=_score)
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 3600:
        raise argparse.ArgumentTypeError("a number of seconds from 1 to 3600 is expected")
    return value


def _span(text: str) -> timedelta:
    units = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)", text.strip().lower())
    if found is None or float(found[1]) * units[found[2]] > 366 * 86_400:
        raise argparse.ArgumentTypeError("a span of up to a year is expected, such as 90s, 30min, 12h or 2d")
    return timedelta(seconds=float(found[1]) * units[found[2]])


def _replay(options: argparse.Namespace) -> int:
    from monitoring.ui.terminal.replays import show_replay

    name = "standard input" if options.file == "-" else Path(options.file).name
    recording = _read(options.file, name)
    ticks = timeline(recording.samples, timedelta(seconds=options.interval))
    with own_store() as store, terminal.progress(ticks.count, f"Replaying {name}", sys.stderr) as advance:
        found = replay(recording, ticks, store, CATALOGUE, advance)
    show_replay(found.to_json(), json_output=options.json, stdout=sys.stdout)
    return 0


def _score(options: argparse.Namespace) -> int:
    from monitoring.scoring import score_file

    report = score_file(Path(options.source), Path(options.target), suppress=options.suppress)
    where = f", the highest score {report.highest:.3f} on line {report.highest_line:,}" if report.highest_line else ""
    sys.stderr.write(f"{report.rows:,} values scored, {report.alarms:,} of them unusual{where}\n")
    return 0


def _read(file: str, name: str) -> Recording:
    with terminal.progress(None, f"Reading {name}", sys.stderr) as advance:
        if file == "-":
            return read_recording(sys.stdin, CATALOGUE, advance)
        try:
            with Path(file).open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
                return read_recording(lines, CATALOGUE, advance)
        except OSError as problem:
            raise InvalidInput(f"The file {file} cannot be read: {problem.strerror}.") from None


if __name__ == "__main__":
    sys.exit(main())
