"""What is measured: metrics and their thresholds, samples, series and the catalogue that holds them.

Values in, values out: nothing here does I/O or reads a clock. Times are timezone-aware UTC.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple

from monitoring.errors import InvalidInput, UnknownName

Component = Literal["kafka", "flink", "clickhouse"]
COMPONENTS: tuple[Component, ...] = ("kafka", "flink", "clickhouse")
"""In the order in which data flows."""

Severity = Literal["warning", "critical"]
Direction = Literal["higher_is_worse", "lower_is_worse", "both"]
Operator = Literal[">", ">=", "<", "<=", "!="]
Scope = Literal[
    "cluster",
    "broker",
    "topic",
    "group/topic",
    "job",
    "job/task",
    "task manager",
    "node",
    "node/table",
    "node/disk",
]
Basis = Literal["absolute", "times usual", "usual plus"]
"""How a threshold's level is read: as it is, as a multiple of what is usual for the series, or as a
distance from it (negative: below). Usual is the median of the series' hourly means over the last day."""

ISOLATED = "isolated"
"""The pattern of an incident that did not spread in a known way."""

ANY = "*"
"""Stands for "all of them" where an event speaks of a whole instance or collector."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A level a value must not stay beyond.

    `level` and `clear` are in the metric's unit, or relative to what is usual (see `Basis`). The condition
    `value <op> level` must hold for `hold` before it fires, and is over once the value is no longer beyond
    `clear`. `also` is a further absolute condition, such as `(">", 1.0)`. `source` names where the number
    comes from; `derived` means that no public rule stands behind it.
    """

    op: Operator
    level: float
    hold: timedelta
    clear: float
    source: str
    basis: Basis = "absolute"
    also: tuple[Operator, float] | None = None
    derived: bool = False
    usual_at_least: float = 0.0
    """Below this usual level a threshold is not judged: a topic with a message a minute is not busy."""

    def __post_init__(self) -> None:
        wrong_side = {
            ">": self.clear > self.level,
            ">=": self.clear > self.level,
            "<": self.clear < self.level,
            "<=": self.clear < self.level,
            "!=": self.clear != self.level,
        }[self.op]
        if wrong_side:
            raise InvalidInput(f"A threshold '{self.op} {self.level:g}' cannot be cleared at {self.clear:g}.")
        if self.hold < timedelta(0):
            raise InvalidInput("A threshold cannot hold for less than no time.")

    def at(self, usual: float | None) -> float | None:
        """The value at which it stands for a series of that usual level; `None` where that would have to be known,
        or is too low to be judged by."""
        if self.basis == "absolute":
            return self.level
        if usual is None or usual < self.usual_at_least:
            return None
        return usual * self.level if self.basis == "times usual" else usual + self.level


@dataclass(frozen=True, slots=True)
class Metric:
    """One of the catalogue's metrics, as an SRE reads it.

    `normal` is the usual range in the metric's unit, `None` on a side that has no bound. `short` is what it
    is called in a sentence ("consumer lag"), `aliases` what people also call it.
    """

    name: str
    component: Component
    short: str
    description: str
    scope: Scope
    unit: str
    direction: Direction
    normal: tuple[float | None, float | None]
    warning: Threshold | None
    critical: Threshold | None
    likely_causes: tuple[str, ...]
    first_checks: tuple[str, ...]
    pitfalls: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    """Kinds of trouble this metric tells of, e.g. "replication", "memory", "consumer lag"."""
    notable: float | None = None
    """The least change from what is usual that is worth telling, in the metric's unit; `None` where only
    thresholds judge it, such as counters that are normally zero."""
    limit: float | None = None
    """The value at which a resource is used up (1 for a used ratio, 0 for a free one); `None`: no forecast."""
    role: Role = "symptom"
    follows_load: bool = False
    """Whether it rises with a burst of traffic though nothing is broken."""
    weighed_by: str | None = None
    """A metric of the same instance that says whether a high value matters: while that one is known and within its
    warning level, a high value here only shows how large the platform is."""
    trails: bool = False
    """Whether it is a moving average that falls for minutes after an event in which nothing happens any more."""
    floor: bool = False
    """Whether the way to the limit is judged by the floor of the values: garbage collection makes a saw-tooth."""

    @property
    def thresholds(self) -> tuple[tuple[Severity, Threshold], ...]:
        """The thresholds there are, the milder first."""
        pairs: tuple[tuple[Severity, Threshold | None], ...] = (
            ("warning", self.warning),
            ("critical", self.critical),
        )
        return tuple((severity, t) for severity, t in pairs if t is not None)


class SeriesKey(NamedTuple):
    """What names one series: a metric of one instance of one component."""

    component: str
    instance: str
    metric: str


LONGEST_NAME = 300


def is_instance(text: str) -> bool:
    """Whether an instance can be called so: printable, neither empty nor too long."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


class Sample(NamedTuple):
    """One measured value; `time` is timezone-aware UTC, `value` finite and in the metric's unit."""

    time: datetime
    component: str
    instance: str
    metric: str
    value: float

    @property
    def key(self) -> SeriesKey:
        return SeriesKey(self.component, self.instance, self.metric)


class Window(NamedTuple):
    """A half-open stretch of time [start, end), both timezone-aware UTC."""

    start: datetime
    end: datetime

    @classmethod
    def last(cls, span: timedelta, now: datetime) -> Window:
        return cls(now - span, now)

    @property
    def span(self) -> timedelta:
        return self.end - self.start

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, datetime) and self.start <= moment < self.end


Role = Literal["fault", "symptom", "effect"]
"""What a metric tells of its own part of the platform: its own trouble, strain that may be its own or another's,
or a queue or rate that others fill and starve. Of two that begin together the earlier role is the cause."""
ROLES: tuple[Role, ...] = ("fault", "symptom", "effect")

SILENT_BROKER = "silent broker"
SILENT_TASK_MANAGER = "silent task manager"
SILENT_NODE = "silent node"
SPLIT_BRAIN = "split brain"
SIGNS = (SILENT_BROKER, SILENT_TASK_MANAGER, SILENT_NODE, SPLIT_BRAIN)
"""Signs that are not the name of a metric: an instance of which nothing arrives any more, two controllers at once."""


@dataclass(frozen=True)
class Link:
    """A way in which trouble spreads: any of the signs `causes` can bring about any of `effects`.

    A sign is the name of a metric that is anomalous, or one of `SIGNS`. `within` is how long after the cause
    the effect may begin. `same_owner`: only on the same broker, job or node.
    """

    causes: tuple[str, ...]
    effects: tuple[str, ...]
    within: timedelta = timedelta(minutes=30)
    same_owner: bool = False


@dataclass(frozen=True)
class Pattern:
    """A kind of failure, recognised by the sign its chain begins with and by what else is in the chain.

    Of the groups of signs in `then` at least `at_least` must be seen, and none of `without`. `family` is the
    pattern's public name; a finer rule of the same kind has a `name` of its own. Where `together` is given,
    signs of different `tiers` that begin within that time belong together though none causes the other; the
    chain must hold signs of at least two tiers. Where it `cuts_off`, an instance that fell silent is alive, but
    out of reach.
    """

    name: str
    family: str
    title: str
    explanation: str
    roots: tuple[str, ...]
    then: tuple[tuple[str, ...], ...] = ()
    at_least: int = 0
    without: tuple[str, ...] = ()
    tiers: tuple[tuple[str, ...], ...] = ()
    together: timedelta | None = None
    cuts_off: bool = False
    first_checks: tuple[str, ...] = ()

    @property
    def signs(self) -> frozenset[str]:
        """Every sign the pattern speaks of."""
        return frozenset(self.roots).union(*self.then, *self.tiers)


@dataclass(frozen=True)
class Catalogue:
    """All metrics by name, in their order of definition, and the cross-component patterns."""

    metrics: tuple[Metric, ...]
    patterns: tuple[Pattern, ...] = ()
    links: tuple[Link, ...] = ()
    by_name: Mapping[str, Metric] = field(init=False, repr=False, compare=False)
    links_to: Mapping[str, Mapping[str, Sequence[Link]]] = field(init=False, repr=False, compare=False)
    """The links by effect and cause."""

    def __post_init__(self) -> None:
        by_name = {metric.name: metric for metric in self.metrics}
        if len(by_name) != len(self.metrics):
            raise InvalidInput("Two metrics of the catalogue have the same name.")
        for metric in self.metrics:
            if metric.weighed_by is not None and metric.weighed_by not in by_name:
                raise InvalidInput(f"{metric.name} is weighed by {metric.weighed_by!r}, which is no metric.")
        known = by_name.keys() | set(SIGNS)
        for pattern in self.patterns:
            _check_signs(f"Pattern {pattern.name}", pattern.signs | set(pattern.without), known)
        for link in self.links:
            _check_signs("A link", {*link.causes, *link.effects}, known)
        links_to: dict[str, dict[str, list[Link]]] = {}
        for link in self.links:
            for effect in link.effects:
                for cause in link.causes:
                    links_to.setdefault(effect, {}).setdefault(cause, []).append(link)
        object.__setattr__(self, "links_to", MappingProxyType(links_to))
        object.__setattr__(self, "by_name", MappingProxyType(by_name))

    def __iter__(self) -> Iterator[Metric]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __getitem__(self, name: str) -> Metric:
        try:
            return self.by_name[name]
        except KeyError:
            nearest = self.nearest(name)
            hint = f" Did you mean {', '.join(nearest)}?" if nearest else ""
            raise UnknownName(f"There is no metric named {name!r}.{hint}", nearest) from None

    def of(self, components: Iterable[str]) -> tuple[Metric, ...]:
        """The metrics of the given components."""
        wanted = set(components)
        return tuple(metric for metric in self.metrics if metric.component in wanted)

    def nearest(self, name: str, most: int = 3) -> tuple[str, ...]:
        """Names of the catalogue that look like the one given, the most similar first."""
        return tuple(difflib.get_close_matches(name, self.by_name, n=most, cutoff=0.5))

    def pattern(self, name: str) -> Pattern | None:
        """The pattern of that name, or the first of the family of that name; what is isolated is of no one kind."""
        named = (pattern for pattern in self.patterns if pattern.name == name)
        of_family = (pattern for pattern in self.patterns if pattern.family == name != ISOLATED)
        return next(named, None) or next(of_family, None)

    def checks_for(self, pattern: str, metric: str) -> tuple[str, ...]:
        """What to check first in a failure of that kind; where that says nothing, for the metric it began with."""
        known = self.pattern(pattern)
        if known and known.first_checks:
            return known.first_checks
        return self.by_name[metric].first_checks if metric in self.by_name else ()

    @property
    def families(self) -> tuple[str, ...]:
        """The public names of the patterns, each once."""
        return tuple(dict.fromkeys(pattern.family for pattern in self.patterns if pattern.family != ISOLATED))

    def component_of(self, sign: str) -> Component:
        """The component a sign is seen in."""
        if sign in self.by_name:
            return self.by_name[sign].component
        return {SILENT_TASK_MANAGER: COMPONENTS[1], SILENT_NODE: COMPONENTS[2]}.get(sign, COMPONENTS[0])

    def role_of(self, sign: str) -> Role:
        """The role of a sign; what fell silent is in trouble of its own."""
        return self.by_name[sign].role if sign in self.by_name else "fault"


def _check_signs(whose: str, signs: AbstractSet[str], known: AbstractSet[str]) -> None:
    for sign in signs:
        if sign not in known:
            raise InvalidInput(f"{whose} names {sign!r}, neither a metric nor one of {', '.join(SIGNS)}.")


def component_named(name: str) -> Component:
    """The component of that name; raises `UnknownName` for any other."""
    for component in COMPONENTS:
        if component == name:
            return component
    raise UnknownName(
        f"There is no component named {name!r}; there are {', '.join(COMPONENTS)}.",
        tuple(difflib.get_close_matches(name, COMPONENTS)),
    )
