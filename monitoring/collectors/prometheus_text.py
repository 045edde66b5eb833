"""A source that speaks the Prometheus text format: any exporter of Kafka, Flink or ClickHouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitoring.collectors.counters import Counters
from monitoring.collectors.exposition import decode, parse, wanted_names
from monitoring.collectors.fetch import Bounds, checked_url, endpoint_of, fetch
from monitoring.collectors.mapping import RULES
from monitoring.collectors.readings import Context, exporters_of, read, selectors_of
from monitoring.collectors.rules import Rule
from monitoring.errors import CollectorError
from monitoring.metrics import Catalogue, Sample


class PrometheusTextSource:
    """One endpoint, read over HTTP; what it is shows from the names of its series.

    `instance` is what its broker, node or task manager is called where labels do not tell, by default
    `host:port` of the URL. A whole read is over within `timeout` seconds and `max_bytes` of text. Rates need
    two reads, so they are absent from the first. The clock is the one given to `collect`.

    Raises `ConfigurationError` for a URL that cannot be scraped.
    """

    def __init__(
        self,
        url: str,
        catalogue: Catalogue,
        *,
        instance: str | None = None,
        timeout: float = 10.0,
        max_bytes: int = 32 * 1024 * 1024,
        rules: Sequence[Rule] = RULES,
    ) -> None:
        self._url = checked_url(url)
        self._catalogue = catalogue
        self.name = f"{self._url.scheme}://{endpoint_of(self._url)}{self._url.path}"
        self.instance = instance or endpoint_of(self._url)
        self.exporters: tuple[str, ...] = ()
        self.standins: frozenset[str] = frozenset()
        self._timeout, self._max_bytes = timeout, max_bytes
        self._rules = [rule for rule in rules if rule.metric in catalogue]
        self._wanted = wanted_names(selectors_of(self._rules))
        self._longest_window = timedelta(seconds=max((rule.window for rule in self._rules), default=0.0))
        self._counters = Counters()
        self._fetch: Bounds | None = None
        self._closed = False

    def collect(self, now: datetime) -> list[Sample]:
        """The samples of this moment. Raises `CollectorError` when the endpoint gives nothing usable."""
        if self._closed:
            raise CollectorError(f"{self.name} is no longer read: the source was closed.")
        try:
            return self._collect(now)
        except CollectorError as error:
            raise CollectorError(f"Reading {self.name} failed: {error}.") from error

    def _collect(self, now: datetime) -> list[Sample]:
        self._fetch = bounds = Bounds(self._timeout, self._max_bytes)
        try:
            text = decode(fetch(self._url, bounds))
        finally:
            self._fetch = None
        page = parse(text, self._wanted)
        self.exporters = exporters_of(page.names)
        if not self.exporters:
            raise CollectorError(f"none of its {len(page.names)} metrics is one of Kafka, Flink or ClickHouse")
        readings = read(Context(page, self.instance, now, self._counters), self._rules)
        self._counters.forget(now, self._longest_window)
        self.standins = frozenset(reading.metric for reading in readings if reading.standin)
        return [
            Sample(now, self._catalogue[reading.metric].component, reading.instance, reading.metric, reading.value)
            for reading in readings
        ]

    def close(self) -> None:
        """Ends a read that is under way; later ones are refused. May be called from any thread, and twice."""
        self._closed = True
        if (fetching := self._fetch) is not None:
            fetching.stop()
