"""From the entries of `sources.toml` and `SCRAPE_URLS` to sources and how they are read."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.collectors.clickhouse_http import ClickHouseSource
from monitoring.collectors.collector import Plan, Source
from monitoring.collectors.flink_rest import FlinkRestSource
from monitoring.collectors.kafka_protocol import KafkaSource
from monitoring.collectors.prometheus_server import PrometheusServerSource
from monitoring.collectors.prometheus_text import PrometheusTextSource
from monitoring.collectors.sources_file import SourceEntry
from monitoring.metrics import Catalogue


def plans_of(entries: Sequence[SourceEntry], catalogue: Catalogue) -> list[Plan]:
    """How the entries are read.

    Where two of them know the same series, the one that stands first is believed. Exporters of one cluster
    count as one: together they are the whole. Instances carry the name of their cluster where there are several.
    """
    several = len({entry.cluster for entry in entries}) > 1
    ranks: dict[str, int] = {}
    plans = []
    for place, entry in enumerate(entries):
        rank = ranks.setdefault(entry.cluster, place) if entry.kind == "exporter" else place
        prefix = f"{entry.cluster}/" if several and entry.cluster else ""
        plans.append(
            Plan(
                source_of(entry, catalogue),
                kind=entry.kind,
                rank=rank,
                cluster=entry.cluster,
                prefix=prefix,
                interval=entry.interval,
                backfill=entry.backfill,
            )
        )
    return plans


def source_of(entry: SourceEntry, catalogue: Catalogue) -> Source:
    """The source an entry describes. Raises `ConfigurationError` where it cannot be one."""
    timeout, access = entry.timeout, entry.access
    match entry.kind:
        case "prometheus":
            return PrometheusServerSource(
                entry.address, catalogue, match=entry.match, interval=entry.interval, timeout=timeout, access=access
            )
        case "flink":
            return FlinkRestSource(entry.address, catalogue, timeout=timeout, access=access)
        case "clickhouse":
            return ClickHouseSource(
                entry.address,
                catalogue,
                instance=entry.instance,
                timeout=timeout,
                access=access,
                system_tables=entry.system_tables,
            )
        case "kafka":
            return KafkaSource(
                entry.address,
                catalogue,
                groups=entry.groups,
                mechanism=entry.mechanism,
                tls=entry.tls,
                timeout=timeout,
                access=access,
            )
        case _:
            return PrometheusTextSource(
                entry.address, catalogue, instance=entry.instance, timeout=timeout, access=access
            )
