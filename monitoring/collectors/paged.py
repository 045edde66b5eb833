"""A source that sees one page of series at a time, whatever it is read from; the rules make metrics of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import SplitResult

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.counters import Counters
from monitoring.collectors.exposition import Page
from monitoring.collectors.fetch import Bounds, endpoint_of
from monitoring.collectors.readings import Context, exporters_of, read
from monitoring.collectors.rules import Rule
from monitoring.errors import CollectorError
from monitoring.metrics import Catalogue, Sample

MOST_BYTES = 32 * 1024 * 1024


class PagedSource(ABC):
    """Reads a page (`look`) and applies the rules to it.

    `instance` is what its broker, node or task manager is called where labels do not tell, by default
    `host:port` of the URL. A whole read is over within `timeout` seconds, and no answer is larger than
    `max_bytes`. Rates need two reads, so they are absent from the first. The clock is the one given to
    `collect`. `notes` are remarks on the last read that are no failure.
    """

    def __init__(
        self,
        url: SplitResult,
        catalogue: Catalogue,
        rules: Sequence[Rule],
        *,
        instance: str | None = None,
        timeout: float = 10.0,
        max_bytes: int = MOST_BYTES,
        access: Access = PUBLIC,
    ) -> None:
        self._url = url
        self._access = access
        self._catalogue = catalogue
        self.name = f"{url.scheme}://{endpoint_of(url)}{url.path}"
        self.instance = instance or endpoint_of(url)
        self.exporters: tuple[str, ...] = ()
        self.standins: frozenset[str] = frozenset()
        self.notes: tuple[str, ...] = ()
        self._timeout, self._max_bytes = timeout, max_bytes
        self._rules = [rule for rule in rules if rule.metric in catalogue]
        self._longest_window = timedelta(seconds=max((rule.window for rule in self._rules), default=0.0))
        self._counters = Counters()
        self._fetch: Bounds | None = None
        self._closed = False

    @abstractmethod
    def look(self, now: datetime, bounds: Bounds) -> Page:
        """The page of this moment; raises `CollectorError` without naming the source."""

    @abstractmethod
    def unknown(self, page: Page) -> str:
        """What is wrong with a page on which nothing is known."""

    def collect(self, now: datetime) -> list[Sample]:
        """The samples of this moment. Raises `CollectorError` when the source gives nothing usable."""
        if self._closed:
            raise CollectorError(f"{self.name} is no longer read: the source was closed.")
        try:
            return self._collect(now)
        except CollectorError as error:
            raise CollectorError(f"Reading {self.name} failed: {self._access.hide(str(error))}.") from error

    def _collect(self, now: datetime) -> list[Sample]:
        self._fetch = bounds = Bounds(self._timeout, self._max_bytes)
        try:
            page = self.look(now, bounds)
        finally:
            self._fetch = None
        self.exporters = exporters_of(page.names)
        if not self.exporters:
            raise CollectorError(self.unknown(page))
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
