"""Recorded Flink failures, given back as the pages its Prometheus reporter would have shown.

A recording has one row per second. `jobmanager_page` and `taskmanager_page` render a row in the format of
Flink 2.3.0, trailing commas included, so that it can be served to a collector at the time of that row.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

FIXTURES = Path(__file__).parent.parent / "fixtures" / "exposition"
STALL_TO_RESTART_LOOP = "flink_2.3.0_stall_to_restart_loop_1s.csv"
TASKMANAGER_SIGKILL = "flink_2.3.0_taskmanager_sigkill_1s.csv"

JOB = "clickstream_agg"
SOURCE_TASK = "Source:_src_1_____Calc_2_"
AGGREGATE_TASK = "GroupAggregate_4_____Calc_5_____snk_6_:_Writer"
_JOB_ID = "f21bee278213bfd5c8ccff36c7e9cef9"
_SOURCE_ID = "cbc357ccb763df2852fee8c4fc7d55f2"
_AGGREGATE_ID = "90bea66de1c231edf33913ecd54406c1"
_TM_ID = "127_0_0_1:43881_1c05ae"


@dataclass(frozen=True)
class Row:
    """One second: `time` is its moment, `fields` the columns, `None` where the series was not there."""

    time: datetime
    seconds: float
    fields: Mapping[str, float | None]

    def __getitem__(self, column: str) -> float:
        value = self.fields[column]
        if value is None:
            raise KeyError(f"{column} is empty at {self.seconds} s")
        return value

    @property
    def taskmanager_up(self) -> bool:
        return self["tm_up"] == 1

    @property
    def tasks_run(self) -> bool:
        return self.fields["source_out_per_s"] is not None


def recording(name: str, start: datetime) -> list[Row]:
    """The rows of a recording as if it had begun at `start`."""
    with (FIXTURES / name).open(newline="") as file:
        return [_row(columns, start) for columns in csv.DictReader(file)]


def _row(columns: Mapping[str, str], start: datetime) -> Row:
    fields = {name: float(value) if value else None for name, value in columns.items()}
    seconds = float(columns["t"])
    return Row(start + timedelta(seconds=seconds), seconds, fields)


def jobmanager_page(row: Row) -> str:
    """What the job manager shows at the moment of the row."""
    process = {"host": "127_0_0_1"}
    job = {"job_id": _JOB_ID, "host": "127_0_0_1", "job_name": JOB}
    completed = (row.time.timestamp() - row["ckpt_age_s"]) * 1000
    of_job = {
        "numRestarts": row["numRestarts"],
        "numberOfFailedCheckpoints": row["failed_ckpt"],
        "numberOfCompletedCheckpoints": row["completed_ckpt"],
        "numberOfInProgressCheckpoints": row["inprogress_ckpt"],
        "lastCheckpointDuration": row["last_ckpt_ms"],
        "lastCheckpointCompletedTimestamp": completed,
        "lastCheckpointFullSize": 28810.0,
        "runningTime": row["runningTime"],
        "restartingTime": row["restartingTime"],
        "failingTime": 0.0,
        "cancellingTime": 0.0,
    }
    families = [_family("jobmanager", name, [(process, value)]) for name, value in _process(row).items()]
    families += [_family("jobmanager_job", name, [(job, value)]) for name, value in of_job.items()]
    return "".join(families)


def _process(row: Row) -> dict[str, float]:
    return {"numRegisteredTaskManagers": row["registered_tms"], "numRunningJobs": row["running_jobs"]}


def taskmanager_page(row: Row) -> str | None:
    """What the task manager shows at the moment of the row; `None` when it is not there to answer."""
    if not row.taskmanager_up:
        return None
    process = {"host": "127_0_0_1", "tm_id": _TM_ID}
    families = [
        _family("taskmanager_Status_JVM_Memory_Heap", "Used", [(process, row["tm_heap_used"])]),
        _family("taskmanager_Status_JVM_Memory_Heap", "Max", [(process, row["tm_heap_max"])]),
        _family("taskmanager_Status_JVM_Memory_Metaspace", "Max", [(process, -1.0)]),
        _family("taskmanager_Status_JVM_GarbageCollector_All", "TimeMsPerSecond", [(process, row["tm_gc_ms_per_s"])]),
    ]
    return "".join([*families, *(_task_families(row) if row.tasks_run else ())])


def _task_families(row: Row) -> Iterator[str]:
    """The recording has the busiest subtask only, so one subtask per task stands for all."""
    source, aggregate = _task(row, SOURCE_TASK, _SOURCE_ID), _task(row, AGGREGATE_TASK, _AGGREGATE_ID)
    records = round(row["source_out_per_s"] * 60)
    busy = row.fields["busy_max_ms"]
    values = {
        "busyTimeMsPerSecond": (math.nan, busy),
        "backPressuredTimeMsPerSecond": (row["source_backpressured_ms"], 0.0),
        "numRecordsOut": (records, 0.0),
    }
    for name, (of_source, of_aggregate) in values.items():
        series = [(source, float(of_source))]
        if busy is not None and of_aggregate is not None:
            series.append((aggregate, of_aggregate))
        yield _family("taskmanager_job_task", name, series)
    operator = _operator(source, "Source:_src_1_", _SOURCE_ID)
    yield _family("taskmanager_job_task_operator", "numRecordsOut", [(operator, records)])
    yield _family("taskmanager_job_task_operator", "currentOutputWatermark", [(operator, -(2.0**63))])


def _task(row: Row, name: str, task_id: str) -> dict[str, str]:
    attempt = f"{row['numRestarts']:.0f}"
    return {
        "job_id": _JOB_ID,
        "task_id": task_id,
        "task_attempt_id": f"38cb33603e143044ffbe4a77972627f8_{task_id}_0_{attempt}",
        "host": "127_0_0_1",
        "task_name": name,
        "task_attempt_num": attempt,
        "job_name": JOB,
        "tm_id": _TM_ID,
        "subtask_index": "0",
    }


def _operator(task: Mapping[str, str], name: str, operator_id: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    for label, value in task.items():
        labels[label] = value
        if label == "host":
            labels |= {"operator_id": operator_id, "operator_name": name}
    return labels


def _family(scope: str, name: str, series: list[tuple[dict[str, str], float]]) -> str:
    full = f"flink_{scope}_{name}"
    lines = [f"# HELP {full} {name} (scope: {scope})", f"# TYPE {full} gauge"]
    for labels, value in series:
        inside = "".join(f'{label}="{text}",' for label, text in labels.items())
        lines.append(f"{full}{{{inside}}} {_java_double(value)}")
    return "\n".join(lines) + "\n"


def _java_double(value: float) -> str:
    """A number as Java's Double.toString has it: exponents from 10 million on."""
    if math.isnan(value):
        return "NaN"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    mantissa, _, exponent = f"{Decimal(repr(float(value))).normalize():E}".partition("E")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"
