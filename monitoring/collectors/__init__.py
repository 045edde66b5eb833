"""Real platforms in: exporters read over HTTP, their series mapped to the metrics of the catalogue."""

from monitoring.collectors.collector import Collector, CollectReport, Plan, Source, SourceStatus
from monitoring.collectors.prometheus_text import PrometheusTextSource

__all__ = ["CollectReport", "Collector", "Plan", "PrometheusTextSource", "Source", "SourceStatus"]
