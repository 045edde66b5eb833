"""The product's own figures in Prometheus format, in a registry of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client import Gauge as LiveGauge
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitoring.contract import IngestReport, MonitorStatus
from monitoring.operations import Gauges, SourceHealth

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
PREFIX = "platform_monitoring_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked up when the page is asked for; `gauges` is `None` while the database does not answer."""

    status: MonitorStatus | None
    gauges: Gauges | None
    sources: tuple[SourceHealth, ...] = ()


class Meters:
    """Counts requests and samples as they come; `page` writes everything."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            PREFIX + "http_request_seconds",
            "How long requests took, by route and status.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._in_flight = LiveGauge(
            PREFIX + "http_requests_in_flight", "Requests that are being answered.", registry=self._registry
        )
        self._samples = Counter(
            PREFIX + "ingested_samples",
            "Samples that were sent to this process, by what came of them.",
            ("result",),
            registry=self._registry,
        )
        for result in ("stored", "duplicate", "rejected"):
            self._samples.labels(result)

    def began(self) -> None:
        self._in_flight.inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self._in_flight.dec()
        self._requests.labels(method, route, str(status)).observe(seconds)

    def took(self, report: IngestReport) -> None:
        self._samples.labels("stored").inc(report.stored)
        self._samples.labels("duplicate").inc(report.duplicates)
        self._samples.labels("rejected").inc(report.rejected - report.duplicates)

    def page(self, look: Look) -> bytes:
        looked = CollectorRegistry()
        looked.register(_Looked(look))
        return generate_latest(self._registry) + generate_latest(looked)


class _Looked(Collector):
    def __init__(self, look: Look) -> None:
        self._look = look

    def collect(self) -> Iterator[Metric]:
        look = self._look
        yield GaugeMetricFamily(
            PREFIX + "database_up", "1 while the database answers.", value=float(look.gauges is not None)
        )
        if look.status is not None:
            yield from _of_monitor(look.status)
        if look.gauges is not None:
            yield from _of_store(look.gauges)
        up = GaugeMetricFamily(PREFIX + "source_up", "1 where the last read of a source went well.", labels=["source"])
        for source in look.sources:
            up.add_metric([source.name], float(source.ok))
        yield up


def _of_monitor(status: MonitorStatus) -> Iterator[Metric]:
    yield CounterMetricFamily(PREFIX + "ticks", "Rounds that this process judged samples in.", value=status.ticks)
    yield CounterMetricFamily(PREFIX + "judged_samples", "Samples that this process judged.", value=status.samples)
    yield GaugeMetricFamily(PREFIX + "leading", "1 in the process whose monitor works.", value=float(status.leading))
    yield GaugeMetricFamily(
        PREFIX + "tick_errors_in_row", "Rounds that failed one after the other.", value=status.errors_in_row
    )
    if status.last_tick_at is not None:
        yield GaugeMetricFamily(
            PREFIX + "last_tick_timestamp_seconds",
            "When the last round of any process began.",
            value=status.last_tick_at.timestamp(),
        )
    if status.last_tick_ms is not None:
        yield GaugeMetricFamily(
            PREFIX + "last_tick_seconds", "How long that round took.", value=status.last_tick_ms / 1000
        )
    if status.lag_seconds is not None:
        yield GaugeMetricFamily(
            PREFIX + "judgement_lag_seconds", "How far judgement is behind the clock.", value=status.lag_seconds
        )


def _of_store(gauges: Gauges) -> Iterator[Metric]:
    found = GaugeMetricFamily(
        PREFIX + "open_anomalies",
        "Anomalies that fire, silenced ones aside.",
        labels=["component", "severity"],
    )
    for names, count in sorted(gauges.open_anomalies.items()):
        found.add_metric(list(names), count)
    yield found
    yield GaugeMetricFamily(PREFIX + "open_incidents", "Incidents that are not over.", value=gauges.open_incidents)
    newest = GaugeMetricFamily(
        PREFIX + "last_sample_timestamp_seconds", "When the newest sample was taken.", labels=["component"]
    )
    for component, at in sorted(gauges.last_samples.items()):
        newest.add_metric([component], at.timestamp())
    yield newest
    series = GaugeMetricFamily(PREFIX + "series", "Series that sent a sample within a day.", labels=["component"])
    for component, count in sorted(gauges.series.items()):
        series.add_metric([component], count)
    yield series
    yield from _of_channels(gauges)


def _of_channels(gauges: Gauges) -> Iterator[Metric]:
    for name, help_, figures in (
        ("notifications_waiting", "What a channel is still to be told.", gauges.waiting),
        ("notification_failures_in_row", "How often a channel took no message, one after the other.", gauges.failing),
    ):
        family = GaugeMetricFamily(PREFIX + name, help_, labels=["channel"])
        for channel, figure in sorted(figures.items()):
            family.add_metric([channel], figure)
        yield family
