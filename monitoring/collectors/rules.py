"""The language of the mapping: what a rule says, and the selectors that name series of an exposition.

A selector looks like PromQL: `name{label="value", other!="", third=~"regex"}`. Its name is read as a
regular expression that has to match the whole name in any case, because jmx_exporter is used with and
without lower-casing; a named group such as `DiskTotal_(?P<disk>.+)` becomes a label of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from monitoring.errors import InvalidInput

Kind = Literal[
    "gauge",
    "rate",
    "increase",
    "age",
    "gauge/gauge",
    "increase/increase",
    "gauge/rate",
]
"""How a value is made of the series read:
gauge              the value itself
rate               growth of a counter per second, over `window`
increase           growth of a counter within `window`; nothing is scaled up while less than that is known
age                now minus a timestamp in milliseconds since 1970, in milliseconds
gauge/gauge        `series` divided by `over`, both as they are
increase/increase  growth of `series` divided by growth of `over`; absent while `over` does not grow
gauge/rate         `series` divided by the growth per second of `over`; 0 where `series` is 0
"""

Pool = Literal["sum", "max"]

EXPORTERS: Mapping[str, str] = {
    "Kafka JMX": r"kafka_(server|controller|network|log|cluster)_.+",
    "kafka_exporter": r"kafka_(brokers|consumergroup_.+|topic_partitions?|topic_partition_.+)",
    "Flink JobManager": r"flink_jobmanager_.+",
    "Flink TaskManager": r"flink_taskmanager_.+",
    "ClickHouse": r"ClickHouse(Metrics|ProfileEvents|AsyncMetrics)_.+",
    "ClickHouse SQL": r"clickhouse_sql_.+",
    "node_exporter": r"node_filesystem_.+",
    "kubelet": r"kubelet_volume_stats_.+",
}
"""What a page can be, and the names by which it is recognised."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one metric of the catalogue is made from one exporter's page.

    `series` and `over` are selectors in order of preference: the first with a usable series on the page is
    taken. `instance` is a template over the labels, and over `{endpoint}` (the host that answered) and
    `{task_manager}`. Series that share an instance are told apart by the labels in `by`, worked out one by
    one and then pooled. `across` says how several endpoints that report the same instance are joined.

    Where several rules give one metric on one page, the first whose series are there wins. A `standin` is
    used only as long as no endpoint has the proper source of the metric.
    """

    metric: str
    exporter: str
    kind: Kind
    series: tuple[str, ...]
    instance: str
    pool: Pool = "sum"
    across: Pool = "max"
    by: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    window: float = 60.0
    """Seconds a counter is looked back upon."""
    min_span: float = 0.0
    """Seconds of readings without which no rate is given."""
    times: float = 1.0
    divided_by: float = 1.0
    at_least: float = float("-inf")
    at_most: float = float("inf")
    """Readings of `series` outside stand for "no value", such as -1."""
    over_at_least: float = float("-inf")
    over_at_most: float = float("inf")
    """The same for `over`."""
    zero_below: float = 0.0
    """Results nearer to zero are zero: moving averages never get there."""
    cap: float = float("inf")
    complement: bool = False
    """Take 1 minus each value before they are pooled."""
    incarnation: str = ""
    """Label that changes when the counter starts again at 0, such as a task's attempt."""
    offsets: bool = False
    """The counter is a position in a log: when it falls nothing was counted."""
    standin: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector taken apart; `name` is the lower-cased name where it holds no pattern, else empty."""

    name: str
    pattern: re.Pattern[str]
    labels: tuple[tuple[str, Callable[[str], bool]], ...]

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels fit; a label that is missing counts as empty."""
        return all(fits(labels.get(label, "")) for label, fits in self.labels)


_LABEL = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"\s*(?:,|$)')


@cache
def selector(text: str) -> Selector:
    """Takes a selector apart. Raises `InvalidInput` for one that cannot be read."""
    name, brace, rest = text.partition("{")
    if not name or (brace and not rest.endswith("}")):
        raise InvalidInput(f"The selector {text!r} cannot be read.")
    return Selector(
        name.lower() if re.fullmatch(r"\w+", name) else "",
        re.compile(name, re.IGNORECASE),
        _conditions(text, rest[:-1]),
    )


def _conditions(text: str, rest: str) -> tuple[tuple[str, Callable[[str], bool]], ...]:
    conditions: list[tuple[str, Callable[[str], bool]]] = []
    position = 0
    while position < len(rest):
        found = _LABEL.match(rest, position)
        if found is None:
            raise InvalidInput(f"The labels of the selector {text!r} cannot be read.")
        label, operator, wanted = found.groups()
        conditions.append((label, _condition(operator, wanted)))
        position = found.end()
    return tuple(conditions)


def _condition(operator: str, wanted: str) -> Callable[[str], bool]:
    if operator in ("=", "!="):
        return lambda value: (value == wanted) is (operator == "=")
    pattern = re.compile(wanted)
    return lambda value: (pattern.fullmatch(value) is not None) is (operator == "=~")
