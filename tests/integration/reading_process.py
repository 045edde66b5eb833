"""A process of its own that reads some exporters once and tells, as JSON, how that went and what memory it took.

Run as `python -m tests.integration.reading_process URL…`.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, datetime
from typing import Any

from monitoring.collectors.collector import Collector, Plan
from monitoring.collectors.prometheus_text import PrometheusTextSource
from platform_metrics_definition import CATALOGUE


def megabytes() -> int:
    """The most memory this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def read(urls: list[str]) -> dict[str, Any]:
    before = megabytes()
    plans = [Plan(PrometheusTextSource(url, CATALOGUE, timeout=300), rank=rank) for rank, url in enumerate(urls)]
    with Collector(plans, patience=300) as collector:
        report = collector.collect_all(datetime(2026, 11, 25, 12, tzinfo=UTC))
    return {
        "megabytes": megabytes() - before,
        "sources": [[source.ok, source.samples, source.error, source.notes] for source in report.sources],
        "values": {f"{s.metric} {s.instance}": s.value for s in report.samples if not s.instance.startswith("g-")},
    }


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1:])))
