"""The ground truth of a simulated history: which fault did what, when, as the samples themselves show it.

Each fault is judged by comparing the history with the same one without that fault, chance events included.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from monitoring.blocks import Block, Bools, Floats, Ints, from_micros, to_micros
from monitoring.contract import iso
from monitoring.simulation.faults import Fault
from monitoring.simulation.topology import KEYS, PLACES, is_instance_of
from monitoring.simulation.world import Simulation

_AFTERMATH: Final = timedelta(hours=2)
"""For how long after a fault its late symptoms are still looked for."""


@dataclass(frozen=True)
class Mark:
    """When a sample is visibly wrong: beyond a level, which is absolute or a multiple of what the sample
    would be without the fault. `least` is what the sample (for `<` the usual value) must exceed as well."""

    op: Literal[">", "<", "!="]
    level: float
    relative: bool = False
    least: float = -math.inf

    def beyond(self, values: Floats, usual: Floats) -> Bools:
        level = self.level * usual if self.relative else self.level
        if self.op == "!=":
            found: Bools = values != level
        elif self.op == ">":
            found = (values > level) & (values > self.least)
        else:
            found = (values < level) & (usual > self.least)
        return found


_HIGH: Final = Mark(">", 0)

MARKS: Final[Mapping[str, tuple[Mark, ...]]] = MappingProxyType(
    {
        "under_replicated_partitions": (_HIGH,),
        "under_min_isr_partitions": (_HIGH,),
        "offline_partitions": (_HIGH,),
        "active_controller_count": (Mark("!=", 1),),
        "active_brokers": (Mark("<", 3),),
        "isr_shrink_rate": (_HIGH,),
        "unclean_leader_elections": (_HIGH,),
        "consumer_group_lag": (Mark(">", 1000),),
        "consumer_group_lag_seconds": (Mark(">", 120),),
        "messages_in_rate": (Mark("<", 0.5, relative=True, least=1), Mark(">", 2, relative=True, least=1)),
        "produce_latency_p99": (Mark(">", 3, relative=True),),
        "request_handler_idle_ratio": (Mark("<", 0.3),),
        "broker_heap_used_ratio": (Mark(">", 0.8),),
        "broker_gc_time_ratio": (Mark(">", 0.05),),
        "broker_disk_used_ratio": (Mark(">", 0.85),),
        "job_not_running_seconds": (_HIGH,),
        "job_restart_rate": (_HIGH,),
        "failed_checkpoint_rate": (_HIGH,),
        "checkpoint_age": (Mark(">", 300),),
        "checkpoint_duration": (Mark(">", 30000),),
        "checkpoint_state_size": (Mark(">", 1.5, relative=True),),
        "backpressured_time_ratio": (Mark(">", 0.1),),
        "task_busy_ratio": (Mark(">", 0.8),),
        "job_records_out_rate": (Mark("<", 0.5, relative=True), Mark(">", 2, relative=True)),
        "source_pending_records": (Mark(">", 20, relative=True, least=20000),),
        "event_time_lag": (Mark(">", 60000),),
        "taskmanager_heap_used_ratio": (Mark(">", 0.8),),
        "taskmanager_gc_time_ratio": (Mark(">", 0.1),),
        "registered_taskmanagers": (Mark("<", 3),),
        "query_duration_p95": (Mark(">", 2, relative=True, least=1),),
        "failed_query_ratio": (Mark(">", 0.01),),
        "running_queries": (Mark(">", 2, relative=True),),
        "replication_lag_seconds": (Mark(">", 60),),
        "replication_queue_size": (Mark(">", 99),),
        "readonly_replicas": (_HIGH,),
        "max_parts_per_partition": (Mark(">", 300),),
        "delayed_inserts_rate": (_HIGH,),
        "rejected_inserts_rate": (_HIGH,),
        "inserted_rows_rate": (Mark("<", 0.5, relative=True), Mark(">", 2, relative=True)),
        "rows_per_insert": (Mark("<", 1000),),
        "memory_used_ratio": (Mark(">", 0.8),),
        "disk_free_ratio": (Mark("<", 0.2),),
        "keeper_exceptions_rate": (_HIGH,),
    }
)
"""The reference's warning levels, without their holding times; for metrics judged by what is usual, what
the same history without the fault shows is usual."""


class Symptom(NamedTuple):
    """One series that a fault made visibly wrong. Instance and metric are `*` where all of them went away."""

    component: str
    instance: str
    metric: str
    onset: datetime


def dense(block: Block) -> tuple[Ints, Floats]:
    """A block as its times and a table of times by series, NaN where there is no sample."""
    times, rows = np.unique(block.times, return_inverse=True)
    table = np.full((len(times), len(block.keys)), np.nan)
    table[rows, block.series] = block.values
    return times, table


def symptoms_between(times: Ints, values: Floats, usual: Floats) -> list[Symptom]:
    """What is visibly wrong in `values` and not in `usual` (both times by series), in order of onset."""
    found: list[Symptom] = []
    for metric, marks in MARKS.items():
        place = PLACES[metric]
        now, then = values[:, place], usual[:, place]
        with np.errstate(invalid="ignore"):
            wrong = np.any([mark.beyond(now, then) & ~mark.beyond(then, then) for mark in marks], axis=0)
        for column in np.flatnonzero(wrong.any(axis=0)).tolist():
            onset = from_micros(times[int(np.argmax(wrong[:, column]))])
            found.append(Symptom(*_parts(place.start + column), onset))
    found += _absences(times, np.isnan(values) & ~np.isnan(usual))
    return sorted(found, key=lambda symptom: symptom.onset)


def _parts(place: int) -> tuple[str, str, str]:
    key = KEYS[place]
    return key.component, key.instance, key.metric


def _absences(times: Ints, missing: Bools) -> list[Symptom]:
    """Series, whole instances or whole components that stop; the widest that fits is named."""
    first = {place: int(np.argmax(missing[:, place])) for place in np.flatnonzero(missing.any(axis=0)).tolist()}
    # A ratio without inserts is no series that stopped.
    gone = {place: row for place, row in first.items() if KEYS[place].metric != "rows_per_insert"}
    found: list[Symptom] = []
    for component in sorted({KEYS[place].component for place in gone}):
        all_of_it = [place for place, key in enumerate(KEYS) if key.component == component]
        here = {place: row for place, row in gone.items() if KEYS[place].component == component}
        if len(here) >= len(all_of_it) - 3:
            found.append(Symptom(component, "*", "*", from_micros(times[min(here.values())])))
            continue
        for owner in sorted({KEYS[place].instance.split("/")[0] for place in here}):
            rows = {place: row for place, row in here.items() if is_instance_of(KEYS[place].instance, owner)}
            metric = KEYS[next(iter(rows))].metric if len(rows) == 1 else "*"
            instance = KEYS[next(iter(rows))].instance if len(rows) == 1 else owner
            found.append(Symptom(component, instance, metric, from_micros(times[min(rows.values())])))
    return found


def root_of(fault: Fault, symptoms: Sequence[Symptom]) -> tuple[str, str, str]:
    """Component, instance and metric in which a fault shows first."""
    hit = fault.hit or ""
    component, metric = str(fault.what.root[0]), fault.what.root[1]
    if fault.what.target == "series":
        return next((k.component, k.instance, k.metric) for k in KEYS if f"{k.metric}@{k.instance}" == hit)
    if fault.what.target == "component":
        return hit, "*", "*"
    if fault.kind in _OF_TARGET:
        component, metric = _OF_TARGET[fault.kind][hit.split("-")[0]]
    instances = [key.instance for key in KEYS if key.metric == metric]
    if hit in instances:
        return component, hit, metric
    seen = [s.instance for s in symptoms if s.metric == metric]
    of_hit = [instance for instance in seen if is_instance_of(instance, hit)]
    of_hit += [instance for instance in instances if is_instance_of(instance, hit)]
    return component, (of_hit or seen or instances)[0], metric


_OF_TARGET: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = MappingProxyType(
    {
        "disk_exhaustion": {
            "ch": ("clickhouse", "disk_free_ratio"),
            "broker": ("kafka", "broker_disk_used_ratio"),
        },
        "memory_leak": {
            "tm": ("flink", "taskmanager_heap_used_ratio"),
            "broker": ("kafka", "broker_heap_used_ratio"),
            "ch": ("clickhouse", "memory_used_ratio"),
        },
    }
)


def ground_truth(
    faults: Sequence[Fault], seed: int, start: datetime, steps: int, step_seconds: float = 30.0
) -> list[dict[str, Any]]:
    """What each fault did in the history `Simulation(faults, seed, start, step_seconds).run(steps)`.

    One JSON-ready entry per fault, in order of their starts: `kind`, `pattern` (`None` where it is no
    failure), `accepted` (other names that are right too), `root_component`, `root_instance`, `root_metric`,
    `root_instances` (where several are hit alike, any of them is right), `onset` and `end` (ISO 8601; an
    open fault has `None`), `symptoms` in the order in which they became visible, and `is_failure`.
    """
    history = Simulation(faults, seed, start, step_seconds)
    blocks: list[Block] = []
    twins: list[tuple[Fault, int, int, Block]] = []
    done = 0
    for fault in sorted(faults, key=lambda fault: fault.start):
        first = _samples_before(fault.start, start, step_seconds, steps)
        blocks.append(history.run(first - done))
        done = first
        last = steps
        if fault.end is not None:
            last = _samples_before(fault.end + _AFTERMATH, start, step_seconds, steps)
        twin = copy.deepcopy(history)
        twin.without(fault)
        twins.append((fault, first, last, twin.run(last - first)))
    blocks.append(history.run(steps - done))
    table = np.concatenate([_table(block) for block in blocks])
    times = to_micros(start) + np.arange(steps, dtype=np.int64) * round(step_seconds * 1e6)
    return [_entry(fault, symptoms_between(times[a:b], table[a:b], _table(twin))) for fault, a, b, twin in twins]


def _samples_before(moment: datetime, start: datetime, step_seconds: float, steps: int) -> int:
    return min(steps, max(0, math.ceil((moment - start).total_seconds() / step_seconds)))


def _table(block: Block) -> Floats:
    return dense(block)[1] if len(block) else np.empty((0, len(KEYS)))


def _entry(fault: Fault, symptoms: Sequence[Symptom]) -> dict[str, Any]:
    component, instance, metric = root_of(fault, symptoms)
    return {
        "kind": fault.kind,
        "pattern": fault.what.pattern,
        "accepted": list(fault.what.accepted),
        "root_component": component,
        "root_instance": instance,
        "root_metric": metric,
        "root_instances": sorted({instance, *(s.instance for s in symptoms if s.metric == metric)}),
        "onset": iso(fault.start),
        "end": iso(fault.end),
        "symptoms": [
            {"component": s.component, "instance": s.instance, "metric": s.metric, "onset": iso(s.onset)}
            for s in symptoms
        ],
        "is_failure": fault.what.is_failure,
    }
