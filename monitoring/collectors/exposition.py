"""Prometheus text in, series out; only what is wanted is taken apart, so that 20,000 lines cost little.

Lines in the form that exporters write are taken apart by one expression, five times as fast as
`prometheus_client`, which reads what is written in another way. Comments are left out, as Flink and
jmx_exporter give counters any type they like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from monitoring.collectors.rules import Selector, selector
from monitoring.errors import CollectorError

MAX_LINES = 200_000
"""Ten times the largest page known, a Kafka broker with 1,400 partitions."""


LINES_BETWEEN_LOOKS = 1000
"""So many lines are read between two looks at the clock."""


class PageSeries(NamedTuple):
    """One line of a page; the value may be NaN or infinite."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Page:
    """The wanted series of one page, by lower-cased name, and the names of all that were on it."""

    names: frozenset[str]
    series: Mapping[str, Sequence[PageSeries]] = field(repr=False)

    def select(self, text: str) -> list[PageSeries]:
        """The series a selector names, with the labels its name gives."""
        wanted = selector(text)
        if wanted.name:
            return [s for s in self.series.get(wanted.name, ()) if wanted.accepts(s.labels)]
        return [
            PageSeries(s.name, {**s.labels, **found.groupdict()}, s.value)
            for many in self.series.values()
            if (found := wanted.pattern.fullmatch(many[0].name))
            for s in many
            if wanted.accepts(s.labels)
        ]

    def distinct(self, label: str) -> set[str]:
        """The values a label has on the wanted series."""
        return {s.labels[label] for many in self.series.values() for s in many if label in s.labels}


def wanted_names(selectors: Sequence[str]) -> Callable[[str], bool]:
    """A test whether a name is wanted by any of the selectors; asked often, so answers are kept."""
    taken: list[Selector] = [selector(text) for text in selectors]
    plain = {one.name for one in taken if one.name}
    patterns = [one.pattern for one in taken if not one.name]
    known: dict[str, bool] = {}

    def wanted(name: str) -> bool:
        if name not in known:
            known[name] = name.lower() in plain or any(p.fullmatch(name) for p in patterns)
        return known[name]

    return wanted


def decode(body: bytes) -> str:
    """The text of a body. Raises `CollectorError` for HTML, JSON and anything binary."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise CollectorError("it answers with something binary instead of Prometheus text") from None
    if "\0" in text:
        raise CollectorError("it answers with something binary instead of Prometheus text")
    start = text.lstrip()[:1]
    if start == "<":
        raise CollectorError("it answers with a web page instead of Prometheus text; is /metrics missing from the URL?")
    if start in ("{", "["):
        raise CollectorError("it answers with JSON instead of Prometheus text; is this the right port?")
    if not start:
        raise CollectorError("it answers with an empty page")
    return text


def parse(text: str, wanted: Callable[[str], bool], in_time: Callable[[], bool] = lambda: True) -> Page:
    """Reads a page. Raises `CollectorError` when it is too long, takes too long or a wanted line cannot be read."""
    names: set[str] = set()
    series: list[PageSeries] = []
    count = 0
    for line in text.split("\n"):
        name = _name(line)
        if not name:
            continue
        count += 1
        if count > MAX_LINES:
            raise CollectorError(f"it has more than {MAX_LINES:,} series; narrow down what the exporter shows")
        if count % LINES_BETWEEN_LOOKS == 0 and not in_time():
            raise CollectorError("its page takes too long to read; narrow down what the exporter shows")
        names.add(name)
        if wanted(name):
            series += _read(line.strip())
    return Page(frozenset(names), _by_name(series))


def page_of(series: Sequence[PageSeries]) -> Page:
    """A page of series that were made of something else than Prometheus text.

    Raises `CollectorError` when there are too many.
    """
    if len(series) > MAX_LINES:
        raise CollectorError(f"it has more than {MAX_LINES:,} series; narrow down what is read")
    return Page(frozenset(one.name for one in series), _by_name(series))


def _name(line: str) -> str:
    """The name a line begins with; empty for comments and blank lines."""
    line = line.strip()
    if not line or line[0] == "#":
        return ""
    return line.partition("{")[0].split(None, 1)[0] if line[0] != "{" else ""


_LABEL = re.compile(r'([a-zA-Z][a-zA-Z0-9_]*+|_(?!_)[a-zA-Z0-9_]*+)="((?:[^"\\]|\\.)*+)"')
_LINE = re.compile(
    rf"([a-zA-Z_:][a-zA-Z0-9_:]*+)(?:\{{((?:{_LABEL.pattern}(?:,[ ]?|(?=\}})))*+)\}})?[ ]++([-+0-9.a-zA-Z]++)"
    r"(?:[ ]++-?[0-9]++)?",
    re.ASCII,
)
_ESCAPED = re.compile(r'\\[\\n"]')
_MEANT = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}


def _read(line: str) -> list[PageSeries]:
    """The series of a line."""
    found = _LINE.fullmatch(line)
    if found is not None:
        pairs = _LABEL.findall(found[2]) if found[2] else ()
        labels = {name: _unescaped(value) for name, value in pairs}
        with suppress(ValueError):
            # A label that is there twice is for the careful reader to refuse.
            if len(labels) == len(pairs):
                return [PageSeries(found[1], labels, float(found[5]))]
    return _read_with_care(line)


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: _MEANT[found[0]], value) if "\\" in value else value


def _read_with_care(line: str) -> list[PageSeries]:
    try:
        return [
            PageSeries(sample.name, sample.labels, float(sample.value))
            for family in text_string_to_metric_families(line + "\n")
            for sample in family.samples
        ]
    except (ValueError, OverflowError):
        raise CollectorError(f"this line is not Prometheus text: {line[:120]!r}") from None


def _by_name(series: Sequence[PageSeries]) -> dict[str, list[PageSeries]]:
    by_name: dict[str, list[PageSeries]] = {}
    for one in series:
        by_name.setdefault(one.name.lower(), []).append(one)
    return by_name
