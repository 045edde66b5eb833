"""The catalogue as data: complete, consistent with itself, and readable from the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.errors import InvalidInput
from monitoring.metrics import Catalogue, Link, Metric, Operator, Pattern, Threshold
from platform_metrics_definition import CATALOGUE, CLICKHOUSE, FLINK, KAFKA, LINKS, METRICS, PATTERNS, threshold_words

ROOT = Path(__file__).parents[2]

KAFKA_NAMES = (
    "under_replicated_partitions",
    "under_min_isr_partitions",
    "offline_partitions",
    "active_controller_count",
    "active_brokers",
    "isr_shrink_rate",
    "unclean_leader_elections",
    "consumer_group_lag",
    "consumer_group_lag_seconds",
    "messages_in_rate",
    "produce_latency_p99",
    "request_handler_idle_ratio",
    "broker_heap_used_ratio",
    "broker_gc_time_ratio",
    "broker_disk_used_ratio",
)
FLINK_NAMES = (
    "job_not_running_seconds",
    "job_restart_rate",
    "failed_checkpoint_rate",
    "checkpoint_age",
    "checkpoint_duration",
    "checkpoint_state_size",
    "backpressured_time_ratio",
    "task_busy_ratio",
    "job_records_out_rate",
    "source_pending_records",
    "event_time_lag",
    "taskmanager_heap_used_ratio",
    "taskmanager_gc_time_ratio",
    "registered_taskmanagers",
)
CLICKHOUSE_NAMES = (
    "query_duration_p95",
    "failed_query_ratio",
    "running_queries",
    "replication_lag_seconds",
    "replication_queue_size",
    "readonly_replicas",
    "max_parts_per_partition",
    "delayed_inserts_rate",
    "rejected_inserts_rate",
    "inserted_rows_rate",
    "rows_per_insert",
    "memory_used_ratio",
    "disk_free_ratio",
    "keeper_exceptions_rate",
)

SCOPES = {
    "cluster": {
        "offline_partitions",
        "active_controller_count",
        "active_brokers",
        "unclean_leader_elections",
        "registered_taskmanagers",
    },
    "broker": {
        "under_replicated_partitions",
        "under_min_isr_partitions",
        "isr_shrink_rate",
        "produce_latency_p99",
        "request_handler_idle_ratio",
        "broker_heap_used_ratio",
        "broker_gc_time_ratio",
        "broker_disk_used_ratio",
    },
    "topic": {"messages_in_rate"},
    "group/topic": {"consumer_group_lag", "consumer_group_lag_seconds"},
    "job": {
        "job_not_running_seconds",
        "job_restart_rate",
        "failed_checkpoint_rate",
        "checkpoint_age",
        "checkpoint_duration",
        "checkpoint_state_size",
        "job_records_out_rate",
        "source_pending_records",
        "event_time_lag",
    },
    "job/task": {"backpressured_time_ratio", "task_busy_ratio"},
    "task manager": {"taskmanager_heap_used_ratio", "taskmanager_gc_time_ratio"},
    "node": {
        "query_duration_p95",
        "failed_query_ratio",
        "running_queries",
        "readonly_replicas",
        "delayed_inserts_rate",
        "rejected_inserts_rate",
        "inserted_rows_rate",
        "rows_per_insert",
        "memory_used_ratio",
        "keeper_exceptions_rate",
    },
    "node/table": {"replication_lag_seconds", "replication_queue_size", "max_parts_per_partition"},
    "node/disk": {"disk_free_ratio"},
}

UNITS = {
    *("partitions", "controllers", "brokers", "task managers", "queries", "tables", "tasks", "parts", "rows"),
    *("messages", "records", "bytes", "s", "ms", "ratio"),
    *("events/s", "messages/s", "records/s", "rows/s"),
    *("inserts/min", "exceptions/min", "restarts/10 min", "checkpoints/10 min"),
}

TOPICS = {
    *("availability", "network", "restart", "replication", "data loss", "errors"),
    *("consumer lag", "throughput", "latency", "back-pressure", "checkpoint"),
    *("inserts", "merges", "queries"),
    *("resource", "memory", "memory leak", "garbage collection", "disk"),
}

# Words that people use for several metrics on purpose; everything else means exactly one.
HEAPS = {"broker_heap_used_ratio", "taskmanager_heap_used_ratio"}
COLLECTORS = {"broker_gc_time_ratio", "taskmanager_gc_time_ratio"}
DISKS = {"broker_disk_used_ratio", "disk_free_ratio"}
SHARED_ALIASES = {
    "lag": {"consumer_group_lag", "consumer_group_lag_seconds"},
    "backlog": {"consumer_group_lag", "source_pending_records"},
    "heap": HEAPS,
    "jvm heap": HEAPS,
    "jvm memory": HEAPS,
    "gc": COLLECTORS,
    "gc time": COLLECTORS,
    "gc pauses": COLLECTORS,
    "garbage collection": COLLECTORS,
    "disk": DISKS,
    "disk space": DISKS,
    "disk full": DISKS,
    "disk usage": DISKS,
}

# Their sources call everything normal that is no warning yet.
NORMAL_ENDS_AT_WARNING = {"backpressured_time_ratio", "failed_query_ratio"}

each_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
each_pattern = pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
each_threshold = pytest.mark.parametrize(
    ("metric", "severity", "threshold"),
    [(metric, severity, threshold) for metric in METRICS for severity, threshold in metric.thresholds],
    ids=lambda value: getattr(value, "name", value if isinstance(value, str) else ""),
)


def names(metrics: tuple[Metric, ...]) -> tuple[str, ...]:
    return tuple(metric.name for metric in metrics)


def beyond(value: float, op: Operator, level: float) -> bool:
    return {
        ">": value > level,
        ">=": value >= level,
        "<": value < level,
        "<=": value <= level,
        "!=": value != level,
    }[op]


def threshold_of(name: str, severity: str) -> Threshold:
    return dict(CATALOGUE[name].thresholds)[severity]  # type: ignore[index]


class TestTheListOfMetrics:
    def test_there_are_fifteen_of_kafka_and_fourteen_each_of_flink_and_clickhouse(self) -> None:
        assert (len(KAFKA), len(FLINK), len(CLICKHOUSE), len(METRICS)) == (15, 14, 14, 43)

    def test_their_names_and_order_are_those_of_the_reference(self) -> None:
        assert names(KAFKA) == KAFKA_NAMES
        assert names(FLINK) == FLINK_NAMES
        assert names(CLICKHOUSE) == CLICKHOUSE_NAMES
        assert (*KAFKA, *FLINK, *CLICKHOUSE) == METRICS

    def test_each_stands_under_its_own_component(self) -> None:
        assert {m.component for m in KAFKA} == {"kafka"}
        assert {m.component for m in FLINK} == {"flink"}
        assert {m.component for m in CLICKHOUSE} == {"clickhouse"}

    def test_each_is_measured_per_the_instance_the_data_uses(self) -> None:
        found = defaultdict(set)
        for metric in METRICS:
            found[metric.scope].add(metric.name)
        assert dict(found) == SCOPES


class TestWhatEachMetricSays:
    @each_metric
    def test_it_can_be_judged(self, metric: Metric) -> None:
        assert metric.thresholds

    @each_metric
    def test_it_names_causes_and_checks(self, metric: Metric) -> None:
        assert metric.likely_causes
        assert metric.first_checks
        assert metric.aliases
        assert metric.topics

    @each_metric
    def test_its_description_is_a_sentence_or_three(self, metric: Metric) -> None:
        assert metric.description[0].isupper()
        assert metric.description.endswith(".")
        assert 40 < len(metric.description) < 260

    @each_metric
    def test_no_entry_lost_its_comma(self, metric: Metric) -> None:
        for entry in (*metric.likely_causes, *metric.first_checks, *metric.pitfalls):
            assert entry == entry.strip()
            assert "  " not in entry
            assert len(entry) < 200
            assert entry.count("`") % 2 == 0

    @each_metric
    def test_its_unit_is_one_of_the_known_spellings(self, metric: Metric) -> None:
        assert metric.unit in UNITS

    def test_every_ratio_is_a_ratio_and_stays_between_zero_and_one(self) -> None:
        ratios = [m for m in METRICS if m.name.endswith("_ratio")]
        assert len(ratios) == 11
        for metric in ratios:
            assert metric.unit == "ratio"
            assert all(0 <= t.level <= 1 and 0 <= t.clear <= 1 for _, t in metric.thresholds)

    def test_names_that_carry_seconds_are_in_seconds(self) -> None:
        assert {m.unit for m in METRICS if m.name.endswith("_seconds")} == {"s"}

    def test_short_names_are_distinct(self) -> None:
        assert len({m.short.lower() for m in METRICS}) == len(METRICS)

    @each_metric
    def test_its_topics_come_from_the_common_vocabulary(self, metric: Metric) -> None:
        assert set(metric.topics) <= TOPICS
        assert len(set(metric.topics)) == len(metric.topics)

    def test_no_topic_is_left_without_a_metric(self) -> None:
        assert {topic for metric in METRICS for topic in metric.topics} == TOPICS

    def test_a_theme_finds_all_its_metrics(self) -> None:
        replication = {m.name for m in CLICKHOUSE if "replication" in m.topics}
        assert replication >= {"replication_lag_seconds", "replication_queue_size", "readonly_replicas"}
        assert {m.name for m in METRICS if "disk" in m.topics} == DISKS
        assert {m.name for m in METRICS if "memory leak" in m.topics} == HEAPS | COLLECTORS | {"memory_used_ratio"}


class TestAliases:
    @each_metric
    def test_they_are_lower_case_words(self, metric: Metric) -> None:
        for alias in metric.aliases:
            assert alias == alias.lower().strip()
            assert re.fullmatch(r"[a-z0-9][a-z0-9 .\-]*", alias)
        assert len(set(metric.aliases)) == len(metric.aliases)

    def test_one_that_means_several_metrics_is_meant_to(self) -> None:
        meant = defaultdict(set)
        for metric in METRICS:
            for alias in metric.aliases:
                meant[alias].add(metric.name)
        assert {alias: found for alias, found in meant.items() if len(found) > 1} == SHARED_ALIASES

    def test_none_is_the_name_of_another_metric(self) -> None:
        for metric in METRICS:
            for other in METRICS:
                if other is not metric:
                    assert not {other.name, other.short.lower()} & set(metric.aliases)

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("urp", "under_replicated_partitions"),
            ("too many parts", "max_parts_per_partition"),
            ("replica delay", "replication_lag_seconds"),
            ("backpressure", "backpressured_time_ratio"),
            ("zookeeper", "keeper_exceptions_rate"),
            ("kafka lag", "consumer_group_lag"),
        ],
    )
    def test_what_people_say_is_known(self, said: str, meant: str) -> None:
        assert said in CATALOGUE[meant].aliases


class TestThresholds:
    @each_threshold
    def test_its_number_has_a_source(self, metric: Metric, severity: str, threshold: Threshold) -> None:
        assert threshold.source.strip(), f"{metric.name} {severity}"

    @each_threshold
    def test_own_rules_are_marked_derived(self, metric: Metric, severity: str, threshold: Threshold) -> None:
        if threshold.source.startswith("own"):
            assert threshold.derived, f"{metric.name} {severity}"

    @each_threshold
    def test_it_points_the_way_the_metric_gets_worse(self, metric: Metric, severity: str, threshold: Threshold) -> None:
        allowed = {
            "higher_is_worse": {">", ">="},
            "lower_is_worse": {"<", "<="},
            "both": {"!=", "<", "<=", ">", ">="},
        }[metric.direction]
        assert threshold.op in allowed, f"{metric.name} {severity}"

    @each_metric
    def test_the_normal_range_never_breaches_an_absolute_level(self, metric: Metric) -> None:
        low, high = metric.normal
        for _, threshold in metric.thresholds:
            if threshold.basis != "absolute":
                continue
            worst = high if threshold.op in (">", ">=") else low
            assert worst is not None, "an absolute level needs a normal bound on its side"
            assert not beyond(worst, threshold.op, threshold.level)

    @each_metric
    def test_a_value_back_in_the_normal_range_is_always_cleared(self, metric: Metric) -> None:
        """But for those whose warning begins where normal ends: there the last stretch keeps an alarm open."""
        low, high = metric.normal
        for _, threshold in metric.thresholds:
            worst = high if threshold.op in (">", ">=") else low
            if threshold.basis == "absolute" and worst is not None:
                touches = metric.name in NORMAL_ENDS_AT_WARNING and worst == threshold.level
                assert beyond(worst, threshold.op, threshold.clear) == touches

    @each_metric
    def test_what_is_usual_never_breaches_a_relative_level(self, metric: Metric) -> None:
        for _, threshold in metric.thresholds:
            usual = {"times usual": 1.0, "usual plus": 0.0}.get(threshold.basis)
            if usual is not None:
                assert not beyond(usual, threshold.op, threshold.level)
                assert not beyond(usual, threshold.op, threshold.clear)

    @each_metric
    def test_critical_is_never_milder_than_warning(self, metric: Metric) -> None:
        warning, critical = metric.warning, metric.critical
        if warning is None or critical is None or warning.basis != critical.basis:
            return
        if critical.level == warning.level or "!=" in (critical.op, warning.op):
            assert critical.hold > warning.hold
        elif warning.op in (">", ">="):
            assert critical.level > warning.level
            assert critical.clear >= warning.clear
        else:
            assert critical.level < warning.level
            assert critical.clear <= warning.clear

    @each_metric
    def test_levels_apart_from_zero_clear_a_little_inside(self, metric: Metric) -> None:
        """Hysteresis: counts end at the level itself, measured quantities not before they are well inside it."""
        for _, threshold in metric.thresholds:
            if metric.unit in ("ratio", "ms", "s", "messages", "bytes", "rows") and threshold.level > 1e-9:
                assert threshold.clear != threshold.level

    @pytest.mark.parametrize(
        "name", ["messages_in_rate", "job_records_out_rate", "inserted_rows_rate", "source_pending_records"]
    )
    def test_a_fivefold_difference_between_day_and_night_is_no_alarm(self, name: str) -> None:
        for _, threshold in CATALOGUE[name].thresholds:
            assert threshold.basis == "times usual"
            for times in (0.2, 1.0, 5.0):
                assert not beyond(times, threshold.op, threshold.level)

    @each_metric
    def test_a_series_that_is_always_zero_never_breaches_a_multiple_of_the_usual(self, metric: Metric) -> None:
        for _, threshold in metric.thresholds:
            if threshold.basis == "times usual":
                assert not beyond(0.0, threshold.op, threshold.level * 0.0)

    def test_a_rate_fallen_to_zero_is_critical_for_job_and_inserts(self) -> None:
        for name in ("job_records_out_rate", "inserted_rows_rate"):
            critical = threshold_of(name, "critical")
            assert beyond(0.0, critical.op, critical.level * 100.0)

    def test_one_lost_broker_is_a_warning_and_two_are_critical(self) -> None:
        warning, critical = threshold_of("active_brokers", "warning"), threshold_of("active_brokers", "critical")
        assert warning.basis == critical.basis == "usual plus"
        lost = [(beyond(-n, warning.op, warning.level), beyond(-n, critical.op, critical.level)) for n in (0, 1, 2)]
        assert lost == [(False, False), (True, False), (True, True)]

    def test_growth_from_next_to_nothing_is_no_backlog(self) -> None:
        assert threshold_of("source_pending_records", "warning").also == (">", 10_000)
        assert threshold_of("source_pending_records", "critical").also == (">", 100_000)
        assert threshold_of("query_duration_p95", "warning").also == (">", 1.0)
        assert threshold_of("query_duration_p95", "critical").also == (">", 5.0)

    @pytest.mark.parametrize(
        ("name", "warning", "critical"),
        [
            ("under_replicated_partitions", "> 0 for 5 min", "> 0 for 15 min"),
            ("active_controller_count", "!= 1 for 10 s", "!= 1 for 5 min"),
            ("active_brokers", "< usual - 0.5 for 3 min", "<= usual - 2 for 1 min"),
            ("consumer_group_lag", "> 1,000 for 5 min", "> 10,000 for 15 min"),
            ("messages_in_rate", "< 0.1 x usual for 10 min", "-"),
            ("backpressured_time_ratio", "> 0.1 for 15 min", "> 0.5 for 5 min"),
            ("checkpoint_age", "> 300 for 1 min", "> 900 for 1 min"),
            ("job_restart_rate", ">= 1 for 30 s", ">= 3 for 30 s"),
            ("checkpoint_state_size", "> 1.5 x usual for 1 h", "> 2 x usual for 6 h"),
            ("query_duration_p95", "> 2 x usual and > 1 for 10 min", "> 5 x usual and > 5 for 10 min"),
            ("replication_lag_seconds", "> 60 for 5 min", "> 300 for 5 min"),
            ("max_parts_per_partition", "> 300 for 5 min", "> 1,000 for 5 min"),
            ("disk_free_ratio", "< 0.2 for 2 min", "< 0.1 for 2 min"),
            ("unclean_leader_elections", "> 0 at once", "> 0 for 1 min"),
        ],
    )
    def test_the_agreed_levels_read_as_agreed(self, name: str, warning: str, critical: str) -> None:
        metric = CATALOGUE[name]
        assert (threshold_words(metric.warning), threshold_words(metric.critical)) == (warning, critical)


PUBLIC = ("cascade_forward", "cascade_backward", "resource_exhaustion", "network_partition")


class TestPatterns:
    def test_incidents_are_named_after_the_four_public_ones_or_isolated(self) -> None:
        assert set(CATALOGUE.families) == set(PUBLIC)
        assert {p.family for p in PATTERNS} == {*PUBLIC, "isolated"}
        assert {p.name for p in PATTERNS} >= set(PUBLIC)
        assert len({p.name for p in PATTERNS}) == len(PATTERNS)

    @each_pattern
    def test_it_is_explained_and_says_what_to_do(self, pattern: Pattern) -> None:
        assert len(pattern.explanation) > 100
        assert pattern.explanation.endswith(".")
        assert pattern.first_checks

    @each_pattern
    def test_it_asks_for_no_more_than_there_is(self, pattern: Pattern) -> None:
        assert pattern.roots
        assert 0 <= pattern.at_least <= len(pattern.then)
        assert not set(pattern.without) & set(pattern.roots)

    @pytest.mark.parametrize(
        ("family", "first", "then"),
        [("cascade_forward", {"kafka", "flink"}, "clickhouse"), ("cascade_backward", {"clickhouse", "flink"}, "kafka")],
    )
    def test_a_cascade_runs_in_its_direction(self, family: str, first: set[str], then: str) -> None:
        for pattern in PATTERNS:
            if pattern.family == family:
                assert {CATALOGUE.component_of(sign) for sign in pattern.roots} <= first
                assert then in {CATALOGUE.component_of(sign) for group in pattern.then for sign in group}

    def test_starvation_fills_no_queues(self) -> None:
        queues = {"consumer_group_lag", "backpressured_time_ratio", "max_parts_per_partition"}
        for pattern in PATTERNS:
            if pattern.family == "cascade_forward":
                assert not queues & pattern.signs

    def test_what_is_lost_in_two_tiers_within_ninety_seconds_is_a_partition(self) -> None:
        (pattern,) = [p for p in PATTERNS if p.together is not None]
        assert (pattern.name, pattern.together) == ("network_partition", timedelta(seconds=90))
        assert [{CATALOGUE.component_of(sign) for sign in tier} for tier in pattern.tiers] == [
            {"kafka"},
            {"flink"},
            {"clickhouse"},
        ]

    def test_running_out_of_a_resource_is_told_by_the_resource_alone(self) -> None:
        pattern = CATALOGUE.pattern("resource_exhaustion")
        assert pattern is not None
        assert pattern.at_least == 0
        assert all("resource" in CATALOGUE[sign].topics for sign in pattern.roots)

    def test_a_pattern_is_found_by_its_name_or_its_family_but_what_is_isolated_is_of_no_kind(self) -> None:
        found = {name: CATALOGUE.pattern(name) for name in ("phantom_lag", "cascade_forward", "isolated", "nonsense")}
        assert {name: of and of.family for name, of in found.items()} == {
            "phantom_lag": "isolated",
            "cascade_forward": "cascade_forward",
            "isolated": None,
            "nonsense": None,
        }

    def test_a_sign_that_is_no_metric_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="nonsense"):
            Catalogue(METRICS, (), (Link(("nonsense",), ("consumer_group_lag",)),))


class TestLinks:
    def test_no_fault_is_its_own_cause(self) -> None:
        causes = {(cause, effect) for link in LINKS for cause in link.causes for effect in link.effects}
        assert not [pair for pair in causes if pair[0] == pair[1] and CATALOGUE.role_of(pair[0]) == "fault"]

    def test_every_queue_and_rate_can_be_explained(self) -> None:
        effects = {effect for link in LINKS for effect in link.effects}
        assert {m.name for m in METRICS if m.role == "effect"} <= effects

    def test_under_replication_alone_never_stops_the_pipeline(self) -> None:
        replication = {"under_replicated_partitions", "isr_shrink_rate"}
        reached = {effect for link in LINKS if replication & set(link.causes) for effect in link.effects}
        assert {CATALOGUE.component_of(sign) for sign in reached} == {"kafka"}


class TestWhatDetectorsAreTold:
    def test_forecasts_are_made_for_memory_and_disks(self) -> None:
        assert {m.name: (m.limit, m.floor) for m in METRICS if m.limit is not None} == {
            "broker_heap_used_ratio": (1, True),
            "taskmanager_heap_used_ratio": (1, True),
            "memory_used_ratio": (1, True),
            "broker_disk_used_ratio": (1, False),
            "disk_free_ratio": (0, False),
        }

    def test_a_notable_change_is_positive_and_counters_that_are_normally_zero_have_none(self) -> None:
        assert all(m.notable > 0 for m in METRICS if m.notable is not None)
        assert not [m.name for m in METRICS if m.notable is not None if m.normal == (0, 0)]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "platform_metrics_definition.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


class TestTheCommand:
    def test_prints_a_table_of_all_metrics_under_their_components(self) -> None:
        done = run()
        assert (done.returncode, done.stderr) == (0, "")
        first_words = [line.split()[0] for line in done.stdout.splitlines() if line]
        assert [word for word in first_words if word in CATALOGUE] == list(names(METRICS))
        assert [w for w in first_words if w in ("KAFKA", "FLINK", "CLICKHOUSE")] == ["KAFKA", "FLINK", "CLICKHOUSE"]
        assert {p.name for p in PATTERNS} <= set(first_words)

    def test_lines_up_the_columns(self) -> None:
        lines = run("--component", "flink").stdout.splitlines()
        column = next(line for line in lines if line.startswith("METRIC")).index("CRITICAL")
        rows = [line for line in lines if line.split(" ")[0] in CATALOGUE]
        assert len(rows) == 14
        assert all(before == " " != after for before, after in ((row[column - 1], row[column]) for row in rows))

    def test_shows_one_metric_in_full(self) -> None:
        metric = CATALOGUE["max_parts_per_partition"]
        text = run(metric.name).stdout
        for expected in (*metric.first_checks, *metric.likely_causes, *metric.pitfalls, "> 1,000 for 5 min"):
            assert expected in text

    def test_gives_the_same_as_json(self) -> None:
        found = json.loads(run("--json").stdout)
        assert [m["name"] for m in found["metrics"]] == list(names(METRICS))
        assert [p["name"] for p in found["patterns"]] == [p.name for p in PATTERNS]
        lag = next(m for m in found["metrics"] if m["name"] == "consumer_group_lag")
        assert lag["critical"] == {
            "op": ">",
            "level": 10_000,
            "basis": "absolute",
            "also": None,
            "hold_seconds": 900,
            "clear": 8_000,
            "source": threshold_of("consumer_group_lag", "critical").source,
            "derived": False,
        }
        assert lag["normal"] == {"low": 0, "high": 500}

    def test_gives_one_metric_as_json(self) -> None:
        found = json.loads(run("query_duration_p95", "--json").stdout)
        assert found["name"] == "query_duration_p95"
        assert found["warning"]["also"] == {"op": ">", "level": 1.0}
        assert found["normal"] == {"low": None, "high": None}

    def test_narrows_to_a_component(self) -> None:
        found = json.loads(run("--component", "clickhouse", "--json").stdout)
        assert [m["name"] for m in found["metrics"]] == list(CLICKHOUSE_NAMES)

    def test_answers_an_unknown_name_with_the_nearest_and_exit_code_three(self) -> None:
        done = run("consumer_group_lags")
        assert (done.returncode, done.stdout) == (3, "")
        assert "consumer_group_lag," in done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_knows_what_a_metric_is_also_called(self) -> None:
        done = run("GC")
        assert (done.returncode, done.stdout) == (3, "")
        assert "broker_gc_time_ratio or taskmanager_gc_time_ratio" in done.stderr

    def test_has_no_suggestion_for_a_name_like_no_other(self) -> None:
        done = run("zzzz")
        assert (done.returncode, done.stderr) == (3, "There is no metric named 'zzzz'.\n")

    def test_refuses_a_component_that_does_not_exist(self) -> None:
        done = run("--component", "clickhose")
        assert (done.returncode, done.stdout) == (3, "")
        assert "clickhouse" in done.stderr

    def test_refuses_a_metric_of_another_component(self) -> None:
        done = run("consumer_group_lag", "--component", "flink")
        assert (done.returncode, done.stdout) == (3, "")
        assert "kafka" in done.stderr

    def test_explains_itself(self) -> None:
        done = run("--help")
        assert done.returncode == 0
        assert "--component" in done.stdout
        assert "--json" in done.stdout

    def test_says_nothing_when_its_reader_stops_early(self) -> None:
        command = [sys.executable, "platform_metrics_definition.py", "--json"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(timeout=30) == 0
