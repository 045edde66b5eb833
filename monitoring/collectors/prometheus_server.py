"""A Prometheus-compatible server: it works out the metrics itself, now and for any time it remembers.

Prometheus, Thanos, Mimir, VictoriaMetrics: whatever has `/api/v1/query`, `query_range` and `label/…/values`.
Which exporters it knows shows from the names it has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.api import Api, base_of, formed_as
from monitoring.collectors.exposition import wanted_names
from monitoring.collectors.fetch import Bounds, Refused, endpoint_of
from monitoring.collectors.mapping import RULES
from monitoring.collectors.paged import MOST_BYTES
from monitoring.collectors.promql import Expression, expressions
from monitoring.collectors.readings import endpoint_by, exporters_of, filled, finished, selectors_of
from monitoring.collectors.rules import Rule
from monitoring.errors import CollectorError
from monitoring.metrics import Catalogue, Sample, Window

FORM = "Prometheus' query API"
NAMES_KEPT = timedelta(minutes=2)
"""How long it is believed which names there are."""
NAMES_SINCE = timedelta(minutes=15)
FAMILIES = "kafka_.+|flink_.+|ClickHouse.+|jvm_.+|java_lang_.+|node_filesystem_.+|kubelet_volume_stats_.+"
MOST_POINTS = 10_000
"""Prometheus refuses more than 11,000 points a series in one answer."""
BACKFILL_PATIENCE = 6.0
"""A look into the past may take so many times as long as one at the present."""
MOST_OLDER = 2_000_000


class PrometheusServerSource:
    """One server, by its address; `match` are matchers put on every series, such as `cluster="eu"`.

    Times are whole multiples of `interval`, so that what is read live and what is read of the past are the
    same samples. Raises `ConfigurationError` for what is no URL.
    """

    def __init__(
        self,
        url: str,
        catalogue: Catalogue,
        *,
        match: str = "",
        interval: timedelta = timedelta(seconds=30),
        timeout: float = 10.0,
        max_bytes: int = MOST_BYTES,
        access: Access = PUBLIC,
        rules: Sequence[Rule] = RULES,
    ) -> None:
        self._base = base_of(url)
        self._catalogue = catalogue
        self._match, self._interval = match, interval
        self._timeout, self._max_bytes, self._access = timeout, max_bytes, access
        self._rules = [rule for rule in rules if rule.metric in catalogue]
        self._wanted = wanted_names(selectors_of(self._rules))
        self.name = f"{self._base.scheme}://{endpoint_of(self._base)}{self._base.path}"
        self.exporters: tuple[str, ...] = ()
        self.standins: frozenset[str] = frozenset()
        self.notes: tuple[str, ...] = ()
        self._choices: dict[str, list[Expression]] = {}
        self._known: datetime | None = None
        self._used: list[Expression] = []
        self._bounds: Bounds | None = None
        self._closed = False

    def collect(self, now: datetime) -> list[Sample]:
        """The samples of this moment. Raises `CollectorError` when the server gives nothing usable."""
        with _Reading(self, self._timeout) as api, formed_as(FORM):
            moment = self._aligned(now)
            self._learn(api, now)
            found = _Found()
            for expressions in self._choices.values():
                for expression in expressions:
                    found.add(expression, self._instant(api, expression, moment))
            self.standins, self._used = found.standins, found.used
            return found.samples

    def backfill(self, window: Window) -> list[Sample]:
        """The samples of the past, for the metrics it has now. Raises `CollectorError`."""
        found = _Found()
        with _Reading(self, BACKFILL_PATIENCE * self._timeout) as api, formed_as(FORM):
            for expression in self._used:
                for start, end in self._stretches(window):
                    found.add(expression, self._range(api, expression, start, end))
                    if len(found.samples) > MOST_OLDER:
                        raise CollectorError(
                            f"there are more than {MOST_OLDER:,} samples of the past; shorten backfill"
                        )
        return found.samples

    def close(self) -> None:
        """Ends a read that is under way; later ones are refused. May be called from any thread, and twice."""
        self._closed = True
        if (bounds := self._bounds) is not None:
            bounds.stop()

    def _aligned(self, moment: datetime) -> datetime:
        step = self._interval.total_seconds()
        return datetime.fromtimestamp(moment.timestamp() // step * step, UTC)

    def _stretches(self, window: Window) -> Iterator[tuple[datetime, datetime]]:
        """The aligned times of a window, cut so that no answer has too many points."""
        start, step = self._aligned(window.start) + self._interval, self._interval
        while start < window.end:
            end = min(start + (MOST_POINTS - 1) * step, window.end)
            yield start, end
            start = self._aligned(end) + step

    def _learn(self, api: Api, now: datetime) -> None:
        """What the server has, and so which queries make which metrics."""
        if self._known is not None and abs(now - self._known) < NAMES_KEPT:
            return
        match = f'{{__name__=~"{FAMILIES}"' + (f", {self._match}" if self._match else "") + "}"
        since = (now - NAMES_SINCE).timestamp()
        found = _ask(api, "/api/v1/label/__name__/values", {"match[]": match, "start": since, "end": now.timestamp()})
        names = [str(name) for name in found]
        self.exporters = exporters_of(names)
        if not self.exporters:
            raise CollectorError("it has no series of Kafka, Flink or ClickHouse")
        wanted = sorted(name for name in names if self._wanted(name))
        choices: dict[str, list[Expression]] = {}
        for rule in self._rules:
            if rule.exporter in self.exporters:
                choices.setdefault(rule.metric, []).extend(expressions(rule, wanted, self._match))
        self._choices, self._known = choices, now

    def _instant(self, api: Api, expression: Expression, moment: datetime) -> Iterator[Sample]:
        found = _ask(api, "/api/v1/query", {"query": expression.text, "time": moment.timestamp()})
        for series in found["result"]:
            yield from self._samples(expression, series["metric"], [series["value"]])

    def _range(self, api: Api, expression: Expression, start: datetime, end: datetime) -> Iterator[Sample]:
        asked = {
            "query": expression.text,
            "start": start.timestamp(),
            "end": end.timestamp(),
            "step": self._interval.total_seconds(),
        }
        for series in _ask(api, "/api/v1/query_range", asked)["result"]:
            yield from self._samples(expression, series["metric"], series["values"])

    def _samples(self, expression: Expression, labels: Mapping[str, str], points: Sequence[Any]) -> Iterator[Sample]:
        rule = expression.rule
        endpoint = endpoint_by(labels)
        instance = filled(rule.instance, labels, {"endpoint": endpoint, "task_manager": endpoint})
        if instance is None:
            return
        component = self._catalogue[rule.metric].component
        for time, text in points:
            value = float(text)
            if math.isfinite(value):
                moment = datetime.fromtimestamp(float(time), UTC)
                yield Sample(moment, component, instance, rule.metric, finished(rule, value))


class _Found:
    """What several queries gave: of one series at one time the first, as the better query comes first.

    Brokers of one cluster may speak different dialects, so all queries of a metric count; one for a substitute
    only where no better one has found anything.
    """

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.used: list[Expression] = []
        self._seen: set[tuple[str, str, datetime]] = set()
        self._proper: set[str] = set()
        self._standins: set[str] = set()

    @property
    def standins(self) -> frozenset[str]:
        return frozenset(self._standins)

    def add(self, expression: Expression, samples: Iterable[Sample]) -> None:
        metric, standin = expression.rule.metric, expression.rule.standin
        if standin and metric in self._proper:
            return
        fresh = [sample for sample in samples if (metric, sample.instance, sample.time) not in self._seen]
        if fresh:
            self._seen.update((metric, sample.instance, sample.time) for sample in fresh)
            (self._standins if standin else self._proper).add(metric)
            self.samples += fresh
            self.used.append(expression)


class _Reading:
    """One read of a server: bounded, to be stopped, its errors named after it."""

    def __init__(self, source: PrometheusServerSource, timeout: float) -> None:
        self._source = source
        self._bounds = Bounds(timeout, source._max_bytes)

    def __enter__(self) -> Api:
        source = self._source
        if source._closed:
            raise CollectorError(f"{source.name} is no longer read: the source was closed.")
        source._bounds = self._bounds
        return Api(source._base, self._bounds, source._access)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._source._bounds = None
        if isinstance(error, CollectorError):
            said = self._source._access.hide(str(error))
            raise CollectorError(f"Reading {self._source.name} failed: {said}.") from error


def _ask(api: Api, path: str, parameters: Mapping[str, Any]) -> Any:
    """The `data` of an answer. Raises `CollectorError`."""
    try:
        found = api.get(path, **parameters)
    except Refused as refusal:
        said = f": {refusal.said}" if refusal.said else ""
        raise CollectorError(f"{refusal}{said}") from refusal
    with formed_as(FORM):
        if found["status"] != "success":
            raise CollectorError(f"it could not answer: {str(found.get('error'))[:200]}")
        return found["data"]
