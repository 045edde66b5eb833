"""Flink by its REST interface: jobs, checkpoints, back-pressure, task managers and the last exceptions.

What it says is written down as the series that Flink's Prometheus reporter would show, so that the same
rules make the same metrics of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.api import Api, base_of, formed_as
from monitoring.collectors.exposition import Page, PageSeries, page_of
from monitoring.collectors.fetch import Bounds, Refused
from monitoring.collectors.mapping import FLINK
from monitoring.collectors.paged import MOST_BYTES, PagedSource
from monitoring.metrics import Catalogue

FORM = "Flink's REST interface"
MOST_JOBS = 100
MOST_VERTICES = 500
MOST_TASK_MANAGERS = 500
"""Each of them costs a request or two; what is beyond is left out and noted."""

_JOB = "flink_jobmanager_job_"
_TASK = "flink_taskmanager_job_task_"
_OVER = ("FINISHED", "CANCELED", "FAILED", "SUSPENDED")
_DOWN = {"RESTARTING": "restartingTime", "FAILING": "failingTime", "CANCELLING": "cancellingTime"}
_RATIOS = ("backPressuredTimeMsPerSecond", "busyTimeMsPerSecond")
_OF_OPERATORS = re.compile(
    r"(?P<operator>Source.*)\.(?P<metric>numRecordsOut|pendingRecords|currentEmitEventTimeLag|currentOutputWatermark"
    r"|KafkaSourceReader\.KafkaConsumer\.records-lag-max)"
)
_OF_MANAGERS = (
    "Status.JVM.Memory.Heap.Used",
    "Status.JVM.Memory.Heap.Max",
    "Status.JVM.GarbageCollector.All.TimeMsPerSecond",
)
_IDS_A_REQUEST = 100
_STACK = 160


class FlinkRestSource(PagedSource):
    """One Flink cluster, by the address of its job manager. Raises `ConfigurationError` for what is no URL."""

    def __init__(
        self,
        url: str,
        catalogue: Catalogue,
        *,
        timeout: float = 10.0,
        max_bytes: int = MOST_BYTES,
        access: Access = PUBLIC,
    ) -> None:
        super().__init__(base_of(url), catalogue, FLINK, timeout=timeout, max_bytes=max_bytes, access=access)
        self._operators: dict[tuple[str, str], tuple[str, ...]] = {}

    def look(self, now: datetime, bounds: Bounds) -> Page:
        del now
        with formed_as(FORM):
            look = _Look(Api(self._url, bounds, self._access), self._operators)
            series = list(look.series())
        self._operators = look.seen
        self.notes = tuple(look.notes)
        return page_of(series)

    def unknown(self, page: Page) -> str:
        del page
        return f"its answers have not the form of {FORM}"


class _Look:
    """One read; `known` are the operator metrics of vertices seen before."""

    def __init__(self, api: Api, known: Mapping[tuple[str, str], tuple[str, ...]]) -> None:
        self._api = api
        self._known = known
        self._vertices = 0
        self.seen: dict[tuple[str, str], tuple[str, ...]] = {}
        self.notes: list[str] = []

    def series(self) -> Iterator[PageSeries]:
        overview = self._api.get("/overview")
        yield PageSeries("flink_jobmanager_numRegisteredTaskManagers", {}, float(overview["taskmanagers"]))
        jobs = self._api.get("/jobs/overview")["jobs"]
        active = [job for job in jobs if job["state"] not in _OVER]
        for job in self._at_most(active, MOST_JOBS, "jobs"):
            try:
                yield from self._job(str(job["jid"]), str(job["name"]))
            except Refused as refusal:
                if refusal.status != 404:
                    raise
                # It ended between two requests.
        yield from self._failed(jobs, {job["name"] for job in active})
        yield from self._task_managers()

    def _at_most(self, items: Sequence[Any], most: int, what: str) -> Sequence[Any]:
        if len(items) > most:
            self.notes.append(f"only the first {most} of {len(items)} {what} are read")
        return items[:most]

    def _failed(self, jobs: Iterable[Mapping[str, Any]], active: set[str]) -> Iterator[PageSeries]:
        """Jobs that were given up: they stay in Flink's list until they are forgotten or submitted again."""
        for name in {job["name"] for job in jobs} - active:
            last = max((job for job in jobs if job["name"] == name), key=lambda job: job["end-time"])
            if last["state"] == "FAILED":
                detail = self._api.get(f"/jobs/{last['jid']}")
                down = float(detail["now"]) - float(detail["end-time"])
                labels = {"job_name": str(name), "job_id": str(last["jid"])}
                yield PageSeries(_JOB + "failingTime", labels, max(0.0, down))
                self._explain(str(last["jid"]), str(name), "has failed")

    def _job(self, job: str, name: str) -> Iterator[PageSeries]:
        labels = {"job_name": name, "job_id": job}
        detail = self._api.get(f"/jobs/{job}")
        since = float(detail["now"]) - float(detail["timestamps"].get(detail["state"], detail["now"]))
        for state, metric in _DOWN.items():
            yield PageSeries(_JOB + metric, labels, max(0.0, since) if state == detail["state"] else 0.0)
        restarts = 0.0
        for metric, value in _values(self._api.get(f"/jobs/{job}/metrics", get="numRestarts,fullRestarts")):
            restarts = max(restarts, value)
            yield PageSeries(_JOB + metric, labels, value)
        yield from self._checkpoints(job, labels)
        for vertex in detail["vertices"]:
            yield from self._vertex(job, vertex, labels)
        if restarts or detail["state"] in _DOWN:
            self._explain(job, name, f"was restarted {restarts:g} times")

    def _explain(self, job: str, name: str, what: str) -> None:
        found = self._api.get(f"/jobs/{job}/exceptions", maxExceptions=1)
        entries = (found.get("exceptionHistory") or {}).get("entries") or []
        reason = str(entries[0].get("stacktrace") or "") if entries else str(found.get("root-exception") or "")
        first = reason.partition("\n")[0].strip()[:_STACK]
        self.notes.append(f"job {name} {what}" + (f", last for: {first}" if first else ""))

    def _checkpoints(self, job: str, labels: Mapping[str, str]) -> Iterator[PageSeries]:
        try:
            found = self._api.get(f"/jobs/{job}/checkpoints")
        except Refused as refusal:
            if refusal.status != 404:
                raise
            self.notes.append(f"job {labels['job_name']} makes no checkpoints")
            return
        yield PageSeries(_JOB + "numberOfFailedCheckpoints", labels, float(found["counts"]["failed"]))
        completed = (found.get("latest") or {}).get("completed")
        if completed:
            yield PageSeries(
                _JOB + "lastCheckpointCompletedTimestamp", labels, float(completed["latest_ack_timestamp"])
            )
            yield PageSeries(_JOB + "lastCheckpointDuration", labels, float(completed["end_to_end_duration"]))
            yield PageSeries(_JOB + "lastCheckpointFullSize", labels, float(completed["state_size"]))

    def _vertex(self, job: str, vertex: Mapping[str, Any], of_job: Mapping[str, str]) -> Iterator[PageSeries]:
        self._vertices += 1
        if self._vertices > MOST_VERTICES:
            if self._vertices == MOST_VERTICES + 1:
                self.notes.append(f"only the first {MOST_VERTICES} tasks are read")
            return
        number, labels = str(vertex["id"]), {**of_job, "task_name": str(vertex["name"])}
        path = f"/jobs/{job}/vertices/{number}"
        for found in self._api.get(f"{path}/subtasks/metrics", get=",".join(_RATIOS), agg="max"):
            yield PageSeries(_TASK + str(found["id"]), labels, float(found["max"]))
        if str(vertex["name"]).startswith("Source"):
            yield from self._source(path, (job, number), int(vertex["parallelism"]), labels)

    def _source(
        self, path: str, key: tuple[str, str], parallelism: int, labels: Mapping[str, str]
    ) -> Iterator[PageSeries]:
        """What its source operators hand on, one by one, as each counter starts again with its own subtask."""
        names = self._known.get(key)
        if not names:
            listed = self._api.get(f"{path}/subtasks/metrics")
            names = tuple(str(one["id"]) for one in listed if _OF_OPERATORS.fullmatch(str(one["id"])))
        self.seen[key] = names
        ids = [f"{subtask}.{name}" for subtask in range(parallelism) for name in names]
        for start in range(0, len(ids), _IDS_A_REQUEST):
            wanted = ",".join(ids[start : start + _IDS_A_REQUEST])
            for name, value in _values(self._api.get(f"{path}/metrics", get=wanted)):
                subtask, _, rest = name.partition(".")
                found = _OF_OPERATORS.fullmatch(rest)
                if found:
                    metric = re.sub(r"\W", "_", found["metric"])
                    own = {**labels, "operator_name": found["operator"], "subtask_index": subtask}
                    yield PageSeries(f"{_TASK}operator_{metric}", own, value)

    def _task_managers(self) -> Iterator[PageSeries]:
        managers = self._api.get("/taskmanagers")["taskmanagers"]
        for manager in self._at_most(managers, MOST_TASK_MANAGERS, "task managers"):
            name = str(manager["id"])
            try:
                found = self._api.get(f"/taskmanagers/{name}/metrics", get=",".join(_OF_MANAGERS))
            except Refused as refusal:
                if refusal.status != 404:
                    raise
                continue
            for metric, value in _values(found):
                labels = {"tm_id": name, "instance": name}
                yield PageSeries("flink_taskmanager_" + metric.replace(".", "_"), labels, value)


def _values(found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Names and values; Flink gives values as text, `NaN` among them."""
    for one in found:
        yield str(one["id"]), float(one["value"])
