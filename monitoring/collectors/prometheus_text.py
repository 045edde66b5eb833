"""A source that speaks the Prometheus text format: any exporter of Kafka, Flink or ClickHouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.exposition import Page, decode, parse, wanted_names
from monitoring.collectors.fetch import Bounds, checked_url, fetch
from monitoring.collectors.mapping import RULES
from monitoring.collectors.paged import MOST_BYTES, PagedSource
from monitoring.collectors.readings import selectors_of
from monitoring.collectors.rules import Rule
from monitoring.metrics import Catalogue


class PrometheusTextSource(PagedSource):
    """One endpoint, read over HTTP; what it is shows from the names of its series.

    Raises `ConfigurationError` for a URL that cannot be scraped.
    """

    def __init__(
        self,
        url: str,
        catalogue: Catalogue,
        *,
        instance: str | None = None,
        timeout: float = 10.0,
        max_bytes: int = MOST_BYTES,
        rules: Sequence[Rule] = RULES,
        access: Access = PUBLIC,
    ) -> None:
        super().__init__(
            checked_url(url),
            catalogue,
            rules,
            instance=instance,
            timeout=timeout,
            max_bytes=max_bytes,
            access=access,
        )
        self._wanted = wanted_names(selectors_of(self._rules))

    def look(self, now: datetime, bounds: Bounds) -> Page:
        del now
        body = fetch(self._url, bounds, self._access)
        return parse(decode(body), self._wanted, bounds.in_time)

    def unknown(self, page: Page) -> str:
        return f"none of its {len(page.names)} metrics is one of Kafka, Flink or ClickHouse"
