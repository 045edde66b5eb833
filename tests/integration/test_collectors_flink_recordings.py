"""Two recorded failures of Flink, served second by second, and the story the samples tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from monitoring.collectors import Collector, PrometheusTextSource, SourceStatus
from platform_metrics_definition import CATALOGUE
from tests.integration.exposition_server import ExpositionServer, dump
from tests.integration.flink_recording import (
    AGGREGATE_TASK,
    JOB,
    STALL_TO_RESTART_LOOP,
    TASKMANAGER_SIGKILL,
    Row,
    jobmanager_page,
    recording,
    taskmanager_page,
)

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """What was collected at one row."""

    row: Row
    values: dict[tuple[str, str], float]
    jobmanager: SourceStatus
    taskmanager: SourceStatus

    def job(self, metric: str) -> float | None:
        return self.values.get((metric, JOB))


def replay(name: str, every: int = 1) -> Iterator[Moment]:
    """Serves every so-manieth row of a recording and collects at its time; a dead task manager refuses."""
    with ExpositionServer() as jobmanager, ExpositionServer() as taskmanager:
        sources = [
            PrometheusTextSource(jobmanager.url, CATALOGUE, instance="jm"),
            PrometheusTextSource(taskmanager.url, CATALOGUE, instance="tm-1"),
        ]
        with Collector(sources) as collector:
            for row in recording(name, START)[::every]:
                jobmanager.serve(jobmanager_page(row))
                page = taskmanager_page(row)
                if page is None:
                    taskmanager.stop()
                else:
                    taskmanager.serve(page)
                report = collector.collect_all(row.time)
                values = {(sample.metric, sample.instance): sample.value for sample in report.samples}
                yield Moment(row, values, *report.sources)


@pytest.fixture(scope="module")
def stall() -> list[Moment]:
    return list(replay(STALL_TO_RESTART_LOOP))


@pytest.fixture(scope="module")
def sigkill() -> list[Moment]:
    return list(replay(TASKMANAGER_SIGKILL))


def between(moments: list[Moment], start: float, end: float) -> list[Moment]:
    return [moment for moment in moments if start <= moment.row.seconds < end]


SERIES = re.compile(r"^(\w+)\{(.*)\} (\S+)$")
LABEL = re.compile(r'(\w+)="')


def shapes(page: str) -> dict[str, tuple[str, ...]]:
    """Name and label names, in order, of every series of a page."""
    found = (SERIES.match(line) for line in page.splitlines())
    return {match[1]: tuple(LABEL.findall(match[2])) for match in found if match}


def test_rendered_pages_look_like_those_of_flink() -> None:
    row = recording(STALL_TO_RESTART_LOOP, START)[40]
    manager = taskmanager_page(row)
    assert manager is not None
    for page, real in [
        (jobmanager_page(row), dump("flink_2.3.0_jobmanager_restart_loop.prom")),
        (manager, dump("flink_2.3.0_taskmanager_restart_loop.prom")),
    ]:
        lines = set(real.splitlines())
        comments = [line for line in page.splitlines() if line.startswith("#")]

        assert shapes(page).items() <= shapes(real).items()
        assert lines.issuperset(comments)
        assert page.count(",} ") == len([line for line in page.splitlines() if "{" in line])
    assert "busyTimeMsPerSecond" in manager
    assert "} NaN\n" in manager
    assert "} -9.223372036854776E18\n" in manager
    assert re.search(r"lastCheckpointCompletedTimestamp\{.*\} 1\.\d+E12\n", jobmanager_page(row))


def test_before_the_stall_the_job_is_well(stall: list[Moment]) -> None:
    well = between(stall, 5, 36)

    assert {moment.job("job_restart_rate") for moment in well} == {0.0}
    assert {moment.job("failed_checkpoint_rate") for moment in well} == {0.0}
    assert {moment.job("job_not_running_seconds") for moment in well} == {0.0}
    assert max(moment.job("checkpoint_age") or 0 for moment in well) < 6
    assert max(moment.values["task_busy_ratio", f"{JOB}/{AGGREGATE_TASK}"] for moment in well) < 0.05
    assert well[-1].job("job_records_out_rate") == pytest.approx(2000, rel=0.1)
    assert {moment.values["registered_taskmanagers", "cluster"] for moment in well} == {1.0}


def test_checkpoint_age_rises_without_a_break_to_a_hundred_seconds(stall: list[Moment]) -> None:
    ages = [moment.job("checkpoint_age") or 0 for moment in between(stall, 36, 136)]

    assert all(later > earlier for earlier, later in pairwise(ages))
    assert ages[-1] == pytest.approx(100.4, abs=1)


def test_the_duration_of_the_last_completed_checkpoint_tells_nothing_meanwhile(stall: list[Moment]) -> None:
    assert {moment.job("checkpoint_duration") for moment in between(stall, 40, 130)} == {12.0}


def test_restarts_are_counted_up_to_six(stall: list[Moment]) -> None:
    rates = [moment.job("job_restart_rate") for moment in stall[1:]]
    restarted = next(moment for moment in stall if (moment.job("job_restart_rate") or 0) >= 1)
    looping = next(moment for moment in stall if (moment.job("job_restart_rate") or 0) >= 3)

    assert restarted.row.seconds == pytest.approx(50, abs=1)
    assert looping.row.seconds == pytest.approx(82, abs=3)
    assert rates[-1] == 6.0
    assert all(later >= earlier for earlier, later in pairwise(rate or 0 for rate in rates))


def test_failed_checkpoints_pass_one_with_the_first_restart(stall: list[Moment]) -> None:
    failing = next(moment for moment in stall if (moment.job("failed_checkpoint_rate") or 0) > 1)

    assert failing.row.seconds == pytest.approx(50, abs=1)
    assert stall[-1].job("failed_checkpoint_rate") == 19.0


def test_time_not_running_is_seen_in_every_restart_and_ends_with_it(stall: list[Moment]) -> None:
    stopped = [moment for moment in stall if moment.job("job_not_running_seconds")]

    assert [round(m.row.seconds) for m in stopped][:3] == [50, 66, 67]
    assert max(moment.job("job_not_running_seconds") or 0 for moment in stopped) < 10
    assert stall[-1].job("job_not_running_seconds") == 0.0


def test_the_slow_task_is_busy_to_the_limit_and_its_attempts_are_one_series(stall: list[Moment]) -> None:
    tasks = {instance for m in stall for metric, instance in m.values if metric == "task_busy_ratio"}
    stalled = [m.values.get(("task_busy_ratio", f"{JOB}/{AGGREGATE_TASK}")) for m in between(stall, 53, 65)]

    assert tasks == {f"{JOB}/{AGGREGATE_TASK}"}
    assert min(ratio for ratio in stalled if ratio is not None) > 0.9


def test_records_out_are_never_negative_and_never_jump_with_an_attempt(stall: list[Moment]) -> None:
    rates = [rate for moment in stall if (rate := moment.job("job_records_out_rate")) is not None]

    assert len(rates) > 150
    assert min(rates) >= 0
    assert max(rates) < 2500


def test_tasks_that_are_gone_have_no_samples_while_the_job_restarts(stall: list[Moment]) -> None:
    for moment in stall:
        tasks = {metric for metric, _ in moment.values if metric in ("task_busy_ratio", "backpressured_time_ratio")}
        assert bool(tasks) is moment.row.tasks_run
        assert moment.taskmanager.ok


def test_the_story_is_the_same_when_looked_at_every_fifth_second() -> None:
    moments = list(replay(STALL_TO_RESTART_LOOP, every=5))

    assert moments[-1].job("job_restart_rate") == 6.0
    assert moments[-1].job("failed_checkpoint_rate") == 19.0
    assert max(moment.job("checkpoint_age") or 0 for moment in moments) == pytest.approx(100.4, abs=1)
    assert max(moment.job("job_records_out_rate") or 0 for moment in moments) < 2500


def test_the_endpoint_of_a_killed_task_manager_is_the_first_to_tell(sigkill: list[Moment]) -> None:
    killed = next(moment for moment in sigkill if not moment.taskmanager.ok)

    assert killed.row.seconds == 20
    assert "connection refused" in killed.taskmanager.error
    assert killed.taskmanager.last_success == START.replace(second=19)
    assert all(moment.jobmanager.ok for moment in sigkill)


def test_the_killed_task_managers_series_end_and_the_job_managers_go_on(sigkill: list[Moment]) -> None:
    of_taskmanager = {
        "taskmanager_heap_used_ratio",
        "taskmanager_gc_time_ratio",
        "task_busy_ratio",
        "job_records_out_rate",
    }
    before = {metric for moment in between(sigkill, 10, 20) for metric, _ in moment.values}
    after = {metric for moment in between(sigkill, 20, 100) for metric, _ in moment.values}

    assert of_taskmanager <= before
    assert before - after >= of_taskmanager
    assert after == {
        "registered_taskmanagers",
        "job_not_running_seconds",
        "job_restart_rate",
        "failed_checkpoint_rate",
        "checkpoint_age",
        "checkpoint_duration",
        "checkpoint_state_size",
    }


def test_the_job_manager_counts_the_lost_task_manager_twelve_seconds_later(sigkill: list[Moment]) -> None:
    counts = [(moment.row.seconds, moment.values["registered_taskmanagers", "cluster"]) for moment in sigkill]
    killed = next(moment.row.seconds for moment in sigkill if not moment.taskmanager.ok)

    assert next(seconds - killed for seconds, count in counts if count == 0.0) == 12
    assert [count for _, count in counts] == sorted((count for _, count in counts), reverse=True)


def test_the_job_restarts_nine_times_and_no_checkpoint_completes(sigkill: list[Moment]) -> None:
    ages = [moment.job("checkpoint_age") or 0 for moment in between(sigkill, 20, 100)]

    assert sigkill[-1].job("job_restart_rate") == 9.0
    assert sigkill[-1].job("failed_checkpoint_rate") == 2.0
    assert all(later > earlier for earlier, later in pairwise(ages))
    assert (sigkill[-1].job("job_not_running_seconds") or 0) > 15
