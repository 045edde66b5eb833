"""Looking at the sources themselves: what they give now, what is missing, and what a URL is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitoring.collectors.collector import Collector, CollectReport, Plan, SourceStatus
from monitoring.collectors.making import plans_of, source_of
from monitoring.collectors.mapping import RULES
from monitoring.collectors.mapping_sql import CLICKHOUSE_SQL
from monitoring.collectors.providers import BY_PROTOCOL, HINTS, PROTOCOL, PROVIDERS
from monitoring.collectors.sources_file import SourceEntry, entry_of
from monitoring.errors import CollectorError, ConfigurationError, StoreError
from monitoring.feeds import source_entries
from monitoring.metrics import Catalogue, Metric, Sample
from monitoring.operations import SourceHealth
from monitoring.settings import Settings, environment
from monitoring.store.recollection import last_stored
from monitoring.surveys import MetricOrigin, Probe, Survey

Clock = Callable[[], datetime]

PAUSE = 1.0
"""Seconds between two readings: a rate is known from the second one on."""


def survey(settings: Settings, catalogue: Catalogue, clock: Clock, pause: float = PAUSE) -> Survey:
    """Reads every configured source twice. Raises `ConfigurationError` where there is none."""
    entries = source_entries(settings)
    plans = plans_of(entries, catalogue)
    if not plans:
        raise ConfigurationError(
            "No source is configured; write sources.toml (see sources.example.toml) or SCRAPE_URLS."
        )
    report, now = _read_twice(plans, clock, pause, max(entry.timeout for entry in entries))
    origins = _origins(plans, report, catalogue, now)
    health = [_health(status) for status in report.sources]
    try:
        return Survey(now, health, _recollected(settings, origins))
    except StoreError as problem:
        return Survey(now, health, origins, [f"when missing metrics were last stored is not known: {problem}"])


def _recollected(settings: Settings, origins: Sequence[MetricOrigin]) -> list[MetricOrigin]:
    """The same, where something is missing with what the database remembers of it. Raises `StoreError`."""
    stored = last_stored(settings, [origin.metric for origin in origins if origin.value is None])
    if stored is None:
        return list(origins)
    return [
        origin
        if origin.value is not None
        else replace(origin, was_stored=origin.metric in stored, last_stored=stored.get(origin.metric))
        for origin in origins
    ]


def _read_twice(plans: Sequence[Plan], clock: Clock, pause: float, timeout: float) -> tuple[CollectReport, datetime]:
    with Collector(plans, patience=3 * timeout) as collector:
        collector.collect_all(clock())
        time.sleep(pause)
        now = clock()
        return collector.collect_all(now), now


def _health(status: SourceStatus) -> SourceHealth:
    return SourceHealth(
        status.name,
        status.ok,
        status.samples,
        status.last_success,
        status.error,
        status.kind,
        status.cluster,
        status.notes,
    )


def _origins(plans: Sequence[Plan], report: CollectReport, catalogue: Catalogue, now: datetime) -> list[MetricOrigin]:
    by_metric: dict[str, list[Sample]] = {}
    for sample in report.samples:
        by_metric.setdefault(sample.metric, []).append(sample)
    ranked = [status for _, status in sorted(zip(plans, report.sources, strict=True), key=lambda pair: pair[0].rank)]
    exporters = {exporter for status in ranked for exporter in status.exporters}
    origins = []
    for metric in catalogue:
        found = by_metric.get(metric.name, [])
        givers = tuple(dict.fromkeys(status.name for status in ranked if metric.name in status.metrics))
        origins.append(_origin(metric, found, givers, now) if found else _missing(metric, exporters))
    return origins


def _origin(metric: Metric, samples: Sequence[Sample], givers: Sequence[str], now: datetime) -> MetricOrigin:
    worst = (min if metric.direction == "lower_is_worse" else max)(samples, key=lambda sample: sample.value)
    age = max(0.0, (now - worst.time).total_seconds())
    return MetricOrigin(
        metric.component,
        metric.name,
        metric.unit,
        givers,
        len({sample.instance for sample in samples}),
        worst.instance,
        worst.value,
        worst.time,
        age,
    )


def _missing(metric: Metric, exporters: set[str]) -> MetricOrigin:
    possible = dict.fromkeys(rule.exporter for rule in (*CLICKHOUSE_SQL, *RULES) if rule.metric == metric.name)
    read = [exporter for exporter in possible if exporter in exporters]
    if read:
        reason = HINTS.get(metric.name, "the series that make it are not there")
        reason = f"{', '.join(read)} is read, but {reason}"
    else:
        reason = "no source has it"
    ways = dict.fromkeys(PROVIDERS[exporter] for exporter in possible if exporter not in exporters)
    if metric.name in BY_PROTOCOL and not read:
        ways = {PROTOCOL: None, **ways}
    return MetricOrigin(metric.component, metric.name, metric.unit, reason=reason, switch_on="; or ".join(ways))


def probe(table: Mapping[str, Any], catalogue: Catalogue, clock: Clock, pause: float = PAUSE) -> Probe:
    """What is at the address in a table of `sources.toml`, whose kind does not matter.

    Raises `ConfigurationError` for a table that cannot be used.
    """
    entry = entry_of(table, environment())
    refusals = []
    url = entry.address
    for kind in _order(url):
        source = source_of(SourceEntry(kind, url, timeout=entry.timeout, access=entry.access), catalogue)
        try:
            source.collect(clock())
        except CollectorError as problem:
            refusals.append((kind, str(problem)))
            continue
        finally:
            source.close()
        return _found(kind, entry, table, catalogue, clock, pause)
    return Probe(url, refusals=refusals)


def _order(url: str) -> tuple[str, ...]:
    """Kinds, the most likely first."""
    if urlsplit(url).path.rstrip("/").endswith("/metrics"):
        return ("exporter", "flink", "clickhouse", "prometheus")
    return ("flink", "clickhouse", "prometheus", "exporter")


def _found(
    kind: str, entry: SourceEntry, table: Mapping[str, Any], catalogue: Catalogue, clock: Clock, pause: float
) -> Probe:
    plans = plans_of([SourceEntry(kind, entry.address, timeout=entry.timeout, access=entry.access)], catalogue)
    report, now = _read_twice(plans, clock, pause, entry.timeout)
    [status] = report.sources
    given = [origin for origin in _origins(plans, report, catalogue, now) if origin.value is not None]
    kept = ("username", "password_env", "token_env", "ca_file", "cert_file", "key_file")
    access = "".join(f"{key} = {json.dumps(table[key], ensure_ascii=False)}\n" for key in kept if key in table)
    shown = plans[0].source.name if kind == "exporter" else entry.address
    return Probe(
        entry.address,
        kind,
        status.exporters,
        given,
        status.notes,
        entry=f'[[source]]\nkind = "{kind}"\nurl = "{shown}"\n{access}',
    )
