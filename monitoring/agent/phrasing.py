"""Numbers, times, counts and names as people read them; always the same way, so that they can be traced back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from monitoring.agent.calendars import Calendar
from monitoring.metrics import Catalogue, Metric, Window
from monitoring.wording import (
    change,
    count,
    level_text,
    number,
    percent,
    quantity,
    ranged,
    singular,
    span,
    threshold_text,
)

__all__ = [
    "change",
    "count",
    "level_text",
    "number",
    "percent",
    "quantity",
    "ranged",
    "singular",
    "span",
    "threshold_text",
]

COMPONENT_TITLES = {"kafka": "Kafka", "flink": "Flink", "clickhouse": "ClickHouse"}


def listed(items: Iterable[str], joint: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    parts = list(items)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {joint} {parts[-1]}" if parts else ""


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends in a mark of its own."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def component_title(name: str) -> str:
    return COMPONENT_TITLES.get(name, name)


def components_titled(names: Sequence[str]) -> str:
    return listed(component_title(name) for name in names) or "the platform"


def short_name(metric: str, catalogue: Catalogue) -> str:
    """What a metric is called in a sentence; its own name where the catalogue does not know it."""
    return catalogue[metric].short if metric in catalogue else metric.replace("_", " ")


def place(component: str, instance: str) -> str:
    """Where something is: "ClickHouse ch-2/orders"; whole components and clusters by the component alone."""
    title = component_title(component)
    return title if instance in ("", "*", "cluster") else f"{title} `{plain(instance)}`"


def plain(text: object, most: int = 200) -> str:
    """Data shown in a sentence: one line, nothing that Markdown would read as markup or a link."""
    line = " ".join(str(text).split())
    for character in "`<>[]|":
        line = line.replace(character, "'" if character == "`" else " ") if character in "`[]|" else line
    return line if len(line) <= most else line[: most - 1] + "…"


class Clock:
    """Times as the user reads them: in the user's time zone, with the day unless it is today."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        self._calendar = Calendar(now, zone)

    @property
    def now(self) -> datetime:
        return self._calendar.now

    def at(self, moment: datetime | str | None) -> str:
        """ "03:12 UTC", "22 Nov 03:12 UTC"; an ISO 8601 text is read first, `None` is "an unknown time"."""
        read = parsed(moment)
        return "an unknown time" if read is None else self._calendar.say(read)

    def window(self, window: Window) -> str:
        """ "3 Mar 10:15 to 4 Mar 10:15 UTC"."""
        return self._calendar.say_window(window.start, window.end)


def parsed(moment: datetime | str | None) -> datetime | None:
    """A moment from JSON; `None` where there is none or the text is no time."""
    if moment is None or isinstance(moment, datetime):
        return moment
    try:
        read = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def normal_text(metric: Metric) -> str:
    """The usual range in words; empty where the metric has none."""
    low, high = metric.normal
    if low is not None and high is not None:
        if low == high:
            return quantity(low, metric.unit)
        return ranged(quantity(low, metric.unit), quantity(high, metric.unit))
    if high is not None:
        return f"up to {quantity(high, metric.unit)}"
    return f"{quantity(low, metric.unit)} or more" if low is not None else ""
