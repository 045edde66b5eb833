"""A platform with one ClickHouse partition of too many parts, whose language model follows a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.blocks import Block
from monitoring.metrics import Sample
from monitoring.platform import MonitoringPlatform
from monitoring.settings import Settings
from platform_monitoring_agent import open_platform
from tests.integration.openai_server import Service, Step, openai_service

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
KEY = "sk-test-0123456789"
STATUS = ("check_real_time_anomalies", json.dumps({"last_minutes": 10, "component": ["clickhouse"]}))


def fill(platform: MonitoringPlatform, instance: str = "ch-1/orders") -> None:
    samples = [
        Sample(NOW - timedelta(seconds=30 * n), "clickhouse", instance, "max_parts_per_partition", 1840.0)
        for n in range(40, 0, -1)
    ]
    platform._store.samples.write(Block.of(samples))
    platform.catch_up()


@contextmanager
def platform_with(
    settings: Settings, script: Sequence[Step], instance: str = "ch-1/orders", **changes: Any
) -> Iterator[tuple[MonitoringPlatform, Service]]:
    with openai_service(script) as service:
        configured = replace(
            settings,
            openai_api_key=KEY,
            openai_base_url=service.url,
            openai_model="test-model",
            openai_timeout_seconds=2.0,
        )
        platform = open_platform(replace(configured, **changes), clock=lambda: NOW)
        try:
            fill(platform, instance)
            yield platform, service
        finally:
            platform.close()
