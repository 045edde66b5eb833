"""Kafka by its own protocol: brokers, controller, partitions, and how far consumer groups are behind.

It needs `confluent-kafka`, which is not installed with the product. What it learns is written down as the
series of kafka_exporter, and those of a controller.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import SplitResult

from monitoring.collectors.access import PUBLIC, Access
from monitoring.collectors.exposition import Page, PageSeries, page_of
from monitoring.collectors.fetch import Bounds
from monitoring.collectors.mapping import KAFKA
from monitoring.collectors.paged import PagedSource
from monitoring.errors import CollectorError, ConfigurationError
from monitoring.metrics import Catalogue

ROOT = Path(__file__).parents[2]
STARTING_SECONDS = 60.0


class KafkaSource(PagedSource):
    """One Kafka cluster, by some of its brokers as `host:port,host:port`.

    `groups` are the consumer groups to look at, by default all. Raises `ConfigurationError` without
    `confluent-kafka`.
    """

    def __init__(
        self,
        brokers: str,
        catalogue: Catalogue,
        *,
        groups: Sequence[str] = (),
        mechanism: str = "",
        tls: bool = False,
        timeout: float = 10.0,
        access: Access = PUBLIC,
    ) -> None:
        if not _installed():
            raise ConfigurationError("A source of kind kafka needs confluent-kafka: pip install confluent-kafka.")
        super().__init__(SplitResult("kafka", brokers, "", "", ""), catalogue, KAFKA, timeout=timeout, access=access)
        self._groups = list(groups)
        self._options = options_of(brokers, mechanism, tls, access)
        self._client: _Client | None = None

    def look(self, now: datetime, bounds: Bounds) -> Page:
        del now
        answer = self._asked(bounds)
        if answer["unanswered"]:
            # When answers come after all librdkafka may abort (its issue 4605): better to begin anew.
            self._end()
        if "problem" in answer:
            raise CollectorError(answer["problem"])
        self.notes = tuple(answer["notes"])
        return page_of([PageSeries(*one) for one in answer["series"]])

    def _asked(self, bounds: Bounds) -> Mapping[str, Any]:
        """The answer of the process that speaks to Kafka; one that was used before may have broken down since."""
        if self._client is not None:
            with suppress(_Ended):
                return self._ask(self._client, bounds)
        self._client = client = _Client()
        try:
            # The time it takes to start is not the cluster's.
            with self._watched(client, bounds, STARTING_SECONDS):
                client.start(self._options)
            return self._ask(client, bounds)
        except _Ended:
            raise CollectorError("the Kafka client broke down; it is begun anew with the next reading") from None

    def _ask(self, client: _Client, bounds: Bounds) -> Mapping[str, Any]:
        bounds.begin()
        with self._watched(client, bounds, bounds.left):
            return client.ask(self._groups, bounds)

    @contextmanager
    def _watched(self, client: _Client, bounds: Bounds, seconds: float) -> Iterator[None]:
        """Kills the process when the time is over, and says why it is no more."""

        def too_late() -> None:
            bounds.over.set()
            client.kill()

        timer = Timer(seconds, too_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        except _Ended:
            self._end()
            if bounds.stopped:
                raise CollectorError("reading it was stopped") from None
            if bounds.over.is_set():
                raise CollectorError(f"it did not answer in full within {seconds:.3g} s") from None
            raise
        finally:
            timer.cancel()

    def _end(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.end()

    def close(self) -> None:
        reading = self._fetch is not None
        super().close()
        if reading and (client := self._client) is not None:
            client.kill()
        else:
            self._end()

    def unknown(self, page: Page) -> str:
        del page
        return "it has told nothing of itself"


def _installed() -> bool:
    return find_spec("confluent_kafka") is not None


def options_of(brokers: str, mechanism: str, tls: bool, access: Access) -> dict[str, Any]:
    """What the client is told; librdkafka's own lines are left out of the log, as errors say the same."""
    login = bool(access.username)
    protocol = ("SASL_" if login else "") + ("SSL" if tls else "PLAINTEXT")
    options: dict[str, Any] = {"bootstrap.servers": brokers, "security.protocol": protocol, "log_level": 2}
    if login:
        options |= {"sasl.mechanism": mechanism or "PLAIN", "sasl.username": access.username}
        options["sasl.password"] = access.password or ""
    files = {"ssl.ca.location": access.ca_file, "ssl.certificate.location": access.cert_file}
    files["ssl.key.location"] = access.key_file
    return options | {name: str(file.absolute()) for name, file in files.items() if file is not None}


class _Ended(Exception):
    """The process is no more."""


class _Client:
    """The process that speaks to Kafka, see `kafka_child`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "monitoring.collectors.kafka_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )

    def start(self, options: Mapping[str, Any]) -> None:
        """Waits until it is ready. Raises `_Ended` where it does not become so."""
        self._say(options)
        self._heard()

    def ask(self, groups: Sequence[str], bounds: Bounds) -> Mapping[str, Any]:
        """One read. Raises `_Ended` where there was none."""
        # The process gives up first: it knows what it waits for.
        self._say({"groups": groups, "timeout": 0.8 * bounds.left})
        return self._heard()

    def _heard(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise _Ended
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    def _say(self, what: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise _Ended from None

    def kill(self) -> None:
        """From any thread."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process and give back its pipes."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()
