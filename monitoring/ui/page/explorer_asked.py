"""What the explorer is asked to show, as it stands in its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitoring.contract import iso
from monitoring.metrics import COMPONENTS, Catalogue, Component, Window

SPANS: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
SPAN_TITLES = {"1h": "1 h", "6h": "6 h", "24h": "24 h", "7d": "7 d", "30d": "30 d", "own": "From – to"}
USUAL_SPAN = "6h"
COMPARED: Mapping[str, timedelta] = {"day": timedelta(days=1), "week": timedelta(days=7)}
COMPARE_TITLES = {"day": "Day before", "week": "Week before"}
FIRST_SHOWN: Mapping[Component, str] = {
    "kafka": "consumer_group_lag",
    "flink": "backpressured_time_ratio",
    "clickhouse": "max_parts_per_partition",
}
MOST_CHOSEN = 8
AROUND = timedelta(minutes=30)
"""What a link to an anomaly shows before and after it."""
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which metric of which component, which instances (the worst where none are named), when, compared with what.

    `span` is a name of `SPANS`, or `own` for the window from `start` to `end`. `unknown` says what of the address
    could not be used, in words.
    """

    component: Component
    metric: str
    instances: Sequence[str] = ()
    span: str = USUAL_SPAN
    start: datetime | None = None
    end: datetime | None = None
    compare: str | None = None
    unknown: str = ""

    def window(self, now: datetime) -> Window:
        """The window as of a moment."""
        if self.span == "own" and self.start and self.end:
            return Window(self.start, self.end)
        return Window.last(SPANS.get(self.span, SPANS[USUAL_SPAN]), now)


def asked(query: Mapping[str, Sequence[str]], catalogue: Catalogue) -> Asked:
    """What an address asks for; what it says wrongly is left out and said in `unknown`."""
    one = {name: values[-1] for name, values in query.items() if values}
    said: list[str] = []
    component, metric = _metric(one.get("component"), one.get("metric"), catalogue, said)
    span, start, end = _span(one, said)
    compare = one.get("compare")
    if compare is not None and compare not in COMPARED:
        said.append(f"nothing can be compared with “{compare}”")
    return Asked(
        component,
        metric,
        tuple(dict.fromkeys(query.get("instance", ())))[:MOST_CHOSEN],
        span,
        start,
        end,
        compare if compare in COMPARED else None,
        "; ".join(said),
    )


def _metric(component: str | None, metric: str | None, catalogue: Catalogue, said: list[str]) -> tuple[Component, str]:
    if metric is not None and metric in catalogue:
        return catalogue[metric].component, metric
    if metric is not None:
        said.append(f"there is no metric “{metric}”")
    known = next((name for name in COMPONENTS if name == component), None)
    if component is not None and known is None:
        said.append(f"there is no component “{component}”")
    chosen = known or COMPONENTS[0]
    return chosen, first_metric(chosen, catalogue)


def first_metric(component: Component, catalogue: Catalogue) -> str:
    """The metric that a component shows first."""
    usual = FIRST_SHOWN[component]
    return usual if usual in catalogue else metrics_of(component, catalogue)[0]


def metrics_of(component: Component, catalogue: Catalogue) -> list[str]:
    """The metrics of a component in their order."""
    return [metric.name for metric in catalogue.metrics if metric.component == component]


def _span(one: Mapping[str, str], said: list[str]) -> tuple[str, datetime | None, datetime | None]:
    if "from" in one or "to" in one:
        start, end = _time(one.get("from")), _time(one.get("to"))
        if start and end and timedelta() < end - start <= LONGEST:
            return "own", start, end
        said.append("a window needs a from and a later to, at most a year apart")
    last = one.get("last", USUAL_SPAN)
    if last not in SPANS:
        said.append(f"there is no window “{last}”")
        return USUAL_SPAN, None, None
    return last, None, None


def _time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """A moment as a clock on the wall there shows it, without its zone."""
    return moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


def query_for(asked: Asked) -> dict[str, str]:
    """The address that asks for the same, with its first instance."""
    found = {"component": str(asked.component), "metric": asked.metric}
    if asked.instances:
        found["instance"] = asked.instances[0]
    if asked.span == "own" and asked.start and asked.end:
        found |= {"from": iso(asked.start) or "", "to": iso(asked.end) or ""}
    elif asked.span != USUAL_SPAN:
        found["last"] = asked.span
    return found


def query_around(metric: str, instance: str, onset: datetime, end: datetime, catalogue: Catalogue) -> dict[str, str]:
    """The address of a series around the time of its anomaly; empty for what is no single series."""
    if metric not in catalogue or instance == "*":
        return {}
    start = (onset - AROUND).replace(second=0, microsecond=0)
    until = (end + AROUND).replace(second=0, microsecond=0)
    return query_for(Asked(catalogue[metric].component, metric, (instance,), "own", start, until))
