"""What a report is made of: plain words in parts that have an order and no looks. Whoever writes it escapes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitoring.metrics import Severity, Window
from monitoring.operations import Spot, Usual


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """A list, numbered where the order counts."""

    items: Sequence[str]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of the whole in a few words each: names and values."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Moments:
    """What happened when, in order; times are written in UTC."""

    rows: Sequence[tuple[datetime, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under the names of their columns; `numbers` are the columns that hold figures."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold as it is drawn: the value at which it stands, and how it is said."""

    severity: Severity
    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """How a series went around an incident, in stretches of a window.

    `usual` is what it usually does, hour by hour; `began` and `ended` are those of its anomaly (`None`: not over, or
    none). Values are in `unit`.
    """

    title: str
    unit: str
    window: Window
    spots: Sequence[Spot]
    usual: Sequence[Usual] = ()
    limits: Sequence[Limit] = ()
    began: datetime | None = None
    ended: datetime | None = None
    root: bool = False


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts of one window, below one another."""

    rows: Sequence[Chart]


@dataclass(frozen=True, slots=True)
class Blank:
    """Something that only people know, with room for so many lines. It holds no words of its own beside the title:
    what is not filled in should answer no question once the report is among the documents."""

    title: str
    lines: int = 3


Part = Words | Points | Facts | Moments | Table | Charts | Blank


@dataclass(frozen=True, slots=True)
class Section:
    """Parts under a heading."""

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Report:
    """A report as a whole; `banner` is what must not be overlooked on any page."""

    title: str
    made_at: datetime
    head: Sequence[Part]
    sections: Sequence[Section] = field(default=())
    banner: str = ""
